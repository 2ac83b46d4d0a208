"""The cache's file: opened, checked, brought to today's form, and set aside where it is damaged.

It is SQLite in WAL mode: safe for many processes at once, and for one that is killed at any moment. What stands in it
is told in `rows`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from dlgrade.errors import OutputError
from dlgrade.llm.request import Reply
from dlgrade.llm.rows import TABLES, Entry, Texts, insert

T = TypeVar("T")

VERSION = 2
"""Of the file's form; kept in SQLite's `user_version`."""

APPLICATION = 0x646C6772  # "dlgr", in SQLite's `application_id`: tells our file from another program's
_ELSEWHERE = "Name another place with DLGRADE_CACHE."
_BUSY = 30.0  # seconds to wait for another process; each of its transactions takes milliseconds
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# What SQLite says of a damaged file may hold bytes of it, which are no text.
_ERRORS = (sqlite3.Error, UnicodeDecodeError)
_Error = sqlite3.Error | UnicodeDecodeError


class Database:
    """The open file.

    A damaged one is renamed, `on_remark` is told so in a sentence, and an empty one takes its place.
    """

    def __init__(self, path: Path, on_remark: Callable[[str], None]) -> None:
        self.path = path
        self.remark = on_remark
        self._lock = threading.Lock()
        self._open()

    @classmethod
    def open(cls, path: Path, on_remark: Callable[[str], None]) -> Database:
        """Open the file, and make it and its folder where there is none.

        Raises:
            OutputError: it cannot be made or written, or it is not a cache that this version knows.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent}: cannot be made: {error.strerror}", hint=_ELSEWHERE) from None
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
            with _in_words(self.path):
                return work(self._db)

    def write(self, work: Callable[[sqlite3.Connection, Texts], T]) -> T:
        """The same for work that changes the file: one transaction, whole or not at all.

        Raises:
            OutputError: as `read` does.
        """
        return self.read(lambda db: self._in_transaction(db, work))

    def write_unless_busy(self, work: Callable[[sqlite3.Connection, Texts], None]) -> bool:
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

    def _in_transaction(self, db: sqlite3.Connection, work: Callable[[sqlite3.Connection, Texts], T]) -> T:
        try:
            db.execute("BEGIN IMMEDIATE")
            self._texts.begin()
            done = work(db, self._texts)
            db.execute("COMMIT")
        except BaseException:
            self._texts.forget()
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
            with _in_words(self.path):
                self._connect()

    def _connect(self) -> None:
        self._file = _identity(self.path)
        self._db = _connected(self.path, self.remark)
        self._file = self._file or _identity(self.path)
        self._texts = Texts(self._db)

    def _set_aside_if_damaged(self, error: _Error) -> None:
        """Close and rename the damaged file and what belongs to it.

        Raises:
            OutputError: a new file would not help: no room, no permission, locked for too long.
        """
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise OutputError(f"{self.path}: {error}", hint=_ELSEWHERE) from None
        if hasattr(self, "_db"):
            self._db.close()  # Windows renames no open file
        if _identity(self.path) != self._file:
            return  # another process met the damage first, and has begun a new file
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        self.remark(f"{self.path} is damaged ({error}); it is now {aside.name}, and a new one is begun")


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is that has the name now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except _ERRORS as error:
        raise OutputError(f"{path}: {error}", hint=_ELSEWHERE) from None


def _connected(path: Path, on_remark: Callable[[str], None]) -> sqlite3.Connection:
    """A connection to the file, whose form is made, checked or brought up to date.

    Raises:
        OutputError: the file is another program's, or a later version's.
        sqlite3.Error: the file is damaged, or cannot be opened.
    """
    # Autocommit: a transaction is begun where one is meant. A notebook runs its requests in a thread beside its own.
    db = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    try:
        version = _checked(db, path)
        _write_ahead(db)
        # Survives a process that is killed, at any moment; only a power cut may cost the last replies.
        db.execute("PRAGMA synchronous = NORMAL")
        if version < VERSION:
            _brought_up_to_date(db, path, on_remark)
    except BaseException:
        db.close()
        raise
    return db


def _write_ahead(db: sqlite3.Connection) -> None:
    """Readers and a writer at the same time. The file remembers it."""
    try:
        db.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Of several processes that begin a file at once, one makes the change; the others need not wait for it.
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise


def _checked(db: sqlite3.Connection, path: Path) -> int:
    """The version of the file's form, 0 for a new file."""
    # One transaction, or another process might make the tables between two of these questions.
    db.execute("BEGIN")
    application, version = pragma(db, "application_id"), pragma(db, "user_version")
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    db.execute("COMMIT")
    if application != APPLICATION and tables != (0,):
        raise OutputError(f"{path}: is another program's database, not a cache of replies", hint=_ELSEWHERE)
    if version > VERSION:
        raise OutputError(f"{path}: was written by a later version of dlgrade", hint=_ELSEWHERE)
    return version


def pragma(db: sqlite3.Connection, name: str) -> int:
    """The value of a setting or count of SQLite's."""
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


# ── older forms ──────────────────────────────────────────────────────────────────────────────


def _brought_up_to_date(db: sqlite3.Connection, path: Path, on_remark: Callable[[str], None]) -> None:
    """Make the tables, and move into them what an older version wrote. One transaction."""
    db.execute("BEGIN IMMEDIATE")
    try:
        version = pragma(db, "user_version")  # another process may have been here first
        if version == 1:
            db.execute("ALTER TABLE replies RENAME TO replies_1")
        if version < VERSION:
            for statement in TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {VERSION}")
        lost = _moved_from_1(db) if version == 1 else 0
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    if lost:
        on_remark(f"{path}: {lost} replies of an older version cannot be read and are asked for again")
    if version == 1:
        # Only for the room that it gives back: where others have the file open, it is left undone.
        with contextlib.suppress(sqlite3.Error):
            db.execute("VACUUM")


def _moved_from_1(db: sqlite3.Connection) -> int:
    """Version 1 had one table, in which request and reply were JSON packed by zlib. Returns how many were damaged."""
    texts = Texts(db)
    lost = 0
    for key, stored, request, reply in db.execute("SELECT key, stored, request, reply FROM replies_1"):
        try:
            entry = Entry.from_parts(key, _unpacked(request), Reply.model_validate(_unpacked(reply)), stored)
            insert(db, texts, entry)
        except (zlib.error, ValueError, TypeError, KeyError):
            lost += 1
    db.execute("DROP TABLE replies_1")
    return lost


def _unpacked(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(zlib.decompress(data))
    return value
