"""`dlgrade list` shows banks as a table, and as the JSON that others read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT, Run

QUESTIONS = ROOT / "questions"


@pytest.mark.parametrize(
    ("name", "count"), [("general", 17), ("fifty", 50), ("catalogue", 50), ("article", 17), ("theory", 41)]
)
def test_each_shipped_bank_is_listed_in_the_form_that_others_read(run: Run, name: str, count: int) -> None:
    ran = run("list", QUESTIONS / f"{name}.md", "--json")
    rows = json.loads(ran.out)
    assert ran.code == 0
    assert [row["id"] for row in rows] == [f"{name}:{n}" for n in range(1, count + 1)]
    assert list(rows[0]) == [
        *("id", "bank", "position", "number", "text", "raw", "category", "difficulty"),
        *("answered", "answer", "rubric", "line"),
    ]
    assert {row["answered"] for row in rows} == {name == "article"}


def test_category_and_difficulty_narrow_the_list(run: Run) -> None:
    ran = run(
        "list", QUESTIONS / "catalogue.md", "--category", "fundamentals", "--difficulty", "Intermediate", "--json"
    )
    assert [row["id"] for row in json.loads(ran.out)] == ["catalogue:1"]


def test_unanswered_leaves_out_the_answered(run: Run) -> None:
    rows = json.loads(run("list", QUESTIONS, "--unanswered", "--json").out)
    assert len(rows) == 175 - 17


def test_same_shows_what_stands_in_several_places_together(run: Run) -> None:
    rows = json.loads(run("list", QUESTIONS, "--same", "--json").out)
    rubrics = [row["rubric"] for row in rows]
    dropout = [row["id"] for row in rows if row["rubric"] == "dropout"]
    assert dropout == ["catalogue:23", "fifty:12", "fifty:41", "general:2"]
    first = rubrics.index("dropout")
    assert rubrics[first : first + 4] == ["dropout"] * 4
    assert all(rubrics.count(name) > 1 for name in rubrics)


def test_the_table_holds_every_question_and_says_how_it_was_read(run: Run) -> None:
    ran = run("list", QUESTIONS / "general.md")
    assert "How do dropout layers help prevent overfitting?" in " ".join(ran.out.split())
    assert ran.out.count("general:") == 17
    assert "17 questions, read as headings" in ran.err


def test_markup_in_a_question_is_shown_as_it_is(run: Run) -> None:
    Path("odd.md").write_text("1. What does [bold]x[/bold] print?\n2. Why?\n", encoding="utf-8")
    assert "[bold]x[/bold]" in run("list", "odd.md").out


def test_a_folder_passes_over_what_is_no_bank(run: Run) -> None:
    folder = Path("banks")
    folder.mkdir()
    (folder / "bank.md").write_text("1. What is x?\n2. What is y?\n", encoding="utf-8")
    (folder / "readme.md").write_text("Nothing to ask here.\n", encoding="utf-8")
    ran = run("list", folder, "--json")
    assert len(json.loads(ran.out)) == 2
    assert "passed over: banks/readme.md: no questions found" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.md", None, "missing.md: no such file or folder"),
        ("empty.md", b"", "empty.md: the file is empty"),
        ("binary.md", b"\x00\x01\x02" * 50, "binary.md: this is no text but a binary file"),
        ("latin.md", b"# Caf\xe9\n", "latin.md:1: not UTF-8 at byte 5"),
        ("prose.md", b"Nothing to ask here.\n", "prose.md: no questions found; understood are headings"),
    ],
)
def test_what_is_no_bank_is_named_in_one_line(run: Run, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    ran = run("list", name)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith(f"dlgrade: {said}")
    assert len(ran.err.splitlines()) == 1


def test_a_folder_without_documents_is_named(run: Run) -> None:
    Path("nothing").mkdir()
    ran = run("list", "nothing")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "nothing: no documents in this folder" in ran.err
