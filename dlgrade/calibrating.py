"""Grades beside what people gave -> how well they agree, over all, by question and by criterion.

    pairing = Pairing()
    grade_offline(survey(path), LabelledMatching(lookup, rubrics), pairing)
    agreement = agree(pairing.pairs, seed=0)

Needs NumPy: see `dlgrade.grading.measures`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dlgrade.grading.agreement import kappa
from dlgrade.grading.labels import label_of
from dlgrade.grading.measures import Interval, Measured, differences, intervals, line_through, measure
from dlgrade.grading.rows import BadRow, Row
from dlgrade.models import Grade

MOST_LEVELS = 11  # where people's own scores ask for more, tenths
_MOST_POINTS = 20  # a maximum up to which whole points are levels of their own
_HAIR = 1e-6
_FEW = 10  # questions, with fewer than which a bootstrap over them is rough


@dataclass(frozen=True, slots=True)
class Pair:
    """One answer's score by a person and by the grader, both from 0 to 1, and the verdicts that both gave.

    `max_score` is as the person wrote it; `words` is the answer's length.
    """

    id: str
    question: str
    person: float
    given: float
    second: float | None
    words: int
    max_score: float
    verdicts: tuple[tuple[str, str, str], ...] = ()  # criterion with its rubric's name, a person's, the grader's


class Pairing:
    """Takes grades as they come, and keeps those that stand beside a person's score."""

    def __init__(self) -> None:
        self._pairs: dict[int, Pair] = {}
        self.unknown: dict[str, None] = {}

    def put(self, number: int, row: Row | BadRow, grade: Grade, /) -> None:
        """The grade of the answer with that number; one without a score is no zero, and is left out."""
        if grade.score is None or isinstance(row, BadRow):
            return
        label = label_of(row)
        given = {verdict.criterion: verdict.verdict for verdict in grade.verdicts}
        self.unknown |= {f"{grade.rubric}/{name}": None for name in label.verdicts if name not in given}
        self._pairs[number] = Pair(
            id=grade.id,
            question=grade.question,
            person=label.score,
            given=grade.score / grade.max_score,
            second=label.second,
            words=len(row.answer.split()),
            max_score=row.max_score or 1.0,
            verdicts=tuple(
                (f"{grade.rubric}/{name}", verdict, given[name])
                for name, verdict in label.verdicts.items()
                if given.get(name, "ungraded") != "ungraded"
            ),
        )

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """In the order of the file, whenever the grades came."""
        return tuple(self._pairs[number] for number in sorted(self._pairs))

    def beside(self, other: Pairing) -> tuple[tuple[Pair, Pair], ...]:
        """The answers that two graders graded, in the order of the file."""
        both = sorted(self._pairs.keys() & other._pairs.keys())
        return tuple((self._pairs[number], other._pairs[number]) for number in both)


@dataclass(frozen=True)
class ByQuestion:
    """How the grader does on one question."""

    question: str
    n: int
    measured: Measured


