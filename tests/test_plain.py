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
from dlgrade.banks.forms import plain
from dlgrade.banks.plaintext.running import Candidate, running
from dlgrade.banks.reading import bank_from_text
from dlgrade.banks.wording import fold
from dlgrade.errors import BankError
from dlgrade.models import Bank, Choices, Slot

SAMPLES = Path(__file__).parent / "samples" / "banks"
NAMES = [path.name for path in sorted(SAMPLES.glob("*.txt"))]


def source_of(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode()


def bank(source: str, name: str = "bank.txt") -> Bank:
    return bank_from_text(source, path=name)


def read(source: str) -> list[Entry]:
    reading = plain.read(Document(source), Choices())
    assert reading is not None
    return list(reading.entries)


def identities(found: Bank) -> list[tuple[str, str | None, str | None]]:
    return [(question.raw, question.number, question.category) for question in found.questions]


# ── whole documents ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_the_place_of_a_wording_is_known(name: str) -> None:
    found = bank(source_of(name), name)
    for question in found.questions:
        assert question.place is not None
        assert question.line == found.source.count("\n", 0, question.place[0]) + 1


ANSWERS = [
    "Short.",
    LONG,
    "- a\n- b",
    "# Title",
    "    code\n\nText.",
    "> quote\n\n***\n\nText",
    "$$\nx\n$$",
    "a) One.\nb) Two.",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_filled_documents_read_as_the_same_questions_now_answered(name: str, answer: str) -> None:
    for source in [*styles(source_of(name)), source_of(name).replace("\n", "\r")]:
        before = bank(source, name)
        result = fill(before, {question.id: answer for question in before.questions})
        assert [failure.id for failure in result.failed] == []
        after = bank(result.source, name)
        assert after.form == before.form
        assert identities(after) == identities(before)
        assert all(question.answer for question in after.questions)
        assert only_adds(before, result.source)
        assert fill(after, {q.id: "Another." for q in after.questions}).source == result.source


@pytest.mark.parametrize("name", NAMES)
def test_answers_that_stand_can_be_replaced_where_they_stand(name: str) -> None:
    before = bank(source_of(name), name)
    for question in before.questions:
        if question.standing is None:
            continue
        place: Slot = question.standing
        said = before.source[place.start : place.end]
        assert fold(question.answer or "") in fold(said)
        text = f"{before.source[: place.start]}{place.lead}Another one.{place.trail}{before.source[place.end :]}"
        after = bank(text, name)
        assert identities(after) == identities(before)
        assert after.questions[question.position - 1].answer == "Another one."


# ── questions ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mark", "number"),
    [
        ("{}: ", "1"),
        ("{} - ", "1"),
        ("{}- ", "1"),
        ("({}) ", "1"),
        ("[{}] ", "1"),
        ("{}.", "1"),
        ("Q{}. ", "1"),
        ("Q.{} ", "1"),
        ("Q {}: ", "1"),
        ("Q{} ", "1"),
        ("Question {}: ", "1"),
        ("Question {}.\n", "1"),
        ("QUESTION {}\n\n", "1"),
        ("Que {}. ", "1"),
        ("No. {} ", "1"),
        ("**Q{}:** ", "1"),
        ("{}、", "1"),
        ("{}．", "1"),
        ("问题{}：", "1"),
        ("第{}题 ", "1"),
    ],
)
def test_a_question_is_numbered_in_many_spellings(mark: str, number: str) -> None:
    source = "".join(f"{mark.format(n)}What is layer {n}\n   made of?\n\nIt is made of units.\n\n" for n in range(1, 4))
    found = read(source)
    assert [(entry.number, entry.raw) for entry in found] == [
        (str(n), f"What is layer {n}\nmade of?") for n in range(1, 4)
    ]
    assert [entry.body.answer for entry in found] == ["It is made of units."] * 3


def test_roman_and_chinese_numbers_count() -> None:
    roman = "".join(f"({n}) What is {n}?\n\n" for n in ("i", "ii", "iii", "iv", "v"))
    assert [entry.number for entry in read(roman)] == ["i", "ii", "iii", "iv", "v"]
    chinese = "".join(f"{n}、什么是残差？\n\n" for n in ("九", "十", "十一", "二十"))
    assert [entry.number for entry in read(chinese)] == ["九", "十", "十一", "二十"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Q: {}", "A: {}"),
        ("Q. {}", "A. {}"),
        ("Question: {}", "Answer: {}"),
        ("**Q:** {}", "**A:** {}"),
        ("**Q: {}**", "A: {}"),
        ("Q: {}<br>", "A: {}"),
        ("问：{}", "答：{}"),
        ("В: {}", "О: {}"),
        ("P: {}", "R: {}"),
        ("Q1: {}", "A1: {}"),
        ("(1) {}", "Ans. {}"),
        ("(1) {}", "Ans: {}"),
        ("(1) {}", "Answer - {}"),
        ("(1) {}", "   Solution: {}"),
        ("(1) {}", "\nCorrect answer: {}"),
    ],
)
def test_the_label_comes_off_the_answer(question: str, answer: str) -> None:
    first = f"{question.format('What is a token?')}\n{answer.format('A piece of text.')}\n\n"
    second = f"{question.format('Why are there so many?')}\n{answer.format('')}\n\n".replace("1", "2")
    one, two = read(first + second)
    assert (one.raw, one.body.answer) == ("What is a token?", "A piece of text.")
    assert (two.raw, two.body.answer) == ("Why are there so many?", None)
    assert two.body.slot is not None


