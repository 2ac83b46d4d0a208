"""`dlgrade regrade` works stored grades out anew: no model is asked but with --ask, and people's verdicts stay."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run
from loopback import Body, Loopback, Scripted
from test_cli_grades import BY, ROWS, SAID, grades, write

from dlgrade.grading.leniency import Correction
from dlgrade.grading.offline import METHOD
from dlgrade.models import Grade

DROPOUT = (ROOT / "rubrics" / "dropout.yaml").read_text(encoding="utf-8")
REWORDED = ("expects: Units cannot rely", "expects: No unit can rely")
COMMAND = ("regrade", "grades.jsonl")


def now(*changes: tuple[str, str]) -> None:
    """The rubric of dropout as the user has changed it."""
    Path("rubrics").mkdir(exist_ok=True)
    text = DROPOUT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    Path("rubrics/dropout.yaml").write_text(text, encoding="utf-8")


def verdicts(body: Body) -> str:
    """Everything is missed but the first criterion where the answer says so."""
    required = body["response_format"]["json_schema"]["schema"]["required"]
    nothing = {"quotes": [], "reason": "It is not said."}
    reply: dict[str, Any] = {
        key: nothing | ({"found": False} if key[0] == "m" else {"verdict": "missed"}) for key in required
    }
    said = "Units are dropped at random"
    if said in str(body["messages"][1]["content"]):
        reply["c1"] = {"quotes": [said], "reason": "It says so.", "verdict": "met"}
    return json.dumps(reply)


def asking(server: Loopback, *more: str) -> tuple[str, ...]:
    return ("--ask", "--answers", "class.jsonl", "--model", "made-up", "--base-url", server.url, *more)


def a_class(run: Run, rows: list[dict[str, str]] = ROWS) -> list[Grade]:
    write("class.jsonl", rows)
    assert run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl").code == 0
    return grades()


# ── by arithmetic ────────────────────────────────────────────────────────────────────────────


def test_nothing_changes_where_no_rubric_did(run: Run) -> None:
    a_class(run)
    before = Path("grades.jsonl").read_bytes()
    ran = run(*COMMAND)
    assert (ran.code, ran.out) == (0, "grades.jsonl: 3 worked out, 0 with another score\n")
    assert Path("grades.jsonl").read_bytes() == before


def test_points_costs_and_groups_are_applied_to_the_stored_verdicts(run: Run) -> None:
    before = a_class(run)
    now(
        ("points: 2.5", "points: 4"),
        ("costs: 2", "costs: 1.5"),
        ("misconceptions:", "groups:\n  - {at_most: 3, of: [random-masking, no-co-adaptation]}\nmisconceptions:"),
    )
    ran = run(*COMMAND)
    ann, bob, cy = grades()
    assert (ran.code, ran.out) == (0, "grades.jsonl: 3 worked out, 2 with another score\n")
    assert (before[0].score, ann.score, ann.max_score, ann.percent) == (0.5, 1.5, 8, 18.8)
    assert (ann.verdicts[0].points, ann.verdicts[0].max_points, ann.misconceptions[0].cost) == (4, 4, 1.5)
    assert (ann.verdicts[0].evidence, ann.grader) == (before[0].verdicts[0].evidence, before[0].grader)
    assert (bob.score, bob.max_score) == (0, 8)
    assert cy == before[2]


def test_a_regraded_grade_is_the_one_that_grading_anew_would_give(run: Run) -> None:
    a_class(run)
    now(("points: 2.5", "points: 4"), ("costs: 2", "costs: 1.5"))
    run(*COMMAND)
    regraded = grades()
    run("grade", "--answers", "class.jsonl", "--out", "anew.jsonl")
    prompts = [g.grader.prompt for g in regraded]
    anew = [
        g.model_copy(update={"grader": g.grader.model_copy(update={"prompt": prompt})})
        for g, prompt in zip(grades("anew.jsonl"), prompts, strict=True)
    ]
    assert regraded == anew


def test_with_out_the_grades_that_were_read_stay(run: Run) -> None:
    a_class(run)
    before = Path("grades.jsonl").read_bytes()
    now(("costs: 2", "costs: 1"))
    assert run(*COMMAND, "--out", "new.jsonl").code == 0
    assert (grades("new.jsonl")[0].score, Path("grades.jsonl").read_bytes()) == (1.5, before)
    run(*COMMAND, "--out", "new.csv")
    assert "ann,How do dropout layers help prevent overfitting?,dropout,graded,1.5,10" in Path("new.csv").read_text()
    piped = run(*COMMAND, "--out", "-")
    assert piped.out == Path("new.jsonl").read_text()
    assert "3 worked out, 1 with another score" in piped.err


def test_a_criterion_that_is_gone_takes_its_points_along(run: Run) -> None:
    a_class(run)
    head, rest = DROPOUT.split("  - id: random-masking\n")
    now((DROPOUT, f"{head}  - id: no-co-adaptation\n" + rest.split("  - id: no-co-adaptation\n")[1]))
    assert run(*COMMAND).code == 0
    ann = grades()[0]
    assert (ann.verdicts[0].criterion, ann.score, ann.max_score) == ("no-co-adaptation", 0, 7.5)


def test_a_grade_that_takes_new_verdicts_is_named_and_stays_as_it_was(run: Run) -> None:
    before = a_class(run)
    now(REWORDED, ("costs: 2", "costs: 1"))
    ran = run(*COMMAND)
    assert (ran.code, ran.out) == (1, "grades.jsonl: 1 worked out, 0 with another score, 2 left as they were\n")
    assert "  ask again: ann: worded otherwise since, or new: no-co-adaptation\n" in ran.err
    assert "dlgrade regrade grades.jsonl --ask --answers FILE" in ran.err
    assert grades() == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("misconceptions:", "  - {id: new, points: 1, expects: Something new.}\nmisconceptions:"), "new"),
        (("claims: Dropout stays on", "claims: Dropout is left on"), "active-at-inference"),
        (("  - id: no-co-adaptation\n", "  - id: no-co-adaptation\n    partial: Half.\n"), "no-co-adaptation"),
    ],
)
def test_new_criteria_other_halves_and_other_claims_take_new_verdicts(
    run: Run, change: tuple[str, str], named: str
) -> None:
    before = a_class(run)
    now(change)
    document = json.loads(run(*COMMAND, "--json").out)
    assert [failure["message"] for failure in document["named"]] == [f"worded otherwise since, or new: {named}"] * 2
    assert (document["left"], document["worked_out"]) == (2, 1)
    assert grades() == before


def test_a_grade_that_does_not_say_what_it_was_asked_takes_new_verdicts(run: Run) -> None:
    (ann, *_) = a_class(run)
    plain = json.loads(ann.model_dump_json())
    del plain["rubric_fingerprint"]
    for item in (*plain["verdicts"], *plain["misconceptions"]):
        del item["asked"]
    write("grades.jsonl", [plain])
    ran = run(*COMMAND)
    assert ran.code == 1
    assert "ask again: ann: worded otherwise since, or new: random-masking, " in ran.err


def test_a_grade_whose_rubric_is_gone_is_named_and_stays(run: Run) -> None:
    (ann, *_) = a_class(run)
    write("grades.jsonl", [json.loads(ann.model_copy(update={"rubric": "gone"}).model_dump_json())])
    ran = run(*COMMAND)
    assert ran.code == 1
    assert "  left: ann: there is no rubric 'gone'" in ran.err


def test_a_line_that_is_no_grade_stops_it_before_anything_is_written(run: Run) -> None:
    a_class(run)
    with Path("grades.jsonl").open("a") as file:
        file.write("nonsense\n")
    before = Path("grades.jsonl").read_bytes()
    now(("costs: 2", "costs: 1"))
    ran = run(*COMMAND)
    assert (ran.code, ran.out) == (2, "")
    assert "grades.jsonl:4: not a grade: invalid json" in ran.err
    assert Path("grades.jsonl").read_bytes() == before


def test_a_persons_verdict_survives_every_regrade(run: Run) -> None:
    a_class(run)
    run("grades", "override", "grades.jsonl", "ann", "no-co-adaptation", "met", *BY)
    now(("points: 2.5", "points: 4"))
    assert run(*COMMAND).code == 0
    assert (grades()[0].score, grades()[0].verdicts[1].verdict) == (4.5, "met")
    # its wording is the person's business: no grader is asked, and a flag says so
    now(("points: 2.5", "points: 4"), REWORDED)
    assert run(*COMMAND).code == 1  # for bob, on whom nobody has looked
    assert "needs review: no-co-adaptation was worded otherwise when R. Roe judged it" in grades()[0].flags
    assert (grades()[0].score, len(grades()[0].overrides)) == (4.5, 1)
    now()
    assert run(*COMMAND).code == 0
    assert (grades()[0].score, grades()[0].flags) == (3, ("offline",))
    # and grading anew does not replace the file
    assert run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl").code == 2


def test_a_calibrated_score_is_corrected_again_by_the_same_file_and_by_no_other(run: Run) -> None:
    def mild(most: float, name: str) -> None:
        grader = f"offline ({METHOD})"
        made = Correction(grader=grader, labels="x", answers=30, questions=3, points=((0, 0), (1, most)))
        Path(name).write_text(made.model_dump_json())

    mild(0.5, "mild.json")
    mild(0.6, "other.json")
    write("class.jsonl", ROWS)
    run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", "--calibration", "mild.json")
    before = grades()
    assert before[0].score == 0.25
    explained = run("grades", "explain", "grades.jsonl", "ann")
    assert explained.out.splitlines()[-2] == "= 0.5 of 10 (5 %)"
    assert explained.out.splitlines()[-1].startswith("= 0.25 of 10, calibrated (")
    assert explained.err == ""
    now(("costs: 2", "costs: 1"))
    for flags in ((), ("--calibration", "other.json")):
        ran = run(*COMMAND, *flags)
        assert (ran.code, ran.out) == (1, "grades.jsonl: 0 worked out, 0 with another score, 3 left as they were\n")
        assert "  left: ann: its score is calibrated: give --calibration FILE, the one that it names\n" in ran.err
        assert grades() == before
    assert run("grades", "override", "grades.jsonl", "ann", "no-co-adaptation", "met", *BY).code == 2
    assert run(*COMMAND, "--calibration", "mild.json").code == 0
    ann = grades()[0]
    assert (ann.score, [flag.partition(": ")[2] for flag in ann.flags]) == (0.75, ["", "1.5 of 10 before"])
    run("grades", "override", "grades.jsonl", "ann", "no-co-adaptation", "met", *BY, "--calibration", "mild.json")
    assert grades()[0].score == 2
    now(REWORDED)
    ran = run(*COMMAND, "--ask", "--answers", "class.jsonl", "--calibration", "mild.json")
    assert (ran.code, grades()[0].score) == (0, 1.5)


def test_many_grades_are_worked_out_in_bounded_memory(run: Run) -> None:
    line = a_class(run)[0].model_dump_json() + "\n"
    now(("costs: 2", "costs: 1"))
    peaks = []
    for count in (300, 3000):
        Path("grades.jsonl").write_text(line * count)
        tracemalloc.start()
        assert run(*COMMAND, "--out", f"new-{count}.jsonl").code == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert Path("new-3000.jsonl").read_bytes().count(b"\n") == 3000
    assert peaks[1] < peaks[0] + 1_000_000, "3,000 grades of 3 kB are more"


# ── with --ask ───────────────────────────────────────────────────────────────────────────────


def test_only_the_answers_that_need_it_are_asked_about(run: Run) -> None:
    rows = [*ROWS, {"id": "dan", "question": "general:1", "answer": "A network of layers."}]
    before = a_class(run, rows)
    now(REWORDED)
    with Loopback(verdicts) as server:
        ran = run(*COMMAND, *asking(server))
        assert len(server.requests) == 2
        again = run(*COMMAND, *asking(server))
        assert len(server.requests) == 2
    assert (ran.code, ran.out) == (0, "grades.jsonl: 2 worked out, 0 with another score, 2 graded anew\n")
    assert (again.code, again.out) == (0, "grades.jsonl: 4 worked out, 0 with another score\n")
    ann, bob, *others = grades()
    assert ([g.id for g in grades()], others) == (["ann", "bob", "cy", "dan"], before[2:])
    assert (ann.grader.model, ann.score, bob.score) == ("made-up", 2.5, 0)


def test_a_persons_verdict_is_carried_to_the_new_grade(run: Run) -> None:
    a_class(run)
    run("grades", "override", "grades.jsonl", "ann", "random-masking", "missed", *BY)
    now(REWORDED)
    with Loopback(verdicts) as server:
        assert run(*COMMAND, *asking(server)).code == 0
    ann = grades()[0]
    assert (ann.grader.model, ann.score, ann.verdicts[0].verdict) == ("made-up", 0, "missed")
    assert [(o.by, o.instead_of) for o in ann.overrides] == [("R. Roe", "met")]


def test_what_the_model_cannot_grade_stays_as_it_was_with_the_reason(run: Run) -> None:
    before = a_class(run)
    now(REWORDED)

    def some(body: Body) -> Scripted:
        return Scripted(content=verdicts(body) if SAID in str(body["messages"][1]["content"]) else "9 of 10")

    with Loopback(some) as server:
        ran = run(*COMMAND, *asking(server))
    assert (ran.code, ran.out) == (
        1,
        "grades.jsonl: 1 worked out, 0 with another score, 1 graded anew, 1 left as they were\n",
    )
    assert "  ask again: bob: ungraded: " in ran.err
    assert grades()[1:] == before[1:]


def test_an_answer_that_is_not_there_is_named(run: Run) -> None:
    a_class(run)
    now(REWORDED)
    write("class.jsonl", ROWS[1:])
    with Loopback(verdicts) as server:
        ran = run(*COMMAND, *asking(server))
        assert len(server.requests) == 1
    assert ran.code == 1
    assert "  ask again: ann: no answer with this id in class.jsonl" in ran.err


def test_a_key_that_is_refused_leaves_the_grades_and_ends_with_exit_3(run: Run) -> None:
    before = a_class(run)
    now(REWORDED)
    with Loopback(lambda _: Scripted(401, body={"error": {"message": "no such key"}})) as server:
        ran = run(*COMMAND, *asking(server))
    assert ran.code == 3
    assert "no such key" in ran.err
    assert "  ask again: ann: worded otherwise since, or new: no-co-adaptation" in ran.err
    assert grades() == before


def test_grades_in_another_order_than_the_answers_keep_theirs(run: Run) -> None:
    a_class(run)
    lines = Path("grades.jsonl").read_bytes().splitlines(keepends=True)
    Path("grades.jsonl").write_bytes(b"".join(reversed(lines)))
    now(REWORDED)
    with Loopback(verdicts) as server:
        assert run(*COMMAND, *asking(server)).code == 0
    assert [(g.id, g.grader.model) for g in grades()] == [("cy", "offline"), ("bob", "made-up"), ("ann", "made-up")]


@pytest.mark.parametrize("flags", [("--ask",), ("--answers", "class.jsonl")])
def test_asking_takes_the_answers(run: Run, flags: tuple[str, ...]) -> None:
    a_class(run)
    ran = run(*COMMAND, *flags)
    assert ran.code == 2
    assert "--ask takes the answers from --answers FILE" in ran.err


def test_offline_asks_the_offline_grader(run: Run) -> None:
    a_class(run)
    now(REWORDED)
    ran = run(*COMMAND, "--ask", "--answers", "class.jsonl", "--model", "offline")
    assert (ran.code, ran.out) == (0, "grades.jsonl: 1 worked out, 0 with another score, 2 graded anew\n")
