"""Which machine-written answers are stale, and why: the question, the prompt or the model is no longer the one.

A person's answer is never stale, nor is one that a person accepted or edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlgrade.answering import asked_origin, shipped_origin
from dlgrade.banks.ledger import Ledger
from dlgrade.banks.same import identity
from dlgrade.banks.wording import spaced
from dlgrade.banks.written import Origin, Written
from dlgrade.models import Bank, Question
from dlgrade.rubrics import Rubrics
from dlgrade.settings import OFFLINE, Settings

if TYPE_CHECKING:
    from dlgrade.prompts import Prompts  # which most commands do not need

_LONGEST = 60  # characters of a question that a reason quotes


@dataclass(frozen=True)
class Stale:
    """An answer to renew: its question as it is now, its line in the ledger, and all that changed.

    `hindrance` says why this run cannot renew it, if it cannot.
    """

    question: Question
    line: Written
    why: str
    hindrance: str | None = None


@dataclass(frozen=True)
class Refresh:
    """Compares what stands in banks with what would be written now."""

    settings: Settings
    prompts: Prompts
    rubrics: Rubrics

    def stale(self, bank: Bank) -> tuple[Stale, ...]:
        """A bank's stale answers, in its order.

        Raises:
            LedgerError: the ledger beside the bank is broken.
        """
        known = Ledger.beside(bank.path).known(bank)
        lines = ((question, known.at(question.position)) for question in bank.questions) if known else ()
        found = (self._stale(question, line) for question, line in lines if line and line.review is None)
        return tuple(stale for stale in found if stale is not None)

    def _stale(self, question: Question, line: Written) -> Stale | None:
        if line.model != OFFLINE and self.settings.model is None:
            # Nobody named a model, which is no wish for another one.
            origin, hindrance = None, f"{line.model} wrote it; name a model with --model"
        else:
            origin, hindrance = (
                self._origin(question, line.model),
                "no reference ships for it; name a model with --model",
            )
        why = [*_question_changed(line, question), *(_origin_changed(line, origin) if origin else ())]
        return Stale(question, line, "; ".join(why), None if origin else hindrance) if why else None

    def _origin(self, question: Question, model: str) -> Origin | None:
        """Where an answer would come from now; any of the models that are asked is as good as another."""
        if self.settings.offline:
            return shipped_origin(question, self.rubrics)
        models = self.settings.models
        return asked_origin(self.prompts, self.settings, model if model in models else models[0])


def _question_changed(line: Written, question: Question) -> Iterator[str]:
    if identity(line.question) != identity(question.text):
        before = spaced(line.question)
        yield f"the question changed; it was: {before if len(before) <= _LONGEST else before[: _LONGEST - 2] + ' …'}"


def _origin_changed(line: Written, origin: Origin) -> Iterator[str]:
    old, new = line.prompt, origin.prompt
    if line.model != origin.model:
        yield f"the model changed from {line.model} to {origin.model}"
        if OFFLINE in {line.model, origin.model}:
            return  # a shipped reference has no prompt to compare with
    if old.hash != new.hash:
        yield f"the {'reference' if origin.model == OFFLINE else 'prompt'} {new.template} changed"
    if old.temperature != new.temperature:
        yield f"the temperature changed from {_said(old.temperature)} to {_said(new.temperature)}"


def _said(temperature: float | None) -> str:
    return "the server's own" if temperature is None else f"{temperature:g}"
