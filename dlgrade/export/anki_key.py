"""An answer key as an Anki deck: a card a question, the reference and the criteria to tick off on its back.

Needs `dlgrade[anki]`. A card is known by its question, wherever that stands: importing a later deck updates the card
and keeps what the learner did with it.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from html import escape
from pathlib import Path

import genanki

from dlgrade.errors import OutputError
from dlgrade.export.key import Entry, Key, asides
from dlgrade.export.mathjax import html, html_line
from dlgrade.models import Rubric

_NOTE_TYPE = 1_607_392_319  # made once, never changed: by this number Anki knows the fields
_CSS = """\
.card { font: 18px/1.5 system-ui, sans-serif; color: #1a1c1f; background: #fff; max-width: 42em; margin: 0 auto;
  padding: 0 0.8em; text-align: start; }
.question { font-size: 1.15em; font-weight: 600; }
.aside { color: #5a6068; font-size: 0.85em; }
.criteria { margin-top: 1.4em; border-top: 1px solid #c9ced6; font-size: 0.92em; }
.criteria ul { list-style: none; padding-inline-start: 0; }
.criteria li { margin: 0.35em 0; }
.criteria input { margin-inline-end: 0.5em; }
pre { background: #f4f5f7; padding: 0.6em; overflow-x: auto; text-align: start; }
table { border-collapse: collapse; } td, th { border: 1px solid #c9ced6; padding: 0.3em 0.6em; }
.nightMode.card, .nightMode .card { color: #e6e8eb; background: #1f2226; }
.nightMode pre { background: #2a2e33; } .nightMode .aside { color: #a2a9b2; }
"""
_FRONT = '<div dir="auto"><div class="question">{{Question}}</div><div class="aside">{{Aside}}</div></div>'
_BACK = (
    '{{FrontSide}}<hr id="answer"><div dir="auto">{{Reference}}</div>'
    '{{#Criteria}}<div class="criteria">{{Criteria}}</div>{{/Criteria}}'
)


_COMMAND = re.compile(r"\[(?=/?(?:latex\]|\$|sound:|anki:|type:))", re.IGNORECASE)
"""How what Anki itself acts on begins in a field: it plays sounds, speaks, runs LaTeX and asks for text."""


def write(key: Key) -> bytes:
    """The key as a deck.

    Raises:
        OutputError: a deck without answers was asked for.
    """
    if key.student:
        raise OutputError("a deck of cards has no room to write: leave out --student, or choose another form")
    fields = ("Question", "Aside", "Reference", "Criteria", "Ids")
    model = genanki.Model(
        _NOTE_TYPE,
        "dlgrade question",
        fields=[{"name": name} for name in fields],
        templates=[{"name": "Card 1", "qfmt": _FRONT, "afmt": _BACK}],
        css=_CSS,
    )
    deck = genanki.Deck(_number("deck", *key.banks), f"dlgrade::{', '.join(key.banks)}")
    names = key.lasting_names()
    for entry in key.entries:
        if entry.reference is not None:
            deck.add_note(_note(entry, model, names[entry.question.id]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key.apkg"
        genanki.Package(deck).write_to_file(str(file))
        return file.read_bytes()


def _note(entry: Entry, model: genanki.Model, name: str) -> genanki.Note:
    question = entry.question
    cells = (
        html_line(question.wording) + (html(question.material) if question.material else ""),
        escape(" · ".join(asides(entry))),
        html(entry.reference or ""),
        _criteria(entry.scheme) if entry.scheme else "",
        escape(" ".join((question.id, *entry.also))),
    )
    fields = [_COMMAND.sub("&#91;", cell) for cell in cells]
    return genanki.Note(model=model, fields=fields, tags=_tags(entry), guid=genanki.guid_for("dlgrade", name))


def _criteria(rubric: Rubric) -> str:
    """The criteria to tick off, then what would be wrong to say."""
    ticks = (
        f"<li><label><input type=checkbox>{html_line(c.expects)} ({c.points:g})</label></li>" for c in rubric.criteria
    )
    wrong = (f"<li>✗ {html_line(m.claims)} (−{m.costs:g})</li>" for m in rubric.misconceptions)
    return f"<ul>{''.join(ticks)}</ul>" + (f"<ul>{''.join(wrong)}</ul>" if rubric.misconceptions else "")


def _tags(entry: Entry) -> list[str]:
    named = {"topic": entry.topic, "difficulty": entry.difficulty, "category": entry.question.category}
    return [f"dlgrade::{kind}::{_tag(name)}" for kind, name in named.items() if name]


def _tag(name: str) -> str:
    """A name as Anki takes it for a tag: no blanks, no colons of its own."""
    return re.sub(r"[\s:\"]+", "-", name.strip()).strip("-").casefold()


def _number(*words: str) -> int:
    """A number that stays the same for the same words, as Anki knows decks by."""
    return int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:4], "big") | 1 << 30
