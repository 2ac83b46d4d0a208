"""Answers to one question that say nearly the same and have different grades: one of the two grades is wrong.

    alike = Alike()
    alike.add("dropout", "ann", "Units are dropped at random.", 40.0)
    alike.add("dropout", "bob", "Units get dropped at random.", 80.0)
    alike.pairs()                           # (Pair(question="dropout", one="ann", other="bob", …),)

How alike two answers are is the Jaccard index of their stems, each as often as it stands there: what both have by what
either has. Not every two are compared. Two answers as alike as `LEAST` must share one of their rarest stems, a fixed
share of all that they have, so only those that do are looked at (prefix filtering: Chaudhuri, Ganti and Kaushik, "A
primitive operator for similarity joins in data cleaning", ICDE 2006; Bayardo, Ma and Srikant, "Scaling up all pairs
similarity search", WWW 2007). That misses none. Where thousands say nearly the same, an answer is compared with the
`_COMPARED` nearest in length among those, so that time stays in proportion to the number of answers.
"""

from __future__ import annotations

import heapq
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from dlgrade.grading.gradebook import Book
from dlgrade.grading.rows import BadRow, Row
from dlgrade.grading.words import fold_word, stem
from dlgrade.models import Grade

LEAST = 0.85
"""How much of what either answer has both must have."""

SHOWN = 100
"""Pairs that are kept, those with the widest gap."""

MOST = 50_000
"""Answers that are looked at, in the order in which they come; each takes a few hundred bytes."""

_COMPARED = 64  # candidates that an answer is compared with
_LOOKED_AT = 256  # answers with the same rare stem that are looked at for them
_KEPT = 4  # pairs of an answer: the first ones may be taken by others
_GAP = 0.5  # percent, below which grades are no different
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to a question, the one with less first; `percents` are of the maximum, `likeness` from 0 to 1."""

    question: str
    one: str
    other: str
    percents: tuple[float, float]
    likeness: float

    @property
    def gap(self) -> float:
        """By how many percent the grades differ."""
        return self.percents[1] - self.percents[0]


@dataclass(frozen=True, slots=True)
class _Said:
    id: str
    percent: float
    stems: array[int]  # sorted, rarest first once they are ranked


class Alike:
    """Takes graded answers as they come, and finds the pairs in the end."""

    def __init__(self, most: int = MOST) -> None:
        self.looked_at = 0
        self.left_out = 0
        self._most = most
        self._numbers: dict[tuple[str, int], int] = {}
        self._said: dict[str, list[_Said]] = {}

    def add(self, question: str, id_: str, answer: str, percent: float) -> None:
        """One more answer; one without a word is like every other such and says nothing."""
        if self.looked_at >= self._most:
            self.left_out += 1
            return
        counted: Counter[str] = Counter()
        found = array("I")
        for word in _WORD.findall(answer):
            root = stem(fold_word(word))
            # the second "the" is another than the first
            found.append(self._numbers.setdefault((root, counted[root]), len(self._numbers)))
            counted[root] += 1
        self.looked_at += 1
        if found:
            self._said.setdefault(question, []).append(_Said(id_, percent, found))

    def pairs(self) -> tuple[Pair, ...]:
        """The pairs with the widest gap first; each answer stands in one of them at most."""
        found = [pair for question, said in self._said.items() for pair in _pairs(question, said)]
        chosen: list[Pair] = []
        taken: set[tuple[str, str]] = set()
        for pair in sorted(found, key=lambda pair: (-pair.gap, -pair.likeness, pair.one, pair.other)):
            both = {(pair.question, pair.one), (pair.question, pair.other)}
            if not both & taken and len(chosen) < SHOWN:
                taken |= both
                chosen.append(pair)
        return tuple(chosen)


def _pairs(question: str, said: list[_Said]) -> Iterator[Pair]:
    """For each answer those that are like it with the widest gaps; shorter answers are looked up first."""
    _rank(said)
    ranked = sorted(said, key=lambda one: len(one.stems))
    having: dict[int, list[int]] = {}
    for n, one in enumerate(ranked):
        size = len(one.stems)
        prefix = one.stems[: size - math.ceil(LEAST * size) + 1]
        found: list[Pair] = []
        stems = frozenset(one.stems)  # one at a time: a set takes twenty times as much as its array
        for m in _candidates(prefix, having, ranked, n):
            both = len(stems.intersection(ranked[m].stems))
            likeness = both / (size + len(ranked[m].stems) - both)
            if likeness >= LEAST:
                low, high = sorted((ranked[m], one), key=lambda which: which.percent)
                found.append(Pair(question, low.id, high.id, (low.percent, high.percent), likeness))
        yield from heapq.nlargest(_KEPT, found, key=lambda pair: (pair.gap, pair.likeness))
        for number in prefix:
            having.setdefault(number, []).append(n)


def _rank(said: list[_Said]) -> None:
    """Sort each answer's stems by how rare they are among all answers to the question, in their place."""
    many = Counter(number for one in said for number in one.stems)
    for one in said:
        one.stems[:] = array("I", sorted(one.stems, key=lambda number: (many[number], number)))


def _candidates(prefix: array[int], having: dict[int, list[int]], ranked: list[_Said], n: int) -> set[int]:
    """Answers that share a rare stem, are not much shorter, and have another grade."""
    one, found = ranked[n], set[int]()
    shortest = LEAST * len(one.stems)
    for number in prefix:
        for m in islice(reversed(having.get(number, [])), _LOOKED_AT):
            other = ranked[m]
            if len(other.stems) < shortest:
                break  # those before are shorter still
            if abs(other.percent - one.percent) > _GAP:
                found.add(m)
                if len(found) >= _COMPARED:
                    return found
    return found


class WatchedBook:
    """Hands grades on to a book, and looks at what the answers say on the way."""

    def __init__(self, book: Book, alike: Alike) -> None:
        self._book = book
        self._alike = alike

    def put(self, number: int, row: Row | BadRow, grade: Grade, /) -> None:
        """The grade of the answer with that number."""
        self._book.put(number, row, grade)
        if isinstance(row, Row) and grade.percent is not None:
            self._alike.add(grade.rubric, grade.id, row.answer, grade.percent)
