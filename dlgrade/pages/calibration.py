"""How a grader agrees with people, as its page needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlgrade.calibrating import Agreement, ByCriterion

MATRICES = 24
"""Criteria that are drawn, the least agreement first."""

_SCALED = ("pearson", "spearman", "qwk", "kappa")
"""Measures of agreement, drawn from 0 to 1; the others are differences."""

_MEANS = {
    "pearson": "correlation of the scores",
    "spearman": "correlation of their ranks",
    "qwk": "kappa weighted by the square of the distance",
    "kappa": "Cohen's kappa: a near miss is a miss",
    "mae": "mean difference without its sign",
    "rmse": "root of the mean square of the differences",
    "bias": "mean difference; above 0 the grader is milder",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure with what stands beside it; `drawn` where it has a place on a line from 0 to 1."""

    name: str
    means: str
    value: float | None
    ends: tuple[float, float] | None
    mean: float | None
    length: float | None
    people: float | None
    drawn: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who gave what how often: rows a person's, columns the grader's."""

    title: str
    said: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def view(agreement: Agreement, *, file: str, grader: str, ungraded: int, missed: Sequence[str]) -> dict[str, Any]:
    """What the template `calibration.html.j2` is given."""
    whole = agreement.verdicts
    return {
        "title": f"Agreement with people: {file}",
        "file": file,
        "grader": grader,
        "agreement": agreement,
        "ungraded": ungraded,
        "missed": missed,
        "measures": [_measure(agreement, name) for name in agreement.measured],
        "scores": _scores(agreement) if agreement.n else None,
        "verdicts": None if whole is None else _matrix(whole),
        "criteria": [_matrix(one) for one in agreement.criteria[:MATRICES]],
    }


def _measure(agreement: Agreement, name: str) -> Measure:
    return Measure(
        name=name,
        means=_MEANS[name],
        value=agreement.measured[name],
        ends=agreement.ci95[name],
        mean=agreement.mean[name],
        length=agreement.length[name],
        people=None if agreement.people is None else agreement.people[name],
        drawn=name in _SCALED,
    )


def _scores(agreement: Agreement) -> Matrix:
    steps = agreement.levels - 1
    names = tuple(f"{100 * level / steps:.0f}" for level in range(agreement.levels))
    same = sum(row[n] for n, row in enumerate(agreement.confusion)) / agreement.n
    near = sum(count for n, row in enumerate(agreement.confusion) for m, count in enumerate(row) if abs(n - m) <= 1)
    said = f"{100 * same:.0f} % on the same level, {100 * near / agreement.n:.0f} % at most one apart"
    return Matrix("Scores, in % of the maximum", said, names, agreement.confusion)


def _matrix(one: ByCriterion) -> Matrix:
    kappa = "" if one.kappa is None else f", kappa {round(one.kappa, 2) + 0.0:.2f}"
    return Matrix(one.criterion, f"{one.n:,} verdicts, {100 * one.same:.0f} % the same{kappa}", one.words, one.counts)
