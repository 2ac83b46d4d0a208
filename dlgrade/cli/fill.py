"""`dlgrade fill`: the missing reference answers, written into banks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dlgrade.answering import answer_request
from dlgrade.api import asked_answers, shipped_answers
from dlgrade.banks.filling import diff as diff_of
from dlgrade.banks.gathering import Banks, documents
from dlgrade.banks.ledger import Ledger
from dlgrade.banks.outputs import check_replaceable, check_writable, planned
from dlgrade.banks.same import same
from dlgrade.cli import options, show
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.models import Question
from dlgrade.saving import Answers, Outcome, StaleOf, nothing_stale
from dlgrade.settings import SET_UP_A_MODEL

app = typer.Typer(rich_markup_mode=None, add_completion=False)

NO_OUTPUT = "say where the answers go: --out DIR, --in-place, --diff, --check or --dry-run"


class Mode(StrEnum):
    """What is done with the answers."""

    OUT = "--out"
    IN_PLACE = "--in-place"
    DIFF = "--diff"
    CHECK = "--check"
    DRY_RUN = "--dry-run"


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
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    concurrency: options.Concurrency = None,
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
    started = time.monotonic()
    mode = _mode(out, in_place=in_place, diff=diff, check=check, dry_run=dry_run)
    if json and mode is Mode.DIFF:
        raise InputError("--json and --diff both print to stdout: choose one")
    session = Session.open(
        model=model,
        base_url=base_url,
        concurrency=concurrency,
        form=form,
        nested=nested,
        table=table,
        record=record,
        replay=replay,
    )
    stale_of = session.refresh.stale if refresh else nothing_stale
    with _claimed(session, mode, paths, out) as (read, targets):
        wanted = _wanted(read, stale_of)
        if mode is Mode.DRY_RUN:
            _print_messages(session, wanted, json=json)
            return
        answers = Answers({}) if mode is Mode.CHECK else _answers(session, wanted)
        outcomes = [Outcome.of(bank, answers, stale_of, repair=repair) for bank in read.banks]
        if answers.texts or answers.stopped is None:
            outcomes = [_saved(mode, outcome, targets, answers, stale_of) for outcome in outcomes]
    if mode is Mode.DIFF:
        _print_diffs(outcomes)
    if json:
        show.json_document(_report(outcomes, read, answers, time.monotonic() - started))
    _say(mode, outcomes, answers, session, line=show.remark if json or mode is Mode.DIFF else show.text)
    raise typer.Exit(_exit_code(mode, outcomes, read, answers))


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


def _wanted(read: Banks, stale_of: StaleOf) -> list[Question]:
    """The questions without an answer, and those whose answer is to be renewed, bank by bank."""
    wanted: list[Question] = []
    for bank in read.banks:
        wanted += [question for question in bank.questions if question.answer is None]
        wanted += [stale.question for stale in stale_of(bank) if stale.hindrance is None]
    return wanted


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
        Ledger.beside(targets[bank.path])
        if mode is Mode.OUT:
            check_replaceable(targets[bank.path], bank.source.encode(bank.encoding))


def _answers(session: Session, wanted: Sequence[Question]) -> Answers:
    if session.settings.offline:
        session.say_if_offline()
        return shipped_answers(wanted, session.rubrics)
    if not wanted:
        return Answers({})
    key = session.rubrics.key
    with session.client() as client, show.bar(len(same(wanted, key))) as report:
        return asked_answers(wanted, client, session.prompts, session.settings, key=key, on_progress=report)


def _saved(mode: Mode, outcome: Outcome, targets: dict[str, Path], answers: Answers, stale_of: StaleOf) -> Outcome:
    if mode is Mode.IN_PLACE:
        return outcome.saved_in_place(answers, stale_of)
    return outcome.saved_as(targets[outcome.bank.path], answers) if mode is Mode.OUT else outcome


def _exit_code(mode: Mode, outcomes: Sequence[Outcome], read: Banks, answers: Answers) -> int:
    if answers.interrupted:
        return 130
    if answers.stopped is not None:
        return answers.stopped.exit_code
    if errors := [outcome.error.exit_code for outcome in outcomes if outcome.error]:
        return max(errors)
    left = any(outcome.left or outcome.still_stale or outcome.lost or outcome.broken for outcome in outcomes)
    left = left or (mode is Mode.CHECK and any(outcome.repaired for outcome in outcomes))
    return 1 if read.unreadable or left else 0


# ── what is said ─────────────────────────────────────────────────────────────────────────────


def _report(outcomes: Sequence[Outcome], read: Banks, answers: Answers, seconds: float) -> dict[str, Any]:
    failed = [{"id": f.id, "error": f.message} for o in outcomes for f in (*o.filled.failed, *o.lost)]
    failed += [{"id": o.bank.path, "error": o.error.message} for o in outcomes if o.error]
    failed += [{"id": error.message.partition(":")[0], "error": error.message} for error in read.unreadable]
    return {
        "files": [
            {
                "path": outcome.bank.path,
                "out": str(outcome.out) if outcome.out else None,
                "filled": len(outcome.filled.filled),
                "kept": len(outcome.filled.kept),
                "unanswered": list(outcome.left),
            }
            for outcome in outcomes
        ],
        "failed": failed,
        "requests": answers.requests,
        "cached": answers.cached,
        "usage": answers.usage.model_dump(),
        # No request costs nothing; what others cost is not known here.
        "cost_usd": None if answers.requests else 0.0,
        "seconds": round(seconds, 3),
    }


def _say(
    mode: Mode, outcomes: Sequence[Outcome], answers: Answers, session: Session, *, line: Callable[[str], None]
) -> None:
    """One line for each file, one for each question left and why, and what to do about it."""
    for outcome in outcomes:
        if answers.texts or answers.stopped is None:
            line(_summary(mode, outcome))
        if outcome.changed:
            show.remark(f"{outcome.bank.path}: was changed meanwhile; the answers went into it as it is now")
        if outcome.error is not None:
            show.remark(f"dlgrade: {outcome.error}")
        _name_stale(outcome)
        if answers.stopped is None:
            _name(outcome, failed_alone=answers.interrupted)
    if not session.settings.offline and mode is not Mode.CHECK:
        show.remark(f"{answers.requests} requests, {answers.cached} from cache, {answers.usage.total_tokens:,} tokens")
    if answers.interrupted:
        show.remark("Interrupted: what was finished is kept, and is not asked for again.")
    if answers.stopped is not None:
        show.remark(f"dlgrade: {answers.stopped}")
        show.remark("What was finished is kept." if answers.texts else "Nothing was written.")
    elif mode is not Mode.CHECK and session.settings.offline and any(outcome.left for outcome in outcomes):
        show.remark(SET_UP_A_MODEL)


def _summary(mode: Mode, outcome: Outcome) -> str:
    arrow = f" -> {outcome.out}" if mode is Mode.OUT and outcome.out else ""
    counts = f"{len(outcome.filled.filled)} filled, {len(outcome.filled.kept)} had an answer, {len(outcome.left)} left"
    if outcome.repaired:
        counts += f", {len(outcome.repaired)} {'to repair' if mode is Mode.CHECK else 'repaired'}"
    if outcome.still_stale:
        counts += f", {len(outcome.still_stale)} stale"
    return f"{outcome.bank.path}{arrow}: {counts}" if outcome.error is None else f"{outcome.bank.path}: not written"


def _name_stale(outcome: Outcome) -> None:
    """What was renewed and what was not, each with the reason, and what found no place any more."""
    reasons = {failure.id: f"; not renewed: {failure.message}" for failure in outcome.filled.failed}
    for stale in outcome.refreshed if outcome.error is None else ():
        show.remark(f"  refreshed: {stale.question.id}: {stale.why}")
    for stale in outcome.still_stale:
        hindrance = f"; not renewed: {stale.hindrance}" if stale.hindrance else reasons.get(stale.question.id, "")
        show.remark(f"  stale: {stale.question.id}: {stale.why}{hindrance}")
    for id_ in outcome.broken:
        show.remark(f"  not repaired: {id_}: its spaces cannot be put back without changing more")
    for failure in outcome.lost:
        show.remark(f"  not written: {failure.id}: {failure.message}")


def _name(outcome: Outcome, *, failed_alone: bool) -> None:
    """The questions left, with the reason where there is one; after Ctrl-C most have none but that."""
    texts = {question.id: question.wording for question in outcome.bank.questions}
    reasons = {failure.id: f": {failure.message}" for failure in outcome.filled.failed}
    for id_ in (id_ for id_ in outcome.left if id_ in reasons or not failed_alone):
        show.remark(f"  no answer: {id_}  {texts[id_]}{reasons.get(id_, '')}")


def _print_diffs(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        typer.echo(diff_of(outcome.bank.source, outcome.filled.source, outcome.bank.path.lstrip("/")), nl=False)


def _print_messages(session: Session, wanted: Sequence[Question], *, json: bool) -> None:
    """The requests that would be sent, exactly; with no model set up, those that a model would get."""
    requests = [(question, answer_request(question, session.prompts, session.settings)) for question in wanted]
    if session.settings.offline:
        show.remark("No model is set up, so nothing would be sent. With one, it would get:")
    if json:
        model = {"model": None} if session.settings.offline else {}
        show.json_document([{"id": question.id, **request.parts, **model} for question, request in requests])
        return
    for question, request in requests:
        to = "" if session.settings.offline else f" to {request.model} at {request.parts['endpoint']}"
        show.text(f"=== {question.id}{to}")
        for message in request.messages:
            show.text(f"--- {message.role}\n{message.content}")
        show.text("")
