"""How a score comes about: verdicts in, points out. No model ever states a score.

derive(rubric, verdicts, findings).score    the score
derive(rubric, verdicts, findings).lines()  how it came about
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dlgrade.models import Criterion, Finding, Group, Override, Rubric, Verdict, VerdictWord

_SHARE: dict[VerdictWord, float] = {"met": 1.0, "partial": 0.5, "missed": 0.0, "ungraded": 0.0}
_NONE: Mapping[str, Override] = {}


def percent(score: float | None, max_score: float) -> float | None:
    """The score as 0 to 100, to one decimal."""
    return None if score is None else round(100 * score / max_score, 1)


def points(criterion: Criterion, verdict: VerdictWord) -> float:
    """The points that a verdict on a criterion earns: all, half or none."""
    return criterion.points * _SHARE[verdict]


def points_earned(rubric: Rubric, verdicts: Iterable[Verdict]) -> dict[str, float]:
    """The points that each criterion earns by itself: the share that its verdict gave, of what it is worth now."""
    shares = {v.criterion: v.points / v.max_points for v in verdicts if v.max_points and v.verdict != "ungraded"}
    return {criterion.id: criterion.points * shares.get(criterion.id, 0.0) for criterion in rubric.criteria}


@dataclass(frozen=True, slots=True)
class Step:
    """One line: by how much the sum changes, what it is then, and why."""

    change: float
    after: float
    why: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a score comes about. `points` is what each criterion counts for in the end.

    The score is None where criteria are `ungraded`.
    """

    steps: tuple[Step, ...]
    points: Mapping[str, float]
    ungraded: tuple[str, ...]
    max_score: float

    @property
    def score(self) -> float | None:
        """Where the steps end."""
        return None if self.ungraded else self.steps[-1].after

    def lines(self) -> list[str]:
        """The steps for people: the change, the sum, why; then the score."""
        told = [f"{_signed(step.change):>7} {step.after:>7.6g}  {step.why}" for step in self.steps]
        if self.score is None:
            return [*told, f"no score: {', '.join(self.ungraded)} ungraded"]
        return [*told, f"= {self.score:.6g} of {self.max_score:.6g} ({percent(self.score, self.max_score):g} %)"]


def derive(
    rubric: Rubric,
    verdicts: Iterable[Verdict],
    findings: Iterable[Finding],
    overrides: Mapping[str, Override] = _NONE,
) -> Derivation:
    """The score, step by step: what verdicts earn, less what misses its needs, what groups take and mistakes cost.

    The rubric alone says what things are worth; a verdict says which share of that is earned. `overrides` are people's
    verdicts by criterion or misconception, which stand among the others and are named.
    """
    return _Adding(rubric, tuple(verdicts), findings, overrides).derivation()


