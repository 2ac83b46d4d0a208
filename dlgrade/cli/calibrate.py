"""`dlgrade calibrate`: how well a grader agrees with people."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlgrade.banks.outputs import check_replaceable, check_writable, save_copy
from dlgrade.classes import Graded, grade_asked, grade_offline
from dlgrade.cli import options, show
from dlgrade.cli.comparing import BesideWhole, number, rounded
from dlgrade.cli.corrections import grader_of
from dlgrade.cli.watching import Watch, by_why, name_failures, what_it_took
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.grading.rows import Survey, survey
from dlgrade.llm.counted import Counted
from dlgrade.settings import SET_UP_A_MODEL

if TYPE_CHECKING:
    from dlgrade.calibrating import Agreement, ByQuestion, Pairing  # they need NumPy
    from dlgrade.grading.judge import Judge

app = typer.Typer(rich_markup_mode=None, add_completion=False)

NO_NUMPY = "calibrate needs NumPy for its statistics, and it is not installed"
GET_NUMPY = "Get it with: pip install 'dlgrade[stats]'"
_WORST = 10  # questions and criteria shown without --details
_WIDE = 60  # characters of a question
_DIGITS = 9
_WORTH = ("mae", "bias", "qwk", "pearson")

MinKappa = Annotated[
    float | None, typer.Option(help="Exit 1 if the kappa is lower.", metavar="X", show_default=False, min=-1, max=1)
]
MinQwk = Annotated[
    float | None,
    typer.Option(
        help="Exit 1 if the quadratic weighted kappa is lower.", metavar="X", show_default=False, min=-1, max=1
    ),
]
MinPearson = Annotated[
    float | None,
    typer.Option(help="Exit 1 if Pearson's r is lower.", metavar="X", show_default=False, min=-1, max=1),
]


@app.command()
@options.spread
def calibrate(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or JSON Lines with `question`, `answer`, a person's `score` and `max_score`.",
            metavar="FILE",
            show_default=False,
        ),
    ],
    min_kappa: MinKappa = None,
    min_qwk: MinQwk = None,
    min_pearson: MinPearson = None,
    max_ungraded: Annotated[
        int,
        typer.Option(help="Answers that may lack a grade before the exit code is 1.", metavar="N", min=0),
    ] = 0,
    levels: Annotated[
        int | None,
        typer.Option(
            help="Even levels for the kappas; by default as many as people's scores need.",
            metavar="N",
            show_default=False,
            min=2,
            max=101,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which random draws the intervals come of.", metavar="N", min=0)] = 0,
    *,
    calls: options.Calls,
    judges: options.Judges,
    whole: Annotated[
        bool, typer.Option("--whole", help="Have every answer judged as a whole too, by levels, and compare.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            help="Write into FILE how to correct this grader's leniency, for `grade --calibration FILE`.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="All questions and criteria; with --json, everything there is.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Say how well a grader agrees with people.

    Every answer of FILE is graded as `grade --answers` grades it, and the grades are compared with people's scores, as
    shares of the maximum: correlation, kappa and error with 95 % intervals, beside a constant, the answers' length and
    a second person's `score2`. A `verdicts` column, {"criterion": "met"}, is compared criterion by criterion.

    With --whole the model is asked once more for each answer, for a level from nothing to all, and both are compared.

    Exit 1 if a --min-… is missed, or more answers than --max-ungraded have no grade; 3 if the endpoint cannot be used.

    \b
    Examples:
      dlgrade calibrate labels.csv
      dlgrade calibrate labels.jsonl --model NAME --min-qwk 0.6 --json
      dlgrade calibrate labels.jsonl --model NAME --whole
    """
    if find_spec("numpy") is None:
        raise InputError(NO_NUMPY, hint=GET_NUMPY)
    gates = {"kappa": min_kappa, "qwk": min_qwk, "pearson": min_pearson}
    for name, least in gates.items():
        if least is not None and math.isnan(least):
            raise InputError(f"--min-{name}: nan is no number to reach")
    session = Session.open(judges=judges.about(file), **vars(calls))
    if whole and session.settings.offline:
        raise InputError("--whole asks a model for its judgement, and none is named", hint=SET_UP_A_MODEL)
    seen = survey(file)
    if save is not None:
        check_replaceable(save)
        check_writable([save])
    if "score" not in {name.strip().lower() for name in seen.extra}:
        raise InputError(f"{file}: no row has a `score`: a person's score and its `max_score` stand beside each answer")
    # Imported here for start-up time, and since the help is there without NumPy too.
    from dlgrade.calibrating import Pairing, agree, compare  # noqa: PLC0415

    clock, pairing, pairing_whole = time.monotonic(), Pairing(), Pairing() if whole else None
    done, done_whole, client = _graded(session, seen, pairing, pairing_whole)
    agreement = agree(pairing.pairs, seed=seed, levels=levels)
    beside = None
    if pairing_whole is not None and done_whole is not None:
        beside = BesideWhole(done_whole, compare(pairing.beside(pairing_whole), seed=seed, levels=agreement.levels))
    report = _Report(file, grader_of(session), done, agreement, pairing, gates, max_ungraded, beside)
    if json:
        show.json_document(report.json(details=details))
    else:
        report.show(details=details)
    if client is not None:
        show.remark(what_it_took(client, time.monotonic() - clock))
    report.say_what_is_left()
    if save is not None:
        _save(save, report)
    raise typer.Exit(report.exit_code)


