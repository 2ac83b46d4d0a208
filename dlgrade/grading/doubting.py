"""Whether verdicts rest on what an answer says of its subject, or on what it says to whoever grades it.

    outcome = yield from beyond_doubt(cleaned, rubric, judged)      # `judged` asks about a text: rounds of its own

A model that does as an answer says gives itself away: it quotes words that cannot show what they are quoted for, the
same ones for criteria that have little in common, or words about the answer instead of the subject. Then it is asked
about what is left without them, which is what it would have been asked about the clean answer. A passage may earn what
it says itself; a verdict that falls away with it, and that it cannot show, was its doing.

How the numbers below were chosen, and what honest answers lose by them, is in `benchmarks/README.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dlgrade.grading.bearing import Subject, subject_of
from dlgrade.grading.cues import Said, best_match
from dlgrade.grading.evidence import Cleaned, leaving_out
from dlgrade.grading.polling import Settled
from dlgrade.grading.rounds import Collected, Rounds
from dlgrade.grading.shapes import CRITERION, items_of
from dlgrade.grading.steering.talk import SURE, of_itself, talk
from dlgrade.grading.steering.wholes import ADDRESSED, merged
from dlgrade.grading.words import Sentence, has_words, put_together, sentences
from dlgrade.models import Criterion, Evidence, Rubric

# How much a sentence talks from which on it says hardly anything else, may be left out, is left out in any case, and
# earns nothing by a word that it shares.
_HARDLY, _DOUBT, _ASIDE, _TALK = -4.0, -2.5, -1.5, -1.0
_CROWD = 3  # criteria that one sentence alone is quoted for
_ROOM = 2.5  # words with a meaning that a sentence has for each of those; in references and answers 2.6 and more
_APART = 4  # characters between sentences that are named as one
_TIMES = 3  # so often it is asked again: each time for what the one before left

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What judging a text came to: `settled` by key, empty where something has no verdict; `flags` for a person."""

    collected: Collected
    settled: Mapping[str, Settled]
    flags: tuple[str, ...] = ()


def beyond_doubt(cleaned: Cleaned, rubric: Rubric, judged: Callable[[Cleaned], Rounds[Outcome]]) -> Rounds[Outcome]:
    """The judgement of an answer; where it is in doubt, that of what is left, and what the rest may earn beside it."""
    first = last = yield from judged(cleaned)
    whole = doubting = Doubting(cleaned, rubric)
    gone: set[Span] = set()
    for _ in range(_TIMES):
        if not last.settled or not (some := doubting.without(last.settled)):
            break
        gone.update(some)
        rest = leaving_out(cleaned, gone)
        doubting = Doubting(rest, rubric)
        usage = last.collected.usage
        last = (yield from judged(rest)) if has_words(rest.text) else _nothing(first, rubric)
        last.collected.usage = usage + last.collected.usage if usage and last.collected.usage else usage
    if not last.settled:
        return last
    if gone:
        last = whole.together(first, replace(last, settled=doubting.shown(last.settled)), gone)
    return whole.looked_over(last)


def _nothing(first: Outcome, rubric: Rubric) -> Outcome:
    """The judgement of an answer of which nothing is left."""
    why = "Nothing of the answer is left that could show it."
    words = {key: "missed" if isinstance(item, Criterion) else "absent" for key, item in items_of(rubric).items()}
    settled = {key: Settled(word, why, (), 1.0) for key, word in words.items()}
    return Outcome(replace(first.collected, usage=None), settled)


@dataclass(frozen=True, slots=True, eq=False)  # told apart by place, not by what they say
class Passage:
    """A sentence of an answer. `start` and `end` are offsets in the answer as given, `said` is how much it `talk`s.

    `foreign`: it says nothing of the subject; `other`: it is in another language than the rest; `equation`: it has one,
    which may show what the sentence has no word of.
    """

    sentence: Sentence
    start: int
    end: int
    text: str
    said: float
    foreign: bool
    other: bool
    equation: bool

    @property
    def suspect(self) -> bool:
        """Whether it may be left out as soon as anything is in doubt."""
        return self.foreign or self.other or self.said >= _DOUBT

    @property
    def aside(self) -> bool:
        """Whether it is left out in any case."""
        return self.other or self.said >= _ASIDE

    def holds(self, piece: Evidence) -> bool:
        """Whether any of a piece of evidence stands in it."""
        return piece.start < self.end and self.start < piece.end


Rests = Mapping[str, tuple[Passage, ...]]
"""The passages that criteria rest on, by key."""


