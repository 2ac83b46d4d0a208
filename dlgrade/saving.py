"""Answers into banks, and the banks into files with the ledger beside them: who wrote what is never in doubt.

The ledger is written before the document and tidied after it. A kill in between leaves lines that no answer has,
which say nothing; never an answer without its line, which would pass for a person's.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dlgrade.banks import filling, ledger
from dlgrade.banks.chosen import Chosen, Looked, Positions
from dlgrade.banks.filling import Encoded, Filled, Place
from dlgrade.banks.gathering import called
from dlgrade.banks.ledger import Ledger, answer_hash
from dlgrade.banks.outputs import save_copy
from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.banks.same import ByName, identity, same
from dlgrade.banks.written import Lines, Origin, Written
from dlgrade.errors import BankError, ChangedMeanwhile, DlgradeError, OutputError, RunStopped
from dlgrade.models import Bank, Failure, Question, Usage
from dlgrade.numbered import Numbered

if TYPE_CHECKING:
    from dlgrade.refreshing import Stale  # which a run that renews nothing does without

_TRIES = 5
"""How often a document that somebody keeps changing is filled anew before giving up."""


@dataclass(frozen=True)
class Answers:
    """References for questions, and how they came about.

    `texts`, `origins` and `failures` go by a question's `identity`, since one question may stand in several places.
    Texts without an origin of their own have `origin`.
    `requests` were sent, `retries` of them more than once; `cached` were not needed. `cost` is in USD, None where a
    price is not known. `stopped` is why a run ended before its end.
    """

    texts: ByName[str]
    origins: ByName[Origin] = field(default_factory=dict)
    origin: Origin | None = None
    failures: ByName[Failure] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    requests: int = 0
    cached: int = 0
    retries: int = 0
    cost: float | None = 0.0
    interrupted: bool = False
    stopped: RunStopped | None = None

    @property
    def kept(self) -> str:
        """What becomes of an answer that cannot be written, as the end of a sentence."""
        return "; the answer is kept in the cache" if self.requests or self.cached else ""

    def fill(self, bank: Bank, *, renew: Collection[str] = ()) -> Filled:
        """The bank's source with these answers in its slots, and in the place of those to renew.

        Those that failed are among the failed.
        """
        filled = filling.fill_with(bank, lambda question: self.texts.get(identity(question.text)), renew=renew)
        if not self.failures:
            return filled
        failed = tuple(
            failure.model_copy(update={"id": q.id})
            for q in bank.questions
            if (q.answer is None or q.id in renew) and (failure := self.failures.get(identity(q.text))) is not None
        )
        return replace(filled, failed=(*filled.failed, *failed))

    def origin_of(self, question: Question) -> Origin | None:
        """Where the answer to a question comes from, if there is one and that is known."""
        return (self.origins.get(identity(question.text)) if self.origins else None) or self.origin


StaleOf: TypeAlias = "Callable[[Bank], tuple[Stale, ...]]"
"""Says which of a bank's answers are to be renewed, and why."""


def nothing_stale(_: Bank) -> tuple[Stale, ...]:
    """Renew nothing."""
    return ()


def wanted_of(banks: Iterable[Bank], stale_of: StaleOf) -> Chosen:
    """The questions without an answer, and those whose answer is to be renewed, bank by bank."""
    chosen = []
    for bank in banks:
        positions = array("i", (question.position for question in bank.questions if question.answer is None))
        positions.extend(stale.question.position for stale in stale_of(bank) if stale.hindrance is None)
        chosen.append((bank, positions))
    return Chosen(chosen)


