"""When a question comes back follows from the grades of its answers, and from nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from practising import attempt, grade

from dlgrade.models import VerdictWord
from dlgrade.practice.memory import AGAIN, EASY, GOOD, HARD, rating, remembered
from dlgrade.practice.records import Attempt

MONDAY = date(2026, 1, 5)
WELL: dict[str, VerdictWord] = {"a": "met", "b": "met", "c": "met", "d": "met"}
ONE_MISSED: dict[str, VerdictWord] = {**WELL, "d": "missed"}
BAD: dict[str, VerdictWord] = dict.fromkeys("abcd", "missed")


def days(*attempts: Attempt) -> int:
    """From the last attempt until the question is due."""
    memory = remembered(attempts)
    assert memory is not None
    return (memory.due - attempts[-1].day).days


@pytest.mark.parametrize(
    ("met", "of", "word"), [(0, 10, AGAIN), (3, 8, AGAIN), (4, 10, HARD), (7, 10, GOOD), (8, 9, GOOD), (9, 10, EASY)]
)
def test_a_score_makes_a_rating(met: int, of: int, word: int) -> None:
    verdicts: dict[str, VerdictWord] = {str(n): "met" if n < met else "missed" for n in range(of)}
    assert rating(grade(verdicts)) == word


def test_a_misconception_is_hard_at_best_and_no_score_is_no_rating() -> None:
    assert rating(grade(WELL, wrong=True)) == HARD
    assert rating(grade(BAD, wrong=True)) == AGAIN
    assert rating(grade(WELL, graded=False)) is None


def test_a_missed_criterion_comes_back_sooner_than_a_question_that_went_well() -> None:
    assert days(attempt(MONDAY, ONE_MISSED)) == 1 < days(attempt(MONDAY, WELL))


def test_a_question_well_known_for_long_still_comes_back_soon_for_one_criterion() -> None:
    known = [attempt(MONDAY, WELL), attempt(MONDAY + timedelta(8), WELL)]
    assert days(*known) > 30
    assert days(*known, attempt(MONDAY + timedelta(74), ONE_MISSED)) < 7


def test_a_criterion_missed_and_then_met_no_longer_pulls_its_question_forward() -> None:
    one, two = attempt(MONDAY, ONE_MISSED), attempt(MONDAY + timedelta(1), WELL)
    assert days(one, two) > 1
    memory = remembered([one, two])
    assert memory is not None
    assert (memory.weak, memory.parts["d"].verdict) == (0.0, "met")


def test_a_criterion_missed_again_and_again_stays_nearer_than_one_missed_once() -> None:
    often = remembered(
        [*(attempt(MONDAY + timedelta(n), ONE_MISSED) for n in range(4)), attempt(MONDAY + timedelta(4), WELL)]
    )
    once = remembered([attempt(MONDAY + timedelta(n), WELL) for n in range(5)])
    assert often is not None
    assert once is not None
    assert often.parts["d"].due < once.parts["d"].due


def test_what_would_have_earned_nothing_more_does_not_bring_a_question_back() -> None:
    spare = attempt(MONDAY, ONE_MISSED).model_copy(update={"spare": ("d",)})
    memory = remembered([spare])
    assert memory is not None
    assert memory.weak == 0.0
    assert days(spare) > 1


def test_an_answer_that_could_not_be_graded_is_no_failure() -> None:
    well, failed = attempt(MONDAY, WELL), attempt(MONDAY + timedelta(3), BAD, graded=False)
    assert remembered([well, failed]) == remembered([well])
    assert remembered([failed]) is None


def test_of_a_sitting_the_first_attempt_that_is_graded_counts() -> None:
    bad = attempt(MONDAY, BAD, id="one")
    again = attempt(MONDAY, WELL, hour=13, first="one")
    assert remembered([bad, again]) == remembered([bad])
    failed = attempt(MONDAY, BAD, graded=False, id="two")
    assert remembered([failed, again.model_copy(update={"first": "two"})]) == remembered([again])


def test_the_hour_of_an_answer_decides_nothing() -> None:
    """Late on Monday and early on Tuesday are two days, whatever the clocks did that night."""
    early = [attempt(MONDAY, WELL, hour=1), attempt(MONDAY + timedelta(8), ONE_MISSED, hour=23)]
    late = [attempt(MONDAY, WELL, hour=23), attempt(MONDAY + timedelta(8), ONE_MISSED, hour=1)]
    assert remembered(early) == remembered(late)


def test_the_same_answers_have_the_same_consequences() -> None:
    attempts = [attempt(MONDAY + timedelta(9 * n), WELL) for n in range(6)]
    assert remembered(attempts) == remembered(attempts)


def test_nothing_stays_away_for_more_than_a_year() -> None:
    assert days(*(attempt(MONDAY + timedelta(365 * n), WELL) for n in range(6))) == 365
