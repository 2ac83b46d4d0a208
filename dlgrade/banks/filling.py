"""Answers back into the source text, touching nothing else; documents saved whole or not at all.

A bank, an answer, and what comes out:

    **What is dropout?**                     **What is dropout?**

    **Answer:** _[To be filled]_             **Answer:** Units are dropped at random.

What comes out is read again before anybody sees it: an answer that would change any question, or any
other answer, is left out and reported. The same holds where an answer gives way to a newer one, or to the
placeholder that stood there before it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

from dlgrade.banks.chosen import Looked, Positions
from dlgrade.banks.layout import LAYOUTS
from dlgrade.banks.paged import Text
from dlgrade.banks.patterns import later
from dlgrade.banks.placing import Placed, edited, newline_of, slot_of
from dlgrade.banks.proving import Proof
from dlgrade.banks.reading import bank_from_text
from dlgrade.banks.wording import is_placeholder
from dlgrade.errors import BankError, ChangedMeanwhile, OutputError, UnknownQuestion
from dlgrade.models import Bank, Edit, Failure, Question, Slot

_AT_ONCE = 1 << 20  # characters of a document that are written at once
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PART_OF_LEAD = re.compile(r"(?<![\r\n])(?:\r?\n)+|\A")


_IN_NO_FILE = later("[\ud800-\udfff]")
_NO_PLACE = "the document has no place for an answer to this question"
_NOT_READ_BACK = "the document could not be read back with this answer in it"
_NOT_TOLD = "where its answer begins and ends cannot be told in this document"


class Place(NamedTuple):
    """What stood where an answer went, and what came with the answer: the way back."""

    was: str = ""
    lead: str = ""
    trail: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """The new source, `text`, and the ids of its questions by what became of them.

    `filled` have a new answer, `kept` had one before, `unanswered` were given none, and `failed` were
    given one that could not go in; `left` are all that have no answer now. `places` are those of the answers that went
    where none was. `answers` are the new ones as they read back from the new source. All but the failed are looked up
    when they are asked for, and held nowhere.
    """

    text: Text
    filled: Sequence[str]
    kept: Sequence[str]
    unanswered: Sequence[str]
    left: Sequence[str]
    failed: tuple[Failure, ...]
    places: Looked[Place] = field(repr=False)
    answers: Looked[str] = field(repr=False)

    @property
    def source(self) -> str:
        """The new source, which is in memory as a whole then."""
        return str(self.text)


AnswerOf = Callable[[Question], str | None]
"""Gives a question's answer, None where there is none."""


def fill(bank: Bank, answers: Mapping[str, str], *, renew: Collection[str] = ()) -> Filled:
    """Put answers, by question id, into the slots of a bank's source; every byte outside the slots stays.

    A question that has an answer keeps it, unless its id is among those to `renew`.

    Raises:
        UnknownQuestion: an id is not one of the bank's.
        OutputError: the disk of temporary files is full.
    """
    ids = Positions(bank, range(1, len(bank.questions) + 1)).ids
    if unknown := next((i for i in answers if i not in ids), None):
        raise UnknownQuestion(f"{bank.path}: no question {unknown!r}; the bank has {len(ids)}")
    return fill_with(bank, lambda question: answers.get(question.id), renew=renew)


def fill_with(bank: Bank, answer_of: AnswerOf, *, renew: Collection[str] = ()) -> Filled:
    """The same with answers that are asked for one by one, and not held.

    Raises:
        OutputError: the disk of temporary files is full.
    """
    placing = _Placing(bank)
    for question in bank.questions:
        placing.place(question, answer_of, renew)
    placed, failed = placing.placed, placing.failed
    proof = Proof(placed)
    proven = proof.proven(placed.positions)
    text = proof.settled(proven)
    done = Positions(bank, proven)
    failed |= {at: _NOT_READ_BACK for at in placed.positions if at not in done}
    return Filled(
        text=text,
        filled=done.ids,
        kept=(placing.answered - done).ids,
        unanswered=placing.unanswered.ids,
        left=(placing.missing - done).ids,
        failed=tuple(Failure(id=f"{bank.name}:{at}", kind="unfit", message=failed[at]) for at in sorted(failed)),
        places=Looked(done - placing.answered, partial(_place_of, placed)),
        answers=Looked(done, proof.answer),
    )


