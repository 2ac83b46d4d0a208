"""What the readers of all forms hand over."""

from __future__ import annotations

from dataclasses import dataclass

from dlgrade.models import Slot


@dataclass(frozen=True, slots=True)
class Body:
    """The answer that stands below a question; None where it is missing, then `slot` is its place."""

    answer: str | None
    slot: Slot | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A question as a form read it, before it belongs to a bank; the fields are those of `Question`."""

    raw: str
    line: int
    body: Body
    number: str | None = None
    category: str | None = None
    difficulty: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one form makes of a document.

    `sure` runs from 0 to 1: how plainly the entries are marked as questions, times the part of the
    document that they explain.
    """

    form: str
    entries: tuple[Entry, ...]
    sure: float

    @property
    def weight(self) -> float:
        """What readings are compared by: a form that explains more questions, more surely, is right."""
        return self.sure * len(self.entries)
