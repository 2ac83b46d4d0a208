"""`dlgrade export`: the answer key as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlgrade.banks.filling import save
from dlgrade.banks.outputs import check_writable
from dlgrade.cli import show
from dlgrade.cli.options import Banks
from dlgrade.cli.wiring import Session
from dlgrade.errors import OutputError
from dlgrade.export import FORMATS, writer_for
from dlgrade.export.key import answer_key

app = typer.Typer(rich_markup_mode=None)


@app.command()
def export(
    paths: Banks,
    to: Annotated[
        Path, typer.Option(help=f"The file; its suffix chooses the form: {', '.join(FORMATS)}.", metavar="FILE")
    ],
) -> None:
    """Write an answer key: every question with its reference, by category, missing ones listed.

    The document's own answer comes first, else the shipped reference. Exit 1 if a question has neither.

    \b
    Examples:
      dlgrade export questions/general.md --to key.md
      dlgrade export questions --to key.json
    """
    write = writer_for(to)
    session = Session.open()
    read = session.read(paths)
    if any(Path(bank.path).resolve() == to.resolve() for bank in read.banks):
        raise OutputError(f"{to}: would replace a bank that is read; choose another file")
    check_writable([to])
    key = answer_key(read.banks, session.rubrics)
    save(to, write(key).encode())
    show.text(f"{to}: {len(key.entries)} questions, {len(key.entries) - len(key.missing)} with a reference")
    for question in key.missing:
        show.remark(f"  no reference: {question.id}  {question.text}")
    raise typer.Exit(1 if key.missing else 0)
