"""The offline grader agrees with verdicts fixed by hand, and no answer that games it earns much.

`samples/other-words.jsonl`: 24 questions, four answers each (a paraphrase, a terse expert, a rambling but right one, a
confident wrong one), written and judged by somebody who saw the rubrics without their cues, before any was graded.

`samples/known-quality.jsonl`: 20 other questions, ten kinds of answer each, written and judged in the same way.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ROOT

from dlgrade.grading.agreement import kappa
from dlgrade.grading.offline import grade
from dlgrade.library import SHIPPED
from dlgrade.rubrics import load_rubric

SAMPLES = ROOT / "tests" / "samples"
ROWS = [json.loads(line) for line in (SAMPLES / "other-words.jsonl").read_text("utf-8").splitlines()]
QUALITY = [json.loads(line) for line in (SAMPLES / "known-quality.jsonl").read_text("utf-8").splitlines()]
EARNEST = ("full", "most", "half", "wrong")
GAMED = ("vague", "salad", "shuffled", "negated", "echoed", "off-topic")


def test_the_set_covers_what_it_claims() -> None:
    assert len({row["rubric"] for row in ROWS}) == 24
    assert [sum(row["kind"] == kind for row in ROWS) for kind in ("paraphrase", "terse", "rambling", "wrong")] == [
        24
    ] * 4


def test_the_set_of_known_quality_covers_what_it_claims() -> None:
    assert len({row["rubric"] for row in QUALITY}) == 20
    assert {row["rubric"] for row in QUALITY}.isdisjoint(row["rubric"] for row in ROWS)
    for kind in (*EARNEST, *GAMED):
        assert len({row["rubric"] for row in QUALITY if row["kind"] == kind}) == 20, kind


@pytest.mark.parametrize("rows", [ROWS, QUALITY], ids=["other words", "known quality"])
def test_the_offline_verdicts_agree_with_a_persons(rows: list[dict[str, Any]]) -> None:
    pairs = []
    for row in rows:
        given = grade(row["answer"], load_rubric(SHIPPED / "rubrics" / f"{row['rubric']}.yaml"))
        assert {verdict.criterion for verdict in given.verdicts} == set(row["verdicts"]), row["rubric"]
        pairs += [(row["verdicts"][verdict.criterion], verdict.verdict) for verdict in given.verdicts]
    assert kappa(pairs) >= 0.6


@pytest.mark.parametrize("row", [r for r in QUALITY if r["kind"] in GAMED], ids=lambda r: f"{r['rubric']} {r['kind']}")
def test_no_gamed_answer_earns_more_than_40_percent(row: dict[str, Any]) -> None:
    given = grade(row["answer"], load_rubric(SHIPPED / "rubrics" / f"{row['rubric']}.yaml"))
    assert given.percent is not None
    assert given.percent <= 40


def test_a_confident_wrong_answer_earns_little() -> None:
    wrong = [row for row in ROWS if row["kind"] == "wrong"]
    percents = [
        grade(row["answer"], load_rubric(SHIPPED / "rubrics" / f"{row['rubric']}.yaml")).percent or 0 for row in wrong
    ]
    assert sum(percents) / len(percents) < 15


def test_kappa_is_cohens() -> None:
    # The example of https://en.wikipedia.org/wiki/Cohen%27s_kappa: 20, 5, 10, 15 give 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("y", "y"), ("n", "n")]) == 1.0
    with pytest.raises(ValueError, match="no pairs"):
        kappa([])
    with pytest.raises(ValueError, match="one verdict throughout"):
        kappa([("y", "y")])
