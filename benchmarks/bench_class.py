"""A class of 10,000 generated answers: graded offline, and by a model behind `fast_server.py` that is killed half-way.

python benchmarks/bench_class.py [--answers N]

Each row is a process of its own: answers a second from its start to its end, and its peak memory. After each run the
grades are held against the answers: all of them, in their order, none without a score. Of the run that is killed it
counts what the second one asked again although the server had answered it. Then the report over the model's grades,
with its page, and how large that is.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from bench_model_layer import OURS, UNFAIR, Took, counters, forget, server

HERE = Path(__file__).parent
AT_ONCE = 64
DELAY = 50  # ms before a reply, as few servers are fast enough for


@dataclass
class Class:
    """A folder with a class's answers, and what is made of them there."""

    folder: Path
    count: int

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in OURS | UNFAIR}
        self._environment = {
            **kept,
            "PYTHONPATH": str(HERE.parent),
            "DLGRADE_CACHE": str(self.folder / "cache"),
        }
        # Elsewhere, and nothing of it is kept: a process counts as its own peak what the one that began it held then.
        with (self.folder / "class.csv").open("wb") as file:
            made = [sys.executable, str(HERE / "class_answers.py"), str(self.count)]
            subprocess.run(made, stdout=file, env=self._environment, check=True)

    def grade(self, out: str, *more: str) -> subprocess.Popen[bytes]:
        """Begin to grade the class."""
        return self._start("grade", "--answers", "class.csv", "--out", out, *more)

    def report(self, grades: str, *more: str) -> subprocess.Popen[bytes]:
        """Begin a report on grades."""
        return self._start("grades", "report", grades, "--answers", "class.csv", "--person", "student", *more)

    def ended(self, process: subprocess.Popen[bytes], begun: float) -> Took:
        """Wait for a process; what it took since it was begun."""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"exit {process.returncode}: {(self.folder / 'said.err').read_text()}")
        peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        return Took(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, peak, "")

    def check(self, grades: str) -> str:
        """See that every answer has its grade, in its order; returns a hash of all but the tokens that they took."""
        digest = hashlib.sha256()
        with (
            (self.folder / grades).open(encoding="utf-8") as file,
            (self.folder / "class.csv").open(encoding="utf-8", newline="") as answers,
        ):
            for n, (line, row) in enumerate(zip_longest(file, csv.DictReader(answers)), start=1):
                grade = json.loads(line) if line else {"id": None}
                if row is None or grade["id"] != row["id"]:
                    sys.exit(
                        f"{grades}: the {n}. grade is that of {grade['id']}, the answer that of {row and row['id']}"
                    )
                if grade["status"] != "graded":
                    sys.exit(f"{grades}: {grade['id']} has no grade")
                digest.update(json.dumps({**grade, "usage": None}).encode())
        return digest.hexdigest()

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "said.out").open("wb") as out, (self.folder / "said.err").open("wb") as err:
            return subprocess.Popen(
                [sys.executable, "-m", "dlgrade", *command],
                stdout=out,
                stderr=err,
                env=self._environment,
                cwd=self.folder,
            )


def line(name: str, took: Took, count: int, said: str = "") -> None:
    print(f"{name:44} {count / took.seconds:8,.0f} {took.seconds:8.1f} {took.peak:8.0f}  {said}", flush=True)


def offline(of: Class) -> None:
    begun = time.perf_counter()
    took = of.ended(of.grade("offline.jsonl", "--model", "offline"), begun)
    of.check("offline.jsonl")
    line("offline", took, of.count)


def asked(of: Class) -> None:
    with server(delay=DELAY, jitter=0.5) as url:
        more = ("--model", "m", "--base-url", url, "--concurrency", str(AT_ONCE))
        begun = time.perf_counter()
        process = of.grade("grades.jsonl", *more)
        while counters(url)["replies"] < of.count / 2 and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        process.wait()
        first, done = time.perf_counter() - begun, counters(url)["replies"]
        if (of.folder / "grades.jsonl").exists():
            sys.exit("a run that was killed left a file of grades that is not complete")
        print(f"{'by a model, kill -9 half-way':44} {done / first:8,.0f} {first:8.1f} {'':8}  {done:,} replies")
        begun = time.perf_counter()
        took = of.ended(of.grade("grades.jsonl", *more), begun)
        grades = of.check("grades.jsonl")
        seen = counters(url)
        line("  resumed", took, of.count, f"{seen['replies'] - done:,} replies, {seen['again']} of them asked again")
        forget(url)
        begun = time.perf_counter()
        took = of.ended(of.grade("again.jsonl", *more), begun)
        if of.check("again.jsonl") != grades:
            sys.exit("the same command again has other grades")
        line("  the same again, all cached", took, of.count, f"{counters(url)['requests']} asked")


def reported(of: Class) -> None:
    begun = time.perf_counter()
    line("report", of.ended(of.report("grades.jsonl"), begun), of.count)
    begun = time.perf_counter()
    took = of.ended(of.report("grades.jsonl", "--html", "report.html", "--most", str(of.count)), begun)
    size = (of.folder / "report.html").stat().st_size / 1e6
    line("  with a page that holds all answers", took, of.count, f"{size:.0f} MB of HTML")


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--answers", type=int, default=10_000, metavar="N", help="how large the class is")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        of = Class(Path(folder), args.answers)
        print(f"{f'a class of {of.count:,} answers':44} {'a second':>8} {'s':>8} {'MB':>8}")
        offline(of)
        asked(of)
        reported(of)


if __name__ == "__main__":
    main()
