"""Hints that do not give the answer away: what a criterion is about, and its sentence with gaps.

    what happens at inference: “Dropout is … in training …; at … it is … and … units are …”

A word stays in the sentence if the question or the person has used it, or if it says nothing by itself. What comes of
it is checked once more, by its own words against the reference's: a hint that has four words of content in a row from
there, of which the person has not used all, is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dlgrade.banks.spelling.lexicon import cost, is_term
from dlgrade.grading.words import STOPWORDS, Word, stems, words
from dlgrade.models import Criterion, Misconception, Rubric

RUN = 4
"""So many words of content in a row, unless the person has used them, give something away."""

NOTHING_TOLD = "a point that you have not made"

# Words that hold a sentence together; unlike other stop words (off, not, only, more, same) none is an answer.
_GLUE = frozenset(
    """a an and are as at be been being but by can could for from had has have if in into is it its may might of or so
    such than that the their them then there these they this those to was were what when where which who while why will
    with would""".split()  # noqa: SIM905 - words read best as words
)
_ASPECTS: tuple[tuple[str, str], ...] = (
    ("what it is", "definition define concept meaning"),
    ("why it matters", "why purpose role significance importance motivation reason"),
    ("where it falls short", "limits limit limitation limitations drawback drawbacks pitfalls caveats disadvantages"),
    ("what makes it hard", "challenges challenging difficulties difficulty problem problems bottleneck opacity"),
    ("what is given up for what", "trade tradeoff"),
    ("what it costs", "cost costs price overhead budget efficiency compute memory"),
    ("what happens at inference", "inference serving"),
    ("what can be done about it", "remedies remedy cure mitigation mitigations"),
    ("how it differs from others", "against versus differs comparison compare difference differences"),
    ("an example", "examples example"),
    ("what it is used for", "uses use applications application tasks scenarios useful"),
    ("what it brings", "benefits benefit advantages advantage effect effects"),
    ("how to choose", "choice choose when selection"),
    ("the kinds there are", "kinds variants methods types"),
    ("how it works", "mechanism how process loop steps"),
    ("its formula", "formula equation"),
    ("how it is measured or checked", "evaluation validation metrics"),
    ("what happens in training", "training train"),
    ("the data", "data labels label input preprocessing"),
    ("the model", "model architecture architectures layers layer"),
    ("the loss", "loss losses objective objectives"),
    ("where it comes from", "history cause causes"),
    ("what one does in practice", "practice practical"),
)
_ASPECT_OF = {word: aspect for aspect, given in reversed(_ASPECTS) for word in given.split()}
_RANK = {aspect: rank for rank, (aspect, _) in enumerate(_ASPECTS)}
_TOKEN = re.compile(r"(?P<core>\S*?)(?P<close>[,;:.!?]*)(?:\s+|\Z)")
_BRACKETS = re.compile(r"(?:(?<=\s)|\A)[(\[“\"]+|[)\]”\"]+(?=[\s,;:.!?]|\Z)")
_PLAIN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_GAPS = re.compile(r"…(?:[\s,]*…)+")
_LEAST = 2  # words of content that a text with gaps must have left
_EXTRA = 2  # words shown besides, where nothing else tells what is lacking
_COMMON = 42  # what a word costs at most that anybody uses: "time" costs 28, "learn" 35, "particular" 39


def hint(criterion: Criterion, rubric: Rubric, question: str, answer: str) -> str:
    """What an answer lacks of one criterion, without saying it."""
    about = aspect(criterion.id)
    used = _Used.of(question, answer)
    gapped = with_gaps(criterion.expects, used) or ("" if about else with_gaps(criterion.expects, used, common=_EXTRA))
    quoted = f"“{gapped}”" if gapped else ""
    sources = sources_of(rubric)
    for told in (": ".join(filter(None, (about, quoted))), about):
        if told and not gives_away(told, sources, question, answer):
            return told
    return NOTHING_TOLD


def about_mistake(mistake: Misconception, rubric: Rubric, question: str, answer: str) -> str:
    """What a wrong claim is about, as far as the person's own words tell it; for one that no quote shows."""
    gapped = with_gaps(mistake.claims, _Used.of(question, answer))
    return "" if gives_away(gapped, sources_of(rubric), question, answer) else gapped


def aspect(id_: str) -> str:
    """What a criterion is about, told by its id; empty where that says nothing general."""
    found = {_ASPECT_OF[word] for word in re.split(r"[-_\d]+", id_.casefold()) if word in _ASPECT_OF}
    return min(found, key=_RANK.__getitem__, default="")


@dataclass(frozen=True)
class _Used:
    """What question and answer have said already: stems, and the answer's words as they are.

    Negations have one stem; of them only those that the answer has itself count, as they are.
    """

    stems: frozenset[str]
    plainly: frozenset[str]

    @classmethod
    def of(cls, question: str, answer: str) -> _Used:
        return cls(stems(question) | stems(answer), frozenset(word.folded for word in words(answer)))

    def has(self, word: Word) -> bool:
        return word.folded in self.plainly or (word.stem in self.stems and not word.negates)


def with_gaps(text: str, used: _Used, *, common: int = 0) -> str:
    """The text with a gap for every word that was not used, but for so many of the commonest.

    Empty where fewer than two words of content are left: such a text tells nothing.
    """
    extra = _commonest(text, used, common)
    shown: list[str] = []
    content = set(extra)
    for token in _TOKEN.finditer(_BRACKETS.sub(" ", text)):
        inside = words(token["core"])
        # Digits and signs between the letters are as much of an answer as the letters.
        kept = _PLAIN.fullmatch(token["core"]) is not None and all(
            word.folded in _GLUE or word.folded in extra or used.has(word) for word in inside
        )
        if kept:
            content |= {word.folded for word in inside if word.folded not in STOPWORDS}
        shown.append((token["core"] if kept else "…" * bool(token["core"])) + token["close"])
    joined = re.sub(r"\s+(?=[,;:.!?])", "", " ".join(filter(None, shown)))
    return _GAPS.sub("…", joined) if len(content) >= _LEAST else ""


def _commonest(text: str, used: _Used, count: int) -> frozenset[str]:
    """The words of content that are commonest in English, and so the least of an answer."""
    every = (word for word in words(text) if word.folded not in STOPWORDS and not word.negates)
    free = {word.folded for word in every if not used.has(word)}
    plain = sorted(
        (word for word in free if cost(word) < _COMMON and not is_term(word)), key=lambda word: (cost(word), word)
    )
    return frozenset(plain[:count])


def sources_of(rubric: Rubric) -> tuple[str, ...]:
    """What must not be given away: the reference, and what each criterion expects."""
    return (rubric.reference, *(criterion.expects for criterion in rubric.criteria))


def gives_away(text: str, sources: Iterable[str], question: str, answer: str) -> bool:
    """Whether a text has so many words of content in a row that stand so in a source, and were not all used before."""
    used = stems(question) | stems(answer)
    secret = {run for source in sources for run in _runs(source) if not used.issuperset(run)}
    return not secret.isdisjoint(_runs(text))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Every so many words of content in a row, as stems; the words of no content between them are passed over."""
    content = [word.stem for word in words(text) if word.folded not in STOPWORDS]
    return (tuple(content[i : i + RUN]) for i in range(len(content) - RUN + 1))