@dataclass(frozen=True)
class ByCriterion:
    """How verdicts on one criterion agree: the share that is the same, and Cohen's kappa."""

    criterion: str
    n: int
    same: float
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """How well a grader agrees with people. `questions` and `criteria` come worst first.

    `mean` is what a grader would reach that gives every answer people's mean score, `length` one that knows the
    logarithm of its words alone; both are fitted to these very answers, which flatters them. `people` is the second
    person beside the first on the `people_n` answers that both graded. `remarks` say in words what could not be
    worked out.
    """

    n: int
    levels: int
    measured: Measured
    ci95: dict[str, Interval]
    mean: Measured
    length: Measured
    people: Measured | None
    people_n: int
    questions: tuple[ByQuestion, ...]
    criteria: tuple[ByCriterion, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Two graders on the `n` answers that both graded: each beside people, and how much better the first one is.

    Of errors and the bias less is better, of all else more.
    """

    n: int
    first: Measured
    second: Measured
    less: Measured
    ci95: dict[str, Interval]


def compare(pairs: Sequence[tuple[Pair, Pair]], *, seed: int, levels: int) -> Comparison:
    """How a grader does beside another one, on the same answers and levels."""
    people = [one.person for one, _ in pairs]
    ours, theirs = [one.given for one, _ in pairs], [other.given for _, other in pairs]
    questions = [one.question for one, _ in pairs]
    less, ci95 = differences(people, ours, theirs, questions, levels=levels, seed=seed)
    first, second = (measure(people, given, levels=levels) for given in (ours, theirs))
    return Comparison(len(pairs), first, second, less, ci95)


def agree(pairs: Sequence[Pair], *, seed: int, levels: int | None = None) -> Agreement:
    """How well the grader agrees with people; any number of pairs will do, also none."""
    levels = levels or levels_of(pairs)
    people, given = [pair.person for pair in pairs], [pair.given for pair in pairs]
    both = [pair for pair in pairs if pair.second is not None]
    seconds = [pair.second for pair in pairs if pair.second is not None]
    ci95 = intervals(people, given, [pair.question for pair in pairs], levels=levels, seed=seed)
    constant = [sum(people) / len(people)] * len(people) if people else []
    foretold = line_through([math.log1p(pair.words) for pair in pairs], people) if people else []
    measured = measure(people, given, levels=levels)
    return Agreement(
        n=len(pairs),
        levels=levels,
        measured=measured,
        ci95=ci95,
        mean=measure(people, constant, levels=levels),
        length=measure(people, foretold, levels=levels),
        people=measure([pair.person for pair in both], seconds, levels=levels) if both else None,
        people_n=len(both),
        questions=_by_question(pairs, levels),
        criteria=_by_criterion(pairs),
        remarks=tuple(_remarks(pairs, [name for name in ci95 if measured[name] is not None and ci95[name] is None])),
    )


def levels_of(pairs: Sequence[Pair]) -> int:
    """How many even levels from 0 to 1 people's scores stand on.

    Whole points of one maximum up to 20 are levels each; else it is the fewest that have a place for every score of
    theirs, and tenths where 11 are too few.
    """
    maxima = {pair.max_score for pair in pairs}
    if len(maxima) == 1 and (most := maxima.pop()) <= _MOST_POINTS and most >= 1 and _on(pairs, most):
        return int(most) + 1
    return next((steps + 1 for steps in range(1, MOST_LEVELS - 1) if _on(pairs, steps)), MOST_LEVELS)


def _on(pairs: Iterable[Pair], steps: float) -> bool:
    """Whether every person's score is a whole number of such steps."""
    scores = {score for pair in pairs for score in (pair.person, pair.second) if score is not None}
    return float(steps).is_integer() and all(abs(score * steps - round(score * steps)) < _HAIR for score in scores)


def _by_question(pairs: Sequence[Pair], levels: int) -> tuple[ByQuestion, ...]:
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.question, []).append(pair)
    found = [
        ByQuestion(
            question, len(some), measure([pair.person for pair in some], [pair.given for pair in some], levels=levels)
        )
        for question, some in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: -(one.measured["mae"] or 0)))


def _by_criterion(pairs: Sequence[Pair]) -> tuple[ByCriterion, ...]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        for criterion, person, given in pair.verdicts:
            groups.setdefault(criterion, []).append((person, given))
    found = [
        ByCriterion(criterion, len(some), sum(one == other for one, other in some) / len(some), _kappa(some))
        for criterion, some in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: one.same))


def _kappa(verdicts: Sequence[tuple[str, str]]) -> float | None:
    try:
        return kappa(verdicts) if len(verdicts) > 1 else None
    except ValueError:
        return None


def _remarks(pairs: Sequence[Pair], unsure: Sequence[str]) -> Iterable[str]:
    if not pairs:
        yield "No answer has both a person's score and a grade: there is nothing to compare."
        return
    if len(pairs) == 1:
        yield "One answer: it has a difference, and neither a correlation nor a kappa."
    elif len({pair.person for pair in pairs}) == 1:
        yield f"People gave every answer the same, {pairs[0].person:.2f} of 1: nothing correlates with that."
    elif len({pair.given for pair in pairs}) == 1:
        yield f"The grader gave every answer the same, {pairs[0].given:.2f} of 1: that correlates with nothing."
    questions = len({pair.question for pair in pairs})
    if questions == 1:
        yield "One question: intervals come of drawing questions, so there are none."
        return
    if unsure:
        yield f"No interval for {', '.join(unsure)}: too many draws have none, since scores in them are alike."
    if questions < _FEW:
        yield f"{questions} questions: intervals from so few are rough, and mostly too narrow."
