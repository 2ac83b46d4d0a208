"""`dlgrade check`: what is wrong with banks and rubrics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlgrade.banks.checking import check_bank
from dlgrade.banks.gathering import Banks
from dlgrade.cli import show
from dlgrade.cli.options import Form, Json, Nested
from dlgrade.cli.wiring import Session
from dlgrade.rubrics import is_rubric, load_rubric

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Banks, folders of them, or rubrics.", metavar="PATH")],
    form: Form = None,
    nested: Nested = None,
    json: Json = False,
) -> None:
    """Say what is wrong with banks and rubrics, each with file and line.

    Placeholders left, one question twice, gaps in the numbering, answers that look cut off, fences and formulas
    left open, Python that does not parse. Exit 1 if anything is found.

    \b
    Examples:
      dlgrade check questions
      dlgrade check questions/article.md --json
    """
    rubrics = [path for path in paths if is_rubric(path)]
    banks = [path for path in paths if path not in rubrics]
    for path in rubrics:
        load_rubric(path)
    read = Session.open(form=form, nested=nested).read(banks) if banks else Banks(())
    found = [finding for bank in read.banks for finding in check_bank(bank)]
    if json:
        show.json_document([finding.model_dump() for finding in found])
    else:
        for finding in found:
            show.text(f"{finding.path}:{finding.line}: {finding.message}")
    checked = f"{show.counted(len(read.banks), 'bank')} and {show.counted(len(rubrics), 'rubric')} checked"
    show.remark(f"{checked}, {show.counted(len(found), 'finding')}")
    raise typer.Exit(1 if found or read.unreadable else 0)
