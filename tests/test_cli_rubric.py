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


def test_show_tells_needs_and_groups_in_words(run: Run) -> None:
    Path("rubrics").mkdir()
    text = DROPOUT.read_text(encoding="utf-8").replace(
        "    points: 1\n", "    points: 1\n    needs: [random-masking]\n"
    )
    groups = "groups:\n  - {at_most: 3, of: [random-masking, no-co-adaptation]}\n"
    Path("rubrics/dropout.yaml").write_text(text.replace("misconceptions:", groups + "misconceptions:"))
    ran = run("rubric", "show", "dropout")
    assert ran.out == Path("rubrics/dropout.yaml").read_text()
    assert ran.err.splitlines() == [
        "At most 8 points:",
        "  expectation-scaling counts only with random-masking",
        "  random-masking, no-co-adaptation earn at most 3 together",
    ]


def test_a_reference_need_not_earn_what_another_way_earns_already(run: Run) -> None:
    other = "  - {id: other-way, points: 1, expects: Bananas are yellow., cues: [[banana]]}\nmisconceptions:"
    text = DROPOUT.read_text(encoding="utf-8").replace("misconceptions:", other)
    Path("lone.yaml").write_text(text)
    Path("tied.yaml").write_text(
        text.replace("misconceptions:", "groups:\n  - only_one_of: [random-masking, other-way]\nmisconceptions:")
    )
    assert "lone.yaml: the reference does not earn other-way" in run("rubric", "check", "lone.yaml").out
    ran = run("rubric", "check", "tied.yaml")
    assert (ran.code, ran.out) == (0, "")


def test_a_folder_of_rubrics_is_checked_file_by_file(run: Run) -> None:
    Path("drafts").mkdir()
    assert run("rubric", "check", "drafts").code == 2
    shipped = DROPOUT.read_text(encoding="utf-8")
    Path("drafts/one.yaml").write_text(shipped, encoding="utf-8")
    Path("drafts/two.yml").write_text(shipped.replace("points: 2.5", "points: 2.25", 1), encoding="utf-8")
    ran = run("rubric", "check", "drafts")
    assert ran.code == 1
    assert "drafts/two.yml: the points add up to" in ran.out
    assert "drafts/one.yaml" not in ran.out


def test_the_references_by_other_rubrics_are_summed_up_the_worst_first(run: Run) -> None:
    paths = [ROOT / "rubrics" / f"{name}.yaml" for name in ("softmax", "early-stopping", "dropout")]
    ran = run("rubric", "check", *paths)
    first, _, worst = ran.out.splitlines()
    assert first.startswith("6 references by other rubrics: ")
    assert "0.0 where the topics differ" in first
    assert worst.split()[1:3] == ["early-stopping", "dropout"]
    assert float(worst.split()[0]) > 0
    assert "by other rubrics" not in run("rubric", "check", paths[0]).out
