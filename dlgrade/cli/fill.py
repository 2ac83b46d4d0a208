"""`dlgrade fill`: the missing reference answers, written into banks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dlgrade.answering import answer_request
from dlgrade.api import Answers, Banks, asked_answers, shipped_answers
from dlgrade.banks.filling import Filled, diff, save
from dlgrade.banks.outputs import check_replaceable, check_writable, planned, save_copy
from dlgrade.banks.reading import read_bank
from dlgrade.banks.same import same
from dlgrade.cli import options, show
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.models import Bank, Question
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
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    concurrency: options.Concurrency = None,
    json: options.Json = False,
) -> None:
    """Write the missing reference answers into banks: only those, and no other byte.

    With no model set up, the answers are those that ship with dlgrade. With --model NAME every missing answer
    is asked of that model; replies are cached, so that a second run sends only what was not finished.
    Exit 0 if every question has an answer, 1 if some are left, 3 if the endpoint cannot be used.

    \b
    Examples:
      dlgrade fill questions/general.md --out build
      dlgrade fill questions --in-place
      dlgrade fill questions/theory.md --diff --model NAME --base-url http://localhost:8080/v1
    """
    started = time.monotonic()
    mode = _mode(out, in_place=in_place, diff=diff, check=check, dry_run=dry_run)
    if json and mode is Mode.DIFF:
        raise InputError("--json and --diff both print to stdout: choose one")
    session = Session.open(model=model, base_url=base_url, concurrency=concurrency)
    read = session.read(paths)
    if mode is Mode.DRY_RUN:
        _print_messages(session, _missing(read), json=json)
        return
    targets = _targets(mode, paths, out, read)
    answers = Answers({}) if mode is Mode.CHECK else _answers(session, _missing(read))
    filled = [(bank, answers.fill(bank)) for bank in read.banks]
    if targets and (answers.texts or answers.stopped is None):
        if mode is Mode.IN_PLACE:
            filled = [_in_place(session, bank, result, answers) for bank, result in filled]
        else:
            for bank, result in filled:
                save_copy(targets[bank.path], result.source.encode(bank.encoding))
    if mode is Mode.DIFF:
        for bank, result in filled:
            typer.echo(_diff(bank, result), nl=False)
    if json:
        show.json_document(_report(filled, targets, answers, time.monotonic() - started))
    _say(mode, filled, targets, answers, session, quiet=json)
    raise typer.Exit(_exit_code(filled, answers))


def _mode(out: Path | None, **flags: bool) -> Mode:
    wanted = [mode for mode, given in ((Mode.OUT, out is not None), *_flagged(flags)) if given]
    if not wanted:
        raise InputError(NO_OUTPUT)
    if len(wanted) > 1:
        raise InputError(f"{' and '.join(wanted)} do not go together: choose one")
    return wanted[0]


def _flagged(flags: dict[str, bool]) -> list[tuple[Mode, bool]]:
    return [(Mode(f"--{name.replace('_', '-')}"), given) for name, given in flags.items()]


def _missing(read: Banks) -> list[Question]:
    return [question for question in read.questions if question.answer is None]


def _targets(mode: Mode, paths: Sequence[Path], out: Path | None, read: Banks) -> dict[str, Path]:
    """Where each bank goes, by its path: checked before anything is asked. Empty where nothing is written."""
    if mode is Mode.IN_PLACE:
        targets = {bank.path: Path(bank.path) for bank in read.banks}
        check_writable(targets.values())
        return targets
    if mode is not Mode.OUT or out is None:
        return {}
    targets = planned(paths, out)
    check_replaceable(read.banks, targets)
    check_writable(targets[bank.path] for bank in read.banks)
    return targets


def _answers(session: Session, missing: Sequence[Question]) -> Answers:
    if session.settings.offline:
        session.say_if_offline()
        return shipped_answers(missing, session.rubrics)
    if not missing:
        return Answers({})
    with session.client() as client, show.bar(len(same(missing))) as report:
        return asked_answers(missing, client, session.prompts, session.settings, on_progress=report)


def _in_place(session: Session, bank: Bank, filled: Filled, answers: Answers) -> tuple[Bank, Filled]:
    """Save a document that was filled. One that was changed meanwhile is read again and filled as it is now."""
    now = read_bank(bank.path, wordings=session.rubrics.wordings)
    if now.source != bank.source:
        show.remark(f"{bank.path}: was changed meanwhile; the answers go into it as it is now")
        bank, filled = now, answers.fill(now)
    if filled.source != bank.source:
        save(bank.path, filled.source.encode(bank.encoding))
    return bank, filled


def _diff(bank: Bank, filled: Filled) -> str:
    return diff(bank.source, filled.source, bank.path.lstrip("/"))


def _exit_code(filled: Sequence[tuple[Bank, Filled]], answers: Answers) -> int:
    if answers.interrupted:
        return 130
    if answers.stopped is not None:
        return answers.stopped.exit_code
    return 1 if any(result.unanswered or result.failed for _, result in filled) else 0


# ── what is said ─────────────────────────────────────────────────────────────────────────────


def _report(
    filled: Sequence[tuple[Bank, Filled]], targets: dict[str, Path], answers: Answers, seconds: float
) -> dict[str, Any]:
    return {
        "files": [
            {
                "path": bank.path,
                "out": str(targets[bank.path]) if bank.path in targets else None,
                "filled": len(result.filled),
                "kept": len(result.kept),
                "unanswered": _left(bank, result),
            }
            for bank, result in filled
        ],
        "failed": [{"id": f.id, "error": f.message} for _, result in filled for f in result.failed],
        "requests": answers.requests,
        "cached": answers.cached,
        "usage": answers.usage.model_dump(),
        # No request costs nothing; what others cost is not known here.
        "cost_usd": None if answers.requests else 0.0,
        "seconds": round(seconds, 3),
    }


def _left(bank: Bank, result: Filled) -> list[str]:
    """The ids that still have no answer, in the document's order."""
    return [q.id for q in bank.questions if q.slot is not None and q.id not in set(result.filled)]


