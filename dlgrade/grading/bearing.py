"""What words of an answer can show, as far as code can tell: the stems that a rubric's subject is spoken of with.

    subject = subject_of(rubric)
    subject.bears(columns("Each unit is dropped with probability p."), "random-masking")      # True
    subject.is_foreign(sentence)                                        # whether it says nothing of the subject

A stem says little, and synonyms, formulas and other languages have none in common: what does not bear on a criterion
may still show it. So this decides nothing by itself; `doubting` asks again where it finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from dlgrade.grading.likeness import rarity
from dlgrade.grading.words import Columns, Sentence, stems
from dlgrade.models import Rubric, Way

_PROSE = 4  # words from which on prose can be told from notes
_ENGLISH = 0.25  # share of English function words and the subject's words; right answers have 0.5 to 0.9
_FEW = 3.0  # rarity under which they are hardly any
_ANY = 0.1
_BEARS = 2.0  # rarity of the words shared; of sentences that show a criterion 1.5 % have less, of all others half
_LATIN = "\u0370"
_SIGNS = re.compile(r"[=+^_\\{}<>*/|$`]|\w\(|\d")  # of a formula, or of code
_EQUATION = re.compile(r"(?<![=!<>])=(?![=>'\"])|[≈≤≥∝←∑∂⊙]")
_MARKS = re.compile(r"[|*\"]|\bunless\b")


@dataclass(frozen=True, slots=True)
class Subject:
    """`stems` are all of the rubric's, `own` those of each criterion that the question does not have, by id.

    A rubric without cues `is_bare`: its criteria have few words, so all of the rubric's are each one's, and any bears.
    """

    stems: frozenset[str]
    own: Mapping[str, frozenset[str]]
    is_bare: bool

    def shared(self, some: Columns, criterion: str) -> float:
        """How much words have of a criterion's own: the sum of their rarity, each counted once."""
        own = self.own[criterion]
        return sum(
            {root: rarity(word) for root, word in zip(some.roots, some.spelled, strict=True) if root in own}.values()
        )

    def bears(self, some: Columns, criterion: str) -> bool:
        """Whether words have any of a criterion's own, or are no English prose, of which nothing can be told."""
        return self.shared(some, criterion) >= (_ANY if self.is_bare else _BEARS) or not self.is_prose(some)

    def is_weak(self, some: Columns, criterion: str) -> bool:
        """Whether words are English prose with hardly any of a criterion's own."""
        return self.shared(some, criterion) < (_ANY if self.is_bare else _FEW) and self.is_prose(some)

    def is_formula(self, text: str) -> bool:
        """Whether a text has an equation in it, which may show what it has no word of."""
        return _EQUATION.search(text) is not None

    def is_prose(self, some: Columns) -> bool:
        """Whether words are English prose, of which it can be told what they say nothing of."""
        return len(some) >= _PROSE and self._known(some) >= _ENGLISH

    def is_other_language(self, sentence: Sentence, text: str) -> bool:
        """Whether a sentence is in another language than English: in other letters, or without English words."""
        words = sentence.words
        letters = [c for word in words.spelled for c in word if c.isalpha()]
        others = sum(c > _LATIN and not "\u0370" <= c <= "\u03ff" for c in letters)  # formulas have Greek ones
        if len(letters) >= _PROSE and others > len(letters) / 2:
            return True
        return len(words) >= _PROSE and self._known(words) < _ENGLISH and not _SIGNS.search(text)

    def is_foreign(self, sentence: Sentence) -> bool:
        """Whether an English sentence says nothing of the subject."""
        return len(sentence) >= _PROSE and sentence.content.isdisjoint(self.stems)

    def _known(self, some: Columns) -> float:
        pairs = zip(some.carrying, some.roots, strict=True)
        return sum(carried is None or root in self.stems for carried, root in pairs) / len(some)


@lru_cache(maxsize=512)
def subject_of(rubric: Rubric) -> Subject:
    """The words of a rubric's question, reference, criteria and misconceptions."""
    asked = stems(rubric.question)
    said = {
        criterion.id: stems(
            " ".join(
                [criterion.expects, criterion.partial or "", *_plain(criterion.cues), *_plain(criterion.partial_cues)]
            )
        )
        for criterion in rubric.criteria
    }
    others = (f"{mistake.claims} {' '.join(_plain(mistake.cues))}" for mistake in rubric.misconceptions)
    around = stems("\n".join([*rubric.also, rubric.reference, *others]))
    every = asked.union(around, *said.values())
    if not any(criterion.cues for criterion in rubric.criteria):
        return Subject(every, dict.fromkeys(said, every), is_bare=True)
    own = {id_: frozenset(stem for stem in some - asked or some if _tells(stem)) for id_, some in said.items()}
    return Subject(every, own, is_bare=False)


def _tells(stem: str) -> bool:
    return len(stem) > 1 and stem != "not"


def _plain(cues: Iterable[Way]) -> list[str]:
    return [_MARKS.sub(" ", slot) for way in cues for slot in way]
