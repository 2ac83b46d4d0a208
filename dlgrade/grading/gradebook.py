"""Many grades as one file, in the order of their answers: a line of JSON each, or a row of CSV.

book = Gradebook(form_for(Path("grades.csv"), survey(answers)), file.write)
book.put(1, row, grade)        # waits, on disk, until the one before it is there
book.put(0, row, grade)        # both are written
book.close()                   # what waits for others that never came is written too
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from dlgrade.errors import OutputError
from dlgrade.grading.rows import BadRow, Row, Survey
from dlgrade.models import Finding, Grade, Verdict

COLUMNS = (
    *("id", "question", "rubric", "status", "score", "max_score", "percent", "confidence"),
    *("verdicts", "misconceptions", "flags", "feedback", "error", "model", "prompt", "samples"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_IN_MEMORY = 1 << 20  # bytes of grades that wait for one before them; more wait on disk


class Form(Protocol):
    """How grades are written down."""

    head: bytes

    def line(self, row: Row | BadRow, grade: Grade, /) -> bytes:
        """One grade, with the row that it is for."""
        ...


def form_for(out: Path, survey: Survey) -> Form:
    """The form of a file by its suffix, with the delimiter and byte order mark of the file of answers.

    Raises:
        OutputError: grades are not written so.
    """
    suffix = out.suffix.lower()
    if suffix in {".jsonl", ".ndjson"}:
        return JsonLines()
    if suffix in {".csv", ".tsv"}:
        return Table(survey.extra, delimiter="\t" if suffix == ".tsv" else survey.delimiter, mark=survey.mark)
    raise OutputError(f"{out}: grades are written to .jsonl or .csv, or with - to stdout")


class Book(Protocol):
    """What takes grades as they come."""

    def put(self, number: int, row: Row | BadRow, grade: Grade, /) -> None:
        """The grade of the answer with that number, counted from 0."""
        ...


class JsonLines:
    """A grade a line, whole."""

    head = b""

    def line(self, _: Row | BadRow, grade: Grade, /) -> bytes:
        """The grade as JSON."""
        return grade.model_dump_json().encode() + b"\n"


class Table:
    """A row a grade, for people and spreadsheets: flat, further columns of the answers behind the grade's own."""

    def __init__(self, extra: Sequence[str], *, delimiter: str = ",", mark: bool = False) -> None:
        self._extra = tuple(extra)
        self._delimiter = delimiter
        names = list(COLUMNS)
        for name in extra:
            names.append(name if name not in names else _other(f"given_{name}", {*names, *extra}))
        self.head = (b"\xef\xbb\xbf" if mark else b"") + self._row(names)

    def line(self, row: Row | BadRow, grade: Grade, /) -> bytes:
        """The grade as a row, people's verdicts with their names."""
        by = {override.criterion: f" ({override.by})" for override in grade.overrides}
        own = (
            *(grade.id, grade.question, grade.rubric, grade.status),
            *(_number(grade.score), _number(grade.max_score), _number(grade.percent), _number(grade.confidence)),
            "; ".join(_verdict(verdict) + by.get(verdict.criterion, "") for verdict in grade.verdicts),
            "; ".join(_finding(finding) + by.get(finding.id, "") for finding in grade.misconceptions if finding.found),
            "; ".join(grade.flags),
            grade.feedback,
            "" if grade.error is None else f"{grade.error['kind']}: {grade.error['message']}",
            *(grade.grader.model, grade.grader.prompt, str(grade.grader.samples)),
        )
        return self._row([*own, *(row.extra.get(name, "") for name in self._extra)])

    def _row(self, cells: Sequence[str]) -> bytes:
        line = io.StringIO(newline="")
        # its own line ends: with others, a lone \r in a cell would not be quoted
        csv.writer(line, delimiter=self._delimiter).writerow(map(_safe, cells))
        return line.getvalue().encode()


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _verdict(verdict: Verdict) -> str:
    return f"{verdict.criterion} {verdict.verdict} {verdict.points:.4g}/{verdict.max_points:.4g}"


def _finding(finding: Finding) -> str:
    return f"{finding.id} -{finding.cost:.4g}"


def _other(name: str, taken: set[str]) -> str:
    return name if name not in taken else _other(f"{name}_", taken)


class Gradebook:
    """Writes grades in the order of their numbers, whenever they come; those that came early wait outside memory."""

    def __init__(self, form: Form, write: Callable[[bytes], object]) -> None:
        self._form = form
        self._write = write
        self._next = 0
        self._early: dict[int, tuple[int, int]] = {}
        # closed in `close`
        self._waiting = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        write(form.head)

    def put(self, number: int, row: Row | BadRow, grade: Grade) -> None:
        """The grade of the answer with that number, counted from 0."""
        line = self._form.line(row, grade)
        if number != self._next:
            self._early[number] = self._waiting.seek(0, io.SEEK_END), len(line)
            self._waiting.write(line)
            return
        self._write(line)
        self._next += 1
        while self._next in self._early:
            self._write(self._taken(self._next))
            self._next += 1
        if not self._early:
            self._waiting.seek(0)
            self._waiting.truncate()

    def close(self) -> None:
        """Write what still waits; the grades before it did not come."""
        for number in sorted(self._early):
            self._write(self._taken(number))
        self._waiting.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        self._waiting.close()

    def _taken(self, number: int) -> bytes:
        at, length = self._early.pop(number)
        self._waiting.seek(at)
        return self._waiting.read(length)
