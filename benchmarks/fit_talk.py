"""Weights for `dlgrade.grading.steering.talk`: a logistic regression over the classes of words of a sentence.

python benchmarks/fit_talk.py [ANSWERS.jsonl …]

Sentences of the attacks in `tests/samples` against those of honest answers, references, texts that look like attacks,
and of further answers (`answer` on each line); of the blind batches each second line is held back. Prints the weights,
then by origin the share of sentences above some thresholds, each sentence weighed by what was fitted without its fifth
of the sentences.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dlgrade.grading.steering.talk import CLASSES, TWICE, measures
from dlgrade.grading.words import sentences
from dlgrade.library import SHIPPED
from dlgrade.rubrics import Rubrics

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "samples"
ATTACKS = ("attacks", "attacks-unseen", "attacks-blind")
HONEST = ("honest", "honest-near", "honest-blind", "other-words", "known-quality")
PENALTY = 2.0
THRESHOLDS = (-3.0, -2.5, -2.0, -1.0, 0.0, 1.0)
PARTS = 5

Origin = tuple[str, bool, list[str]]


def texts(path: Path) -> list[str]:
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [next(row[key] for key in ("attack", "text", "answer") if key in row) for row in rows]


def origins(more: list[str]) -> Iterator[Origin]:
    for name in ATTACKS:
        yield name, True, texts(SAMPLES / f"{name}.jsonl")[:: 2 if "blind" in name else 1]
    for name in HONEST:
        yield name, False, texts(SAMPLES / f"{name}.jsonl")[:: 2 if "blind" in name else 1]
    yield "references", False, [rubric.reference for rubric in Rubrics([SHIPPED / "rubrics"]).all()]
    for path in more:
        yield Path(path).stem, False, texts(Path(path))


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The weights, the constant last, by Newton's method with a penalty on their squares."""
    x = np.hstack([x, np.ones((len(x), 1))])
    weights = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], PENALTY)
    penalty[-1] = 0
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - y) + penalty * weights
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def main() -> None:
    rows: list[list[float]] = []
    names: list[str] = []
    labels: list[float] = []
    for name, steers, some in origins(sys.argv[1:]):
        for text in some:
            for one in sentences(text):
                rows.append(measures(text[one.start : one.end]))
                names.append(name)
                labels.append(float(steers))
    x, y, origin = np.array(rows), np.array(labels), np.array(names)
    what = (*CLASSES, *(f"{name} twice" for name in TWICE), "share", "none")
    for name, weight in zip(what, fitted(x, y), strict=True):
        print(f"{name:12} {weight:+.1f}")
    part = np.random.default_rng(0).permutation(len(y)) % PARTS
    held = np.zeros(len(y))
    for k in range(PARTS):
        weights = fitted(x[part != k], y[part != k])
        held[part == k] = x[part == k] @ weights[:-1] + weights[-1]
    print(f"{'above':16}" + "".join(f"{threshold:8}" for threshold in THRESHOLDS))
    for name in dict.fromkeys(names):
        print(f"{name:16}" + "".join(f"{np.mean(held[origin == name] > limit):8.3f}" for limit in THRESHOLDS))


if __name__ == "__main__":
    main()
