"""`dlgrade practice`: a sitting, played down a pipe and at a terminal; what was written is never lost."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Run
from loopback import Loopback, Scripted
from terminal import Person

from dlgrade.practice.history import FILE

BANK = "# Mine\n\n## 1. How do dropout layers help prevent overfitting?\n\n_[To be filled]_\n"
ANSWER = "It sets units to zero at random. Dropout stays on at inference."
KEYS = "[q]uit: "


@pytest.fixture(autouse=True)
def bank(run: Run) -> None:
    Path("bank.md").write_text(BANK)


def attempts() -> list[tuple[str, str]]:
    """The question and answer of each attempt, in order."""
    file = Path(os.environ["DLGRADE_DATA"]) / FILE
    if not file.exists():
        return []
    db = sqlite3.connect(file)
    try:
        return db.execute("SELECT asked, answer FROM attempts ORDER BY at").fetchall()
    finally:
        db.close()


def kept() -> list[Path]:
    return sorted((Path(os.environ["DLGRADE_DATA"]) / "drafts").glob("*"))


# ── down a pipe ──────────────────────────────────────────────────────────────────────────────


def test_a_sitting_is_played_down_a_pipe(run: Run) -> None:
    ran = run("practice", "bank.md", stdin=f"{ANSWER}\n.\nn\n".encode())
    assert ran.code == 0
    assert "0 due, 0 weak, 1 new." in ran.out
    assert "How do dropout layers help prevent overfitting?" in ran.out
    assert "0.5 of 10 (5 %), graded by offline" in ran.out
    assert "+ criterion 1, 2.5 points\n      “It sets units to zero at random.”" in ran.out
    assert "! costs 2 points\n      “Dropout stays on at inference.”" in ran.out
    assert "It comes back tomorrow." in ran.out
    assert "1 answered, 5 % on average; nothing is left for today." in ran.out
    assert "graded offline" in ran.err
    assert attempts() == [("bank:1", ANSWER)]
    assert kept() == []


def test_the_reference_is_shown_only_when_it_is_asked_for(run: Run) -> None:
    without = run("practice", "bank.md", stdin=f"{ANSWER}\n.\nn\n".encode()).out
    shown = run("practice", "bank.md", "--new", "9", stdin=b"").out
    assert "Nothing is due" in shown
    Path(os.environ["DLGRADE_DATA"], FILE).unlink()
    with_it = run("practice", "bank.md", stdin=f"{ANSWER}\n.\nr\nn\n".encode()).out
    for telling in ("Reference", "co-adaptation", "off-at-inference", "switched off"):
        assert telling not in without
        assert telling in with_it


def test_the_end_of_the_lines_ends_the_answer_and_the_sitting(run: Run) -> None:
    ran = run("practice", "bank.md", stdin=ANSWER.encode())
    assert (ran.code, attempts()) == (0, [("bank:1", ANSWER)])


@pytest.mark.parametrize("stdin", [b"", b"\n", b".\nq\n", b".\n", b".\ns\n"])
def test_nothing_written_is_no_attempt(run: Run, stdin: bytes) -> None:
    ran = run("practice", "bank.md", stdin=stdin)
    assert (ran.code, attempts(), kept()) == (0, [], [])


def test_who_does_not_know_says_so(run: Run) -> None:
    ran = run("practice", "bank.md", stdin=b".\nd\nn\n")
    assert "0 of 10 (0 %)" in ran.out
    assert "hint: what happens at inference" in ran.out
    assert attempts() == [("bank:1", "")]


def test_a_further_try_and_a_persons_verdict(run: Run) -> None:
    lines = ["Units are dropped.", ".", "t", ANSWER, ".", "o", "2", "met", "I meant it.", "Anna", "n"]
    ran = run("practice", "bank.md", stdin="\n".join(lines).encode())
    assert "3 of 10 (30 %)" in ran.out
    assert "A further try does not count" in ran.out
    assert [answer for _, answer in attempts()] == ["Units are dropped.", ANSWER]
    db = sqlite3.connect(Path(os.environ["DLGRADE_DATA"]) / FILE)
    grade = json.loads(db.execute("SELECT grade FROM attempts WHERE first IS NOT NULL").fetchone()[0])
    assert [(o["criterion"], o["by"], o["why"]) for o in grade["overrides"]] == [
        ("no-co-adaptation", "Anna", "I meant it.")
    ]


def test_a_verdict_left_empty_changes_nothing(run: Run) -> None:
    ran = run("practice", "bank.md", stdin=f"{ANSWER}\n.\no\n\no\n2\n\nn\n".encode())
    assert (ran.code, "overrides" in json.dumps(attempts())) == (0, False)
    assert ran.out.count("of 10 (") == 1


def test_what_comes_next_is_listed_for_scripts(run: Run) -> None:
    rows = json.loads(run("practice", "bank.md", "--list", "--json").out)
    assert [(row["id"], row["why"], row["topic"], row["key"]) for row in rows] == [
        ("bank:1", "new", "regularization", "rubric:dropout")
    ]
    ran = run("practice", ROOT / "questions", "--list", "--new", "4", "--topic", "data")
    assert (ran.code, ran.err.strip()) == (0, "0 due, 0 weak, 4 new.")
    assert run("practice", "bank.md", "--json").code == 2


def test_without_a_bank_the_shipped_ones_are_practised(run: Run) -> None:
    rows = json.loads(run("practice", "--list", "--json", "--new", "1000").out)
    assert len(rows) == 145


def test_a_filter_that_nothing_fits_names_the_topics(run: Run) -> None:
    ran = run("practice", "bank.md", "--topic", "nonsense")
    assert (ran.code, "no question is like that\nThere are the topics regularization." in ran.err) == (2, True)


def test_what_cannot_be_graded_is_left_out_and_named(run: Run) -> None:
    Path("bank.md").write_text(f"{BANK}\n## 2. What is a widget?\n\n_[To be filled]_\n")
    ran = run("practice", "bank.md", "--list")
    assert "left out, as neither a rubric nor an answer tells what is right: bank:2" in ran.err


def test_bytes_that_are_no_text_are_an_error_in_words(run: Run) -> None:
    ran = run("practice", "bank.md", stdin=b"\xff\xfe\n.\n")
    assert (ran.code, "stdin: not UTF-8" in ran.err, attempts()) == (0, True, [])


def test_a_folder_that_cannot_be_written_is_an_error_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("DLGRADE_DATA", "file/inside")
    ran = run("practice", "bank.md", stdin=b"x\n")
    assert (ran.code, "DLGRADE_DATA" in ran.err) == (2, True)


def test_an_interview_says_nothing_until_its_end(run: Run) -> None:
    answers = b"It learns from data.\n.\nNo idea.\n.\nr\n"
    ran = run("practice", ROOT / "questions" / "general.md", "--interview", "--questions", "2", stdin=answers)
    assert (ran.code, len(attempts())) == (0, 2)
    asked, _, told = ran.out.partition("The interview")
    assert "An interview: 2 questions, 5 minutes each." in asked
    for telling in ("hint", "criterion", " of 10", "%"):
        assert telling not in asked
    assert told.count("hint: ") > 4
    assert told.count("Reference\n") == 2
    assert "0:00 of 5:00" in told


# ── by a model ───────────────────────────────────────────────────────────────────────────────


def test_a_model_grades_where_one_is_set_up(run: Run) -> None:
    reply = (ROOT / "tests" / "samples" / "replies" / "grade-dropout.json").read_text(encoding="utf-8")
    answer = (ROOT / "tests" / "samples" / "answers" / "dropout.md").read_text(encoding="utf-8")
    with Loopback(lambda _: reply) as server:
        asking = ("--model", "made-up", "--base-url", server.url)
        ran = run("practice", "bank.md", *asking, stdin=f"{answer}\n.\nn\n".encode())
        assert len(server.requests) == 1
    assert "dlgrade: graded by made-up" in ran.err
    assert "7 of 10 (70 %), graded by made-up" in ran.out
    assert "what happens at inference" in ran.out
    assert "all units are used" not in ran.out  # the model's reason says so


def test_a_limit_of_money_and_a_recording_are_of_the_whole_sitting(run: Run) -> None:
    """Each answer is a run of its own below; one limit and one file hold for all of them."""
    reply = (ROOT / "tests" / "samples" / "replies" / "grade-dropout.json").read_text(encoding="utf-8")
    lines = "One answer.\n.\nt\nAnother answer.\n.\nt\nA third answer.\n.\nn\n"
    Path("dlgrade.toml").write_text('[prices."made-up"]\ninput = 0.0\noutput = 0.0\nper_call = 1.0\n')
    with Loopback(lambda _: reply) as server:
        asking = ("--model", "made-up", "--base-url", server.url)
        ran = run("practice", "bank.md", *asking, "--max-cost", "4.5", stdin=lines.encode())
        assert (ran.code, [answer for _, answer in attempts()]) == (1, ["One answer.", "Another answer."])
        assert len(server.requests) == 4  # two an answer, as the first reply's quotes are not in it
        Path(os.environ["DLGRADE_DATA"], FILE).unlink()
        run("practice", "bank.md", *asking, "--record", "run.tape", stdin=lines.encode())
        assert len(attempts()) == 3
    Path(os.environ["DLGRADE_DATA"], FILE).unlink()
    ran = run("practice", "bank.md", "--replay", "run.tape", stdin=lines.encode())
    assert (ran.code, len(attempts())) == (0, 3)


def test_an_endpoint_that_fails_for_good_keeps_what_was_written(run: Run) -> None:
    with Loopback(lambda _: Scripted(401, body={"error": {"message": "no such key"}})) as server:
        asking = ("--model", "made-up", "--base-url", server.url)
        ran = run("practice", "bank.md", *asking, stdin=f"{ANSWER}\n.\nn\n".encode())
    assert (ran.code, attempts()) == (3, [])
    assert "What you wrote is kept" in ran.err
    assert [path.read_text().strip() for path in kept() if path.suffix == ".md"] == [ANSWER]


# ── at a terminal ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def people() -> Iterator[list[Person]]:
    opened: list[Person] = []
    yield opened
    for person in opened:
        person.close()


def begun(people: list[Person], *arguments: str, **environment: str) -> Person:
    people.append(Person("practice", "bank.md", *arguments, **environment))
    return people[-1]


def test_lines_at_a_terminal(people: list[Person]) -> None:
    person = begun(people)
    assert "bank:1 · regularization" in person.until("> ")
    person.type(f"{ANSWER}\n")
    person.until("> ")
    person.type("\x04")
    shown = person.until(KEYS)
    assert "5 %" in shown
    assert "\x1b[3" in shown  # colours, beside the signs
    person.type("q")
    code, _ = person.ended()
    assert (code, attempts(), kept()) == (0, [("bank:1", ANSWER)], [])


def test_what_a_question_says_drives_no_terminal(people: list[Person]) -> None:
    question = "What is \x1b]0;a title\x07 on \x1b[2J a screen\x9b8m?"
    Path("bank.json").write_text(json.dumps([{"question": question, "answer": "It is \x1b[1A shown."}]))
    people += [Person("practice", "bank.json"), Person("practice", "bank.json", "--list"), Person("list", "bank.json")]
    told = [people[0].until("> "), people[1].ended()[1], people[2].ended()[1]]
    assert ["a title" in shown for shown in told] == [True, True, True]
    assert [re.findall(r"\x1b\]|\x1b\[\d+[JA]|\x07|\x9b", shown) for shown in told] == [[], [], []]


def test_a_line_longer_than_a_terminal_takes_is_whole(people: list[Person]) -> None:
    person = begun(people)
    person.until("> ")
    long = "It sets units to zero at random. " * 200
    person.type(f"{long}\n")
    person.until("> ")
    person.type(".\n")
    person.until(KEYS)
    assert attempts()[0][1] == long.strip()


def test_no_color_means_none(people: list[Person]) -> None:
    person = begun(people, NO_COLOR="1")
    person.until("> ")
    person.type(f"{ANSWER}\n.\n")
    assert "\x1b[3" not in person.until(KEYS)


def editor(tmp_path: Path, *lines: str) -> str:
    """An editor that does as it is told; `$1` is the file."""
    script = tmp_path / "editor.sh"
    script.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    script.chmod(0o755)
    return str(script)


def test_the_editor_gets_the_question_and_a_try_again_the_answer(people: list[Person], tmp_path: Path) -> None:
    does = editor(tmp_path, 'grep -q "How do dropout" "$1" || exit 9', 'sed -i "1s/^/Units are dropped. /" "$1"')
    person = begun(people, EDITOR=does)
    person.until(KEYS)
    person.type("t")
    person.until(KEYS)
    person.type("q")
    assert person.ended()[0] == 0
    assert [answer for _, answer in attempts()] == ["Units are dropped.", "Units are dropped. Units are dropped."]


def test_an_editor_that_is_killed_loses_nothing(people: list[Person], tmp_path: Path) -> None:
    does = editor(tmp_path, f'printf "{ANSWER}" > "$1"', 'touch "$(dirname $1)/.$(basename $1).swp"', "kill -9 $$")
    person = begun(people, EDITOR=does)
    shown = person.until(KEYS)
    assert "the editor ended with status -9" in shown
    assert "[g]rade it as it is" in shown
    assert "\x1b[?1049l" in shown  # an editor has a screen of its own, which it could not leave
    person.type("g")
    assert "5 %" in person.until(KEYS)
    assert attempts() == [("bank:1", ANSWER)]
    assert kept() == []  # nor what the editor left beside it


def test_an_editor_that_is_killed_empty_can_be_opened_again_or_left(people: list[Person], tmp_path: Path) -> None:
    person = begun(people, EDITOR=editor(tmp_path, "kill -9 $$"))
    assert "[g]rade" not in person.until(KEYS)
    person.type("l")
    person.until("> ")
    person.type(f"{ANSWER}\n.\n")
    person.until(KEYS)
    assert attempts() == [("bank:1", ANSWER)]


def waiting_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.02)


def test_dlgrade_killed_while_the_editor_is_open_offers_the_text_at_the_next_start(
    people: list[Person], tmp_path: Path
) -> None:
    sign = tmp_path / "open"
    does = editor(tmp_path, f'printf "{ANSWER}" > "$1"', f"touch {sign}", "sleep 60")
    person = begun(people, EDITOR=does)
    waiting_for(sign)
    person.process.send_signal(signal.SIGKILL)
    person.process.wait()
    os.killpg(person.process.pid, signal.SIGKILL)  # the editor that is left
    assert attempts() == []
    again = begun(people, "--lines")
    shown = again.until("[l]ater: ")
    assert "An answer was begun on" in shown
    assert "bank:1 How do dropout" in " ".join(shown.split())
    assert ANSWER in " ".join(shown.split())
    again.type("g")
    again.until("> ")
    again.type("It is off at inference.\n.\n")
    again.until(KEYS)
    assert attempts() == [("bank:1", f"{ANSWER}\nIt is off at inference.")]
    assert kept() == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_goes_away_keeps_every_line(people: list[Person], end: signal.Signals) -> None:
    person = begun(people)
    person.until("> ")
    person.type("One line.\n")
    person.until("> ")
    person.type("Another line.\n")
    person.until("> ")
    person.interrupt(end)
    person.process.wait(timeout=20)
    assert attempts() == []
    again = begun(people)
    assert "One line. Another line." in again.until("[l]ater: ")
    again.type("l")
    again.until("> ")
    again.interrupt()
    assert again.ended()[0] == 130
    third = begun(people)
    assert "One line. Another line." in third.until("[l]ater: ")
    third.type("d")
    third.until("> ")
    assert [path.suffix for path in kept()].count(".json") == 1  # the new one's


def test_ctrl_c_keeps_the_lines_and_says_so(people: list[Person]) -> None:
    person = begun(people)
    person.until("> ")
    person.type("One line.\n")
    person.until("> ")
    person.interrupt()
    code, shown = person.ended()
    assert (code, "What you wrote is kept" in shown, "Traceback" in shown) == (130, True, False)


def test_a_draft_that_somebody_is_at_is_not_offered_elsewhere(people: list[Person]) -> None:
    one = begun(people)
    one.until("> ")
    one.type("One line.\n")
    one.until("> ")
    other = begun(people)
    assert "An answer was begun" not in other.until("> ")


def test_the_clock_of_an_interview_runs_in_the_prompt_and_ends_the_answer(people: list[Person]) -> None:
    person = begun(people, "--interview", "--questions", "1", "--clock", "0.1")
    person.until("0:06 > ")
    time.sleep(6.2)
    person.type(f"{ANSWER}\n")
    shown = person.until("[r]eferences  [q]uit: ")
    assert "The time is up." in shown
    assert " over" in shown
    person.type("q")
    assert person.ended()[0] == 0
    assert attempts() == [("bank:1", ANSWER)]


def test_practising_is_imported_when_it_is_practised() -> None:
    script = (
        "import sys\nimport dlgrade.cli.practice, dlgrade.cli.progress\n"
        "print([name for name in ('fsrs', 'openai', 'asyncio', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
