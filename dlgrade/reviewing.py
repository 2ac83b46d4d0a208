"""A person's decisions about machine-written answers, each saved at once: accepted, edited or rejected.

The document is read anew for each, since minutes lie between showing an answer and deciding about it, and an editor
may be open beside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from dlgrade.banks import filling, ledger
from dlgrade.banks.filling import Encoded, Place
from dlgrade.banks.gathering import called
from dlgrade.banks.ledger import Ledger, answer_hash
from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.banks.same import identity
from dlgrade.banks.written import Origin, Review, Written
from dlgrade.errors import BankError, DlgradeError, InputError, ReviewError, UnknownQuestion
from dlgrade.models import Bank, Question
from dlgrade.saving import written

Lock = Callable[[Iterable[Path]], AbstractContextManager[None]]
Decision = Literal["accept", "edit", "reject", "skip", "quit"]


@dataclass(frozen=True)
class Draft:
    """A machine-written answer that nobody has reviewed: the bank it stands in, its question, its line."""

    bank: Bank
    question: Question
    line: Written

    @property
    def id(self) -> str:
        """The question's id."""
        return self.question.id

    @property
    def answer(self) -> str:
        """What it says."""
        return self.question.answer or ""


def drafts(banks: Iterable[Bank]) -> list[Draft]:
    """The drafts in some banks, in order.

    Raises:
        LedgerError: a ledger is broken.
    """
    found: list[Draft] = []
    for bank in banks:
        known = Ledger.beside(bank.path).known(bank)
        lines = ((question, known.at(question.position)) for question in bank.questions)
        found += [Draft(bank, question, line) for question, line in lines if line and line.review is None]
    return found


def again(banks: Iterable[Bank]) -> list[Bank]:
    """Read banks anew, by the names they had; one that cannot be read any more is left out."""
    found: list[Bank] = []
    for bank in banks:
        with suppress(BankError):
            found.append(called(read_bank(bank.path, choices=bank.choices), bank.name))
    return found


def sorted_out(
    found: Sequence[Draft], accept: Collection[str], reject: Collection[str], *, everything: bool
) -> tuple[list[Draft], list[Draft]]:
    """The drafts to accept and those to reject, by their ids; `everything` accepts all that are not rejected.

    Raises:
        UnknownQuestion: an id is no draft's.
        InputError: one is to be accepted and rejected.
    """
    ids = {draft.id for draft in found}
    if unknown := next((id_ for id_ in (*accept, *reject) if id_ not in ids), None):
        raise UnknownQuestion(f"{unknown}: no draft of this id", hint="`dlgrade review PATH --list` names them.")
    if both := next((id_ for id_ in accept if id_ in reject), None):
        raise InputError(f"{both}: to be accepted and rejected: choose one")
    accepted = [draft for draft in found if draft.id in accept or (everything and draft.id not in reject)]
    return accepted, [draft for draft in found if draft.id in reject]


@dataclass(frozen=True)
class Edited:
    """A person's text for an answer, and the file that they wrote it in."""

    text: str
    file: Path


@dataclass(frozen=True)
class Reviewer:
    """Carries decisions out. `lock` holds documents for as long as one takes."""

    lock: Lock

    def carry_out(self, accepted: Iterable[Draft], rejected: Iterable[Draft]) -> list[DlgradeError]:
        """Accept and reject drafts; one that cannot be does not stop the others."""
        failed: list[DlgradeError] = []
        for draft in accepted:
            try:
                self.accept(draft)
            except DlgradeError as error:
                failed.append(error)
        for _, of_bank in groupby(rejected, key=lambda draft: draft.bank.path):
            try:
                failed += self._rejected(list(of_bank))
            except DlgradeError as error:
                failed.append(error)
        return failed

    def accept(self, draft: Draft) -> None:
        """The answer counts as a person's own from now on; the document stays as it is.

        Raises:
            ReviewError: the draft is not there any more.
        """
        with self.lock([Path(draft.bank.path)]):
            bank, known = _now(draft)
            _, line = _found(draft, bank, known)
            _record(bank, line, "accepted")

    def edit(self, draft: Draft, text: str) -> None:
        """A person's text stands in the answer's place.

        Raises:
            ReviewError: the draft is not there any more, or the text cannot stand there.
        """
        with self.lock([Path(draft.bank.path)]):
            bank, known = _now(draft)
            question, line = _found(draft, bank, known)
            if answer_hash(text) == line.answer:
                _record(bank, line, "accepted")
                return
            filled = filling.fill(bank, {question.id: text}, renew={question.id})
            if filled.failed:
                raise ReviewError(f"{draft.id}: not written: {filled.failed[0].message}")
            after = bank_from_text(filled.source, path=bank.path, encoding=bank.encoding, choices=bank.choices)
            answer = after.questions[question.position - 1].answer or ""
            origin = Origin(model=line.model, prompt=line.prompt)
            place = Place(was=line.was, lead=line.lead, trail=line.trail)
            new = written(question, answer, origin, place, ledger.name_of(bank.path), time=line.time)
            review = Review(verdict="edited", time=ledger.now())
            # Killed after this, the document has the draft, and the ledger a line too many.
            before = Ledger.beside(bank.path)
            added = [new._replace(review=review)]
            ledger.update(bank.path, add=added)
            try:
                _save(bank, filled.source)
            except DlgradeError:
                before.restore(added)
                raise
            ledger.forget(after, [line])

    def reject(self, draft: Draft) -> None:
        """What stood there before the answer stands there again.

        Raises:
            ReviewError: the draft is not there any more, or cannot be taken out.
        """
        for error in self._rejected([draft]):
            raise error

    def _rejected(self, of_bank: Sequence[Draft]) -> list[DlgradeError]:
        """Reject drafts of one bank; what hinders each that cannot be."""
        failed: list[DlgradeError] = []
        with self.lock([Path(of_bank[0].bank.path)]):
            bank, known = _now(of_bank[0])
            lines: dict[str, Written] = {}
            for draft in of_bank:
                try:
                    question, line = _found(draft, bank, known)
                    lines[question.id] = line
                except ReviewError as error:
                    failed.append(error)
            places = {id_: Place(was=line.was, lead=line.lead, trail=line.trail) for id_, line in lines.items()}
            after, done = filling.emptied(bank, places)
            failed += [_stays(id_) for id_ in lines if id_ not in done]
            if done:
                _save(bank, after.source)
                ledger.forget(after, [lines[id_] for id_ in done])
        return failed


