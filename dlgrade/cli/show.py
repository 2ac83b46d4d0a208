"""What a person sees: results on stdout, progress and remarks on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from dlgrade.runs import Progressed  # asyncio is a tenth of a second that most commands do not need

_WIDE = {"question": 28}
_NARROW = {"category": 16, "rubric": 20}
_PIPED = 140  # columns where no terminal says how many there are

stdout = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED)
stderr = Console(stderr=True, highlight=False)


def json_document(value: Any) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def text(value: str) -> None:
    """Plain text on stdout, nothing in it taken for markup."""
    typer.echo(value)


def remark(value: str) -> None:
    """A line on stderr."""
    typer.echo(value, err=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout that fits the width; columns that are empty throughout are left out."""
    kept = [i for i in range(len(head)) if any(row[i] for row in rows)]
    drawn = Table(box=None, header_style="bold", pad_edge=False, show_edge=False)
    for i in kept:
        drawn.add_column(
            head[i], no_wrap=i == 0, overflow="fold", min_width=_WIDE.get(head[i]), max_width=_NARROW.get(head[i])
        )
    for row in rows:
        # Text, since rich would take "[x]" in a string for markup and drop it.
        drawn.add_row(*(Text(row[i]) for i in kept))
    stdout.print(drawn)


@contextmanager
def bar(total: int) -> Iterator[Any]:
    """A progress bar on stderr, on a terminal alone; gives the function to report to."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr, disable=not stderr.is_terminal, transient=True) as progress:
        task = progress.add_task("asking", total=total, said="")

        told = False

        def report(now: Progressed) -> None:
            nonlocal told
            if now.interrupted and now.running and not told:
                told = True
                stderr.print(f"Stopping: {now.running} requests in flight finish; Ctrl-C ends them at once.")
            said = f"{now.failed} failed, {now.cached} from cache, {now.tokens:,} tokens"
            progress.update(task, completed=now.done, said=said)

        yield report
