"""Words and sentences keep their offsets, and meet their other spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.grading.words import sentences, stem, stems, words


@given(st.text())
def test_every_word_and_sentence_stands_where_its_offsets_say(text: str) -> None:
    for sentence in sentences(text):
        assert 0 <= sentence.start < sentence.end <= len(text)
    inside = words(text)
    assert all(0 <= word.start < word.end <= len(text) for word in inside)
    for sentence in sentences(text):
        for word in inside[sentence.first : sentence.last]:
            assert sentence.start <= word.start < word.end <= sentence.end
    assert [w for s in sentences(text) for w in s.words.spelled] == [w.folded for w in inside]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another thing! A third?", ["One thing.", "Another thing!", "A third?"]),
        ("It uses e.g. ReLU. It helps.", ["It uses e.g. ReLU.", "It helps."]),
        ("The rate is 0.5 at most", ["The rate is 0.5 at most"]),
        ("Wrapped over\ntwo lines.", ["Wrapped over\ntwo lines."]),
        ("Reasons:\n- first\n- second", ["Reasons:", "- first", "- second"]),
        ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
        ("1. one\n2. two", ["1. one", "2. two"]),
        ("A paragraph\n\nAnd another", ["A paragraph", "And another"]),
        ("", []),
        ("… — !", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert [text[s.start : s.end] for s in sentences(text)] == expected


def test_stems_leave_out_what_carries_no_meaning() -> None:
    assert stems("It is the networks that are being trained") == {"network", "train"}


def test_yes_or_no_denies_nothing() -> None:
    assert not any(word.negates for word in words("For a yes/no problem you get the hits."))


@pytest.mark.parametrize("text", ["cannot rely", "can't rely", "can’t rely", "not rely", "never rely"])
def test_all_negations_are_one(text: str) -> None:
    assert [word.stem for word in words(text)] == ["not", "reli"]


@given(st.from_regex(r"[a-z]{1,12}(?:ational|ization|iveness|fulness|biliti|ying|ies|ed|ly|s|y|e)?", fullmatch=True))
def test_a_stem_differs_from_the_beginning_of_its_word_in_two_letters_at_most(word: str) -> None:
    """By this, two words that may be one in two are told before their stem is made (`cues`)."""
    assert word.startswith(stem(word)[:-2])
