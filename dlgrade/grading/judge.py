"""A model's verdicts: evidence first, then the reason, then the verdict, a property per criterion.

Every quote is looked up in the answer. One that is not there is asked for once more; after that the verdict
is flagged and adds nothing to the confidence. The score is worked out in `score`, never by the model.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from pydantic import BaseModel, create_model

from dlgrade.errors import ItemError
from dlgrade.grading.evidence import Cleaned, clean, find_quote
from dlgrade.grading.score import graded, not_graded, points
from dlgrade.grading.words import has_words
from dlgrade.llm.request import Client, Reply, Request
from dlgrade.models import Evidence, Finding, Grade, Grader, Message, Rubric, Usage, Verdict
from dlgrade.prompts import Prompts
from dlgrade.rubrics import fingerprint
from dlgrade.settings import Settings

_TEMPLATE = "grade"


class _Judged(BaseModel):
    """What the model says of one item. The fields' order is the order in which it has to think."""

    quotes: list[str]
    reason: str


class MetOrMissed(_Judged):
    """A criterion without half marks."""

    verdict: Literal["met", "missed"]


class MetPartialOrMissed(_Judged):
    """A criterion with half marks."""

    verdict: Literal["met", "partial", "missed"]


class FoundOrNot(_Judged):
    """A misconception."""

    found: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    """A reply with its quotes looked up: what was found, and what was made up, by key."""

    judged: Mapping[str, _Judged]
    found: Mapping[str, tuple[Evidence, ...]]
    invented: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer on its way to a grade. `request` is None where the answer says nothing: no model is needed then."""

    id: str
    question: str
    rubric: Rubric
    cleaned: Cleaned
    request: Request | None


class Judge:
    """Grades answers by asking a model, one request an answer."""

    def __init__(self, client: Client, prompts: Prompts, settings: Settings) -> None:
        self._client = client
        self._prompts = prompts
        self._settings = settings
        self._template = ""

    async def grade(self, answer: str, rubric: Rubric, *, id: str, question: str) -> Grade:
        """Grade one answer; what the model could not do for it is in the grade's `error`.

        Raises:
            EndpointError: the endpoint cannot be used.
            PromptError: the template does not render.
        """
        return await self.answered(self.asked(answer, rubric, id=id, question=question))

    def asked(self, answer: str, rubric: Rubric, *, id: str, question: str) -> Asked:
        """The answer cleaned, and what is asked about it.

        Raises:
            PromptError: the template does not render.
        """
        cleaned = clean(answer)
        request = self.request(cleaned, rubric) if has_words(cleaned.text) else None
        return Asked(id, question, rubric, cleaned, request)

    async def answered(self, asked: Asked) -> Grade:
        """The grade, from the client's replies.

        Raises:
            EndpointError: the endpoint cannot be used.
        """
        if asked.request is None:
            return self._nothing_said(asked)
        try:
            reading, usage = await self._ask(asked.request, asked.cleaned)
        except ItemError as error:
            return self._not_graded(asked, error)
        return self._graded(asked, reading, usage)

    def at_hand(self, asked: Asked, stored: Callable[[Request], Reply | None]) -> Grade | None:
        """The grade where it takes no model, or where every reply is `stored`; None where one is missing."""
        if asked.request is None:
            return self._nothing_said(asked)
        if (reply := stored(asked.request)) is None:
            return None
        reading = _read(asked.request, reply, asked.cleaned)
        if reading.invented:
            if (again := stored(_asked_again(asked.request, reply, reading))) is None:
                return None
            reading = _better(reading, _read(asked.request, again, asked.cleaned))
        return self._graded(asked, reading, Usage())

    def request(self, cleaned: Cleaned, rubric: Rubric) -> Request:
        """The one request that an answer takes."""
        return grading_request(cleaned, rubric, self._prompts, self._settings)

    def second_request(self, request: Request, reply: Reply, cleaned: Cleaned) -> Request | None:
        """What is asked once more after this reply; None if its quotes are all in the answer."""
        reading = _read(request, reply, cleaned)
        return _asked_again(request, reply, reading) if reading.invented else None

    async def _ask(self, request: Request, cleaned: Cleaned) -> tuple[_Reading, Usage]:
        reply = await self._client.complete(request)
        reading = _read(request, reply, cleaned)
        if not reading.invented:
            return reading, _billed(reply)
        try:
            again = await self._client.complete(_asked_again(request, reply, reading))
        except ItemError as error:
            # The first reply was whole and is paid for: its verdicts stand, flagged.
            return reading, _billed(reply) + (error.usage or Usage())
        return _better(reading, _read(request, again, cleaned)), _billed(reply) + _billed(again)

    def _graded(self, asked: Asked, reading: _Reading, usage: Usage) -> Grade:
        return graded(
            asked.rubric,
            id=asked.id,
            question=asked.question,
            verdicts=_verdicts(asked.rubric, reading),
            findings=_findings(asked.rubric, reading),
            grader=self._grader(asked.rubric),
            confidence=round(1 - len(reading.invented) / len(reading.judged), 2),
            flags=(*asked.cleaned.flags, *_flags(asked.rubric, reading)),
            usage=usage,
        )

    def _not_graded(self, asked: Asked, error: ItemError) -> Grade:
        return not_graded(
            asked.rubric,
            error,
            id=asked.id,
            question=asked.question,
            grader=self._grader(asked.rubric),
            flags=asked.cleaned.flags,
            usage=error.usage,
        )

    def _nothing_said(self, asked: Asked) -> Grade:
        """Nothing is left to grade: every criterion is missed, and no model is asked."""
        rubric = asked.rubric
        verdicts = tuple(
            Verdict(criterion=c.id, verdict="missed", points=0, max_points=c.points, why="The answer says nothing.")
            for c in rubric.criteria
        )
        return graded(
            rubric,
            id=asked.id,
            question=asked.question,
            verdicts=verdicts,
            findings=tuple(Finding(id=m.id, found=False, cost=m.costs) for m in rubric.misconceptions),
            grader=self._grader(rubric),
            confidence=1.0,
            flags=(*asked.cleaned.flags, "no answer"),
        )

    def _grader(self, rubric: Rubric) -> Grader:
        return Grader(model=str(self._settings.model), prompt=self._fingerprint(rubric))

    def _fingerprint(self, rubric: Rubric) -> str:
        """Names all that the verdicts came from: template, rubric, endpoint and settings."""
        # one template for all of a run's answers, read once
        self._template = self._template or self._prompts.fingerprint(_TEMPLATE)
        settings = self._settings.model_dump(mode="json", include={"base_url", "temperature", "max_tokens"})
        parts = [self._template, fingerprint(rubric), settings]
        return f"{_TEMPLATE}@{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]}"


def grading_request(cleaned: Cleaned, rubric: Rubric, prompts: Prompts, settings: Settings) -> Request:
    """The one request that an answer takes.

    Raises:
        PromptError: the template does not render.
    """
    text = _normal(cleaned.text)
    messages = prompts.render(
        _TEMPLATE,
        rubric=rubric,
        criteria=list(zip(_keys("c", rubric.criteria), rubric.criteria, strict=True)),
        misconceptions=list(zip(_keys("m", rubric.misconceptions), rubric.misconceptions, strict=True)),
        fence=_fence(text),
        answer=text,
    )
    return Request(
        endpoint=settings.base_url,
        model=str(settings.model),
        messages=messages,
        shape=shape_of(rubric),
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
    )


def _billed(reply: Reply) -> Usage:
    return Usage() if reply.cached or reply.usage is None else reply.usage


@lru_cache(maxsize=64)  # a class and its schema take milliseconds, and many answers share a rubric
def shape_of(rubric: Rubric) -> type[BaseModel]:
    """The reply's form for a rubric: c1, c2 … for its criteria and m1, m2 … for its misconceptions."""
    return _shape(tuple(bool(criterion.partial) for criterion in rubric.criteria), len(rubric.misconceptions))


