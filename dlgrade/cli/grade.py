"""`dlgrade grade`: one answer against its question's rubric; many in `grade_many`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlgrade.cli import options, show
from dlgrade.cli.answers import answer_from
from dlgrade.cli.spread import Calls, Judges, spread
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, UnknownQuestion
from dlgrade.grading.derivation import derive, needless
from dlgrade.grading.score import explained
from dlgrade.models import Evidence, Grade, Rubric

if TYPE_CHECKING:
    from dlgrade.grading.leniency import Correction  # few runs correct anything

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_MARKS = {"met": "+", "partial": "~", "missed": "-", "ungraded": "?"}


@app.command()
@spread
def grade(
    question: Annotated[str | None, options.QUESTION] = None,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The answer; `-` for stdin. With none, $EDITOR opens.", metavar="[FILE|-]", show_default=False
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(help="The answer itself.", metavar="ANSWER", show_default=False)] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="Many answers: CSV or JSON Lines with `question` and `answer`.", metavar="FILE", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="With --answers: where the grades go, .jsonl or .csv; `-` for stdout.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say line by line how the score came about.")] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Correct totals as this file says, which `calibrate --save` made for this grader.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    *,
    calls: Calls,
    judges: Judges,
    json: options.Json = False,
) -> None:
    """Grade an answer, or many, against their questions' rubrics.

    Shows the score, the verdict on each criterion with the words that earned it, misconceptions and what
    is missing. Exit 1 if the answer could not be graded.

    With --answers, every answer of a file gets its grade in --out, in the order of the file. Columns are `question`,
    `answer`, `id` if you like, and for a question without a rubric `reference` and perhaps `max_score`. Replies are
    cached, so that a second run asks only for what was not finished. Exit 1 if an answer could not be graded, 3 if
    the endpoint cannot be used.

    \b
    Examples:
      dlgrade grade general:2 answer.md
      dlgrade grade dropout --text "It zeroes units at random."
      dlgrade grade general:2 answer.md --explain
      dlgrade grade general:2 - --json < answer.md
      dlgrade grade --answers class.csv --out grades.csv --model NAME
      dlgrade grade general:2 answer.md --judge NAME --judge ANOTHER --samples 3
    """
    if explain and (json or answers is not None):
        raise InputError(
            "--explain is for one grade that is shown; of grades in a file: dlgrade grades explain FILE ID"
        )
    session = Session.open(judges=judges.about(answers), **vars(calls))
    correction = None
    if calibration is not None:
        # Imported here for start-up time: few runs correct anything.
        from dlgrade.cli.corrections import correction_for  # noqa: PLC0415

        correction = correction_for(session, calibration)
    if answers is not None:
        if question is not None or text is not None:
            raise InputError("with --answers, the questions and answers stand in that file: no QUESTION, no --text")
        # Imported here for start-up time: one answer needs none of it.
        from dlgrade.cli.grade_many import grade_many  # noqa: PLC0415

        raise typer.Exit(grade_many(session, answers, out, json=json, correction=correction))
    if out is not None:
        raise InputError("--out goes with --answers FILE; one grade is shown, or with --json printed as a document")
    if question is None:
        raise InputError("name a QUESTION, or --answers FILE for many answers")
    _one(session, question, file, text, json=json, explain=explain, correction=correction)


def _one(
    session: Session,
    question: str,
    file: Path | None,
    text: str | None,
    *,
    json: bool,
    explain: bool,
    correction: Correction | None = None,
) -> None:
    target = session.lookup.find(question)
    if target.rubric is None:
        raise UnknownQuestion(f"{target.id} has no rubric to grade against: {target.text}")
    rubric = session.rubrics.load(target.rubric)
    answer = answer_from(file, text, question=target.text)
    session.say_if_offline()
    with answer.kept(), session.grading() as grading:
        result = grading(answer.text, rubric, id=target.id, question=target.text)
        result = correction.corrected(result) if correction else result
        if json:
            show.json_document(result.model_dump(mode="json"))
        else:
            show.text(_told(result, rubric, explain=explain))
    if result.status != "graded":
        answer.keep()
        raise typer.Exit(1)
    answer.done()


def _told(grade: Grade, rubric: Rubric, *, explain: bool) -> str:
    """The grade in words: the score, what earned it, what is wrong, what a person should look at."""
    lines = [f"{grade.id}  {grade.question}", ""]
    if grade.score is None:
        lines.append(f"Not graded: {(grade.error or {}).get('message', 'no reason was given')}")
    else:
        lines.append(f"Score: {grade.score:g} of {grade.max_score:g} ({grade.percent:g} %)")
        samples = f", {grade.grader.samples} samples" if grade.grader.samples > 1 else ""
        confidence = "" if grade.confidence is None else f", confidence {grade.confidence:.2f}"
        lines.append(f"Graded by {grade.grader.model}{samples}{confidence}, rubric {grade.rubric}")
    if grade.verdicts:
        lines += ["", "Criteria"]
    counting = derive(rubric, grade.verdicts, grade.misconceptions).points
    for verdict in grade.verdicts:
        points = f"{verdict.points:g}/{verdict.max_points:g}"
        counts = counting[verdict.criterion]
        less = "" if counts >= verdict.points else f" (counts {counts:g})"
        lines.append(f"  {_MARKS[verdict.verdict]} {verdict.verdict:8} {points:>7}  {verdict.criterion}{less}")
        lines += _quotes(verdict.evidence)
    claims = {misconception.id: misconception.claims for misconception in rubric.misconceptions}
    for finding in (finding for finding in grade.misconceptions if finding.found):
        lines += ["", f"Misconception, -{finding.cost:g}: {claims[finding.id]}", *_quotes(finding.evidence)]
    expects = {criterion.id: criterion.expects for criterion in rubric.criteria}
    spare = needless(rubric, grade.verdicts)
    missing = [v.criterion for v in grade.verdicts if v.verdict in {"missed", "partial"} and v.criterion not in spare]
    if missing:
        lines += ["", "Missing", *(f"  {id_}: {expects[id_]}" for id_ in missing)]
    if explain and grade.verdicts:
        lines += ["", "How the score comes about", *(f"  {line}" for line in explained(grade, rubric))]
    if grade.flags:
        lines += ["", "Flags", *(f"  {flag}" for flag in grade.flags)]
    return "\n".join(lines)


def _quotes(evidence: tuple[Evidence, ...]) -> list[str]:
    return [f"      “{' '.join(piece.quote.split())}”" for piece in evidence]
