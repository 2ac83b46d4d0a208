"""`dlgrade cache`: look into the stored replies, prune them, carry them elsewhere."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from dlgrade.answering import answer_request
from dlgrade.cli import options, show
from dlgrade.cli.answers import answer_from
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, OutputError, UnknownQuestion
from dlgrade.grading.asking import grading_request
from dlgrade.grading.evidence import clean
from dlgrade.llm import upkeep
from dlgrade.llm.request import Request
from dlgrade.llm.store import Store, worth
from dlgrade.llm.upkeep import Found, iso
from dlgrade.lookup import Target
from dlgrade.models import Question

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Look into the stored replies, prune them, carry them elsewhere.",
)

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_BYTES = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMG]B)", re.IGNORECASE)
_SHOWN = 20  # refused lines of an import that are named


@app.command()
def stats(json: options.Json = False) -> None:
    """Say where the replies are, how many there are, by endpoint and model, and what they take.

    \b
    Example:
      dlgrade cache stats
    """
    with Session.open().store() as store:
        found = upkeep.stats(store)
    if json:
        models = [
            model.model_dump() | {"oldest": iso(model.oldest), "newest": iso(model.newest)} for model in found.models
        ]
        show.json_document({"path": found.path, "bytes": found.bytes, "replies": found.replies, "models": models})
        return
    show.text(f"{found.path}: {found.replies:,} replies, {_in_words(found.bytes)}")
    rows = [
        (m.endpoint, m.model, f"{m.replies:,}", f"{m.prompt_tokens:,}", f"{m.completion_tokens:,}", *_days(m))
        for m in found.models
    ]
    if rows:
        show.table(("endpoint", "model", "replies", "tokens in", "tokens out", "oldest", "newest"), rows)


def _days(model: upkeep.ModelStats) -> tuple[str, str]:
    return iso(model.oldest)[:10], iso(model.newest)[:10]


# ── why ──────────────────────────────────────────────────────────────────────────────────────


@app.command()
def why(
    question: options.Question,
    grade: Annotated[
        Path | None,
        typer.Option(
            "--grade",
            help="Ask about the grading of this answer instead; `-` for stdin.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    json: options.Json = False,
) -> None:
    """Say whether the reply to a question is stored, or what differs from the nearest request that is.

    It is the request that fill would send for this question now. Exit 0 if it is stored, 1 if it would be sent.

    \b
    Examples:
      dlgrade cache why general:2 --model NAME
      dlgrade cache why general:2 --grade answer.md --model NAME
    """
    session = Session.open(model=model, base_url=base_url)
    if session.settings.offline:
        show.remark("No model is set up, so nothing would be sent. Stored replies of any model count.")
    target = session.lookup.find(question)
    requests = _answer_requests(session, target) if grade is None else [_grade_request(session, target, grade)]
    with session.store() as store:
        request, found = _best(store, requests, any_model=session.settings.offline)
    usable = found.entry is not None and found.hit and worth(request, found.entry.reply)
    if json:
        show.json_document(_as_json(target, found, usable=usable))
    else:
        show.text(f"{target.id}  {target.text.partition(chr(10))[0]}")
        for line in _told(found, usable=usable):
            show.text(line)
    raise typer.Exit(0 if usable else 1)


def _answer_requests(session: Session, target: Target) -> list[Request]:
    questions: Sequence[Question] = session.lookup.entries(target)
    return [answer_request(question, session.prompts, session.settings) for question in questions]


def _grade_request(session: Session, target: Target, file: Path) -> Request:
    if target.rubric is None:
        raise UnknownQuestion(f"{target.id} has no rubric to grade against: {target.text}")
    rubric = session.rubrics.load(target.rubric)
    answer = answer_from(file, None, question=target.text)
    return grading_request(clean(answer.text), rubric, session.prompts, session.settings)


def _best(store: Store, requests: Sequence[Request], *, any_model: bool) -> tuple[Request, Found]:
    """The first request that is stored, else the one that differs least from what is."""
    every = [(request, upkeep.look_up(store, request.parts, any_model=any_model)) for request in requests]
    return min(every, key=lambda pair: (pair[1].entry is None, len(pair[1].differences)))


def _told(found: Found, *, usable: bool) -> list[str]:
    if found.entry is None:
        return ["miss: nothing is stored that is like it"]
    entry = found.entry
    where = f"stored {iso(entry.stored)}, {entry.model} at {entry.endpoint}"
    if usable:
        return [f"hit: {where}"]
    if found.hit:
        return [f"miss: {where}, but the reply no longer passes what it is checked for"]
    return ["miss: this request is not stored", f"the nearest: {where}", *(f"  {line}" for line in found.differences)]


def _as_json(target: Target, found: Found, *, usable: bool) -> dict[str, object]:
    entry = found.entry
    known = {} if entry is None else {"key": entry.key, "stored": iso(entry.stored)}
    known |= {} if entry is None else {"model": entry.model, "endpoint": entry.endpoint}
    return {"id": target.id, "hit": usable, "nearest": known or None, "differences": list(found.differences)}


# ── less ─────────────────────────────────────────────────────────────────────────────────────


@app.command()
def prune(
    older_than: Annotated[
        str | None, typer.Option(help="Replies that were not used for so long: 30d, 12h, 2w.", metavar="AGE")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="The least recently used, until the rest takes this: 100MB, 1GB.", metavar="SIZE")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Replies of this model.", metavar="NAME")] = None,
) -> None:
    """Remove stored replies, and give back their room.

    With --model and --older-than those that are both. To have it done at the end of each run, set `cache_size`.

    \b
    Examples:
      dlgrade cache prune --older-than 30d
      dlgrade cache prune --size 100MB
    """
    age = None if older_than is None else _measured("--older-than", older_than, _AGE, _SECONDS, "as in 30d, 12h or 2w")
    bytes_ = None if size is None else int(_measured("--size", size, _SIZE, _BYTES, "as in 100MB or 1GB"))
    if age is None and bytes_ is None and model is None:
        raise InputError("say which replies go: --older-than AGE, --size SIZE or --model NAME; `cache clear` takes all")
    with Session.open().store() as store:
        removed = upkeep.prune(store, unused_for=age, model=model, size=bytes_)
        left = upkeep.stats(store)
    show.text(f"{removed:,} removed, {left.replies:,} left, {_in_words(left.bytes)}")


def _measured(option: str, value: str, form: re.Pattern[str], units: Mapping[str, float], sample: str) -> float:
    match = form.fullmatch(value.strip())
    if match is None:
        raise InputError(f"{option}: {value!r} is not understood: a number and its unit, {sample}")
    unit = {name.lower(): factor for name, factor in units.items()}[match[2].lower()]
    return float(match[1]) * unit


@app.command()
def clear(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove all stored replies: everything would be asked, and paid for, again.

    \b
    Example:
      dlgrade cache clear --yes
    """
    with Session.open().store() as store:
        found = upkeep.stats(store)
        if not yes and not _confirmed(f"Remove all {found.replies:,} replies in {found.path}?"):
            raise InputError("nothing was removed; say --yes to remove without being asked")
        removed = upkeep.clear(store)
    show.text(f"{removed:,} removed")


