"""Keys that are typeset, as an independent reader finds them: every question is there, and nothing in it acts."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from pathlib import Path

import docx
import pytest
from conftest import ROOT, Run
from pypdf import PdfReader

HOSTILE = r"""
## 1. What does #panic("now") do, and what is *this* _here_ @that <label>?

#read("/etc/passwd") #import "@preview/x:1.0.0" and \input{/etc/passwd} with $#read("/etc/passwd")$ and
$"] #panic("formula") ["$ as well as $\input{/etc/passwd}$ and [a link](javascript:alert(1)).

<script>alert(1)</script> ![picture](https://example.org/x.png)

```typst
#panic("code")
```

## 2. 什么是反向传播？ Was heißt „Größe“? Τι είναι; 🤔

Ein $\alpha \in \mathbb{R}$, 梯度下降, ελληνικά, العربية and 😀.

## 3. What is a formula that nobody can set?

Such as $a \boxtimes b$, $\frac{a}{$ and $\nosuchcommand{x} + \odot$ and then words.

## 4. What does a `|` do in a table?

| a | b |
|---|---|
| $x_1$ | `x || y` |
| & # $ % _ { } ~ ^ \ | "quoted" |
"""


def words_of(data: bytes) -> str:
    """What a PDF says, without blanks and without the hyphens at line ends."""
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    return squeezed(text)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u00ad\u2010‐-]+", "", text)


@pytest.fixture
def hostile() -> Path:
    path = Path("hostile.md")
    path.write_text(HOSTILE, encoding="utf-8")
    return path


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────


def test_the_pdf_has_every_question_contents_page_numbers_and_no_formula_left_as_latex(run: Run) -> None:
    ran = run("export", ROOT / "questions", "--to", "key.pdf", "--rubrics")
    assert ran.code == 0, ran.err
    reader = PdfReader("key.pdf")
    text = "\n".join(page.extract_text() for page in reader.pages)
    said = squeezed(text)
    assert re.findall(r"\\[a-z]{2,}", text) == []
    run("export", ROOT / "questions", "--to", "key.json")
    rows = json.loads(Path("key.json").read_text(encoding="utf-8"))["questions"]
    # once in the contents, once above the answer
    assert [
        row["id"] for row in rows if said.count(squeezed(f"{row['id']}. {row['text'].split(chr(10))[0]}")) < 2
    ] == []
    assert f"1/{len(reader.pages)}" in said
    assert len(reader.outline) > 0
    assert reader.metadata is not None
    assert reader.metadata.title == "Answer key: article, catalogue, fifty, general, theory"


def test_what_a_question_says_is_text_in_the_pdf(run: Run, hostile: Path) -> None:
    ran = run("export", hostile, "--to", "key.pdf")
    assert ran.code == 0, ran.err
    said = words_of(Path("key.pdf").read_bytes())
    assert 'What does #panic("now") do, and what is'.replace(" ", "") in said
    for text in ('#read("/etc/passwd")', '#import"@preview/x:1.0.0"', "<script>alert(1)</script>", '#panic("code")'):
        assert text in said
    assert "root:x:" not in said
    links = {
        str(note.get_object()["/A"].get("/URI", ""))
        for page in PdfReader("key.pdf").pages
        for note in page.get("/Annots") or ()
        if "/A" in note.get_object()
    }
    assert links - {""} == {"https://example.org/x.png"}


def test_a_formula_that_cannot_be_set_is_shown_as_its_latex(run: Run, hostile: Path) -> None:
    run("export", hostile, "--to", "key.pdf")
    said = words_of(Path("key.pdf").read_bytes())
    assert "⊠" in said, "a sign that pandoc calls as older versions of Typst did"
    assert r"\nosuchcommand{x}" in said
    assert r"\frac{a}{" in said


@pytest.mark.parametrize("suffix", ["pdf", "docx"])
def test_what_is_nested_deeper_than_anybody_reads_breaks_no_document(run: Run, suffix: str) -> None:
    formula = "x_{" * 40 + "x" + "}" * 40
    text = f"## 1. What is deep?\n\nIt is ${formula}$.\n\n{'> ' * 60}a quote\n\n" + "".join(
        f"{'  ' * n}- level {n}\n" for n in range(9)
    )
    Path("mine.md").write_text(text, encoding="utf-8")
    ran = run("export", "mine.md", "--to", f"key.{suffix}")
    assert ran.code == 0, ran.err
    if suffix == "pdf":
        assert "aquote" in words_of(Path("key.pdf").read_bytes())


def test_letters_of_other_scripts_do_not_break_the_pdf(run: Run, hostile: Path) -> None:
    run("export", hostile, "--to", "key.pdf")
    said = words_of(Path("key.pdf").read_bytes())
    assert "Τιείναι;" in said
    assert "Größe" in said
    assert "ℝ" in said or "R" in said


def test_students_get_lines_to_write_on(run: Run) -> None:
    run("export", ROOT / "questions" / "general.md", "--to", "exam.pdf", "--student")
    said = words_of(Path("exam.pdf").read_bytes())
    assert squeezed("How do dropout layers help prevent overfitting?") in said
    assert "Bernoulli" not in said
    assert len(PdfReader("exam.pdf").pages) > 5, "17 questions with room to write do not fit on so few pages"


# ── Word ─────────────────────────────────────────────────────────────────────────────────────


def test_the_word_document_has_every_question_as_a_heading(run: Run) -> None:
    ran = run("export", ROOT / "questions", "--to", "key.docx", "--rubrics")
    assert ran.code == 0, ran.err
    document = docx.Document("key.docx")
    headings = [squeezed(p.text) for p in document.paragraphs if p.style is not None and p.style.name == "Heading 2"]
    run("export", ROOT / "questions", "--to", "key.json")
    rows = json.loads(Path("key.json").read_text(encoding="utf-8"))["questions"]
    expected = {row["id"]: squeezed(f"{row['id']}. {row['text'].split(chr(10))[0]}") for row in rows}
    assert sorted(set(expected.values()) - set(headings)) == []
    body = document.element.body
    assert len(body.findall(".//{*}oMath")) > 300, "formulas are Word's own equations"
    assert len(document.tables) >= 5
    assert "PAGE" in document.sections[0].footer._element.xml


def test_what_a_question_says_is_text_in_the_word_document(run: Run, hostile: Path) -> None:
    assert run("export", hostile, "--to", "key.docx").code == 0
    said = "\n".join(paragraph.text for paragraph in docx.Document("key.docx").paragraphs)
    assert "<script>alert(1)</script>" in said
    assert "什么是反向传播" in said
    with zipfile.ZipFile("key.docx") as parts:
        outside = re.findall(
            r'Target="([^"]+)" TargetMode="External"', parts.read("word/_rels/document.xml.rels").decode()
        )
        assert outside == ["https://example.org/x.png"]
        assert [name for name in parts.namelist() if "media" in name or "vba" in name.lower()] == []


# ── without the extra ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("suffix", "package"), [("pdf", "typst"), ("docx", "docx"), ("pdf", "pypandoc")])
def test_without_its_package_a_form_names_the_extra(
    run: Run, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("dlgrade.export.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    ran = run("export", ROOT / "questions" / "general.md", "--to", f"key.{suffix}")
    assert (ran.code, Path(f"key.{suffix}").exists()) == (2, False)
    assert f"key.{suffix}: writing .{suffix} needs the package {package}" in ran.err
    assert f"pip install 'dlgrade[{suffix}]'" in ran.err
