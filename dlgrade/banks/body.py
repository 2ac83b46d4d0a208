"""How the answer is found in what follows a question, and where one would go.

A body and what it says:

    **Answer:** _[To be filled]_        no answer; one goes in the placeholder's place
    **Answer:** Units are dropped.      the answer, without its label
    Units are dropped.                  the answer
                                        no answer; one goes below the question

What stands before the label belongs to the question, and so do code that it speaks of and the options of a
multiple choice. What is told apart by a name of its own is no answer: such an aside, as well as a placeholder, is
never more than the lines or the block that it fills.

    - A) 0.1
    - B) 0.5
    **Hint:** Think of ensembles.
    **Answer:** _[To be filled]_
    Source: Srivastava et al. 2014
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from sys import intern

from dlgrade.banks.block import Block, Excerpt, undented
from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Body
from dlgrade.banks.labels import ASIDE, DETAILS, LABEL, SUMMARY, facts, is_pointer, left_open, without_label
from dlgrade.banks.options import find_options, is_option
from dlgrade.banks.paged import Text, match_in, search_in
from dlgrade.banks.patterns import later
from dlgrade.banks.pieces import Piece, asides_of, core, excerpt, margin_at, pieces_in, said, visible
from dlgrade.banks.wording import is_placeholder, is_void
from dlgrade.models import Slot

EMPTY_BULLET = re.compile(r"[-*+][ \t]*")
"""A line that holds a list's mark and nothing else."""

# Tags that wrap the answer inside a `<details>`: they stay where they are.
_OPENERS = later(r"(?:\s|<(?:br|b|p|div|blockquote|strong|em|i|ul|span)(?:\s[^<>]{0,100})?/?>)*", re.IGNORECASE)
_CLOSER = later(r"(?:<br\s{0,3}/?>|</(?:b|p|div|blockquote|strong|em|i|ul|span)>)\Z", re.IGNORECASE)
_TAG_LENGTH = 16  # no closing tag is longer
_SPEAKS_OF_CODE = later(
    r"\b(?:following|below|above|this|these|given)\b.{0,60}\b(?:code|snippets?|program|script|function|quer(?:y|ies)|expressions?"
    r"|statements?|lines?|loop|class|example|table|matrix|data(?:set|frame)?|graph|figure|network|image|picture)\b"
    r"|\boutputs?\b|\bprints?\b|\bresults?\b|\blogged\b|\breturn(?:s|ed)?\b|\bevaluates? to\b|[:：]\s*\Z"
    r"|\b(?:code|snippet|program|script|expression)\b.{0,40}\b(?:below|above|do|does|wrong|bug|mean|happen|work)",
    re.IGNORECASE | re.DOTALL,
)
_BESIDE = later(
    r"\W*(?:my\s+)?(?:notes?|hints?|references?|resources?|sources?|further reading|follow[ -]?ups?|discussion|tags"
    r"|see also)\b",
    re.IGNORECASE,
)
_MATERIAL = frozenset({"fence", "code", "table", "html", "quote"})


def read_body(
    document: Document,
    start: int,
    end: int,
    blocks: Iterable[Block],
    *,
    indent: int = 0,
    inside: int | None = None,
    asked: str = "",
) -> Body:
    """Find the answer in `text[start:end]`, where a question ends and its entry ends; `blocks` are those in it.

    Every line up to `inside` stands `indent` columns from the left, as it does in a list item. `asked` is the
    question: one that speaks of code has the code below it as its own.
    """
    margin = _margin(indent)
    inside = end if inside is None else inside
    blocks = tuple(blocks)
    if (body := _prose(document, start, blocks, margin, inside)) is not None:
        return body
    pieces = pieces_in(document, blocks, start, end)
    if not pieces:
        return Body(None, _below(document, start, margin))
    if margin:
        pieces = [piece._replace(margin=margin) if piece.start < inside else piece for piece in pieces]
    asides = asides_of(document, pieces)
    label = _label(document, pieces, asides)
    if label and (options := find_options(document, pieces)) and options.first <= label.at < options.beyond:
        label = _label(document, pieces, asides, options.beyond)  # `A: 0.5` is one of them
    if label is None:
        body = _unlabelled(document, pieces, asides, start, margin, asked=asked)
    elif pieces[label.at].kind == "details":
        body = _in_details(document, pieces[label.at])._replace(material=_posed(document, pieces[: label.at]))
    else:
        body = _labelled(document, pieces, label)._replace(material=_posed(document, pieces[: label.at]))
    return _with_facts(document, pieces, asides, body)


