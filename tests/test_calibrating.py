"""Labels are read as people write them, and pairs become one picture: over all, by question, by criterion."""

from __future__ import annotations

from typing import Any

import pytest

from dlgrade.calibrating import Pair, agree, levels_of
from dlgrade.errors import InputError
from dlgrade.grading.labels import label_of
from dlgrade.grading.rows import Row


def row(max_score: float | None = 10, **extra: str) -> Row:
    return Row("a", "labels.csv:2", "dropout", "It drops units.", max_score=max_score, extra=extra)


def pair(person: float, given: float, **more: Any) -> Pair:
    return Pair(
        **({"id": "a", "question": "q", "second": None, "words": 3, "max_score": 1.0} | more),
        person=person,
        given=given,
    )


def test_a_score_is_a_share_of_the_maximum_whatever_its_column_is_called() -> None:
    label = label_of(row(score="4", Score2=" 5.0 ", verdicts='{"random-masking": "met", "scaling": "partial"}'))
    assert (label.score, label.second) == (0.4, 0.5)
    assert label.verdicts == {"random-masking": "met", "scaling": "partial"}
    assert label_of(row(SCORE="10")).score == 1
    assert label_of(row(score="0")).score == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no score: "),
        ({"score": "  "}, "no score: "),
        ({"score": "good"}, "score: not a number: good"),
        ({"score": "NaN"}, "score: not a number: NaN"),
        ({"score": "true"}, "score: not a number: true"),
        ({"score": "11"}, "score: 11 is not between 0 and the max_score, 10"),
        ({"score": "-1"}, "score: -1 is not between 0 and the max_score, 10"),
        ({"score": "4", "max_score": None}, "no max_score: a score of 4 says little without it"),
        ({"score": "4", "score2": "40"}, "score2: 40 is not between 0 and the max_score, 10"),
        ({"score": "4", "verdicts": "met"}, "verdicts: not an object"),
        ({"score": "4", "verdicts": '["met"]'}, "verdicts: not an object"),
        ({"score": "4", "verdicts": '{"scaling": "yes"}'}, 'scaling is none of met, partial, missed: "yes"'),
        ({"score": "4", "verdicts": '{"scaling": [1]}'}, "scaling is none of met, partial, missed: [1]"),
    ],
)
def test_what_is_no_label_says_why(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        label_of(row(**given))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("scores", "maxima", "levels"),
    [
        ([0, 4, 2], {4}, 5),
        ([0, 2], {2}, 3),  # a level that nobody used is one all the same
        ([0, 1], {1}, 2),
        ([0, 20], {20}, 21),
        ([0, 0.5, 1], {1}, 3),
        ([0, 25, 100], {100}, 5),
        ([0, 37, 100], {100}, 11),
        ([0, 0.125, 1], {1}, 9),
        ([], set(), 2),
    ],
)
def test_levels_are_those_of_peoples_scores(scores: list[float], maxima: set[int], levels: int) -> None:
    most = max(maxima, default=1)
    assert levels_of([pair(score / most, 0, max_score=float(most)) for score in scores]) == levels


def test_levels_of_several_maxima_are_the_fewest_that_hold_all() -> None:
    assert levels_of([pair(1 / 2, 0, max_score=2.0), pair(1 / 3, 0, max_score=3.0)]) == 7
    assert levels_of([pair(0, 0, second=0.25)]) == 5


def test_baselines_and_the_second_person_stand_beside_the_grader() -> None:
    pairs = [
        pair(n / 4, n / 4, question=f"q{n}", words=10**n, second=None if n == 4 else (4 - n) / 4) for n in range(5)
    ]
    found = agree(pairs, seed=0)
    assert [found.measured[name] for name in ("qwk", "pearson", "mae")] == pytest.approx([1, 1, 0])
    assert found.mean["pearson"] is None
    assert [found.mean[name] for name in ("qwk", "mae", "bias")] == pytest.approx([0, 0.3, 0])
    assert found.length["pearson"] == pytest.approx(1, abs=0.01)
    assert found.people is not None
    assert [found.people_n, found.people["pearson"]] == pytest.approx([4, -1])


def test_questions_come_worst_first() -> None:
    pairs = [pair(0, 0.1, question="near"), pair(1, 0.2, question="far"), pair(0, 0.4, question="far")]
    found = agree(pairs, seed=0).questions
    assert [(one.question, one.n) for one in found] == [("far", 2), ("near", 1)]
    assert [found[0].measured[name] for name in ("mae", "pearson")] == pytest.approx([0.6, -1])


def test_verdicts_are_compared_by_criterion() -> None:
    first = [("r/a", "met", "met"), ("r/b", "met", "missed")]
    second = [("r/a", "missed", "missed"), ("r/b", "met", "missed")]
    found = agree([pair(1, 1, verdicts=tuple(some)) for some in (first, second)], seed=0).criteria
    assert [(one.criterion, one.n, one.same, one.kappa) for one in found] == [("r/b", 2, 0, 0), ("r/a", 2, 1, 1)]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([], "nothing to compare"),
        ([pair(0.5, 0.5)], "One answer"),
        ([pair(0.5, 0.1), pair(0.5, 0.2)], "People gave every answer the same, 0.50 of 1"),
        ([pair(0.1, 0.5), pair(0.2, 0.5)], "The grader gave every answer the same, 0.50 of 1"),
        ([pair(0.1, 0.5), pair(0.2, 0.6)], "One question"),
        ([pair(0.1, 0.5), pair(0.2, 0.6, question="other")], "2 questions: intervals from so few are rough"),
    ],
)
def test_what_cannot_be_worked_out_is_said_in_words(pairs: list[Pair], said: str) -> None:
    found = agree(pairs, seed=0)
    assert said in " ".join(found.remarks)
