"""Answers back into the source text, touching nothing else; documents saved whole or not at all.

A bank, an answer, and what comes out:

    **What is dropout?**                     **What is dropout?**

    **Answer:** _[To be filled]_             **Answer:** Units are dropped at random.

What comes out is read again before anybody sees it: an answer that would change any question, or any
other answer, is left out and reported. The same holds where an answer gives way to a newer one, or to the
placeholder that stood there before it.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby, islice, pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

from dlgrade.banks.blocks import Document
from dlgrade.banks.layout import LAYOUTS
from dlgrade.banks.patterns import later
from dlgrade.banks.reading import bank_from_text
from dlgrade.banks.wording import fold, is_placeholder
from dlgrade.errors import BankError, ChangedMeanwhile, OutputError, UnknownQuestion
from dlgrade.models import Bank, Edit, Failure, Question, Slot

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PART_OF_LEAD = re.compile(r"(?<![\r\n])(?:\r?\n)+|\A")


_IN_NO_FILE = later("[\0\ud800-\udfff]")
_NO_PLACE = "the document has no place for an answer to this question"
_NOT_TOLD = "where its answer begins and ends cannot be told in this document"


@dataclass(frozen=True, slots=True)
class Place:
    """What stood where an answer went, and what came with the answer: the way back."""

    was: str = ""
    lead: str = ""
    trail: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """The new source, and the ids of its questions by what became of them.

    `filled` have a new answer, `kept` had one before, `unanswered` were given none, and `failed` were
    given one that could not go in. `places` are those of the answers that went where none was. `after` is the new
    source as it was read for the proof, None where nothing was put in.
    """

    source: str
    filled: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict, repr=False)
    after: Bank | None = field(default=None, repr=False)


class _Fitted(NamedTuple):
    """An answer made ready for its slot: as it will read, and as it is written there, `lead` before `text`."""

    question: Question
    slot: Slot
    answer: str
    lead: str
    text: str


def fill(bank: Bank, answers: Mapping[str, str], *, renew: Collection[str] = ()) -> Filled:
    """Put answers, by question id, into the slots of a bank's source; every byte outside the slots stays.

    A question that has an answer keeps it, unless its id is among those to `renew`.

    Raises:
        UnknownQuestion: an id is not one of the bank's.
    """
    ids = {question.id for question in bank.questions}
    if unknown := next((i for i in answers if i not in ids), None):
        raise UnknownQuestion(f"{bank.path}: no question {unknown!r}; the bank has {len(ids)}")
    ready, failed = _ready(bank, answers, renew)
    proof = _Proof(bank)
    proven = proof.proven(ready)
    filled = {item.question.id for item in proven}
    broken = (item.question.id for item in ready if item.question.id not in filled)
    failed |= dict.fromkeys(broken, "the document could not be read back with this answer in it")
    source = proof.source(proven)
    return Filled(
        source=source,
        after=proof.read(source) if proven else None,
        filled=tuple(q.id for q in bank.questions if q.id in filled),
        kept=tuple(q.id for q in bank.questions if q.answer is not None and q.id not in filled),
        unanswered=tuple(q.id for q in bank.questions if q.answer is None and q.id not in answers),
        failed=tuple(
            Failure(id=i, kind="unfit", message=failed[i]) for i in sorted(failed, key=_place(bank).__getitem__)
        ),
        places={item.question.id: _place_of(bank, item) for item in proven if item.question.slot},
    )


def _ready(bank: Bank, answers: Mapping[str, str], renew: Collection[str]) -> tuple[list[_Fitted], dict[str, str]]:
    """Make the answers ready for their places; those that cannot go into any are named with the reason."""
    ready: list[_Fitted] = []
    failed: dict[str, str] = {}
    for question in bank.questions:
        id_, missing = question.id, question.answer is None
        if id_ not in answers or not (missing or id_ in renew):
            continue
        slot = question.slot if missing else question.standing
        if slot is None:
            failed[id_] = _NO_PLACE if missing else _NOT_TOLD
            continue
        layout = LAYOUTS[slot.shape]
        answer = layout.fit(answers[id_])
        if reason := _unfit(answers[id_], answer):
            failed[id_] = reason
        else:
            ready.append(_Fitted(question, slot, answer, *layout.lay(slot, answer)))
    return ready, failed


def _place_of(bank: Bank, item: _Fitted) -> Place:
    quote = '"' if item.slot.shape == "csv" and item.text.startswith('"') else ""  # quotes that came with the answer
    was = bank.source[item.slot.start : item.slot.end]
    return Place(was=was, lead=item.lead + quote, trail=quote + item.slot.trail)


def emptied(bank: Bank, places: Mapping[str, Place]) -> tuple[Bank, frozenset[str]]:
    """Take answers out again, by question id, so that what stood in their places stands there; all else stays.

    What came with an answer goes with it, as far as the document then still reads as before. Gives the bank as it
    reads then, and the ids whose answers are out; the others' could not be.
    """
    questions = [q for q in bank.questions if q.id in places and q.standing is not None]
    first = [edit for q in questions for edit in islice(_ways_back(bank.source, q, places[q.id]), 1)]
    if len(questions) > 1 and all(one.end <= other.start for one, other in pairwise(sorted(first, key=_start))):
        # All at once, in one reading: the usual case by far.
        after = _without(bank, edited(bank.source, first), {q.position for q in questions})
        if after is not None:
            return after, frozenset(q.id for q in questions)
    done: set[str] = set()
    for position, id_ in [(q.position, q.id) for q in questions]:
        ways = _ways_back(bank.source, bank.questions[position - 1], places[id_])
        sources = (edited(bank.source, [edit]) for edit in ways)
        after = next(filter(None, (_without(bank, source, {position}) for source in sources)), None)
        if after is not None:
            bank = after
            done.add(id_)
    return bank, frozenset(done)


def _start(edit: Edit) -> int:
    return edit.start


def span(source: str, slot: Slot) -> tuple[int, int]:
    """Where the text of an answer begins and ends that stands in a slot: without quotes and blanks around it."""
    said = source[slot.start : slot.end]
    lead, trail = (
        len(text) if text.strip() and edge else 0
        for text, edge in ((slot.lead, said.startswith(slot.lead)), (slot.trail, said.endswith(slot.trail)))
    )
    start = slot.start + (lead or len(said) - len(said.lstrip()))
    return start, slot.end - (trail or len(said) - len(said.rstrip()))


def _ways_back(source: str, question: Question, place: Place) -> Iterator[Edit]:
    """Give what to try, the most first: headings that other answers stand under as well may have to stay."""
    if question.standing is None:
        return
    start, end = span(source, question.standing)
    newline = Document(source).newline
    was = place.was.replace("\r\n", "\n")  # `edited` gives it the document's line ends, which Git may have changed
    lead, trail = (text.replace("\n", newline) for text in (place.lead, place.trail))
    # Quotes around an answer came with the place, or with the answer.
    for first, last in dict.fromkeys([(question.standing.start, question.standing.end), (start, end)]):
        if source.endswith(lead, 0, first) and source.startswith(trail, last):
            yield Edit(start=first - len(lead), end=last + len(trail), text=was)
    for at in (match.start() for match in _PART_OF_LEAD.finditer(lead)):
        if source.endswith(lead[at:], 0, start):
            yield Edit(start=start - len(lead) + at, end=end, text=was)
    yield Edit(start=start, end=end, text=was)


def _place(bank: Bank) -> dict[str, int]:
    return {question.id: question.position for question in bank.questions}


def _unfit(answer: str, fitted: str) -> str | None:
    """Say why an answer cannot go into any document, None if it can."""
    if is_placeholder(answer) or is_placeholder(fitted):
        return "the answer is empty or only a placeholder"
    if _IN_NO_FILE.search(answer):
        return "the answer holds characters that no text file can"
    return None


# ── the text ─────────────────────────────────────────────────────────────────────────────────


def _render(bank: Bank, items: Sequence[_Fitted]) -> str:
    """Return the source with the answers in it, in one pass."""
    # Two may go to one place: the end of an item is that of the last item in it, whose answer comes first.
    ordered = sorted(items, key=lambda item: (item.slot.start, -len(item.slot.indent), item.question.position))
    edits: list[_Splice] = [
        (start, end, _pieces(list(group)))
        for (start, end), group in groupby(ordered, key=lambda item: (item.slot.start, item.slot.end))
    ]
    taken = {start for start, _, _ in edits}
    first = any(item.question.slot is not None for item in items)
    edits += [(edit.start, edit.end, (edit.text,)) for edit in bank.once if first and edit.start not in taken]
    return _spliced(bank.source, edits)


def edited(source: str, edits: Iterable[Edit]) -> str:
    """Return the source with the edits made, their line ends those of the source; they must not overlap."""
    return _spliced(source, [(edit.start, edit.end, (edit.text,)) for edit in edits])


_Splice = tuple[int, int, Iterable[str]]
"""`source[start:end]` gives way to these texts, one after the other."""


def _spliced(source: str, splices: list[_Splice]) -> str:
    newline = Document(source).newline
    parts: list[str] = []
    done = 0
    for start, end, texts in sorted(splices, key=lambda splice: splice[0]):
        parts.append(source[done:start])
        parts += [text.replace("\n", newline) for text in texts] if newline != "\n" else texts
        done = end
    parts.append(source[done:])
    return "".join(parts)


def _pieces(group: Sequence[_Fitted]) -> Iterator[str]:
    """Give what goes to one place: headings that several answers share once, the trail after the last."""
    previous: str | None = None
    for item in group:
        yield item.lead[len(_shared(previous, item.lead)) :] if previous is not None else item.lead
        yield item.text
        previous = item.lead
    yield group[-1].slot.trail


def _shared(one: str, other: str) -> str:
    """Return the whole lines that two leads begin with, without the blank ones at their end."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one.split("\n"), other.split("\n"), strict=False))
    return "\n".join(line for line, _ in pairs).rstrip("\n")


