"""Answers that have the right words and say nothing: what of an answer may earn something, and why the rest may not.

Asked of every answer, be there a rubric or a reference alone. What is caught earns little or nothing and asks for a
look, since now and then somebody writes so in earnest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import le

from dlgrade.grading.denials import (
    DENIABLE,
    RUN,
    denies_nearly_all,
    is_denial,
    kept_of,
    order_of,
    runs_of,
    spaced,
)
from dlgrade.grading.evidence import Cleaned
from dlgrade.grading.order import is_in_no_order
from dlgrade.grading.words import STOPWORDS, Sentence, columns, put_together, sentences, stems
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
_LONGEST_TERM = 3  # words of an item, on average; people's notes have more, or verbs
_SAYING_ITEMS = 0.05  # share of items with a verb or a conjunction
_SEPARATOR = re.compile(r"[,;|·•\n]|\s[–—/-]\s|[.!?:](?:\s|$)")
_SEPARATING = ",;|·•\n–—/-.!?:"  # one of these is in each
_SAYING = frozenset(
    """is are was were be been being has have had do does did can could will would should may might must not if when
    because so that which who while since it they we you""".split()  # noqa: SIM905 - words read best as words
)
_WORDS_A_RELATION = 12
_RELATION = re.compile(r"[=≈≤≥<>→⇒∝:;()]")
_ALPHABETICAL = 0.9  # share of neighbours in the order of the alphabet
_ALPHABET_LENGTH = 6
_HELD_TOGETHER = 0.2  # share of function words in prose
_BORROWED = 0.95  # share of content words that are the reference's
_NEIGHBOURS, _KEPT = 4, 0.35  # neighbours that are both the reference's; the share that stand side by side there too


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
    answer = _Answer(cleaned.text, every)
    if answer.spelling == _spellings(rubric.reference):
        return Guarded(every)  # word by word: no guard need ask what its words are for
    if _is_other_language(answer, rubric):
        return Guarded(every, flags=("needs review: this grader knows English alone",))
    if (trick := _trick(answer, rubric.reference, cued=cued)) is not None:
        return Guarded((), every, (f"needs review: {trick}",))
    flags: list[str] = []
    if _is_list_of_terms(answer):
        flags.append("needs review: notes, not sentences")
    own = _own(every, question, rubric, cued=cued)
    if not any(sentence.content for sentence in own):
        return Guarded((), flags=("repeats the question",))
    once, again = _once(own)
    if len(once) < len(own):
        flags.append("says the same more than once")
    order = order_of(rubric.reference)
    denied = [sentence for sentence in once if is_denial(sentence, order)]
    if cued and denies_nearly_all(once, rubric.reference):
        flags.append("needs review: denies nearly everything it says")
        denied = list(once)
    elif denied:
        flags.append("needs review: a sentence of the reference, denied or turned round")
        if 2 * sum(map(len, denied)) >= sum(map(len, once)):
            denied = list(once)
    if again:
        flags.append("needs review: says the same over and over")
    out = {sentence.start for sentence in [*denied, *again]}
    return Guarded(
        tuple([sentence for sentence in once if sentence.start not in out]),
        tuple([sentence for sentence in once if sentence.start in out]),
        tuple(flags),
    )


class _Answer:
    """The words of an answer, each looked at once: all of them, those that are no numbers, those that carry meaning."""

    def __init__(self, text: str, every: tuple[Sentence, ...]) -> None:
        self.text = text
        self.sentences = every
        self.words = put_together(every)
        self.spelling = tuple(self.words.spelled)
        self.prose = [word for word in self.spelling if not word.isdigit()]
        self.function = self.words.carrying.count(None)  # no number is a function word
        self.content = self.words.content


@lru_cache(maxsize=512)
def _spellings(reference: str) -> tuple[str, ...]:
    return tuple(columns(reference).spelled)


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
    pairs = _pairs(question)
    kept = [pair in pairs for pair in pairwise(sentence.roots)]
    return restated >= shares[0] and sum(kept) >= shares[1] * len(kept)


def _once(every: Sequence[Sentence]) -> tuple[Sequence[Sentence], list[Sentence]]:
    """The sentences without those that say again, word by word, what one before has said; and those said often."""
    said = [tuple(sentence.roots) for sentence in every]
    counted = Counter(said)
    if len(counted) == len(said):
        return every, []
    first = dict(zip(reversed(said), reversed(every), strict=True))
    often = [one for one, times in counted.items() if times >= _OVER_AND_OVER and len(one) > DENIABLE]
    return sorted(first.values(), key=lambda sentence: sentence.start), [first[one] for one in often]


def _trick(answer: _Answer, reference: str, *, cued: bool) -> str | None:
    heap = _is_list_of_terms(answer) and (not _is_notes(answer) or _is_stripped(answer, reference))
    if heap or (cued and _is_terms_in_a_row(answer)):
        return "a list of terms, not sentences"
    if not cued and _is_short_list(answer) and _is_borrowed(answer, reference):
        return "terms, not a sentence"
    if not cued and {*_spellings(reference)[:1], answer.spelling[0]} == {"yes", "no"}:
        return "the opposite of the reference's yes or no"
    if _is_alphabetical(answer) or _is_shuffled(answer, reference):
        return "words in no order"
    return "says the same over and over" if _is_over_and_over(kept_of(answer.words)) else None


def _is_over_and_over(kept: Sequence[str]) -> bool:
    # Where every run comes twice, so does nearly every word: most answers end here.
    if 2 * len(set(kept)) > len(kept) + 2 * RUN:
        return False
    runs = runs_of(kept)
    return len(runs) >= _LIST_LENGTH and len(set(runs)) * 2 < len(runs)


def _is_other_language(answer: _Answer, rubric: Rubric) -> bool:
    """Whether the words are neither ordinary English nor the subject's: then nothing found says little."""
    if answer.function >= _KNOWN_WORDS * len(answer.prose):
        return False
    subject = stems(rubric.reference) | stems(rubric.question)
    pairs = zip(answer.words.spelled, answer.words.roots, strict=True)
    known = sum([word in STOPWORDS or root in subject for word, root in pairs if not word.isdigit()])
    return known / len(answer.prose) < _KNOWN_WORDS