def walk(
    found: Sequence[Draft],
    reviewer: Reviewer,
    *,
    ask: Callable[[Draft, int], Decision],
    edited: Callable[[Draft], Edited | None],
    say: Callable[[str], None],
) -> None:
    """Go through drafts, each decision carried out before the next is shown.

    `ask` shows a draft, with how many are left, and says what to do; `edited` gives a person's text for one, None if
    there is none. What cannot be done is said, and the same draft is shown again unless it is gone.
    """
    todo = list(found)
    while todo:
        draft = todo[0]
        decision = ask(draft, len(todo))
        if decision == "quit":
            return
        text = edited(draft) if decision == "edit" else None
        if decision == "edit" and text is None:
            continue
        try:
            _decide(reviewer, draft, decision, text)
        except DlgradeError as error:
            say(f"dlgrade: {error}" + (f"\nWhat you wrote is kept in {text.file}" if text else ""))
            if _stands(draft):
                continue
        todo.pop(0)


def _decide(reviewer: Reviewer, draft: Draft, decision: Decision, text: Edited | None) -> None:
    if decision == "accept":
        reviewer.accept(draft)
    elif decision == "reject":
        reviewer.reject(draft)
    elif text is not None:
        reviewer.edit(draft, text.text)
        text.file.unlink(missing_ok=True)


# ── one draft ────────────────────────────────────────────────────────────────────────────────


def _now(draft: Draft) -> tuple[Bank, Mapping[str, Written]]:
    """Read a draft's bank anew, and what the ledger knows of it."""
    bank = read_bank(draft.bank.path, choices=draft.bank.choices)
    return bank, Ledger.beside(bank.path).known(bank)


def _found(draft: Draft, bank: Bank, known: Mapping[str, Written]) -> tuple[Question, Written]:
    """Return the draft's question and line as they are now.

    Raises:
        ReviewError: the answer was changed or is gone, or somebody reviewed it.
    """
    wanted = identity(draft.question.text)
    for question in bank.questions:
        line = known.get(question.id)
        if line is not None and line.key == draft.line.key and identity(question.text) == wanted:
            if line.review is not None:
                raise ReviewError(f"{draft.id}: somebody reviewed it meanwhile")
            return question, line
    raise ReviewError(f"{draft.id}: the document or its ledger changed meanwhile; this draft is not there any more")


def _stays(id: str) -> ReviewError:
    return ReviewError(
        f"{id}: left as it is: the document would not read the same without this answer",
        hint="Take it out in an editor; the ledger needs no change for that.",
    )


def _stands(draft: Draft) -> bool:
    try:
        _found(draft, *_now(draft))
    except DlgradeError:
        return False
    return True


def _record(bank: Bank, line: Written, verdict: Literal["accepted", "edited"]) -> None:
    ledger.update(bank.path, add=[line._replace(review=Review(verdict=verdict, time=ledger.now()))])


def _save(bank: Bank, source: str) -> None:
    before = filling.hash_of(Encoded(bank.source, bank.encoding))
    filling.save(bank.path, Encoded(source, bank.encoding), instead_of=before)
