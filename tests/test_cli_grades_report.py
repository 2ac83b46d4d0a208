"""`dlgrade grades report` says of a class by question what was hard and missed, and which answers to look at first."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from terminal import Terminal

from dlgrade.models import Evidence, Finding, Grade, Grader, Verdict, VerdictWord

QUESTIONS = {"dropout": "How do dropout layers help prevent overfitting?", "relu": "What is a ReLU?"}
WORTH = {"met": 2.0, "partial": 1.0, "missed": 0.0}


def grade(id_: str, *words: VerdictWord, rubric: str = "dropout", **more: Any) -> Grade:
    score, most = sum(WORTH[word] for word in words), 2.0 * len(words)
    told: dict[str, Any] = {
        "status": "graded",
        "score": score,
        "percent": 100 * score / most if most else None,
        "confidence": 0.9,
        **more,
    }
    return Grade(
        id=id_,
        question=QUESTIONS.get(rubric, rubric),
        rubric=rubric,
        max_score=most,
        verdicts=tuple(
            Verdict(criterion=f"c{n}", verdict=word, points=WORTH[word], max_points=2) for n, word in enumerate(words)
        ),
        grader=Grader(model="made-up", prompt="grade@1"),
        **told,
    )


def without(id_: str, status: str = "ungraded", rubric: str = "dropout", **error: str) -> Grade:
    said = {"kind": "refused", "message": "The model declined."} | error
    return grade(id_, rubric=rubric, status=status, score=None, percent=None, confidence=None, error=said)


def write(grades: Iterable[Grade], name: str = "grades.jsonl") -> None:
    Path(name).write_text("".join(one.model_dump_json() + "\n" for one in grades), encoding="utf-8")


def answers(said: dict[str, str], name: str = "class.jsonl", **more: dict[str, str]) -> None:
    rows = (
        {"id": id_, "question": "dropout", "answer": text, **{column: of[id_] for column, of in more.items()}}
        for id_, text in said.items()
    )
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def report(run: Run, *more: object) -> Any:
    ran = run("grades", "report", "grades.jsonl", *more, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


SAID = "Units are dropped at random at every step of training, and all of them are there at inference."
CLASS = [
    grade("ann", "met", "met"),
    grade("bob", "met", "missed", flags=("needs review: c1 is denied or turned round",), confidence=0.6),
    grade("cy", "partial", "missed", confidence=0.3),
    grade("dan", "missed", "missed", flags=("offline", "band: 0 to 10 %")),
    without("eve"),
]


def test_json_tells_of_each_question_what_its_grades_say(run: Run) -> None:
    write([*CLASS, without("fay", "failed", "", kind="input_error", message="no question")])
    found = report(run)
    assert (found["answers"], found["graded"], found["people"]) == (6, 4, 4)
    assert (found["ungraded"], found["failed"]) == ({"refused": 1}, {"input_error": 1})
    assert found["graders"] == {"made-up (grade)": 4}
    (one,) = found["questions"]
    assert (one["question"], one["rubric"], one["n"]) == (QUESTIONS["dropout"], "dropout", 4)
    assert (one["mean_percent"], one["quartiles_percent"]) == (43.75, [18.75, 37.5, 62.5])
    assert one["sd_percent"] == pytest.approx(42.6956)
    assert one["histogram"] == [1, 0, 1, 0, 0, 1, 0, 0, 0, 1]
    assert one["ungraded"] == {"refused": 1}
    assert one["discrimination"] == {"value": None, "statistic": None, "n": 4, "why": "fewer than 10 answers"}
    shares = [(c["criterion"], c["met"], c["partial"], c["missed"]) for c in one["criteria"]]
    assert shares == [("c0", 2, 1, 1), ("c1", 1, 0, 3)]
    assert found["nearly_equal"] is None


def test_flagged_answers_come_first_then_the_least_sure_and_how_a_grade_was_made_is_no_flag(run: Run) -> None:
    write(CLASS)
    assert [one["id"] for one in report(run)["look_first"]] == ["bob", "cy", "ann", "dan"]


def test_an_answer_that_talks_to_its_grader_is_looked_at_before_one_with_another_remark(run: Run) -> None:
    flags = {"judged": "otherwise: c0 is met by another way", "steers": "text addressed to the grader at 3-30"}
    flags |= {"hides": "hidden text at 0-9", "doubted": "needs review: c0 is a tie", "none": "offline"}
    write(grade(id_, "met", flags=(flag,)) for id_, flag in flags.items())
    found = json.loads(run("grades", "report", "grades.jsonl", "--json").out)
    assert [one["id"] for one in found["look_first"]] == ["steers", "hides", "doubted", "judged", "none"]


def test_misconceptions_are_counted_where_they_were_found(run: Run) -> None:
    wrong = (Finding(id="stays-on", found=True, cost=1), Finding(id="other", found=False, cost=1))
    write([grade("ann", "met", misconceptions=wrong), grade("bob", "met", misconceptions=wrong), grade("cy", "met")])
    assert report(run)["questions"][0]["misconceptions"] == [{"id": "stays-on", "found": 2}]


def test_the_same_peoples_answers_to_two_questions_say_how_well_each_tells_them_apart(run: Run) -> None:
    words: tuple[VerdictWord, ...] = ("missed", "partial", "met")
    people = {f"p{n}": words[n % 3] for n in range(30)}
    first = [grade(id_, word) for id_, word in people.items()]
    second = [grade(id_, word if n % 5 else "met", rubric="relu") for n, (id_, word) in enumerate(people.items())]
    write(first, "one.jsonl")
    write(second, "two.jsonl")
    ran = run("grades", "report", "one.jsonl", "two.jsonl", "--json")
    found = json.loads(ran.out)
    assert found["people"] == 30
    for one in found["questions"]:
        assert one["discrimination"]["statistic"] == "item-rest"
        assert 0.5 < one["discrimination"]["value"] < 1


def test_a_column_of_the_answers_tells_whose_they_are_where_ids_do_not(run: Run) -> None:
    ids = [f"{question}-{n}" for question in QUESTIONS for n in range(12)]
    dice = random.Random(1)
    skill = [dice.choice(("met", "missed")) for _ in range(12)]
    write(grade(id_, skill[int(id_.partition("-")[2])], rubric=id_.partition("-")[0]) for id_ in ids)  # type: ignore[arg-type]
    answers(dict.fromkeys(ids, SAID), student={id_: id_.partition("-")[2] for id_ in ids})
    assert report(run)["people"] == 24
    found = report(run, "--answers", "class.jsonl", "--person", "student")
    assert found["people"] == 12
    assert [one["discrimination"]["value"] for one in found["questions"]] == [1.0, 1.0]


def test_nearly_equal_answers_with_different_grades_are_named_in_whatever_order_they_stand(run: Run) -> None:
    write(CLASS)
    said = {
        "dan": SAID.replace("dropped", "removed"),
        "cy": "Something else.",
        "ann": SAID,
        "bob": "No idea.",
        "eve": "",
    }
    answers(said)
    (pair,) = report(run, "--answers", "class.jsonl")["nearly_equal"]
    assert (pair["ids"], pair["percent"], pair["rubric"]) == (["dan", "ann"], [0, 100], "dropout")
    ran = run("grades", "report", "grades.jsonl", "--answers", "class.jsonl")
    assert "dan (0 %)  ann (100 %)" in ran.out


def test_an_answer_that_is_not_the_graded_one_is_left_out_and_said(run: Run) -> None:
    quote = (Evidence(quote="dropped", start=10, end=17),)
    verdict = Verdict(criterion="c0", verdict="met", points=2, max_points=2, evidence=quote)
    write([grade("ann", "met").model_copy(update={"verdicts": (verdict,)}), grade("bob", "missed"), grade("cy", "met")])
    answers({"ann": "Something else was written here later.", "bob": SAID})
    ran = run("grades", "report", "grades.jsonl", "--answers", "class.jsonl")
    assert ran.code == 0
    assert "1 answers are not those that were graded" in ran.err
    assert "not in the file of answers, by its ids: what 1 grade was given for" in ran.err


def test_the_table_fits_the_terminal_and_says_what_its_figures_are(run: Run) -> None:
    write(CLASS)
    terminal = Terminal.running("grades", "report", "grades.jsonl")
    code, screen = terminal.end()
    screen = re.sub(r"\x1b\[\d*m", "", screen)
    assert code == 0
    assert max(map(len, screen.splitlines())) <= 80
    shown = " ".join(screen.split())
    assert "How do dropout layers help prevent overfitting? (dropout)" in shown
    for part in ("4 graded, 1 ungraded (1 refused)", "mean %", "–: fewer than 10 answers", "Most missed", "To look at"):
        assert part in screen
    assert "eve  ungraded  The model declined.  grades.jsonl:5" in " ".join(screen.split("Without a grade")[1:])


def test_lists_are_cut_and_say_how_to_see_more(run: Run) -> None:
    write(grade(f"p{n:02}", "met", "missed") for n in range(30))
    ran = run("grades", "report", "grades.jsonl")
    assert "To look at first; 10 of 30, --details shows more" in ran.out
    assert ran.out.count("made-up") == 0
    assert "p29" not in ran.out
    assert "p29" in run("grades", "report", "grades.jsonl", "--details").out


def test_the_page_holds_as_many_answers_as_are_asked_for_those_first_that_need_a_look(run: Run) -> None:
    write(CLASS)
    ran = run("grades", "report", "grades.jsonl", "--html", "r.html", "--most", "2")
    assert ran.code == 0
    assert "r.html: the page; 3 more answers are not on it: --most 5" in ran.err
    page = Path("r.html").read_text(encoding="utf-8")
    assert page.count('<details class="answer"') == 2
    assert "2 of the 5 answers are on this page" in page
    assert run("grades", "report", "grades.jsonl", "--html", "r.html").code == 0
    assert Path("r.html").read_text(encoding="utf-8").count('<details class="answer"') == 5


def test_a_page_that_somebody_changed_is_left_alone(run: Run) -> None:
    write(CLASS)
    Path("r.html").write_text("mine", encoding="utf-8")
    ran = run("grades", "report", "grades.jsonl", "--html", "r.html")
    assert ran.code == 2
    assert "r.html: left as it is" in ran.err
    assert Path("r.html").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--html", "r.pdf"], "r.pdf: the page is written to .html"),
        (["--person", "student"], "--person student: that is a column of the answers"),
        (
            ["--answers", "class.jsonl", "--person", "pupil"],
            "class.jsonl: has no column 'pupil'; its further columns are",
        ),
        (["--answers", "class.jsonl", "--answers", "class.jsonl"], "1 files of grades and 2 of answers"),
        (["--answers", "nowhere.csv"], "nowhere.csv: cannot be read: no such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(run: Run, more: list[str], said: str) -> None:
    write(CLASS)
    answers({"ann": SAID})
    ran = run("grades", "report", "grades.jsonl", *more)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_file_without_grades_is_an_error_with_its_name(run: Run) -> None:
    write([])
    assert "grades.jsonl: no grades in it" in run("grades", "report", "grades.jsonl").err
    answers({"ann": SAID})
    assert "class.jsonl:1: not a grade" in run("grades", "report", "class.jsonl").err


def test_a_class_run_says_which_nearly_equal_answers_have_different_grades(run: Run) -> None:
    met = "During training dropout sets units to zero at random, each with some probability, anew at every step."
    answers({"ann": met, "bob": met.replace("sets", "never sets"), "cy": "I do not know."})
    ran = run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", "--model", "offline")
    assert "Nearly equal answers with different grades: 1 pair, the furthest apart bob (0 %) and ann (25 %)" in ran.err
    assert "for all: dlgrade grades report grades.jsonl --answers class.jsonl" in ran.err
    (pair,) = report(run, "--answers", "class.jsonl")["nearly_equal"]
    assert pair["ids"] == ["bob", "ann"]
    table = run("grade", "--answers", "class.jsonl", "--out", "grades.csv", "--model", "offline")
    assert "bob (0 %) and ann (25 %)\n" in table.err
    quiet = run("grade", "--answers", "class.jsonl", "--out", "other.jsonl", "--model", "offline", "--json")
    assert json.loads(quiet.out)["nearly_equal"] == 1


def test_a_terminal_is_told_nothing_by_what_a_name_or_a_flag_says(run: Run) -> None:
    write(
        [
            grade("ann\x1b]0;pwned\x07", "met", flags=("needs review: \x1b[2J\u202eback",)),
            without("bob", message="\x9b5i"),
        ]
    )
    code, screen = Terminal.running("grades", "report", "grades.jsonl").end()
    assert code == 0
    assert r"ann\x1b]0;pwned\x07" in screen
    assert re.sub("\x1b\\[[0-9;]*m", "", screen).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"percent": float("nan")}, "percent: nan is not from 0 to 100"),
        ({"percent": 250.0}, "percent: 250 is not from 0 to 100"),
        ({"confidence": float("inf")}, "confidence: inf is not from 0 to 1"),
        ({"score": -1.0}, "score: -1 is not from 0 to 2"),
        ({"score": None}, "it is graded, and its score is null"),
        ({"status": "ungraded"}, "it is ungraded, and its score is 2"),
        ({"percent": None}, "it has a score and no percent"),
    ],
)
def test_a_grade_that_nobody_gave_is_named_with_its_line(run: Run, damage: dict[str, Any], words: str) -> None:
    told = [grade("ann", "met").model_dump(mode="json"), grade("bob", "met").model_dump(mode="json") | damage]
    Path("grades.jsonl").write_text("".join(json.dumps(one) + "\n" for one in told))
    ran = run("grades", "report", "grades.jsonl")
    assert (ran.code, ran.err) == (2, f"dlgrade: grades.jsonl:2: not a grade: {words}\n")


def test_one_file_of_answers_serves_several_gradings_of_it(run: Run) -> None:
    write([grade("ann", "met"), grade("bob", "met")], "one.jsonl")
    write([grade("ann", "missed"), grade("bob", "missed")], "other.jsonl")
    answers({"ann": "Units are dropped at random.", "bob": "Nothing is known of it."})
    ran = run("grades", "report", "one.jsonl", "other.jsonl", "--answers", "class.jsonl", "--json")
    assert ran.err == ""
    assert [pair["ids"] for pair in json.loads(ran.out)["nearly_equal"]] == [["ann", "ann"], ["bob", "bob"]]
