"""Answers that say nearly the same and have different grades are found, and found soon."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from dlgrade.grading import alike
from dlgrade.grading.alike import LEAST, Alike
from dlgrade.grading.words import fold_word, stem

SAID = (
    "During training dropout sets each unit to zero at random, so that no unit can rely on the others, "
    "and the network learns features that are of use by themselves."
)


def pairs(*answers: tuple[str, float]) -> list[tuple[str, str]]:
    found = Alike()
    for n, (answer, percent) in enumerate(answers):
        found.add("dropout", f"a{n}", answer, percent)
    return [(pair.one, pair.other) for pair in found.pairs()]


@pytest.mark.parametrize(
    "other",
    [
        SAID,
        SAID.upper().replace(",", ";"),
        SAID.replace("unit", "units"),
        SAID.replace("use by", "great use by"),
        SAID.replace("rely", "count"),
        "And the network learns features that are of use by themselves. " + SAID.partition(", and")[0],
    ],
    ids=["the same", "case and signs", "other forms", "a word more", "another word", "another order"],
)
def test_nearly_the_same_words_with_another_grade_are_a_pair(other: str) -> None:
    assert pairs((SAID, 40), (other, 80)) == [("a0", "a1")]
    assert pairs((other, 80), (SAID, 40)) == [("a1", "a0")]


def test_other_words_or_the_same_grade_are_none() -> None:
    assert pairs((SAID, 40), (SAID, 40.2)) == []
    assert pairs((SAID, 40), (SAID + " At inference all units are used, and nothing is set to zero.", 80)) == []
    assert pairs(("", 0), ("", 50)) == []


def test_answers_to_two_questions_are_no_pair() -> None:
    found = Alike()
    found.add("dropout", "ann", SAID, 40)
    found.add("regularization", "bob", SAID, 80)
    assert found.pairs() == ()


def test_the_widest_gap_comes_first_and_each_answer_once() -> None:
    assert pairs((SAID, 40), (SAID, 45), (SAID, 90), (SAID, 50)) == [("a0", "a2"), ("a1", "a3")]


def test_of_two_pairs_that_are_alike_none_is_missed() -> None:
    """Against comparing every two: answers whose scores all differ, few enough that nothing is left out."""
    dice = random.Random(7)
    words = [f"word{n}" for n in range(60)]
    answers: list[str] = []
    for _ in range(120):
        said = (
            [dice.choice(words) for _ in range(dice.randrange(4, 25))]
            if dice.random() < 0.5 or not answers
            else dice.choice(answers).split()
        )
        said[dice.randrange(len(said))] = dice.choice(words)
        answers.append(" ".join(said))
    found = Alike()
    for n, answer in enumerate(answers):
        found.add("q", str(n), answer, float(n))
    got = {frozenset((pair.one, pair.other)) for pair in found.pairs()}
    bags = [Counter(stem(fold_word(word)) for word in answer.split()) for answer in answers]
    alike_ones = [
        (n - m, frozenset((str(m), str(n))))
        for n in range(len(bags))
        for m in range(n)
        if (bags[m] & bags[n]).total() / (bags[m] | bags[n]).total() >= LEAST
    ]
    assert len(alike_ones) > 20
    taken: set[str] = set()
    for _, pair in sorted(alike_ones, key=lambda one: -one[0]):
        if not pair & taken:
            # the answers of a pair that is not there stand in another with as wide a gap
            assert pair in got or pair & {id_ for one in got for id_ in one}
            taken |= pair


def test_ten_thousand_answers_to_one_question_take_seconds_also_where_they_are_all_alike() -> None:
    dice = random.Random(1)
    words = [f"word{n}" for n in range(2000)]
    texts = [[dice.choice(words) for _ in range(60)] for _ in range(20)]
    found, begun = Alike(), time.process_time()
    for n in range(10_000):
        said = list(dice.choice(texts))
        said[dice.randrange(60)] = dice.choice(words)
        found.add("q", str(n), " ".join(said), float(dice.randrange(0, 101, 10)))
    assert len(found.pairs()) == alike.SHOWN
    assert time.process_time() - begun < 20


def test_more_answers_than_are_looked_at_are_counted() -> None:
    found = Alike(most=2)
    for n in range(5):
        found.add("q", str(n), SAID, 10.0 * n)
    assert (found.looked_at, found.left_out, len(found.pairs())) == (2, 3, 1)
