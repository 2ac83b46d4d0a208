"""The form that a reply must have: a property for each criterion and misconception, by key.

    {"c1": {"quotes": ["…"], "reason": "…", "verdict": "met"}, "m1": {"quotes": [], "reason": "…", "found": false}}

c1, c2 … are a rubric's criteria and m1, m2 … its misconceptions, in their order. The fields of a property stand in the
order in which a model has to think, and the properties in the order in which it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, create_model

from dlgrade.models import Criterion, Misconception, Rubric, SettledRubric


class Judged(BaseModel):
    """What the model says of one item, and by what."""

    quotes: list[str]
    reason: str


# A class's docstring is its description in the schema, and so a part of the request: changed, every reply is asked for
# anew.


class MetOrMissed(Judged):
    """A criterion without half marks."""

    verdict: Literal["met", "missed"]


class MetPartialOrMissed(Judged):
    """A criterion with half marks."""

    verdict: Literal["met", "partial", "missed"]


class MetOrMissedEitherWay(MetOrMissed):
    """A criterion of what a question asks for, which a reference is one way to meet."""

    otherwise: bool


class MetPartialOrMissedEitherWay(MetPartialOrMissed):
    """A criterion of what a question asks for, with half marks."""

    otherwise: bool


class FoundOrNot(Judged):
    """A misconception."""

    found: bool


class Levelled(Judged):
    """The answer as a whole."""

    level: Literal["nothing", "little", "half", "most", "all"]


class Whole(BaseModel):
    """The form of a reply about an answer as a whole."""

    answer: Levelled


def word_of(judged: Judged) -> str:
    """What is said of an item, in one word."""
    if isinstance(judged, FoundOrNot):
        return "found" if judged.found else "absent"
    if isinstance(judged, Levelled):
        return judged.level
    return judged.verdict if isinstance(judged, MetOrMissed | MetPartialOrMissed) else "missed"


def otherwise(judged: Judged) -> bool:
    """Whether a criterion is met, in part at least, by another way than the reference's."""
    if not isinstance(judged, MetOrMissedEitherWay | MetPartialOrMissedEitherWay):
        return False
    return judged.otherwise and claims(judged)


def claims(judged: Judged) -> bool:
    """Whether something is said to stand in the answer, for which there has to be a quote."""
    return word_of(judged) not in {"missed", "absent", "nothing"}


def shown(judged: Judged, *, quoted: bool) -> tuple[str, str]:
    """What is said of an item and why, as far as words of the answer show it: with none, a criterion is missed.

    A misconception that was found stays, or an answer could talk a model into quoting wrongly where it is wrong. The
    level of a whole answer stays too, since nobody's grade comes of it.
    """
    word = word_of(judged)
    if quoted or not claims(judged) or isinstance(judged, FoundOrNot | Levelled):
        return word, judged.reason
    return "missed", f"No words of the answer show it. The judge said {word}: {judged.reason}"


CRITERION = ("missed", "partial", "met")
"""What can be said of a criterion, the word that earns least first."""

MISCONCEPTION = ("found", "absent")
"""What can be said of a misconception, the word that earns least first."""

LEVELS = ("nothing", "little", "half", "most", "all")
"""What can be said of an answer as a whole, the word that earns least first; they are evenly apart."""


@lru_cache(maxsize=64)  # it is asked for with every request, and many answers share a rubric
def items_of(rubric: Rubric) -> Mapping[str, Criterion | Misconception]:
    """A rubric's criteria and misconceptions by key."""
    criteria = {f"c{n}": criterion for n, criterion in enumerate(rubric.criteria, start=1)}
    return criteria | {f"m{n}": mistake for n, mistake in enumerate(rubric.misconceptions, start=1)}


def words_of(item: Criterion | Misconception) -> Sequence[str]:
    """What can be said of an item, the word that earns least first."""
    return CRITERION if isinstance(item, Criterion) else MISCONCEPTION


@lru_cache(maxsize=512)  # a class and its schema take milliseconds, and many answers share a rubric
def shape_of(rubric: Rubric, keys: tuple[str, ...] = ()) -> type[BaseModel]:
    """The reply's form for a rubric, or for some of its items in their order."""
    items = items_of(rubric)
    settled = isinstance(rubric, SettledRubric)
    return _shape(tuple((key, _kind(items[key], settled=settled)) for key in keys or items))


@lru_cache(maxsize=512)  # as above, and rubrics of one outline share them
def _shape(kinds: tuple[tuple[str, type[Judged]], ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {key: (kind, ...) for key, kind in kinds}
    return create_model("Verdicts", **fields)


def _kind(item: Criterion | Misconception, *, settled: bool) -> type[Judged]:
    if isinstance(item, Misconception):
        return FoundOrNot
    if settled:
        return MetPartialOrMissedEitherWay if item.partial else MetOrMissedEitherWay
    return MetPartialOrMissed if item.partial else MetOrMissed
