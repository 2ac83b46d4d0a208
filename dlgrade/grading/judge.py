"""A model's verdicts: evidence first, then the reason, then the verdict; of several samples and models, what most say.

Every quote is looked up in the answer. One that is not there is asked for once more; after that the verdict
is flagged and adds nothing to the confidence. The score is worked out in `score`, never by the model.

What an answer takes is asked for in rounds (`dlgrade.grading.rounds`), whoever has the replies: a model (`answered`),
a cache (`at_hand`), or a batch endpoint (`pending`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Self, cast

from dlgrade.banks.wording import squash
from dlgrade.grading.asking import TEMPLATE, Judging, Turn, grading_request, order_of
from dlgrade.grading.derivation import points
from dlgrade.grading.doubting import Outcome, beyond_doubt
from dlgrade.grading.evidence import Cleaned, clean
from dlgrade.grading.polling import Settled, in_doubt, settle
from dlgrade.grading.rounds import Collected, Look, Rounds, collect, from_store, over, pending
from dlgrade.grading.score import graded, not_graded
from dlgrade.grading.settling import Settling
from dlgrade.grading.shapes import items_of, words_of
from dlgrade.grading.words import has_words, words
from dlgrade.llm.request import Client, Request, without_credentials
from dlgrade.models import Criterion, Finding, Grade, Grader, Rubric, Usage, Verdict, VerdictWord
from dlgrade.prompts import Prompts
from dlgrade.rubrics import fingerprint
from dlgrade.settings import Settings

_ECHO = 4  # words


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer on its way to a grade. `keys` are what verdicts are asked for, `first` the first requests, by turns.

    They are empty where the answer says nothing: no model is needed then.
    """

    id: str
    question: str
    rubric: Rubric
    cleaned: Cleaned
    keys: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    first: tuple[Request, ...] = ()


