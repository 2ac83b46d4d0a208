"""The options that several commands share, said once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dlgrade.cli import completing, show

Banks = Annotated[list[Path], typer.Argument(help="Banks, or folders of them.", metavar="PATH", show_default=False)]
MaybeBanks = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Banks, or folders of them. With none: the questions folder here, and the shipped banks.",
        metavar="PATH",
        show_default=False,
    ),
]
New = Annotated[int, typer.Option(help="New questions a day, at most.", metavar="N", min=0)]
QUESTION = typer.Argument(
    help="An id, a rubric's name, or a part of the text.",
    metavar="QUESTION",
    show_default=False,
    autocompletion=completing.question,
)
Question = Annotated[str, QUESTION]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Model = Annotated[
    str | None, typer.Option(help="The model to ask, or `offline` for none at all.", metavar="NAME", show_default=False)
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="The model to ask, or `offline` for none. Given again: takes over when the quota of those before ends.",
        metavar="NAME",
        show_default=False,
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(help="An OpenAI-compatible endpoint, as http://localhost:8080/v1.", metavar="URL", show_default=False),
]
Concurrency = Annotated[int | None, typer.Option(help="Requests at once, at most.", metavar="N", show_default=False)]
Rpm = Annotated[
    int | None, typer.Option(help="Requests a minute that the account may send.", metavar="N", show_default=False)
]
Tpm = Annotated[
    int | None, typer.Option(help="Tokens a minute that the account may use.", metavar="N", show_default=False)
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        help="Stop before the run could cost more, in US dollars; the requests in flight are counted in full.",
        metavar="USD",
        show_default=False,
    ),
]
Category = Annotated[str | None, typer.Option(help="Only this category.", show_default=False)]
Difficulty = Annotated[str | None, typer.Option(help="Only this difficulty.", show_default=False)]
Form = Annotated[
    str | None,
    typer.Option(help="Read the documents in this form, as list names it.", metavar="FORM", show_default=False),
]
Nested = Annotated[
    str | None,
    typer.Option(
        help="List items below one that asks: questions (`children`, the default) or parts of it (`parents`).",
        metavar="READING",
        show_default=False,
    ),
]
Table = Annotated[
    str | None,
    typer.Option(
        help="Where answers go if a table has no column for them: a `section` below (the default) or a new `column`.",
        metavar="PLACE",
        show_default=False,
    ),
]


@dataclass
class Tape:
    """A file named by `--record` or `--replay`; `opened` once it may be used, `used` once something may be asked."""

    path: Path
    opened: bool = False
    used: bool = False


def _told_if_unused(ctx: typer.Context, param: typer.CallbackParam, value: Tape | None) -> Tape | None:
    """At the command's end, say so if it asked no model, as it may: a recording that is not there is missed later."""

    def say(tape: Tape) -> None:
        if tape.opened and not tape.used:
            what = f"recorded in {tape.path}" if param.name == "record" else f"replayed from {tape.path}"
            show.remark(f"dlgrade: no model was asked, so nothing was {what}")

    if value is not None:
        ctx.call_on_close(lambda: say(value))
    return value


def _tape(value: str) -> Tape:
    return Tape(Path(value))


Record = Annotated[
    Tape | None,
    typer.Option(
        help="Write the run's requests and replies into FILE.",
        metavar="FILE",
        show_default=False,
        parser=_tape,
        callback=_told_if_unused,
    ),
]
Replay = Annotated[
    Tape | None,
    typer.Option(
        help="Take the replies from FILE, which --record wrote: no network, no key.",
        metavar="FILE",
        show_default=False,
        parser=_tape,
        callback=_told_if_unused,
    ),
]
