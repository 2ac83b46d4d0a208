"""Questions that stand in or right below headings.

    ## Question 1                               ### 2. What is dropout?
                                                - Answer: Units are dropped at random …
    **What is dropout?**
                                                ## Frequently Asked Questions
    **Answer:** _[To be filled]_
                                                #### What does dropout cost?
    ---
                                                Training takes longer.

An entry ends at the next question, at a rule, and at a heading that opens a section; such headings are
the categories. Documents that came from a PDF mix levels at random, so a deeper heading belongs to an
answer only where the questions themselves keep to one level.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dlgrade.banks.asking import asks, asks_outright, is_question
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.body import read_body
from dlgrade.banks.entries import Entry, Reading, shelf_of, with_material
from dlgrade.banks.forms.sections import (
    Sections,
    explained,
    is_advert,
    is_frame,
    last_inside,
    speaks_of_document,
)
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.marks import Wording, wording
from dlgrade.banks.patterns import later
from dlgrade.banks.wording import bold, plain
from dlgrade.models import Choices

FORM = "headings"

# How plainly a heading says that it is a question; see `_Title.rank`.
_LABELLED, _NUMBERED, _PLAIN, _SECTION = 3, 2, 1, 0
_SURE = {_LABELLED: 1.0, _NUMBERED: 0.95, _PLAIN: 0.8}

_LABEL_LINE = re.compile(r"(?:\*\*|__)?\s*(?:question|q)\s*\.?\s*\d", re.IGNORECASE)
_TAIL = later(r"[-–—]?\s*(?:\([^()]{1,40}\)|\[[^\[\]]{1,40}\]|[-–—:]\s*[^?]{1,40})")
_FEWEST, _MOST = 4, 0.6  # so many headings that ask, of so many of their level, make the others questions too
_ONE_LEVEL = 0.9  # the share of questions on one level from which on levels mean something


@dataclass(frozen=True, slots=True)
class _Title:
    """A heading at `index` of the blocks: what it says, and how plainly (`rank`) it is a question's."""

    index: int
    block: Block
    rank: int
    wording: Wording

    @property
    def text(self) -> str:
        """What it says, without number and marks."""
        return self.wording.text

    @property
    def number(self) -> str | None:
        """What the document calls it; a letter is as often part of a chapter's name."""
        return None if self.wording.lettered else self.wording.number


@dataclass(frozen=True, slots=True)
class _Question:
    """A question's text and its place, and where what follows it begins: block and offset."""

    raw: str
    line: int
    next_index: int
    end: int
    place: tuple[int, int]
    difficulty: str | None = None
    marks: tuple[str, ...] = ()


def read(document: Document, choices: Choices) -> Reading | None:
    """Read every heading that is a question, with what stands below it."""
    hidden = document.hidden
    titles = _ranked(
        [
            _title(i, block, found)
            for i, (block, found) in enumerate(_with_lines(document.blocks))
            if block.kind == "heading" and i not in hidden
        ]
    )
    entries, lines, sure = shelf_of(document.text), 0, 0.0
    sections = Sections(document, (title.block for title in titles if not title.rank))
    for here, title in enumerate(titles):
        if not title.rank:
            sections.enter(title.block)
            continue
        if sections.about_itself and title.rank == _PLAIN:
            continue
        beyond = titles[here + 1].index if here + 1 < len(titles) else len(document.blocks)
        entry = _entry(document, title, beyond, sections.current)
        entries.append(entry)
        lines += entry.last - title.block.line + 1
        sure += _SURE[title.rank]
    if not entries:
        return None
    marked = round(sure / len(entries), 4)
    return Reading(FORM, entries.done(), marked * explained(document, lines), marked=marked)


