"""`dlgrade list`: the questions of banks, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from dlgrade.banks.same import identity
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
    category: Annotated[str | None, typer.Option(help="Only this category.", show_default=False)] = None,
    difficulty: Annotated[str | None, typer.Option(help="Only this difficulty.", show_default=False)] = None,
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
        questions = _together(questions, rubrics)
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


def _together(questions: Sequence[Question], rubrics: Rubrics) -> list[Question]:
    """Those that ask the same, by their text or by sharing a rubric, group by group."""
    groups: dict[str, list[Question]] = {}
    for question in questions:
        groups.setdefault(rubrics.name_for(question) or identity(question.text), []).append(question)
    return [question for group in groups.values() if len(group) > 1 for question in group]


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
