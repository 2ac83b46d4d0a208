"""A correction never turns the order round, gives nothing for nothing, is one grader's, and says that it was used."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run
from hypothesis import given
from hypothesis import strategies as st
from loopback import Body, Loopback

from dlgrade.errors import InputError
from dlgrade.grading.leniency import LEAST, Scored, fitted, held_out

SHARES = st.integers(0, 20).map(lambda steps: steps / 20)


def learned(people: list[float], scores: list[float], times: int = LEAST) -> Any:
    some = [Scored(n, person, score) for n, (person, score) in enumerate(zip(people, scores, strict=True))]
    return fitted(some * times, grader="g", labels="l")


def test_the_correction_is_the_isotonic_regression_of_scikit_learn() -> None:
    scores = [0.1, 0.2, 0.2, 0.4, 0.5, 0.5, 0.6, 0.8, 0.9, 1.0]
    people = [0.3, 0.1, 0.6, 0.5, 0.2, 0.4, 0.9, 0.7, 0.7, 1.0]
    correction = learned(people, scores)
    # scikit-learn 1.9.1, IsotonicRegression: X_thresholds_ and y_thresholds_, but for the zero in front
    knots = ((0.1, 0.3), (0.2, 0.35), (0.4, 0.366667), (0.5, 0.366667), (0.6, 0.766667), (0.9, 0.766667), (1.0, 1.0))
    assert correction.points == ((0, 0), *knots)
    assert [correction.of(x) for x in (0.15, 0.45, 0.55, 0.95)] == pytest.approx(
        [0.325, 0.366667, 0.566667, 0.883333], abs=1e-6
    )


@given(st.lists(st.tuples(SHARES, SHARES.filter(bool)), min_size=1, max_size=30))
def test_no_answer_falls_below_a_worse_one_and_nothing_stays_nothing(pairs: list[tuple[float, float]]) -> None:
    correction = learned([person for person, _ in pairs], [score for _, score in pairs])
    corrected = [correction.of(n / 97) for n in range(98)]
    assert corrected[0] == 0
    assert all(low <= high for low, high in pairwise(corrected))
    assert all(0 <= score <= 1 for score in corrected)


def test_too_few_answers_teach_nothing() -> None:
    with pytest.raises(InputError, match="29 answers that earned something are too few to learn from: 30 or more"):
        fitted([Scored(n, 1, 0.5 if n < 29 else 0) for n in range(100)], grader="g", labels="l")


def test_what_is_held_out_has_not_been_seen() -> None:
    # every question but one is marked at twice the grader's score: only its own answers could tell
    scored = [Scored(n % 10, 0.1 if n % 10 == 0 else 0.8, 0.4) for n in range(200)]
    assert fitted(scored, grader="g", labels="l").of(0.4) == pytest.approx(0.73)
    assert held_out(scored)[0] == pytest.approx(0.8)
    assert held_out([Scored("q", 1, 0.5)]) == [0.5]
    assert held_out([]) == []


# ── the commands ─────────────────────────────────────────────────────────────────────────────

HALF = "Units are dropped at random."
SAVE = ("calibrate", "labels.jsonl", "--save", "mild.json")


def labels(score: float = 5) -> None:
    """Answers that the offline grader gives 2.5 of 10, and that are nothing to it."""
    rows = [{"question": "dropout", "answer": f"{HALF} ({n})", "score": score, "max_score": 10} for n in range(LEAST)]
    rows += [{"question": "general:1", "answer": "", "score": 1, "max_score": 10}]
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_correction_is_learned_and_then_named_in_every_grade(run: Run) -> None:
    labels()
    saved = run(*SAVE)
    assert saved.code == 0
    assert "mild.json: a correction learned from 30 answers; on questions held out: mae 0.25 -> 0.25" in saved.err
    file = json.loads(Path("mild.json").read_text())
    assert (file["grader"].partition(" ")[0], file["points"]) == ("offline", [[0, 0], [0.25, 0.5]])
    plain = json.loads(run("grade", "general:2", "--text", HALF, "--json").out)
    grade = json.loads(run("grade", "general:2", "--text", HALF, "--calibration", "mild.json", "--json").out)
    assert (plain["score"], grade["score"], grade["percent"]) == (2.5, 5, 50)
    assert grade["verdicts"] == plain["verdicts"]
    (said,) = set(grade["flags"]) - set(plain["flags"])
    assert said.endswith("2.5 of 10 before")
    assert "Score: 5 of 10 (50 %)" in run("grade", "general:2", "--text", HALF, "--calibration", "mild.json").out
    nothing = json.loads(
        run("grade", "general:2", "--text", "Nobody knows.", "--calibration", "mild.json", "--json").out
    )
    assert nothing["score"] == 0


def test_many_grades_are_corrected_and_the_record_says_by_what(run: Run) -> None:
    labels()
    run(*SAVE)
    run("grade", "--answers", "labels.jsonl", "--out", "grades.csv", "--calibration", "mild.json")
    with Path("grades.csv").open(encoding="utf-8", newline="") as file:
        grades = list(csv.DictReader(file))
    assert [grade["score"] for grade in grades] == ["5"] * LEAST + ["0"]
    assert "calibrated (" in grades[0]["flags"]
    record = json.loads(next(Path(".dlgrade/runs").iterdir()).read_text())
    assert f"calibrated ({record['calibration']})" in grades[0]["flags"]


def test_a_correction_is_for_the_grader_that_it_was_learned_from(run: Run) -> None:
    def met(body: Body) -> str:
        required = body["response_format"]["json_schema"]["schema"]["required"]
        first = {"quotes": ["dropped at random"], "reason": "It says so.", "verdict": "met"}
        missed = {key: {"quotes": [], "reason": "No.", "verdict": "missed"} for key in required if key[0] == "c"}
        absent = {key: {"quotes": [], "reason": "No.", "found": False} for key in required if key[0] == "m"}
        return json.dumps({**missed, **absent, "c1": first})

    labels()
    one = ("grade", "general:2", "--text", f"{HALF} (1)", "--calibration", "mild.json")
    with Loopback(met) as server:
        asking = ("--model", "made-up", "--base-url", server.url)
        assert run(*SAVE, *asking).code == 0
        sent = len(server.requests)
        right = run(*one, *asking, "--json")
        wrong = run(*one, "--model", "other", "--base-url", server.url)
        offline = run(*one)
        # a prompt of one's own makes another grader of the same model
        Path("prompts").mkdir()
        Path("prompts/grade.j2").write_text((ROOT / "prompts" / "grade.j2").read_text() + "\n{# mine #}\n")
        prompt = run(*one, *asking)
        assert len(server.requests) == sent
    assert json.loads(right.out)["score"] == 5
    assert [ran.code for ran in (wrong, offline, prompt)] == [2, 2, 2]
    assert "mild.json: made for made-up (grade@" in wrong.err
    assert "and offline (offline-" in offline.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "mild.json: cannot be read: no such file"),
        ("mine", "mild.json: not a calibration: "),
        ("{}", "mild.json: not a calibration: grader: "),
        ("[[0, 0], [0.5, 0.9], [1, 0.8]]", "the first numbers rising and the second not falling"),
        ("[[0, 0], [0.5, 0.9], [0.5, 1]]", "the first numbers rising and the second not falling"),
        ("[[0, 0], [0.5, 7]]", "pairs from 0 to 1"),
        ("[[0, 0], [0.5, NaN]]", "mild.json: not a calibration: "),
        ("[[0, 0.5], [1, 1]]", "the first is not [0, 0]"),
        ("[[0, 0]]", "mild.json: not a calibration: points: "),
    ],
)
def test_a_file_that_is_no_correction_is_refused(run: Run, text: str | None, said: str) -> None:
    if text is not None and text.startswith("["):
        head = {"dlgrade_calibration": 1, "grader": "g", "labels": "l", "answers": 30, "questions": 2}
        text = json.dumps(head)[:-1] + f', "points": {text}}}'
    if text is not None:
        Path("mild.json").write_text(text)
    ran = run("grade", "general:2", "--text", HALF, "--calibration", "mild.json")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_nobodys_file_is_replaced_and_dlgrades_own_is(run: Run) -> None:
    labels()
    assert run(*SAVE).code == 0
    labels(score=6)
    assert run(*SAVE).code == 0
    assert json.loads(Path("mild.json").read_text())["points"] == [[0, 0], [0.25, 0.6]]
    Path("mild.json").write_text("mine\n")
    ran = run(*SAVE)
    assert (ran.code, ran.out, Path("mild.json").read_text()) == (2, "", "mine\n")


def test_too_few_labels_show_the_agreement_and_save_nothing(run: Run) -> None:
    labels()
    Path("labels.jsonl").write_text("".join(Path("labels.jsonl").read_text().splitlines(keepends=True)[-3:]))
    ran = run(*SAVE)
    assert ran.code == 2
    assert "3 answers to 2 questions" in ran.out
    assert "2 answers that earned something are too few to learn from" in ran.err
    assert not Path("mild.json").exists()
