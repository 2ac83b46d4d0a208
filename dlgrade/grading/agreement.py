"""How well verdicts agree with people's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def kappa(pairs: Sequence[tuple[T, T]]) -> float:
    """Cohen's kappa over (one's verdict, the other's): 1 is full agreement, 0 what chance would give.

    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960).

    Raises:
        ValueError: there are no pairs, or both always give one and the same verdict: chance is all there is.
    """
    if not pairs:
        raise ValueError("no pairs to compare")
    observed = sum(one == other for one, other in pairs) / len(pairs)
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(ones[verdict] * others[verdict] for verdict in ones) / len(pairs) ** 2
    if chance == 1.0:
        raise ValueError("both give one verdict throughout")
    return (observed - chance) / (1 - chance)
