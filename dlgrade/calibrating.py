"""Grades beside what people gave -> how well they agree, over all, by question and by criterion.

    pairing = Pairing()
    grade_offline(survey(path), LabelledMatching(lookup, rubrics), pairing)
    agreement = agree(pairing.pairs, seed=0)

Needs NumPy: see `dlgrade.grading.measures`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dlgrade.grading.agreement import kappa
from dlgrade.grading.labels import Judged, Label, label_of
from dlgrade.grading.measures import Interval, Measured, confusion, differences, intervals, line_through, measure
from dlgrade.grading.rows import BadRow, Row
from dlgrade.models import Grade

MOST_LEVELS = 11  # where people's own scores ask for more, tenths
_MOST_POINTS = 20  # a maximum up to which whole points are levels of their own
_HAIR = 1e-6
_VERDICTS = ("missed", "partial", "met")  # from the worst up, as levels are
_FOUND = ("absent", "found")
_FEW = 10  # questions, with fewer than which a bootstrap over them is rough


@dataclass(frozen=True, slots=True)
class Pair:
    """One answer's score by a person and by the grader, both from 0 to 1, and the verdicts that both gave.

    `person` is None where they judged some criteria and gave no score. `max_score` is as the person wrote it; `words`
    is the answer's length.
    """

    id: str
    question: str
    person: float | None
    given: float
    second: float | None
    words: int
    max_score: float
    verdicts: tuple[tuple[str, str, str], ...] = ()  # criterion with its rubric's name, a person's, the grader's


class Pairing:
    """Takes grades as they come, and keeps those that stand beside a person's label.

    `unknown` are criteria that a person judged and the rubric does not have; `reworded` counts the verdicts on those
    that were worded otherwise then.
    """

    def __init__(self, judged: Judged | None = None) -> None:
        self._judged = judged or {}
        self._pairs: dict[int, Pair] = {}
        self.unknown: dict[str, None] = {}
        self.reworded = 0

    def put(self, number: int, row: Row | BadRow, grade: Grade, /) -> None:
        """The grade of the answer with that number; one without a score is no zero, and is left out."""
        if grade.score is None or isinstance(row, BadRow):
            return
        label = label_of(row, self._judged)
        self._pairs[number] = Pair(
            id=grade.id,
            question=grade.question,
            person=label.score,
            given=grade.score / grade.max_score,
            second=label.second,
            words=len(row.answer.split()),
            max_score=row.max_score or 1.0,
            verdicts=tuple(self._verdicts(grade, label)),
        )

    def _verdicts(self, grade: Grade, label: Label) -> Iterator[tuple[str, str, str]]:
        given: dict[str, tuple[str, str | None]] = {v.criterion: (v.verdict, v.asked) for v in grade.verdicts}
        given |= {f.id: ("found" if f.found else "absent", f.asked) for f in grade.misconceptions}
        for name, verdict in label.verdicts.items():
            if name not in given:
                self.unknown[f"{grade.rubric}/{name}"] = None
                continue
            word, asked = given[name]
            if asked is not None and label.asked.get(name, asked) != asked:
                self.reworded += 1
            elif word != "ungraded":
                yield f"{grade.rubric}/{name}", verdict, word

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
    """How verdicts on one criterion agree: the share that is the same, and Cohen's kappa.

    `counts` say how often a person gave which of the `words` and the grader which, a row a word of the person's.
    """

    criterion: str
    n: int
    same: float
    kappa: float | None
    words: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Agreement:
    """How well a grader agrees with people. `questions` and `criteria` come worst first.

    `mean` is what a grader would reach that gives every answer people's mean score, `length` one that knows the
    logarithm of its words alone; both are fitted to these very answers, which flatters them. `people` is the second
    person beside the first on the `people_n` answers that both graded. `confusion` has a row for each of people's
    levels, with how often the grader gave which. `verdicts` are those on all criteria together, None where people gave
    none. `remarks` say in words what could not be worked out.
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
    confusion: tuple[tuple[int, ...], ...]
    criteria: tuple[ByCriterion, ...]
    verdicts: ByCriterion | None
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


