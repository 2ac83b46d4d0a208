"""A sitting as a service: whatever shows it, the next question, the grade and a person's verdict come from here."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from practising import Clock

from dlgrade.banks.gathering import read_banks
from dlgrade.errors import InputError, Unreachable
from dlgrade.grading import offline
from dlgrade.models import Grade, Rubric
from dlgrade.practice.deck import Deck, deck
from dlgrade.practice.history import History
from dlgrade.practice.progress import progress
from dlgrade.practice.session import Grading, Plan, Practice
from dlgrade.rubrics import Rubrics

RUBRICS = Rubrics([ROOT / "rubrics"])
GENERAL = deck(read_banks([ROOT / "questions" / "general.md"]).banks, RUBRICS)
DROPOUT = Deck(tuple(card for card in GENERAL.cards if card.rubric == "dropout"))
ANSWER = "It sets units to zero at random. Dropout stays on at inference."


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.open(tmp_path, on_remark=pytest.fail)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def sitting(
    history: History, clock: Clock, plan: Plan | None = None, *, cards: Deck = DROPOUT, grade: Grading = offline.grade
) -> Practice:
    return Practice(cards, history, RUBRICS, grade, clock=clock, plan=plan or Plan(seed="1"))


def test_a_turn_becomes_an_attempt_with_its_time_its_grade_and_its_day(history: History, clock: Clock) -> None:
    practice = sitting(history, clock)
    turn = practice.next()
    assert turn is not None
    assert (turn.card.id, turn.why) == ("general:2", "new")
    clock.pass_(seconds=95)
    outcome = practice.submit(turn, ANSWER)
    (kept,) = history.attempts()
    assert kept == outcome.attempt
    assert (kept.seconds, kept.answer, kept.asked, kept.day) == (95.0, ANSWER, "general:2", clock.now.date())
    assert (kept.grade.score, outcome.feedback.percent) == (0.5, 5.0)
    assert practice.next() is None


def test_what_is_missed_is_due_the_next_day_and_what_is_known_much_later(history: History, clock: Clock) -> None:
    practice = sitting(history, clock)
    turn = practice.next()
    assert turn is not None
    practice.submit(turn, ANSWER)
    clock.pass_(hours=13)  # past midnight
    again = sitting(history, clock)
    assert dict(again.counts()) == {"due": 1}
    turn = again.next()
    assert turn is not None
    again.submit(turn, RUBRICS.load("dropout").reference)
    for days in (1, 1):
        clock.pass_(days=days)
        assert sitting(history, clock).next() is None


def test_a_further_try_is_kept_and_does_not_count(history: History, clock: Clock) -> None:
    practice = sitting(history, clock)
    turn = practice.next()
    assert turn is not None
    first = practice.submit(turn, ANSWER)
    better = practice.submit(practice.again(turn, first), RUBRICS.load("dropout").reference)
    assert better.attempt.first == first.attempt.id
    assert better.feedback.percent == 100.0
    assert better.standing == first.standing
    third = practice.submit(practice.again(turn, better), "No idea.")
    assert third.attempt.first == first.attempt.id
    assert len(history.attempts()) == 3


def test_a_persons_verdict_counts_with_name_and_reason(history: History, clock: Clock) -> None:
    practice = sitting(history, clock)
    turn = practice.next()
    assert turn is not None
    outcome = practice.submit(turn, ANSWER)
    changed = practice.override(outcome.attempt.id, 2, "met", by="Anna", why="I meant that.")
    assert changed.feedback.score == 3.0
    absent = practice.override(outcome.attempt.id, "active-at-inference", "absent", by="Anna", why="A slip.")
    assert (absent.feedback.score, absent.feedback.wrong) == (5.0, ())
    (kept,) = history.attempts()
    assert [(o.criterion, o.verdict, o.by, o.why, o.instead_of) for o in kept.grade.overrides] == [
        ("no-co-adaptation", "met", "Anna", "I meant that.", "missed"),
        ("active-at-inference", "absent", "Anna", "A slip.", "found"),
    ]
    assert absent.standing.percent == 50.0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((9, "met", "A", "w"), "there is no criterion 9; there are 5"),
        ((0, "met", "A", "w"), "there is no criterion 0"),
        (("x", "met", "A", "w"), "has no 'x'"),
        ((2, "partial", "A", "w"), "'partial' is no verdict on it; met or missed is"),
        ((2, "met", " ", "w"), "a name and a reason"),
        ((2, "met", "A", ""), "a name and a reason"),
    ],
)
def test_a_verdict_that_cannot_be_changes_nothing(
    history: History, clock: Clock, told: tuple[int | str, str, str, str], said: str
) -> None:
    item, verdict, by, why = told
    practice = sitting(history, clock)
    turn = practice.next()
    assert turn is not None
    outcome = practice.submit(turn, ANSWER)
    with pytest.raises(InputError, match=said):
        practice.override(outcome.attempt.id, item, verdict, by=by, why=why)
    assert history.attempts() == [outcome.attempt]


def test_the_solution_shows_the_reference_and_every_criterion(history: History, clock: Clock) -> None:
    practice = sitting(history, clock)
    turn = practice.next()
    assert turn is not None
    solution = practice.solution(practice.submit(turn, ANSWER).attempt.id)
    assert solution.reference == RUBRICS.load("dropout").reference
    assert [(point.number, point.id, point.verdict) for point in solution.points][:2] == [
        (1, "random-masking", "met"),
        (2, "no-co-adaptation", "missed"),
    ]
    assert [claim.id for claim in solution.wrong] == ["active-at-inference"]


def test_an_answer_that_could_not_be_graded_is_kept_and_no_failure(history: History, clock: Clock) -> None:
    def failing(answer: str, rubric: Rubric, *, id: str, question: str) -> Grade:
        grade = offline.grade(answer, rubric, id=id, question=question)
        error = {"kind": "server_failed", "message": "the server failed"}
        nothing = {"status": "failed", "score": None, "percent": None, "verdicts": (), "error": error}
        return grade.model_copy(update=nothing)

    practice = sitting(history, clock, grade=failing)
    turn = practice.next()
    assert turn is not None
    outcome = practice.submit(turn, ANSWER)
    assert (outcome.feedback.reason, outcome.standing.due) == ("the server failed", None)
    assert history.attempts()[0].answer == ANSWER
    assert dict(sitting(history, clock).counts()) == {"new": 1}
    assert progress(history, practice.today).ungraded == 1


def test_an_endpoint_that_cannot_be_used_keeps_nothing_half(history: History, clock: Clock) -> None:
    def stopped(answer: str, rubric: Rubric, *, id: str, question: str) -> Grade:
        raise Unreachable("nobody listens")

    practice = sitting(history, clock, grade=stopped)
    turn = practice.next()
    assert turn is not None
    with pytest.raises(Unreachable):
        practice.submit(turn, ANSWER)
    assert history.attempts() == []


def test_no_question_is_begun_after_the_minutes(history: History, clock: Clock) -> None:
    practice = sitting(history, clock, Plan(minutes=10, seed="1"), cards=GENERAL)
    asked = 0
    while (turn := practice.next()) is not None:
        asked += 1
        clock.pass_(minutes=4)
        practice.submit(turn, "It is so.")
    assert asked == 3


def test_an_interview_draws_by_the_seed_and_sees_who_is_late(history: History, clock: Clock) -> None:
    plan = Plan(mode="interview", questions=4, clock=5.0, seed="7")
    practice = sitting(history, clock, plan, cards=GENERAL)
    late: list[bool] = []
    while (turn := practice.next()) is not None:
        assert turn.left(clock.now) == 300
        clock.pass_(seconds=200 + 60 * len(late))
        late.append(practice.submit(turn, "It is so.").late)
    assert late == [False, False, True, True]
    asked = [attempt.asked for attempt in history.attempts()]
    assert {attempt.mode for attempt in history.attempts()} == {"interview"}
    assert [pick.card.id for pick in sitting(history, clock, plan, cards=GENERAL).ahead()] == asked


def test_the_same_clock_seed_and_answers_make_the_same_sitting(tmp_path: Path) -> None:
    def played(folder: Path) -> list[object]:
        clock = Clock()
        seen: list[object] = []
        with History.open(folder, on_remark=pytest.fail) as history:
            for _ in range(3):
                practice = sitting(history, clock, Plan(new=4, seed="9"), cards=GENERAL)
                while (turn := practice.next()) is not None:
                    outcome = practice.submit(turn, f"{turn.question} Data are used in training.")
                    seen.append((turn.card.id, turn.why, outcome.feedback, outcome.standing))
                clock.pass_(days=1)
        return seen

    assert played(tmp_path / "one") == played(tmp_path / "two")


def test_a_question_with_a_reference_alone_is_practised_too(tmp_path: Path, history: History, clock: Clock) -> None:
    bank = tmp_path / "mine.md"
    bank.write_text("# Mine\n\n## 1. What is a frobnicator?\n\nA device that frobs quickly. It has two heavy knobs.\n")
    practice = sitting(history, clock, cards=deck(read_banks([bank]).banks, RUBRICS))
    turn = practice.next()
    assert turn is not None
    outcome = practice.submit(turn, "It has two heavy knobs.")
    assert [item.number for item in outcome.feedback.right] == [2]
    assert practice.override(outcome.attempt.id, 1, "met", by="A", why="w").feedback.percent == 100.0
    assert practice.solution(outcome.attempt.id).reference.startswith("A device")


def test_a_part_of_the_cards_is_looked_at_in_the_same_sitting(history: History, clock: Clock) -> None:
    practice = sitting(history, clock, Plan(new=2, seed="1"), cards=GENERAL)
    some = GENERAL.cards[3:6]
    assert {pick.card for pick in practice.ahead(some)} <= set(some)
    assert len(practice.ahead(some)) == len(practice.ahead()) == 2
    practice.put_aside(practice.ahead(some)[0].card)
    assert len(practice.ahead(some)) == 1
    assert not history.attempts()


def test_what_was_said_of_an_answer_can_be_said_again(history: History, clock: Clock) -> None:
    practice = sitting(history, clock)
    turn = practice.next()
    assert turn is not None
    told = practice.submit(turn, ANSWER)
    assert practice.outcome(told.attempt.id) == told
    changed = practice.override(told.attempt.id, 2, "met", by="Anna", why="I say so.")
    assert practice.outcome(told.attempt.id) == changed
    with pytest.raises(InputError, match="no attempt"):
        practice.outcome("nothing")
    other = sitting(history, clock, cards=Deck(()))
    with pytest.raises(InputError, match="general:2: the question is not in the banks that are practised"):
        other.outcome(told.attempt.id)
