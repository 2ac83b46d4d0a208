"""How the answer is found in what follows a question, and where one would go.

A body and what it says:

    **Answer:** _[To be filled]_        no answer; one goes in the placeholder's place
    **Answer:** Units are dropped.      the answer, without its label
    Units are dropped.                  the answer
                                        no answer; one goes below the question

What stands before the label belongs to the question, and what is told apart by a name of its own is no
answer: such an aside, as well as a placeholder, is never more than the lines or the block that it fills.

    **Hint:** Think of ensembles.
    **Answer:** _[To be filled]_
    Source: Srivastava et al. 2014
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from dlgrade.banks.blocks import Block, Document
from dlgrade.banks.entries import Body
from dlgrade.banks.labels import ASIDE, DETAILS, LABEL, SUMMARY, without_label
from dlgrade.banks.wording import is_placeholder, is_void
from dlgrade.models import Slot

EMPTY_BULLET = re.compile(r"[-*+][ \t]*")
"""A line that holds a list's mark and nothing else."""

_COMMENT_BEHIND = re.compile(r"(?<=[^\s>])[ \t]*(?P<comment><!--(?:(?!-->).){0,300}-->)[ \t]*\Z")
_LINE_BREAK = re.compile(r"(?<=\n)")
_CODE_INDENT = 4  # so many columns make code, fewer mean nothing


def without_asides(answer: str) -> str:
    """Return an answer as it reads where it stands in a document: without sources, hints and their like around it."""
    document = Document(answer)
    pieces = _pieces(document, document.blocks, -1, len(answer))
    first, beyond = _core(document, pieces)
    return _said(document, pieces[first], pieces[beyond - 1].end) if first < beyond else ""


def read_body(
    document: Document, start: int, end: int, blocks: Iterable[Block], *, indent: int = 0, inside: int | None = None
) -> Body:
    """Find the answer in `text[start:end]`, where a question ends and its entry ends; `blocks` are those in it.

    Every line up to `inside` stands `indent` columns from the left, as it does in a list item.
    """
    margin = " " * indent
    inside = end if inside is None else inside
    pieces = [
        replace(piece, margin=margin) if piece.start < inside else piece
        for piece in _pieces(document, blocks, start, end)
    ]
    label = _label(document, pieces)
    if label is None:
        return _unlabelled(document, pieces, start, margin)
    if pieces[label.at].kind == "details":
        return _in_details(document, pieces[label.at])
    return _labelled(document, pieces, label)


def trail_after(document: Document, end: int) -> str:
    """Keep the next line from running into the answer: a `---` right below would make it a heading."""
    rest = document.text[end : end + 2]
    newline = len(rest) - len(rest.removeprefix("\r").removeprefix("\n"))
    after = end + newline
    return "" if document.text[after : after + 1] in ("", "\n", "\r") else "\n"


# ── pieces ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Piece:
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


def _pieces(
    document: Document, blocks: Iterable[Block], start: int, end: int, outer: int | None = None
) -> list[_Piece]:
    """Take apart what stands after `start`."""
    found: list[_Piece] = []
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
                inner = _pieces(document, item.children, start, end, within)
                found += inner or [_piece(document, item, within)]
        elif block.end > start:
            count = _collapsed(document, todo, index - 1, end)
            piece = _piece(document, block, outer)
            if count:
                inside = tuple(todo[index - 1 : index - 1 + count])
                piece = replace(piece, kind="details", end=inside[-1].end, blocks=inside)
                index += count - 1
            found.append(piece)
    return found


def _paragraph(document: Document, block: Block, start: int, outer: int | None) -> Iterator[_Piece]:
    for number in range(block.line, block.last + 1):
        first, beyond = document.lines[number - 1]
        if first > start:
            comment = _COMMENT_BEHIND.search(document.text, _visible(document, first, beyond), beyond)
            end = comment.start() if comment else beyond
            yield _Piece("line", number, _visible(document, first, beyond), end, block.start, outer)
            if comment:
                yield _Piece("line", number, comment.start("comment"), beyond, block.start, outer)


def _piece(document: Document, block: Block, outer: int | None) -> _Piece:
    start = _visible(document, block.start, block.end)
    return _Piece(block.kind, block.line, start, block.end, block.start, outer, block.level, text=block.text)