def test_lists_in_answers_are_no_questions() -> None:
    source = (
        "1: What does training need?\n\n1: data\n2: a loss\n\n"
        "2: Name the phases.\n\n1. forward\n2. backward\n3. step\n\n"
        "3: What comes last?\na) tests\nb) a report\n\n4: Why?\n"
    )
    assert [entry.number for entry in read(source)] == ["1", "2", "3", "4"]
    assert [entry.body.answer for entry in read(source)] == [
        "1: data\n2: a loss",
        "1. forward\n2. backward\n3. step",
        "a) tests\nb) a report",
        None,
    ]


@pytest.mark.parametrize(
    ("numbers", "chosen"),
    [
        ("1? 2? 3?", [0, 1, 2]),
        ("1? 1 2 2? 3?", [0, 3, 4]),
        ("1? 1 2 3 2? 1 2 3?", [0, 4, 7]),
        ("1? 2 3? 6? 8", [0, 1, 2, 3, 4]),
        ("1? 2? 1? 2? 3? 4? 5?", [0, 1, 2, 3, 4, 5, 6]),
        ("1? 1? 1?", [0, 1, 2]),
    ],
)
def test_the_running_number_tells_questions_from_lists(numbers: str, chosen: list[int]) -> None:
    candidates = [Candidate(int(text.rstrip("?")), text.endswith("?")) for text in numbers.split()]
    assert running(candidates) == chosen


@pytest.mark.parametrize("title", ["CHAPTER 2", "TRAINING", "Training\n========", "Training\n--------", "Training:"])
def test_titles_are_categories_and_no_part_of_an_answer(title: str) -> None:
    source = f"QUIZ\n\n{title}\n\n(1) What is x?\n\nX.\n\n{title}\n\n(2) What is y?\n\nY.\n"
    name = title.partition("\n")[0].rstrip(":")
    assert [(entry.category, entry.body.answer) for entry in read(source)] == [(name, "X."), (name, "Y.")]


def test_contents_and_instructions_ask_nothing() -> None:
    source = (
        "Contents\n\n(1) What is x? ........ 3\n(2) What is y? ........ 4\n\nInstructions:\n(1) Write clearly.\n"
        "(2) Explain every step.\n\n(1) What is x?\n\nX.\n\n(2) What is y?\n\nY.\n\nCopyright 2024 by us\n"
    )
    assert [(entry.raw, entry.body.answer) for entry in read(source)] == [("What is x?", "X."), ("What is y?", "Y.")]


def test_asides_are_no_answer() -> None:
    source = "(1) What is x?\nDifficulty: hard\n\n(2) What is y?\n\nY.\n\nSource: a book\n\n(3) Why?\nHint: Think.\n"
    found = read(source)
    assert [(entry.body.answer, entry.difficulty) for entry in found] == [(None, "hard"), ("Y.", None), (None, None)]


# ── several on a line, and answers elsewhere ─────────────────────────────────────────────────


def test_options_belong_to_the_question() -> None:
    source = "".join(
        f"({n}) A layer of kind {n} is\n\n   A) dense   B) sparse\n   C) neither\n\nAns: (c)\n\n" for n in (1, 2, 3)
    )
    for n, entry in enumerate(read(source), start=1):
        assert entry.raw == f"A layer of kind {n} is\n\nA) dense   B) sparse\nC) neither"
        assert entry.body.answer == "(c)"


