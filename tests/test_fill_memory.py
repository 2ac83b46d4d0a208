"""What a run holds for each question apart from the bank itself; allocations are counted, so any machine will do."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from dlgrade import numbered, runs, spool
from dlgrade.banks.chosen import Chosen
from dlgrade.banks.ledger import Ledger, update
from dlgrade.banks.reading import bank_from_text
from dlgrade.banks.same import OfGroups, identity, same
from dlgrade.banks.written import Origin, Prompt, Written
from dlgrade.saving import Answers, Outcome
from dlgrade.spool import Texts

COUNT = 10_000
ORIGIN = Origin(model="m", prompt=Prompt(template="answer", hash="0123456789ab", temperature=0.0))
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _as_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered, "_FEW", 0)
    monkeypatch.setattr(spool, "IN_MEMORY", 0)
    monkeypatch.setattr(spool, "_AT_ONCE", 256)


def test_groups_of_questions_and_their_answers_take_less_than_100_bytes_a_question() -> None:
    bank = bank_from_text("".join(f"{n}. What is thing {n}?\n" for n in range(1, COUNT + 1)), path="bank.md")
    answers_to(Chosen([(bank, range(1, 100))]))  # what is loaded once is no part of it
    answers, _, held = measured(lambda: answers_to(Chosen.all_of([bank])))
    assert len(answers.texts) == COUNT
    assert held <= 100 * COUNT


def test_what_became_of_a_bank_takes_less_than_100_bytes_a_question() -> None:
    bank = bank_from_text("".join(f"{n}. What is thing {n}?\n" for n in range(1, COUNT + 1)), path="bank.md")
    answers = answers_to(Chosen.all_of([bank]))
    outcome, _, held = measured(lambda: Outcome.of(bank, answers))
    assert (len(outcome.filled.filled), len(outcome.left)) == (COUNT, 0)
    assert held - len(outcome.filled.source) <= 100 * COUNT


def test_a_ledger_takes_less_than_200_bytes_a_line_to_be_written_and_to_be_changed(tmp_path: Path) -> None:
    document = tmp_path / "bank.md"
    update(document, add=map(line, range(100)))
    for _ in range(2):
        _, peak, _ = measured(lambda: update(document, add=map(line, range(COUNT)), drop=[line(0)]))
        assert peak <= 200 * COUNT
    ledger, peak, held = measured(lambda: Ledger.beside(document))
    assert len(ledger.lines) == COUNT
    assert max(peak, held) <= 100 * COUNT


def test_a_run_takes_less_than_100_bytes_an_item_whose_work_gives_nothing() -> None:
    async def work(_: int) -> None:
        return None

    runs.run([("one", 1)], work, concurrency=1)
    _, peak, _ = measured(lambda: runs.run(((f"item {n}", n) for n in range(COUNT)), work, concurrency=8))
    assert peak <= 100 * COUNT


def answers_to(questions: Chosen) -> Answers:
    groups, texts = same(questions), Texts()
    for number, question in enumerate(groups.firsts):
        texts.put(number, f"It is thing {question.position}.")
    return Answers(OfGroups(groups, texts), origin=ORIGIN)


def line(number: int) -> Written:
    return Written(
        bank="bank.md",
        question=f"What is thing {number}, and what is it for?",
        answer=f"{number:064}",
        model="m",
        prompt=ORIGIN.prompt,
        time="2026-11-25T12:00:00Z",
    )


def measured(work: Callable[[], T]) -> tuple[T, int, int]:
    """What comes of some work, the most bytes that it allocated at one time, and those that it left.

    Not in them are the identities of the last some thousand questions, which are remembered however many there are.
    """
    identity.cache_clear()
    tracemalloc.start()
    try:
        result = work()
        held, peak = tracemalloc.get_traced_memory()
        identity.cache_clear()
        left = tracemalloc.get_traced_memory()[0]
        return result, peak - (held - left), left
    finally:
        tracemalloc.stop()