def _visible(document: Document, start: int, end: int) -> int:
    """Return where the first character that is no blank stands, `end` if there is none."""
    text = document.text[start:end]
    return start + len(text) - len(text.lstrip())


def _collapsed(document: Document, blocks: Sequence[Block], first: int, end: int) -> int:
    """Count the blocks that a `<details>` runs over, from its own on; 0 if this is none."""
    block = blocks[first]
    if block.kind != "html":
        return 0
    match = DETAILS.match(document.text, _visible(document, block.start, block.end), end)
    if match is None:
        return 0
    last = next((i for i in range(first, len(blocks)) if blocks[i].end >= match.end()), len(blocks) - 1)
    clean = not document.text[match.end() : blocks[last].end].strip()
    return last - first + 1 if clean else 0


# ── asides ───────────────────────────────────────────────────────────────────────────────────


def _asides(document: Document, pieces: Sequence[_Piece]) -> list[str | None]:
    """Say of each piece what kind of aside it is, `void` if it shows nothing, None if it may be an answer."""
    found: list[str | None] = []
    titled: _Piece | None = None  # the title of a part: the first block below it is the part's
    for _, below in groupby(pieces, key=lambda piece: (piece.list, piece.block if piece.list is None else 0)):
        group = list(below)
        if titled and group[0].kind != "heading":
            found += ["source"] * len(group)
        else:
            for _, lines in groupby(group, key=lambda piece: piece.block):
                found += _asides_in(document, list(lines))
        titled = group[-1] if found[-1] == "part" and _is_title(document, group[-1]) else None
    return found


def _asides_in(document: Document, lines: Sequence[_Piece]) -> list[str | None]:
    """Say it of the lines of one block."""
    if lines[0].kind in ("line", "html") and is_void(document.text[lines[0].start : lines[-1].end]):
        return ["void"] * len(lines)
    found: list[str | None] = []
    for piece in lines:
        found.append("source" if found and found[-1] in ("source", "part") else _aside(document, piece))
    return found


def _is_title(document: Document, piece: _Piece) -> bool:
    text = document.text[piece.start : piece.end]
    match = ASIDE.match(text)
    return piece.kind == "heading" or (match is not None and not text[match.end() :].strip(" \t*_"))


def _aside(document: Document, piece: _Piece) -> str | None:
    if piece.kind in ("line", "html") and is_void(document.text[piece.start : piece.end]):
        return "void"
    if piece.kind == "details" and (details := DETAILS.match(document.text, piece.start, piece.end)):
        summary = SUMMARY.search(details["summary"] or "")
        return "source" if summary and not summary["answer"] else None
    if piece.kind not in ("line", "heading") or piece.labelled:
        return None
    text = f"# {piece.text}" if piece.kind == "heading" else document.text[piece.start : piece.end]
    match = ASIDE.match(text)
    if match is None or not (match["colon"] or any(sign in match["mark"] for sign in "#*_")):
        return None
    return next(kind for kind in ("data", "source", "part") if match[kind] is not None)


def _core(
    document: Document, pieces: Sequence[_Piece], *, bulleted: bool = False, opened: bool = False
) -> tuple[int, int]:
    """Return the first and after the last of the pieces that are no asides around the others.

    `opened` says that something stands before them already, and `bulleted` that a list's item does: then other
    items of the list are asides by themselves, else only all that it ends with up from its first.
    """
    asides = _asides(document, pieces)
    first = 0
    if not opened:
        first = next((i for i, aside in enumerate(asides) if aside is None), len(pieces))
    beyond = next((i for i in range(first, len(pieces)) if asides[i] == "part"), len(pieces))
    if opened:
        first = next((i for i in range(beyond) if asides[i] is None), beyond)
    stop = beyond
    while stop > first and asides[stop - 1] is not None:
        stop -= 1
    while first < stop < beyond and asides[stop] == "void":
        stop += 1
    if not bulleted and first < stop < beyond and _one_list(pieces[stop - 1], pieces[stop]):
        while stop < beyond and _one_list(pieces[stop - 1], pieces[stop]):
            stop += 1
    return first, stop


def _one_list(one: _Piece, other: _Piece) -> bool:
    return one.list is not None and one.list == other.list


