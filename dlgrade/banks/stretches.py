"""A Markdown text taken apart: plain blocks, which need no parser, and stretches that can be parsed one by one.

    ## What is dropout?            plain: a title, a paragraph or a rule at the margin that nobody can take for
                                   anything else, as most lines of most banks are
    Units are dropped.

    1. What is dropout?            a plain list: so are its items and the paragraphs in them

       Units are dropped.

    - It masks units.              a stretch: up to the next plain block or, so that a long document is never
      > Which ones is chance.      parsed at once, to the next place where one may begin

A stretch begins where no block of the text before it can go on: at the margin, below a blank line, outside fences
and HTML that runs over blank lines. A list alone may go on; whoever puts the blocks together joins it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Literal, NamedTuple

from dlgrade.banks.patterns import later

LENGTH = 1 << 16
"""Characters from which on a stretch ends at the next place where it may."""

# A chunk is what stands between blank lines, which to Markdown are those of blanks and tabs alone.
_BLANK_LINES = re.compile(r"(?:[ \t]*+\n)*+(?:[ \t]*+\Z)?")
_BLANK_LINE = re.compile(r"[ \t]*+(?:\n|\Z)")
_MAY_BE_BLANK = ("", " ", "\t", "\n")
# A title, and a line that begins with a letter, emphasis or a sign that opens no block: not `*` and a blank, nor `***`.
# A `#` at a title's end may close it, which is left to the parser; so is white space there other than blanks and tabs.
_TITLE = r"#{1,6}[ \t]++[^\s#](?:[^\n]*[^\s#])?[ \t]*"
_TEXT = r"(?:[^\W\d_]|[*_]{1,3}[^\s*_]|[(\"'$])(?:[^\n]*\S)?[ \t]*"
_PLAIN = re.compile(rf"(?:(?:{_TITLE}|{_TEXT})(?:\n|\Z))++")
_PROSE = re.compile(rf"{_TEXT}(?:\n\n?{_TEXT})*+")
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,})[ \t]*")
_ITEM = re.compile(rf"(?P<number>[0-9]{{1,9}})?(?P<sign>(?(number)[.)]|[-*+])) {{1,4}}(?P<text>{_TEXT})")
_EMPTY_ITEM = re.compile(r"[ \t]*(?:[0-9]{1,9}[.)]|[-*+])[ \t]*")
_TEXT_LINE = re.compile(_TEXT)
_LINE = re.compile(r"[^\n]+")
_FENCE = later(r"(?P<indent>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<mark>`{3,}|~{3,})(?P<rest>[^\n]*)")
# HTML of these kinds runs on to its end mark: https://spec.commonmark.org/0.31.2/#html-blocks
_RUNS_ON = later(
    r"[ \t>]*<(?:(?P<tag>script|pre|style|textarea)(?=[\s>])|(?P<comment>!--)|(?P<instruction>\?)|(?P<data>!\[CDATA\[)"
    r"|(?P<declaration>![a-z]))",
    re.IGNORECASE,
)
_ENDS = {
    "tag": re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
    "comment": re.compile("-->"),
    "instruction": re.compile(r"\?>"),
    "data": re.compile("]]>"),
    "declaration": re.compile(">"),
}
_INDENTED_CODE = 4


class Plain(NamedTuple):
    """A block with so many lines before it; `text` is a title without its `#`, `level` their number."""

    kind: Literal["heading", "paragraph", "rule"]
    before: int
    lines: int
    text: str = ""
    level: int = 0


class Item(NamedTuple):
    """An item of a list at the margin, its content `indent` columns right of it; `number` is None at a bullet.

    It holds `paragraphs` alone, the first on the line of its mark.
    """

    number: str | None
    indent: int
    paragraphs: list[Plain]


class Items(NamedTuple):
    """Items of one list, whose marks all end in `sign`."""

    sign: str
    items: list[Item]


class Stretch(NamedTuple):
    """What a parser must read, with so many lines before it."""

    before: int
    text: str


def stretches(text: str) -> Iterator[Plain | Items | Stretch]:
    """Give the plain blocks and the stretches of a text, whose lines end in LF, in order."""
    begin: tuple[int, int] | None = None  # where the stretch begins that is not given yet, and the lines before it
    is_open = _Open()
    held = _Held()
    for start, end, before in _chunks(text):
        if not is_open:
            chunk = text[start:end]
            if held and held.takes(chunk, (start, before)):
                continue
            if held:
                begin = held.let_go(chunk)
                yield from held.given()
            doubtful = begin is not None and _below_empty_item(text, start)
            told = (None if doubtful else _items(chunk, before)) or _plain(chunk, before)
            if begin and (told or (start - begin[0] >= LENGTH and chunk[0] not in " \t")):
                yield Stretch(begin[1], text[begin[0] : start])
                begin = None
            if isinstance(told, Items):
                held.add(told, (start, before))
            else:
                yield from told
            if told:
                continue
        begin = begin or (start, before)
        if not is_open.goes_on(text, start, end):
            break
    yield from held.given()
    if begin:
        yield Stretch(begin[1], text[begin[0] :])


def is_prose(text: str) -> bool:
    """Say whether a text is paragraphs that need no parser, one blank line apart, and nothing else."""
    return _PROSE.fullmatch(text) is not None


def _chunks(text: str) -> Iterator[tuple[int, int, int]]:
    """Give the start and end of each chunk, and the number of lines before it."""
    before = end = 0
    while True:
        blank = _BLANK_LINES.match(text, end)
        start = blank.end() if blank else end
        if start == len(text):
            return
        before += text.count("\n", end, start)
        end = _chunk_end(text, start)
        yield start, end, before
        before += text.count("\n", start, end)


def _chunk_end(text: str, start: int) -> int:
    """Return where the last line of a chunk ends: most are short, and most lines long."""
    at = text.find("\n", start)
    while at >= 0 and (text[at + 1 : at + 2] not in _MAY_BE_BLANK or not _BLANK_LINE.match(text, at + 1)):
        at = text.find("\n", at + 1)
    return len(text) if at < 0 else at


def _plain(chunk: str, before: int) -> list[Plain]:
    """Return the blocks of a chunk, none if a parser must read it."""
    if _RULE.fullmatch(chunk):
        return [Plain("rule", before, 1)]
    if not _PLAIN.fullmatch(chunk):
        return []
    found = []
    for is_title, group in groupby(chunk.split("\n"), key=lambda line: line.startswith("#")):
        lines = list(group)
        for part in ([line] for line in lines) if is_title else [lines]:
            text = part[0].lstrip("#") if is_title else "\n".join(part)
            level = len(part[0]) - len(text) if is_title else 0
            found.append(Plain("heading" if is_title else "paragraph", before, len(part), text.strip(), level))
            before += len(part)
    return found


def _below_empty_item(text: str, start: int) -> bool:
    """Say whether what stands above is a mark and nothing else: there the parser alone knows whether a list goes on."""
    end = start
    while end and text[end - 1] in " \t\n":
        end -= 1
    return _EMPTY_ITEM.fullmatch(text, text.rfind("\n", 0, end) + 1, end) is not None


def _items(chunk: str, before: int) -> Items | None:
    """Return the items that make up a chunk, None if a parser must read it."""
    if chunk[0] not in "0123456789-+*":
        return None
    sign = ""
    items: list[Item] = []
    lines: list[str] = []  # of the last item's paragraph
    for at, line in enumerate(chunk.split("\n")):
        if items and line.startswith(" "):
            if not _is_inside(line, items[-1].indent):
                return None
            lines.append(line[items[-1].indent :])
            items[-1].paragraphs[0] = Plain(
                "paragraph", before + at + 1 - len(lines), len(lines), "\n".join(lines).rstrip()
            )
            continue
        match = _ITEM.fullmatch(line)
        if match is None or (sign and match["sign"] != sign):
            return None
        number, sign, text = match.groups()
        lines = [text]
        items.append(Item(number, match.start("text"), [Plain("paragraph", before + at, 1, text.rstrip())]))
    return Items(sign, items)


def _is_inside(line: str, indent: int) -> bool:
    """Say whether a line is a paragraph's in an item: no further in than the item's content."""
    return line.startswith(" " * indent) and _TEXT_LINE.fullmatch(line, indent) is not None


class _Held:
    """The items of a plain list that may go on: below, or in the last of them."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._last: tuple[int, tuple[int, int]] = 0, (0, 0)  # which of them the last chunk began with, and where
        self.sign = ""

    def __bool__(self) -> bool:
        return bool(self._items)

    def add(self, items: Items, begin: tuple[int, int]) -> None:
        """Take the items of a chunk, which begins somewhere, after so many lines."""
        self.sign = items.sign
        self._last = len(self._items), begin
        self._items += items.items

    def takes(self, chunk: str, begin: tuple[int, int]) -> bool:
        """Take a chunk, if it is beyond doubt more items of the list, or a paragraph of the last one."""
        if chunk[0] not in " \t":
            items = _items(chunk, begin[1])
            if items is not None and items.sign == self.sign:
                self.add(items, begin)
                return True
            return False
        indent = self._items[-1].indent
        lines = chunk.split("\n")
        for line in lines:
            if not _is_inside(line, indent):
                return False
        text = "\n".join([line[indent:] for line in lines]).rstrip()
        self._items[-1].paragraphs.append(Plain("paragraph", begin[1], len(lines), text))
        return True

    def let_go(self, chunk: str) -> tuple[int, int] | None:
        """Forget the items of the last chunk if a parser must read them, together with what stands in the last of them.

        Return where that chunk begins.
        """
        if chunk[0] not in " \t":
            return None
        count, begin = self._last
        del self._items[count:]
        return begin

    def given(self) -> Iterator[Items]:
        """Give the items away, if there are any."""
        items, self._items = self._items, []
        if items:
            yield Items(self.sign, items)


