"""A Markdown source as blocks, each with its place in the untouched text.

A sample, and its blocks:

    # Title                  heading, level 1
    1. What is dropout?      list > item "1" > paragraph
       It masks units.
    ---                      rule

Offsets are string indices into `Document.text`, byte order mark and line ends included, so that
`text[block.start:block.end]` is the block as it stands. markdown-it-py decides what is a block; only
its block rules run, since nobody here renders.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from dlgrade.banks.asking import is_question
from dlgrade.banks.block import Block, Kind, Lines, Plainly, with_lf
from dlgrade.banks.labels import DETAILS, SUMMARY
from dlgrade.banks.marks import title
from dlgrade.banks.paged import Text, match_on
from dlgrade.banks.patterns import later
from dlgrade.banks.stretches import Stretch, stretches
from dlgrade.shelf import joined

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_NEWLINE = re.compile(r"\r\n|\r|\n")
# Only a key makes it front matter: a document may also open with a rule.
_FRONT_MATTER = later(
    r"\A(?:---[ \t]*\n(?=[\w\"'-]+[ \t]*:|#).*?\n(?:---|\.\.\.)|\+\+\+[ \t]*\n.*?\n\+\+\+)[ \t]*(?=\n|\Z)", re.DOTALL
)
_HTML_TITLE = later(r"\s*<h([1-6])(?:\s[^<>]{0,200})?>(.{1,1000}?)</h\1>\s*", re.IGNORECASE)
_OPTION = later(r"^[ \t]*(?:[-*+][ \t]+)?[(\[]?(?:\*\*)?([abcABC])(?:\*\*)?[.):\]]", re.MULTILINE)
_CHOICES = 3  # so many questions with three options or more
_TIGHT_TITLE = later(r"^(?:#{2,6}(?=[^\s#])|#{1,6}(?=\u00a0)|#(?=[A-Z\u0370-\uffff]))(?=.*\S)", re.MULTILINE)
_MARKER = re.compile(r"[ \t]*(?:\d{1,9}[.)]|[-+*])")
_KINDS: dict[str, Kind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "list_item_open": "item",
    "blockquote_open": "quote",
    "table_open": "table",
    "tr_open": "row",
    "fence": "fence",
    "code_block": "code",
    "html_block": "html",
    "hr": "rule",
}


@dataclass(frozen=True)
class Document:
    """A source text; its blocks are worked out once, when somebody asks."""

    text: Text

    @cached_property
    def whole(self) -> str:
        """The text in memory, for whoever cannot read it page by page."""
        return str(self.text)

    @cached_property
    def lines(self) -> Lines:
        """Start and end of every line, without the line end; CRLF, CR and LF all end one."""
        return Lines(self.text)

    @cached_property
    def plainly(self) -> Plainly:
        """What makes its plain blocks."""
        return Plainly(self.text, self.lines)

    @cached_property
    def newline(self) -> str:
        """The line end that the document uses, LF where it has none yet."""
        first = _NEWLINE.search(self.text if isinstance(self.text, str) else self.text.around(0, 0)[0])
        return first[0] if first else "\n"

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The outermost blocks in document order."""
        return tuple(self._with_definitions(self._joined()))

    @property
    def first(self) -> Block | None:
        """The first of the blocks; what stands below it is looked at no further than it takes."""
        return next(self._with_definitions(self._joined()), None)

    @cached_property
    def kinds(self) -> frozenset[Kind]:
        """What the outermost blocks are."""
        return frozenset(block.kind for block in self.blocks)

    def without(self, lines: Iterable[tuple[int, int]]) -> Document:
        """Return the document without the blocks that stand on some lines, first to last; they are in order."""
        starts, ends = array("q"), array("q")
        for first, last in lines:
            starts.append(first)
            ends.append(last)
        left = []
        for block in self.blocks:
            at = bisect_right(starts, block.line)
            if not at or block.last > ends[at - 1]:
                left.append(block)
        rest = Document(self.text)
        rest.__dict__.update(lines=self.lines, blocks=tuple(left))  # what is worked out once, worked out already
        return rest

    @cached_property
    def _begins(self) -> array[int]:
        return array("q", [block.start for block in self.blocks])

    def blocks_in(self, start: int, end: int) -> tuple[Block, ...]:
        """Return the outermost blocks that make up `text[start:end]`; none where it holds parts of others too."""
        first = bisect_left(self._begins, start)
        beyond = bisect_left(self._begins, end)
        inside = self.blocks[first:beyond]
        if not inside or inside[-1].end > end or self.text[start : inside[0].start].strip():
            return ()
        return () if self.text[inside[-1].end : end].strip() else inside

    @cached_property
    def hidden(self) -> frozenset[int]:
        """The indices of the outermost blocks that a `<details>` hides: their headings are parts of an answer.

        One whose summary neither asks nor says that it hides an answer only folds up a chapter.
        """
        found: set[int] = set()
        end = -1
        for index, block in enumerate(self.blocks):
            if block.start < end:
                found.add(index)
            elif block.kind == "html" and (details := match_on(DETAILS, self.text, block.start)) is not None:
                summary = title(details["summary"] or "")
                if SUMMARY.search(summary) or is_question(summary):
                    end = details.end()
        return frozenset(found)

    @cached_property
    def titles(self) -> tuple[Block, ...]:
        """The headings among the outermost blocks, but for those that are hidden."""
        blocks = enumerate(self.blocks)
        return tuple(block for at, block in blocks if block.kind == "heading" and at not in self.hidden)

    @cached_property
    def multiple_choice(self) -> bool:
        """Whether lettered options stand below one question after another, as nobody writes answers."""
        letters = Counter(match[1].lower() for piece in self.pieces() for match in _OPTION.finditer(piece))
        return letters["c"] >= _CHOICES and letters["c"] * 2 >= letters["a"]

    def pieces(self) -> Iterator[str]:
        """Give whole lines that together are the text: one in memory at once, one by pages some thousand at a time."""
        if isinstance(self.text, str):
            yield self.text
        else:
            yield from (piece for _, piece in self.text.pieces())

    def line(self, number: int) -> str:
        """Return one line, counted from 1, without its end."""
        return self.text[self.lines.starts[number - 1] : self.lines.ends[number - 1]]

    def line_end(self, number: int) -> int:
        """Return the offset of the end of a line, counted from 1, before its line end."""
        return self.lines.ends[number - 1]

    def is_blank(self, number: int) -> bool:
        """Say whether a line, counted from 1, is blank; beyond the last line nothing is written."""
        return number > len(self.lines) or not self.line(number).strip(" \t")

    def _joined(self) -> Iterator[Block]:
        """Parse stretch by stretch, and join a list that goes on in the next one."""
        held: Block | None = None
        lists: list[Sequence[Block]] = []
        for part in stretches(self._normal(), self.plainly):
            first = True
            for block in self._blocks_of(part):
                if first and held and self._goes_on(held, block):
                    lists.append(block.children)
                    held = held._replace(end=block.end, last=block.last)
                elif held:
                    yield held._replace(inside=joined(lists))
                    held = None
                first = False
                if held is None and block.kind == "list":
                    held, lists = block, [block.children]
                elif held is None:
                    yield block
        if held:
            yield held._replace(inside=joined(lists))

    def _blocks_of(self, part: Block | Stretch) -> Iterable[Block]:
        if isinstance(part, Stretch):
            return self._parsed(part)
        # Most paragraphs have no such title in them.
        plain = part.kind != "paragraph" or self.text.find("#", part.start, part.end) < 0
        return (part,) if plain else self._titled(part)

    def _normal(self) -> Text:
        """The text as the parser wants it, which one by pages is."""
        return _normal(self.text) if isinstance(self.text, str) else self.text

    def _parsed(self, part: Stretch) -> Iterator[Block]:
        tokens: list[Token] = []
        _parser().block.parse(part.text, _parser(), {}, tokens)
        for token in tokens:
            if token.map is not None:
                token.map = [token.map[0] + part.before, token.map[1] + part.before]
        return self._read(iter(tokens))

    def _goes_on(self, held: Block, block: Block) -> bool:
        between = range(held.last + 1, block.line)
        return block.kind == "list" and self._mark(held) == self._mark(block) and all(map(self.is_blank, between))

    def _mark(self, block: Block) -> str:
        """Return what tells a list's items from those of another: the sign, or what stands behind the number."""
        marker = _MARKER.match(self.line(block.line))
        return marker[0][-1] if marker else ""

    def _read(self, tokens: Iterator[Token]) -> Iterator[Block]:
        for token in tokens:
            if token.nesting == -1:
                return
            if token.type in ("heading_open", "paragraph_open"):
                content = next(tokens).content
                next(tokens)
                yield from self._titled(self._block(token, said=content))
            elif token.type == "tr_open":
                next(tokens)
                yield self._block(token)
            elif token.nesting == 1:
                yield self._block(token, children=tuple(self._read(tokens)))
            elif token.type == "html_block":
                yield from self._html(self._block(token, said=token.content))
            else:
                yield self._block(token, said=token.content)

    def _block(self, token: Token, said: str = "", children: tuple[Block, ...] = ()) -> Block:
        first, beyond = token.map or [0, 1]
        line, last = first + 1, max(beyond, first + 1)
        while last > line and self.is_blank(last):
            last -= 1
        kind = _KINDS[token.type]
        return Block(
            kind=kind,
            start=self.lines.starts[line - 1],
            end=self.lines.ends[last - 1],
            line=line,
            last=last,
            said=said,
            level=int(token.tag[1]) if kind == "heading" else 0,
            number=token.info if kind == "item" and token.info else None,
            indent=_content_column(self.line(line)) if kind == "item" else 0,
            inside=children,
        )

    def _titled(self, block: Block) -> Iterator[Block]:
        """Take two things for what they were meant as: a single dash below a text, and `##Title` without a space.

        The dash is an empty item, no underline; many documents were written when the space was not asked for.
        """
        if block.kind == "heading" and self.line(block.last).strip(" \t>") == "-":
            start, end = self.lines[block.last - 1]
            item = Block("item", start, end, block.last, block.last, indent=_content_column(self.line(block.last)))
            end = self.line_end(block.last - 1)
            yield block._replace(kind="paragraph", end=end, last=block.last - 1, said=block.text, level=0)
            yield item._replace(kind="list", indent=0, inside=(item,))
        elif block.kind == "paragraph" and "#" in block.text and _TIGHT_TITLE.search(block.text):
            yield from self._tight_titles(block)
        else:
            yield block

    def _html(self, block: Block) -> Iterator[Block]:
        """Take `<h3>Title</h3>` on a line of its own for the heading that it is, and part it from what follows."""
        first = block.line
        for number in range(block.line, block.last + 1):
            match = _HTML_TITLE.fullmatch(self.line(number))
            if match is None:
                continue
            if first < number:
                yield self._cut(block, first, number - 1)
            start, end = self.lines[number - 1]
            yield block._replace(
                kind="heading",
                start=start,
                end=end,
                line=number,
                last=number,
                said=match[2],
                level=int(match[1]),
            )
            first = number + 1
        if first == block.line:
            yield block
        elif first <= block.last:
            yield self._cut(block, first, block.last)

    def _cut(self, block: Block, line: int, last: int) -> Block:
        start, end = self.lines[line - 1][0], self.line_end(last)
        return block._replace(start=start, end=end, line=line, last=last, said=self.text[start:end] + "\n")

    def _tight_titles(self, block: Block) -> Iterator[Block]:
        lines = block.text.split("\n")
        for titled, group in groupby(enumerate(lines), key=lambda at: bool(_TIGHT_TITLE.match(at[1]))):
            part = list(group)
            for first, last in [(at, at) for at, _ in part] if titled else [(part[0][0], part[-1][0])]:
                text = "\n".join(lines[first : last + 1])
                level = len(text) - len(text.lstrip("#")) if titled else 0
                yield block._replace(
                    kind="heading" if titled else "paragraph",
                    start=self.lines[block.line + first - 1][0],
                    end=self.line_end(block.line + last),
                    line=block.line + first,
                    last=block.line + last,
                    said=text.lstrip("#").rstrip("# ") if titled else text,
                    level=level,
                )

    def _with_definitions(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Give link definitions, for which the parser has no token, blocks of their own."""
        covered = self.text[: self.lines[0][0]].count("\n")
        covered += _front_lines(self.text) if isinstance(self.text, str) else 0
        for block in blocks:
            yield from self._definitions(covered + 1, block.line - 1)
            yield block
            covered = block.last
        yield from self._definitions(covered + 1, len(self.lines))

    def _definitions(self, line: int, last: int) -> Iterator[Block]:
        for number in range(line, last + 1):
            if not self.is_blank(number):
                start, end = self.lines[number - 1]
                yield Block("definition", start, end, number, number, said=self.text[start:end])


@cache
def _parser() -> MarkdownIt:
    # Imported here for start-up time: many banks and their answers are plain blocks and nothing else.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    from dlgrade.banks.grids import rows  # noqa: PLC0415

    parser = MarkdownIt("commonmark").enable("table")
    parser.block.ruler.at("table", rows, {"alt": ["paragraph", "reference"]})
    return parser


def _normal(text: str) -> str:
    """Return the text as the parser wants it: the same lines, front matter left blank."""
    text = with_lf(text.removeprefix("\ufeff")).replace("\0", "\ufffd")
    return _FRONT_MATTER.sub(lambda match: "\n" * match[0].count("\n"), text)


def _front_lines(text: str) -> int:
    front = _FRONT_MATTER.match(with_lf(text.removeprefix("\ufeff")))
    return front[0].count("\n") + 1 if front else 0


def _content_column(line: str) -> int:
    """Return the column at which the content of a list item stands, as CommonMark counts it.

    https://spec.commonmark.org/0.31.2/#list-items
    """
    line = line.expandtabs(4)
    marker = _MARKER.match(line)
    width = marker.end() if marker else 0
    content = len(line) - len(line[width:].lstrip(" "))
    return content if width < content <= width + 4 and content < len(line) else width + 1
