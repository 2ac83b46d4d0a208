"""What a reply says of an answer, its quotes looked up there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel

from dlgrade.grading.evidence import Cleaned, find_quote
from dlgrade.grading.shapes import Judged, claims
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Evidence


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply with its quotes looked up: what was found, and what was made up, by key.

    An item is among the `invented` with no quotes where it claims something and quotes nothing at all.
    """

    judged: Mapping[str, Judged]
    found: Mapping[str, tuple[Evidence, ...]]
    invented: Mapping[str, tuple[str, ...]]


def read(request: Request, reply: Reply, cleaned: Cleaned) -> Reading:
    """The reply to a request about an answer."""
    shape = cast("type[BaseModel]", request.shape)
    judged = {key: cast("Judged", value) for key, value in dict(shape.model_validate_json(reply.text)).items()}
    found: dict[str, tuple[Evidence, ...]] = {}
    invented: dict[str, tuple[str, ...]] = {}
    for key, item in judged.items():
        places = [(quote, find_quote(quote, cleaned)) for quote in item.quotes]
        found[key] = tuple(place for _, place in places if place)
        made_up = tuple(quote for quote, place in places if place is None)
        if made_up or (claims(item) and not found[key]):
            invented[key] = made_up
    return Reading(judged, found, invented)


def better(first: Reading, second: Reading) -> Reading:
    """The reading that rests on more of the answer, the second one if both do."""
    return second if len(second.invented) <= len(first.invented) else first