# ── the answer ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Label:
    """A label that stands at the beginning of piece `at` and ends at `end`."""

    at: int
    end: int
    bullet: str = ""


def _labelled(document: Document, pieces: Sequence[_Piece], label: _Label) -> Body:
    head = pieces[label.at]
    rest = pieces[label.at + 1 :]
    if head.kind == "heading":
        rest = rest[: next((i for i, piece in enumerate(rest) if 0 < piece.level <= head.level), len(rest))]
    margin = _margin_at(document, head, len(label.bullet)) if label.bullet else head.margin
    rest = [replace(piece, margin=margin) if label.bullet else piece for piece in rest]
    value = _visible(document, label.end, head.end)
    if value < head.end:
        rest = [replace(head, start=value, margin=margin, labelled=True), *rest]
    first, beyond = _core(document, rest, bulleted=bool(label.bullet))
    if first == beyond:
        shows_nothing = takewhile(lambda piece: piece.block == head.block, rest if value < head.end else [])
        last = max((piece.end for piece in shows_nothing), default=head.end)
        below = head.kind == "heading" or value < head.end
        inline = _inline(document, label.end, head.end, head.end, margin)
        return Body(None, _below(document, last, margin) if below else inline)
    answer, filled = _told(document, rest, first, beyond, bulleted=bool(label.bullet))
    if answer is not None:
        return Body(answer, None)
    if rest[first].labelled:
        return Body(None, _inline(document, label.end, value, filled, margin))
    return Body(None, _in_place(document, rest[first], filled))


def _unlabelled(document: Document, pieces: Sequence[_Piece], start: int, margin: str) -> Body:
    first, beyond = _core(document, pieces)
    if first == beyond:
        asides = _asides(document, pieces)
        above = [piece for piece, aside in zip(pieces, asides, strict=True) if aside != "void"]
        if not above:
            return Body(None, _below(document, start, margin))
        return Body(None, _below(document, above[-1].end, above[-1].margin))
    if beyond - first == 1 and pieces[first].kind == "details":
        return _in_details(document, pieces[first])
    answer, filled = _told(document, pieces, first, beyond)
    if answer is not None:
        return Body(answer, None)
    slot = _in_place(document, pieces[first], filled)
    if margin and not pieces[first].margin and all(piece.margin for piece in pieces[:first]):
        slot = slot.model_copy(update={"lead": margin, "indent": margin})  # below a list's item; see `filling`
    return Body(None, slot)


def _label(document: Document, pieces: Sequence[_Piece]) -> _Label | None:
    """Find the first label; after prose only one that says `Answer`: every answer may come to a solution."""
    asides = _asides(document, pieces)
    prose = False
    for at, piece in enumerate(pieces):
        found = _label_at(document, at, piece)
        if found and (found[1] or not prose):
            return found[0]
        prose = prose or (piece.kind not in ("fence", "code", "html", "table", "heading") and asides[at] is None)
    return None


def _label_at(document: Document, at: int, piece: _Piece) -> tuple[_Label, bool] | None:
    """Return the label that a piece begins with, and whether it says that an answer follows."""
    if piece.kind == "details":
        details = DETAILS.match(document.text, piece.start, piece.end)
        summary = SUMMARY.search(details["summary"] or "") if details else None
        return (_Label(at, piece.end), True) if summary and summary["answer"] and at else None
    if piece.kind == "heading":
        match = LABEL.match(f"# {piece.text.strip()}")
        return (_Label(at, piece.end), bool(match["answer"])) if match else None
    if piece.kind != "line":
        return None
    match = LABEL.match(document.text, piece.start, piece.end)
    if match is None or (match["bullet"] and piece.list is None):
        return None
    return _Label(at, match.end(), match["bullet"] or ""), bool(match["bold"] or match["bare"])


def _told(
    document: Document, pieces: Sequence[_Piece], first: int, beyond: int, *, bulleted: bool = False
) -> tuple[str | None, int]:
    """Return the answer; None where a placeholder stands for it, with the offset of the placeholder's end."""
    after = first
    while after < beyond and (count := _placeholder(document, pieces[after:beyond])):
        after += count
    if after == first:
        return _said(document, pieces[first], pieces[beyond - 1].end), 0
    rest = pieces[after:]
    start, stop = _core(document, rest, bulleted=bulleted, opened=True)
    if start < stop:
        return _said(document, rest[start], rest[stop - 1].end), 0
    return None, pieces[after - 1].end


