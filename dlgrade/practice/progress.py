"""How practising goes: by topic and over the weeks, strengths and gaps, the streak, and what is due.

A day is the date where the person was when they answered, so no change of the clocks and no journey breaks a streak.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean

from dlgrade.models import Record, VerdictWord
from dlgrade.practice.history import History
from dlgrade.practice.records import Card, Standing

_DAY = timedelta(days=1)
_WELL = 90.0  # percent from which on a question is a strength
_LISTED = 8  # strengths, and gaps


class Streak(Record):
    """Days in a row with an answer: up to today, or to yesterday while today has none; and the longest ever."""

    days: int
    longest: int
    today: bool


class Week(Record):
    """A week, by its Monday: answers that were graded, their mean score (0 to 100), and the time they took."""

    monday: date
    answers: int
    percent: float | None
    minutes: float


class Topic(Record):
    """A topic: its questions that were met, answers to them, the mean of their last scores, and how many are due."""

    topic: str
    questions: int
    answers: int
    percent: float | None
    due: int


class Gap(Record):
    """A criterion that the last answer to its question missed or had in part: how often, of how many times."""

    question: str
    id: str
    criterion: str
    missed: int
    of: int
    last: VerdictWord


class Strength(Record):
    """A question that went well last time: how well, how often it was answered, and when it comes back."""

    question: str
    id: str
    percent: float
    answers: int
    due: date


class Day(Record):
    """A day, and how many questions come back on it."""

    day: date
    questions: int


class Progress(Record):
    """How practising goes, as of `today`. `answers` were graded, `retries` among them tried a question again.

    `ungraded` could not be graded, and count for nothing. `due` is what is due today, `ahead` today and the six days
    after it.
    """

    today: date
    since: date | None
    questions: int
    answers: int
    retries: int
    ungraded: int
    minutes: float
    streak: Streak
    due: int
    ahead: tuple[Day, ...]
    topics: tuple[Topic, ...]
    weeks: tuple[Week, ...]
    gaps: tuple[Gap, ...]
    strengths: tuple[Strength, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """An attempt without what takes long to read; it `counts` as `memory` tells."""

    id: str
    question: str
    day: date
    seconds: float
    percent: float | None
    retry: bool
    counts: bool


def progress(history: History, today: date, *, weeks: int = 12) -> Progress:
    """How practising goes; the last so many weeks, this one included.

    Raises:
        OutputError: the history cannot be read.
    """
    answers = _answers(history)
    standings = history.standings()
    cards = {card.key: card for card, _ in history.cards()}
    graded = [answer for answer in answers if answer.percent is not None]
    due = Counter(max(standing.due, today) for standing in standings if standing.due is not None)
    return Progress(
        today=today,
        since=min((answer.day for answer in answers), default=None),
        questions=len(standings),
        answers=len(graded),
        retries=sum(answer.retry for answer in graded),
        ungraded=len(answers) - len(graded),
        minutes=_minutes(answers),
        streak=streak({answer.day for answer in answers}, today),
        due=due[today],
        ahead=tuple(Day(day=day, questions=due[day]) for day in (today + n * _DAY for n in range(7))),
        topics=_topics(standings, cards, graded, today),
        weeks=_weeks(graded, today, weeks),
        gaps=_gaps(history, cards, [answer.id for answer in answers if answer.counts]),
        strengths=_strengths(standings, cards, graded),
    )


def streak(days: Collection[date], today: date) -> Streak:
    """Days in a row, of the days that have an answer."""
    longest = run = 0
    before: date | None = None
    ends: dict[date, int] = {}
    for day in sorted(days):
        run = run + 1 if before is not None and day - before == _DAY else 1
        ends[day], longest, before = run, max(longest, run), day
    current = ends.get(today) or ends.get(today - _DAY, 0)
    return Streak(days=current, longest=longest, today=today in ends)


def _answers(history: History) -> list[_Answer]:
    rows = history.rows(
        "SELECT id, question, day, seconds, json_extract(grade, '$.percent'), first FROM attempts"
        " ORDER BY at, first IS NOT NULL, id"
    )
    found = []
    sittings: set[str] = set()
    for id_, question, day, seconds, percent, first in rows:
        sitting = first or id_
        counts = percent is not None and sitting not in sittings
        if counts:
            sittings.add(sitting)
        found.append(
            _Answer(id_, question, date.fromisoformat(day), seconds, percent, first is not None, counts=counts)
        )
    return found


def _minutes(answers: Iterable[_Answer]) -> float:
    return round(sum(answer.seconds for answer in answers) / 60, 1)


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return round(fmean(listed), 1) if listed else None


def _topics(
    standings: Sequence[Standing], cards: Mapping[str, Card], graded: Sequence[_Answer], today: date
) -> tuple[Topic, ...]:
    answered = Counter(answer.question for answer in graded)
    groups: dict[str, list[Standing]] = {}
    for standing in standings:
        groups.setdefault(cards[standing.question].topic, []).append(standing)
    return tuple(
        Topic(
            topic=topic,
            questions=len(group),
            answers=sum(answered[standing.question] for standing in group),
            percent=_mean(standing.percent for standing in group if standing.percent is not None),
            due=sum(standing.due is not None and standing.due <= today for standing in group),
        )
        for topic, group in sorted(groups.items())
    )


def _weeks(graded: Sequence[_Answer], today: date, count: int) -> tuple[Week, ...]:
    this = today - today.weekday() * _DAY
    mondays = [this - 7 * n * _DAY for n in reversed(range(count))]
    by_week: dict[date, list[_Answer]] = {monday: [] for monday in mondays}
    for answer in graded:
        by_week.get(answer.day - answer.day.weekday() * _DAY, []).append(answer)
    return tuple(
        Week(
            monday=monday,
            answers=len(answers),
            percent=_mean(answer.percent for answer in answers if answer.counts and answer.percent is not None),
            minutes=_minutes(answers),
        )
        for monday, answers in by_week.items()
    )


def _gaps(history: History, cards: Mapping[str, Card], counting: Iterable[str]) -> tuple[Gap, ...]:
    rows = history.rows(
        "SELECT v.attempt, v.question, v.criterion, v.verdict, a.spare"
        " FROM verdicts AS v JOIN attempts AS a ON a.id = v.attempt ORDER BY a.at, a.first IS NOT NULL, a.id"
    )
    counted = set(counting)
    said: dict[tuple[str, str], list[VerdictWord]] = {}
    for attempt, question, criterion, verdict, spare in rows:
        if attempt in counted and criterion not in json.loads(spare):
            said.setdefault((question, criterion), []).append(verdict)
    gaps = [
        Gap(
            question=cards[question].text.partition("\n\n")[0],
            id=cards[question].id,
            criterion=criterion,
            missed=sum(verdict in {"missed", "partial"} for verdict in verdicts),
            of=len(verdicts),
            last=verdicts[-1],
        )
        for (question, criterion), verdicts in said.items()
        if verdicts[-1] in {"missed", "partial"}
    ]
    return tuple(sorted(gaps, key=lambda gap: (-gap.missed, gap.of, gap.id, gap.criterion))[:_LISTED])


def _strengths(
    standings: Iterable[Standing], cards: Mapping[str, Card], graded: Iterable[_Answer]
) -> tuple[Strength, ...]:
    answered = Counter(answer.question for answer in graded)
    well = [
        Strength(
            question=cards[standing.question].text.partition("\n\n")[0],
            id=cards[standing.question].id,
            percent=standing.percent,
            answers=answered[standing.question],
            due=standing.due,
        )
        for standing in standings
        if standing.percent is not None and standing.due is not None and standing.percent >= _WELL
    ]
    return tuple(sorted(well, key=lambda one: (-one.due.toordinal(), -one.percent, one.id))[:_LISTED])
