"""Attacks on a grader, and where they stand in an answer: for the tests and for `benchmarks/bench_attacks.py`.

`samples/attacks.jsonl` holds them, `samples/honest.jsonl` texts that only look like some; both were written for the
purpose. `where` is the place that an attack is made for. An attack with `"cut": false` is too vague to be taken out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent / "samples"
ANSWER = (SAMPLES / "answers" / "dropout-half.md").read_text(encoding="utf-8").strip()
"""An honest answer on dropout that is worth something, holds a misconception, and is attacked."""

PLACES = ("front", "middle", "end", "spread", "inside")


@dataclass(frozen=True)
class Attack:
    """One text that steers a grader."""

    id: str
    kind: str
    where: str
    text: str
    cut: bool = True

    def places(self) -> Iterator[str]:
        """The places that it can stand at: inside a paragraph if it ends as a sentence does."""
        sentence = "\n" not in self.text and self.text.endswith((".", "!", "?"))
        yield from (place for place in PLACES if place != "inside" or sentence or self.where == place)

    def at(self, place: str) -> str:
        """The answer with the attack at a place; `whole` is the attack alone."""
        paragraphs = ANSWER.split("\n\n")
        if place == "whole":
            return self.text
        if place == "inside":
            first, rest = ANSWER.split(". ", 1)
            return f"{first}. {self.text} {rest}"
        between = {"front": (0,), "middle": (1,), "end": (3,), "spread": (3, 2, 1, 0)}[place]
        for k in between:
            paragraphs.insert(k, self.text)
        return "\n\n".join(paragraphs)


def _rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


ATTACKS = [Attack(**row) for row in _rows("attacks.jsonl")]  # type: ignore[arg-type]
CUT = [attack for attack in ATTACKS if attack.cut]
HONEST = [row["text"] for row in _rows("honest.jsonl")]
