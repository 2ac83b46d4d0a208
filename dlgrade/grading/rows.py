"""Many answers in one file: CSV with a header, or an object a line. Each row names its question and says its answer.

id,question,answer                     {"question": "general:2", "answer": "It drops units."}
anna,dropout,"It drops units."

`reference` and `max_score` are for questions that have no rubric. Whatever else a row has is carried along.
A file is read as it is needed, and may be longer than memory.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dlgrade.errors import InputError
from dlgrade.models import Failure

_KNOWN = ("id", "question", "answer", "reference", "max_score")
_NO_EXTRA: Mapping[str, str] = MappingProxyType({})
_SHOWN = 40  # characters of a line that could not be read


@dataclass(frozen=True, slots=True)
class Row:
    """One answer. `id` is the row's own, else its place, `answers.csv:3`; `where` is file and line in any case."""

    id: str
    where: str
    question: str
    answer: str
    reference: str | None = None
    max_score: float | None = None
    extra: Mapping[str, str] = field(default_factory=lambda: _NO_EXTRA)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that says no answer, with what could be read of it and the reason."""

    id: str
    where: str
    question: str
    reason: str
    extra: Mapping[str, str] = field(default_factory=lambda: _NO_EXTRA)

    @property
    def failure(self) -> Failure:
        """The row as a failure, named by file and line."""
        return Failure(id=self.where, kind="input_error", message=self.reason)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file of answers holds: how many rows, and which further columns; how its CSV was written.

    `only` are the ids of the rows that count, None where all do.
    """

    path: Path
    rows: int
    extra: tuple[str, ...]
    delimiter: str = ","
    mark: bool = False  # a byte order mark, which Excel writes and wants
    only: frozenset[str] | None = None

    def entries(self) -> Iterator[Row | BadRow]:
        """The rows that count, one after the other.

        Raises:
            InputError: as `read_rows` does.
        """
        return (row for row in read_rows(self.path) if self.only is None or row.id in self.only)

    def narrowed(self, ids: Set[str]) -> Survey:
        """The same file where no rows count but those with one of the ids."""
        found = frozenset(row.id for row in read_rows(self.path) if row.id in ids)
        return replace(self, rows=len(found), only=found)


def read_rows(path: Path) -> Iterator[Row | BadRow]:
    """The rows one after the other; a bad one is named by file and line, and the others go on.

    Raises:
        InputError: the file cannot be read, or is of no form that is known.
    """
    for line, cells, wrong in _form(path)(path):
        yield _row(cells, wrong, path, line)


def survey(path: Path) -> Survey:
    """Go through the file once, before anything is paid for.

    Raises:
        InputError: the file cannot be read or is of no form that is known; or two rows have one id.
    """
    seen: dict[str, str] = {}
    extra: dict[str, None] = {}
    count = 0
    for row in read_rows(path):
        count += 1
        extra.update(dict.fromkeys(row.extra))
        if (other := seen.setdefault(row.id, row.where)) != row.where:
            raise InputError(f"{row.where}: the id {row.id!r} stands twice; first at {other}")
    mark = _start(path).startswith(b"\xef\xbb\xbf")
    return Survey(path, count, tuple(extra), _delimiter(path) if path.suffix.lower() in {".csv", ".tsv"} else ",", mark)


# ── a row ────────────────────────────────────────────────────────────────────────────────────


def _row(cells: Mapping[str, Any], wrong: str | None, path: Path, line: int) -> Row | BadRow:
    where = f"{path}:{line}"
    place = f"{path.name}:{line}"
    known = {name: cells[name] for name in _KNOWN if name in cells}
    extra = {name: _text(value) for name, value in cells.items() if name not in _KNOWN}
    own = _text(known.get("id")).strip()
    reason, max_score = wrong or _wrong(known, extra), None
    if reason is None:
        max_score, reason = _number(known.get("max_score"))
    if reason is not None:
        question = known.get("question")
        asked = _encodable(question) if isinstance(question, str) else ""
        safe = {_encodable(name): _encodable(value) for name, value in extra.items()}
        return BadRow(_encodable(own) or place, where, asked, reason, safe)
    reference = known.get("reference") or ""
    return Row(
        id=own or place,
        where=where,
        question=known["question"].strip(),
        answer=known["answer"] or "",
        reference=reference if reference.strip() else None,
        max_score=max_score,
        extra=extra or _NO_EXTRA,
    )


def _wrong(known: Mapping[str, Any], extra: Mapping[str, str]) -> str | None:
    """What is wrong with a row, if anything is. An empty answer is not: it is graded."""
    if not isinstance(known.get("question"), str) or not known["question"].strip():
        return "no question: a row has `question` and `answer`"
    if "answer" not in known:
        return "no answer: a row has `question` and `answer`"
    if isinstance(known.get("id"), bool) or not isinstance(known.get("id", ""), str | int | None):
        return f"id: neither text nor a whole number: {_text(known['id'])[:_SHOWN]}"
    for name in ("answer", "reference"):
        if not isinstance(known.get(name, ""), str | None):
            return f"{name}: not a text: {_text(known[name])[:_SHOWN]}"
    texts = [value for value in (*known.values(), *extra, *extra.values()) if isinstance(value, str)]
    return "not UTF-8: save the file as UTF-8" if any(_encodable(text) != text for text in texts) else None


