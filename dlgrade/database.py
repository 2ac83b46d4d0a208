"""A file of SQLite: opened, checked, brought to today's form, and set aside where it is damaged.

It is in WAL mode: safe for many processes at once, and for one that is killed at any moment. What stands in it is for
whoever opens it to say, as a `Form`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self, TypeVar

from dlgrade.errors import OutputError

T = TypeVar("T")

_BUSY = 30.0  # seconds to wait for another process; each of its transactions takes milliseconds
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# What SQLite says of a damaged file may hold bytes of it, which are no text.
_ERRORS = (sqlite3.Error, UnicodeDecodeError)
_Error = sqlite3.Error | UnicodeDecodeError


@dataclass(frozen=True)
class Form:
    """What a file holds: `what` names it in words, `elsewhere` says how to choose another place.

    `application` and `version` are kept in SQLite's `application_id` and `user_version`: they tell our file from
    another program's, and an older form from today's.
    """

    application: int
    version: int
    what: str
    elsewhere: str


class Database(ABC):
    """The open file; a class below says of what form, and makes it.

    A damaged one is renamed, `on_remark` is told so in a sentence, and an empty one takes its place.
    """

    form: ClassVar[Form]

    def __init__(self, path: Path, on_remark: Callable[[str], None]) -> None:
        self.path = path
        self.remark = on_remark
        self._lock = threading.Lock()
        self._open()

    @classmethod
    def open(cls, path: Path, on_remark: Callable[[str], None]) -> Self:
        """Open the file, and make it and its folder where there is none.

        Raises:
            OutputError: it cannot be made or written, or it is not of a form that this version knows.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent}: cannot be made: {error.strerror}", hint=cls.form.elsewhere) from None
        return cls(path, on_remark)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` makes of the file; on a new one, done again, where this one is damaged.

        Raises:
            OutputError: the file can no longer be read or written, for one because the disk is full.
        """
        with self._lock:
            try:
                return work(self._db)
            except _ERRORS as error:
                self._set_aside_if_damaged(error)
            self._open()
            with self._in_words():
                return work(self._db)

    def change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The same for work that changes the file: one transaction, whole or not at all.

        Raises:
            OutputError: as `read` does.
        """
        return self.read(lambda db: self._in_transaction(db, work))

    def change_unless_busy(self, work: Callable[[sqlite3.Connection], None]) -> bool:
        """The same for work that can be left undone: False where another process is writing, or the file cannot be."""
        with self._lock, contextlib.suppress(*_ERRORS):
            self._db.execute("PRAGMA busy_timeout = 0")
            try:
                self._in_transaction(self._db, work)
                return True
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {_BUSY * 1000:.0f}")
        return False

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def size(self) -> int:
        """Bytes on the disk, those of the log that other processes share included."""
        files = (Path(f"{self.path}{suffix}") for suffix in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    # ── what a class below says ──────────────────────────────────────────────────────────────

    @abstractmethod
    def _bring_up(self, db: sqlite3.Connection) -> None:
        """Make today's tables, and move into them what a file of an older version holds.

        Another process may do so at the same time: `raised_to` tells the version that the file has by then.
        """

    def _opened(self, db: sqlite3.Connection) -> None:  # noqa: B027 - not everybody does something then
        """The file was opened, or opened anew."""

    def _begun(self) -> None:  # noqa: B027 - not everybody does something then
        """A transaction begins."""

    def _undone(self) -> None:  # noqa: B027 - not everybody does something then
        """It did not come to its end."""

    def _in_transaction(self, db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            db.execute("BEGIN IMMEDIATE")
            self._begun()
            done = work(db)
            db.execute("COMMIT")
        except BaseException:
            self._undone()
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return done

    # ── opening, and beginning anew ──────────────────────────────────────────────────────────

    def _open(self) -> None:
        try:
            self._connect()
        except _ERRORS as error:
            self._set_aside_if_damaged(error)
            with self._in_words():
                self._connect()

    def _connect(self) -> None:
        self._file = _identity(self.path)
        self._db = self._connected()
        self._file = self._file or _identity(self.path)
        self._opened(self._db)

    def _connected(self) -> sqlite3.Connection:
        """A connection to the file, whose form is made, checked or brought up to date.

        Raises:
            OutputError: the file is another program's, or a later version's.
            sqlite3.Error: the file is damaged, or cannot be opened.
        """
        # Autocommit: a transaction is begun where one is meant. A notebook runs its requests in a thread of their own.
        db = sqlite3.connect(self.path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        try:
            version = _checked(db, self.path, self.form)
            _write_ahead(db)
            # Survives a process that is killed, at any moment; only a power cut may cost the last transactions.
            db.execute("PRAGMA synchronous = NORMAL")
            if version < self.form.version:
                self._bring_up(db)
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside_if_damaged(self, error: _Error) -> None:
        """Close and rename the damaged file and what belongs to it.

        Raises:
            OutputError: a new file would not help: no room, no permission, locked for too long.
        """
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise OutputError(f"{self.path}: {error}", hint=self.form.elsewhere) from None
        if hasattr(self, "_db"):
            self._db.close()  # Windows renames no open file
        if _identity(self.path) != self._file:
            return  # another process met the damage first, and has begun a new file
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        self.remark(f"{self.path} is damaged ({error}); it is now {aside.name}, and a new one is begun")

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except _ERRORS as error:
            raise OutputError(f"{self.path}: {error}", hint=self.form.elsewhere) from None


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is that has the name now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _write_ahead(db: sqlite3.Connection) -> None:
    """Readers and a writer at the same time. The file remembers it."""
    try:
        db.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Of several processes that begin a file at once, one makes the change; the others need not wait for it.
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise


def _checked(db: sqlite3.Connection, path: Path, form: Form) -> int:
    """The version of the file's form, 0 for a new file."""
    # One transaction, or another process might make the tables between two of these questions.
    db.execute("BEGIN")
    application, version = pragma(db, "application_id"), pragma(db, "user_version")
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    db.execute("COMMIT")
    if application != form.application and tables != (0,):
        raise OutputError(f"{path}: is another program's database, not {form.what}", hint=form.elsewhere)
    if version > form.version:
        raise OutputError(f"{path}: was written by a later version of dlgrade", hint=form.elsewhere)
    return version


def pragma(db: sqlite3.Connection, name: str) -> int:
    """The value of a setting or count of SQLite's."""
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


@contextlib.contextmanager
def raised_to(db: sqlite3.Connection, form: Form) -> Iterator[int]:
    """One transaction in which a file comes to today's version: gives the one that it has, then notes the new one.

    It may have that already, if another process was here first.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield pragma(db, "user_version")
        db.execute(f"PRAGMA application_id = {form.application}")
        db.execute(f"PRAGMA user_version = {form.version}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
