"""Correlation, kappa and error are what others work out for the same numbers; intervals come of drawing questions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.grading.measures import NAMES, intervals, line_through, measure

# Two graders, 12 answers, 0 to 4 points.
FIRST = [0, 0, 1, 2, 2, 3, 3, 4, 4, 1, 3, 2]
SECOND = [0, 1, 1, 1, 2, 3, 2, 4, 1, 0, 4, 3]

QUARTERS = st.integers(0, 4).map(lambda points: points / 4)
SCORES = st.lists(st.tuples(QUARTERS, QUARTERS), min_size=2, max_size=40)


def test_the_measures_are_those_of_scipy_and_scikit_learn() -> None:
    measured = measure([x / 4 for x in FIRST], [y / 4 for y in SECOND], levels=5)
    assert measured == pytest.approx(
        {
            # scipy 1.17.1, scipy.stats: pearsonr, spearmanr
            "pearson": 0.6654652572306539,
            "spearman": 0.676426992317596,
            # scikit-learn 1.9.1: cohen_kappa_score, with weights="quadratic" and without
            "qwk": 0.6538461538461537,
            "kappa": 0.27586206896551724,
            # by hand: points apart 0 1 0 1 0 0 1 0 3 1 1 1, of 4
            "mae": 9 / 12 / 4,
            "rmse": math.sqrt(15 / 12) / 4,
            "bias": -3 / 12 / 4,
        },
        abs=1e-12,
    )


def test_kappas_of_a_table_are_those_worked_out_from_its_margins() -> None:
    table = [[106, 10, 4], [22, 28, 10], [2, 12, 6]]
    pairs = [(i / 2, j / 2) for i, j in product(range(3), range(3)) for _ in range(table[i][j])]
    people, scores = [x for x, _ in pairs], [y for _, y in pairs]
    rows, columns = [120, 60, 20], [130, 50, 20]
    observed = sum(table[i][j] * (i - j) ** 2 for i, j in product(range(3), range(3)))
    by_chance = sum(rows[i] * columns[j] * (i - j) ** 2 for i, j in product(range(3), range(3))) / 200
    measured = measure(people, scores, levels=3)
    assert measured["qwk"] == pytest.approx(1 - observed / by_chance)
    # 140 of 200 agree, where (120·130 + 60·50 + 20·20) / 200² would by chance
    assert measured["kappa"] == pytest.approx((0.70 - 0.475) / (1 - 0.475))


@given(SCORES)
def test_measures_are_their_definitions(pairs: list[tuple[float, float]]) -> None:
    people, scores = [x for x, _ in pairs], [y for _, y in pairs]
    measured = measure(people, scores, levels=5)
    every = list(product(people, scores))
    costs: dict[str, Callable[[float, float], float]] = {"qwk": lambda x, y: (x - y) ** 2, "kappa": lambda x, y: x != y}
    for name, cost in costs.items():
        by_chance = statistics.fmean(cost(x, y) for x, y in every)
        expected = 1 - statistics.fmean(cost(x, y) for x, y in pairs) / by_chance if by_chance else None
        assert measured[name] == (expected if expected is None else pytest.approx(expected, abs=1e-9))
    if len(set(people)) == 1 or len(set(scores)) == 1:
        assert (measured["pearson"], measured["spearman"]) == (None, None)
        return
    ranks = [[sum(y < x for y in row) + (row.count(x) + 1) / 2 for x in row] for row in (people, scores)]
    assert measured["pearson"] == pytest.approx(statistics.correlation(people, scores), abs=1e-9)
    assert measured["spearman"] == pytest.approx(statistics.correlation(*ranks), abs=1e-9)


@given(SCORES, st.integers(0, 3))
def test_nothing_is_ever_nan(pairs: list[tuple[float, float]], few: int) -> None:
    for some in (pairs, pairs[:few]):
        people, scores = [x for x, _ in some], [y for _, y in some]
        measured = measure(people, scores, levels=3)
        ends = intervals(people, scores, list(range(len(some))), levels=3, seed=0, resamples=20)
        values = [*measured.values(), *(end for pair in ends.values() if pair for end in pair)]
        assert all(value is None or math.isfinite(value) for value in values)
        assert tuple(measured) == tuple(ends) == NAMES


def test_a_score_between_two_levels_takes_the_higher() -> None:
    assert (
        measure([0, 0.5, 1], [0.25, 0.75, 1], levels=3)["kappa"] == measure([0, 0.5, 1], [0.5, 1, 1], levels=3)["kappa"]
    )
    # 0.15 is a little less in floats, and 0.85 - 0.7 a little more
    assert measure([0.15, 1.0], [0.85 - 0.7, 1.0], levels=11)["kappa"] == 1


def test_intervals_draw_questions_and_not_answers() -> None:
    people = [n % 5 / 4 for n in range(30)]
    scores = [n % 7 / 6 for n in range(30)]
    once = intervals(people, scores, list(range(30)), levels=5, seed=1)
    # fifty answers to each question that are all alike say no more than one
    often = intervals(people * 50, scores * 50, list(range(30)) * 50, levels=5, seed=1)
    alone = intervals(people * 50, scores * 50, list(range(1500)), levels=5, seed=1)
    for name in NAMES:
        wide, same, narrow = once[name], often[name], alone[name]
        assert wide is not None
        assert same == pytest.approx(wide, abs=1e-9)
        assert narrow is not None
        assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 3


def test_an_interval_is_as_wide_as_theory_has_it() -> None:
    off = [math.sin(n) / 4 for n in range(400)]
    low, high = intervals([0.5] * 400, [0.5 + x for x in off], list(range(400)), levels=5, seed=0)["bias"] or (0, 0)
    error = statistics.pstdev(off) / 20
    assert (low, high) == pytest.approx(
        (statistics.fmean(off) - 1.96 * error, statistics.fmean(off) + 1.96 * error), abs=0.2 * error
    )


def test_one_seed_gives_one_interval() -> None:
    people, scores = [x / 4 for x in FIRST], [y / 4 for y in SECOND]
    draw = [intervals(people, scores, list(range(12)), levels=5, seed=seed)["pearson"] for seed in (3, 3, 4)]
    assert draw[0] == draw[1] != draw[2]


def test_one_question_has_no_intervals() -> None:
    assert intervals([0, 1], [0, 1], ["q", "q"], levels=2, seed=0) == dict.fromkeys(NAMES)


def test_what_most_draws_cannot_say_has_no_interval() -> None:
    # people differ on one question of twenty: a third of the draws leave it out
    people, scores = [0.0] * 19 + [1.0], [n / 19 for n in range(20)]
    found = intervals(people, scores, list(range(20)), levels=5, seed=0)
    assert found["pearson"] is None
    assert found["mae"] is not None


def test_the_line_is_that_of_least_squares_kept_between_0_and_1() -> None:
    assert line_through([1, 2, 3, 4], [0.1, 0.3, 0.2, 0.4]) == pytest.approx([0.13, 0.21, 0.29, 0.37])
    assert line_through([0, 1, 2, 10], [0, 1, 1, 1])[3] == 1
    assert line_through([7, 7], [0, 1]) == [0.5, 0.5]
