"""Cues: how a rubric tells the offline grader what to look for.

    cues:
      - [random* | probability | bernoulli, zero | drop | mask | switch off]
      - [thinned network]

Each line is one *way* of saying the thing. A way is said where all of its slots are found within one
sentence or two that follow each other. `|` parts a slot's alternatives; an alternative is a word or a phrase,
compared by stems, with at most two other words in between; `*` at a word's end takes any ending.
A slot that begins with `unless` must be absent from that place. What stands behind a negation
("not", "never", "n't" …) does not count, unless the alternative has the negation in it: `not rely` takes
"cannot rely" and "never relies" as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dlgrade.grading.words import Sentence, Word, stem, words
from dlgrade.models import Way

_GAP = 2  # words that may stand between two words of a phrase
_REACH = 5  # words over which a negation reaches, inside its clause
_AFFIRMING = frozenset({"only", "just", "merely"})
_SHORTEST_JOINED = 6  # "a i" must not meet "ai"


@dataclass(frozen=True, slots=True)
class Term:
    """One word of an alternative: a stem, or the beginning of a word."""

    text: str
    prefix: bool

    def fits(self, word: Word) -> bool:
        """Whether this word is the one meant."""
        return word.folded.startswith(self.text) if self.prefix else word.stem == self.text


@dataclass(frozen=True, slots=True)
class Alternative:
    """A phrase: its terms in order, and all of them written as one word."""

    terms: tuple[Term, ...]
    joined: str
    negative: bool


@dataclass(frozen=True, slots=True)
class SlotCue:
    """Alternatives of which one must be found, or, with `absent`, none."""

    alternatives: tuple[Alternative, ...]
    absent: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A slot found in a sentence: `negated` by a denial before it; `denies` itself, as "not rely" does."""

    sentence: Sentence
    negated: bool = False
    denies: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """How much of a way was found at its best place: `share` of its slots, and the sentences it stands in."""

    share: float
    sentences: tuple[Sentence, ...]
    negated: bool


NOTHING = Match(0.0, (), negated=False)


@lru_cache(maxsize=8192)
def compile_slot(slot: str) -> SlotCue:
    """A slot as it is written -> its alternatives."""
    absent = slot.startswith("unless ")
    alternatives = (_alternative(text) for text in slot.removeprefix("unless ").split("|"))
    return SlotCue(tuple(alternative for alternative in alternatives if alternative.terms), absent)


def _alternative(text: str) -> Alternative:
    parts = [(part.rstrip("*"), part.endswith("*")) for part in text.split()]
    terms: list[Term] = []
    negative = False
    for part, prefix in parts:
        inside = words(part)
        negative = negative or any(word.negates for word in inside)
        terms += [Term(word.stem, prefix=False) for word in inside]
        if prefix and inside:
            terms[-1] = Term(inside[-1].folded, prefix=True)
    joined = stem("".join(word.folded for word in words(text.replace("*", ""))))
    return Alternative(tuple(terms), joined, negative)


