"""The table in `dlgrade/grading/order.py`, made anew from English text.

python benchmarks/make_order.py FILE …     prints the rows; 2.3 million words were read for those that are there

A row is a function word; its letters say how much oftener than by chance each function word follows it, in the order of
the rows, and the last letter how much oftener any other word does.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from dlgrade.grading.order import LEAST, MOST, STEP, WORDS

_PROSE = 0.25  # share of function words; what has fewer is code or a list
_SHORTEST = 8  # words of a passage
_SEEN = 0.3  # added to each count, so that what was never seen is not impossible


def main(paths: list[str]) -> None:
    if not paths:
        print("no text was given: python benchmarks/make_order.py FILE …")
        return
    every: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for path in paths:
        text = Path(path).read_text(encoding="utf-8", errors="ignore")
        for passage in set(re.split(r"\n\s*\n|[.!?]\s", text)):
            count(passage.lower(), every, pairs)
    if lacking := [word for word in WORDS if not every[word]]:
        print(f"too little text: it has no {', '.join(lacking)}")
        return
    whole = every.total()
    chance = sum(every[word] for word in WORDS) / whole
    for word in WORDS:
        followed = sum(pairs[word, other] for other in WORDS) / every[word]
        odds = [math.log((pairs[word, other] + _SEEN) / every[word] / (every[other] / whole)) for other in WORDS]
        print(word, "".join(map(letter, [*odds, math.log((1 - followed) / (1 - chance))])))


def count(passage: str, every: Counter[str], pairs: Counter[tuple[str, str]]) -> None:
    """Count a passage's words and the pairs of function words with nothing but quotes or stars in between."""
    tokens = re.findall(r"[a-z']+|[^\sa-z'\"`*(]", passage)
    words = [token for token in tokens if token[0].isalpha()]
    if len(words) < _SHORTEST or sum(word in WORDS for word in words) < _PROSE * len(words):
        return
    every.update(words)
    pairs.update(pair for pair in pairwise(tokens) if set(pair) <= set(WORDS))


def letter(odds: float) -> str:
    """Odds as a letter, "a" for the least."""
    return chr(ord("a") + round((min(max(odds, LEAST), MOST) - LEAST) / STEP))


if __name__ == "__main__":
    main(sys.argv[1:])
