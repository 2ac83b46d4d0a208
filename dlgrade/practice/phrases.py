"""What is said of practising in the same words on every screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dlgrade.practice.choice import Why
from dlgrade.practice.session import Outcome

WHY: Mapping[Why, str] = {
    "due": "due",
    "weak": "weak: the last answer missed something",
    "new": "new",
    "drawn": "drawn",
    "kept": "your answer was kept",
    "chosen": "chosen",
}
"""Why a question is asked."""


def points(count: float) -> str:
    """So many points."""
    return f"{count:g} point" + ("" if count == 1 else "s")


def when(due: date | None, today: date) -> str:
    """A day as a person says it."""
    days = 0 if due is None else (due - today).days
    if due is None or days <= 0:
        return "today"
    return "tomorrow" if days == 1 else f"in {days} days, on {due}"


def comes_back(outcome: Outcome, today: date) -> str:
    """When the question of an answer comes back."""
    standing = outcome.standing
    if outcome.feedback.score is None:
        return "It is kept, and counts for nothing."
    if outcome.attempt.first is not None:
        return f"A further try does not count; the question comes back {when(standing.due, today)}."
    return f"It comes back {when(standing.due, today)}."
