"""Questions that are the rows of a CSV or TSV, whatever the delimiter; the header names the columns, in any order.

    id,topic,question,answer
    1,Regularisation,What is dropout?,"Units are dropped at random,
    a new choice for every batch."
    2,Optimisation,"What is ""Adam""?",

Without a header the cells tell: the column that asks holds the questions, and the one with most to say the answers. A
file without a column for answers gets one, its last, with the first answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlgrade.banks.asking import asks, is_question
from dlgrade.banks.blocks import Document
from dlgrade.banks.data.names import WEAK, fields
from dlgrade.banks.data.nodes import Lines, Node
from dlgrade.banks.data.records import (
    ASKING,
    Habits,
    Record,
    answered,
    habits,
    is_bank,
    only_explains,
    raw,
    read_record,
    told,
)
from dlgrade.banks.data.rows import Row, Table, is_quoted, read_table
from dlgrade.banks.entries import Body, Entry, Reading, gathered
from dlgrade.banks.wording import spaced
from dlgrade.models import Choices, Edit, Slot

FORM = "csv"

_TITLE = 40  # no longer is a column's title
_TELLS = 25  # characters from which on a cell says more than a category does
_LEVELS = {"easy", "medium", "hard", "beginner", "intermediate", "advanced", "basic", "expert", "low", "high"}


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table with its columns named; `asked` and `answer` are columns, `answer` the next one if there is none."""

    source: str
    table: Table
    header: Row | None
    rows: tuple[Row, ...]
    names: tuple[Node, ...]
    asked: int
    answer: int

    @property
    def is_new(self) -> bool:
        """Whether the column for answers has yet to be made."""
        return self.answer == len(self.names)


def read(document: Document, choices: Choices) -> Reading | None:
    """Read a file of rows.

    Raises:
        BankError: a quoted field is left open; the message begins with the line.
    """
    sheet = _sheet(document)
    if sheet is None:
        return None
    found = [(row, record) for row in sheet.rows if (record := _record(sheet, row)) is not None]
    records = [record for _, record in found]
    if not is_bank(records):
        return None
    common, lines = habits(records), Lines(document)
    entries = gathered(document.text, (_entry(sheet, row, record, common, lines) for row, record in found))
    sure = sum(is_question(told(record.asked)) for record in records) / len(records)
    once = tuple(_new_column(sheet, common.name)) if sheet.is_new else ()
    return Reading(FORM, entries, (1 + sure) / 2, once)


# ── columns ──────────────────────────────────────────────────────────────────────────────────


def _sheet(document: Document) -> _Sheet | None:
    table = read_table(document)
    if not table.rows:
        return None
    header = table.rows[0] if _is_header(table) else None
    rows = table.rows[1:] if header else table.rows
    width = len(header.cells) if header else max(len(row.cells) for row in rows)
    titles = [spaced(cell.text) for cell in header.cells] if header else [""] * width
    asked = _asked(titles, rows)
    if asked is None:
        return None
    if not any(field.kind == "question" for field in fields(titles[asked])):
        titles[asked] = "question"
    if header is None:
        _name_by_content(titles, rows, asked)
    names = tuple(Node("text", 0, 0, title) for title in titles)
    return _Sheet(document.whole, table, header, rows, names, asked, _answer_column(titles))


def _is_header(table: Table) -> bool:
    """Say whether the first row holds titles: names that are known, or short ones above a column that asks."""
    first, *rest = table.rows
    titles = [spaced(cell.text) for cell in first.cells]
    if any(asks(title) or len(title) > _TITLE for title in titles):
        return False
    kinds = {field.kind for title in titles for field in fields(title)}
    if kinds & {"question", "answer"}:
        return True
    if not rest or not all(titles) or any(map(is_question, titles)) or _by_content(rest, len(titles)) is None:
        return False
    return not any(title in _column(rest, index) for index, title in enumerate(titles))


def _asked(titles: Sequence[str], rows: Sequence[Row]) -> int | None:
    """Return the column of the questions: the plainest name, else the one whose cells ask most."""
    ranks = [
        min((field.rank for field in fields(title) if field.kind == "question"), default=WEAK + 1) for title in titles
    ]
    best = min(ranks)
    return ranks.index(best) if best < WEAK else _by_content(rows, len(titles))


