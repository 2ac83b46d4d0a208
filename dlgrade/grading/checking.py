"""What is wrong with a rubric: its form, and how the offline grader takes it.

A rubric holds when its reference earns full marks and none of its misconceptions, each criterion is lost
when the sentences that earn it are taken out, and neither an empty answer, the question repeated nor
another question's reference earns much.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from dlgrade.grading.cues import Said, best_match, compile_slot
from dlgrade.grading.derivation import needless
from dlgrade.grading.offline import grade
from dlgrade.grading.words import sentences
from dlgrade.models import Rubric, Way

_POINTS = 10.0
_FOREIGN = 60.0  # percent that another question's reference may earn: neighbours share content, not most of it
_STAR_INSIDE = re.compile(r"\*\w")
_TIMES_SAID = 3
# What tells the answerer or the grader what to do; "State spaces are …" and "List comprehensions …" state something.
_INSTRUCTION = re.compile(
    r"""^(?:(?:must|should)\b
        |(?:mention|explain|describe|state|define|discuss|give|list|name|provide|say|note|identify|recogni[sz]e|show|point
           |compare|include|cover|address)(?:e?s)?\s+(?:out\s+)?
         (?:that|the|how|why|what|when|which|whether|a|an|one|two|three|at\s+least|any|some|both|its|their)\b)
      |\b(?:the|an?|this)\s+(?:good\s+|right\s+|correct\s+|full\s+)?(?:answer|candidate|student|response|respondent)\s+
         (?:should|must|needs?|has\s+to|mentions?|explains?|describes?|states?|defines?|discusses|gives?|names?|says?)\b
      |\baward\b[^.]{0,40}\b(?:points?|marks?|credit)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def check_rubric(rubric: Rubric) -> list[str]:
    """What is wrong with one rubric, a sentence each; empty if nothing is."""
    return [*_form(rubric), *_reference(rubric), *_nothing_for_nothing(rubric)]


@dataclass(frozen=True, slots=True)
class Foreign:
    """What the reference of another question earns from a rubric, in percent.

    `related` says that it may well answer the rubric's question: one topic, or named as near.
    """

    rubric: str
    reference: str
    percent: float
    related: bool


def check_all(
    rubrics: Sequence[Rubric], *, known: Collection[str] = (), pairs: Sequence[Foreign] | None = None
) -> dict[str, list[str]]:
    """What is wrong with each rubric, alone and among the others, by name.

    `known` names rubrics that exist and are not checked. `pairs` are what `foreign` says of these rubrics.
    """
    found = {rubric.name: check_rubric(rubric) for rubric in rubrics}
    for pair in foreign(rubrics) if pairs is None else pairs:
        if pair.percent > _FOREIGN and not pair.related:
            found[pair.rubric].append(f"the reference of {pair.reference} earns {pair.percent:g} percent here")
    for rubric in rubrics:
        found[rubric.name] += [
            f"near: there is no rubric {name}" for name in rubric.near if name not in {*found, *known}
        ]
    return found


def _share_content(one: Rubric, other: Rubric) -> bool:
    return one.topic == other.topic or other.name in one.near or one.name in other.near


def foreign(rubrics: Sequence[Rubric]) -> list[Foreign]:
    """The reference of every rubric graded by every other, what earns most first."""
    pairs = [
        Foreign(rubric.name, other.name, grade(other.reference, rubric).percent or 0.0, _share_content(rubric, other))
        for other in rubrics  # each is taken apart once
        for rubric in rubrics
        if other is not rubric
    ]
    place = {rubric.name: n for n, rubric in enumerate(rubrics)}
    return sorted(pairs, key=lambda pair: (-pair.percent, place[pair.rubric]))


def matrix(pairs: Sequence[Foreign]) -> str:
    """What all references earn from all other rubrics, on one line."""
    apart = [pair.percent for pair in pairs if not pair.related]
    said = f"{len(pairs):,} references by other rubrics: {fmean(pair.percent for pair in pairs):.1f} percent on average"
    if not apart:
        return said
    much = sum(percent > _FOREIGN for percent in apart)
    return f"{said}, {fmean(apart):.1f} where the topics differ, {much} of those above {_FOREIGN:g}"


def _form(rubric: Rubric) -> Iterator[str]:
    if rubric.max_score != _POINTS:
        yield f"the points add up to {rubric.max_score:g}, not {_POINTS:g}"
    cues = {criterion.id: criterion.cues for criterion in rubric.criteria}
    cues |= {misconception.id: misconception.cues for misconception in rubric.misconceptions}
    for criterion in rubric.criteria:
        if _INSTRUCTION.search(criterion.expects):
            yield f"{criterion.id}: an instruction, not a statement of the expected answer: {criterion.expects!r}"
    yield from (f"{id_} has no cues" for id_, ways in cues.items() if not ways)
    for id_, ways in cues.items():
        empty = (slot for way in ways for slot in way if not compile_slot(slot).firsts)
        yield from (f"{id_}: no words in the slot {slot!r}" for slot in empty)
        starred = (slot for way in ways for slot in way if _STAR_INSIDE.search(slot))
        yield from (f"{id_}: a star inside a word finds nothing: {slot!r}" for slot in starred)


def _reference(rubric: Rubric) -> Iterator[str]:
    whole = grade(rubric.reference, rubric)
    spare = needless(rubric, whole.verdicts)
    cues = {criterion.id: criterion.cues for criterion in rubric.criteria}
    for verdict in whole.verdicts:
        if verdict.criterion in spare:
            continue  # of criteria that exclude each other, a reference says one
        if verdict.verdict != "met":
            yield f"the reference does not earn {verdict.criterion}: {verdict.verdict}"
        elif cues[verdict.criterion] and not _said(cues[verdict.criterion], rubric.reference):
            yield f"{verdict.criterion}: no way of its cues is in the reference; its wording alone is"
        elif _survives(rubric, verdict.criterion):
            yield f"{verdict.criterion} is still met when the sentences that earn it are taken out"
    for finding in whole.misconceptions:
        if finding.found:
            yield f"the reference holds the misconception {finding.id}: {finding.evidence[0].quote!r}"


def _said(ways: Sequence[Way], reference: str) -> bool:
    match = best_match(ways, Said(sentences(reference)))
    return match.share == 1.0 and not match.negated


def _survives(rubric: Rubric, criterion: str) -> bool:
    """Whether a criterion is still met when the places that earn it are taken out.

    A reference may say a thing twice; what is still there after that is met by anything.
    """
    answer = rubric.reference
    for _ in range(_TIMES_SAID + 1):
        verdict = next(v for v in grade(answer, rubric).verdicts if v.criterion == criterion)
        if verdict.verdict != "met":
            return False
        for start, end in sorted(((e.start, e.end) for e in verdict.evidence), reverse=True):
            answer = answer[:start] + answer[end:]
    return True


def _nothing_for_nothing(rubric: Rubric) -> Iterable[str]:
    for name, answer in (("an empty answer", ""), ("the question repeated", rubric.question)):
        if grade(answer, rubric).score:
            yield f"{name} earns points"
