"""Rubric ── Criterion, Misconception, Group;  SettledRubric. They are offered by `dlgrade.models`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from pydantic import Field, model_validator

from dlgrade.record import Record

Way = tuple[str, ...]
"""One way of saying a thing: every slot must be found close together; `|` parts a slot's alternatives."""


class Criterion(Record):
    """One thing a good answer says, worth points. `partial` says what half marks mean, where they exist.

    `needs` names the criteria without which it earns nothing. `cues` are what the offline grader looks for,
    `partial_cues` what it takes for half (dlgrade.grading.cues).
    """

    id: str
    points: float = Field(gt=0, strict=True, allow_inf_nan=False)
    expects: str
    partial: str | None = None
    needs: tuple[str, ...] = ()
    cues: tuple[Way, ...] = ()
    partial_cues: tuple[Way, ...] = ()

    @model_validator(mode="after")
    def _half_marks_say_what_for(self) -> Criterion:
        if self.partial_cues and self.partial is None:
            raise ValueError("partial_cues without partial")
        return self


class Misconception(Record):
    """One thing a wrong answer claims, and what it costs."""

    id: str
    costs: float = Field(gt=0, strict=True, allow_inf_nan=False)
    claims: str
    cues: tuple[Way, ...] = ()


class Misfit(ValueError):
    """What does not fit together in a rubric; `at` is where, as keys and indexes."""

    def __init__(self, message: str, *at: str | int) -> None:
        super().__init__(message)
        self.at = at


