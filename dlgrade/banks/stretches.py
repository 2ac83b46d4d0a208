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
from functools import cache
from itertools import groupby
from typing import NamedTuple

from dlgrade.banks.block import Block, Plainly
from dlgrade.banks.items import Items
from dlgrade.banks.paged import Text, paged
from dlgrade.banks.patterns import later

LENGTH = 1 << 16
"""Characters from which on a stretch ends at the next place where it may."""

FEW = 1 << 5
"""Items of a list whose blocks are made at once: they take no more room than what they are made of."""

# A chunk is what stands between blank lines, which to Markdown are those of blanks and tabs alone.
_BLANK_LINES = re.compile(r"(?:[ \t]*+\n)*+(?:[ \t]*+\Z)?")
_BLANK_LINE = re.compile(r"[ \t]*+(?:\n|\Z)")
_MAY_BE_BLANK = ("", " ", "\t", "\n")
_BLANKS = " \t\n"
_WINDOW = 256  # characters that are looked at together
# A title, and a line that begins with a letter, emphasis or a sign that opens no block: not `*` and a blank, nor `***`.
# A `#` at a title's end may close it, which is left to the parser; so is white space there other than blanks and tabs.
_TITLE = r"#{1,6}[ \t]++[^\s#](?:[^\n]*[^\s#])?[ \t]*"
_TEXT = r"(?:[^\W\d_]|[*_]{1,3}[^\s*_]|[(\"'$])(?:[^\n]*\S)?[ \t]*"
_PLAIN = re.compile(rf"(?:(?:{_TITLE}|{_TEXT})(?:\n|\Z))++")
_PROSE = re.compile(rf"{_TEXT}(?:\n\n?{_TEXT})*+")
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,})[ \t]*")
_ITEM = re.compile(rf"(?P<number>[0-9]{{1,9}})?(?P<sign>(?(number)[.)]|[-*+])) {{1,4}}(?P<text>{_TEXT})")
_EMPTY_ITEM = re.compile(r"[ \t]*(?:[0-9]{1,9}[.)]|[-*+])[ \t]*")
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
_MARKS = frozenset("0123456789-+*")  # what the marks of items begin with


class Stretch(NamedTuple):
    """What a parser must read, with so many lines before it."""

    before: int
    text: str


def stretches(text: Text, plainly: Plainly) -> Iterator[Block | Stretch]:
    """Give the plain blocks and the stretches of a text, whose lines end in LF, in order."""
    begin: tuple[int, int] | None = None  # where the stretch begins that is not given yet, and the lines before it
    is_open = _Open()
    held = _Held(text, plainly)
    for start, end, before in _chunks(text):
        if not is_open:
            indented = text[start] in " \t"
            if held:
                if held.takes(start, end, before):
                    continue
                if indented:
                    begin = held.let_go()
                yield from held.given()
            doubtful = begin is not None and _below_empty_item(text, start)
            is_list = not doubtful and held.begins(start, end, before)
            told = [] if is_list else _plain(text, start, end, before, plainly)
            if begin and (is_list or told or (start - begin[0] >= LENGTH and not indented)):
                yield Stretch(begin[1], text[begin[0] : start])
                begin = None
            if is_list:
                continue
            if told:
                yield from told
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


def _chunks(text: Text) -> Iterator[tuple[int, int, int]]:
    """Give the start and end of each chunk, and the number of lines before it."""
    before = end = 0
    while True:
        if text.startswith("\n\n", end) and text[end + 2 : end + 3] not in _MAY_BE_BLANK:  # nearly always
            start = end + 2
            before += 2
        else:
            start = _beyond_blank(text, end)
            if start == len(text):
                return
            before += text.count("\n", end, start)
        end = _chunk_end(text, start)
        yield start, end, before
        before += text.count("\n", start, end)


def _beyond_blank(text: Text, at: int) -> int:
    """Return where the next line begins that is not blank, or the text ends; `at` is a line's beginning or end."""
    if isinstance(text, str):
        blank = _BLANK_LINES.match(text, at)
        return blank.end() if blank else at
    end = at
    while (some := text[end : end + _WINDOW]) and not some.strip(_BLANKS):
        end += len(some)
    end += len(some) - len(some.lstrip(_BLANKS))
    return len(text) if end == len(text) else max(at, text.rfind("\n", at, end) + 1)


def _is_blank(text: Text, at: int) -> bool:
    """Say whether a line is blank that begins somewhere."""
    if isinstance(text, str):
        return _BLANK_LINE.match(text, at) is not None
    end = text.find("\n", at)
    return not text[at : len(text) if end < 0 else end].strip(" \t")


def _chunk_end(text: Text, start: int) -> int:
    """Return where the last line of a chunk ends: most are short, and most lines long."""
    at = text.find("\n", start)
    while at >= 0 and (text[at + 1 : at + 2] not in _MAY_BE_BLANK or not _is_blank(text, at + 1)):
        at = text.find("\n", at + 1)
    return len(text) if at < 0 else at


