"""Cues find what is said in other words, and not what is denied."""

from __future__ import annotations

import pytest

from dlgrade.grading.cues import Said, best_match
from dlgrade.grading.words import sentences

WAY = ("random* | probability", "zero | drop | turn off")


def found(answer: str, *ways: tuple[str, ...]) -> float:
    match = best_match(ways, Said(sentences(answer)))
    return 0.0 if match.negated else match.share


@pytest.mark.parametrize(
    "answer",
    [
        "Units are dropped at random.",
        "It randomly zeroes activations.",
        "Each unit is turned off with some probability.",
        "Some units are chosen at random. Those are dropped.",
        "It is not only random: it drops whole channels.",
    ],
)
def test_a_way_is_found_in_other_words(answer: str) -> None:
    assert found(answer, WAY) == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        "Units are dropped.",
        "It does not drop units at random.",
        "It never randomly zeroes anything.",
        "A random unit is not turned off.",
        "Random numbers start the training. Then it goes on for long. At last units are dropped.",
    ],
)
def test_a_way_is_not_found_in_part_denied_or_far_apart(answer: str) -> None:
    assert found(answer, WAY) < 1.0


def test_a_negation_ends_with_its_clause() -> None:
    assert found("It is not a filter, units are dropped at random.", WAY) == 1.0


@pytest.mark.parametrize(
    "answer", ["Units cannot rely on others.", "Units can't rely on others.", "They never rely on it."]
)
def test_an_alternative_with_its_own_negation_takes_every_form_of_it(answer: str) -> None:
    assert found(answer, ("not rely",)) == 1.0


def test_joined_and_parted_spellings_meet() -> None:
    assert found("We use minibatches.", ("mini-batch",)) == 1.0
    assert found("We use mini batches.", ("minibatch",)) == 1.0
    assert found("We use mini-batches.", ("mini batch",)) == 1.0


def test_a_phrase_does_not_run_into_the_next_sentence() -> None:
    assert found("The set is balanced. Accuracy is misleading.", ("balanced accuracy",)) == 0.0


def test_unless_keeps_a_way_from_places_with_those_words() -> None:
    way = ("stays on", "unless not | off")
    assert found("Dropout stays on at inference.", way) == 1.0
    assert found("Nothing stays on: it is switched off at inference.", way) == 0.0


def test_the_best_of_several_ways_counts_with_the_sentences_it_stands_in() -> None:
    text = "First this. Units are dropped at random."
    match = best_match([("nowhere",), WAY], Said(sentences(text)))
    assert [text[s.start : s.end] for s in match.sentences] == ["Units are dropped at random."]


def test_no_answer_and_no_cues_find_nothing() -> None:
    assert best_match([WAY], Said(())).share == 0.0
    assert best_match([], Said(sentences("Units are dropped at random."))).share == 0.0