@pytest.mark.parametrize(
    "key",
    [
        "Answers: 1. B 2. C 3. A",
        "ANSWER KEY\n\n1. B\n2. C\n3. A",
        "Answers\n-------\n1) B, 2) C, 3) A",
        "答案：1.B 2.C 3.A",
    ],
)
def test_a_key_at_the_end_answers_by_number(key: str) -> None:
    questions = "".join(f"{n}. What is {n}?\nA. one\nB. two\nC. three\n\n" for n in (1, 2, 3))
    found = read(questions + key)
    assert [(entry.body.answer or "").rstrip(",") for entry in found] == ["B", "C", "A"]
    assert all("A. one\nB. two\nC. three" in entry.raw for entry in found)


def test_cards_stand_on_lines() -> None:
    found = read("# Nets\n\nWhat is x? :: It is y.<br>And z.\nWhy? ::\n- How? :: So.\n")
    assert [(entry.raw, entry.body.answer, entry.category) for entry in found] == [
        ("What is x?", "It is y.\nAnd z.", "Nets"),
        ("Why?", None, "Nets"),
        ("How?", "So.", "Nets"),
    ]
    found = read("No\tTopic\tQuestion\tAnswer\n1\tNets\tWhat is x?\tIt is y.\n2\tNets\tWhy?\t\n3\tLoss\tHow?\n")
    assert [(entry.number, entry.category, entry.raw, entry.body.answer) for entry in found] == [
        ("1", "Nets", "What is x?", "It is y."),
        ("2", "Nets", "Why?", None),
        ("3", "Loss", "How?", None),
    ]


CARDS = {
    "marks": "What is x? :: It is y.\nWhy? ::\nHow? ::  \n",
    "tabs": "What is x?\tIt is y.\nWhy?\t\nHow?\nWhen?\tNow.\nWhich?\n",
    "columns": "1\tNets\tWhat is x?\n2\tNets\tWhy?\n3\tNets\tHow?\n4\tNets\tWhen?\n",
}


@pytest.mark.parametrize("name", list(CARDS))
@pytest.mark.parametrize("answer", ANSWERS)
def test_cards_take_answers_of_any_form(name: str, answer: str) -> None:
    for source in styles(CARDS[name]):
        before = bank(source)
        result = fill(before, {question.id: answer for question in before.questions})
        assert [failure.id for failure in result.failed] == []
        after = bank(result.source)
        assert identities(after) == identities(before)
        assert only_adds(before, result.source)


# ── pages ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", ["{}", "- {} -", "Page {}", "Page {} of 9", "{} | Page", "第 {} 页"])
@pytest.mark.parametrize("feed", ["\f", ""])
def test_page_furniture_is_no_part_of_an_answer(number: str, feed: str) -> None:
    pages = [
        "(1) What is x?\n\nIt is what\n",
        "y is not.\n\n(2) Why?\n\nSo.\n",
        "(3) How?\n\nThus, and\n",
        "so on.\n",
    ]
    source = feed.join(f"Nets, vol. 1\n\n{page}\n{number.format(n)}\n" for n, page in enumerate(pages, start=4))
    found = read(source)
    assert [entry.body.answer for entry in found] == ["It is what\ny is not.", "So.", "Thus, and\nso on."]
    assert found[0].body.standing is None


@pytest.mark.parametrize(
    ("wording", "repaired"),
    [
        ("What is over-\nfitting?", "What is overfitting?"),
        ("What is self-\nattention?", "What is self-attention?"),
        ("Why bias-\nvariance?", "Why bias-variance?"),
        ("What is a ﬂoat?", "What is a float?"),
    ],
)
def test_words_that_a_page_broke_are_whole(wording: str, repaired: str) -> None:
    assert read(f"(1) {wording}\n\n(2) Why?\n")[0].raw == repaired


# ── without marks ────────────────────────────────────────────────────────────────────────────


def test_lines_that_ask_are_questions_where_a_text_is_made_of_them() -> None:
    asked = ["What is x?", "Why y?", "Explain z.", "How?", "When is it?"]
    assert [entry.raw for entry in read("\n\n".join(asked))] == asked
    told = "".join(f"{question}\nBecause.\n" for question in asked if question.endswith("?"))
    assert [entry.body.answer for entry in read(told + "Which one?\nThis.\n")] == ["Because."] * 4 + ["This."]


def test_a_text_that_asks_now_and_then_is_no_bank() -> None:
    told = "Networks are trained with care, and most of the time goes into data.\n" * 30
    assert plain.read(Document(f"{told}Why is that?\n{told}What else?\n{told}"), Choices()) is None


