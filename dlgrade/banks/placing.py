"""Answers made ready for their places in a document, and the document with them in it.

    **Answer:** _[To be filled]_        " Units are dropped." goes where " _[To be filled]_" stands

Neither the answers nor what is written of them are held in memory: a document may get a hundred thousand.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, takewhile
from pathlib import Path

from dlgrade.banks.forms import DATA
from dlgrade.banks.layout import LAYOUTS
from dlgrade.banks.paged import Paged, Text
from dlgrade.models import Bank, Edit, Question, Slot
from dlgrade.spool import Spool

_NEWLINE = re.compile(r"\r\n|\r|\n")
LONGEST = 1 << 24
"""Characters from which on a filled document is read by pages."""

_AT_ONCE = 1 << 20  # characters that are put together before they are added to a text

Splice = tuple[int, int, Iterable[str]]
"""`source[start:end]` gives way to these texts, one after the other."""


class Placed:
    """The answers that go into a bank, by the position of their question."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.positions = array("i")
        self._spool = Spool()
        self._answers = array("q", bytes(8 * (len(bank.questions) + 1)))  # where they stand in the spool
        self._texts = array("q", self._answers)
        self._leads: dict[int, str] = {}  # where it is not the slot's
        self._by_pages = may_be_paged(bank)
        self._length = len(bank.source)  # with all answers in it, about
        self._last = (-1, 0, 0)  # the place of the last answer
        self._ordered = True

    def add(self, question: Question, slot: Slot, answer: str) -> None:
        """Put an answer, as it will read, in its place.

        Raises:
            OutputError: the disk of temporary files is full.
        """
        lead, text = LAYOUTS[slot.shape].lay(slot, answer)
        at = question.position
        self.positions.append(at)
        place = _place(question)
        self._ordered = self._ordered and self._last <= place
        self._last = place
        self._answers[at] = self._spool.put(answer)
        self._texts[at] = self._answers[at] if text == answer else self._spool.put(text)
        if lead != slot.lead:
            self._leads[at] = lead
        self._length += len(lead) + len(text) + len(slot.trail)
        self._by_pages = self._by_pages and "\r" not in text

    def answer(self, position: int) -> str:
        """An answer as it will read."""
        return self._spool.get(self._answers[position])

    def text(self, position: int) -> str:
        """The same as it is written in its place."""
        return self._spool.get(self._texts[position])

    def lead(self, position: int, slot: Slot) -> str:
        """What is written before it."""
        return self._leads.get(position, slot.lead)

    def source(self, positions: Sequence[int]) -> Text:
        """The bank's source with some of the answers in it, made in one pass; a long one may be by pages."""
        if not positions:
            return self.bank.source
        taken = {_slot(question).start for question in self._at(positions)} if self.bank.once else set()
        first = any(question.slot is not None for question in self._at(positions))
        once = [(edit.start, edit.end, (edit.text,)) for edit in self.bank.once if first and edit.start not in taken]
        splices = merge(self._splices(positions), sorted(once, key=_start), key=_start)
        parts = _parts(self.bank.source, splices)
        return Paged.of(parts) if self._by_pages and self._length > LONGEST else _joined(parts)

    def _at(self, positions: Iterable[int]) -> Iterator[Question]:
        return (self.bank.questions[at - 1] for at in positions)

    def _splices(self, positions: Sequence[int]) -> Iterator[Splice]:
        # Two may go to one place: the end of an item is that of the last item in it, whose answer comes first.
        if not self._ordered:
            positions = sorted(positions, key=lambda at: _place(self.bank.questions[at - 1]))
        for (start, end), group in groupby(self._at(positions), key=lambda question: _span(_slot(question))):
            here = list(group)
            yield start, end, self._pieces(here) if len(here) > 1 else self._one(here[0])

    def _one(self, question: Question) -> Sequence[str]:
        slot = _slot(question)
        return self.lead(question.position, slot), self.text(question.position), slot.trail

    def _pieces(self, group: Sequence[Question]) -> Iterator[str]:
        """Give what goes to one place: headings that several answers share once, the trail after the last."""
        previous: str | None = None
        for question in group:
            lead = self.lead(question.position, _slot(question))
            yield lead[len(_shared(previous, lead)) :] if previous is not None else lead
            yield self.text(question.position)
            previous = lead
        yield _slot(group[-1]).trail


def slot_of(question: Question) -> Slot | None:
    """Where a question's answer goes, or the one stands that gives way; None where that is not known."""
    return question.slot if question.answer is None else question.standing


def _slot(question: Question) -> Slot:
    slot = slot_of(question)
    if slot is None:  # no answer is put in that has no place
        raise AssertionError
    return slot


def _span(slot: Slot) -> tuple[int, int]:
    return slot.start, slot.end


def _place(question: Question) -> tuple[int, int, int]:
    slot = _slot(question)
    return slot.start, -len(slot.indent), question.position


def _start(splice: Splice) -> int:
    return splice[0]


def _shared(one: str, other: str) -> str:
    """Return the whole lines that two leads begin with, without the blank ones at their end."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one.split("\n"), other.split("\n"), strict=False))
    return "\n".join(line for line, _ in pairs).rstrip("\n")


# ── the text ─────────────────────────────────────────────────────────────────────────────────


def newline_of(source: str) -> str:
    """The line end that a document uses, LF where it has none yet."""
    first = _NEWLINE.search(source)
    return first[0] if first else "\n"


def edited(source: str, edits: Iterable[Edit]) -> str:
    """Return the source with the edits made, their line ends those of the source; they must not overlap."""
    splices: list[Splice] = [(edit.start, edit.end, (edit.text,)) for edit in edits]
    return "".join(_parts(source, sorted(splices, key=_start)))


def may_be_paged(bank: Bank) -> bool:
    """Say whether a bank can be read by pages: one of prose whose lines end in LF, from its first on."""
    source = bank.source
    return Path(bank.path).suffix.lower() not in DATA and "\r" not in source and source[:1] not in ("\ufeff", "-", "+")


def _parts(source: str, splices: Iterable[Splice]) -> Iterator[str]:
    newline = newline_of(source)
    done = 0
    for start, end, texts in splices:
        yield source[done:start]
        added = "".join(texts)
        yield added if newline == "\n" else added.replace("\n", newline)
        done = end
    yield source[done:]


def _joined(parts: Iterator[str]) -> str:
    """Join texts bit by bit: `"".join` would hold all of them beside what they make together."""
    whole = ""
    some: list[str] = []
    size = 0
    for part in parts:
        some.append(part)
        size += len(part)
        if size >= _AT_ONCE:
            whole += "".join(some)  # CPython lengthens a text in place that nobody else holds
            some, size = [], 0
    return whole + "".join(some) if some else whole
