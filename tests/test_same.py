from pathlib import Path

from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.banks.same import identity, same

QUESTIONS = Path(__file__).parent.parent / "questions"


def test_questions_that_differ_in_spaces_case_and_markup_are_the_same() -> None:
    one = bank_from_text("## 1. What is deep learning?\n## 2. Why?\n", path="one.md")
    two = bank_from_text("1. **What isdeep Learning**?\n2. How?\n", path="two.md")
    ids = [[question.id for question in group] for group in same([*one.questions, *two.questions])]
    assert ids == [["one:1", "two:1"], ["one:2"], ["two:2"]]


def test_rows_one_and_eight_of_the_catalogue_are_the_same() -> None:
    groups = [group for group in same(read_bank(QUESTIONS / "catalogue.md").questions) if len(group) > 1]
    assert [[question.id for question in group] for group in groups] == [["catalogue:1", "catalogue:8"]]


def test_questions_about_different_things_stay_apart() -> None:
    source = (
        "1. What is C?\n2. What is C++?\n3. How do you use transfer learning?\n4. When do you use transfer learning?\n"
    )
    assert len(same(bank_from_text(source, path="a.md").questions)) == 4


def test_operators_make_questions_different_and_punctuation_does_not() -> None:
    texts = [
        "What does `//` do?",
        "What does `%` do?",
        "Is `==` or `=` right?",
        "Is `=` right?",
        "→?",
        "∑?",
        "f(x)>0?",
        "f(x)<0?",
    ]
    assert len({identity(text) for text in texts}) == len(texts)
    assert identity("What isdeep learning?") == identity("**What** is deep-learning")
    assert identity("…?") != ""


def test_signs_count_in_ascii_as_they_do_beside_other_letters() -> None:
    for sign in map(chr, range(128)):
        assert f"{identity(f'one{sign}two')}ж" == identity(f"one{sign}twoж"), repr(sign)
