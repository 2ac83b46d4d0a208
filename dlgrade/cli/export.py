"""`dlgrade export`: the answer key as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlgrade.api import export as write_key
from dlgrade.cli import options, show
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.export import FORMATS, writer_for
from dlgrade.export.key import Key, Wanted, counted

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def export(
    paths: options.Banks,
    to: Annotated[
        Path, typer.Option(help=f"The file; its suffix chooses the form: {', '.join(FORMATS)}.", metavar="FILE")
    ],
    category: options.Category = None,
    difficulty: options.Difficulty = None,
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Only answers that a person wrote, accepted or edited.")
    ] = False,
    student: Annotated[
        bool, typer.Option("--student", help="Questions and room to write, without the references.")
    ] = False,
    rubrics: Annotated[
        bool, typer.Option("--rubrics", help="Criteria with their points, and misconceptions, beside each reference.")
    ] = False,
    form: options.Form = None,
    nested: options.Nested = None,
) -> None:
    """Write an answer key: every question once with its reference, by category, missing ones listed.

    The document's own answer comes first, else the shipped reference. Exit 1 if a question has neither. With
    --reviewed what a machine wrote and nobody has reviewed is left out, and so are shipped references.

    \b
    Examples:
      dlgrade export questions/general.md --to key.md
      dlgrade export questions --to key.html --rubrics
      dlgrade export questions --to key.json
      dlgrade export questions --to key.md --reviewed
      dlgrade export questions/general.md --to exam.html --student
    """
    if student and rubrics:
        raise InputError("--rubrics says what the answers are, --student leaves them out: choose one")
    writer_for(to)  # a suffix that is not known is said before anything is read
    session = Session.open(form=form, nested=nested)
    read = session.read(paths, leave_out=to)
    wanted = Wanted(reviewed=reviewed, category=category, difficulty=difficulty, student=student, rubrics=rubrics)
    key = write_key(read.banks, to, session.rubrics, wanted)
    show.text(f"{to}: {counted(key).rstrip('.')}")
    if not key.entries:
        show.remark("no question is like that")
    _missing(key, reviewed=reviewed)
    raise typer.Exit(1 if key.missing or read.unreadable else 0)


def _missing(key: Key, *, reviewed: bool) -> None:
    """Say which questions have no reference, and why."""
    gaps = {question.id for question in key.missing} - {question.id for question in key.drafts}
    others = [entry for entry in key.entries if entry.question.id in gaps]
    if reviewed:
        shipped = sum(entry.rubric is not None for entry in others)
        show.remark(f"left out: {len(key.drafts)} drafts that nobody has reviewed, {shipped} shipped references")
    for question in (entry.question for entry in others):
        show.remark(f"  no reference: {question.id}  {question.wording}")
