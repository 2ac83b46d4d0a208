"""The answer key: every question of some banks with its reference, by category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from dlgrade.banks.ledger import Ledger
from dlgrade.models import Bank, Question, Record
from dlgrade.rubrics import Rubrics


class Entry(Record):
    """A question with its reference, and where that came from; both None where there is none."""

    question: Question
    rubric: str | None
    reference: str | None
    source: Literal["document", "shipped"] | None


class Key(Record):
    """The entries of some banks, in order; `drafts` are machine-written answers that were left out of it."""

    banks: tuple[str, ...]
    entries: tuple[Entry, ...]
    drafts: tuple[Question, ...] = ()

    @property
    def missing(self) -> tuple[Question, ...]:
        """The questions without a reference."""
        return tuple(entry.question for entry in self.entries if entry.reference is None)

    def by_category(self) -> dict[str | None, list[Entry]]:
        """The entries that have a reference, by category, in the order in which categories first appear."""
        groups: dict[str | None, list[Entry]] = {}
        for entry in self.entries:
            if entry.reference is not None:
                groups.setdefault(entry.question.category, []).append(entry)
        return groups


def answer_key(banks: Sequence[Bank], rubrics: Rubrics, *, reviewed: bool = False) -> Key:
    """The key of some banks: each document's own answer first, else the shipped reference.

    With `reviewed` only answers that a person wrote, accepted or edited.

    Raises:
        LedgerError: who wrote what cannot be told: a ledger is broken.
    """
    entries: list[Entry] = []
    drafts: list[Question] = []
    for bank in banks:
        known = Ledger.beside(bank.path).known(bank) if reviewed else {}
        unread = {id_ for id_, line in known.items() if line.review is None}
        drafts += [question for question in bank.questions if question.id in unread]
        entries += [_entry(question, rubrics, reviewed, draft=question.id in unread) for question in bank.questions]
    return Key(banks=tuple(bank.name for bank in banks), entries=tuple(entries), drafts=tuple(drafts))


def _entry(question: Question, rubrics: Rubrics, reviewed: bool, *, draft: bool) -> Entry:
    name = rubrics.name_for(question)
    if question.answer is not None and not draft:
        return Entry(question=question, rubric=name, reference=question.answer, source="document")
    if name is None or reviewed:
        return Entry(question=question, rubric=name, reference=None, source=None)
    return Entry(question=question, rubric=name, reference=rubrics.load(name).reference, source="shipped")
