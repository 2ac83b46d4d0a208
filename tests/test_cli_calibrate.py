"""`dlgrade calibrate` grades what people graded, says how well both agree, and gates on it."""

from __future__ import annotations

import json
import math
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run
from loopback import Body, Loopback, Scripted

KEYS = ["n", "pearson", "spearman", "qwk", "kappa", "mae", "rmse", "bias", "ci95", "ungraded"]
NAMES = KEYS[1:8]
FLUMPH = {"question": "What is a flumph?", "reference": "It floats slowly. It eats psionic thoughts.", "max_score": 2}
GLURM = {"question": "What is a glurm?", "reference": "It digs tunnels. It sleeps by day.", "max_score": 2}
# A criterion for each sentence, with cues, so that the offline grader gives whole points.
RUBRICS = {
    "flumph": (FLUMPH, {"floats": "float*", "eats": "eat*"}),
    "glurm": (GLURM, {"digs": "dig*", "sleeps": "sleep*"}),
}
# What the offline grader makes of them by these: 2, 1, 0 and 2, 1 points.
ANSWERS = [
    (FLUMPH, "It floats slowly and it eats psionic thoughts.", 2),
    (FLUMPH, "I think that it eats psionic thoughts.", 2),
    (FLUMPH, "Nobody knows.", 0),
    (GLURM, "It digs tunnels. It sleeps by day.", 1),
    (GLURM, "I think that it digs tunnels.", 1),
]
COMMAND = ("calibrate", "labels.jsonl")


def write(rows: Iterable[dict[str, Any]]) -> None:
    Path("rubrics").mkdir(exist_ok=True)
    for name, (asked, cues) in RUBRICS.items():
        criteria = [{"id": id_, "points": 1, "expects": f"It {id_}.", "cues": [[cue]]} for id_, cue in cues.items()]
        rubric = {"question": asked["question"], "topic": "t", "reference": asked["reference"], "criteria": criteria}
        Path(f"rubrics/{name}.yaml").write_text(json.dumps(rubric), encoding="utf-8")
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def rows() -> list[dict[str, Any]]:
    return [
        {"id": str(n), **asked, "answer": answer, "score": score} for n, (asked, answer, score) in enumerate(ANSWERS)
    ]


