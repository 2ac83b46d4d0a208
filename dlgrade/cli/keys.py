"""What a person says to a command while it runs: a key, or a line; at a terminal, or down a pipe."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Collection

import typer

from dlgrade.errors import InputError


def key(prompt: str, keys: Collection[str]) -> str:
    """Wait for one of the keys, and at a terminal for no Enter after it; a terminal that is closed means "q".

    Where there is no terminal, the first letter of a line is the key, and the end of the lines means "q". What was
    pressed is not shown: that is for the caller.
    """
    if not sys.stdin.isatty():
        typer.echo(prompt, nl=False)
        return _from_lines(keys)
    try:
        import termios  # noqa: PLC0415 - there is none on Windows
        import tty  # noqa: PLC0415
    except ImportError:
        typer.echo(prompt, nl=False)
        return next(key for key in iter(lambda: typer.getchar().lower(), None) if key in keys)
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    # Before the prompt is shown, and without a flush: what is typed as soon as it is seen counts.
    tty.setcbreak(terminal, termios.TCSANOW)
    mode = termios.tcgetattr(terminal)
    mode[3] &= ~termios.ISIG  # Ctrl-C comes as a key, also where the terminal is another program's
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
    try:
        typer.echo(prompt, nl=False)
        return _from_terminal(terminal, keys)
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)


def _from_terminal(terminal: int, keys: Collection[str]) -> str:
    while True:
        given = os.read(terminal, 1).decode("ascii", "replace").lower()
        if given in {"", "\x04"}:
            return "q"
        if given in keys:
            return given
        if given == "\x03":
            raise KeyboardInterrupt
        if given == "\x1b":
            _swallow(terminal)


def _swallow(terminal: int) -> None:
    """Read the rest of an arrow key or its like, which has letters in it."""
    while select.select([terminal], [], [], 0.02)[0] and os.read(terminal, 1):
        pass


def _from_lines(keys: Collection[str]) -> str:
    while (said := line("")) is not None:
        if said.strip()[:1].lower() in keys:
            return said.strip()[0].lower()
    return "q"


def line(prompt: str) -> str | None:
    """The next line, without its end; None where there are no more, as after Ctrl-D.

    Raises:
        InputError: what comes down the pipe is no text.
    """
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            return _at_terminal(prompt)
        typer.echo(prompt, nl=False)
        given = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise InputError(f"stdin: not UTF-8 (byte {error.start})") from None
    return given.rstrip("\r\n") if given else None


def _at_terminal(prompt: str) -> str | None:
    # Imported for what it does to `input`: arrow keys, and lines of more than the 4,096 bytes that a terminal takes.
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, PLC0415 - there is none on Windows
    try:
        return input(prompt)
    except EOFError:
        return None
