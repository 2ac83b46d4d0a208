"""`dlgrade fill`: the missing reference answers, written into banks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from dlgrade.answering import answer_request
from dlgrade.banks import ledger
from dlgrade.banks.filling import Encoded
from dlgrade.banks.filling import diff as diff_of
from dlgrade.banks.gathering import Banks, documents
from dlgrade.banks.ledger import now
from dlgrade.banks.outputs import check_replaceable, check_writable, planned
from dlgrade.banks.same import same
from dlgrade.cli import options, show
from dlgrade.cli.dry_run import rehearse
from dlgrade.cli.filled import Mode, Report
from dlgrade.cli.watching import Watch
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.llm.request import Request
from dlgrade.models import Question
from dlgrade.references import answer_requests, asked_answers, shipped_answers
from dlgrade.saving import Answers, Outcome, StaleOf, nothing_stale, wanted_of

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_AT_ONCE = 1_000  # questions that a dry run looks up in the cache

NO_OUTPUT = "say where the answers go: --out DIR, --in-place, --diff, --check or --dry-run"


@app.command()
def fill(
    paths: options.Banks,
    out: Annotated[
        Path | None, typer.Option(help="Write filled copies into this folder.", metavar="DIR", show_default=False)
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write the answers into the documents.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what would change; write nothing.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say what is missing; exit 1 if anything is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the messages for a model; send nothing.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Renew stale machine-written answers too.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Write repaired questions too: words that lost the spaces between them.")
    ] = False,
    model: options.Models = None,
    base_url: options.BaseUrl = None,
    concurrency: options.Concurrency = None,
    rpm: options.Rpm = None,
    tpm: options.Tpm = None,
    max_cost: options.MaxCost = None,
    form: options.Form = None,
    nested: options.Nested = None,
    table: options.Table = None,
    record: options.Record = None,
    replay: options.Replay = None,
    json: options.Json = False,
) -> None:
    """Write the missing reference answers into banks: only those, and no other byte.

    With no model set up, the answers are those that ship with dlgrade. With --model NAME every missing answer
    is asked of that model; replies are cached, so that a second run sends only what was not finished.
    A person's answers stay, with every option: --refresh renews what .dlgrade/answers.jsonl knows to be a machine's
    and nobody has reviewed, where the question, the prompt or the model has changed since.
    Exit 0 if every question has an answer, 1 if some are left, 3 if the endpoint cannot be used.

    \b
    Examples:
      dlgrade fill questions/general.md --out build
      dlgrade fill questions --in-place
      dlgrade fill questions/theory.md --diff --model NAME --base-url http://localhost:8080/v1
      dlgrade fill questions --in-place --refresh --model NAME
    """
    clock, started = time.monotonic(), now()
    mode = _mode(out, in_place=in_place, diff=diff, check=check, dry_run=dry_run)
    if json and mode is Mode.DIFF:
        raise InputError("--json and --diff both print to stdout: choose one")
    flags: dict[str, Any] = {
        "base_url": base_url,
        "concurrency": concurrency,
        "rpm": rpm,
        "tpm": tpm,
        "max_cost": max_cost,
    }
    session = Session.open(models=model, form=form, nested=nested, table=table, record=record, replay=replay, **flags)
    stale_of = session.refresh.stale if refresh else nothing_stale
    with _claimed(session, mode, paths, out) as (read, targets):
        wanted = wanted_of(read.banks, stale_of)
        if mode is Mode.DRY_RUN:
            _dry_run(session, wanted, json=json)
            return
        answers = Answers({}) if mode is Mode.CHECK else _answers(session, wanted)
        outcomes = [Outcome.of(bank, answers, stale_of, repair=repair) for bank in read.banks]
        if answers.texts or answers.stopped is None:
            outcomes = [_saved(mode, outcome, targets, answers, stale_of) for outcome in outcomes]
        report = Report(session, mode, read, answers, outcomes, started, time.monotonic() - clock)
        report.leave_record()
    if mode is Mode.DIFF:
        _print_diffs(outcomes)
    if json:
        show.json_document(report.json())
    report.say(show.remark if json or mode is Mode.DIFF else show.text)
    raise typer.Exit(report.exit_code)


def _mode(out: Path | None, **flags: bool) -> Mode:
    wanted = [mode for mode, given in ((Mode.OUT, out is not None), *_flagged(flags)) if given]
    if not wanted:
        raise InputError(NO_OUTPUT)
    if len(wanted) > 1:
        raise InputError(f"{' and '.join(wanted)} do not go together: choose one")
    return wanted[0]


def _flagged(flags: dict[str, bool]) -> list[tuple[Mode, bool]]:
    return [(Mode(f"--{name.replace('_', '-')}"), given) for name, given in flags.items()]


@contextmanager
def _claimed(
    session: Session, mode: Mode, paths: Sequence[Path], out: Path | None
) -> Iterator[tuple[Banks, dict[str, Path]]]:
    """The banks, and where each goes; what is written to is this run's alone until it is left."""
    with ExitStack() as held:
        if mode is Mode.IN_PLACE:
            held.enter_context(session.lock(path for _, path in documents(paths)))
        read = session.read(paths, leave_out=out)
        targets = _targets(mode, paths, out, read)
        if mode is Mode.OUT:
            held.enter_context(session.lock(targets.values()))
        _check_targets(mode, read, targets)
        yield read, targets


