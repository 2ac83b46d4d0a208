"""The arithmetic: verdicts in, score out. No model ever states a score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dlgrade.models import Criterion, Finding, Rubric, Verdict, VerdictWord

_SHARE: dict[VerdictWord, float] = {"met": 1.0, "partial": 0.5, "missed": 0.0, "ungraded": 0.0}


def points(criterion: Criterion, verdict: VerdictWord) -> float:
    """The points that a verdict on a criterion earns: all, half or none."""
    return criterion.points * _SHARE[verdict]


def total(rubric: Rubric, verdicts: Sequence[Verdict], findings: Iterable[Finding]) -> float | None:
    """clamp(points earned - misconception costs, 0, max); None while any criterion is ungraded."""
    if any(verdict.verdict == "ungraded" for verdict in verdicts):
        return None
    earned = sum(verdict.points for verdict in verdicts)
    lost = sum(finding.cost for finding in findings if finding.found)
    return min(max(earned - lost, 0.0), rubric.max_score)


def percent(score: float | None, max_score: float) -> float | None:
    """The score as 0 to 100, to one decimal."""
    return None if score is None else round(100 * score / max_score, 1)
