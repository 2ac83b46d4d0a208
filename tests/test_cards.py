"""Decks for Anki and quizzes for Moodle, as Anki's own library and an XML parser find them."""

from __future__ import annotations

import json
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.notes import Note
from conftest import ROOT, Run

BANK = r"""
## 1. What does `<b>` do to $x_i < y$ & "z"?

The loss is \(L = \frac{1}{n}\), so $$a = b$$ or

\begin{align}
a &= b
\end{align}

It costs $5 and $6; a path is C:\(x\) in `\(code\)`. <script>alert(1)</script> [x](javascript:alert(1))

![picture](https://example.org/x.png) {{Question}} 😀 梯度

## 2. What is a flumph?

It floats.
"""
SAFE = {"p", "ul", "ol", "li", "code", "pre", "a", "em", "strong", "s", "table", "thead", "tbody", "tr", "th", "td"}
SAFE |= {"div", "span"}  # around tables and formulas


class Tags(HTMLParser):
    """The tags and addresses in some HTML, and the words outside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: set[str] = set()
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src"}}
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.said += data


class Anki:
    """A learner's collection."""

    def __init__(self) -> None:
        self.collection = Collection("learner.anki2")

    def imported(self, deck: str) -> tuple[int, int]:
        """Import a deck; how many notes are new, and how many were updated."""
        request = ImportAnkiPackageRequest(package_path=str(Path(deck).resolve()), options=ImportAnkiPackageOptions())
        log = self.collection.import_anki_package(request).log
        return len(log.new), len(log.updated)

    def notes(self) -> list[Note]:
        return [self.collection.get_note(id_) for id_ in self.collection.find_notes("")]


@pytest.fixture
def anki(run: Run) -> Anki:  # the fixture `run` makes the folder
    return Anki()


def rows(run: Run, *banks: Path) -> list[dict[str, str]]:
    run("export", *banks, "--to", "rows.json")
    found: list[dict[str, str]] = json.loads(Path("rows.json").read_text(encoding="utf-8"))["questions"]
    return found


# ── Anki ─────────────────────────────────────────────────────────────────────────────────────


def test_anki_imports_a_card_for_every_question(run: Run, anki: Anki) -> None:
    ran = run("export", ROOT / "questions", "--to", "deck.apkg")
    assert ran.code == 0, ran.err
    expected = rows(run, ROOT / "questions")
    assert anki.imported("deck.apkg") == (len(expected), 0)
    assert anki.collection.card_count() == len(expected)
    ids = {id_ for note in anki.notes() for id_ in note["Ids"].split()}
    assert len(ids) == 175
    dropout = next(note for note in anki.notes() if "general:2" in note["Ids"])
    assert r"\(m_i \sim \mathrm{Bernoulli}(1-p)\)" in dropout["Reference"]
    assert dropout["Criteria"].count("type=checkbox") == 5, "the criteria stand there to tick off, asked for or not"
    assert {"dlgrade::topic::regularization", "dlgrade::difficulty::intermediate"} <= set(dropout.tags)


def test_a_later_deck_updates_cards_and_keeps_what_was_learned(run: Run, anki: Anki) -> None:
    bank = Path("mine.md")
    bank.write_text("## 1. What is a flumph?\n\nIt floats.\n\n## 2. What is a raven?\n\nA bird.\n", encoding="utf-8")
    run("export", bank, "--to", "deck.apkg")
    anki.imported("deck.apkg")
    (note,) = (note for note in anki.notes() if "flumph" in note["Question"])
    card = note.cards()[0]
    card.ivl, card.reps = 30, 7
    anki.collection.update_card(card)
    assert anki.collection.db is not None
    anki.collection.db.execute("update notes set mod = mod - 60")  # some time passes
    # the question moves to another place, bank and heading, and gets a better answer
    other = Path("other.md")
    other.write_text("### 9. Why is it dark?\n\nNight.\n\n### 7. What is a flumph?\n\nIt glows.\n", encoding="utf-8")
    Path("deck.apkg").unlink()
    run("export", other, "--to", "later.apkg")
    assert anki.imported("later.apkg") == (1, 1)
    again = anki.collection.get_note(note.id)
    assert "It glows." in again["Reference"]
    assert (again.cards()[0].ivl, again.cards()[0].reps) == (30, 7)


