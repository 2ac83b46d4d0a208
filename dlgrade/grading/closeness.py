"""How close a sentence comes to the wording of a misconception: a second way to find it, beside its cues.

Words count alike, the question's own half, since an answer has those anyway. A sentence that denies what the wording
says, or says what the wording denies, is half as close.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dlgrade.grading.cues import Said
from dlgrade.grading.words import Sentence, columns, sentences, stems
from dlgrade.models import Misconception, Rubric

_ASKED = 0.5  # weight of a word that the question has said already
_TURNED = 0.5
# A sentence claims a misconception if it has so much of its words, so many, and more than any of the reference, which
# may well speak of the mistake. Chosen on 96 answers in other words and on the first half of those of known quality.
_CLAIMS, _FEWEST = 0.55, 3


@dataclass(frozen=True, slots=True)
class Wording:
    """The stems of a statement with their weights, and whether it has an odd number of negations."""

    weights: dict[str, float]
    whole: float
    denies: bool

    def share(self, sentence: Sentence) -> float:
        """The share of the statement that a sentence has, from 0 to 1."""
        shared = self.weights.keys() & sentence.stems
        if not shared:
            return 0.0
        turned = (sentence.roots.count("not") % 2 == 1) != self.denies
        return sum([self.weights[stem] for stem in shared]) / self.whole * (_TURNED if turned else 1.0)


@lru_cache(maxsize=4096)
def wording(text: str, question: str) -> Wording:
    """A statement as it is compared with sentences."""
    inside, asked = columns(text), stems(question)
    kept = {root for root in inside.content if root != "not"}
    weights = {stem: _ASKED if stem in asked else 1.0 for stem in kept}
    denies = inside.roots.count("not") % 2 == 1
    return Wording(weights, sum(weights.values()) or 1.0, denies)


def claiming(misconception: Misconception, said: Said, rubric: Rubric) -> Sentence | None:
    """The sentence that claims a misconception in words much like its own, if there is one.

    It has more of them than of any criterion's, and than any sentence of the reference.
    """
    claim = wording(misconception.claims, rubric.question)
    # Most answers do not have the words at all.
    if sum([claim.weights[stem] for stem in claim.weights.keys() & said.stems]) < _CLAIMS * claim.whole:
        return None
    words = claim.weights.keys()
    # No word weighs more than 1.
    near = [one for one in said.sentences if len(words & one.stems) / claim.whole >= _CLAIMS]
    shares = [claim.share(sentence) for sentence in near]
    share = max(shares, default=0.0)
    if share < _CLAIMS:
        return None
    best = near[shares.index(share)]
    if len(words & best.stems) < _FEWEST:
        return None
    rivals = (wording(criterion.expects, rubric.question).share(best) for criterion in rubric.criteria)
    return best if share > _in_reference(misconception.claims, rubric) and share > max(rivals) else None


@lru_cache(maxsize=2048)
def _in_reference(claim: str, rubric: Rubric) -> float:
    said = sentences(rubric.reference)
    return max((wording(claim, rubric.question).share(sentence) for sentence in said), default=0.0)
