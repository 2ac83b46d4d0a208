"""What makes grading without a model fast and small: counted, as times are noisy."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from dlgrade.grading import cues, words
from dlgrade.grading.offline import grade
from dlgrade.library import SHIPPED
from dlgrade.rubrics import load_rubric

DROPOUT = load_rubric(SHIPPED / "rubrics" / "dropout.yaml")
ANSWER = DROPOUT.reference.rsplit(maxsplit=1)[0]
_MOST = 30_000_000  # bytes; 68 million before alternatives of cues and references were kept column by column


def test_an_answer_is_taken_apart_once(monkeypatch: pytest.MonkeyPatch) -> None:
    grade(f"{ANSWER} again", DROPOUT)  # what is known of the rubric is known
    taken: Counter[str] = Counter()
    real = words._parts

    def counted(text: str) -> list[str]:
        taken[text] += 1
        return real(text)

    monkeypatch.setattr(words, "_parts", counted)
    words.sentences.cache_clear()
    grade(ANSWER, DROPOUT)
    assert taken == {ANSWER: 1}


def test_each_slot_is_looked_up_once_and_only_if_a_way_gets_there(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: Counter[cues.SlotCue] = Counter()
    real = cues.Said._find

    def counted(self: cues.Said, cue: cues.SlotCue) -> cues.Hits:
        sought[cue] += 1
        return real(self, cue)

    monkeypatch.setattr(cues.Said, "_find", counted)
    grade(ANSWER, DROPOUT)
    ways = [way for criterion in DROPOUT.criteria for way in criterion.cues]
    ways += [way for mistake in DROPOUT.misconceptions for way in mistake.cues]
    slots = {slot for way in ways for slot in way}
    assert set(sought.values()) == {1}
    assert len(sought) <= 18 < len(slots)


def test_all_shipped_rubrics_fit_into_little_memory() -> None:
    code = (
        "import tracemalloc\n"
        "from dlgrade.grading.offline import grade\n"
        "from dlgrade.library import SHIPPED\n"
        "from dlgrade.rubrics import Rubrics\n"
        "tracemalloc.start()\n"
        "rubrics = list(Rubrics([SHIPPED / 'rubrics']).all())\n"
        "for rubric in rubrics:\n"
        "    grade(rubric.reference.rsplit(maxsplit=1)[0], rubric)\n"
        "print(tracemalloc.get_traced_memory()[1])\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(told.stdout) < _MOST
