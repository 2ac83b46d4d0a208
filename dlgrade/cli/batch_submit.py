"""`dlgrade batch submit`: the requests of other commands, sent as batches."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlgrade.answering import answer_request
from dlgrade.banks.same import same
from dlgrade.cli import options, show
from dlgrade.cli.answers import answer_from
from dlgrade.cli.batch_show import many, row
from dlgrade.cli.spread import Judges, spread
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, ItemError, SettingsError
from dlgrade.grading.judge import Judge
from dlgrade.grading.matching import Matching
from dlgrade.grading.rows import BadRow, Row, read_rows, survey
from dlgrade.llm.batch import Work
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Failure, Rubric
from dlgrade.saving import nothing_stale, wanted_of
from dlgrade.settings import SET_UP_A_MODEL

if TYPE_CHECKING:
    from dlgrade.batching import Batching  # imported by wiring, when it is used
    from dlgrade.llm.batch_results import Submitted

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Send what the command of that name would ask, as batches. Nothing is sent that the cache or a batch has.",
)


@app.command()
def fill(
    paths: options.Banks,
    refresh: Annotated[bool, typer.Option("--refresh", help="Renew stale machine-written answers too.")] = False,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    form: options.Form = None,
    nested: options.Nested = None,
    table: options.Table = None,
    json: options.Json = False,
) -> None:
    """Ask for the missing reference answers of banks.

    \b
    Example:
      dlgrade batch submit fill questions --model NAME
    """
    session = _session(model=model, base_url=base_url, form=form, nested=nested, table=table)
    read = session.read(paths)
    stale_of = session.refresh.stale if refresh else nothing_stale
    firsts = same(wanted_of(read.banks, stale_of), session.rubrics.key).firsts
    requests = ((first.id, answer_request(first, session.prompts, session.settings)) for first in firsts)
    flags = {"--model": model, "--base-url": base_url, "--form": form, "--nested": nested, "--table": table}
    then = _command("fill", [*map(str, paths), "--in-place", *(["--refresh"] if refresh else [])], flags)
    with session.batches() as batching:
        _submit(session, batching, requests, work="fill", then=then, json=json, broken=len(read.unreadable))


@app.command()
@spread
def grade(
    question: Annotated[str | None, options.QUESTION] = None,
    file: Annotated[
        Path | None, typer.Argument(help="The answer; `-` for stdin.", metavar="[FILE|-]", show_default=False)
    ] = None,
    text: Annotated[str | None, typer.Option(help="The answer itself.", metavar="ANSWER", show_default=False)] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="Many answers, in a file as `grade --answers` reads it.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    *,
    judges: Judges,
    json: options.Json = False,
) -> None:
    """Ask for the verdicts on one answer, or on many.

    \b
    Examples:
      dlgrade batch submit grade dropout answer.md --model NAME
      dlgrade batch submit grade --answers class.csv --model NAME
    """
    if (question is None) == (answers is None):
        raise InputError("name a QUESTION, or --answers FILE; one of the two")
    if answers is not None and (file is not None or text is not None):
        raise InputError("with --answers FILE the answers stand in that file, not in another nor in --text")
    if answers is None and file is None and text is None:
        raise InputError("no answer was given", hint="Name a file, `-` for stdin, or --text.")
    session = _session(judges=judges.about(answers), model=model, base_url=base_url)
    flags = {"--model": model, "--base-url": base_url}
    with session.client() as client, session.batches() as batching:
        asking = _Asking(session, session.judge(client), batching.stored)
        if answers is not None:
            survey(answers)  # an id that stands twice is found before anything is paid for
            grades = answers.with_name(f"{answers.stem}-grades.jsonl")
            then = _command("grade", ["--answers", str(answers), "--out", str(grades), *judges.words], flags)
            requests = asking.many(read_rows(answers))
        else:
            # not from an editor: the answer has to be there again when its grade is wanted
            given = answer_from(file, text, question=str(question))
            named = [str(question), *([str(file)] if file else []), *judges.words]
            then = _command("grade", named, {"--text": text, **flags})
            requests = asking.one(Row(str(question), "the answer", str(question), given.text))
        _submit(session, batching, requests, work="grade", then=then, json=json, asking=asking)


def _session(**flags: Any) -> Session:
    session = Session.open(**flags)
    if session.settings.offline:
        raise SettingsError("no model is named, and without one there is nothing to send", hint=SET_UP_A_MODEL)
    return session


def _command(name: str, arguments: Iterable[str], flags: Mapping[str, str | None]) -> str:
    """The ordinary command as a person would type it."""
    given = [part for name, value in flags.items() if value for part in (name, value)]
    return shlex.join(["dlgrade", name, *arguments, *given])


class _Asking:
    """Answers on their way to becoming requests. `failures` are those that cannot, `silent` say nothing to grade.

    `unsettled` wait until what their questions ask for is known, which is asked in their place.
    """

    def __init__(self, session: Session, judge: Judge, stored: Callable[[Request], Reply | None]) -> None:
        self._matching = Matching(session.lookup, session.rubrics)
        self._judge = judge
        self._stored = stored
        self.failures: list[Failure] = []
        self.silent = 0
        self.unsettled = 0

    def one(self, row: Row) -> Iterator[tuple[str, Request]]:
        """The requests for one answer, if it takes any, as far as the replies that are there call for them.

        Raises:
            InputError: its question is not known, or has no rubric.
        """
        matched = self._matching.of(row)
        rubric: Rubric | None = matched.rubric
        if matched.alone is not None:
            rubric = self._judge.settling.at_hand(matched.alone, self._known)
        if rubric is None and matched.alone is not None:
            self.unsettled += 1
            yield from ((row.id, request) for request in self._judge.settling.pending(matched.alone, self._known))
            return
        asked = self._judge.asked(row.answer, rubric or matched.rubric, id=row.id, question=matched.question)
        self.silent += not asked.first
        for request in self._judge.pending(asked, self._known):
            yield row.id, request

    def _known(self, requests: Iterable[Request]) -> Mapping[str, Reply]:
        found = ((request.key, self._stored(request)) for request in requests)
        return {key: reply for key, reply in found if reply is not None}

    def many(self, rows: Iterable[Row | BadRow]) -> Iterator[tuple[str, Request]]:
        """The requests for many; what cannot be asked for is kept in `failures`, by file and line."""
        for answer in rows:
            if isinstance(answer, BadRow):
                self.failures.append(answer.failure)
                continue
            try:
                yield from self.one(answer)
            except (InputError, ItemError) as error:
                self.failures.append(Failure(id=answer.where, kind=error.kind, message=error.message))


def _submit(
    session: Session,
    batching: Batching,
    requests: Iterable[tuple[str, Request]],
    *,
    work: Work,
    then: str,
    json: bool,
    asking: _Asking | None = None,
    broken: int = 0,
) -> None:
    """Send them, say what became of them and what to do next, and leave if something is wrong."""
    try:
        done = batching.submit(requests, session.settings.base_url, work=work, then=then)
    except KeyboardInterrupt:
        show.remark("Interrupted: what was begun is kept: dlgrade batch status")
        raise typer.Exit(130) from None
    failures = [*done.failures, *(asking.failures if asking else ())]
    if json:
        document = {
            "batches": [row(batch) for batch in done.batches],
            "submitted": sum(batch.requests for batch in done.batches),
            "cached": done.cached,
            "held": dict(done.held),
            "failed": [{"id": failure.id, "error": failure.message} for failure in failures],
            "error": done.stopped.message if done.stopped else None,
        }
        show.json_document(document)
    line = show.remark if json else show.text
    for batch in done.batches:
        line(f"batch {batch.id}: {many(batch.requests, 'request')} to {batch.model}, {batch.state} ({batch.batch_id})")
    for id_, count in done.held.items():
        state = batching.folder.named(id_).state
        show.remark(f"In batch {id_} already ({state}), and not sent again: {many(count, 'request')}")
    if done.cached:
        show.remark(f"In the cache already: {many(done.cached, 'reply')}")
    if asking and asking.silent:
        show.remark(f"Says nothing, and needs no model: {many(asking.silent, 'answer')}")
    if asking and asking.unsettled:
        wait = f"{many(asking.unsettled, 'answer')} with a reference and no rubric"
        show.remark(f"Asked first, what questions ask for: {wait}; after the fetch, submit again")
    for failure in failures:
        show.remark(f"  not sent: {failure.id}: {failure.message}")
    _say_next(done, then)
    if done.stopped is not None:
        raise done.stopped
    if failures or broken:
        raise typer.Exit(1)


def _say_next(done: Submitted, then: str) -> None:
    if done.batches or done.held:
        show.remark("How it goes: dlgrade batch status. When it has ended: dlgrade batch fetch")
    elif done.cached and done.stopped is None:
        show.remark(f"Nothing to send: every reply is there. Go on with: {then}")
    elif done.stopped is None:
        show.remark("Nothing to send.")
