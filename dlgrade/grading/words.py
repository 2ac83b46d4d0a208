"""An answer as sentences of stemmed words, each with its offsets in the text as given.

Stems are Snowball's English ones (Porter 2, https://snowballstem.org). A word is also kept joined with
the next one, so that "mini-batch", "mini batch" and "minibatch" meet.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from sys import intern
from typing import NamedTuple

import Stemmer

_STEMMER = Stemmer.Stemmer("english")
_WORD = re.compile(r"([^\W_]+(?:['’][^\W\d_]+)?)")
_WORD_IN_ASCII = re.compile(r"([0-9A-Za-z]+(?:'[A-Za-z]+)?)")  # the same for ASCII, in two thirds of the time
_FORMULA_COMMAND = re.compile(r"\\(?:frac|left|right|mathbf|mathrm|mathcal|text|cdot|quad|,|;)")
# A sentence ends at . ! ? before a space (abbreviations aside), at a blank line, where a list item or a row begins.
_BOUNDARY = re.compile(
    r"[.!?。！？\n](?:(?<!\n)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\bal\.)[\"')\]*]*\s+"
    r"|(?<=\n)(?:\s*\n|(?=[ \t]*(?:[-*+•]|\d+[.)])[ \t]|#{1,6} |[ \t]*\|)))",
    re.IGNORECASE,
)
_ITEM_NUMBER = re.compile(r"\s*\d+[.)]")

STOPWORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both
    but by can could did do does doing down during each few for from further get gets had has have having he her
    here his how i if in into is it its itself just let like may me might more most must my of off on once one
    only or other our out over own per same she should so some such than that the their them then there these
    they this those through to too under until up use used uses using very via was we were what when where which
    while who whom why will with would you your""".split()  # noqa: SIM905 - words read best as words
)
# What turns a clause into its opposite. "without" does not count: it often names the means, not a denial.
NEGATORS = frozenset({"not", "no", "never", "cannot", "neither", "nor", "hardly", "none"})
_ACRONYMS = frozenset({"cpus", "gpus", "tpus", "npus", "relus", "grus"})
_CLAUSE_WORDS = frozenset({"but", "instead", "rather", "whereas", "while", "so", "because", "although", "since"})
_CLAUSE_END = re.compile(r"[,;:()—–]|\s-\s")
_MOST_KNOWN = 16_384  # words, of which the stems are kept: a few megabytes


class Word(NamedTuple):
    """One word: its stem, and where it stands.

    All negations have the stem "not": "cannot rely", "can't rely" and "never rely" are one.
    """

    folded: str
    stem: str
    start: int
    end: int

    @property
    def negates(self) -> bool:
        """Whether it turns what follows into its opposite."""
        return self.stem == "not"


@dataclass(slots=True, eq=False)  # not frozen: that takes three times as long to make
class Columns:
    """Some words, column by column, since most is asked of all of them at once.

    `written` are the words as they stand, `spelled` folded, `roots` their stems. `carrying` has the stems of those that
    carry meaning, and None for the others. `gaps` is what stands before each.
    """

    written: Sequence[str]
    spelled: Sequence[str]
    roots: Sequence[str]
    carrying: Sequence[str | None]
    gaps: Sequence[str]

    def __len__(self) -> int:
        return len(self.roots)

    def part(self, first: int, last: int) -> Columns:
        """The words from the first on, as far as the last, which is not one of them."""
        return Columns(
            self.written[first:last],
            self.spelled[first:last],
            self.roots[first:last],
            self.carrying[first:last],
            self.gaps[first:last],
        )

    @property
    def content(self) -> list[str]:
        """The stems of those that carry meaning, in order."""
        return list(filter(None, self.carrying))

    def begins_clause(self, k: int) -> bool:
        """Whether a clause begins with the word of that place."""
        return self.spelled[k] in _CLAUSE_WORDS or (
            self.gaps[k] != " " and _CLAUSE_END.search(self.gaps[k]) is not None
        )


@dataclass(slots=True, eq=False)  # not frozen, as above
class Sentence:
    """A run of words that belong together, `text[start:end]` of the answer.

    They are the words of the text, `among`, from the first on, as far as the last, which is not one of them. `content`
    are the stems that carry meaning, `stems` all of them.
    """

    start: int
    end: int
    among: Columns
    first: int
    last: int
    content: frozenset[str]
    stems: frozenset[str]

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def words(self) -> Columns:
        """Its words alone."""
        return self.among.part(self.first, self.last)

    @property
    def roots(self) -> Sequence[str]:
        """The stems of its words, in order."""
        return self.among.roots[self.first : self.last]


