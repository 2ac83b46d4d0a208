"""What `dlgrade fill` says of a run, to people and to programs, and the record that it leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dlgrade import provenance
from dlgrade.answering import shipped_origin
from dlgrade.banks.gathering import Banks
from dlgrade.cli import show
from dlgrade.cli.wiring import Session
from dlgrade.errors import DlgradeError
from dlgrade.llm.prices import money
from dlgrade.models import Failure
from dlgrade.saving import Answers, Outcome
from dlgrade.settings import SET_UP_A_MODEL


class Mode(StrEnum):
    """What is done with the answers."""

    OUT = "--out"
    IN_PLACE = "--in-place"
    DIFF = "--diff"
    CHECK = "--check"
    DRY_RUN = "--dry-run"


@dataclass(frozen=True)
class Report:
    """One run of `fill`, at its end. `seconds` is how long it took, `started` when it began."""

    session: Session
    mode: Mode
    read: Banks
    answers: Answers
    outcomes: Sequence[Outcome]
    started: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every question has an answer, 1 if something is left, else why the run could not be carried out."""
        answers, outcomes = self.answers, self.outcomes
        if answers.interrupted:
            return 130
        if answers.stopped is not None:
            return answers.stopped.exit_code
        if errors := [outcome.error.exit_code for outcome in outcomes if outcome.error]:
            return max(errors)
        left = any(outcome.left or outcome.still_stale or outcome.lost or outcome.broken for outcome in outcomes)
        left = left or (self.mode is Mode.CHECK and any(outcome.repaired for outcome in outcomes))
        return 1 if self.read.unreadable or left else 0

    def json(self) -> dict[str, Any]:
        """The run for programs."""
        failed = [{"id": f.id, "error": f.message} for o in self.outcomes for f in (*o.filled.failed, *o.lost)]
        failed += [{"id": o.bank.path, "error": o.error.message} for o in self.outcomes if o.error]
        failed += [{"id": error.message.partition(":")[0], "error": error.message} for error in self.read.unreadable]
        return {
            "files": [
                {
                    "path": outcome.bank.path,
                    "out": str(outcome.out) if outcome.out else None,
                    "filled": len(outcome.filled.filled),
                    "kept": len(outcome.filled.kept),
                    "unanswered": list(outcome.left),
                }
                for outcome in self.outcomes
            ],
            "failed": failed,
            "requests": self.answers.requests,
            "cached": self.answers.cached,
            "usage": self.answers.usage.model_dump(),
            "cost_usd": self.answers.cost,
            "seconds": round(self.seconds, 3),
        }

    def leave_record(self) -> None:
        """Write beside each output what it was made with; that it cannot be written is said, and costs nothing."""
        online = not self.session.settings.offline
        made = provenance.made_with(
            "fill",
            self.session.settings,
            {"answer": self.session.prompts.fingerprint("answer")} if online else {},
            {} if online else self._rubrics(),
        )
        folders = {outcome.out.resolve().parent for outcome in self.outcomes if outcome.out and outcome.filled.filled}
        for folder in sorted(folders):
            try:
                provenance.record(folder, self.started, made, self._outcome())
            except DlgradeError as error:
                show.remark(f"dlgrade: no record of this run was left: {error}")

    def _rubrics(self) -> dict[str, str]:
        rubrics, found = self.session.rubrics, {}
        for outcome in self.outcomes:
            for question in (q for q in outcome.bank.questions if q.id in outcome.filled.filled):
                if (origin := shipped_origin(question, rubrics)) is not None:
                    found[origin.prompt.template.rpartition("/")[2]] = origin.prompt.hash
        return found

    def _outcome(self) -> dict[str, Any]:
        stopped = self.answers.stopped
        return self.json() | {
            "retries": self.answers.retries,
            "failed_by_kind": self._by_kind,
            "interrupted": self.answers.interrupted,
            "stopped": stopped and stopped.message,
        }

    @property
    def _by_kind(self) -> dict[str, int]:
        """How many questions failed, by why; the most first."""
        failures: dict[str, Failure] = {f.id: f for o in self.outcomes for f in (*o.filled.failed, *o.lost)}
        return dict(Counter(failure.kind for failure in failures.values()).most_common())

    # ── for people ───────────────────────────────────────────────────────────────────────────

    def say(self, line: Callable[[str], None]) -> None:
        """One line for each file, one for each question left and why, and what to do about it."""
        answers, offline = self.answers, self.session.settings.offline
        for outcome in self.outcomes:
            if answers.texts or answers.stopped is None:
                line(self._file(outcome))
            if outcome.changed:
                show.remark(f"{outcome.bank.path}: was changed meanwhile; the answers went into it as it is now")
            if outcome.error is not None:
                show.remark(f"dlgrade: {outcome.error}")
            _name_stale(outcome)
            if answers.stopped is None:
                _name(outcome, failed_alone=answers.interrupted)
        if not offline and self.mode is not Mode.CHECK:
            show.remark(self._sum())
        if answers.interrupted:
            show.remark("Interrupted: what was finished is kept, and is not asked for again.")
        if answers.stopped is not None:
            show.remark(f"dlgrade: {answers.stopped}")
            show.remark("What was finished is kept." if answers.texts else "Nothing was written.")
        elif self.mode is not Mode.CHECK and offline and any(outcome.left for outcome in self.outcomes):
            show.remark(SET_UP_A_MODEL)

    def _sum(self) -> str:
        """The run on one line: requests, failures by kind, tokens, money, time."""
        answers = self.answers
        parts = [show.counted(answers.requests, "request"), f"{answers.cached:,} from cache"]
        if answers.retries:
            parts.append(show.counted(answers.retries, "retry", "retries"))
        if kinds := self._by_kind:
            named = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in kinds.items())
            parts.append(f"{sum(kinds.values()):,} failed ({named})")
        parts.append(f"{answers.usage.total_tokens:,} tokens")
        parts.append("cost not known" if answers.cost is None else money(answers.cost))
        return ", ".join([*parts, f"{self.seconds:.1f} s"])

    def _file(self, outcome: Outcome) -> str:
        if outcome.error is not None:
            return f"{outcome.bank.path}: not written"
        arrow = f" -> {outcome.out}" if self.mode is Mode.OUT and outcome.out else ""
        filled, kept = len(outcome.filled.filled), len(outcome.filled.kept)
        counts = f"{filled} filled, {kept} had an answer, {len(outcome.left)} left"
        if outcome.repaired:
            counts += f", {len(outcome.repaired)} {'to repair' if self.mode is Mode.CHECK else 'repaired'}"
        if outcome.still_stale:
            counts += f", {len(outcome.still_stale)} stale"
        return f"{outcome.bank.path}{arrow}: {counts}"


