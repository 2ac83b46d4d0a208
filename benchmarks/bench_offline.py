"""How many answers the offline grader grades in a second on one core, each by the rubric of its question.

python benchmarks/bench_offline.py

The answers are the shipped references, once as they stand, which spares the guards most of their work, and once
without their last word, which spares nothing; then those of known quality and in other words, which are as long as
people's. Rubrics are known, answers are new: what is kept of an answer is thrown away.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dlgrade.grading.evidence import clean
from dlgrade.grading.offline import grade
from dlgrade.grading.words import sentences
from dlgrade.library import SHIPPED
from dlgrade.models import Rubric
from dlgrade.rubrics import Rubrics

ROUNDS = 5
SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "samples"


def main() -> None:
    rubrics = list(Rubrics([SHIPPED / "rubrics"]).all())
    whole = [rubric.reference for rubric in rubrics]
    cut = [reference.rsplit(maxsplit=1)[0] for reference in whole]
    words = sum(len(answer.split()) for answer in whole) / len(whole)
    print(f"{len(rubrics)} references of {words:.0f} words, a second: {rate(whole, rubrics):,.0f}")
    cleaning = fastest(lambda: [clean(answer) for answer in cut]) / len(cut)
    graded = rate(cut, rubrics)
    print(f"without their last word: {graded:,.0f}, {cleaning * graded:.0%} of it to look for words to the grader")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    by_name = {rubric.name: rubric for rubric in rubrics}
    lines = [line for name in ("known-quality", "other-words") for line in (SAMPLES / f"{name}.jsonl").open("rb")]
    rows = [json.loads(line) for line in lines]
    answers = [row["answer"] for row in rows]
    words = sum(len(answer.split()) for answer in answers) / len(answers)
    written = rate(answers, [by_name[row["rubric"]] for row in rows])
    print(f"{len(answers)} answers of {words:.0f} words, as people write them, a second: {written:,.0f}")


def rate(answers: Sequence[str], rubrics: Sequence[Rubric]) -> float:
    """Answers graded in a second of CPU, in the fastest round."""
    return len(answers) / fastest(lambda: [grade(*pair) for pair in zip(answers, rubrics, strict=True)])


def fastest(work: Callable[[], object]) -> float:
    """Seconds of CPU of the fastest round."""
    best = float("inf")
    for _ in range(ROUNDS):
        sentences.cache_clear()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    main()
