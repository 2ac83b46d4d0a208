"""What `dlgrade calibrate` shows: the agreement as tables and as JSON, what is left, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlgrade.classes import Graded
from dlgrade.cli import show
from dlgrade.cli.comparing import BesideWhole, number, rounded
from dlgrade.cli.watching import by_why, name_failures

if TYPE_CHECKING:
    from dlgrade.calibrating import Agreement, ByCriterion, ByQuestion, Pairing  # they need NumPy

_WORST = 10  # questions and criteria shown without --details
_WIDE = 60  # characters of a question
_DIGITS = 9


@dataclass(frozen=True)
class Agreed:
    """How a grader agrees with the people of one file, as it is shown."""

    file: Path
    grader: str
    done: Graded
    agreement: Agreement
    pairing: Pairing
    gates: dict[str, float | None]
    max_ungraded: int
    beside: BesideWhole | None = None

    @property
    def ungraded(self) -> int:
        """Answers that could not be compared: without a grade, without a usable label, or not reached."""
        return self.done.rows - len(self.pairing.pairs)

    @property
    def ended(self) -> bool:
        """Whether the run came to an end of its own; one that did not says nothing about a gate."""
        return not self.last.interrupted and self.last.stopped is None

    @property
    def last(self) -> Graded:
        """The grading that the run ended with: that of the answers as a whole, if it came to that."""
        return self.done if self.beside is None else self.beside.done

    @property
    def exit_code(self) -> int:
        """1 where a gate is missed or too many answers have no grade, else as for `grade --answers`."""
        if self.last.interrupted:
            return 130
        if self.last.stopped is not None:
            return self.last.stopped.exit_code
        return 1 if self.missed or self.ungraded > self.max_ungraded else 0

    @property
    def missed(self) -> list[str]:
        """The gates that were missed, in words."""
        lines = []
        for name, least in self.gates.items():
            value = self.agreement.measured[name]
            if least is not None and (value is None or value < least):
                lines.append(
                    f"{name} is {'not known' if value is None else f'{value:.4f}'}, and {least:g} is asked for"
                )
        return lines

    def json(self, *, details: bool) -> dict[str, Any]:
        """The agreement for programs."""
        found = self.agreement
        document: dict[str, Any] = {"n": found.n, **rounded(found.measured)}
        document["ci95"] = {name: ends and [round(end, _DIGITS) for end in ends] for name, ends in found.ci95.items()}
        document["ungraded"] = self.ungraded
        if found.verdicts is not None:
            document["verdicts"] = _criterion(found.verdicts, named=False)
        if self.beside is not None:
            document["whole"] = self.beside.json()
        if not details:
            return document
        people = None if found.people is None else {"n": found.people_n, **rounded(found.people)}
        return document | {
            "grader": self.grader,
            "levels": found.levels,
            "mean": rounded(found.mean),
            "length": rounded(found.length),
            "people": people,
            "questions": [{"question": one.question, "n": one.n, **rounded(one.measured)} for one in found.questions],
            "confusion": found.confusion,
            "criteria": [_criterion(one) for one in found.criteria],
            "answers": [
                {
                    "id": pair.id,
                    "person": None if pair.person is None else round(pair.person, _DIGITS),
                    "given": round(pair.given, _DIGITS),
                }
                for pair in self.pairing.pairs
            ],
        }

    def show(self, *, details: bool) -> None:
        """The agreement for people."""
        found = self.agreement
        pairs = self.pairing.pairs
        asked = len({pair.question for pair in pairs})
        graded = f"{show.counted(len(pairs), 'answer')} to {show.counted(asked, 'question')}"
        show.text(f"{self.file}: {graded}, graded by {self.grader}; {self.ungraded:,} ungraded")
        if found.n:
            self._show_scores(None if details else _WORST)
        if found.verdicts is not None:
            whole = found.verdicts
            same = f"{100 * whole.same:.0f} % the same, kappa {number(whole.kappa)}"
            show.text(f"\n{whole.n:,} verdicts on criteria compared: {same}")
        if found.criteria:
            shown = None if details else _WORST
            show.text(f"\nBy criterion, the least agreement first{_of(len(found.criteria), shown)}\n")
            rows = [
                [f"{one.n:,}", f"{one.same:.2f}", number(one.kappa), one.criterion] for one in found.criteria[:shown]
            ]
            show.table(["n", "same", "kappa", "criterion"], rows)

    def _show_scores(self, shown: int | None) -> None:
        found = self.agreement
        show.text(f"Scores are shares of the maximum, 0 to 1; kappas are on {found.levels} levels, evenly apart.\n")
        show.table(["", "grader", "95 %", "mean alone", "length alone", "second person"], self._overall())
        if found.people is not None:
            show.text(f"\nThe second person graded {found.people_n:,} of the answers.")
        if self.beside is not None:
            self.beside.show()
        head = ["n", "mae", "bias", "pearson", "qwk"]
        show.text(f"\nBy question, the largest error first{_of(len(found.questions), shown)}\n")
        show.table([*head, "question"], [_question(one) for one in found.questions[:shown]])

    def _overall(self) -> list[list[str]]:
        found = self.agreement
        return [
            [
                name,
                number(value),
                "" if (ends := found.ci95[name]) is None else f"{number(ends[0])} to {number(ends[1])}",
                number(found.mean[name]),
                number(found.length[name]),
                "" if found.people is None else number(found.people[name]),
            ]
            for name, value in found.measured.items()
        ]

    def say_what_is_left(self) -> None:
        """What could not be worked out, which answers have no grade, and which gates were missed."""
        done = self.done
        for remark in self.agreement.remarks:
            show.remark(remark)
        if self.pairing.unknown:
            names = ", ".join(list(self.pairing.unknown)[:_WORST])
            show.remark(f"Verdicts on criteria that the rubrics do not have, left out: {names}")
        if self.pairing.reworded:
            show.remark(f"Verdicts on criteria that were worded otherwise then, left out: {self.pairing.reworded:,}")
        if done.without:
            show.remark(", ".join([*by_why("ungraded", done.ungraded), *by_why("failed", done.failed)]))
        name_failures(done, "`dlgrade grade --answers` names them all")
        if self.beside is not None:
            self.beside.say()
        done = self.last
        if done.interrupted:
            show.remark("Interrupted.")
        if done.stopped is not None:
            show.remark(f"dlgrade: {done.stopped}")
        if done.left:
            show.remark(show.left(done.left, "answer"))
        if self.ended:
            for line in self.missed:
                show.remark(f"dlgrade: gate missed: {line}")


def _criterion(one: ByCriterion, *, named: bool = True) -> dict[str, Any]:
    name = {"criterion": one.criterion} if named else {}
    said = {"n": one.n, "same": round(one.same, _DIGITS), "kappa": one.kappa}
    return {**name, **said, "words": one.words, "confusion": one.counts}


def _of(count: int, shown: int | None) -> str:
    return "" if shown is None or count <= shown else f"; {shown} of {count:,}, --details shows all"


def _question(one: ByQuestion) -> list[str]:
    text = " ".join(one.question.split())
    short = text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
    return [f"{one.n:,}", *(number(one.measured[name]) for name in ("mae", "bias", "pearson", "qwk")), short]
