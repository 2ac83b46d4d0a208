"""What tests of practising share: a clock that is set by hand, grades and attempts made to order."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from dlgrade.models import Finding, Grade, Grader, Verdict, VerdictWord
from dlgrade.practice.records import Attempt, Card

_numbers = itertools.count()


@dataclass
class Clock:
    """Tells the time that it was set to."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 12, tzinfo=UTC))  # a Monday

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


def card(key: str = "rubric:dropout", **values: object) -> Card:
    return Card.model_validate({"key": key, "id": "general:2", "text": "What is dropout?", "topic": "t"} | values)


def grade(verdicts: Mapping[str, VerdictWord], *, wrong: bool = False, graded: bool = True) -> Grade:
    """A grade of one point a criterion."""
    share: Mapping[VerdictWord, float] = {"met": 1.0, "partial": 0.5, "missed": 0.0, "ungraded": 0.0}
    score = sum(share[word] for word in verdicts.values())
    return Grade(
        id="general:2",
        question="What is dropout?",
        rubric="dropout",
        status="graded" if graded else "failed",
        score=score if graded else None,
        max_score=len(verdicts),
        percent=round(100 * score / len(verdicts), 1) if graded else None,
        verdicts=tuple(
            Verdict(criterion=id_, verdict=word, points=share[word], max_points=1.0) for id_, word in verdicts.items()
        ),
        misconceptions=(Finding(id="m", found=True, cost=1.0),) if wrong else (),
        grader=Grader(model="offline", prompt="p"),
        error=None if graded else {"kind": "server_failed", "message": "the server failed"},
    )


def attempt(
    day: date,
    verdicts: Mapping[str, VerdictWord],
    *,
    hour: int = 12,
    question: str = "rubric:dropout",
    first: str | None = None,
    wrong: bool = False,
    graded: bool = True,
    seconds: float = 60.0,
    id: str | None = None,
) -> Attempt:
    return Attempt(
        id=id or f"a{next(_numbers)}",
        question=question,
        asked="general:2",
        at=datetime.combine(day, time(hour), UTC),
        day=day,
        seconds=seconds,
        first=first,
        answer="Units are dropped.",
        grade=grade(verdicts, wrong=wrong, graded=graded),
    )
