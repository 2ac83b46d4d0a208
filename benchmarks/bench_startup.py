"""How long `dlgrade --version` and `--help` take beside `python -c "import typer"`, in one run.

The commands run in turn, A B C A B C …, so that a machine that gets slower does so for all; the medians'
ratio is what counts, and the promise is 1.5.

    python benchmarks/bench_startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 21
PROMISE = 1.5
COMMANDS = {
    "import typer": [sys.executable, "-c", "import typer"],
    "dlgrade --version": [sys.executable, "-m", "dlgrade", "--version"],
    "dlgrade --help": [sys.executable, "-m", "dlgrade", "--help"],
}


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of one whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        seconds(command)  # warms the file cache
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            taken[name].append(seconds(command))
    base = statistics.median(taken["import typer"])
    print(f"{'':20} {'median ms':>10} {'min ms':>8} {'ratio':>6}   (promise: {PROMISE})")
    for name, all_taken in taken.items():
        median = statistics.median(all_taken)
        print(f"{name:20} {median * 1000:10.1f} {min(all_taken) * 1000:8.1f} {median / base:6.2f}")
    if any(statistics.median(all_taken) > PROMISE * base for all_taken in taken.values()):
        sys.exit("the promise is broken")


if __name__ == "__main__":
    main()
