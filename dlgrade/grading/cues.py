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
from sys import intern
from typing import NamedTuple

from dlgrade.grading.words import Sentence, columns, put_together, stem
from dlgrade.models import Way

_GAP = 2  # words that may stand between two words of a phrase
_REACH = 5  # words over which a negation reaches, inside its clause
_AFFIRMING = frozenset({"only", "just", "merely"})
_SHORTEST_JOINED = 6  # "a i" must not meet "ai"
_JOINED_BY = 5  # letters by which two words written as one are found
_UNLESS = "unless "
_NOWHERE: Sequence[int] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SlotCue:
    """Alternatives of which one must be found, or, with `absent`, none; each is a phrase, told column by column.

    `firsts` are the stems that they begin with, `rests` those that follow; one with a star at its end is the beginning
    of a word. `joined` is the whole phrase written as one word, "" where that is too short to mean it; where a phrase
    is one word, `halves` is how it would begin if that were written as two. `prefixed` and `negative` name those that
    begin with part of a word, and those that have a negation in them.
    """

    absent: bool
    firsts: tuple[str, ...]
    rests: tuple[tuple[str, ...], ...]
    joined: tuple[str, ...]
    halves: tuple[str, ...]
    prefixed: tuple[int, ...]
    negative: tuple[int, ...]


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
    texts = slot.removeprefix(_UNLESS).split("|")
    found = [alternative for text in texts if (alternative := _alternative(text)) is not None]
    firsts = tuple([terms[0] for terms, _, _ in found])
    # Rubrics have fifty thousand alternatives: what many have in common is kept once.
    return SlotCue(
        absent=slot.startswith(_UNLESS),
        firsts=firsts,
        rests=tuple([terms[1:] for terms, _, _ in found]),
        joined=tuple([joined for _, joined, _ in found]),
        halves=tuple(["" if terms[1:] else intern(joined[:_JOINED_BY]) for terms, joined, _ in found]),
        prefixed=tuple([i for i, first in enumerate(firsts) if first.endswith("*")]),
        negative=tuple([i for i, (_, _, negative) in enumerate(found) if negative]),
    )


def _alternative(text: str) -> tuple[tuple[str, ...], str, bool] | None:
    """The terms of an alternative, the word that they make together, and whether a negation is among them."""
    terms: list[str] = []
    negative = False
    for part in text.split():
        inside = columns(part.rstrip("*"))
        negative = negative or "not" in inside.roots
        terms += inside.roots
        if part.endswith("*") and inside.roots:
            terms[-1] = intern(f"{inside.spelled[-1]}*")
    if not terms:
        return None
    joined = intern(stem("".join(columns(text.replace("*", "")).spelled)))
    return tuple(terms), joined if len(joined) >= _SHORTEST_JOINED else "", negative


