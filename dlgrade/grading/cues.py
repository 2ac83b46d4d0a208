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

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from dlgrade.grading.words import Sentence, stem, words
from dlgrade.models import Way

_GAP = 2  # words that may stand between two words of a phrase
_REACH = 5  # words over which a negation reaches, inside its clause
_AFFIRMING = frozenset({"only", "just", "merely"})
_SHORTEST_JOINED = 6  # "a i" must not meet "ai"
_JOINED_BY = 5  # letters by which two words written as one are found


@dataclass(frozen=True, slots=True)
class Term:
    """One word of an alternative: a stem, or the beginning of a word."""

    text: str
    prefix: bool


@dataclass(frozen=True, slots=True)
class Alternative:
    """A phrase: its terms in order, and all of them written as one word, "" where that is too short to mean it."""

    first: Term
    rest: tuple[Term, ...]
    joined: str
    beginning: str
    negative: bool


@dataclass(frozen=True, slots=True)
class SlotCue:
    """Alternatives of which one must be found, or, with `absent`, none.

    `heads` says which of them may stand where an answer has a word: a stem, or "+" and the first letters of two words
    written as one. Those that begin with part of a word are `prefixed`.
    """

    alternatives: tuple[Alternative, ...]
    absent: bool
    keys: frozenset[str]
    heads: Mapping[str, Sequence[int]]
    prefixed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A slot found in a sentence: `negated` by a denial before it; `denies` itself, as "not rely" does."""

    sentence: Sentence
    negated: bool = False
    denies: bool = False


class Hits(NamedTuple):
    """Where a slot stands: the sentences that have it by their index, and as a bit for each."""

    by: Mapping[int, Hit]
    mask: int


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
    texts = slot.removeprefix("unless ").split("|")
    alternatives = tuple(found for text in texts if (found := _alternative(text)) is not None)
    heads: dict[str, list[int]] = {}
    for i, alternative in enumerate(alternatives):
        for key in _heads(alternative):
            heads.setdefault(key, []).append(i)
    prefixed = tuple(i for i, alternative in enumerate(alternatives) if alternative.first.prefix)
    return SlotCue(alternatives, absent, frozenset(heads), heads, prefixed)


def _heads(alternative: Alternative) -> Iterator[str]:
    if not alternative.first.prefix:
        yield alternative.first.text
    if alternative.joined:
        yield alternative.joined if alternative.rest else f"+{alternative.beginning}"


def _alternative(text: str) -> Alternative | None:
    parts = [(part.rstrip("*"), part.endswith("*")) for part in text.split()]
    terms: list[Term] = []
    negative = False
    for part, prefix in parts:
        inside = words(part)
        negative = negative or any(word.negates for word in inside)
        terms += [Term(word.stem, prefix=False) for word in inside]
        if prefix and inside:
            terms[-1] = Term(inside[-1].folded, prefix=True)
    if not terms:
        return None
    joined = stem("".join(word.folded for word in words(text.replace("*", ""))))
    if len(joined) < _SHORTEST_JOINED:
        joined = ""
    return Alternative(terms[0], tuple(terms[1:]), joined, joined[:_JOINED_BY], negative)


@lru_cache(maxsize=4096)
def _compile_way(way: Way) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The slots that must be there, and those that must not."""
    absent = tuple(slot for slot in way if compile_slot(slot).absent)
    return tuple(slot for slot in way if slot not in absent), absent


