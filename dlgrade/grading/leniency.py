"""A grader that is milder or stricter than people: what its scores stand for, learned from answers that both graded.

    correction = fitted(pairs, grader="offline (offline-1)", labels="1a2b3c4d5e6f")
    correction.corrected(grade)     # 4 of 10 becomes what people gave, on average, where the grader gave 4

The correction never puts a better answer below a worse one (isotonic regression: R. E. Barlow and others, "Statistical
Inference under Order Restrictions", 1972), and what earned nothing still earns nothing.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from dlgrade.errors import InputError
from dlgrade.grading.derivation import percent
from dlgrade.grading.gradebook import Book
from dlgrade.grading.rows import BadRow, Row
from dlgrade.grading.score import CALIBRATED
from dlgrade.models import Grade, Record

LEAST = 30  # answers that earned something, of which a correction may be learned
_FOLDS = 5
_DIGITS = 6

Knot = tuple[float, float]


class Correction(Record):
    """For one grader: its scores and those that they become, from 0 to 1, with straight lines between.

    `labels` is the hash of the file that it was learned from, `answers` and `questions` say how much that held.
    """

    dlgrade_calibration: Literal[1] = 1
    grader: str
    labels: str
    answers: int
    questions: int
    points: tuple[Knot, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        inside = all(0 <= value <= 1 for knot in self.points for value in knot)
        if not inside or not all(x < u and y <= v for (x, y), (u, v) in pairwise(self.points)):
            raise ValueError("points: pairs from 0 to 1, the first numbers rising and the second not falling")
        if self.points[0] != (0, 0):
            raise ValueError("points: the first is not [0, 0], and what earned nothing would earn something")
        return self

    @property
    def fingerprint(self) -> str:
        """The first 12 hex digits of SHA-256 over all of it."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def mark(self) -> str:
        """How the flag of a grade begins that it has corrected."""
        return f"{CALIBRATED}{self.fingerprint})"

    def of(self, share: float) -> float:
        """What a score, as a share of the maximum, becomes."""
        at = bisect_right(self.points, (share, 2.0))
        if at == len(self.points):
            return self.points[-1][1]
        (x, y), (u, v) = self.points[at - 1], self.points[at]
        return y + (v - y) * (share - x) / (u - x)

    def corrected(self, grade: Grade) -> Grade:
        """The grade with the total that people would give; verdicts stay, and a flag says what was done."""
        if grade.score is None:
            return grade
        score = round(grade.max_score * self.of(grade.score / grade.max_score), _DIGITS)
        said = f"{self.mark}: {grade.score:g} of {grade.max_score:g} before"
        shown = percent(score, grade.max_score)
        return grade.model_copy(update={"score": score, "percent": shown, "flags": (*grade.flags, said)})


@dataclass(frozen=True, slots=True)
class Scored:
    """A person's score and the grader's, from 0 to 1, with the question that they are on."""

    question: Hashable
    person: float
    given: float

    @property
    def earned(self) -> bool:
        """Whether the grader gave it something."""
        return round(self.given, _DIGITS) > 0


def fitted(scored: Sequence[Scored], *, grader: str, labels: str) -> Correction:
    """The correction that these answers teach.

    Raises:
        InputError: too few of them earned something.
    """
    telling = [one for one in scored if one.earned]
    if len(telling) < LEAST:
        raise InputError(f"{len(telling)} answers that earned something are too few to learn from: {LEAST} or more")
    return Correction(
        grader=grader,
        labels=labels,
        answers=len(telling),
        questions=len({one.question for one in telling}),
        points=_points(telling),
    )


def held_out(scored: Sequence[Scored]) -> list[float]:
    """Each score as a correction has it that was learned from other questions, a fifth of them left out at a time.

    Where those are none, or earned nothing, it is the score itself.
    """
    fold = {question: n % _FOLDS for n, question in enumerate(dict.fromkeys(one.question for one in scored))}
    learned = []
    for left_out in range(_FOLDS):
        others = [one for one in scored if one.earned and fold[one.question] != left_out]
        learned.append(_correction(_points(others)) if others else None)
    corrections = [learned[fold[one.question]] for one in scored]
    return [
        correction.of(one.given) if correction else one.given
        for one, correction in zip(scored, corrections, strict=True)
    ]


def load(path: Path) -> Correction:
    """Read a correction.

    Raises:
        InputError: the file cannot be read, or is none.
    """
    try:
        return Correction.model_validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        said = wrong["msg"].removeprefix("Value error, ")
        raise InputError(
            f"{path}: not a calibration: {f'{where}: ' if where else ''}{said}",
            hint="Make one with: dlgrade calibrate LABELS --save FILE",
        ) from None


class CorrectedBook:
    """Corrects grades on their way into a book."""

    def __init__(self, book: Book, correction: Correction) -> None:
        self._book = book
        self._correction = correction

    def put(self, number: int, row: Row | BadRow, grade: Grade, /) -> None:
        """The grade of the answer with that number."""
        self._book.put(number, row, self._correction.corrected(grade))


def _correction(points: tuple[Knot, ...]) -> Correction:
    return Correction(grader="", labels="", answers=0, questions=0, points=points)


def _points(scored: Sequence[Scored]) -> tuple[Knot, ...]:
    """The isotonic regression of people's scores on the grader's, by pooling neighbours that fall."""
    sums: dict[float, list[float]] = {}
    for one in scored:
        sums.setdefault(round(one.given, _DIGITS), []).append(one.person)
    blocks: list[_Block] = []
    for given in sorted(sums):
        people = sums[given]
        blocks.append(_Block(given, given, sum(people), len(people)))
        while len(blocks) > 1 and blocks[-2].mean >= blocks[-1].mean:
            last = blocks.pop()
            blocks[-1] = blocks[-1].pooled(last)
    knots = [(0.0, 0.0)]
    for block in blocks:
        level = round(block.mean, _DIGITS)
        knots += dict.fromkeys([(block.first, level), (block.last, level)])
    return tuple(knots)


@dataclass(frozen=True, slots=True)
class _Block:
    first: float
    last: float
    total: float
    count: int

    @property
    def mean(self) -> float:
        return self.total / self.count

    def pooled(self, after: _Block) -> _Block:
        return _Block(self.first, after.last, self.total + after.total, self.count + after.count)
