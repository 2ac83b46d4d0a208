from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.banks.same import OfGroups, identity, same
from dlgrade.models import Question

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


WORDINGS = st.lists(st.sampled_from([f"What is {thing}?" for thing in "abcdefg"] + ["what isa", "Rubric?"]))


@given(WORDINGS, st.booleans())
def test_groups_are_as_in_a_dict(texts: list[str], by_rubric: bool) -> None:
    rubrics = {identity(f"What is {thing}?"): "rubric" for thing in "bd"}

    def key(question: Question) -> str:
        own = identity(question.text)
        return f"the {rubrics[own]}" if by_rubric and own in rubrics else own

    questions = [Question(bank="bank", position=n, raw=text, text=text, line=n) for n, text in enumerate(texts, 1)]
    groups, wanted = same(questions, key), dict[str, list[Question]]()
    for question in questions:
        wanted.setdefault(key(question), []).append(question)
    assert groups == tuple(map(tuple, wanted.values()))
    assert (list(groups.firsts), len(groups)) == ([group[0] for group in wanted.values()], len(wanted))
    assert list(groups.larger) == [tuple(group) for group in wanted.values() if len(group) > 1]
    found = OfGroups(groups, {number: group for number, group in enumerate(wanted.values()) if number % 2})
    for question in questions:
        group = wanted[key(question)]
        number = groups.of(identity(question.text))
        assert number == list(wanted).index(key(question))
        assert groups.members(number) == tuple(group)
        assert found.get(identity(question.text)) == (group if number % 2 else None)
    assert (groups.of("whatisz"), found.get("whatisz")) == (None, None)


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
