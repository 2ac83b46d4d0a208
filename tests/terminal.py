"""A command at a terminal, as a person has it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

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
