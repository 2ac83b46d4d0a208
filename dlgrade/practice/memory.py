"""When a question comes back: FSRS (https://github.com/open-spaced-repetition/py-fsrs) over the grades of its answers.

The question has a card, and so has each of its criteria. What was missed pulls the question forward: it is due when its
own card is, or the card of a criterion that the last answer missed or had in part, whichever is earlier.

FSRS counts in days here: an answer counts for its day, wherever in the day it was given, so that neither the hour nor
a change of the clocks decides what is due.

An attempt counts if it is graded, and is the first of its sitting that is: who tries again has seen the hints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any

from dlgrade.models import Grade, VerdictWord
from dlgrade.practice.records import Attempt

if TYPE_CHECKING:
    from fsrs import Card, Scheduler

AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
"""FSRS's ratings, by their numbers there."""

_BY_PERCENT = ((90.0, EASY), (70.0, GOOD), (40.0, HARD))
_BY_VERDICT: Mapping[VerdictWord, int] = {"met": GOOD, "partial": HARD, "missed": AGAIN}
_LONGEST = 365  # days until a question comes back: interviews do not wait for a hundred years


def rating(grade: Grade) -> int | None:
    """How well an answer went: 90 % and more is easy, 70 good, 40 hard, and what is below is to be learned again.

    With a misconception in it, it is hard at best. None for an answer without a score: nobody knows.
    """
    if grade.percent is None:
        return None
    by_score = next((word for least, word in _BY_PERCENT if grade.percent >= least), AGAIN)
    return min(by_score, HARD) if any(finding.found for finding in grade.misconceptions) else by_score


@dataclass(frozen=True)
class Part:
    """What is known of one criterion: FSRS's card as JSON, when that is due, and the last verdict."""

    card: str
    due: date
    verdict: VerdictWord


@dataclass(frozen=True)
class Memory:
    """What is known of a question, from the attempts that count; `card` is FSRS's, as JSON.

    `due` is when the question comes back, `weak` the share of points that the last answer missed.
    """

    card: str
    due: date
    last: date
    percent: float
    weak: float
    parts: Mapping[str, Part]


def counting(attempts: Iterable[Attempt]) -> Iterator[Attempt]:
    """The attempts that count, of some in the order of time."""
    sittings: set[str] = set()
    for attempt in attempts:
        sitting = attempt.first or attempt.id
        if attempt.grade.percent is not None and sitting not in sittings:
            sittings.add(sitting)
            yield attempt


def remembered(attempts: Sequence[Attempt]) -> Memory | None:
    """What is known of a question after these attempts, in the order of time; None where none counts."""
    whole, parts = _new(), dict[str, "Card"]()
    last: Attempt | None = None
    for attempt in counting(attempts):
        went = rating(attempt.grade) or AGAIN
        whole = _reviewed(whole, went, attempt.day)
        for verdict in attempt.grade.verdicts:
            id_ = verdict.criterion
            if (said := _BY_VERDICT.get(verdict.verdict)) is not None:
                better = went if (verdict.verdict, went) == ("met", EASY) else said
                parts[id_] = _reviewed(parts.get(id_) or _new(), better, attempt.day)
        last = attempt
    return None if last is None else _memory(whole, parts, last)


def _memory(whole: Card, parts: Mapping[str, Card], last: Attempt) -> Memory:
    grade = last.grade
    known = {
        v.criterion: Part(parts[v.criterion].to_json(), parts[v.criterion].due.date(), v.verdict)
        for v in grade.verdicts
        if v.criterion in parts
    }
    lacking = [id_ for id_, part in known.items() if part.verdict != "met" and id_ not in last.spare]
    missed = sum(v.max_points - v.points for v in grade.verdicts if v.criterion in lacking)
    return Memory(
        card=whole.to_json(),
        due=min([whole.due.date(), *(known[id_].due for id_ in lacking)]),
        last=last.day,
        percent=grade.percent or 0.0,
        weak=min(1.0, missed / grade.max_score),
        parts=known,
    )


def _new() -> Card:
    # Imported here for start-up time: whoever only looks at questions or numbers needs no scheduler.
    from fsrs import Card  # noqa: PLC0415

    return Card(card_id=0)  # without an id it takes the time for one, and a millisecond of it


def _reviewed(card: Card, went: int, day: date) -> Card:
    from fsrs import Rating  # noqa: PLC0415 - as above

    return _scheduler().review_card(card, Rating(went), datetime.combine(day, time(12), UTC))[0]


@cache
def _scheduler() -> Scheduler:
    """FSRS with its usual parameters, in days, and without chance: the same answers have the same consequences."""
    from fsrs import Scheduler  # noqa: PLC0415 - as above

    in_days: dict[str, Any] = {"learning_steps": (), "relearning_steps": ()}
    return Scheduler(**in_days, maximum_interval=_LONGEST, enable_fuzzing=False)