@dataclass(frozen=True)
class Outcome:
    """What became of one bank: filled in memory, and `out`, where it was written, or the `error` why it was not.

    `stale` are the answers to renew. `repaired` are the questions whose lost spaces are back in the text, if that
    was to be done (`repair`), and `broken` those that could not be repaired there. Where the document was `changed`
    meanwhile, `lost` are the answers that have no place any more, by the ids that their questions had.
    """

    bank: Bank
    filled: Filled
    stale: tuple[Stale, ...] = ()
    out: Path | None = None
    error: DlgradeError | None = None
    changed: bool = False
    lost: tuple[Failure, ...] = ()
    repair: bool = False
    repaired: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @classmethod
    def of(cls, bank: Bank, answers: Answers, stale_of: StaleOf = nothing_stale, *, repair: bool = False) -> Outcome:
        """Fill a bank, in memory; with `repair` its questions get back the spaces that they lost."""
        stale = stale_of(bank)
        renew = Positions(bank, (one.question.position for one in stale if one.hindrance is None)).ids if stale else ()
        outcome = cls(bank, answers.fill(bank, renew=renew), stale, repair=repair)
        if not repair:
            return outcome
        # Imported here for start-up time: few runs repair.
        from dlgrade.banks.mending import mend  # noqa: PLC0415

        mended = mend(called(_read_back(outcome), bank.name))
        filled = replace(outcome.filled, text=mended.source)
        return replace(outcome, filled=filled, repaired=mended.repaired, broken=mended.left)

    @property
    def left(self) -> Sequence[str]:
        """The ids that still have no answer, in the document's order."""
        return self.filled.left

    @property
    def refreshed(self) -> tuple[Stale, ...]:
        """The stale answers that were renewed."""
        return tuple(one for one in self.stale if one.question.id in self.filled.filled)

    @property
    def still_stale(self) -> tuple[Stale, ...]:
        """The stale answers that stay what they are."""
        return tuple(one for one in self.stale if one.question.id not in self.filled.filled)

    def saved_as(self, target: Path, answers: Answers) -> Outcome:
        """Write the filled copy; an error is kept, so that other banks are saved all the same."""
        try:
            _save_copy(self, target, answers)
        except DlgradeError as error:
            return replace(self, error=error)
        return replace(self, out=target)

    def saved_in_place(self, answers: Answers, stale_of: StaleOf = nothing_stale) -> Outcome:
        """Write the answers into the document. One that was changed meanwhile is filled as it is now."""
        try:
            return _saved(self, answers, stale_of)
        except DlgradeError as error:
            return replace(self, error=error)


def _saved(outcome: Outcome, answers: Answers, stale_of: StaleOf) -> Outcome:
    """Save in place, anew each time that somebody else was faster.

    Raises:
        DlgradeError: the document cannot be read any more, or not be written.
    """
    path = outcome.bank.path
    for _ in range(_TRIES):
        now = _as_it_is_now(outcome, answers, stale_of)
        if not now.filled.filled and not now.repaired:
            return replace(now, out=Path(path))
        known = Ledger.beside(path).known(now.bank)
        lines = Lines(_new_lines(now, answers, known, path))
        before = Ledger.beside(path)
        ledger.update(path, add=lines)
        try:
            if now.filled.text != now.bank.source:
                there = filling.hash_of(Encoded(now.bank.source, now.bank.encoding))
                filling.save(path, Encoded(now.filled.text, now.bank.encoding), instead_of=there)
        except DlgradeError as error:
            before.restore(lines)
            if isinstance(error, ChangedMeanwhile):
                continue
            raise
        if now.refreshed:
            ledger.forget(_read_back(now), Lines(known[one.question.id] for one in now.refreshed))
        return replace(now, out=Path(path))
    raise OutputError(f"{path}: left as it is: it changed each time that the answers were to be written{answers.kept}")


def _as_it_is_now(outcome: Outcome, answers: Answers, stale_of: StaleOf) -> Outcome:
    """Return the outcome for the document as it stands on the disk by now."""
    old = outcome.bank
    if _stands(old):
        # The same, unless somebody has reviewed an answer meanwhile.
        as_before = _reasons(stale_of(old)) == _reasons(outcome.stale)
        return outcome if as_before else Outcome.of(old, answers, stale_of, repair=outcome.repair)
    try:
        bank = read_bank(old.path, choices=old.choices)
    except BankError as error:
        hint = f"It was a bank when this run began; nothing was written{answers.kept}."
        raise BankError(error.message, hint=hint) from None
    now = Outcome.of(called(bank, old.name), answers, stale_of, repair=outcome.repair)
    return replace(now, changed=True, lost=tuple(_lost(outcome, now, answers.kept)))


def _stands(bank: Bank) -> bool:
    """Say whether a bank is still what stands in its file."""
    try:
        return filling.digest(Path(bank.path)) == filling.hash_of(Encoded(bank.source, bank.encoding))
    except OSError:
        return False