class Said:
    """The sentences in which cues are looked for; each slot is looked up once in each sentence."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self.sentences = tuple(sentences)
        self._stems = frozenset[str]().union(*(sentence.stems for sentence in sentences))
        self._spelled = "".join(sentence.spelled for sentence in sentences)
        self._joined = frozenset[str]().union(*(sentence.joined for sentence in sentences))
        self._nowhere: tuple[None, ...] = (None,) * len(sentences)
        self._hits: dict[str, tuple[Hit | None, ...]] = {}

    def hits(self, slot: str) -> tuple[Hit | None, ...]:
        """For each sentence, how the slot stands in it."""
        if slot not in self._hits:
            likely = [alternative for alternative in compile_slot(slot).alternatives if self._may_have(alternative)]
            found = (_find(likely, sentence) for sentence in self.sentences)
            self._hits[slot] = tuple(found) if likely else self._nowhere
        return self._hits[slot]

    def _may_have(self, alternative: Alternative) -> bool:
        """Most alternatives of a rubric have no word in the answer at all: only the others are looked for."""
        first = alternative.terms[0]
        if f" {first.text}" in self._spelled if first.prefix else first.text in self._stems:
            return True
        return alternative.joined in self._stems or alternative.joined[:5] in self._joined


def best_match(ways: Iterable[Way], said: Said, *, together: int = 2) -> Match:
    """The way that is found most completely, over all places of up to `together` sentences in a row.

    A whole way without negation wins over a negated one, and that over a part of one.
    """
    best = NOTHING
    for way in ways:
        wanted = [said.hits(slot) for slot in way if not compile_slot(slot).absent]
        unwanted = [said.hits(slot) for slot in way if compile_slot(slot).absent]
        for place in _places(wanted, together):
            if not any(hits[i] for hits in unwanted for i in place):
                best = max(best, _match(wanted, place), key=_rank)
        if best.share == 1.0 and not best.negated:
            break
    return best


def _rank(match: Match) -> tuple[float, bool, int]:
    return (match.share, not match.negated, -len(match.sentences))


def _places(wanted: Sequence[Sequence[Hit | None]], together: int) -> Iterator[range]:
    """The runs of sentences that have something in each: others say no more than a shorter run does."""
    touched = [i for i, hits in enumerate(zip(*wanted, strict=True)) if any(hits)]
    for k, first in enumerate(touched):
        for width in range(1, together + 1):
            if touched[k : k + width][-1:] == [first + width - 1]:
                yield range(first, first + width)


def _match(wanted: Sequence[Sequence[Hit | None]], place: range) -> Match:
    found = [hit for hits in wanted if (hit := _best_hit(hits, place)) is not None]
    where = {hit.sentence.start: hit.sentence for hit in found}
    # One slot that denies in its own words, "not need", takes the denial of the whole way upon itself.
    negated = any(hit.negated for hit in found) and not any(hit.denies for hit in found)
    return Match(len(found) / len(wanted), tuple(where[start] for start in sorted(where)), negated)


def _best_hit(hits: Sequence[Hit | None], place: range) -> Hit | None:
    best: Hit | None = None
    for i in place:
        hit = hits[i]
        if hit is not None and (best is None or (best.negated and not hit.negated)):
            best = hit
    return best


def _find(alternatives: Iterable[Alternative], sentence: Sentence) -> Hit | None:
    """An occurrence that no negation turns round; a negated one if there is no other."""
    negated: Hit | None = None
    for alternative in alternatives:
        for first in _occurrences(alternative, sentence):
            if alternative.negative or not _is_negated(sentence.words, first):
                return Hit(sentence, denies=alternative.negative)
            negated = Hit(sentence, negated=True)
    return negated


def _occurrences(alternative: Alternative, sentence: Sentence) -> Iterator[int]:
    """The indices of the words at which the alternative begins."""
    inside = sentence.words
    first, *rest = alternative.terms
    if not first.prefix:
        yield from (i for i in sentence.places.get(first.text, ()) if _follows(rest, inside, i))
    elif f" {first.text}" in sentence.spelled:
        yield from (i for i, word in enumerate(inside) if first.fits(word) and _follows(rest, inside, i))
    if len(alternative.joined) >= _SHORTEST_JOINED:
        if rest and alternative.joined in sentence.stems:
            yield from sentence.places[alternative.joined]
        elif not rest:
            near = sentence.joined.get(alternative.joined[:5], ())
            yield from (i for text, i in near if stem(text) == alternative.joined)


def _follows(terms: Sequence[Term], inside: Sequence[Word], at: int) -> bool:
    """Whether the rest of a phrase stands closely behind."""
    for term in terms:
        reach = range(at + 1, min(at + 2 + _GAP, len(inside)))
        at = next((i for i in reach if term.fits(inside[i])), -1)
        # "accuracy is not enough" is no gap in "accuracy is enough"
        if at < 0 or any(inside[i].negates for i in range(reach.start, at)):
            return False
    return True


def _is_negated(inside: Sequence[Word], at: int) -> bool:
    for i in range(max(0, at - _REACH), at):
        # "not only x but y" affirms both.
        if inside[i].negates and inside[i].clause == inside[at].clause and inside[i + 1].folded not in _AFFIRMING:
            return True
    return False
