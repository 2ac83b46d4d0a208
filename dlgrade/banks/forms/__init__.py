"""One pure reader per document form: a document in, a Reading or None out.

A new form is one new file and one line here. A suffix names the forms that such documents are tried with, any
other suffix the prose forms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from dlgrade.banks.asking import asks
from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Entry, Reading
from dlgrade.banks.forms import (
    bolds,
    delimited,
    details,
    headings,
    json_trees,
    lists,
    notebooks,
    tables,
    yaml_trees,
)
from dlgrade.banks.same import identity
from dlgrade.errors import BankError
from dlgrade.models import Choices

_PLAINLY = 0.9  # what headings and lists with numbers are marked with, those that ask
_NEARLY = 1.1
_MARKED = 0.4  # what a reading must be marked with on the average to add questions to another

Reader = Callable[[Document, Choices], Reading | None]

PROSE: Mapping[str, Reader] = {module.FORM: module.read for module in (headings, lists, tables, bolds, details)}
"""What Markdown and text documents are tried with."""

DATA: Mapping[str, tuple[str, Reader]] = {
    ".csv": (delimited.FORM, delimited.read),
    ".tsv": (delimited.FORM, delimited.read),
    ".json": (json_trees.FORM, json_trees.read),
    ".jsonl": (json_trees.LINES_FORM, json_trees.read_lines),
    ".ndjson": (json_trees.LINES_FORM, json_trees.read_lines),
    ".ipynb": (notebooks.FORM, notebooks.read),
    ".yaml": (yaml_trees.FORM, yaml_trees.read),
    ".yml": (yaml_trees.FORM, yaml_trees.read),
}
"""By suffix, the one form of documents that are data: its name and its reader."""

FORMS: Mapping[str, Reader] = {**PROSE, **dict(DATA.values())}
"""Every form by its name."""

SUFFIXES = (".md", ".markdown", ".txt", *DATA)
"""The documents that are looked for in folders; a file named outright may have any suffix."""


def best_reading(document: Document, suffix: str = ".md", choices: Choices | None = None) -> Reading | None:
    """Return the most convincing reading, None where no form finds a question.

    Raises:
        BankError: no form has the name that was chosen, or a document that says itself what it is is broken.
    """
    choices = choices or Choices()
    if choices.form is not None:
        if choices.form not in FORMS:
            raise BankError(f"no form is called {choices.form!r}", hint=f"There are: {', '.join(FORMS)}.")
        return FORMS[choices.form](document, choices)
    if suffix.lower() in DATA:
        return DATA[suffix.lower()][1](document, choices)
    readings = [reading for read in PROSE.values() if (reading := read(document, choices)) is not None]
    best = max(readings, key=lambda reading: reading.weight, default=None)
    for other in sorted(readings, key=lambda reading: reading.weight, reverse=True):
        if best is not None and _holds(other, best):
            best = other
    return best and _joined(best, [reading for reading in readings if reading is not best])


def _joined(best: Reading, others: Sequence[Reading]) -> Reading:
    """Return the reading with the questions that others find where it finds none: many documents mix forms.

    A list of what is asked below, and orders in a list that nothing marks as questions, are left alone.
    """
    entries = list(best.entries)
    known = {identity(entry.raw) for entry in entries}
    for other in sorted(others, key=lambda reading: reading.weight, reverse=True):
        if other.marked < _MARKED:
            continue
        taken = sorted((entry.line, entry.last) for entry in entries)
        free = [entry for entry in other.entries if _is_free(entry, taken)]
        for _, group in groupby(free, key=lambda entry: entry.category):
            new = list(group)
            asking = sum(asks(entry.raw.partition("\n\n")[0]) for entry in new)
            if asking * 2 >= len(new) and not any(identity(entry.raw) in known for entry in new):
                entries += new
    if len(entries) == len(best.entries):
        return best
    return replace(best, entries=tuple(sorted(entries, key=lambda entry: entry.line)))


def _is_free(entry: Entry, taken: Sequence[tuple[int, int]]) -> bool:
    """Say whether no line of an entry is one of those taken, which are in order."""
    at = bisect_right(taken, (entry.line, 0))
    before = taken[at - 1] if at else (0, 0)
    after = taken[at] if at < len(taken) else (entry.last + 1, 0)
    return before[1] < entry.line and entry.last < after[0]


def _holds(one: Reading, other: Reading) -> bool:
    """Say whether the questions of a reading are parts of the entries of one whose own are marked more plainly.

    Answers ask as well: in bold lines, in lists. That they ask more often must not make them the document.
    """
    if one is other or one.marked < _PLAINLY or one.marked < other.marked or one.sure * _NEARLY < other.sure:
        return False
    starts = [entry.line for entry in one.entries]
    first = starts[0]
    inside = sum(entry.line >= first for entry in other.entries)
    shared = len({entry.line for entry in other.entries} & set(starts))
    return inside == len(other.entries) and (shared == len(starts) or one.marked > other.marked)
