"""What is asked of a model about an answer.

The question, the reference, the rubric and the graded examples come first, the same to the byte for every answer to
the question, every sample and every selection of criteria, so that a provider's prompt cache holds them. Then comes
which items to judge and in which order, if not all in the rubric's, and last the answer, fenced.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from math import factorial
from typing import Any

from pydantic import BaseModel

from dlgrade.banks.wording import spaced
from dlgrade.errors import PromptError
from dlgrade.grading.evidence import Cleaned
from dlgrade.grading.examples import Example, Examples
from dlgrade.grading.replies import Reading
from dlgrade.grading.shapes import LEVELS, Whole, items_of, shape_of
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Message, Rubric, SettledRubric
from dlgrade.prompts import Prompts, fence
from dlgrade.rubrics import wording
from dlgrade.settings import Settings

TEMPLATE = "grade"
WHOLE_TEMPLATE = "whole"

AT_FIRST = 2
"""Samples that an adaptive judgement begins with."""

MEANINGS = (
    "nothing that was asked for, or nothing that is right",
    "a small part of it, or a larger one with grave mistakes",
    "about half of it, or more with mistakes",
    "most of it, with small gaps or slips",
    "all that a full answer needs, and nothing wrong that matters",
)
"""What the levels mean, as the model is told."""


@dataclass(frozen=True, slots=True)
class Judging:
    """How verdicts are asked for: of each of the models so many samples; no models, of the one in the settings.

    `adaptive` begins with two samples and asks further ones only for what is in doubt. `per_criterion` asks for each
    criterion and misconception on its own.
    """

    models: tuple[str, ...] = ()
    samples: int = 1
    adaptive: bool = False
    per_criterion: bool = False
    examples: Examples | None = None

    @property
    def at_first(self) -> int:
        """How many samples are asked for to begin with."""
        return min(AT_FIRST, self.samples) if self.adaptive else self.samples

    @property
    def told(self) -> dict[str, Any]:
        """What is not as usual, but for the models."""
        told: dict[str, Any] = {} if self.samples == 1 else {"samples": self.samples}
        told |= {name: True for name in ("adaptive", "per_criterion") if getattr(self, name)}
        return told if self.examples is None else told | {"examples": self.examples.hash}


@dataclass(frozen=True, slots=True)
class Turn:
    """Which model is asked, the how-manieth time, and for what: `keys` in their order, none for all in the rubric's."""

    model: str
    sample: int = 0
    keys: tuple[str, ...] = ()


def grading_request(
    cleaned: Cleaned,
    rubric: Rubric,
    prompts: Prompts,
    settings: Settings,
    *,
    turn: Turn | None = None,
    examples: Sequence[Example] = (),
) -> Request:
    """The request for verdicts on an answer; by default for all of them, by the model that the settings name.

    Raises:
        PromptError: the template does not render, or does not show the examples.
    """
    turn = turn or Turn(str(settings.model))
    items = list(items_of(rubric).items())
    shown = [_shown(example, rubric) for example in examples]
    messages = _messages(
        prompts,
        TEMPLATE,
        cleaned,
        rubric=rubric,
        criteria=items[: len(rubric.criteria)],
        misconceptions=items[len(rubric.criteria) :],
        examples=shown,
        settled=isinstance(rubric, SettledRubric),
        asked=turn.keys,
    )
    if any(all(str(one["fence"]) not in message.content for message in messages) for one in shown):
        raise PromptError(f"the template {TEMPLATE}.j2 shows no examples: take `examples` over from the shipped one")
    return _request(messages, settings, turn, shape_of(rubric, turn.keys))


def whole_request(cleaned: Cleaned, rubric: Rubric, prompts: Prompts, settings: Settings, turn: Turn) -> Request:
    """The request for a judgement of the whole answer.

    Raises:
        PromptError: the template does not render.
    """
    levels = list(zip(LEVELS, MEANINGS, strict=True))
    messages = _messages(prompts, WHOLE_TEMPLATE, cleaned, rubric=rubric, levels=levels)
    return _request(messages, settings, turn, Whole)


