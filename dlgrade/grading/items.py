"""What a class's grades say about a question: how hard it is, how well it tells answers apart, what was missed.

    tally = Tally(...)
    tally.add(grade, person="ann")                      # grade by grade
    tally.summary(), discriminations([tally, …])

Statistics of classical test theory. A question's difficulty is the mean share of its points. Its discrimination is the
corrected item-rest correlation: Pearson's r between what people earned for it and what the same people earned for the
others, itself left out (Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28, 1963).
Where nobody answered two questions, the same is worked out within a question, between each criterion and the rest of
its criteria; the mean of these, by points, says how far the criteria go together.

What is held in memory is 32 bytes a grade, and counts.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from statistics import quantiles, stdev
from typing import Literal

from dlgrade.models import Grade

FEWEST = 10
"""Of fewer pairs no correlation is told: it would be chance."""

BINS = 10


@dataclass
class Correlation:
    """Pearson's r of pairs that come one by one (Welford's sums)."""

    n: int = 0
    _x: float = 0.0
    _y: float = 0.0
    _xx: float = 0.0
    _yy: float = 0.0
    _xy: float = 0.0

    def add(self, x: float, y: float) -> None:
        """One more pair."""
        self.n += 1
        off_x, off_y = x - self._x, y - self._y
        self._x += off_x / self.n
        self._y += off_y / self.n
        self._xx += off_x * (x - self._x)
        self._yy += off_y * (y - self._y)
        self._xy += off_x * (y - self._y)

    @property
    def r(self) -> float | None:
        """From -1 to 1; None where all of one side are the same."""
        # what rounding leaves of no spread at all is none
        if min(self._xx, self._yy) <= 1e-12 * self.n:
            return None
        return max(-1.0, min(1.0, self._xy / math.sqrt(self._xx * self._yy)))


@dataclass(frozen=True, slots=True)
class Discrimination:
    """How well a question tells answers apart; `value` is None where that cannot be worked out, and `why` says why.

    `statistic` says which rest it is held against: the same people's other questions, or the question's own criteria.
    """

    value: float | None
    statistic: Literal["item-rest", "criterion-rest"] | None
    n: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class CriterionSummary:
    """How a criterion did: how many met it; `discrimination` is its correlation with the rest of the criteria."""

    criterion: str
    max_points: float
    met: int
    partial: int
    missed: int
    discrimination: float | None

    @property
    def n(self) -> int:
        """How many verdicts there are."""
        return self.met + self.partial + self.missed

    @property
    def missed_share(self) -> float:
        """From 0 to 1; what is there in part counts half."""
        return (self.missed + self.partial / 2) / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Percents of one question's graded answers: the difficulty is their mean. `sd` is the sample's, None of one."""

    n: int
    mean: float
    sd: float | None
    quartiles: tuple[float, float, float]
    bins: tuple[int, ...]


@dataclass
class _Criterion:
    max_points: float
    words: Counter[str] = field(default_factory=Counter)
    rest: Correlation = field(default_factory=Correlation)


