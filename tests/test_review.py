"""`review`: a person's decisions are saved one by one, and what they decided about is theirs from then on."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Run
from terminal import Person

from dlgrade.banks.ledger import Ledger
from dlgrade.banks.locking import locked
from dlgrade.banks.reading import read_bank

PYTHON = shlex.quote(sys.executable)  # a folder above may have a blank in its name

GENERAL = ROOT / "questions" / "general.md"


@pytest.fixture(autouse=True)
def filled(run: Run) -> bytes:
    shutil.copy(GENERAL, "bank.md")
    run("fill", "bank.md", "--in-place")
    return Path("bank.md").read_bytes()


def verdicts() -> dict[str, str]:
    lines = Ledger.beside("bank.md").known(read_bank("bank.md"))
    return {id_: line.review.verdict for id_, line in lines.items() if line.review}


def drafts(run: Run) -> list[str]:
    return [row["id"] for row in json.loads(run("review", "bank.md", "--list", "--json").out)]


# ── for scripts ──────────────────────────────────────────────────────────────────────────────


def test_the_list_shows_the_drafts_and_changes_nothing(run: Run, filled: bytes) -> None:
    before = Path(".dlgrade/answers.jsonl").read_bytes()
    ran = run("review", "bank.md", "--list")
    assert (ran.code, ran.out.count("offline, 2"), "17 drafts" in ran.err) == (1, 17, True)
    row = json.loads(run("review", "bank.md", "--json").out)[1]
    assert list(row) == ["id", "path", "line", "question", "answer", "model", "prompt", "time"]
    assert (row["id"], row["model"], row["prompt"]["template"]) == ("bank:2", "offline", "rubrics/dropout")
    assert Path(".dlgrade/answers.jsonl").read_bytes() == before
    assert Path("bank.md").read_bytes() == filled


def test_accepting_writes_into_the_ledger_alone(run: Run, filled: bytes) -> None:
    ran = run("review", "bank.md", "--accept", "bank:2", "--accept", "bank:5")
    assert (ran.code, "2 reviewed, 15 drafts left" in ran.err) == (1, True)
    assert Path("bank.md").read_bytes() == filled
    assert verdicts() == {"bank:2": "accepted", "bank:5": "accepted"}
    assert run("review", "bank.md", "--accept-all").code == 0
    assert len(verdicts()) == 17
    assert run("review", "bank.md").code == 0


@pytest.mark.parametrize(
    ("name", "newline"),
    [("general.md", b"\r\n"), ("theory.md", b"\n"), ("fifty.md", b"\n"), ("catalogue.md", b"\r\n")],
)
def test_every_bank_is_what_it_was_when_all_is_rejected(run: Run, name: str, newline: bytes) -> None:
    original = (ROOT / "questions" / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", newline)
    Path("bank.md").write_bytes(original)
    run("fill", "bank.md", "--in-place")
    ids = drafts(run)
    # Some by themselves, from both ends, then the rest at once.
    for id_ in (ids.pop(), ids.pop(0), ids.pop(1)):
        assert run("review", "bank.md", "--reject", id_).code == 1
    assert run("review", "bank.md", *(word for id_ in ids for word in ("--reject", id_))).code == 0
    assert Path("bank.md").read_bytes() == original
    assert drafts(run) == []


def test_all_but_one_can_be_accepted(run: Run) -> None:
    assert run("review", "bank.md", "--accept-all", "--reject", "bank:3").code == 0
    assert set(verdicts()) == {f"bank:{n}" for n in range(1, 18) if n != 3}
    assert read_bank("bank.md").questions[2].answer is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--accept", "bank:99"), "bank:99: no draft of this id"),
        (("--accept", "bank:1", "--reject", "bank:1"), "bank:1: to be accepted and rejected"),
        ((), "there is no terminal to ask at\nWithout one: --list, --accept ID, --accept-all or --reject ID."),
    ],
)
def test_a_wrong_command_is_said_and_changes_nothing(
    run: Run, filled: bytes, arguments: tuple[str, ...], said: str
) -> None:
    before = Path(".dlgrade/answers.jsonl").read_bytes()
    ran = run("review", "bank.md", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert (Path("bank.md").read_bytes(), Path(".dlgrade/answers.jsonl").read_bytes()) == (filled, before)


def test_what_a_person_wrote_is_no_draft(run: Run) -> None:
    answer = str(read_bank("bank.md").questions[3].answer)
    Path("bank.md").write_text(Path("bank.md").read_text().replace(answer[:20], "I think that", 1))
    assert "bank:4" not in drafts(run)
    assert run("review", "bank.md", "--reject", "bank:4").code == 2


def test_export_reviewed_takes_accepted_and_human_answers_only(run: Run) -> None:
    answer = str(read_bank("bank.md").questions[3].answer)
    Path("bank.md").write_text(Path("bank.md").read_text().replace(answer[:20], "I think that", 1))
    run("review", "bank.md", "--accept", "bank:2", "--reject", "bank:5")
    ran = run("export", "bank.md", "--to", "key.json", "--reviewed")
    key = json.loads(Path("key.json").read_text())
    assert [row["id"] for row in key["questions"] if row["reference"]] == ["bank:2", "bank:4"]
    assert {row["source"] for row in key["questions"] if row["reference"]} == {"document"}
    assert len(key["missing"]) == 15
    assert ran.code == 1
    assert "left out: 14 drafts that nobody has reviewed, 1 shipped references" in ran.err
    run("review", "bank.md", "--accept-all")
    run("export", "bank.md", "--to", "key.json", "--reviewed")
    assert len(json.loads(Path("key.json").read_text())["missing"]) == 1


def test_a_bank_without_a_ledger_is_a_persons_throughout(run: Run) -> None:
    article = ROOT / "questions" / "article.md"
    assert run("review", article).code == 0
    ran = run("export", article, "--to", "key.json", "--reviewed")
    assert (ran.code, json.loads(Path("key.json").read_text())["missing"]) == (0, [])


# ── at a terminal ────────────────────────────────────────────────────────────────────────────


ASKED = "[q]uit: "


@pytest.fixture
def terminal(request: pytest.FixtureRequest) -> Iterator[Person]:
    opened = Person("review", "bank.md", **getattr(request, "param", {}))
    yield opened
    opened.close()


def test_each_key_does_what_it_says(terminal: Person) -> None:
    shown = terminal.until(ASKED)
    assert "bank:1  " in shown
    assert "Written by offline, 2" in shown
    assert "17 left." in shown
    terminal.type("a")
    assert "bank:2  How do" in terminal.until(ASKED)
    assert verdicts() == {"bank:1": "accepted"}
    terminal.type("r")
    assert "bank:3  " in terminal.until(ASKED)
    assert read_bank("bank.md").questions[1].answer is None
    terminal.type("x\ns")
    assert "bank:4  " in terminal.until(ASKED)
    terminal.type("q")
    code, shown = terminal.ended()
    assert (code, "2 reviewed, 15 drafts left" in shown) == (1, True)
    assert verdicts() == {"bank:1": "accepted"}


@pytest.mark.parametrize(
    "terminal",
    [{"EDITOR": f"{PYTHON} -c \"import sys; open(sys.argv[1], 'w').write('Mine.\\n\\n- a list')\""}],
    indirect=True,
)
def test_an_edited_answer_is_the_persons(terminal: Person, run: Run, filled: bytes) -> None:
    terminal.until(ASKED)
    terminal.type("e")
    assert "bank:2  " in terminal.until(ASKED)
    terminal.type("q")
    assert terminal.ended()[0] == 1
    assert verdicts() == {"bank:1": "edited"}
    assert read_bank("bank.md").questions[0].answer == "Mine.\n\n- a list"
    assert len(Ledger.beside("bank.md").lines) == 17
    # The rest of the document is as it was.
    assert Path("bank.md").read_bytes().partition(b"## Question 2")[2] == filled.partition(b"## Question 2")[2]


@pytest.mark.parametrize(
    "terminal",
    [{"EDITOR": f"{PYTHON} -c \"import sys; open(sys.argv[1], 'w').write('Half.'); sys.exit(3)\""}],
    indirect=True,
)
def test_an_editor_that_crashes_loses_nothing_and_the_draft_is_asked_about_again(
    terminal: Person, filled: bytes
) -> None:
    terminal.until(ASKED)
    terminal.type("e")
    shown = terminal.until(ASKED)
    assert "the editor ended with status 3; what you wrote is kept in " in shown
    assert "bank:1  " in shown
    kept = Path(shown.partition("kept in ")[2].splitlines()[0])
    assert kept.read_text() == "Half."
    kept.unlink()
    terminal.type("q")
    assert terminal.ended()[0] == 1
    assert Path("bank.md").read_bytes() == filled


@pytest.mark.parametrize(
    "terminal", [{"EDITOR": f"{PYTHON} -c \"import sys; open(sys.argv[1], 'w').write('TODO')\""}], indirect=True
)
def test_a_text_that_is_no_answer_is_not_written_and_kept(terminal: Person, filled: bytes) -> None:
    terminal.until(ASKED)
    terminal.type("e")
    shown = terminal.until(ASKED)
    assert "bank:1: not written: the answer is empty or only a placeholder" in shown
    kept = Path(shown.partition("What you wrote is kept in ")[2].splitlines()[0])
    assert kept.read_text() == "TODO"
    kept.unlink()
    assert Path("bank.md").read_bytes() == filled


def test_ctrl_c_keeps_what_was_decided(terminal: Person, filled: bytes) -> None:
    terminal.until(ASKED)
    terminal.type("a")
    terminal.until(ASKED)
    terminal.type("\x03")
    code, shown = terminal.ended()
    assert (code, "Traceback" in shown) == (130, False)
    assert verdicts() == {"bank:1": "accepted"}


def test_a_kill_keeps_what_was_decided(terminal: Person) -> None:
    terminal.until(ASKED)
    terminal.type("r")
    terminal.until(ASKED)
    terminal.process.send_signal(signal.SIGKILL)
    terminal.ended()
    assert read_bank("bank.md").questions[0].answer is None
    assert len(Ledger.beside("bank.md").lines) == 16


def test_a_draft_that_was_changed_meanwhile_is_left_and_said(terminal: Person) -> None:
    terminal.until(ASKED)
    answer = str(read_bank("bank.md").questions[0].answer)
    text = Path("bank.md").read_text().replace(answer[:20], "I think that", 1)
    Path("bank.md").write_text(text)
    terminal.type("r")
    assert "bank:1: the document or its ledger changed meanwhile" in terminal.until(ASKED)
    terminal.type("q")
    terminal.ended()
    assert Path("bank.md").read_text() == text


def test_a_decision_waits_for_a_run_that_is_writing(terminal: Person) -> None:
    terminal.until(ASKED)
    with locked([Path("bank.md")]):
        terminal.type("a")
        terminal.until("waiting for another dlgrade on bank.md")
        assert verdicts() == {}
    terminal.until(ASKED)
    assert verdicts() == {"bank:1": "accepted"}
