"""What a model replies when it drafts a rubric, and the rubric that this is.

A reply is one in form only if it is a rubric: ids once each, points above 0, nothing left blank.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from dlgrade.banks.wording import spaced
from dlgrade.models import Difficulty, Rubric

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MOST = 10  # criteria: the shipped rubrics have 5 to 8
_NO_SLUG = re.compile(r"[^a-z0-9]+")
# In JSON "\frac" is a form feed and "rac": formulas whose backslashes were not written twice, and all that no text has.
_HALF_SAID = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]\w*"
    r"|\t(?:heta|au|imes|ilde)(?![^\W_])|\text\w*\{|\n(?:abla|eq|otin)(?![^\W_])|\r(?:ho|ight)(?![^\W_])"
)


class _Criterion(BaseModel):
    id: str
    points: float
    expects: str
    partial: str | None
    cues: list[list[str]]
    partial_cues: list[list[str]]


class _Misconception(BaseModel):
    id: str
    costs: float
    claims: str
    cues: list[list[str]]


class _Head(BaseModel):
    question: str
    topic: str
    difficulty: Difficulty


class _WithReference(_Head):
    reference: str


class _Rest(BaseModel):
    criteria: list[_Criterion] = Field(min_length=1, max_length=_MOST)
    misconceptions: list[_Misconception] = Field(max_length=_MOST)

    @model_validator(mode="after")
    def _is_a_rubric(self) -> Self:
        try:
            rubric = rubric_of(self, question="-", reference=getattr(self, "reference", "-"))
        except ValidationError as error:
            raise ValueError("; ".join(map(_complaint, error.errors()))) from None
        texts = [("reference", rubric.reference)]
        for criterion in rubric.criteria:
            texts += [("a criterion's id", criterion.id), (f"{criterion.id}.expects", criterion.expects)]
        for mistake in rubric.misconceptions:
            texts += [("a misconception's id", mistake.id), (f"{mistake.id}.claims", mistake.claims)]
        if blank := next((name for name, text in texts if not text), None):
            raise ValueError(f"{blank}: says nothing")
        if half := next(filter(None, map(_HALF_SAID.search, self._said())), None):
            raise ValueError(f"{half[0]!r} is no text: in JSON each backslash of a formula is written twice")
        return self

    def _said(self) -> Iterator[str]:
        """What is written for people, as the model wrote it."""
        yield getattr(self, "reference", "")
        for criterion in self.criteria:
            yield from (criterion.expects, criterion.partial or "")
        yield from (mistake.claims for mistake in self.misconceptions)


class DraftOfAnswered(_Rest, _Head):
    """A draft for a question whose answer stands in its document: that is the reference, word for word."""


class Draft(_Rest, _WithReference):
    """A draft for a question without an answer, reference included."""


def rubric_of(reply: _Rest, *, question: str, reference: str, name: str = "draft") -> Rubric:
    """The rubric that a reply says, letters and blanks put in order.

    Raises:
        ValidationError: it is none in form.
    """
    said = reply.model_dump()
    return Rubric.model_validate(
        {
            "name": name,
            "question": question,
            "topic": slug(said.get("topic", "")),
            "difficulty": said.get("difficulty"),
            "draft": True,
            "reference": _block(reference),
            "criteria": [_criterion(criterion) for criterion in said["criteria"]],
            "misconceptions": [_item(mistake, "claims", "cues") for mistake in said["misconceptions"]],
        }
    )


def _complaint(error: ErrorDetails) -> str:
    where, what = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _criterion(said: dict[str, Any]) -> dict[str, Any]:
    half = spaced(said["partial"] or "")
    kept = said | {"partial": half or None, "partial_cues": said["partial_cues"] if half else []}
    return _item(kept, "expects", "cues", "partial_cues")


def _item(said: dict[str, Any], text: str, *cues: str) -> dict[str, Any]:
    """A criterion or misconception with its id as a slug, its text on one line and no empty cues."""
    ways = {name: [[spaced(slot) for slot in way if spaced(slot)] for way in said[name]] for name in cues}
    found = {name: [way for way in some if way] for name, some in ways.items()}
    return said | {"id": slug(said["id"]), text: spaced(said[text]), **found}


def slug(text: str) -> str:
    """The letters and digits of a text, hyphens between; empty where its letters are none of a to z."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _NO_SLUG.sub("-", plain).strip("-")


def _block(text: str) -> str:
    """A text without what a block in YAML cannot hold, and nobody sees."""
    return "\n".join(line.rstrip().replace("\t", "    ") for line in text.strip().splitlines())
