"""What a person sees: results on stdout, progress and remarks on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import typer

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = {"question": 28}
_NARROW = {"category": 16, "rubric": 20}
_PIPED = 140  # columns where no terminal says how many there are


# What a terminal would obey, or read backwards, wherever it comes from; colours, which dlgrade sets itself, stay.
_OBEYED = re.compile(
    r"\x1b(?!\[[0-9;]*m)|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)

_above: list[Callable[[str], None]] = []
"""How to write above the bar that is drawn just now, if one is."""


def json_document(value: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def harmless(value: str) -> str:
    """The text with what a terminal would obey written out, as `\\x1b`."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], value)


def counted(count: int, noun: str, many: str = "") -> str:
    """So many of something, in words: 1 answer, 2,000 answers; `many` where an s is not enough."""
    return f"{count:,} {noun if count == 1 else many or f'{noun}s'}"


def left(count: int, noun: str) -> str:
    """What a run has left, and how to go on."""
    verb = "is" if count == 1 else "are"
    return f"{counted(count, noun)} {verb} left. The same command again asks only for what is left."


def text(value: str) -> None:
    """Plain text on stdout, nothing in it taken for markup; a file gets it as it is."""
    typer.echo(harmless(value) if sys.stdout.isatty() else value)


def remark(value: str) -> None:
    """A line on stderr, above the bar where one is drawn."""
    value = harmless(value)
    if _above:
        _above[-1](value)
    else:
        typer.echo(value, err=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout that fits the width; columns that are empty throughout are left out."""
    from rich.table import Table  # noqa: PLC0415 - for start-up time, as below
    from rich.text import Text  # noqa: PLC0415

    kept = [i for i in range(len(head)) if any(row[i] for row in rows)]
    drawn = Table(box=None, header_style="bold", pad_edge=False, show_edge=False)
    for i in kept:
        drawn.add_column(
            head[i], no_wrap=i == 0, overflow="fold", min_width=_WIDE.get(head[i]), max_width=_NARROW.get(head[i])
        )
    for row in rows:
        # Text, since rich would take "[x]" in a string for markup and drop it.
        drawn.add_row(*(Text(harmless(row[i].replace("\x1b", r"\x1b"))) for i in kept))
    _console().print(drawn)


class Bar(Protocol):
    """How far a run is, for a person to see."""

    def at(self, done: int, said: Callable[[], str]) -> None:
        """So many are done; what is `said` stands beside the bar."""
        ...


class _Nothing:
    def at(self, done: int, said: Callable[[], str]) -> None:
        """Nobody looks."""


@contextmanager
def bar(total: int) -> Iterator[Bar]:
    """A progress bar on stderr, on a terminal alone."""
    if not sys.stderr.isatty():
        yield _Nothing()
        return
    # Imported here for start-up time: most runs have no terminal, or nothing to wait for.
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    console = _console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress, _written_above(console):
        task = progress.add_task("asking", total=total, said="")

        class _Drawn:
            def at(self, done: int, said: Callable[[], str]) -> None:
                progress.update(task, completed=done, said=said())

        yield _Drawn()


@contextmanager
def _written_above(console: Console) -> Iterator[None]:
    _above.append(lambda value: console.print(value, markup=False, soft_wrap=True))
    try:
        yield
    finally:
        _above.pop()


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console  # noqa: PLC0415 - for start-up time, as above

    piped = None if stderr or sys.stdout.isatty() else _PIPED
    return Console(stderr=stderr, highlight=False, width=piped)
