"""Questions that are lines in bold, or that begin with a number in bold.

    **What is dropout?** ⭐                     **1)** What is dropout?

    Units are dropped at random …               **2)** Explain early stopping.

    **2. Explain early stopping.**

A line that only begins in bold says something of what follows, in answers more often than not: it is a question
if it begins with a number, and others do that are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dlgrade.banks.asking import asks, asks_firmly, is_question
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.body import read_body
from dlgrade.banks.entries import Entry, Reading, shelf_of, with_material
from dlgrade.banks.forms.sections import Sections, ends_bank, explained
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.marks import Wording, unmarked, wording
from dlgrade.banks.options import begin_options
from dlgrade.banks.wording import bold
from dlgrade.models import Choices

FORM = "bold"

_SURE = {True: 0.9, False: 0.75}  # with a number or label of its own, and without
_LABEL_BEFORE = re.compile(r"\A(?:Question|Ques|Q)\s*+\.?\s*+\d{0,4}\s*+[.:)]\s*+(?=\*\*|__)", re.IGNORECASE)
_TOO_MANY = re.compile(r"(?<!\*)(\*\*)\*++$")
_TAGGED = re.compile(r"<(?P<tag>b|strong)>(?P<text>(?:(?!</?(?:b|strong)>).)+)</(?P=tag)>", re.IGNORECASE)
_PREFIX = re.compile(
    r"(?:\*\*|__)(?:Q(?:uestion)?[\s.]*+)?(?P<number>\d{1,6})[\s.):]*+(?P<name>[^*_]{0,80}+)(?:\*\*|__)[.):]*+\s++\S",
    re.IGNORECASE,
)
_LABEL_PREFIX = re.compile(
    r"(?:\*\*|__)(?:Question|Q)\s*+\d{0,4}\s*+(?:[.:)]\s*+(?:\*\*|__)|(?:\*\*|__)\s*+[.:)])\s*+\S", re.I
)


@dataclass(frozen=True, slots=True)
class _Lead:
    """The lines `line` to `last` of the paragraph at `index`, which may be a question. `prefix` is its bold name."""

    index: int
    line: int
    last: int
    wording: Wording
    whole: bool
    prefix: str | None = None

    @property
    def numbered(self) -> bool:
        """Whether it says itself that it is a question, or which."""
        return self.wording.labelled or self.wording.number is not None


def read(document: Document, choices: Choices) -> Reading | None:
    """Read every bold line that asks, with what stands below it."""
    hidden = document.hidden
    leads = _chosen(
        [lead for at, block in enumerate(document.blocks) for lead in _leads(at, block) if at not in hidden]
    )
    sections = Sections(document, document.titles)
    entries = shelf_of(document.text)
    lines, sure, at = 0, 0.0, 0
    following: _Lead | None
    for lead, following in zip(leads, [*leads[1:], None], strict=False):
        while at <= lead.index:
            if document.blocks[at].kind == "heading" and at not in hidden:
                sections.enter(document.blocks[at])
            at += 1
        if sections.about_itself and not lead.numbered:
            continue
        entry = _entry(document, lead, following, sections.current, hidden)
        entries.append(entry)
        lines += entry.last - lead.line + 1
        sure += _SURE[lead.numbered]
    if not entries:
        return None
    marked = round(sure / len(entries), 4)
    return Reading(FORM, entries.done(), marked * explained(document, lines), marked=marked)


def _leads(index: int, block: Block) -> list[_Lead]:
    """Return the lines of a paragraph that may be questions; a paragraph that is bold as a whole is one line."""
    if block.kind != "paragraph":
        return []
    lines = block.text.split("\n")
    if len(lines) > 1 and bold(unmarked(block.text)) and not any(map(bold, lines)):
        return [_Lead(index, block.line, block.last, wording(block.text), whole=True)]
    return [lead for n, line in enumerate(lines, block.line) if (lead := _lead(index, n, line.strip())) is not None]


def _lead(index: int, number: int, line: str) -> _Lead | None:
    if not line.startswith(("*", "_", "<", "Q", "q", "[", "!", ":")) and line[:1].isascii():
        return None
    line = _TOO_MANY.sub(r"\1", line)
    bare = unmarked(line)
    whole = bold(bare) or bold(_LABEL_BEFORE.sub("", bare)) or _TAGGED.fullmatch(bare)
    if whole and not starts_with_label(bare):
        found = wording(line)
        if found.labelled and not found.text:  # `**Question 1:**`, the text is in the lines below
            return _Lead(index, number, number, found, whole=False, prefix="")
        return _Lead(index, number, number, found, whole=True)
    if match := _PREFIX.match(line):
        return _Lead(index, number, number, wording(line), whole=False, prefix=match["name"])
    if _LABEL_PREFIX.match(line):
        return _Lead(index, number, number, wording(line), whole=False, prefix="")
    return None


def _chosen(leads: Sequence[_Lead]) -> list[_Lead]:
    """Settle with all lines in view which are questions."""
    whole = [lead for lead in leads if lead.whole and lead.wording.text]
    numbered = [lead for lead in whole if lead.numbered]
    asking = [lead for lead in numbered if lead.wording.labelled or is_question(lead.wording.text)]
    terms = len(asking) * 2 >= len(numbered) > 0  # most that have a number ask: then `**7. Dropout**` does too
    named = any(lead.prefix == "" for lead in leads)  # `**7)** Explain …` stands in the document
    plainly = [lead for lead in whole if not lead.numbered and asks(lead.wording.text)]
    parts = terms and len(numbered) >= max(
        2 * len(plainly), 3
    )  # few without a number are titles inside the answers of others
    found = []
    for lead in leads:
        if not lead.wording.text and lead.prefix is None:
            continue
        if lead.whole:
            if parts and not lead.numbered:
                continue
            firm = asks(lead.wording.text) if parts else asks_firmly(lead.wording.text)
            is_one = lead.wording.labelled or (terms if lead.numbered else firm)
        else:
            is_one = named and (lead.prefix == "" or lead.numbered)
        if is_one:
            found.append(lead)
    return found


def _entry(
    document: Document, lead: _Lead, following: _Lead | None, category: str | None, hidden: frozenset[int]
) -> Entry:
    """Return the question that a line asks."""
    blocks = document.blocks
    beyond = following.line if following else len(document.lines) + 1
    own: list[Block] = []
    first, last = lead.last, lead.last
    if not lead.whole:
        last = first = _goes_on_to(document, lead, beyond)
    for at in range(lead.index, len(blocks)):
        block = blocks[at]
        if block.line >= beyond or (at > lead.index and at not in hidden and _ends(block)):
            break
        cut = block
        if block.last >= beyond:
            cut = block._replace(last=beyond - 1, end=document.line_end(beyond - 1), said=block.text)
        own.append(cut)
        last = max(last, cut.last)
    while following is None and own and own[-1].kind == "definition":
        own.pop()
    start = document.line_end(first)
    end = max(start, own[-1].end if own else start)
    text = document.text[document.lines[lead.line - 1][0] : start].strip()
    found = wording(text) if first > lead.last else lead.wording
    body = read_body(document, start, end, own, asked=found.text)
    return Entry(
        raw=with_material(found.text, body),
        line=lead.line,
        last=last,
        number=found.number,
        category=body.category or category,
        difficulty=found.difficulty or body.difficulty,
        marks=found.marks,
        place=(document.lines[lead.line - 1][0], start),
        body=body,
    )


def _goes_on_to(document: Document, lead: _Lead, beyond: int) -> int:
    """Return the last line of a question that is plain text behind its number: up to a label or the paragraph's end.

    A number that stands alone is followed by its question's paragraph.
    """
    block = document.blocks[lead.index]
    last = lead.line
    if not lead.wording.text and last == block.last and lead.index + 1 < len(document.blocks):
        below = document.blocks[lead.index + 1]
        if below.kind == "paragraph" and below.line < beyond and not starts_with_label(below.text):
            block, last = below, below.line
    while last < block.last and last + 1 < beyond:
        line, following = (document.line(last + n) if last + n <= block.last else "" for n in (1, 2))
        if starts_with_label(line.strip()) or begin_options(line, following):
            break
        last += 1
    return last


def _ends(block: Block) -> bool:
    return ends_bank(block) or (block.kind == "heading" and not starts_with_label(f"# {block.text}"))
