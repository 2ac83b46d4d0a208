"""A question and a reference -> a rubric, where there is none: what the question asks for, settled by the judge once.

    Why is dropout off at inference? 5 points.          heart 3, rounds off 2
    Its noise would make outputs random. Turn it         no-randomness 3: Outputs would be random, or worse.
    off with model.eval().                               full-network  2: All units are to be used, …

A reference is one good answer. With each of its claims as a criterion, right answers by another way lose their points.
So the criteria are what the question asks for, few and weighted, the same for every answer, and whatever is right and
does a criterion's job meets it.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from dlgrade.banks.wording import spaced
from dlgrade.errors import ItemError, ServerFailed, Unreadable
from dlgrade.grading.claims import Alone
from dlgrade.grading.corrected import Checked, corrected
from dlgrade.grading.evidence import clean, find_quote
from dlgrade.grading.rounds import Look, Rounds, from_store, over, pending
from dlgrade.grading.words import stems
from dlgrade.llm.request import Client, Request
from dlgrade.models import Criterion, Grade, Grader, SettledRubric
from dlgrade.prompts import Prompts, fence
from dlgrade.rubrics import MADE
from dlgrade.settings import Settings

if TYPE_CHECKING:
    import asyncio

TEMPLATE = "settle"

POINTS = 10.0
"""What a full mark is worth where nobody says."""

_MOST = 6  # criteria: more are claims of the reference, not what the question asks for
_WEIGHTS = (1, 3)
_TRIES = 2
_KEPT = 1024  # questions: a class answers few
_NO_SLUG = re.compile(r"[^a-z0-9]+")


class _Point(BaseModel):
    """A criterion as the model says it; the fields' order is the order in which it has to think."""

    expects: str
    reference: str
    name: str
    weight: int
    half: str | None

    @field_validator("expects")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("says nothing")
        return spaced(value)

    @field_validator("half")
    @classmethod
    def _or_there_is_none(cls, value: str | None) -> str | None:
        return spaced(value or "") or None

    @field_validator("weight")
    @classmethod
    def _is_one_of_three(cls, value: int) -> int:
        least, most = _WEIGHTS
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most}")
        return value

    @field_validator("name")
    @classmethod
    def _is_an_id(cls, value: str) -> str:
        if not (slug := _NO_SLUG.sub("-", value.lower()).strip("-")):
            raise ValueError("must be two to four words of a to z")
        return slug


class Settlement(BaseModel):
    """What the question asks for."""

    asks: str
    criteria: list[_Point] = Field(min_length=1, max_length=_MOST)

    @model_validator(mode="after")
    def _each_is_another(self) -> Self:
        names = [point.name for point in self.criteria]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two criteria have the name {twice!r}")
        return self


