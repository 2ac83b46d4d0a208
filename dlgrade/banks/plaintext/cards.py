"""Cards: a question and its answer on one line, parted by `::` or a tab.

    What is dropout? :: Units are zeroed at random.        Question       Answer
    Why are weights shared? ::                             What is x?     It is y.

Tabs may part more columns, a number and a category among them. A line break within an answer is written `<br>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlgrade.banks.asking import is_question
from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Body, Entry
from dlgrade.banks.plaintext.openings import plain_title
from dlgrade.banks.plaintext.pages import Line
from dlgrade.banks.wording import is_placeholder, plain, squash
from dlgrade.models import Slot

_MARK = re.compile(r"(?<![ \t])[ \t]*+::(?=[ \t]|\Z)")
_PROPERTY = re.compile(r"(?:[-*+][ \t]+)?[\w ]{0,40}::(?:[ \t]|\Z)")  # Obsidian's: no blank before the colons
_ITEM = re.compile(r"(?:[-*+•][ \t]+|(?P<number>\d{1,6})[.)][ \t]+)?")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LEAST = 3  # fewer lines with tabs are no cards
_ASKING = 0.5
_HEADER = {
    "question": re.compile(r"questions?|prompt|front|q|问题|вопрос|pregunta|frage"),
    "answer": re.compile(r".*answers?|solutions?|back|a|答案|ответ|respuesta|antwort"),
    "number": re.compile(r"no|nr|id|number|index|n|"),
    "category": re.compile(r"categor(?:y|ies)|topics?|subject|section|tags?|deck|chapter"),
    "difficulty": re.compile(r"difficulty|level"),
}


@dataclass(frozen=True, slots=True)
class _Cell:
    """`source[start:end]`, blanks around it included."""

    start: int
    end: int
    text: str


def marked_cards(document: Document, lines: Sequence[Line]) -> list[Entry]:
    """Read lines of `question :: answer`; none where they are not what most of the text is."""
    shown = [line for line in lines if line.text and not line.code]
    cards = [(line, match) for line in shown if (match := _MARK.search(line.text)) and not _PROPERTY.match(line.text)]
    if len(cards) < 2 or len(cards) * 2 < len(shown):
        return []
    found = []
    titles = [(line.number, title) for line in reversed(shown) if (title := plain_title(line, None))]
    category: str | None = None
    for line, match in cards:
        while titles and titles[-1][0] < line.number:
            category = titles.pop()[1]
        item = _ITEM.match(line.text)
        begin = item.end() if item else 0
        raw = plain(line.text[begin : match.start()]).strip()
        if raw:
            end = document.lines[line.number - 1][1]
            cell = _Cell(line.start + match.end(), end, line.text[match.end() :].strip())
            place = (line.start + begin, line.start + match.start())
            number = item["number"] if item else None
            found.append(
                Entry(raw, line.number, line.number, _body(cell, " "), number=number, category=category, place=place)
            )
    asking = sum(is_question(entry.raw) for entry in found)
    return found if asking >= len(found) * _ASKING else []


def tabbed_cards(document: Document, lines: Sequence[Line]) -> list[Entry]:
    """Read lines of cells parted by tabs, of which one column asks."""
    shown = [line for line in lines if line.text and not line.code and not line.text.startswith("#")]
    tabbed = {line.number for line in shown if "\t" in document.line(line.number).strip(" ")}
    inside = sum("\t" in line.text for line in shown)
    if not inside or len(tabbed) < _LEAST or len(tabbed) * 3 < len(shown):
        return []
    # A line without a tab is a question that nobody answered yet, or a title.
    rows = [(x, _cells(document, x)) for x in shown if x.number in tabbed or not x.text.endswith((":", "："))]
    columns = _named([cell.text for cell in rows[0][1]])
    if columns:
        rows = rows[1:]
    columns = columns or _columns([[cell.text for cell in cells] for _, cells in rows])
    return list(_entries(rows, columns)) if "question" in columns else []


def _cells(document: Document, line: Line) -> list[_Cell]:
    start, end = document.lines[line.number - 1]
    found = []
    for part in document.text[start:end].split("\t"):
        found.append(_Cell(start, start + len(part), part.strip(" \ufeff\f")))
        start += len(part) + 1
    return found


def _named(header: Sequence[str]) -> dict[str, int]:
    names = {
        kind: i for kind, known in _HEADER.items() for i, cell in enumerate(header) if known.fullmatch(squash(cell))
    }
    return names if "question" in names and not any(map(is_question, header)) else {}


def _columns(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Tell columns by what they hold: the one that asks most, the answer right of it, numbers, few names left of it."""
    width = max(len(row) for row in rows)
    cells = [[row[i] for row in rows if i < len(row)] for i in range(width)]
    asking = [sum(map(is_question, column)) / len(rows) for column in cells]
    question = asking.index(max(asking))
    if asking[question] < _ASKING:
        return {}
    columns = {"question": question, "answer": question + 1}
    for i in range(question):
        if all(cell.isdigit() for cell in cells[i]):
            columns.setdefault("number", i)
        elif len(set(cells[i])) * 2 <= len(cells[i]) and max(map(len, cells[i])) < 60:
            columns.setdefault("category", i)
    return columns


def _entries(rows: Sequence[tuple[Line, Sequence[_Cell]]], columns: dict[str, int]) -> Iterator[Entry]:
    for line, cells in rows:
        texts = {kind: cells[i].text for kind, i in columns.items() if i < len(cells) and cells[i].text}
        if "question" not in texts:
            continue
        asked = cells[columns["question"]]
        answer = columns.get("answer", max(columns.values()) + 1)
        if answer < len(cells):
            body = _body(cells[answer], "")
        else:
            end = cells[-1].end
            lead = "\t" * (answer - len(cells) + 1)
            body = Body(None, Slot(start=end, end=end, lead=lead, shape="card"))
        yield Entry(
            _BREAK.sub("\n", plain(asked.text)).strip(),
            line.number,
            line.number,
            body,
            number=texts.get("number"),
            category=texts.get("category"),
            difficulty=texts.get("difficulty"),
            place=(asked.start, asked.end),
        )


def _body(cell: _Cell, lead: str) -> Body:
    slot = Slot(start=cell.start, end=cell.end, lead=lead, shape="card")
    if is_placeholder(cell.text):
        return Body(None, slot)
    return Body(_BREAK.sub("\n", cell.text).strip(), standing=slot)
