"""`dlgrade grade`: one answer against its question's rubric."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlgrade.cli import show
from dlgrade.cli.answers import answer_from
from dlgrade.cli.options import BaseUrl, Json, Model
from dlgrade.cli.wiring import Session
from dlgrade.errors import UnknownQuestion
from dlgrade.models import Evidence, Grade, Rubric

app = typer.Typer(rich_markup_mode=None)

_MARKS = {"met": "+", "partial": "~", "missed": "-", "ungraded": "?"}


@app.command()
def grade(
    question: Annotated[str, typer.Argument(help="An id, a rubric's name, or a part of the text.", metavar="QUESTION")],
    file: Annotated[
        Path | None,
        typer.Argument(help="The answer; `-` for stdin. With none, $EDITOR opens.", metavar="[FILE|-]", show_default=False),
    ] = None,
    text: Annotated[str | None, typer.Option(help="The answer itself.", metavar="ANSWER", show_default=False)] = None,
    model: Model = None,
    base_url: BaseUrl = None,
    json: Json = False,
) -> None:
    """Grade one answer against its question's rubric.

    Shows the score, the verdict on each criterion with the words that earned it, misconceptions and what
    is missing. Exit 1 if the answer could not be graded.

    \b
    Examples:
      dlgrade grade general:2 answer.md
      dlgrade grade dropout --text "It zeroes units at random."
      dlgrade grade general:2 - --json < answer.md
    """
    session = Session.open(model=model, base_url=base_url)
    target = session.lookup.find(question)
    if target.rubric is None:
        raise UnknownQuestion(f"{target.id} has no rubric to grade against: {target.text}")
    rubric = session.rubrics.load(target.rubric)
    answer = answer_from(file, text, question=target.text)
    session.say_if_offline()
    result = session.grader().grade(answer, rubric, id=target.id, question=target.text)
    if json:
        show.json_document(result.model_dump(mode="json"))
    else:
        show.text(_told(result, rubric))
    raise typer.Exit(0 if result.status == "graded" else 1)


def _told(grade: Grade, rubric: Rubric) -> str:
    """The grade in words: the score, what earned it, what is wrong, what a person should look at."""
    lines = [f"{grade.id}  {grade.question}", ""]
    if grade.score is None:
        lines.append(f"Not graded: {(grade.error or {}).get('message', 'no reason was given')}")
    else:
        lines.append(f"Score: {grade.score:g} of {grade.max_score:g} ({grade.percent:g} %)")
        confidence = "" if grade.confidence is None else f", confidence {grade.confidence:.2f}"
        lines.append(f"Graded by {grade.grader.model}{confidence}, rubric {grade.rubric}")
    expects = {criterion.id: criterion.expects for criterion in rubric.criteria}
    claims = {misconception.id: misconception.claims for misconception in rubric.misconceptions}
    if grade.verdicts:
        lines += ["", "Criteria"]
    for verdict in grade.verdicts:
        points = f"{verdict.points:g}/{verdict.max_points:g}"
        lines.append(f"  {_MARKS[verdict.verdict]} {verdict.verdict:8} {points:>7}  {expects[verdict.criterion]}")
        lines += _quotes(verdict.evidence)
    found = [finding for finding in grade.misconceptions if finding.found]
    if found:
        lines += ["", "Misconceptions"]
    for finding in found:
        lines.append(f"  ! {-finding.cost:g}  {claims[finding.id]}")
        lines += _quotes(finding.evidence)
    missing = [expects[v.criterion] for v in grade.verdicts if v.verdict in {"missed", "partial"}]
    if missing:
        lines += ["", "Missing", *(f"  {words}" for words in missing)]
    if grade.flags:
        lines += ["", "Flags", *(f"  {flag}" for flag in grade.flags)]
    return "\n".join(lines)


def _quotes(evidence: tuple[Evidence, ...]) -> list[str]:
    return [f"                      “{' '.join(piece.quote.split())}”" for piece in evidence]