@lru_cache(maxsize=64)  # a class and its schema take milliseconds, and rubrics of one outline share them
def _shape(halves: tuple[bool, ...], misconceptions: int) -> type[BaseModel]:
    fields: dict[str, Any] = {
        key: (MetPartialOrMissed if half else MetOrMissed, ...)
        for key, half in zip(_keys("c", halves), halves, strict=True)
    }
    fields |= dict.fromkeys((f"m{n}" for n in range(1, misconceptions + 1)), (FoundOrNot, ...))
    return create_model("Verdicts", **fields)


def _keys(letter: str, items: tuple[Any, ...]) -> list[str]:
    return [f"{letter}{n}" for n in range(1, len(items) + 1)]


def _normal(text: str) -> str:
    """One form for answers that differ only in composition of letters, blanks or line ends."""
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept).strip()


def _fence(text: str) -> str:
    """A tag name that the answer does not contain, the same for the same answer."""
    salt = 0
    while True:
        tag = "answer-" + hashlib.sha256(f"{salt}{text}".encode()).hexdigest()[:8]
        if tag not in text:
            return tag
        salt += 1


def _read(request: Request, reply: Reply, cleaned: Cleaned) -> _Reading:
    shape = cast("type[BaseModel]", request.shape)
    judged = {key: cast("_Judged", value) for key, value in dict(shape.model_validate_json(reply.text)).items()}
    found: dict[str, tuple[Evidence, ...]] = {}
    invented: dict[str, tuple[str, ...]] = {}
    for key, item in judged.items():
        places = [(quote, find_quote(quote, cleaned)) for quote in item.quotes]
        found[key] = tuple(place for _, place in places if place)
        made_up = tuple(quote for quote, place in places if place is None)
        if made_up or (_claims(item) and not found[key]):
            invented[key] = made_up
    return _Reading(judged, found, invented)