# ── other forms ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("1. What is x?\n2. Why?\n3. How?\n", "lists"),
        ("# T\n\n1. What is x?\n\n   X.\n\n2. Why?\n\n   So.\n", "lists"),
        ("## 1. What is x?\n\nX.\n\n## 2. Why?\n\n1. So.\n2. Thus.\n", "headings"),
        ("## Question 1\n\n**What is x?**\n\n**Answer:** X.\n\n---\n\n## Question 2\n\n**Why?**\n", "headings"),
        ("| Question | Answer |\n|---|---|\n| Q: What? | A: That. |\n", "tables"),
    ],
)
def test_what_another_form_reads_right_it_reads(source: str, form: str) -> None:
    reading = best_reading(Document(source), ".txt")
    assert reading is not None
    assert reading.form == form


@pytest.mark.parametrize(
    "source", ["", "Notes.\n\nWhy? Nobody knows.\n", "1. Open it.\n2. Read it.\n", "1) a\n2) b\n3) c\n", "A: b\nC: d\n"]
)
def test_what_asks_nothing_is_no_bank(source: str) -> None:
    assert plain.read(Document(source), Choices()) is None


BITS = st.sampled_from(
    [
        *(
            "1. ",
            "(2) ",
            "Q: ",
            "A: ",
            "Q1. ",
            "Ans. ",
            "iv) ",
            "一、",
            "What is x?",
            "Why",
            "TODO",
            "a) b",
            "B) c",
            "ANSWER KEY\n",
        ),
        *(
            "CHAPTER 1\n",
            "TRAINING\n",
            "----",
            "Page 3\n",
            "\f",
            "12\n",
            " :: ",
            "\t",
            "Difficulty: hard",
            "Contents\n",
            "- ",
        ),
        *("\n", "\n\n", "\r\n", "\r", "   ", "```", "\ufeff", "ﬁ", "over-\nfit", "**", "<br>", "Good luck", "#"),
    ]
)


@given(st.lists(BITS | st.text(max_size=5), max_size=40).map("".join))
def test_no_text_is_too_strange(source: str) -> None:
    reading = plain.read(Document(source), Choices())
    if reading is None:
        return
    assert 0 <= reading.sure <= 1
    for entry in reading.entries:
        assert entry.raw.strip()
        assert entry.place is not None
        assert 0 <= entry.place[0] <= entry.place[1] <= len(source)
        for slot in (entry.body.slot, entry.body.standing):
            assert slot is None or 0 <= slot.start <= slot.end <= len(source)
        assert (entry.body.answer is None) == (entry.body.slot is not None)


@given(st.lists(BITS | st.text(max_size=5), max_size=30).map("".join), st.lists(BITS, max_size=12).map("".join))
def test_filling_any_text_changes_nothing_but_its_slots(source: str, answer: str) -> None:
    try:
        before = bank(source)
    except BankError:
        return
    result = fill(before, {question.id: answer for question in before.questions})
    assert only_adds(before, result.source)
    if result.filled:
        assert identities(bank(result.source)) == identities(before)


@pytest.mark.parametrize(
    "source",
    [
        "".join(f"({n}) What is thing {n}?\n\nIt is {n}.\n\n" for n in range(10_000)),
        "".join(f"Q: What is thing {n}?\nA: It is {n}.\n" for n in range(10_000)),
        "".join(f"1. Thing {n}?\n1) a\n2) b\n" for n in range(10_000)),
        "".join(f"Answers\n1. a\n2. b\n(3) What is {n}?\n" for n in range(5_000)),
        "CHAPTER 1\n" * 20_000 + "(1) What?\n(2) Why?\n",
        "\f12\nHead\n" * 20_000 + "(1) What?\n(2) Why?\n",
        "(1) " + "What is - " * 50_000 + "\n(2) Why?\n",
        "(1) What?\n(2) " + "a) b " * 50_000 + "?\n",
        "```\n" * 20_000 + "(1) What?\n(2) Why?\n",
        "1" * 100_000 + "\n(1) What?\n(2) Why?\n",
        " :: " * 50_000 + "\nWhat? :: x\n",
        "****" * 50_000 + "\n(1) What?\n(2) Why?\n",
    ],
)
def test_long_documents_are_read_in_linear_time(source: str) -> None:
    began = time.process_time()
    plain.read(Document(source), Choices())
    assert time.process_time() - began < 10


@pytest.mark.parametrize("odd", ["\u2028", "\x0b", "\x1c", "\u3000", "\u00a0"])
def test_lines_of_odd_blanks_are_no_words(odd: str) -> None:
    """Found by a fuzz run: a long line, then one that only `str.split` takes for blank."""
    source = f"1. What is {'a very long thing ' * 5}and\n{odd}\n2. Why?\n3. How is it?\n"
    assert len(bank_from_text(source, path="x.txt").questions) == 3
