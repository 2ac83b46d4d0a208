"""`dlgrade grade`: one answer against its question's rubric."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlgrade.cli import show
from dlgrade.cli.answers import answer_from
from dlgrade.cli.options import BaseUrl, Json, Model, Record, Replay
from dlgrade.cli.wiring import Session
from dlgrade.errors import UnknownQuestion
from dlgrade.grading import offline
from dlgrade.lookup import Target
from dlgrade.models import Evidence, Grade, Rubric

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_MARKS = {"met": "+", "partial": "~", "missed": "-", "ungraded": "?"}


@app.command()
def grade(
    question: Annotated[str, typer.Argument(help="An id, a rubric's name, or a part of the text.", metavar="QUESTION")],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The answer; `-` for stdin. With none, $EDITOR opens.", metavar="[FILE|-]", show_default=False
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(help="The answer itself.", metavar="ANSWER", show_default=False)] = None,
    model: Model = None,
    base_url: BaseUrl = None,
    record: Record = None,
    replay: Replay = None,
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
    session = Session.open(model=model, base_url=base_url, record=record, replay=replay)
    target = session.lookup.find(question)
    if target.rubric is None:
        raise UnknownQuestion(f"{target.id} has no rubric to grade against: {target.text}")
    rubric = session.rubrics.load(target.rubric)
    answer = answer_from(file, text, question=target.text)
    session.say_if_offline()
    with answer.kept():
        result = _graded(session, answer.text, rubric, target)
        if json:
            show.json_document(result.model_dump(mode="json"))
        else:
            show.text(_told(result, rubric))
    if result.status != "graded":
        answer.keep()
        raise typer.Exit(1)
    answer.done()


def _graded(session: Session, answer: str, rubric: Rubric, target: Target) -> Grade:
    if session.settings.offline:
        return offline.grade(answer, rubric, id=target.id, question=target.text)
    # Imported here for start-up time: offline there is no event loop.
    from dlgrade.api import judged_grade  # noqa: PLC0415

    with session.client() as client:
        return judged_grade(
            answer, rubric, client, session.prompts, session.settings, id=target.id, question=target.text
        )


def _told(grade: Grade, rubric: Rubric) -> str:
    """The grade in words: the score, what earned it, what is wrong, what a person should look at."""
    lines = [f"{grade.id}  {grade.question}", ""]
    if grade.score is None:
        lines.append(f"Not graded: {(grade.error or {}).get('message', 'no reason was given')}")
    else:
        lines.append(f"Score: {grade.score:g} of {grade.max_score:g} ({grade.percent:g} %)")
        confidence = "" if grade.confidence is None else f", confidence {grade.confidence:.2f}"
        lines.append(f"Graded by {grade.grader.model}{confidence}, rubric {grade.rubric}")
    if grade.verdicts:
        lines += ["", "Criteria"]
    for verdict in grade.verdicts:
        points = f"{verdict.points:g}/{verdict.max_points:g}"
        lines.append(f"  {_MARKS[verdict.verdict]} {verdict.verdict:8} {points:>7}  {verdict.criterion}")
        lines += _quotes(verdict.evidence)
    claims = {misconception.id: misconception.claims for misconception in rubric.misconceptions}
    for finding in (finding for finding in grade.misconceptions if finding.found):
        lines += ["", f"Misconception, -{finding.cost:g}: {claims[finding.id]}", *_quotes(finding.evidence)]
    expects = {criterion.id: criterion.expects for criterion in rubric.criteria}
    missing = [v.criterion for v in grade.verdicts if v.verdict in {"missed", "partial"}]
    if missing:
        lines += ["", "Missing", *(f"  {id_}: {expects[id_]}" for id_ in missing)]
    if grade.flags:
        lines += ["", "Flags", *(f"  {flag}" for flag in grade.flags)]
    return "\n".join(lines)


def _quotes(evidence: tuple[Evidence, ...]) -> list[str]:
    return [f"      “{' '.join(piece.quote.split())}”" for piece in evidence]
