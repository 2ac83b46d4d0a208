"""How the offline grader agrees with verdicts fixed by hand, by kind of answer.

python benchmarks/bench_agreement.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dlgrade.grading.agreement import kappa
from dlgrade.grading.offline import grade
from dlgrade.library import SHIPPED
from dlgrade.models import Grade
from dlgrade.rubrics import load_rubric

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "samples"
_SEEN = 100  # answers of known quality that were looked at when the method was chosen

Graded = list[tuple[dict[str, Any], Grade]]


def main() -> None:
    show("in other words", graded("other-words.jsonl"))
    quality = graded("known-quality.jsonl")
    show("of known quality", quality)
    show("the second half of them, by which nothing but the guard against terms in a row was chosen", quality[_SEEN:])


def graded(name: str) -> Graded:
    rows = map(json.loads, (SAMPLES / name).read_text(encoding="utf-8").splitlines())
    return [(row, grade(row["answer"], load_rubric(SHIPPED / "rubrics" / f"{row['rubric']}.yaml"))) for row in rows]


def show(title: str, every: Graded) -> None:
    print(f"\n{title}: {len(every)} answers")
    print(f"{'kind':12} {'verdicts':>8} {'accuracy':>8} {'kappa':>6} {'mean %':>7} {'most %':>7}")
    for kind in dict.fromkeys(row["kind"] for row, _ in every):
        row_of(kind, [(row, given) for row, given in every if row["kind"] == kind])
    row_of("all", every)
    found = [(m.id in row["misconceptions"], m.found) for row, given in every for m in given.misconceptions]
    claimed, right = sum(real for real, _ in found), sum(real and said for real, said in found)
    print(f"misconceptions: {right} of {claimed} claimed were found, {sum(s and not r for r, s in found)} wrongly")


def row_of(kind: str, every: Graded) -> None:
    pairs = [(row["verdicts"][v.criterion], v.verdict) for row, given in every for v in given.verdicts]
    accuracy = sum(one == other for one, other in pairs) / len(pairs)
    same = len({word for pair in pairs for word in pair}) == 1  # one verdict throughout: there is no kappa
    percents = [given.percent or 0.0 for _, given in every]
    told = f"{'–':>6}" if same else f"{kappa(pairs):6.2f}"
    print(f"{kind:12} {len(pairs):8} {accuracy:8.2f} {told} {sum(percents) / len(percents):7.0f} {max(percents):7.0f}")


if __name__ == "__main__":
    main()
