"""What an answer really says: its text without what does not belong to it, and quotes found in it.

An answer is data. Invisible and bidirectional characters and sentences that talk to the grader are
taken out before anyone grades; what was taken out is flagged. Offsets always count in the answer as given.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from dlgrade.grading.steering.finding import steering
from dlgrade.grading.steering.markup import unseen
from dlgrade.grading.steering.wholes import ADDRESSED, HIDDEN, Cut, merged
from dlgrade.grading.words import STOPWORDS, words
from dlgrade.models import Evidence

_ROUNDS = 20  # an answer that steers after so many cuts has nothing else in it
_MOST_FLAGS = 12  # places of one kind that are named
_STEM = 4  # letters from which on a quote may end within a word, and a word may have a slip
_WORDS_A_SLIP = 4  # in so many quoted words one may have a slip


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
    return replace(kept, flags=tuple(flags)) if flags else kept


def leaving_out(cleaned: Cleaned, spans: Iterable[tuple[int, int]]) -> Cleaned:
    """The same without further passages, by their offsets in the answer as given; flags stay as they are."""
    answer = cleaned.given
    ends = (*cleaned.starts[1:], len(cleaned.text))
    cuts, at = [], 0
    for start, end, origin in zip(cleaned.starts, ends, cleaned.origins, strict=True):
        cuts.append((at, origin))
        at = origin + end - start
    cuts.append((at, len(answer)))
    for start, end in spans:
        # Of two blanks around what goes, one is enough.
        cuts.append((start, end + (answer[start - 1 : start] in {" ", "\n"} and answer[end : end + 1] == " ")))
    return replace(_without(answer, [cut for cut in cuts if cut[0] < cut[1]]), flags=cleaned.flags)


def needs_review(flags: Iterable[str]) -> bool:
    """Whether a person should look at the answer: the grader doubts a verdict, or somebody tried to steer it."""
    return any(flag.startswith(("needs review", ADDRESSED, HIDDEN)) for flag in flags)


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


@lru_cache(maxsize=64)  # every quote from an answer is looked for in the same text
def _fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Letters and digits only, folded, each with the offset it came from."""
    folded: list[str] = []
    offsets: list[int] = []
    for i, character in enumerate(text):
        for c in unicodedata.normalize("NFKC", character).casefold():
            # A letter may stand there with its accent or be followed by it; of a sign, `≠` would become `=`.
            kept = unicodedata.normalize("NFKD", c) if c.isalpha() else c
            some = [k for k in kept if k.isalnum() or unicodedata.category(k).startswith("S")]
            folded += some
            offsets += [i] * len(some)
    return "".join(folded), offsets


def find_quote(quote: str, cleaned: Cleaned) -> Evidence | None:
    """Where a quote stands in the answer, case, spaces, punctuation and slips of the pen aside; None if nowhere.

    What proves nothing is nowhere: a piece from within a word, or one function word of a longer answer.
    """
    needle, _ = _fold_with_offsets(quote)
    haystack, offsets = _fold_with_offsets(cleaned.text)
    if not any(c.isalnum() for c in needle) or (needle in STOPWORDS and needle != haystack):
        return None
    at = haystack.find(needle)
    while at >= 0:
        start, end = offsets[at], offsets[at + len(needle) - 1] + 1
        while unicodedata.category(cleaned.text[end : end + 1] or " ").startswith("M"):
            end += 1  # an accent belongs to its letter
        if not _within_a_word(cleaned.text, start) and (len(needle) >= _STEM or not _within_a_word(cleaned.text, end)):
            return cleaned.quote(start, end)
        at = haystack.find(needle, at + 1)
    return _nearly(quote, cleaned)


def _within_a_word(text: str, at: int) -> bool:
    """Whether no word begins or ends there. Scripts beyond the Cyrillic write words in other ways, or as one."""
    before, after = text[at - 1 : at], text[at : at + 1]
    return before.isalnum() and after.isalnum() and max(before, after) < "\u0530"


def _nearly(quote: str, cleaned: Cleaned) -> Evidence | None:
    """Where a quote stands that was copied with slips: a letter more, less or other, or two swapped, in few words."""
    wanted, there = words(quote), words(cleaned.text)
    for first in range(len(there) - len(wanted) + 1):
        some = there[first : first + len(wanted)]
        pairs = [(one.folded, other.folded) for one, other in zip(wanted, some, strict=True)]
        slips = [(one, other) for one, other in pairs if one != other]
        if len(slips) * _WORDS_A_SLIP <= len(wanted) and all(_is_slip(one, other) for one, other in slips):
            start, end = some[0].start, some[-1].end
            if _signs(quote) == _signs(cleaned.text[start:end]):
                return cleaned.quote(start, end)
    return None


def _signs(text: str) -> str:
    """The signs of a formula, which words are without."""
    return "".join(c for c in _fold_with_offsets(text)[0] if not c.isalnum())


def _is_slip(one: str, other: str) -> bool:
    """Whether two words are one but for a slip, which is never in the first letter: `atypical` is not `typical`."""
    if min(len(one), len(other)) < _STEM or one[0] != other[0] or any(c.isdigit() for c in one + other):
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    here, there = one[at:], other[at:]
    swapped = here[1:2] + here[:1] + here[2:]
    return there in (here[1:], swapped) or there[1:] in (here, here[1:])
