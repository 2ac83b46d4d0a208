"""The question that an item of a list begins with, and the entry that it becomes.

What is asked, and up to where:

    1. **What is dropout?** Units are dropped at random …      the second pair of asterisks
    2. What is dropout?                                        the end of the line
       Answer: Units are dropped at random …
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from dlgrade.banks.asking import asks, asks_outright, is_question
from dlgrade.banks.block import Block, Plainly
from dlgrade.banks.blocks import Document
from dlgrade.banks.body import EMPTY_BULLET, empty_body, read_body
from dlgrade.banks.entries import Entry, with_material
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.marks import Wording, wording
from dlgrade.banks.patterns import later
from dlgrade.banks.wording import bold

_AGAIN = 1 << 14  # texts that are known when a document is read again
BOX = re.compile(r"\A\[[ xX✓]\][ \t]+")
"""What an item begins with that can be ticked off."""

_ANSWER_BEHIND = later(
    r"(?<=[?？.!）)*_`])[ \t]+(?=(?:\*\*|__|_|\*)?(?:Answer|Ans|Solution)\.?(?:\*\*|__|_|\*)?[ \t]*[:：–-])", re.I
)
_BOLD_QUESTION = later(
    r"(?:\*\*|__)(?P<question>[^*\n]{3,400}?(?P<mark>[?？.:]))(?:\*\*|__)[ \t]*[:：–—-]?[ \t]+(?=\S)"
)
_new = tuple.__new__  # in half the time of the classes' own


@dataclass(slots=True)
class Listed:
    """An item that is a question, worded up to `asked`; what follows begins at `end`: `own`, its body, up to `stop`.

    `below` are blocks below the list that belong to it as well, `parts` what is asked inside it; `above` says that
    what is asked inside it are questions of their own.
    """

    item: Block
    wording: Wording
    asks: bool
    line: int
    asked: int
    end: int
    stop: int
    after: int = -1
    category: str | None = None
    lines: int = 0
    parts: str = ""
    above: bool = False
    below: tuple[Block, ...] = ()

    @property
    def own(self) -> Sequence[Block]:
        """The blocks of its body."""
        inside = self.item.children
        return inside if self.after < 0 else tuple(child for child in inside if child.start > self.after)

    @property
    def raw(self) -> str:
        """What it asks."""
        return self.wording.text


def packed(question: Listed) -> tuple[Any, ...] | None:
    """Pack a question for a file, if it is a plain item's as it was found; None if it is not."""
    one = question
    if not one.item.plain:
        return None
    *item, columns, (_, *lines) = one.item
    asked = tuple(one.wording), one.asks, one.line, one.asked, one.end, one.stop, one.category, one.lines
    return item, columns, lines, *asked


def unpacked(plainly: Plainly, packed: Sequence[Any]) -> Listed:
    """Return the question that was packed, in the document with these plain blocks."""
    item, columns, lines, worded, asks, line, asked, end, stop, category, count = packed
    block = _new(Block, (*item, columns, (plainly.margin(columns), *lines)))
    return Listed(block, _new(Wording, worded), asks, line, asked, end, stop, -1, category, count)


def forget_where_many() -> None:
    """Forget what texts of a document say where they are more than are known when it is read again."""
    if _said.cache_info().currsize == _AGAIN:
        _said.cache_clear()


def listed(document: Document, item: Block) -> Listed | None:
    """Find the question that an item begins with."""
    first = item.first
    if first is None or first.kind not in ("paragraph", "heading"):
        return None
    if first.kind == "heading":
        said = _said(first.text, heading=True)
        return _asked_at(item, said, first.line, first.end) if said.wording.text else None
    said = _said(first.text)
    if said.behind:
        end = document.text.find(said.behind, document.lines.starts[first.line - 1], document.line_end(first.line))
        if end > 0:
            return _asked_at(item, said, first.line, end)
        said = _said(first.text, whole=True)
    end = document.line_end(first.line + said.lines - 1)
    return _asked_at(item, said, first.line, end) if said.wording.text else None


class _Said(NamedTuple):
    """What a paragraph says in its first lines, whether that `asks`, and what stands `behind` it on the same line."""

    wording: Wording
    asks: bool
    lines: int
    behind: str = ""


@lru_cache(maxsize=_AGAIN)  # a document is read again, with answers in it, for the proof that it reads as before
def _said(text: str, *, whole: bool = False, heading: bool = False) -> _Said:
    """Take a paragraph apart; `whole` leaves its first line whole, and of a heading all counts."""
    if heading:
        found = wording(text)
        return _Said(found, is_question(found.text), 1)
    lines = (BOX.sub("", text) if text.startswith("[") else text).split("\n")
    if not whole and len(split := _on_one_line(lines[0])) > 1:
        found = wording(split[0])
        return _Said(found, is_question(found.text), 1, split[1])
    count = _asked_in(lines)
    found = wording("\n".join(lines[:count]))
    return _Said(found, is_question(found.text), count)


def _asked_at(item: Block, said: _Said, line: int, end: int) -> Listed:
    return Listed(item, said.wording, said.asks, line, end, end, max(end, item.end))


def _on_one_line(line: str) -> list[str]:
    """Return question and answer where both stand on one line: `**What is x?** It is y.`, `What is x? Answer: y`."""
    match = _BOLD_QUESTION.match(line) if line.startswith(("**", "__")) else None
    if match and (match["mark"] in "?？" or asks_outright(match["question"])):
        return [line[: match.end()].rstrip(" \t:：–—-"), line[match.end() :]]
    folded = line.casefold()
    match = _ANSWER_BEHIND.search(line) if "ans" in folded or "solution" in folded else None
    return [line[: match.end()], line[match.end() :]] if match else [line]


def entry_of(document: Document, question: Listed) -> Entry:
    """Return the entry that a question becomes."""
    item, found = question.item, question.wording
    end = question.below[-1].end if question.below else question.stop
    if question.end == end and item.plain:
        body = empty_body(document, end, indent=item.indent)
    else:
        own, asked = (*question.own, *question.below), question.raw
        body = read_body(document, question.end, end, own, indent=item.indent, inside=question.stop, asked=asked)
    if question.above and body.slot is not None and body.slot.lead.startswith("\n\n"):
        # Below the questions in it: without a label its answer would go on with the last of theirs, or their list.
        body = body._replace(slot=body.slot._replace(lead=f"{body.slot.lead}**Answer:** ", shape="inline"))
    parts = f"{question.raw}\n\n{question.parts}" if question.parts else question.raw
    return Entry(
        with_material(parts, body),
        question.line,
        question.below[-1].last if question.below else question.line + max(question.lines, 1) - 1,
        body,
        item.number or found.number,
        body.category or question.category,
        found.difficulty or body.difficulty,
        found.marks,
        (item.start, question.asked),
    )


def _asked_in(lines: Sequence[str]) -> int:
    """How many of a paragraph's lines ask: those after the last question mark answer, unless they ask for more."""
    if len(lines) == 1:
        return 1
    end = next((n for n, line in enumerate(lines) if n and _ends_question(lines[n - 1], line)), len(lines))
    lines = lines[:end]
    marked = [n for n, line in enumerate(lines, 1) if asks(line)]
    count = marked[-1] if marked else len(lines)
    while count < len(lines) and is_question(lines[count]):
        count += 1
    return count


def _ends_question(before: str, line: str) -> bool:
    """Say whether the question is over after a line: it was bold as a whole, or a place for an answer follows."""
    return bold(before) is not None or starts_with_label(line) or bool(EMPTY_BULLET.fullmatch(line.strip()))
