"""One block of a document, and where the document's lines begin and end."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, overload

from dlgrade.banks.paged import PAGE, Paged, Text

Kind = Literal[
    "heading", "paragraph", "list", "item", "quote", "table", "row", "fence", "code", "html", "rule", "definition"
]

CODE_INDENT = 4
"""So many columns make code, fewer mean nothing."""

_HALF = 1 << 31  # what an array of "i" has no room for
_NEWLINE = re.compile(r"\r\n|\r|\n")
_LF = re.compile("\n")
_new = tuple.__new__  # of records made by the hundred thousand, in half the time of the classes' own


class Block(NamedTuple):
    """One block: lines `line` to `last` (from 1, both included), from the start of the first to the end of the last.

    `said` is the content of headings, paragraphs, code and HTML, without the marks of the containers
    around it, or the margin right of which that stands. `level` is a heading's. `number` is an ordered item's,
    `indent` the columns that the content of an item stands in from the left. `inside` are the blocks in this one; of
    plain paragraphs in an item the margin, and for each how many lines below the item it begins and how many it has.
    """

    kind: Kind
    start: int
    end: int
    line: int
    last: int
    said: str | Margin = ""
    level: int = 0
    number: str | None = None
    indent: int = 0
    inside: Sequence[Any] = ()

    @property
    def children(self) -> Sequence[Block]:
        """The blocks in this one. Of an item that holds plain paragraphs alone only their lines are kept."""
        inside = self.inside
        return inside[0].paragraphs(self.line, inside) if self.plain else inside

    @property
    def first(self) -> Block | None:
        """The first block in this one."""
        inside = self.inside
        if not inside:
            return None
        first: Block | Margin = inside[0]
        return first.paragraph(self.line + inside[1], inside[2]) if isinstance(first, Margin) else first

    @property
    def plain(self) -> bool:
        """Whether it is an item that holds plain paragraphs alone."""
        inside = self.inside
        return type(inside) is tuple and bool(inside) and type(inside[0]) is Margin

    @property
    def text(self) -> str:
        """The content; of most paragraphs nobody asks for it, so it is cut out of the document when somebody does."""
        said = self.said
        return said if isinstance(said, str) else said.cut(self.start, self.end)


class Margin:
    """The columns left of what some plain blocks of a document say."""

    __slots__ = ("_columns", "_lines", "_text")

    def __init__(self, text: Text, lines: Lines, columns: int) -> None:
        self._text = text
        self._lines = lines
        self._columns = columns

    def paragraph(self, line: int, lines: int) -> Block:
        """A paragraph of so many lines, the first of which is given by its number."""
        last = line if lines == 1 else line + lines - 1
        start, end = self._lines.starts[line - 1], self._lines.ends[last - 1]
        return _new(Block, ("paragraph", start, end, line, last, self, 0, None, 0, ()))

    def paragraphs(self, line: int, inside: Sequence[Any]) -> tuple[Block, ...]:
        """The paragraphs that an item on a line holds, as it keeps them."""
        return tuple([self.paragraph(line + inside[at], inside[at + 1]) for at in range(1, len(inside), 2)])

    def item(self, line: int, digits: int, lines: Sequence[int]) -> Block:
        """An item of such paragraphs, with a number of so many digits."""
        last = line + lines[-2] + lines[-1] - 1
        last = line if last == line else last  # one number for both
        start, end = self._lines.starts[line - 1], self._lines.ends[last - 1]
        number = self._text[start : start + digits] if digits else None
        return _new(Block, ("item", start, end, line, last, "", 0, number, self._columns, (self, *lines)))

    def cut(self, start: int, end: int) -> str:
        """Return what stands right of the margin on some lines, which end in LF then."""
        text = self._text[start:end]
        if "\r" in text or "\0" in text:
            text = with_lf(text).replace("\0", "\ufffd")
        if not self._columns:
            return text.strip()
        if "\n" not in text:
            return text[self._columns :].rstrip()
        return "\n".join([line[self._columns :] for line in text.split("\n")]).rstrip()


class Plainly:
    """Makes the plain blocks of a document, by the number of the lines before them."""

    def __init__(self, text: Text, lines: Lines) -> None:
        self._text = text
        self._lines = lines
        self._margins: dict[int, Margin] = {}

    def rule(self, before: int) -> Block:
        """A rule."""
        return Block("rule", *self._lines[before], before + 1, before + 1)

    def heading(self, before: int, text: str, level: int) -> Block:
        """A title, which is one line."""
        return Block("heading", *self._lines[before], before + 1, before + 1, text, level)

    def paragraph(self, before: int, lines: int) -> Block:
        """A paragraph of so many lines, at the margin."""
        return self.margin(0).paragraph(before + 1, lines)

    def margin(self, columns: int) -> Margin:
        """The margin of an item's content."""
        margin = self._margins.get(columns)
        if margin is None:
            margin = self._margins[columns] = Margin(self._text, self._lines, columns)
        return margin


