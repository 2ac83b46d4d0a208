"""Grade ── Verdict, Finding ── Evidence;  Override, MadeCriterion. They are offered by `dlgrade.models`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from dlgrade.record import Record, Usage


class Evidence(Record):
    """Words of the answer: `answer[start:end]`, as it was given."""

    quote: str
    start: int
    end: int


VerdictWord = Literal["met", "partial", "missed", "ungraded"]


def _absent(value: object) -> bool:
    """What a grade does not have is not written down: the form that others read gains nothing that they need."""
    return not value


class Verdict(Record):
    """What a grader found of one criterion, or a person who knew better.

    `points` are what it earns by itself, before needs and groups. `asked` fingerprints the criterion's wording that the
    grader was asked about.
    """

    criterion: str
    verdict: VerdictWord
    points: float
    max_points: float
    evidence: tuple[Evidence, ...] = ()
    why: str = ""
    asked: str | None = Field(default=None, exclude_if=_absent)


class Finding(Record):
    """Whether the answer holds one misconception; `asked` as in a verdict."""

    id: str
    found: bool
    cost: float
    evidence: tuple[Evidence, ...] = ()
    asked: str | None = Field(default=None, exclude_if=_absent)


OverrideWord = Literal["met", "partial", "missed", "found", "absent"]


class Override(Record):
    """A person's verdict on a criterion, or on a misconception (`found`, `absent`); of several the last one counts.

    `instead_of` is what the grader said; `asked` fingerprints the wording that the person judged by.
    """

    criterion: str
    verdict: OverrideWord
    by: str
    why: str
    instead_of: OverrideWord | Literal["ungraded"]
    asked: str


class MadeCriterion(Record):
    """A criterion that stands in no file, since its rubric was made from a reference."""

    id: str
    points: float
    expects: str
    partial: str | None = Field(default=None, exclude_if=_absent)


class Grader(Record):
    """Who gave the verdicts. `prompt` names the prompt or method and fingerprints all that went into it."""

    model: str
    prompt: str
    samples: int = 1


class Grade(Record):
    """The verdicts on one answer and the score worked out from them; scores are None unless graded.

    `percent` runs from 0 to 100, `confidence` from 0 to 1. `overrides` are people's verdicts; they stand in `verdicts`
    and `misconceptions` in the grader's place. `rubric_fingerprint` is of the rubric that the score was worked out by;
    `criteria` are that rubric's, where it was made from a reference and stands nowhere else.
    """

    id: str
    question: str
    rubric: str
    status: Literal["graded", "ungraded", "failed"]
    score: float | None
    max_score: float
    percent: float | None
    verdicts: tuple[Verdict, ...] = ()
    misconceptions: tuple[Finding, ...] = ()
    feedback: str = ""
    grader: Grader
    confidence: float | None = None
    flags: tuple[str, ...] = ()
    usage: Usage | None = None
    error: Mapping[str, Any] | None = None
    rubric_fingerprint: str | None = Field(default=None, exclude_if=_absent)
    overrides: tuple[Override, ...] = Field(default=(), exclude_if=_absent)
    criteria: tuple[MadeCriterion, ...] = Field(default=(), exclude_if=_absent)
