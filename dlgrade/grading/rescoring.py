"""Stored grades under a rubric that has changed, and under people's verdicts: arithmetic, nobody is asked.

A verdict stands as long as the wording that it is about: points, costs, needs and groups may change around it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast, get_args

from dlgrade.errors import InputError
from dlgrade.grading.derivation import points
from dlgrade.grading.leniency import Correction
from dlgrade.grading.score import CALIBRATED, is_calibrated, scored
from dlgrade.models import (
    Criterion,
    Finding,
    Grade,
    Misconception,
    Override,
    OverrideWord,
    Rubric,
    Verdict,
    VerdictWord,
)
from dlgrade.rubrics import MADE, Rubrics, fingerprint, wording, wordings

LACKING = "its score is calibrated: give --calibration FILE, the one that it names"
_KEPT = 1024  # rubrics: a class answers few questions


class Known:
    """Finds the rubrics of stored grades."""

    def __init__(self, rubrics: Rubrics) -> None:
        self._rubrics = rubrics
        self._load = lru_cache(_KEPT)(rubrics.load)

    def of(self, grade: Grade) -> Rubric:
        """The rubric that a grade names, as it is now; one made from a reference is in the grade itself.

        Raises:
            InputError: there is none.
            RubricError: it has a mistake in it.
        """
        if grade.rubric in self._rubrics.paths:
            return self._load(grade.rubric)
        if not _made(grade):
            raise InputError(f"there is no rubric {grade.rubric!r}" if grade.rubric else "it names no rubric")
        if not grade.criteria:
            raise InputError("its rubric was made from a reference, and it does not say which")
        return rubric_in(grade)


def rubric_in(grade: Grade) -> Rubric:
    """The rubric as far as a grade tells it: what its criteria are worth, and say."""
    criteria = tuple(Criterion.model_validate(criterion.model_dump()) for criterion in grade.criteria)
    return Rubric(name=grade.rubric, question=grade.question, topic="", reference="", criteria=criteria)


def to_ask(grade: Grade, rubric: Rubric) -> tuple[str, ...]:
    """The criteria and misconceptions on which the grade has no verdict in their present wording; people's count."""
    if grade.rubric_fingerprint == fingerprint(rubric) or _made(grade):
        return tuple(verdict.criterion for verdict in grade.verdicts if verdict.verdict == "ungraded")
    said = {verdict.criterion: verdict.asked for verdict in grade.verdicts if verdict.verdict != "ungraded"}
    said |= {finding.id: finding.asked for finding in grade.misconceptions}
    people = {override.criterion for override in grade.overrides}
    return tuple(id_ for id_, now in wordings(rubric).items() if id_ not in people and said.get(id_) != now)


def lacks(grade: Grade, correction: Correction | None) -> bool:
    """Whether the score is calibrated, and by another correction than this."""
    return is_calibrated(grade) and (correction is None or not any(f.startswith(correction.mark) for f in grade.flags))


def rescored(grade: Grade, rubric: Rubric, correction: Correction | None = None) -> Grade:
    """The grade by the rubric as it is now, people's verdicts in the place of the grader's.

    A verdict on a criterion that is no longer in the rubric goes; a criterion without a verdict is ungraded. A
    calibrated score is corrected again, by the same correction.

    Raises:
        InputError: its score is calibrated, and the correction is not at hand.
    """
    if lacks(grade, correction):
        raise InputError(f"{grade.id}: {LACKING}")
    people = {override.criterion: override for override in grade.overrides}
    said = {verdict.criterion: verdict for verdict in grade.verdicts}
    found = {finding.id: finding for finding in grade.misconceptions}
    settled = grade.model_copy(
        update={
            "verdicts": tuple(_verdict(c, said.get(c.id), people.get(c.id)) for c in rubric.criteria),
            "misconceptions": tuple(_finding(m, found.get(m.id), people.get(m.id)) for m in rubric.misconceptions),
            "flags": (*_other_flags(grade), *_older_wordings(grade, rubric)),
        }
    )
    new = scored(settled, rubric)
    # what a grade tells of a rubric made from a reference is not all of it
    new = new.model_copy(update={"rubric_fingerprint": grade.rubric_fingerprint}) if _made(grade) else new
    return correction.corrected(new) if correction is not None and is_calibrated(grade) else new


