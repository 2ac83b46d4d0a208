"""The same request is never paid for twice: replies in one SQLite file, and a Client around a Client.

The file is safe for many processes at once and for one that is killed: each reply is one transaction of its own.
Requests and replies are zlib-compressed JSON; `endpoint`, `model` and `stored` (seconds since 1970) stand beside them
for those who list and prune.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from dlgrade.errors import ItemError, OutputError
from dlgrade.llm.request import Client, Reply, Request
from dlgrade.llm.wire import misfit

VERSION = 1
"""Of the file's form; kept in SQLite's `user_version`."""

_APPLICATION = 0x646C6772  # "dlgr", in SQLite's `application_id`: tells our file from another program's
_ELSEWHERE = "Name another place with DLGRADE_CACHE."
_BUSY = 30.0  # seconds to wait for another process; each of its transactions takes milliseconds
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, endpoint TEXT NOT NULL, model TEXT NOT NULL, stored REAL NOT NULL,
    request BLOB NOT NULL, reply BLOB NOT NULL
);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""


class Store:
    """Replies by request key, in one file.

    A damaged file is renamed, `on_remark` is told so in a sentence, and an empty one takes its place.
    """

    def __init__(self, path: Path, on_remark: Callable[[str], None]) -> None:
        self._path = path
        self._remark = on_remark
        self._db = self._opened()

    @classmethod
    def open(cls, path: Path, *, on_remark: Callable[[str], None] = lambda _: None) -> Self:
        """Open the file, and make it and its folder where there is none.

        Raises:
            OutputError: it cannot be made or written, or it is not a cache that this version knows.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent}: cannot be made: {error.strerror}", hint=_ELSEWHERE) from None
        return cls(path, on_remark)

    def get(self, key: str) -> Reply | None:
        """The reply to the request with this key, marked as cached; None if there is none.

        Raises:
            OutputError: the file can no longer be read.
        """
        row = self._run("SELECT reply FROM replies WHERE key = ?", (key,))
        try:
            return None if row is None else Reply.model_validate(_unpacked(row[0]) | {"cached": True})
        except (zlib.error, ValueError, TypeError):
            self._remark(f"{self._path}: one reply cannot be read and is asked for again")
            return None

    def put(self, request: Request, reply: Reply) -> None:
        """Store a whole, validated reply.

        Raises:
            OutputError: the file cannot be written, for one because the disk is full.
        """
        parts = request.parts
        stored = reply.model_dump(exclude={"cached"})
        row = (request.key, parts["endpoint"], request.model, time.time(), _packed(parts), _packed(stored))
        self._run("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The first row of one statement, a transaction of its own; on a new file where this one is damaged."""
        try:
            return _first_row(self._db, statement, values)
        except sqlite3.Error as error:
            _refuse_unless_damaged(error, self._path)
            self._db.close()  # Windows renames no open file
            self._set_aside(error)
        self._db = _connected(self._path)
        return _first_row(self._db, statement, values)

    def _opened(self) -> sqlite3.Connection:
        try:
            return _connected(self._path)
        except sqlite3.Error as error:
            _refuse_unless_damaged(error, self._path)
            self._set_aside(error)
        return _connected(self._path)

    def _set_aside(self, error: sqlite3.Error) -> None:
        """Rename the damaged file and what belongs to it."""
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        for suffix in ("", "-wal", "-shm"):
            # another process may have been here first
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self._path}{suffix}").replace(f"{aside}{suffix}")
        self._remark(f"{self._path} is damaged ({error}); it is now {aside.name}, and a new one is begun")


