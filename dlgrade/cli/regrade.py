"""`dlgrade regrade`: stored grades by the rubrics of today."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from dlgrade.banks.outputs import Replacement, replacement
from dlgrade.classes import Graded, grade_asked, grade_offline
from dlgrade.cli import options, show
from dlgrade.cli.corrections import correction_for
from dlgrade.cli.spread import Calls, Judges, spread
from dlgrade.cli.watching import Watch, what_it_took
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, OutputError
from dlgrade.grading.gradebook import Book, Gradebook, JsonLines, form_for
from dlgrade.grading.leniency import CorrectedBook, Correction, load
from dlgrade.grading.matching import Matching
from dlgrade.grading.rescoring import Known
from dlgrade.grading.rows import Survey
from dlgrade.grading.stored import read_grades
from dlgrade.llm.counted import Counted
from dlgrade.models import Usage
from dlgrade.regrading import Asked, Regraded, Surveyed, ask_again, surveyed
from dlgrade.regrading import regrade as regraded

app = typer.Typer(rich_markup_mode=None, add_completion=False)

STDOUT = Path("-")


@app.command()
@spread
def regrade(
    file: Annotated[Path, typer.Argument(help="Grades as `grade` writes them: JSON Lines.", metavar="FILE")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where they go, .jsonl or .csv; `-` for stdout. Without it, into FILE.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Have answers graded anew where that takes new verdicts.")] = False,
    answers: Annotated[
        Path | None,
        typer.Option(help="With --ask: the answers, as for `grade --answers`.", metavar="FILE", show_default=False),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help="What calibrated scores were corrected by.", metavar="FILE", show_default=False),
    ] = None,
    *,
    calls: Calls,
    judges: Judges,
    json: options.Json = False,
) -> None:
    """Work out stored grades by the rubrics of today. No model is asked, unless with --ask.

    Verdicts stay; points, costs, needs and groups are applied anew, and people's verdicts keep their place. Where a
    criterion is worded otherwise since, or new, the grade is named and stays as it was; with --ask its answer, and no
    other, is graded anew. Exit 1 if grades are left as they were, 3 if the endpoint cannot be used.

    \b
    Examples:
      dlgrade regrade grades.jsonl
      dlgrade regrade grades.jsonl --out new.jsonl
      dlgrade regrade grades.jsonl --ask --answers class.csv --model NAME
    """
    if ask != (answers is not None):
        raise InputError("--ask takes the answers from --answers FILE: give both or none")
    if out == STDOUT and json:
        raise InputError("--json and --out - both print to stdout: choose one")
    if answers is not None and (out or file).resolve() == answers.resolve():
        raise OutputError(f"{answers}: would be replaced by grades; choose another file")
    if judges.given and not ask:
        raise InputError(f"{judges.given[0]} goes with --ask: without it no model gives verdicts")
    session = Session.open(judges=judges.about(answers), **vars(calls))
    correction = None
    if calibration is not None:
        # answers are graded anew by who grades now; what is worked out names its correction itself
        correction = correction_for(session, calibration) if ask else load(calibration)
    run = _Run(session, file, file if out is None else out, answers, correction)
    run.carry_out()
    if json:
        show.json_document(run.json())
    run.say(quiet=json or out == STDOUT)
    raise typer.Exit(run.exit_code)


@dataclass
class _Run:
    """One run of `regrade`; `client` is None where no model was asked."""

    session: Session
    file: Path
    out: Path
    answers: Path | None
    correction: Correction | None = None
    done: Regraded | None = None
    asked: Asked | None = None
    client: Counted | None = None
    seconds: float = 0.0

    def carry_out(self) -> None:
        """Read, ask where that is wanted, write.

        Raises:
            InputError: the grades or answers cannot be read.
            OutputError: the grades cannot be written.
            SettingsError: there is a limit of money, and a model without a price.
        """
        clock = time.monotonic()
        next(read_grades(self.file), None)  # a file that is not there needs no lock
        known = Known(self.session.rubrics)
        with self.session.lock(path for path in {self.file, self.out} if path != STDOUT):
            seen = surveyed(self.file, known, self.correction)
            with self._opened(seen) as (book, new):
                if self.answers is not None and seen.to_ask:
                    matching = Matching(self.session.lookup, self.session.rubrics)
                    new_ones = book if self.correction is None else CorrectedBook(book, self.correction)
                    self.asked = ask_again(
                        seen, self.answers, matching, new_ones, lambda rows, book: self._ask(rows, book, matching)
                    )
                self.done = regraded(seen, known, book, self.asked, self.correction)
                if new is not None:
                    # elsewhere they are a copy: the work stands in the file that was read
                    new.work = bool(self.done.overridden) and self._in_place
        self.seconds = time.monotonic() - clock

    @property
    def _in_place(self) -> bool:
        return self.out.resolve() == self.file.resolve()

    @contextmanager
    def _opened(self, seen: Surveyed) -> Iterator[tuple[Gradebook, Replacement | None]]:
        if self.out == STDOUT:
            with Gradebook(JsonLines(), _print) as book:
                yield book, None
            return
        form = JsonLines() if self._in_place else form_for(self.out, Survey(self.file, seen.grades, ()))
        read = seen.read if self._in_place else None
        with replacement(self.out, read=read) as new, Gradebook(form, new.file.write) as book:
            yield book, new

    def _ask(self, rows: Survey, book: Book, matching: Matching) -> Graded:
        session = self.session
        session.say_if_offline()
        with show.bar(rows.rows) as bar:
            if session.settings.offline:
                return grade_offline(rows, matching, book, on_progress=Watch(bar).see)
            with session.client() as self.client:
                return grade_asked(
                    rows,
                    matching,
                    book,
                    client=self.client,
                    judge=session.judge(self.client),
                    at_once=session.settings.requests_at_once,
                    on_progress=Watch(bar, self.client).see,
                )

    # ── at its end ───────────────────────────────────────────────────────────────────────────

    @property
    def _graded(self) -> Graded | None:
        return None if self.asked is None else self.asked.graded

    @property
    def exit_code(self) -> int:
        """0 if every grade is by the rubric of today, 1 if one is not, else why the run ended early."""
        if self._graded is not None and self._graded.interrupted:
            return 130
        if self._graded is not None and self._graded.stopped is not None:
            return self._graded.stopped.exit_code
        return 1 if self.done is not None and self.done.left else 0

    def json(self) -> dict[str, Any]:
        """The run for programs."""
        done, client, graded = self.done or Regraded(), self.client, self._graded
        return {
            "file": str(self.file),
            "out": str(self.out),
            "grades": done.grades,
            "worked_out": done.worked_out,
            "changed": done.changed,
            "asked": done.asked,
            "left": done.left,
            "named": [failure.model_dump() for failure in done.named],
            "requests": client.requests - client.cached if client else 0,
            "cached": client.cached if client else 0,
            "usage": (client.usage if client else Usage()).model_dump(),
            "cost_usd": client.cost if client else 0,
            "seconds": round(self.seconds, 3),
            "interrupted": graded is not None and graded.interrupted,
            "stopped": graded.stopped.message if graded is not None and graded.stopped else None,
        }

    def say(self, *, quiet: bool) -> None:
        """What became of the grades, those left as they were and why."""
        done = self.done or Regraded()
        parts = [f"{done.worked_out:,} worked out, {done.changed:,} with another score"]
        parts += [f"{done.asked:,} graded anew"] if done.asked else []
        parts += [f"{done.left:,} left as they were"] if done.left else []
        where = str(self.file) if self._in_place else f"{self.file} -> {self.out}"
        (show.remark if quiet else show.text)(f"{where}: {', '.join(parts)}")
        for failure in done.named:
            show.remark(f"  {failure.kind}: {failure.id}: {failure.message}")
        if done.left > len(done.named):
            show.remark(f"  … and {done.left - len(done.named):,} more")
        if self.client is not None:
            show.remark(what_it_took(self.client, self.seconds))
        if self._graded is not None and self._graded.interrupted:
            show.remark("Interrupted. The same command again asks only for what is left.")
        if self._graded is not None and self._graded.stopped is not None:
            show.remark(f"dlgrade: {self._graded.stopped}")
        if self.answers is None and any(failure.kind == "ask again" for failure in done.named):
            show.remark(f"To have them graded anew: dlgrade regrade {self.file} --ask --answers FILE")


def _print(line: bytes) -> None:
    sys.stdout.write(line.decode())