class _Placing:
    """Puts answers in their places, and notes by their positions which questions had one and which are given none.

    `failed` says why some can go into no place.
    """

    def __init__(self, bank: Bank) -> None:
        self.placed = Placed(bank)
        self.answered, self.missing, self.unanswered = (Positions(bank) for _ in range(3))
        self.failed: dict[int, str] = {}

    def place(self, question: Question, answer_of: AnswerOf, renew: Collection[str]) -> None:
        """Put a question's answer in its place, if it needs one."""
        at, missing = question.position, question.answer is None
        (self.missing if missing else self.answered).add(at)
        if not missing and question.id not in renew:
            return
        answer = answer_of(question)
        if answer is None:
            if missing:
                self.unanswered.add(at)
            return
        slot = slot_of(question)
        if slot is None:
            self.failed[at] = _NO_PLACE if missing else _NOT_TOLD
            return
        fitted = LAYOUTS[slot.shape].fit(answer)
        if reason := _unfit(answer, fitted):
            self.failed[at] = reason
        else:
            self.placed.add(question, slot, fitted)


def _place_of(placed: Placed, position: int) -> Place:
    bank = placed.bank
    question = bank.questions[position - 1]
    slot = slot_of(question)
    if slot is None:  # it holds an answer
        raise AssertionError
    # quotes that came with the answer
    quote = '"' if slot.shape == "csv" and placed.text(position).startswith('"') else ""
    lead = placed.lead(position, slot)
    return Place(was=bank.source[slot.start : slot.end], lead=lead + quote, trail=quote + slot.trail)


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
    newline = newline_of(source)
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


def _unfit(answer: str, fitted: str) -> str | None:
    """Say why an answer cannot go into any document, None if it can."""
    if is_placeholder(answer) or (fitted != answer and is_placeholder(fitted)):
        return "the answer is empty or only a placeholder"
    if "\0" in answer or (not answer.isascii() and _IN_NO_FILE.search(answer)):
        return "the answer holds characters that no text file can"
    return None


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


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as bytes, given bit by bit: a large document need not be in memory twice."""

    text: Text
    encoding: str

    def __iter__(self) -> Iterator[bytes]:
        pieces = (self.text[at : at + _AT_ONCE] for at in range(0, len(self.text), _AT_ONCE))
        return (piece.encode(self.encoding) for piece in pieces)


def hash_of(data: bytes | Iterable[bytes]) -> str:
    """SHA-256, in hex, of what may be given bit by bit."""
    found = hashlib.sha256()
    for part in [data] if isinstance(data, bytes) else data:
        found.update(part)
    return found.hexdigest()


def digest(path: Path) -> str:
    """The same of a file that may not fit into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(path: str | os.PathLike[str], data: bytes | Iterable[bytes], *, instead_of: str | None = None) -> None:
    """Write a file whole or not at all, also if the program is killed: readers see the old one or the new one.

    A link keeps pointing to its file, which is the one replaced; the mode stays.

    Raises:
        ChangedMeanwhile: `instead_of` is given and is not the hash of what stands there.
        OutputError: it cannot be written; what was there is untouched.
    """
    target = Path(os.path.realpath(path))
    try:
        _replace(target, [data] if isinstance(data, bytes) else data, instead_of)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _replace(target: Path, data: Iterable[bytes], instead_of: str | None) -> None:
    # A folder in the target's place would only be noticed by the last step, and differently on each system.
    if target.is_dir():
        raise IsADirectoryError(None, "this is a folder")
    handle, name = tempfile.mkstemp(prefix=".dlgrade-", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode_of(target))
        # As late as can be: an editor may have saved the document while its answers were proved.
        if instead_of is not None and digest(target) != instead_of:
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
