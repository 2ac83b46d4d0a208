"""The same request is never paid for twice: validated replies in one SQLite file, each stored as soon as it is whole.

    with Store.open(path) as store:
        found = stored(store, requests)          # by key; those that are not in it have to be asked
        store.put(request, reply)

Neither this nor anything it imports needs an event loop or the SDK, so that a run that finds everything has neither.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self

from dlgrade.errors import OutputError
from dlgrade.llm.database import Database
from dlgrade.llm.pruning import keep_within
from dlgrade.llm.request import Reply, Request, without_credentials
from dlgrade.llm.rows import Entry, Texts, in_batches, insert, marks, replies
from dlgrade.llm.schema import misfit
from dlgrade.models import Record

_MOST_USES = 10_000  # hits that are noted at once


class Learned(Record):
    """How a model at an endpoint wants to be asked: JSON that the client understands, and when it was learned."""

    endpoint: str
    model: str
    dialect: str
    learned: float


class Store:
    """Replies by request key, in one file.

    A damaged file is renamed, `on_remark` is told so in a sentence, and an empty one takes its place. With a `limit`
    in bytes, a file that has passed it is pruned when it is closed, the least recently used replies first.
    """

    def __init__(self, database: Database, *, limit: int | None = None) -> None:
        self.database = database
        self._limit = limit
        self._used: set[int] = set()
        self._wrote = False

    @classmethod
    def open(cls, path: Path, *, on_remark: Callable[[str], None] = lambda _: None, limit: int | None = None) -> Self:
        """Open the file, and make it and its folder where there is none.

        Raises:
            OutputError: it cannot be made or written, or it is not a cache that this version knows.
        """
        return cls(Database.open(path, on_remark), limit=limit)

    # ── replies ──────────────────────────────────────────────────────────────────────────────

    def get(self, key: str) -> Reply | None:
        """The reply to the request with this key, marked as cached; None if there is none.

        Raises:
            OutputError: the file can no longer be read.
        """
        return self.get_many((key,)).get(key)

    def get_many(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The replies to the requests with these keys, marked as cached; those that there are.

        Raises:
            OutputError: the file can no longer be read.
        """
        found: dict[str, Reply] = {}
        damaged = 0
        for batch in in_batches(keys):
            for id_, key, reply in self._found(batch):
                if reply is None:
                    damaged += 1
                else:
                    found[key] = reply
                    self._used.add(id_)
            if len(self._used) >= _MOST_USES:
                self._note_uses()
        if damaged:
            what = "one reply cannot be read and is" if damaged == 1 else f"{damaged} replies cannot be read and are"
            self.database.remark(f"{self.database.path}: {what} asked for again")
        return found

    def _found(self, keys: Sequence[str]) -> list[tuple[int, str, Reply | None]]:
        return self.database.read(lambda db: list(replies(db, keys)))

    def put(self, request: Request, reply: Reply) -> None:
        """Store a whole, validated reply.

        Raises:
            OutputError: the file cannot be written, for one because the disk is full.
        """
        entry = Entry.of(request, reply, time.time())
        self.database.write(lambda db, texts: insert(db, texts, entry))
        self._wrote = True

    def put_unless_there(self, request: Request, reply: Reply) -> Reply:
        """Store a reply as `put` does, unless another process has stored one meanwhile; returns the one that counts.

        Raises:
            OutputError: the file cannot be written.
        """
        entry = Entry.of(request, reply, time.time())

        def first(db: sqlite3.Connection, texts: Texts) -> Reply:
            for _, _, there in replies(db, (request.key,)):
                if there is not None and worth(request, there):
                    # two were paid for, and this bill is for the one that does not count
                    return there.model_copy(update={"usage": reply.usage, "tries": reply.tries, "cached": False})
            insert(db, texts, entry)
            return reply

        self._wrote = True
        return self.database.write(first)

    def add(self, entries: Sequence[Entry]) -> int:
        """Store replies that come from elsewhere, all in one transaction; those that are there stay.

        Returns how many were new.

        Raises:
            OutputError: the file cannot be written.
        """
        self._wrote = True
        return self.database.write(lambda db, texts: sum(insert(db, texts, entry, replace=False) for entry in entries))

    # ── how models want to be asked ──────────────────────────────────────────────────────────

    def dialect(self, endpoint: str, model: str) -> str | None:
        """What was learned about a model at an endpoint.

        Raises:
            OutputError: the file can no longer be read.
        """
        where = (without_credentials(endpoint), model)
        statement = "SELECT dialect FROM dialects WHERE endpoint = ? AND model = ?"
        row = self.database.read(lambda db: db.execute(statement, where).fetchone())
        return row[0] if row is not None and isinstance(row[0], str) else None

    def learn(self, endpoint: str, model: str, dialect: str) -> None:
        """Remember how a model wants to be asked, instead of what was known before.

        Raises:
            OutputError: the file cannot be written.
        """
        row = (without_credentials(endpoint), model, dialect, time.time())
        self.database.write(lambda db, _: db.execute("INSERT OR REPLACE INTO dialects VALUES (?, ?, ?, ?)", row))

    def forget(self, endpoint: str | None = None, model: str | None = None) -> int:
        """Forget what was learned, of one endpoint or model or of all; returns of how many.

        Raises:
            OutputError: the file cannot be written.
        """
        where = (None if endpoint is None else without_credentials(endpoint), model)
        statement = "DELETE FROM dialects WHERE endpoint = coalesce(?, endpoint) AND model = coalesce(?, model)"
        return self.database.write(lambda db, _: db.execute(statement, where).rowcount)

    def dialects(self) -> list[Learned]:
        """All that was learned, by endpoint and model.

        Raises:
            OutputError: the file can no longer be read.
        """
        statement = "SELECT endpoint, model, dialect, learned FROM dialects ORDER BY endpoint, model"
        rows = self.database.read(lambda db: db.execute(statement).fetchall())
        return [Learned(endpoint=row[0], model=row[1], dialect=row[2], learned=row[3]) for row in rows]

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Note which replies were used, prune a file that was written to and is over its limit, and close it."""
        try:
            self._note_uses()
            if self._wrote and self._limit is not None:
                keep_within(self.database, self._limit)
        except OutputError as error:
            # whatever the run was for is done: a file that stays too large for today is no reason to fail
            self.database.remark(str(error))
        finally:
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _note_uses(self) -> None:
        """Only for pruning: where another process is writing, these uses count for nothing."""
        now, used = time.time(), sorted(self._used)
        self._used.clear()

        def note(db: sqlite3.Connection, _: Texts) -> None:
            for ids in in_batches(used):
                statement = f"INSERT OR REPLACE INTO uses SELECT id, ? FROM replies WHERE id IN ({marks(ids)})"  # noqa: S608
                db.execute(statement, (now, *ids))

        if used:
            self.database.write_unless_busy(note)


def stored(store: Store, requests: Iterable[Request]) -> dict[str, Reply]:
    """The replies that the store has to these requests, by key, and that may be used for them.

    Raises:
        OutputError: the file can no longer be read.
    """
    found: dict[str, Reply] = {}
    for batch in in_batches(requests):
        by_key = {request.key: request for request in batch}
        known = store.get_many(by_key)
        found |= {key: reply for key, reply in known.items() if worth(by_key[key], reply)}
    return found


def worth(request: Request, reply: Reply) -> bool:
    """Whether a reply may be stored, and one that was stored may be used.

    A validator may ask for more than the schema says, and the key holds the schema alone.
    """
    if request.shape is not None:
        return misfit(reply.text, request.shape) is None
    return request.keeps is None or request.keeps(reply.text)
