"""A class's answers, generated: as many as are wanted, to a few of the shipped questions, the same for the same seed.

python benchmarks/class_answers.py 300 > class.csv

Each person knows more or less, says so many sentences of the reference in the order that they stand there, adds a
misconception now and then, and sometimes copies from a neighbour with a word changed. `id` is a row's own, `student`
the person, and `name` and `note` are columns that no model is to see.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator

from dlgrade.grading.claims import rubric_from
from dlgrade.library import SHIPPED
from dlgrade.models import Rubric
from dlgrade.rubrics import Rubrics

QUESTIONS = ("dropout", "backpropagation", "vanishing-gradients")
COLUMNS = ("id", "student", "name", "note", "question", "answer")
FILLERS = ("I think", "As far as I remember", "In short", "We had this in the lecture:", "Basically")
OFF_TOPIC = "I did not get to this chapter, sorry."


def answers(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """So many rows, person by person; every person answers each of the questions."""
    dice = random.Random(seed)  # noqa: S311 - a class, no secret
    known = Rubrics([SHIPPED / "rubrics"])
    rubrics = [known.load(name) for name in QUESTIONS]
    claims = {
        rubric.name: [claim.expects.strip("* ") for claim in rubric_from(rubric.question, rubric.reference).criteria]
        for rubric in rubrics
    }
    before: dict[str, str] = {}
    for number in range(count):
        person, rubric = number // len(rubrics), rubrics[number % len(rubrics)]
        skill = random.Random(f"{seed} {person}").betavariate(2, 1.4)  # noqa: S311
        said = before.get(rubric.name, "")
        if not said or dice.random() > 0.06:
            said = _answer(dice, rubric, claims[rubric.name], skill)
        else:
            said = _copied(dice, said)
        before[rubric.name] = said
        yield f"{number + 1:05}", f"s{person + 1:04}", f"Person {person + 1}", "", rubric.question, said


def _answer(dice: random.Random, rubric: Rubric, claims: list[str], skill: float) -> str:
    if dice.random() < 0.03:
        return OFF_TOPIC
    said = [claim for claim in claims if dice.random() < skill * 0.9]
    if rubric.misconceptions and dice.random() > skill + 0.2:
        said.append(dice.choice(rubric.misconceptions).claims)
    text = " ".join(sentence.rstrip(".") + "." for sentence in said) or OFF_TOPIC
    return f"{dice.choice(FILLERS)} {text}"


def _copied(dice: random.Random, said: str) -> str:
    words = said.split()
    words[dice.randrange(len(words))] = dice.choice(("also", "rather", "often", "mostly"))
    return " ".join(words)


def main() -> None:
    table = csv.writer(sys.stdout)
    table.writerow(COLUMNS)
    table.writerows(answers(int(sys.argv[1]) if len(sys.argv) > 1 else 300))


if __name__ == "__main__":
    main()