def _entry(document: Document, title: _Title, beyond: int, category: str | None) -> Entry:
    """Return the question that a heading opens."""
    question = _question(document, title)
    stop = last_inside(document.blocks, question.next_index, beyond)
    end = document.blocks[stop - 1].end if stop > question.next_index else question.end
    blocks = document.blocks[question.next_index : stop]
    body = read_body(document, question.end, end, blocks, asked=question.raw)
    return Entry(
        raw=with_material(question.raw, body),
        line=question.line,
        last=document.blocks[max(stop, question.next_index) - 1].last,
        body=body,
        number=title.wording.number,
        category=body.category or category,
        difficulty=title.wording.difficulty or question.difficulty or body.difficulty,
        marks=(*title.wording.marks, *question.marks),
        place=question.place,
    )


def _with_lines(blocks: Sequence[Block]) -> Iterator[tuple[Block, Wording | None]]:
    """Give the blocks, a line `**Q3. What …?**` below a heading `### Q2. …` as the heading that it should be.

    With each goes its wording where that had to be looked at.
    """
    level, last = 0, 0
    for block in blocks:
        if block.kind not in ("heading", "paragraph") or "\n" in block.text:
            yield block, None
            continue
        found = None
        if block.kind == "heading" or _LABEL_LINE.match(block.text):
            found = wording(block.text)
            number = int(found.number) if found.labelled and found.number and found.number.isdecimal() else 0
            if block.kind == "heading" and number:
                level, last = block.level, number
            elif number and level and number == last + 1 and is_question(found.text):
                last = number
                yield block._replace(kind="heading", level=level), found
                continue
        yield block, found


def _title(index: int, block: Block, found: Wording | None = None) -> _Title:
    found = found or wording(block.text)
    if found.labelled:
        rank = _LABELLED
    elif found.number:
        rank = _NUMBERED if is_question(found.text) else _SECTION
    else:
        rank = _PLAIN if is_question(found.text) else _SECTION
    return _Title(index, block, _SECTION if rank == _PLAIN and speaks_of_document(found.text) else rank, found)


def _ranked(titles: Sequence[_Title]) -> list[_Title]:
    """Settle with the whole document in view which headings are questions; drop those inside answers."""
    best = max((title.rank for title in titles), default=_SECTION)
    lowest = min((title.block.level for title in titles[1:] if title.rank), default=0)
    titles = [_as_section(title) if _only_looks_like_one(title, best, lowest) else title for title in titles[:1]] + [
        _as_section(title) if _only_looks_like_one(title, best) else title for title in titles[1:]
    ]
    ranks = Counter(title.rank for title in titles)
    if ranks[_NUMBERED] >= ranks[_LABELLED]:  # `Question 7` and `7. What …` are the same to this document
        titles = [replace(title, rank=_NUMBERED) if title.rank == _LABELLED else title for title in titles]
        best = min(best, _NUMBERED)
    if best == _NUMBERED:
        titles = _with_numbered_terms(titles)
    elif best == _PLAIN:
        titles = _with_terms(titles)
    return _without_inner(titles)


def _as_section(title: _Title) -> _Title:
    return replace(title, rank=_SECTION)


def _only_looks_like_one(title: _Title, best: int, others: int = 0) -> bool:
    """`Ready for the interview?` high above all questions is the document's title; `Why it matters` does not ask."""
    if title.rank != _PLAIN:
        return False
    return title.block.level < others or (best > _PLAIN and not asks_outright(title.text))


def _with_numbered_terms(titles: Sequence[_Title]) -> list[_Title]:
    """Where most numbered headings ask, `### 7. Bias and variance` is a question too, unless it opens a chapter."""
    numbered = [title for title in titles if title.number]
    if sum(title.rank == _NUMBERED for title in numbered) * 2 < len(numbered):
        return list(titles)
    levels = {title.block.level for title in numbered if title.rank == _NUMBERED}
    found = []
    for title, after in zip(titles, [*titles[1:], None], strict=True):
        opens = after is not None and after.block.level > title.block.level
        is_term = title.number and not title.rank and not opens and title.block.level in levels
        found.append(replace(title, rank=_NUMBERED) if is_term else title)
    return found


