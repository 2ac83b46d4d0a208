"""A question's reference comes from its rubric, or from a model that gets the repaired question alone."""

from __future__ import annotations

from dlgrade.answering import answer_request, shipped_answer
from dlgrade.library import SHIPPED
from dlgrade.models import Question
from dlgrade.prompts import Prompts
from dlgrade.rubrics import Rubrics
from dlgrade.settings import Settings

RUBRICS = Rubrics([SHIPPED / "rubrics"])
PROMPTS = Prompts([SHIPPED / "prompts"])


def question(text: str, category: str | None = None) -> Question:
    return Question(bank="b", position=1, raw=text, text=text, category=category, line=1)


def test_the_shipped_answer_is_the_reference_of_the_questions_rubric() -> None:
    found = shipped_answer(question("How do dropout layers help prevent overfitting?"), RUBRICS)
    assert found == RUBRICS.load("dropout").reference
    assert shipped_answer(question("What is a flumph?"), RUBRICS) is None


def test_a_model_gets_the_question_and_its_category_and_a_limit() -> None:
    settings = Settings(model="made-up", max_tokens=99)
    request = answer_request(question("What is x?", "Letters"), PROMPTS, settings)
    assert request.messages[-1].content == "Category: Letters\nQuestion: What is x?"
    assert (request.model, request.max_tokens, request.shape) == ("made-up", 99, None)
    assert answer_request(question("What is x?"), PROMPTS, settings).messages[-1].content == "Question: What is x?"
