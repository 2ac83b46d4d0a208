"""`dlgrade grades report`: what a class's grades say, on the terminal, as JSON and as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlgrade.banks.outputs import replacement
from dlgrade.cli import options, show
from dlgrade.cli.wiring import Session
from dlgrade.errors import OutputError
from dlgrade.rubrics import MADE

if TYPE_CHECKING:
    from dlgrade.grading.items import Discrimination
    from dlgrade.reporting import QuestionReport, Report, Shown, Twins

FIRST = 10
"""Rows of a list without --details."""

ON_PAGE = 1000
_ALL = 1000  # rows of a list with --details and in JSON: more is what the file itself is for
_WIDE = 70  # characters of a question or a flag

Files = Annotated[
    list[Path], typer.Argument(help="Grades as `grade` writes them: JSON Lines.", metavar="FILE…", show_default=False)
]
Answers = Annotated[
    list[Path] | None,
    typer.Option(
        "--answers",
        help="The answers that were graded; given once, or for each file of grades in turn.",
        metavar="FILE",
        show_default=False,
    ),
]


def report(
    files: Files,
    answers: Answers = None,
    person: Annotated[
        str | None,
        typer.Option(
            help="The column of the answers that says whose they are; by default the ids do.",
            metavar="COLUMN",
            show_default=False,
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write the report with the answers in it as one HTML page.", metavar="FILE"),
    ] = None,
    most: Annotated[
        int,
        typer.Option(help="Answers on the page, those first that need a look.", metavar="N", min=0),
    ] = ON_PAGE,
    details: Annotated[bool, typer.Option("--details", help="All criteria, and longer lists.")] = False,
    json: options.Json = False,
) -> None:
    """Say by question how hard it was, how well it tells people apart and what was missed, and where to look first.

    With --answers the page shows each answer with the quotes in it, and nearly equal answers with different grades are
    found. The same people's answers to several questions are told by their ids, or by --person.

    \b
    Examples:
      dlgrade grades report grades.jsonl
      dlgrade grades report grades.jsonl --answers class.csv --html report.html
    """
    if html is not None and html.suffix.lower() not in {".html", ".htm"}:
        raise OutputError(f"{html}: the page is written to .html")
    # Imported here for start-up time: `grades explain` needs none of it.
    from dlgrade.reporting import read_report  # noqa: PLC0415

    listed = _ALL if details or json or html else FIRST
    found = read_report(files, answers=answers or (), person=person, first=listed, most=most if html else 0)
    if html is not None:
        _write(found, html)
    if json:
        show.json_document(_json(found))
    else:
        _show(found, None if details else FIRST)
    _remarks(found, bool(answers))


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def _write(found: Report, to: Path) -> None:
    # for start-up time, as above
    from dlgrade.grading.highlights import spelled  # noqa: PLC0415
    from dlgrade.pages import page  # noqa: PLC0415
    from dlgrade.pages.report import view  # noqa: PLC0415

    session = Session.open()
    with session.lock([to]), replacement(to) as written:
        styles, scripts = ("said.css", "report.css"), ("report.js",)
        for piece in page("report", styles=styles, scripts=scripts, shown=spelled, **view(found, session.rubrics)):
            written.file.write(piece.encode())
    left = f"; {found.read - len(found.shown):,} more answers are not on it: --most {found.read}"
    show.remark(f"{to}: the page{left if len(found.shown) < found.read else ''}")


# ── the terminal ─────────────────────────────────────────────────────────────────────────────


def _show(found: Report, listed: int | None) -> None:
    people = f" by {show.counted(found.people, 'person', 'people')}" if found.people < found.graded else ""
    asked = show.counted(len(found.questions), "question")
    show.text(f"{', '.join(found.files)}: {show.counted(found.read, 'answer')} to {asked}{people}")
    parts = [f"{found.graded:,} graded", *_why("ungraded", found.ungraded), *_why("failed", found.failed)]
    show.text(", ".join(parts) + "\n")
    head = ["n", "mean %", "sd", "quartiles", "discr.", "ungraded", "question"]
    show.table(head, [_question(one) for one in found.questions])
    for line in _statistics(found.questions):
        show.text(line)
    _missed(found, listed)
    _misconceptions(found, listed)
    _first(found, listed)
    _twins(found.pairs or (), listed)


def _why(what: str, kinds: Mapping[str, int]) -> list[str]:
    named = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in kinds.items())
    return [f"{sum(kinds.values()):,} {what} ({named})"] if kinds else []


def _question(one: QuestionReport) -> list[str]:
    spread, without = one.spread, sum(one.ungraded.values()) + sum(one.failed.values())
    told = one.discrimination
    mark = "*" if told.statistic == "criterion-rest" else ""
    left = f"{without:,}" if without else ""
    name = _short(one.question) + ("" if one.rubric.startswith(MADE) else f" ({one.rubric})")
    if spread is None:
        return ["0", "", "", "", "", left, name]
    return [
        f"{spread.n:,}",
        f"{spread.mean:.0f}",
        "–" if spread.sd is None else f"{spread.sd:.0f}",
        " ".join(f"{value:.0f}" for value in spread.quartiles),
        "–" if told.value is None else f"{told.value:.2f}{mark}",
        left,
        name,
    ]


def _statistics(questions: Sequence[QuestionReport]) -> list[str]:
    """What the discrimination is, where some have one, and why others have none."""
    told = [one.discrimination for one in questions]
    kinds = {one.statistic for one in told}
    lines = []
    if "item-rest" in kinds:
        lines.append("discr.: correlation with the same people's other questions (corrected item-rest)")
    if "criterion-rest" in kinds:
        lines.append("* within the question: its criteria with its other criteria, as too few people answered several")
    why = dict.fromkeys(one.why for one in told if one.value is None and one.n)
    return [*lines, *(f"–: {reason}" for reason in why)]


def _missed(found: Report, listed: int | None) -> None:
    each = [(one, criterion) for one in found.questions for criterion in one.criteria if criterion.n]
    each.sort(key=lambda pair: -pair[1].missed_share)
    if not each:
        return
    show.text(f"\nMost missed criteria{_of(len(each), listed)}\n")
    rows = [
        [
            f"{100 * c.missed / c.n:.0f} %",
            f"{100 * c.partial / c.n:.0f} %" if c.partial else "",
            f"{c.n:,}",
            "–" if c.discrimination is None else f"{c.discrimination:.2f}",
            c.criterion,
            _named(one.rubric, one.question),
        ]
        for one, c in each[:listed]
    ]
    show.table(["missed", "partial", "n", "discr.", "criterion", "rubric"], rows)


def _misconceptions(found: Report, listed: int | None) -> None:
    each = [(one, id_, count) for one in found.questions for id_, count in one.misconceptions]
    each.sort(key=lambda triple: -triple[2] / triple[0].n)
    if each:
        show.text(f"\nMisconceptions found{_of(len(each), listed)}\n")
        rows = [
            [f"{100 * count / one.n:.0f} %", f"{count:,}", id_, _named(one.rubric, one.question)]
            for one, id_, count in each
        ]
        show.table(["answers", "n", "misconception", "rubric"], rows[:listed])


def _first(found: Report, listed: int | None) -> None:
    from dlgrade.reporting import doubts  # noqa: PLC0415 - for start-up time, as above

    if found.without:
        without = sum(found.ungraded.values()) + sum(found.failed.values())
        show.text(f"\nWithout a grade{_of(without, listed)}\n")
        rows = [
            [s.grade.id, s.grade.status, _short(str((s.grade.error or {}).get("message", ""))), s.stored.where]
            for s in found.without[:listed]
        ]
        show.table(["id", "status", "why", "where"], rows)
    if found.first:
        show.text(f"\nTo look at first{_of(found.graded, listed)}\n")
        rows = [
            [
                s.grade.id,
                "–" if s.grade.confidence is None else f"{s.grade.confidence:.2f}",
                f"{s.grade.percent or 0:.0f} %",
                _named(s.grade.rubric, s.grade.question),
                _short("; ".join(doubts(s.grade))),
            ]
            for s in found.first[:listed]
        ]
        show.table(["id", "confidence", "score", "rubric", "flags"], rows)


def _twins(pairs: Sequence[Twins], listed: int | None) -> None:
    if pairs:
        show.text(f"\nNearly equal answers with different grades{_of(len(pairs), listed)}\n")
        rows = [
            [
                _scored(pair.one),
                _scored(pair.other),
                f"{100 * pair.likeness:.0f} %",
                _named(pair.one.grade.rubric, pair.one.grade.question),
            ]
            for pair in pairs[:listed]
        ]
        show.table(["one", "the other", "alike", "rubric"], rows)


def _scored(shown: Shown) -> str:
    return f"{shown.grade.id} ({shown.grade.percent or 0:.0f} %)"


def _of(count: int, listed: int | None) -> str:
    return "" if listed is None or count <= listed else f"; {listed} of {count:,}, --details shows more"


def _named(rubric: str, question: str) -> str:
    """The rubric's name; the question where the rubric was made from a reference and has none that says anything."""
    return _short(question) if rubric.startswith(MADE) else rubric


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"


