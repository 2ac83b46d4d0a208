"""Likeness to a reference: all of it is 1, none of it near 0, and what lies between is dealt out to its claims."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlgrade.grading.claims import rubric_from
from dlgrade.grading.dealing import dealt
from dlgrade.grading.likeness import likeness, rarity, wanted
from dlgrade.grading.offline import grade
from dlgrade.grading.words import columns
from dlgrade.models import Criterion, Rubric

ASKED = "Why is the sky blue?"
REFERENCE = (
    "Molecules of the air scatter short wavelengths far more than long ones. "
    "So blue light reaches the eye from every direction. "
    "At dusk the path through the atmosphere is long, and what is left is red."
)
SKY = rubric_from(ASKED, REFERENCE, 10.0)


def like(answer: str) -> float:
    return likeness(columns(answer), wanted(ASKED, REFERENCE))


def test_the_reference_is_all_of_itself_and_nothing_is_nothing() -> None:
    assert like(REFERENCE) == pytest.approx(1.0)
    assert like("") == 0.0


def test_more_of_the_reference_is_more() -> None:
    pieces = REFERENCE.split(". ")
    growing = [like(". ".join(pieces[:n])) for n in range(1, 4)]
    assert growing == sorted(growing)
    assert growing[0] > 0.4


def test_other_words_are_more_like_it_than_other_subjects() -> None:
    paraphrase = like("Air molecules scatter blue, which has a short wavelength, so it comes from all directions.")
    assert paraphrase > 0.45
    assert like("Bees visit flowers for nectar and carry pollen from one to the next.") < paraphrase / 2


def test_a_misspelt_word_counts_for_the_most_part() -> None:
    right, wrong = like("molecules scatter wavelengths"), like("molecuels scater wavelenghts")
    assert like("rabbits prefer vegetables") < wrong < right
    assert wrong > right / 2


def test_rare_words_weigh_more_than_common_ones() -> None:
    assert rarity("the") < rarity("light") < rarity("wavelength")
    assert like("wavelengths") > like("more")


def test_order_counts() -> None:
    assert like("ones long than more far wavelengths short scatter air the of molecules") < like(
        REFERENCE.partition(".")[0]
    )


def test_the_claims_that_are_said_are_met_and_quoted_and_a_band_is_given() -> None:
    answer = "Molecules of the air scatter short wavelengths much more than long ones."
    given = grade(answer, SKY)
    first, *others = given.verdicts
    assert (first.verdict, first.evidence[0].quote) == ("met", answer)
    assert all(verdict.points < first.points for verdict in others)
    assert [flag for flag in given.flags if flag.startswith("band: ")]
    assert given.confidence is not None
    assert given.confidence <= 0.75


def test_a_part_of_a_long_reference_earns_more_than_its_share() -> None:
    """Nobody asks for all nine ways: two of them well said are more than two ninths."""
    ways = ("collect", "prune", "distil", "augment", "regularize", "ensemble", "quantize", "freeze", "calibrate")
    rubric = rubric_from("Name two steps.", " ".join(f"One may {way} the {way[::-1]} thing." for way in ways), 9.0)
    percent = grade("One may collect the tcelloc thing. One may prune the enurp thing.", rubric).percent or 0
    assert percent > 2 / 9 * 100


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([*REFERENCE.split(), "cats", "not", ".", "blue.", "\n"]), max_size=40).map(" ".join))
def test_any_answer_gets_points_that_its_verdicts_account_for(answer: str) -> None:
    given = grade(answer, SKY)
    assert given.score == pytest.approx(sum(verdict.points for verdict in given.verdicts))
    for verdict in given.verdicts:
        assert 0 <= verdict.points <= verdict.max_points
        assert (verdict.verdict == "missed") == (verdict.points == 0)
        assert verdict.evidence or verdict.verdict != "met"
        assert all(answer[piece.start : piece.end] == piece.quote for piece in verdict.evidence)


@given(
    st.lists(st.tuples(st.floats(0.5, 10), st.one_of(st.just(0.0), st.floats(0.1, 1))), min_size=1, max_size=8),
    st.floats(0, 1),
)
@example(claims=[(1.0, 0.0), (1.0, 0.9999999999999999), (2.0, 0.5)], share=1.0)
@settings(max_examples=500, deadline=None)
def test_a_share_is_dealt_out_in_full_and_nothing_gets_more_than_it_is_worth(
    claims: list[tuple[float, float]], share: float
) -> None:
    criteria = tuple(Criterion(id=f"c{i}", points=points, expects="x") for i, (points, _) in enumerate(claims))
    rubric = Rubric(name="r", question="q", topic="", reference="r", criteria=criteria)
    earned = dealt(rubric, share, [weight for _, weight in claims])
    assert sum(earned) == pytest.approx(share * sum(points for points, _ in claims), abs=1e-6)
    assert all(0 <= one <= points for one, (points, _) in zip(earned, claims, strict=True))
