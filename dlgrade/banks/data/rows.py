"""A CSV or TSV as rows of cells, each with its place in the untouched source.

    1;"What is ""Adam""?";        three cells: a number, a text in quotes, an empty one

The delimiter is the one with which the rows are alike, and their first one says what the others are. Who wrote quotes
inside a field without doubling them meant them as they stand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice

from dlgrade.banks.blocks import Document
from dlgrade.banks.data.names import fields
from dlgrade.banks.data.nodes import Lines, Node
from dlgrade.errors import BankError

_DELIMITERS = ",;\t|"
_SAMPLE = 200  # rows that the delimiter is told by
# What flash-card programs and spreadsheets say first: `#separator:tab`, `sep=;`
_PREAMBLE = re.compile(r"(?:#[a-z][a-z ]*:[^\r\n]*(?:\r\n|\r|\n))+|sep=[^\r\n](?:\r\n|\r|\n)", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")  # how a formula begins, and what guards one

KEY_COLUMNS = ("id", "category", "difficulty", "topic", "question", "answer", "source", "rubric", "also")
"""How the header of an exported answer key begins, whose cells are guarded."""
RUBRIC_COLUMNS = ("criteria", "misconceptions")
"""What its header goes on with where rubrics were asked for."""


def guarded(cell: str) -> str:
    """A cell as no spreadsheet takes it for a formula: an apostrophe before what could begin one."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, and where it ends, before its line end."""

    cells: tuple[Node, ...]
    end: int

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(cell.text.strip() for cell in self.cells)


@dataclass(frozen=True)
class Table:
    """The rows of a file that are not blank."""

    delimiter: str
    rows: tuple[Row, ...]

    @cached_property
    def all_quoted(self) -> bool:
        """Whether every field that holds something is in quotes."""
        cells = [cell for row in self.rows[:_SAMPLE] for cell in row.cells if cell.start < cell.end]
        return bool(cells) and all(is_quoted(cell) for cell in cells)


def is_quoted(cell: Node) -> bool:
    """Say whether a cell stands in quotes."""
    return cell.inner is not None and cell.inner != (cell.start, cell.end)


def read_table(document: Document) -> Table:
    """Read all rows.

    Raises:
        BankError: a quoted field is left open; the message begins with the line.
    """
    start = 1 if document.whole.startswith("\ufeff") else 0
    preamble = _PREAMBLE.match(document.whole, start)
    start = preamble.end() if preamble else start
    delimiter = max(_DELIMITERS, key=lambda sign: _likeness(document, start, sign))
    rows = [row for row in _rows(document, start, delimiter) if not row.is_blank]
    if rows and tuple(cell.text for cell in rows[0].cells[: len(KEY_COLUMNS)]) == KEY_COLUMNS:
        rows = [Row(tuple(map(_unguarded, row.cells)), row.end) for row in rows]
    return Table(delimiter, tuple(rows))


def _unguarded(cell: Node) -> Node:
    """A cell of an exported key as it was meant."""
    meant = cell.text[1:]
    return replace(cell, text=meant) if cell.text == guarded(meant) else cell


def _likeness(document: Document, start: int, delimiter: str) -> tuple[int, float, int]:
    """Say how well a delimiter fits: titles that are known, the share of rows as wide as most, and how wide."""
    rows: list[Row] = []
    with suppress(BankError):
        rows.extend(row for row in islice(_rows(document, start, delimiter), _SAMPLE) if not row.is_blank)
    widths = Counter(len(row.cells) for row in rows)
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    known = sum(bool(fields(cell.text)) for cell in rows[0].cells) if rows and len(rows[0].cells) > 1 else 0
    return (known, count / len(rows) if width > 1 else 0.0, width)


def _rows(document: Document, start: int, delimiter: str) -> Iterator[Row]:
    text = document.whole
    cells: list[Node] = []
    at = start
    while at < len(text) or cells:
        cell = _cell(document, at, delimiter)
        cells.append(cell)
        at = cell.end
        if text.startswith(delimiter, at):
            at += 1
            continue
        yield Row(tuple(cells), at)
        cells = []
        line_end = _LINE_END.match(text, at)
        at = line_end.end() if line_end else at


def _cell(document: Document, at: int, delimiter: str) -> Node:
    text = document.whole
    quoted, loose, bare = _patterns(delimiter)
    if match := quoted.match(text, at):
        return Node("text", at, match.end(), match[1].replace('""', '"'), match.span(1))
    if text.startswith('"', at) and (match := loose.match(text, at)):
        inside, rest = match[1], match[2]
        if any(sign in inside for sign in (delimiter, "\n", "\r")):
            return Node("text", at, match.end(), inside.replace('""', '"') + rest)
    elif text.startswith('"', at) and delimiter != "\t":
        raise BankError(f":{Lines(document).at(at)}: a quoted field is left open")
    match = bare.match(text, at)
    end = match.end() if match else at
    return Node("text", at, end, text[at:end], (at, end))


@lru_cache(maxsize=8)
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    sign = re.escape(delimiter)
    inside = r'"([^"]*+(?:""[^"]*+)*+)"'
    return (
        re.compile(rf" *{inside} *(?={sign}|[\r\n]|\Z)"),
        re.compile(rf"{inside}([^{sign}\r\n]*)"),
        re.compile(rf"[^{sign}\r\n]*"),
    )
