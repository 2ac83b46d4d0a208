"""`dlgrade calibrate`: how well a grader agrees with people."""

from __future__ import annotations

import hashlib
import math
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlgrade.banks.outputs import check_replaceable, check_writable, save_copy
from dlgrade.classes import Graded, grade_asked, grade_offline
from dlgrade.cli import options, show
from dlgrade.cli.calibrated import Agreed
from dlgrade.cli.comparing import BesideWhole, number
from dlgrade.cli.corrections import grader_of
from dlgrade.cli.spread import Calls, Judges, spread
from dlgrade.cli.watching import Watch, what_it_took
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, OutputError
from dlgrade.grading.rows import Survey, survey
from dlgrade.llm.counted import Counted
from dlgrade.settings import SET_UP_A_MODEL

if TYPE_CHECKING:
    from dlgrade.calibrating import Pairing  # it needs NumPy
    from dlgrade.grading.judge import Judge
    from dlgrade.grading.labels import Judged

app = typer.Typer(rich_markup_mode=None, add_completion=False)

NO_NUMPY = "calibrate needs NumPy for its statistics, and it is not installed"
GET_NUMPY = "Get it with: pip install 'dlgrade[stats]'"
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
@spread
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
    calls: Calls,
    judges: Judges,
    whole: Annotated[
        bool, typer.Option("--whole", help="Have every answer judged as a whole too, by levels, and compare.")
    ] = False,
    overrides: Annotated[
        Path | None,
        typer.Option(
            help="Grades with people's verdicts in them, by `grades override`: labels of the answers with their ids.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write it as one HTML page too, with who gave what drawn.", metavar="FILE"),
    ] = None,
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
    a second person's `score2`. A `verdicts` column, {"criterion": "met"}, is compared criterion by criterion, and so is
    what people said with `grades override`: of a FILE without scores, the answers that they judged are graded.

    With --whole the model is asked once more for each answer, for a level from nothing to all, and both are compared.

    Exit 1 if a --min-… is missed, or more answers than --max-ungraded have no grade; 3 if the endpoint cannot be used.

    \b
    Examples:
      dlgrade calibrate labels.csv
      dlgrade calibrate labels.jsonl --model NAME --min-qwk 0.6 --json
      dlgrade calibrate labels.jsonl --model NAME --whole
      dlgrade calibrate class.csv --overrides grades.jsonl --html agreement.html
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
    if html is not None and html.suffix.lower() not in {".html", ".htm"}:
        raise OutputError(f"{html}: the page is written to .html")
    for target in filter(None, (save, html)):
        check_replaceable(target)
        check_writable([target])
    # Imported here for start-up time, and since the help is there without NumPy too.
    from dlgrade.calibrating import Pairing, agree, compare  # noqa: PLC0415

    seen, judged = _labelled(file, overrides)
    clock, pairing, pairing_whole = time.monotonic(), Pairing(judged), Pairing(judged) if whole else None
    done, done_whole, client = _graded(session, seen, judged, pairing, pairing_whole)
    agreement = agree(pairing.pairs, seed=seed, levels=levels)
    beside = None
    if pairing_whole is not None and done_whole is not None:
        beside = BesideWhole(done_whole, compare(pairing.beside(pairing_whole), seed=seed, levels=agreement.levels))
    report = Agreed(file, grader_of(session), done, agreement, pairing, gates, max_ungraded, beside)
    if html is not None:
        _write(html, report)
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


def _labelled(file: Path, overrides: Path | None) -> tuple[Survey, Judged]:
    """The answers that have labels, and those that stand in a file of grades."""
    # for start-up time, as above
    from dlgrade.grading.labels import judged_in  # noqa: PLC0415

    seen = survey(file)
    judged = {} if overrides is None else judged_in(overrides)
    if "score" in {name.strip().lower() for name in seen.extra}:
        return seen, judged
    if not judged:
        raise InputError(
            f"{file}: no row has a `score`: a person's score and its `max_score` stand beside each answer",
            hint="People's verdicts in a file of grades are labels too: --overrides grades.jsonl",
        )
    narrowed = seen.narrowed(judged.keys())
    if not narrowed.rows:
        raise InputError(
            f"{file}: has none of the {len(judged):,} answers that people judged in {overrides}: other ids"
        )
    if narrowed.rows < len(judged):
        show.remark(f"{file}: lacks {len(judged) - narrowed.rows:,} of the {len(judged):,} answers that people judged")
    return narrowed, judged


def _write(to: Path, report: Agreed) -> None:
    # for start-up time, as above
    from dlgrade.pages import page  # noqa: PLC0415
    from dlgrade.pages.calibration import view  # noqa: PLC0415

    found = report.agreement
    made = view(found, file=str(report.file), grader=report.grader, ungraded=report.ungraded, missed=report.missed)
    save_copy(to, "".join(page("calibration", styles=("calibration.css",), **made)).encode())
    show.remark(f"{to}: the page")


def _save(path: Path, report: Agreed) -> None:
    """Write what corrects the grader, and say what it is worth on questions that it was not learned from."""
    if not report.ended:
        show.remark(f"{path}: not written, since answers are left")
        return
    # for start-up time, as above
    from dlgrade.grading.leniency import Scored, fitted, held_out  # noqa: PLC0415
    from dlgrade.grading.measures import measure  # noqa: PLC0415

    scored = [Scored(p.question, p.person, p.given) for p in report.pairing.pairs if p.person is not None]
    with report.file.open("rb") as labels:
        hashed = hashlib.file_digest(labels, "sha256").hexdigest()
    correction = fitted(scored, grader=report.grader, labels=hashed[:12])
    save_copy(path, (correction.model_dump_json(indent=2) + "\n").encode())
    people, before = [one.person for one in scored], report.agreement.measured
    after = measure(people, held_out(scored), levels=report.agreement.levels)
    worth = ", ".join(f"{name} {number(before[name])} -> {number(after[name])}" for name in _WORTH)
    show.remark(f"{path}: a correction learned from {correction.answers:,} answers; on questions held out: {worth}")


def _graded(
    session: Session, seen: Survey, judged: Judged, pairing: Pairing, whole: Pairing | None
) -> tuple[Graded, Graded | None, Counted | None]:
    """Grade the answers into `pairing`, and where that came to its end into `whole`, judged as a whole."""
    # for start-up time, as above: it is of no use before the file is known to have scores
    from dlgrade.grading.labels import LabelledMatching  # noqa: PLC0415

    matching = LabelledMatching(session.lookup, session.rubrics, judged)
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
