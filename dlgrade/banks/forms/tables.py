"""Questions that are the rows of a table; the header names the columns, in any order.

    | No. | Category     | Difficulty | Full Question    |
    |-----|--------------|------------|------------------|
    | 1   | Fundamentals | Advanced   | What is dropout? |

    ## Answers

    ### 1. What is dropout?

    Units are dropped at random …

An answer stands in an `Answer` column, or else in a section below the table, under a heading with the
row's number and question; more than one table can share a section. Rows that have no answer yet have
no heading there. A table without such a column can be given one (`Choices.table`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dlgrade.banks.asking import asks, is_question
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.body import read_body, trail_after
from dlgrade.banks.data.names import column
from dlgrade.banks.entries import Body, Entry, Reading, shelf_of
from dlgrade.banks.forms.sections import Sections, ends_bank, explained, last_inside
from dlgrade.banks.marks import wording
from dlgrade.banks.wording import is_placeholder, plain, spaced, squash
from dlgrade.models import Choices, Edit, Slot

FORM = "tables"

_PIPE = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"[^\w\[]{0,20}\[[^\[\]]{0,500}\]\([^()\s]{0,500}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?\)\W{0,20}")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SECTION_TITLE = re.compile(r"(?:model|sample|reference)?answers|solutions|answerkey|答案")
_MOSTLY = 0.6  # the share of cells that must end in a question mark where the column's name does not say it
_ASKING = 1 / 3  # the share of cells that must ask: `| Task | Dataset |` is no bank


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell between its pipes: `start` and `end` enclose the padding too."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A question's row. `body` is its answer cell; None where the table has no such column, `new` is then one more.

    `header` are the edits that give its table that column.
    """

    line: int
    raw: str
    place: tuple[int, int]
    new: Slot
    header: tuple[Edit, ...]
    number: str | None
    category: str | None
    difficulty: str | None
    marks: tuple[str, ...]
    body: Body | None


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the columns of a table hold, by kind; there are `width` of them, and the edits `new` add one."""

    of: Mapping[str, int]
    width: int
    new: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """The rows of all tables between two headings: they share a section of answers.

    `heading` is the one above. The group's blocks run from `first` to before `beyond`, its section of
    answers, where there is one, on to before `after`.
    """

    heading: Block | None
    first: int
    beyond: int
    after: int
    rows: tuple[_Row, ...]
    names: tuple[str, ...]


def read(document: Document, choices: Choices) -> Reading | None:
    """Read every table that has a column of questions, and the answers below it."""
    blocks = document.blocks
    groups = list(_groups(document))
    if not groups:
        return None
    answering = {index for group in groups for index in range(group.beyond, group.after)}
    headings = [block for index, block in enumerate(blocks) if block.kind == "heading" and index not in answering]
    sections, categories = Sections(document, headings), {}
    for heading in headings:
        sections.enter(heading)
        categories[heading.line] = sections.current
    entries = shelf_of(document.text)
    once: dict[int, Edit] = {}
    lines = 0
    for group in groups:
        category = categories[group.heading.line] if group.heading else None
        beyond = [*(row.line for row in group.rows[1:]), blocks[group.after - 1].last + 1]
        for row, body, after in zip(group.rows, _bodies(document, group), beyond, strict=True):
            if body.slot is not None and row.body is None and choices.table == "column":
                body = body._replace(slot=row.new)  # noqa: PLW2901
                once |= {edit.start: edit for edit in row.header}
            entries.append(
                Entry(
                    raw=row.raw,
                    line=row.line,
                    last=after - 1,
                    body=body,
                    number=row.number,
                    category=row.category or category,
                    difficulty=row.difficulty,
                    marks=row.marks,
                    place=row.place,
                )
            )
        own = [block for block in blocks[group.first : group.beyond] if block.kind == "table"]
        lines += sum(block.last - block.line + 1 for block in (*own, *blocks[group.beyond : group.after]))
    if not entries:
        return None
    return Reading(FORM, entries.done(), explained(document, lines), tuple(once.values()), marked=1.0)


# ── tables ───────────────────────────────────────────────────────────────────────────────────


def _groups(document: Document) -> Iterator[_Group]:
    heading: Block | None = None
    first, rows, index = 0, list[_Row](), 0
    while index < len(document.blocks):
        block = document.blocks[index]
        index += 1
        if block.kind == "table":
            found = _rows(document, block)
            first = first if rows else index - 1
            rows += found
        elif block.kind == "heading":
            if rows:
                group = _group(document, heading, first, index - 1, rows)
                yield group
                index, rows = max(index, group.after), []
                if group.after > group.beyond:
                    continue
            heading = block
    if rows:
        yield _group(document, heading, first, index, rows)


def _rows(document: Document, table: Block) -> list[_Row]:
    header, *lines = [_cells(document, row.line) for row in table.children]
    named = _columns([cell.text for cell in header])
    if "question" not in named and (asking := _asking_column(lines, len(header))) is not None:
        named = {kind: index for kind, index in named.items() if index != asking} | {"question": asking}
    if "question" not in named:
        return []
    columns = _Columns(named, len(header), _new_column(document, table))
    rows = [
        row
        for block, cells in zip(table.children[1:], lines, strict=True)
        if (row := _row(document, block.line, cells, columns)) is not None
    ]
    links = sum(
        bool(_LINK.fullmatch(cells[named["question"]].text)) for cells in lines if len(cells) > named["question"]
    )
    asking = sum(is_question(row.raw) for row in rows)
    return rows if links * 2 <= len(rows) and asking >= len(rows) * _ASKING else []


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Map what a column holds to its index; the first of several counts."""
    columns: dict[str, int] = {}
    for index, title in enumerate(header):
        if kind := column(title):
            columns.setdefault(kind, index)
    return columns


