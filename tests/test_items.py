"""What grades say about questions: difficulty, spread and discrimination, by the textbook."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.grading.items import FEWEST, Correlation, Tally, discriminations, people_in
from dlgrade.models import Grade, Grader, Verdict, VerdictWord

POINTS: dict[str, float] = {"met": 2.0, "partial": 1.0, "missed": 0.0}


def grade(*words: VerdictWord, id_: str = "ann", status: str = "graded") -> Grade:
    score = sum(POINTS[word] for word in words)
    done = status == "graded"
    return Grade(
        id=id_,
        question="What is dropout?",
        rubric="dropout",
        status=status,
        score=score if done else None,
        max_score=2 * len(words) or 2,
        percent=50 * score / len(words) if done else None,
        verdicts=tuple(
            Verdict(criterion=f"c{n}", verdict=word, points=POINTS[word], max_points=2) for n, word in enumerate(words)
        ),
        grader=Grader(model="m", prompt="p"),
        error=None if done else {"kind": "refused", "message": "No."},
    )


def tally_of(*grades: Grade) -> Tally:
    tally = Tally("What is dropout?", "dropout")
    for one in grades:
        tally.add(one, one.id)
    return tally


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=30))
def test_a_correlation_worked_out_pair_by_pair_is_numpys(pairs: list[tuple[float, float]]) -> None:
    found = Correlation()
    for x, y in pairs:
        found.add(x, y)
    xs, ys = np.array(pairs).T
    if min(xs.std(), ys.std()) < 1e-3:
        return
    assert found.r == pytest.approx(np.corrcoef(xs, ys)[0, 1], abs=1e-6)


def test_nothing_correlates_with_scores_that_are_all_the_same() -> None:
    found = Correlation()
    for n in range(20):
        found.add(0.1 + 0.2, n)
    assert found.r is None


def test_the_spread_is_the_samples_and_quartiles_lie_within_it() -> None:
    spread = tally_of(*(grade(word, "missed") for word in ("met", "met", "partial", "missed"))).spread()
    assert spread is not None
    percents = [50.0, 50.0, 25.0, 0.0]
    assert (spread.n, spread.mean) == (4, float(np.mean(percents)))
    assert spread.sd == pytest.approx(np.std(percents, ddof=1))
    assert spread.quartiles == pytest.approx(tuple(np.quantile(percents, [0.25, 0.5, 0.75])))
    assert spread.bins == (1, 0, 1, 0, 0, 2, 0, 0, 0, 0)


def test_full_marks_are_in_the_highest_range() -> None:
    spread = tally_of(grade("met")).spread()
    assert spread is not None
    assert (spread.bins[9], spread.sd, spread.quartiles) == (1, None, (100, 100, 100))


def test_an_answer_without_a_grade_is_counted_and_is_no_zero() -> None:
    tally = tally_of(grade("met"), grade("missed", status="ungraded"), grade(status="failed"))
    spread = tally.spread()
    assert spread is not None
    assert (spread.n, spread.mean) == (1, 100)
    assert (tally.ungraded, tally.failed) == ({"refused": 1}, {"refused": 1})
    assert tally_of(grade(status="failed")).spread() is None


def test_criteria_tell_how_many_met_them_and_go_with_the_rest_or_do_not() -> None:
    dice = random.Random(3)
    rows: list[list[VerdictWord]] = []
    for _ in range(200):
        knows = dice.random() < 0.5
        # the third is met by chance, whoever answers
        rows.append(
            [
                "met" if knows else "missed",
                "met" if knows and dice.random() < 0.9 else "missed",
                dice.choice(("met", "partial", "missed")),
            ]
        )
    criteria = tally_of(*(grade(*row) for row in rows)).criteria()
    for n, one in enumerate(criteria):
        words = [row[n] for row in rows]
        assert (one.met, one.partial, one.missed) == tuple(words.count(w) for w in ("met", "partial", "missed"))
        own = [POINTS[row[n]] for row in rows]
        rest = [sum(POINTS[word] for word in row) - POINTS[row[n]] for row in rows]
        assert one.discrimination == pytest.approx(np.corrcoef(own, rest)[0, 1])
    assert criteria[0].discrimination is not None
    assert criteria[0].discrimination > 0.5
    assert criteria[2].discrimination is not None
    assert abs(criteria[2].discrimination) < 0.2


def test_discrimination_is_the_correlation_with_the_same_peoples_other_questions() -> None:
    dice = random.Random(5)
    words: tuple[VerdictWord, ...] = ("missed", "partial", "met")
    rows = [[words[min(2, max(0, skill + dice.choice((-1, 0, 1))))] for _ in range(3)] for skill in [0, 1, 2] * 20]
    tallies = [tally_of(*(grade(row[n], id_=f"p{p}") for p, row in enumerate(rows))) for n in range(3)]
    table = np.array([[POINTS[word] for word in row] for row in rows])
    for n, told in enumerate(discriminations(tallies)):
        rest = table.sum(axis=1) - table[:, n]
        assert told.value == pytest.approx(np.corrcoef(table[:, n], rest)[0, 1])
        assert (told.statistic, told.n) == ("item-rest", 60)
    assert people_in(tallies) == 60


def test_where_nobody_answered_two_questions_the_criteria_are_held_against_each_other() -> None:
    rows: list[tuple[VerdictWord, VerdictWord]] = [("met", "met"), ("missed", "missed"), ("met", "missed")] * 5
    told = discriminations([tally_of(*(grade(*row, id_=f"p{n}") for n, row in enumerate(rows)))])[0]
    ones, others = np.array([[POINTS[word] for word in row] for row in rows]).T
    assert told.value == pytest.approx(np.corrcoef(ones, others)[0, 1])
    assert (told.statistic, told.n) == ("criterion-rest", 15)


@pytest.mark.parametrize(
    ("grades", "why"),
    [
        ([grade("met", "missed", id_=f"p{n}") for n in range(FEWEST - 1)], "fewer than 10 answers"),
        ([grade("met", "missed", id_=f"p{n}") for n in range(FEWEST)], "its criteria have all the same"),
        ([grade("met", id_=f"p{n}") for n in range(FEWEST)], "it has one criterion"),
    ],
)
def test_a_discrimination_that_cannot_be_worked_out_says_why(grades: list[Grade], why: str) -> None:
    told = discriminations([tally_of(*grades)])[0]
    assert (told.value, told.why) == (None, why)
