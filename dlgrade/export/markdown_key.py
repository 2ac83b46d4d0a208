"""An answer key as Markdown.

# Answer key

## Fundamentals

### 1. What is dropout?

A dropout layer …

## Without a reference

- `general:4` How do you …
"""

from __future__ import annotations

from collections.abc import Iterator

from dlgrade.banks.blocks import Document
from dlgrade.banks.wording import spaced
from dlgrade.export.key import Entry, Key

_BELOW = 4
"""The level of a reference's highest headings: below `### 1. What is dropout?`."""


def write(key: Key) -> str:
    """The key as one document, each category a chapter, what is missing listed at the end."""
    return "\n".join(_lines(key)).rstrip("\n") + "\n"


def _lines(key: Key) -> Iterator[str]:
    answered = len(key.entries) - len(key.missing)
    yield f"# Answer key: {', '.join(key.banks)}"
    yield ""
    yield f"{_count(len(key.entries), 'question')}, {answered} with a reference."
    yield ""
    for category, entries in key.by_category().items():
        yield f"## {category or 'Questions'}"
        yield ""
        for entry in entries:
            yield from _entry(entry, several=len(key.banks) > 1)
    if key.missing:
        yield "## Without a reference"
        yield ""
        yield from (f"- `{question.id}` {question.wording}" for question in key.missing)


def _entry(entry: Entry, *, several: bool) -> Iterator[str]:
    question = entry.question
    yield f"### {question.id if several else question.position}. {question.wording}"
    yield ""
    if question.material:
        yield _below_chapter(question.material)
        yield ""
    if question.difficulty:
        yield f"*{question.difficulty}*"
        yield ""
    yield _below_chapter(entry.reference or "")
    yield ""


def _below_chapter(reference: str) -> str:
    """The reference with its own headings below the question's, code left alone; a part stays below its whole."""
    headings = [block for block in Document(reference).blocks if block.kind == "heading"]
    deeper = max(0, _BELOW - min((heading.level for heading in headings), default=_BELOW))
    parts, done = [], 0
    for heading in headings if deeper else []:
        marks, title = "#" * min(heading.level + deeper, 6), spaced(heading.text)
        parts += [reference[done : heading.start], f"{marks} {title}".rstrip()]
        done = heading.end
    return "".join([*parts, reference[done:]])


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
