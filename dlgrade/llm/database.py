"""The cache's file: what `dlgrade.database` is told of it. What stands in it is told in `rows`."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

from dlgrade import database
from dlgrade.database import Form, raised_to
from dlgrade.llm.request import Reply
from dlgrade.llm.rows import TABLES, Entry, Texts, insert

T = TypeVar("T")

FORM = Form(
    application=0x646C6772,  # "dlgr"
    version=2,
    what="a cache of replies",
    elsewhere="Name another place with DLGRADE_CACHE.",
)


class Database(database.Database):
    """The open file, and which texts are known to stand in it."""

    form = FORM

    def write(self, work: Callable[[sqlite3.Connection, Texts], T]) -> T:
        """What `work` makes of the file, which it changes: one transaction, whole or not at all.

        Raises:
            OutputError: as `read` does.
        """
        return self.change(lambda db: work(db, self._texts))

    def write_unless_busy(self, work: Callable[[sqlite3.Connection, Texts], None]) -> bool:
        """The same for work that can be left undone: False where another process is writing, or the file cannot be."""
        return self.change_unless_busy(lambda db: work(db, self._texts))

    def _opened(self, db: sqlite3.Connection) -> None:
        self._texts = Texts(db)

    def _begun(self) -> None:
        self._texts.begin()

    def _undone(self) -> None:
        self._texts.forget()

    def _bring_up(self, db: sqlite3.Connection) -> None:
        with raised_to(db, FORM) as version:
            if version == 1:
                db.execute("ALTER TABLE replies RENAME TO replies_1")
            if version < FORM.version:
                for statement in TABLES.split(";"):
                    db.execute(statement)
            lost = _moved_from_1(db) if version == 1 else 0
        if lost:
            self.remark(f"{self.path}: {lost} replies of an older version cannot be read and are asked for again")
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
