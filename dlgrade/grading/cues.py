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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from operator import add, itemgetter
from sys import intern
from typing import NamedTuple

from dlgrade.grading.words import Sentence, columns, put_together, stem
from dlgrade.models import Way

_GAP = 2  # words that may stand between two words of a phrase
_NEXT = _GAP + 2
_REACH = 5  # words over which a negation reaches, inside its clause
_AFFIRMING = frozenset({"only", "just", "merely"})
_SHORTEST_JOINED = 6  # "a i" must not meet "ai"
_JOINED_BY = 5  # letters by which two words written as one are found
_BEGINNING = itemgetter(slice(_JOINED_BY))
_CHANGED = 2  # letters at the end of a stem that may be others than those of its word: "dying" has the stem "die"
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


class Hits(NamedTuple):
    """In which sentences a slot stands, a bit for each.

    In those of `negated` a denial stands before it; in those of `denying` it denies itself, as "not rely" does.
    """

    mask: int
    negated: int
    denying: int


@dataclass(frozen=True, slots=True)
class Match:
    """How much of a way was found at its best place: `share` of its slots, and the sentences it stands in."""

    share: float
    sentences: tuple[Sentence, ...]
    negated: bool


NOTHING = Match(0.0, (), negated=False)


def _index(keys: Iterable[str]) -> dict[str, list[int]]:
    """The places of every key."""
    found: dict[str, list[int]] = defaultdict(list)
    for k, key in enumerate(keys):
        found[key].append(k)
    return found


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
        self._words = put_together(self.sentences)
        self._roots, self._spelled = self._words.roots, self._words.spelled
        self._bits: list[int] = []  # for each word that of its sentence
        self._ends: list[int] = []  # for each word that of its sentence, as a place
        for n, sentence in enumerate(self.sentences):
            length = len(sentence)
            self._bits += [1 << n] * length
            self._ends += [len(self._ends) + length] * length
        self._places = _index(self._roots)
        self._begun: dict[str, Sequence[int]] = {}
        self._root_of = dict(zip(self._spelled, self._roots, strict=True))
        self._by_beginning = sorted(self._root_of)
        self._halves = _index(map(_BEGINNING, map(add, self._spelled, self._spelled[1:])))
        self._denied = self._behind_denials()
        self._hits: dict[str, Hits] = {}

    @property
    def stems(self) -> Set[str]:
        """All stems."""
        return self._places.keys()

    def hits(self, slot: str) -> Hits:
        """How the slot stands in the sentences that have it."""
        found = self._hits.get(slot)
        if found is None:
            found = self._hits[slot] = self._find(compile_slot(slot))
        return found

    def _find(self, cue: SlotCue) -> Hits:
        """In each sentence the first alternative that no negation turns round; a negated one if there is no other."""
        plain = negated = denying = 0
        places, halves, denied, bits, roots = self._places, self._halves, self._denied, self._bits, self._roots
        columns = zip(cue.firsts, cue.rests, cue.joined, cue.halves, strict=True)
        for i, (first, rest, joined, half) in enumerate(columns):
            at = places.get(first, _NOWHERE)
            if not at and first[-1] == "*":
                at = self._beginning(first)
            if rest:
                at = self._phrases(at, rest) if at else _NOWHERE
                if joined in places:
                    at = [*at, *places[joined]]
            elif half in halves and (others := [k for k in halves[half] if roots[k] != first]):
                at = [*at, *self._in_two(others, joined)]
            if not at:
                continue  # most of a rubric is not in the answer at all
            negative = i in cue.negative
            for k in at:
                if k in denied and not negative:
                    negated |= bits[k]
                elif negative and not plain & bits[k]:
                    denying |= bits[k]
                    plain |= bits[k]
                else:
                    plain |= bits[k]
        return Hits(plain | negated, negated & ~plain, denying)

    def _phrases(self, places: Iterable[int], rest: Sequence[str]) -> list[int]:
        """Those of the places at which a phrase begins, of which these are the terms behind the first."""
        roots, ends, second = self._roots, self._ends, rest[0]
        if second[-1] == "*":
            return [k for k in places if self._follows(rest, k)]
        if second not in self._places:
            return []
        found = []
        for k in places:
            near = roots[k + 1 : min(k + _NEXT, ends[k])]
            if second not in near:
                continue
            if len(rest) > 1:
                if self._follows(rest, k):
                    found.append(k)
            elif "not" not in near or near.index("not") >= near.index(second):
                found.append(k)
        return found

    def _in_two(self, places: Iterable[int], joined: str) -> Iterator[int]:
        """Where an alternative of one word is written as two."""
        for k in places:
            if self._bits[k] == self._bits[k + 1]:
                pair = self._spelled[k] + self._spelled[k + 1]
                if pair.startswith(joined[:-_CHANGED]) and stem(pair) == joined:
                    yield k

    def _beginning(self, first: str) -> Sequence[int]:
        """The places of the words that begin as a word before a star does."""
        found = self._begun.get(first)
        if found is None:
            prefix, every = first[:-1], self._by_beginning
            i = at = bisect_left(every, prefix)
            while i < len(every) and every[i].startswith(prefix):
                i += 1
            roots = {self._root_of[word] for word in every[at:i]}
            if "no" in every[at:i]:
                roots |= {"no", "not"}  # the one word with two stems
            places = [k for root in roots for k in self._places.get(root, _NOWHERE)]
            found = self._begun[first] = [k for k in places if self._spelled[k].startswith(prefix)]
        return found

    def _follows(self, terms: Sequence[str], at: int) -> bool:
        """Whether the rest of a phrase stands closely behind."""
        end = self._ends[at]
        roots = self._roots
        for term in terms:
            for k in range(at + 1, min(at + _NEXT, end)):
                root = roots[k]
                if root == term or (term[-1] == "*" and self._spelled[k].startswith(term[:-1])):
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
            for at in range(k + 1, min(k + 1 + _REACH, self._ends[k])):
                # "not only x but y" affirms both.
                if self._words.begins_clause(at) or self._spelled[k + 1] in _AFFIRMING:
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
        wanted: list[Hits] = []
        blocked = 0
        for slot in way:
            hits = said.hits(slot)
            if slot.startswith(_UNLESS):
                blocked |= hits.mask
                continue
            wanted.append(hits)
            if whole and not hits.mask:
                break
        if whole and wanted and not wanted[-1].mask:
            continue
        if (n := _in_one_sentence(wanted, blocked)) is not None:
            return Match(1.0, (said.sentences[n],), negated=False)
        best = _best_of(best, wanted, _places(wanted, blocked, together, whole=whole), said)
        if best.share == 1.0 and not best.negated:
            break
    return best


