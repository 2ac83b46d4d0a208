"""An answer key as Markdown.

# Answer key

## Fundamentals

### 1. What is dropout?

A dropout layer …

## Without a reference

- `general:4` How do you …

A text stands there as its document has it, but for what would swallow the questions after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import indent

from dlgrade.banks.blocks import Document
from dlgrade.banks.fitting import enclosed
from dlgrade.banks.wording import spaced
from dlgrade.export.key import Entry, Key, asides, counted
from dlgrade.models import Rubric

_BELOW = 4
"""The level of a reference's highest headings: below `### 1. What is dropout?`."""


def write(key: Key) -> bytes:
    """The key as one document, each category a chapter, what is missing listed at the end."""
    return ("\n".join(_lines(key)).rstrip("\n") + "\n").encode("utf-8", "replace")


def _lines(key: Key) -> Iterator[str]:
    yield f"# {key.title}"
    yield ""
    yield counted(key)
    yield ""
    for category, entries in key.by_category().items():
        yield f"## {' '.join((category or 'Questions').split())}"
        yield ""
        for entry in entries:
            yield from _entry(key, entry)
    if key.missing:
        yield "## Without a reference"
        yield ""
        for question in key.missing:
            yield f"- `{question.id}` {question.wording}"
            if question.material:
                yield f"\n{indent(enclosed(question.material), '  ')}\n"


def _entry(key: Key, entry: Entry) -> Iterator[str]:
    question = entry.question
    yield f"### {key.label(entry)}. {question.wording}"
    yield ""
    if question.material:
        yield _below_chapter(enclosed(question.material))
        yield ""
    if aside := " · ".join(asides(entry)):
        yield f"*{aside}*"
        yield ""
    if key.student:
        yield "**Answer:**"
        yield ""
    else:
        yield _below_chapter(enclosed(entry.reference or ""))
        yield ""
    if entry.scheme:
        yield from _scheme(entry.scheme)


def _scheme(rubric: Rubric) -> Iterator[str]:
    yield f"**Rubric** ({rubric.max_score:g} points)"
    yield ""
    for criterion in rubric.criteria:
        half = f" Half: {criterion.partial}" if criterion.partial else ""
        yield f"- {criterion.points:g}: {criterion.expects}{half}"
    for misconception in rubric.misconceptions:
        yield f"- −{misconception.costs:g}: claims that: {misconception.claims}"
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
