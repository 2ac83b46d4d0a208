"""A command at a terminal, as a person has it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from conftest import ROOT


@dataclass
class Terminal:
    """A command whose stdout is a terminal; what it says on stderr goes there too."""

    process: subprocess.Popen[bytes]
    screen: int
    read: str = ""
    seen_at: dict[str, float] = field(default_factory=dict)

    @classmethod
    def running(cls, *arguments: str) -> Terminal:
        screen, inside = pty.openpty()
        script = (
            "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "from dlgrade.cli.app import main\nmain()\n"
        )
        command = [sys.executable, "-c", script, *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, env=environment)
        os.close(inside)
        return cls(process, screen)

    def until(self, words: str, seconds: float = 30.0) -> float:
        """Read until the words are on the screen; returns when they were."""
        return self._read(lambda: words in self.read, seconds)

    def end(self) -> tuple[int, str]:
        """The exit code and all that was on the screen."""
        self._read(lambda: False, 30.0)
        os.close(self.screen)
        return self.process.wait(timeout=30), self.read.replace("\r\n", "\n")

    def _read(self, enough: Callable[[], bool], seconds: float) -> float:
        ends = time.monotonic() + seconds
        while not enough() and time.monotonic() < ends:
            if not select.select([self.screen], [], [], 0.05)[0]:
                continue
            try:
                some = os.read(self.screen, 65536)
            except OSError:  # what Linux says of a terminal that everybody has left
                break
            if not some:
                break
            self.read += some.decode("utf-8", "replace")
        return time.monotonic()


class Person:
    """A command at a terminal of its own, and a person who types."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dlgrade", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", **environment},
            start_new_session=True,
            # Under nohup it is ignored, which a child inherits.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        )
        os.close(slave)
        self.shown = ""

    def until(self, text: str, seconds: float = 20.0) -> str:
        """Read until a text is shown; all that was shown since the last time."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
            data = self._read() if ready else b""
            if not data:
                raise AssertionError(f"{text!r} was not shown, but: {self.shown}")
            self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        shown, _, self.shown = self.shown.partition(text)
        return shown

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def interrupt(self, sign: signal.Signals = signal.SIGINT) -> None:
        """Send a signal once the command waits for keys.

        One that comes after the prompt and before that is kept by Python's readline until the next key; no person is
        so quick.
        """
        waiting = 0
        while waiting < 5 and self.process.poll() is None:
            time.sleep(0.03)
            waiting = waiting + 1 if self._sleeps() else 0
        self.process.send_signal(sign)

    def _sleeps(self) -> bool:
        try:
            status = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return True  # another system: the time alone has to do
        return status.rpartition(")")[2].split()[0] == "S"

    def ended(self) -> tuple[int, str]:
        """Wait for the end: the exit code, and the rest that was shown."""
        while select.select([self._master], [], [], 20.0)[0] and (data := self._read()):
            self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return self.process.wait(timeout=20), self.shown

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return b""

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
