"""The options that go together, as records, and how a command has their fields as options of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from dlgrade.cli import options
from dlgrade.errors import InputError

R = TypeVar("R")


@dataclass(frozen=True)
class Calls:
    """Who is asked, how fast, for how much, and the recording of it."""

    model: options.Model = None
    base_url: options.BaseUrl = None
    concurrency: options.Concurrency = None
    rpm: options.Rpm = None
    tpm: options.Tpm = None
    max_cost: options.MaxCost = None
    record: options.Record = None
    replay: options.Replay = None


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