class _Index:
    """The places of every key: the last one by key, and from each the one before.

    There is no list for each key, as most would be one long, and what is made for every answer must be little.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.last: dict[str, int] = {}
        self._before: list[int] = []
        for k, key in enumerate(keys):
            self._before.append(self.last.get(key, -1))
            self.last[key] = k

    def places(self, key: str) -> list[int]:
        """Where a key stands, from the last place to the first."""
        places = []
        k = self.last.get(key, -1)
        while k >= 0:
            places.append(k)
            k = self._before[k]
        return places


class Said:
    """The sentences in which cues are looked for, with an index of their words.

    A cue asks the index where its first word stands, so what an answer does not have costs one look, however long the
    answer is. Each slot is looked up once. Places are counted through all sentences.
    """

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self.sentences = tuple(sentences)
        inside = [word for sentence in self.sentences for word in sentence.words]
        self._spelled = [word.folded for word in inside]
        self._stems = [word.stem for word in inside]
        self._clauses = [word.clause for word in inside]
        self._in = [n for n, sentence in enumerate(self.sentences) for _ in sentence.words]
        self._ends = list(accumulate(len(sentence.words) for sentence in self.sentences))
        self._by_stem = _Index(self._stems)
        self._by_spelling = _Index(self._spelled)
        self._by_beginning = sorted(self._by_spelling.last)
        self._joined = _Index([(one + other)[:_JOINED_BY] for one, other in pairwise(self._spelled)])
        self._keys = frozenset(self._by_stem.last).union([f"+{beginning}" for beginning in self._joined.last])
        self._denials = self._by_stem.places("not")
        self._hits: dict[str, Hits] = {}

    def hits(self, slot: str) -> Hits:
        """How the slot stands in the sentences that have it."""
        found = self._hits.get(slot)
        if found is None:
            found = self._hits[slot] = self._find(compile_slot(slot))
        return found

    def _find(self, cue: SlotCue) -> Hits:
        """In each sentence the first occurrence that no negation turns round; a negated one if there is no other."""
        # Most alternatives of a rubric have no word in the answer at all.
        likely = {i for key in cue.keys & self._keys for i in cue.heads[key]}
        likely.update(i for i in cue.prefixed if self._begins(cue.alternatives[i].first.text))
        found: dict[int, Hit] = {}
        for i in sorted(likely):
            alternative = cue.alternatives[i]
            for k in self._places(alternative):
                n = self._in[k]
                before = found.get(n)
                if before is None or before.negated:
                    negated = not alternative.negative and self._is_negated(k)
                    found[n] = Hit(self.sentences[n], negated=negated, denies=alternative.negative)
        return Hits(found, sum(1 << n for n in found))

    def _places(self, alternative: Alternative) -> list[int]:
        """Where the alternative begins."""
        first, rest, joined = alternative.first, alternative.rest, alternative.joined
        if first.prefix:
            places = self._beginning(first.text)
        else:
            places = self._by_stem.places(first.text) if first.text in self._by_stem.last else []
        if rest:
            if places:
                places = [k for k in places if self._follows(rest, k)]
            if joined in self._by_stem.last:
                places += self._by_stem.places(joined)
        elif alternative.beginning in self._joined.last:
            places += [k for k in self._joined.places(alternative.beginning) if self._joins(k, joined)]
        return places

    def _begins(self, prefix: str) -> bool:
        """Whether any word begins so."""
        i = bisect_left(self._by_beginning, prefix)
        return i < len(self._by_beginning) and self._by_beginning[i].startswith(prefix)

    def _beginning(self, prefix: str) -> list[int]:
        """The places of the words that begin so."""
        every = self._by_beginning
        i = bisect_left(every, prefix)
        places: list[int] = []
        while i < len(every) and every[i].startswith(prefix):
            places += self._by_spelling.places(every[i])
            i += 1
        return places

    def _joins(self, k: int, joined: str) -> bool:
        """Whether a word and the next one, of the same sentence, are one word in two."""
        return self._in[k] == self._in[k + 1] and stem(self._spelled[k] + self._spelled[k + 1]) == joined

    def _follows(self, terms: Sequence[Term], at: int) -> bool:
        """Whether the rest of a phrase stands closely behind."""
        end = self._ends[self._in[at]]
        for term in terms:
            text = term.text
            for k in range(at + 1, min(at + 2 + _GAP, end)):
                root = self._stems[k]
                if self._spelled[k].startswith(text) if term.prefix else root == text:
                    at = k
                    break
                # "accuracy is not enough" is no gap in "accuracy is enough"
                if root == "not":
                    return False
            else:
                return False
        return True

    def _is_negated(self, at: int) -> bool:
        """Whether a negation stands before a word, near it and in its clause."""
        return any(
            at - _REACH <= k < at
            and (self._in[k], self._clauses[k]) == (self._in[at], self._clauses[at])
            # "not only x but y" affirms both.
            and self._spelled[k + 1] not in _AFFIRMING
            for k in self._denials
        )


def best_match(ways: Iterable[Way], said: Said, *, together: int = 2, whole: bool = False) -> Match:
    """The way that is found most completely, over all places of up to `together` sentences in a row.

    A whole way without negation wins over a negated one, and that over a part of one. With `whole`, parts of a way are
    not looked for.
    """
    best = NOTHING
    for way in ways:
        present, absent = _compile_way(way)
        wanted = list(_looked_up(present, said, whole=whole))
        if len(wanted) == len(present):
            places = _places(wanted, [said.hits(slot) for slot in absent], together, whole=whole)
            best = _best_of(best, wanted, places)
        if best.share == 1.0 and not best.negated:
            break
    return best


def _looked_up(slots: Iterable[str], said: Said, *, whole: bool) -> Iterator[Hits]:
    for slot in slots:
        hits = said.hits(slot)
        if whole and not hits.mask:
            return
        yield hits


def _places(wanted: Sequence[Hits], unwanted: Iterable[Hits], together: int, *, whole: bool) -> list[tuple[int, int]]:
    """The runs of sentences, as first and length, that have every slot; else, not `whole`, those that have one.

    Each sentence of a run has something: others say no more than a shorter run does.
    """
    touched = blocked = 0
    for hits in wanted:
        touched |= hits.mask
    for hits in unwanted:
        blocked |= hits.mask
    opens = [touched & ~blocked]
    for width in range(1, together):
        opens.append(opens[-1] & opens[0] >> width)
    wholes = []
    for width, open_ in enumerate(opens, start=1):
        for hits in wanted:
            open_ &= _within(hits.mask, width)  # noqa: PLW2901 - narrowed slot by slot
        wholes.append(open_)
    masks = wholes if whole or any(wholes) else opens
    return sorted((first, width) for width, mask in enumerate(masks, start=1) for first in _bits(mask))


def _within(mask: int, width: int) -> int:
    """The sentences from which on a bit is set within so many."""
    for _ in range(1, width):
        mask |= mask >> 1
    return mask


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _best_of(best: Match, wanted: Sequence[Hits], places: Iterable[tuple[int, int]]) -> Match:
    """The place where most is found, if it is more than the best so far."""
    for first, width in places:
        if sum([(hits.mask >> first) & ((1 << width) - 1) != 0 for hits in wanted]) < best.share * len(wanted):
            continue
        found = [hit for hits in wanted if (hit := _best_hit(hits.by, range(first, first + width))) is not None]
        # One slot that denies in its own words, "not need", takes the denial of the whole way upon itself.
        negated = any(hit.negated for hit in found) and not any(hit.denies for hit in found)
        where = {hit.sentence.start: hit.sentence for hit in found}
        rank = (len(found) / len(wanted), not negated, -len(where))
        if rank > (best.share, not best.negated, -len(best.sentences)):
            best = Match(rank[0], tuple(where[start] for start in sorted(where)), negated)
            if rank == (1.0, True, -1):
                break  # nothing is better
    return best


def _best_hit(hits: Mapping[int, Hit], place: range) -> Hit | None:
    best: Hit | None = None
    for i in place:
        hit = hits.get(i)
        if hit is not None and (best is None or (best.negated and not hit.negated)):
            best = hit
    return best