def _asking_column(lines: Sequence[Sequence[_Cell]], width: int) -> int | None:
    """Return the column whose cells ask, whatever it is called: most of them end in a question mark."""
    for index in range(width):
        cells = [cells[index].text for cells in lines if index < len(cells)]
        if sum(map(asks, cells)) >= max(len(lines) * _MOSTLY, 1):
            return index
    return None


def _new_column(document: Document, table: Block) -> tuple[Edit, ...]:
    """Return the edits that give a table a column: of its header, and of the line of dashes below it."""
    edits = []
    for line, closed, opened in ((table.line, " Answer |", " | Answer"), (table.line + 1, "---|", "|---")):
        text = document.line(line).rstrip()
        place = document.lines[line - 1][0] + len(text)
        edits.append(Edit(start=place, end=place, text=closed if text.endswith("|") else opened))
    return tuple(edits)


def _row(document: Document, line: int, cells: Sequence[_Cell], columns: _Columns) -> _Row | None:
    def text(kind: str) -> str | None:
        index = columns.of.get(kind, len(cells))
        return (plain(cells[index].text) or None) if index < len(cells) else None

    question = text("question")
    if question is None:
        return None
    found = wording(_BREAK.sub("\n", question))
    if not found.text:
        return None
    cell = cells[columns.of["question"]]
    return _Row(
        line,
        found.text,
        (cell.start, cell.end),
        _missing_cell(document, line, cells, columns.width),
        columns.new,
        text("number") or found.number,
        text("category"),
        text("difficulty") or found.difficulty,
        found.marks,
        _cell_body(document, line, cells, columns.of["answer"]) if "answer" in columns.of else None,
    )


def _cells(document: Document, line: int) -> list[_Cell]:
    """Split a row as GitHub does: a pipe after a backslash is text, also in code."""
    start, end = document.lines[line - 1]
    text = document.text[start:end]
    edges = [-1, *(match.start() for match in _PIPE.finditer(text)), len(text)]
    spans = [(a + 1, b) for a, b in pairwise(edges)]
    if not text[slice(*spans[0])].strip():
        spans = spans[1:]
    if spans and not text[slice(*spans[-1])].strip():
        spans = spans[:-1]
    return [_Cell(start + a, start + b, text[a:b].strip().replace("\\|", "|")) for a, b in spans]


def _cell_body(document: Document, line: int, cells: Sequence[_Cell], column: int) -> Body:
    if column < len(cells):
        cell = cells[column]
        if not is_placeholder(cell.text):
            standing = Slot(start=cell.start, end=cell.end, lead=" ", trail=" ", shape="cell")
            return Body(_BREAK.sub("\n", cell.text).strip(), standing=standing)
        return Body(None, Slot(start=cell.start, end=cell.end, lead=" ", trail=" ", shape="cell"))
    return Body(None, _missing_cell(document, line, cells, column))