def empty_body(document: Document, start: int, *, indent: int = 0) -> Body:
    """The body of a question below which nothing stands."""
    return Body(None, _below(document, start, _margin(indent)))


def _margin(indent: int) -> str:
    return intern(" " * indent)  # a document has few, and a hundred thousand questions have one each


def _prose(document: Document, start: int, blocks: Sequence[Block], margin: str, inside: int) -> Body | None:
    """Read a body whose lines all are the answer, as most are; None where there is anything else to look at.

    It is what the pieces of such a body come to, in a third of the time.
    """
    first: Piece | None = None
    block_end = end = 0
    for block in blocks:
        if block.kind != "paragraph":
            return None
        for line in range(block.line, block.last + 1):
            begin, beyond = document.lines.starts[line - 1], document.lines.ends[line - 1]
            if begin <= start < beyond:
                begin = start  # the question ends within the line
            text = document.text[begin:beyond].lstrip() if begin >= start else ""
            if not text:
                continue
            if not _answers(text):
                return None
            if first is None:
                at = beyond - len(text)
                first = Piece("line", line, at, beyond, block.start, margin=margin if at < inside else "")
            end = beyond
        block_end = block_end or end
    if first is None:
        return None
    text = document.text[first.start : block_end]
    if is_placeholder(text) or (block_end > first.end and is_placeholder(document.text[first.start : first.end])):
        return None
    return Body(excerpt(document, first, end), standing=_below_question(document, first, end))


def _answers(line: str) -> bool:
    """Say whether a line can be nothing but an answer's; of one that holds markup this is not told."""
    return not (
        "<" in line
        or line.startswith("![")
        or LABEL.match(line)
        or ASIDE.match(line)
        or is_option(line)
        or is_pointer(line)
    )


def trail_after(document: Document, end: int) -> str:
    """Keep the next line from running into the answer: a `---` right below would make it a heading."""
    rest = document.text[end : end + 2]
    newline = len(rest) - len(rest.removeprefix("\r").removeprefix("\n"))
    after = end + newline
    return "" if document.text[after : after + 1] in ("", "\n", "\r") else "\n"


# ── the question's own ───────────────────────────────────────────────────────────────────────


def _posed(document: Document, pieces: Sequence[Piece]) -> str:
    """Return what belongs to the question of the pieces before its answer, asides around it left out."""
    first, beyond = core(pieces, asides_of(document, pieces))
    return said(document, pieces[first], pieces[beyond - 1].end) if first < beyond else ""


def _with_facts(document: Document, pieces: Sequence[Piece], asides: Sequence[str | None], body: Body) -> Body:
    """Add what the data lines among the pieces say of the question."""
    found: dict[str, str] = {}
    for piece, aside in zip(pieces, asides, strict=True):
        if aside == "data":
            found = facts(document.text[piece.start : piece.end]) | found
    return body._replace(difficulty=found.get("difficulty"), category=found.get("category")) if found else body


def _material(document: Document, pieces: Sequence[Piece], asked: str | None = None) -> int:
    """Count the pieces right below a question that it speaks of: code, a table, a picture."""
    count = 0
    while count < len(pieces) and (
        pieces[count].kind in _MATERIAL or document.text.startswith(("![", "<img"), pieces[count].start)
    ):
        count += 1
    # Asked last, since it takes the longest and most questions have nothing of the kind below them.
    return count if count and (asked is None or _SPEAKS_OF_CODE.search(asked)) else 0


