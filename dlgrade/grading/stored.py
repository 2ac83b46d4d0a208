"""Grades that were written down: a line of JSON each, or documents as `grade --json` prints them, one after the other.

for stored in read_grades(path):
    stored.grade, stored.where

A file is read as it is needed, and may be longer than memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from dlgrade.errors import InputError
from dlgrade.models import Grade

_TABLES = {".csv", ".tsv", ".xlsx"}
_ROUNDED = 1e-6  # by how much a sum of points may miss what it stands for


@dataclass(frozen=True, slots=True)
class Stored:
    """One grade as it stands in a file; `where` is file and line, `raw` its bytes with the line end."""

    grade: Grade
    where: str
    raw: bytes

    def with_grade(self, grade: Grade) -> bytes:
        """Another grade in its place, written as this one is."""
        indent = 2 if b"\n" in self.raw.strip() else None
        return grade.model_dump_json(indent=indent).encode() + b"\n"


def read_grades(path: Path) -> Iterator[Stored]:
    """The grades one after the other.

    Raises:
        InputError: the file cannot be read, is a table, or a line of it is no grade; with file and line.
    """
    if path.suffix.lower() in _TABLES:
        raise InputError(
            f"{path}: a table of grades is for people; it lacks the evidence",
            hint="Name the .jsonl that `dlgrade grade --answers … --out grades.jsonl` writes.",
        )
    for number, raw in _pieces(path):
        if raw.strip():
            yield Stored(_grade(raw, path, number), f"{path}:{number}", raw)


def _pieces(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines, and documents that span lines, with the number of the line that each begins in."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not a file; grades are read twice")
        with path.open("rb") as file:
            document: list[bytes] = []
            for number, line in enumerate(file, start=1):
                if document or line.rstrip() == b"{":
                    document.append(line)
                    if line.rstrip() == b"}":
                        yield number - len(document) + 1, b"".join(document)
                        document.clear()
                    continue
                yield number, line
            if document:
                yield number - len(document) + 1, b"".join(document)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _grade(raw: bytes, path: Path, number: int) -> Grade:
    try:
        grade = Grade.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg'].lower()}" if where else first["msg"].lower()
        raise InputError(f"{path}:{number}: not a grade: {said}") from None
    if wrong := next(_impossible(grade), None):
        raise InputError(f"{path}:{number}: not a grade: {wrong}")
    return grade


def _impossible(grade: Grade) -> Iterator[str]:
    """What no grader writes: somebody changed the file by hand."""
    figures = [
        ("score", grade.score, grade.max_score),
        ("percent", grade.percent, 100),
        ("confidence", grade.confidence, 1),
    ]
    figures += [(f"points of {one.criterion}", one.points, one.max_points) for one in grade.verdicts]
    for name, value, most in figures:
        if value is not None and not -_ROUNDED <= value <= most + _ROUNDED:
            yield f"{name}: {value:g} is not from 0 to {most:g}"
    if (grade.score is not None) != (grade.status == "graded"):
        yield f"it is {grade.status}, and its score is {'null' if grade.score is None else f'{grade.score:g}'}"
    if grade.score is not None and grade.percent is None and grade.max_score:
        yield "it has a score and no percent"


def the_grade(path: Path, id_: str) -> Stored:
    """The one grade with that id.

    Raises:
        InputError: there is none, or several; or the file is none of grades.
    """
    found = [stored for stored in read_grades(path) if stored.grade.id == id_]
    if not found:
        raise InputError(f"{path}: no grade has the id {id_!r}")
    if len(found) > 1:
        raise InputError(f"{found[1].where}: the id {id_!r} stands twice; first at {found[0].where}")
    return found[0]
