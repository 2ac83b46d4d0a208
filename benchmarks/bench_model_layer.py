"""`dlgrade fill` beside a short script over the bare SDK: time, CPU, faults, kills and memory.

Both ask the same questions of the same server (`fast_server.py`) with 64 requests in flight, in turn (A B A B …), each
a process of its own from its start to its end; dlgrade reads a bank, and writes its cache and the filled document too.
The ratio is that of the fastest rounds: whatever else the machine does can only add to a time.

    python benchmarks/bench_model_layer.py [--full] [--only ROW …] [--rounds N]

`--full` also asks 100,000 questions, which takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
AT_ONCE = 64
ROUNDS = 5
OURS = {"OPENAI_API_KEY", "OPENAI_BASE_URL", "DLGRADE_MODEL"}
# Installed programs are compiled once; this would have a checkout's modules compiled at every start, the SDK's not.
UNFAIR = {"PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Took:
    """What one process took: seconds, CPU seconds (user and system), and its peak memory in MB."""

    seconds: float
    cpu: float
    peak: float
    out: str


class Bench:
    """A folder with questions, a cache and documents, and the two who are compared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        kept = {name: value for name, value in os.environ.items() if name not in OURS | UNFAIR}
        self.environment = {**kept, "PYTHONPATH": str(HERE.parent), "DLGRADE_CACHE": str(self.cache)}
        self.system = folder / "system.txt"
        self.system.write_text(self._system_message(), encoding="utf-8")

    def bank(self, questions: int) -> Path:
        """A bank of so many questions; the same ones stand a line each in a .txt beside it."""
        bank = self.folder / f"bank-{questions}.md"
        if not bank.exists():
            lines = [
                f"How does batch normalization change what layer {i} of a network learns?" for i in range(questions)
            ]
            bank.with_suffix(".txt").write_text("\n".join(lines), encoding="utf-8")
            numbered = (f"{i}. {line}\n" for i, line in enumerate(lines, 1))
            bank.write_text("# Questions\n\n" + "".join(numbered), encoding="utf-8")
        return bank

    def forget(self, *, cache: bool = True) -> None:
        """Remove the documents written, and the cache."""
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        if cache:
            shutil.rmtree(self.cache, ignore_errors=True)

    def dlgrade(self, questions: int, url: str) -> list[str]:
        """The command that fills the bank."""
        asked = ["--model", "m", "--base-url", url, "--concurrency", str(AT_ONCE)]
        return [*_dlgrade(), "fill", str(self.bank(questions)), "--out", str(self.folder / "out"), *asked]

    def raw(self, questions: int, url: str) -> list[str]:
        """The script that asks the same questions."""
        asked = self.bank(questions).with_suffix(".txt")
        return [sys.executable, str(HERE / "raw_sdk.py"), str(asked), str(self.system), url, str(AT_ONCE)]

    def alone(self, questions: int, url: str) -> list[str]:
        """The same questions, without a document."""
        return [sys.executable, str(HERE / "ask_alone.py"), str(self.bank(questions).with_suffix(".txt")), url]

    def start(self, command: list[str], out: Path) -> subprocess.Popen[bytes]:
        """Start a process whose output goes into files."""
        with out.open("wb") as stdout, out.with_suffix(".err").open("wb") as stderr:
            return subprocess.Popen(command, stdout=stdout, stderr=stderr, env=self.environment, cwd=self.folder)

    def run(self, command: list[str]) -> Took:
        """Run a process to its end."""
        out = self.folder / "said.out"
        started = time.perf_counter()
        process = self.start(command, out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode > 1:
            sys.exit(f"{' '.join(command)}: exit {process.returncode}\n{out.with_suffix('.err').read_text()}")
        peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        return Took(seconds, usage.ru_utime + usage.ru_stime, peak, out.read_text())

    def _system_message(self) -> str:
        """What dlgrade says before each question: the other one is to say as much."""
        asked = [*_dlgrade(), "fill", str(self.bank(1)), "--dry-run", "--json"]
        said = subprocess.check_output(asked, env=self.environment, cwd=self.folder, stderr=subprocess.DEVNULL)
        return str(json.loads(said)["requests"][0]["messages"][0]["content"])


def _dlgrade() -> list[str]:
    return [sys.executable, "-m", "dlgrade"]


@contextmanager
def server(**options: float) -> Iterator[str]:
    """The server's base URL, while it runs."""
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen(
        [sys.executable, str(HERE / "fast_server.py"), *flags], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def counters(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/counters") as reply:  # noqa: S310 - our own server
        found: dict[str, Any] = json.load(reply)
        return found


def forget(url: str) -> None:
    _post(url, "/reset")


def _post(url: str, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(url.removesuffix("/v1") + path, data=b"") as reply:  # noqa: S310 - our own server
        found: dict[str, Any] = json.load(reply)
        return found


# ── the table ────────────────────────────────────────────────────────────────────────────────

BROKEN: list[str] = []


def head() -> None:
    print(f"{'':44} {'raw SDK':>15} {'dlgrade':>15} {'ratio':>6}  promise")
    print(f"{'':44} {'min  median':>15} {'min  median':>15}")


def line(name: str, raw: list[float], ours: list[float], promise: str, *, kept: bool) -> None:
    """A row: the fastest and the median of each, the ratio of the fastest."""
    least = min(raw, default=0.0)
    ratio = f"{min(ours) / least:6.2f}" if least else " " * 6
    broken = "" if kept else "  broken"
    print(f"{name:44} {_pair(raw)} {_pair(ours)} {ratio}  {promise}{broken}", flush=True)
    if not kept:
        BROKEN.append(name)


def _pair(values: list[float]) -> str:
    return f"{min(values):7.2f} {statistics.median(values):7.2f}" if values else f"{'–':>15}"


def in_turn(bench: Bench, url: str, questions: int, rounds: int) -> tuple[list[Took], list[Took]]:
    """Both, one after another, each with nothing left of the round before."""
    raw, ours = [], []
    for _ in range(rounds):
        forget(url)
        raw.append(bench.run(bench.raw(questions, url)))
        forget(url)
        bench.forget()
        ours.append(bench.run(bench.dlgrade(questions, url)))
    return raw, ours


# ── its rows ─────────────────────────────────────────────────────────────────────────────────


def fill(bench: Bench, rounds: int) -> None:
    with server(delay=200) as url:
        raw, ours = in_turn(bench, url, 500, rounds)
    raw_times, times = [took.seconds for took in raw], [took.seconds for took in ours]
    kept = min(times) <= 1.1 * min(raw_times)
    line("500 questions, 200 ms each: s", raw_times, times, "1.1 × raw", kept=kept)
    raw_peaks, peaks = [took.peak for took in raw], [took.peak for took in ours]
    line("  the same: peak memory, MB", raw_peaks, peaks, "90 MB", kept=max(peaks) <= 90)


def cached(bench: Bench, rounds: int) -> None:
    for questions, promise in ((500, 0.4), (10_000, 2.0)):
        bench.forget()
        with server() as url:
            bench.run(bench.dlgrade(questions, url))
            forget(url)
            took = []
            for _ in range(rounds):
                bench.forget(cache=False)
                took.append(bench.run(bench.dlgrade(questions, url)).seconds)
            asked = counters(url)["requests"]
        kept = min(took) <= promise and asked == 0
        line(f"{questions:,} questions, all cached ({asked} asked): s", [], took, f"{promise:g} s", kept=kept)


def cpu(bench: Bench, rounds: int) -> None:
    questions = 5_000
    with server() as url:
        raw, ours = in_turn(bench, url, questions, min(rounds, 3))
        alone = []
        for _ in range(len(raw)):
            bench.forget()
            alone.append(bench.run(bench.alone(questions, url)))
    raw_each, each, alone_each = ([1000 * took.cpu / questions for took in all_] for all_ in (raw, ours, alone))
    kept = min(alone_each) <= 1.1 * min(raw_each)
    line(f"{questions:,} replies, cached: CPU ms a reply", raw_each, alone_each, "1.1 × raw", kept=kept)
    line("  the same, from a document into it", raw_each, each, "–", kept=True)
    raw_times, times = [took.seconds for took in raw], [took.seconds for took in ours]
    line("  the same: s", raw_times, times, "–", kept=True)
    line("  the same: peak memory, MB", [t.peak for t in raw], [t.peak for t in ours], "–", kept=True)


def faults(bench: Bench, rounds: int) -> None:
    with server(delay=200, faults=0.1) as url:
        raw, ours = in_turn(bench, url, 500, rounds)
    answered = [int(took.out) for took in raw]
    filled = [int(took.out.partition(" filled")[0].rpartition(" ")[2]) for took in ours]
    raw_times, times = [took.seconds for took in raw], [took.seconds for took in ours]
    kept = min(times) <= 1.1 * min(raw_times)
    line("500 questions, 10 % faults: s", raw_times, times, "1.1 × raw", kept=kept)
    line("  the same: answered", [*map(float, answered)], [*map(float, filled)], "500", kept=min(filled) == 500)


def kill(bench: Bench, rounds: int) -> None:
    """Kill each half-way and run it again; how many questions are asked whose reply had been sent before.

    A process that is stopped does nothing more, as one that is killed; but the system then takes some 10 ms to free its
    memory before it closes its sockets, into which the server goes on sending. The first row is by what the server had
    sent when the process was stopped, the second by what it had sent until the sockets were closed.
    """
    # Replies come one by one, as they do from real servers, not 64 in one moment.
    with server(delay=200, jitter=0.5) as url:
        again, unread = _killed(bench, url, rounds, {"raw": bench.raw(500, url), "dlgrade": bench.dlgrade(500, url)})
        kept = statistics.median(again["dlgrade"]) <= 2
        line("kill -9 half-way, again: sent before", again["raw"], again["dlgrade"], "2", kept=kept)
        if unread:
            line("  the same: of these unread in a socket", unread["raw"], unread["dlgrade"], "–", kept=True)
        after, _ = _killed(bench, url, rounds, {"dlgrade": bench.dlgrade(500, url)}, stop=False)
        line("  the same: sent until its sockets closed", [], after["dlgrade"], "–", kept=True)


def _killed(
    bench: Bench, url: str, rounds: int, commands: dict[str, list[str]], *, stop: bool = True
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """How often each asked again, and how many replies stood unread in its sockets, where the system tells that."""
    again: dict[str, list[float]] = {name: [] for name in commands}
    unread: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        bench.forget()
        for name, command in commands.items():
            forget(url)
            process = bench.start(command, bench.folder / "killed.out")
            while counters(url)["replies"] < 250 and process.poll() is None:
                time.sleep(0.01)
            if stop:
                stopped = time.monotonic()
                process.send_signal(signal.SIGSTOP)
                late = _post(url, f"/hangup/{stopped}")["late"]
                if PROC_TCP.exists():
                    unread[name].append(_unread(url) - late)
            process.kill()
            process.wait()
            bench.run(command)
            again[name].append(counters(url)["again"])
    return again, {name: counts for name, counts in unread.items() if counts}


PROC_TCP = Path("/proc/net/tcp")  # a line a socket: its number, local and remote address, state, queues, …


def _unread(url: str) -> int:
    """How many connections to the server hold bytes that nobody has read; each has one reply at most."""
    port = f":{urlsplit(url).port:04X}"
    rows = [row.split() for row in PROC_TCP.read_text().splitlines()[1:]]
    return sum(row[2].endswith(port) and int(row[4].partition(":")[2], 16) > 0 for row in rows)


def memory(bench: Bench, rounds: int) -> None:  # noqa: ARG001 - once takes minutes
    with server() as url:
        bench.forget()
        took = bench.run(bench.dlgrade(100_000, url))
    line("100,000 questions: peak memory, MB", [], [took.peak], "150 MB", kept=took.peak <= 150)
    line("  the same: s", [], [took.seconds], "–", kept=True)


ROWS: dict[str, Callable[[Bench, int], None]] = {
    "fill": fill,
    "cached": cached,
    "cpu": cpu,
    "faults": faults,
    "kill": kill,
    "memory": memory,
}
SLOW = {"memory"}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="the slow rows too")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is run")
    args = parser.parse_args()
    chosen = args.only or [name for name in ROWS if args.full or name not in SLOW]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        head()
        for name in chosen:
            ROWS[name](bench, args.rounds)
    if BROKEN:
        sys.exit("broken promises: " + ", ".join(name.strip() for name in BROKEN))


if __name__ == "__main__":
    main()