def _save(path: Path, report: _Report) -> None:
    """Write what corrects the grader, and say what it is worth on questions that it was not learned from."""
    if not report.ended:
        show.remark(f"{path}: not written, since answers are left")
        return
    # for start-up time, as above
    from dlgrade.grading.leniency import Scored, fitted, held_out  # noqa: PLC0415
    from dlgrade.grading.measures import measure  # noqa: PLC0415

    scored = [Scored(pair.question, pair.person, pair.given) for pair in report.pairing.pairs]
    with report.file.open("rb") as labels:
        hashed = hashlib.file_digest(labels, "sha256").hexdigest()
    correction = fitted(scored, grader=report.grader, labels=hashed[:12])
    save_copy(path, (correction.model_dump_json(indent=2) + "\n").encode())
    people, before = [one.person for one in scored], report.agreement.measured
    after = measure(people, held_out(scored), levels=report.agreement.levels)
    worth = ", ".join(f"{name} {number(before[name])} -> {number(after[name])}" for name in _WORTH)
    show.remark(f"{path}: a correction learned from {correction.answers:,} answers; on questions held out: {worth}")


def _graded(
    session: Session, seen: Survey, pairing: Pairing, whole: Pairing | None
) -> tuple[Graded, Graded | None, Counted | None]:
    """Grade the answers into `pairing`, and where that came to its end into `whole`, judged as a whole."""
    # for start-up time, as above: it is of no use before the file is known to have scores
    from dlgrade.grading.labels import LabelledMatching  # noqa: PLC0415

    matching = LabelledMatching(session.lookup, session.rubrics)
    session.say_if_offline()
    with show.bar(seen.rows) as bar:
        if session.settings.offline:
            return grade_offline(seen, matching, pairing, on_progress=Watch(bar).see), None, None
        with session.client() as client:

            def asked(judge: Judge, book: Pairing) -> Graded:
                return grade_asked(
                    seen,
                    matching,
                    book,
                    client=client,
                    judge=judge,
                    at_once=session.settings.requests_at_once,
                    on_progress=Watch(bar, client).see,
                )

            done = asked(session.judge(client), pairing)
            if whole is None or done.interrupted or done.stopped is not None:
                return done, None, client
            return done, asked(session.whole_judge(client), whole), client