def compare(labelled: Sequence[tuple[Pair, Pair]], *, seed: int, levels: int) -> Comparison:
    """How a grader does beside another one, on the same answers and levels; those with a person's score count."""
    pairs = [both for both in labelled if both[0].person is not None]
    people = _people(one for one, _ in pairs)
    ours, theirs = [one.given for one, _ in pairs], [other.given for _, other in pairs]
    questions = [one.question for one, _ in pairs]
    less, ci95 = differences(people, ours, theirs, questions, levels=levels, seed=seed)
    first, second = (measure(people, given, levels=levels) for given in (ours, theirs))
    return Comparison(len(pairs), first, second, less, ci95)


def agree(labelled: Sequence[Pair], *, seed: int, levels: int | None = None) -> Agreement:
    """How well the grader agrees with people; any number of pairs will do, also none."""
    pairs = [pair for pair in labelled if pair.person is not None]
    levels = levels or levels_of(pairs)
    people, given = _people(pairs), [pair.given for pair in pairs]
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
        people=measure(_people(both), seconds, levels=levels) if both else None,
        people_n=len(both),
        questions=_by_question(pairs, levels),
        confusion=tuple(map(tuple, confusion(people, given, levels=levels))),
        criteria=_by_criterion(labelled),
        verdicts=_all_criteria(labelled),
        remarks=tuple(
            _remarks(pairs, [name for name in ci95 if measured[name] is not None and ci95[name] is None], labelled)
        ),
    )


def _people(pairs: Iterable[Pair]) -> list[float]:
    return [pair.person for pair in pairs if pair.person is not None]


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
        ByQuestion(question, len(some), measure(_people(some), [pair.given for pair in some], levels=levels))
        for question, some in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: -(one.measured["mae"] or 0)))


def _by_criterion(pairs: Sequence[Pair]) -> tuple[ByCriterion, ...]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        for criterion, person, given in pair.verdicts:
            groups.setdefault(criterion, []).append((person, given))
    found = [_compared(criterion, some) for criterion, some in groups.items()]
    return tuple(sorted(found, key=lambda one: one.same))


def _all_criteria(pairs: Sequence[Pair]) -> ByCriterion | None:
    """The verdicts on all criteria; whether a misconception is there is another question."""
    some = [(one, other) for pair in pairs for _, one, other in pair.verdicts if one in _VERDICTS]
    return _compared("all criteria", some) if some else None


def _compared(criterion: str, some: Sequence[tuple[str, str]]) -> ByCriterion:
    heard = {word for both in some for word in both}
    usual = [word for words in (_VERDICTS, _FOUND) if heard & set(words) for word in words]
    words = tuple(word for word in usual if word != "partial" or word in heard)
    counted = Counter(some)
    same = sum(one == other for one, other in some) / len(some)
    counts = tuple(tuple(counted[one, other] for other in words) for one in words)
    return ByCriterion(criterion, len(some), same, _kappa(some), words, counts)


def _kappa(verdicts: Sequence[tuple[str, str]]) -> float | None:
    try:
        return kappa(verdicts) if len(verdicts) > 1 else None
    except ValueError:
        return None


def _remarks(pairs: Sequence[Pair], unsure: Sequence[str], labelled: Sequence[Pair]) -> Iterable[str]:
    if not pairs and any(pair.verdicts for pair in labelled):
        yield "No answer has a person's score: verdicts on criteria are compared, and no scores."
        return
    if not pairs:
        yield "No answer has both a person's score and a grade: there is nothing to compare."
        return
    if len(pairs) == 1:
        yield "One answer: it has a difference, and neither a correlation nor a kappa."
    elif len({pair.person for pair in pairs}) == 1:
        yield f"People gave every answer the same, {_people(pairs)[0]:.2f} of 1: nothing correlates with that."
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
