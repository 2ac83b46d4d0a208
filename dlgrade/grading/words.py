"""An answer as sentences of stemmed words, each with its offsets in the text as given.

Stems are Snowball's English ones (Porter 2, https://snowballstem.org). A word is also kept joined with
the next one, so that "mini-batch", "mini batch" and "minibatch" meet.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import Stemmer

_STEMMER = Stemmer.Stemmer("english")
_WORD = re.compile(r"([^\W_]+(?:['’][^\W\d_]+)?)")
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


class Word(NamedTuple):
    """One word: its stem, where it stands, and the count of the clause it is in.

    All negations have the stem "not": "cannot rely", "can't rely" and "never rely" are one.
    """

    folded: str
    stem: str
    start: int
    end: int
    clause: int

    @property
    def negates(self) -> bool:
        """Whether it turns what follows into its opposite."""
        return self.stem == "not"


_make = tuple.__new__  # half the time of Word(...), and words are most of what is made


@dataclass(frozen=True)
class Sentence:
    """A run of words that belong together, `text[start:end]` of the answer."""

    start: int
    end: int
    words: tuple[Word, ...]

    @cached_property
    def content(self) -> frozenset[str]:
        """The stems that carry meaning."""
        return frozenset(word.stem for word in self.words if word.folded not in STOPWORDS)

    @cached_property
    def stems(self) -> frozenset[str]:
        """All stems."""
        return frozenset(word.stem for word in self.words)

    @cached_property
    def spelled(self) -> str:
        """The folded words, a space before each."""
        return "".join(f" {word.folded}" for word in self.words)


@lru_cache(maxsize=65536)
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


@lru_cache(maxsize=65536)
def _taken_apart(word: str) -> tuple[str, str, bool]:
    """A word as written -> folded, its stem, and whether a clause begins with it."""
    folded = fold_word(word)
    return folded, stem(folded), folded in _CLAUSE_WORDS


def words(text: str, offset: int = 0) -> tuple[Word, ...]:
    """The words of a text; offsets count from `offset`."""
    # Commands that only typeset are blanked, not cut: the offsets must stay.
    plain = _FORMULA_COMMAND.sub(lambda m: " " * len(m.group()), text) if "\\" in text else text
    found: list[Word] = []
    at, clause = offset, 0
    parts = _WORD.split(plain)  # what stands between, a word, what stands between, …
    for between, word in zip(parts[::2], parts[1::2], strict=False):
        folded, root, leads = _taken_apart(word)
        if leads or (between != " " and _CLAUSE_END.search(between)):
            clause += 1
        # "yes/no" names two answers and denies nothing.
        if folded == "no" and found and found[-1].folded == "yes":
            root = folded
        start = at + len(between)
        at = start + len(word)
        found.append(_make(Word, (folded, root, start, at, clause)))
    return tuple(found)


def has_words(text: str) -> bool:
    """Whether there is a word in the text at all."""
    return _WORD.search(_FORMULA_COMMAND.sub(" ", text)) is not None


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """The stems of a text that carry meaning."""
    return frozenset(word.stem for word in words(text) if word.folded not in STOPWORDS)


@lru_cache(maxsize=256)
def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences and list items of a text, in order; those without a word are left out.

    Kept, since a check grades each reference by every rubric.
    """
    found = []
    start = 0
    # The mark that ends a sentence is its own, the line's end between two items is not.
    boundaries = [(m.start() + (text[m.start()] != "\n"), m.end()) for m in _BOUNDARY.finditer(text)]
    for end, after in (*boundaries, (len(text), len(text))):
        piece = text[start:end]
        if _ITEM_NUMBER.fullmatch(piece) and end < len(text):
            continue
        inside = words(piece, start)
        if inside:
            lead = len(piece) - len(piece.lstrip())
            found.append(Sentence(start + lead, start + len(piece.rstrip()), inside))
        start = after
    return tuple(found)