def _confirmed(question: str) -> bool:
    typer.echo(f"{question} [y/N] ", nl=False, err=True)
    said = sys.stdin.readline()
    if not said.endswith("\n"):
        show.remark("")  # nobody was there to end the line
    return said.strip().lower() in {"y", "yes"}


# ── elsewhere ────────────────────────────────────────────────────────────────────────────────


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where they go, a line each; `-` for stdout.", metavar="FILE|-")],
) -> None:
    """Write all stored replies with their requests as JSON Lines, for `cache import` on another machine.

    \b
    Examples:
      dlgrade cache export replies.jsonl
      dlgrade cache export - | gzip > replies.jsonl.gz
    """
    count = 0
    with Session.open().store() as store, _lines_to(file) as write:
        for line in upkeep.exported(store):
            write(f"{line}\n".encode())
            count += 1
    show.remark(f"{count:,} replies exported")


@contextlib.contextmanager
def _lines_to(file: Path) -> Iterator[Callable[[bytes], object]]:
    """Write to stdout, or to a file that is there whole or not at all."""
    if str(file) == "-":
        yield sys.stdout.buffer.write
        return
    # a pipe or a device is written to; only a file is replaced
    plain = file.is_file() or not file.exists()
    target = Path(os.path.realpath(file))
    written = target.with_name(f".{target.name}-{os.getpid()}.tmp") if plain else target
    try:
        try:
            with written.open("wb") as out:
                yield out.write
            if plain:
                written.replace(target)
        except BaseException:
            if plain:
                written.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{file}: cannot be written: {(error.strerror or str(error)).lower()}") from None


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="What `cache export` wrote; `-` for stdin.", metavar="FILE|-")],
) -> None:
    """Store the replies of an exported file; those that are there already stay.

    Each line is checked, and refused where its key is not that of its request. Exit 1 if a line is refused.

    \b
    Examples:
      dlgrade cache import replies.jsonl
      gunzip -c replies.jsonl.gz | dlgrade cache import -
    """
    with _lines_from(file) as lines, Session.open().store() as store:
        done = upkeep.import_lines(store, lines, "stdin" if str(file) == "-" else str(file))
    for reason in done.refused[:_SHOWN]:
        show.remark(f"refused: {reason}")
    if len(done.refused) > _SHOWN:
        show.remark(f"… and {len(done.refused) - _SHOWN:,} more")
    show.text(f"{done.new:,} imported, {done.known:,} were there already, {len(done.refused):,} refused")
    raise typer.Exit(1 if done.refused else 0)


@contextlib.contextmanager
def _lines_from(file: Path) -> Iterator[Iterable[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield lines
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _in_words(count: int) -> str:
    """Bytes as people write them."""
    unit = next((name for name in ("GB", "MB") if count >= _BYTES[name]), "kB")
    return f"{count / _BYTES[unit]:,.1f} {unit}"