def _in_one_sentence(wanted: Sequence[Hits], blocked: int) -> int | None:
    """The first sentence that has every slot and denies none: no place is better, and most that are whole are so."""
    every, sure, denying = ~blocked, -1, 0
    for hits in wanted:
        every &= hits.mask
        sure &= ~hits.negated
        denying |= hits.denying
    found = every & (sure | denying) if wanted else 0
    return next(_bits(found), None) if found else None


def _places(wanted: Sequence[Hits], blocked: int, together: int, *, whole: bool) -> list[tuple[int, int]]:
    """The runs of sentences, as first and length, that have every slot; else, not `whole`, those that have one.

    Each sentence of a run has something: others say no more than a shorter run does.
    """
    touched = 0
    for hits in wanted:
        touched |= hits.mask
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


def _best_of(best: Match, wanted: Sequence[Hits], places: Iterable[tuple[int, int]], said: Said) -> Match:
    """The place where most is found, if it is more than the best so far."""
    for first, width in places:
        window = (1 << width) - 1
        count = sum([(hits.mask >> first) & window != 0 for hits in wanted])
        if count < best.share * len(wanted):
            continue
        where, negated = _standing(wanted, first, window)
        rank = (count / len(wanted), not negated, -where.bit_count())
        if rank > (best.share, not best.negated, -len(best.sentences)):
            best = Match(rank[0], tuple([said.sentences[first + n] for n in _bits(where)]), negated)
            if rank == (1.0, True, -1):
                break  # nothing is better
    return best


def _standing(wanted: Sequence[Hits], first: int, window: int) -> tuple[int, bool]:
    """The sentences, counted from the first, in which slots stand, each in the first one, before all without a denial.

    And whether a denial turns the whole round: one slot that denies in its own words, "not need", takes that upon
    itself.
    """
    where = denying = 0
    negated = False
    for hits in wanted:
        some = (hits.mask >> first) & window
        sure = some & ~(hits.negated >> first)
        chosen = sure or some
        chosen &= -chosen
        where |= chosen
        denying |= (hits.denying >> first) & chosen
        negated = negated or (some != 0 and not sure)
    return where, negated and not denying
