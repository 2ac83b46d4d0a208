"""The answer key: every question of some banks once, with its reference, by category."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dlgrade.banks.chosen import Chosen
from dlgrade.banks.ledger import Ledger
from dlgrade.banks.same import identity, same
from dlgrade.models import Bank, Question, Record, Rubric
from dlgrade.rubrics import Rubrics


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the banks goes into a key, and what stands beside each question.

    `reviewed` takes only answers that a person wrote, accepted or edited. `category` and `difficulty` take the
    questions that have them, case aside; where a document names no difficulty, the rubric's counts. `student` leaves
    the references out, for room to write; `rubrics` adds each rubric's criteria and misconceptions.
    """

    reviewed: bool = False
    category: str | None = None
    difficulty: str | None = None
    student: bool = False
    rubrics: bool = False


class Entry(Record):
    """A question with its reference, and where that came from; both None where there is none.

    `rubric` is its rubric's name, `topic` what that says it is about, and `scheme` the rubric itself where it was
    asked for. `difficulty` is the document's, or else the rubric's. `also` are the ids of the same question elsewhere.
    """

    question: Question
    rubric: str | None
    reference: str | None
    source: Literal["document", "shipped"] | None
    topic: str | None = None
    difficulty: str | None = None
    scheme: Rubric | None = None
    also: tuple[str, ...] = ()


class Key(Record):
    """The entries of some banks, in order; `drafts` are machine-written answers that were left out of it.

    Where `student` is set, an entry without a reference is no gap: it leaves room to write.
    """

    banks: tuple[str, ...]
    entries: tuple[Entry, ...]
    drafts: tuple[Question, ...] = ()
    student: bool = False

    @property
    def missing(self) -> tuple[Question, ...]:
        """The questions that should have a reference and have none."""
        return () if self.student else tuple(entry.question for entry in self.entries if entry.reference is None)

    @property
    def title(self) -> str:
        """What stands above the key."""
        return f"{'Questions' if self.student else 'Answer key'}: {', '.join(self.banks)}"

    @property
    def several(self) -> bool:
        """Whether questions of more than one bank stand in it, so that a position alone names none."""
        return len(self.banks) > 1

    def label(self, entry: Entry) -> str:
        """What an entry is called in this key: its position, or its id among several banks'."""
        return entry.question.id if self.several else str(entry.question.position)

    def lasting_names(self) -> dict[str, str]:
        """By id, a name that an entry keeps in later keys, wherever its question stands: its rubric's, or its text's.

        Of several entries with one rubric, which documents answer differently, the later ones are told by their text.
        """
        names: dict[str, str] = {}
        for entry in self.entries:
            own = identity(entry.question.text)
            mine = entry.rubric or own
            names[entry.question.id] = mine if mine not in names.values() else f"{mine} {own}"
        return names

    def by_category(self) -> dict[str | None, list[Entry]]:
        """The entries that are not missing, by category, in the order in which categories first appear."""
        groups: dict[str | None, list[Entry]] = {}
        for entry in self.entries:
            if self.student or entry.reference is not None:
                groups.setdefault(entry.question.category, []).append(entry)
        return groups


def counted(key: Key) -> str:
    """How many questions a key has, in words."""
    number = f"{len(key.entries)} question" + ("" if len(key.entries) == 1 else "s")
    return f"{number}." if key.student else f"{number}, {len(key.entries) - len(key.missing)} with a reference."


def asides(entry: Entry) -> Iterator[str]:
    """What is said of a question beside it: how difficult it is, and where else it stands."""
    if entry.difficulty:
        yield entry.difficulty
    if entry.also:
        yield f"also {', '.join(entry.also)}"


def answer_key(banks: Sequence[Bank], rubrics: Rubrics, wanted: Wanted = Wanted()) -> Key:
    """The key of some banks: of each question a document's own answer first, else the shipped reference.

    A question that stands in several places is there once, unless documents answer it differently: no answer of
    theirs is left out.

    Raises:
        LedgerError: who wrote what cannot be told: a ledger is broken.
    """
    unread: set[str] = set()
    for bank in banks if wanted.reviewed else ():
        known = Ledger.beside(bank.path).known(bank)
        unread |= {id_ for id_, line in known.items() if line.review is None}
    groups = same(Chosen.all_of(banks), rubrics.key)
    apart = [part for group in groups for part in _by_answer(group, unread)]
    entries = [entry for group in apart if (entry := _entry(group, rubrics, wanted, unread))]
    kept = {id_ for entry in entries for id_ in (entry.question.id, *entry.also)}
    return Key(
        banks=tuple(bank.name for bank in banks),
        entries=tuple(entries),
        drafts=tuple(q for bank in banks for q in bank.questions if q.id in unread and q.id in kept),
        student=wanted.student,
    )


def _by_answer(group: Sequence[Question], unread: Collection[str]) -> list[list[Question]]:
    """The same question by how its documents answer it; where they do not, it goes with the first answer."""
    parts: dict[str, list[Question]] = {}
    for question in group:
        answer = question.answer if question.id not in unread else None
        mine = answer if answer is not None else next(iter(parts), "")
        if answer is not None and "" in parts:
            parts = {answer: parts[""]}
        parts.setdefault(mine, []).append(question)
    return list(parts.values())


def _entry(group: Sequence[Question], rubrics: Rubrics, wanted: Wanted, unread: Collection[str]) -> Entry | None:
    """The entry of a question, with all places where it stands; None if it is not wanted."""
    name = rubrics.name_for(group[0])
    rubric = None if name is None else rubrics.load(name)
    kept = [question for question in group if _is(question.category, wanted.category)]
    kept = [question for question in kept if _is(_difficulty(question, rubric), wanted.difficulty)]
    if not kept:
        return None
    answered = (question.answer for question in kept if question.answer is not None and question.id not in unread)
    reference, source = next(answered, None), "document"
    if reference is None and rubric is not None and not wanted.reviewed:
        reference, source = rubric.reference, "shipped"
    if wanted.student:
        reference = None
    return Entry(
        question=kept[0],
        rubric=name,
        reference=reference,
        source=None if reference is None else source,
        topic=rubric.topic if rubric else None,
        difficulty=_difficulty(kept[0], rubric),
        scheme=rubric if wanted.rubrics else None,
        also=tuple(question.id for question in kept[1:]),
    )


def _difficulty(question: Question, rubric: Rubric | None) -> str | None:
    return question.difficulty or (rubric.difficulty if rubric else None)


def _is(value: str | None, wanted: str | None) -> bool:
    return wanted is None or (value or "").casefold() == wanted.casefold()
