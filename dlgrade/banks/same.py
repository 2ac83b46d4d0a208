"""Which questions are the same question."""

from __future__ import annotations

from collections.abc import Iterable

from dlgrade.banks.wording import squash
from dlgrade.models import Question


def same(questions: Iterable[Question]) -> list[tuple[Question, ...]]:
    """Group questions that say the same, spaces, case and markup aside; groups and members keep their order.

    Every question is in one group; one that stands alone is a group of one.
    """
    groups: dict[str, list[Question]] = {}
    for question in questions:
        # A text without letters ("…?") says nothing that could be the same.
        groups.setdefault(squash(question.text) or question.id, []).append(question)
    return [tuple(group) for group in groups.values()]
