"""Sentences that have a subject's words and speak of something else: of an answer, who reads it and what it deserves.

    asides = Asides(cleaned, rubric)
    asides.sure(sentence)         # "All parts (teacher, student, soft targets) are represented above." earns nothing
    asides.doubtful(sentence)     # may be one: a person should look

A rubric's cues are words, and so such a sentence would earn what it only names. It is told by how much it talks of an
assessment against how many of the subject's words it has: whoever explains something needs more of them than whoever
names it. One that has no other words than the subject's is none. The limits were chosen on attacks and honest answers
of which `benchmarks/README.md` tells.
"""

from __future__ import annotations

from functools import lru_cache

from dlgrade.grading.bearing import subject_of
from dlgrade.grading.evidence import Cleaned
from dlgrade.grading.steering.talk import frames, talk
from dlgrade.grading.words import Sentence, stems
from dlgrade.models import Rubric

_A_WORD = 1 / 3  # what each of the subject's words takes from the odds
_SURE, _DOUBT = -1.8, -4.0
_MOST = 10  # words of the subject from which on a sentence says something; to weigh it takes a tenth of a millisecond
_OTHERS = 1 / 8  # share of words that are not the subject's, under which it speaks of nothing else
_NONE = float("-inf")


class Asides:
    """Tells the asides of one answer; each sentence that is asked about is weighed once."""

    def __init__(self, cleaned: Cleaned, rubric: Rubric) -> None:
        self._text = cleaned.text
        self._rubric = rubric
        self._known: dict[int, float] = {}

    def sure(self, sentence: Sentence) -> bool:
        """Whether a sentence speaks of the answer, beyond "my answer in one line"."""
        return self._odds(sentence) >= _SURE and not frames(self._said(sentence))

    def doubtful(self, sentence: Sentence) -> bool:
        """Whether a sentence may speak of the answer."""
        return self._odds(sentence) >= _DOUBT

    def _odds(self, sentence: Sentence) -> float:
        found = self._known.get(sentence.start)
        if found is None:
            found = self._known[sentence.start] = self._weighed(sentence)
        return found

    def _weighed(self, sentence: Sentence) -> float:
        # The reference's own sentences end here, at no cost.
        if sentence.content <= _told(self._rubric):
            return _NONE
        subject = sentence.content & subject_of(self._rubric).stems
        if len(subject) > _MOST or len(subject) > (1 - _OTHERS) * len(sentence.content):
            return _NONE
        return talk(self._said(sentence)) - _A_WORD * len(subject)

    def _said(self, sentence: Sentence) -> str:
        return self._text[sentence.start : sentence.end]


@lru_cache(maxsize=512)
def _told(rubric: Rubric) -> frozenset[str]:
    return stems(rubric.reference)
