"""An answer key as CSV.

    id,category,difficulty,topic,question,answer,source,rubric,also
    general:2,,intermediate,regularization,How do dropout layers …?,"A dropout layer …",shipped,dropout,

A cell that a spreadsheet would take for a formula begins with an apostrophe, which dlgrade's reader takes away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from dlgrade.banks.data.rows import KEY_COLUMNS, RUBRIC_COLUMNS, guarded
from dlgrade.export.key import Entry, Key


def write(key: Key) -> bytes:
    """The key as CSV in UTF-8; criteria and misconceptions are columns where rubrics were asked for."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    schemes = any(entry.scheme for entry in key.entries)
    writer.writerow([*KEY_COLUMNS, *(RUBRIC_COLUMNS if schemes else ())])
    for entry in key.entries:
        writer.writerow([guarded(cell) for cell in (*_cells(entry), *(_scheme(entry) if schemes else ()))])
    return out.getvalue().encode("utf-8", "replace")


def _cells(entry: Entry) -> Iterator[str]:
    question = entry.question
    yield question.id
    yield question.category or ""
    yield entry.difficulty or ""
    yield entry.topic or ""
    yield question.text
    yield entry.reference or ""
    yield entry.source or ""
    yield entry.rubric or ""
    yield " ".join(entry.also)


def _scheme(entry: Entry) -> Iterator[str]:
    rubric = entry.scheme
    yield "\n".join(f"{c.id} ({c.points:g}): {c.expects}" for c in rubric.criteria) if rubric else ""
    yield "\n".join(f"{m.id} (-{m.costs:g}): {m.claims}" for m in rubric.misconceptions) if rubric else ""
