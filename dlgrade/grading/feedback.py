"""What was right, what is missing and what is wrong, in that order."""

from __future__ import annotations

from collections.abc import Sequence

from dlgrade.models import Finding, Rubric, Verdict


def feedback(rubric: Rubric, verdicts: Sequence[Verdict], findings: Sequence[Finding]) -> str:
    """The verdicts in words, one line each; empty if there is none."""
    criteria = {criterion.id: criterion for criterion in rubric.criteria}
    claims = {misconception.id: misconception.claims for misconception in rubric.misconceptions}
    lines = [f"Right: {criteria[v.criterion].expects}" for v in verdicts if v.verdict == "met"]
    lines += [_half(criteria[v.criterion].expects, criteria[v.criterion].partial) for v in verdicts if v.verdict == "partial"]
    lines += [f"Missing: {criteria[v.criterion].expects}" for v in verdicts if v.verdict == "missed"]
    lines += [f"Wrong: {claims[finding.id]}" for finding in findings if finding.found]
    return "\n".join(lines)


def _half(expects: str, partial: str | None) -> str:
    return f"In part: {partial} A full answer: {expects}" if partial else f"In part: {expects}"
