"""Questions that are the items of a numbered list.

    1. What is dropout?
    2) Explain early stopping.

       Training stops when the validation loss …

What stands in an item below its question is the answer. So is what stands below the item, if the running
numbering goes on after it:

    1. What is dropout?

    Units are dropped at random …

    2. Explain early stopping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dlgrade.banks.blocks import Block, Document
from dlgrade.banks.body import EMPTY_BULLET, read_body
from dlgrade.banks.entries import Entry, Reading
from dlgrade.banks.forms.sections import Sections, ends_bank, explained
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.wording import asks, bold, is_question, plain
from dlgrade.models import Choices

FORM = "lists"

_SURE = 0.9


@dataclass(slots=True)
class _Question:
    """An item that is a question, which ends at `end`, and the blocks `below` the item that belong to it."""

    item: Block
    raw: str
    line: int
    end: int
    category: str | None = None
    lines: int = 0
    below: list[Block] = field(default_factory=list)


def read(document: Document, choices: Choices) -> Reading | None:
    """Read the items of every numbered list in which most items ask."""
    found = _questions(document)
    if not found:
        return None
    entries = tuple(_entry(document, question) for question in found)
    asking = sum(is_question(question.raw) for question in found)
    lines = sum(question.lines + sum(block.last - block.line + 1 for block in question.below) for question in found)
    return Reading(FORM, entries, _SURE * asking / len(entries) * explained(document, lines))


def _questions(document: Document) -> list[_Question]:
    """Walk through the document; what stands below a list's last item waits until it shows whose it is."""
    sections = Sections(block for block in document.blocks if block.kind == "heading")
    found: list[_Question] = []
    waiting: list[Block] = []
    opened = False
    apart = 0  # questions with blocks below their items that the numbering gave to them

    for block in document.blocks:
        is_section = block.kind == "heading" and not (opened and starts_with_label(f"# {plain(block.text)}"))
        if is_section or ends_bank(block):
            if opened and apart * 2 >= len(found) - 1 > 0:
                found[-1].below += waiting
            waiting, opened = [], False
            if is_section:
                sections.enter(block)
            continue
        inner, items = _parted(document, block, found[-1] if opened else None)
        if inner:
            waiting.append(inner)
        if items:
            if opened and _goes_on(found[-1].item, items[0].item):
                found[-1].below += waiting
                apart += bool(waiting)
            beyond = [*(after.item.line for after in items[1:]), block.last + 1]
            for question, line in zip(items, beyond, strict=True):
                question.category, question.lines = sections.current, line - question.item.line
            found += items
            waiting, opened = [], True
    while waiting and waiting[-1].kind == "definition":  # links for the whole document are gathered at its end
        waiting.pop()
    if opened and apart * 2 >= len(found) - 1 > 0:
        found[-1].below += waiting
    return found


def _parted(document: Document, block: Block, before: _Question | None) -> tuple[Block | None, list[_Question]]:
    """Return what of a block may belong to the question before it, and the questions that it holds.

    An answer's list and the next question's are one where nothing stands between: `1. Drop. 2. Scale. 2. Why?`
    """
    items = (
        [question for item in block.children if (question := _asked(document, item))] if block.kind == "list" else []
    )
    if before and len(items) == len(block.children):
        first = _first_after(before.item, items)
        if first and sum(asks(question.raw) for question in items[:first]) * 2 < first:
            inner = block.children[:first]
            return replace(block, children=inner, end=inner[-1].end, last=inner[-1].last), items[first:]
    if items and sum(is_question(question.raw) for question in items) * 2 >= len(items):
        return None, items
    return block, []


def _first_after(before: Block, items: Sequence[_Question]) -> int:
    """Return the index from which on a list runs on from an item's number to the list's end, 0 if it does not."""
    first = len(items)
    while first and (first == len(items) or _number(items[first].item) == _number(items[first - 1].item) + 1):
        first -= 1
    runs = range(first, len(items))
    wanted = _number(before) + 1
    return next((i for i in runs if _number(items[i].item) == wanted and is_question(items[i].raw)), 0)


def _goes_on(one: Block, other: Block) -> bool:
    """Say whether an item is the next of a running numbering; Markdown also lets all be the same."""
    return _number(other) - _number(one) in (0, 1)


def _number(item: Block) -> int:
    return int(item.number or 0)


def _asked(document: Document, item: Block) -> _Question | None:
    """Find the question that a numbered item begins with."""
    first = item.children[0] if item.number and item.children else None
    if first is None or first.kind not in ("paragraph", "heading"):
        return None
    if first.kind == "heading":
        raw = plain(first.text).strip()
        return _Question(item, raw, first.line, first.end) if raw else None
    lines = first.text.split("\n")
    count = next((n for n, line in enumerate(lines) if n and _ends_question(lines[n - 1], line)), len(lines))
    count = _asked_in(lines[:count])
    raw = plain("\n".join(lines[:count])).strip()
    return _Question(item, raw, first.line, document.line_end(first.line + count - 1))


def _entry(document: Document, question: _Question) -> Entry:
    item = question.item
    inside = max(question.end, item.end)
    end = question.below[-1].end if question.below else inside
    blocks = (*item.children, *question.below)
    return Entry(
        raw=question.raw,
        line=question.line,
        number=item.number,
        category=question.category,
        body=read_body(document, question.end, end, blocks, indent=item.indent, inside=inside),
    )


def _asked_in(lines: Sequence[str]) -> int:
    """How many of a paragraph's lines ask: those after the last question mark answer, unless they ask for more."""
    marked = [n for n, line in enumerate(lines, 1) if asks(line)]
    count = marked[-1] if marked else len(lines)
    while count < len(lines) and is_question(lines[count]):
        count += 1
    return count


def _ends_question(before: str, line: str) -> bool:
    """Say whether the question is over after a line: it was bold as a whole, or a place for an answer follows."""
    return bold(before) is not None or starts_with_label(line) or bool(EMPTY_BULLET.fullmatch(line.strip()))
