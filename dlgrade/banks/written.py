"""Answers that a machine wrote: what is known of each, and many of them, by what tells them apart.

lines = Lines(found)
lines.get(line.key), len(lines), list(lines)
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any, Literal, NamedTuple, Self

from dlgrade.banks.same import identity
from dlgrade.models import Record
from dlgrade.numbered import Listed, Numbered
from dlgrade.spool import Spool

Key = tuple[str, str, str, str]


class Prompt(Record):
    """What an answer was made from: a template's name, or a rubric's, the hash of its content, and the sampling."""

    template: str
    hash: str
    temperature: float | None = None


class Origin(Record):
    """Where an answer comes from: the model as it was named, `offline` for a shipped reference, and the prompt."""

    model: str
    prompt: Prompt


class Review(Record):
    """What a person decided, and when."""

    verdict: Literal["accepted", "edited"]
    time: str


class Written(NamedTuple):
    """One answer that a machine wrote. `was` stood in its place, and `lead` and `trail` came with it.

    What comes from a file is checked (`dlgrade.banks.ledger`); what is made here need not be, by the hundred thousand.
    """

    bank: str
    question: str
    answer: str
    model: str
    prompt: Prompt
    time: str
    review: Review | None = None
    was: str = ""
    lead: str = ""
    trail: str = ""

    @property
    def key(self) -> Key:
        """What makes a line the line it is; of two the later counts.

        One question may stand in several places and have the same answer there: the lead tells them apart.
        """
        return self.bank, self.answer, identity(self.question), self.lead

    @property
    def line(self) -> str:
        """The line as it stands in the file."""
        review = "null" if self.review is None else _JSON.encode(self.review.model_dump())
        # By hand, in a third of the time: there are as many as questions.
        return (
            f'{{"bank": {quoted(self.bank)}, "question": {quoted(self.question)}, "answer": {quoted(self.answer)}, '
            f'"model": {quoted(self.model)}, "prompt": {_prompt_in_json(self.prompt)}, "time": {quoted(self.time)}, '
            f'"review": {review}, '
            f'"was": {quoted(self.was)}, "lead": {quoted(self.lead)}, "trail": {quoted(self.trail)}}}\n'
        )

    @classmethod
    def of(cls, line: str) -> Self:
        """What a line says that `line` gave."""
        said: dict[str, Any] = json.loads(line)
        review = said["review"] and Review(**said["review"])
        return cls(**(said | {"prompt": _prompt(**said["prompt"]), "review": review}))


_JSON = json.JSONEncoder(ensure_ascii=False)


@lru_cache
def _prompt_in_json(prompt: Prompt) -> str:
    return _JSON.encode(prompt.model_dump())


@lru_cache
def _prompt(template: str, hash: str, temperature: float | None) -> Prompt:
    return Prompt(template=template, hash=hash, temperature=temperature)


class Lines(Listed[Written]):
    """Lines of a ledger by their keys, in a spool: of two with one key the later counts, unless it loses a review."""

    def __init__(self, lines: Iterable[Written] = ()) -> None:
        self._keys = Numbered()
        self._spool = Spool()
        self._at = array("q")  # where each stands there, by its key's number; -1 where it was dropped
        self._reviewed = bytearray()
        for line in lines:
            self._put(self._keys.add(_name(line)), _record(line), reviewed=line.review is not None)

    @classmethod
    def of(cls, lines: Iterable[Written]) -> Lines:
        """The lines, if they are not such already."""
        return lines if isinstance(lines, Lines) else cls(lines)

    def _put(self, number: int, record: str, *, reviewed: bool) -> None:
        if number == len(self._at):
            self._at.append(-1)
            self._reviewed.append(0)
        if reviewed or not self._reviewed[number]:
            self._at[number] = self._spool.put(record)
            self._reviewed[number] = reviewed

    def changed(self, add: Lines, drop: Iterable[Written]) -> Lines | None:
        """The lines without those that are still as they are in `drop`, and with others; None if that is the same."""
        if not self._at:
            return add or None
        before = self._at[:]
        for line in drop:
            number = self._keys.get(_name(line))
            if number is not None and self._at[number] >= 0 and self._spool.get(self._at[number]) == _record(line):
                self._at[number], self._reviewed[number] = -1, 0
        for digest, at, reviewed in zip(add._keys, add._at, add._reviewed, strict=True):
            if at >= 0:
                self._put(self._keys.add(digest), add._spool.get(at), reviewed=bool(reviewed))
        before.extend([-1] * (len(self._at) - len(before)))
        return self if any(map(self._differ, before, self._at)) else None

    def _differ(self, old: int, new: int) -> bool:
        return old != new and (old < 0 or new < 0 or self._spool.get(old) != self._spool.get(new))

    def get(self, line: Written) -> Written | None:
        """The line that has the key of another one."""
        number = self._keys.get(_name(line))
        return None if number is None or self._at[number] < 0 else self.numbered(number)

    def numbered(self, number: int) -> Written:
        """The line of that number, as `hashes` has it."""
        return Written.of(_line(self._spool.get(self._at[number])))

    def hashes(self, bank: str) -> Iterator[tuple[int, str]]:
        """The numbers of a bank's lines, with their answers' hashes."""
        for number, at in enumerate(self._at):
            if at >= 0:
                name, _, answer, *_ = self._spool.get(at).split("\0", 3)
                if name == bank:
                    yield number, answer

    @property
    def reviewed(self) -> Iterator[Written]:
        """Those that a person has reviewed."""
        return (self.numbered(number) for number, reviewed in enumerate(self._reviewed) if reviewed)

    @property
    def in_order(self) -> Iterator[str]:
        """The lines as they stand in a file, by bank, question, answer and lead."""
        return map(_line, self._spool.in_order(at for at in self._at if at >= 0))

    def __iter__(self) -> Iterator[Written]:
        return (self.numbered(number) for number, at in enumerate(self._at) if at >= 0)

    def __len__(self) -> int:
        return len(self._at) - self._at.count(-1)


def _name(line: Written) -> str:
    return "\0".join(line.key)


def _record(line: Written) -> str:
    """What a line is sorted by, and the line."""
    parts = line.bank, line.question, line.answer, line.lead
    by = "\0".join(parts)
    if by.count("\0") >= len(parts):  # no document has it
        by = "\0".join(part.replace("\0", "\1") for part in parts)
    return f"{by}\0{line.line}"


def _line(record: str) -> str:
    return record.rpartition("\0")[2]