def document(out: str) -> dict[str, Any]:
    def never(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    read: dict[str, Any] = json.loads(out, parse_constant=never)
    return read


def asking(server: Loopback, *more: str) -> tuple[str, ...]:
    return ("--model", "made-up", "--base-url", server.url, *more)


def half(body: Body) -> str:
    """The first criterion is met where the answer floats or digs; the second is missed."""
    answer = str(body["messages"][1]["content"])
    quotes = [quote for quote in ("floats", "digs") if quote in answer]
    first = {"quotes": quotes, "reason": "So it says.", "verdict": "met" if quotes else "missed"}
    return json.dumps({"c1": first, "c2": {"quotes": [], "reason": "It does not.", "verdict": "missed"}})


# ── the picture ──────────────────────────────────────────────────────────────────────────────


def test_json_is_to_the_letter_and_the_numbers_are_right(run: Run) -> None:
    write(rows())
    ran = run(*COMMAND, "--json")
    found = document(ran.out)
    assert (ran.code, list(found), list(found["ci95"])) == (0, KEYS, NAMES)
    # a person: 2 2 0 1 1 of 2; the grader: 2 1 0 2 1
    assert (found["n"], found["ungraded"]) == (5, 0)
    assert (found["mae"], found["bias"]) == (pytest.approx(0.2), 0)
    assert found["rmse"] == pytest.approx(math.sqrt(0.1))
    assert (found["pearson"], found["spearman"]) == (pytest.approx(9 / 14), pytest.approx(5 / 9))
    assert found["qwk"] == pytest.approx(1 - 2 / 5.6)
    assert found["kappa"] == pytest.approx((3 / 5 - 9 / 25) / (1 - 9 / 25))
    # half the draws are one of the two questions twice: ends of errors are those of one question alone
    assert found["ci95"]["mae"] == pytest.approx([1 / 6, 1 / 4])
    assert found["ci95"]["bias"] == pytest.approx([-1 / 6, 1 / 4])
    assert (found["ci95"]["pearson"], "No interval for pearson, spearman: " in ran.err) == (None, True)
    assert run(*COMMAND, "--json").out == ran.out


def test_people_see_the_scale_the_baselines_and_the_worst_question_first(run: Run) -> None:
    write({**row, "score2": 2 - row["score"]} for row in rows())
    ran = run(*COMMAND)
    logarithms = [math.log1p(len(answer.split())) for _, answer, _ in ANSWERS]
    length = f"{statistics.correlation(logarithms, [score for _, _, score in ANSWERS]):.2f}"
    lines = [line.split() for line in ran.out.splitlines()]
    assert "labels.jsonl: 5 answers to 2 questions, graded by offline" in ran.out
    assert "Scores are shares of the maximum, 0 to 1; kappas are on 3 levels" in ran.out
    assert next(line for line in lines if line[:1] == ["pearson"])[-3:] == ["–", length, "-1.00"]
    assert "The second person graded 5 of the answers." in ran.out
    assert ran.out.index("What is a glurm?") < ran.out.index("What is a flumph?")
    assert "2 questions: intervals from so few are rough" in ran.err


def test_details_hold_everything_after_the_ten_keys(run: Run) -> None:
    write({**row, "score2": 1} for row in rows())
    found = document(run(*COMMAND, "--json", "--details").out)
    assert list(found)[:10] == KEYS
    assert (found["levels"], found["people"]["n"], found["mean"]["qwk"]) == (3, 5, 0)
    assert [one["question"] for one in found["questions"]] == ["What is a glurm?", "What is a flumph?"]
    assert found["answers"][1] == {"id": "1", "person": 1, "given": 0.5}


def test_ten_questions_are_shown_and_all_of_them_with_details(run: Run) -> None:
    write({**row, "id": str(n), "question": f"What is a flumph {n}?"} for n, row in enumerate(rows()[:1] * 12))
    brief, whole = run(*COMMAND).out, run(*COMMAND, "--details").out
    assert "By question, the largest error first; 10 of 12, --details shows all" in brief
    assert (brief.count("What is a flumph"), whole.count("What is a flumph")) == (10, 12)


def test_a_table_from_a_spreadsheet_and_a_shipped_rubric_with_verdicts(run: Run) -> None:
    Path("labels.csv").write_text(
        "question;answer;Score;Max_Score;Verdicts\n"
        'general:2;Units are dropped at random.;3;10;"{""random-masking"": ""met"", ""gone"": ""met""}"\n'
        'dropout;Nothing.;0;10;"{""random-masking"": ""missed""}"\n',
        encoding="utf-8",
    )
    ran = run("calibrate", "labels.csv")
    assert ran.code == 0
    assert "By criterion, the least agreement first\n" in ran.out
    assert ran.out.splitlines()[-1].split() == ["2", "1.00", "1.00", "dropout/random-masking"]
    assert "Verdicts on criteria that the rubrics do not have, left out: dropout/gone" in ran.err


def test_levels_can_be_chosen(run: Run) -> None:
    write(rows())
    two, five = (document(run(*COMMAND, "--json", "--levels", str(n)).out) for n in (2, 5))
    assert two["kappa"] == 1
    assert five["qwk"] == pytest.approx(1 - 2 / 5.6)


# ── gates ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "reached"), [("kappa", "0.3750"), ("qwk", "0.6429"), ("pearson", "0.6429")])
def test_a_gate_that_is_missed_is_exit_1_and_a_line(run: Run, name: str, reached: str) -> None:
    write(rows())
    missed = run(*COMMAND, f"--min-{name}", "0.9", "--json")
    assert (missed.code, list(document(missed.out))) == (1, KEYS)
    assert f"dlgrade: gate missed: {name} is {reached}, and 0.9 is asked for\n" in missed.err
    held = run(*COMMAND, f"--min-{name}", "0.3")
    assert (held.code, "gate" in held.err) == (0, False)


def test_a_gate_on_what_cannot_be_worked_out_is_missed(run: Run) -> None:
    write(rows()[:1])
    ran = run(*COMMAND, "--min-kappa", "-1")
    assert ran.code == 1
    assert "dlgrade: gate missed: kappa is not known, and -1 is asked for" in ran.err


@pytest.mark.parametrize("value", ["nan", "1.1", "high"])
def test_a_gate_that_nothing_could_pass_or_miss_is_refused(run: Run, value: str) -> None:
    write(rows())
    ran = run(*COMMAND, "--min-qwk", value)
    assert (ran.code, ran.out) == (2, "")
    assert "min-qwk" in ran.err


# ── what cannot be compared ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"score": None}, "no score"),
        ({"score": 3}, "score: 3 is not between 0 and the max_score, 2"),
        ({"max_score": None}, "no max_score"),
        ({"max_score": 0}, "max_score: not a number above 0"),
        ({"question": "What is a gloop?", "reference": ""}, "no question is called"),
        ({"question": ""}, "no question: a row has"),
    ],
)
def test_a_row_that_cannot_be_compared_is_named_and_not_a_zero(run: Run, wrong: dict[str, Any], said: str) -> None:
    some = rows()
    whole = document(run_of(run, some[:4]).out)
    ran = run_of(run, [*some[:4], some[4] | wrong])
    found = document(ran.out)
    assert (ran.code, found["n"], found["ungraded"]) == (1, 4, 1)
    assert found["mae"] == whole["mae"]
    assert f"failed: 4 (labels.jsonl:5): {said}" in ran.err
    assert run(*COMMAND, "--max-ungraded", "1").code == 0


