"""What a person sees while they practise: text that fits the width, signs beside every colour."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import date

import typer

from dlgrade.models import Evidence
from dlgrade.practice.feedback import Feedback, Lacking, Right, Wrong
from dlgrade.practice.phrases import WHY, comes_back, points
from dlgrade.practice.session import Outcome, Point, Solution, Turn

_WIDEST = 100  # columns: longer lines are hard to read
_MARKS = {"met": "+", "partial": "~", "missed": "-", "ungraded": "?"}
_COLORS = {"+": "green", "~": "yellow", "-": "red", "!": "magenta", "?": "blue"}


def width() -> int:
    """Columns to write in."""
    return max(40, min(_WIDEST, shutil.get_terminal_size().columns))


def styled(text: str, *, bold: bool = False, dim: bool = False, color: str | None = None) -> str:
    """The text, set off where a terminal shows that and nobody wants it plain."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return text if plain else typer.style(text, bold=bold, dim=dim, fg=color)


def wrapped(text: str, lead: str = "", rest: str | None = None) -> str:
    """One paragraph in lines that fit, the first behind `lead`, the others behind `rest`."""
    after = " " * len(lead) if rest is None else rest
    flat = " ".join(text.split())
    return textwrap.fill(flat, width(), initial_indent=lead, subsequent_indent=after, break_on_hyphens=False)


def document(text: str) -> str:
    """A longer text, its lines wrapped where they stand; code stays as it is."""
    shown, fenced = [], False
    for line in text.splitlines():
        fence = line.lstrip().startswith(("```", "~~~"))
        fenced ^= fence
        indent = " " * (len(line) - len(line.lstrip()))
        rest = indent + ("  " if line.lstrip().startswith(("- ", "* ")) else "")
        plain = fence or fenced or len(line) <= width() or line.lstrip().startswith("|")
        shown.append(line if plain else wrapped(line, indent, rest))
    return "\n".join(shown)


def asked(turn: Turn, number: int) -> str:
    """The question, and what it is."""
    card = turn.card
    about = [f"{number}", card.id, card.topic, *card.difficulties[:1], WHY[turn.why]]
    question = "\n".join([styled(wrapped(card.text.partition("\n\n")[0]), bold=True), *_material(card.text)])
    return f"\n{styled(' · '.join(about), dim=True)}\n{question}\n"


def _material(text: str) -> list[str]:
    material = text.partition("\n\n")[2]
    return ["", document(material)] if material else []


def said(outcome: Outcome, today: date, *, explain_due: bool = True) -> str:
    """What a person is told of their answer, the reference kept back."""
    told = outcome.feedback
    lines = [_score(told), *_part("Right", [_right(item) for item in told.right])]
    lines += _part("In part", [_lacking(item) for item in told.lacking if item.verdict == "partial"])
    lines += _part("Missing", [_lacking(item) for item in told.lacking if item.verdict == "missed"])
    lines += _part("Wrong", [_wrong(item) for item in told.wrong])
    lines += _part("Look at", [wrapped(remark, "  ? ") for remark in told.remarks])
    if explain_due:
        lines += ["", comes_back(outcome, today)]
    return "\n".join(lines)


def _score(told: Feedback) -> str:
    if told.score is None:
        return f"\n{styled('Not graded', bold=True)}: {told.reason}"
    sure = "" if told.confidence is None else f", confidence {told.confidence:.2f}"
    score = styled(f"{told.score:g} of {told.max_score:g} ({told.percent:g} %)", bold=True)
    return f"\n{score}, graded by {told.grader}{sure}"


def _part(head: str, items: Sequence[str]) -> list[str]:
    return ["", styled(head, bold=True), *items] if items else []


def _mark(sign: str) -> str:
    return styled(sign, color=_COLORS[sign])


def _right(item: Right) -> str:
    return _item("+", item.number, f"{points(item.points)}{_aside(item)}", _quoted(item.quotes))


def _lacking(item: Lacking) -> str:
    sign = "~" if item.verdict == "partial" else "-"
    worth = f"{points(item.more)} more" if item.verdict == "partial" else points(item.more)
    return _item(sign, item.number, f"{worth}{_aside(item)}", [*_quoted(item.quotes), f"hint: {item.hint}"])


def _wrong(item: Wrong) -> str:
    about = [item.about] if item.about else []
    return _item("!", None, f"costs {points(item.cost)}", [*_quoted(item.quotes), *about])


def _item(sign: str, number: int | None, head: str, below: Iterable[str]) -> str:
    named = "" if number is None else f"criterion {number}, "
    return "\n".join([f"  {_mark(sign)} {named}{head}", *(wrapped(text, " " * 6, " " * 7) for text in below)])


def _aside(item: Right | Lacking) -> str:
    return f", says {item.by}" if item.by else " (in doubt)" if item.doubtful else ""


def _quoted(quotes: Iterable[Evidence]) -> list[str]:
    return [f"“{' '.join(piece.quote.split())}”" for piece in quotes]


def solved(solution: Solution) -> str:
    """The reference, and what the answer has of it."""
    lines = ["", styled("Reference", bold=True), "", document(solution.reference)]
    lines += _part("Criteria", [point(item) for item in solution.points])
    claims = [f"  {_mark('!')} {_wrap(claim.claims)}" for claim in solution.wrong]
    return "\n".join([*lines, *_part("Wrong", claims)])


def point(item: Point) -> str:
    """A criterion as it stands in the rubric."""
    head = f"  {_mark(_MARKS[item.verdict])} {item.number:>2} {item.verdict:8} {item.points:g} of {item.max_points:g}"
    return f"{head}  {item.id}\n{wrapped(item.expects, ' ' * 7)}"


def _wrap(text: str) -> str:
    return wrapped(text, " " * 4).lstrip()


def minutes(seconds: float) -> str:
    """A time as 4:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