class Judge:
    """Grades answers by asking one model or several."""

    template = TEMPLATE
    settles = True
    """Whether what a question asks for is settled first, where there is only a reference."""

    def __init__(self, client: Client, prompts: Prompts, settings: Settings, judging: Judging | None = None) -> None:
        self._client = client
        self._prompts = prompts
        self._settings = settings
        self._judging = judging or Judging()
        self._models = self._judging.models or (str(settings.model),)
        self.settling = Settling(client, prompts, settings, self._models[0])
        self._template = ""

    @property
    def model(self) -> str:
        """Who is asked, as grades name it."""
        return "+".join(self._models)

    def through(self, client: Client) -> Self:
        """The same judge, who asks that client."""
        other = copy(self)
        other._client = client
        return other

    async def grade(self, answer: str, rubric: Rubric, *, id: str, question: str) -> Grade:
        """Grade one answer; what the models could not do for it is in the grade's `error`.

        Raises:
            EndpointError: the endpoint cannot be used.
            PromptError: the template does not render.
        """
        return await self.answered(self.asked(answer, rubric, id=id, question=question))

    def asked(self, answer: str, rubric: Rubric, *, id: str, question: str) -> Asked:
        """The answer cleaned, and what is asked about it to begin with.

        Raises:
            PromptError: the template does not render.
        """
        cleaned = clean(answer)
        if not has_words(cleaned.text):
            return Asked(id, question, rubric, cleaned)
        turns = tuple(turn for sample in range(self._judging.at_first) for turn in self._turns(rubric, sample))
        first = tuple(self._request(cleaned, rubric, turn) for turn in turns)
        return Asked(id, question, rubric, cleaned, tuple(items_of(rubric)), turns, first)

    async def answered(self, asked: Asked) -> Grade:
        """The grade, from the client's replies.

        Raises:
            EndpointError: the endpoint cannot be used.
            PromptError: the template does not render.
        """
        if not asked.first:
            return self._nothing_said(asked)
        return self._result(asked, await over(self._rounds(asked), self._client))

    def at_hand(self, asked: Asked, stored: Look) -> Grade | None:
        """The grade where it takes no model, or where every reply is `stored`; None where one is missing."""
        if not asked.first:
            return self._nothing_said(asked)
        collected = from_store(self._rounds(asked), stored)
        return None if collected is None else self._result(asked, collected)

    def pending(self, asked: Asked, stored: Look) -> Iterator[Request]:
        """The requests of an answer as far as they are known: a round's where all replies before it are `stored`."""
        if asked.first:
            yield from pending(self._rounds(asked), stored)

    # ── what is asked ────────────────────────────────────────────────────────────────────────

    def _turns(self, rubric: Rubric, sample: int, keys: Sequence[str] = ()) -> Iterator[Turn]:
        """What one sample takes of every model; of some items only those, in the sample's order."""
        order = order_of(rubric, sample)
        if keys or self._judging.per_criterion:
            order = tuple(key for key in order or items_of(rubric) if not keys or key in keys)
        for model in self._models:
            if self._judging.per_criterion:
                yield from (Turn(model, sample, (key,)) for key in order)
            else:
                yield Turn(model, sample, order)

    def _request(self, cleaned: Cleaned, rubric: Rubric, turn: Turn, whole: Cleaned | None = None) -> Request:
        """What is asked about an answer, or about what is left of the `whole` one, which is never its own example."""
        examples = self._judging.examples.of(rubric, whole or cleaned) if self._judging.examples is not None else ()
        return grading_request(cleaned, rubric, self._prompts, self._settings, turn=turn, examples=examples)

    def _rounds(self, asked: Asked) -> Rounds[Outcome]:
        """All that an answer takes: its judgement, and another one of what is left where something may have steered."""
        return (yield from beyond_doubt(asked.cleaned, asked.rubric, partial(self._judged, asked)))

    def _judged(self, asked: Asked, cleaned: Cleaned) -> Rounds[Outcome]:
        """What is left of an answer judged; of an adaptive judgement then, sample by sample, what is still in doubt."""
        collected, keys = Collected(), asked.keys
        requests = asked.first
        if cleaned is not asked.cleaned:
            requests = tuple(self._request(cleaned, asked.rubric, turn, asked.cleaned) for turn in asked.turns)
        yield from collect(asked.turns, requests, cleaned, keys, collected)
        for sample in range(self._judging.at_first, self._judging.samples):
            doubtful = [key for key in keys if in_doubt(collected.votes.get(key, ()))]
            if not doubtful:
                break
            turns = tuple(self._turns(asked.rubric, sample, doubtful))
            requests = tuple(self._request(cleaned, asked.rubric, turn, asked.cleaned) for turn in turns)
            yield from collect(turns, requests, cleaned, keys, collected)
        return Outcome(collected, self._settled(asked.rubric, collected))

    # ── what comes of it ─────────────────────────────────────────────────────────────────────

    def _settled(self, rubric: Rubric, collected: Collected) -> dict[str, Settled]:
        """The verdicts that count, by key; none where one is lacking."""
        items = items_of(rubric)
        if not items.keys() <= collected.votes.keys():
            return {}
        return {key: settle(collected.votes[key], words_of(item), collected.asked[key]) for key, item in items.items()}

    def _result(self, asked: Asked, outcome: Outcome) -> Grade:
        items, collected, settled = items_of(asked.rubric), outcome.collected, outcome.settled
        if not settled:
            lacking = {key: item.id for key, item in items.items() if key not in collected.votes}
            return self._not_graded(asked, collected, lacking)
        return graded(
            asked.rubric,
            id=asked.id,
            question=asked.question,
            verdicts=tuple(_verdict(item, settled[key]) for key, item in items.items() if isinstance(item, Criterion)),
            findings=tuple(
                Finding(id=item.id, found=settled[key].word == "found", cost=item.costs, evidence=settled[key].evidence)
                for key, item in items.items()
                if not isinstance(item, Criterion)
            ),
            grader=self._grader(asked.rubric, len(collected.read)),
            confidence=round(sum(one.agreement for one in settled.values()) / len(settled), 2),
            flags=(
                *asked.cleaned.flags,
                *outcome.flags,
                *_told({items[key].id: s for key, s in settled.items()}, (asked.question, asked.rubric.question)),
                *collected.flags,
            ),
            usage=collected.usage or Usage(),
        )

    def _not_graded(self, asked: Asked, collected: Collected, lacking: Mapping[str, str]) -> Grade:
        """Something has no verdict at all, by key and id: the reason is why the first request for it failed."""
        errors = collected.lost[next(iter(lacking))]
        error = copy(errors[0])
        if self._judging.per_criterion:
            error.message = f"no verdict on {', '.join(lacking.values())}: {error.message}"
        if len(errors) > 1:
            error.message = f"all {len(errors)} samples failed; the first: {error.message}"
        return not_graded(
            asked.rubric,
            error,
            id=asked.id,
            question=asked.question,
            grader=self._grader(asked.rubric, len(collected.samples)),
            flags=asked.cleaned.flags,
            usage=collected.usage,
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
            grader=self._grader(rubric, 1),
            confidence=1.0,
            flags=(*asked.cleaned.flags, "no answer"),
        )

    # ── who it is ────────────────────────────────────────────────────────────────────────────

    def _grader(self, rubric: Rubric, samples: int) -> Grader:
        return Grader(model=self.model, prompt=self._fingerprint(rubric), samples=samples)

    def _fingerprint(self, rubric: Rubric) -> str:
        """Names all that the verdicts came from but models and samples: template, rubric, endpoint, settings, way."""
        # one template for all of a run's answers, read once
        self._template = self._template or self._prompts.fingerprint(self.template)
        settings = self._settings.model_dump(mode="json", include={"temperature", "max_tokens"})
        settings["base_url"] = without_credentials(self._settings.base_url)
        parts = [self._template, fingerprint(rubric), settings, *self._way(rubric)]
        return f"{self.template}@{hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]}"

    def _way(self, rubric: Rubric) -> list[dict[str, Any]]:
        way = self._judging.told
        if not self._judging.adaptive:  # how many there were is in the grade; of these, how many there might have been
            way.pop("samples", None)
        if self._judging.examples is not None:
            way["examples"] = self._judging.examples.fingerprint(rubric)
        return [way] if way else []