def put_together(some: Sequence[Sentence]) -> Columns:
    """The words of a text's sentences, of all or of some."""
    if not some:
        return Columns((), (), (), (), ())
    among = some[0].among
    if sum([len(one) for one in some]) == len(among):
        return among
    bounds = [(one.first, one.last) for one in some]
    return Columns(
        [one for first, last in bounds for one in among.written[first:last]],
        [one for first, last in bounds for one in among.spelled[first:last]],
        [one for first, last in bounds for one in among.roots[first:last]],
        [one for first, last in bounds for one in among.carrying[first:last]],
        [one for first, last in bounds for one in among.gaps[first:last]],
    )


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """The stem of a folded word; "not" for every negation."""
    if word in NEGATORS or word.endswith("n't"):
        return "not"
    # Snowball leaves "-us" alone, for the sake of "virus".
    if word in _ACRONYMS:
        return word[:-1]
    return str(_STEMMER.stemWord(word))


def fold_word(word: str) -> str:
    """A word as it is compared: compatibility forms undone, no case, no possessive."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("’", "'")
    return folded.removesuffix("'s")


class _Known(dict[str, tuple[str, str, str | None]]):
    """Words as written, each with how it is folded, its stem, and the stem again if it carries meaning.

    A dictionary, as nothing else is asked so often; it begins anew when it is full.
    """

    def __missing__(self, word: str) -> tuple[str, str, str | None]:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        folded = intern(fold_word(word))
        root = intern(stem(folded))
        self[word] = taken = folded, root, None if folded in STOPWORDS else root
        return taken


_KNOWN = _Known()


def _parts(text: str) -> list[str]:
    """What stands before a word, the word, what stands before the next one, …, what stands behind the last."""
    # Commands that only typeset are blanked, not cut: the offsets must stay.
    plain = _FORMULA_COMMAND.sub(_blanked, text) if "\\" in text else text
    return (_WORD_IN_ASCII if plain.isascii() else _WORD).split(plain)


def _blanked(command: re.Match[str]) -> str:
    return "\t" * len(command.group())


def _columns(parts: list[str]) -> Columns:
    written = parts[1::2]
    if not written:
        return Columns((), (), (), (), ())
    spelled, roots, carrying = zip(*map(_KNOWN.__getitem__, written), strict=True)
    return Columns(written, spelled, roots, carrying, parts[:-1:2])


def columns(text: str) -> Columns:
    """The words of a text, column by column."""
    return _affirmed(_columns(_parts(text)))


def _affirmed(inside: Columns, firsts: Collection[int] = ()) -> Columns:
    """The words with "no" as an answer where it stands behind "yes": "yes/no" names two answers and denies nothing.

    `firsts` are the places with which a sentence begins.
    """
    if "no" in inside.spelled and "yes" in inside.spelled:
        pairs = enumerate(zip(inside.spelled, ("", *inside.spelled), strict=False))
        answers = [pair == ("no", "yes") and k not in firsts for k, pair in pairs]
        inside.roots = ["no" if said else root for said, root in zip(answers, inside.roots, strict=True)]
        inside.carrying = ["no" if said else root for said, root in zip(answers, inside.carrying, strict=True)]
    return inside


def words(text: str, offset: int = 0) -> tuple[Word, ...]:
    """The words of a text; offsets count from `offset`."""
    parts = _parts(text)
    inside = _affirmed(_columns(parts))
    bounds = list(accumulate(map(len, parts), initial=offset))
    return tuple(map(Word, inside.spelled, inside.roots, bounds[1::2], bounds[2::2]))


def has_words(text: str) -> bool:
    """Whether there is a word in the text at all."""
    return _WORD.search(_FORMULA_COMMAND.sub(" ", text)) is not None


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """The stems of a text that carry meaning."""
    return frozenset(columns(text).content)


@lru_cache(maxsize=16)  # a check grades each reference by every rubric; more would only take memory
def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences and list items of a text, in order; those without a word are left out."""
    parts = _parts(text)
    bounds = list(_bounds(text, list(accumulate(map(len, parts)))))
    inside = _affirmed(_columns(parts), [first for _, _, first, _ in bounds])
    found = []
    for start, end, first, last in bounds:
        content = frozenset(filter(None, inside.carrying[first:last]))
        found.append(Sentence(start, end, inside, first, last, content, frozenset(inside.roots[first:last])))
    return tuple(found)


def _bounds(text: str, ends: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    """Where each sentence begins and ends in the text, and with which words.

    `ends` are those of what stands before each word, and of the word, in turn.
    """
    start = first = 0
    # The mark that ends a sentence is its own, the line's end between two items is not.
    boundaries = [(m.start() + (text[m.start()] != "\n"), m.end()) for m in _BOUNDARY.finditer(text)]
    for end, after in (*boundaries, (len(text), len(text))):
        last = bisect_right(ends, end, 2 * first) // 2 if end < len(text) else len(ends) // 2
        if last == first + 1 and end < len(text) and _ITEM_NUMBER.fullmatch(text, start, end):
            continue
        if last > first:
            piece = text[start:end]
            yield end - len(piece.lstrip()), start + len(piece.rstrip()), first, last
            first = last
        start = after
