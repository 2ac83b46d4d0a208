"""A share of a rubric's points, dealt out to its criteria."""

from __future__ import annotations

from collections.abc import Sequence

from dlgrade.models import Rubric

_ROUNDED = 1e-8  # less than this is nothing


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
    # What is full first, for its part, comes first, so that what it cannot hold is dealt among the rest.
    order = sorted((i for i, part in enumerate(parts) if part > 0), key=lambda i: room[i] / parts[i])
    for n, i in enumerate(order):
        if amount <= _ROUNDED:
            break
        # Summed anew each time: subtracting would leave 0 beside a part that is very small.
        filled[i] = min(room[i], amount * parts[i] / sum(parts[j] for j in order[n:]))
        amount -= filled[i]
    return filled
