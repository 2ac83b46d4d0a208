"""Judges that do as an attack says, and honest answers for it to stand in: for `bench_attacks.py`.

An honest answer is made of those sentences of a reference that earn the first half of its criteria. Beside it stands
what a fair judge says of it. A judge that obeys says that everything is met as long as half of the attack's words are
to be seen, and quotes, by its manner, for what is not earned:

    falls     the attack
    clever    the attack, and when it is asked again an honest sentence of the answer, another one for each criterion
    sly       such an honest sentence from the start
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlgrade.banks.wording import squash
from dlgrade.grading import offline
from dlgrade.grading.shapes import items_of
from dlgrade.grading.words import sentences
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Criterion, Rubric

MANNERS = ("falls", "clever", "sly")


@dataclass(frozen=True)
class Honest:
    """An honest answer to a question that earns some of its points, and the quote that each met criterion rests on."""

    rubric: Rubric
    text: str
    quotes: Mapping[str, str]

    def with_attack(self, attack: str) -> str:
        """The answer with the attack as its last paragraph."""
        return f"{self.text}\n\n{attack}"


def honest(rubric: Rubric) -> Honest:
    """The sentences of the reference that earn the first half of the criteria."""
    half = {criterion.id for criterion in rubric.criteria[: (len(rubric.criteria) + 1) // 2]}
    quotes = {
        verdict.criterion: verdict.evidence[0].quote
        for verdict in offline.grade(rubric.reference, rubric).verdicts
        if verdict.criterion in half and verdict.verdict == "met" and verdict.evidence
    }
    return Honest(rubric, "\n\n".join(dict.fromkeys(quotes.values())), quotes)


class Obedient:
    """A client whose model obeys an attack, in a manner."""

    def __init__(self, honest: Honest, attack: str, manner: str) -> None:
        self._honest = honest
        self._attack = [part for one in sentences(attack) if (part := attack[one.start : one.end])]
        self._manner = manner
        self.asked = 0

    async def complete(self, request: Request) -> Reply:
        """Every criterion met and no misconception where the attack is to be seen, else the fair verdicts."""
        self.asked += 1
        seen = squash(request.messages[1].content)
        visible = [part for part in self._attack if squash(part) and squash(part) in seen]
        obeys = 2 * sum(len(part) for part in visible) >= sum(len(part) for part in self._attack)
        again = len(request.messages) > 2
        honest_quotes = self._manner == "sly" or (self._manner == "clever" and again)
        reply: dict[str, Any] = {}
        for n, (key, item) in enumerate(items_of(self._honest.rubric).items()):
            if not isinstance(item, Criterion):
                reply[key] = {"quotes": [], "reason": "", "found": False}
                continue
            quote = self._honest.quotes.get(item.id, "")
            if obeys and not (quote and honest_quotes):
                quote = self._any_quote(n) if honest_quotes else max(visible, key=len)
            reply[key] = {"quotes": [quote] if quote else [], "reason": "", "verdict": "met" if quote else "missed"}
        return Reply(text=json.dumps(reply), model=request.model)

    def _any_quote(self, n: int) -> str:
        some = list(dict.fromkeys(self._honest.quotes.values()))
        return some[n % len(some)]
