"""`dlgrade export`: the answer key as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlgrade.api import export as write_key
from dlgrade.cli import show
from dlgrade.cli.options import Banks, Form, Nested
from dlgrade.cli.wiring import Session
from dlgrade.export import FORMATS, writer_for

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def export(
    paths: Banks,
    to: Annotated[
        Path, typer.Option(help=f"The file; its suffix chooses the form: {', '.join(FORMATS)}.", metavar="FILE")
    ],
    form: Form = None,
    nested: Nested = None,
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Only answers that a person wrote, accepted or edited.")
    ] = False,
) -> None:
    """Write an answer key: every question with its reference, by category, missing ones listed.

    The document's own answer comes first, else the shipped reference. Exit 1 if a question has neither. With
    --reviewed what a machine wrote and nobody has reviewed is left out, and so are shipped references.

    \b
    Examples:
      dlgrade export questions/general.md --to key.md
      dlgrade export questions --to key.json
      dlgrade export questions --to key.md --reviewed
    """
    writer_for(to)  # a suffix that is not known is said before anything is read
    session = Session.open(form=form, nested=nested)
    read = session.read(paths, leave_out=to)
    key = write_key(read.banks, to, session.rubrics, reviewed=reviewed)
    show.text(f"{to}: {len(key.entries)} questions, {len(key.entries) - len(key.missing)} with a reference")
    drafts = {question.id for question in key.drafts}
    others = [entry for entry in key.entries if entry.reference is None and entry.question.id not in drafts]
    if reviewed:
        shipped = sum(entry.rubric is not None for entry in others)
        show.remark(f"left out: {len(drafts)} drafts that nobody has reviewed, {shipped} shipped references")
    for question in (entry.question for entry in others):
        show.remark(f"  no reference: {question.id}  {question.wording}")
    raise typer.Exit(1 if key.missing or read.unreadable else 0)
