"""Many questions -> their references: those that ship, those in the cache, and those that models are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from dlgrade.answering import answer_request, asked_origin, shipped_answer, shipped_origin
from dlgrade.banks.same import Groups, OfGroups, identity
from dlgrade.banks.written import Origin
from dlgrade.errors import ItemError, QuotaExceeded
from dlgrade.llm.counted import Counted
from dlgrade.llm.request import Request
from dlgrade.models import Progressed, Question
from dlgrade.rubrics import Rubrics
from dlgrade.saving import Answers
from dlgrade.settings import Settings
from dlgrade.spool import Texts

if TYPE_CHECKING:
    from dlgrade.prompts import Prompts  # which most commands do not need
    from dlgrade.runs import Run

_AT_ONCE = 256  # questions looked up in the cache
_IN_BETWEEN = 32  # of them where some are not in it: replies that come meanwhile wait to be stored
_SPARE = 2  # one worker more for so many requests in flight: some wait between two tries

Reply = tuple[str, str]
"""The model that replied, by the name it was asked by, and the text."""

Item = tuple[int, Sequence[Request]]
"""The number of a question, and the request to each model."""


def shipped_answers(questions: Iterable[Question], rubrics: Rubrics) -> Answers:
    """The references that ship with dlgrade, for the questions that have one.

    Raises:
        RubricError: a rubric that is needed has a mistake in it.
    """
    texts: dict[str, str] = {}
    origins: dict[str, Origin] = {}
    for question in questions:
        wording = identity(question.text)
        text = None if wording in texts else shipped_answer(question, rubrics)
        if text is not None:
            texts[wording] = text
            if (origin := shipped_origin(question, rubrics)) is not None:
                origins[wording] = origin
    return Answers(texts, origins)


def asked_answers(
    groups: Groups,
    client: Counted,
    prompts: Prompts,
    settings: Settings,
    *,
    on_progress: Callable[[Progressed], None] = lambda _: None,
    on_remark: Callable[[str], None] = lambda _: None,
) -> Answers:
    """References from models, several questions at once; of questions that say the same, the first is asked.

    What the client has in its cache is taken from there, from whichever of the models it is; the others are asked of
    the first model whose quota has not ended.

    A question's own failure is a value; what stops the run ends it and keeps what was finished.

    Raises:
        PromptError: the template does not render.
    """
    asking = _Asking(client, prompts, settings, on_progress, on_remark)
    missing = asking.missing(groups.firsts)
    first = next(missing, None)
    done: Run[None] | None = None
    if first is not None:
        # Imported here for start-up time: a run that finds everything needs no event loop.
        from dlgrade.runs import run  # noqa: PLC0415

        at_once = settings.requests_at_once
        done = run(
            chain([first], missing),
            asking.find,
            concurrency=at_once + at_once // _SPARE,
            client=client,
            on_progress=asking.progressed,
        )
    failures = {int(failure.id): failure for failure in done.failures} if done else {}
    origins = {model: asked_origin(prompts, settings, model) for model in settings.models}
    return Answers(
        texts=OfGroups(groups, asking.found),
        origins=OfGroups(groups, {number: origins[model] for number, model in asking.others.items()}),
        origin=origins[settings.models[0]],
        failures=OfGroups(groups, failures),
        usage=client.usage,
        requests=client.requests - client.cached,
        cached=client.cached,
        retries=client.retries,
        cost=client.cost,
        interrupted=done.interrupted if done else False,
        stopped=done.stopped if done else None,
    )


def asked_answer(
    question: Question,
    client: Counted,
    prompts: Prompts,
    settings: Settings,
    *,
    hear: Callable[[str], None] | None = None,
    unhear: Callable[[str], None] | None = None,
    on_remark: Callable[[str], None] = lambda _: None,
) -> Reply:
    """One question's reference from a model, for a person who waits for it: Ctrl-C ends it at once.

    It is asked and cached as `asked_answers` does it. `hear` is told its text piece by piece, and `unhear` why that is
    void, as in `Request`; what is in the cache is told to nobody.

    Raises:
        RunStopped: the endpoint cannot be used, no model has quota left, or the budget is spent.
        ItemError: no answer came of it.
        PromptError: the template does not render.
        KeyboardInterrupt: the person gave up waiting.
    """
    asking = _Asking(client, prompts, settings, lambda _: None, on_remark)
    missing = next(asking.missing([question]), None)
    if missing is None:
        return asking.reply(0)
    # Imported here for start-up time: a reply from the cache needs no event loop.
    from dlgrade.runs import run  # noqa: PLC0415

    async def ask(item: Item) -> Reply | ItemError:
        try:
            return await asking.ask([r.model_copy(update={"hear": hear, "unhear": unhear}) for r in item[1]])
        except ItemError as error:
            return error

    done = run([missing], ask, concurrency=1, client=client, patient=False)
    if done.stopped is not None:
        raise done.stopped
    if not done.results:
        raise KeyboardInterrupt
    (outcome,) = done.results.values()
    if isinstance(outcome, ItemError):
        raise outcome
    return outcome


@dataclass
class _Asking:
    """Questions on their way to a reply.

    `found` are the replies by the questions' numbers, of which the cache had `cached`; `others` are those that are
    not the first model's, with their models. `ended` are the models without quota.
    """

    client: Counted
    prompts: Prompts
    settings: Settings
    on_progress: Callable[[Progressed], None]
    on_remark: Callable[[str], None]
    found: Texts = field(default_factory=Texts)
    others: dict[int, str] = field(default_factory=dict)
    cached: int = 0
    ended: dict[str, QuotaExceeded] = field(default_factory=dict)
    last: Progressed = field(default_factory=lambda: Progressed(done=0, failed=0, running=0))

    def missing(self, questions: Iterable[Question]) -> Iterator[tuple[str, Item]]:
        """The questions that the cache has no reply to, by their numbers, from 0; looked up as they are needed.

        Looked up in batches, and none of them kept: a run may have more questions than fit into memory as requests.
        """
        todo = enumerate(questions)
        size = _IN_BETWEEN
        while some := [(number, self._requests(question)) for number, question in islice(todo, size)]:
            size = _AT_ONCE
            stored = self.client.stored([request for _, requests in some for request in requests])
            for number, requests in some:
                hit = next((request for request in requests if request.key in stored), None)
                if hit is None:
                    size = _IN_BETWEEN
                    yield str(number), (number, requests)
                    continue
                self._keep(number, hit.model, stored[hit.key].text)
                self.cached += 1
                self.client.found()
            self.progressed(self.last)

    def _keep(self, number: int, model: str, text: str) -> None:
        self.found.put(number, text)
        if model != self.settings.models[0]:
            self.others[number] = model

    def reply(self, number: int) -> Reply:
        """The reply that was found for a question."""
        return self.others.get(number, self.settings.models[0]), self.found.get(number) or ""

    async def find(self, item: Item) -> None:
        """Keep the reply to one question; as `ask`."""
        number, requests = item
        self._keep(number, *await self.ask(requests))

    def _requests(self, question: Question) -> tuple[Request, ...]:
        return answer_requests(question, self.prompts, self.settings)

    async def ask(self, requests: Sequence[Request]) -> Reply:
        """The reply of the first model whose quota has not ended.

        Raises:
            RunStopped: the endpoint cannot be used, no model has quota left, or the budget is spent.
            ItemError: this question failed.
        """
        for n, request in enumerate(requests, start=1):
            if request.model in self.ended:
                continue
            try:
                return request.model, (await self.client.complete(request)).text
            except QuotaExceeded as error:
                self._end(request.model, error, requests[n].model if n < len(requests) else None)
        raise self.ended[requests[-1].model]

    def progressed(self, now: Progressed) -> None:
        """Report how far the run is, with what the cache had."""
        self.last = now
        self.on_progress(replace(now, done=now.done + self.cached))

    def _end(self, model: str, error: QuotaExceeded, following: str | None) -> None:
        if model not in self.ended and following is not None:
            self.on_remark(f"dlgrade: {error.message}; {following} takes over")
        self.ended[model] = error


def answer_requests(question: Question, prompts: Prompts, settings: Settings) -> tuple[Request, ...]:
    """The requests that ask for a question's reference, one to each model."""
    first = answer_request(question, prompts, settings)
    return first, *(first.model_copy(update={"model": model}) for model in settings.fallbacks)