def _is_list_of_terms(answer: _Answer) -> bool:
    return len(answer.prose) >= _LIST_LENGTH and answer.function / len(answer.prose) < _LIST_STOPWORDS


def _is_terms_in_a_row(answer: _Answer) -> bool:
    """Whether there are many items of a few words, "of" and "the" among them, and no verb that would make them say."""
    items_at_least = len(answer.words) / _LONGEST_TERM
    # Most prose ends here, without a look for what stands around the signs.
    if 1 + sum(map(answer.text.count, _SEPARATING)) < items_at_least:
        return False
    if 1 + len(_SEPARATOR.findall(answer.text)) < items_at_least:
        return False
    items = [inside for item in _SEPARATOR.split(answer.text) if (inside := columns(item).spelled)]
    saying = sum(not _SAYING.isdisjoint(item) for item in items)
    return (
        len(items) >= _LIST_LENGTH
        and sum(map(len, items)) <= _LONGEST_TERM * len(items)
        and saying <= _SAYING_ITEMS * len(items)
    )


def _is_short_list(answer: _Answer) -> bool:
    if not _SHORT_LIST <= len(answer.prose) < _LIST_LENGTH:
        return False
    return answer.function == 0 and _RELATION.search(answer.text) is None


def _is_notes(answer: _Answer) -> bool:
    """Whether terms stand in short items, or in relations to each other, as terse people write them."""
    if len(_RELATION.findall(answer.text)) >= len(answer.words) / _WORDS_A_RELATION:
        return True
    return _SHORTEST_ITEM < len(answer.words) / len(answer.sentences) <= _LONGEST_ITEM


def _is_alphabetical(answer: _Answer) -> bool:
    inside = answer.prose
    if len(inside) < _ALPHABET_LENGTH:
        return False
    ordered: int = sum(map(le, inside, inside[1:]))
    return ordered >= _ALPHABETICAL * (len(inside) - 1)


@lru_cache(maxsize=32)  # few answers ask for it
def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """The stems that stand side by side in a text."""
    return frozenset(pairwise(columns(text).roots))


def _is_borrowed(answer: _Answer, reference: str) -> bool:
    """Whether nearly all content words are the reference's."""
    have = order_of(reference).stems
    return sum(map(have.__contains__, answer.content)) >= _BORROWED * len(answer.content)


def _is_stripped(answer: _Answer, reference: str) -> bool:
    """Whether these are the reference's words without what holds them together there."""
    return order_of(reference).function >= _HELD_TOGETHER and _is_borrowed(answer, reference)


def _is_shuffled(answer: _Answer, reference: str) -> bool:
    """Whether the words stand in no order: not in English's, or the reference's words without their neighbours."""
    if is_in_no_order(answer.sentences):
        return True
    if not _is_borrowed(answer, reference):
        return False
    order = order_of(reference)
    every = answer.words.roots
    # Whole sentences of the reference are in its order, mostly there are enough of them.
    quoted = 0
    for one in answer.sentences:
        if spaced(one.roots) in order.told:
            quoted += len(one) - 1
            if quoted >= _KEPT * (len(every) - 1):
                return False
    both = [pair for pair in pairwise(every) if pair[0] in order.stems and pair[1] in order.stems]
    pairs = _pairs(reference)
    return len(both) >= _NEIGHBOURS and sum([pair in pairs for pair in both]) < _KEPT * len(both)