def _reasons(stale: Iterable[Stale]) -> dict[str, str]:
    return {one.question.id: one.why for one in stale}


def _lost(before: Outcome, now: Outcome, kept: str) -> list[Failure]:
    """What was answered before, and has no place for it now."""
    there = same(now.bank.questions)
    found = []
    for question in before.bank.questions:
        if question.id not in before.filled.filled:
            continue
        group = there.of(identity(question.text))
        new = None if group is None else there.members(group)[-1]
        if new is None:
            found.append(Failure(id=question.id, kind="gone", message=f"the question is gone from the document{kept}"))
        elif new.answer is not None and new.id not in now.filled.filled and new.answer != question.answer:
            message = f"somebody answered it meanwhile, and that answer stays{kept}"
            found.append(Failure(id=question.id, kind="answered", message=message))
    return found


def _read_back(outcome: Outcome) -> Bank:
    bank = outcome.bank
    return bank_from_text(outcome.filled.source, path=bank.path, encoding=bank.encoding, choices=bank.choices)


def _new_lines(outcome: Outcome, answers: Answers, known: Looked[Written], document: str | Path) -> Iterator[Written]:
    """Lines for the answers that went in, each hashed as it reads back."""
    filled = outcome.filled
    name, time = ledger.name_of(document), ledger.now()
    for question in outcome.bank.questions:
        answer = filled.answers.at(question.position)
        origin = None if answer is None else answers.origin_of(question)
        if answer is not None and origin is not None:
            place = filled.places.at(question.position) or _place_in(known.at(question.position))
            yield written(question, answer, origin, place, name, time=time)


def _place_in(line: Written | None) -> Place:
    """The place of an answer that gave way to another one is the one that the first was put in."""
    return Place() if line is None else Place(was=line.was, lead=line.lead, trail=line.trail)


def written(question: Question, answer: str, origin: Origin, place: Place, bank: str, *, time: str) -> Written:
    """A ledger's line for one answer, as it reads back; `bank` is the document's name there."""
    return Written(
        bank=bank,
        question=question.text,
        answer=answer_hash(answer),
        model=origin.model,
        prompt=origin.prompt,
        time=time,
        was=place.was,
        lead=place.lead,
        trail=place.trail,
    )


# ── copies ───────────────────────────────────────────────────────────────────────────────────


def _save_copy(outcome: Outcome, target: Path, answers: Answers) -> None:
    """Write a filled copy and its lines; those of answers that stood in the bank already come along.

    Raises:
        DlgradeError: it cannot be written, or would take something of a person's away.
    """
    bank, filled = outcome.bank, outcome.filled.answers
    known = Ledger.beside(bank.path).known(bank)
    copied = (line._replace(bank=ledger.name_of(target)) for id_, line in known.items() if id_ not in filled)
    lines = Lines(chain(copied, _new_lines(outcome, answers, known, target)))
    before = Ledger.beside(target)
    if target.exists():
        _check_reviewed(target, outcome, before)
    ledger.update(target, add=lines)
    try:
        save_copy(target, Encoded(outcome.filled.text, bank.encoding), Encoded(bank.source, bank.encoding))
    except DlgradeError:
        before.restore(lines)
        raise


def _check_reviewed(target: Path, outcome: Outcome, there: Ledger) -> None:
    """See that every answer that a person accepted in the copy is in the new one.

    Raises:
        OutputError: one is not.
    """
    if not any(line.bank == ledger.name_of(target) for line in there.lines.reviewed):
        return
    try:
        copy = read_bank(target, choices=outcome.bank.choices)
    except BankError as error:
        message = f"{target}: left as it is: {error.message}; a person accepted answers in it"
        raise OutputError(message) from None
    known, new = there.known(copy), Numbered()
    for question in _read_back(outcome).questions:
        if question.answer is not None:
            new.add(f"{identity(question.text)}\0{answer_hash(question.answer)}")
    reviewed = [
        question.id
        for question in copy.questions
        if (line := known.at(question.position)) and line.review
        if f"{identity(question.text)}\0{line.answer}" not in new
    ]
    if reviewed:
        raise OutputError(
            f"{target}: left as it is: {', '.join(reviewed)} would change, which a person accepted there",
            hint=f"To go on from what stands there: dlgrade fill {target} --in-place",
        )