def _better(first: _Reading, second: _Reading) -> _Reading:
    return second if len(second.invented) <= len(first.invented) else first


def _claims(item: _Judged) -> bool:
    """Whether the model says that something stands in the answer, for which it then needs a quote."""
    return getattr(item, "found", False) or getattr(item, "verdict", "missed") != "missed"


def _asked_again(request: Request, reply: Reply, reading: _Reading) -> Request:
    wrong = [
        f"- {key}: " + ("; ".join(f"not in the answer: {quote!r}" for quote in quotes) or "no quote was given")
        for key, quotes in reading.invented.items()
    ]
    complaint = (
        "Some quotes could not be found in the answer:\n"
        + "\n".join(wrong)
        + "\nGive the whole reply again. Copy each quote letter for letter from the answer; "
        "where there is nothing to quote, the criterion is missed and the misconception not found."
    )
    more = (Message(role="assistant", content=reply.text), Message(role="user", content=complaint))
    return request.model_copy(update={"messages": (*request.messages, *more)})


def _verdicts(rubric: Rubric, reading: _Reading) -> tuple[Verdict, ...]:
    verdicts = []
    for key, criterion in zip(_keys("c", rubric.criteria), rubric.criteria, strict=True):
        judged = cast("MetPartialOrMissed", reading.judged[key])
        verdicts.append(
            Verdict(
                criterion=criterion.id,
                verdict=judged.verdict,
                points=points(criterion, judged.verdict),
                max_points=criterion.points,
                evidence=reading.found[key],
                why=judged.reason,
            )
        )
    return tuple(verdicts)


def _findings(rubric: Rubric, reading: _Reading) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            id=misconception.id,
            found=cast("FoundOrNot", reading.judged[key]).found,
            cost=misconception.costs,
            evidence=reading.found[key],
        )
        for key, misconception in zip(_keys("m", rubric.misconceptions), rubric.misconceptions, strict=True)
    )


def _flags(rubric: Rubric, reading: _Reading) -> tuple[str, ...]:
    names = dict(zip(_keys("c", rubric.criteria), (c.id for c in rubric.criteria), strict=True))
    names |= dict(zip(_keys("m", rubric.misconceptions), (m.id for m in rubric.misconceptions), strict=True))
    return tuple(
        f"needs review: {names[key]} rests on " + ("a quote that is not in the answer" if quotes else "no quote")
        for key, quotes in reading.invented.items()
    )
