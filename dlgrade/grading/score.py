"""Grades made of verdicts and findings, and those of answers that could not be graded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from dlgrade.errors import ItemError, ServerFailed
from dlgrade.grading.derivation import derive, needless, percent, points_earned, total
from dlgrade.models import Finding, Grade, Grader, MadeCriterion, Rubric, Usage, Verdict, VerdictWord
from dlgrade.rubrics import MADE, fingerprint, wordings

CALIBRATED = "calibrated ("
"""How the flag begins that says that a score was corrected for the grader's leniency."""

BY_A_DRAFT = "by a draft rubric"
"""The flag of a grade whose rubric no person has looked at."""


def graded(
    rubric: Rubric,
    *,
    id: str,
    question: str,
    verdicts: tuple[Verdict, ...],
    findings: tuple[Finding, ...],
    grader: Grader,
    confidence: float,
    flags: tuple[str, ...],
    usage: Usage | None = None,
) -> Grade:
    """The grade that follows from verdicts and findings, each of which then names the wording that it is about."""
    return Grade(
        id=id,
        question=question,
        rubric=rubric.name,
        grader=grader,
        confidence=confidence,
        usage=usage,
        criteria=_made(rubric),
        **_results(rubric, verdicts, findings, flags, wordings(rubric)),
    )


def _made(rubric: Rubric) -> tuple[MadeCriterion, ...]:
    """What a grade has to tell of its rubric: all that it says, where it stands in no file."""
    if not rubric.name.startswith(MADE):
        return ()
    return tuple(MadeCriterion(id=c.id, points=c.points, expects=c.expects, partial=c.partial) for c in rubric.criteria)


def _flags(flags: Iterable[str], rubric: Rubric) -> tuple[str, ...]:
    """The flags, with the one that says that the rubric is a draft as long as it is one."""
    return (*(flag for flag in flags if flag != BY_A_DRAFT), *([BY_A_DRAFT] if rubric.draft else []))


def scored(grade: Grade, rubric: Rubric) -> Grade:
    """A grade's points, costs, score and feedback, from its verdicts and findings by this rubric."""
    results = _results(rubric, grade.verdicts, grade.misconceptions, grade.flags, {})
    if results["score"] is None:
        results["status"] = "ungraded" if grade.status == "graded" else grade.status
    else:
        results["error"] = None
    return grade.model_copy(update=results)


def _results(
    rubric: Rubric,
    verdicts: Sequence[Verdict],
    findings: Sequence[Finding],
    flags: Iterable[str],
    asked: Mapping[str, str],
) -> dict[str, Any]:
    """The fields of a grade that follow from verdicts and findings.

    `asked` says which wording these are about, where they do not say so themselves yet.
    """
    score, most = total(rubric, verdicts, findings), rubric.max_score
    worth = {criterion.id: criterion.points for criterion in rubric.criteria}
    earned = points_earned(rubric, verdicts)
    costs = {misconception.id: misconception.costs for misconception in rubric.misconceptions}
    return {
        "rubric_fingerprint": fingerprint(rubric),
        "flags": _flags(flags, rubric),
        "status": "ungraded" if score is None else "graded",
        "score": score,
        "max_score": most,
        "percent": percent(score, most),
        "verdicts": tuple(
            _with(v, points=earned[v.criterion], max_points=worth[v.criterion], asked=asked.get(v.criterion, v.asked))
            for v in verdicts
        ),
        "misconceptions": tuple(_with(f, cost=costs[f.id], asked=asked.get(f.id, f.asked)) for f in findings),
        "feedback": feedback(rubric, verdicts, findings),
    }


_Item = TypeVar("_Item", Verdict, Finding)


def _with(item: _Item, **fields: float | str | None) -> _Item:
    """The item with these fields; itself where it has them, as what a grader has just made mostly does."""
    if all(getattr(item, name) == value for name, value in fields.items()):
        return item
    return item.model_copy(update=fields)


def not_graded(
    rubric: Rubric,
    error: ItemError,
    *,
    id: str,
    question: str,
    grader: Grader,
    flags: tuple[str, ...] = (),
    usage: Usage | None = None,
) -> Grade:
    """The grade of an answer that could not be graded: a reason, and no score at all."""
    return Grade(
        id=id,
        question=question,
        rubric=rubric.name,
        status="failed" if isinstance(error, ServerFailed) else "ungraded",
        score=None,
        max_score=rubric.max_score,
        percent=None,
        grader=grader,
        flags=_flags(flags, rubric),
        usage=usage,
        criteria=_made(rubric),
        error={"kind": error.kind, "message": str(error)},
    )


_LEADS: dict[VerdictWord, str] = {"met": "Right: ", "partial": "In part: ", "missed": "Missing: "}
"""How a line of feedback begins, in the order in which they come."""


def feedback(rubric: Rubric, verdicts: Sequence[Verdict], findings: Sequence[Finding]) -> str:
    """What was right, what is missing and what is wrong, in that order, a line each.

    What would earn nothing, since a group has all that it can, is not missing.
    """
    criteria = {criterion.id: criterion for criterion in rubric.criteria}
    claims = {misconception.id: misconception.claims for misconception in rubric.misconceptions}
    spare = needless(rubric, verdicts)
    lines = [
        f"{lead}{criteria[v.criterion].expects}"
        for word, lead in _LEADS.items()
        for v in verdicts
        if v.verdict == word and not (word == "missed" and v.criterion in spare)
    ]
    return "\n".join([*lines, *(f"Wrong: {claims[finding.id]}" for finding in findings if finding.found)])


def explained(grade: Grade, rubric: Rubric) -> list[str]:
    """How the score of a grade comes about by this rubric, line by line, people's verdicts named.

    A last line tells that it was corrected since, if it was.
    """
    overrides = {override.criterion: override for override in grade.overrides}
    lines = derive(rubric, grade.verdicts, grade.misconceptions, overrides).lines()
    if grade.score is not None:
        corrected = [flag for flag in grade.flags if flag.startswith(CALIBRATED)]
        lines += [f"= {grade.score:g} of {grade.max_score:g}, {flag}" for flag in corrected]
    return lines


def is_calibrated(grade: Grade) -> bool:
    """Whether the score was corrected for the grader's leniency."""
    return any(flag.startswith(CALIBRATED) for flag in grade.flags)
