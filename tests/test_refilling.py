"""An answer gives way to a newer one, or to what stood there before it, and nothing else changes.

Where the answers stand is set by hand in most of these, so that they hold for the filler, whatever the readers say.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks import filling
from dlgrade.banks.filling import Place, emptied, fill, hash_of, save
from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.errors import ChangedMeanwhile
from dlgrade.models import Bank, Slot

NAMES = ("x", "y", "z")
EMPTY = "\n---\n\n".join(
    f"## Question {n}\n\n**What is {name}?**\n\n**Answer:** _[To be filled]_\n" for n, name in enumerate(NAMES, 1)
)


def read(source: str) -> Bank:
    """The bank, each answer standing where its text is found."""
    bank = bank_from_text(source, path="bank.md")
    questions = []
    for question in bank.questions:
        slot = None
        if question.answer is not None:
            start = source.index(question.answer, source.index("**Answer:**", source.index(question.raw)))
            slot = Slot(start=start, end=start + len(question.answer))
        questions.append(replace(question, standing=slot))
    return replace(bank, questions=tuple(questions))


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read for the proof knows where answers stand as well."""
    monkeypatch.setattr(filling, "bank_from_text", lambda source, **_: read(source))


def with_answers(*answers: str) -> tuple[Bank, dict[str, Place]]:
    filled = fill(read(EMPTY), {f"bank:{n}": answer for n, answer in enumerate(answers, 1)})
    return read(filled.source), dict(filled.places)


def test_only_the_answers_to_renew_are_replaced() -> None:
    bank, _ = with_answers("One.", "Two.", "Three.")
    answers = {f"bank:{n}": "New." for n in (1, 2, 3)}
    filled = fill(bank, answers, renew={"bank:2"})
    assert filled.source == bank.source.replace("Two.", "New.")
    assert (filled.filled, filled.kept, dict(filled.places)) == (("bank:2",), ("bank:1", "bank:3"), {})


def test_missing_and_standing_ones_go_in_together() -> None:
    bank, _ = with_answers("One.", "Two.")
    filled = fill(bank, {"bank:1": "New.", "bank:3": "Three."}, renew={"bank:1"})
    assert [q.answer for q in read(filled.source).questions] == ["New.", "Two.", "Three."]
    assert list(filled.places) == ["bank:3"]


def test_a_new_answer_that_would_break_the_document_leaves_the_old_one() -> None:
    bank, _ = with_answers("One.", "Two.")
    filled = fill(bank, {"bank:1": "TODO"}, renew={"bank:1"})
    assert (filled.source, filled.failed[0].id) == (bank.source, "bank:1")


def test_where_it_stands_must_be_known() -> None:
    bank, _ = with_answers("One.")
    lost = replace(bank, questions=tuple(replace(q, standing=None) for q in bank.questions))
    filled = fill(lost, {"bank:1": "New."}, renew={"bank:1"})
    assert filled.source == bank.source
    assert filled.failed[0].message == "where its answer begins and ends cannot be told in this document"
    assert emptied(lost, {"bank:1": Place()}) == (lost, frozenset())


def test_emptied_gives_back_what_stood_there(again: None) -> None:
    bank, places = with_answers("One.\n\n- a\n- b", "Two.", "```python\nx = 1\n```")
    after, done = emptied(bank, places)
    assert (after.source, sorted(done)) == (EMPTY, ["bank:1", "bank:2", "bank:3"])
    after, done = emptied(bank, {"bank:2": places["bank:2"]})
    assert after.source == bank.source.replace(" Two.", " _[To be filled]_")


def test_an_answer_whose_surroundings_an_editor_changed_can_still_be_taken_out(again: None) -> None:
    bank, places = with_answers("One.", "Two.", "Three.")
    moved = read(bank.source.replace("**Answer:** Two.", "**Answer:**   Two."))
    after, done = emptied(moved, places)
    assert done == {"bank:1", "bank:2", "bank:3"}
    assert [q.answer for q in after.questions] == [None, None, None]


@given(
    st.lists(
        st.sampled_from(["a", "One two.", "- x\n- y", "1. b\n2. c", "# T\n\ntext", "$$\nx\n$$"]), min_size=3, max_size=3
    )
)
def test_filled_and_emptied_again_it_is_the_document_it_was(answers: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filling, "bank_from_text", lambda source, **_: read(source))
        bank, places = with_answers(*answers)
        after, done = emptied(bank, places)
        assert (after.source, len(done)) == (EMPTY, 3)


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("samples/banks/*.md")), ids=lambda path: path.name)
def test_in_every_form_answers_can_be_renewed_and_taken_out_again(path: Path) -> None:
    bank = read_bank(path)
    filled = fill(bank, {q.id: f"It does:\n\n- one\n- {q.position}\n\nDone." for q in bank.questions if q.slot})
    after = bank_from_text(filled.source, path=bank.path, encoding=bank.encoding)
    new = fill(after, dict.fromkeys(filled.filled, "New answer."), renew=filled.filled)
    assert (new.filled, new.failed) == (filled.filled, ())
    back, done = emptied(after, filled.places)
    assert (back.source, sorted(done)) == (bank.source, sorted(filled.filled))


def test_a_file_that_is_not_what_it_was_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"
    path.write_bytes(b"now")
    with pytest.raises(ChangedMeanwhile, match="somebody changed it"):
        save(path, b"new", instead_of=hash_of(b"before"))
    assert [file.name for file in tmp_path.iterdir()] == ["bank.md"]
    assert path.read_bytes() == b"now"
    save(path, b"new", instead_of=hash_of(b"now"))
    assert path.read_bytes() == b"new"


CELL = '{"cell_type":"markdown","metadata":{},"source":["## What is dropout?\\n","\\n","TODO"]}'


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("question,answer\nWhat is dropout?,TODO\nWhat is a CNN?,\nWhat is a MLP?\n", "bank.csv"),
        ('question,answer\n"What is dropout?","TODO"\n"What is a CNN?",""\n', "bank.csv"),
        (f'{{"cells":[{CELL}],"metadata":{{}},"nbformat":4,"nbformat_minor":4}}', "bank.ipynb"),
        ('{"questions": [{"question": "What is dropout?", "answer": null}]}', "bank.json"),
        ("- question: What is dropout?\n  answer:   # todo\n", "bank.yaml"),
        ("1. What is a?\n   - Why is it?\n2. What is b?\n", "bank.md"),
    ],
)
@pytest.mark.parametrize("answer", ["Short", "A, b.", 'It says "a".\n\n- one\n- two'])
def test_what_was_taken_out_again_leaves_the_very_bytes(source: str, name: str, answer: str) -> None:
    before = bank_from_text(source, path=name)
    filled = fill(before, {question.id: answer for question in before.questions})
    assert len(filled.filled) == len(before.questions)
    after = bank_from_text(filled.source, path=name)
    back, done = emptied(after, filled.places)
    assert done == set(filled.filled)
    assert back.source == source