@dataclass(frozen=True)
class _Report:
    file: Path
    grader: str
    done: Graded
    agreement: Agreement
    pairing: Pairing
    gates: dict[str, float | None]
    max_ungraded: int
    beside: BesideWhole | None = None

    @property
    def ungraded(self) -> int:
        """Answers that could not be compared: without a grade, without a usable score, or not reached."""
        return self.done.rows - self.agreement.n

    @property
    def ended(self) -> bool:
        """Whether the run came to an end of its own; one that did not says nothing about a gate."""
        return not self.last.interrupted and self.last.stopped is None

    @property
    def last(self) -> Graded:
        """The grading that the run ended with: that of the answers as a whole, if it came to that."""
        return self.done if self.beside is None else self.beside.done

    @property
    def exit_code(self) -> int:
        """1 where a gate is missed or too many answers have no grade, else as for `grade --answers`."""
        if self.last.interrupted:
            return 130
        if self.last.stopped is not None:
            return self.last.stopped.exit_code
        return 1 if self.missed or self.ungraded > self.max_ungraded else 0

    @property
    def missed(self) -> list[str]:
        """The gates that were missed, in words."""
        lines = []
        for name, least in self.gates.items():
            value = self.agreement.measured[name]
            if least is not None and (value is None or value < least):
                lines.append(
                    f"{name} is {'not known' if value is None else f'{value:.4f}'}, and {least:g} is asked for"
                )
        return lines

    def json(self, *, details: bool) -> dict[str, Any]:
        """The agreement for programs."""
        found = self.agreement
        document: dict[str, Any] = {"n": found.n, **rounded(found.measured)}
        document["ci95"] = {name: ends and [round(end, _DIGITS) for end in ends] for name, ends in found.ci95.items()}
        document["ungraded"] = self.ungraded
        if self.beside is not None:
            document["whole"] = self.beside.json()
        if not details:
            return document
        people = None if found.people is None else {"n": found.people_n, **rounded(found.people)}
        return document | {
            "grader": self.grader,
            "levels": found.levels,
            "mean": rounded(found.mean),
            "length": rounded(found.length),
            "people": people,
            "questions": [{"question": one.question, "n": one.n, **rounded(one.measured)} for one in found.questions],
            "criteria": [
                {"criterion": one.criterion, "n": one.n, "same": round(one.same, _DIGITS), "kappa": one.kappa}
                for one in found.criteria
            ],
            "answers": [
                {"id": pair.id, "person": round(pair.person, _DIGITS), "given": round(pair.given, _DIGITS)}
                for pair in self.pairing.pairs
            ],
        }

    def show(self, *, details: bool) -> None:
        """The agreement for people."""
        found = self.agreement
        graded = f"{found.n:,} answers to {len(found.questions):,} questions, graded by {self.grader}"
        show.text(f"{self.file}: {graded}; {self.ungraded:,} ungraded")
        if not found.n:
            return
        show.text(f"Scores are shares of the maximum, 0 to 1; kappas are on {found.levels} levels, evenly apart.\n")
        show.table(["", "grader", "95 %", "mean alone", "length alone", "second person"], self._overall())
        if found.people is not None:
            show.text(f"\nThe second person graded {found.people_n:,} of the answers.")
        if self.beside is not None:
            self.beside.show()
        shown = None if details else _WORST
        head = ["n", "mae", "bias", "pearson", "qwk"]
        show.text(f"\nBy question, the largest error first{_of(len(found.questions), shown)}\n")
        show.table([*head, "question"], [_question(one) for one in found.questions[:shown]])
        if found.criteria:
            show.text(f"\nBy criterion, the least agreement first{_of(len(found.criteria), shown)}\n")
            rows = [
                [f"{one.n:,}", f"{one.same:.2f}", number(one.kappa), one.criterion] for one in found.criteria[:shown]
            ]
            show.table(["n", "same", "kappa", "criterion"], rows)

    def _overall(self) -> list[list[str]]:
        found = self.agreement
        return [
            [
                name,
                number(value),
                "" if (ends := found.ci95[name]) is None else f"{number(ends[0])} to {number(ends[1])}",
                number(found.mean[name]),
                number(found.length[name]),
                "" if found.people is None else number(found.people[name]),
            ]
            for name, value in found.measured.items()
        ]

    def say_what_is_left(self) -> None:
        """What could not be worked out, which answers have no grade, and which gates were missed."""
        done = self.done
        for remark in self.agreement.remarks:
            show.remark(remark)
        if self.pairing.unknown:
            names = ", ".join(list(self.pairing.unknown)[:_WORST])
            show.remark(f"Verdicts on criteria that the rubrics do not have, left out: {names}")
        if done.without:
            show.remark(", ".join([*by_why("ungraded", done.ungraded), *by_why("failed", done.failed)]))
        name_failures(done, "`dlgrade grade --answers` names them all")
        if self.beside is not None:
            self.beside.say()
        done = self.last
        if done.interrupted:
            show.remark("Interrupted.")
        if done.stopped is not None:
            show.remark(f"dlgrade: {done.stopped}")
        if done.left:
            show.remark(f"{done.left:,} answers are left. The same command again asks only for those.")
        if self.ended:
            for line in self.missed:
                show.remark(f"dlgrade: gate missed: {line}")


def _of(count: int, shown: int | None) -> str:
    return "" if shown is None or count <= shown else f"; {shown} of {count:,}, --details shows all"


def _question(one: ByQuestion) -> list[str]:
    text = " ".join(one.question.split())
    short = text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
    return [f"{one.n:,}", *(number(one.measured[name]) for name in ("mae", "bias", "pearson", "qwk")), short]
