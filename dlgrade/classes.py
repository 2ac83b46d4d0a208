"""A class's answers -> their grades: from a file, row by row, each grade handed on as soon as it is there.

    seen = survey(path)
    with Gradebook(JsonLines(), file.write) as book:
        done = grade_offline(seen, matching, book)

What is held in memory is a batch of rows, those in flight, and an id for each row.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from types import FrameType

from dlgrade.errors import InputError, ItemError, RunStopped
from dlgrade.grading import offline
from dlgrade.grading.claims import Alone
from dlgrade.grading.evidence import needs_review
from dlgrade.grading.gradebook import Book
from dlgrade.grading.judge import Asked, Judge
from dlgrade.grading.matching import Matched, Matching
from dlgrade.grading.rows import BadRow, Row, Survey
from dlgrade.grading.settling import unsettled
from dlgrade.llm.counted import Counted, Found
from dlgrade.llm.once import Once
from dlgrade.llm.request import Request
from dlgrade.models import Failure, Grade, Grader, Progressed, Rubric
from dlgrade.rubrics import fingerprint
from dlgrade.settings import OFFLINE

_BATCH = 32  # rows looked up in the cache together; preparing more would keep replies waiting
_SPARE = 2  # one worker more for so many requests in flight: some wait between two tries
_NAMED = 20  # answers without a grade that are named; all of them stand in the output

Entry = Row | BadRow


@dataclass
class Graded:
    """What came of the answers. `left` were not finished; of those `failed` and `ungraded`, how many by why.

    `doubtful` are graded and flagged for a person to look at. `rubrics` are fingerprints by name; `made` is how many
    answers have a rubric made from a reference, `unused` how many had a reference that their rubric made needless.
    """

    rows: int
    graded: int = 0
    ungraded: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    named: list[Failure] = field(default_factory=list)
    doubtful: int = 0
    rubrics: dict[str, str] = field(default_factory=dict)
    made: int = 0
    unused: int = 0
    interrupted: bool = False
    stopped: RunStopped | None = None

    @property
    def without(self) -> int:
        """How many answers were finished and have no grade."""
        return self.ungraded.total() + self.failed.total()

    @property
    def done(self) -> int:
        """How many answers were finished."""
        return self.graded + self.without

    @property
    def left(self) -> int:
        """How many answers were not finished."""
        return self.rows - self.done


def grade_offline(
    answers: Survey,
    matching: Matching,
    book: Book,
    *,
    on_progress: Callable[[Progressed], None] = lambda _: None,
) -> Graded:
    """Grade a file of answers without a model; Ctrl-C ends it, and what was finished is kept.

    Raises:
        InputError: the file can no longer be read, or the grades not be written.
    """
    marking = _Marking(answers.rows, matching, book, OFFLINE, on_progress)
    with _ctrl_c(marking.press):
        for number, row in enumerate(answers.entries()):
            if marking.done.interrupted:
                break
            if (matched := marking.matched(number, row)) is not None and isinstance(row, Row):
                grade = offline.grade(row.answer, matched.rubric, id=row.id, question=matched.question)
                marking.put(number, row, grade)
            marking.report()
    return marking.done


def grade_asked(
    answers: Survey,
    matching: Matching,
    book: Book,
    *,
    client: Counted,
    judge: Judge,
    at_once: int,
    on_progress: Callable[[Progressed], None] = lambda _: None,
) -> Graded:
    """Grade a file of answers by a judge, `at_once` requests in flight; what its client has cached is taken from there.

    An answer's own failure is a grade that says so. What stops the run ends it: no more is asked for, and what was
    finished is kept, also what the cache has of the rows after.

    Raises:
        InputError: the file can no longer be read, the grades not be written, or the template does not render.
    """
    asking = _Asking(answers.rows, matching, book, on_progress, client=client, judge=judge.through(Once(client)))
    with _ctrl_c(asking.press):
        missing = asking.missing(answers)
        first = next(missing, None)
        if first is not None and not asking.done.interrupted:
            # Imported here for start-up time: a run that finds everything needs no event loop.
            from dlgrade.runs import run  # noqa: PLC0415

            ended = run(
                chain([first], missing),
                asking.ask,
                concurrency=at_once + at_once // _SPARE,
                client=client,
                on_progress=asking.progressed,
            )
            for _ in missing:
                pass  # a run that was stopped: what the cache has is graded all the same
            asking.done.interrupted |= ended.interrupted
            asking.done.stopped = ended.stopped
    return asking.done


class _Marking:
    """Grades on their way into the book, counted."""

    def __init__(
        self, rows: int, matching: Matching, book: Book, model: str, on_progress: Callable[[Progressed], None]
    ) -> None:
        self.done = Graded(rows)
        self._matching = matching
        self._book = book
        self._model = model
        self._on_progress = on_progress

    def press(self) -> None:
        """Ctrl-C: no further row is begun."""
        self.done.interrupted = True

    def matched(self, number: int, row: Entry) -> Matched | None:
        """What the answer is held against; None where there is nothing, and the grade says why."""
        if isinstance(row, BadRow):
            self.put(number, row, self._failed(row, "input_error", row.reason))
            return None
        try:
            matched = self._matching.of(row)
        except InputError as error:
            self.put(number, row, self._failed(row, error.kind, str(error)))
            return None
        if matched.alone is not None:
            self.done.made += 1
        else:
            self.done.unused += row.reference is not None
            if matched.rubric.name not in self.done.rubrics:
                self.done.rubrics[matched.rubric.name] = fingerprint(matched.rubric)
        return matched

    def put(self, number: int, row: Entry, grade: Grade) -> None:
        """The grade of the row with that number."""
        self._book.put(number, row, grade)
        done = self.done
        if grade.status == "graded":
            done.graded += 1
            done.doubtful += needs_review(grade.flags)
            return
        error = grade.error or {}
        kinds = done.failed if grade.status == "failed" else done.ungraded
        kinds[error.get("kind", "ungraded")] += 1
        if len(done.named) < _NAMED:
            where = row.where if row.where.endswith(grade.id) else f"{grade.id} ({row.where})"
            done.named.append(Failure(id=where, kind=grade.status, message=error.get("message", "no reason was given")))

    def report(self) -> None:
        """Say how far it is."""
        self._on_progress(Progressed(done=self.done.done, failed=self.done.without, running=0))

    def progressed(self, now: Progressed) -> None:
        """Say how far a run is, with all that needed none."""
        self._on_progress(replace(now, done=self.done.done, failed=self.done.without))

    def _failed(self, row: Entry, kind: str, reason: str) -> Grade:
        return Grade(
            id=row.id,
            question=row.question,
            rubric="",
            status="failed",
            score=None,
            max_score=0,
            percent=None,
            grader=Grader(model=self._model, prompt=""),
            error={"kind": kind, "message": reason},
        )


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An answer that a model is asked about, with its row and that row's number.

    `asked` is None as long as nobody knows what its question asks for.
    """

    number: int
    row: Row
    matched: Matched
    asked: Asked | None = None

    @property
    def first(self) -> tuple[Request, ...]:
        """What is asked about it first, as far as that is known."""
        return () if self.asked is None else self.asked.first


