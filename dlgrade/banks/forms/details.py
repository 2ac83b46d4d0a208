"""Questions that are the summaries of collapsed text.

    <details>
    <summary>What is dropout?</summary>

    Units are dropped at random …

    </details>

A summary that says `Answer` belongs to a question of another form. One that does not ask and holds others that do
folds up a chapter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlgrade.banks.asking import is_question
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.body import read_collapsed
from dlgrade.banks.entries import Entry, Reading, gathered, with_material
from dlgrade.banks.forms.sections import Sections, explained
from dlgrade.banks.labels import DETAILS, SUMMARY
from dlgrade.banks.marks import Wording, wording
from dlgrade.banks.paged import match_on
from dlgrade.models import Choices

FORM = "details"

_SURE = 0.9


@dataclass(frozen=True, slots=True)
class _Folded:
    """A `<details>` from `start` to `end`: its summary, and where what it hides begins and ends."""

    start: int
    end: int
    summary: tuple[int, int]
    inner: tuple[int, int]
    margin: str
    wording: Wording
    category: str | None

    @property
    def asks(self) -> bool:
        """Whether its summary is a question by itself."""
        return self.wording.labelled or is_question(self.wording.text)


def read(document: Document, choices: Choices) -> Reading | None:
    """Read every `<details>` whose summary is a question."""
    if "<details" not in document.text:
        return None
    folded = [item for item in _folded(document) if item.wording.text]
    asking = [item for item in folded if item.asks]
    if len(asking) * 2 < len(folded) or not asking:
        return None
    line_of = _Lines(document)
    made = (_entry(document, item, line_of(item.start), line_of(item.end)) for item in folded)
    entries = gathered(document.text, made)
    lines = sum(entry.last - entry.line + 1 for entry in entries)
    marked = round(_SURE * len(asking) / len(folded), 4)
    return Reading(FORM, entries, marked * explained(document, lines), marked=marked)


class _Lines:
    """The lines of offsets that only grow."""

    def __init__(self, document: Document) -> None:
        self._lines, self._at = document.lines, 0

    def __call__(self, offset: int) -> int:
        """Return the number of the line, from 1, that an offset stands in."""
        if self._lines[self._at][0] > offset:
            self._at = 0
        while self._at + 1 < len(self._lines) and self._lines[self._at + 1][0] <= offset:
            self._at += 1
        return self._at + 1


def _folded(document: Document) -> Iterator[_Folded]:
    sections = Sections(document, (block for block in document.blocks if block.kind == "heading"))
    done = -1
    for block in _walked(document.blocks):
        if block.start < done:
            continue
        if block.kind == "heading":
            sections.enter(block)
        at = document.text.find("<details", block.start, block.end) if block.kind == "html" else -1
        while 0 <= at < block.end:
            match = match_on(DETAILS, document.text, at)
            if match and match["summary"] is not None:
                found = wording(match["summary"])
                if not SUMMARY.fullmatch(_first_words(found.text)) and not sections.about_itself:
                    start = document.text.rfind("\n", 0, at) + 1
                    margin = document.text[start:at]
                    yield _Folded(
                        at,
                        match.end(),
                        match.span("summary"),
                        match.span("inner"),
                        margin if not margin.strip() else "",
                        found,
                        sections.current,
                    )
            done = match.end() if match else at + 1
            at = document.text.find("<details", done, block.end)


def _walked(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from _walked(block.children)


def _first_words(text: str) -> str:
    """Return what a summary says without `Show`, `Click to see the` and the like."""
    words = [word for word in text.lower().strip(" .:!").split() if word not in _POINTING]
    return " ".join(words)


_POINTING = frozenset(
    ["click", "tap", "here", "to", "for", "the", "show", "see", "view", "reveal", "expand", "open", "a", "an", "full"]
)


def _entry(document: Document, item: _Folded, line: int, last: int) -> Entry:
    body = read_collapsed(document, *item.inner, item.margin, asked=item.wording.text)
    return Entry(
        raw=with_material(item.wording.text, body),
        line=line,
        last=last,
        number=item.wording.number,
        category=body.category or item.category,
        difficulty=item.wording.difficulty or body.difficulty,
        marks=item.wording.marks,
        place=item.summary,
        body=body,
    )