class Settling:
    """Settles questions by asking a model, each once, however many answers wait; what failed is not asked again."""

    def __init__(self, client: Client, prompts: Prompts, settings: Settings, model: str) -> None:
        self._client = client
        self._prompts = prompts
        self._settings = settings
        self._model = model
        self._settled: OrderedDict[Alone, SettledRubric | ItemError] = OrderedDict()
        self._running: dict[Alone, asyncio.Event] = {}

    def requests(self, some: Iterable[Alone]) -> list[Request]:
        """What is asked first about those questions that are not settled yet.

        Raises:
            PromptError: the template does not render.
        """
        return [self._request(alone) for alone in some if alone not in self._settled]

    def _request(self, alone: Alone) -> Request:
        """The same whatever the maximum.

        Raises:
            PromptError: the template does not render.
        """
        question, reference = _trimmed(alone.question), _trimmed(alone.reference)
        messages = self._prompts.render(
            TEMPLATE, question=question, reference=reference, fence=fence("text", question, reference)
        )
        return Request(
            endpoint=self._settings.base_url,
            model=self._model,
            messages=messages,
            shape=Settlement,
            temperature=self._settings.temperature,
            max_tokens=self._settings.max_tokens,
        )

    def known(self, alone: Alone) -> SettledRubric | None:
        """The rubric, if the question is settled by now.

        Raises:
            ItemError: that has failed.
        """
        settled = self._settled.get(alone)
        if isinstance(settled, ItemError):
            raise settled
        return settled

    def at_hand(self, alone: Alone, stored: Look) -> SettledRubric | None:
        """The rubric where every reply that it takes is `stored`; None where one is missing.

        Raises:
            ItemError: settling the question has failed.
        """
        if (known := self.known(alone)) is not None:
            return known
        found = from_store(self._rounds(alone), stored)
        return None if found is None else self._kept(alone, *found)

    def pending(self, alone: Alone, stored: Look) -> Iterator[Request]:
        """The requests as far as they are known: each before which every reply is `stored`."""
        yield from pending(self._rounds(alone), stored)

    async def settled(self, alone: Alone) -> SettledRubric:
        """The rubric; one asks, and whoever else needs it meanwhile waits.

        Raises:
            RunStopped: the endpoint cannot be used, or the budget is spent.
            ItemError: no reply of use came, now or before.
        """
        import asyncio  # noqa: PLC0415 - for start-up time: a run that finds everything needs no event loop

        while (running := self._running.get(alone)) is not None:
            await running.wait()
        if (known := self.known(alone)) is not None:
            return known
        ended = self._running[alone] = asyncio.Event()
        try:
            return self._kept(alone, *await over(self._rounds(alone), self._client))
        except ItemError as error:
            self._keep(alone, error)
            raise
        finally:
            del self._running[alone]
            ended.set()

    def _rounds(self, alone: Alone) -> Rounds[Checked[Settlement]]:
        def read(text: str) -> Checked[Settlement]:
            settled = Settlement.model_validate_json(text)
            return settled, tuple(_faults(settled, alone))

        return corrected(self._request(alone), read, most=_TRIES)

    def _kept(self, alone: Alone, settled: Settlement, wrong: Sequence[str]) -> SettledRubric:
        """What was settled, kept for the other answers; what did not hold, asked for again either, is not used.

        Raises:
            Unreadable: something is wrong with a criterion.
        """
        if wrong:
            error = Unreadable(f"{self._model} gave criteria that do not hold, twice: {'; '.join(wrong)}")
            self._keep(alone, error)
            raise error
        rubric = _rubric(alone, settled)
        self._keep(alone, rubric)
        return rubric

    def _keep(self, alone: Alone, outcome: SettledRubric | ItemError) -> None:
        self._settled[alone] = outcome
        if len(self._settled) > _KEPT:
            self._settled.popitem(last=False)


def _trimmed(text: str) -> str:
    """One form for texts that differ only in line ends and blanks that nobody sees."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _faults(settled: Settlement, alone: Alone) -> Iterator[str]:
    """What is wrong with criteria whose form is right."""
    reference, asked = clean(alone.reference), stems(alone.question)
    for point in settled.criteria:
        if not stems(point.expects) - asked:
            yield f"{point.name}: repeats the question, which anybody can"
        if find_quote(point.reference, reference) is None:
            yield f"{point.name}: these words are not in the reference, which has to meet it: {point.reference!r}"


def _rubric(alone: Alone, settled: Settlement) -> SettledRubric:
    """The rubric whose points sum up to the maximum; its name is made of what it says."""
    most = POINTS if alone.max_score is None else alone.max_score
    whole = sum(point.weight for point in settled.criteria)
    criteria = tuple(
        Criterion(id=point.name, points=most * point.weight / whole, expects=point.expects, partial=point.half)
        for point in settled.criteria
    )
    return SettledRubric(
        name=_name(alone, settled.model_dump_json()),
        question=alone.question,
        topic="",
        reference=alone.reference.strip(),
        criteria=criteria,
    )


def _name(alone: Alone, said: str) -> str:
    whole = "\0".join([alone.question, alone.reference, str(alone.max_score), said])
    return f"{MADE}{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def unsettled(alone: Alone, error: ItemError, *, id: str, model: str) -> Grade:
    """The grade of an answer whose question could not be settled: a reason, and no score."""
    return Grade(
        id=id,
        question=alone.question,
        rubric=_name(alone, ""),
        status="failed" if isinstance(error, ServerFailed) else "ungraded",
        score=None,
        max_score=POINTS if alone.max_score is None else alone.max_score,
        percent=None,
        grader=Grader(model=model, prompt=""),
        error={"kind": error.kind, "message": f"what the question asks for could not be settled: {error}"},
    )
