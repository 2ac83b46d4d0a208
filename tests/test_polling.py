"""Of several verdicts the one that most give counts; what is unsure is said, and asked for again."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.grading.asking import order_of
from dlgrade.grading.polling import Vote, in_doubt, once, settle, settle_level
from dlgrade.grading.shapes import CRITERION, LEVELS, MISCONCEPTION
from dlgrade.library import SHIPPED
from dlgrade.models import Criterion, Evidence, Rubric
from dlgrade.rubrics import load_rubric

DROPOUT = load_rubric(SHIPPED / "rubrics" / "dropout.yaml")


def votes(*words: str) -> list[Vote]:
    return [Vote(word, f"reason {n}") for n, word in enumerate(words)]


@pytest.mark.parametrize(
    ("said", "word", "tied"),
    [
        (("met",), "met", ()),
        (("met", "missed", "met"), "met", ()),
        (("met", "missed"), "missed", (("missed", 1), ("met", 1))),
        (("met", "partial"), "partial", (("partial", 1), ("met", 1))),
        (("met", "met", "partial", "missed", "missed"), "missed", (("missed", 2), ("met", 2))),
    ],
)
def test_most_votes_win_and_a_tie_earns_least(said: tuple[str, ...], word: str, tied: tuple[object, ...]) -> None:
    for order in permutations(said):
        settled = settle(votes(*order), CRITERION, len(order))
        assert (settled.word, settled.tied) == (word, tied)


def test_a_misconception_in_a_tie_is_found() -> None:
    assert settle(votes("absent", "found"), MISCONCEPTION, 2).word == "found"


def test_a_level_is_the_one_in_the_middle_and_the_lower_of_two() -> None:
    assert settle_level(votes("all", "half", "most"), LEVELS, 3).word == "most"
    assert settle_level(votes("all", "nothing"), LEVELS, 2).word == "nothing"
    assert settle_level(votes("all", "little", "most", "half"), LEVELS, 4).word == "half"


def test_agreement_counts_samples_that_failed_and_quotes_that_are_not_there() -> None:
    sound, made_up = Vote("met", "Sound."), Vote("met", "Not.", made_up=("never said",))
    assert settle([sound, sound], CRITERION, asked=4).agreement == 0.5
    settled = settle([made_up, sound, Vote("missed", "No.")], CRITERION, asked=3)
    assert (settled.word, settled.reason, settled.agreement, settled.flaw) == ("met", "Sound.", 1 / 3, "")
    assert settle([made_up], CRITERION, asked=1).flaw == "a quote that is not in the answer"
    assert settle([Vote("met", "", lacks=True)], CRITERION, asked=1).flaw == "no quote"


def test_evidence_is_that_of_the_winners_each_piece_once() -> None:
    whole, part, other = (
        Evidence(quote="x" * (end - start), start=start, end=end) for start, end in ((0, 9), (3, 5), (20, 22))
    )
    said = [
        Vote("met", "", (part, other)),
        Vote("missed", "", (Evidence(quote="no", start=30, end=32),)),
        Vote("met", "", (whole, other)),
    ]
    assert settle(said, CRITERION, 3).evidence == (other, whole)
    assert once(()) == ()


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ((), True),
        (("met",), True),
        (("met", "met"), False),
        (("met", "missed"), True),
        (("met",) * 3 + ("missed",), False),
    ],
)
def test_a_verdict_is_settled_two_votes_ahead(said: tuple[str, ...], *, doubt: bool) -> None:
    assert in_doubt(votes(*said)) is doubt
    assert in_doubt([*votes(*said), Vote("met", "", made_up=("x",))]) is doubt


# ── orders ───────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 12))
def test_orders_are_the_same_every_time_and_differ_as_long_as_they_can(samples: int) -> None:
    orders = [order_of(DROPOUT, sample) for sample in range(samples)]
    assert orders[0] == ()
    assert len(set(orders)) == samples
    assert orders == [order_of(DROPOUT.model_copy(), sample) for sample in range(samples)]


def test_an_order_follows_from_what_is_said_not_from_points() -> None:
    """Else a reply would be paid for twice once points change. The order itself is a part of stored requests."""
    dearer = tuple(criterion.model_copy(update={"points": 9.0}) for criterion in DROPOUT.criteria)
    assert order_of(DROPOUT.model_copy(update={"criteria": dearer}), 1) == order_of(DROPOUT, 1)
    assert order_of(DROPOUT, 1) == ("c2", "c4", "c5", "c3", "c1", "m3", "m1", "m2")


def test_where_there_are_no_more_orders_they_come_again() -> None:
    criteria = (Criterion(id="a", points=1, expects="A."), Criterion(id="b", points=1, expects="B."))
    two = Rubric(name="x", question="Q?", topic="t", reference="A. B.", criteria=criteria)
    orders = [order_of(two, sample) for sample in range(6)]
    assert orders[:2] == [(), ("c2", "c1")]
    assert set(orders) == {(), ("c2", "c1")}
    one = two.model_copy(update={"criteria": criteria[:1]})
    assert [order_of(one, sample) for sample in range(3)] == [(), (), ()]
