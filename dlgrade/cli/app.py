"""The `dlgrade` command: which file holds which command, and where errors become words.

A command's file is imported when it is called, since `dlgrade --help` must not wait for readers, templates
or the SDK: an import inside a function, for start-up time.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

import dlgrade
from dlgrade.cli import completing
from dlgrade.errors import DlgradeError

COMMANDS = {
    "list": ("dlgrade.cli.list", "Show the questions of banks."),
    "fill": ("dlgrade.cli.fill", "Write the missing reference answers into banks."),
    "review": ("dlgrade.cli.review", "Go through the answers that a machine wrote."),
    "answer": ("dlgrade.cli.answer", "Print the reference answer to one question."),
    "grade": ("dlgrade.cli.grade", "Grade an answer, or many, against their questions' rubrics."),
    "practice": ("dlgrade.cli.practice", "Answer questions one at a time, chosen by what you know."),
    "progress": ("dlgrade.cli.progress", "Show how practising goes."),
    "serve": ("dlgrade.cli.serve", "Practise in the browser, on a page that this machine serves."),
    "calibrate": ("dlgrade.cli.calibrate", "Say how well a grader agrees with people."),
    "regrade": ("dlgrade.cli.regrade", "Work out stored grades by the rubrics of today."),
    "grades": ("dlgrade.cli.grades", "Report on, explain, override and export stored grades."),
    "export": ("dlgrade.cli.export", "Write an answer key."),
    "check": ("dlgrade.cli.check", "Say what is wrong with banks and rubrics."),
    "batch": ("dlgrade.cli.batch", "Send work to a batch endpoint, at a lower price."),
    "rubric": ("dlgrade.cli.rubric", "Draft rubrics, check them, or show one."),
    "cache": ("dlgrade.cli.cache", "Look into the stored replies, prune them, carry them elsewhere."),
    "doctor": ("dlgrade.cli.doctor", "Say whether a model can be asked, and how it wants to be asked."),
}


class Commands(TyperGroup):
    """The commands by name, each imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command's file."""
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(COMMANDS[cmd_name][0]).app)
        if not gc.isenabled():
            # What is loaded stays: there is no garbage in it, and it need not be gone through each time.
            gc.freeze()
            gc.enable()
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Every command has its own --help, with examples.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dlgrade {dlgrade.__version__}")
        raise typer.Exit


@app.callback()
def dlgrade_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Fill, grade and export banks of deep-learning interview questions.

    With no model set up, the shipped answers and the offline grader are used.
    """


def main() -> None:
    """Run the command; an error of dlgrade's becomes a line on stderr and its exit code."""
    # Most of what is made is kept until the end: looking for garbage as often as usual takes a twentieth of the time.
    gc.set_threshold(50_000, 20, 20)
    # None of the records wants a plugin of pydantic's, and to look for one reads the metadata of every package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter shows "?" for it.
            stream.reconfigure(errors="replace")
    completing.mend_words()
    try:
        try:
            app(prog_name="dlgrade")
        finally:
            sys.stdout.flush()
    except DlgradeError as error:
        typer.echo(f"dlgrade: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _forget_stdout()
        sys.exit(1)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
            raise
        _forget_stdout()
        typer.echo(f"dlgrade: cannot write: {error.strerror}", err=True)
        sys.exit(2)


def entry() -> NoReturn:
    """Run the command as a process of its own, and leave it at once.

    Everything is written and closed by then; taking the imported modules apart would take another tenth of a second.
    """
    try:
        main()
    except SystemExit as left:
        code = left.code
    else:
        code = 0
    if isinstance(code, str):
        typer.echo(code, err=True)
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _forget_stdout() -> None:
    """Whoever read it has gone, as in `dlgrade list … | head`: nothing is left to say, not even at shutdown."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
