"""Which questions are the same question."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dlgrade.banks.wording import fold
from dlgrade.models import Question

# What a careful and a careless hand set differently. Operators stay: `//` and `%` are two questions.
_PUNCTUATION = re.compile(r"[\s.,;:?'\"“”‘’´`()\[\]{}_*\\‐-―…·。，、；：？！（）「」¿¡-]+|!(?!=)")


def identity(text: str) -> str:
    """What makes a question the question it is: letters, digits and operators, with spaces and markup gone.

    A text that lost its spaces has the same identity as the right one. Code, options and paragraphs that belong to
    the question count as they stand: one wording over two pieces of code is two questions. Never empty for a text
    that is not.
    """
    wording, gap, material = text.partition("\n\n")
    folded = fold(wording)
    same = _PUNCTUATION.sub("", folded) or folded or wording
    return "\n".join([same, *(line.rstrip() for line in material.splitlines() if line.strip())]) if gap else same


def same(questions: Iterable[Question]) -> list[tuple[Question, ...]]:
    """Group questions that say the same, spaces, case and markup aside; groups and members keep their order.

    Every question is in one group; one that stands alone is a group of one.
    """
    groups: dict[str, list[Question]] = {}
    for question in questions:
        groups.setdefault(identity(question.text), []).append(question)
    return [tuple(group) for group in groups.values()]
