"""Stored grades -> the grades that they are by the rubrics of today.

    seen = surveyed(path, known)                    # what can be worked out, and what must be asked
    with Gradebook(JsonLines(), file.write) as book:
        regrade(seen, known, book)

Verdicts stay, and points, costs, needs and groups are applied anew: nobody is asked. Where wording changed, or criteria
came, the grade stays as it was until its answer is graded anew (`asking`), people's verdicts kept.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dlgrade.banks.filling import digest
from dlgrade.classes import Graded
from dlgrade.errors import InputError, RubricError
from dlgrade.grading.gradebook import Book
from dlgrade.grading.leniency import Correction
from dlgrade.grading.matching import Matching
from dlgrade.grading.rescoring import LACKING, Known, carried, lacks, rescored, rubric_in, to_ask
from dlgrade.grading.rows import BadRow, Row, Survey, read_rows, survey
from dlgrade.grading.stored import read_grades
from dlgrade.models import Failure, Grade
from dlgrade.rubrics import MADE

_NAMED = 20  # grades that are named; of the others it is said how many they are
_ALL = "everything"

Ask = Callable[[Survey, Book], Graded]
"""Grades the answers of a file into a book."""


@dataclass
class Regraded:
    """What becomes of stored grades. `changed` are those worked out whose score is another one.

    `asked` were graded anew. `left` stay as they were: their answers must be asked about, or their rubric is gone;
    `named` says why, of the first ones.
    """

    grades: int = 0
    worked_out: int = 0
    changed: int = 0
    asked: int = 0
    left: int = 0
    overridden: int = 0
    named: list[Failure] = field(default_factory=list)

    def leave(self, grade: Grade, kind: str, message: str) -> None:
        """The grade stays as it was."""
        self.left += 1
        if len(self.named) < _NAMED:
            self.named.append(Failure(id=grade.id, kind=kind, message=message))


@dataclass(frozen=True)
class Surveyed:
    """A file of grades, gone through once: its hash, and the places of grades to ask about, by id, counted from 0."""

    path: Path
    read: str
    grades: int
    to_ask: dict[str, list[int]]


def surveyed(path: Path, known: Known, correction: Correction | None = None) -> Surveyed:
    """Go through a file of grades before anything is written or paid for; `correction` is for calibrated ones.

    Raises:
        InputError: the file cannot be read, or a line of it is no grade.
        RubricError: a rubric has a mistake in it.
    """
    places: dict[str, list[int]] = {}
    count = 0
    for number, stored in enumerate(read_grades(path)):
        count += 1
        if _wanted(stored.grade, known, correction)[0]:
            places.setdefault(stored.grade.id, []).append(number)
    return Surveyed(path, digest(path), count, places)


def _wanted(grade: Grade, known: Known, correction: Correction | None) -> tuple[tuple[str, ...], str | None]:
    """What must be asked about a grade's answer; or why nothing can be done about it."""
    if lacks(grade, correction):
        return (), LACKING
    if grade.rubric.startswith(MADE) and not grade.verdicts:
        return (_ALL,), None
    try:
        rubric = known.of(grade)
    except RubricError:
        raise
    except InputError as error:
        return (), error.message
    return (to_ask(grade, rubric) if grade.verdicts else (_ALL,)), None


@dataclass
class Asked:
    """What came of the answers that were graded anew: the numbers of those `done`, and why others failed, by id."""

    done: set[int] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    graded: Graded | None = None


def regrade(
    seen: Surveyed, known: Known, book: Book, asked: Asked | None = None, correction: Correction | None = None
) -> Regraded:
    """Put every grade of a file into a book, by its number: worked out, or as it was; those `asked` are there already.

    Raises:
        InputError: the file has changed meanwhile.
    """
    done = Regraded()
    for number, stored in enumerate(read_grades(seen.path)):
        done.grades += 1
        old = stored.grade
        row = Row(old.id, stored.where, old.question, "")
        done.overridden += bool(old.overrides)
        if asked is not None and number in asked.done:
            done.asked += 1
            continue
        new = _now(old, known, done, asked, correction)
        done.changed += (new.score, new.max_score) != (old.score, old.max_score)
        book.put(number, row, new)
    return done