class _Open:
    """What is open at the end of a chunk: a fence, or HTML that runs on."""

    def __init__(self) -> None:
        self._fence: str | None = None  # the mark that opened it; one that is never closed lasts to the end, as it must
        self._closer: re.Pattern[str] | None = None  # what ends the HTML

    def __bool__(self) -> bool:
        return self._fence is not None or self._closer is not None

    def goes_on(self, text: str, start: int, end: int) -> bool:
        """Go on to the end of a chunk; False where nothing here tells what is open there."""
        tagged = False
        for match in _LINE.finditer(text, start, end):
            line = match[0]
            opened = _RUNS_ON.match(line) if not self else None
            found = _FENCE.match(line) if self._closer is None else None
            if self._closer is not None:
                self._closer = None if self._closer.search(line) else self._closer
            elif found is not None and self._fence is not None:
                self._fence = _after(self._fence, found)
            elif (found or opened) and (tagged or line[0] in " \t>-*+0123456789"):
                return False  # it may end with the list, the quote or the HTML that it stands in
            elif found is not None:
                self._fence = None if found["mark"][0] == "`" and "`" in found["rest"] else found["mark"]
            elif opened is not None:
                ends = _ENDS[opened.lastgroup or "other"]
                self._closer = None if ends.search(line, opened.end()) else ends
            tagged = tagged or line.lstrip(" ").startswith("<")
        return True


def _after(fence: str, found: re.Match[str]) -> str | None:
    """Return the mark of the fence that is still open after a line that looks like its end."""
    mark, indent = found["mark"], found["indent"]
    alone = not indent.strip() and not found["rest"].strip()
    closes = alone and mark[0] == fence[0] and len(mark) >= len(fence)
    return None if closes and len(indent.expandtabs(4)) < _INDENTED_CODE else fence
