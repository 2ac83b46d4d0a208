"""`dlgrade grades` explains stored grades, keeps people's verdicts with name and reason, and makes tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run

from dlgrade.models import Grade

SAID = "Units are dropped at random. Dropout stays on at inference."
FLUMPH = {"question": "What is a flumph?", "reference": "It floats. It is psionic.", "answer": "It floats."}
ROWS = [
    {"id": "ann", "question": "dropout", "answer": SAID},
    {"id": "bob", "question": "dropout", "answer": "I do not know what that is."},
    {"id": "cy", **FLUMPH},
]
BY = ("--by", "R. Roe", "--why", "It says so in the second line.")


def write(name: str, rows: Iterable[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def grades(name: str = "grades.jsonl") -> list[Grade]:
    return [Grade.model_validate_json(line) for line in Path(name).read_text(encoding="utf-8").splitlines()]


def a_class(run: Run) -> None:
    write("class.jsonl", ROWS)
    assert run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl").code == 0


def override(run: Run, *what: str) -> Any:
    return run("grades", "override", "grades.jsonl", *what, *BY)


# ── explain ──────────────────────────────────────────────────────────────────────────────────


def test_a_stored_grade_is_explained_as_it_was_when_it_was_given(run: Run) -> None:
    a_class(run)
    ran = run("grades", "explain", "grades.jsonl", "ann")
    shown = run("grade", "dropout", "--text", SAID, "--explain").out
    assert ran.code == 0
    assert ran.out.splitlines()[2:] == [
        line[2:] for line in shown[shown.index("How the score") :].split("\n\n")[0].splitlines()[1:]
    ]
    assert ran.out.splitlines()[-1] == "= 0.5 of 10 (5 %)"
    assert ran.err == ""


def test_an_explanation_says_where_the_rubric_has_changed_since(run: Run) -> None:
    a_class(run)
    Path("rubrics").mkdir()
    text = (ROOT / "rubrics" / "dropout.yaml").read_text(encoding="utf-8")
    Path("rubrics/dropout.yaml").write_text(text.replace("costs: 2", "costs: 1", 1))
    ran = run("grades", "explain", "grades.jsonl", "ann")
    assert ran.out.splitlines()[-1] == "= 1.5 of 10 (15 %)"
    assert "The stored score is 0.5 of 10, by the rubric as it was: dlgrade regrade grades.jsonl renews it." in ran.err
    Path("rubrics/dropout.yaml").write_text(text.replace("expects: Units cannot", "expects: Its units cannot", 1))
    ran = run("grades", "explain", "grades.jsonl", "ann")
    assert "Worded otherwise since, or new: no-co-adaptation. The stored score is 0.5 of 10." in ran.err


def test_a_grade_of_a_reference_is_explained_from_the_grade_itself(run: Run) -> None:
    a_class(run)
    cy = grades()[2]
    met, other = cy.verdicts
    ran = run("grades", "explain", "grades.jsonl", "cy")
    assert [line.split() for line in ran.out.splitlines()[2:]] == [
        *(["+1", "1", "claim-1:", "met,", "1"],),
        [f"+{other.points:g}", f"{cy.score:g}", "claim-2:", f"{other.verdict},", f"{other.points:g}", "of", "1"],
        ["=", f"{cy.score:g}", "of", "2", f"({cy.percent:g}", "%)"],
    ]
    assert (met.points, 0 < other.points < 1) == (1, True)


def test_a_document_as_grade_prints_it_is_read_too(run: Run) -> None:
    Path("one.json").write_text(run("grade", "general:2", "--text", SAID, "--json").out, encoding="utf-8")
    assert run("grades", "explain", "one.json", "general:2").out.endswith("= 0.5 of 10 (5 %)\n")
    ran = run("grades", "override", "one.json", "general:2", "no-co-adaptation", "met", *BY)
    document = json.loads(Path("one.json").read_text(encoding="utf-8"))
    assert (ran.code, document["score"]) == (0, 3.0)
    assert Path("one.json").read_text(encoding="utf-8").startswith("{\n  ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "g.jsonl: cannot be read: no such file or directory"),
        ('{"id": "x"}\n', "g.jsonl:1: not a grade: question: field required"),
        ("\nnothing\n", "g.jsonl:2: not a grade: invalid json"),
        ("{\n", "g.jsonl:1: not a grade: invalid json"),
        ("", "g.jsonl: no grade has the id 'ann'"),
    ],
)
def test_a_file_that_holds_no_such_grade_is_named_in_a_line(run: Run, content: str | None, said: str) -> None:
    if content is not None:
        Path("g.jsonl").write_text(content)
    ran = run("grades", "explain", "g.jsonl", "ann")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_table_of_grades_is_not_taken_for_grades(run: Run) -> None:
    write("class.jsonl", ROWS)
    run("grade", "--answers", "class.jsonl", "--out", "grades.csv")
    ran = run("grades", "explain", "grades.csv", "ann")
    assert ran.code == 2
    assert "grades.csv: a table of grades is for people" in ran.err


# ── override ─────────────────────────────────────────────────────────────────────────────────


def test_a_persons_verdict_counts_and_is_kept_with_name_and_reason(run: Run) -> None:
    a_class(run)
    before = Path("grades.jsonl").read_bytes().splitlines()
    ran = override(run, "ann", "no-co-adaptation", "met")
    assert (ran.code, ran.out) == (0, "ann: no-co-adaptation met: 0.5 of 10 -> 3 of 10\n")
    ann = grades()[0]
    (kept,) = ann.overrides
    assert (kept.criterion, kept.verdict, kept.by, kept.why, kept.instead_of) == (
        *("no-co-adaptation", "met", "R. Roe", "It says so in the second line.", "missed"),
    )
    assert (ann.score, ann.percent, ann.verdicts[1].verdict, ann.verdicts[1].points) == (3, 30, "met", 2.5)
    assert "Right: Units cannot rely" in ann.feedback
    assert Path("grades.jsonl").read_bytes().splitlines()[1:] == before[1:]
    told = run("grades", "explain", "grades.jsonl", "ann").out
    assert "no-co-adaptation: met, 2.5 (R. Roe, instead of missed: It says so in the second line.)" in told


def test_a_misconception_can_be_found_absent_and_the_other_way_round(run: Run) -> None:
    a_class(run)
    override(run, "ann", "active-at-inference", "absent")
    override(run, "ann", "more-capacity", "found")
    ann = grades()[0]
    assert next((f.id, f.found) for f in ann.misconceptions) == ("active-at-inference", False)
    assert [(o.verdict, o.instead_of) for o in ann.overrides] == [("absent", "found"), ("found", "absent")]
    told = run("grades", "explain", "grades.jsonl", "ann").out
    assert "0     2.5  misconception active-at-inference: absent (R. Roe, instead of found:" in told


def test_the_same_persons_later_verdict_counts_and_another_persons_stays_beside_it(run: Run) -> None:
    a_class(run)
    override(run, "ann", "no-co-adaptation", "met")
    override(run, "ann", "no-co-adaptation", "missed")
    override(run, "ann", "no-co-adaptation", "met")
    run("grades", "override", "grades.jsonl", "ann", "no-co-adaptation", "missed", "--by", "D. Doe", "--why", "No.")
    ann = grades()[0]
    assert [(o.by, o.verdict, o.instead_of) for o in ann.overrides] == [
        ("R. Roe", "met", "missed"),
        ("D. Doe", "missed", "missed"),
    ]
    assert ann.score == 0.5


def test_what_a_person_looked_at_is_no_longer_to_be_reviewed(run: Run) -> None:
    write("class.jsonl", [{"id": "ann", "question": "dropout", "answer": "It does not drop units at random."}])
    run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl")
    assert "needs review: random-masking is denied or turned round" in grades()[0].flags
    override(run, "ann", "random-masking", "missed")
    assert [flag for flag in grades()[0].flags if "random-masking" in flag] == []


def test_an_answer_without_a_grade_can_be_graded_by_hand(run: Run) -> None:
    a_class(run)
    ann = grades()[0].model_copy(
        update={"status": "ungraded", "score": None, "verdicts": (), "misconceptions": (), "error": {"kind": "refused"}}
    )
    Path("grades.jsonl").write_text(ann.model_dump_json() + "\n")
    for id_ in ("random-masking", "no-co-adaptation", "implicit-ensemble", "off-at-inference"):
        override(run, "ann", id_, "met")
        assert (grades()[0].status, grades()[0].score) == ("ungraded", None)
    ran = override(run, "ann", "expectation-scaling", "missed")
    assert ran.out == "ann: expectation-scaling missed: no score -> 9 of 10\n"
    assert (grades()[0].status, grades()[0].error) == ("graded", None)


def test_a_claim_of_a_reference_can_be_overridden(run: Run) -> None:
    a_class(run)
    before = grades()[2].score
    assert override(run, "cy", "claim-2", "met").out == f"cy: claim-2 met: {before:g} of 2 -> 2 of 2\n"
    assert grades()[2].feedback == "Right: It floats.\nRight: It is psionic."


def test_grading_again_does_not_replace_what_a_person_decided(run: Run) -> None:
    a_class(run)
    override(run, "ann", "no-co-adaptation", "met")
    ran = run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl")
    assert ran.code == 2
    assert "grades.jsonl: left as it is" in ran.err
    assert grades()[0].score == 3


def test_under_a_rubric_that_changed_since_nothing_is_overridden_by_the_way(run: Run) -> None:
    a_class(run)
    Path("rubrics").mkdir()
    text = (ROOT / "rubrics" / "dropout.yaml").read_text(encoding="utf-8")
    Path("rubrics/dropout.yaml").write_text(text.replace("expects: Units cannot", "expects: Its units cannot", 1))
    ran = override(run, "ann", "random-masking", "missed")
    assert ran.code == 2
    assert "grades.jsonl:1: the rubric dropout is another one since: no-co-adaptation" in ran.err
    assert override(run, "ann", "no-co-adaptation", "met").code == 0


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (("ann", "no-such", "met"), "the rubric dropout has no 'no-such'; it has random-masking, no-co-adaptation"),
        (("ann", "no-co-adaptation", "partial"), "no-co-adaptation: 'partial' is no verdict on it; met or missed is"),
        (("ann", "more-capacity", "met"), "more-capacity: 'met' is no verdict on it; found or absent is"),
        (("dan", "no-co-adaptation", "met"), "grades.jsonl: no grade has the id 'dan'"),
        (("ann", "no-co-adaptation", "met", "--by", " "), "a person's verdict has a name and a reason"),
    ],
)
def test_a_verdict_that_cannot_be_is_named_and_nothing_changes(run: Run, what: tuple[str, ...], said: str) -> None:
    a_class(run)
    before = Path("grades.jsonl").read_bytes()
    ran = run("grades", "override", "grades.jsonl", *BY, *what)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert Path("grades.jsonl").read_bytes() == before


def test_an_id_that_stands_twice_is_not_guessed(run: Run) -> None:
    a_class(run)
    Path("grades.jsonl").write_bytes(Path("grades.jsonl").read_bytes() * 2)
    ran = override(run, "bob", "random-masking", "met")
    assert ran.code == 2
    assert "grades.jsonl:5: the id 'bob' stands twice; first at grades.jsonl:2" in ran.err


# ── export ───────────────────────────────────────────────────────────────────────────────────


def test_stored_grades_become_a_table_with_the_names_of_people(run: Run) -> None:
    a_class(run)
    override(run, "ann", "no-co-adaptation", "met")
    ran = run("grades", "export", "grades.jsonl", "--to", "grades.csv")
    assert (ran.code, ran.out) == (0, "grades.jsonl -> grades.csv: 3 grades\n")
    with Path("grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["score"], row["max_score"]) for row in rows] == [
        ("ann", "3", "10"),
        ("bob", "0", "10"),
        ("cy", f"{grades()[2].score:g}", "2"),
    ]
    assert "no-co-adaptation met 2.5/2.5 (R. Roe); implicit-ensemble missed 0/2" in rows[0]["verdicts"]
    piped = run("grades", "export", "grades.jsonl", "--to", "-")
    assert piped.out.encode() == Path("grades.csv").read_bytes()


def test_a_table_goes_to_a_table(run: Run) -> None:
    a_class(run)
    ran = run("grades", "export", "grades.jsonl", "--to", "grades.xlsx")
    assert ran.code == 2
    assert "grades.xlsx: a table of grades is written to .csv or .tsv" in ran.err