class Excerpt:
    """A part of a document, without the margin of its lines; it may begin with a whole line."""

    __slots__ = ("_text", "where")

    def __init__(self, text: Text, start: int, end: int, margin: int, begins: bool) -> None:
        self._text = text
        self.where = start, end, margin, begins
        """All that it takes to find it in the text again."""

    def is_of(self, text: Text) -> bool:
        """Whether that is the text that it is a part of."""
        return self._text is text

    @property
    def text(self) -> str:
        """What it says."""
        start, end, margin, begins = self.where
        return undented(self._text[start:end], margin, begins=begins).rstrip()


class Lines(Sequence[tuple[int, int]]):
    """The start and end of every line of a text, without the line end; a byte order mark stands before the first."""

    def __init__(self, text: Text) -> None:
        size = "i" if len(text) < _HALF else "q"  # half the memory
        if isinstance(text, Paged):  # whose lines end in LF
            self.ends = array(size)
            for at, piece in text.pieces():
                self.ends.extend([at + match.start() for match in _LF.finditer(piece)])
            self.starts = array(size, [0])
            self.starts.extend(end + 1 for end in self.ends)
            self.ends.append(len(text))
            return
        begin = 1 if text.startswith("\ufeff") else 0
        if "\r" in text:
            found = [match.span() for match in _NEWLINE.finditer(text)]
            self.ends = array(size, [start for start, _ in found])
            self.starts = array(size, [begin, *(end for _, end in found)])
        else:
            self.ends = array(size)
            for at in range(0, len(text), PAGE):  # so that the numbers are never in a list, four times as long
                self.ends.extend([match.start() for match in _LF.finditer(text, at, at + PAGE)])
            self.starts = array(size, [begin])
            self.starts.extend(map((1).__add__, self.ends))
        self.ends.append(len(text))

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, index: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, int]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, int] | list[tuple[int, int]]:
        if isinstance(index, slice):
            return list(zip(self.starts[index], self.ends[index], strict=True))
        return self.starts[index], self.ends[index]


def with_lf(text: str) -> str:
    """Return a text whose lines all end in LF."""
    return _NEWLINE.sub("\n", text) if "\r" in text else text


def undented(text: str, margin: int, *, begins: bool) -> str:
    """Take the margin off the lines that have it, up to the first that stands further left.

    Where the text `begins` with a whole line, up to three columns more or less are the margin too.
    """
    own = margin
    if begins:
        own = _indentation(text)
        margin = own if own < margin + CODE_INDENT else margin
    if not margin:
        return text
    if "\n" not in text and "\r" not in text:
        return " " * (own - margin) + text.lstrip(" \t") if begins else text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines):
        if number == 0 and not begins:
            continue
        columns = _indentation(line)
        if columns >= margin:
            lines[number] = " " * (columns - margin) + line.lstrip(" \t")
        elif line.strip():
            break
    return "\n".join(lines)


def _indentation(line: str) -> int:
    blank = line[: len(line) - len(line.lstrip(" \t"))]
    return len(blank.expandtabs(CODE_INDENT)) if "\t" in blank else len(blank)