def run_of(run: Run, some: list[dict[str, Any]]) -> Any:
    write(some)
    return run(*COMMAND, "--json")


@pytest.mark.parametrize(
    ("some", "nulls", "said"),
    [
        (rows()[:1], {"pearson", "spearman", "qwk", "kappa"}, "One answer"),
        (
            [row | {"score": 1} for row in rows()],
            {"pearson", "spearman"},
            "People gave every answer the same, 0.50 of 1",
        ),
        (
            [row | {"answer": "Nobody knows."} for row in rows()],
            {"pearson", "spearman"},
            "The grader gave every answer the same, 0.00 of 1",
        ),
        ([row | {"score": None} for row in rows()], set(NAMES), "there is nothing to compare"),
    ],
)
def test_what_is_too_little_is_null_and_said_in_words(
    run: Run, some: list[dict[str, Any]], nulls: set[str], said: str
) -> None:
    ran = run_of(run, some)
    found = document(ran.out)
    assert {name for name in NAMES if found[name] is None} == nulls
    assert {name for name in NAMES if found["ci95"][name] is None} >= nulls
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert run(*COMMAND).code == ran.code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "labels.jsonl: no row has a `score`"),
        ('{"question": "dropout", "answer": "x"}\n', "labels.jsonl: no row has a `score`"),
    ],
)
def test_a_file_that_nobody_graded_is_refused(run: Run, text: str, said: str) -> None:
    Path("labels.jsonl").write_text(text)
    ran = run(*COMMAND, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_without_numpy_the_extra_is_named_and_the_help_is_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(rows())
    monkeypatch.setitem(sys.modules, "numpy", None)
    ran = run(*COMMAND)
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'dlgrade[stats]'" in ran.err
    assert run("calibrate", "--help").code == 0


# ── with a model ─────────────────────────────────────────────────────────────────────────────


def test_a_model_sees_no_label_and_is_paid_once_with_grade(run: Run) -> None:
    write({**row, "score": 1.23456, "score2": 1.5, "pupil": "Ann Example"} for row in rows())
    with Loopback(half) as server:
        ran = run(*COMMAND, *asking(server), "--json")
        sent = json.dumps(server.bodies)
        run("grade", "--answers", "labels.jsonl", "--out", "grades.jsonl", *asking(server))
        again = run(*COMMAND, *asking(server), "--json")
        assert len(server.requests) == 5
    assert not [word for word in ("1.23456", "1.5", "Ann Example") if word in sent]
    assert "5 requests, 0 from cache, " in ran.err
    assert "0 requests, 5 from cache, " in again.err
    assert again.out == ran.out


def test_a_row_without_a_usable_score_is_not_paid_for(run: Run) -> None:
    some = rows()
    write([some[0] | {"score": 7}, *some[1:]])
    with Loopback(half) as server:
        run(*COMMAND, *asking(server))
        assert len(server.requests) == 4


def test_replies_in_any_order_give_one_picture(run: Run) -> None:
    def jumbled(body: Body) -> Scripted:
        return Scripted(content=half(body), delay=hash(str(body)) % 50 / 1000)

    write({**row, "id": str(n), "answer": f"{row['answer']} ({n})"} for n, row in enumerate(rows() * 8))
    with Loopback(jumbled) as server:
        ran = run(*COMMAND, *asking(server, "--concurrency", "8"), "--json", "--details")
        again = run(*COMMAND, *asking(server), "--json", "--details")
    assert document(ran.out)["n"] == 40
    assert again.out == ran.out


def test_an_answer_that_a_model_does_not_grade_is_counted_and_no_zero(run: Run) -> None:
    def some(body: Body) -> Scripted:
        refused = "Nobody knows" in str(body["messages"][1]["content"])
        return Scripted(content="I would rather not." if refused else half(body))

    write(rows())
    with Loopback(some) as server:
        ran = run(*COMMAND, *asking(server), "--json")
    found = document(ran.out)
    assert (ran.code, found["n"], found["ungraded"]) == (1, 4, 1)
    assert "1 ungraded (1 unreadable)" in ran.err
    assert "ungraded: 2 (labels.jsonl:3): " in ran.err


def test_all_ungraded_is_nulls_and_words(run: Run) -> None:
    write(rows())
    with Loopback(lambda _: "I would rather not.") as server:
        ran = run(*COMMAND, *asking(server), "--json", "--min-qwk", "0.5")
    found = document(ran.out)
    assert (ran.code, found["n"], found["ungraded"], found["qwk"]) == (1, 0, 5, None)
    assert "there is nothing to compare" in ran.err
    assert "gate missed: qwk is not known" in ran.err


def test_a_key_that_is_refused_is_exit_3_and_no_gate(run: Run) -> None:
    write(rows())
    with Loopback(lambda _: Scripted(401, body={"error": {"message": "no such key"}})) as server:
        ran = run(*COMMAND, *asking(server), "--min-qwk", "0.5", "--json")
    assert (ran.code, document(ran.out)["ungraded"]) == (3, 5)
    assert "no such key" in ran.err
    assert "5 answers are left" in ran.err
    assert "gate" not in ran.err


def test_a_recording_is_calibrated_again_without_a_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(rows())
    with Loopback(half) as server:
        ran = run(*COMMAND, *asking(server), "--record", "tape.jsonl", "--json")
    monkeypatch.setenv("DLGRADE_CACHE", "elsewhere")
    again = run(*COMMAND, "--replay", "tape.jsonl", "--json")
    assert (again.code, again.out) == (ran.code, ran.out)


def test_ctrl_c_shows_what_was_finished_and_asks_for_the_rest_next_time(tmp_path: Path, run: Run) -> None:
    def slow(body: Body) -> Scripted:
        return Scripted(content=half(body), delay=0.1)

    write({**row, "id": str(n), "answer": f"{row['answer']} ({n})"} for n, row in enumerate(rows() * 12))
    with Loopback(slow) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "dlgrade", *COMMAND, *asking(server, "--concurrency", "4"), "--json"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        end = time.monotonic() + 30
        while len(server.requests) < 12:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=30)
        found, before = document(out.decode()), len(server.requests)
        ran = run(*COMMAND, *asking(server), "--json")
        assert len(server.requests) - before == found["ungraded"]
    assert process.returncode == 130
    assert found["n"] == 60 - found["ungraded"] == before
    assert f"{found['ungraded']} answers are left.".encode() in said
    assert b"Traceback" not in said
    assert document(ran.out)["n"] == 60


