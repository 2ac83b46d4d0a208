"""What a person is told of their answer: what was right, what is lacking, what is wrong. Not what the answer is.

What a criterion or the grader says would tell it; so what is right and wrong is shown in the person's own words, and
what is lacking by hints. Criteria go by their number in the rubric, as their ids are little answers too.
"""

from __future__ import annotations

from typing import Literal

from dlgrade.grading.derivation import needless
from dlgrade.models import Evidence, Grade, Record, Rubric, Verdict, VerdictWord
from dlgrade.practice.hints import about_mistake, hint

_REVIEW = "needs review: "


class Right(Record):
    """A criterion that was met: its number, its points, the words that show it.

    `doubtful` says that a person should look, `by` which person has.
    """

    number: int
    points: float
    quotes: tuple[Evidence, ...]
    doubtful: bool = False
    by: str | None = None


class Lacking(Record):
    """A criterion that was missed, or met in part: what more it is worth, and a hint at it."""

    number: int
    verdict: Literal["partial", "missed"]
    points: float
    more: float
    quotes: tuple[Evidence, ...]
    hint: str
    doubtful: bool = False
    by: str | None = None


class Wrong(Record):
    """A misconception: what it costs, and the words that show it; without such, what it is `about` if that tells."""

    cost: float
    quotes: tuple[Evidence, ...]
    about: str


class Feedback(Record):
    """What a person is told of an answer. Scores are None unless graded; `reason` says why it is not.

    `percent` runs from 0 to 100. `remarks` say what else there is about the answer, as that it is notes.
    """

    score: float | None
    max_score: float
    percent: float | None
    grader: str
    confidence: float | None
    right: tuple[Right, ...] = ()
    lacking: tuple[Lacking, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    remarks: tuple[str, ...] = ()
    reason: str | None = None


def feedback(grade: Grade, rubric: Rubric, answer: str) -> Feedback:
    """What the grade of an answer says, with hints in the place of the reference."""
    spare = needless(rubric, grade.verdicts)
    numbers = {criterion.id: number for number, criterion in enumerate(rubric.criteria, start=1)}
    doubtful = _doubtful(grade)
    people = {override.criterion: override.by for override in grade.overrides}
    right = tuple(
        Right(
            number=numbers[v.criterion],
            points=v.points,
            quotes=v.evidence,
            doubtful=v.criterion in doubtful,
            by=people.get(v.criterion),
        )
        for v in grade.verdicts
        if v.verdict == "met"
    )
    wanting: tuple[VerdictWord, ...] = ("partial", "missed")
    lacking = tuple(
        _lacking(v, rubric, numbers[v.criterion], grade.question, answer).model_copy(
            update={"doubtful": v.criterion in doubtful, "by": people.get(v.criterion)}
        )
        for word in wanting
        for v in grade.verdicts
        if v.verdict == word and v.criterion not in spare
    )
    mistakes = {mistake.id: mistake for mistake in rubric.misconceptions}
    wrong = tuple(
        Wrong(
            cost=found.cost,
            quotes=found.evidence,
            about="" if found.evidence else about_mistake(mistakes[found.id], rubric, grade.question, answer),
        )
        for found in grade.misconceptions
        if found.found
    )
    return Feedback(
        score=grade.score,
        max_score=grade.max_score,
        percent=grade.percent,
        grader=grade.grader.model,
        confidence=grade.confidence,
        right=right,
        lacking=lacking,
        wrong=wrong,
        remarks=_remarks(grade, rubric),
        reason=None if grade.score is not None else str((grade.error or {}).get("message", "no reason was given")),
    )


def _lacking(verdict: Verdict, rubric: Rubric, number: int, question: str, answer: str) -> Lacking:
    return Lacking(
        number=number,
        verdict="partial" if verdict.verdict == "partial" else "missed",
        points=verdict.points,
        more=round(verdict.max_points - verdict.points, 9),
        quotes=verdict.evidence,
        hint=hint(rubric.criteria[number - 1], rubric, question, answer),
    )


def _doubtful(grade: Grade) -> set[str]:
    """The criteria whose verdict the grader itself doubts."""
    doubts = [flag.removeprefix(_REVIEW) for flag in grade.flags if flag.startswith(_REVIEW)]
    return {v.criterion for v in grade.verdicts if any(doubt.startswith(f"{v.criterion} ") for doubt in doubts)}


def _remarks(grade: Grade, rubric: Rubric) -> tuple[str, ...]:
    """The flags that name no criterion or misconception, which would tell what is asked for."""
    ids = {criterion.id for criterion in rubric.criteria} | {mistake.id for mistake in rubric.misconceptions}
    telling = [flag for flag in grade.flags if flag != "offline" and not any(id_ in flag for id_ in ids)]
    return tuple(flag.removeprefix(_REVIEW) for flag in telling)
