"""An answer's text in pieces, each with the quotes that cover it: quotes may lie within and across each other.

pieces("Units drop out.", [Quote(Mark("1", "met", "masking"), 0, 10)])
# Piece("Units drop", marks=(1,), ends=(1,)), Piece(" out.")
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

Tone = Literal["met", "partial", "missed", "wrong"]
_STRONGEST: tuple[Tone, ...] = ("wrong", "missed", "partial", "met")
_SHOWN = frozenset("\n\r\t\u200c\u200d")  # controls that do what a reader expects: line ends, and joiners within words


@dataclass(frozen=True, slots=True)
class Mark:
    """What a quote shows: `label` stands beside it, `name` says what it is about."""

    label: str
    tone: Tone
    name: str


@dataclass(frozen=True, slots=True)
class Quote:
    """`text[start:end]` of an answer, with its mark."""

    mark: Mark
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of an answer: `marks` are of the quotes that cover it, `ends` of those that end with it.

    `unseen` says that the text stands for characters that nobody would see, or that would turn the text around.
    """

    text: str
    marks: tuple[Mark, ...] = ()
    ends: tuple[Mark, ...] = ()
    unseen: bool = False

    @property
    def tone(self) -> Tone | None:
        """The tone that counts where several quotes lie over each other; None where there is none."""
        tones = {mark.tone for mark in self.marks}
        return next((tone for tone in _STRONGEST if tone in tones), None)


def pieces(text: str, quotes: Sequence[Quote]) -> tuple[Piece, ...]:
    """The text cut wherever a quote begins or ends; one that lies outside of the text is left out."""
    inside = [quote for quote in quotes if 0 <= quote.start < quote.end <= len(text)]
    cuts = {0, len(text), *(at for quote in inside for at in (quote.start, quote.end))}
    found: list[Piece] = []
    for start, end in pairwise(sorted(cuts)):
        marks = tuple(dict.fromkeys(q.mark for q in inside if q.start <= start and q.end >= end))
        ends = tuple(dict.fromkeys(q.mark for q in inside if q.end == end))
        *before, last = _seen(text[start:end])
        found += [Piece(part, marks, unseen=unseen) for part, unseen in before]
        found.append(Piece(last[0], marks, ends, last[1]))
    return tuple(found)


def spelled(text: str) -> str:
    """The text with the numbers of characters that nobody would see in their place."""
    return text if text.isprintable() else "".join(part for part, _ in _seen(text))


def _seen(text: str) -> Iterator[tuple[str, bool]]:
    """The text in runs: as it stands, and as the numbers of characters that cannot be seen."""
    for unseen, run in groupby(text, _unseen):
        if not unseen:
            yield "".join(run), False
            continue
        for char, same in groupby(run):
            count = len(list(same))
            yield f"U+{ord(char):04X}" + (f" ×{count}" if count > 1 else ""), True


def _unseen(char: str) -> bool:
    return char not in _SHOWN and unicodedata.category(char) in {"Cc", "Cf"}
