"""Lost spaces put back into a document's questions, and nothing else changed.

    **Definedeep learningand how it differs.**      **Define deep learning and how it differs.**

What comes out is read again, as what is filled is: a question that would not read as meant, or that would change
another, stays as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence

from dlgrade.banks.placing import edited
from dlgrade.banks.reading import bank_from_text
from dlgrade.banks.spelling.repair import repaired, words_of
from dlgrade.banks.wording import spaced
from dlgrade.errors import BankError
from dlgrade.models import Bank, Edit, Question, Record


class Mended(Record):
    """The new source, the ids of the questions repaired in it, and of those that could not be."""

    source: str
    repaired: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class _Mend(Record):
    question: Question
    wanted: str
    edits: tuple[Edit, ...]


def mend(bank: Bank) -> Mended:
    """Write the repaired wording of every question that lost spaces into the bank's source."""
    known = words_of(question.raw for question in bank.questions)
    broken: list[tuple[Question, str]] = []
    for question in bank.questions:
        raw = _wording(question)
        wanted = repaired(spaced(raw), known)
        if wanted != spaced(raw):
            broken.append((question, wanted))
    mends = [mend for question, wanted in broken if (mend := _mend(bank, question, wanted)) is not None]
    proven = _proven(bank, mends)
    done = {mend.question.id for mend in proven}
    return Mended(
        source=edited(bank.source, _edits(proven)),
        repaired=tuple(question.id for question, _ in broken if question.id in done),
        left=tuple(question.id for question, _ in broken if question.id not in done),
    )


def _wording(question: Question) -> str:
    return question.raw.partition("\n\n")[0]


def _mend(bank: Bank, question: Question, wanted: str) -> _Mend | None:
    """Find where in the source each lost space belongs: before the letter that it stands before."""
    if question.place is None:
        return None
    start, end = question.place
    at = bank.source.find(_wording(question), start, end)
    at = start if at < 0 else at  # marks stand between the words: letter by letter, then
    edits: list[Edit] = []
    raw = iter(spaced(_wording(question)))
    lost = False
    for letter in wanted:
        if letter == " ":
            lost = True
            continue
        given = next(raw)
        if given == " ":
            lost, given = False, next(raw)
        at = bank.source.find(given, at, end)
        if at < 0:
            return None
        if lost:
            edits.append(Edit(start=at, end=at, text=" "))
        lost, at = False, at + 1
    return _Mend(question=question, wanted=wanted, edits=tuple(edits))


def _edits(mends: Sequence[_Mend]) -> list[Edit]:
    return [edit for mend in mends for edit in mend.edits]


def _proven(bank: Bank, mends: Sequence[_Mend]) -> list[_Mend]:
    """Return the mends with which the document reads as before, those questions repaired; found by halving."""
    if not mends or _reads(bank, mends):
        return list(mends)
    if len(mends) == 1:
        return []
    half = len(mends) // 2
    first, second = _proven(bank, mends[:half]), _proven(bank, mends[half:])
    return [*first, *second] if not first or not second or _reads(bank, [*first, *second]) else first


def _reads(bank: Bank, mends: Sequence[_Mend]) -> bool:
    try:
        after = bank_from_text(edited(bank.source, _edits(mends)), path=bank.path, choices=bank.choices)
    except BankError:
        return False
    wanted = {mend.question.id: mend.wanted for mend in mends}
    return len(after.questions) == len(bank.questions) and all(
        spaced(_wording(new)) == wanted.get(old.id, spaced(_wording(old)))
        and (old.number, old.answer, old.material) == (new.number, new.answer, new.material)
        for old, new in zip(bank.questions, after.questions, strict=True)
    )
