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

import snowballstemmer

_STEMMER = snowballstemmer.stemmer("english")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_FORMULA_COMMAND = re.compile(r"\\(?:frac|left|right|mathbf|mathrm|mathcal|text|cdot|quad|,|;)")
# A sentence ends at . ! ? before a space (abbreviations aside), at a blank line, where a list item or a row begins.
_BOUNDARY = re.compile(
    r"(?<=[.!?。！？])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\bal\.)[\"')\]*]*\s+"
    r"|\n\s*\n|\n(?=[ \t]*(?:[-*+•]|\d+[.)])[ \t])|\n(?=#{1,6} )|\n(?=[ \t]*\|)",
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
    def places(self) -> dict[str, list[int]]:
        """Of every stem, the indices of its words."""
        found: dict[str, list[int]] = {}
        for i, word in enumerate(self.words):
            found.setdefault(word.stem, []).append(i)
        return found

    @cached_property
    def spelled(self) -> str:
        """The folded words, a space before each: whether one begins with "regulari" is one search."""
        return "".join(f" {word.folded}" for word in self.words)

    @cached_property
    def joined(self) -> dict[str, list[tuple[str, int]]]:
        """Every two neighbours written as one word, with the first one's index, by their first five letters."""
        found: dict[str, list[tuple[str, int]]] = {}
        for i, (one, other) in enumerate(zip(self.words, self.words[1:], strict=False)):
            text = one.folded + other.folded
            found.setdefault(text[:5], []).append((text, i))
        return found


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of a folded word; "not" for every negation."""
    if word in NEGATORS or word.endswith("n't"):
        return "not"
    # Snowball leaves "-us" alone, for the sake of "virus".
    if word in _ACRONYMS:
        return word[:-1]
    return str(_STEMMER.stemWord(word))


@lru_cache(maxsize=65536)
def fold_word(word: str) -> str:
    """A word as it is compared: compatibility forms undone, no case, no possessive."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("’", "'")
    return folded.removesuffix("'s")


def words(text: str, offset: int = 0) -> tuple[Word, ...]:
    """The words of a text; offsets count from `offset`."""
    # Commands that only typeset are blanked, not cut: the offsets must stay.
    plain = _FORMULA_COMMAND.sub(lambda m: " " * len(m.group()), text)
    found: list[Word] = []
    at = clause = 0
    for match in _WORD.finditer(plain):
        folded = fold_word(match.group())
        if folded in _CLAUSE_WORDS or _CLAUSE_END.search(plain, at, match.start()):
            clause += 1
        at = match.end()
        # "yes/no" names two answers and denies nothing.
        root = folded if folded == "no" and found and found[-1].folded == "yes" else stem(folded)
        found.append(Word(folded, root, match.start() + offset, match.end() + offset, clause))
    return tuple(found)


def has_words(text: str) -> bool:
    """Whether there is a word in the text at all."""
    return _WORD.search(_FORMULA_COMMAND.sub(" ", text)) is not None


@lru_cache(maxsize=8192)
def stems(text: str) -> frozenset[str]:
    """The stems of a text that carry meaning."""
    return frozenset(word.stem for word in words(text) if word.folded not in STOPWORDS)


@lru_cache(maxsize=512)
def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences and list items of a text, in order; those without a word are left out.

    Kept, since a check grades each reference by every rubric.
    """
    found = []
    start = 0
    for boundary in [*(m.span() for m in _BOUNDARY.finditer(text)), (len(text), len(text))]:
        piece = text[start : boundary[0]]
        if _ITEM_NUMBER.fullmatch(piece) and boundary[0] < len(text):
            continue
        inside = words(piece, start)
        if inside:
            lead = len(piece) - len(piece.lstrip())
            found.append(Sentence(start + lead, start + len(piece.rstrip()), inside))
        start = boundary[1]
    return tuple(found)