# ── the answer ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Label:
    """A label at the beginning of piece `at` that ends at `end`; `open` is emphasis that goes on behind it."""

    at: int
    end: int
    bullet: str = ""
    open: str = ""


def _labelled(document: Document, pieces: Sequence[Piece], label: _Label) -> Body:
    head = pieces[label.at]
    rest = pieces[label.at + 1 :]
    if head.kind == "heading":
        rest = rest[: _part_end(head, rest)]
    margin = margin_at(document, head, len(label.bullet)) if label.bullet else head.margin
    rest = [piece._replace(margin=margin) for piece in rest] if label.bullet else list(rest)
    value = visible(document, label.end, head.end)
    if value < head.end:
        rest = [head._replace(kind="line", start=value, margin=margin, labelled=True), *rest]
    first, beyond = core(rest, asides_of(document, rest), bulleted=bool(label.bullet))
    if first == beyond:
        shows_nothing = takewhile(lambda piece: piece.block == head.block, rest if value < head.end else [])
        last = max((piece.end for piece in shows_nothing), default=head.end)
        below = head.kind == "heading" or value < head.end
        inline = _inline(document, label.end, head.end, head.end, margin)
        return Body(None, _below(document, last, margin) if below else inline)
    told = _told(document, rest, first, beyond, bulleted=bool(label.bullet))
    if told.answer is not None:
        at = rest[told.first]
        standing = _standing(at, told.end)
        if at.labelled:
            lead = f"{label.open} " if label.open else document.text[label.end : value]
            standing = Slot(start=label.end, end=told.end, lead=lead or " ", indent=margin, shape="inline")
        answer = told.answer.text.replace(label.open, "", 1) if label.open else told.answer
        return Body(answer, standing=standing)
    if rest[first].labelled:
        slot = _inline(document, label.end, value, told.end, margin)
        return Body(None, slot._replace(lead=f"{label.open} ") if label.open else slot)
    return Body(None, _in_place(document, rest[first], told.end))


def _part_end(head: Piece, rest: Sequence[Piece]) -> int:
    """Return where the part under a heading `Answer` is over; some answers are made of headings just as high."""
    level = head.level
    if rest and rest[0].level == level and not _BESIDE.match(rest[0].text):
        level -= 1
    return next(
        (i for i, piece in enumerate(rest) if 0 < piece.level <= level or (piece.level and _BESIDE.match(piece.text))),
        len(rest),
    )


def _unlabelled(
    document: Document,
    pieces: Sequence[Piece],
    asides: Sequence[str | None],
    start: int,
    margin: str,
    *,
    asked: str = "",
) -> Body:
    first, beyond = core(pieces, asides)
    if first == beyond:
        above = [piece for piece, aside in zip(pieces, asides, strict=True) if aside != "void"]
        if not above:
            return Body(None, _below(document, start, margin))
        return Body(None, _below(document, above[-1].end, above[-1].margin))
    own = _material(document, pieces[first:beyond], asked)
    options = find_options(document, pieces[first:beyond])
    if options and not options.pose(asked, _material(document, pieces[first:beyond])):
        options = None
    own = options.beyond if options else own
    if own:
        posed = said(document, pieces[first], pieces[first + own - 1].end)
        last, rest = pieces[first + own - 1], pieces[first + own :]
        body = _below_options(document, last, rest, margin, labelled=options is not None)
        if options and options.right:
            body = Body("\n\n".join([*options.right, *([body.answer] if body.answer else [])]))
        return body._replace(material=posed)
    if beyond - first == 1 and pieces[first].kind == "details":
        return _in_details(document, pieces[first])
    told = _told(document, pieces, first, beyond)
    if told.answer is not None:
        return Body(told.answer, standing=_below_question(document, pieces[told.first], told.end))
    slot = _in_place(document, pieces[first], told.end)
    if margin and not pieces[first].margin and all(piece.margin for piece in pieces[:first]):
        slot = slot._replace(lead=margin, indent=margin)  # below a list's item; see `layout`
    return Body(None, slot)


