"""A rubric from nothing but a reference: a criterion for each thing that it claims.

    Dropout sets units to zero at random. It is switched off at inference.
        claim-1: Dropout sets units to zero at random.
        claim-2: It is switched off at inference.

It is what there is for a question without a rubric: every claim weighs the same, and there are no misconceptions.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from dlgrade.banks.wording import plain, readable, squash
from dlgrade.errors import RubricError
from dlgrade.grading.words import sentences, stems
from dlgrade.models import Criterion, Rubric
from dlgrade.rubrics import MADE

_CODE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r"^(?:[-*+•>]|\d+[.)])\s+")
_HEADING = re.compile(r"^#{1,6}\s")


@dataclass(frozen=True, slots=True)
class Alone:
    """A question whose answers have a reference and no rubric; a full mark is `max_score`, 10 where that is None."""

    question: str
    reference: str
    max_score: float | None = None


def rubric_from(question: str, reference: str, max_score: float | None = None) -> Rubric:
    """The rubric of a reference; its points sum up to `max_score`, or to the number of claims.

    Its name is made of what it says: equal ones have one name.

    Raises:
        RubricError: the reference says nothing.
    """
    claims = claims_of(question, reference)
    if not claims:
        raise RubricError("the reference says nothing that an answer could be held against")
    each = 1.0 if max_score is None else max_score / len(claims)
    said = "\0".join([question, reference, str(max_score)])
    return Rubric(
        name=f"{MADE}{hashlib.sha256(said.encode()).hexdigest()[:12]}",
        question=question,
        topic="",
        reference=reference.strip(),
        criteria=tuple(
            Criterion(id=f"claim-{n}", points=each, expects=claim) for n, claim in enumerate(claims, start=1)
        ),
    )


def claims_of(question: str, reference: str) -> tuple[str, ...]:
    """The sentences and list items that say something: no heading, no lead to a list, nothing that the question says.

    Where there is nothing but such, all of them; where there is nothing but code, that.
    """
    pieces = _pieces(_CODE.sub("\n\n", reference))
    asked = stems(question)
    telling = [piece for piece in pieces if not piece.endswith(":") and stems(piece) - asked]
    different = {squash(piece): piece for piece in reversed(telling or pieces)}
    code = " ".join(reference.split())
    return tuple(reversed(different.values())) or ((code,) if squash(code) else ())


def _pieces(text: str) -> list[str]:
    found = (text[sentence.start : sentence.end] for sentence in sentences(text))
    shown = (plain(readable(_MARKER.sub("", piece.strip()))) for piece in found if not _HEADING.match(piece.strip()))
    return [piece for piece in shown if squash(piece)]
