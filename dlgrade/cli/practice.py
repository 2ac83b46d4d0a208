"""`dlgrade practice`: one question at a time."""

from __future__ import annotations

import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dlgrade.cli import options, show
from dlgrade.cli import practice_show as page
from dlgrade.cli.answers import chosen_editor
from dlgrade.cli.keys import key
from dlgrade.cli.sitting import Sitting
from dlgrade.cli.spread import Calls, Judges, spread
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.practice.deck import Deck, Wanted, deck
from dlgrade.practice.drafts import Drafts
from dlgrade.practice.session import Outcome, Plan, Practice

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_DRAWN = 5  # questions of an interview
_CLOCK = 5.0  # minutes for each of them


@app.command()
@spread
def practice(
    paths: options.MaybeBanks = None,
    category: options.Category = None,
    topic: Annotated[str | None, typer.Option(help="Only this topic.", show_default=False)] = None,
    difficulty: options.Difficulty = None,
    new: options.New = 10,
    minutes: Annotated[
        float | None,
        typer.Option(help="Begin no question after so many minutes.", metavar="M", show_default=False, min=0),
    ] = None,
    interview: Annotated[
        bool, typer.Option("--interview", help="Questions by chance, a clock for each, feedback at the end.")
    ] = False,
    questions: Annotated[int, typer.Option(help="With --interview: so many questions.", metavar="N", min=1)] = _DRAWN,
    clock: Annotated[
        float, typer.Option(help="With --interview: minutes for each question.", metavar="M", min=0.1)
    ] = _CLOCK,
    lines: Annotated[
        bool | None,
        typer.Option(
            "--lines/--editor",
            help="Where answers are written: here, line by line, or in $EDITOR, which is used where it is set.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="What makes the order where nothing else does.", show_default=False)
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Print what comes next; ask nothing.")] = False,
    form: options.Form = None,
    nested: options.Nested = None,
    *,
    calls: Calls,
    judges: Judges,
    json: Annotated[bool, typer.Option("--json", help="With --list: print one JSON document.")] = False,
) -> None:
    """Answer questions one at a time, chosen by what you know: due ones first, then weak ones, then new ones.

    An answer is graded at once. You are told what was right, what is missing, as hints, and what is wrong; the
    reference is shown when you ask for it. Every answer is kept, and `dlgrade progress` shows how it goes. What you
    have begun to write outlives the editor, the terminal and dlgrade: the next start offers it.

    \b
    Examples:
      dlgrade practice
      dlgrade practice questions/general.md --new 3 --minutes 20
      dlgrade practice --topic optimization --list
      dlgrade practice --interview --questions 3 --clock 4
    """
    if json and not list_:
        raise InputError("--json goes with --list: a sitting is for people")
    session = Session.open(judges=judges.about(None), form=form, nested=nested, **vars(calls))
    found = _deck(session, paths or [], Wanted(category=category, topic=topic, difficulty=difficulty))
    now = _now()
    plan = Plan(
        new=new,
        minutes=minutes,
        mode="interview" if interview else "practice",
        questions=questions if interview else None,
        clock=clock if interview else None,
        seed=seed or (uuid.uuid4().hex if interview else now.date().isoformat()),
    )
    with session.history() as history, session.grading() as grade:
        sitting = Practice(found, history, session.rubrics, grade, clock=_now, plan=plan)
        if list_:
            _list(sitting, json=json)
            return
        show.remark(f"dlgrade: {who_grades(session)}")
        show.text(_ahead(sitting))
        in_editor = not interview and chosen_editor() is not None and sys.stdin.isatty() if lines is None else not lines
        played = Sitting(sitting, Drafts(session.settings.data_folder), editor=in_editor)
        try:
            played.play(offer=sys.stdin.isatty() and not interview)
        finally:
            if interview and played.outcomes:
                _review(played)
            elif played.outcomes:
                show.text(_end(sitting, played.outcomes))


def _now() -> datetime:
    return datetime.now().astimezone()


def _deck(session: Session, paths: list[Path], wanted: Wanted) -> Deck:
    every = deck(session.banks(paths).banks, session.rubrics)
    say_left_out(every)
    found = every.only(wanted)
    if every.cards and not found.cards:
        raise InputError("no question is like that", hint=f"There are the topics {', '.join(every.topics)}.")
    return found


def say_left_out(every: Deck) -> None:
    """Name on stderr the questions that cannot be practised, and why."""
    if every.bare:
        names = ", ".join(question.id for question in every.bare[:5])
        more = f" and {len(every.bare) - 5} more" if len(every.bare) > 5 else ""
        show.remark(f"dlgrade: left out, as neither a rubric nor an answer tells what is right: {names}{more}")


def who_grades(session: Session) -> str:
    """Who grades, in words."""
    if session.settings.offline:
        return "graded offline, by words alone: take the score as a hint (--model NAME asks a model)"
    return f"graded by {session.settings.model}"


def _ahead(sitting: Practice) -> str:
    counts = sitting.counts()
    if sitting.plan.mode == "interview":
        return f"An interview: {show.counted(counts['drawn'], 'question')}, {sitting.plan.clock:g} minutes each."
    told = f"{counts['due']} due, {counts['weak']} weak, {counts['new']} new."
    return told if any(counts.values()) else "Nothing is due, and today's new questions are done. --new N asks more."


def _list(sitting: Practice, *, json: bool) -> None:
    ahead = sitting.ahead()
    if json:
        show.json_document([{"why": pick.why, **pick.card.model_dump(exclude={"reference"})} for pick in ahead])
        return
    show.table(
        ("id", "question", "topic", "difficulty", "why"),
        [
            (p.card.id, p.card.text.partition("\n\n")[0], p.card.topic, *_first(p.card.difficulties), p.why)
            for p in ahead
        ],
    )
    show.remark(_ahead(sitting))


def _first(words: tuple[str, ...]) -> tuple[str]:
    return (words[0],) if words else ("",)


def _end(sitting: Practice, outcomes: list[Outcome]) -> str:
    """How the sitting went, and what is left."""
    counts = sitting.counts()
    left = sum(counts.values())
    rest = f"{left} left for today" if left else "nothing is left for today"
    return f"\n{_mean(outcomes)}; {rest}. `dlgrade progress` shows how it goes."


def _mean(outcomes: list[Outcome]) -> str:
    scores = [outcome.feedback.percent for outcome in outcomes if outcome.feedback.percent is not None]
    answered = f"{len(outcomes)} answered"
    return f"{answered}, {sum(scores) / len(scores):.0f} % on average" if scores else answered


# ── after an interview ───────────────────────────────────────────────────────────────────────


def _review(played: Sitting) -> None:
    """What the interview came to: each question with its score and time, then what was said of each answer."""
    outcomes, sitting = played.outcomes, played.practice
    show.text(f"\n{page.styled('The interview', bold=True)}: {_mean(outcomes)}\n")
    limit = (sitting.plan.clock or 0) * 60
    for number, outcome in enumerate(outcomes, start=1):
        told = outcome.feedback
        score = "not graded" if told.percent is None else f"{told.percent:3.0f} %"
        late = f", {page.minutes(outcome.attempt.seconds - limit)} over" if outcome.late else ""
        time = f"{page.minutes(outcome.attempt.seconds)} of {page.minutes(limit)}{late}"
        show.text(page.wrapped(_wording(outcome), f"{number:>3}  {score}  {time}  "))
    for number, outcome in enumerate(outcomes, start=1):
        show.text(_head(f"{number} · {_wording(outcome)}"))
        show.text(page.said(outcome, sitting.today))
    choice = key("\n[r]eferences  [q]uit: ", "rq")
    show.text(choice)
    for outcome in outcomes if choice == "r" else ():
        show.text(_head(_wording(outcome)))
        show.text(page.solved(sitting.solution(outcome.attempt.id)))


def _wording(outcome: Outcome) -> str:
    return outcome.attempt.grade.question.partition("\n\n")[0]


def _head(text: str) -> str:
    return f"\n{page.styled(page.wrapped(text), bold=True)}"
