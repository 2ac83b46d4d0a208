"""`dlgrade rubric draft`: rubrics for questions that have none, written by a model for a person to finish."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from dlgrade import library, provenance
from dlgrade.banks.ledger import now
from dlgrade.banks.outputs import check_writable
from dlgrade.banks.same import identity, same
from dlgrade.banks.wording import spaced, squash
from dlgrade.cli import options, show
from dlgrade.cli.dry_run import rehearse
from dlgrade.cli.watching import Watch, what_it_took
from dlgrade.cli.wiring import Session
from dlgrade.drafting import TEMPLATE, Drafts, Shelf, draft_request, drafted
from dlgrade.errors import DlgradeError, InputError, SettingsError, UnknownQuestion
from dlgrade.llm.counted import Counted
from dlgrade.models import Question, Usage
from dlgrade.rubrics import Rubrics
from dlgrade.settings import SET_UP_A_MODEL

_SHOWN = 8  # questions that an id may mean


def draft(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Banks, or folders of them.", metavar="PATH", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where the drafts go; by default into your rubrics folder.", metavar="DIR", show_default=False
        ),
    ] = None,
    question: Annotated[
        str | None,
        typer.Option(help="This question alone: an id, or a part of the text.", metavar="ID", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the messages for a model; send nothing.")] = False,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    concurrency: options.Concurrency = None,
    rpm: options.Rpm = None,
    tpm: options.Tpm = None,
    max_cost: options.MaxCost = None,
    form: options.Form = None,
    nested: options.Nested = None,
    record: options.Record = None,
    replay: options.Replay = None,
    json: options.Json = False,
) -> None:
    """Draft rubrics for the questions that have none, by a model, for you to finish.

    Each draft is one file, written as soon as it is there; no file that exists is touched. An answer that stands in the
    document is the reference, else the model writes one. The draft is checked as `rubric check` does it, and the model
    is told what is wrong, at most twice; what is wrong still is said here. Grades by a draft are flagged until you
    delete its line `draft: true`.

    Exit 1 if a draft has something wrong or a question has none, 3 if the endpoint cannot be used.

    \b
    Examples:
      dlgrade rubric draft my-questions.md --model NAME
      dlgrade rubric draft questions notes.md --out drafts --max-cost 0.50
      dlgrade rubric draft --question my-questions:3 --model NAME
    """
    clock, started = time.monotonic(), now()
    flags: dict[str, Any] = {"base_url": base_url, "concurrency": concurrency, "rpm": rpm, "tpm": tpm}
    flags |= {"max_cost": max_cost, "form": form, "nested": nested}
    session = Session.open(record=record, replay=replay, model=model, **flags)
    if session.settings.offline and not dry_run:
        raise SettingsError("a rubric is drafted by a model, and none is named", hint=SET_UP_A_MODEL)
    folder = session.settings.rubrics if out is None else out
    asked, broken = _asked(session, paths or [], question)
    if dry_run:
        wanted = _wanted(asked, _rubrics(session, folder))
        requests = [(each.id, draft_request(each, session.prompts, session.settings)) for each in wanted]
        have = session.stored([request for _, request in requests])
        rehearse(session, requests, [request for _, request in requests if request.key not in have], json=json)
        return
    wanted, done, client = _drafted(session, asked, folder)
    had = len(same(asked)) - len(wanted)
    report = _Report(session, folder, wanted, had, broken, done, client, started, time.monotonic() - clock)
    report.leave_record()
    if json:
        show.json_document(report.json())
    report.say(quiet=json)
    raise typer.Exit(report.exit_code)


def _asked(session: Session, paths: Sequence[Path], question: str | None) -> tuple[list[Question], int]:
    """The questions meant, and how many documents could not be read."""
    if not paths:
        if question is None:
            raise InputError("name banks, or one question with --question ID")
        target = session.lookup.find(question)
        return session.lookup.entries(target)[:1], 0
    read = session.read(paths)
    every = [each for bank in read.banks for each in bank.questions]
    return (every if question is None else [_named(question, every)]), len(read.unreadable)


def _named(name: str, questions: Sequence[Question]) -> Question:
    """The one question of that id, text, or part of a text."""
    exact = [each for each in questions if name in (each.id, each.text) or identity(name) == identity(each.text)]
    found = exact or [each for each in questions if squash(name) and squash(name) in squash(each.text)]
    different = same(found)
    if not different:
        first, last = questions[0].id, questions[-1].id
        raise UnknownQuestion(f"no question is called {name!r}", hint=f"There are {first} to {last}.")
    if len(different) > 1:
        lines = "\n".join(f"  {group[0].id}  {spaced(group[0].wording)}" for group in different[:_SHOWN])
        raise UnknownQuestion(f"{name!r} may be one of {len(different)}:\n{lines}")
    return different[0][0]


def _rubrics(session: Session, folder: Path) -> Rubrics:
    return Rubrics(tuple(dict.fromkeys((folder, *library.folders("rubrics", session.settings)))))


def _wanted(asked: Sequence[Question], rubrics: Rubrics) -> list[Question]:
    """The questions without a rubric, each once."""
    return [first for first in same(asked).firsts if rubrics.name_for(first) is None]


def _drafted(
    session: Session, asked: Sequence[Question], folder: Path
) -> tuple[list[Question], Drafts, Counted | None]:
    """The questions that had no rubric, what came of them, and who was asked."""
    if not _wanted(asked, _rubrics(session, folder)):
        return [], Drafts(), None
    lock = folder / "drafts"
    check_writable([lock])
    with session.lock([lock]):
        rubrics = _rubrics(session, folder)  # read again: another run may have written some meanwhile
        wanted = _wanted(asked, rubrics)
        shelf = Shelf(folder, taken=rubrics.paths, model=str(session.settings.model))
        with session.client() as client, show.bar(len(wanted)) as bar:
            see = Watch(bar, client).see
            return wanted, drafted(wanted, shelf, client, session.prompts, session.settings, on_progress=see), client


@dataclass(frozen=True)
class _Report:
    """One run, at its end. `had` is how many questions had a rubric, `broken` how many documents were unreadable."""

    session: Session
    folder: Path
    wanted: Sequence[Question]
    had: int
    broken: int
    done: Drafts
    client: Counted | None
    started: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every question has a rubric that holds, 1 if not, else why the run could not be carried out."""
        if self.done.interrupted:
            return 130
        if self.done.stopped is not None:
            return self.done.stopped.exit_code
        return 1 if self.broken or self.done.failures or any(one.wrong for one in self.done.drafted) else 0

    def json(self) -> dict[str, Any]:
        """The run for programs."""
        client, done = self.client, self.done
        return {
            "drafted": [
                {"id": one.id, "rubric": one.rubric.name, "path": str(one.path), "wrong": list(one.wrong)}
                for one in done.drafted
            ],
            "failed": [{"id": failure.id, "error": failure.message} for failure in done.failures],
            "had_one": self.had,
            "left": self.left,
            "requests": client.requests - client.cached if client else 0,
            "cached": client.cached if client else 0,
            "usage": (client.usage if client else Usage()).model_dump(),
            "cost_usd": client.cost if client else 0,
            "seconds": round(self.seconds, 3),
        }

    @property
    def left(self) -> int:
        """How many questions were not finished."""
        return len(self.wanted) - len(self.done.drafted) - len(self.done.failures)

    def leave_record(self) -> None:
        """Write beside the drafts what they were made with; that it cannot be written is said, and costs nothing."""
        if not self.done.drafted:
            return
        prompts = {TEMPLATE: self.session.prompts.fingerprint(TEMPLATE)}
        made = provenance.made_with("rubric-draft", self.session.settings, prompts, {})
        stopped = self.done.stopped
        outcome = self.json() | {"interrupted": self.done.interrupted, "stopped": stopped and stopped.message}
        try:
            provenance.record(self.folder.resolve(), self.started, made, outcome)
        except DlgradeError as error:
            show.remark(f"dlgrade: no record of this run was left: {error}")

    def say(self, *, quiet: bool) -> None:
        """A line for each draft, what is wrong with it, what failed, and what the run took."""
        texts = {question.id: spaced(question.wording) for question in self.wanted}
        for one in self.done.drafted:
            (show.remark if quiet else show.text)(f"{one.path}  {one.id}  {texts[one.id]}")
            for wrong in one.wrong:
                show.remark(f"  {one.path}: {wrong}")
        for failure in self.done.failures:
            show.remark(f"  no draft: {failure.id}  {texts[failure.id]}: {failure.message}")
        faulty = sum(bool(one.wrong) for one in self.done.drafted)
        parts = [f"{len(self.done.drafted):,} drafted"]
        parts += [f"{faulty:,} of them with something wrong"] if faulty else []
        parts += [f"{len(self.done.failures):,} failed"] if self.done.failures else []
        parts += [f"{self.had:,} had a rubric"] if self.had else []
        show.remark(", ".join(parts))
        if self.client is not None:
            show.remark(what_it_took(self.client, self.seconds))
        if self.done.stopped is not None:
            show.remark(f"dlgrade: {self.done.stopped}")
        if self.left:
            show.remark(show.left(self.left, "question"))
        if self.done.drafted:
            show.remark("Read each draft, put right what is wrong, then delete its line `draft: true`.")
