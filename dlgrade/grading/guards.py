"""Answers that have the right words and say nothing: what of an answer may earn something, and why the rest may not.

Asked of every answer, be there a rubric or a reference alone. What is caught earns little or nothing and asks for a
look, since now and then somebody writes so in earnest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from dlgrade.grading.evidence import Cleaned
from dlgrade.grading.words import STOPWORDS, Sentence, Word, sentences, stems, words
from dlgrade.models import Rubric

_ECHO = 0.85  # share of a sentence's words that are the question's own
_CLOSED = 0.6  # share of a reference's words from which on the question offers the answer
# Shares of a sentence of the question that are said again, and of neighbours that stand there so: an echo of an open
# question, and of one that offers the answer.
_IN_PART, _AGAIN = (0.3, 0.5), (0.8, 0.8)
_OVER_AND_OVER = 3
_KNOWN_WORDS = 0.25  # share of English function words and the reference's words; right answers have 0.5 to 0.9
_LIST_LENGTH = 12  # words from which on prose can be told from a list of terms
_LIST_STOPWORDS = 0.1  # prose has about 0.4
_LONGEST_ITEM, _SHORTEST_ITEM = 8, 2  # words of an item in notes, on average: keywords stand in a heap or alone
_SHORT_LIST = 4
_WORDS_A_RELATION = 12
_RELATION = re.compile(r"[=≈≤≥<>→⇒∝:;()]")
_ALPHABETICAL = 0.9  # share of neighbours in the order of the alphabet
_ALPHABET_LENGTH = 6
_HELD_TOGETHER = 0.2  # share of function words in prose
_BORROWED = 0.95  # share of content words that are the reference's
_NEIGHBOURS, _KEPT = 4, 0.35  # neighbours that are both the reference's; the share that stand side by side there too
# Share and number of articles and prepositions before what cannot follow: one real answer in a thousand has these.
_BROKEN, _BREAKS = 0.15, 2
_VERBATIM = 0.75  # Dice coefficient of words from which on a sentence is taken for one of the reference's
_RUN = 4  # words in a row that are the reference's, but for a negation among them
_SHARED = 0.6  # of its words the least that such a sentence shares: no need to look for one where there are fewer
_DENIABLE = 2  # words of a sentence that may be taken for one of the reference's; so few must all be

_ARTICLES = frozenset({"the", "a", "an"})
_PREPOSITIONS = frozenset({"of", "to", "in", "for", "by", "with", "from", "at", "on", "into"})
_NOT_AFTER_ARTICLE = frozenset(
    """the an of to in for and or is are was were be by with that which from at on it they as has have can but if does
    do will""".split()  # noqa: SIM905 - words read best as words
)
_NOT_AFTER_PREPOSITION = frozenset(
    "of is are was were and or has have can would should does if but".split()  # noqa: SIM905 - as above
)
_AUXILIARIES = frozenset(
    "is are was were be do does did can could will would should may might must has have had".split()  # noqa: SIM905
)
_REJECTION = re.compile(
    r"(?: not|n't| never)(?: \w+)? (?:true|case|correct|right) that | (?:false|untrue|wrong|incorrect) that "
)
_LETTERS = frozenset("bcdxyz")
_DENIALS = frozenset({"not", "fals", "untru", "incorrect", "wrong"})
"""Stems; every negation has "not"."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """The sentences that may earn something, those that look like a trick, and the flags that say why."""

    own: tuple[Sentence, ...]
    doubted: tuple[Sentence, ...] = ()
    flags: tuple[str, ...] = ()


def guarded(cleaned: Cleaned, question: str, rubric: Rubric, *, cued: bool) -> Guarded:
    """What of an answer may earn something.

    Cues tell what the question has not said; without them (`cued`), the right answer may well be made of the question's
    words, and an echo is only what repeats it.
    """
    every = sentences(cleaned.text)
    if not every:
        return Guarded((), flags=("no answer",))
    if _is_verbatim(every, rubric.reference):
        return Guarded(every)
    if _is_other_language(every, rubric):
        return Guarded(every, flags=("needs review: this grader knows English alone",))
    if (trick := _trick(cleaned.text, every, rubric.reference, cued=cued)) is not None:
        return Guarded((), every, (f"needs review: {trick}",))
    flags: list[str] = []
    if _is_list_of_terms(every):
        flags.append("needs review: notes, not sentences")
    own = _own(every, question, rubric, cued=cued)
    if not any(sentence.content for sentence in own):
        return Guarded((), flags=("repeats the question",))
    once = _once(own)
    if len(once) < len(own):
        flags.append("says the same more than once")
    denied = [sentence for sentence in once if _is_denial(sentence, rubric.reference)]
    if denied:
        flags.append("needs review: a sentence of the reference, denied or turned round")
        if 2 * sum(len(sentence.words) for sentence in denied) >= sum(len(sentence.words) for sentence in once):
            denied = list(once)
    again = _said_over_and_over(own)
    if again:
        flags.append("needs review: says the same over and over")
    said = tuple(sentence for sentence in once if sentence not in denied and _stems(sentence) not in again)
    return Guarded(said, tuple(sentence for sentence in once if sentence not in said), tuple(flags))


def _is_verbatim(every: Sequence[Sentence], reference: str) -> bool:
    """Whether the answer is the reference, word by word: then no guard need ask what its words are for."""
    return tuple(word.folded for word in _inside(every)) == _spellings(reference)


@lru_cache(maxsize=512)
def _spellings(reference: str) -> tuple[str, ...]:
    return tuple(word.folded for word in words(reference))


def _own(every: Sequence[Sentence], question: str, rubric: Rubric, *, cued: bool) -> tuple[Sentence, ...]:
    """The sentences that do not say the question again."""
    asked = stems(question) | stems(rubric.question)
    echoes = [s for s in every if s.content and len(s.content & asked) / len(s.content) >= _ECHO]
    if not cued:
        told = stems(rubric.reference)
        closed = len(told & asked) >= _CLOSED * len(told)
        echoes = [sentence for sentence in echoes if _restates(sentence, question, _AGAIN if closed else _IN_PART)]
    return tuple(sentence for sentence in every if sentence not in echoes)


def _restates(sentence: Sentence, question: str, shares: tuple[float, float]) -> bool:
    """Whether a sentence has so much of one of the question's, and so much of it in the question's order."""
    parts = [part.content for part in sentences(question) if part.content]
    restated = max((len(sentence.content & part) / len(part) for part in parts), default=0.0)
    pairs = _order(question).pairs
    kept = [(one.stem, other.stem) in pairs for one, other in pairwise(sentence.words)]
    return restated >= shares[0] and sum(kept) >= shares[1] * len(kept)


def _stems(sentence: Sentence) -> tuple[str, ...]:
    return tuple(word.stem for word in sentence.words)


def _once(every: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The sentences without those that say again, word by word, what one before has said."""
    first = {_stems(sentence): sentence for sentence in reversed(every)}
    return tuple(sorted(first.values(), key=lambda sentence: sentence.start))


