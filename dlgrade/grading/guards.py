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
from operator import le

from dlgrade.grading.evidence import Cleaned
from dlgrade.grading.order import is_in_no_order
from dlgrade.grading.words import STOPWORDS, Columns, Sentence, columns, put_together, sentences, stems
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
# Sentences; the share of words that stand in one with a negation; that of negations among words, and how many times the
# reference's. Of 7,072 real answers in two public sets 4 have as many.
_FEWEST_DENIED, _DENIED_PART, _DENYING, _MORE_DENYING = 4, 0.75, 0.05, 2
_VERBATIM = 0.75  # Dice coefficient of words from which on a sentence is taken for one of the reference's
_SHARED = 0.6  # of its words the least that such a sentence shares: no need to look for one where there are fewer
_DENIABLE = 2  # words of a sentence that may be taken for one of the reference's; so few must all be

_AUXILIARIES = frozenset(
    "is are was were be do does did can could will would should may might must has have had".split()  # noqa: SIM905
)
_REJECTION = re.compile(
    r"(?: not|n't| never)(?: \w+)? (?:true|case|correct|right) that | (?:false|untrue|wrong|incorrect) that "
)
_DENIALS = frozenset({"not", "fals", "untru", "incorrect", "wrong"})
"""Stems; every negation has "not"."""
_DENIED = _DENIALS | {"true"}

_RUN, _DIFFERENT = 4, 3  # stems of a run, and how many of them differ at least, unless somebody stutters
Run = tuple[str, str, str, str]
"""Four stems in a row: what is the reference's so far, but for a negation among them, denies the reference."""


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
    order = _order(rubric.reference)
    denied = [sentence for sentence in once if _is_denial(sentence, order)]
    if cued and _denies_nearly_all(once, rubric.reference):
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
    often = [one for one, times in counted.items() if times >= _OVER_AND_OVER and len(one) > _DENIABLE]
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
    return "says the same over and over" if _is_over_and_over(_kept(answer.words)) else None


def _is_over_and_over(kept: Sequence[str]) -> bool:
    # Where every run comes twice, so does nearly every word: most answers end here.
    if 2 * len(set(kept)) > len(kept) + 2 * _RUN:
        return False
    runs = _runs_of(kept)
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


@dataclass(frozen=True, slots=True)
class _Order:
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
def _order(text: str) -> _Order:
    inside = columns(text)
    runs = {run: denials % 2 for run, denials in _denied_runs(inside)}
    denied = frozenset(run for run, odd in runs.items() if odd)
    every = list(enumerate(sentences(text)))
    return _Order(
        stems=frozenset(inside.roots),
        told=_spaced(inside.roots),
        kept=_spaced(_kept(inside)),
        denied=denied,
        denied_stems=frozenset(stem for run in denied for stem in run),
        function=inside.carrying.count(None) / len(inside) if len(inside) else 0.0,
        plain=_Said.of((place, one) for place, one in every if one.stems.isdisjoint(_DENIALS)),
        denying=_Said.of((place, one) for place, one in every if not one.stems.isdisjoint(_DENIALS)),
    )


def _spaced(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "


@lru_cache(maxsize=32)  # few answers ask for it
def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """The stems that stand side by side in a text."""
    return frozenset(pairwise(columns(text).roots))


def _is_borrowed(answer: _Answer, reference: str) -> bool:
    """Whether nearly all content words are the reference's."""
    have = _order(reference).stems
    return sum(map(have.__contains__, answer.content)) >= _BORROWED * len(answer.content)


def _is_stripped(answer: _Answer, reference: str) -> bool:
    """Whether these are the reference's words without what holds them together there."""
    return _order(reference).function >= _HELD_TOGETHER and _is_borrowed(answer, reference)


def _is_shuffled(answer: _Answer, reference: str) -> bool:
    """Whether the words stand in no order: not in English's, or the reference's words without their neighbours."""
    if is_in_no_order(answer.sentences):
        return True
    if not _is_borrowed(answer, reference):
        return False
    order = _order(reference)
    every = answer.words.roots
    # Whole sentences of the reference are in its order, mostly there are enough of them.
    quoted = 0
    for one in answer.sentences:
        if _spaced(one.roots) in order.told:
            quoted += len(one) - 1
            if quoted >= _KEPT * (len(every) - 1):
                return False
    both = [pair for pair in pairwise(every) if pair[0] in order.stems and pair[1] in order.stems]
    pairs = _pairs(reference)
    return len(both) >= _NEIGHBOURS and sum([pair in pairs for pair in both]) < _KEPT * len(both)


def _denies_nearly_all(said: Sequence[Sentence], reference: str) -> bool:
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


def _is_denial(said: Sentence, order: _Order) -> bool:
    """Whether a sentence is nearly one of the reference's, with a negation more or less."""
    denies = not _DENIALS.isdisjoint(said.stems)
    if _turns(said, order) if denies else _lacks_denial(said, order):
        return True
    content = said.content - _DENIED if denies or "true" in said.content else said.content
    turned, same = (order.plain, order.denying) if denies else (order.denying, order.plain)
    if len(content) < _DENIABLE or len(content & turned.stems) < _SHARED * len(content):
        return False
    least = _VERBATIM if len(content) > _DENIABLE else 1.0
    likest = _likest(content, turned)
    # Of two that are equally like it, the reference's first one counts.
    return likest[0] >= least and likest > _likest(content, same)


def _turns(said: Sentence, order: _Order) -> bool:
    """Whether a sentence with a negation says what the reference says, or denies, with another number of them."""
    inside = said.words
    shared = list(_denied_runs(inside))
    if _spaced(_kept(inside)) not in order.kept:
        shared = [(run, denials) for run, denials in shared if order.has(run)]
    if any(denials % 2 != (run in order.denied) for run, denials in shared):
        return True
    return bool(shared) and _REJECTION.search("".join([f" {word}" for word in inside.spelled])) is not None


def _lacks_denial(said: Sentence, order: _Order) -> bool:
    """Whether a sentence without a negation says what the reference denies."""
    # Few sentences share as many words as a run has with what the reference denies.
    if len(order.denied_stems & said.stems) < _DIFFERENT:
        return False
    return not order.denied.isdisjoint(_runs_of(_kept(said.words)))


def _likest(content: frozenset[str], others: _Said) -> tuple[float, int]:
    """The Dice coefficient of the sentence that shares most, and its place from the end."""
    return max(
        ((2 * len(content & words) / (len(content) + len(words)), place) for place, words in others.content),
        default=(0.0, 0),
    )


def _kept(inside: Columns) -> list[str]:
    """The stems without negations and auxiliaries."""
    return [
        root
        for root, word in zip(inside.roots, inside.spelled, strict=True)
        if root not in _DENIALS and word not in _AUXILIARIES
    ]


def _runs_of(kept: Sequence[str]) -> list[Run]:
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
    for run, first, last in zip(_runs_of(_kept(inside)), denied, denied[3:], strict=False):
        yield run, last - first
