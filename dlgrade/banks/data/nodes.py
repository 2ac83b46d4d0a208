"""Data as a tree of nodes, each with its place in the untouched source; JSON, YAML and the rows of a CSV alike.

{"question": "What is dropout?", "answer": null}        a mapping with two members, a text and a null
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dlgrade.banks.blocks import Document

DEPTH = 100
"""How deep data may be nested: no bank is deeper, and what walks through them may call itself."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value: `source[start:end]`; a scalar says `text`, which stands at `inner` where it stands there as it is.

    `flow` says that a list or mapping stands in brackets; in JSON all do.
    """

    kind: Literal["text", "number", "truth", "null", "list", "mapping"]
    start: int
    end: int
    text: str = ""
    inner: tuple[int, int] | None = None
    items: tuple[Node, ...] = ()
    members: tuple[tuple[Node, Node], ...] = ()
    flow: bool = True

    def __iter__(self) -> Iterator[Node]:
        """Give the items of a list, or the values of a mapping."""
        yield from self.items
        yield from (value for _, value in self.members)

    @property
    def says(self) -> bool:
        """Whether it is a text and not blank."""
        return self.kind == "text" and bool(self.text.strip())


class Lines:
    """The lines of a document, found by offset."""

    def __init__(self, document: Document) -> None:
        self._starts = array("q", [start for start, _ in document.lines])  # a fifth of what the list holds

    def at(self, offset: int) -> int:
        """Return the line, counted from 1, that an offset stands in."""
        return max(bisect_right(self._starts, offset), 1)


def sayable(text: str) -> str:
    """Return a text that an escape may have put halves of characters into, without them."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