def _said_over_and_over(every: Iterable[Sentence]) -> set[tuple[str, ...]]:
    counted = Counter(_stems(sentence) for sentence in every if len(sentence.words) > _DENIABLE)
    return {said for said, times in counted.items() if times >= _OVER_AND_OVER}


def _trick(text: str, every: Sequence[Sentence], reference: str, *, cued: bool) -> str | None:
    if _is_list_of_terms(every) and (not _is_notes(text, every) or _is_stripped(every, reference)):
        return "a list of terms, not sentences"
    if not cued and _is_short_list(text, every) and _is_borrowed(every, reference):
        return "terms, not a sentence"
    if not cued and {*_spellings(reference)[:1], every[0].words[0].folded} == {"yes", "no"}:
        return "the opposite of the reference's yes or no"
    if _is_alphabetical(every) or _is_shuffled(text, every, reference):
        return "words in no order"
    runs = [run for run, _ in _runs(_inside(every))]
    if len(runs) >= _LIST_LENGTH and len(set(runs)) * 2 < len(runs):
        return "says the same over and over"
    return None


def _inside(every: Iterable[Sentence]) -> list[Word]:
    return [word for sentence in every for word in sentence.words]


def _prose(every: Iterable[Sentence]) -> list[str]:
    return [word.folded for word in _inside(every) if not word.folded.isdigit()]


def _is_other_language(every: Sequence[Sentence], rubric: Rubric) -> bool:
    """Whether the words are neither ordinary English nor the subject's: then nothing found says little."""
    inside = [word for word in _inside(every) if not word.folded.isdigit()]
    subject = stems(rubric.reference) | stems(rubric.question)
    known = sum(word.folded in STOPWORDS or word.stem in subject for word in inside)
    return bool(inside) and known / len(inside) < _KNOWN_WORDS


def _is_list_of_terms(every: Sequence[Sentence]) -> bool:
    inside = _prose(every)
    if len(inside) < _LIST_LENGTH:
        return False
    return sum(word in STOPWORDS for word in inside) / len(inside) < _LIST_STOPWORDS


def _is_short_list(text: str, every: Sequence[Sentence]) -> bool:
    inside = _prose(every)
    return _SHORT_LIST <= len(inside) < _LIST_LENGTH and STOPWORDS.isdisjoint(inside) and _RELATION.search(text) is None


