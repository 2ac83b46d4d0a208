"""How much of a reference an answer has, from 0 to 1, told from words, spelling and order.

Six shares, each of which sees something that another misses:

    said      the reference's words, the question's own at half weight, as BM25 counts them
    heard     its words beyond the question's, a misspelt or otherwise derived one in part
    spelled   the runs of three to five letters inside those words
    text      the cosine of both texts' runs of letters
    order     the longest run of words in the reference's order, gaps allowed
    length    the answer's words for each of the reference's, at most 1

Words weigh by how rare they are in English. The mean of the six, less what any two texts have in common, is bent
upwards: people ask for a small part of a long reference, so the first of it earns more than the last. What the
constants were chosen on, and how well the measure agrees with people, is in `benchmarks/README.md`.

Sets are summed exactly (`fsum`): they come in another order in each process, and no grade may hang on that.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dlgrade.banks.spelling.lexicon import DEAR, cost
from dlgrade.grading.words import STOPWORDS, Columns, columns, stems

_THE = 14  # what the commonest word costs
_STEP = 14.0
_NUMBER = 2.5  # many answers differ in nothing but a number
_LEAST, _FUNCTION = 0.3, 0.2
_ASKED = 0.5  # weight of a word that the question has said already
_BM25_K, _BM25_B = 1.2, 0.2
_NEAR = 0.6  # Dice coefficient of letter pairs from which on a word is taken for another's spelling
_SHORTEST = 4  # letters of a word that may be misspelt
_GRAMS = (3, 4, 5)
_LENGTH = 0.4  # weight of the length, where the other shares have 1: much talk is no merit
_COMMON = 0.02  # what two texts about different things have in common
_BEND = 0.3


@lru_cache(maxsize=65536)
def rarity(word: str) -> float:
    """The weight of a folded word: 0.3 for the commonest, 4.1 for one that is hardly ever written."""
    return _NUMBER if word.isdigit() else max(_LEAST, (min(cost(word), DEAR) - _THE) / _STEP)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reference, taken apart once for all of its answers.

    `weights` are those of its content words, by stem. `beyond` holds the spelling of those that the question does not
    have, and `grams` weighs their runs of letters. `places` has a bit for each place at which a stem stands.
    """

    weights: Mapping[str, float]
    beyond: Mapping[str, str]
    grams: Mapping[str, float]
    text: Mapping[str, float]
    places: Mapping[str, int]
    ordered: int
    length: int
    most: float


@lru_cache(maxsize=512)
def wanted(question: str, reference: str) -> Wanted:
    """What an answer to the question is held against."""
    inside = columns(reference)
    content = _content(inside) or list(zip(inside.roots, inside.spelled, strict=True))
    asked = stems(question)
    spelled = dict(content)
    weights = {stem: rarity(word) * (_ASKED if stem in asked else 1.0) for stem, word in spelled.items()}
    places: dict[str, int] = {}
    for i, (stem, _) in enumerate(content):
        places[stem] = places.get(stem, 0) | 1 << i
    return Wanted(
        weights=weights,
        beyond={stem: word for stem, word in spelled.items() if stem not in asked} or spelled,
        grams=_weighed_grams(inside, question),
        text=_normed(_text_grams(inside)),
        places=places,
        ordered=len(content),
        length=len(inside),
        most=_bm25(inside, weights, len(inside)),
    )


def likeness(said: Columns, to: Wanted) -> float:
    """How much of the reference the words say, from 0 to 1."""
    if not len(said) or not to.length:
        return 0.0
    shares = (
        min(1.0, _bm25(said, to.weights, to.length) / to.most) if to.most else 0.0,
        _heard(said, to),
        _spelled(said, to),
        _cosine(_text_grams(said), to.text),
        _in_order(said, to),
        _LENGTH * min(1.0, len(said) / to.length),
    )
    mean = sum(shares) / (len(shares) - 1 + _LENGTH)
    share = max(0.0, mean - _COMMON) / (1 - _COMMON)
    return (1 + _BEND) * share / (share + _BEND)


