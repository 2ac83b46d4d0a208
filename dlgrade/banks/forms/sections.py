"""What the Markdown forms share: section headings as categories, and where the questions' part ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dlgrade.banks.blocks import Block, Document
from dlgrade.banks.wording import plain, spaced, squash

_BACK_TO_TOP = re.compile(
    r"\W*back\s+to\s+(?:the\s+)?(?:top|toc|contents|table of contents)\b.{0,80}", re.IGNORECASE | re.DOTALL
)


# Compared with the squashed heading.
_CONTENTS = re.compile(r"tableof(?:contents?|questions)|contents?|toc|目录|目錄|目次|оглавление|содержание")


class Sections:
    """The headings that open sections, walked through in document order.

    The document's title is no category: it is the first heading, and no other stands as high. Nor is its table of
    contents, which only ends the section before it if it stands as high.
    """

    def __init__(self, headings: Iterable[Block]) -> None:
        found = list(headings)
        first = found[0] if found else None
        alone = first is not None and all(other.level > first.level for other in found[1:])
        self._title = first if alone else None
        self.current: str | None = None
        self._level = 0

    def enter(self, heading: Block) -> None:
        """Go on to the section that the heading opens."""
        contents = bool(_CONTENTS.fullmatch(squash(heading.text)))
        if contents and heading.level > self._level:
            return
        self._level = heading.level
        self.current = None if contents or heading is self._title else spaced(plain(heading.text)) or None


def ends_bank(block: Block) -> bool:
    """Say whether an entry ends before this block, whatever follows: a rule, or a link back to the top."""
    return block.kind == "rule" or (block.kind == "paragraph" and bool(_BACK_TO_TOP.fullmatch(block.text)))


def last_inside(blocks: Sequence[Block], first: int, beyond: int) -> int:
    """Return the index after the last block of an entry whose blocks begin at `first` and end before `beyond`."""
    stop = next((index for index in range(first, beyond) if ends_bank(blocks[index])), beyond)
    if stop == len(blocks):  # links for the whole document are gathered at its end
        while stop > first and blocks[stop - 1].kind == "definition":
            stop -= 1
    return stop


def explained(document: Document, lines: int) -> float:
    """Return the part of the document's lines that a reading explains, from 0 to 1."""
    total = sum(block.last - block.line + 1 for block in document.blocks if block.kind != "rule")
    return min(1.0, lines / total) if total else 0.0