def _missing_cell(document: Document, line: int, cells: Sequence[_Cell], column: int) -> Slot:
    """Return the place of a cell that a row is too short to have."""
    text = document.line(line).rstrip()
    end = document.lines[line - 1][0] + len(text)
    closed = bool(_PIPE.fullmatch(text, len(text) - 1)) and not text.endswith("\\|")
    missing = column - len(cells) + (0 if closed else 1)
    return Slot(start=end, end=end, lead=" |" * missing + " ", trail=" |", shape="cell")


# ── the section of answers ───────────────────────────────────────────────────────────────────


def _group(document: Document, heading: Block | None, first: int, beyond: int, rows: Sequence[_Row]) -> _Group:
    names = _names(rows)
    return _Group(heading, first, beyond, _section_end(document.blocks, beyond, names), tuple(rows), names)


def _names(rows: Sequence[_Row]) -> tuple[str, ...]:
    """Return the headings that rows have in the section: their numbers, or places where numbers repeat."""
    counted = Counter(row.number for row in rows)
    unique = len(counted) == len(rows) and None not in counted
    return tuple(f"{row.number if unique else place}. {spaced(row.raw)}" for place, row in enumerate(rows, start=1))


def _section_end(blocks: Sequence[Block], beyond: int, names: Sequence[str]) -> int:
    """Return the index after the section of answers whose title stands at `beyond`, `beyond` if none does."""
    if beyond >= len(blocks) or not _SECTION_TITLE.fullmatch(squash(blocks[beyond].text)):
        return beyond
    known = {squash(name) for name in names}
    level = blocks[beyond].level + 1
    for index in range(beyond + 1, len(blocks)):
        block = blocks[index]
        if block.kind == "heading" and block.level <= level and squash(block.text) not in known:
            return index
    return len(blocks)


def _bodies(document: Document, group: _Group) -> Iterator[Body]:
    given = _given(document, group)
    place, opened = _opening(document, group)
    for index, row in enumerate(group.rows):
        if row.body is not None:
            yield row.body
        elif index in given:
            body, place = given[index]
            yield body
        else:
            title = f"{opened}{'#' * _level(document, group)} {group.names[index]}"
            slot = Slot(start=place, end=place, lead=f"{title}\n\n", trail=trail_after(document, place))
            yield Body(None, slot)


def _given(document: Document, group: _Group) -> dict[int, tuple[Body, int]]:
    """Read the section: a row's index to its answer and the offset of that answer's end."""
    blocks = document.blocks
    rows = {squash(name): index for index, name in enumerate(group.names)}
    starts = [
        i
        for i in range(group.beyond + 1, group.after)
        if blocks[i].kind == "heading" and squash(blocks[i].text) in rows
    ]
    given: dict[int, tuple[Body, int]] = {}
    for start, beyond in zip(starts, [*starts[1:], group.after], strict=False):
        stop = last_inside(blocks, start + 1, beyond)
        end = blocks[stop - 1].end
        body = read_body(document, blocks[start].end, end, blocks[start + 1 : stop])
        given[rows[squash(blocks[start].text)]] = body, end
    return given


def _opening(document: Document, group: _Group) -> tuple[int, str]:
    """Return where the section's first answer goes and what stands before it: the title, if it is still missing."""
    if group.after > group.beyond:
        return document.blocks[group.beyond].end, "\n\n"
    stop = group.beyond
    while document.blocks[stop - 1].kind == "definition" or ends_bank(document.blocks[stop - 1]):
        stop -= 1
    return document.blocks[stop - 1].end, f"\n\n{'#' * (_level(document, group) - 1)} Answers\n\n"


def _level(document: Document, group: _Group) -> int:
    """Return the level of an answer's heading: below the section's, and no deeper heading may follow as its part."""
    if group.after > group.beyond:
        return min(document.blocks[group.beyond].level + 1, 6)
    above = group.heading.level if group.heading else 0
    level = max(2, above + 1)
    if group.beyond < len(document.blocks):
        following = document.blocks[group.beyond].level
        level = max(level, following - 1) if following > above else level
    return min(level, 5) + 1