class _Adding:
    """A sum on its way."""

    def __init__(
        self,
        rubric: Rubric,
        verdicts: Sequence[Verdict],
        findings: Iterable[Finding],
        overrides: Mapping[str, Override] = _NONE,
    ) -> None:
        self._rubric = rubric
        words = {verdict.criterion: verdict.verdict for verdict in verdicts}
        self._words = {criterion.id: words.get(criterion.id, "ungraded") for criterion in rubric.criteria}
        self._found = {finding.id for finding in findings if finding.found}
        self._overrides = overrides
        self._lacking = {criterion.id: _lacking(criterion, rubric, self._words) for criterion in rubric.criteria}
        self._points = points_earned(rubric, verdicts)
        self._steps: list[Step] = []
        self._exact = 0.0
        self._told = True

    @property
    def _sum(self) -> float:
        """Three thirds of 10 are 10."""
        return round(self._exact, 9)

    def derivation(self) -> Derivation:
        for change, why in self._changes():
            self._steps.append(Step(change, self._sum, why))
        ungraded = tuple(id_ for id_, word in self._words.items() if word == "ungraded")
        return Derivation(tuple(self._steps), self._points, ungraded, self._rubric.max_score)

    def score(self) -> float | None:
        """Where it ends, without the words for it: most grades are never explained."""
        self._told = False
        for _ in self._changes():
            pass
        return None if "ungraded" in self._words.values() else self._sum

    def _changes(self) -> Iterator[tuple[float, str]]:
        for step in (self._earned, self._needs, self._groups, self._costs, self._limits):
            for change, why in step():
                self._exact += change
                yield change, why

    def _earned(self) -> Iterator[tuple[float, str]]:
        for criterion in self._rubric.criteria:
            earned = self._points[criterion.id]
            yield earned, self._verdict(criterion, earned) if self._told else ""

    def _verdict(self, criterion: Criterion, earned: float) -> str:
        said = self._said_by(criterion.id)
        return f"{criterion.id}: {self._words[criterion.id]}, {_part(earned, criterion.points)}{said}"

    def _needs(self) -> Iterator[tuple[float, str]]:
        for id_, lacking in self._lacking.items():
            if lacking is not None and self._points[id_]:
                change, self._points[id_] = -self._points[id_], 0.0
                what = "is missed" if self._words[lacking] in {"missed", "ungraded"} else "does not count itself"
                yield change, f"{id_} needs {lacking}, which {what}"

    def _groups(self) -> Iterator[tuple[float, str]]:
        for group, id_, taken in self._rubric.taken(self._points):
            self._points[id_] = round(self._points[id_] - taken, 9)
            together = ", ".join(group.ids)
            if group.of:
                yield -taken, f"{id_}: {together} earn at most {group.at_most:.6g} together"
            else:
                yield -taken, f"{id_}: only one of {together} counts, the one that earns most"

    def _costs(self) -> Iterator[tuple[float, str]]:
        for mistake in self._rubric.misconceptions:
            if mistake.id in self._found:
                yield -mistake.costs, f"misconception {mistake.id}: {mistake.claims}{self._said_by(mistake.id)}"
            elif mistake.id in self._overrides:
                yield 0.0, f"misconception {mistake.id}: absent{self._said_by(mistake.id)}"

    def _limits(self) -> Iterator[tuple[float, str]]:
        for group in self._rubric.groups:
            if self._holds(group) and group.at_most is not None and self._sum > group.at_most:
                yield group.at_most - self._sum, f"at most {group.at_most:.6g} {_condition(group)}"
        if self._sum < 0:
            yield -self._sum, "never below 0"
        if self._sum > (most := self._rubric.max_score):  # thirds that were rounded up
            yield most - self._sum, f"never above {most:.6g}"

    def _holds(self, group: Group) -> bool:
        """Whether a group's condition holds; a criterion that lacks what it needs is missed."""
        if group.if_missed is not None:
            return self._words[group.if_missed] == "missed" or self._lacking[group.if_missed] is not None
        return group.if_found in self._found

    def _said_by(self, id_: str) -> str:
        told = self._overrides.get(id_)
        return "" if told is None else f" ({told.by}, instead of {told.instead_of}: {' '.join(told.why.split())})"


def _lacking(criterion: Criterion, rubric: Rubric, words: Mapping[str, VerdictWord]) -> str | None:
    """The first of a criterion's needs that is not there, itself or for want of another; None if all are."""
    if not criterion.needs:
        return None
    known = {other.id: other for other in rubric.criteria}
    for id_ in criterion.needs:
        if words[id_] in {"missed", "ungraded"} or _lacking(known[id_], rubric, words) is not None:
            return id_
    return None


def _part(earned: float, worth: float) -> str:
    part = {1.0: "", 0.5: "half of ", 0.0: "none of "}.get(round(earned / worth, 9), f"{earned:.4g} of ")
    return f"{part}{worth:.6g}"


def _signed(change: float) -> str:
    return f"{change:+.6g}" if change else "0"


def _condition(group: Group) -> str:
    return f"where {group.if_missed} is missed" if group.if_found is None else f"where {group.if_found} is found"


def rules(rubric: Rubric) -> list[str]:
    """The rubric's needs and groups in words, a line each."""
    needs = [f"{c.id} counts only with {' and '.join(c.needs)}" for c in rubric.criteria if c.needs]
    return [*needs, *(_rule(group) for group in rubric.groups)]


def _rule(group: Group) -> str:
    if group.only_one_of:
        return f"only one of {', '.join(group.ids)} counts, the one that earns most"
    if group.of:
        return f"{', '.join(group.ids)} earn at most {group.at_most:.6g} together"
    return f"the whole earns at most {group.at_most:.6g} {_condition(group)}"


def total(rubric: Rubric, verdicts: Sequence[Verdict], findings: Iterable[Finding]) -> float | None:
    """clamp(points earned - misconception costs, 0, max); None while any criterion is ungraded."""
    return _Adding(rubric, verdicts, findings).score()


def needless(rubric: Rubric, verdicts: Iterable[Verdict]) -> set[str]:
    """The criteria that would earn nothing more if they were met, since their group has all that it can."""
    held = {id_ for group in rubric.groups for id_ in group.ids}
    if not held:
        return set()
    verdicts = tuple(verdicts)
    words = {verdict.criterion: verdict.verdict for verdict in verdicts}
    earned = points_earned(rubric, verdicts)
    met = {c.id: earned | {c.id: c.points} for c in rubric.criteria if c.id in held and words.get(c.id) != "met"}
    return {id_ for id_, better in met.items() if _kept(rubric, better) <= _kept(rubric, earned)}


def _kept(rubric: Rubric, earned: Mapping[str, float]) -> float:
    return round(sum(earned.values()) - sum(lost for _, _, lost in rubric.taken(earned)), 9)