class _Asking(_Marking):
    """Answers on their way to a model."""

    def __init__(
        self,
        rows: int,
        matching: Matching,
        book: Book,
        on_progress: Callable[[Progressed], None],
        *,
        client: Counted,
        judge: Judge,
    ) -> None:
        super().__init__(rows, matching, book, judge.model, on_progress)
        self._client = client
        self._judge = judge

    def missing(self, answers: Survey) -> Iterator[tuple[str, _Waiting]]:
        """The answers whose grade takes a request; all others are graded on the way."""
        rows = enumerate(answers.entries())
        while not self.done.interrupted and (some := [self._matched(*entry) for entry in islice(rows, _BATCH)]):
            waiting = list(self._prepared([one for one in some if one is not None]))
            stored = self._client.stored([request for one in waiting for request in one.first])
            for one in waiting:
                found = Found(self._client, stored)
                grade = None if one.asked is None else self._judge.at_hand(one.asked, found)
                if grade is None:
                    yield str(one.number), one
                    continue
                found.taken()
                self.put(one.number, one.row, grade)
            self.report()

    def _matched(self, number: int, row: Entry) -> _Waiting | None:
        matched = self.matched(number, row)
        if matched is None or isinstance(row, BadRow):
            return None
        return _Waiting(number, row, matched if self._judge.settles else replace(matched, alone=None))

    def _prepared(self, some: Sequence[_Waiting]) -> Iterator[_Waiting]:
        """Answers with what is asked about them; without, where the cache does not tell what their questions ask for.

        The grades of those whose question could not be settled are handed on.
        """
        settling = self._judge.settling
        alone = dict.fromkeys(one.matched.alone for one in some if one.matched.alone is not None)
        stored = self._client.stored(settling.requests(alone))
        for one in some:
            rubric: Rubric | None = one.matched.rubric
            if one.matched.alone is not None:
                found = Found(self._client, stored)
                try:
                    rubric = settling.at_hand(one.matched.alone, found)
                except ItemError as error:
                    self._unsettled(one, one.matched.alone, error)
                    continue
                if rubric is not None:
                    found.taken()
            yield one if rubric is None else self._with_requests(one, rubric)

    def _with_requests(self, one: _Waiting, rubric: Rubric) -> _Waiting:
        asked = self._judge.asked(one.row.answer, rubric, id=one.row.id, question=one.matched.question)
        return replace(one, asked=asked)

    def _unsettled(self, one: _Waiting, alone: Alone, error: ItemError) -> None:
        self.put(one.number, one.row, unsettled(alone, error, id=one.row.id, model=self._model))

    async def ask(self, one: _Waiting) -> None:
        """Ask, and hand the grade on.

        Raises:
            RunStopped: the endpoint cannot be used, or the budget is spent.
        """
        if one.asked is None and (alone := one.matched.alone) is not None:
            try:
                one = self._with_requests(one, await self._judge.settling.settled(alone))
            except ItemError as error:
                self._unsettled(one, alone, error)
        if one.asked is not None:
            self.put(one.number, one.row, await self._judge.answered(one.asked))


@contextmanager
def _ctrl_c(pressed: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C is noticed between two rows: a grade is written whole. A run has its own way with it meanwhile."""
    elsewhere = threading.current_thread() is not threading.main_thread()
    if elsewhere or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return

    def handler(_signal: int, _frame: FrameType | None) -> None:
        pressed()

    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