def _refuse_unless_damaged(error: sqlite3.Error, path: Path) -> None:
    """Raise an OutputError where a new file would not help: no room, no permission, locked for too long."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
        raise OutputError(f"{path}: {error}", hint=_ELSEWHERE) from None


def _connected(path: Path) -> sqlite3.Connection:
    """A connection to the file, whose form is made or checked.

    Raises:
        OutputError: the file is another program's, or a later version's.
        sqlite3.Error: the file is damaged, or cannot be opened.
    """
    # Autocommit: every statement is a transaction. A notebook runs its requests in a thread beside its own.
    db = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    try:
        _check(db, path)
        _write_ahead(db)
        # Survives a process that is killed, at any moment; only a power cut may cost the last replies.
        db.execute("PRAGMA synchronous = NORMAL")
        if _pragma(db, "user_version") == 0:
            db.executescript(_SCHEMA)
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


def _check(db: sqlite3.Connection, path: Path) -> None:
    # One transaction, or another process might make the tables between two of these questions.
    db.execute("BEGIN")
    application, version = _pragma(db, "application_id"), _pragma(db, "user_version")
    tables = _first_row(db, "SELECT count(*) FROM sqlite_master", ())
    db.execute("COMMIT")
    if application != _APPLICATION and tables != (0,):
        raise OutputError(f"{path}: is another program's database, not a cache of replies", hint=_ELSEWHERE)
    if version > VERSION:
        raise OutputError(f"{path}: was written by a later version of dlgrade", hint=_ELSEWHERE)


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _first_row(db: sqlite3.Connection, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = db.execute(statement, values).fetchone()
    return row


def _packed(value: object) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _unpacked(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(zlib.decompress(data))
    return value


# ── the client ───────────────────────────────────────────────────────────────────────────────


class Cached:
    """A `Client` that asks another one only for what the store lacks.

    `make` is called when the first reply is missing, so a run that finds everything never imports the SDK. Equal
    requests in flight at the same time are sent once; all but the first get the reply as a cached one.
    """

    def __init__(self, store: Store, make: Callable[[], Client]) -> None:
        self._store = store
        self._make = make
        self._client: Client | None = None
        self._in_flight: dict[str, asyncio.Future[Reply]] = {}

    async def complete(self, request: Request) -> Reply:
        """Return the reply from the store, or from the other client, whose reply is stored at once.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: this request failed; failures are not stored.
            OutputError: the store cannot be read or written.
        """
        key = request.key
        while (running := self._in_flight.get(key)) is not None:
            with contextlib.suppress(_OtherCancelled):
                return (await _shared(running)).model_copy(update={"cached": True})
        stored = self._store.get(key)
        # a validator may ask for more than the schema says, and the key holds the schema alone
        if stored is not None and _worth(request, stored):
            return stored
        return await self._sent(key, request)

    async def aclose(self) -> None:
        """Close the other client, if one was made. The next missing reply makes a new one, for whatever loop runs then.

        The store stays open: closing it is for whoever opened it.
        """
        client, self._client = self._client, None
        close = getattr(client, "aclose", None)
        if close is not None:
            await close()

    async def _sent(self, key: str, request: Request) -> Reply:
        future = self._in_flight[key] = asyncio.get_running_loop().create_future()
        try:
            self._client = self._client or self._make()
            reply = await self._client.complete(request)
            if _worth(request, reply):
                self._store.put(request, reply)
        except Exception as error:
            future.set_exception(error)
            future.exception()  # seen, also where nobody else waits for it
            raise
        except BaseException:
            future.cancel()
            raise
        else:
            future.set_result(reply)
            return reply
        finally:
            del self._in_flight[key]


def _worth(request: Request, reply: Reply) -> bool:
    """Whether a reply may be stored, and one that was stored may be used."""
    if request.shape is not None:
        return misfit(reply.text, request.shape) is None
    return request.keeps is None or request.keeps(reply.text)


class _OtherCancelled(Exception):
    """The one who had sent the request was cancelled; whoever waited for it was not, and sends it now."""


async def _shared(running: asyncio.Future[Reply]) -> Reply:
    """The outcome of somebody else's equal request. Its bill is theirs alone."""
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if running.cancelled() and task is not None and not task.cancelling():
            raise _OtherCancelled from None
        raise
    except ItemError as error:
        raise type(error)(error.message, hint=error.hint) from None