def test_cards_hold_text_and_formulas_and_nothing_that_acts(run: Run, anki: Anki) -> None:
    Path("mine.md").write_text(BANK, encoding="utf-8")
    run("export", "mine.md", "--to", "deck.apkg")
    anki.imported("deck.apkg")
    note = next(note for note in anki.notes() if note["Ids"] == "mine:1")
    found = Tags(note["Question"] + note["Reference"])
    assert found.tags <= SAFE
    assert found.addresses == {"https://example.org/x.png"}
    assert "<script>alert(1)</script>" in found.said
    assert "{{Question}}" in found.said
    reference = note["Reference"]
    assert r"\(L = \frac{1}{n}\)" in reference
    assert r"\[a = b\]" in reference
    assert r"\begin{aligned}" in reference
    assert "$5 and $6" in reference
    assert r"\(x_i &lt; y\)" in note["Question"]
    assert r"\(code" not in reference, "code is no formula"


ACTING = r"""
## 1. What is [sound:bell.mp3] in *[LaTeX]\input{/etc/passwd}[/LaTeX]* and [[type:Question]]?

`[sound:code.mp3]` $[sound:formula.mp3]$ [link](https://example.org "[sound:title.mp3]")
[anki:tts lang=en_US]x[/anki:tts]

```
[sound:fence.mp3]
```
"""


def test_anki_takes_nothing_of_a_text_for_a_sound_for_latex_or_for_a_box_to_type_in(run: Run, anki: Anki) -> None:
    Path("<b>.md").write_text(ACTING, encoding="utf-8")
    run("export", "<b>.md", "--to", "deck.apkg")
    anki.imported("deck.apkg")
    (note,) = anki.notes()
    shown = note.cards()[0].render_output()
    assert [*shown.question_av_tags, *shown.answer_av_tags] == []
    text = shown.question_text + shown.answer_text
    assert "[[type:" not in text
    assert anki.collection._backend.extract_latex(text=text, svg=False, expand_clozes=False).latex == []
    assert "[sound:bell.mp3] in [LaTeX]" in Tags(text).said
    assert note["Ids"] == "&lt;b&gt;:1"


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{position:fixed}{x}",
        r"\bbox[background:url(https://example.org/x)]{x}",
        r"\mmlToken{mi}[href='javascript:alert(1)']{x}",
        r"\renewcommand{\frac}[2]{x}",
    ],
)
def test_a_formula_that_does_more_than_show_is_shown_as_its_latex(run: Run, latex: str) -> None:
    Path("mine.md").write_text(f"## 1. What is ${latex}$?\n\n$${latex}$$\n", encoding="utf-8")
    run("export", "mine.md", "--to", "quiz.xml")
    (question,) = quiz("quiz.xml")
    for part in ("questiontext", "graderinfo"):
        assert f"<code>{escape(latex)}</code>" in said(question, part)


def test_a_deck_without_answers_is_refused(run: Run) -> None:
    ran = run("export", ROOT / "questions" / "general.md", "--to", "deck.apkg", "--student")
    assert (ran.code, Path("deck.apkg").exists()) == (2, False)
    assert "leave out --student" in ran.err


# ── Moodle ───────────────────────────────────────────────────────────────────────────────────


def quiz(path: str) -> list[ElementTree.Element]:
    return [q for q in ElementTree.parse(path).getroot() if q.get("type") == "essay"]  # noqa: S314 - our own


def said(question: ElementTree.Element, name: str) -> str:
    return question.findtext(f"{name}/text") or ""


def test_moodle_gets_every_question_with_its_rubric_for_the_grader(run: Run) -> None:
    assert run("export", ROOT / "questions", "--to", "quiz.xml").code == 0
    found = quiz("quiz.xml")
    assert len(found) == len(rows(run, ROOT / "questions"))
    ids = [question.findtext("idnumber") for question in found]
    assert len(set(ids)) == len(ids)
    dropout = next(q for q in found if r"\(m_i \sim \mathrm{Bernoulli}(1-p)\)" in said(q, "graderinfo"))
    assert dropout.findtext("defaultgrade") == "10"
    assert "Units cannot rely on particular other units" in said(dropout, "graderinfo")
    for question in found:
        assert Tags(said(question, "questiontext") + said(question, "graderinfo")).tags <= SAFE


def test_a_students_quiz_says_nothing_to_the_grader(run: Run) -> None:
    run("export", ROOT / "questions" / "general.md", "--to", "quiz.xml", "--student")
    assert len(quiz("quiz.xml")) == 17
    assert {said(question, "graderinfo") for question in quiz("quiz.xml")} == {""}


def test_characters_that_xml_cannot_hold_are_left_out(run: Run) -> None:
    Path("mine.md").write_text("## 1. What is a \x08 bell\x0b?\n\nIt ]]> rings\x1b.\n", encoding="utf-8")
    assert run("export", "mine.md", "--to", "quiz.xml").code == 0
    (question,) = quiz("quiz.xml")
    assert re.sub(r"<[^>]+>", "", said(question, "graderinfo")) == "It ]]&gt; rings."
