"""An answer judged as a whole: a level in words, for comparison with the verdicts on criteria.

The model quotes, gives its reason and chooses one of five levels; code makes points of it, evenly apart.
"""

from __future__ import annotations

from dataclasses import replace

from dlgrade.grading.asking import WHOLE_TEMPLATE, Judging, Turn, whole_request
from dlgrade.grading.doubting import Outcome
from dlgrade.grading.evidence import Cleaned
from dlgrade.grading.judge import Asked, Judge, doubts
from dlgrade.grading.polling import Settled, settle_level
from dlgrade.grading.rounds import Collected, Rounds
from dlgrade.grading.score import graded
from dlgrade.grading.shapes import LEVELS
from dlgrade.llm.request import Client, Request
from dlgrade.models import Criterion, Grade, Rubric, Usage, Verdict, VerdictWord
from dlgrade.prompts import Prompts
from dlgrade.settings import Settings


class WholeJudge(Judge):
    """Judges an answer as a whole, by levels: what the verdicts on criteria are compared with, in `calibrate`.

    Its grades have one criterion, `whole`, with all of the rubric's points.
    """

    template = WHOLE_TEMPLATE
    settles = False

    def __init__(self, client: Client, prompts: Prompts, settings: Settings, judging: Judging | None = None) -> None:
        usual = judging or Judging()
        super().__init__(client, prompts, settings, Judging(usual.models, usual.samples))

    def asked(self, answer: str, rubric: Rubric, *, id: str, question: str) -> Asked:
        """The answer cleaned, and what is asked about it.

        Raises:
            PromptError: the template does not render.
        """
        return replace(super().asked(answer, as_whole(rubric), id=id, question=question), keys=("answer",))

    def _request(self, cleaned: Cleaned, rubric: Rubric, turn: Turn, _whole: Cleaned | None = None) -> Request:
        return whole_request(cleaned, rubric, self._prompts, self._settings, turn)

    def _rounds(self, asked: Asked) -> Rounds[Outcome]:
        return self._judged(asked, asked.cleaned)

    def _settled(self, _rubric: Rubric, collected: Collected) -> dict[str, Settled]:
        votes = collected.votes.get("answer")
        return {"answer": settle_level(votes, LEVELS, collected.asked["answer"])} if votes else {}

    def _result(self, asked: Asked, outcome: Outcome) -> Grade:
        collected = outcome.collected
        if not outcome.settled:
            return self._not_graded(asked, collected, {"answer": "whole"})
        settled = outcome.settled["answer"]
        share = LEVELS.index(settled.word) / (len(LEVELS) - 1)
        most = asked.rubric.max_score
        word: VerdictWord = "met" if share == 1 else "partial" if share else "missed"
        verdict = Verdict(
            criterion="whole",
            verdict=word,
            points=most * share,
            max_points=most,
            evidence=settled.evidence,
            why=settled.reason,
        )
        return graded(
            asked.rubric,
            id=asked.id,
            question=asked.question,
            verdicts=(verdict,),
            findings=(),
            grader=self._grader(asked.rubric, len(collected.read)),
            confidence=round(settled.agreement, 2),
            flags=(*asked.cleaned.flags, *doubts({"whole": settled}), *collected.flags),
            usage=collected.usage or Usage(),
        )


def as_whole(rubric: Rubric) -> Rubric:
    """The rubric with one criterion, which has all the points."""
    whole = Criterion(id="whole", points=rubric.max_score, expects="A full answer to the question.", partial="A part.")
    return rubric.model_copy(update={"criteria": (whole,), "groups": (), "misconceptions": ()})
