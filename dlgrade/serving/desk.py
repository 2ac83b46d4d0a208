"""What a server knows between two requests: the sitting of the day, answers on their way, and what is being graded.

It prints nothing and knows no network; all that it does with an answer the services of `dlgrade.practice` do.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from dlgrade.practice.choice import Pick, Why
from dlgrade.practice.deck import Deck, Wanted
from dlgrade.practice.drafts import Draft, Drafts
from dlgrade.practice.history import History
from dlgrade.practice.records import Card
from dlgrade.practice.session import Grading, Outcome, Plan, Practice, Turn
from dlgrade.rubrics import Rubrics
from dlgrade.serving.forms import Selection


def slug(card: Card) -> str:
    """A card's key as a piece of an address."""
    return hashlib.sha256(card.key.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Job:
    """An answer that is being graded, or was, or could not be."""

    id: str
    card: Card
    answer: str
    begun: datetime
    again: str
    done: Future[Outcome]


@dataclass(frozen=True)
class Banks:
    """What can be practised: everything, each question once, and by the name of each bank."""

    whole: Deck
    each: Mapping[str, Deck]


class Desk:
    """Practising for one person, in as many windows as they like. Safe for several threads."""

    def __init__(
        self,
        banks: Banks,
        history: History,
        rubrics: Rubrics,
        grade: Grading,
        drafts: Drafts,
        *,
        clock: Callable[[], datetime],
        new: int,
    ) -> None:
        self.banks = banks
        self.history = history
        self.clock = clock
        self._rubrics, self._grade, self._drafts, self._new = rubrics, grade, drafts, new
        self._cards = {slug(card): card for card in banks.whole.cards}
        self._lock = threading.RLock()
        self._sitting: Practice | None = None
        self._open = list(drafts.left())
        self._jobs: dict[str, Job] = {}
        self._answered: dict[tuple[str, datetime], Outcome] = {}
        # One answer after the other: there is one person, and one client for all of them.
        self._grader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="grading")

    def close(self) -> None:
        """Leave what is unfinished for the next start."""
        self._grader.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            while self._open:
                self._open.pop().keep()

    # ── questions ────────────────────────────────────────────────────────────────────────────

    @property
    def practice(self) -> Practice:
        """The day's sitting: what was put aside is asked again tomorrow."""
        with self._lock:
            now = self.clock()
            if self._sitting is None or self._sitting.plan.seed != now.date().isoformat():
                plan = Plan(new=self._new, seed=now.date().isoformat())
                self._sitting = Practice(
                    self.banks.whole, self.history, self._rubrics, self._grade, clock=self.clock, plan=plan
                )
            return self._sitting

    def card(self, slug: str) -> Card | None:
        """The question of an address, whether from a bank or from a draft."""
        begun = (draft.card for draft in self.begun())
        return self._cards.get(slug) or next((card for card in begun if _is(card, slug)), None)

    def cards(self, selection: Selection) -> tuple[Card, ...]:
        """The questions that are wanted."""
        deck = self.banks.whole if selection.bank is None else self.banks.each.get(selection.bank, Deck(()))
        wanted = Wanted(selection.category, selection.topic, selection.difficulty)
        return deck.only(wanted).cards

    def ahead(self, selection: Selection) -> list[Pick]:
        """What comes next of what is wanted."""
        return self.practice.ahead(self.cards(selection))

    def why(self, card: Card) -> Why:
        """Why a question is asked now."""
        return next((pick.why for pick in self.practice.ahead() if pick.card.key == card.key), "chosen")

    # ── drafts ───────────────────────────────────────────────────────────────────────────────

    def begun(self) -> list[Draft]:
        """The answers that were begun and are not being graded, the latest first."""
        with self._lock:
            busy = {(job.card.key, job.begun) for job in self._jobs.values() if not job.done.done()}
            idle = (draft for draft in reversed(self._open) if (draft.card.key, draft.begun) not in busy)
            return [draft for draft in idle if draft.written]

    def draft(self, card: Card, since: datetime | None = None) -> Draft | None:
        """The draft of a question that was begun then, or else last: two windows do not write over each other."""
        with self._lock:
            own = [draft for draft in self._open if draft.card.key == card.key and since in {None, draft.begun}]
            return own[-1] if own else None

    def save(self, card: Card, since: datetime, text: str) -> None:
        """Keep what was written so far in the window that was opened then.

        Raises:
            OutputError: it cannot be written.
        """
        with self._lock:
            graded = self._answered.get((card.key, since))
            if graded is not None and graded.attempt.answer == text.strip():
                return  # said by a page that has handed it in already
            draft = self.draft(card, since)
            if draft is None and text.strip():
                draft = self._drafts.begin(card, since)
                self._open.append(draft)
            if draft is not None:
                draft.write(text)

    def drop(self, card: Card, since: datetime) -> None:
        """Throw away what was begun then."""
        with self._lock:
            draft = self.draft(card, since)
            if draft is not None:
                self._open.remove(draft)
                draft.drop()

    # ── answers ──────────────────────────────────────────────────────────────────────────────

    def submit(self, card: Card, since: datetime, answer: str, again: str = "") -> Job:
        """Begin to grade an answer, which is on the disk by then. `again` is the attempt that it tries again.

        The same page's same answer is graded once; another one from there tries again.

        Raises:
            OutputError: it cannot be written.
        """
        with self._lock:
            for job in self._jobs.values():
                failed = job.done.done() and job.done.exception() is not None
                if (job.card.key, job.begun, job.answer) == (card.key, since, answer) and not failed:
                    return job
            self.save(card, since, answer)
            self.practice.put_aside(card)
            done = self._grader.submit(self._graded, card, since, again, answer)
            job = Job(uuid.uuid4().hex, card, answer, since, again, done)
            self._jobs[job.id] = job
            return job

    def job(self, id_: str) -> Job | None:
        """An answer that was handed in since the server was started."""
        return self._jobs.get(id_)

    def jobs(self) -> list[Job]:
        """All of them, the latest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def _turn(self, card: Card, since: datetime, again: str) -> Turn:
        turn = Turn(card, self.why(card), since)
        before = self._answered.get((card.key, since)) or (self.practice.outcome(again) if again else None)
        # A try on another day is no further try of the same sitting.
        if before is None or before.attempt.question != card.key or before.attempt.day != self.practice.today:
            return turn
        return replace(self.practice.again(turn, before), since=since)

    def _graded(self, card: Card, since: datetime, again: str, answer: str) -> Outcome:
        outcome = self.practice.submit(self._turn(card, since, again), answer)
        with self._lock:
            self._answered[card.key, since] = outcome
            draft = self.draft(card, since)
            if draft is not None and draft.text == answer:
                self.drop(card, since)
        return outcome


def _is(card: Card, given: str) -> bool:
    return slug(card) == given