def _made(grade: Grade) -> bool:
    return grade.rubric.startswith(MADE)


def _verdict(criterion: Criterion, said: Verdict | None, person: Override | None) -> Verdict:
    given = said or Verdict(criterion=criterion.id, verdict="ungraded", points=0, max_points=criterion.points)
    if person is None or person.verdict not in get_args(VerdictWord):
        return given
    word = cast("VerdictWord", person.verdict)
    return given.model_copy(update={"verdict": word, "points": points(criterion, word), "max_points": criterion.points})


def _finding(misconception: Misconception, said: Finding | None, person: Override | None) -> Finding:
    # where a person grades by hand, what they do not name is not there
    blank = Finding(id=misconception.id, found=False, cost=misconception.costs, asked=wording(misconception))
    given = said or blank
    return given if person is None else given.model_copy(update={"found": person.verdict == "found"})


def _other_flags(grade: Grade) -> tuple[str, ...]:
    """The flags but those that ask a person to look where one has, and what becomes of a score after it is known."""
    judged = [
        f"{asks}: {override.criterion} " for override in grade.overrides for asks in ("needs review", "otherwise")
    ]
    done = (CALIBRATED, *judged)
    return tuple(flag for flag in grade.flags if not flag.startswith(done))


def _older_wordings(grade: Grade, rubric: Rubric) -> tuple[str, ...]:
    now = wordings(rubric)
    last = {override.criterion: override for override in grade.overrides}
    return tuple(
        f"needs review: {id_} was worded otherwise when {override.by} judged it"
        for id_, override in last.items()
        if now.get(id_, override.asked) != override.asked and not _made(grade)
    )


def overridden(
    grade: Grade,
    rubric: Rubric,
    criterion: str,
    verdict: str,
    *,
    by: str,
    why: str,
    correction: Correction | None = None,
) -> Grade:
    """The grade with a person's verdict on a criterion, or on a misconception.

    The same person's earlier one goes; of several people's the last one counts.

    Raises:
        InputError: the rubric has nothing of that id, or there is no such verdict on it; or as in `rescored`.
    """
    items = {item.id: item for item in rubric.criteria} | {m.id: m for m in rubric.misconceptions}
    if criterion not in items:
        raise InputError(f"the rubric {rubric.name} has no {criterion!r}; it has {', '.join(items)}")
    item = items[criterion]
    allowed = _words(item)
    if verdict not in allowed:
        raise InputError(f"{criterion}: {verdict!r} is no verdict on it; {' or '.join(allowed)} is")
    new = Override(
        criterion=criterion,
        verdict=cast("OverrideWord", verdict),
        by=by,
        why=why,
        instead_of=_graders_word(grade, item),
        asked=wording(item),
    )
    others = tuple(o for o in grade.overrides if (o.criterion, o.by) != (criterion, by))
    return rescored(grade.model_copy(update={"overrides": (*others, new)}), rubric, correction)


def _words(item: Criterion | Misconception) -> tuple[str, ...]:
    if isinstance(item, Misconception):
        return ("found", "absent")
    return ("met", "missed") if item.partial is None else ("met", "partial", "missed")


def _graders_word(grade: Grade, item: Criterion | Misconception) -> OverrideWord | VerdictWord:
    """What the grader said, also where a person has overridden it since."""
    for override in grade.overrides:
        if override.criterion == item.id:
            return override.instead_of
    if isinstance(item, Misconception):
        return "found" if any(f.id == item.id and f.found for f in grade.misconceptions) else "absent"
    said = {verdict.criterion: verdict.verdict for verdict in grade.verdicts}
    return said.get(item.id, "ungraded")


def carried(old: Grade, new: Grade, rubric: Rubric) -> Grade:
    """A new grade of the same answer with people's verdicts on the old one."""
    if not old.overrides:
        return new
    items = {item.id: item for item in rubric.criteria} | {m.id: m for m in rubric.misconceptions}
    overrides = tuple(
        override.model_copy(update={"instead_of": _graders_word(new, items[override.criterion])})
        if override.criterion in items
        else override
        for override in old.overrides
    )
    return rescored(new.model_copy(update={"overrides": overrides}), rubric)
