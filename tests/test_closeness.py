"""A misconception in words like its own is found, and not where the reference or a criterion is as close."""

from __future__ import annotations

import pytest

from dlgrade.grading.offline import grade
from dlgrade.library import SHIPPED
from dlgrade.models import Criterion, Misconception, Rubric
from dlgrade.rubrics import Rubrics

TIDES = Rubric(
    name="tides",
    question="What causes the tides?",
    topic="physics",
    reference="The moon's gravity pulls more on the near side of the earth. The wind makes waves, but no tides.",
    criteria=(
        Criterion(
            id="gravity", points=1, expects="The gravity of the moon pulls more on the near side.", cues=(("gravity",),)
        ),
    ),
    misconceptions=(
        Misconception(id="wind", costs=1, claims="Strong wind over the ocean pushes the water up."),
        Misconception(
            id="far", costs=1, claims="The moon pulls more on the far side.", cues=(("nowhere to be found",),)
        ),
    ),
)


def found(answer: str) -> list[str]:
    return [finding.id for finding in grade(answer, TIDES).misconceptions if finding.found]


@pytest.mark.parametrize(
    "answer",
    [
        "Strong winds over the ocean push the water up.",
        "They come about since the water is pushed up by strong wind above the ocean.",
    ],
)
def test_it_is_found_without_cues_and_asks_for_a_look(answer: str) -> None:
    given = grade(answer, TIDES)
    assert found(answer) == ["wind"]
    assert "needs review: wind by its wording alone" in given.flags
    assert given.misconceptions[0].evidence[0].quote == answer


@pytest.mark.parametrize(
    "answer",
    [
        "Strong winds over the ocean do not push the water up.",  # denied
        "The ocean is deep and strong.",  # too few of its words
        "The gravity of the moon pulls more on the near side of the earth.",  # as close to what is right
    ],
)
def test_it_is_not_found_where_it_is_denied_or_something_else_is_said(answer: str) -> None:
    assert found(answer) == []


def test_no_shipped_reference_claims_one() -> None:
    for rubric in list(Rubrics([SHIPPED / "rubrics"]).all())[::5]:
        # Without its first word it is not the reference, word by word, which no guard looks at.
        answer = rubric.reference.split(maxsplit=1)[1]
        assert [finding.id for finding in grade(answer, rubric).misconceptions if finding.found] == []
