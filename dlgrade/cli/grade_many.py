"""`dlgrade grade --answers`: many answers from a file, their grades into another."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgrade import provenance
from dlgrade.banks.ledger import now
from dlgrade.banks.outputs import Replacement, replacement
from dlgrade.classes import Graded, grade_asked, grade_offline
from dlgrade.cli import show
from dlgrade.cli.watching import Watch, by_why, name_failures, what_it_took
from dlgrade.cli.wiring import Session
from dlgrade.errors import DlgradeError, InputError, OutputError
from dlgrade.grading.alike import SHOWN, Alike, Pair, WatchedBook
from dlgrade.grading.gradebook import Book, Gradebook, JsonLines, form_for
from dlgrade.grading.leniency import CorrectedBook, Correction
from dlgrade.grading.matching import Matching
from dlgrade.grading.offline import METHOD
from dlgrade.grading.rows import Survey, survey
from dlgrade.llm.counted import Counted
from dlgrade.models import Usage

STDOUT = Path("-")
_COMPARED = 10_000  # answers in which nearly equal ones are looked for: that takes seconds, and 20 MB
NO_OUTPUT = "say where the grades go: --out FILE (.jsonl or .csv), or --out - for stdout"


def grade_many(
    session: Session, answers: Path, out: Path | None, *, json: bool, correction: Correction | None = None
) -> int:
    """Grade the answers of a file into another, totals corrected if so; returns the exit code.

    Raises:
        InputError: the file of answers cannot be read, or has an id twice; or it is not said where grades go.
        OutputError: the grades cannot be written there.
        SettingsError: there is a limit of money, and a model without a price.
    """
    clock, started = time.monotonic(), now()
    if out is None:
        raise InputError(NO_OUTPUT)
    if out == STDOUT and json:
        raise InputError("--json and --out - both print to stdout: choose one")
    if out.resolve() == answers.resolve():
        raise OutputError(f"{out}: would replace the answers that are read; choose another file")
    seen = survey(answers)
    alike = Alike(_COMPARED)
    with _opened(session, out, seen) as (opened, new):
        book = WatchedBook(opened, alike)
        done, client = _graded(session, seen, book if correction is None else CorrectedBook(book, correction))
        if new is not None:
            new.wanted = worth_keeping(done)
    pairs = alike.pairs()
    took = time.monotonic() - clock
    report = _Report(session, answers, out, done, client, started, took, pairs, alike.left_out, correction)
    report.leave_record()
    if json:
        show.json_document(report.json())
    report.say(show.remark if json or out == STDOUT else show.text)
    return report.exit_code


def _graded(session: Session, seen: Survey, book: Book) -> tuple[Graded, Counted | None]:
    matching = Matching(session.lookup, session.rubrics)
    session.say_if_offline()
    with show.bar(seen.rows) as bar:
        if session.settings.offline:
            return grade_offline(seen, matching, book, on_progress=Watch(bar).see), None
        with session.client() as client:
            done = grade_asked(
                seen,
                matching,
                book,
                client=client,
                judge=session.judge(client),
                at_once=session.settings.requests_at_once,
                on_progress=Watch(bar, client).see,
            )
            return done, client


@contextmanager
def _opened(session: Session, out: Path, seen: Survey) -> Iterator[tuple[Gradebook, Replacement | None]]:
    """The book, and the file that it grows in, unless that is stdout."""
    if out == STDOUT:
        with Gradebook(JsonLines(), _print) as book:
            yield book, None
        return
    form = form_for(out, seen)
    with session.lock([out]), replacement(out) as new, Gradebook(form, new.file.write) as book:
        yield book, new


def _print(line: bytes) -> None:
    # each grade at once: whoever reads them may be waiting
    sys.stdout.write(line.decode())
    sys.stdout.flush()


@dataclass(frozen=True)
class _Report:
    """One run of `grade --answers`, at its end; `client` is None where no model was asked."""

    session: Session
    answers: Path
    out: Path
    done: Graded
    client: Counted | None
    started: str
    seconds: float
    pairs: tuple[Pair, ...]
    not_compared: int
    correction: Correction | None = None

    @property
    def exit_code(self) -> int:
        """0 if every answer has a grade, 1 if one has none, else why the run could not be carried out."""
        if self.done.interrupted:
            return 130
        if self.done.stopped is not None:
            return self.done.stopped.exit_code
        return 1 if self.done.graded < self.done.rows else 0

    def json(self) -> dict[str, Any]:
        """The run for programs."""
        done, client = self.done, self.client
        return {
            "answers": str(self.answers),
            "out": str(self.out),
            "rows": done.rows,
            "graded": done.graded,
            "needs_review": done.doubtful,
            "nearly_equal": len(self.pairs),
            "ungraded": dict(done.ungraded.most_common()),
            "failed": dict(done.failed.most_common()),
            "left": done.left,
            "requests": client.requests - client.cached if client else 0,
            "cached": client.cached if client else 0,
            "retries": client.retries if client else 0,
            "usage": (client.usage if client else Usage()).model_dump(),
            "cost_usd": client.cost if client else 0,
            "seconds": round(self.seconds, 3),
            "interrupted": done.interrupted,
            "stopped": done.stopped and done.stopped.message,
        }

    def leave_record(self) -> None:
        """Write beside the grades what they were made with; that it cannot be written is said, and costs nothing."""
        if self.out == STDOUT or not self.kept:
            return
        online = not self.session.settings.offline
        names = ["grade", *(["settle"] if self.done.made else [])] if online else []
        prompts = {name: self.session.prompts.fingerprint(name) for name in names}
        made = provenance.made_with("grade", self.session.settings, prompts, self.done.rubrics)
        if online:
            made |= {"models": list(self.session.judging.models), "judging": self.session.judging.told}
        made |= {"method": None if online else METHOD, "rubrics_from_references": self.done.made}
        made["calibration"] = self.correction and self.correction.fingerprint
        try:
            with self.answers.open("rb") as file:
                made["answers_sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            provenance.record(self.out.resolve().parent, self.started, made, self.json())
        except (DlgradeError, OSError) as error:
            show.remark(f"dlgrade: no record of this run was left: {error}")

    @property
    def kept(self) -> bool:
        """Whether the grades took their place; what stands there is not replaced by nothing."""
        return worth_keeping(self.done)

    def say(self, line: Callable[[str], None]) -> None:
        """What became of the answers, those without a grade and why, and what the run took."""
        done = self.done
        if self.kept:
            line(self._counts())
        name_failures(done, "all of them stand in the output")
        if self.pairs and self.kept:
            show.remark(self._nearly_equal())
        if done.unused:
            show.remark(f"References not used, since there is a rubric for the question: {done.unused:,}")
        if self.client is not None:
            show.remark(what_it_took(self.client, self.seconds))
        if done.interrupted:
            show.remark("Interrupted.")
        if done.stopped is not None:
            show.remark(f"dlgrade: {done.stopped}")
        if done.left:
            kept = "What was finished is kept" if self.kept else "Nothing was written"
            show.remark(f"{kept}; {show.left(done.left, 'answer')}")

    def _nearly_equal(self) -> str:
        count, widest = len(self.pairs), self.pairs[0]
        (low, high), among = widest.percents, f" among the first {_COMPARED:,}" if self.not_compared else ""
        said = f"{count:,}{'+' if count >= SHOWN else ''} pairs" if count > 1 else "1 pair"
        example = f"{widest.one} ({low:.0f} %) and {widest.other} ({high:.0f} %)"
        line = f"Nearly equal answers with different grades{among}: {said}, the furthest apart {example}"
        if self.out.suffix.lower() not in {".jsonl", ".ndjson"}:
            return line
        return f"{line}; for all: dlgrade grades report {self.out} --answers {self.answers}"

    def _counts(self) -> str:
        done = self.done
        parts = [f"{done.graded:,} graded", *by_why("ungraded", done.ungraded), *by_why("failed", done.failed)]
        if done.doubtful:
            parts.append(f"{done.doubtful:,} to review")
        return f"{self.answers} -> {self.out}: {', '.join(parts)}"


def worth_keeping(done: Graded) -> bool:
    """Whether the grades may replace an earlier run's: not those of a run that ended before it graded anything."""
    return done.graded > 0 or (done.stopped is None and not done.interrupted)
