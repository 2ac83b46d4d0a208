"""What banks take in memory while they are read and filled; allocations are counted, so any machine will do."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

import pytest

from dlgrade import shelf, spool
from dlgrade.banks import paged, placing
from dlgrade.banks.filling import Filled, fill_with
from dlgrade.banks.reading import bank_from_text
from dlgrade.models import Bank

SENTENCE = "Units are dropped at random, so that none can rely on the others being there. "
ANSWER = (SENTENCE * 10).strip()

# What a bank of each form begins with, and an entry of it, as in benchmarks/bench_banks.py.
ENTRIES = {
    "headings.md": ("", "## Question {n}\n\n**What is thing {n}?**\n\n**Answer:** {answer}\n\n---\n\n"),
    "list.md": ("", "{n}. What is thing {n}?\n\n   {answer}\n\n"),
    "table.md": ("| No. | Question | Answer |\n|-|-|-|\n", "| {n} | What is thing {n}? | {answer} |\n"),
    "bold.md": ("", "**{n}. What is thing {n}?**\n\n{answer}\n\n"),
    "details.md": ("", "<details>\n<summary>What is thing {n}?</summary>\n\n{answer}\n\n</details>\n\n"),
    "plain.txt": ("", "Q{n}: What is thing {n}?\nA{n}: {answer}\n\n"),
    "data.csv": ("id,question,answer\n", '{n},What is thing {n}?,"{answer}"\n'),
    "data.jsonl": ("", '{{"id": {n}, "question": "What is thing {n}?", "answer": "{answer}"}}\n'),
    "data.yaml": ("", '- id: {n}\n  question: What is thing {n}?\n  answer: "{answer}"\n'),
}

PROSE = ("headings.md", "list.md", "bold.md", "details.md")

T = TypeVar("T")


@pytest.mark.parametrize(
    ("path", "times"),
    [
        *(("headings.md", 3), ("list.md", 4), ("table.md", 3), ("bold.md", 3), ("details.md", 3), ("plain.txt", 4)),
        *(("data.csv", 4), ("data.jsonl", 5), ("data.yaml", 5)),
    ],
)
def test_reading_takes_so_many_times_the_memory_of_the_document(path: str, times: int) -> None:
    """The promise that benchmarks/README.md has for large banks."""
    few, many = (made(path, count, ANSWER) for count in (20, 1_000))
    bank_from_text(few, path=path)  # what is loaded once is no part of it
    bank, peak = measured(lambda: bank_from_text(many, path=path))
    assert [question.answer for question in bank.questions] == [ANSWER] * 1_000
    assert peak <= times * len(many.encode())


@pytest.mark.parametrize(
    ("path", "most"),
    [
        *(("headings.md", 1_700), ("list.md", 250), ("table.md", 1_500), ("bold.md", 800), ("details.md", 1_550)),
        *(("plain.txt", 2_000), ("data.csv", 2_000), ("data.jsonl", 3_100)),
    ],
)
def test_of_many_questions_none_is_held(path: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`most` bytes a question are in use while a document without answers is read; afterwards next to nothing is."""
    monkeypatch.setattr(shelf, "MANY", 16)
    document = made(path, 2_000, "")
    bank_from_text(document, path=path)  # what is known of texts, up to some thousand, is no part of it
    tracemalloc.start()
    try:
        bank = bank_from_text(document, path=path)
        _, peak = tracemalloc.get_traced_memory()
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(bank.questions) == 2_000
    assert peak <= most * 2_000
    assert held <= 80 * 2_000


@pytest.mark.parametrize("path", PROSE)
def test_filling_takes_no_more_memory_for_longer_answers(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the answers nor the document with them in it are held, nor a second bank while it is proved."""
    monkeypatch.setattr(spool, "IN_MEMORY", 0)
    monkeypatch.setattr(placing, "LONGEST", 0)
    monkeypatch.setattr(placing, "_AT_ONCE", 1 << 14)
    monkeypatch.setattr(paged, "PAGE", 1 << 14)
    bank = bank_from_text(made(path, 1_000, ""), path=path)
    filled(bank_from_text(made(path, 20, ""), path=path), ANSWER)
    short, peak = measured(lambda: filled(bank, ANSWER))
    long, peak_of_long = measured(lambda: filled(bank, SENTENCE * 100))
    assert len(short.filled) == len(long.filled) == 1_000
    assert len(long.text) > 7_000_000
    assert peak <= 3_000 * 1_000  # bytes a question
    assert peak_of_long <= 1.25 * peak


@pytest.mark.parametrize("path", ENTRIES)
def test_filling_takes_at_most_six_times_the_memory_of_the_document(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 0)
    bank = bank_from_text(made(path, 1_000, ""), path=path)
    filled(bank_from_text(made(path, 20, ""), path=path), ANSWER)
    done, peak = measured(lambda: filled(bank, ANSWER))
    assert len(done.filled) == 1_000
    assert peak <= 6 * len(done.text)


def made(path: str, count: int, answer: str) -> str:
    """A document with so many questions."""
    head, entry = ENTRIES[path]
    return head + "".join(entry.format(n=n, answer=answer) for n in range(1, count + 1))


def filled(bank: Bank, answer: str) -> Filled:
    """The bank with an answer of its own to each question, which nobody but the filler keeps."""
    return fill_with(bank, lambda question: f"{answer} {question.position}")


def measured(work: Callable[[], T]) -> tuple[T, int]:
    """What comes of some work, and the most bytes that it allocated at one time."""
    tracemalloc.start()
    try:
        result = work()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
