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

from dlgrade.grading.words import Sentence, Word, fold_word, stem, words
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
    """A place where an alternative stands: the words' indices in the place searched.

    `negated` by a denial before it; `denies` itself, as "not rely" does.
    """

    first: int
    last: int
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
    alternatives = tuple(_alternative(text) for text in slot.removeprefix("unless ").split("|") if text.strip())
    return SlotCue(alternatives, absent)


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
    joined = "".join(fold_word(word.folded) for word in words(text.replace("*", "")))
    return Alternative(tuple(terms), stem(joined), negative)


def best_match(ways: Iterable[Way], sentences: Sequence[Sentence], *, together: int = 2) -> Match:
    """The way that is found most completely, over all places of up to `together` sentences in a row.

    A whole way without negation wins over a negated one, and that over a part of one.
    """
    best = NOTHING
    for way in ways:
        slots = [compile_slot(slot) for slot in way]
        for place in _places(sentences, together):
            best = max(best, _match(slots, place), key=_rank)
            if best.share == 1.0 and not best.negated:
                return best
    return best


def _rank(match: Match) -> tuple[float, bool, int]:
    return (match.share, not match.negated, -len(match.sentences))


def _places(sentences: Sequence[Sentence], together: int) -> Iterator[Sequence[Sentence]]:
    for width in range(1, together + 1):
        for first in range(len(sentences) - width + 1):
            yield sentences[first : first + width]


def _match(slots: Sequence[SlotCue], place: Sequence[Sentence]) -> Match:
    inside = [word for sentence in place for word in sentence.words]
    # No phrase runs from one sentence into the next: for each word, where its own sentence ends.
    ends = [end for end, sentence in _ends(place) for _ in sentence.words]
    wanted = [slot for slot in slots if not slot.absent]
    if not wanted or any(_find(slot, inside, ends) for slot in slots if slot.absent):
        return NOTHING
    hits = [_find(slot, inside, ends) for slot in wanted]
    found = [hit for hit in hits if hit is not None]
    if not found:
        return NOTHING
    touched = {i for hit in found for i in range(hit.first, hit.last + 1)}
    spans = [(inside[i].start, inside[i].end) for i in touched]
    where = tuple(s for s in place if any(s.start <= start and end <= s.end for start, end in spans))
    # One slot that denies in its own words, "not need", takes the denial of the whole way upon itself.
    negated = any(hit.negated for hit in found) and not any(hit.denies for hit in found)
    return Match(len(found) / len(wanted), where, negated)


def _ends(place: Sequence[Sentence]) -> Iterator[tuple[int, Sentence]]:
    end = 0
    for sentence in place:
        end += len(sentence.words)
        yield end, sentence


def _find(slot: SlotCue, inside: Sequence[Word], ends: Sequence[int]) -> Hit | None:
    """The first place of the slot that no negation turns round; a negated one if there is no other."""
    negated: Hit | None = None
    for alternative in slot.alternatives:
        for first, last in _occurrences(alternative, inside, ends):
            if alternative.negative or not _is_negated(inside, first):
                return Hit(first, last, denies=alternative.negative)
            negated = negated or Hit(first, last, negated=True)
    return negated


def _occurrences(
    alternative: Alternative, inside: Sequence[Word], ends: Sequence[int]
) -> Iterator[tuple[int, int]]:
    first = alternative.terms[0]
    for i, word in enumerate(inside):
        if first.fits(word):
            last = _follow(alternative.terms[1:], inside[: ends[i]], i)
            if last is not None:
                yield i, last
        if len(alternative.joined) < _SHORTEST_JOINED:
            continue
        if len(alternative.terms) > 1 and word.stem == alternative.joined:
            yield i, i
        elif len(alternative.terms) == 1 and i + 1 < ends[i] and _joins(word, inside[i + 1], alternative.joined):
            yield i, i + 1


def _joins(word: Word, following: Word, joined: str) -> bool:
    return joined.startswith(word.folded) and stem(word.folded + following.folded) == joined


def _follow(terms: Sequence[Term], inside: Sequence[Word], at: int) -> int | None:
    """The index of the phrase's last word, if the rest of it follows closely."""
    for term in terms:
        reach = range(at + 1, min(at + 2 + _GAP, len(inside)))
        at = next((i for i in reach if term.fits(inside[i])), -1)
        if at < 0:
            return None
    return at


def _is_negated(inside: Sequence[Word], at: int) -> bool:
    for i in range(max(0, at - _REACH), at):
        # "not only x but y" affirms both.
        if inside[i].negates and inside[i].clause == inside[at].clause and inside[i + 1].folded not in _AFFIRMING:
            return True
    return False
