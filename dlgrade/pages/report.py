"""A report as its page needs it: answers cut into pieces by their quotes, verdicts beside what they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from dlgrade.errors import InputError
from dlgrade.grading.highlights import Mark, Piece, Quote, Tone, pieces
from dlgrade.grading.rescoring import Known
from dlgrade.models import Evidence, Grade
from dlgrade.reporting import QuestionReport, Report, Shown, Twins, doubts
from dlgrade.rubrics import Rubrics

FIRST = 25
"""Answers named to look at first, and pairs of nearly equal ones."""

_WORDS = re.compile(r"\s*\S+|\s+")
_CONTEXT = 12  # words that both have beside what only one has; of longer stretches the middle is left out


@dataclass(frozen=True, slots=True)
class Line:
    """A verdict, or a misconception that was found: `label` is what its quotes are marked with.

    `quotes` are told here where the answer is not at hand, and `by` names the person who gave the verdict.
    """

    label: str
    tone: Tone | None
    word: str
    name: str
    about: str
    points: str
    why: str
    quotes: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer on the page."""

    anchor: str
    grade: Grade
    answer: str | None
    pieces: tuple[Piece, ...]
    lines: tuple[Line, ...]
    doubts: tuple[str, ...]
    extra: Mapping[str, str]
    fits: bool


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question on the page; `about` says what its criteria and misconceptions stand for, where that is known."""

    anchor: str
    report: QuestionReport
    about: Mapping[str, str]
    shown: tuple[Shown, ...]

    @property
    def answers(self) -> Iterator[AnswerView]:
        """Its answers, made one by one: a class's do not fit into memory twice."""
        return (_answer(shown, self.about) for shown in self.shown)


def view(report: Report, rubrics: Rubrics) -> dict[str, Any]:
    """What the template `report.html.j2` is given."""
    of: dict[str, list[Shown]] = {}
    for shown in report.shown:
        of.setdefault(shown.grade.rubric, []).append(shown)
    known = Known(rubrics)
    on_page = {shown.number for shown in report.shown}
    return {
        "title": f"Grades: {', '.join(report.files)}",
        "report": report,
        "questions": [
            QuestionView(f"q{n}", one, _about(known, of.get(one.rubric, ())), tuple(of.get(one.rubric, ())))
            for n, one in enumerate(report.questions, start=1)
        ],
        "unmatched": [_answer(shown, {}) for shown in of.get("", ())],
        "first": [(shown, doubts(shown.grade), shown.number in on_page) for shown in report.first[:FIRST]],
        "twins": [
            (pair, *_apart(pair), on_page >= {pair.one.number, pair.other.number}) for pair in _some(report.pairs)
        ],
        "mean": _mean(report.questions),
    }


def _some(pairs: Sequence[Twins] | None) -> Sequence[Twins]:
    return (pairs or ())[:FIRST]


def _mean(questions: Sequence[QuestionReport]) -> float | None:
    """The mean over all answers."""
    told = [(one.spread.mean, one.n) for one in questions if one.spread]
    return sum(mean * n for mean, n in told) / sum(n for _, n in told) if told else None


def _about(known: Known, shown: Sequence[Shown]) -> dict[str, str]:
    """What the ids of a rubric stand for; nothing where the rubric is gone."""
    graded = next((one.grade for one in shown if one.grade.verdicts), None)
    if graded is None:
        return {}
    try:
        rubric = known.of(graded)
    except InputError:
        return {}
    return {c.id: c.expects for c in rubric.criteria} | {m.id: m.claims for m in rubric.misconceptions}


# ── one answer ───────────────────────────────────────────────────────────────────────────────


def _answer(shown: Shown, about: Mapping[str, str]) -> AnswerView:
    grade, text = shown.grade, shown.answer
    quotes: list[Quote] = []
    lines: list[Line] = []
    by = {
        override.criterion: f"{override.by}, instead of {override.instead_of}: {override.why}"
        for override in grade.overrides
    }

    def line(label: str, tone: Tone | None, name: str, told: Sequence[Evidence], /, **said: str) -> None:
        if tone is not None:
            quotes.extend(Quote(Mark(label, tone, f"{name}: {said['word']}"), e.start, e.end) for e in told)
        plain = tuple(e.quote for e in told) if text is None else ()
        lines.append(
            Line(
                label=label, tone=tone, name=name, about=about.get(name, ""), quotes=plain, by=by.get(name, ""), **said
            )
        )

    for n, verdict in enumerate(grade.verdicts, start=1):
        tone: Tone | None = None if verdict.verdict == "ungraded" else verdict.verdict
        points = f"{verdict.points:.4g} of {verdict.max_points:.4g}"
        said = {"word": verdict.verdict, "points": points, "why": verdict.why}
        line(str(n), tone, verdict.criterion, verdict.evidence, **said)
    for n, finding in enumerate((one for one in grade.misconceptions if one.found), start=1):
        cost = f"−{finding.cost:.4g}"
        line(f"M{n}", "wrong", finding.id, finding.evidence, word="misconception", points=cost, why="")
    return AnswerView(
        anchor=f"a{shown.number}",
        grade=grade,
        answer=text,
        pieces=() if text is None else pieces(text, quotes),
        lines=tuple(lines),
        doubts=doubts(grade),
        extra={name: value for name, value in shown.extra.items() if value},
        fits=shown.fits,
    )


# ── nearly equal answers ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Run:
    """Words of an answer: those that the other one lacks (`alone`), or that both have; `cut` stands for more."""

    text: str
    alone: bool = False
    cut: bool = False


def _apart(pair: Twins) -> tuple[list[Run], list[Run]]:
    """Both answers, with what each has and the other has not."""
    texts: list[list[str]] = [_WORDS.findall(shown.answer or "") for shown in (pair.one, pair.other)]
    sides: tuple[list[Run], list[Run]] = ([], [])
    for kind, *ends in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
        for side, words, (start, end) in zip(sides, texts, (ends[:2], ends[2:]), strict=True):
            if kind == "equal":
                side.extend(_both(words[start:end], first=start == 0, last=end == len(words)))
            elif start < end:
                said = "".join(words[start:end])
                bare = said.lstrip()
                side.extend([Run(said[: len(said) - len(bare)]), Run(bare, alone=True)])
    return sides


def _both(words: Sequence[str], *, first: bool, last: bool) -> list[Run]:
    """What both have, its middle left out where it is long; at either end of the answer, that end."""
    before, after = (0 if first else _CONTEXT), (0 if last else _CONTEXT)
    if len(words) <= before + after + _CONTEXT:
        return [Run("".join(words))]
    kept = [Run("".join(words[:before])), Run(" … ", cut=True), Run("".join(words[len(words) - after :]))]
    return [run for run in kept if run.text]