def _with_terms(titles: Sequence[_Title]) -> list[_Title]:
    """Where most headings of one level ask, `### Bias and variance` among them is a question, unless it opens more."""
    asking = Counter(title.block.level for title in titles if title.rank)
    level, count = asking.most_common(1)[0]
    same = [title for title in titles if title.block.level == level]
    if count < _FEWEST or count < _MOST * len(same) or count < asking.total():
        return list(titles)
    found = []
    for title, after in zip(titles, [*titles[1:], None], strict=True):
        opens = after is not None and after.block.level > level
        is_term = title.block.level == level and not title.rank and not opens and not is_frame(title.block)
        found.append(replace(title, rank=_PLAIN) if is_term and title is not titles[0] else title)
    return found


def _without_inner(titles: Sequence[_Title]) -> list[_Title]:
    """Leave out the headings that belong to the answer above them."""
    levels = Counter(title.block.level for title in titles if title.rank > _PLAIN)
    levels = levels or Counter(title.block.level for title in titles if title.rank)
    ordered = bool(levels) and levels.most_common(1)[0][1] >= _ONE_LEVEL * levels.total()
    kept: list[_Title] = []
    opened: _Title | None = None
    for title, following in zip(titles, _next_questions(titles), strict=True):
        beside = opened and following and following.block.level == opened.block.level
        if opened and _is_inner(title, opened, ordered=ordered or bool(beside)):
            continue
        kept.append(title)
        opened = title if title.rank else None
    return kept


def _next_questions(titles: Sequence[_Title]) -> list[_Title | None]:
    """Return, for each heading, the next one below it that is a question."""
    found: list[_Title | None] = []
    following: _Title | None = None
    for title in reversed(titles):
        found.append(following)
        following = title if title.rank else following
    return found[::-1]


def _is_inner(title: _Title, opened: _Title, *, ordered: bool) -> bool:
    if starts_with_label(f"# {title.text}"):
        return True
    if is_advert(title.block):
        return False
    if not opened.text and title.index == opened.index + 1 and _says_question(title):
        return True
    deeper = title.block.level > opened.block.level
    return deeper and (title.rank < opened.rank if title.rank else ordered)


def _says_question(title: _Title) -> bool:
    return not title.number and (bold(title.block.text) is not None or title.rank > _SECTION)


def _question(document: Document, title: _Title) -> _Question:
    """Find the text of a question: in its heading, else in the bold line or heading below it."""
    block = title.block
    named = title.text or plain(block.text)
    here = _Question(named, block.line, title.index + 1, block.end, (block.start, block.end))
    below = document.blocks[here.next_index] if here.next_index < len(document.blocks) else None
    if below is None or (title.text and not _only_names(title, below)):
        return here
    if below.kind == "heading" and _says_question(_title(here.next_index, below)):
        return _worded(below.text, below.line, here.next_index + 1, below.start, below.end)
    if below.kind == "paragraph" and not starts_with_label(below.text):
        lines = _question_lines(below.text)
        last = below.line + lines - 1
        rest = here.next_index if last < below.last else here.next_index + 1
        text = "\n".join(below.text.split("\n")[:lines])
        return _worded(text, below.line, rest, below.start, document.line_end(last))
    return here


def _only_names(title: _Title, below: Block) -> bool:
    """Say whether a label goes with a name, and the question stands below: `### Q1 (Coding)`, `### Question: Pods`."""
    if not title.wording.labelled or is_question(title.text) or below.kind != "paragraph":
        return False
    first = below.text.split("\n")[0]
    asked = bold(first) is not None or is_question(below.text) or asks(below.text.split("\n")[-1])
    return asked and not starts_with_label(first) and (bool(_TAIL.fullmatch(title.text)) or asks(below.text))


def _worded(text: str, line: int, next_index: int, start: int, end: int) -> _Question:
    found = wording(text)
    raw = found.text if found.number is None else plain(text).strip()  # a second number is part of the text
    return _Question(raw, line, next_index, end, (start, end), found.difficulty, found.marks)


def _question_lines(paragraph: str) -> int:
    """Count the lines of a paragraph that are the question: one bold line, or all up to an answer's label."""
    lines = paragraph.split("\n")
    if bold(lines[0]):
        return 1
    return next((count for count, line in enumerate(lines) if count and starts_with_label(line)), len(lines))
