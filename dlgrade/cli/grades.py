"""`dlgrade grades`: what can be done with grades that were written down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlgrade.banks.filling import digest
from dlgrade.banks.outputs import replacement
from dlgrade.cli import show
from dlgrade.cli.grades_report import report
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, OutputError
from dlgrade.grading.gradebook import Table
from dlgrade.grading.leniency import load
from dlgrade.grading.rescoring import Known, overridden, to_ask
from dlgrade.grading.rows import Row
from dlgrade.grading.score import explained
from dlgrade.grading.stored import read_grades, the_grade
from dlgrade.models import Grade, Rubric

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Report on, explain, override and export stored grades.",
)
app.command()(report)

File = Annotated[Path, typer.Argument(help="Grades as `grade` writes them: JSON Lines.", metavar="FILE")]
Id = Annotated[str, typer.Argument(help="Whose answer it is.", metavar="ID")]


@app.command()
def explain(file: File, id_: Id) -> None:
    """Say line by line how the score of a stored grade comes about by the rubric as it is now.

    Exit 1 if it has no score.

    \b
    Example:
      dlgrade grades explain grades.jsonl anna
    """
    grade = the_grade(file, id_).grade
    lines = [f"{grade.id}  {' '.join(grade.question.split())}", ""]
    if not grade.verdicts:
        show.text("\n".join([*lines, f"Not graded: {(grade.error or {}).get('message', 'no reason was given')}"]))
        raise typer.Exit(1)
    rubric = _rubric(Session.open(), grade, file)
    told = explained(grade, rubric)
    show.text("\n".join([*lines, *told]))
    again = to_ask(grade, rubric)
    stored = "no score" if grade.score is None else f"{grade.score:g} of {grade.max_score:g}"
    if again:
        show.remark(f"Worded otherwise since, or new: {', '.join(again)}. The stored score is {stored}.")
    elif grade.score is not None and not told[-1].startswith(f"= {grade.score:.6g} of {grade.max_score:.6g}"):
        show.remark(f"The stored score is {stored}, by the rubric as it was: dlgrade regrade {file} renews it.")
    raise typer.Exit(1 if grade.score is None else 0)


@app.command()
def override(
    file: File,
    id_: Id,
    criterion: Annotated[
        str, typer.Argument(help="The id of a criterion, or of a misconception.", metavar="CRITERION")
    ],
    verdict: Annotated[
        str, typer.Argument(help="met, partial or missed; of a misconception: found or absent.", metavar="VERDICT")
    ],
    by: Annotated[str, typer.Option("--by", help="Who says so.", metavar="NAME")],
    why: Annotated[str, typer.Option("--why", help="The reason.", metavar="TEXT")],
    calibration: Annotated[
        Path | None,
        typer.Option(help="What a calibrated score was corrected by.", metavar="FILE", show_default=False),
    ] = None,
) -> None:
    """Put a person's verdict in the place of the grader's, in the file.

    It is kept with name and reason in the grade, counts in the score, and stays through every regrade. The other grades
    stay as they are, and the file is no longer replaced by `grade --answers` unasked.

    \b
    Example:
      dlgrade grades override grades.jsonl anna random-masking met --by "R. Roe" --why "Says so in the second line."
    """
    if not by.strip() or not why.strip():
        raise InputError("a person's verdict has a name and a reason: --by NAME --why TEXT")
    session = Session.open()
    the_grade(file, id_)  # a file that is not there needs no lock
    with session.lock([file]):
        old = the_grade(file, id_)
        rubric = _rubric(session, old.grade, file)
        again = [one for one in to_ask(old.grade, rubric) if one != criterion]
        if again and old.grade.status == "graded":
            raise InputError(
                f"{old.where}: the rubric {rubric.name} is another one since: {', '.join(again)}",
                hint=f"First: dlgrade regrade {file} --ask --answers FILE",
            )
        correction = None if calibration is None else load(calibration)
        new = overridden(old.grade, rubric, criterion, verdict, by=by.strip(), why=why.strip(), correction=correction)
        with replacement(file, read=digest(file)) as written:
            written.work = True
            for stored in read_grades(file):
                written.file.write(stored.with_grade(new) if stored.where == old.where else stored.raw)
    show.text(f"{new.id}: {criterion} {verdict}: {_shown(old.grade)} -> {_shown(new)}")


@app.command()
def export(
    file: File,
    to: Annotated[Path, typer.Option("--to", help="A .csv or .tsv file; `-` for stdout.", metavar="FILE")],
) -> None:
    """Write stored grades as a table, a row each, for a gradebook.

    \b
    Example:
      dlgrade grades export grades.jsonl --to grades.csv
    """
    if str(to) != "-" and to.suffix.lower() not in {".csv", ".tsv"}:
        raise OutputError(f"{to}: a table of grades is written to .csv or .tsv")
    table = Table((), delimiter="\t" if to.suffix.lower() == ".tsv" else ",")
    rows = (table.line(Row(s.grade.id, s.where, s.grade.question, ""), s.grade) for s in read_grades(file))
    if str(to) == "-":
        typer.echo(table.head, nl=False)
        for row in rows:
            typer.echo(row, nl=False)
        return
    count = 0
    with Session.open().lock([to]), replacement(to) as written:
        written.file.write(table.head)
        for row in rows:
            written.file.write(row)
            count += 1
    show.text(f"{file} -> {to}: {show.counted(count, 'grade')}")


def _rubric(session: Session, grade: Grade, file: Path) -> Rubric:
    try:
        return Known(session.rubrics).of(grade)
    except InputError as error:
        raise InputError(f"{file}: {grade.id}: {error.message}", hint=error.hint) from None


def _shown(grade: Grade) -> str:
    return "no score" if grade.score is None else f"{grade.score:g} of {grade.max_score:g}"