def _below_options(document: Document, last: Piece, rest: Sequence[Piece], margin: str, *, labelled: bool) -> Body:
    """Read what stands below a question's own code and options; an answer that is missing there gets a label.

    Without a label an answer that begins with a list would go on with the options, one with code with the code.
    """
    asides = asides_of(document, rest)
    if None in asides:
        return _unlabelled(document, rest, asides, last.end, margin)
    indent = last.margin if labelled or last.margin else margin
    place = max([last.end, *(piece.end for piece in rest if piece.list is not None and piece.list == last.list)])
    lead = f"\n\n{indent}**Answer:** "
    return Body(
        None,
        Slot(start=place, end=place, lead=lead, trail=trail_after(document, place), indent=indent, shape="inline"),
    )


def _standing(first: Piece, end: int) -> Slot:
    return Slot(start=first.start, end=end, indent=first.margin)


def _below_question(document: Document, first: Piece, end: int) -> Slot:
    """Return the place of an answer; one that stands right below the question needs a blank line if it is no list."""
    before = first.line - 1
    if before < 1 or document.is_blank(before) or first.start < document.lines[first.line - 1][0]:
        return _standing(first, end)
    begin = document.lines[first.line - 1][0]
    if document.text[begin : first.start].strip():
        return _standing(first, end)
    lead = intern(f"\n\n{first.margin}")
    return Slot(start=document.line_end(before), end=end, lead=lead, indent=first.margin)


def _label(document: Document, pieces: Sequence[Piece], asides: Sequence[str | None], first: int = 0) -> _Label | None:
    """Find the first label; after prose only one that says `Answer`: every answer may come to a solution."""
    prose = False
    for at, piece in enumerate(pieces[first:], first):
        found = _label_at(document, at, piece)
        if found and (found[1] or not prose):
            return found[0]
        prose = prose or (piece.kind not in ("fence", "code", "html", "table", "heading") and asides[at] is None)
    return None


def _label_at(document: Document, at: int, piece: Piece) -> tuple[_Label, bool] | None:
    """Return the label that a piece begins with, and whether it says that an answer follows."""
    if piece.kind == "details":
        details = match_in(DETAILS, document.text, piece.start, piece.end)
        summary = SUMMARY.search(details["summary"] or "") if details else None
        return (_Label(at, piece.end), True) if summary and summary["answer"] and at else None
    if piece.kind == "heading":
        match = LABEL.match(f"# {piece.text.strip()}")
        if match is None:
            return None
        there = match_in(LABEL, document.text, piece.start, piece.end)
        return _Label(at, there.end() if there else piece.end), bool(match["answer"])
    if piece.kind != "line":
        return None
    begun = match_in(LABEL, document.text, piece.start, piece.end)
    if begun is None or (begun["bullet"] and piece.list is None):
        return None
    found = _Label(at, begun.end(), begun["bullet"] or "", left_open(begun))
    return found, any(begun[name] for name in ("bold", "bare", "a", "b", "c"))


@dataclass(frozen=True, slots=True)
class _Told:
    """The answer, which begins with piece `first` and ends at `end`; None where a placeholder ends there."""

    answer: Excerpt | None
    first: int
    end: int


def _told(document: Document, pieces: Sequence[Piece], first: int, beyond: int, *, bulleted: bool = False) -> _Told:
    after = block = first
    while after < beyond:
        if after >= block:  # where the block of a placeholder's first line ends
            block = next((i for i in range(after, beyond) if pieces[i].block != pieces[after].block), beyond)
        stop = _placeholder(document, pieces, after, block)
        if stop == after:
            break
        after = stop
    if after == first:
        return _Told(excerpt(document, pieces[first], pieces[beyond - 1].end), first, pieces[beyond - 1].end)
    rest = pieces[after:]
    start, stop = core(rest, asides_of(document, rest), bulleted=bulleted, opened=True)
    if start < stop:
        return _Told(excerpt(document, rest[start], rest[stop - 1].end), after + start, rest[stop - 1].end)
    return _Told(None, first, pieces[after - 1].end)