def _now(old: Grade, known: Known, done: Regraded, asked: Asked | None, correction: Correction | None) -> Grade:
    """The grade worked out, or as it was."""
    wanted, hindrance = _wanted(old, known, correction)
    if hindrance is not None:
        done.leave(old, "left", hindrance)
    elif wanted:
        why = asked.failures.get(old.id) if asked is not None else None
        done.leave(old, "ask again", why or _why(wanted))
    else:
        done.worked_out += 1
        return rescored(old, known.of(old), correction)
    return old


def _why(wanted: tuple[str, ...]) -> str:
    return "it has no verdicts" if wanted == (_ALL,) else f"worded otherwise since, or new: {', '.join(wanted)}"


# ── answers that are asked about again ───────────────────────────────────────────────────────


def ask_again(seen: Surveyed, answers: Path, matching: Matching, book: Book, ask: Ask) -> Asked:
    """Grade those answers anew whose grades need it; the new grades go into the book under the old ones' numbers.

    Raises:
        InputError: the answers cannot be read, or have an id twice; or the grades cannot be written.
    """
    survey(answers)
    with _picked(seen, answers) as (rows, numbers):
        there = set(numbers)
        missing = {id_ for id_, places in seen.to_ask.items() if not there.issuperset(places)}
        asked = Asked(failures=dict.fromkeys(missing, f"no answer with this id in {answers}"))
        if numbers:
            old = _with_overrides(seen)
            asked.graded = ask(rows, _Carrying(book, numbers, old, matching, asked))
    return asked


def _with_overrides(seen: Surveyed) -> dict[int, Grade]:
    """The old grades with people's verdicts, which are few, by number."""
    wanted = {number for numbers in seen.to_ask.values() for number in numbers}
    return {
        number: stored.grade
        for number, stored in enumerate(read_grades(seen.path))
        if number in wanted and stored.grade.overrides
    }


@contextmanager
def _picked(seen: Surveyed, answers: Path) -> Iterator[tuple[Survey, list[int]]]:
    """The answers to ask about, in a file of their own, and the numbers of their grades."""
    numbers: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / answers.with_suffix(".jsonl").name
        with path.open("w", encoding="utf-8") as file:
            for row in read_rows(answers):
                places = () if isinstance(row, BadRow) else seen.to_ask.get(row.id, ())
                for number in places:
                    file.write(json.dumps(_as_object(row), ensure_ascii=False) + "\n")
                    numbers.append(number)
        yield Survey(path, len(numbers), ()), numbers


def _as_object(row: Row | BadRow) -> dict[str, object]:
    """What of a row its grade depends on."""
    if isinstance(row, BadRow):
        return {}
    return {
        "id": row.id,
        "question": row.question,
        "answer": row.answer,
        "reference": row.reference,
        "max_score": row.max_score,
    }


class _Carrying:
    """A book in which new grades take the old ones' numbers, with people's verdicts; what failed is left out."""

    def __init__(self, book: Book, numbers: list[int], old: dict[int, Grade], matching: Matching, asked: Asked) -> None:
        self._book = book
        self._numbers = numbers
        self._old = old
        self._matching = matching
        self._asked = asked

    def put(self, number: int, row: Row | BadRow, grade: Grade, /) -> None:
        """The grade of the answer with that number among those asked about."""
        at = self._numbers[number]
        if grade.status != "graded" or isinstance(row, BadRow):
            said = (grade.error or {}).get("message", "no reason was given")
            self._asked.failures[grade.id] = f"{grade.status}: {said.splitlines()[0]}"
            return
        if at in self._old:
            matched = self._matching.of(row)
            rubric = matched.rubric if matched.alone is None else rubric_in(grade)
            grade = carried(self._old[at], grade, rubric)
        self._asked.done.add(at)
        self._book.put(at, row, grade)