def _plain(text: Text, start: int, end: int, before: int, plainly: Plainly) -> list[Block]:
    """Return the blocks of a chunk, none if a parser must read it."""
    page, by = paged(text, start, end)
    start, end = start - by, end - by
    if page[start] in "-*_" and _RULE.fullmatch(page, start, end):
        return [plainly.rule(before)]
    if not _PLAIN.fullmatch(page, start, end):
        return []
    if page.find("#", start, end) < 0:
        return [plainly.paragraph(before, page.count("\n", start, end) + 1)]
    found = []
    for is_title, group in groupby(page[start:end].split("\n"), key=lambda line: line.startswith("#")):
        lines = list(group)
        if not is_title:
            found.append(plainly.paragraph(before, len(lines)))
        for at, line in enumerate(lines if is_title else ()):
            title = line.lstrip("#")
            found.append(plainly.heading(before + at, title.strip(), len(line) - len(title)))
        before += len(lines)
    return found


def _below_empty_item(text: Text, start: int) -> bool:
    """Say whether what stands above is a mark and nothing else: there the parser alone knows whether a list goes on."""
    end = start
    while end and text[end - 1] in " \t\n":
        end -= 1
    return _EMPTY_ITEM.fullmatch(text[text.rfind("\n", 0, end) + 1 : end]) is not None


@cache
def _inside(indent: int) -> re.Pattern[str]:
    """What the lines of a paragraph in an item look like: no further in than the item's content."""
    return re.compile(rf"(?: {{{indent}}}{_TEXT}(?:\n|\Z))++")


class _Held:
    """The items of a plain list that may go on: below, or in the last of them."""

    def __init__(self, text: Text, plainly: Plainly) -> None:
        self._text = text
        self._plainly = plainly
        self._items = Items(plainly)
        self._last: tuple[int, tuple[int, int]] = 0, (0, 0)  # which of them the last chunk began with, and where
        self._sign = ""

    def __bool__(self) -> bool:
        return bool(self._items)

    def begins(self, start: int, end: int, before: int) -> bool:
        """Take a chunk, if it is beyond doubt the first items of a list."""
        return self._takes_items(start, end, before, "")

    def takes(self, start: int, end: int, before: int) -> bool:
        """Take a chunk, if it is beyond doubt more items of the list, or a paragraph of the last one."""
        if self._text[start] not in " \t":
            return self._takes_items(start, end, before, self._sign)
        page, by = paged(self._text, start, end)
        if not _inside(self._items.columns).fullmatch(page, start - by, end - by):
            return False
        self._items.put(before + 1, page.count("\n", start - by, end - by) + 1)
        return True

    def _takes_items(self, start: int, end: int, before: int, sign: str) -> bool:
        """Take the items that make up a chunk, whose marks all end in the sign; not if a parser must read it."""
        count = len(self._items)
        page, by = paged(self._text, start, end)
        found = _sign(page, start - by, end - by, before, self._items, sign=sign)
        if found is None:
            self._items.cut(count)
            return False
        self._sign = found
        self._last = count, (start, before)
        return True

    def let_go(self) -> tuple[int, int]:
        """Forget the items of the last chunk: a parser must read them, together with what stands in the last of them.

        Return where that chunk begins.
        """
        count, begin = self._last
        self._items.cut(count)
        return begin

    def given(self) -> Iterator[Block]:
        """Give the list away, if there is one."""
        if items := self._items:
            self._items = Items(self._plainly)
            inside = items if len(items) > FEW else tuple(items)
            yield Block("list", items[0].start, items[-1].end, items[0].line, items[-1].last, inside=inside)


def _sign(text: str, start: int, end: int, before: int, items: Items, *, sign: str) -> str | None:
    """Add the items that make up a part of a text; return what their marks end in, None if a parser must read it."""
    if text[start] not in _MARKS:
        return None
    line = start
    while line < end:
        beyond = text.find("\n", line, end)
        beyond = end if beyond < 0 else beyond
        if line > start and text[line] == " ":
            if not _inside(items.columns).fullmatch(text, line, beyond):
                return None
            items.go_on()
        else:
            match = _ITEM.fullmatch(text, line, beyond)
            if match is None or (sign and match["sign"] != sign):
                return None
            number, sign, _ = match.groups()
            items.add(before + 1, len(number or ""), match.start("text") - line)
        before += 1
        line = beyond + 1
    return sign


class _Open:
    """What is open at the end of a chunk: a fence, or HTML that runs on."""

    def __init__(self) -> None:
        self._fence: str | None = None  # the mark that opened it; one that is never closed lasts to the end, as it must
        self._closer: re.Pattern[str] | None = None  # what ends the HTML

    def __bool__(self) -> bool:
        return self._fence is not None or self._closer is not None

    def goes_on(self, text: Text, start: int, end: int) -> bool:
        """Go on to the end of a chunk; False where nothing here tells what is open there."""
        tagged = False
        for match in _LINE.finditer(text[start:end]):
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
