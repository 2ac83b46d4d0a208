"""A reference becomes a rubric: a criterion for each thing that it claims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.errors import RubricError
from dlgrade.grading.claims import claims_of, rubric_from
from dlgrade.grading.offline import grade

ASKED = "What does dropout do?"


def test_each_sentence_and_each_list_item_is_a_claim() -> None:
    reference = "It zeroes units at random. This hinders co-adaptation, e.g. of others.\n\n- fewer epochs\n2. *noise*"
    assert claims_of(ASKED, reference) == (
        "It zeroes units at random.",
        "This hinders co-adaptation, e.g. of others.",
        "fewer epochs",
        "noise",
    )


def test_what_says_nothing_is_no_claim() -> None:
    reference = "# So\n\nDropout does this:\n\n- it zeroes units\n- It zeroes units.\n\n```py\nx = f(x)\n```\nDropout!"
    assert claims_of(ASKED, reference) == ("it zeroes units",)


def test_where_there_is_nothing_else_the_lead_or_the_code_is_the_claim() -> None:
    assert claims_of(ASKED, "Dropout:") == ("Dropout:",)
    assert claims_of(ASKED, "```\nx = drop(x)\n```") == ("``` x = drop(x) ```",)


def test_claims_weigh_the_same_and_add_up_to_the_maximum() -> None:
    three = "It zeroes units. It scales others. It rests at inference."
    assert rubric_from(ASKED, three).max_score == 3
    rubric = rubric_from(ASKED, three, 10)
    assert {criterion.points for criterion in rubric.criteria} == {10 / 3}
    assert (rubric.max_score, grade(three, rubric).score) == (10, 10)


def test_the_name_tells_what_a_rubric_was_made_of() -> None:
    one = rubric_from(ASKED, "It zeroes units.")
    assert one == rubric_from(ASKED, "It zeroes units.")
    others = [rubric_from("Why?", "It zeroes units."), rubric_from(ASKED, "No."), rubric_from(ASKED, "No.", 2)]
    assert len({one.name, *(other.name for other in others)}) == 4


@pytest.mark.parametrize("reference", ["", " \n", "---", "…"])
def test_a_reference_that_says_nothing_is_an_error(reference: str) -> None:
    with pytest.raises(RubricError, match="says nothing"):
        rubric_from(ASKED, reference)


@given(st.text(), st.floats(min_value=0.01, max_value=1000))
def test_any_reference_makes_a_rubric_of_that_maximum_or_a_named_error(reference: str, most: float) -> None:
    try:
        rubric = rubric_from(ASKED, reference, most)
    except RubricError:
        return
    assert rubric.max_score == pytest.approx(most)
