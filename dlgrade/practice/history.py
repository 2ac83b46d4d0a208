"""What one person answered, as a file of SQLite in their data folder; what stands in it is told in `tables`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Self

from dlgrade import database
from dlgrade.database import Form, raised_to
from dlgrade.errors import InputError
from dlgrade.practice import tables
from dlgrade.practice.records import Attempt, Card, Standing

FILE = "practice.sqlite3"

FORM = Form(
    application=0x646C6770,  # "dlgp"
    version=2,
    what="a history of practice",
    elsewhere="Name another folder with DLGRADE_DATA.",
)


class File(database.Database):
    """The open file."""

    form = FORM

    def _bring_up(self, db: sqlite3.Connection) -> None:
        with raised_to(db, FORM) as version:
            if version < FORM.version:
                tables.make(db, version)


class History:
    """The attempts, and where each question stands. Safe for several processes at once."""

    def __init__(self, file: File) -> None:
        self._file = file

    @classmethod
    def open(cls, folder: Path, *, on_remark: Callable[[str], None]) -> Self:
        """The history in that folder; a damaged file is set aside, which `on_remark` is told in a sentence.

        Raises:
            OutputError: it cannot be made or written, or is of another program or a later version.
        """
        return cls(File.open(folder / FILE, on_remark))

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._file.path

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def add(self, attempt: Attempt, card: Card) -> Standing:
        """Keep an attempt at a card's question; where that stands then.

        Raises:
            OutputError: it cannot be written.
        """

        def work(db: sqlite3.Connection) -> Standing:
            tables.note(db, card, attempt.day)
            tables.put(db, attempt)
            return tables.work_out(db, attempt.question)

        return self._file.change(work)

    def change(self, attempt_id: str, change: Callable[[Attempt], Attempt]) -> tuple[Attempt, Standing]:
        """Put what `change` makes of an attempt in its place, whoever else has changed it meanwhile.

        Raises:
            InputError: there is no such attempt; or what `change` raises.
            OutputError: it cannot be written.
        """

        def work(db: sqlite3.Connection) -> tuple[Attempt, Standing]:
            new = change(_the(attempt_id, db))
            tables.put(db, new)
            return new, tables.work_out(db, new.question)

        return self._file.change(work)

    def adopt(self, keys: Mapping[str, str]) -> None:
        """Give the attempts at questions of some keys to those of others: a question has got a rubric since.

        Raises:
            OutputError: it cannot be written.
        """
        known = {standing.question for standing in self.standings()}
        moved = {old: new for old, new in keys.items() if old in known}
        if moved:
            self._file.change(lambda db: tables.rename(db, moved))

    def merge(self, cards: Iterable[tuple[Card, date]], attempts: Iterable[Attempt]) -> int:
        """Take in another history's questions, each with the day it was met, and attempts; how many are new.

        Of an attempt that is here already, the one with more verdicts of people's stays.

        Raises:
            OutputError: it cannot be written.
        """

        def work(db: sqlite3.Connection) -> int:
            for card, met in cards:
                tables.note(db, card, met, anew=False)
            new = 0
            touched = set()
            for attempt in attempts:
                here = tables.attempt(db, attempt.id)
                new += here is None
                if here is None or len(attempt.grade.overrides) > len(here.grade.overrides):
                    tables.put(db, attempt)
                    touched.add(attempt.question)
            for question in touched:
                tables.work_out(db, question)
            return new

        return self._file.change(work)

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def standings(self) -> list[Standing]:
        """Where every question stands that was met."""
        return self._file.read(tables.standings)

    def cards(self) -> list[tuple[Card, date]]:
        """Every question that was met, as it was last asked, and the day of its first attempt."""
        return self._file.read(tables.cards)

    def attempts(self, question: str | None = None) -> list[Attempt]:
        """All attempts, or those at one question, in the order of time."""
        return self._file.read(lambda db: tables.attempts(db, question))

    def attempt(self, attempt_id: str) -> Attempt:
        """One attempt.

        Raises:
            InputError: there is none of that id.
        """
        return self._file.read(lambda db: _the(attempt_id, db))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a question to the tables gives: numbers over all attempts, without reading each grade."""
        return self._file.read(lambda db: db.execute(statement).fetchall())


def _the(attempt_id: str, db: sqlite3.Connection) -> Attempt:
    found = tables.attempt(db, attempt_id)
    if found is None:
        raise InputError(f"there is no attempt {attempt_id!r}")
    return found