def _placeholder(document: Document, pieces: Sequence[_Piece]) -> int:
    """Count the pieces that are a placeholder together, a paragraph's lines or the first of them; 0 if none is."""
    block = next((i for i, piece in enumerate(pieces) if piece.block != pieces[0].block), len(pieces))
    for count in (block, 1):
        text = document.text[pieces[0].start : pieces[count - 1].end]
        if is_placeholder(text) and not is_void(text):
            return count
    return 0


def _in_details(document: Document, piece: _Piece) -> Body:
    details = DETAILS.match(document.text, piece.start, piece.end)
    if details is None:  # it is one because it matched
        raise AssertionError
    start, end, margin = details.start("inner"), details.end("inner"), piece.margin
    if is_placeholder(details["inner"]):
        return Body(None, Slot(start=start, end=end, lead=f"\n\n{margin}", trail=f"\n\n{margin}", indent=margin))
    blocks = [block for block in piece.blocks if block.start >= start and block.end <= end]
    first = _visible(document, start, end)
    if blocks and blocks[0].start <= first and not document.text[blocks[-1].end : end].strip():
        return read_body(document, start, end, blocks, indent=len(margin))
    text = document.text[first:end].rstrip()
    line = piece.line + len(re.findall(r"\r\n|\r|\n", document.text[piece.start : first]))
    whole = _Piece("html", line, first, first + len(text), first, margin=margin)
    return Body(without_label(_said(document, whole, whole.end)), None)


# ── its place ────────────────────────────────────────────────────────────────────────────────


def _in_place(document: Document, first: _Piece, end: int) -> Slot:
    """Return the placeholder's place; the mark of a list's empty item stays, see `filling`."""
    if EMPTY_BULLET.fullmatch(document.text, first.start, first.end):
        indent = _margin_at(document, first, len("- "))
        lead = f"{document.text[first.start]} "
        return Slot(start=first.start, end=end, lead=lead, trail=trail_after(document, end), indent=indent)
    return Slot(start=first.start, end=end, trail=trail_after(document, end), indent=first.margin)


def _inline(document: Document, label_end: int, value: int, end: int, margin: str) -> Slot:
    lead = document.text[label_end:value] or " "
    return Slot(start=label_end, end=end, lead=lead, trail=trail_after(document, end), indent=margin, shape="inline")


def _below(document: Document, start: int, margin: str) -> Slot:
    return Slot(start=start, end=start, lead=f"\n\n{margin}", trail=trail_after(document, start), indent=margin)


# ── its text ─────────────────────────────────────────────────────────────────────────────────


def _said(document: Document, first: _Piece, end: int) -> str:
    """Return what stands from a piece on, without the margin; code at its beginning keeps its indentation."""
    line = document.lines[first.line - 1][0]
    begins = not document.text[line : first.start].strip()
    text = document.text[line if begins else first.start : end]
    return _undented(text, len(first.margin), begins=begins).rstrip()


def _undented(text: str, margin: int, *, begins: bool) -> str:
    """Take the margin off the lines that have it, up to the first that stands further left.

    Where the text `begins` with a whole line, up to three columns more or less are the margin too.
    """
    if begins:
        own = _indentation(text)
        margin = own if own < margin + _CODE_INDENT else margin
    if not margin:
        return text
    lines = _LINE_BREAK.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    for number, line in enumerate(lines):
        if number == 0 and not begins:
            continue
        columns = _indentation(line)
        if columns >= margin:
            lines[number] = " " * (columns - margin) + line.lstrip(" \t")
        elif line.strip():
            break
    return "".join(lines)


def _margin_at(document: Document, piece: _Piece, columns: int) -> str:
    """Return the margin of what stands so many columns right of a piece's beginning."""
    before = document.text[document.lines[piece.line - 1][0] : piece.start]
    return " " * (len(before.expandtabs(_CODE_INDENT)) + columns)


def _indentation(line: str) -> int:
    bare = line.lstrip(" \t")
    return len(line[: len(line) - len(bare)].expandtabs(_CODE_INDENT))
