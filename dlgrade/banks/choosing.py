"""Which reading of a document is right, where several forms find questions in it.

The most convincing one, but for questions that are parts of another's answers. What the others find where it finds
nothing is added: many documents mix forms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import TYPE_CHECKING

from dlgrade.banks.asking import asks, asks_firmly
from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Entry, Reading, gathered
from dlgrade.banks.forms import DATA, FORMS, PLAIN, PROSE
from dlgrade.banks.same import identity
from dlgrade.errors import BankError
from dlgrade.models import Choices

if TYPE_CHECKING:
    from dlgrade.banks.plaintext.keys import Key

_PLAINLY = 0.9  # what headings and lists with numbers are marked with, those that ask
_NEARLY_ALL = 0.95  # the part of a document that a reading must explain to be beyond doubt
_NEARLY = 1.1  # a reading that is so much surer than another is no part of it
_MARKED = 0.4  # what a reading must be marked with on the average to add questions to another


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
    # Plain text has pages, columns and labels that Markdown does not know of: there no form is beyond doubt.
    found = _among_prose(document, choices, doubtful=suffix.lower() == ".txt" or "\f" in document.text)
    return found and _with_key(document, found)


def _with_key(document: Document, reading: Reading) -> Reading:
    """Answer the questions that a key at the document's end answers by their numbers."""
    if not any(map(_is_missing, reading.entries)):
        return reading
    # For start-up time: most documents end in no key.
    from dlgrade.banks.plaintext.keys import find_key, may_have_key  # noqa: PLC0415

    if not any(map(may_have_key, document.pieces())):
        return reading
    from dlgrade.banks.plaintext.pages import read_lines  # noqa: PLC0415

    lines = read_lines(document)
    key = find_key(lines)
    if key is None or lines[key.at].number <= reading.entries[-1].line:
        return reading
    if any(title.line > lines[key.at].number for title in document.titles):
        return reading  # headings in it: these are answers with numbered lists in them, no key
    return replace(reading, entries=gathered(document.text, (_answered(entry, key) for entry in reading.entries)))


def _is_missing(entry: Entry) -> bool:
    return entry.body.said is None and bool(entry.number)


def _answered(entry: Entry, key: Key) -> Entry:
    answer = key.take(entry.number) if _is_missing(entry) else None
    return entry if answer is None else entry._replace(body=entry.body._replace(said=answer, slot=None))


def _among_prose(document: Document, choices: Choices, *, doubtful: bool) -> Reading | None:
    readings: list[Reading] = []
    for form, read in PROSE.items():
        reading = read(document, choices)
        if reading is None:
            continue
        readings.append(reading)
        if not doubtful and _is_settled(reading) and reading.weight == max(reading.weight for reading in readings):
            rest = document.without((entry.line, entry.last) for entry in reading.entries)
            others = (other(rest, choices) for name, other in PROSE.items() if name not in (form, PLAIN))
            return _joined(document, reading, [other for other in others if other is not None])
    ranked = sorted(readings, key=lambda reading: _weight(document, reading, readings), reverse=True)
    best = ranked[0] if ranked else None
    for other in ranked:
        if best is not None and _holds(other, best):
            best = other
    return best and _joined(document, best, [reading for reading in readings if reading is not best])


def _is_settled(reading: Reading) -> bool:
    """Say whether a reading leaves nothing to doubt, so that others need only look at what it does not explain."""
    return reading.marked >= _PLAINLY and reading.sure >= reading.marked * _NEARLY_ALL


def _joined(document: Document, best: Reading, others: Sequence[Reading]) -> Reading:
    """Return the reading with the questions that others find where it finds none: many documents mix forms.

    A list of what is asked below, and orders in a list that nothing marks as questions, are left alone.
    """
    if all(other.marked < _MARKED for other in others):
        return best
    added: list[Entry] = []
    known = {identity(entry.raw) for entry in best.entries}
    for other in sorted(others, key=lambda reading: reading.weight, reverse=True):
        if other.marked < _MARKED:
            continue
        taken = sorted((entry.line, entry.last) for entry in chain(best.entries, added))
        free = [entry for entry in other.entries if _is_free(entry, taken)]
        for category, group in groupby(free, key=lambda entry: entry.category):
            new = list(group)
            does = asks_firmly if "question" in (category or "").casefold() else asks
            asking = sum(does(entry.raw.partition("\n\n")[0]) for entry in new)
            if asking * 2 >= len(new) and not any(identity(entry.raw) in known for entry in new):
                added += new
    if not added:
        return best
    entries = sorted(chain(best.entries, added), key=lambda entry: entry.line)
    return replace(best, entries=gathered(document.text, entries))


def _is_free(entry: Entry, taken: Sequence[tuple[int, int]]) -> bool:
    """Say whether no line of an entry is one of those taken, which are in order."""
    at = bisect_right(taken, (entry.line, 0))
    before = taken[at - 1] if at else (0, 0)
    after = taken[at] if at < len(taken) else (entry.last + 1, 0)
    return before[1] < entry.line and entry.last < after[0]


def _weight(document: Document, reading: Reading, readings: Sequence[Reading]) -> float:
    """Return what a reading weighs among others.

    Its claim is only disputed by forms that see its questions as well, or see them as parts of answers and are surer,
    and what stands in the margin of another's answers counts for nothing. So what answers hold wins nothing: they may
    have come after the document was read.
    """
    lines = {entry.line for entry in reading.entries}
    others = [other for other in readings if other is not reading]
    disputed = any(
        sum(entry.line in lines for entry in other.entries) * 2 >= len(lines)
        or (other.sure >= reading.sure and _inside(lines, other) >= _NEARLY_ALL * len(lines))
        for other in others
    )
    margin = min((other.margin for other in others if other.margin is not None), default=None)
    weight = reading.weight if disputed else reading.weight / reading.claim
    if margin is None:
        return weight
    outer = sum(_column(document, entry.line) < margin for entry in reading.entries)
    return weight * outer / len(reading.entries)


def _inside(lines: Collection[int], other: Reading) -> int:
    """Count the lines that stand inside a reading's entries, below their questions."""
    spans = [(entry.line, entry.last) for entry in other.entries]
    at = ((line, bisect_right(spans, (line, 0)) - 1) for line in lines)
    return sum(index >= 0 and spans[index][0] < line <= spans[index][1] for line, index in at)


def _column(document: Document, number: int) -> int:
    line = document.line(number).expandtabs(4)
    return len(line) - len(line.lstrip())


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
