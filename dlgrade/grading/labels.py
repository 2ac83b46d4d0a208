"""What a person gave an answer: the columns `score` and `max_score` beside it, and perhaps a second person's.

{"question": "dropout", "answer": "…", "score": 4, "max_score": 10, "score2": 5, "verdicts": {"random-masking": "met"}}

People's verdicts in a file of grades, which `grades override` writes, are labels too: of the answers with their ids.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from dlgrade.errors import InputError
from dlgrade.grading.matching import Matched, Matching
from dlgrade.grading.rows import Row
from dlgrade.grading.stored import read_grades
from dlgrade.lookup import Lookup
from dlgrade.models import VerdictWord
from dlgrade.rubrics import Rubrics

_WORDS = tuple(word for word in get_args(VerdictWord) if word != "ungraded")
_SHOWN = 40  # characters of a cell that could not be read


@dataclass(frozen=True, slots=True)
class Label:
    """Scores from 0 to 1, as shares of the maximum; `verdicts` by criterion, where the person gave some.

    `score` is None where the person judged some criteria and not the whole. `asked` fingerprints the wording that a
    criterion had then, where that is known.
    """

    score: float | None
    second: float | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)


Judged = Mapping[str, Label]
"""What people said of answers, by the answers' ids."""

_NOBODY: Judged = MappingProxyType({})


def judged_in(path: Path) -> Judged:
    """People's verdicts in a file of grades. Who judged every criterion gave a score as well: that of the grade.

    Raises:
        InputError: the file cannot be read, holds something else, or no person's verdict.
    """
    found: dict[str, Label] = {}
    for stored in read_grades(path):
        grade = stored.grade
        if not grade.overrides:
            continue
        if grade.id in found:
            raise InputError(f"{stored.where}: the id {grade.id!r} stands twice")
        verdicts = {one.criterion: one.verdict for one in grade.overrides}
        whole = grade.score is not None and {verdict.criterion for verdict in grade.verdicts} <= set(verdicts)
        score = grade.score / grade.max_score if whole and grade.score is not None else None
        found[grade.id] = Label(score, None, verdicts, {one.criterion: one.asked for one in grade.overrides})
    if not found:
        raise InputError(f"{path}: no person's verdict in it", hint="dlgrade grades override FILE ID … gives one.")
    return found


class LabelledMatching(Matching):
    """Finds the rubrics of answers that a person has graded; one without a usable label is not worth grading."""

    def __init__(self, lookup: Lookup, rubrics: Rubrics, judged: Judged = _NOBODY) -> None:
        super().__init__(lookup, rubrics)
        self._judged = judged

    def of(self, row: Row) -> Matched:
        """The rubric of the row's question.

        Raises:
            InputError: the row has no usable label; and all that `Matching.of` raises.
        """
        label_of(row, self._judged)
        return super().of(row)


def label_of(row: Row, judged: Judged = _NOBODY) -> Label:
    """What the person gave, in the row or of the answer with its id; the row's score comes first, its verdicts last.

    Raises:
        InputError: there is no score or no max_score, or the score is not between 0 and that; or a verdict is none.
    """
    score, later = _share(row, "score"), judged.get(row.id)
    if score is None and later is None:
        raise InputError("no score: a person's score is what the grade is compared with")
    own = Label(score, _share(row, "score2"), _verdicts(_cell(row, "verdicts")))
    if later is None:
        return own
    whole = later.score if score is None else score
    return Label(whole, own.second, {**own.verdicts, **later.verdicts}, later.asked)


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