def _say(
    mode: Mode,
    filled: Sequence[tuple[Bank, Filled]],
    targets: dict[str, Path],
    answers: Answers,
    session: Session,
    *,
    quiet: bool,
) -> None:
    """One line for each file, one for each question left and why, and what to do about it."""
    line = show.remark if quiet or mode is Mode.DIFF else show.text
    for bank, result in filled:
        left = _left(bank, result)
        arrow = f" -> {targets[bank.path]}" if mode is Mode.OUT else ""
        counts = f"{len(result.filled)} filled, {len(result.kept)} had an answer, {len(left)} left"
        if answers.texts or answers.stopped is None:
            line(f"{bank.path}{arrow}: {counts}")
        if answers.stopped is None:
            _name(bank, left, {failure.id: failure.message for failure in result.failed})
    if not session.settings.offline and mode is not Mode.CHECK:
        show.remark(f"{answers.requests} requests, {answers.cached} from cache, {answers.usage.total_tokens:,} tokens")
    if answers.interrupted:
        show.remark("Interrupted: what was finished is kept, and is not asked for again.")
    if answers.stopped is not None:
        show.remark(f"dlgrade: {answers.stopped}")
        show.remark("What was finished is kept." if answers.texts else "Nothing was written.")
    elif mode is not Mode.CHECK and session.settings.offline and any(_left(bank, result) for bank, result in filled):
        show.remark(SET_UP_A_MODEL)


def _name(bank: Bank, left: Sequence[str], reasons: dict[str, str]) -> None:
    texts = {question.id: question.text for question in bank.questions}
    for id_ in left:
        show.remark(f"  no answer: {id_}  {texts[id_]}" + (f": {reasons[id_]}" if id_ in reasons else ""))


def _print_messages(session: Session, missing: Sequence[Question], *, json: bool) -> None:
    """The requests that would be sent, exactly; with no model set up, those that a model would get."""
    requests = [(question, answer_request(question, session.prompts, session.settings)) for question in missing]
    if session.settings.offline:
        show.remark("No model is set up, so nothing would be sent. With one, it would get:")
    if json:
        show.json_document([{"id": question.id, **request.parts} for question, request in requests])
        return
    for question, request in requests:
        model = "" if session.settings.offline else f" to {request.model} at {request.parts['endpoint']}"
        show.text(f"=== {question.id}{model}")
        for message in request.messages:
            show.text(f"--- {message.role}\n{message.content}")
        show.text("")
