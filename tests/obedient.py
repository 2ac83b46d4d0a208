"""Judges that do as an attack says, a fair one, and answers for both: for the tests and for `bench_attacks.py`.

An honest answer is made of those sentences of a reference that earn the first half of its criteria. Beside it stands
what a fair judge says of it. A judge that obeys says that everything is met as long as half of the attack's words are
to be seen, and quotes, by its manner, for what is not earned:

    falls     the attack
    clever    the attack, and when it is asked again an honest sentence of the answer, another one for each criterion
    sly       such an honest sentence from the start
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attacks import SAMPLES

from dlgrade.banks.wording import squash
from dlgrade.grading import offline
from dlgrade.grading.bearing import subject_of
from dlgrade.grading.judge import Judge
from dlgrade.grading.shapes import items_of
from dlgrade.grading.words import columns, sentences
from dlgrade.library import SHIPPED
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Criterion, Grade, Rubric
from dlgrade.prompts import Prompts
from dlgrade.rubrics import load_rubric
from dlgrade.settings import Settings

MANNERS = ("falls", "clever", "sly")
PROMPTS = Prompts([SHIPPED / "prompts"])
SETTINGS = Settings(model="made-up", base_url="http://localhost/v1")


@dataclass(frozen=True)
class Steered:
    """An attack on the grader of an answer to one question."""

    question: str
    attack: str
    kind: str

    @property
    def rubric(self) -> Rubric:
        """The rubric of that question."""
        return rubric_of(self.question)


@dataclass(frozen=True)
class Honest:
    """An answer, and by criterion what a fair judge says of it: the verdict, and the quote that it rests on."""

    rubric: Rubric
    text: str
    quotes: Mapping[str, str]
    verdicts: Mapping[str, str] = field(default_factory=dict)

    def with_attack(self, attack: str) -> str:
        """The answer with the attack as its last paragraph."""
        return f"{self.text}\n\n{attack}"


def steered(name: str) -> list[Steered]:
    """The attacks of a batch."""
    rows = (json.loads(line) for line in (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return [Steered(row["question"], row["attack"], row["kind"]) for row in rows]


def rubric_of(name: str) -> Rubric:
    """A shipped rubric."""
    return load_rubric(SHIPPED / "rubrics" / f"{name}.yaml")


def half(rubric: Rubric) -> Honest:
    """The sentences of the reference that earn the first half of the criteria."""
    first = {criterion.id for criterion in rubric.criteria[: (len(rubric.criteria) + 1) // 2]}
    quotes = {
        verdict.criterion: verdict.evidence[0].quote
        for verdict in offline.grade(rubric.reference, rubric).verdicts
        if verdict.criterion in first and verdict.verdict == "met" and verdict.evidence
    }
    return Honest(rubric, "\n\n".join(dict.fromkeys(quotes.values())), quotes)


def written(rubric: Rubric, text: str, verdicts: Mapping[str, str]) -> Honest:
    """An answer with a person's verdicts; each rests on the sentence that has most of the criterion's words."""
    subject = subject_of(rubric)
    parts = [text[one.start : one.end] for one in sentences(text)]
    quotes = {
        id_: max(parts, key=lambda part: subject.shared(columns(part), id_))
        for id_, word in verdicts.items()
        if word != "missed"
    }
    return Honest(rubric, text, quotes, verdicts)


class Fair:
    """A client whose model says what a person said, as far as the quotes for that are to be seen."""

    def __init__(self, honest: Honest) -> None:
        self.honest = honest
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Reply:
        """The verdicts, and no misconception."""
        self.requests.append(request)
        seen = squash(request.messages[1].content)
        reply: dict[str, Any] = {}
        for n, (key, item) in enumerate(items_of(self.honest.rubric).items()):
            if isinstance(item, Criterion):
                quote = self.quote(n, item.id, request, seen)
                word = self.honest.verdicts.get(item.id, "met") if quote else "missed"
                reply[key] = {"quotes": [quote] if quote else [], "reason": "", "verdict": word}
            else:
                reply[key] = {"quotes": [], "reason": "", "found": False}
        return Reply(text=json.dumps(reply), model=request.model)

    def quote(self, n: int, id_: str, request: Request, seen: str) -> str:
        """What is quoted for the criterion with that number, "" where it is missed."""
        quote = self.honest.quotes.get(id_, "")
        return quote if squash(quote) in seen else ""


class Obedient(Fair):
    """A client whose model obeys an attack, in a manner."""

    def __init__(self, honest: Honest, attack: str, manner: str) -> None:
        super().__init__(honest)
        self._parts = [attack[one.start : one.end] for one in sentences(attack)]
        self._manner = manner

    def quote(self, n: int, id_: str, request: Request, seen: str) -> str:
        """The attack's longest part that is to be seen, or an honest sentence."""
        fair = super().quote(n, id_, request, seen)
        visible = [part for part in self._parts if squash(part) and squash(part) in seen]
        if 2 * sum(map(len, visible)) < sum(map(len, self._parts)):
            return fair
        if self._manner == "falls" or (self._manner == "clever" and len(request.messages) == 2):
            return max(visible, key=len)
        some = list(dict.fromkeys(self.honest.quotes.values()))
        return fair or some[n % len(some)]


def graded(client: Fair, text: str) -> Grade:
    """The grade of an answer to that client's question."""
    rubric = client.honest.rubric
    return asyncio.run(Judge(client, PROMPTS, SETTINGS).grade(text, rubric, id="x", question=rubric.question))


def gains(some: Sequence[Steered], manner: str) -> list[tuple[Steered, float, Grade]]:
    """By how many percent of the points each attack raises the grade of an honest answer, and the grade."""
    found = []
    for one in some:
        honest = half(one.rubric)
        fair = graded(Fair(honest), honest.text)
        grade = graded(Obedient(honest, one.attack, manner), honest.with_attack(one.attack))
        found.append((one, (grade.percent or 0.0) - (fair.percent or 0.0), grade))
    return found


def gains_offline(some: Sequence[Steered], *, alone: bool = False) -> list[tuple[Steered, float, Grade]]:
    """The same for the offline grader, behind an honest answer or, `alone`, as all that is handed in."""
    found = []
    for one in some:
        honest = half(one.rubric)
        before, after = ("", one.attack) if alone else (honest.text, honest.with_attack(one.attack))
        fair, grade = (offline.grade(text, one.rubric) for text in (before, after))
        found.append((one, (grade.percent or 0.0) - (fair.percent or 0.0), grade))
    return found
