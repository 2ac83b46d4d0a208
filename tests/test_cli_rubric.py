"""`dlgrade rubric` says what is wrong with rubrics, with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import ROOT, Run

DROPOUT = ROOT / "rubrics" / "dropout.yaml"


def test_a_rubric_that_holds_is_clean(run: Run) -> None:
    ran = run("rubric", "check", DROPOUT)
    assert (ran.code, ran.out) == (0, "")


def test_mistakes_of_form_and_of_behaviour_are_both_named(run: Run) -> None:
    shutil.copy(DROPOUT, "form.yaml")
    Path("form.yaml").write_text(DROPOUT.read_text().replace("points: 2.5", "points: many", 1))
    Path("sum.yaml").write_text(DROPOUT.read_text().replace("points: 2.5", "points: 3.5", 1))
    reference = "  During training, dropout sets units to zero at random."
    head, rest = DROPOUT.read_text().split("reference: |-\n")
    Path("poor.yaml").write_text(f"{head}reference: |-\n{reference}\n{rest[rest.index('criteria:') :]}")
    ran = run("rubric", "check", "form.yaml", "sum.yaml", "poor.yaml")
    assert ran.code == 1
    assert "form.yaml:23: criteria.1.points: not a number, found 'many'" in ran.out
    assert "sum.yaml: the points add up to 11, not 10" in ran.out
    assert "poor.yaml: the reference does not earn no-co-adaptation: missed" in ran.out


def test_show_prints_the_file(run: Run) -> None:
    assert run("rubric", "show", "general:2").out == DROPOUT.read_text(encoding="utf-8")
