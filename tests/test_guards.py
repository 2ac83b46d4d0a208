"""No answer that has the right words and says nothing earns more than 40 percent, with a rubric or without."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from dlgrade.grading.claims import rubric_from
from dlgrade.grading.offline import grade
from dlgrade.grading.words import STOPWORDS, sentences, words
from dlgrade.library import SHIPPED
from dlgrade.models import Rubric
from dlgrade.rubrics import load_rubric

FOUND = sorted(path.stem for path in (SHIPPED / "rubrics").glob("*.yaml"))
SHIPPED_RUBRICS = [load_rubric(SHIPPED / "rubrics" / f"{name}.yaml") for name in FOUND[::16]]
ALONE = [
    (
        "Why does a ship of steel float?",
        "The hull encloses air, so the whole is less dense than water. It sinks until it displaces its weight.",
    ),
    (
        "What does a vaccine do?",
        "A vaccine shows the immune system a harmless part of a germ. Memory cells that know it remain in the blood.",
    ),
    (
        "Is a whale a fish? Say why.",
        "No, a whale is a mammal. It breathes air with lungs, and it feeds its young with milk.",
    ),
]
MADE = [rubric_from(question, reference, 10.0) for question, reference in ALONE]
MADE += [rubric_from(rubric.question, rubric.reference, 10.0) for rubric in SHIPPED_RUBRICS]
EVERY = [*SHIPPED_RUBRICS, *MADE]

_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|will|would|should|does|do|has|have|must|may)\b")


def said(text: str) -> list[str]:
    return [text[sentence.start : sentence.end] for sentence in sentences(text)]


def denied(sentence: str) -> str:
    if _AUXILIARY.search(sentence):
        return _AUXILIARY.sub(lambda match: f"{match[0]} not", sentence, count=1)
    return f"It is not true that {sentence[0].lower()}{sentence[1:]}"


def games(rubric: Rubric) -> Iterator[tuple[str, str]]:
    """Answers made of the reference's words, or the question's, by somebody who knows nothing."""
    mixed = random.Random(rubric.name)
    every = rubric.reference.split()
    terms = list(dict.fromkeys(word.folded for word in words(rubric.reference) if word.folded not in STOPWORDS))
    yield "the question", rubric.question
    yield "the question twice", f"{rubric.question} {rubric.question}"
    yield "keywords", " ".join(terms)
    yield "keywords with commas", ", ".join(terms)
    yield "a keyword a line", "\n".join(f"- {term}" for term in terms)
    yield "keywords as sentences", ". ".join(" ".join(terms[i : i + 4]) for i in range(0, len(terms), 4))
    yield "keywords from a to z", " ".join(sorted(terms))
    yield "all words from a to z", " ".join(sorted(every, key=str.casefold))
    yield "all words in no order", " ".join(mixed.sample(every, len(every)))
    yield (
        "each sentence in no order",
        " ".join(
            " ".join(mixed.sample(sentence.split(), len(sentence.split()))) for sentence in said(rubric.reference)
        ),
    )
    yield "each statement denied", " ".join(denied(sentence) for sentence in said(rubric.reference))
    yield (
        "each statement said to be false",
        " ".join(f"It is false that {s[0].lower()}{s[1:]}" for s in said(rubric.reference)),
    )
    yield "one sentence over and over", " ".join([said(rubric.reference)[0]] * 6)


@pytest.mark.parametrize("rubric", EVERY, ids=lambda rubric: f"{rubric.name}: {rubric.question[:20]}")
def test_no_game_earns_more_than_forty_percent_and_the_reference_all(rubric: Rubric) -> None:
    assert grade(rubric.reference, rubric).percent == 100
    earned = {name: grade(answer, rubric).percent or 0 for name, answer in games(rubric)}
    assert {name: percent for name, percent in earned.items() if percent > 40} == {}


@pytest.mark.parametrize("rubric", MADE[:3], ids=lambda rubric: rubric.question)
def test_what_looks_like_a_trick_asks_for_a_look(rubric: Rubric) -> None:
    for name, answer in games(rubric):
        flags = grade(answer, rubric).flags
        assert any(flag.startswith(("needs review", "repeats the question")) for flag in flags), name


@pytest.mark.parametrize(
    ("rubric", "answer"),
    [
        (MADE[0], "The hull is full of air. So its overall density is below that of the water, which it pushes aside."),
        (MADE[0], "It displaces as much water as it weighs, since with the air in it, it is not as dense as water."),
        (MADE[1], "It trains the immune system with something harmless, so it reacts faster to the real germ later."),
        (MADE[2], "No. Whales have lungs and drink milk when young, so they are mammals and not fish."),
    ],
)
def test_an_answer_in_earnest_is_not_taken_for_a_trick(rubric: Rubric, answer: str) -> None:
    given = grade(answer, rubric)
    assert [flag for flag in given.flags if flag.startswith("needs review")] == []
    assert (given.percent or 0) > 40


def test_one_denied_sentence_costs_what_it_would_have_earned() -> None:
    rubric = MADE[1]
    first, second = said(rubric.reference)
    turned = second.replace("remain", "do not remain")
    given = grade(f"{first} {turned}", rubric)
    assert "needs review: a sentence of the reference, denied or turned round" in given.flags
    assert (given.percent or 0) < (grade(rubric.reference, rubric).percent or 0) - 20


def test_a_negation_that_is_the_references_own_denies_nothing() -> None:
    rubric = rubric_from("When is water ice?", "Water is ice below zero degrees. Above it the water is not frozen.")
    assert grade("Above zero the water is not frozen, below it, it is ice.", rubric).flags[0] == "offline"
    assert not [f for f in grade("Above it the water is not frozen.", rubric).flags if "denied" in f]
    assert [f for f in grade("Above it the water is frozen.", rubric).flags if "denied" in f]


def test_yes_where_the_reference_says_no_is_doubted() -> None:
    answer = "Yes, a whale is a mammal. It breathes air with lungs, and it feeds its young with milk."
    given = grade(answer, MADE[2])
    assert "needs review: the opposite of the reference's yes or no" in given.flags
    assert (given.percent or 0) <= 40


ROW_OF_TERMS = (
    "dropout, random masking of units with probability p, zero activations, co-adaptation of neurons, robust features, "
    "ensemble of thinned networks, averaging of the predictions, training only, inference, all units on, inverted "
    "dropout, scaling by 1-p, expected activation, the rate of dropout, regularization"
)


def test_terms_in_a_row_earn_nothing_though_of_and_the_stand_among_them() -> None:
    given = grade(ROW_OF_TERMS, load_rubric(SHIPPED / "rubrics" / "dropout.yaml"))
    assert given.score == 0
    assert "needs review: a list of terms, not sentences" in given.flags


def test_a_denial_in_other_words_earns_nothing() -> None:
    given = grade(
        "Dropout doesn't switch off neurons at random, and no neuron is ever silenced. Units are not kept from leaning "
        "on each other. It isn't like averaging an ensemble of networks, nor does it inject noise. At test time it is "
        "never switched off, and nothing is rescaled by 1-p.",
        load_rubric(SHIPPED / "rubrics" / "dropout.yaml"),
    )
    assert given.score == 0
    assert "needs review: denies nearly everything it says" in given.flags


def test_an_answer_that_denies_a_common_mistake_is_not_taken_for_a_denial() -> None:
    given = grade(
        "Neurons are switched off at random while training, so they cannot lean on each other. It is not pruning: no "
        "neuron is gone for good. It works like an ensemble of thinned networks that are averaged.",
        load_rubric(SHIPPED / "rubrics" / "dropout.yaml"),
    )
    assert (given.percent or 0) > 50