def _verdict(criterion: Criterion, settled: Settled) -> Verdict:
    word = cast("VerdictWord", settled.word)
    return Verdict(
        criterion=criterion.id,
        verdict=word,
        points=points(criterion, word),
        max_points=criterion.points,
        evidence=settled.evidence,
        why=settled.reason,
    )


def _told(settled: Mapping[str, Settled], questions: Sequence[str]) -> tuple[str, ...]:
    """What is met by another way than the reference's, and what a person should look at, by the id of what it is."""
    ways = (f"otherwise: {id_} is met by another way than the reference's" for id_, s in settled.items() if s.otherwise)
    echoes = (
        f"needs review: {id_} rests on words of the question"
        for id_, s in settled.items()
        if s.evidence and s.word != "missed" and all(_is_echo(piece.quote, questions) for piece in s.evidence)
    )
    return (*ways, *doubts(settled), *echoes)


def _is_echo(quote: str, questions: Sequence[str]) -> bool:
    """Whether a quote says again what the question says; a few of its words may well be the answer."""
    return len(words(quote)) >= _ECHO and any(squash(quote) in squash(question) for question in questions)


def doubts(settled: Mapping[str, Settled]) -> tuple[str, ...]:
    """What a person should look at, by the id of what it is about."""
    ties = [
        f"needs review: {id_} is a tie, judges disagree: {', '.join(f'{count} {word}' for word, count in one.tied)}"
        for id_, one in settled.items()
        if one.tied
    ]
    return (*ties, *(f"needs review: {id_} rests on {one.flaw}" for id_, one in settled.items() if one.flaw))
