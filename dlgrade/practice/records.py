"""The records of practising.

Card      a question to practise, once, in however many banks it stands
Attempt   one answer to it, with its grade
Standing  what is known of a question from the attempts at it
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal

from dlgrade.models import Grade, Record

Clock = Callable[[], datetime]
"""Tells the time, with the offset of the place where it is: what a day is, is for the person who practises to say."""

Mode = Literal["practice", "interview"]


class Card(Record):
    """A question to practise. `key` is what makes it the question it is: its rubric, or else its own text.

    `id` is the one of the first bank that has it. `categories` and `difficulties` are those of all banks, or else the
    rubric's. `rubric` names its rubric; `reference` is a bank's answer, for a question that has none.
    """

    key: str
    id: str
    text: str
    topic: str
    categories: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()
    rubric: str | None = None
    reference: str | None = None


class Attempt(Record):
    """One answer: to which question, what was said, and its grade with people's verdicts.

    `asked` is the id that the question had. `at` is when it was given (UTC), `day` the date where the person was then,
    `seconds` how long they took. `first` is the attempt of the same sitting that it tries again. `spare` are the
    criteria that would have earned nothing more.
    """

    id: str
    question: str
    asked: str
    at: datetime
    day: date
    seconds: float
    mode: Mode = "practice"
    first: str | None = None
    answer: str
    grade: Grade
    spare: tuple[str, ...] = ()


class Standing(Record):
    """What is known of a question: the attempts that count, when it is due, and what it lacks.

    `percent` is the last score, 0 to 100; `weak` the share of points, 0 to 1, that the last answer missed. All None or
    0 while no attempt has been graded. `met` is the day of the first attempt, graded or not.
    """

    question: str
    met: date
    last: date | None = None
    due: date | None = None
    percent: float | None = None
    weak: float = 0.0
