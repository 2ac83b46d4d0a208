import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_filling import LONG, only_adds, styles

from dlgrade.banks.blocks import Document
from dlgrade.banks.choosing import best_reading
from dlgrade.banks.entries import Entry
from dlgrade.banks.filling import fill
from dlgrade.banks.forms import org
from dlgrade.banks.orgtext import fit_org
from dlgrade.banks.reading import bank_from_text
from dlgrade.errors import BankError
from dlgrade.models import Bank, Choices

SAMPLES = Path(__file__).parent / "samples" / "banks"
NAMES = [path.name for path in sorted(SAMPLES.glob("*.org"))]


def source_of(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode()


def bank(source: str) -> Bank:
    return bank_from_text(source, path="bank.org")


def read(source: str) -> list[Entry]:
    reading = best_reading(Document(source), ".org")
    assert reading is not None
    return list(reading.entries)


def identities(found: Bank) -> list[tuple[object, ...]]:
    return [(q.raw, q.number, q.category, q.marks) for q in found.questions]


ANSWERS = [
    "Short.",
    LONG,
    "- a\n- b",
    "* a\n* b",
    "# Title",
    "**Bold** and `code`",
    "$$\nx\n$$",
    "```\n* a\n#+x\n```",
    "#+x: y",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_filled_documents_read_as_the_same_questions_now_answered(name: str, answer: str) -> None:
    for source in [*styles(source_of(name)), source_of(name).replace("\n", "\r")]:
        before = bank(source)
        result = fill(before, {question.id: answer for question in before.questions})
        assert [failure.id for failure in result.failed] == []
        after = bank(result.source)
        assert identities(after) == identities(before)
        assert all(question.answer for question in after.questions)
        assert only_adds(before, result.source)
        assert fill(after, {q.id: "Another." for q in after.questions}).source == result.source


@pytest.mark.parametrize("name", NAMES)
def test_answers_that_stand_can_be_replaced_where_they_stand(name: str) -> None:
    before = bank(source_of(name))
    for question in before.questions:
        if question.standing is None:
            continue
        place = question.standing
        text = f"{before.source[: place.start]}{place.lead}Another one.{place.trail}{before.source[place.end :]}"
        after = bank(text)
        assert identities(after) == identities(before)
        assert after.questions[question.position - 1].answer == "Another one."


@pytest.mark.parametrize(
    ("heading", "number", "raw", "marks"),
    [
        ("* What is x?", None, "What is x?", ()),
        ("** TODO What is x?", None, "What is x?", ("TODO",)),
        ("*** DONE [#B] What is x? :a:b_c:", None, "What is x?", ("DONE", "[#B]", "a", "b_c")),
        ("* 3. What is x?", "3", "What is x?", ()),
        ("* Q4: Dropout", "4", "Dropout", ()),
        ("* 5、什么是残差", "5", "什么是残差", ()),
    ],
)
def test_a_heading_is_a_question_in_many_spellings(
    heading: str, number: str | None, raw: str, marks: tuple[str, ...]
) -> None:
    (entry,) = read(f"{heading}\n:PROPERTIES:\n:ID: 1\n:END:\n\nIt is y.\n")
    assert (entry.number, entry.raw, entry.marks, entry.body.answer) == (number, raw, marks, "It is y.")


def test_headings_that_do_not_ask_are_categories_and_deeper_ones_belong_to_answers() -> None:
    source = "* Nets\n** What is x?\nX.\n*** More\nOf it.\n** Why?\n* Which losses?\n** What is y?\n** What is z?\nZ.\n"
    assert [(entry.raw, entry.category, entry.body.answer) for entry in read(source)] == [
        ("What is x?", "Nets", "X.\n*** More\nOf it."),
        ("Why?", "Nets", None),
        ("What is y?", "Which losses?", None),
        ("What is z?", "Which losses?", "Z."),
    ]


def test_a_card_asks_in_its_text_and_answers_below_answer() -> None:
    (entry,) = read("* Cards\n** Card 1 :drill:\nWhat is\nx?\n\nIn one word.\n*** Answer\nY.\n")
    assert (entry.raw, entry.line, entry.body.answer) == ("What is\nx?\n\nIn one word.", 3, "Y.")


@pytest.mark.parametrize("mark", ["1. ", "1) ", "- ", "+ ", "- [ ] ", " * ", "1. [X] "])
def test_items_ask(mark: str) -> None:
    other = mark.replace("1", "2")
    first, second = read(f"* Nets\n{mark}What is x?\n     It is y.\n     - a\n{other}Why?\n")
    assert (first.raw, first.body.answer, first.category) == ("What is x?", "It is y.\n- a", "Nets")
    assert (second.raw, second.body.answer) == ("Why?", None)


def test_slides_that_ask_in_passing_are_no_bank() -> None:
    source = "* Plan\n- one\n- two\n- three\n* Goals\n- four\n- five\n- six\n- seven\n* Questions?\n"
    assert best_reading(Document(source), ".org") is None


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("```python\nx = 1\n```", "#+begin_src python\nx = 1\n#+end_src"),
        ("```\n* x\n#+y\n```", "#+begin_example\n,* x\n,#+y\n#+end_example"),
        ("* a\n* b", "- a\n- b"),
        ("**a** and `b`", "*a* and ~b~"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---+---|\n| 1 | 2 |"),
        ("## Why\n\nSo.", "*Why.* So."),
        ("#+title: x", ": #+title: x"),
        ("$a * b$", "$a * b$"),
    ],
)
def test_an_answer_is_written_as_org_has_it(markdown: str, expected: str) -> None:
    assert fit_org(markdown) == expected


BITS = st.sampled_from(
    [
        *(
            "* ",
            "** ",
            "TODO ",
            "1. ",
            "- ",
            "  ",
            "What is x?",
            "Why",
            "Answer",
            ":PROPERTIES:\n",
            ":END:\n",
            "#+begin_src\n",
        ),
        *(
            "#+end_src\n",
            "# c\n",
            ":: ",
            " :: ",
            "[#A] ",
            " :a:",
            "\n",
            "\n\n",
            "\r\n",
            "\r",
            "\ufeff",
            "TBD",
            "A: ",
            "| a |",
            "```",
        ),
    ]
)


@given(st.lists(BITS | st.text(max_size=5), max_size=40).map("".join), st.lists(BITS, max_size=12).map("".join))
def test_no_text_is_too_strange(source: str, answer: str) -> None:
    try:
        before = bank(source)
    except BankError:
        return
    for question in before.questions:
        assert question.raw.strip()
        assert (question.answer is None) == (question.slot is not None)
        for slot in (question.slot, question.standing):
            assert slot is None or 0 <= slot.start <= slot.end <= len(source)
    result = fill(before, {question.id: answer for question in before.questions})
    assert only_adds(before, result.source)
    if result.filled:
        assert identities(bank(result.source)) == identities(before)


@pytest.mark.parametrize(
    "source",
    [
        "".join(f"* What is thing {n}?\nIt is {n}.\n" for n in range(10_000)),
        "".join(f"- What is thing {n}? :: It is {n}.\n" for n in range(10_000)),
        ":a:\n" * 20_000 + "* Why?\n",
        "#+begin_src\n" * 20_000 + "* Why?\n",
        "".join(f"{'*' * n} Why?\n" for n in range(1, 1_000)),
        "* " + "[[a" * 50_000 + "?\n",
        "* What" + " :a" * 50_000 + "?\n",
    ],
)
def test_long_documents_are_read_in_linear_time(source: str) -> None:
    began = time.process_time()
    org.read(Document(source), Choices())
    assert time.process_time() - began < 10
