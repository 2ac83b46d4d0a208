"""Which lines of a plain text begin a question.

(1) What is a token?          marks of the style that most questions have
    (a) a word?               deeper than they: no question
Instructions:                 what is below asks nobody
1. Explain every answer.

Where no marks do, lines that ask begin one themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlgrade.banks.asking import asks, asks_firmly, asks_outright, is_question
from dlgrade.banks.plaintext.openings import (
    Mark,
    answer_label,
    is_rule,
    loose_title,
    plain_title,
    question_mark,
)
from dlgrade.banks.plaintext.pages import Line
from dlgrade.banks.plaintext.passages import INDENT, starts_options
from dlgrade.banks.plaintext.running import Candidate, running
from dlgrade.banks.wording import spaced, squash

_ASKING = 0.4
_LETTERED = 0.8
_NAME = 60
_RARE = 20
_AHEAD = 6  # a question's first lines: as far is looked for its question mark
_CONTENTS = re.compile(
    r"(?:table of )?contents|index|toc|目录|目錄|目次|оглавление|содержание|índice|inhalt", re.IGNORECASE
)
_LEADERS = re.compile(r"(?:\.[ ]?){4,}\s*\d{1,4}\Z|…{2,}\s*\d{1,4}\Z")
_RULES = re.compile(
    r"(?:general |important )?(?:instructions?|guidelines?|directions?|rules|notes?|how to use.{0,40}|about.{0,40}"
    r"|legend)[ ]?[:：]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Head:
    """A line that may begin a question, with its mark; `at` is its index."""

    at: int
    mark: Mark
    asks: bool


def find_heads(lines: Sequence[Line]) -> list[Head]:
    """Return the lines that begin a question, by the marks of one style."""
    styles: dict[str, list[Head]] = {}
    for at, mark in _marks(lines):
        styles.setdefault(mark.style, []).append(Head(at, mark, _asks(lines, at, mark)))
    base = _base(lines, [head for heads in styles.values() for head in heads])
    best: list[Head] = []
    weight = 0.0
    for heads in styles.values():
        chosen = _chosen(lines, [head for head in heads if lines[head.at].column < base + INDENT])
        asking = sum(head.asks for head in chosen)
        # A label says that a question follows, a number may say anything.
        score = asking * (2.0 if chosen and chosen[0].mark.kind == "labelled" else 1.0) + len(chosen) * 0.01
        if score > weight:
            best, weight = chosen, score
    return best or _unmarked(lines)


def _marks(lines: Sequence[Line]) -> Iterator[tuple[int, Mark]]:
    """Give the lines with a mark, contents and instructions left out."""
    skipped: int | None = None
    contents = any(_CONTENTS.fullmatch(line.text.strip("*#_: ")) for line in lines)
    seen = Counter(squash(line.text) for line in lines if line.text) if contents else Counter[str]()
    for at, line in enumerate(lines):
        if _RULES.fullmatch(line.text.strip("*#_ ")):
            skipped = 0
            continue
        mark = question_mark(line)
        if mark is None or _LEADERS.search(line.text):
            continue
        if contents and seen[squash(line.text)] > 1:
            seen[squash(line.text)] -= 1
            continue
        if skipped is not None:
            if mark.kind != "labelled" and mark.value == skipped + 1:
                skipped = mark.value
                continue
            skipped = None
        yield at, mark


def _asks(lines: Sequence[Line], at: int, mark: Mark) -> bool:
    """Say whether what stands behind a mark asks, or is followed by options or by the label of an answer."""
    texts = [lines[at].text[mark.start :]]
    for index in range(at + 1, min(at + _AHEAD, len(lines))):
        line = lines[index]
        if not line.text:
            if texts[0] or len(texts) > 1:
                break
            continue
        if question_mark(line) or answer_label(line, mark) is not None or asks(texts[-1]):
            break
        if len(texts) == 1 and _names(texts[0], line.text):
            return False
        texts.append(line.text)
    text = spaced(" ".join(texts))
    return bool(text) and (is_question(text) or _followed(lines, at, mark))


def _names(text: str, below: str) -> bool:
    """Say whether a marked line is the name of what is asked below it: `1. Probability`, `What is a coin?`."""
    wrapped = text[-1:] in ",;:-(" or not below[0].isupper()
    return bool(text) and not wrapped and not is_question(text) and len(text) <= _NAME and asks_firmly(below)


def _followed(lines: Sequence[Line], at: int, mark: Mark) -> bool:
    for index in range(at + 1, min(at + _AHEAD, len(lines))):
        line = lines[index]
        if not line.text:
            continue
        if answer_label(line, mark) is not None or starts_options(lines, index):
            return True
        if question_mark(line):
            return False
    return False


def _base(lines: Sequence[Line], heads: Sequence[Head]) -> int:
    """Return the leftmost column that questions stand in; one in twenty may stand further left by mistake."""
    columns = sorted(lines[head.at].column for head in heads if head.asks)
    bare = [lines[at].column for at in _asking(lines)]
    columns = sorted([*columns, *(bare if len(bare) >= _FEWEST else [])])
    counted = Counter(columns)
    return next((c for c in columns if (counted[c] + counted[c + 1]) * _RARE >= len(columns)), 0)


def _chosen(lines: Sequence[Line], heads: Sequence[Head]) -> list[Head]:
    """Return the marks of one style that begin questions; none where too few of them ask."""
    if not heads:
        return []
    kind = heads[0].mark.kind
    if kind == "labelled":
        paired = any(answer_label(line, heads[0].mark) is not None for line in lines)
        rare = heads[0].mark.style not in ("q", "第题")
        return list(heads) if (paired or (len(heads) > 1 and not rare)) else []
    candidates = [Candidate(head.mark.value, head.asks, _titled(lines, head), kind == "numbered") for head in heads]
    chosen = [heads[index] for index in running(candidates)]
    asking = sum(head.asks for head in chosen)
    share, least = (_LETTERED, 3) if kind == "lettered" else (_ASKING, 1)
    if asking < len(chosen) * share or len(chosen) < least:
        return []
    paired = any(answer_label(line, heads[0].mark) is not None for line in lines)
    return chosen if len(chosen) > 1 or paired else []


def _titled(lines: Sequence[Line], head: Head) -> bool:
    """Say whether a title stands above; below what may only introduce a list, the question must ask itself."""
    at = head.at
    above = next((i for i in range(at - 1, max(at - 4, -1), -1) if lines[i].text and not is_rule(lines[i])), None)
    if above is None:
        return False
    title = lines[above]
    if plain_title(title, lines[above + 1]) or (loose_title(title) and title.text[-1] not in ":："):
        return True
    return head.asks and (loose_title(title) is not None or heads_anew(lines, above))


def heads_anew(lines: Sequence[Line], at: int) -> bool:
    """Say whether a line is a short name right above a question that is numbered 1: `Vue 面试题`."""
    line, below = lines[at], lines[at + 1] if at + 1 < len(lines) else None
    mark = question_mark(below) if below else None
    named = mark is not None and mark.kind == "numbered" and mark.value == 1 and question_mark(line) is None
    return named and len(line.text) <= _NAME and not asks(line.text) and line.text[-1].isalnum()


def numbers_part(lines: Sequence[Line], at: int) -> bool:
    """Say whether a numbered line is the name of what is asked right below it, without numbers: `2. Probability`."""
    mark = question_mark(lines[at])
    below = lines[at + 1] if at + 1 < len(lines) else None
    if mark is None or below is None or not below.text or question_mark(below):
        return False
    return _names(lines[at].text[mark.start :], below.text)


# ── without marks ────────────────────────────────────────────────────────────────────────────

_FEWEST = 4  # so many lines must ask, since any text may ask now and then
_PART = 0.4  # of the paragraphs that begin with a question, where they ask; of the lines that end in one, less
_DENSE = 0.08
_SHORT = 240
_NO_QUESTION = re.compile(r"[-*+•●▪>|<#`\[(]|\d{1,3}[.)]|https?:|[A-Za-z][.)]\s")


def _unmarked(lines: Sequence[Line]) -> list[Head]:
    """Return the lines that ask, where they are what a text is made of."""
    marked = [Head(at, Mark("bare", "?", None, 0, 0, common=True), asks=True) for at in _asking(lines)]
    if len(marked) < _FEWEST:
        return []
    base = min(lines[head.at].column for head in marked) + 2  # what stands deeper are answers, and counts for nothing
    outer = [at for at, line in enumerate(lines) if line.text and not line.code and line.column < base]
    begin = sum(1 for at in outer if _begins(lines, at))
    found = [head for head in marked if lines[head.at].column < base]
    paragraphs = sum(_begins(lines, head.at) for head in found)
    if paragraphs >= _PART * begin and paragraphs * 2 > len(found):
        return [head for head in found if _begins(lines, head.at)]
    ending = [head for head in found if asks(lines[head.at].text) or (head.at and _is_asked(lines[head.at - 1].text))]
    return ending if len(ending) >= max(_FEWEST, _DENSE * len(outer)) else []


def _asking(lines: Sequence[Line]) -> Iterator[int]:
    for at, line in enumerate(lines):
        text = line.text
        if line.code or not 3 < len(text) <= _SHORT or _NO_QUESTION.match(text):
            continue
        above = lines[at - 1].text if at else ""
        deeper = at > 0 and lines[at - 1].column >= line.column + INDENT  # an answer: it may end in anything
        begins = not above or is_rule(lines[at - 1]) or deeper or (above[-1] not in ",;-(" and not text[0].islower())
        firm = asks_firmly(text.rstrip("?？ .")) or (asks(text) and text.count(". ") == 0)
        if begins and firm and (asks(text) or not above or _is_asked(above)):
            yield at


def _is_asked(text: str) -> bool:
    """Say whether a line is a question: then an order right below it is one too."""
    return asks(text) or (asks_outright(text) and text[-1] == ".")


def _begins(lines: Sequence[Line], at: int) -> bool:
    return at == 0 or not lines[at - 1].text or is_rule(lines[at - 1])
