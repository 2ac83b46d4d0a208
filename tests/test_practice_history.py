"""The history loses nothing: not to an older form, a damaged file, two terminals, or a trip to another machine."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import ROOT
from practising import attempt, card

from dlgrade.banks.reading import read_bank
from dlgrade.errors import InputError, NoQuestions, OutputError
from dlgrade.models import Override
from dlgrade.practice import exchange
from dlgrade.practice.history import FILE, FORM, History
from dlgrade.practice.records import Attempt

MONDAY = date(2026, 1, 5)


@pytest.fixture
def remarks() -> list[str]:
    return []


@pytest.fixture
def history(tmp_path: Path, remarks: list[str]) -> History:
    return History.open(tmp_path, on_remark=remarks.append)


def test_what_was_answered_is_read_back_as_it_was(history: History) -> None:
    one = attempt(MONDAY, {"a": "met", "b": "missed"})
    standing = history.add(one, card())
    assert history.attempts() == [one]
    assert history.standings() == [standing]
    assert (standing.due, standing.percent, standing.weak) == (MONDAY + timedelta(1), 50.0, 0.5)


# ── other forms ──────────────────────────────────────────────────────────────────────────────


def older(path: Path, *attempts: Attempt) -> None:
    """A file as version 1 wrote it: attempts and the words of their questions."""
    db = sqlite3.connect(path)
    db.executescript(
        "CREATE TABLE questions (question TEXT PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL, topic TEXT NOT NULL,"
        " category TEXT, difficulty TEXT);"
        "CREATE TABLE attempts (id TEXT PRIMARY KEY, question TEXT NOT NULL, asked TEXT NOT NULL, at TEXT NOT NULL,"
        " day TEXT NOT NULL, seconds REAL NOT NULL, answer TEXT NOT NULL, grade TEXT NOT NULL);"
        f"PRAGMA application_id = {FORM.application}; PRAGMA user_version = 1"
    )
    db.execute("INSERT INTO questions VALUES ('rubric:dropout', 'general:2', 'What is dropout?', 't', NULL, 'basic')")
    db.execute("INSERT INTO questions VALUES ('rubric:never', 'general:9', 'Never answered.', 't', NULL, NULL)")
    for one in attempts:
        when = one.at.isoformat(timespec="milliseconds")
        values = (one.id, one.question, one.asked, when, one.day.isoformat(), one.seconds, one.answer)
        db.execute("INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*values, one.grade.model_dump_json()))
    db.commit()
    db.close()


def test_a_file_of_version_1_becomes_todays_with_all_that_is_in_it(tmp_path: Path) -> None:
    attempts = [attempt(MONDAY, {"a": "met", "b": "missed"}), attempt(MONDAY + timedelta(1), {"a": "met", "b": "met"})]
    older(tmp_path / FILE, *attempts)
    with History.open(tmp_path, on_remark=pytest.fail) as history:
        assert history.attempts() == attempts
        (standing,) = history.standings()
    with History.open(tmp_path / "new", on_remark=pytest.fail) as other:
        for one in attempts:
            expected = other.add(one, card())
    assert standing == expected
    with History.open(tmp_path, on_remark=pytest.fail) as again:
        assert again.attempts() == attempts
    db = sqlite3.connect(tmp_path / FILE)
    assert db.execute("PRAGMA user_version").fetchone() == (FORM.version,)
    assert db.execute("SELECT count(*) FROM criteria").fetchone() == (2,)


def test_a_file_of_a_later_version_and_another_programs_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE
    db = sqlite3.connect(path)
    db.executescript(f"CREATE TABLE t (a); PRAGMA application_id = {FORM.application}; PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(OutputError, match="later version"):
        History.open(tmp_path, on_remark=pytest.fail)
    assert path.read_bytes() == before
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (a)")
    db.close()
    with pytest.raises(OutputError, match=r"another program's database, not a history[\s\S]*DLGRADE_DATA"):
        History.open(tmp_path, on_remark=pytest.fail)


def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, remarks: list[str]) -> None:
    (tmp_path / FILE).write_bytes(b"not a database" * 1000)
    with History.open(tmp_path, on_remark=remarks.append) as history:
        history.add(attempt(MONDAY, {"a": "met"}), card())
        assert len(history.attempts()) == 1
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes() == b"not a database" * 1000
    assert "is damaged" in remarks[0]
    assert aside.name in remarks[0]


WRITER = """
import sys
from datetime import date
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from practising import attempt, card
from dlgrade.practice.history import History
with History.open(Path(sys.argv[1]), on_remark=print) as history:
    for n in range(40):
        history.add(attempt(date(2026, 1, 5), {"a": "met", "b": "missed"}, id=f"{sys.argv[2]}-{n}"), card())
"""


def test_two_terminals_at_once_lose_nothing(tmp_path: Path) -> None:
    """Both begin the file at the same moment, and write to the same question."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    both = [subprocess.Popen([*command, name, str(ROOT / "tests")], cwd=ROOT) for name in ("one", "two")]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    with History.open(tmp_path, on_remark=pytest.fail) as history:
        attempts = history.attempts()
        assert len(attempts) == 80
        (standing,) = history.standings()
        with History.open(tmp_path / "alone", on_remark=pytest.fail) as alone:
            for one in attempts:
                expected = alone.add(one, card())
    assert standing == expected


