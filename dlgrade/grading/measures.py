"""How well two series of scores from 0 to 1 agree: correlation, kappa, error, and how sure that is.

    measured = measure(people, given, levels=5)
    intervals(people, given, questions, levels=5, seed=0)["pearson"]     # (0.62, 0.79), or None

Needs NumPy, which comes with `dlgrade[stats]`. What cannot be worked out is None and never NaN: nothing correlates
with scores that are all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

NAMES = ("pearson", "spearman", "qwk", "kappa", "mae", "rmse", "bias")
RESAMPLES = 1000
_CENTRAL = (0.025, 0.975)
_DEFINED = 0.9  # share of the resamples that must have a value; an interval of the others would flatter

Array: TypeAlias = npt.NDArray[np.float64]
Measured: TypeAlias = dict[str, float | None]
Interval: TypeAlias = tuple[float, float] | None


def measure(people: Sequence[float], given: Sequence[float], *, levels: int) -> Measured:
    """Every measure by name: `given` scores beside people's, for the kappas on so many even levels from 0 to 1."""
    pairs = _Pairs.of(people, given, levels)
    return pairs.measured(np.ones(len(people)))


def intervals(
    people: Sequence[float],
    given: Sequence[float],
    groups: Sequence[Hashable],
    *,
    levels: int,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """95 % intervals by the percentile bootstrap, whole groups drawn: answers to one question are alike.

    A group is all the scores with one value in `groups`; of a single one nothing can be drawn.
    """
    pairs = _Pairs.of(people, given, levels)
    return _bootstrapped(pairs.measured, groups, seed, resamples)


def differences(
    people: Sequence[float],
    one: Sequence[float],
    other: Sequence[float],
    groups: Sequence[Hashable],
    *,
    levels: int,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[Measured, dict[str, Interval]]:
    """Every measure of one series less that of another, both beside people's, with intervals from the same draws."""
    first, second = _Pairs.of(people, one, levels), _Pairs.of(people, other, levels)

    def less(times: Array) -> Measured:
        ours, theirs = first.measured(times), second.measured(times)
        return {name: _less(ours[name], theirs[name]) for name in NAMES}

    return less(np.ones(len(people))), _bootstrapped(less, groups, seed, resamples)


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _bootstrapped(
    measured: Callable[[Array], Measured], groups: Sequence[Hashable], seed: int, resamples: int
) -> dict[str, Interval]:
    """The middle 95 % of what is measured where whole groups are drawn."""
    names = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    if len(names) < 2:
        return dict.fromkeys(NAMES)
    own = np.array([names[group] for group in groups])
    draw = np.random.default_rng(seed)
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(resamples):
        times = np.bincount(draw.integers(len(names), size=len(names)), minlength=len(names))
        for name, value in measured(times[own].astype(float)).items():
            if value is not None:
                found[name].append(value)
    return {name: _central(values, resamples) for name, values in found.items()}


def confusion(people: Sequence[float], given: Sequence[float], *, levels: int) -> list[list[int]]:
    """How often people gave which level and the grader which: a row a level of people's, from the lowest up."""
    counts = _Pairs.of(people, given, levels).table(np.ones(len(people)))
    return [[round(float(count)) for count in row] for row in counts]


def line_through(lengths: Sequence[float], people: Sequence[float]) -> list[float]:
    """The scores that the lengths alone foretell: the least-squares line through these very answers, kept in 0 to 1."""
    x, y = np.array(lengths, dtype=float), np.array(people, dtype=float)
    x = x - x.mean()
    spread = float((x * x).sum())
    slope = float((x * y).sum()) / spread if spread else 0.0
    return [float(value) for value in np.clip(y.mean() + slope * x, 0, 1)]


@dataclass(frozen=True)
class _Pairs:
    """Scores side by side, with what each resample needs of them; a resample is how often each pair is in it."""

    people: Array
    given: Array
    people_place: npt.NDArray[np.intp]  # among the different scores, in their order
    given_place: npt.NDArray[np.intp]
    cell: npt.NDArray[np.intp]  # in the table of levels, row by row
    levels: int

    @classmethod
    def of(cls, people: Sequence[float], given: Sequence[float], levels: int) -> _Pairs:
        x, y = np.array(people, dtype=float), np.array(given, dtype=float)
        if len(x) != len(y):
            raise ValueError("one score for each of the other's")
        cell = _level(x, levels) * levels + _level(y, levels)
        return cls(x, y, np.unique(x, return_inverse=True)[1], np.unique(y, return_inverse=True)[1], cell, levels)

    def measured(self, times: Array) -> Measured:
        count = float(times.sum())
        if not count:
            return dict.fromkeys(NAMES)
        off = self.given - self.people
        measured: Measured = dict.fromkeys(NAMES)
        measured |= {
            "mae": float((times * np.abs(off)).sum() / count),
            "rmse": float(np.sqrt((times * off * off).sum() / count)),
            "bias": float((times * off).sum() / count),
        }
        if count > 1:
            kappa, qwk = self._kappas(times)
            ranks = _ranks(self.people_place, times), _ranks(self.given_place, times)
            pearson, spearman = _pearson(self.people, self.given, times), _pearson(*ranks, times)
            measured |= {"pearson": pearson, "spearman": spearman, "qwk": qwk, "kappa": kappa}
        return measured

    def table(self, times: Array) -> Array:
        flat: Array = np.bincount(self.cell, weights=times, minlength=self.levels**2).astype(float)
        return flat.reshape(self.levels, self.levels)

    def _kappas(self, times: Array) -> tuple[float | None, float | None]:
        """Cohen's kappa, and the one weighted by the square of the distance."""
        observed = self.table(times) / times.sum()
        chance = np.outer(observed.sum(axis=1), observed.sum(axis=0))
        step = np.arange(self.levels)
        apart = (step[:, None] - step[None, :]) ** 2.0
        found = []
        for cost in ((apart > 0).astype(float), apart):
            by_chance = float((cost * chance).sum())
            found.append(1 - float((cost * observed).sum()) / by_chance if by_chance else None)
        return found[0], found[1]


def _level(scores: Array, levels: int) -> npt.NDArray[np.intp]:
    """The nearest level of each score, the higher of two; a hair is for what division leaves."""
    return np.floor(np.clip(scores, 0, 1) * (levels - 1) + 0.5 + 1e-9).astype(np.intp)


def _ranks(place: npt.NDArray[np.intp], times: Array) -> Array:
    """Ranks, ties sharing the mean of theirs."""
    many = np.bincount(place, weights=times)
    ranks: Array = (np.cumsum(many) - (many - 1) / 2)[place]
    return ranks


def _pearson(x: Array, y: Array, times: Array) -> float | None:
    there = times > 0
    if np.ptp(x[there]) == 0 or np.ptp(y[there]) == 0:
        return None
    x = x - np.average(x, weights=times)
    y = y - np.average(y, weights=times)
    spread = float((times * x * x).sum()) * float((times * y * y).sum())
    return float(np.clip((times * x * y).sum() / np.sqrt(spread), -1, 1)) if spread else None


def _central(values: Sequence[float], resamples: int) -> Interval:
    if len(values) < _DEFINED * resamples:
        return None
    low, high = np.quantile(values, _CENTRAL)
    return float(low), float(high)
