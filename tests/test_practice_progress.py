"""Numbers about practising: days are the person's, weeks begin on Monday, retries and failures do not blur scores."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import ROOT
from practising import Clock, attempt, card

from dlgrade.banks.gathering import read_banks
from dlgrade.grading import offline
from dlgrade.practice.deck import deck
from dlgrade.practice.history import History
from dlgrade.practice.progress import progress, streak
from dlgrade.practice.session import Plan, Practice
from dlgrade.rubrics import Rubrics

MONDAY = date(2026, 1, 5)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.open(tmp_path, on_remark=pytest.fail)


@pytest.mark.parametrize(
    ("days", "current", "longest"),
    [([], 0, 0), ([0], 1, 1), ([-1], 1, 1), ([-2], 0, 1), ([-4, -3, -1, 0], 2, 2), ([-9, -8, -7, -1], 1, 3)],
)
def test_a_streak_lasts_until_a_day_is_over_without_an_answer(days: list[int], current: int, longest: int) -> None:
    found = streak({MONDAY + timedelta(n) for n in days}, MONDAY)
    assert (found.days, found.longest, found.today) == (current, longest, 0 in days)


@pytest.mark.parametrize(
    ("zone", "first"),
    [("Europe/Berlin", datetime(2026, 3, 27, 23, 30)), ("Europe/Berlin", datetime(2026, 10, 23, 23, 30)),
     ("America/New_York", datetime(2026, 3, 6, 0, 10)), ("Pacific/Auckland", datetime(2026, 4, 3, 23, 55))],
)  # fmt: skip
def test_a_streak_goes_through_a_change_of_the_clocks(history: History, zone: str, first: datetime) -> None:
    """At the same hour of the wall clock each day, whatever UTC makes of it."""
    here = ZoneInfo(zone)
    found = deck(read_banks([ROOT / "questions" / "general.md"]).banks, Rubrics([ROOT / "rubrics"]))
    clock = Clock(first.replace(tzinfo=here))
    for n in range(4):
        clock.now = (first + timedelta(days=n)).replace(tzinfo=here)
        practice = Practice(found, history, Rubrics([ROOT / "rubrics"]), offline.grade, clock=clock, plan=Plan())
        turn = practice.next()
        assert turn is not None
        practice.submit(turn, "It is so.")
    told = progress(history, clock().date())
    assert (told.streak.days, told.streak.longest) == (4, 4)


def test_an_hour_that_comes_twice_takes_the_time_that_it_takes(history: History) -> None:
    here = ZoneInfo("Europe/Berlin")
    clock = Clock(datetime(2026, 10, 25, 0, 50, tzinfo=UTC).astimezone(here))  # 2:50, the first time
    found = deck(read_banks([ROOT / "questions" / "general.md"]).banks, Rubrics([ROOT / "rubrics"]))
    practice = Practice(found, history, Rubrics([ROOT / "rubrics"]), offline.grade, clock=clock, plan=Plan())
    turn = practice.next()
    assert turn is not None
    clock.now = datetime(2026, 10, 25, 1, 10, tzinfo=UTC).astimezone(here)  # 2:10, the second time
    assert practice.submit(turn, "It is so.").attempt.seconds == 1200


def test_weeks_begin_on_monday_and_retries_do_not_raise_their_score(history: History) -> None:
    sunday = MONDAY - timedelta(1)
    history.add(attempt(sunday, {"a": "missed", "b": "met"}, id="one", seconds=90), card())
    history.add(attempt(sunday, {"a": "met", "b": "met"}, first="one", hour=13), card())
    history.add(attempt(MONDAY, {"a": "met", "b": "met"}, seconds=30), card())
    history.add(attempt(MONDAY, {"a": "missed"}, graded=False, hour=14), card())
    told = progress(history, MONDAY, weeks=2)
    assert [(week.monday, week.answers, week.percent, week.minutes) for week in told.weeks] == [
        (MONDAY - timedelta(7), 2, 50.0, 2.5),
        (MONDAY, 1, 100.0, 0.5),
    ]
    assert (told.answers, told.retries, told.ungraded, told.questions, told.minutes) == (3, 1, 1, 1, 4.0)


def test_topics_are_the_mean_of_the_last_scores(history: History) -> None:
    history.add(attempt(MONDAY, {"a": "missed", "b": "missed"}, question="x"), card("x", topic="data"))
    history.add(attempt(MONDAY + timedelta(1), {"a": "met", "b": "met"}, question="x"), card("x", topic="data"))
    history.add(attempt(MONDAY, {"a": "met", "b": "missed"}, question="y"), card("y", topic="data"))
    history.add(attempt(MONDAY, {"a": "met"}, question="z", graded=False), card("z", topic="loss"))
    told = progress(history, MONDAY + timedelta(1))
    assert [(t.topic, t.questions, t.answers, t.percent, t.due) for t in told.topics] == [
        ("data", 2, 3, 75.0, 1),
        ("loss", 1, 0, None, 0),
    ]


def test_gaps_are_what_the_last_answer_missed_most_missed_first(history: History) -> None:
    history.add(attempt(MONDAY, {"a": "missed", "b": "missed", "c": "missed"}, id="one"), card())
    history.add(attempt(MONDAY, {"a": "met", "b": "met", "c": "met"}, first="one", hour=13), card())
    last = attempt(MONDAY + timedelta(1), {"a": "met", "b": "partial", "c": "missed", "d": "missed"})
    history.add(last.model_copy(update={"spare": ("d",)}), card())
    told = progress(history, MONDAY + timedelta(1))
    assert [(gap.criterion, gap.missed, gap.of, gap.last) for gap in told.gaps] == [
        ("b", 2, 2, "partial"),
        ("c", 2, 2, "missed"),
    ]
    assert told.strengths == ()


def test_strengths_went_well_and_stay_away_longest(history: History) -> None:
    for n, key in enumerate(("x", "y")):
        history.add(attempt(MONDAY, {"a": "met"}, question=key), card(key, id=key))
        if n:
            history.add(attempt(MONDAY + timedelta(8), {"a": "met"}, question=key), card(key, id=key))
    told = progress(history, MONDAY + timedelta(8))
    assert [(one.id, one.percent, one.answers) for one in told.strengths] == [("y", 100.0, 2), ("x", 100.0, 1)]


def test_what_is_overdue_is_due_today_and_the_week_is_seven_days(history: History) -> None:
    history.add(attempt(MONDAY, {"a": "missed"}, question="x"), card("x"))
    history.add(attempt(MONDAY, {"a": "met"}, question="y"), card("y"))
    early = progress(history, MONDAY)
    assert (early.due, [day.questions for day in early.ahead]) == (0, [0, 1, 0, 0, 0, 0, 0])
    late = progress(history, MONDAY + timedelta(5))
    assert (late.due, [day.questions for day in late.ahead]) == (1, [1, 0, 0, 1, 0, 0, 0])


def test_an_empty_history_is_no_error(history: History) -> None:
    told = progress(history, MONDAY)
    assert (told.answers, told.since, told.topics, told.streak.days) == (0, None, (), 0)
