"""`dlgrade export` writes a key with every question, the document's own answers first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT, Run

from dlgrade.export.key import Entry, Key
from dlgrade.export.markdown_key import write
from dlgrade.models import Question

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


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("# A\n\nText.", "#### A\n\nText."),
        ("## A ##\n\n### B\n\n## C", "#### A\n\n##### B\n\n#### C"),
        ("# A\n\n###### F", "#### A\n\n###### F"),
        ("#### A\n\n##### B", "#### A\n\n##### B"),
        ("Long\ntitle\n=====\n\nPart\n----\n\nText.", "#### Long title\n\n##### Part\n\nText."),
        ("````md\n# inner\n```\n# inner\n````\n\n# A", "````md\n# inner\n```\n# inner\n````\n\n#### A"),
        ("~~~\n```\n# inner\n~~~\n\n# A", "~~~\n```\n# inner\n~~~\n\n#### A"),
        ("```\n# open", "```\n# open"),
        ("    # code\n\n# A", "    # code\n\n#### A"),
        ("<!--\n# hidden\n-->", "<!--\n# hidden\n-->"),
    ],
)
def test_headings_of_a_reference_stand_below_its_question(answer: str, expected: str) -> None:
    question = Question(bank="mine", position=1, raw="Why?", text="Why?", answer=answer, line=1)
    entry = Entry(question=question, rubric=None, reference=answer, source="document")
    text = write(Key(banks=("mine",), entries=(entry,)))
    assert text.endswith(f"## Questions\n\n### 1. Why?\n\n{expected}\n")


def test_a_key_shows_headings_and_code_as_they_stand_in_the_bank(run: Run) -> None:
    """Also where the answer begins with code, and where its label stands below the question's own code."""
    answer = "    # code\n\nSo.\n\n#### Part\n\n````md\n```\n# inner\n```\n````"
    first = f"## 1. What is printed?\n\n```py\n# asked\n```\n\n**Answer:**\n\n{answer}\n\n"
    source = f"{first}## 2. Why?\n\n```\nx\n```\n\nAnswer: TBD\n"
    Path("mine.md").write_text(source, encoding="utf-8")
    ran = run("export", "mine.md", "--to", "key.md")
    text = Path("key.md").read_text(encoding="utf-8")
    assert f"### 1. What is printed?\n\n```py\n# asked\n```\n\n{answer}\n" in text
    assert "- `mine:2` Why?" in text
    assert ("TBD" in text, ran.code) == (False, 1)


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
