"""What a person sees of a run on a terminal: a bar, and above it, each on a line of its own, what is said meanwhile."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from conftest import ROOT
from loopback import Body, Loopback, Scripted
from terminal import Terminal


def test_what_is_said_during_a_run_stands_above_the_bar_on_lines_of_its_own(tmp_path: Path) -> None:
    def slow(_: Body) -> Scripted:
        return Scripted(content="Because it works.", delay=0.4)

    with Loopback(slow) as server:
        asking = ("--model", "made-up", "--base-url", server.url)
        terminal = Terminal.running("fill", str(ROOT / "questions" / "general.md"), "--out", str(tmp_path), *asking)
        terminal.until("/17")
        while not server.requests:
            terminal.until("made-up", 1.0)
        terminal.process.send_signal(signal.SIGINT)
        code, screen = terminal.end()
    assert code == 130
    # a line of the bar ends where the cursor goes back to its start and the line is erased
    lines = re.split(r"\n|\r\x1b\[2K|\x1b\[2K", screen)
    for said in ("dlgrade: asking made-up at", "Stopping: "):
        (line,) = [line for line in lines if said in line]
        assert re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", line).startswith(said)
