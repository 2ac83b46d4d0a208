"""Questions that are the items of a numbered list.

    1. What is dropout?
    2) Explain early stopping.

       Training stops when the validation loss …

What stands in an item below its question is the answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from dlgrade.banks.blocks import Block, Document
from dlgrade.banks.entries import Entry, Reading, read_body, starts_with_label
from dlgrade.banks.forms.sections import Sections, explained
from dlgrade.banks.wording import bold, is_question, plain

FORM = "lists"

_SURE = 0.9


def read(document: Document) -> Reading | None:
    """Read the items of every numbered list in which most items ask."""
    sections = Sections(block for block in document.blocks if block.kind == "heading")
    entries: list[Entry] = []
    lines = asking = 0
    for block in document.blocks:
        if block.kind == "heading":
            sections.enter(block)
        found = list(_entries(document, block, sections.current)) if block.kind == "list" else []
        score = sum(is_question(entry.raw) for entry in found)
        if found and score * 2 >= len(found):
            entries += found
            asking += score
            lines += block.last - block.line + 1
    if not entries:
        return None
    return Reading(FORM, tuple(entries), _SURE * asking / len(entries) * explained(document, lines))


def _entries(document: Document, block: Block, category: str | None) -> Iterator[Entry]:
    for item in block.children:
        if item.number and item.children and item.children[0].kind == "paragraph":
            yield _entry(document, item, item.children[0], category)


def _entry(document: Document, item: Block, paragraph: Block, category: str | None) -> Entry:
    lines = paragraph.text.split("\n")
    count = next((n for n, line in enumerate(lines) if n and _ends_question(lines[n - 1], line)), len(lines))
    end = document.line_end(paragraph.line + count - 1)
    return Entry(
        raw=plain("\n".join(lines[:count])).strip(),
        line=paragraph.line,
        number=item.number,
        category=category,
        body=read_body(document, end, max(end, item.end), item.children, indent=item.indent),
    )


def _ends_question(before: str, line: str) -> bool:
    """Say whether the question is over after a line: it was bold as a whole, or an answer's label follows."""
    return bold(before) is not None or starts_with_label(line)
