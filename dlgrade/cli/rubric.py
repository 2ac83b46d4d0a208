"""`dlgrade rubric`: draft rubrics, check them, or show one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from dlgrade.cli import options, show
from dlgrade.cli.rubric_draft import draft
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, RubricError, UnknownQuestion
from dlgrade.grading.checking import check_all, foreign, matrix
from dlgrade.grading.derivation import rules
from dlgrade.models import Rubric
from dlgrade.rubrics import Rubrics, load_rubric

_MANY = 40  # from here on a person waits long enough to wonder
_WORST = 10  # pairs that are shown
_RELATED = {True: "one topic, or near", False: ""}

app = typer.Typer(
    rich_markup_mode=None, add_completion=False, no_args_is_help=True, help="Draft rubrics, check them, or show one."
)
app.command()(draft)


@app.command()
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Rubrics, or folders of them; all if none is named.", metavar="[PATH]..."),
    ] = None,
) -> None:
    """Say what is wrong with rubrics: their form, and how the offline grader takes them.

    A rubric holds when its reference earns full marks, loses each criterion with the sentences that earn it,
    and neither the question repeated nor another question's reference earns much. Exit 1 if anything is wrong.

    \b
    Examples:
      dlgrade rubric check
      dlgrade rubric check rubrics/dropout.yaml
      dlgrade rubric check drafts
    """
    loaded: list[tuple[Path, Rubric]] = []
    wrong: list[str] = []
    library = Session.open().rubrics.paths
    for path in _files(paths) if paths else library.values():
        try:
            loaded.append((path, load_rubric(path)))
        except RubricError as error:
            wrong.append(str(error))
    if len(loaded) > _MANY:
        show.remark(f"grading the references of {len(loaded)} rubrics by each other: about a minute for 150 …")
    pairs = foreign([rubric for _, rubric in loaded])
    found = check_all([rubric for _, rubric in loaded], known=library, pairs=pairs)
    wrong += [f"{path}: {complaint}" for path, rubric in loaded for complaint in found[rubric.name]]
    for line in wrong:
        show.text(line)
    if pairs:
        show.text(matrix(pairs))
    if most := [pair for pair in pairs[:_WORST] if pair.percent]:
        rows = [[f"{one.percent:.0f}", one.rubric, one.reference, _RELATED[one.related]] for one in most]
        show.table(["percent", "by the rubric", "the reference of", ""], rows)
    drafts = sum(rubric.draft for _, rubric in loaded)
    checked = f"{show.counted(len(loaded), 'rubric')} checked" + (f", {drafts} of them drafts" if drafts else "")
    show.remark(f"{checked}, {show.counted(len(wrong), 'complaint')}")
    raise typer.Exit(1 if wrong else 0)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and those in the folders named."""
    for path in paths:
        found = Rubrics((path,)).paths.values() if path.is_dir() else (path,)
        if not found:
            raise InputError(f"{path}: no rubric is in this folder")
        yield from found


@app.command(name="show")
def show_rubric(
    question: options.Question,
) -> None:
    """Print the file of a question's rubric; needs and groups are told in words on stderr.

    \b
    Example:
      dlgrade rubric show general:2
    """
    session = Session.open()
    target = session.lookup.find(question)
    if target.rubric is None:
        raise UnknownQuestion(f"{target.id} has no rubric: {target.text}")
    show.text(session.rubrics.paths[target.rubric].read_text(encoding="utf-8").rstrip("\n"))
    rubric = session.rubrics.load(target.rubric)
    if told := rules(rubric):
        show.remark("\n".join([f"At most {rubric.max_score:g} points:", *(f"  {rule}" for rule in told)]))