# ── the proof ────────────────────────────────────────────────────────────────────────────────


class _Proof:
    """Looks whether a bank reads as before with answers in it; what was read last is kept."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._last: tuple[str, Bank | None] = (bank.source, bank)
        self._items: list[_Fitted] = []

    def source(self, items: Sequence[_Fitted]) -> str:
        """The bank's source with these answers in it."""
        if not items:
            return self._bank.source
        if self._items != items:
            self.read(_render(self._bank, items))
            self._items = list(items)
        return self._last[0]

    def read(self, source: str) -> Bank | None:
        """The bank with another source, None where that is none."""
        if self._last[0] != source:
            bank = self._bank
            try:
                after = bank_from_text(source, path=bank.path, encoding=bank.encoding, choices=bank.choices)
            except BankError:
                after = None
            self._last = source, after
        return self._last[1]

    def proven(self, items: Sequence[_Fitted]) -> list[_Fitted]:
        """Return the answers with which the document reads as before, those questions answered.

        What spoils the reading is found by halving, so that the one pass of the usual case stays one.
        """
        if not items:
            return []
        wrong = self._wrong(items)
        if wrong is not None:
            return self.proven([item for item in items if item.question.id not in wrong]) if wrong else list(items)
        if len(items) == 1:
            return []
        half = len(items) // 2
        return self._added(self.proven(items[:half]), self.proven(items[half:]))

    def _added(self, proven: list[_Fitted], others: list[_Fitted]) -> list[_Fitted]:
        """Add to proven answers those of others that do not clash with them: each half holds by itself."""
        if not others:
            return proven
        both = [*proven, *others]
        if not proven or self._wrong(both) == set():
            return both
        if len(others) == 1:
            return proven
        half = len(others) // 2
        return self._added(self._added(proven, others[:half]), others[half:])

    def _wrong(self, items: Sequence[_Fitted]) -> set[str] | None:
        """Return the ids whose answers do not read back; None if anything else changed as well."""
        bank = self._bank
        after = self.read(self.source(items))
        given = {item.question.id: item.answer for item in items}
        if after is None or after.form != bank.form or len(after.questions) != len(bank.questions):
            return None
        wrong: set[str] = set()
        for old, new in zip(bank.questions, after.questions, strict=True):
            if _identity(old) != _identity(new):
                return None
            if old.id in given:
                if new.answer is None or not _says(new.answer, given[old.id]):
                    wrong.add(old.id)
            elif old.answer != new.answer:
                return None
        return wrong


