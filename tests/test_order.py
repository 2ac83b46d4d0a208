"""Words thrown together are told from English, notes and lists included."""

from __future__ import annotations

import random

import pytest

from dlgrade.grading.order import is_in_no_order
from dlgrade.grading.words import sentences
from dlgrade.library import SHIPPED
from dlgrade.rubrics import Rubrics

REFERENCES = [rubric.reference for rubric in Rubrics([SHIPPED / "rubrics"]).all()]


def in_no_order(text: str) -> bool:
    return is_in_no_order(sentences(text))


def test_no_reference_is_in_no_order() -> None:
    assert [reference for reference in REFERENCES if in_no_order(reference)] == []


def test_nine_of_ten_references_with_their_words_shuffled_are() -> None:
    mixed = random.Random(0)
    shuffled = [" ".join(mixed.sample(words, len(words))) for words in map(str.split, REFERENCES)]
    assert sum(map(in_no_order, shuffled)) >= 0.9 * len(shuffled)


@pytest.mark.parametrize(
    "text",
    [
        "- Training: units are dropped at random\n- Inference: all on\n- Of the two, only one is costly",
        "What it is for: to train. When it is on, to drop; when off, not to.",
        "To support billions of hosts To increase security To reduce tables In the end To support mobility",
        "it sets units to zero. the rest is scaled. it is off at inference, and the net is whole",
        "Let A be the input and B the output. A is to B as C is to D.",
        "the Header has more Fields than the one of UDP. it is as large as the Data that it carries, or larger",
    ],
)
def test_what_people_write_is_not(text: str) -> None:
    assert not in_no_order(text)


def test_capitals_that_moved_into_sentences_tell() -> None:
    moved = "sums of units drop The at random. is zero for the net It sets mostly. the mean of all in This training."
    assert in_no_order(moved)
    assert not in_no_order(moved.replace("The", "the").replace("It", "it").replace("This", "this"))
