"""How practising goes, as its page needs it: the plots as coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dlgrade.practice.progress import Day, Progress, Week

WIDE, HIGH = 720, 150  # of the plot of the weeks, without its labels
_LABELS = 12  # weeks that are named below it, at most


@dataclass(frozen=True, slots=True)
class Column:
    """A bar of a plot: where it is, its height and its label, empty where there is no room for one."""

    x: float
    width: float
    height: float
    count: int
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """A mean score in the plot, and what it says."""

    x: float
    y: float
    percent: float
    week: str


@dataclass(frozen=True, slots=True)
class Plot:
    """The weeks: bars for answers, points for mean scores, `lines` between those of weeks in a row."""

    columns: tuple[Column, ...]
    points: tuple[Point, ...]
    lines: tuple[str, ...]
    said: str


def view(found: Progress) -> dict[str, Any]:
    """What the template `progress.html.j2` is given."""
    return {
        "title": "Practice",
        "progress": found,
        "hours": f"{found.minutes / 60:.1f} h" if found.minutes >= 60 else f"{found.minutes:.0f} min",
        "weeks": weeks(found.weeks),
        "columns": days(found.ahead),
        "wide": WIDE,
        "high": HIGH,
    }


def weeks(given: Sequence[Week]) -> Plot:
    """The plot of some weeks."""
    each = WIDE / len(given)
    most = max(week.answers for week in given) or 1
    step = -(-len(given) // _LABELS)
    columns, points = [], []
    for n, week in enumerate(given):
        label = f"{week.monday:%d %b}" if (len(given) - 1 - n) % step == 0 else ""
        # Half of the height: the scores have all of it, and both are read at once.
        columns.append(Column(n * each + each * 0.2, each * 0.6, week.answers / most * HIGH / 2, week.answers, label))
        if week.percent is not None:
            points.append(Point(n * each + each / 2, HIGH * (1 - week.percent / 100), week.percent, f"{week.monday}"))
    told = ", ".join(f"week of {point.week}: {point.percent:.0f} %" for point in points)
    return Plot(tuple(columns), tuple(points), _lines(points, each), told)


def _lines(points: Sequence[Point], each: float) -> tuple[str, ...]:
    """The points of each line, as SVG writes them; where a week has no score, a line ends."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and point.x - runs[-1][-1].x < each * 1.5:
            runs[-1].append(point)
        else:
            runs.append([point])
    return tuple(" ".join(f"{point.x:.1f},{point.y:.1f}" for point in run) for run in runs if len(run) > 1)


def days(given: Sequence[Day]) -> tuple[Column, ...]:
    """The plot of what is due."""
    most = max(day.questions for day in given) or 1
    return tuple(
        Column(n * 60 + 10, 40, day.questions / most * 80, day.questions, f"{day.day:%a %d}")
        for n, day in enumerate(given)
    )