def _without(bank: Bank, source: str, positions: Collection[int]) -> Bank | None:
    """Read a source: the bank as it was, but that those questions have no answer; None if that is not what it says."""
    try:
        after = bank_from_text(source, path=bank.path, encoding=bank.encoding, choices=bank.choices)
    except BankError:
        return None
    if after.form != bank.form or len(after.questions) != len(bank.questions):
        return None
    as_before = all(
        _identity(old) == _identity(new)
        and (new.answer is None if old.position in positions else new.answer == old.answer)
        for old, new in zip(bank.questions, after.questions, strict=True)
    )
    return after if as_before else None


def _says(found: str, given: str) -> bool:
    """Say whether an answer was found whole."""
    if found == given:
        return bool(found)
    said = fold(found)
    return bool(said) and said == fold(given)


def _identity(question: Question) -> tuple[object, ...]:
    return question.raw, question.number, question.category, question.difficulty


# ── files ────────────────────────────────────────────────────────────────────────────────────


def diff(before: str, after: str, name: str) -> str:
    """Return what changed as a unified diff, empty if nothing did."""
    # Other line ends than these do not count for patches, nor for Git.
    old, new = _LINE.findall(before), _LINE.findall(after)
    # Imported here for start-up time: most runs show no changes.
    import difflib  # noqa: PLC0415

    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def save(path: str | os.PathLike[str], data: bytes, *, instead_of: bytes | None = None) -> None:
    """Write a file whole or not at all, also if the program is killed: readers see the old one or the new one.

    A link keeps pointing to its file, which is the one replaced; the mode stays.

    Raises:
        ChangedMeanwhile: `instead_of` is given and is not what stands there.
        OutputError: it cannot be written; what was there is untouched.
    """
    target = Path(os.path.realpath(path))
    try:
        _replace(target, data, instead_of)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _replace(target: Path, data: bytes, instead_of: bytes | None) -> None:
    # A folder in the target's place would only be noticed by the last step, and differently on each system.
    if target.is_dir():
        raise IsADirectoryError(None, "this is a folder")
    handle, name = tempfile.mkstemp(prefix=".dlgrade-", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode_of(target))
        # As late as can be: an editor may have saved the document while its answers were proved.
        if instead_of is not None and target.read_bytes() != instead_of:
            raise ChangedMeanwhile(f"{target}: somebody changed it while it was being written")
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def mode_of(target: Path) -> int:
    """The permissions of a file, or those that a new one would get."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
