"""Many answers in one file: CSV with a header, or an object a line. Each row names its question and says its answer.

id,question,answer                     {"question": "general:2", "answer": "It drops units."}
anna,dropout,"It drops units."
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from dlgrade.errors import InputError
from dlgrade.models import Failure


@dataclass(frozen=True)
class Row:
    """One answer. `id` is the row's own, else where it stands: `answers.csv:3`."""

    id: str
    where: str
    question: str
    answer: str


def read_rows(path: Path) -> Iterator[Row | Failure]:
    """The rows one after the other; one that is none is a failure, named by file and line, and the others go on.

    Raises:
        InputError: the file cannot be read, or is of no form that is known.
    """
    read = _FORMS.get(path.suffix.lower())
    if read is None:
        raise InputError(f"{path}: answers come as {', '.join(_FORMS)}; this file is neither")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, data in read(file, path):
                yield _row(data, path, line)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _row(data: object, path: Path, line: int) -> Row | Failure:
    where = f"{path}:{line}"
    if isinstance(data, str):
        return Failure(id=where, kind="input_error", message=data)
    fields = {str(name).strip().lower(): value for name, value in data.items()} if isinstance(data, dict) else {}
    for name in ("question", "answer"):
        if not isinstance(fields.get(name), str) or (name == "question" and not fields[name].strip()):
            return Failure(id=where, kind="input_error", message=f"no {name}: a row has `question` and `answer`")
    own = fields.get("id")
    named = isinstance(own, str | int) and str(own).strip()
    return Row(str(own).strip() if named else where, where, fields["question"], fields["answer"])


def _separated(delimiter: str) -> Callable[[TextIO, Path], Iterator[tuple[int, Mapping[str, str] | str]]]:
    def read(file: TextIO, path: Path) -> Iterator[tuple[int, Mapping[str, str] | str]]:
        rows = csv.DictReader(file, delimiter=delimiter)
        names = {name.strip().lower() for name in rows.fieldnames or ()}
        if not {"question", "answer"} <= names:
            raise InputError(f"{path}:1: the first line names the columns; it needs `question` and `answer`")
        before = rows.line_num
        while True:
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield before + 1, f"not CSV: {error}"
            else:
                if row is None:
                    return
                yield before + 1, row
            before = rows.line_num

    return read


def _lines(file: TextIO, _: Path) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                value = json.loads(line)
                yield number, value if isinstance(value, dict) else f"not an object: {line.strip()[:40]!r}"
            except (ValueError, RecursionError):
                yield number, f"not a line of JSON: {line.strip()[:40]!r}"


_FORMS: Mapping[str, Callable[[TextIO, Path], Iterator[tuple[int, object]]]] = MappingProxyType(
    {".csv": _separated(","), ".tsv": _separated("\t"), ".jsonl": _lines, ".ndjson": _lines}
)
