"""Stored grades -> what they say about a class: by question, and which answers to look at first.

    report = read_report([Path("grades.jsonl")], answers=[Path("class.csv")])
    report.questions[0].spread, report.first, report.pairs

Grades and answers are read side by side, one by one. What stays in memory are numbers of every grade, the answers that
are shown, and a row for each that stands in another order than its grade.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from dlgrade.banks.wording import spaced
from dlgrade.errors import InputError
from dlgrade.grading.alike import Alike
from dlgrade.grading.evidence import needs_review
from dlgrade.grading.items import CriterionSummary, Discrimination, Spread, Tally, discriminations, people_in
from dlgrade.grading.rows import BadRow, Row, read_rows, survey
from dlgrade.grading.score import CALIBRATED
from dlgrade.grading.stored import Stored, read_grades
from dlgrade.models import Grade

_PLAIN = ("offline", "band: ", CALIBRATED)
"""Flags that say how a grade was made, and ask nobody to look."""

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shown:
    """One grade as it is shown: with the answer and its row's further columns where they are at hand.

    `number` counts the grades from 0; `fits` is False where the text is not the one that was graded.
    """

    number: int
    stored: Stored
    answer: str | None = None
    extra: Mapping[str, str] = field(default_factory=lambda: _NONE)
    fits: bool = True

    @property
    def grade(self) -> Grade:
        """The grade itself."""
        return self.stored.grade


@dataclass(frozen=True, slots=True)
class Twins:
    """Two answers to one question that say nearly the same, the one with less first; `likeness` is from 0 to 1."""

    one: Shown
    other: Shown
    likeness: float


@dataclass(frozen=True, slots=True)
class QuestionReport:
    """One question's answers; `spread` is None where none has a score. `misconceptions` are counts, most often first.

    `rubric` is its rubric's name.
    """

    question: str
    rubric: str
    spread: Spread | None
    discrimination: Discrimination
    criteria: tuple[CriterionSummary, ...]
    misconceptions: tuple[tuple[str, int], ...]
    ungraded: Mapping[str, int]
    failed: Mapping[str, int]

    @property
    def n(self) -> int:
        """How many answers have a score."""
        return self.spread.n if self.spread else 0


@dataclass(frozen=True, slots=True)
class Report:
    """What the grades of some files say.

    `first` are the graded answers to look at first, `without` the first that have no grade; `shown` as many of all as
    were asked for, in order of how much they need a look. `unmatched` are rows that found no question, by why. `pairs`
    are nearly equal answers with different grades, None where no answers were at hand, and `looked_at` is how many were
    compared. `lost` counts the grades whose answer was not found, `unlike` those whose answer is another one since.
    """

    files: tuple[str, ...]
    read: int
    people: int
    graders: tuple[tuple[str, int], ...]
    questions: tuple[QuestionReport, ...]
    first: tuple[Shown, ...]
    without: tuple[Shown, ...]
    shown: tuple[Shown, ...]
    unmatched: Mapping[str, int]
    pairs: tuple[Twins, ...] | None
    looked_at: int = 0
    lost: int = 0
    unlike: int = 0

    @property
    def graded(self) -> int:
        """How many answers have a score."""
        return sum(one.n for one in self.questions)

    @property
    def ungraded(self) -> Counter[str]:
        """Why answers have none that a grader looked at."""
        return sum((Counter(one.ungraded) for one in self.questions), Counter[str]())

    @property
    def failed(self) -> Counter[str]:
        """Why answers have none that no grader has seen."""
        return Counter(self.unmatched) + sum((Counter(one.failed) for one in self.questions), Counter[str]())


def read_report(
    files: Sequence[Path],
    *,
    answers: Sequence[Path] = (),
    person: str | None = None,
    first: int = 10,
    most: int = 0,
) -> Report:
    """Read grades, and the answers beside them: none, one file for all, or one for each file of grades.

    `person` is a column of the answers that says whose they are; without it the ids do. `first` answers to look at
    first are kept, and `most` to be shown.

    Raises:
        InputError: a file cannot be read or holds no grades, or there is no such column.
    """
    reading = _Reading(person, first, most)
    for stored, row, asked in _side_by_side(files, answers, person):
        reading.add(stored, row, given=asked)
    if not reading.read:
        raise InputError(f"{', '.join(map(str, files))}: no grades in it")
    pairs = reading.alike.pairs() if answers else None
    wanted = {int(number) for pair in pairs or () for number in (pair.one, pair.other)}
    found: dict[int, Shown] = {}
    # again, since only now it is known whose words are wanted
    for number, (stored, row, _) in enumerate(_side_by_side(files, answers, person) if wanted else ()):
        if number in wanted:
            found[number] = _shown(number, stored, row)
    twins = tuple(Twins(found[int(pair.one)], found[int(pair.other)], pair.likeness) for pair in pairs or ())
    return reading.report(files, None if pairs is None else twins)


def doubts(grade: Grade) -> tuple[str, ...]:
    """The flags that ask for a look."""
    return tuple(flag for flag in grade.flags if not flag.startswith(_PLAIN))


def _need(grade: Grade) -> tuple[int, int, float]:
    """How much a grade needs a look: the least first. A row that is no answer comes last, since there is none."""
    if grade.status == "failed":
        return 4, 0, 0.0
    if grade.status == "ungraded":
        return 0, 0, 0.0
    flagged = doubts(grade)
    rank = 1 if needs_review(flagged) else 2 if flagged else 3
    return rank, -len(flagged), 1.0 if grade.confidence is None else grade.confidence


class Beside:
    """A file of answers, read beside the grades in it."""

    def __init__(self, path: Path) -> None:
        self.columns = survey(path).extra  # which also sees that no id stands twice
        self._rows = read_rows(path)
        self._ahead: dict[str, Row | BadRow] = {}

    def of(self, id_: str) -> Row | None:
        """The answer with that id; None where there is none."""
        found = self._ahead.pop(id_, None) or self._next(id_)
        return found if isinstance(found, Row) else None

    def _next(self, id_: str) -> Row | BadRow | None:
        for row in self._rows:
            if row.id == id_:
                return row
            self._ahead[row.id] = row
        return None


Joined = tuple[Stored, Row | None, bool]
"""A grade, its answer if that was found, and whether there was a file to find it in."""


def _side_by_side(files: Sequence[Path], answers: Sequence[Path], person: str | None) -> Iterator[Joined]:
    if len(answers) > 1 and len(answers) != len(files):
        raise InputError(
            f"{len(files)} files of grades and {len(answers)} of answers: give one for all, or one for each in turn"
        )
    if person is not None and not answers:
        raise InputError(f"--person {person}: that is a column of the answers; name their file with --answers")
    # one for all is read anew beside each: the same answers may be graded in several files
    paths = list(answers) * len(files) if len(answers) == 1 else answers
    opened = [Beside(path) for path in paths]
    for one, path in zip(opened, paths, strict=True):
        if person is not None and person not in one.columns:
            raise InputError(f"{path}: has no column {person!r}; its further columns are {', '.join(one.columns)}")
    for n, path in enumerate(files):
        beside = opened[n] if opened else None
        for stored in read_grades(path):
            yield stored, None if beside is None else beside.of(stored.grade.id), beside is not None


class _Neediest:
    """The answers that need a look most, so many at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[tuple[float, ...], Shown]] = []  # the one that needs it least on top

    def add(self, shown: Shown) -> None:
        """One more answer."""
        key = tuple(-part for part in (*_need(shown.grade), shown.number))
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, (key, shown))
        elif self._heap and key > self._heap[0][0]:
            heapq.heapreplace(self._heap, (key, shown))

    def all(self) -> tuple[Shown, ...]:
        """Those that were kept, the neediest first."""
        return tuple(shown for _, shown in sorted(self._heap, key=lambda one: one[0], reverse=True))


