"""The options that several commands share, said once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from dlgrade.cli import completing, show
from dlgrade.errors import InputError

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


# ── options that go together ─────────────────────────────────────────────────────────────────

R = TypeVar("R")


@dataclass(frozen=True)
class Calls:
    """Who is asked, how fast, for how much, and the recording of it."""

    model: Model = None
    base_url: BaseUrl = None
    concurrency: Concurrency = None
    rpm: Rpm = None
    tpm: Tpm = None
    max_cost: MaxCost = None
    record: Record = None
    replay: Replay = None


@dataclass(frozen=True)
class Judges:
    """How verdicts are asked of models: by how many, how often, in how many pieces, with which examples."""

    judge: Annotated[
        list[str] | None,
        typer.Option(
            help="A model that grades, in the place of --model. Given again: another one; most verdicts win.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None
    samples: Annotated[
        int | None,
        typer.Option(
            help="Ask for each grade N times, criteria in another order each; most verdicts win.",
            metavar="N",
            show_default=False,
        ),
    ] = None
    adaptive: Annotated[
        bool, typer.Option("--adaptive", help="Begin with 2 samples, and spend the others on what is in doubt.")
    ] = False
    per_criterion: Annotated[
        bool, typer.Option("--per-criterion", help="Ask for each criterion in a request of its own.")
    ] = False
    examples: Annotated[
        Path | None,
        typer.Option(
            help="Show the judge answers from FILE, grades in which people gave verdicts (`grades override`).",
            metavar="FILE",
            show_default=False,
        ),
    ] = None
    example_answers: Annotated[
        Path | None,
        typer.Option(
            help="With --examples: the answers of those grades. Without it, those that are graded.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the options that were given."""
        names = (one.name for one in fields(self) if getattr(self, one.name))
        return tuple(f"--{name.replace('_', '-')}" for name in names)

    @property
    def words(self) -> list[str]:
        """The options as a person types them."""
        words = [word for name in self.judge or () for word in ("--judge", name)]
        words += [] if self.samples is None else ["--samples", str(self.samples)]
        words += ["--adaptive"] if self.adaptive else []
        words += ["--per-criterion"] if self.per_criterion else []
        words += [] if self.examples is None else ["--examples", str(self.examples)]
        return words + ([] if self.example_answers is None else ["--example-answers", str(self.example_answers)])

    def about(self, answers: Path | None) -> Judges:
        """The same where answers of a file are graded: examples are among those, if nothing else is said."""
        if self.examples is None or self.example_answers is not None:
            return self
        return replace(self, example_answers=answers)

    def flags(self, model: str | None) -> dict[str, Any]:
        """What they say of settings, beside the model that was named.

        Raises:
            InputError: they do not go together.
        """
        if self.example_answers is not None and self.examples is None:
            raise InputError("--example-answers goes with --examples FILE, the grades of those answers")
        if not self.judge:
            return {"samples": self.samples}
        if model:
            raise InputError("--model and --judge both say who grades: give one of them")
        return {"samples": self.samples, "judges": tuple(self.judge), "model": self.judge[0]}


def spread(command: Callable[..., R]) -> Callable[..., R]:
    """A command with the fields of its records of options as options of its own.

        @app.command()
        @spread
        def grade(question: …, *, calls: Calls, judges: Judges, json: Json = False) -> None: ...

    The options stand in the help where the record stands in the command.
    """
    hints = get_type_hints(command, include_extras=True)
    records = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}
    parameters = [
        parameter
        for name, own in inspect.signature(command).parameters.items()
        for parameter in (_options(records[name]) if name in records else [own.replace(annotation=hints[name])])
    ]

    @wraps(command)
    def called(**given: Any) -> R:
        for name, record in records.items():
            given[name] = record(**{one.name: given.pop(one.name) for one in fields(record)})
        return command(**given)

    keywords = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    called.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined] # what inspect looks for
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def _options(record: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(record, include_extras=True)
    return [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if one.default is MISSING else one.default,
            annotation=hints[one.name],
        )
        for one in fields(record)
    ]
