"""What a person gave an answer: the columns `score` and `max_score` beside it, and perhaps a second person's.

{"question": "dropout", "answer": "…", "score": 4, "max_score": 10, "score2": 5, "verdicts": {"random-masking": "met"}}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from dlgrade.errors import InputError
from dlgrade.grading.matching import Matched, Matching
from dlgrade.grading.rows import Row
from dlgrade.models import VerdictWord

_WORDS = tuple(word for word in get_args(VerdictWord) if word != "ungraded")
_SHOWN = 40  # characters of a cell that could not be read


@dataclass(frozen=True, slots=True)
class Label:
    """Scores from 0 to 1, as shares of the maximum; `verdicts` by criterion, where the person gave some."""

    score: float
    second: float | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict)


class LabelledMatching(Matching):
    """Finds the rubrics of answers that a person has graded; one without a usable score is not worth grading."""

    def of(self, row: Row) -> Matched:
        """The rubric of the row's question.

        Raises:
            InputError: the row has no usable score; and all that `Matching.of` raises.
        """
        label_of(row)
        return super().of(row)


def label_of(row: Row) -> Label:
    """What the person gave.

    Raises:
        InputError: there is no score or no max_score, or the score is not between 0 and that; or a verdict is none.
    """
    score = _share(row, "score")
    if score is None:
        raise InputError("no score: a person's score is what the grade is compared with")
    return Label(score, _share(row, "score2"), _verdicts(_cell(row, "verdicts")))


def _cell(row: Row, name: str) -> str:
    """A column's text; its name may be written in any case."""
    if name in row.extra:
        return row.extra[name].strip()
    return next((value.strip() for key, value in row.extra.items() if key.lower() == name), "")


def _share(row: Row, name: str) -> float | None:
    written = _cell(row, name)
    if not written:
        return None
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name}: not a number: {written[:_SHOWN]}")
    if row.max_score is None:
        raise InputError(f"no max_score: a {name} of {number:g} says little without it")
    if not 0 <= number <= row.max_score:
        raise InputError(f"{name}: {number:g} is not between 0 and the max_score, {row.max_score:g}")
    return number / row.max_score


def _verdicts(written: str) -> dict[str, str]:
    if not written:
        return {}
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InputError(f'verdicts: not an object like {{"criterion": "met"}}: {written[:_SHOWN]}')
    for criterion, word in value.items():
        if word not in _WORDS:
            raise InputError(f"verdicts: {criterion} is none of {', '.join(_WORDS)}: {json.dumps(word)[:_SHOWN]}")
    return value