def claim_weights(claim: str, asked: frozenset[str], to: Wanted) -> dict[str, float]:
    """The stems of one of a reference's claims, without the question's where it has others, and what they weigh."""
    inside = stems(claim)
    return {stem: to.weights.get(stem, 1.0) for stem in inside - asked or inside}


def coverage(said: frozenset[str], weights: Mapping[str, float]) -> float:
    """The share of a claim that is said, the rare words weighing more."""
    whole = math.fsum(weights.values())
    return math.fsum(weights[stem] for stem in said & weights.keys()) / whole if whole else 0.0


def _content(inside: Columns) -> list[tuple[str, str]]:
    """The words that carry meaning, each as its stem and its spelling."""
    return [(root, word) for root, word in zip(inside.carrying, inside.spelled, strict=True) if root is not None]


def _bm25(said: Columns, weights: Mapping[str, float], usual: int) -> float:
    norm = _BM25_K * (1 - _BM25_B + _BM25_B * len(said) / usual)
    counted = Counter([root for root in said.roots if root in weights])
    return sum(weights[stem] * n * (_BM25_K + 1) / (n + norm) for stem, n in counted.items())


def _heard(said: Columns, to: Wanted) -> float:
    have = set(said.roots)
    near: dict[str, list[str]] = {}
    for word in {word for word in said.spelled if len(word) >= _SHORTEST and word not in STOPWORDS}:
        near.setdefault(word[0], []).append(word)
    whole = found = 0.0
    for stem, word in to.beyond.items():
        weight = rarity(word)
        whole += weight
        if stem in have:
            found += weight
        elif len(word) >= _SHORTEST and word[0] in near:
            best = max(_alike(word, other) for other in near[word[0]])
            found += weight * best if best >= _NEAR else 0.0
    return found / whole if whole else 0.0


@lru_cache(maxsize=65536)
def _alike(word: str, other: str) -> float:
    one, two = _letter_pairs(word), _letter_pairs(other)
    return 2 * len(one & two) / (len(one) + len(two))


@lru_cache(maxsize=65536)
def _letter_pairs(word: str) -> frozenset[str]:
    return frozenset(word[i : i + 2] for i in range(len(word) - 1))


@lru_cache(maxsize=16384)
def _word_grams(word: str) -> tuple[str, ...]:
    return tuple(_runs(f" {word} "))


def _runs(text: str) -> list[str]:
    return [text[i : i + n] for n in _GRAMS for i in range(len(text) - n + 1)]


def _weighed_grams(inside: Columns, question: str) -> dict[str, float]:
    known = {gram for word in columns(question).spelled for gram in _word_grams(word)}
    found: dict[str, float] = {}
    for word in inside.spelled:
        weight = _FUNCTION if word in STOPWORDS else rarity(word)
        for gram in _word_grams(word):
            found[gram] = max(found.get(gram, 0.0), weight)
    return {gram: weight for gram, weight in found.items() if gram not in known} or found


def _spelled(said: Columns, to: Wanted) -> float:
    have = {gram for word in set(said.spelled) for gram in _word_grams(word)}
    whole = math.fsum(to.grams.values())
    return math.fsum(map(to.grams.__getitem__, have & to.grams.keys())) / whole if whole else 0.0


def _text_grams(inside: Columns) -> Counter[str]:
    return Counter(_runs(" ".join(("", *inside.spelled, ""))))


def _normed(counted: Mapping[str, int]) -> dict[str, float]:
    """Roots of counts, so that what is repeated does not drown the rest; their squares add up to 1."""
    norm = math.sqrt(sum(counted.values()))
    return {gram: math.sqrt(n) / norm for gram, n in counted.items()}


def _cosine(said: Counter[str], normed: Mapping[str, float]) -> float:
    shared = said.keys() & normed.keys()
    return math.fsum(math.sqrt(said[gram]) * normed[gram] for gram in shared) / math.sqrt(said.total())


def _in_order(said: Columns, to: Wanted) -> float:
    """The longest common subsequence of content words, a bit for each of the reference's (Hyyrö 2004)."""
    every = (1 << to.ordered) - 1
    open_ = every
    for root in said.roots:
        here = open_ & to.places.get(root, 0)
        if here:
            open_ = (open_ + here | open_ - here) & every
    return (to.ordered - open_.bit_count()) / to.ordered
