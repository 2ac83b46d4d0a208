"""The offline grader agrees with verdicts fixed by hand on answers in other words than the references.

`samples/other-words.jsonl`: 24 questions, four answers each (a paraphrase, a terse expert, a rambling but right one, a
confident wrong one), written and judged by somebody who saw the rubrics without their cues, before any was graded.
"""

from __future__ import annotations

import json

import pytest
from conftest import ROOT

from dlgrade.grading.agreement import kappa
from dlgrade.grading.offline import grade
from dlgrade.library import SHIPPED
from dlgrade.rubrics import load_rubric

ROWS = [json.loads(line) for line in (ROOT / "tests" / "samples" / "other-words.jsonl").read_text().splitlines()]


def test_the_set_covers_what_it_claims() -> None:
    assert len({row["rubric"] for row in ROWS}) == 24
    assert [sum(row["kind"] == kind for row in ROWS) for kind in ("paraphrase", "terse", "rambling", "wrong")] == [
        24
    ] * 4


def test_the_offline_verdicts_agree_with_a_persons() -> None:
    pairs = []
    for row in ROWS:
        given = grade(row["answer"], load_rubric(SHIPPED / "rubrics" / f"{row['rubric']}.yaml"))
        assert {verdict.criterion for verdict in given.verdicts} == set(row["verdicts"]), row["rubric"]
        pairs += [(row["verdicts"][verdict.criterion], verdict.verdict) for verdict in given.verdicts]
    assert kappa(pairs) >= 0.6


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
