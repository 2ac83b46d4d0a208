"""An answer held against a reference alone: how like it is decides what it earns, its claims say where.

A reference is one good answer, often with more in it than anybody asks for, and says nowhere how many of its claims
are enough. So the whole answer's likeness to it is the share of the points that is earned, and code deals these out:
to each claim by how much of it is said, and what is left to those that are said in part, then to the others. Only what
is said for the most part is `met`. The band is what strict and lenient graders gave to
answers of such a likeness.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dlgrade.grading.dealing import dealt
from dlgrade.grading.guards import Guarded
from dlgrade.grading.likeness import Wanted, claim_weights, coverage, likeness, wanted
from dlgrade.grading.words import Columns, Sentence, put_together, stems
from dlgrade.models import Criterion, Rubric, VerdictWord

_SAID = 0.5  # share of a claim's words, the rare ones weighing more, from which on it is met
_TOUCHED = 0.2  # below, a place has a word of the claim's by chance
_MET_EARNS = 0.75
_SUREST = 0.75
_DOUBTED = 0.35  # of what a trick would earn; not all that looks like one is
# From each likeness on, the percentages that strict and lenient graders gave on average (`benchmarks/README.md`).
_BANDS: tuple[tuple[float, int, int], ...] = (
    (0.0, 0, 10),
    (0.1, 10, 25),
    (0.2, 20, 50),
    (0.3, 20, 60),
    (0.4, 25, 80),
    (0.5, 30, 80),
    (0.6, 45, 85),
    (0.7, 60, 90),
    (0.8, 75, 95),
    (0.9, 90, 100),
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an answer earns for one claim, and where it says it."""

    verdict: VerdictWord
    points: float
    why: str
    place: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """An answer held against a reference: `share` of it, 0 to 1; `band`, what strict and lenient graders may give."""

    claims: tuple[Claimed, ...]
    share: float
    band: tuple[int, int]

    @property
    def confidence(self) -> float:
        """High where strict and lenient graders would hardly differ."""
        low, high = self.band
        return min(_SUREST, 1 - (high - low) / 100)


def held(answer: Guarded, rubric: Rubric, question: str) -> Held:
    """Hold the sentences of an answer against the rubric's reference; each criterion is a claim of it."""
    to = wanted(question, rubric.reference)
    every = sorted((*answer.own, *answer.doubted), key=lambda sentence: sentence.start)
    own = _words(answer.own)
    share = likeness(own, to)
    if answer.doubted:
        # What is denied is wrong, not left out: it costs its part of the answer.
        whole = _words(every)
        sound = len(own) / len(whole)
        share = sound * share + (1 - sound) * _DOUBTED * likeness(whole, to)
    share = round(share, 2)
    asked = stems(question)
    found = [_best_place(criterion, every, asked, to) for criterion in rubric.criteria]
    earned = dealt(rubric, share, [cover if cover >= _TOUCHED else 0.0 for cover, _ in found])
    claims = tuple(
        _claimed(criterion, points, cover, place)
        for criterion, points, (cover, place) in zip(rubric.criteria, earned, found, strict=True)
    )
    return Held(claims, share, _band(share))


def _words(said: Sequence[Sentence]) -> Columns:
    return put_together(said)


def _best_place(
    criterion: Criterion, own: Sequence[Sentence], asked: frozenset[str], to: Wanted
) -> tuple[float, tuple[Sentence, ...]]:
    """The sentence that says most of a claim, or two in a row that say more."""
    weights = claim_weights(criterion.expects, asked, to)
    places: list[tuple[Sentence, ...]] = [(), *((one,) for one in own), *pairwise(own)]
    covers = [coverage(frozenset().union(*(sentence.stems for sentence in place)), weights) for place in places]
    best = max(range(len(places)), key=covers.__getitem__)
    return covers[best], places[best]


def _claimed(criterion: Criterion, points: float, cover: float, place: tuple[Sentence, ...]) -> Claimed:
    if not points:
        return Claimed("missed", 0.0, "Nothing in the answer says this.", ())
    if cover < _TOUCHED:
        return Claimed("partial", points, "Not said; a reference has more than a full answer needs.", ())
    why = f"The answer has {cover:.0%} of this, the rare words weighing more."
    verdict: VerdictWord = "met" if cover >= _SAID and points >= _MET_EARNS * criterion.points else "partial"
    return Claimed(verdict, points, why, place)


def _band(share: float) -> tuple[int, int]:
    _, low, high = _BANDS[bisect_right(_BANDS, share, key=lambda band: band[0]) - 1]
    return low, high