def _name_stale(outcome: Outcome) -> None:
    """What was renewed and what was not, each with the reason, and what found no place any more."""
    reasons = {failure.id: f"; not renewed: {failure.message}" for failure in outcome.filled.failed}
    for stale in outcome.refreshed if outcome.error is None else ():
        show.remark(f"  refreshed: {stale.question.id}: {stale.why}")
    for stale in outcome.still_stale:
        hindrance = f"; not renewed: {stale.hindrance}" if stale.hindrance else reasons.get(stale.question.id, "")
        show.remark(f"  stale: {stale.question.id}: {stale.why}{hindrance}")
    for id_ in outcome.broken:
        show.remark(f"  not repaired: {id_}: its spaces cannot be put back without changing more")
    for failure in outcome.lost:
        show.remark(f"  not written: {failure.id}: {failure.message}")


def _name(outcome: Outcome, *, failed_alone: bool) -> None:
    """The questions left, with the reason where there is one; after Ctrl-C most have none but that."""
    reasons = {failure.id: f": {failure.message}" for failure in outcome.filled.failed}
    for id_ in (id_ for id_ in outcome.left if id_ in reasons or not failed_alone):
        question = outcome.bank.questions[int(id_.rpartition(":")[2]) - 1]
        show.remark(f"  no answer: {id_}  {question.wording}{reasons.get(id_, '')}")
