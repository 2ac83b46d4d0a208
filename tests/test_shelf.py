"""Records that stand in a file are the records, and a document reads the same where its own stand in one."""

from __future__ import annotations

import resource
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from dlgrade import shelf
from dlgrade.banks import stretches
from dlgrade.banks.filling import fill
from dlgrade.banks.gathering import called
from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.models import Choices
from dlgrade.shelf import Shelf, joined, made, shelved

BANKS = sorted(path for path in (ROOT / "tests/samples/banks").iterdir() if not path.name.endswith(".expect.json"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shelf, "MANY", 3)
    monkeypatch.setattr(stretches, "FEW", 0)
    yield


def packed(number: int) -> tuple[int] | None:
    """What is written of a number; sevens cannot be."""
    return None if number % 7 == 0 else (number,)


def unpacked(record: tuple[int]) -> int:
    return record[0]


@pytest.mark.usefixtures("small")
@given(
    numbers=st.lists(st.integers(0, 99), max_size=40),
    start=st.none() | st.integers(-45, 45),
    stop=st.none() | st.integers(-45, 45),
    step=st.sampled_from([None, 1, 2, -1, -3]),
)
def test_records_on_a_shelf_are_those_of_a_tuple(
    numbers: list[int], start: int | None, stop: int | None, step: int | None
) -> None:
    records = tuple(numbers)
    cut = len(numbers) // 2
    halves = [shelved(numbers[:cut], packed, unpacked), shelved(numbers[cut:], packed, unpacked)]
    one_by_one = Shelf(packed, unpacked)
    for number in numbers:
        one_by_one.append(number)
    for found in (
        shelved(iter(numbers), packed, unpacked),
        one_by_one,
        joined(halves),
        made(int.__add__, shelved(numbers, packed, unpacked), [0] * len(numbers)),
    ):
        assert (len(found), tuple(found), tuple(reversed(found))) == (len(records), records, records[::-1])
        assert found[start:stop:step] == records[start:stop:step]
        assert [found[at] for at in range(-len(records), len(records))] == [*records, *records]
        for beyond in (len(records), -len(records) - 1):
            with pytest.raises(IndexError):
                found[beyond]


def test_few_records_are_a_tuple_and_many_are_not() -> None:
    assert shelved(range(shelf.MANY - 1), packed, unpacked) == tuple(range(shelf.MANY - 1))
    many = shelved(range(shelf.MANY + 1), packed, unpacked)
    assert not isinstance(many, tuple)
    assert not isinstance(made(str, many), tuple)
    assert list(made(str, many)) == [str(number) for number in range(shelf.MANY + 1)]


def test_several_threads_may_ask_for_records_at_once() -> None:
    many = shelved(range(20_000), packed, unpacked)
    wrong: list[int] = []

    def look(seed: int) -> None:
        numbers = Random(seed).choices(range(20_000), k=2_000)
        wrong.extend(number for number in numbers if many[number] != number)

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("choices", [Choices(), Choices(nested="parents", table="column")], ids=["", "otherwise"])
@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.name)
def test_a_bank_reads_the_same_where_its_questions_stand_in_a_file(
    path: Path, choices: Choices, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_bank(path, choices=choices)
    monkeypatch.setattr(shelf, "MANY", 3)
    monkeypatch.setattr(stretches, "FEW", 0)
    bank = read_bank(path, choices=choices)
    assert isinstance(bank.questions, tuple) == (len(bank.questions) < 3)
    assert replace(bank, questions=tuple(bank.questions)) == whole
    other = called(bank, "other")
    assert [question.id for question in other.questions] == [f"other:{q.position}" for q in whole.questions]


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.name)
def test_a_bank_is_filled_the_same_where_its_questions_stand_in_a_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_bank(path)
    answers = {q.id: f"Because of {q.position}.\n\n- one\n- two" for q in whole.questions if q.answer is None}
    there = fill(whole, answers)
    monkeypatch.setattr(shelf, "MANY", 3)
    monkeypatch.setattr(stretches, "FEW", 0)
    found = fill(read_bank(path), answers)
    assert found.source == there.source
    assert (found.filled, found.kept, found.failed) == (there.filled, there.kept, there.failed)


@pytest.mark.usefixtures("small")
def test_lines_that_name_what_follows_are_told_in_a_long_list_as_well() -> None:
    """That they are names shows at the document's end, when the entries above are in the file."""
    items = [f"{n}. What is thing {n}?\n" for n in range(1, 13)]
    source = "".join([*items[:4], "\nBasics\n\n", *items[4:8], "\nMore\n\n", *items[8:]])
    bank = bank_from_text(source, path="bank.md")
    assert [q.category for q in bank.questions] == [None] * 4 + ["Basics"] * 4 + ["More"] * 4
    assert {q.answer for q in bank.questions} == {None}


def test_a_full_disk_is_said_in_a_line() -> None:
    script = """
        from dlgrade.banks.reading import bank_from_text
        from dlgrade.errors import OutputError
        try:
            bank_from_text("".join(f"{n}. What is thing {n}?\\n" for n in range(40_000)), path="bank.md")
        except OutputError as error:
            print(error.message)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),  # no file may be larger
    )
    assert done.stdout.startswith("a temporary file cannot be written: "), done.stderr
    assert done.stderr == ""
