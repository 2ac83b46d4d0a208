"""The arithmetic: verdicts in, grade out. No model ever states a score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dlgrade.errors import ItemError, ServerFailed
from dlgrade.models import Criterion, Finding, Grade, Grader, Rubric, Usage, Verdict, VerdictWord

_SHARE: dict[VerdictWord, float] = {"met": 1.0, "partial": 0.5, "missed": 0.0, "ungraded": 0.0}
_ROUNDED = 1e-8  # less than this is nothing


def points(criterion: Criterion, verdict: VerdictWord) -> float:
    """The points that a verdict on a criterion earns: all, half or none."""
    return criterion.points * _SHARE[verdict]


def dealt(rubric: Rubric, share: float, weights: Sequence[float]) -> list[float]:
    """A share of all points, dealt out by weight from 0 to 1, no criterion getting more than it is worth.

    Each gets up to its weight's share of its points; what is left goes to those that have a weight, and then to the
    others.
    """
    worth = [criterion.points for criterion in rubric.criteria]
    left = share * sum(worth)
    earned = [0.0] * len(worth)
    due = [weight * points for weight, points in zip(weights, worth, strict=True)]
    for limit, parts in ((due, due), (worth, due), (worth, [float(not part) for part in due])):
        room = [most - one for most, one in zip(limit, earned, strict=True)]
        given = _filled(left, room, [part * free for part, free in zip(parts, room, strict=True)])
        earned = [one + more for one, more in zip(earned, given, strict=True)]
        left -= sum(given)
    return [points if one >= points - _ROUNDED else round(one, 9) for one, points in zip(earned, worth, strict=True)]


def _filled(amount: float, room: Sequence[float], parts: Sequence[float]) -> list[float]:
    """An amount dealt out in proportion to `parts`, nowhere more than there is room for."""
    filled = [0.0] * len(room)
    whole = sum(parts)
    # What is full first, for its part, comes first, so that what it cannot hold is dealt among the rest.
    for i in sorted((i for i, part in enumerate(parts) if part > 0), key=lambda i: room[i] / parts[i]):
        if amount <= _ROUNDED:
            break
        filled[i] = min(room[i], amount * parts[i] / whole)
        amount, whole = amount - filled[i], whole - parts[i]
    return filled


def total(rubric: Rubric, verdicts: Sequence[Verdict], findings: Iterable[Finding]) -> float | None:
    """clamp(points earned - misconception costs, 0, max); None while any criterion is ungraded."""
    if any(verdict.verdict == "ungraded" for verdict in verdicts):
        return None
    earned = sum(verdict.points for verdict in verdicts)
    lost = sum(finding.cost for finding in findings if finding.found)
    return min(max(round(earned - lost, 9), 0.0), rubric.max_score)


def percent(score: float | None, max_score: float) -> float | None:
    """The score as 0 to 100, to one decimal."""
    return None if score is None else round(100 * score / max_score, 1)


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
    """The grade that follows from verdicts and findings."""
    score = total(rubric, verdicts, findings)
    return Grade(
        id=id,
        question=question,
        rubric=rubric.name,
        status="graded" if score is not None else "ungraded",
        score=score,
        max_score=rubric.max_score,
        percent=percent(score, rubric.max_score),
        verdicts=verdicts,
        misconceptions=findings,
        feedback=feedback(rubric, verdicts, findings),
        grader=grader,
        confidence=confidence,
        flags=flags,
        usage=usage,
    )


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
        flags=flags,
        usage=usage,
        error={"kind": error.kind, "message": str(error)},
    )


def feedback(rubric: Rubric, verdicts: Sequence[Verdict], findings: Sequence[Finding]) -> str:
    """What was right, what is missing and what is wrong, in that order, a line each."""
    criteria = {criterion.id: criterion for criterion in rubric.criteria}
    claims = {misconception.id: misconception.claims for misconception in rubric.misconceptions}
    met = [f"Right: {criteria[v.criterion].expects}" for v in verdicts if v.verdict == "met"]
    half = [f"In part: {criteria[v.criterion].expects}" for v in verdicts if v.verdict == "partial"]
    missing = [f"Missing: {criteria[v.criterion].expects}" for v in verdicts if v.verdict == "missed"]
    wrong = [f"Wrong: {claims[finding.id]}" for finding in findings if finding.found]
    return "\n".join([*met, *half, *missing, *wrong])