def _remarks(found: Report, given: bool) -> None:
    if found.lost:
        show.remark(f"not in the file of answers, by its ids: what {show.counted(found.lost, 'grade')} was given for")
    if found.unlike:
        show.remark(f"{found.unlike:,} answers are not those that were graded: their quotes do not stand in them")
    if given and found.looked_at < found.graded - found.lost - found.unlike:
        show.remark(f"Nearly equal answers were looked for among the first {found.looked_at:,} alone")


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────


def _json(found: Report) -> dict[str, Any]:
    return {
        "files": list(found.files),
        "answers": found.read,
        "people": found.people,
        "graded": found.graded,
        "ungraded": dict(found.ungraded),
        "failed": dict(found.failed),
        "graders": dict(found.graders),
        "questions": [_question_json(one) for one in found.questions],
        "look_first": [_shown_json(one) for one in found.first],
        "nearly_equal": None if found.pairs is None else [_twins_json(pair) for pair in found.pairs],
    }


def _question_json(one: QuestionReport) -> dict[str, Any]:
    spread = one.spread
    return {
        "question": one.question,
        "rubric": one.rubric,
        "n": one.n,
        "mean_percent": spread and round(spread.mean, 4),
        "sd_percent": None if spread is None or spread.sd is None else round(spread.sd, 4),
        "quartiles_percent": spread and [round(value, 4) for value in spread.quartiles],
        "histogram": spread and list(spread.bins),
        "discrimination": _discrimination_json(one.discrimination),
        "ungraded": dict(one.ungraded),
        "failed": dict(one.failed),
        "criteria": [
            {
                "criterion": c.criterion,
                "max_points": c.max_points,
                "met": c.met,
                "partial": c.partial,
                "missed": c.missed,
                "discrimination": None if c.discrimination is None else round(c.discrimination, 4),
            }
            for c in one.criteria
        ],
        "misconceptions": [{"id": id_, "found": count} for id_, count in one.misconceptions],
    }


def _discrimination_json(told: Discrimination) -> dict[str, Any]:
    value = None if told.value is None else round(told.value, 4)
    return {"value": value, "statistic": told.statistic, "n": told.n, "why": told.why or None}


def _shown_json(one: Shown) -> dict[str, Any]:
    grade = one.grade
    return {
        "id": grade.id,
        "rubric": grade.rubric,
        "percent": grade.percent,
        "confidence": grade.confidence,
        "flags": list(grade.flags),
        "where": one.stored.where,
    }


def _twins_json(pair: Twins) -> dict[str, Any]:
    both = (pair.one.grade, pair.other.grade)
    return {
        "rubric": both[0].rubric,
        "ids": [grade.id for grade in both],
        "percent": [grade.percent for grade in both],
        "likeness": round(pair.likeness, 4),
    }
