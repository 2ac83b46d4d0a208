"""How offline grades agree with people's, where there are only a question and a reference.

python benchmarks/bench_asag.py SET.jsonl …

A set has one answer a line: `qid, question, reference, answer, score, max_score`. The data are not kept here; README.md
says where the measured sets come from. Half of the questions, by the parity of a hash of `qid`, were looked at when the
method was chosen; the other half shows whether it holds.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from functools import lru_cache
from pathlib import Path
from statistics import correlation, mean
from typing import Any

from dlgrade.grading.claims import rubric_from
from dlgrade.grading.offline import grade

_BINS = 5


def main(paths: list[str]) -> None:
    if not paths:
        print("no set was given: python benchmarks/bench_asag.py SET.jsonl …")
        return
    made = lru_cache(maxsize=None)(rubric_from)
    print(f"{'set':14} {'answers':>8} {'r':>6} {'chosen on':>10} {'held out':>9} {'a second':>9}")
    tables = {}
    for path in map(Path, paths):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        start = time.process_time()
        grades = [
            grade(row["answer"], made(row["question"], row["reference"], float(row["max_score"]))) for row in rows
        ]
        took = time.process_time() - start
        pairs = [
            (given.percent or 0.0, 100 * row["score"] / row["max_score"])
            for given, row in zip(grades, rows, strict=True)
        ]
        halves = [[pair for pair, row in zip(pairs, rows, strict=True) if _half(row) == half] for half in (0, 1)]
        tables[path.stem] = pairs
        shown = " ".join(
            f"{_pearson(part):{width}.3f}" for part, width in zip([pairs, *halves], (6, 10, 9), strict=True)
        )
        print(f"{path.stem:14} {len(rows):8} {shown} {len(rows) / took:9,.0f}")
    print(f"\n{'people, on average, where it gives':34}", *(f"{20 * i:>3}–{20 * i + 20}" for i in range(_BINS)))
    for name, pairs in tables.items():
        bins = [[real for said, real in pairs if min(int(said / 20), _BINS - 1) == i] for i in range(_BINS)]
        print(f"{name:34}", *(f"{mean(found):6.0f}" if found else "     –" for found in bins))


def _half(row: dict[str, Any]) -> int:
    return int(hashlib.sha256(str(row["qid"]).encode()).hexdigest(), 16) % 2


def _pearson(pairs: list[tuple[float, float]]) -> float:
    return correlation([one for one, _ in pairs], [other for _, other in pairs])


if __name__ == "__main__":
    main(sys.argv[1:])
