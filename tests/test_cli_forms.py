"""What a keeper sees of forms: the one recognised, how sure it is, and the options that choose another."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Run

NESTED = "1. What is a kernel?\n   - Why is it small?\n   - How is it learnt?\n2. What is a stride?\n"
KNOWN = "What is model explainability, and why is it important?"
TABLE = f"| No. | Question |\n|---|---|\n| 1 | {KNOWN} |\n| 2 | What is a flumph? |\n"
GLUED = "## Question 1\n\n**How dodropout layershelp preventoverfitting?**\n\n**Answer:** TODO\n"


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_list_names_the_form_and_how_sure_it_is(run: Run) -> None:
    ran = run("list", write("mine.md", "1. What is dropout?\n2. What is a stride?\n"))
    assert ran.err.splitlines() == ["mine.md: 2 questions, read as lists, 90% sure"]
    ran = run("list", "mine.md", "--json")
    assert ran.err.splitlines() == ["mine.md: 2 questions, read as lists, 90% sure"]
    assert len(json.loads(ran.out)) == 2


def test_another_form_can_be_asked_for(run: Run) -> None:
    write("mine.md", "## 1. What is dropout?\n\nIt masks.\n\n1. Why does it help?\n2. Why not always?\n")
    assert "read as headings" in run("list", "mine.md").err
    ran = run("list", "mine.md", "--form", "lists", "--json")
    assert "read as lists" in ran.err
    assert [row["text"] for row in json.loads(ran.out)] == ["Why does it help?", "Why not always?"]
    assert run("list", "mine.md", "--form", "tables").code == 2
    ran = run("list", "mine.md", "--form", "poems")
    assert (ran.code, ran.out) == (2, "")
    assert "no form is called 'poems'" in ran.err
    assert "headings" in ran.err


def test_list_says_how_nested_items_are_read_and_reads_them_the_other_way(run: Run) -> None:
    write("mine.md", NESTED)
    ran = run("list", "mine.md", "--json")
    assert [row["text"] for row in json.loads(ran.out)] == [
        "What is a kernel?",
        "Why is it small?",
        "How is it learnt?",
        "What is a stride?",
    ]
    assert "--nested parents" in ran.err
    ran = run("list", "mine.md", "--json", "--nested", "parents")
    assert [row["text"] for row in json.loads(ran.out)] == [
        "What is a kernel?\n\n- Why is it small?\n- How is it learnt?",
        "What is a stride?",
    ]
    assert "--nested children" in ran.err


def test_the_reading_can_be_settled_in_the_settings(run: Run) -> None:
    write("mine.md", NESTED)
    write("dlgrade.toml", 'nested = "parents"\n')
    assert len(json.loads(run("list", "mine.md", "--json").out)) == 2
    assert len(json.loads(run("list", "mine.md", "--json", "--nested", "children").out)) == 4
    write("dlgrade.toml", 'nested = "uncles"\n')
    ran = run("list", "mine.md")
    assert (ran.code, ran.err) == (2, "dlgrade: dlgrade.toml:1: nested: not one of the words allowed\n")


def test_a_table_gets_a_section_of_answers_or_a_column(run: Run) -> None:
    write("mine.md", TABLE)
    assert run("fill", "mine.md", "--out", "section").code == 1
    section = Path("section/mine.md").read_text(encoding="utf-8")
    assert section.startswith(
        f"{TABLE}\n## Answers\n\n### 1. What is model explainability, and why is it important?\n\n"
    )
    assert run("fill", "mine.md", "--out", "column", "--table", "column").code == 1
    lines = Path("column/mine.md").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["| No. | Question | Answer |", "|---|---|---|"]
    assert lines[2].startswith(f"| 1 | {KNOWN} | ")
    assert lines[3] == "| 2 | What is a flumph? |"
    assert len(lines) == 4


def test_the_document_keeps_its_lost_spaces_unless_asked(run: Run) -> None:
    write("mine.md", GLUED)
    rows = json.loads(run("list", "mine.md", "--json").out)
    assert rows[0]["raw"] == "How dodropout layershelp preventoverfitting?"
    assert rows[0]["text"] == "How do dropout layers help prevent overfitting?"
    assert "[How dodropout layershelp" in run("list", "mine.md").out
    assert run("fill", "mine.md", "--out", "as-it-is").code == 0
    assert "**How dodropout layershelp preventoverfitting?**" in Path("as-it-is/mine.md").read_text(encoding="utf-8")
    ran = run("fill", "mine.md", "--check", "--repair")
    assert (ran.code, ran.out) == (1, "mine.md: 0 filled, 0 had an answer, 1 left, 1 to repair\n")
    ran = run("fill", "mine.md", "--in-place", "--repair")
    assert (ran.code, ran.out) == (0, "mine.md: 1 filled, 0 had an answer, 0 left, 1 repaired\n")
    assert "**How do dropout layers help prevent overfitting?**" in Path("mine.md").read_text(encoding="utf-8")
    before = Path("mine.md").read_bytes()
    assert run("fill", "mine.md", "--in-place", "--repair").code == 0
    assert Path("mine.md").read_bytes() == before


def test_likely_the_same_is_said_and_never_merged(run: Run) -> None:
    write("one.md", "1. What is a flumph layer in deep networks?\n2. Why does a flumph help?\n")
    write("two.md", "1. What is a flumph layer in a deep network?\n2. When would you use a flumph?\n")
    ran = run("list", "one.md", "two.md", "--same")
    assert "perhaps the same" in ran.err
    assert "one:1 and two:1" in ran.err
    assert "one:2" not in ran.err
    assert json.loads(run("list", "one.md", "two.md", "--same", "--json").out) == []