class _Reading:
    """Grades on their way into a report."""

    def __init__(self, person: str | None, first: int, most: int) -> None:
        self.read = 0
        self.alike = Alike()
        self._person = person
        self._lost = self._unlike = 0
        self._graders: Counter[str] = Counter()
        self._unmatched: Counter[str] = Counter()
        self._tallies: dict[str, Tally] = {}
        self._first, self._shown = _Neediest(first), _Neediest(most)
        self._without: list[Shown] = []
        self._named = first

    def add(self, stored: Stored, row: Row | None, *, given: bool) -> None:
        """One more grade; `given` says that there is a file of answers."""
        grade, number = stored.grade, self.read
        self.read += 1
        if not grade.rubric:
            self._unmatched[str((grade.error or {}).get("kind", grade.status))] += 1
        else:
            tally = self._tallies.setdefault(grade.rubric, Tally(spaced(grade.question), grade.rubric))
            tally.add(grade, grade.id if row is None or self._person is None else row.extra.get(self._person, ""))
        if grade.score is not None:
            self._graders[" ".join(filter(None, (grade.grader.model, _prompt(grade))))] += 1
        shown = _shown(number, stored, row)
        self._lost += given and row is None and grade.status != "failed"
        self._unlike += not shown.fits
        if shown.answer is not None and shown.fits and grade.percent is not None:
            self.alike.add(grade.rubric, str(number), shown.answer, grade.percent)
        self._shown.add(shown)
        if grade.status == "graded":
            self._first.add(shown)
        elif len(self._without) < self._named:
            self._without.append(shown)

    def report(self, files: Sequence[Path], pairs: tuple[Twins, ...] | None) -> Report:
        """All that was read."""
        tallies = list(self._tallies.values())
        return Report(
            files=tuple(map(str, files)),
            read=self.read,
            people=people_in(tallies),
            graders=tuple(self._graders.most_common()),
            questions=tuple(
                _question(tally, told) for tally, told in zip(tallies, discriminations(tallies), strict=True)
            ),
            first=self._first.all(),
            without=tuple(self._without),
            shown=self._shown.all(),
            unmatched=dict(self._unmatched),
            pairs=pairs,
            looked_at=self.alike.looked_at,
            lost=self._lost,
            unlike=self._unlike,
        )


def _prompt(grade: Grade) -> str:
    """The prompt or method without the fingerprint of the rubric, which differs from question to question."""
    name = grade.grader.prompt.partition("@")[0]
    return f"({name})" if name else ""


def _shown(number: int, stored: Stored, row: Row | None) -> Shown:
    if row is None:
        return Shown(number, stored)
    given = [e for verdict in stored.grade.verdicts for e in verdict.evidence]
    given += [e for finding in stored.grade.misconceptions for e in finding.evidence]
    fits = all(row.answer[one.start : one.end] == one.quote for one in given)
    return Shown(number, stored, row.answer if fits else None, row.extra, fits)


def _question(tally: Tally, told: Discrimination) -> QuestionReport:
    return QuestionReport(
        question=tally.question,
        rubric=tally.rubric,
        spread=tally.spread(),
        discrimination=told,
        criteria=tally.criteria(),
        misconceptions=tuple(tally.misconceptions.most_common()),
        ungraded=dict(tally.ungraded),
        failed=dict(tally.failed),
    )
