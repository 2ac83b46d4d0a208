"""Answers that people have graded, as examples for a judge: grades with people's verdicts, and the answers they are of.

    examples = read_examples(Path("grades.jsonl"), Path("class.csv"))
    examples.of(rubric, cleaned)        # a few, never the answer that is graded itself

People's verdicts alone are shown, with their reasons; names and the grader's own verdicts are not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dlgrade.banks.wording import squash
from dlgrade.errors import InputError
from dlgrade.grading.evidence import Cleaned, clean
from dlgrade.grading.rows import Row, read_rows
from dlgrade.grading.stored import Stored, read_grades
from dlgrade.models import Override, Rubric
from dlgrade.rubrics import wordings

MOST = 3
"""Examples that a request shows at most."""


@dataclass(frozen=True, slots=True)
class Said:
    """A person's verdict on a criterion or a misconception, by its id, and the reason."""

    id: str
    word: str
    why: str


@dataclass(frozen=True, slots=True)
class Example:
    """An answer, cleaned, with what people found of it; `folded` is it as answers are compared."""

    answer: str
    folded: str
    verdicts: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """An answer with people's verdicts on it."""

    id: str
    answer: str
    folded: str
    overrides: Mapping[str, Override]


class Examples:
    """The graded answers of a file, by the name of their rubric; `hash` is over all of them."""

    def __init__(self, judged: Mapping[str, list[_Judged]]) -> None:
        self._judged = judged
        self._chosen: dict[tuple[str, str], tuple[Example, ...]] = {}
        self.hash = _hash([(name, _told(one)) for name, some in sorted(judged.items()) for one in some])

    def of(self, rubric: Rubric, cleaned: Cleaned) -> tuple[Example, ...]:
        """The examples for an answer: those that taught most, without that answer itself."""
        folded = squash(cleaned.text)
        return tuple(one for one in self._for(rubric) if one.folded != folded)[:MOST]

    def fingerprint(self, rubric: Rubric) -> str:
        """The first 12 hex digits of SHA-256 over all the examples that answers to the question may be shown."""
        return _hash([(one.answer, [(v.id, v.word, v.why) for v in one.verdicts]) for one in self._for(rubric)])

    def _for(self, rubric: Rubric) -> tuple[Example, ...]:
        """Those for a rubric, in the order in which they are taken; one more than are shown, as one may be graded."""
        now = wordings(rubric)
        key = (rubric.name, json.dumps(now))
        if key not in self._chosen:
            self._chosen[key] = tuple(self._choose(rubric.name, now))[: MOST + 1]
        return self._chosen[key]

    def _choose(self, name: str, now: Mapping[str, str]) -> Iterator[Example]:
        """Each answer once; a verdict on what is worded otherwise now teaches nothing."""
        standing = [
            (one, [o for o in one.overrides.values() if now.get(o.criterion) == o.asked])
            for one in self._judged.get(name, ())
        ]
        seen: set[str] = set()
        for one, overrides in sorted(standing, key=lambda both: _rank(*both)):
            if overrides and one.folded not in seen:
                seen.add(one.folded)
                by_id = {o.criterion: Said(o.criterion, o.verdict, " ".join(o.why.split())) for o in overrides}
                yield Example(one.answer, one.folded, tuple(by_id[id_] for id_ in now if id_ in by_id))


def _rank(one: _Judged, overrides: list[Override]) -> tuple[int, int, str]:
    """The most corrections of the grader first, then the shortest answer."""
    return -sum(o.verdict != o.instead_of for o in overrides), len(one.answer), one.id


def read_examples(grades: Path, answers: Path) -> Examples:
    """The answers in a file of grades that people have given verdicts on, their text from a file of answers.

    Raises:
        InputError: a file cannot be read, no grade has a person's verdict, or an answer is missing or another one.
    """
    wanted = {stored.grade.id: stored for stored in read_grades(grades) if stored.grade.overrides}
    if not wanted:
        raise InputError(
            f"{grades}: no grade has a person's verdict, so there are no examples",
            hint="To give one: dlgrade grades override FILE ID CRITERION VERDICT --by NAME --why REASON",
        )
    texts = {row.id: row.answer for row in read_rows(answers) if isinstance(row, Row) and row.id in wanted}
    judged: dict[str, list[_Judged]] = {}
    for id_, stored in wanted.items():
        if id_ not in texts:
            raise InputError(f"{stored.where}: no answer with the id {id_!r} in {answers}, so it cannot be an example")
        judged.setdefault(stored.grade.rubric, []).append(_judged(stored, texts[id_], answers))
    return Examples(judged)


def _judged(stored: Stored, answer: str, answers: Path) -> _Judged:
    grade = stored.grade
    pieces = [piece for verdict in grade.verdicts for piece in verdict.evidence]
    pieces += [piece for finding in grade.misconceptions for piece in finding.evidence]
    if any(answer[piece.start : piece.end] != piece.quote for piece in pieces):
        raise InputError(f"{stored.where}: its quotes are not in the answer that {answers} has for {grade.id!r}")
    text = clean(answer).text
    return _Judged(grade.id, text, squash(text), {override.criterion: override for override in grade.overrides})


def _told(one: _Judged) -> tuple[str, list[tuple[str, str, str, str]]]:
    return one.answer, [(o.criterion, o.verdict, o.why, o.asked) for o in one.overrides.values()]


def _hash(said: object) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:12]