def _messages(prompts: Prompts, template: str, cleaned: Cleaned, **given: object) -> tuple[Message, ...]:
    """What is said about an answer: sent as the answer is spelled, and known by its folded form.

    So one reply, and one grade, is for all spellings of an answer.
    """
    text = normal(cleaned.text)
    plain = folded(text)
    sent = prompts.render(template, **given, fence=fence("answer", text), answer=text)
    known = prompts.render(template, **given, fence=fence("answer", plain), answer=plain)
    if len(sent) != len(known):  # a template of one's own may look at the spelling
        return sent
    return tuple(
        message if message == other else message.model_copy(update={"folded": other.content})
        for message, other in zip(sent, known, strict=True)
    )


def _request(messages: tuple[Message, ...], settings: Settings, turn: Turn, shape: type[BaseModel]) -> Request:
    return Request(
        endpoint=settings.base_url,
        model=turn.model,
        messages=messages,
        shape=shape,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        sample=turn.sample,
    )


def asked_again(request: Request, reply: Reply, reading: Reading) -> Request:
    """The request for the same once more, with the quotes named that are not in the answer."""
    wrong = [
        f"- {key}: " + ("; ".join(f"not in the answer: {quote!r}" for quote in quotes) or "no quote was given")
        for key, quotes in reading.invented.items()
    ]
    nothing = (
        "the level is `nothing`."
        if request.shape is Whole
        else "the criterion is missed and the misconception not found."
    )
    complaint = (
        "Some quotes could not be found in the answer:\n"
        + "\n".join(wrong)
        + "\nGive the whole reply again. Copy each quote letter for letter from the answer; "
        + f"where there is nothing to quote, {nothing}"
    )
    more = (Message(role="assistant", content=reply.text), Message(role="user", content=complaint))
    return request.model_copy(update={"messages": (*request.messages, *more)})


# ── the order ────────────────────────────────────────────────────────────────────────────────


def order_of(rubric: Rubric, sample: int) -> tuple[str, ...]:
    """The order in which a sample's items are asked for, criteria before misconceptions; none for the rubric's own.

    Sample 0 has the rubric's own, each further one another, as long as there are others: by hashes over what the items
    say, so that it is the same on every machine, and whatever the points are.
    """
    own = tuple(items_of(rubric))
    order = _orders(own, len(rubric.criteria), _said(rubric), sample + 1)[sample]
    return () if order == own else order


@lru_cache(maxsize=256)
def _said(rubric: Rubric) -> str:
    said = [rubric.question, *(wording(item) for item in items_of(rubric).values())]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


@lru_cache(maxsize=256)
def _orders(own: tuple[str, ...], criteria: int, said: str, samples: int) -> tuple[tuple[str, ...], ...]:
    """The orders of the first so many samples; those of fewer are the first of these."""
    orders, different = [own], factorial(criteria) * factorial(len(own) - criteria)
    draws = count()
    while len(orders) < samples:
        draw = next(draws)
        order = (*_drawn(own[:criteria], said, draw), *_drawn(own[criteria:], said, draw))
        if order not in orders or len(set(orders)) == different:
            orders.append(order)
    return tuple(orders)


def _drawn(keys: tuple[str, ...], said: str, draw: int) -> list[str]:
    return sorted(keys, key=lambda key: hashlib.sha256(f"{said} {draw} {key}".encode()).digest())


# ── the answer ───────────────────────────────────────────────────────────────────────────────


def normal(text: str) -> str:
    """One form for answers that differ only in composition of letters, blanks or line ends."""
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept).strip()


def folded(text: str) -> str:
    """One form for answers that differ only in capitals, in forms of letters, or in blanks."""
    return spaced(unicodedata.normalize("NFKC", text)).casefold()


def _shown(example: Example, rubric: Rubric) -> dict[str, object]:
    """An example as the template takes it."""
    text = normal(example.answer)
    keys = {item.id: key for key, item in items_of(rubric).items()}
    verdicts = [(keys[said.id], said.word, said.why) for said in example.verdicts]
    return {"fence": fence("answer", text), "answer": text, "verdicts": verdicts}