def _placeholder(document: Document, pieces: Sequence[Piece], at: int, block: int) -> int:
    """Return the index after the placeholder that a block's pieces are together, or the first; `at` if none is."""
    for stop in dict.fromkeys((block, at + 1)):  # most blocks are one piece, which is looked at once
        text = document.text[pieces[at].start : pieces[stop - 1].end]
        if is_placeholder(text) and not is_void(text):
            return stop
    return at


def _in_details(document: Document, piece: Piece) -> Body:
    details = match_in(DETAILS, document.text, piece.start, piece.end)
    if details is None:  # it is one because it matched
        raise AssertionError
    return read_collapsed(document, details.start("inner"), details.end("inner"), piece.margin)


def read_collapsed(document: Document, start: int, end: int, margin: str = "", asked: str = "") -> Body:
    """Find the answer in `text[start:end]`, the inside of a `<details>`; tags that wrap it stay where they are."""
    opened = match_in(_OPENERS, document.text, start, end)
    first = opened.end() if opened else start
    last = _before_closers(document.text, first, end)
    if is_placeholder(document.text[first:last]):
        # Blank lines part Markdown from the tags around it.
        begins = start + len(document.text[start:first].rstrip())
        ends = (
            end - len(document.text[last:end].lstrip())
            if first < last
            else max(begins, _closing(document, begins, end))
        )
        lead = trail = f"\n\n{margin}"
        return Body(None, Slot(start=begins, end=ends, lead=lead, trail=trail, indent=margin))
    if margin:
        text = undented(document.text[first:last], len(margin), begins=False)
        return Body(without_label(text.strip()))
    line = max(start, document.text.rfind("\n", 0, first) + 1)
    beyond = last + len(document.text[last:end]) - len(document.text[last:end].lstrip(" \t"))
    if inside := document.blocks_in(line, beyond):
        return read_body(document, line - 1, beyond, inside, asked=asked)
    inner = Document(document.text[first:last])
    body = read_body(inner, -1, last - first, inner.blocks, asked=asked)
    return body._replace(slot=_moved(body.slot, first), standing=_moved(body.standing, first))


def _before_closers(text: Text, first: int, end: int) -> int:
    """Return where the tags begin that close a place, and the blanks around them."""
    while True:
        last = first + len(text[first:end].rstrip())
        tag = search_in(_CLOSER, text, max(first, last - _TAG_LENGTH), last)
        if tag is None:
            return last
        end = tag.start()


def _closing(document: Document, begins: int, end: int) -> int:
    """Return where the first closing tag stands in an empty place."""
    tag = document.text.find("</", begins, end)
    return tag if tag >= 0 else end


def _moved(slot: Slot | None, by: int) -> Slot | None:
    return slot and slot._replace(start=slot.start + by, end=slot.end + by)


# ── its place ────────────────────────────────────────────────────────────────────────────────


def _in_place(document: Document, first: Piece, end: int) -> Slot:
    """Return the placeholder's place; the mark of a list's empty item stays, see `layout`."""
    if EMPTY_BULLET.fullmatch(document.text[first.start : first.end]):
        indent = margin_at(document, first, len("- "))
        lead = f"{document.text[first.start]} "
        return Slot(start=first.start, end=end, lead=lead, trail=trail_after(document, end), indent=indent)
    return Slot(start=first.start, end=end, trail=trail_after(document, end), indent=first.margin)


def _inline(document: Document, label_end: int, value: int, end: int, margin: str) -> Slot:
    lead = document.text[label_end:value] or " "
    return Slot(start=label_end, end=end, lead=lead, trail=trail_after(document, end), indent=margin, shape="inline")


def _below(document: Document, start: int, margin: str) -> Slot:
    return Slot(start=start, end=start, lead=intern(f"\n\n{margin}"), trail=trail_after(document, start), indent=margin)
