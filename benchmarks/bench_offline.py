"""How many answers the offline grader grades in a second on one core: each shipped reference by its own rubric.

python benchmarks/bench_offline.py
"""

from __future__ import annotations

import time

from dlgrade.grading.offline import grade
from dlgrade.grading.words import sentences, stems
from dlgrade.library import SHIPPED
from dlgrade.rubrics import Rubrics

ROUNDS = 5


def main() -> None:
    rubrics = list(Rubrics([SHIPPED / "rubrics"]).all())
    best = float("inf")
    for _ in range(ROUNDS):
        sentences.cache_clear()  # every answer is new to the grader
        stems.cache_clear()
        start = time.process_time()
        for rubric in rubrics:
            grade(rubric.reference, rubric)
        best = min(best, time.process_time() - start)
    words = sum(len(rubric.reference.split()) for rubric in rubrics) / len(rubrics)
    print(f"{len(rubrics)} answers of {words:.0f} words: {len(rubrics) / best:,.0f} a second")


if __name__ == "__main__":
    main()