def _targets(mode: Mode, paths: Sequence[Path], out: Path | None, read: Banks) -> dict[str, Path]:
    """Where each bank goes, by its path. Empty where nothing is written."""
    targets: dict[str, Path] = {}
    if mode is Mode.IN_PLACE:
        targets = {bank.path: Path(bank.path) for bank in read.banks}
    elif out is not None:
        places = planned(paths, out)
        targets = {bank.path: places[bank.path] for bank in read.banks}
    check_writable(targets.values())
    return targets


def _check_targets(mode: Mode, read: Banks, targets: dict[str, Path]) -> None:
    """See, before anything is asked, that it can be written and that the ledgers there are whole."""
    for bank in read.banks if targets else ():
        ledger.check(targets[bank.path])
        if mode is Mode.OUT:
            check_replaceable(targets[bank.path], Encoded(bank.source, bank.encoding))


def _answers(session: Session, wanted: Sequence[Question]) -> Answers:
    if session.settings.offline:
        session.say_if_offline()
        return shipped_answers(wanted, session.rubrics)
    if not wanted:
        return Answers({})
    groups = same(wanted, session.rubrics.key)
    with session.client() as client, show.bar(len(groups)) as bar:
        return asked_answers(
            groups,
            client,
            session.prompts,
            session.settings,
            on_progress=Watch(bar, client).see,
            on_remark=show.remark,
        )


def _saved(mode: Mode, outcome: Outcome, targets: dict[str, Path], answers: Answers, stale_of: StaleOf) -> Outcome:
    if mode is Mode.IN_PLACE:
        return outcome.saved_in_place(answers, stale_of)
    return outcome.saved_as(targets[outcome.bank.path], answers) if mode is Mode.OUT else outcome


def _print_diffs(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        typer.echo(diff_of(outcome.bank.source, outcome.filled.source, outcome.bank.path.lstrip("/")), nl=False)


def _dry_run(session: Session, wanted: Sequence[Question], *, json: bool) -> None:
    """The requests that would be sent, exactly, and what they would cost."""
    requests = ((question.id, answer_request(question, session.prompts, session.settings)) for question in wanted)
    rehearse(session, requests, () if session.settings.offline else _unanswered(session, wanted), json=json)


def _unanswered(session: Session, wanted: Sequence[Question]) -> Iterator[Request]:
    """The first requests about questions that no model's reply is in the cache for, each once."""
    firsts = same(wanted, session.rubrics.key).firsts
    while some := [answer_requests(q, session.prompts, session.settings) for q in islice(firsts, _AT_ONCE)]:
        have = session.stored([request for each in some for request in each])
        yield from (each[0] for each in some if not any(request.key in have for request in each))
