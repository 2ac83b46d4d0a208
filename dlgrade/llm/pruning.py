"""Replies that are no longer wanted, and the room that they took."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Sequence

from dlgrade.database import pragma
from dlgrade.llm.database import Database
from dlgrade.llm.rows import Texts

LEAST_RECENT = "SELECT r.id FROM replies r LEFT JOIN uses u ON u.reply = r.id ORDER BY coalesce(u.used, r.stored), r.id"
_SLACK = 0.9  # of the limit that is left when it was passed, so that not every run has to prune

_NO_LONGER_MEANT = """
DELETE FROM texts WHERE id NOT IN (
    SELECT text FROM messages UNION SELECT endpoint FROM replies UNION SELECT model FROM replies
    UNION SELECT served FROM replies UNION SELECT schema FROM replies WHERE schema IS NOT NULL)
"""


def remove(db: sqlite3.Connection, texts: Texts, ids: Sequence[int]) -> int:
    """Remove replies and the texts that only they had, inside a transaction; returns how many replies there were."""
    rows = [(id_,) for id_ in ids]
    removed = db.executemany("DELETE FROM replies WHERE id = ?", rows).rowcount if rows else 0
    for table in ("said", "messages", "uses"):
        db.executemany(f"DELETE FROM {table} WHERE reply = ?", rows)  # noqa: S608 - the names above
    db.execute(_NO_LONGER_MEANT)
    texts.forget()
    return removed


def prune_to_size(database: Database, size: int) -> int:
    """Remove the least recently used replies until the rest takes at most so many bytes; returns how many.

    Raises:
        OutputError: the file cannot be written.
    """

    def some(db: sqlite3.Connection, texts: Texts) -> int | None:
        bytes_ = live_size(db)
        (count,) = db.execute("SELECT count(*) FROM replies").fetchone()
        if bytes_ <= size or count == 0:
            return None
        wanted = math.ceil(count * (bytes_ - size) / bytes_)
        ids = [row[0] for row in db.execute(f"{LEAST_RECENT} LIMIT ?", (wanted,))]
        return remove(db, texts, ids)

    removed = 0
    while (more := database.write(some)) is not None:
        removed += more
    return removed


def keep_within(database: Database, limit: int) -> int:
    """Prune a file that has passed its limit, with some room to spare, and give the room back; returns how many.

    Raises:
        OutputError: the file cannot be written.
    """
    if database.read(live_size) <= limit:
        return 0
    removed = prune_to_size(database, int(limit * _SLACK))
    give_back(database)
    return removed


def live_size(db: sqlite3.Connection) -> int:
    """The bytes of the pages in use."""
    return (pragma(db, "page_count") - pragma(db, "freelist_count")) * pragma(db, "page_size")


def give_back(database: Database) -> None:
    """Let the file shrink by what was removed, where other processes and the disk let it.

    The file is written anew, since a file from which pages can be given back one by one costs every reply that is
    stored an eighth more.

    Raises:
        OutputError: the file is damaged.
    """

    def shrink(db: sqlite3.Connection) -> None:
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    database.read(shrink)
