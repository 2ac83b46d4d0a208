"""What `calibrate --whole` tells: verdicts on criteria beside a judgement of the whole answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlgrade.classes import Graded
from dlgrade.cli import show
from dlgrade.cli.watching import by_why

if TYPE_CHECKING:
    from dlgrade.calibrating import Comparison  # it needs NumPy
    from dlgrade.grading.measures import Interval

_DIGITS = 9


@dataclass(frozen=True)
class BesideWhole:
    """What came of judging the answers as a whole; there is nothing to compare where the run ended before."""

    done: Graded
    found: Comparison

    def json(self) -> dict[str, Any]:
        """The comparison for programs."""
        found = self.found
        return {
            "n": found.n,
            "criteria": rounded(found.first),
            "whole": rounded(found.second),
            "difference": rounded(found.less),
            "ci95": {name: ends and [round(end, _DIGITS) for end in ends] for name, ends in found.ci95.items()},
            "ungraded": self.done.rows - self.done.graded,
        }

    def show(self) -> None:
        """The comparison for people."""
        found = self.found
        show.text(f"\nVerdicts on criteria beside a judgement of the whole answer, on {found.n:,} answers with both\n")
        rows = [
            [name, number(found.first[name]), number(found.second[name]), _signed(value), _between(found.ci95[name])]
            for name, value in found.less.items()
        ]
        show.table(["", "criteria", "whole", "difference", "95 %"], rows)

    def say(self) -> None:
        """Which answers have no judgement as a whole, and why."""
        done = self.done
        if done.without:
            what = ", ".join([*by_why("ungraded", done.ungraded), *by_why("failed", done.failed)])
            show.remark(f"As a whole: {what}")


def rounded(measured: dict[str, float | None]) -> dict[str, float | None]:
    """Measures as programs get them: the same on every machine."""
    return {name: value if value is None else round(value, _DIGITS) + 0.0 for name, value in measured.items()}


def number(value: float | None) -> str:
    """A measure as people get it."""
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f}"  # no -0.00


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{round(value, 2) + 0.0:+.2f}"


def _between(ends: Interval) -> str:
    return "" if ends is None else f"{_signed(ends[0])} to {_signed(ends[1])}"
