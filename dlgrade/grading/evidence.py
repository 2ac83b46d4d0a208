"""What an answer really says: its text without what does not belong to it, and quotes found in it.

An answer is data. Invisible and bidirectional characters and sentences that talk to the grader are
taken out before anyone grades; what was taken out is flagged. Offsets always count in the answer as given.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, replace

from dlgrade.grading.steering.finding import steering
from dlgrade.grading.steering.markup import unseen
from dlgrade.grading.steering.wholes import ADDRESSED, Cut, merged
from dlgrade.models import Evidence

_ROUNDS = 20  # an answer that steers after so many cuts has nothing else in it
_MOST_FLAGS = 12  # places of one kind that are named


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The part of an answer that is graded.

    `text` is what stands after cleaning; `starts[k]` and `origins[k]` say that from `text[starts[k]]` on,
    characters come from `given[origins[k]]` on. `flags` names what was taken out and where.
    """

    text: str
    given: str
    starts: tuple[int, ...]
    origins: tuple[int, ...]
    flags: tuple[str, ...] = ()

    def origin(self, offset: int) -> int:
        """An offset into the cleaned text as one into the answer as given."""
        k = bisect_right(self.starts, offset) - 1
        return self.origins[k] + offset - self.starts[k]

    def quote(self, start: int, end: int) -> Evidence:
        """The words `text[start:end]`, with their offsets in the answer as given."""
        first, last = self.origin(start), self.origin(end - 1) + 1
        return Evidence(quote=self.given[first:last], start=first, end=last)


def clean(answer: str) -> Cleaned:
    """An answer -> what of it is graded, with flags for what is not."""
    invisible = unseen(answer)
    # Of two blanks around what goes, one is enough.
    hidden = [(start, end + (answer[start - 1 : start] == " " == answer[end : end + 1])) for start, end, _ in invisible]
    # Invisible characters inside a word must not hide it: the rest is looked for where they are gone.
    kept = _without(answer, hidden)
    cuts: list[Cut] = []
    for _ in range(_ROUNDS):
        found = [(kept.origin(start), kept.origin(end - 1) + 1, kind) for start, end, kind in steering(kept.text)]
        if not found:
            break
        # What is left may come together anew: "ignore </answer>the rubric".
        cuts += found
        kept = _without(answer, [*hidden, *((start, end) for start, end, _ in cuts)])
    else:
        cuts = [(0, len(answer), ADDRESSED)]
        kept = _without(answer, [(0, len(answer))])
    flags = _named([f"invisible characters at {start}" for start, _, flagged in invisible if flagged])
    flags += _named([f"{kind} at {start}-{end}" for start, end, kind in merged(cuts)])
    return replace(kept, flags=tuple(flags))


def _named(flags: list[str]) -> list[str]:
    left = len(flags) - _MOST_FLAGS
    return flags if left <= 1 else [*flags[:_MOST_FLAGS], f"{flags[-1]}, and {left - 1} places before that"]


def _without(answer: str, cuts: list[tuple[int, int]]) -> Cleaned:
    pieces: list[str] = []
    starts: list[int] = [0]
    origins: list[int] = [0]
    at = length = 0
    for start, end in sorted(cuts):
        if start > at:
            pieces.append(answer[at:start])
            length += start - at
        at = max(at, end)
        starts.append(length)
        origins.append(at)
    pieces.append(answer[at:])
    return Cleaned("".join(pieces), answer, tuple(starts), tuple(origins))


def _fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Letters and digits only, folded, each with the offset it came from."""
    folded: list[str] = []
    offsets: list[int] = []
    for i, character in enumerate(text):
        for c in unicodedata.normalize("NFKC", character).casefold():
            if c.isalnum() or unicodedata.category(c).startswith("S"):
                folded.append(c)
                offsets.append(i)
    return "".join(folded), offsets


def find_quote(quote: str, cleaned: Cleaned) -> Evidence | None:
    """Where a quote stands in the answer, case, spaces and punctuation aside; None if nowhere."""
    needle, _ = _fold_with_offsets(quote)
    haystack, offsets = _fold_with_offsets(cleaned.text)
    at = haystack.find(needle) if needle else -1
    if at < 0:
        return None
    return cleaned.quote(offsets[at], offsets[at + len(needle) - 1] + 1)
