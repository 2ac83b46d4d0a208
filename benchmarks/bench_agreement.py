"""How the offline grader agrees with verdicts fixed by hand, by kind of answer.

python benchmarks/bench_agreement.py
"""

from __future__ import annotations

import json
from pathlib import Path

from dlgrade.grading.agreement import kappa
from dlgrade.grading.offline import grade
from dlgrade.library import SHIPPED
from dlgrade.rubrics import load_rubric

SET = Path(__file__).resolve().parent.parent / "tests" / "samples" / "other-words.jsonl"


def main() -> None:
    pairs: dict[str, list[tuple[str, str]]] = {}
    found: list[tuple[bool, bool]] = []
    for row in map(json.loads, SET.read_text(encoding="utf-8").splitlines()):
        given = grade(row["answer"], load_rubric(SHIPPED / "rubrics" / f"{row['rubric']}.yaml"))
        pairs.setdefault(row["kind"], []).extend((row["verdicts"][v.criterion], v.verdict) for v in given.verdicts)
        found += [(finding.id in row["misconceptions"], finding.found) for finding in given.misconceptions]
    pairs["all"] = [pair for group in pairs.values() for pair in group]
    print(f"{'answers':12} {'verdicts':>8} {'accuracy':>8} {'kappa':>6}")
    for kind, group in pairs.items():
        accuracy = sum(one == other for one, other in group) / len(group)
        print(f"{kind:12} {len(group):8} {accuracy:8.2f} {kappa(group):6.2f}")
    claimed, right = sum(real for real, _ in found), sum(real and said for real, said in found)
    print(f"misconceptions: {right} of {claimed} claimed were found, {sum(s and not r for r, s in found)} wrongly")


if __name__ == "__main__":
    main()