# ── people's verdicts in grades, and the page ────────────────────────────────────────────────

BY = ("--by", "R. Roe", "--why", "It says so.")


def judged(run: Run, *verdicts: tuple[str, str, str]) -> None:
    """A class without scores, graded offline, and what a person said of some of it."""
    write({name: value for name, value in row.items() if name != "score"} for row in rows())
    assert run("grade", "--answers", "labels.jsonl", "--out", "grades.jsonl", "--model", "offline").code == 0
    for id_, criterion, word in verdicts:
        assert run("grades", "override", "grades.jsonl", id_, criterion, word, *BY).code == 0


def test_what_a_person_said_in_grades_is_a_label_of_the_answer_with_its_id(run: Run) -> None:
    judged(run, ("0", "floats", "met"), ("1", "floats", "met"), ("4", "sleeps", "missed"))
    ran = run(*COMMAND, "--overrides", "grades.jsonl", "--json", "--details")
    found = document(ran.out)
    assert (ran.code, found["n"], found["ungraded"]) == (0, 0, 0)
    assert [one["id"] for one in found["answers"]] == ["0", "1", "4"]
    assert (found["verdicts"]["n"], round(found["verdicts"]["same"], 3)) == (3, 0.667)
    assert found["verdicts"]["words"] == ["missed", "met"]
    assert found["verdicts"]["confusion"] == [[1, 0], [1, 1]]
    assert {one["criterion"]: one["same"] for one in found["criteria"]} == {"flumph/floats": 0.5, "glurm/sleeps": 1.0}
    assert "verdicts on criteria are compared, and no scores" in ran.err