def _is_notes(text: str, every: Sequence[Sentence]) -> bool:
    """Whether terms stand in short items, or in relations to each other, as terse people write them."""
    words = sum(len(sentence.words) for sentence in every)
    if len(_RELATION.findall(text)) >= words / _WORDS_A_RELATION:
        return True
    return _SHORTEST_ITEM < words / len(every) <= _LONGEST_ITEM


def _is_alphabetical(every: Sequence[Sentence]) -> bool:
    inside = _prose(every)
    if len(inside) < _ALPHABET_LENGTH:
        return False
    return sum(one <= other for one, other in pairwise(inside)) / (len(inside) - 1) >= _ALPHABETICAL


@dataclass(frozen=True, slots=True)
class _Order:
    """A text's stems, those that stand side by side, its runs without auxiliaries, and its share of function words."""

    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    runs: dict[tuple[str, ...], int]
    function: float


@lru_cache(maxsize=512)
def _order(text: str) -> _Order:
    inside = words(text)
    every = [word.stem for word in inside]
    function = sum(word.folded in STOPWORDS for word in inside) / len(inside) if inside else 0.0
    return _Order(frozenset(every), frozenset(pairwise(every)), dict(_runs(inside)), function)


def _is_borrowed(every: Sequence[Sentence], reference: str) -> bool:
    """Whether nearly all content words are the reference's."""
    have = _order(reference).stems
    content = [word.stem for word in _inside(every) if word.folded not in STOPWORDS]
    return sum(stem in have for stem in content) >= _BORROWED * len(content)


def _is_stripped(every: Sequence[Sentence], reference: str) -> bool:
    """Whether these are the reference's words without what holds them together there."""
    return _order(reference).function >= _HELD_TOGETHER and _is_borrowed(every, reference)


def _is_shuffled(text: str, every: Sequence[Sentence], reference: str) -> bool:
    """Whether the words stand in no order: English breaks, or the reference's words without their neighbours."""
    led, broken = _breaks(text, every)
    if broken >= _BREAKS and broken / led >= _BROKEN:
        return True
    if not _is_borrowed(every, reference):
        return False
    order = _order(reference)
    both = [pair for pair in pairwise(word.stem for word in _inside(every)) if order.stems.issuperset(pair)]
    return len(both) >= _NEIGHBOURS and sum(pair in order.pairs for pair in both) < _KEPT * len(both)


def _breaks(text: str, every: Iterable[Sentence]) -> tuple[int, int]:
    """How many articles and prepositions there are, and how many have behind them what cannot stand there."""
    led = broken = 0
    letters = any(word.folded in _LETTERS for word in _inside(every))
    for sentence in every:
        for word, after in pairwise(sentence.words):
            if word.folded in _PREPOSITIONS:
                led += 1
                broken += after.folded in _NOT_AFTER_PREPOSITION
            # "A" may be the name of something, and surely is beside "B".
            elif word.folded in _ARTICLES and not (word.folded == "a" and (letters or text[word.start] == "A")):
                led += 1
                broken += after.folded in _NOT_AFTER_ARTICLE
    return led, broken


def _is_denial(said: Sentence, reference: str) -> bool:
    """Whether a sentence is nearly one of the reference's, with a negation more or less."""
    theirs = _order(reference).runs
    if _REJECTION.search(said.spelled) and any(run in theirs for run, _ in _runs(said.words)):
        return True
    if any(run in theirs and denials % 2 != theirs[run] % 2 for run, denials in _runs(said.words)):
        return True
    content = said.content - _DENIALS - {"true"}
    if len(content) < _DENIABLE:
        return False
    if len(content & _order(reference).stems) < _SHARED * len(content):
        return False
    alike, nearest = max(
        ((2 * len(content & words) / (len(content) + len(words)), other) for other, words in _deniable(reference)),
        key=lambda found: found[0],
        default=(0.0, said),
    )
    least = _VERBATIM if len(content) > _DENIABLE else 1.0
    return alike >= least and bool(_denials(said)) != bool(_denials(nearest))


@lru_cache(maxsize=512)
def _deniable(reference: str) -> tuple[tuple[Sentence, frozenset[str]], ...]:
    return tuple((sentence, sentence.content - _DENIALS) for sentence in sentences(reference))


def _runs(inside: Sequence[Word]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every four words in a row, negations and auxiliaries left out, with the number of negations among them."""
    kept: list[str] = []
    denied: list[int] = []
    before = 0
    for word in inside:
        if word.stem in _DENIALS:
            before += 1
        elif word.folded not in _AUXILIARIES:
            kept.append(word.stem)
            denied.append(before)
    for i in range(len(kept) - _RUN + 1):
        yield tuple(kept[i : i + _RUN]), denied[i + _RUN - 1] - denied[i]


def _denials(sentence: Sentence) -> int:
    return sum(word.stem in _DENIALS for word in sentence.words)
