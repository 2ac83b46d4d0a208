"""Which of a document's numbers are those of its questions.

    1. What does dropout do?           1   a question
       1. It drops units.                  stands deeper
    2. How is a network pruned?        2   goes on from 1
    1. Train.                              begins anew, and does not ask
    2. Remove small weights.               goes on with what began anew
    3. Why does it work?               3   goes on from 2, and asks

The questions are the run through the numbers that costs least: to count on is free, to leave numbers out is cheap,
to repeat one is dearer, to begin anew is dear, unless a title stands above; whoever asks, pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_ASKS, _TELLS, _ON = 1.0, 0.3, 0.2
_GAP, _AGAIN, _ANEW = 0.25, 0.5, 2.0
_SAME = 0.8  # from this share on, numbers that are all the same say nothing


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may begin a question: its number, whether it asks, and whether a title stands above."""

    value: int
    asks: bool
    titled: bool = False
    may_tell: bool = True


def running(candidates: Sequence[Candidate]) -> list[int]:
    """Return the indices of the candidates that are questions, in order."""
    if not candidates:
        return []
    first = candidates[0].value
    if len(candidates) > 2 and sum(one.value == first for one in candidates) >= _SAME * len(candidates):
        return [index for index, one in enumerate(candidates) if one.asks]
    chosen = _cheapest(candidates)
    return _without_lists(candidates, chosen)


def _cheapest(candidates: Sequence[Candidate]) -> list[int]:
    score: list[float] = []
    back: list[int | None] = []
    by_value: dict[int, int] = {}
    best: int | None = None
    for index, one in enumerate(candidates):
        gain = _ASKS if one.asks else _TELLS if one.may_tell else -_TELLS
        ways: list[tuple[float, int | None]] = [(0.0 if one.value <= 1 else -_GAP, None)]
        if (before := by_value.get(one.value - 1)) is not None:
            ways.append((score[before] + _ON, before))
        if best is not None:
            ways.append((score[best] - _cost(candidates[best], one, next_to=best == index - 1), best))
        value, came_from = max(ways, key=lambda way: way[0])
        score.append(gain + value)
        back.append(came_from)
        kept = by_value.get(one.value)
        if kept is None or score[index] > score[kept]:
            by_value[one.value] = index
        if best is None or score[index] > score[best]:
            best = index
    chosen: list[int] = []
    while best is not None:
        chosen.append(best)
        best = back[best]
    return chosen[::-1]


def _cost(before: Candidate, one: Candidate, *, next_to: bool) -> float:
    if one.value == before.value + 1:
        return -_ON
    if one.titled:
        return 0.0
    if next_to and one.value == before.value and one.asks and before.asks:
        return _AGAIN
    return _GAP if one.value > before.value else _ANEW


def _without_lists(candidates: Sequence[Candidate], chosen: Sequence[int]) -> list[int]:
    """Leave out what goes on with a list that is no run of questions itself."""
    kept: set[int] = set()
    inside = set(chosen)
    for index in chosen:
        one = candidates[index]
        before = index - 1
        goes_on = before >= 0 and before not in kept and candidates[before].value == one.value - 1
        if one.asks or not goes_on or (before in inside and before in kept):
            kept.add(index)
    return sorted(kept)
