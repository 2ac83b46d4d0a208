"""What follows a question, taken apart into pieces, and which of them are asides rather than an answer.

    **Hint:** Think of ensembles.          an aside
    Units are dropped at random …          a piece that may be the answer
    Source: Srivastava et al. 2014         an aside
    [Back to top](#top)                    shows nothing of the answer either

A piece is a block, or a line where the block is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from dlgrade.banks.block import CODE_INDENT, Block, Excerpt
from dlgrade.banks.blocks import Document
from dlgrade.banks.labels import ASIDE, DETAILS, SUMMARY, is_pointer
from dlgrade.banks.paged import match_in, search_in
from dlgrade.banks.wording import is_void, spaced

_ANY_TAG = re.compile(r"<[^<>]{1,300}>")
_COMMENT_BEHIND = re.compile(r"(?<=[^\s>])[ \t]*(?P<comment><!--(?:(?!-->).){0,300}-->)[ \t]*\Z")


# ── pieces ───────────────────────────────────────────────────────────────────────────────────


class Piece(NamedTuple):
    """A block of a body, or a line where a block is a paragraph: `text[start:end]`, from its first visible sign.

    `block` is the offset of the block and `list` that of the outermost list that it stands in, `level` a
    heading's, `margin` what its lines begin with. `labelled` is what stands behind a label on its line.
    """

    kind: str
    line: int
    start: int
    end: int
    block: int
    list: int | None = None
    level: int = 0
    margin: str = ""
    text: str = ""
    labelled: bool = False
    blocks: tuple[Block, ...] = ()


def pieces_in(
    document: Document, blocks: Iterable[Block], start: int, end: int, outer: int | None = None
) -> list[Piece]:
    """Take apart what stands after `start`."""
    found: list[Piece] = []
    todo = list(blocks)
    index = 0
    while index < len(todo):
        block = todo[index]
        index += 1
        if block.kind == "paragraph":
            found += _paragraph(document, block, start, outer)
        elif block.kind == "list":
            for item in block.children:
                within = block.start if outer is None else outer
                inner = pieces_in(document, item.children, start, end, within)
                found += inner or [_piece(document, item, within)]
        elif block.end > start:
            count = _collapsed(document, todo, index - 1, end)
            piece = _piece(document, block, outer)
            if count:
                inside = tuple(todo[index - 1 : index - 1 + count])
                piece = piece._replace(kind="details", end=inside[-1].end, blocks=inside)
                index += count - 1
            found.append(piece)
    return found


def _paragraph(document: Document, block: Block, start: int, outer: int | None) -> Iterator[Piece]:
    for number in range(block.line, block.last + 1):
        first, beyond = document.lines.starts[number - 1], document.lines.ends[number - 1]
        if first <= start < beyond and document.text[start:beyond].strip():
            first = start  # the question ends within the line
        if first >= start and beyond > start:
            start_of_line = visible(document, first, beyond)
            commented = document.text.find("<!--", start_of_line, beyond) >= 0  # few lines are, and many are long
            comment = search_in(_COMMENT_BEHIND, document.text, start_of_line, beyond) if commented else None
            end = comment.start() if comment else beyond
            yield Piece("line", number, start_of_line, end, block.start, outer)
            if comment:
                yield Piece("line", number, comment.start("comment"), beyond, block.start, outer)


def _piece(document: Document, block: Block, outer: int | None) -> Piece:
    start = visible(document, block.start, block.end)
    return Piece(block.kind, block.line, start, block.end, block.start, outer, block.level, text=block.text)


def visible(document: Document, start: int, end: int) -> int:
    """Return where the first character that is no blank stands, `end` if there is none."""
    text = document.text[start:end]
    return start + len(text) - len(text.lstrip())


def _collapsed(document: Document, blocks: Sequence[Block], first: int, end: int) -> int:
    """Count the blocks that a `<details>` runs over, from its own on; 0 if this is none."""
    block = blocks[first]
    if block.kind != "html":
        return 0
    match = match_in(DETAILS, document.text, visible(document, block.start, block.end), end)
    if match is None:
        return 0
    last = next((i for i in range(first, len(blocks)) if blocks[i].end >= match.end()), len(blocks) - 1)
    clean = not document.text[match.end() : blocks[last].end].strip()
    return last - first + 1 if clean else 0


# ── asides ───────────────────────────────────────────────────────────────────────────────────


def asides_of(document: Document, pieces: Sequence[Piece]) -> list[str | None]:
    """Say of each piece what kind of aside it is, `void` if it shows nothing, None if it may be an answer."""
    found: list[str | None] = []
    titled: Piece | None = None  # the title of a part: the first block below it is the part's
    for _, below in groupby(pieces, key=lambda piece: (piece.list, piece.block if piece.list is None else 0)):
        group = list(below)
        if titled and group[0].kind != "heading":
            found += ["source"] * len(group)
        else:
            for _, lines in groupby(group, key=lambda piece: piece.block):
                found += _asides_in(document, list(lines))
        titled = group[-1] if found[-1] in ("part", "source") and _is_title(document, group[-1]) else None
    return found


def _asides_in(document: Document, lines: Sequence[Piece]) -> list[str | None]:
    """Say it of the lines of one block."""
    if lines[0].kind in ("line", "html") and is_void(document.text[lines[0].start : lines[-1].end]):
        return ["void"] * len(lines)
    found: list[str | None] = []
    for piece in lines:
        found.append("source" if found and found[-1] in ("source", "part") else _aside(document, piece))
    return found


def _is_title(document: Document, piece: Piece) -> bool:
    text = document.text[piece.start : piece.end]
    match = ASIDE.match(text)
    return piece.kind == "heading" or (match is not None and not text[match.end() :].strip(" \t*_"))


def _aside(document: Document, piece: Piece) -> str | None:
    if piece.kind in ("line", "html") and is_void(document.text[piece.start : piece.end]):
        return "void"
    if piece.kind in ("line", "html") and _points(document.text[piece.start : piece.end], piece):
        return "source"
    if piece.kind == "details" and (details := match_in(DETAILS, document.text, piece.start, piece.end)):
        summary = SUMMARY.search(details["summary"] or "")
        return "source" if summary and not summary["answer"] else None
    if piece.kind not in ("line", "heading") or piece.labelled:
        return None
    text = f"# {piece.text}" if piece.kind == "heading" else document.text[piece.start : piece.end]
    match = ASIDE.match(text)
    if match is None or not (match["colon"] or any(sign in match["mark"] for sign in "#*_")):
        return None
    return next(kind for kind in ("data", "source", "part") if match[kind] is not None)


def _points(text: str, piece: Piece) -> bool:
    """Say whether a piece only leads somewhere else; behind a label also that is what somebody answered."""
    return not piece.labelled and is_pointer(spaced(_ANY_TAG.sub(" ", text)) if piece.kind == "html" else text)


def core(
    pieces: Sequence[Piece], asides: Sequence[str | None], *, bulleted: bool = False, opened: bool = False
) -> tuple[int, int]:
    """Return the first and after the last of the pieces that are no asides around the others, as `asides_of` has them.

    `opened` says that something stands before them already, and `bulleted` that a list's item does: then other
    items of the list are asides by themselves, else only all that it ends with up from its first.
    """
    first = 0
    if not opened:
        first = next((i for i, aside in enumerate(asides) if aside is None), len(pieces))
    beyond = next((i for i in range(first, len(pieces)) if asides[i] == "part"), len(pieces))
    if opened:
        first = next((i for i in range(beyond) if asides[i] is None), beyond)
    stop = beyond
    while stop > first and asides[stop - 1] is not None:
        stop -= 1
    if not bulleted and first < stop < beyond and _one_list(pieces[stop - 1], pieces[stop]):
        while stop < beyond and _one_list(pieces[stop - 1], pieces[stop]):
            stop += 1
    return first, stop


def _one_list(one: Piece, other: Piece) -> bool:
    return one.list is not None and one.list == other.list


# ── their text ─────────────────────────────────────────────────────────────────────────────────


def said(document: Document, first: Piece, end: int) -> str:
    """Return what stands from a piece on, without the margin; code at its beginning keeps its indentation."""
    return excerpt(document, first, end).text


def excerpt(document: Document, first: Piece, end: int) -> Excerpt:
    """The same, to be cut out of the document when somebody asks for it."""
    line = document.lines.starts[first.line - 1]
    begins = not document.text[line : first.start].strip()
    return Excerpt(document.text, line if begins else first.start, end, len(first.margin), begins)


def margin_at(document: Document, piece: Piece, columns: int) -> str:
    """Return the margin of what stands so many columns right of a piece's beginning."""
    before = document.text[document.lines[piece.line - 1][0] : piece.start]
    return " " * (len(before.expandtabs(CODE_INDENT)) + columns)