def test_whoever_judged_every_criterion_gave_a_score(run: Run) -> None:
    judged(run, ("1", "floats", "met"), ("1", "eats", "met"), ("2", "floats", "missed"), ("2", "eats", "missed"))
    found = document(run(*COMMAND, "--overrides", "grades.jsonl", "--json", "--details").out)
    assert [(one["id"], one["person"], one["given"]) for one in found["answers"]] == [("1", 1, 0.5), ("2", 0, 0)]
    assert found["n"] == 2


def test_overrides_stand_beside_scores_and_come_before_a_rows_own_verdicts(run: Run) -> None:
    judged(run, ("0", "floats", "missed"))
    write({**row, "verdicts": {"floats": "met", "eats": "met"}} if row["id"] == "0" else row for row in rows())
    found = document(run(*COMMAND, "--overrides", "grades.jsonl", "--json", "--details").out)
    assert found["n"] == 5
    assert {one["criterion"]: one["same"] for one in found["criteria"]} == {"flumph/floats": 0, "flumph/eats": 1}


def test_a_verdict_on_other_words_than_the_criterions_is_left_out_and_said(run: Run) -> None:
    judged(run, ("0", "floats", "met"), ("0", "eats", "met"))
    rubric = Path("rubrics/flumph.yaml")
    rubric.write_text(rubric.read_text(encoding="utf-8").replace("It floats.", "It hovers."), encoding="utf-8")
    ran = run(*COMMAND, "--overrides", "grades.jsonl", "--json")
    assert document(ran.out)["verdicts"]["n"] == 1
    assert "Verdicts on criteria that were worded otherwise then, left out: 1" in ran.err


def test_overrides_that_are_none_or_of_other_answers_are_errors_that_say_so(run: Run) -> None:
    judged(run)
    ran = run(*COMMAND, "--overrides", "grades.jsonl")
    assert (ran.code, "grades.jsonl: no person's verdict in it" in ran.err) == (2, True)
    assert run("grades", "override", "grades.jsonl", "0", "floats", "met", *BY).code == 0
    write({name: value for name, value in {**row, "id": f"x{row['id']}"}.items() if name != "score"} for row in rows())
    ran = run(*COMMAND, "--overrides", "grades.jsonl")
    assert (ran.code, "labels.jsonl: has none of the 1 answers that people judged" in ran.err) == (2, True)
    ran = run(*COMMAND)
    assert "--overrides grades.jsonl" in ran.err


def test_the_levels_that_both_gave_are_counted_in_a_matrix(run: Run) -> None:
    write(rows())
    found = document(run(*COMMAND, "--json", "--details").out)
    # people gave 2, 2, 0, 1, 1 points, the grader 2, 1, 0, 2, 1
    assert found["confusion"] == [[1, 0, 0], [0, 1, 1], [0, 1, 1]]


def test_a_page_is_written_whole_and_nobodys_file_is_replaced(run: Run) -> None:
    write(rows())
    ran = run(*COMMAND, "--html", "agreement.html")
    assert ran.code == 0
    page = Path("agreement.html").read_text(encoding="utf-8")
    assert "a person 50 and the grader 100: 1" in page
    Path("agreement.html").write_text("mine", encoding="utf-8")
    ran = run(*COMMAND, "--html", "agreement.html")
    assert (ran.code, "agreement.html: left as it is" in ran.err) == (2, True)
    assert "agreement.pdf: the page is written to .html" in run(*COMMAND, "--html", "agreement.pdf").err
