"""`dlgrade export` writes a key with every question, the document's own answers first."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import ROOT, Run

BANK = """\
# Mine

## Basics

### 1. What is dropout, and how does it prevent overfitting in neural networks?

### 2. What is a flumph?

A floating creature.

## Rest

### 3. Why is a raven like a writing desk?
"""


def test_the_key_of_general_has_all_references(run: Run) -> None:
    ran = run("export", ROOT / "questions" / "general.md", "--to", "key.md")
    assert ran.code == 0
    text = Path("key.md").read_text(encoding="utf-8")
    assert text.count("\n### ") == 17
    assert "### 2. How do dropout layers help prevent overfitting?" in text
    assert "Without a reference" not in text


def test_the_documents_own_answer_comes_first_and_missing_ones_are_listed(run: Run) -> None:
    Path("mine.md").write_text(BANK, encoding="utf-8")
    ran = run("export", "mine.md", "--to", "key.json")
    assert ran.code == 1
    assert "no reference: mine:3" in ran.err
    document = json.loads(Path("key.json").read_text(encoding="utf-8"))
    assert [(row["id"], row["source"]) for row in document["questions"]] == [
        ("mine:1", "shipped"),
        ("mine:2", "document"),
        ("mine:3", None),
    ]
    assert document["questions"][1]["reference"] == "A floating creature."
    assert document["missing"] == ["mine:3"]


def test_markdown_stands_by_category_with_the_missing_at_the_end(run: Run) -> None:
    Path("mine.md").write_text(BANK, encoding="utf-8")
    run("export", "mine.md", "--to", "key.md")
    text = Path("key.md").read_text(encoding="utf-8")
    assert text.index("## Basics") < text.index("### 2. What is a flumph?") < text.index("## Without a reference")
    assert "- `mine:3` Why is a raven like a writing desk?" in text


def test_the_article_keeps_its_own_answers(run: Run) -> None:
    run("export", ROOT / "questions" / "article.md", "--to", "key.json")
    rows = json.loads(Path("key.json").read_text(encoding="utf-8"))["questions"]
    assert [row["source"] for row in rows] == ["document"] * 17


def test_an_unknown_suffix_names_those_that_are_known(run: Run) -> None:
    ran = run("export", ROOT / "questions" / "general.md", "--to", "key.doc")
    assert (ran.code, Path("key.doc").exists()) == (2, False)
    assert "key.doc: cannot write .doc: use .md or .json" in ran.err


def test_a_bank_is_never_replaced_by_its_key(run: Run) -> None:
    Path("mine.md").write_text(BANK, encoding="utf-8")
    ran = run("export", "mine.md", "--to", "mine.md")
    assert (ran.code, Path("mine.md").read_text(encoding="utf-8")) == (2, BANK)


def test_an_output_that_cannot_be_written_is_named(run: Run) -> None:
    Path("file").write_text("x")
    ran = run("export", ROOT / "questions" / "general.md", "--to", "file/key.md")
    assert ran.code == 2
    assert "file: this folder cannot be made" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
