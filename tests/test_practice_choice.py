"""What comes next: due, then weak, then new; the same for the same history, day and seed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from conftest import ROOT
from practising import card

from dlgrade.banks.gathering import read_banks
from dlgrade.practice.choice import drawn, upcoming
from dlgrade.practice.deck import Wanted, deck
from dlgrade.practice.records import Card, Standing
from dlgrade.rubrics import Rubrics

TODAY = date(2026, 1, 10)


def standing(key: str, due: int | None, *, weak: float = 0.0, last: int = -3, met: int = -3) -> Standing:
    """Days from today on."""
    days = [None if n is None else TODAY + timedelta(n) for n in (due, last, met)]
    return Standing(question=key, due=days[0], last=days[1], met=days[2] or TODAY, percent=50.0, weak=weak)


def order(cards: list[Card], standings: list[Standing], *, new: int = 10, seed: str = "1") -> list[tuple[str, str]]:
    return [(pick.card.key, pick.why) for pick in upcoming(cards, standings, TODAY, new=new, seed=seed)]


def test_due_ones_come_first_then_weak_ones_then_new_ones() -> None:
    cards = [card(key) for key in ("new", "later", "weak", "weaker", "due", "overdue", "due-weak")]
    standings = [
        standing("later", 4),
        standing("weak", 1, weak=0.2),
        standing("weaker", 3, weak=0.6),
        standing("due", 0),
        standing("due-weak", 0, weak=0.5),
        standing("overdue", -5),
    ]
    assert order(cards, standings) == [
        ("overdue", "due"),
        ("due-weak", "due"),
        ("due", "due"),
        ("weaker", "weak"),
        ("weak", "weak"),
        ("new", "new"),
    ]


def test_what_was_answered_today_is_not_asked_again_today() -> None:
    assert order([card("a")], [standing("a", 1, weak=1.0, last=0)]) == []


def test_new_questions_are_so_many_a_day_and_not_a_start() -> None:
    cards = [card(str(n)) for n in range(9)]
    assert len(order(cards, [], new=4)) == 4
    begun = [standing("0", 1, met=0, last=0), standing("1", 1, met=0, last=0), standing("2", 1, met=-1, last=0)]
    assert len(order(cards, begun, new=4)) == 2
    assert order(cards, begun, new=0) == []


def test_a_question_that_was_never_graded_is_still_new() -> None:
    failed = Standing(question="a", met=TODAY)
    assert order([card("a")], [failed], new=1) == [("a", "new")]


def test_a_seed_makes_the_order_and_another_one_another() -> None:
    cards = [card(str(n)) for n in range(30)]
    first = [key for key, _ in order(cards, [], new=30)]
    assert first == [key for key, _ in order(list(reversed(cards)), [], new=30)]
    assert first != [key for key, _ in order(cards, [], new=30, seed="2")]
    without = [key for key, _ in order(cards[1:], [], new=30)]
    assert without == [key for key in first if key != "0"]
    assert [pick.card.key for pick in drawn(cards, "1")] == first


# ── decks ────────────────────────────────────────────────────────────────────────────────────


def shipped() -> tuple[Card, ...]:
    return deck(read_banks([ROOT / "questions"]).banks, Rubrics([ROOT / "rubrics"])).cards


def test_the_same_question_in_several_banks_is_one_card() -> None:
    cards = shipped()
    assert len(cards) == len({card.key for card in cards}) == 145
    dropout = next(card for card in cards if card.key == "rubric:dropout")
    assert (dropout.topic, "Advanced" in dropout.difficulties or dropout.difficulties != ()) == ("regularization", True)


def test_a_question_without_a_rubric_is_held_against_its_banks_answer(tmp_path: Path) -> None:
    bank = tmp_path / "mine.md"
    bank.write_text(
        "# Mine\n\n## 1. What is a frobnicator?\n\nA device that frobs. It has two knobs.\n\n"
        "## 2. What is a widget?\n\n_[To be filled]_\n\n## 3. What is dropout, and how does it prevent overfitting in "
        "neural networks?\n\n_[To be filled]_\n"
    )
    found = deck(read_banks([bank]).banks, Rubrics([ROOT / "rubrics"]))
    assert [(card.key, card.rubric, card.reference) for card in found.cards] == [
        ("text:whatisafrobnicator", None, "A device that frobs. It has two knobs."),
        ("rubric:dropout", "dropout", None),
    ]
    assert [question.id for question in found.bare] == ["mine:2"]
    assert list(found.renamed.values()) == ["rubric:dropout"]


def test_filters_take_what_they_name_case_aside() -> None:
    one = card("a", topic="Data", categories=("Basics", "More"), difficulties=("basic", "Hard"))
    assert Wanted(topic="data", category="MORE", difficulty="hard").takes(one)
    assert Wanted().takes(one)
    for other in (Wanted(topic="dat"), Wanted(category="x"), Wanted(difficulty="easy")):
        assert not other.takes(one)
