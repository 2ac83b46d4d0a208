"""Verdicts without a model: cues, stems and the wording of the criterion.

It reads words, not meaning, and says so: every grade is flagged `offline`, its confidence stays well
below 1, and where the answer looks like something other than prose about the question, or a verdict
hangs on a thread, the flag says that a person should look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlgrade.grading.asides import Asides
from dlgrade.grading.closeness import claiming
from dlgrade.grading.cues import Match, Said, best_match
from dlgrade.grading.derivation import points
from dlgrade.grading.evidence import Cleaned, clean
from dlgrade.grading.guards import Guarded, guarded
from dlgrade.grading.reference import held
from dlgrade.grading.score import graded
from dlgrade.grading.steering.wholes import ADDRESSED
from dlgrade.grading.words import Sentence, stems
from dlgrade.models import (
    Criterion,
    Evidence,
    Finding,
    Grade,
    Grader,
    Rubric,
    Verdict,
    VerdictWord,
)
from dlgrade.rubrics import fingerprint, wordings

METHOD = "offline-4"  # raised whenever the same answer may get another verdict

# Shares of a criterion's own words that a place must have; chosen so that the shipped references keep
# their points when their cues are taken away, and the echoed question earns none.
_WORDING_MEETS = 0.75
_WORDING_DOUBTS = 0.5
_CUES_DOUBT = 0.5

_SURE, _LIKELY, _DOUBTFUL, _GUARDED = 0.75, 0.6, 0.4, 0.2


@dataclass(frozen=True, slots=True)
class _Decision:
    verdict: VerdictWord
    confidence: float
    why: str
    place: tuple[Sentence, ...] = ()
    doubt: str | None = None
    points: float | None = None


def grade(answer: str, rubric: Rubric, *, id: str | None = None, question: str | None = None) -> Grade:
    """Grade one answer without a model. An empty answer or an echo of the question earns nothing.

    `id` and `question` are those of the question in its bank, where it is in one; else the rubric's.
    """
    asked = question or rubric.question
    cleaned = clean(answer)
    cued = any(criterion.cues for criterion in rubric.criteria)
    guard = guarded(cleaned, asked, rubric, cued=cued)
    said = Said(guard.own if cued or rubric.misconceptions else ())
    findings, maybe = _findings(rubric, said, cleaned)
    asides = Asides(cleaned, rubric)
    out: list[Sentence] = []
    band: tuple[str, ...] = ()
    if cued:
        decisions, out = _by_cues(rubric, said, asides)
    else:
        decisions, band = _by_reference(rubric, guard, asked)
    unsure = [sentence for sentence in _places(decisions) if asides.doubtful(sentence)]
    asks = wordings(rubric)
    verdicts = tuple(
        Verdict(
            criterion=criterion.id,
            verdict=decision.verdict,
            points=points(criterion, decision.verdict) if decision.points is None else decision.points,
            max_points=criterion.points,
            evidence=_quotes(cleaned, decision.place),
            why=decision.why,
            asked=asks[criterion.id],
        )
        for criterion, decision in zip(rubric.criteria, decisions, strict=True)
    )
    doubts = (*(decision.doubt for decision in decisions if decision.doubt), *maybe)
    talk = (*_named(ADDRESSED, cleaned, out), *_named("needs review: perhaps addressed to the grader", cleaned, unsure))
    return graded(
        rubric,
        id=id or rubric.name,
        question=asked,
        verdicts=verdicts,
        findings=findings,
        grader=Grader(model="offline", prompt=f"{METHOD}@{fingerprint(rubric)}"),
        confidence=_confidence(decisions, unsure, guarded=bool(guard.flags or cleaned.flags or out)),
        flags=("offline", *cleaned.flags, *guard.flags, *band, *doubts, *talk),
    )


def _by_cues(rubric: Rubric, said: Said, asides: Asides) -> tuple[list[_Decision], list[Sentence]]:
    """The decisions, and the sentences that would earn something if they did not speak of the answer alone.

    Another sentence may say what these only name. One that may be such earns where no other sentence earns as much.
    """
    decisions = [_decide(criterion, said, rubric) for criterion in rubric.criteria]
    out = [sentence for sentence in _places(decisions) if asides.sure(sentence)]
    if out:
        said = Said([sentence for sentence in said.sentences if not asides.sure(sentence)])
        decisions = [_decide(criterion, said, rubric) for criterion in rubric.criteria]
    if any(asides.doubtful(sentence) for sentence in _places(decisions)):
        said = Said([sentence for sentence in said.sentences if not asides.doubtful(sentence)])
        for n, (criterion, decision) in enumerate(zip(rubric.criteria, decisions, strict=True)):
            if any(asides.doubtful(sentence) for sentence in decision.place):
                other = _decide(criterion, said, rubric)
                decisions[n] = other if other.verdict == decision.verdict else decision
    return decisions, out


def _by_reference(rubric: Rubric, guard: Guarded, question: str) -> tuple[list[_Decision], tuple[str, ...]]:
    """Without cues there is the reference: how like it the whole answer is, and which of its claims are there."""
    result = held(guard, rubric, question)
    low, high = result.band
    decisions = [
        _Decision(claim.verdict, result.confidence, claim.why, claim.place, points=claim.points)
        for claim in result.claims
    ]
    return decisions, (f"band: {low} to {high} %",)


def _decide(criterion: Criterion, said: Said, rubric: Rubric) -> _Decision:
    match = best_match(criterion.cues, said)
    if match.share == 1.0 and not match.negated:
        # The place that has the cues mostly has the wording too: then no other is looked at.
        wanted = _wanted(criterion, rubric)
        close = any(len(wanted & one.content) >= _WORDING_DOUBTS * len(wanted) for one in match.sentences if wanted)
        close = close or _best_wording(criterion, said, rubric)[0] >= _WORDING_DOUBTS
        confidence = _SURE if close else _LIKELY
        return _Decision("met", confidence, "The answer has the words that this takes.", match.sentences)
    wording, place = _best_wording(criterion, said, rubric)
    if match.share == 1.0:
        doubt = f"needs review: {criterion.id} is denied or turned round"
        return _Decision("missed", _DOUBTFUL, "The words are there, but a negation turns them round.", (), doubt)
    if wording >= _WORDING_MEETS:
        return _Decision("met", _DOUBTFUL, "The answer comes close to the criterion's wording.", place)
    part = best_match(criterion.partial_cues, said, whole=True)
    if part.share == 1.0 and not part.negated:
        return _Decision("partial", _LIKELY, "The answer has the words of the half that earns half.", part.sentences)
    if (match.share > _CUES_DOUBT and not criterion.partial_cues) or wording >= _WORDING_DOUBTS:
        return _half(criterion, match, place)
    return _Decision("missed", _SURE, "Nothing in the answer says this.")


def _half(criterion: Criterion, match: Match, place: tuple[Sentence, ...]) -> _Decision:
    doubt = f"needs review: {criterion.id} is said in part at most"
    if criterion.partial is not None and not match.negated:
        return _Decision("partial", _DOUBTFUL, "Part of it is there.", match.sentences or place, doubt)
    return _Decision("missed", _DOUBTFUL, "Part of it is there, which is not enough for the point.", (), doubt)


def _wanted(criterion: Criterion, rubric: Rubric) -> frozenset[str]:
    """The criterion's own words, the question's left out."""
    return stems(criterion.expects) - stems(rubric.question)


def _best_wording(criterion: Criterion, said: Said, rubric: Rubric) -> tuple[float, tuple[Sentence, ...]]:
    """The share of the criterion's own words in the best sentence; 0 where all have few of them."""
    wanted = _wanted(criterion, rubric)
    if not wanted or len(wanted & said.stems) < _WORDING_DOUBTS * len(wanted):
        return 0.0, ()
    shared = [len(wanted & sentence.content) for sentence in said.sentences]
    best = max(shared)
    return best / len(wanted), (said.sentences[shared.index(best)],)


