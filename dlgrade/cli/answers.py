"""A person's answer from wherever they put it: a file, stdin, the command line, or their editor."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dlgrade.cli import show
from dlgrade.errors import InputError

LONGEST = 100_000  # characters: about 40 printed pages; an interview answer has one

# The usual screen, keys, mouse and paste again, where an editor died that had its own (xterm's control sequences).
_OFF_THE_SCREEN = "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m\r\n"
_EDITORS = ("sensible-editor", "nano", "vi")


@dataclass(frozen=True)
class Given:
    """An answer as it was given, and the draft that it stands in if it was written in the editor."""

    text: str
    draft: Path | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever goes wrong inside, the draft stays and the person is told where."""
        try:
            yield
        except BaseException:
            self.keep()
            raise

    def keep(self) -> None:
        """Say where the draft is."""
        if self.draft is not None:
            show.remark(f"What you wrote is kept in {self.draft}")

    def done(self) -> None:
        """Remove the draft: its grade has been shown."""
        if self.draft is not None:
            self.draft.unlink(missing_ok=True)


def answer_from(file: Path | None, text: str | None, *, question: str) -> Given:
    """The answer as it was given.

    Raises:
        InputError: it is nowhere, not text, empty or too long, or two were given.
    """
    if file is not None and text is not None:
        raise InputError("an answer was given twice: as a file and as --text")
    if text is not None:
        return Given(usable(text, "--text"))
    if file is None:
        return _edited(question)
    if str(file) == "-":
        return Given(usable(_decoded(sys.stdin.buffer.read(), "stdin"), "stdin"))
    return Given(usable(_decoded(_bytes(file), str(file)), str(file)))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _decoded(data: bytes, where: str) -> str:
    if b"\0" in data:
        raise InputError(f"{where}: binary, not text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 (byte {error.start})") from None


def usable(answer: str, where: str) -> str:
    """The answer, if it can be graded.

    Raises:
        InputError: it is not text, empty or too long.
    """
    if any("\ud800" <= character <= "\udfff" for character in answer):
        raise InputError(f"{where}: not UTF-8")
    if not answer.strip("\ufeff \t\r\n"):
        raise InputError(f"{where}: the answer is empty; nothing was graded")
    if len(answer) > LONGEST:
        raise InputError(f"{where}: the answer has {len(answer):,} characters; more than {LONGEST:,} are not graded")
    return answer


def _edited(question: str) -> Given:
    """What the person writes in their editor. The draft stays until its grade has been shown."""
    # Imported here for start-up time: most answers come from elsewhere, and this knows of practising too.
    from dlgrade.practice.drafts import above, form  # noqa: PLC0415

    without = "Name a file, `-` for stdin, or --text; or set EDITOR."
    text, path = edited_text(form(question), missing="no answer was given", hint=without)
    return Given(usable(above(text), f"{path}, where the editor left it"), path)


def chosen_editor() -> str | None:
    """The editor that the person has set."""
    return os.environ.get("VISUAL") or os.environ.get("EDITOR")


def edited_text(text: str, *, missing: str, hint: str, file: Path | None = None) -> tuple[str, Path]:
    """What the person makes of a text in their editor, and the file that it stands in, which stays.

    Without a `file` for it, that is one in the system's folder for such.

    Raises:
        InputError: there is no editor, it cannot be started, or it failed; `missing` and `hint` are for the first.
    """
    command = chosen_editor()
    if command is None and sys.stdin.isatty():
        command = next(filter(shutil.which, _EDITORS), None)
    if command is None:
        raise InputError(missing, hint=hint)
    path = file or _new_file()
    path.write_text(text, encoding="utf-8")
    try:
        status = _run([*shlex.split(command), str(path)])
    except (OSError, ValueError) as error:
        if file is None:
            path.unlink()
        raise InputError(f"the editor {command!r} cannot be started: {error}") from None
    if status != 0:
        raise InputError(f"the editor ended with status {status}; what you wrote is kept in {path}")
    return _decoded(_bytes(path), str(path)), path


def _new_file() -> Path:
    with tempfile.NamedTemporaryFile(suffix=".md", prefix="answer-", delete=False) as made:
        return Path(made.name)


def _run(command: Sequence[str]) -> int:
    """Run an editor to its end. Ctrl-C is its business meanwhile: the text is not lost by it."""
    with _terminal_restored() as crashed, subprocess.Popen(command) as process:  # noqa: S603 - their own editor
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            status = process.wait()
        finally:
            signal.signal(signal.SIGINT, before)
        if status < 0:
            crashed()
        return status


@contextmanager
def _terminal_restored() -> Iterator[Callable[[], None]]:
    """Put the terminal's mode back as it was; call what it gives to take an editor off the screen that was killed."""
    try:
        import termios  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        yield lambda: None
        return
    if not sys.stdin.isatty():
        yield lambda: None
        return
    terminal = sys.stdin.fileno()
    mode = termios.tcgetattr(terminal)
    killed: list[bool] = []
    yield lambda: killed.append(True)
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
    if killed and os.environ.get("TERM") != "dumb":
        sys.stdout.write(_OFF_THE_SCREEN)
        sys.stdout.flush()
