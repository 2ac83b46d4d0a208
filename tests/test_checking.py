"""A rubric that does not hold is found out."""

from __future__ import annotations

import pytest

from dlgrade.grading.checking import check_all, check_rubric, foreign
from dlgrade.models import Criterion, Misconception, Rubric


def rubric(name: str = "colours", **changed: object) -> Rubric:
    fields: dict[str, object] = {
        "name": name,
        "question": "Why is the sky blue?",
        "topic": "light",
        "reference": "Air scatters short waves most. The eye sees little violet. At dusk the path is long.",
        "criteria": (
            Criterion(id="scatter", points=6, expects="Short waves scatter most.", cues=(("scatter", "short"),)),
            Criterion(id="dusk", points=4, expects="The path is long at dusk.", cues=(("dusk | sunset", "long"),)),
        ),
        "misconceptions": (Misconception(id="sea", costs=1, claims="It mirrors the sea.", cues=(("mirror", "sea"),)),),
    }
    return Rubric.model_validate(fields | changed)


def test_a_rubric_that_holds_has_no_complaint() -> None:
    assert check_rubric(rubric()) == []


def test_points_that_do_not_add_up_and_missing_cues_are_named() -> None:
    bare = (Criterion(id="scatter", points=6, expects="Short waves scatter most in air."),)
    found = check_rubric(rubric(criteria=bare))
    assert "the points add up to 6, not 10" in found
    assert "scatter has no cues" in found
    wordless = (Criterion(id="scatter", points=10, expects="Short waves scatter.", cues=(("scatter", "∝ | !"),)),)
    starred = (Criterion(id="scatter", points=10, expects="Short waves scatter.", cues=(("sc*er",),)),)
    assert "scatter: a star inside a word finds nothing: 'sc*er'" in check_rubric(rubric(criteria=starred))
    assert "scatter: no words in the slot '∝ | !'" in check_rubric(rubric(criteria=wordless))


def test_a_reference_that_misses_a_criterion_or_holds_a_misconception_is_named() -> None:
    found = check_rubric(rubric(reference="Air scatters short waves most. It mirrors the sea."))
    assert "the reference does not earn dusk: missed" in found
    assert "the reference holds the misconception sea: 'It mirrors the sea.'" in found


def test_a_criterion_that_anything_earns_is_named() -> None:
    loose = (Criterion(id="anything", points=10, expects="Something about it.", cues=(("the | air | it",),)),)
    sentences = " ".join(f"The air number {n} is here." for n in "abcdefg")
    found = check_rubric(rubric(criteria=loose, reference=sentences))
    assert "anything is still met when the sentences that earn it are taken out" in found


def test_a_reference_of_another_topic_that_earns_most_is_named_and_one_of_its_own_is_not() -> None:
    one, other = rubric(), rubric("twin", topic="weather")
    assert check_all([one, other])["colours"] == ["the reference of twin earns 100 percent here"]
    assert check_all([one, rubric("twin")])["colours"] == []
    assert check_all([one, rubric("twin", topic="weather", near=("colours",))])["colours"] == []
    assert check_all([rubric(near=("nobody",))])["colours"] == ["near: there is no rubric nobody"]
    assert [pair.percent for pair in foreign([one, other])] == [100, 100]


@pytest.mark.parametrize(
    "expects",
    [
        "Explain why short waves scatter most.",
        "Mentions that short waves scatter.",
        "Names two causes of the colour.",
        "The answer should say that short waves scatter.",
        "A good answer mentions scattering.",
        "Award 2 points for scattering.",
    ],
)
def test_a_criterion_that_tells_what_to_do_is_named(expects: str) -> None:
    told = (Criterion(id="scatter", points=10, expects=expects, cues=(("scatter", "short"),)),)
    assert f"scatter: an instruction, not a statement of the expected answer: {expects!r}" in check_rubric(
        rubric(criteria=told)
    )


@pytest.mark.parametrize(
    "expects",
    [
        "State spaces are scattered by short waves.",
        "List comprehensions build the list in one expression.",
        "Show and tell, a captioning model, scatters.",
        "The candidate with the highest score is kept at each step.",
    ],
)
def test_a_statement_that_begins_like_an_instruction_is_none(expects: str) -> None:
    said = (Criterion(id="scatter", points=10, expects=expects, cues=(("scatter", "short"),)),)
    assert not [wrong for wrong in check_rubric(rubric(criteria=said)) if "instruction" in wrong]


def test_cues_that_are_not_in_the_reference_are_named_although_the_wording_is() -> None:
    reference = "Short waves scatter most in air. At dusk the path is long."
    first = Criterion(id="scatter", points=6, expects="Short waves scatter most in air.", cues=(("rayleigh", "blue"),))
    found = check_rubric(rubric(criteria=(first, rubric().criteria[1]), reference=reference))
    assert "scatter: no way of its cues is in the reference; its wording alone is" in found
