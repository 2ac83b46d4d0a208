"""`dlgrade progress`: how practising goes; its history, out and in."""

from __future__ import annotations

from datetime import datetime
from itertools import dropwhile
from pathlib import Path
from typing import Annotated

import typer

from dlgrade.banks.outputs import replacement
from dlgrade.cli import options, show
from dlgrade.cli import practice_show as page
from dlgrade.cli.plots import bar
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.practice import exchange
from dlgrade.practice.phrases import when
from dlgrade.practice.progress import Gap, Progress, Strength, Topic, Week
from dlgrade.practice.progress import progress as worked_out

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_BEGIN = "Nothing was practised yet. `dlgrade practice` asks a first question."
_BAR = 20  # columns


@app.callback(invoke_without_command=True)
def progress(
    ctx: typer.Context,
    weeks: Annotated[int, typer.Option(help="So many weeks, this one included.", metavar="N", min=1, max=520)] = 12,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with plots, one file.", metavar="FILE", show_default=False)
    ] = None,
    json: options.Json = False,
) -> None:
    """Show how practising goes: what is due, the streak, the weeks, topics, gaps and strengths.

    The history is kept in the user's data folder; DLGRADE_DATA names another one.

    \b
    Examples:
      dlgrade progress
      dlgrade progress --weeks 26
      dlgrade progress --html progress.html
      dlgrade progress export history.jsonl
    """
    if ctx.invoked_subcommand is not None:
        return
    session = Session.open()
    with session.history() as history:
        found = worked_out(history, datetime.now().astimezone().date(), weeks=weeks)
    if json:
        show.json_document(found.model_dump(mode="json"))
        return
    if html is not None:
        _write(session, html, found)
    elif not found.answers and not found.ungraded:
        show.text(_BEGIN)
    else:
        show.text("\n".join(_told(found)))


@app.command()
def export(file: Annotated[Path, typer.Argument(help="A .jsonl file; `-` for stdout.", metavar="FILE")]) -> None:
    """Write the whole history as JSON Lines, to be kept or to be imported elsewhere.

    \b
    Example:
      dlgrade progress export history.jsonl
    """
    session = Session.open()
    with session.history() as history:
        if str(file) == "-":
            for line in exchange.lines(history):
                show.text(line)
            return
        count = 0
        with session.lock([file]), replacement(file) as written:
            for line in exchange.lines(history):
                written.file.write(f"{line}\n".encode())
                count += line.startswith('{"attempt"')
    show.text(f"{file}: {show.counted(count, 'answer')}")


@app.command(name="import")
def import_(file: Annotated[Path, typer.Argument(help="What `progress export` wrote.", metavar="FILE")]) -> None:
    """Take in the answers of another history; what is here already stays.

    \b
    Example:
      dlgrade progress import history.jsonl
    """
    read = exchange.read(file)
    with Session.open().history() as history:
        new = history.merge(read.cards, read.attempts)
    show.text(f"{file}: {show.counted(len(read.attempts), 'answer')}, {new:,} of them new")


# ── on the terminal ──────────────────────────────────────────────────────────────────────────


def _told(found: Progress) -> list[str]:
    met, answers = show.counted(found.questions, "question"), show.counted(found.answers, "answer")
    lines = [
        f"{met}, {answers}{_also(found)}, since {found.since}.",
        f"{_hours(found.minutes)} of writing. {_streak(found)}",
        *_head("Due"),
        *_due(found),
        *_head("Weeks: mean score, answers"),
        *(_week(week) for week in dropwhile(lambda week: not week.answers, found.weeks)),
        *_head("Topics: mean of the last scores"),
    ]
    longest = max(len(topic.topic) for topic in found.topics)
    lines += [_topic(topic, min(longest, 27)) for topic in found.topics]
    if found.gaps:
        lines += [
            *_head("Gaps: criteria that the last answer missed, and how often"),
            *(_gap(gap) for gap in found.gaps),
        ]
    if found.strengths:
        lines += [*_head("Strengths"), *(_strength(one, found) for one in found.strengths)]
    return lines


def _head(text: str) -> list[str]:
    return ["", page.styled(text, bold=True)]


def _also(found: Progress) -> str:
    more = [f"{found.retries} of them tried again"] if found.retries else []
    more += [f"{found.ungraded} more that could not be graded"] if found.ungraded else []
    return f" ({', '.join(more)})" if more else ""


def _hours(minutes: float) -> str:
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60} min" if whole >= 60 else f"{whole} min"


def _streak(found: Progress) -> str:
    streak = found.streak
    if not streak.days:
        return f"No streak just now; the longest was {show.counted(streak.longest, 'day')}."
    still = "" if streak.today else ", if you answer one today"
    return f"Streak: {show.counted(streak.days, 'day')}{still}; the longest was {show.counted(streak.longest, 'day')}."


def _due(found: Progress) -> list[str]:
    most = max([day.questions for day in found.ahead], default=0) or 1
    return [
        f"  {'today' if day.day == found.today else f'{day.day:%a %d %b}':10}  "
        f"{bar(day.questions / most, _BAR)}  {day.questions}"
        for day in found.ahead
    ]


def _week(week: Week) -> str:
    if week.percent is None:
        return f"  {week.monday}  {' ' * _BAR}{'':8}{week.answers or '-':>5}"
    return f"  {week.monday}  {bar(week.percent / 100, _BAR)} {week.percent:5.0f} %{week.answers:>5}"


def _topic(topic: Topic, longest: int) -> str:
    due = f", {topic.due} due" if topic.due else ""
    number = show.counted(topic.questions, "question")
    if topic.percent is None:
        return f"  {topic.topic[:longest]:{longest}}  {' ' * _BAR}  not graded  {number}{due}"
    return (
        f"  {topic.topic[:longest]:{longest}}  {bar(topic.percent / 100, _BAR)} {topic.percent:4.0f} %  {number}{due}"
    )


def _gap(gap: Gap) -> str:
    part = " ~" if gap.last == "partial" else " -"
    return _cut(f" {part} {gap.missed} of {gap.of}  {gap.criterion}  {gap.id} {' '.join(gap.question.split())}")


def _cut(text: str) -> str:
    return text if len(text) <= page.width() else f"{text[: page.width() - 2]} …"


def _strength(one: Strength, found: Progress) -> str:
    back = f"back {when(one.due, found.today)}"
    return _cut(f"  + {one.percent:.0f} %  {back}  {one.id} {' '.join(one.question.split())}")


def _write(session: Session, file: Path, found: Progress) -> None:
    """Write the page."""
    if file.suffix.lower() not in {".html", ".htm"}:
        raise InputError(f"{file}: a page is written to .html")
    # Imported here for start-up time: the terminal needs no page.
    from dlgrade.pages import page as rendered  # noqa: PLC0415
    from dlgrade.pages.progress import view  # noqa: PLC0415

    with session.lock([file]), replacement(file) as written:
        for piece in rendered("progress", styles=("progress.css",), **view(found)):
            written.file.write(piece.encode())
    show.text(f"{file}: {show.counted(found.answers, 'answer')} to {show.counted(found.questions, 'question')}")