def _findings(rubric: Rubric, said: Said, cleaned: Cleaned) -> tuple[tuple[Finding, ...], list[str]]:
    """Which misconceptions are claimed, by their cues or in words like their own; the latter asks for a look."""
    findings, doubts = [], []
    for misconception in rubric.misconceptions:
        match = best_match(misconception.cues, said, together=1, whole=True)
        place = match.sentences if match.share == 1.0 and not match.negated else ()
        if not place and (close := claiming(misconception, said, rubric)) is not None:
            place = (close,)
            doubts.append(f"needs review: {misconception.id} by its wording alone")
        findings.append(
            Finding(
                id=misconception.id,
                found=bool(place),
                cost=misconception.costs,
                evidence=_quotes(cleaned, place),
                asked=wordings(rubric)[misconception.id],
            )
        )
    return tuple(findings), doubts


def _places(decisions: Sequence[_Decision]) -> list[Sentence]:
    """The sentences that earn something, each once, in order."""
    return sorted({one for decision in decisions for one in decision.place}, key=lambda sentence: sentence.start)


def _named(what: str, cleaned: Cleaned, some: Sequence[Sentence]) -> list[str]:
    quotes = _quotes(cleaned, some)
    return [f"{what} at {quote.start}-{quote.end}" for quote in quotes]


def _quotes(cleaned: Cleaned, place: Sequence[Sentence]) -> tuple[Evidence, ...]:
    return tuple(cleaned.quote(sentence.start, sentence.end) for sentence in place)


def _confidence(decisions: Sequence[_Decision], unsure: Sequence[Sentence], *, guarded: bool) -> float:
    """The mean over the criteria, not a probability: it orders grades by how much they need a look.

    What rests on `unsure` sentences adds next to nothing.
    """
    some = [_GUARDED if any(one in unsure for one in decision.place) else decision.confidence for decision in decisions]
    mean = sum(some) / len(some)
    return round(min(mean, _GUARDED) if guarded else mean, 2)
