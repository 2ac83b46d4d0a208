"""Practising, for whoever shows it: the next question, an answer and what is said of it, a person's verdict.

    practice = Practice(deck, history, rubrics, grade, clock=now, plan=Plan())
    while (turn := practice.next()) is not None:
        outcome = practice.submit(turn, answer)
        outcome.feedback, outcome.standing.due
        practice.override(outcome.attempt.id, 2, "met", by="R. Roe", why="I say so.")
        practice.solution(outcome.attempt.id).reference

It prints nothing and asks nobody.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from dlgrade.errors import InputError
from dlgrade.grading.claims import rubric_from
from dlgrade.grading.derivation import needless
from dlgrade.grading.rescoring import overridden
from dlgrade.models import Grade, Record, Rubric, VerdictWord
from dlgrade.practice.choice import Pick, Why, drawn, upcoming
from dlgrade.practice.deck import Deck
from dlgrade.practice.feedback import Feedback, feedback
from dlgrade.practice.history import History
from dlgrade.practice.records import Attempt, Card, Clock, Mode, Standing
from dlgrade.rubrics import Rubrics


class Grading(Protocol):
    """Grades an answer, by a model or without one."""

    def __call__(self, answer: str, rubric: Rubric, *, id: str, question: str) -> Grade:
        """The grade; what this answer's own failure was stands in it.

        Raises:
            RunStopped: the endpoint cannot be used.
        """
        ...


@dataclass(frozen=True)
class Plan:
    """How a sitting goes. `new` are the questions a day that were never graded, `minutes` after which none is begun.

    At an interview `questions` are drawn by chance, and each has `clock` minutes. The same `seed` makes the same order.
    """

    new: int = 10
    minutes: float | None = None
    mode: Mode = "practice"
    questions: int | None = None
    clock: float | None = None
    seed: str = ""


@dataclass(frozen=True)
class Turn:
    """A question that is asked now: why, and since when. `first` is the attempt that it tries again.

    `seconds` is how long there is for an answer, None for as long as it takes.
    """

    card: Card
    why: Why
    since: datetime
    first: str | None = None
    seconds: float | None = None

    def left(self, now: datetime) -> float | None:
        """The seconds that are left, below 0 once the time is up."""
        return None if self.seconds is None else self.seconds - _passed(self.since, now)

    @property
    def question(self) -> str:
        """What is asked."""
        return self.card.text


@dataclass(frozen=True)
class Outcome:
    """An answer that was kept, what a person is told of it, and where the question stands now."""

    attempt: Attempt
    feedback: Feedback
    standing: Standing
    late: bool = False


class Point(Record):
    """A criterion, shown after the fact: its number, id, words and points, and the verdict on it."""

    number: int
    id: str
    expects: str
    points: float
    max_points: float
    verdict: VerdictWord
    words: tuple[str, ...]


class Claim(Record):
    """A misconception that the answer holds, shown after the fact."""

    id: str
    claims: str
    cost: float


class Solution(Record):
    """The reference, and what the answer has of it."""

    reference: str
    points: tuple[Point, ...]
    wrong: tuple[Claim, ...]


class Practice:
    """A sitting over a deck. What was asked in it, or put aside, is not asked again in it."""

    def __init__(
        self, deck: Deck, history: History, rubrics: Rubrics, grade: Grading, *, clock: Clock, plan: Plan
    ) -> None:
        self._cards = {card.key: card for card in deck.cards}
        self._history = history
        self._rubrics = rubrics
        self._grade = grade
        self.clock = clock
        self.plan = plan
        self._began = clock()
        self._gone: set[str] = set()
        history.adopt(deck.renamed)

    # ── what comes next ──────────────────────────────────────────────────────────────────────

    @property
    def today(self) -> date:
        """The date where the person is."""
        return self.clock().date()

    def ahead(self, among: Iterable[Card] | None = None) -> list[Pick]:
        """What is still to be asked, in order: of all cards, or of those `among` them."""
        cards = list(self._cards.values() if among is None else among)
        if self.plan.mode == "interview":
            picks = drawn(cards, self.plan.seed)[: self.plan.questions]
        else:
            picks = upcoming(cards, self._history.standings(), self.today, new=self.plan.new, seed=self.plan.seed)
        return [pick for pick in picks if pick.card.key not in self._gone]

    def counts(self) -> Mapping[str, int]:
        """How many questions are ahead, by why they are asked."""
        return Counter(pick.why for pick in self.ahead())

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        minutes = self.plan.minutes
        return minutes is not None and _passed(self._began, self.clock()) >= minutes * 60

    def next(self) -> Turn | None:
        """The next question, None when there is none left or the time is up."""
        picks = [] if self.over else self.ahead()
        return self.turn(picks[0].card, picks[0].why) if picks else None

    def put_aside(self, card: Card) -> None:
        """Ask a question no more in this sitting."""
        self._gone.add(card.key)

    def turn(self, card: Card, why: Why) -> Turn:
        """Ask a question now."""
        self.put_aside(card)
        return Turn(card, why, self.clock(), seconds=None if self.plan.clock is None else self.plan.clock * 60)

    def again(self, turn: Turn, outcome: Outcome) -> Turn:
        """Ask the same question once more, after what was said of the answer."""
        return Turn(turn.card, turn.why, self.clock(), first=outcome.attempt.first or outcome.attempt.id)

    def card(self, attempt: Attempt) -> Card:
        """The question of an attempt.

        Raises:
            InputError: it is none of those that are practised.
        """
        card = self._cards.get(attempt.question)
        if card is None:
            raise InputError(f"{attempt.asked}: the question is not in the banks that are practised")
        return card

    # ── answers ──────────────────────────────────────────────────────────────────────────────

    def rubric(self, card: Card) -> Rubric:
        """What an answer to a card is graded against; made of the bank's answer where the question has no rubric.

        Raises:
            RubricError: it has a mistake in it.
            InputError: there is none.
        """
        if card.rubric is not None and card.rubric in self._rubrics.paths:
            return self._rubrics.load(card.rubric)
        if card.reference is None:
            raise InputError(f"{card.id}: nothing tells what a good answer is: {card.text.partition(chr(10))[0]}")
        return rubric_from(card.text, card.reference)

    def submit(self, turn: Turn, answer: str) -> Outcome:
        """Grade an answer and keep it. An empty one says that the person does not know.

        Raises:
            RunStopped: the endpoint cannot be used; nothing was kept.
            OutputError: it cannot be kept.
        """
        now = self.clock()
        self._cards.setdefault(turn.card.key, turn.card)
        rubric = self.rubric(turn.card)
        grade = self._grade(answer, rubric, id=turn.card.id, question=turn.card.text)
        attempt = Attempt(
            id=uuid.uuid4().hex,
            question=turn.card.key,
            asked=turn.card.id,
            at=now,
            day=now.date(),
            seconds=round(_passed(turn.since, now), 1),
            mode=self.plan.mode,
            first=turn.first,
            answer=answer,
            grade=grade,
            spare=tuple(sorted(needless(rubric, grade.verdicts))),
        )
        standing = self._history.add(attempt, turn.card)
        left = turn.left(now)
        return Outcome(attempt, feedback(grade, rubric, answer), standing, late=left is not None and left < 0)

    def outcome(self, attempt_id: str) -> Outcome:
        """What a person was told of an attempt, told again, with where its question stands by now.

        Raises:
            InputError: there is no such attempt, or its question is not practised.
        """
        attempt = self._history.attempt(attempt_id)
        rubric = self.rubric(self.card(attempt))
        standing = next(one for one in self._history.standings() if one.question == attempt.question)
        return Outcome(attempt, feedback(attempt.grade, rubric, attempt.answer), standing)

    def override(self, attempt_id: str, item: int | str, verdict: str, *, by: str, why: str) -> Outcome:
        """Put a person's verdict in the grader's place; `item` is a criterion's number, or an id.

        Raises:
            InputError: there is no such attempt, item or verdict, or it has no name or reason.
        """
        if not by.strip() or not why.strip():
            raise InputError("a person's verdict has a name and a reason")
        card = self.card(self._history.attempt(attempt_id))
        rubric = self.rubric(card)
        id_ = _id(rubric, item)

        def changed(attempt: Attempt) -> Attempt:
            grade = overridden(attempt.grade, rubric, id_, verdict, by=by.strip(), why=why.strip())
            spare = tuple(sorted(needless(rubric, grade.verdicts)))
            return attempt.model_copy(update={"grade": grade, "spare": spare})

        attempt, standing = self._history.change(attempt_id, changed)
        return Outcome(attempt, feedback(attempt.grade, rubric, attempt.answer), standing)

    def solution(self, attempt_id: str) -> Solution:
        """The reference, and verdict by verdict what the answer has of it.

        Raises:
            InputError: there is no such attempt.
        """
        attempt = self._history.attempt(attempt_id)
        rubric = self.rubric(self.card(attempt))
        said = {verdict.criterion: verdict for verdict in attempt.grade.verdicts}
        points = tuple(
            Point(
                number=number,
                id=criterion.id,
                expects=criterion.expects,
                points=said[criterion.id].points if criterion.id in said else 0.0,
                max_points=criterion.points,
                verdict=said[criterion.id].verdict if criterion.id in said else "ungraded",
                words=("met", "missed") if criterion.partial is None else ("met", "partial", "missed"),
            )
            for number, criterion in enumerate(rubric.criteria, start=1)
        )
        claims = {mistake.id: mistake.claims for mistake in rubric.misconceptions}
        found = [finding for finding in attempt.grade.misconceptions if finding.found and finding.id in claims]
        wrong = tuple(Claim(id=finding.id, claims=claims[finding.id], cost=finding.cost) for finding in found)
        return Solution(reference=rubric.reference, points=points, wrong=wrong)


def _passed(since: datetime, now: datetime) -> float:
    """Seconds of the world's time: two readings of one clock on the wall may have a change of it between them."""
    return (now.astimezone(UTC) - since.astimezone(UTC)).total_seconds()


def _id(rubric: Rubric, item: int | str) -> str:
    if isinstance(item, str):
        return item
    if not 1 <= item <= len(rubric.criteria):
        raise InputError(f"there is no criterion {item}; there are {len(rubric.criteria)}")
    return rubric.criteria[item - 1].id