# ── changes ──────────────────────────────────────────────────────────────────────────────────


def test_a_changed_grade_changes_when_the_question_comes_back(history: History) -> None:
    one = attempt(MONDAY, {"a": "met", "b": "missed"})
    before = history.add(one, card())
    better = attempt(MONDAY, {"a": "met", "b": "met"}).grade
    _, after = history.change(one.id, lambda old: old.model_copy(update={"grade": better}))
    assert (before.percent, after.percent, after.weak) == (50.0, 100.0, 0.0)
    assert before.due is not None
    assert after.due is not None
    assert after.due > before.due
    with pytest.raises(InputError, match="no attempt 'x'"):
        history.change("x", lambda old: old)


def test_a_question_that_gets_a_rubric_keeps_its_attempts(history: History) -> None:
    history.add(attempt(MONDAY, {"a": "met"}, question="text:whatisdropout"), card("text:whatisdropout"))
    new = attempt(MONDAY + timedelta(1), {"a": "missed"})
    history.add(new, card())
    history.adopt({"text:whatisdropout": "rubric:dropout", "text:never": "rubric:adam"})
    (standing,) = history.standings()
    assert (standing.question, standing.met, len(history.attempts("rubric:dropout"))) == ("rubric:dropout", MONDAY, 2)


# ── out and in ───────────────────────────────────────────────────────────────────────────────


def exported(history: History, path: Path) -> Path:
    path.write_text("\n".join(exchange.lines(history)), encoding="utf-8")
    return path


def test_an_exported_history_is_the_same_where_it_is_imported(history: History, tmp_path: Path) -> None:
    history.add(attempt(MONDAY, {"a": "met", "b": "missed"}), card())
    history.add(attempt(MONDAY + timedelta(2), {"c": "partial"}, question="text:é𝛼"), card("text:é𝛼", text="É\n\n𝛼?"))
    file = exported(history, tmp_path / "history.jsonl")
    with History.open(tmp_path / "other", on_remark=pytest.fail) as other:
        assert other.merge(*exchange.read(file)) == 2
        assert (other.attempts(), other.standings()) == (history.attempts(), history.standings())
        assert other.merge(*exchange.read(file)) == 0
        assert exported(other, tmp_path / "again.jsonl").read_bytes() == file.read_bytes()


def test_an_import_brings_verdicts_of_people_and_takes_none_away(history: History, tmp_path: Path) -> None:
    one = attempt(MONDAY, {"a": "missed"})
    history.add(one, card())
    plain = exported(history, tmp_path / "plain.jsonl")
    said = Override(criterion="a", verdict="met", by="Anna", why="It is there.", instead_of="missed", asked="x")
    grade = attempt(MONDAY, {"a": "met"}).grade.model_copy(update={"overrides": (said,)})
    history.change(one.id, lambda old: old.model_copy(update={"grade": grade}))
    judged = exported(history, tmp_path / "judged.jsonl")
    history.merge(*exchange.read(plain))
    assert history.attempt(one.id).grade.overrides == (said,)
    with History.open(tmp_path / "other", on_remark=pytest.fail) as other:
        other.merge(*exchange.read(plain))
        other.merge(*exchange.read(judged))
        assert other.attempt(one.id).grade.overrides == (said,)
        assert other.standings()[0].percent == 100.0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], r":1: not a history of practice"),
        (['{"question": "q", "answer": "a"}'], r":1: not a history of practice"),
        (['{"dlgrade_practice": 7}'], r":1: has form 7; this dlgrade reads form 1"),
        (['{"dlgrade_practice": 1}', "[]"], r":2: neither a question nor an attempt"),
        (['{"dlgrade_practice": 1}', '{"attempt": {"id": "x"}}'], r":2: question: field required; nothing"),
        (['{"dlgrade_practice": 1}', "", "{"], r":3: neither a question nor an attempt"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, lines: list[str], said: str) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text("\n".join(lines))
    with pytest.raises(InputError, match=said):
        exchange.read(file)


def test_an_attempt_without_its_question_is_refused(history: History, tmp_path: Path) -> None:
    history.add(attempt(MONDAY, {"a": "met"}), card())
    file = exported(history, tmp_path / "history.jsonl")
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], lines[2]]))
    with pytest.raises(InputError, match=r":2: its question 'rubric:dropout' stands nowhere above"):
        exchange.read(file)


def test_an_exported_history_is_no_bank(history: History, tmp_path: Path) -> None:
    history.add(attempt(MONDAY, {"a": "met"}), card())
    with pytest.raises(NoQuestions, match="a history of practice, not a bank"):
        read_bank(exported(history, tmp_path / "history.jsonl"))


def test_any_client_can_read_the_verdicts(history: History, tmp_path: Path) -> None:
    history.add(attempt(MONDAY, {"a": "met", "b": "missed"}), card())
    db = sqlite3.connect(tmp_path / FILE)
    rows = db.execute("SELECT question, criterion, verdict FROM verdicts").fetchall()
    assert rows == [("rubric:dropout", "a", "met"), ("rubric:dropout", "b", "missed")]
    assert json.loads(db.execute("SELECT grade FROM attempts").fetchone()[0])["status"] == "graded"