class Doubting:
    """An answer's passages, and what each of them can show of a rubric."""

    def __init__(self, cleaned: Cleaned, rubric: Rubric) -> None:
        self._criteria = {key: item for key, item in items_of(rubric).items() if isinstance(item, Criterion)}
        self._subject = subject_of(rubric)
        self._passages = tuple(_passages(cleaned, self._subject))
        self._said = {passage: Said((passage.sentence,)) for passage in self._passages}

    # ── what is in doubt ─────────────────────────────────────────────────────────────────────

    def without(self, settled: Mapping[str, Settled]) -> tuple[Span, ...]:
        """The passages without which to ask again, in the answer as given; none where nothing is in doubt."""
        rests = self._rests(settled)
        found = {passage for passage in self._passages if self._cannot_show(passage, rests)}
        suspects = [passage for passage in self._passages if passage.suspect]
        if rests:
            found.update(passage for passage in suspects if passage.aside)
        if not found and any(self._is_weak(key, some) for key, some in rests.items()):
            # Somebody may have been talked into it by what is not quoted.
            found.update([passage for passage in suspects if not self._bears_on_any(passage)] or suspects)
            if not found and not self._subject.is_bare:
                found.update(passage for passage in self._passages if not self._earns_any(passage))
        return tuple((passage.start, passage.end) for passage in self._passages if passage in found)

    def shown(self, settled: Mapping[str, Settled]) -> dict[str, Settled]:
        """The verdicts, missed where they rest on what cannot show them."""
        rests = self._rests(settled)
        wrong = {passage for passage in self._passages if self._cannot_show(passage, rests)}
        missed = {key for key, some in rests.items() if not wrong.isdisjoint(some) or self._is_borrowed(key, rests)}
        return {
            key: replace(one, word="missed", evidence=(), agreement=0.0) if key in missed else one
            for key, one in settled.items()
        }

    def _cannot_show(self, passage: Passage, rests: Rests) -> bool:
        """Whether a passage is quoted for what it cannot show, as far as code can tell."""
        keys = [key for key, some in rests.items() if passage in some]
        baseless = [key for key in keys if not self._bears(passage, key)]
        return bool(
            (keys and passage.said >= _TALK)
            or (baseless and passage.suspect)
            or (len(baseless) > 1 and len(baseless) == len(keys))
            or self._is_crowded(passage, sum(len(rests[key]) == 1 for key in keys))
        )

    def _is_borrowed(self, key: str, rests: Rests) -> bool:
        """Whether a criterion rests on passages that have nothing of it, nor of another criterion that rests there."""
        return not any(self._bears(passage, key) for passage in rests[key]) and any(
            not self._bears(passage, other)
            for passage in rests[key]
            for other, some in rests.items()
            if other != key and passage in some
        )

    def _is_crowded(self, passage: Passage, verdicts: int) -> bool:
        """Whether a sentence is quoted for more than its words have room for.

        What is asked of a reference alone may be names, several to a sentence.
        """
        told = not passage.equation and (passage.said >= _HARDLY or not self._subject.is_bare)
        return told and verdicts >= _CROWD and len(passage.sentence.content) < _ROOM * verdicts

    # ── what comes of both judgements ────────────────────────────────────────────────────────

    def together(self, first: Outcome, last: Outcome, gone: Iterable[Span]) -> Outcome:
        """The verdicts on what is left, and of those on the whole answer that earn more those that it shows.

        A misconception counts that was found in either. Two judgements that differ agree by half.
        """
        out = {passage for passage in self._passages if (passage.start, passage.end) in gone}
        rests = self._rests(first.settled)
        more = [key for key in rests if _rank(first.settled[key]) > _rank(last.settled[key])]
        kept = {key for key in more if any(self._may_earn(key, passage, out, rests) for passage in rests[key])}
        if len(kept) == len(more):
            hidden = {key: one for key, one in last.settled.items() if one.word == "found"}
            collected = replace(first.collected, usage=last.collected.usage)
            return Outcome(collected, {**first.settled, **hidden})
        own = {passage for key in kept for passage in rests[key]}
        apart = {key: replace(last.settled[key], agreement=last.settled[key].agreement / 2) for key in more}
        found = {key: one for key, one in first.settled.items() if one.word == "found"}
        settled = {**last.settled, **apart, **found, **{key: first.settled[key] for key in kept}}
        return replace(last, settled=settled, flags=tuple(_named(one for one in self._passages if one in out - own)))

    def _may_earn(self, key: str, passage: Passage, out: set[Passage], first: Rests) -> bool:
        """Whether a passage may earn a verdict that the second judgement did not give.

        One that was still there, by the criterion's cues alone. One that was left out may have lost it: by a word of
        the criterion's own, or if it earns no other verdict; `first` is what all of them rested on.
        """
        if passage not in out:
            return self._has_cues(key, passage)
        quoted = [other for other, some in first.items() if passage in some]
        verdicts = len(quoted)
        if self._is_crowded(passage, verdicts):
            # A sentence with room for the criteria that it has a word of is no list of their names.
            named = sum(self._bears(passage, one) for one in quoted)
            return not passage.suspect and self._has_cues(key, passage) and not self._is_crowded(passage, named)
        if of_itself(passage.text):
            return verdicts == 1 and self._bears(passage, key)
        if passage.said < _TALK:
            return verdicts == 1 or self._bears(passage, key)
        return self._has_cues(key, passage) or (verdicts == 1 and not self._is_weak(key, (passage,)))

    def looked_over(self, outcome: Outcome) -> Outcome:
        """The outcome with flags for what a person should look at; verdicts that nothing shows add no confidence."""
        rests = self._rests(outcome.settled)
        unsure = [key for key, some in rests.items() if self._is_unsure(key, some, rests)]
        named = "\n".join(outcome.flags)
        places = [f"{one.start}-{one.end}" for one in self._passages if one.said >= SURE]
        flags = (
            *(f"needs review: perhaps addressed to the grader at {place}" for place in places if place not in named),
            *(f"needs review: {self._criteria[key].id} rests on words that may say nothing of it" for key in unsure),
        )
        settled = {key: replace(one, agreement=0.0) if key in unsure else one for key, one in outcome.settled.items()}
        return replace(outcome, settled=settled, flags=(*outcome.flags, *flags))

    def _is_unsure(self, key: str, some: tuple[Passage, ...], rests: Rests) -> bool:
        """Whether code finds nothing of a criterion in what it rests on, nor elsewhere, or that is quoted elsewhere."""
        if any(self._has_cues(key, passage) for passage in some):
            return False
        if all(passage.suspect for passage in some):
            return True
        if any(self._bears(passage, key) for passage in some):
            return False
        elsewhere = any(passage in others for other, others in rests.items() if other != key for passage in some)
        return elsewhere or not any(self._bears(passage, key) for passage in self._passages)

    # ── what passages show ───────────────────────────────────────────────────────────────────

    def _rests(self, settled: Mapping[str, Settled]) -> Rests:
        """The passages that each criterion's verdict rests on, where it earns something."""
        return {
            key: tuple(one for one in self._passages if any(one.holds(piece) for piece in settled[key].evidence))
            for key in self._criteria
            if settled[key].word != "missed" and settled[key].evidence
        }

    def _bears(self, passage: Passage, key: str) -> bool:
        """Whether a passage has a word of a criterion's own, or is such that nothing can be told."""
        if passage.equation:
            return True
        if passage.foreign or passage.other:
            return False
        return self._subject.bears(passage.sentence.words, self._criteria[key].id)

    def _bears_on_any(self, passage: Passage) -> bool:
        return any(self._bears(passage, key) for key in self._criteria)

    def _is_weak(self, key: str, some: tuple[Passage, ...]) -> bool:
        """Whether a verdict rests on passages that have hardly a word of the criterion's own."""
        inside = put_together([passage.sentence for passage in some])
        equation = any(passage.equation for passage in some)
        return not equation and self._subject.is_weak(inside, self._criteria[key].id)

    def _has_cues(self, key: str, passage: Passage) -> bool:
        match = best_match(self._criteria[key].cues, self._said[passage])
        return match.share == 1.0 and not match.negated

    def _earns_any(self, passage: Passage) -> bool:
        return any(self._has_cues(key, passage) for key in self._criteria)


def _rank(settled: Settled) -> int:
    return CRITERION.index(settled.word)


def _named(passages: Iterable[Passage]) -> Iterator[str]:
    """Flags for what was left out, passages that follow each other together."""
    some = list(passages)
    for talks, name in (
        (True, f"{ADDRESSED} at {{}}-{{}}"),
        (False, "needs review: graded without the words at {}-{}, which raise verdicts that they do not show"),
    ):
        spans = [(one.start, one.end + _APART, name) for one in some if (one.said >= _DOUBT) is talks]
        yield from (name.format(start, end - _APART) for start, end, _ in merged(spans))


def _passages(cleaned: Cleaned, subject: Subject) -> Iterator[Passage]:
    said = sentences(cleaned.text)
    english = subject.is_prose(put_together(said))
    for sentence in said:
        place = cleaned.quote(sentence.start, sentence.end)
        text = cleaned.text[sentence.start : sentence.end]
        talks = talk(text)
        equation = talks < _DOUBT and subject.is_formula(text)
        other = english and subject.is_other_language(sentence, text)
        foreign = english and not other and not equation and subject.is_foreign(sentence)
        yield Passage(sentence, place.start, place.end, text, talks, foreign, other, equation)
