"""What the reference of every shipped question earns from the rubric of every other one, the most first.

python benchmarks/bench_rubrics.py
"""

from __future__ import annotations

from dlgrade.grading.checking import foreign, matrix
from dlgrade.library import SHIPPED
from dlgrade.rubrics import Rubrics

WORST = 20


def main() -> None:
    pairs = foreign(list(Rubrics([SHIPPED / "rubrics"]).all()))
    print(matrix(pairs))
    for pair in pairs[:WORST]:
        related = "one topic, or near" if pair.related else ""
        print(f"{pair.percent:5.0f} %  by {pair.rubric:40} the reference of {pair.reference:40} {related}")


if __name__ == "__main__":
    main()
