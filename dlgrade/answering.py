"""Question -> reference: from the shipped key, or from a model."""

from __future__ import annotations

from dlgrade.banks.wording import is_placeholder
from dlgrade.llm.request import Client, Reply, Request
from dlgrade.models import Question
from dlgrade.prompts import Prompts
from dlgrade.rubrics import Rubrics
from dlgrade.settings import Settings

_TEMPLATE = "answer"


def shipped_answer(question: Question, rubrics: Rubrics) -> str | None:
    """The reference of the question's rubric, None where it has no rubric."""
    rubric = rubrics.for_question(question)
    return None if rubric is None else rubric.reference


def answer_request(question: Question, prompts: Prompts, settings: Settings) -> Request:
    """The one request that asks for a question's reference."""
    return Request(
        endpoint=settings.base_url,
        model=str(settings.model),
        messages=prompts.render(_TEMPLATE, question=question),
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        keeps=lambda text: not is_placeholder(text),
    )


async def ask_for_answer(question: Question, client: Client, prompts: Prompts, settings: Settings) -> Reply:
    """A reference from a model.

    Raises:
        EndpointError: the endpoint cannot be used.
        ItemError: this question failed.
    """
    return await client.complete(answer_request(question, prompts, settings))