class Said:
    """The sentences in which cues are looked for, with an index of their words.

    A cue asks the index where its first word stands, so what an answer does not have costs one look, however long the
    answer is. Each slot is looked up once. Places are counted through all sentences.
    """

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self.sentences = tuple(sentences)
        self._words = put_together([sentence.words for sentence in self.sentences])
        self._stems = self._words.roots
        self._in: list[int] = []
        for n, sentence in enumerate(self.sentences):
            self._in += [n] * len(sentence.words)
        self._ends = list(accumulate([len(sentence.words) for sentence in self.sentences]))
        self._places: dict[str, list[int]] = {}
        for k, root in enumerate(self._stems):
            self._places.setdefault(root, []).append(k)
        spelled = self._words.spelled
        self._by_spelling: dict[str, list[int]] = {}
        for k, word in enumerate(spelled):
            self._by_spelling.setdefault(word, []).append(k)
        self._by_beginning = sorted(self._by_spelling)
        self._halves = [(one + other)[:_JOINED_BY] for one, other in pairwise(spelled)]
        self._all_halves = set(self._halves)
        self._denied = self._behind_denials()
        self._hits: dict[str, Hits] = {}

    def hits(self, slot: str) -> Hits:
        """How the slot stands in the sentences that have it."""
        found = self._hits.get(slot)
        if found is None:
            found = self._hits[slot] = self._find(compile_slot(slot))
        return found

    def _find(self, cue: SlotCue) -> Hits:
        """In each sentence the first occurrence that no negation turns round; a negated one if there is no other."""
        found: dict[int, Hit] = {}
        settled: set[int] = set()
        for i in self._likely(cue):
            negative = i in cue.negative
            for k in self._starts(cue, i):
                n = self._in[k]
                if n in settled:
                    continue
                rest = cue.rests[i]
                if rest and self._stems[k] != cue.joined[i] and not self._follows(rest, k):
                    continue
                negated = not negative and k in self._denied
                if not negated:
                    settled.add(n)
                elif n in found:
                    continue
                found[n] = Hit(self.sentences[n], negated=negated, denies=negative)
        return Hits(found, sum(1 << n for n in found))

    def _likely(self, cue: SlotCue) -> Sequence[int]:
        """The alternatives of which a word is there: most of a rubric have none in the answer at all."""
        places, halves = self._places, self._all_halves
        likely = [
            i
            for i, (first, joined, half) in enumerate(zip(cue.firsts, cue.joined, cue.halves, strict=True))
            if first in places or half in halves or joined in places
        ]
        prefixed = [i for i in cue.prefixed if i not in likely and self._begins(cue.firsts[i][:-1])]
        return sorted(likely + prefixed) if prefixed else likely
    def _starts(self, cue: SlotCue, i: int) -> Sequence[int]:
        """Where an alternative may begin."""
        first, joined, half = cue.firsts[i], cue.joined[i], cue.halves[i]
        places = self._beginning(first[:-1]) if first[-1] == "*" else self._places.get(first, _NOWHERE)
        if cue.rests[i]:
            return [*places, *self._places[joined]] if joined in self._places else places
        if half in self._all_halves:
            return [*places, *self._joining(half, joined)]
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
            places += self._by_spelling.get(every[i], _NOWHERE)
            i += 1
        return places

    def _joining(self, half: str, joined: str) -> Iterator[int]:
        """Where a word and the next one, of the same sentence, are one word in two."""
        spelled = self._words.spelled
        for k, beginning in enumerate(self._halves):
            if beginning == half and self._in[k] == self._in[k + 1] and stem(spelled[k] + spelled[k + 1]) == joined:
                yield k

    def _follows(self, terms: Sequence[str], at: int) -> bool:
        """Whether the rest of a phrase stands closely behind."""
        end = self._ends[self._in[at]]
        stems = self._stems
        for term in terms:
            for k in range(at + 1, min(at + 2 + _GAP, end)):
                root = stems[k]
                if root == term or (term[-1] == "*" and self._words.spelled[k].startswith(term[:-1])):
                    at = k
                    break
                # "accuracy is not enough" is no gap in "accuracy is enough"
                if root == "not":
                    return False
            else:
                return False
        return True

    def _behind_denials(self) -> set[int]:
        """The words that a negation turns round: near it, and in its clause."""
        denied: set[int] = set()
        for k in self._places.get("not", _NOWHERE):
            for at in range(k + 1, min(k + 1 + _REACH, self._ends[self._in[k]])):
                # "not only x but y" affirms both.
                if self._words.begins_clause(at) or self._words.spelled[k + 1] in _AFFIRMING:
                    break
                denied.add(at)
        return denied


def best_match(ways: Iterable[Way], said: Said, *, together: int = 2, whole: bool = False) -> Match:
    """The way that is found most completely, over all places of up to `together` sentences in a row.

    A whole way without negation wins over a negated one, and that over a part of one. With `whole`, parts of a way are
    not looked for.
    """
    best = NOTHING
    for way in ways:
        present = [slot for slot in way if not slot.startswith(_UNLESS)]
        wanted = list(_looked_up(present, said, whole=whole))
        if len(wanted) == len(present):
            absent = [slot for slot in way if slot.startswith(_UNLESS)]
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
