"""A reference's sentences, denied or turned round: an answer that says "not" more often, or less, than it should.

A reference is kept as its order: its stems, its text as stems, and what its sentences say with and without a negation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dlgrade.grading.words import Columns, Sentence, columns, sentences

# Sentences; the share of words that stand in one with a negation; that of negations among words, and how many times the
# reference's. Of 7,072 real answers in two public sets 4 have as many.
_FEWEST_DENIED, _DENIED_PART, _DENYING, _MORE_DENYING = 4, 0.75, 0.05, 2
_VERBATIM = 0.75  # Dice coefficient of words from which on a sentence is taken for one of the reference's
_SHARED = 0.6  # of its words the least that such a sentence shares: no need to look for one where there are fewer
DENIABLE = 2  # words of a sentence that may be taken for one of the reference's; so few must all be

_AUXILIARIES = frozenset(
    "is are was were be do does did can could will would should may might must has have had".split()  # noqa: SIM905
)
_REJECTION = re.compile(
    r"(?: not|n't| never)(?: \w+)? (?:true|case|correct|right) that | (?:false|untrue|wrong|incorrect) that "
)
_DENIALS = frozenset({"not", "fals", "untru", "incorrect", "wrong"})
"""Stems; every negation has "not"."""
_DENIED = _DENIALS | {"true"}

RUN, _DIFFERENT = 4, 3  # stems of a run, and how many of them differ at least, unless somebody stutters
Run = tuple[str, str, str, str]
"""Four stems in a row: what is the reference's so far, but for a negation among them, denies the reference."""


@dataclass(frozen=True, slots=True)
class Order:
    """A text's stems and their order, as little of it as there can be: a class may have many references.

    `told` has all stems, a blank before and behind each; `kept` those that are left without negations and auxiliaries.
    `denied` are the runs of these with an odd number of negations between them. `function` is the share of function
    words. `plain` and `denying` are what sentences without a negation say, and those with one, each with its place from
    the end.
    """

    stems: frozenset[str]
    told: str
    kept: str
    denied: frozenset[Run]
    denied_stems: frozenset[str]
    function: float
    plain: _Said
    denying: _Said

    def has(self, run: Run) -> bool:
        """Whether the run stands in the text."""
        return f" {' '.join(run)} " in self.kept


@dataclass(frozen=True, slots=True)
class _Said:
    """What some sentences of a text say, and the stems of all of them."""

    content: tuple[tuple[int, frozenset[str]], ...]
    stems: frozenset[str]

    @classmethod
    def of(cls, some: Iterable[tuple[int, Sentence]]) -> _Said:
        content = tuple(
            (-place, one.content if one.content.isdisjoint(_DENIALS) else one.content - _DENIALS) for place, one in some
        )
        return cls(content, frozenset().union(*(words for _, words in content)))


@lru_cache(maxsize=512)
def order_of(text: str) -> Order:
    """A text's stems and their order."""
    inside = columns(text)
    runs = {run: denials % 2 for run, denials in _denied_runs(inside)}
    denied = frozenset(run for run, odd in runs.items() if odd)
    every = list(enumerate(sentences(text)))
    return Order(
        stems=frozenset(inside.roots),
        told=spaced(inside.roots),
        kept=spaced(kept_of(inside)),
        denied=denied,
        denied_stems=frozenset(stem for run in denied for stem in run),
        function=inside.carrying.count(None) / len(inside) if len(inside) else 0.0,
        plain=_Said.of((place, one) for place, one in every if one.stems.isdisjoint(_DENIALS)),
        denying=_Said.of((place, one) for place, one in every if not one.stems.isdisjoint(_DENIALS)),
    )


def spaced(words: Sequence[str]) -> str:
    """The words with a blank before and behind each, so that some in a row are found as text."""
    return f" {' '.join(words)} "


def denies_nearly_all(said: Sequence[Sentence], reference: str) -> bool:
    """Whether most sentences have a negation, and there are so many that the answer denies what it should say."""
    if len(said) < _FEWEST_DENIED:
        return False
    denied, rate = _denied(said)
    return denied >= _DENIED_PART and rate >= max(_DENYING, _MORE_DENYING * _denied(sentences(reference))[1])


def _denied(said: Sequence[Sentence]) -> tuple[float, float]:
    """The share of words in sentences with a negation, and that of negations among words."""
    every = sum(map(len, said))
    counts = [(len(sentence), sentence.roots.count("not")) for sentence in said]
    return sum([length for length, n in counts if n]) / every, sum([n for _, n in counts]) / every


def is_denial(said: Sentence, order: Order) -> bool:
    """Whether a sentence is nearly one of the reference's, with a negation more or less."""
    denies = not _DENIALS.isdisjoint(said.stems)
    if _turns(said, order) if denies else _lacks_denial(said, order):
        return True
    content = said.content - _DENIED if denies or "true" in said.content else said.content
    turned, same = (order.plain, order.denying) if denies else (order.denying, order.plain)
    if len(content) < DENIABLE or len(content & turned.stems) < _SHARED * len(content):
        return False
    least = _VERBATIM if len(content) > DENIABLE else 1.0
    likest = _likest(content, turned)
    # Of two that are equally like it, the reference's first one counts.
    return likest[0] >= least and likest > _likest(content, same)


def _turns(said: Sentence, order: Order) -> bool:
    """Whether a sentence with a negation says what the reference says, or denies, with another number of them."""
    inside = said.words
    shared = list(_denied_runs(inside))
    if spaced(kept_of(inside)) not in order.kept:
        shared = [(run, denials) for run, denials in shared if order.has(run)]
    if any(denials % 2 != (run in order.denied) for run, denials in shared):
        return True
    return bool(shared) and _REJECTION.search("".join([f" {word}" for word in inside.spelled])) is not None


def _lacks_denial(said: Sentence, order: Order) -> bool:
    """Whether a sentence without a negation says what the reference denies."""
    # Few sentences share as many words as a run has with what the reference denies.
    if len(order.denied_stems & said.stems) < _DIFFERENT:
        return False
    return not order.denied.isdisjoint(runs_of(kept_of(said.words)))


def _likest(content: frozenset[str], others: _Said) -> tuple[float, int]:
    """The Dice coefficient of the sentence that shares most, and its place from the end."""
    return max(
        ((2 * len(content & words) / (len(content) + len(words)), place) for place, words in others.content),
        default=(0.0, 0),
    )


def kept_of(inside: Columns) -> list[str]:
    """The stems without negations and auxiliaries."""
    return [
        root
        for root, word in zip(inside.roots, inside.spelled, strict=True)
        if root not in _DENIALS and word not in _AUXILIARIES
    ]


def runs_of(kept: Sequence[str]) -> list[Run]:
    """Every four in a row."""
    return list(zip(kept, kept[1:], kept[2:], kept[3:], strict=False))


def _denied_runs(inside: Columns) -> Iterator[tuple[Run, int]]:
    """Every four words in a row, negations and auxiliaries left out, with the number of negations among them."""
    denied: list[int] = []
    before = 0
    for root, word in zip(inside.roots, inside.spelled, strict=True):
        if root in _DENIALS:
            before += 1
        elif word not in _AUXILIARIES:
            denied.append(before)
    for run, first, last in zip(runs_of(kept_of(inside)), denied, denied[3:], strict=False):
        yield run, last - first
