"""What attacks on a grader achieve, by kind: found, left out, and what they earn beside the clean answer.

python benchmarks/bench_attacks.py

Every attack stands in turn at every place that it fits. `judged` is what a judge gives that falls for what it sees:
full marks, no misconception, and the attack quoted for each criterion. Then come honest texts, and what cleaning costs;
attacks on answers to many questions, most written before anything was built against them, with judges that obey
them in three manners (`tests/obedient.py`); and what a fair judge's second look costs honest answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlgrade.grading import offline
from dlgrade.grading.asking import grading_request
from dlgrade.grading.evidence import clean, needs_review
from dlgrade.grading.judge import Judge
from dlgrade.library import SHIPPED
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Grade
from dlgrade.prompts import Prompts
from dlgrade.rubrics import Rubrics, load_rubric
from dlgrade.settings import Settings

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from attacks import ANSWER, ATTACKS, HONEST, SAMPLES, Attack  # noqa: E402 - they stand with the tests
from obedient import (  # noqa: E402 - as above
    MANNERS,
    Fair,
    Steered,
    gains,
    gains_offline,
    graded,
    rubric_of,
    steered,
    written,
)

DROPOUT = load_rubric(SHIPPED / "rubrics" / "dropout.yaml")
PROMPTS, SETTINGS = Prompts([SHIPPED / "prompts"]), Settings(model="made-up", base_url="http://localhost/v1")
ROUNDS = 5
BATCHES = ("attacks-unseen", "attacks-blind", "attacks-held-out", "attacks-aware")
EARNEST = ("full", "most", "half", "wrong", "paraphrase", "terse", "rambling")


class Credulous:
    """A client whose model does as an attack says where it sees one, and else gives the fair verdicts."""

    def __init__(self, attack: str) -> None:
        self._attack = attack

    async def complete(self, request: Request) -> Reply:
        """Full marks for an attack that is in the request, three verdicts and a misconception for the clean answer."""
        seen = self._attack in request.messages[1].content
        reply: dict[str, Any] = {}
        for n in range(1, len(DROPOUT.criteria) + 1):
            quote = self._attack if seen else ANSWER.split(". ")[0] if n == 1 else ""
            reply[f"c{n}"] = {"quotes": [quote] if quote else [], "reason": "", "verdict": "met" if quote else "missed"}
        for n in range(1, len(DROPOUT.misconceptions) + 1):
            reply[f"m{n}"] = {"quotes": [], "reason": "", "found": False}
        return Reply(text=json.dumps(reply), model=request.model)


@dataclass
class Row:
    """What came of the attacks of one kind, each place counted."""

    tried: int = 0
    flagged: int = 0
    same: int = 0
    offline: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)


def judged(answer: str, attack: str) -> float:
    judge = Judge(Credulous(attack), PROMPTS, SETTINGS)
    return asyncio.run(judge.grade(answer, DROPOUT, id="x", question=DROPOUT.question)).score or 0.0


def table(attacks: Sequence[Attack]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    fair, fair_judged = offline.grade(ANSWER, DROPOUT).score or 0.0, judged(ANSWER, "never said")
    key = grading_request(clean(ANSWER), DROPOUT, PROMPTS, SETTINGS).key
    for attack in attacks:
        row = rows.setdefault(attack.kind, Row())
        for place in attack.places():
            answer = attack.at(place)
            cleaned = clean(answer)
            row.tried += 1
            row.flagged += bool(cleaned.flags)
            row.same += grading_request(cleaned, DROPOUT, PROMPTS, SETTINGS).key == key
            row.offline.append((offline.grade(answer, DROPOUT).score or 0.0) - fair)
            row.judged.append(judged(answer, attack.text) - fair_judged)
    return rows


def main() -> None:
    rows = table(ATTACKS)
    print(f"{'kind':22} {'tried':>6} {'flagged':>8} {'same request':>13} {'offline':>8} {'judged':>7}")
    every = Row()
    for kind, row in rows.items():
        show(kind, row)
        every.tried += row.tried
        every.flagged += row.flagged
        every.same += row.same
        every.offline += row.offline
        every.judged += row.judged
    show("all", every)
    others = (SAMPLES / "other-words.jsonl").read_text(encoding="utf-8").splitlines()
    references = [rubric.reference for rubric in Rubrics([SHIPPED / "rubrics"]).all()]
    for name, texts in (
        ("honest texts that look like attacks", HONEST),
        ("references", references),
        ("answers in other words", [json.loads(line)["answer"] for line in others]),
    ):
        print(f"{name}: {sum(bool(clean(text).flags) for text in texts)} of {len(texts)} flagged")
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for reference in references:
            clean(reference)
        best = min(best, time.process_time() - start)
    words = sum(len(reference.split()) for reference in references) / len(references)
    print(f"an honest answer of {words:.0f} words is cleaned in {best / len(references) * 1e6:.0f} µs")
    show_batches()
    show_second_looks()


def show_batches() -> None:
    """What judges that obey give for attacks that nobody had seen, and for some written with the code in view.

    `offline` is the grader without a model, on the same answers; `alone`, on the attack and nothing else.
    """
    for name in BATCHES:
        some = steered(name)
        print(f"{name}: {sum(bool(clean(one.attack).flags) for one in some)} of {len(some)} found by patterns")
        for manner in MANNERS:
            show_gains(manner, gains(some, manner))
        show_gains("offline", gains_offline(some))
        show_gains("alone", gains_offline(some, alone=True))


def show_gains(name: str, found: Sequence[tuple[Steered, float, Grade]]) -> None:
    """One line: what a grader gives for attacks beyond what it gives without them."""
    raised = [needs_review(grade.flags) for _, gain, grade in found if gain > 0]
    points = [gain for _, gain, _ in found]
    print(
        f"  {name:8} {sum(needs_review(grade.flags) for _, _, grade in found):4} flagged, "
        f"{len(raised):3} raised a grade ({len(raised) - sum(raised)} unflagged), "
        f"by {max(points):.0f} % at most, {sum(points) / len(points):+.1f} % on average",
        flush=True,
    )


def show_second_looks() -> None:
    """How often a fair judge is asked again about honest answers, what they lose by it, and how many are flagged."""
    again = lost = flagged = count = 0
    for name in ("known-quality", "other-words"):
        for line in (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["kind"] not in EARNEST:
                continue
            client = Fair(written(rubric_of(row["rubric"]), row["answer"], row["verdicts"]))
            grade = graded(client, row["answer"])
            count += 1
            again += len(client.requests) > 1
            flagged += needs_review(grade.flags)
            lost += any(one.verdict != row["verdicts"].get(one.criterion, "missed") for one in grade.verdicts)
    print(f"a fair judge: {again} of {count} asked about again, {lost} lost a verdict, {flagged} flagged")


def show(kind: str, row: Row) -> None:
    """One line; the scores are the most that was gained over the clean answer."""
    print(
        f"{kind:22} {row.tried:6} {row.flagged:8} {row.same:13} {max(row.offline):+8.1f} {max(row.judged):+7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
