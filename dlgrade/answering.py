"""Question -> reference, and where it comes from: the shipped key, or a model."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from dlgrade.banks.wording import is_placeholder
from dlgrade.banks.written import Origin, Prompt
from dlgrade.llm.request import Request
from dlgrade.models import Question
from dlgrade.rubrics import Rubrics
from dlgrade.settings import OFFLINE, Settings

if TYPE_CHECKING:
    from dlgrade.prompts import Prompts  # which most commands do not need

_TEMPLATE = "answer"


def shipped_answer(question: Question, rubrics: Rubrics) -> str | None:
    """The reference of the question's rubric, None where it has no rubric."""
    rubric = rubrics.for_question(question)
    return None if rubric is None else rubric.reference


def shipped_origin(question: Question, rubrics: Rubrics) -> Origin | None:
    """Where the shipped reference comes from: the rubric by name, and what its reference says."""
    rubric = rubrics.for_question(question)
    if rubric is None:
        return None
    # Cues and points may change: the answer stays what it is.
    content = hashlib.sha256(rubric.reference.encode()).hexdigest()[:12]
    return Origin(model=OFFLINE, prompt=Prompt(template=f"rubrics/{rubric.name}", hash=content))


def asked_origin(prompts: Prompts, settings: Settings, model: str) -> Origin:
    """Where a model's answer comes from, apart from the question: the model, the template, the temperature.

    The endpoint is not part of it, as one model may be served in several places, nor the token limit: a reply that
    it cut short is no answer.

    Raises:
        PromptError: the template is not there.
    """
    prompt = Prompt(template=_TEMPLATE, hash=prompts.fingerprint(_TEMPLATE), temperature=settings.temperature)
    return Origin(model=model, prompt=prompt)


def answer_request(question: Question, prompts: Prompts, settings: Settings) -> Request:
    """The request that asks the first model for a question's reference."""
    return Request(
        endpoint=settings.base_url,
        model=str(settings.model),
        messages=prompts.render(_TEMPLATE, question=question),
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        keeps=lambda text: not is_placeholder(text),
    )
