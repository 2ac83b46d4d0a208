"""`dlgrade list`: the questions of banks, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from dlgrade.banks.same import Likeness, alike
from dlgrade.banks.same import same as same_of
from dlgrade.banks.wording import readable
from dlgrade.cli import options, show
from dlgrade.cli.wiring import Session
from dlgrade.models import Question
from dlgrade.rubrics import Rubrics

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(name="list")
def list_questions(
    paths: options.Banks,
    unanswered: Annotated[bool, typer.Option("--unanswered", help="Only those without an answer.")] = False,
    category: options.Category = None,
    difficulty: options.Difficulty = None,
    same: Annotated[
        bool, typer.Option("--same", help="Only questions that stand in several places, together.")
    ] = False,
    form: options.Form = None,
    nested: options.Nested = None,
    json: options.Json = False,
) -> None:
    """Show the questions of banks.

    \b
    Examples:
      dlgrade list questions/general.md
      dlgrade list questions --unanswered --json
    """
    session = Session.open(form=form, nested=nested)
    rubrics = session.rubrics
    read = session.read(paths)
    questions = [
        question
        for question in read.questions
        if not (unanswered and question.answer is not None)
        and _is(question.category, category)
        and _is(question.difficulty, difficulty)
    ]
    if same:
        for pair in _suggested(questions, rubrics):
            show.remark(f"  perhaps the same ({pair.share:.0%} alike): {pair.one.id} and {pair.other.id}")
            show.remark(f"    {pair.one.wording}\n    {pair.other.wording}")
        questions = [question for group in same_of(questions, rubrics.key) if len(group) > 1 for question in group]
    code = 1 if read.unreadable else 0
    for bank in read.banks:
        show.remark(f"{bank.path}: {len(bank.questions)} questions, read as {bank.form}, {bank.sure:.0%} sure")
        for remark in bank.remarks:
            show.remark(f"  {remark}")
    if json:
        show.json_document([_row(question, rubrics) for question in questions])
        raise typer.Exit(code)
    if not questions:
        show.remark("no question is like that")
    show.table(
        ("id", "question", "category", "difficulty", "answer", "rubric"),
        [_cells(question, rubrics) for question in questions],
    )
    raise typer.Exit(code)


def _suggested(questions: Sequence[Question], rubrics: Rubrics) -> list[Likeness]:
    """Pairs that are not known to be one question, nor by their rubrics to be two."""
    known = (rubrics.name_for(question) for question in questions)
    names = dict(zip((question.id for question in questions), known, strict=True))
    return [
        pair
        for pair in alike(questions)
        if rubrics.key(pair.one) != rubrics.key(pair.other) and not (names[pair.one.id] and names[pair.other.id])
    ]


def _is(found: str | None, wanted: str | None) -> bool:
    return wanted is None or (found or "").casefold() == wanted.casefold()


def _row(question: Question, rubrics: Rubrics) -> dict[str, object]:
    return {
        "id": question.id,
        "bank": question.bank,
        "position": question.position,
        "number": question.number,
        "text": question.text,
        "raw": question.raw,
        "category": question.category,
        "difficulty": question.difficulty,
        "answered": question.answer is not None,
        "answer": question.answer,
        "rubric": rubrics.name_for(question),
        "line": question.line,
    }


def _shown(question: Question) -> str:
    """The wording, and below it what stands in the document where spaces were lost there."""
    stands = readable(question.raw.partition("\n\n")[0])
    return question.wording if stands == question.wording else f"{question.wording}\n[{stands}]"


def _cells(question: Question, rubrics: Rubrics) -> tuple[str, ...]:
    return (
        question.id,
        _shown(question),
        question.category or "",
        question.difficulty or "",
        "yes" if question.answer is not None else "missing",
        rubrics.name_for(question) or "",
    )
