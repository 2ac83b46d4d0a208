"""An Org document as an outline: headings with what is theirs, and the lines that say nothing themselves.

* Training                              level 1
** TODO [#A] What is warm-up?  :lr:     level 2, marks TODO, [#A] and lr
   :PROPERTIES:                         no text, nor what stands in it
   :END:
# a comment                             no text
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dlgrade.banks.blocks import Document
from dlgrade.banks.plaintext.pages import Line

_HEADING = re.compile(
    r"(?P<stars>\*+)[ \t]+"
    r"(?:(?P<todo>TODO|DONE|NEXT|WAIT(?:ING)?|STARTED|HOLD|CANCELL?ED|IN-PROGRESS)(?=[ \t]|\Z)[ \t]*)?"
    r"(?:(?P<priority>\[\#[A-Za-z0-9]\])[ \t]*)?(?P<title>.*?)(?P<tags>[ \t]+:[\w@#%:]+:)?[ \t]*\Z"
)
_DRAWER = re.compile(r":[\w-]+:\Z")
_END = re.compile(r":END:\Z", re.IGNORECASE)
_PLANNING = re.compile(r"(?:SCHEDULED|DEADLINE|CLOSED):[ \t]")
_KEYWORD = re.compile(r"\#(?:\+\w+(?:\[[^\]]*\])?:|[ \t]|\Z)")
_BLOCK = re.compile(r"\#\+begin_(\w+)", re.IGNORECASE)
_DRAWER_LINES = 200
_BLANKS = " \t\f\ufeff"


@dataclass(slots=True)
class Heading:
    """A heading, or the document itself at level 0; `at` is its index among the lines, `stop` that after its text.

    `beyond` is the index after everything below it; `place` is where its title stands.
    """

    level: int
    title: str
    at: int
    place: tuple[int, int] = (0, 0)
    marks: tuple[str, ...] = ()
    stop: int = 0
    beyond: int = 0
    parent: Heading | None = None
    children: list[Heading] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    """The lines of a document, from 0; `void` are those that say nothing, `code` those in blocks."""

    lines: Sequence[Line]
    headings: Sequence[Heading]
    void: frozenset[int]

    def text_lines(self, start: int, stop: int) -> list[Line]:
        """Return the lines that say something from the first that does to the last, blank ones between included."""
        found = [self.lines[at] for at in range(start, stop) if at not in self.void]
        while found and not found[-1].text:
            found.pop()
        first = next((i for i, line in enumerate(found) if line.text), len(found))
        return found[first:]

    def end_of_void(self, start: int, stop: int) -> int:
        """Return the index after the drawers, dates and comments that open some lines."""
        at, after = start, start
        while at < stop and (at in self.void or not self.lines[at].text):
            after = at + 1 if at in self.void else after
            at += 1
        return after


def read_outline(document: Document) -> Outline:
    """Take an Org document apart."""
    lines = [_line(document, number) for number in range(1, len(document.lines) + 1)]
    code = _blocks(lines)
    lines = [Line(x.number, x.start, x.end, x.column, x.source, code=at in code) for at, x in enumerate(lines)]
    headings = [Heading(0, "", -1)]
    opened = headings[:]
    for at, line in enumerate(lines):
        match = None if line.column or line.code else _HEADING.match(line.text)
        if match is None:
            continue
        heading = _heading(line, at, match)
        while opened[-1].level >= heading.level:
            opened.pop().beyond = at
        headings[-1].stop = at
        heading.parent = opened[-1]
        opened[-1].children.append(heading)
        opened.append(heading)
        headings.append(heading)
    headings[-1].stop = len(lines)
    for heading in opened:
        heading.beyond = len(lines)
    return Outline(lines, headings, _void(lines))


def _line(document: Document, number: int) -> Line:
    start, end = document.lines[number - 1]
    whole = document.whole[start:end]
    before = whole[: len(whole) - len(whole.lstrip(_BLANKS))]
    first = start + len(before)
    return Line(number, first, first + len(whole.strip(_BLANKS)), len(before.expandtabs(8)), document.whole)


def _heading(line: Line, at: int, match: re.Match[str]) -> Heading:
    tags = [tag for tag in (match["tags"] or "").strip(" \t:").split(":") if tag]
    marks = [mark for mark in (match["todo"], match["priority"], *tags) if mark]
    title = match["title"].strip()
    start = line.start + match.start("title")
    return Heading(len(match["stars"]), title, at, (start, start + len(title)), tuple(marks))


def _blocks(lines: Sequence[Line]) -> set[int]:
    """Return the indices of lines in `#+begin_…` blocks that are closed, their first and last included."""
    found: set[int] = set()
    ends: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        lowered = line.text.casefold()
        if lowered.startswith("#+end_"):
            ends.setdefault(lowered[6:].split()[0] if lowered[6:].split() else "", []).append(at)
    for known in ends.values():
        known.reverse()
    done = -1
    for at, line in enumerate(lines):
        match = _BLOCK.match(line.text) if at > done else None
        known = ends.get(match[1].casefold(), []) if match else []
        while known and known[-1] < at:
            known.pop()
        if known:
            done = known[-1]
            found.update(range(at, done + 1))
    return found


def _void(lines: Sequence[Line]) -> frozenset[int]:
    found: set[int] = set()
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.code and (_PLANNING.match(line.text) or _KEYWORD.match(line.text)):
            found.add(at)
        elif not line.code and _DRAWER.match(line.text) and not _END.match(line.text):
            inside = range(at + 1, min(at + _DRAWER_LINES, len(lines)))
            end = next((i for i in inside if _END.match(lines[i].text) or lines[i].text.startswith("*")), None)
            if end is not None and _END.match(lines[end].text):
                found.update(range(at, end + 1))
                at = end
        at += 1
    return frozenset(found)