class Group(Record):
    """What criteria can earn together, or the whole answer on a condition.

    only_one_of: [a, b]         of these, the one that earns most counts
    at_most: 3, of: [a, b, c]   these earn no more than that together
    at_most: 4, if_missed: a    the score is no more than that where the criterion is missed
    at_most: 4, if_found: m     … or where the misconception is found
    """

    only_one_of: tuple[str, ...] = ()
    at_most: float | None = Field(default=None, ge=0, strict=True, allow_inf_nan=False)
    of: tuple[str, ...] = ()
    if_missed: str | None = None
    if_found: str | None = None

    @model_validator(mode="after")
    def _is_one_of_the_four(self) -> Group:
        said = [bool(self.only_one_of), bool(self.of), self.if_missed is not None, self.if_found is not None]
        if sum(said) != 1 or (self.at_most is None) != bool(self.only_one_of):
            raise Misfit("a group is only_one_of: [ids], or at_most: N with of: [ids], if_missed: id or if_found: id")
        if len(self.ids) == 1:
            raise Misfit("a group has two criteria or more")
        if self.of and not self.at_most:
            raise Misfit("at_most: must be more than 0")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """The criteria that it holds together; none where it is about the whole."""
        return self.only_one_of or self.of

    def beyond(self, earned: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        """What goes beyond the group: how much of which criterion's points; of a sum, the last ones'."""
        best = max(self.only_one_of, key=lambda id_: earned[id_], default=None)
        most = earned[best] if best is not None else self.at_most or 0.0
        much = sum(earned[id_] for id_ in self.ids) - most
        for id_ in reversed(self.ids):
            take = round(min(much, earned[id_]), 9)
            if id_ != best and take > 0:
                much -= take
                yield id_, take


Difficulty = Literal["basic", "intermediate", "advanced"]


class Rubric(Record):
    """Per question: the reference, the criteria with points, the misconceptions with costs.

    `name` is the file's stem. `groups` limit what criteria earn together. `near` names rubrics of other questions
    whose answers share much with this one's. A `draft` was written by a model, and no person has looked at it.
    """

    name: str
    question: str
    also: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    topic: str
    difficulty: Difficulty | None = None
    draft: bool = Field(default=False, strict=True)
    reference: str
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()

    def __hash__(self) -> int:
        """What all equal ones have in common and few others: much is kept by rubric, and a grade asks for it often."""
        return hash((self.name, self.reference))

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Rubric:
        ids = [criterion.id for criterion in self.criteria] + [mistake.id for mistake in self.misconceptions]
        if twice := _twice(ids):
            raise ValueError(f"the id {twice!r} is used twice")
        return self

    @model_validator(mode="after")
    def _needs_and_groups_fit(self) -> Rubric:
        if any(criterion.needs for criterion in self.criteria) or self.groups:
            for misfit in _misfits(self):
                raise misfit
        return self

    @property
    def max_score(self) -> float:
        """What the best answer earns: all points but those that groups take; three thirds of 10 are 10."""
        every = {criterion.id: criterion.points for criterion in self.criteria}
        if not self.groups:
            return round(sum(every.values()), 9)
        return round(sum(every.values()) - sum(points for _, _, points in self.taken(every)), 9)

    def taken(self, earned: Mapping[str, float]) -> list[tuple[Group, str, float]]:
        """What the groups take of the points earned by criterion, exclusive groups first."""
        left, found = dict(earned), []
        for group in sorted(self.groups, key=lambda group: not group.only_one_of):
            for id_, points in group.beyond(left):
                left[id_] = round(left[id_] - points, 9)
                found.append((group, id_, points))
        return found


class SettledRubric(Rubric):
    """A rubric made of what a judge settled that a question asks for, of its reference: one good answer of several.

    A criterion is met by whatever does its job and is right, be it the reference's way or another.
    """


def _twice(ids: Iterable[str]) -> str | None:
    """The first of the ids, by name, that stands there more than once."""
    return min((id_ for id_, count in Counter(ids).items() if count > 1), default=None)


def _misfits(rubric: Rubric) -> Iterator[Misfit]:
    """What is wrong with the needs and groups of a rubric whose ids are unique."""
    known = {criterion.id: criterion for criterion in rubric.criteria}
    named = [(c.needs, ("criteria", n, "needs")) for n, c in enumerate(rubric.criteria)]
    named += [(g.ids, ("groups", n, "of" if g.of else "only_one_of")) for n, g in enumerate(rubric.groups)]
    for ids, at in named:
        yield from (Misfit(f"there is no criterion {id_!r}", *at, n) for n, id_ in enumerate(ids) if id_ not in known)
        if twice := _twice(ids):
            yield Misfit(f"{twice!r} is named twice", *at)
    mistakes = {mistake.id for mistake in rubric.misconceptions}
    for n, group in enumerate(rubric.groups):
        if group.if_missed is not None and group.if_missed not in known:
            yield Misfit(f"there is no criterion {group.if_missed!r}", "groups", n, "if_missed")
        if group.if_found is not None and group.if_found not in mistakes:
            yield Misfit(f"there is no misconception {group.if_found!r}", "groups", n, "if_found")
    try:
        TopologicalSorter({criterion.id: criterion.needs for criterion in rubric.criteria}).prepare()
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
        at_fault = list(known).index(cycle[0])
        yield Misfit(f"{' needs '.join(cycle)}: none could ever be earned", "criteria", at_fault, "needs")
    yield from _idle(rubric)


def _idle(rubric: Rubric) -> Iterator[Misfit]:
    """Criteria in two groups of a kind, and limits that nothing reaches; all ids are known."""
    held: dict[tuple[bool, str], int] = {}
    for n, group in enumerate(rubric.groups):
        for id_ in group.ids:
            if (other := held.setdefault((bool(group.of), id_), n)) != n:
                kind = "of" if group.of else "only_one_of"
                yield Misfit(f"{id_!r} is in group {other + 1} of this kind already", "groups", n, kind)
    exclusive = [group.ids for group in rubric.groups if group.only_one_of]
    points = {criterion.id: criterion.points for criterion in rubric.criteria}
    for n, group in enumerate(rubric.groups):
        for ids in exclusive:
            if group.of and 0 < len(set(ids) & set(group.of)) < len(ids):
                # else the better of them could earn less than the other
                yield Misfit(f"{', '.join(ids)} exclude each other: limit all of them or none", "groups", n, "of")
        lost = {id_ for ids in exclusive for id_ in ids if id_ != max(ids, key=lambda id_: points[id_])}
        most = round(sum(points[id_] for id_ in group.of if id_ not in lost), 9) if group.of else rubric.max_score
        if group.at_most is not None and group.at_most >= most:
            whose = "these can earn" if group.of else "the whole can earn"
            yield Misfit(f"at_most {group.at_most:g} takes nothing away: {whose} {most:g}", "groups", n, "at_most")