def _by_content(rows: Sequence[Row], width: int) -> int | None:
    if not rows:
        return None
    shares = [sum(map(_asks, cells)) / len(rows) for cells in (_column(rows, index) for index in range(width))]
    best = max(range(width), key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= ASKING else None


def _asks(cell: str) -> bool:
    return asks(cell) or (cell.count(" ") > 1 and is_question(cell))


def _column(rows: Sequence[Row], index: int) -> list[str]:
    return [row.cells[index].text.strip() if index < len(row.cells) else "" for row in rows]


def _name_by_content(titles: list[str], rows: Sequence[Row], asked: int) -> None:
    """Name the columns of a file without a header by what stands in them."""
    longest = {i: max(map(len, _column(rows, i))) for i in range(len(titles)) if i != asked}
    for index, length in longest.items():
        cells = [cell for cell in _column(rows, index) if cell]
        if cells and all(cell.isdecimal() for cell in cells):
            titles[index] = "number"
        elif cells and all(cell.casefold() in _LEVELS for cell in cells):
            titles[index] = "difficulty"
        elif len(cells) > 3 and len(set(cells)) * 2 <= len(cells) and length <= _TITLE:
            titles[index] = "category"
    free = [index for index in longest if not titles[index]]
    after = [index for index in free if index > asked]
    best = max(free, key=longest.__getitem__, default=None)
    if best is not None and longest[best] >= _TELLS:
        titles[best] = "answer"
    elif after and (len(after) == 1 or not all(_column(rows, after[-1]))):
        titles[after[-1]] = "answer"


def _answer_column(titles: Sequence[str]) -> int:
    """Return the column of the answers, the next free one if there is none; explanations count where nothing else."""
    ranks = [
        next((field.rank for field in fields(title) if field.kind in ("answer", "correct")), WEAK) for title in titles
    ]
    best = min(ranks)
    return ranks.index(best) if best < WEAK else len(titles)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def _record(sheet: _Sheet, row: Row) -> Record | None:
    cells = _cells(sheet, row)
    if sheet.asked >= len(cells) or not cells[sheet.asked].text.strip():
        return None
    members = list(zip(sheet.names, cells, strict=False))
    whole = Node("mapping", row.cells[0].start, row.end, members=tuple(members))
    return read_record(whole, members)


def _cells(sheet: _Sheet, row: Row) -> tuple[Node, ...]:
    """Return the cells of a row; what is too much is the last column's, whose delimiters were not put in quotes."""
    width = len(sheet.names)
    if sheet.header is None or not _overflows(sheet, row):
        return row.cells[:width]
    start = row.cells[width - 1].start
    return (*row.cells[: width - 1], Node("text", start, row.end, sheet.source[start : row.end], (start, row.end)))


def _overflows(sheet: _Sheet, row: Row) -> bool:
    return any(cell.text.strip() for cell in row.cells[len(sheet.names) :])


def _entry(sheet: _Sheet, row: Row, record: Record, common: Habits, lines: Lines) -> Entry:
    inner = record.asked.inner
    answer = answered(record, common.base)
    place = record.answer
    if place and only_explains(record, common):
        answer, place = (answer if answer != told(place[1]) else None), None
    if answer is None:
        body = Body(None, _place(sheet, place[1]) if place else _behind(sheet, row))
    else:
        own = place is not None and told(place[1]) == answer
        body = Body(answer, standing=_place(sheet, place[1]) if place and own else None)
    return Entry(
        raw=raw(record),
        line=lines.at(record.asked.start),
        last=lines.at(row.end),
        body=body,
        number=record.number,
        category=record.text("category"),
        difficulty=record.text("difficulty"),
        place=inner if inner and sheet.source[slice(*inner)] == record.asked.text else None,
    )


def _place(sheet: _Sheet, cell: Node) -> Slot:
    """Return the place of a cell: its quotes stay."""
    if is_quoted(cell) and cell.inner:
        return Slot(start=cell.inner[0], end=cell.inner[1], shape="quoted")
    if sheet.table.all_quoted:
        return Slot(start=cell.start, end=cell.end, lead='"', trail='"', shape="quoted")
    return Slot(start=cell.start, end=cell.end, shape="csv")


def _behind(sheet: _Sheet, row: Row) -> Slot:
    """Return the place of a cell that is not there yet."""
    if len(row.cells) > sheet.answer and not _overflows(sheet, row):
        return _place(sheet, row.cells[sheet.answer])
    edit = _padding(sheet, row, sheet.answer)
    if sheet.table.all_quoted:
        return Slot(start=edit.start, end=edit.end, lead=f'{edit.text}"', trail='"', shape="quoted")
    return Slot(start=edit.start, end=edit.end, lead=edit.text, shape="csv")


def _new_column(sheet: _Sheet, name: str) -> Iterator[Edit]:
    """Give the header its new title, and every row a cell below it."""
    if sheet.header is not None:
        end, sign = sheet.header.end, '"' if sheet.table.all_quoted else ""
        yield Edit(start=end, end=end, text=f"{sheet.table.delimiter}{sign}{name}{sign}")
    for row in sheet.rows:
        if len(row.cells) <= sheet.answer or _overflows(sheet, row):
            yield _padding(sheet, row, sheet.answer)


def _padding(sheet: _Sheet, row: Row, column: int) -> Edit:
    """Return what goes behind a row before its cell in a column; fields that hold delimiters get their quotes."""
    cells = _cells(sheet, row)
    text = sheet.table.delimiter * (column - len(cells) + 1)
    if not _overflows(sheet, row):
        return Edit(start=row.end, end=row.end, text=text)
    last = cells[-1]
    return Edit(start=last.start, end=row.end, text='"' + last.text.replace('"', '""') + '"' + text)
