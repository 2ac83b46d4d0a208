"""Verdicts without a model: cues, stems and the wording of the criterion.

It reads words, not meaning, and says so: every grade is flagged `offline`, its confidence stays well
below 1, and where the answer looks like something other than prose about the question, or a verdict
hangs on a thread, the flag says that a person should look.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dlgrade.grading.cues import Match, Said, best_match
from dlgrade.grading.evidence import Cleaned, clean
from dlgrade.grading.score import graded, points
from dlgrade.grading.words import STOPWORDS, Sentence, sentences, stems
from dlgrade.models import (
    Criterion,
    Evidence,
    Finding,
    Grade,
    Grader,
    Misconception,
    Rubric,
    Verdict,
    VerdictWord,
)
from dlgrade.rubrics import fingerprint

METHOD = "offline-1"  # raised whenever the same answer may get another verdict

# Shares of a criterion's own words that a place must have; chosen so that the shipped references keep
# their points when their cues are taken away, and the echoed question earns none.
_WORDING_MEETS = 0.75
_WORDING_DOUBTS = 0.5
_CUES_DOUBT = 0.5
_ECHO = 0.85  # share of a sentence's words that are the question's own
_KNOWN_WORDS = 0.25  # share of English function words and the reference's words; right answers have 0.5 to 0.9
_LIST_LENGTH = 12  # words from which on prose can be told from a list of terms
_LIST_STOPWORDS = 0.1  # prose has about 0.4
_LONGEST_ITEM = 8  # words of an item in notes, on average; a heap of keywords has no end
_WORDS_A_RELATION = 12
_RELATION = re.compile(r"[=≈≤≥<>→⇒∝:;()]")

_SURE, _LIKELY, _DOUBTFUL, _GUARDED = 0.75, 0.6, 0.4, 0.2


@dataclass(frozen=True, slots=True)
class _Decision:
    verdict: VerdictWord
    confidence: float
    why: str
    place: tuple[Sentence, ...] = ()
    doubt: str | None = None


def grade(answer: str, rubric: Rubric, *, id: str | None = None, question: str | None = None) -> Grade:
    """Grade one answer without a model. An empty answer or an echo of the question earns nothing.

    `id` and `question` are those of the question in its bank, where it is in one; else the rubric's.
    """
    asked = question or rubric.question
    cleaned = clean(answer)
    own, guards = _guarded(cleaned, asked, rubric)
    said = Said(own)
    decisions = [_decide(criterion, said, rubric) for criterion in rubric.criteria]
    verdicts = tuple(
        Verdict(
            criterion=criterion.id,
            verdict=decision.verdict,
            points=points(criterion, decision.verdict),
            max_points=criterion.points,
            evidence=_quotes(cleaned, decision.place),
            why=decision.why,
        )
        for criterion, decision in zip(rubric.criteria, decisions, strict=True)
    )
    findings = tuple(_finding(misconception, said, cleaned) for misconception in rubric.misconceptions)
    doubts = tuple(decision.doubt for decision in decisions if decision.doubt)
    return graded(
        rubric,
        id=id or rubric.name,
        question=asked,
        verdicts=verdicts,
        findings=findings,
        grader=Grader(model="offline", prompt=f"{METHOD}@{fingerprint(rubric)}"),
        confidence=_confidence(decisions, guarded=bool(guards or cleaned.flags)),
        flags=("offline", *cleaned.flags, *guards, *doubts),
    )


def _guarded(cleaned: Cleaned, question: str, rubric: Rubric) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
    """The sentences that may earn something, and why others may not."""
    every = sentences(cleaned.text)
    if not every:
        return (), ("no answer",)
    guards: tuple[str, ...] = ()
    if _is_other_language(every, rubric):
        return every, ("needs review: this grader knows English alone",)
    if _is_list_of_terms(every):
        if not _is_notes(cleaned.text, every):
            return (), ("needs review: a list of terms, not sentences",)
        guards = ("needs review: notes, not sentences",)
    asked = stems(question) | stems(rubric.question)
    own = tuple(s for s in every if not s.content or len(s.content & asked) / len(s.content) < _ECHO)
    if not any(sentence.content for sentence in own):
        return (), ("repeats the question",)
    return own, guards


def _is_other_language(every: Sequence[Sentence], rubric: Rubric) -> bool:
    """Whether the words are neither ordinary English nor the subject's: then nothing found says little."""
    inside = [word for sentence in every for word in sentence.words if not word.folded.isdigit()]
    subject = stems(rubric.reference) | stems(rubric.question)
    known = sum(word.folded in STOPWORDS or word.stem in subject for word in inside)
    return bool(inside) and known / len(inside) < _KNOWN_WORDS


def _is_list_of_terms(every: Sequence[Sentence]) -> bool:
    inside = [word.folded for sentence in every for word in sentence.words if not word.folded.isdigit()]
    if len(inside) < _LIST_LENGTH:
        return False
    return sum(word in STOPWORDS for word in inside) / len(inside) < _LIST_STOPWORDS


def _is_notes(text: str, every: Sequence[Sentence]) -> bool:
    """Whether terms stand in short items, or in relations to each other, as terse people write them."""
    words = sum(len(sentence.words) for sentence in every)
    return words / len(every) <= _LONGEST_ITEM or len(_RELATION.findall(text)) >= words / _WORDS_A_RELATION


def _decide(criterion: Criterion, said: Said, rubric: Rubric) -> _Decision:
    match = best_match(criterion.cues, said)
    wording, place = _best_wording(criterion, said.sentences, rubric)
    if match.share == 1.0 and not match.negated:
        confidence = _SURE if wording >= _WORDING_DOUBTS else _LIKELY
        return _Decision("met", confidence, "The answer has the words that this takes.", match.sentences)
    if match.share == 1.0:
        doubt = f"needs review: {criterion.id} is denied or turned round"
        return _Decision("missed", _DOUBTFUL, "The words are there, but a negation turns them round.", (), doubt)
    if wording >= _WORDING_MEETS:
        return _Decision("met", _DOUBTFUL, "The answer comes close to the criterion's wording.", place)
    part = best_match(criterion.partial_cues, said)
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


def _best_wording(criterion: Criterion, said: Sequence[Sentence], rubric: Rubric) -> tuple[float, tuple[Sentence, ...]]:
    """The share of the criterion's own words, the question's left out, in the best sentence."""
    wanted = stems(criterion.expects) - stems(rubric.question)
    if not wanted or not said:
        return 0.0, ()
    best = max(said, key=lambda sentence: len(wanted & sentence.content))
    return len(wanted & best.content) / len(wanted), (best,)


def _finding(misconception: Misconception, said: Said, cleaned: Cleaned) -> Finding:
    match = best_match(misconception.cues, said, together=1)
    found = match.share == 1.0 and not match.negated
    return Finding(
        id=misconception.id,
        found=found,
        cost=misconception.costs,
        evidence=_quotes(cleaned, match.sentences) if found else (),
    )


def _quotes(cleaned: Cleaned, place: Sequence[Sentence]) -> tuple[Evidence, ...]:
    return tuple(cleaned.quote(sentence.start, sentence.end) for sentence in place)


def _confidence(decisions: Sequence[_Decision], *, guarded: bool) -> float:
    """The mean over the criteria, not a probability: it orders grades by how much they need a look."""
    mean = sum(decision.confidence for decision in decisions) / len(decisions)
    return round(min(mean, _GUARDED) if guarded else mean, 2)
