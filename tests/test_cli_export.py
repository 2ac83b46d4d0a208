"""`dlgrade export` writes a key with every question, the document's own answers first."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import docx
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
        ("```\n# open", "```\n# open\n```"),
        ("    # code\n\n# A", "    # code\n\n#### A"),
        ("<!--\n# hidden\n-->", "<!--\n# hidden\n-->"),
    ],
)
def test_headings_of_a_reference_stand_below_its_question(answer: str, expected: str) -> None:
    question = Question(bank="mine", position=1, raw="Why?", text="Why?", answer=answer, line=1)
    entry = Entry(question=question, rubric=None, reference=answer, source="document")
    text = write(Key(banks=("mine",), entries=(entry,)))
    assert text.decode().endswith(f"## Questions\n\n### 1. Why?\n\n{expected}\n")


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
    assert "key.doc: cannot write .doc: use .md, .json, .jsonl, .csv, .html, .pdf, .docx, .apkg or .xml" in ran.err


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


# ── what goes into a key ─────────────────────────────────────────────────────────────────────


def ids(path: str) -> list[list[str]]:
    """The ids of each entry of a JSON key, the first one's place first."""
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["questions"]
    return [[row["id"], *row["also"]] for row in rows]


def test_a_question_that_stands_in_several_places_is_in_the_key_once(run: Run) -> None:
    ran = run("export", ROOT / "questions", "--to", "key.json")
    found = ids("key.json")
    assert ran.code == 0
    assert sorted(id_ for entry in found for id_ in entry) == sorted(
        row["id"] for row in json.loads(run("list", ROOT / "questions", "--json").out)
    )
    assert next(entry for entry in found if "general:2" in entry) != ["general:2"]
    assert f"{len(found)} questions, {len(found)} with a reference" in ran.out


def test_answers_that_differ_are_all_kept(run: Run) -> None:
    Path("one.md").write_text("## 1. What is a flumph?\n\nIt floats.\n", encoding="utf-8")
    Path("other.md").write_text("## 1. What is a flumph?\n\nIt glows.\n", encoding="utf-8")
    Path("same.md").write_text("## 1. What is a flumph?\n\nIt floats.\n", encoding="utf-8")
    Path("void.md").write_text("## 1. What is a flumph?\n\nTODO\n", encoding="utf-8")
    run("export", "void.md", "one.md", "other.md", "same.md", "--to", "key.json")
    assert ids("key.json") == [["void:1", "one:1", "same:1"], ["other:1"]]
    rows = json.loads(Path("key.json").read_text(encoding="utf-8"))["questions"]
    assert [row["reference"] for row in rows] == ["It floats.", "It glows."]


def test_category_and_difficulty_choose_questions(run: Run) -> None:
    Path("mine.md").write_text(BANK, encoding="utf-8")
    assert run("export", "mine.md", "--to", "key.json", "--category", "basics").code == 0
    assert ids("key.json") == [["mine:1"], ["mine:2"]]
    run("export", "mine.md", "--to", "hard.json", "--difficulty", "Intermediate")
    assert ids("hard.json") == [["mine:1"]], "the rubric's difficulty counts where the document names none"
    ran = run("export", "mine.md", "--to", "none.json", "--category", "Nothing")
    assert (ran.code, "no question is like that" in ran.err, ids("none.json")) == (0, True, [])


@pytest.mark.parametrize("suffix", ["md", "json", "jsonl", "csv", "html"])
def test_students_get_the_questions_and_no_word_of_the_answers(run: Run, suffix: str) -> None:
    Path("mine.md").write_text(BANK, encoding="utf-8")
    ran = run("export", "mine.md", "--to", f"exam.{suffix}", "--student")
    text = Path(f"exam.{suffix}").read_text(encoding="utf-8")
    assert ran.code == 0, "room to write is no gap"
    assert "What is a flumph?" in text
    assert "floating" not in text
    assert "co-adapt" not in text


