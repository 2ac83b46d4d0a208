"""An answer's question and rubric: those that it names, or one made from the reference that stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dlgrade.errors import InputError, UnknownQuestion
from dlgrade.grading.claims import Alone, rubric_from
from dlgrade.grading.rows import Row
from dlgrade.lookup import Lookup, Target
from dlgrade.models import Rubric
from dlgrade.rubrics import Rubrics

_KEPT = 1024  # questions whose rubric is kept: a class answers few
_NEAREST = 20  # unknown questions that get a hint of what may be meant, which takes a while


@dataclass(frozen=True, slots=True)
class Matched:
    """What an answer is held against. Where there was nothing but a reference, `alone` is what a model makes of it, and
    `rubric` what is made of it offline.
    """

    question: str
    rubric: Rubric
    alone: Alone | None = None


class Matching:
    """Finds the rubrics of many answers; those of equal questions are found once."""

    def __init__(self, lookup: Lookup, rubrics: Rubrics) -> None:
        self._lookup = lookup
        self._rubrics = rubrics
        self._unknown = 0
        self._known = lru_cache(_KEPT)(self._look_up)
        self._made = lru_cache(_KEPT)(rubric_from)
        self._load = lru_cache(_KEPT)(rubrics.load)

    def of(self, row: Row) -> Matched:
        """The rubric of the row's question.

        Beside a reference, a part of a question's text does not name it: that reference is for another question.

        Raises:
            UnknownQuestion: there is none, and no reference.
            RubricError: the rubric has a mistake in it, or the reference says nothing.
            BankError: the bank that an id names cannot be read.
        """
        found = self._known(row.question, row.reference is None)
        if isinstance(found, InputError):
            raise found
        if found is not None and found.rubric is not None:
            return Matched(found.text, self._load(found.rubric))
        if row.reference is None:
            named = "the question" if found is None else found.id
            raise UnknownQuestion(f"{named} has no rubric to grade against: {found.text if found else row.question}")
        text = row.question if found is None else found.text
        alone = Alone(text, row.reference, row.max_score)
        return Matched(text, self._made(text, row.reference, row.max_score), alone)

    def _look_up(self, question: str, parts: bool) -> Target | InputError | None:
        """The question that is meant, None if there is none; an error as a value, so that it is kept as well."""
        try:
            target = self._lookup.known(question)
            if target is not None or not parts:
                return target
            self._unknown += 1
            return self._lookup.find(question, nearest=self._unknown <= _NEAREST)
        except InputError as error:
            return error