def _number(value: object) -> tuple[float | None, str | None]:
    """A `max_score`, or what is wrong with it."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None, None
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and number > 0:
        return number, None
    return None, f"max_score: not a number above 0: {_encodable(_text(value))[:_SHOWN]}"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _encodable(text: str) -> str:
    """The text with what was not UTF-8 as question marks."""
    return text.encode("utf-8", "replace").decode()


# ── the forms ────────────────────────────────────────────────────────────────────────────────

Cells = Iterator[tuple[int, Mapping[str, Any], str | None]]
"""Rows: the line, the cells by name as far as they could be read, and what is wrong with them if anything is."""


def _form(path: Path) -> Callable[[Path], Cells]:
    forms: dict[str, Callable[[Path], Cells]] = {
        **dict.fromkeys((".csv", ".tsv"), _separated),
        **dict.fromkeys((".jsonl", ".ndjson"), _objects),
    }
    if path.suffix.lower() not in forms:
        raise InputError(f"{path}: answers come as {', '.join(forms)}; this file is none of them")
    if _start(path)[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise InputError(f"{path}: this is UTF-16; save it as UTF-8")
    return forms[path.suffix.lower()]


def _start(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not a file; the answers are read twice")
        with path.open("rb") as file:
            return file.read(3)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _lines_of(path: Path, newline: str) -> Iterator[str]:
    """The lines; what is not UTF-8 stays recognisable, since it is one row's fault."""
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline=newline) as file:
            yield from file
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _objects(path: Path) -> Cells:
    for number, line in enumerate(_lines_of(path, "\n"), start=1):
        if not line.strip():
            continue
        shown = repr(_encodable(line.strip()[:_SHOWN]))
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield number, {}, f"not a line of JSON: {shown}"
            continue
        if isinstance(value, dict):
            yield number, {_name(key): item for key, item in value.items()}, None
        else:
            yield number, {}, f"not an object: {shown}"


def _name(written: str) -> str:
    """A column's name: those that mean something may be written in any case."""
    return written.strip().lower() if written.strip().lower() in _KNOWN else written.strip()


def _separated(path: Path) -> Cells:
    rows = _table(path, _delimiter(path))
    at, header = next(rows, (1, []))
    names = _columns(path, at, header)
    for line, cells in rows:
        if isinstance(cells, str):
            yield line, {}, cells
        elif any(cell.strip() for cell in cells):
            yield line, dict(zip(names, cells, strict=False)), _surplus(names, cells)


def _surplus(names: Sequence[str], cells: Sequence[str]) -> str | None:
    if not any(cell.strip() for cell in cells[len(names) :]):
        return None
    return f"{len(cells)} cells where the header has {len(names)}: a cell with a delimiter in it needs quotes"


def _columns(path: Path, line: int, header: Sequence[str] | str) -> list[str]:
    """The names in the header, each once.

    Raises:
        InputError: it cannot be read, lacks a column, or has one twice.
    """
    wanted = "the first line names the columns; it needs `question` and `answer`"
    if isinstance(header, str):
        raise InputError(f"{path}:{line}: {wanted}, and is {header}")
    names: list[str] = []
    for n, written in enumerate(header, start=1):
        name = _name(_encodable(written)) or f"column {n}"
        if name in names and name in _KNOWN:
            raise InputError(f"{path}:{line}: two columns are called {name!r}")
        names.append(name if name not in names else f"{name} ({n})")
    if not {"question", "answer"} <= set(names):
        found = ", ".join(names)[:100]
        raise InputError(f"{path}:{line}: {wanted}, and has {found or 'nothing'}")
    return names


def _delimiter(path: Path) -> str:
    """Tab in .tsv; else the one that shows the columns, as Excel writes what its country parts numbers with."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    for delimiter in (",", ";", "\t"):
        _, header = next(_table(path, delimiter), (1, ""))
        if {"question", "answer"} <= {_name(cell) for cell in header}:
            return delimiter
    return ","


def _table(path: Path, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The rows that are not blank, each with the line that it begins in, or what is wrong with that line."""
    lines = _Lines(_lines_of(path, ""))
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begins = lines.begin()
        try:
            row = next(rows, None)
        except csv.Error as error:
            # What comes after a quote that is never closed are rows in their own right.
            shown = repr(_encodable(lines.back().strip()[:_SHOWN]))
            yield begins, f"not CSV: {_WORDS.get(str(error), str(error))}: {shown}"
            continue
        if row is None:
            return
        if row:
            yield begins, row


_WORDS = {
    "unexpected end of data": "a quote is opened and not closed",
    "field larger than field limit (131072)": "a quote is opened and not closed, or a cell is longer than 131,072",
}


class _Lines:
    """Lines that can be read again from the second line of a row on."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: list[str] = []  # the next one last
        self._row: list[str] = []
        self._number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self._number += 1
        self._row.append(line)
        return line

    def begin(self) -> int:
        """A row begins; returns the number of its first line."""
        self._row = []
        return self._number + 1

    def back(self) -> str:
        """The row's first line is done with, and returned; the others come again."""
        first = self._row[0]
        self._again += reversed(self._row[1:])
        self._number -= len(self._row) - 1
        self._row = []
        return first
