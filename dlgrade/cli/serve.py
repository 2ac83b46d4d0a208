"""`dlgrade serve`: practising in the browser."""

from __future__ import annotations

import webbrowser
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlgrade.cli import options, show
from dlgrade.cli.practice import say_left_out, who_grades
from dlgrade.cli.sitting import user
from dlgrade.cli.spread import Calls, Judges, spread
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError
from dlgrade.practice.deck import deck
from dlgrade.practice.drafts import Drafts

if TYPE_CHECKING:
    from dlgrade.serving.desk import Banks

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_PORT = 8427
_EXTRA = frozenset({"starlette", "uvicorn"})


@app.command()
@spread
def serve(
    paths: options.MaybeBanks = None,
    host: Annotated[
        str, typer.Option(help="Listen there. Where others can reach it, the address that is printed has a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", metavar="N", min=0, max=65535)] = _PORT,
    new: options.New = 10,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    form: options.Form = None,
    nested: options.Nested = None,
    *,
    calls: Calls,
    judges: Judges,
) -> None:
    """Practise in the browser, on a page that this machine serves: as `dlgrade practice`, with the same history.

    What you write is kept as you write it; the next start offers what was not handed in. Ctrl-C ends it.

    \b
    Examples:
      dlgrade serve
      dlgrade serve questions/general.md --open
      dlgrade serve --port 0 --model gpt-5-mini
      dlgrade serve --host 0.0.0.0
    """
    # Imported here for start-up time, and since only the extra brings what it stands on.
    try:
        from dlgrade.serving.app import application  # noqa: PLC0415
        from dlgrade.serving.desk import Desk  # noqa: PLC0415
        from dlgrade.serving.guard import Place  # noqa: PLC0415
        from dlgrade.serving.listening import answer_requests, opened  # noqa: PLC0415
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA:
            raise
        hint = "Get it with: pip install 'dlgrade[serve]'"
        raise InputError(f"serving a page needs the package {package}", hint=hint) from None
    session = Session.open(judges=judges.about(None), form=form, nested=nested, **vars(calls))
    banks = _banks(session, paths or [])
    with opened(host, port) as listening, session.history() as history, session.grading() as grade:
        place = Place.at(host, *listening.getsockname()[:2])
        drafts = Drafts(session.settings.data_folder)
        desk = Desk(banks, history, session.rubrics, grade, drafts, clock=_now, new=new)
        show.text(place.url)
        graded = who_grades(session).partition(" (")[0]
        show.remark(f"dlgrade: {graded}; Ctrl-C ends it")
        if open_:
            webbrowser.open(place.url)
        try:
            answer_requests(application(desk, place, grader=graded, person=user()), listening)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        finally:
            desk.close()


def _banks(session: Session, paths: list[Path]) -> Banks:
    from dlgrade.serving.desk import Banks  # noqa: PLC0415 - as above

    read = session.banks(paths).banks
    whole = deck(read, session.rubrics)
    say_left_out(whole)
    if not whole.cards:
        raise InputError("there is no question to practise", hint="Name a bank that has answers, or rubrics.")
    return Banks(whole, {bank.name: deck([bank], session.rubrics) for bank in read})


def _now() -> datetime:
    return datetime.now().astimezone()