def test_rubrics_stand_beside_the_references(run: Run) -> None:
    Path("mine.md").write_text(BANK, encoding="utf-8")
    for suffix in ("md", "json", "jsonl", "csv", "html"):
        run("export", "mine.md", "--to", f"key.{suffix}", "--rubrics")
        text = Path(f"key.{suffix}").read_text(encoding="utf-8")
        assert "(no co-adaptation)" in text, suffix
        assert "Dropout stays on at inference in ordinary use." in text, suffix
    assert "**Rubric** (10 points)" in Path("key.md").read_text(encoding="utf-8")
    ran = run("export", "mine.md", "--to", "both.md", "--rubrics", "--student")
    assert (ran.code, Path("both.md").exists()) == (2, False)


def test_an_answer_that_leaves_something_open_swallows_no_question_after_it(run: Run) -> None:
    answers = ["```py\nprint(1)", "<!-- a comment", "- a list\n\n  ~~~\n  code", "It ends."]
    rows = [{"question": f"What is number {n}?", "answer": answer} for n, answer in enumerate(answers, start=1)]
    Path("mine.json").write_text(json.dumps(rows), encoding="utf-8")
    run("export", "mine.json", "--to", "key.md")
    back = json.loads(run("list", "key.md", "--json").out)
    assert [row["text"] for row in back] == [row["question"] for row in rows]
    assert back[0]["answer"] == "```py\nprint(1)\n```"


@pytest.mark.parametrize("suffix", ["md", "html", "docx"])
def test_a_question_without_a_reference_keeps_its_code_and_options(run: Run, suffix: str) -> None:
    rows = [{"question": "What does a flumph do?\n\nA) floats\nB) `glows`"}, {"question": "Why?", "answer": "So."}]
    Path("mine.json").write_text(json.dumps(rows), encoding="utf-8")
    assert run("export", "mine.json", "--to", f"key.{suffix}").code == 1
    if suffix == "docx":
        said = "\n".join(paragraph.text for paragraph in docx.Document("key.docx").paragraphs)
    else:
        said = Path(f"key.{suffix}").read_text(encoding="utf-8")
    assert "floats" in said.partition("Without a reference")[2].partition("</main>")[0]


# ── read back ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("options", [[], ["--rubrics"]], ids=["plain", "rubrics"])
@pytest.mark.parametrize("suffix", ["json", "jsonl", "csv"])
def test_a_key_reads_back_as_the_same_questions_and_answers(run: Run, suffix: str, options: list[str]) -> None:
    ran = run("export", ROOT / "questions", "--to", f"key.{suffix}", *options)
    assert ran.code == 0, ran.err
    run("export", ROOT / "questions", "--to", "plain.json")
    expected = json.loads(Path("plain.json").read_text(encoding="utf-8"))["questions"]
    back = json.loads(run("list", f"key.{suffix}", "--json").out)
    assert [row["text"] for row in back] == [row["text"] for row in expected]
    assert [row["answer"] for row in back] == [row["reference"] for row in expected]
    assert [row["category"] for row in back] == [row["category"] for row in expected]
    assert [row["difficulty"] for row in back] == [row["difficulty"] for row in expected]


HOSTILE = """\
## 1. =HYPERLINK("http://x.example","click") what is it?

=cmd|' /C calc'!A0

## 2. @SUM(1+1) or 'quoted' what?

- a list, which begins with a dash
- `<script>alert(1)</script>` and "quotes"; commas, too

## 3. What does it print?

```py
print("=1+1")
```

'+1' is a text
"""


def test_no_cell_is_a_formula_and_still_everything_reads_back(run: Run) -> None:
    Path("mine.md").write_text(HOSTILE, encoding="utf-8")
    before = json.loads(run("list", "mine.md", "--json").out)
    assert len(before) == 3
    assert run("export", "mine.md", "--to", "key.csv").code == 0
    with Path("key.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    back = json.loads(run("list", "key.csv", "--json").out)
    assert [(row["text"], row["answer"]) for row in back] == [(row["text"], row["answer"]) for row in before]