class Tally:
    """One question's grades, as they come."""

    def __init__(self, question: str, rubric: str) -> None:
        self.question = question
        self.rubric = rubric
        self.ungraded: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.misconceptions: Counter[str] = Counter()
        self.people = array("q")  # a hash for each graded answer
        self._scores = array("d")
        self._maxima = array("d")
        self._percents = array("d")
        self._criteria: dict[str, _Criterion] = {}

    @property
    def n(self) -> int:
        """How many answers have a score."""
        return len(self._scores)

    def add(self, grade: Grade, person: str) -> None:
        """One more answer; one without a score is counted and is no zero."""
        if grade.status != "graded" or grade.score is None:
            kinds = self.failed if grade.status == "failed" else self.ungraded
            kinds[str((grade.error or {}).get("kind", "ungraded"))] += 1
            return
        self.people.append(hash(person))
        self._scores.append(grade.score)
        self._maxima.append(grade.max_score)
        self._percents.append(
            grade.percent if grade.percent is not None else 100 * grade.score / (grade.max_score or 1)
        )
        self.misconceptions.update(finding.id for finding in grade.misconceptions if finding.found)
        judged = [verdict for verdict in grade.verdicts if verdict.verdict != "ungraded"]
        total = sum(verdict.points for verdict in judged)
        for verdict in judged:
            known = self._criteria.setdefault(verdict.criterion, _Criterion(verdict.max_points))
            known.words[verdict.verdict] += 1
            if len(judged) > 1:
                known.rest.add(verdict.points, total - verdict.points)

    def spread(self) -> Spread | None:
        """How the scores are spread; None where there is none."""
        if not self._percents:
            return None
        values = sorted(self._percents)
        parts = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
        bins = [0] * BINS
        for value in values:
            bins[max(0, min(BINS - 1, int(value * BINS / 100 + 1e-9)))] += 1
        sd = stdev(values) if len(values) > 1 else None
        return Spread(len(values), sum(values) / len(values), sd, (parts[0], parts[1], parts[2]), tuple(bins))

    def criteria(self) -> tuple[CriterionSummary, ...]:
        """In the rubric's order."""
        return tuple(
            CriterionSummary(
                criterion=id_,
                max_points=one.max_points,
                met=one.words["met"],
                partial=one.words["partial"],
                missed=one.words["missed"],
                discrimination=one.rest.r if one.rest.n >= FEWEST else None,
            )
            for id_, one in self._criteria.items()
        )

    def within(self) -> Discrimination:
        """How far the question's criteria go together: their correlations with the rest, by points."""
        told = [(one.discrimination, one.max_points) for one in self.criteria()]
        known = [(r, points) for r, points in told if r is not None]
        if known:
            mean = sum(r * points for r, points in known) / sum(points for _, points in known)
            return Discrimination(mean, "criterion-rest", self.n)
        why = "its criteria have all the same" if self.n >= FEWEST else f"fewer than {FEWEST} answers"
        return Discrimination(None, None, self.n, "it has one criterion" if len(told) == 1 else why)

    def entries(self) -> Iterator[tuple[int, float, float]]:
        """Each graded answer's person, score and maximum."""
        return zip(self.people, self._scores, self._maxima, strict=True)


def discriminations(tallies: Sequence[Tally]) -> tuple[Discrimination, ...]:
    """How well each question tells people apart, by the other questions where the same people answered several."""
    everybody: dict[int, tuple[float, float]] = {}
    own = [_own(tally, several) for several in [_several(tallies)] for tally in tallies]
    for one in own:
        for person, (score, most) in one.items():
            before = everybody.get(person, (0.0, 0.0))
            everybody[person] = before[0] + score, before[1] + most
    return tuple(_against_rest(tally, one, everybody) for tally, one in zip(tallies, own, strict=True))


def people_in(tallies: Sequence[Tally]) -> int:
    """How many different people have a graded answer."""
    everyone = sorted(chain.from_iterable(tally.people for tally in tallies))
    return len(everyone) - sum(one == other for one, other in pairwise(everyone))


def _several(tallies: Sequence[Tally]) -> frozenset[int]:
    """The people who answered several questions."""
    each = sorted(chain.from_iterable(sorted(set(tally.people)) for tally in tallies))
    return frozenset(one for one, other in pairwise(each) if one == other)


def _own(tally: Tally, several: frozenset[int]) -> dict[int, tuple[float, float]]:
    """What each of the people earned for the question, and could have; one that answered twice has both."""
    found: dict[int, tuple[float, float]] = {}
    for person, score, most in tally.entries() if several else ():
        if person in several:
            before = found.get(person, (0.0, 0.0))
            found[person] = before[0] + score, before[1] + most
    return found


def _against_rest(
    tally: Tally, own: dict[int, tuple[float, float]], everybody: dict[int, tuple[float, float]]
) -> Discrimination:
    pairs = Correlation()
    for person, (score, most) in own.items():
        whole = everybody[person]
        if most > 0 and whole[1] > most:
            pairs.add(score / most, (whole[0] - score) / (whole[1] - most))
    if pairs.n < FEWEST:
        return tally.within()
    if pairs.r is None:
        return Discrimination(None, None, pairs.n, "everybody earned the same, for it or for the others")
    return Discrimination(pairs.r, "item-rest", pairs.n)
