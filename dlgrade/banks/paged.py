"""A long text that stands in a file, of which a few pages are in memory: who reads it goes on from line to line.

    text = Paged.of(parts)        a text made of parts, of which none is kept
    text[at : at + 80]            as of a `str`
    page, by = paged(text, 7, 9)  where a regular expression is to look: `page[7 - by : 9 - by]` is `text[7:9]`

It is what a document of a hundred thousand answers becomes while it is looked at whether it reads as it should.
"""

from __future__ import annotations

import errno
import os
from array import array
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Protocol, Self
from weakref import finalize

from dlgrade.spool import unwritable

if TYPE_CHECKING:
    import re

PAGE = 1 << 16
"""Characters of a page."""

_KEPT = 4  # pages in memory: some who read look back, or a little further on
_AROUND = 16  # characters before and after a place that an expression may look at


class Paged:
    """A text by pages, in a file without a name that ends with the program."""

    def __init__(self) -> None:
        try:
            self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - for as long as this lives
        except OSError as error:
            raise unwritable(error) from None
        finalize(self, self._file.close)
        self._begins = array("q", [0])  # of the pages in the file, and where the last ends
        self._length = 0
        self._pages: dict[int, str] = {}

    @classmethod
    def of(cls, parts: Iterable[str]) -> Self:
        """The text that these make together.

        Raises:
            OutputError: the disk of temporary files is full.
        """
        text, some, size = cls(), [], 0
        for part in parts:
            some.append(part)
            size += len(part)
            if size >= PAGE:
                some = text._add("".join(some), PAGE)
                size = len(some[0])
        text._add("".join(some), 1)
        return text

    def _add(self, text: str, least: int) -> list[str]:
        """Write whole pages, and the rest where it has so many characters; return what is left."""
        done = 0
        while len(text) - done >= least:
            page = text[done : done + PAGE]
            data = page.encode("utf-8", "surrogatepass")
            try:
                if self._file.write(data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError as error:
                raise unwritable(error) from None
            self._begins.append(self._begins[-1] + len(data))
            self._length += len(page)
            done += len(page)
        return [text[done:]]

    def _page(self, number: int) -> str:
        page = self._pages.get(number)
        if page is None:
            begin, end = self._begins[number], self._begins[number + 1]
            self._file.seek(begin)
            page = self._file.read(end - begin).decode("utf-8", "surrogatepass")
            while len(self._pages) >= _KEPT:
                del self._pages[next(iter(self._pages))]
            self._pages[number] = page
        return page

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        return self[:]

    def __getitem__(self, at: int | slice) -> str:
        if isinstance(at, int):
            start, end = at, at + 1
        else:
            start, end, _ = at.indices(self._length)
        if start >= end:
            return ""
        first, last = start // PAGE, (end - 1) // PAGE
        begin = first * PAGE
        if first == last:
            return self._page(first)[start - begin : end - begin]
        pages = [self._page(number) for number in range(first, last + 1)]
        pages[0] = pages[0][start - begin :]
        pages[-1] = pages[-1][: end - last * PAGE]
        return "".join(pages)

    def around(self, start: int, end: int) -> tuple[str, int]:
        """A part of the text that holds `text[start:end]` and a little on both sides, and where it begins."""
        start, end = max(0, start - _AROUND), min(self._length, end + _AROUND)
        number = start // PAGE
        if start < end <= (number + 1) * PAGE:
            return self._page(number), number * PAGE
        return self[start:end], start

    def pieces(self) -> Iterator[tuple[int, str]]:
        """The text line by line, some thousand at once, each with where it begins; all but the last end in LF."""
        begin = 0
        while begin < self._length:
            end = (
                self._length if begin + PAGE >= self._length else self.find("\n", begin + PAGE - 1) + 1 or self._length
            )
            yield begin, self[begin:end]
            begin = end

    def find(self, sub: str, start: int = 0, end: int | None = None) -> int:
        """As of a `str`."""
        end = self._length if end is None else min(end, self._length)
        while start < end:
            beyond = min((start // PAGE + 1) * PAGE + len(sub) - 1, end)
            found = self[start:beyond].find(sub)
            if found >= 0:
                return start + found
            start = max(beyond - len(sub) + 1, start + 1)
        return -1

    def rfind(self, sub: str, start: int, end: int) -> int:
        """As of a `str`."""
        while start < end:
            begin = max(start, (end - 1) // PAGE * PAGE - len(sub) + 1)
            found = self[begin:end].rfind(sub)
            if found >= 0:
                return begin + found
            end = begin + len(sub) - 1 if begin > start else start
        return -1

    def count(self, sub: str, start: int, end: int) -> int:
        """As of a `str`, of single characters."""
        return self[start:end].count(sub)

    def startswith(self, sub: str | tuple[str, ...], start: int = 0) -> bool:
        """As of a `str`."""
        longest = len(sub) if isinstance(sub, str) else max(map(len, sub))
        return self[start : start + longest].startswith(sub)

    def __contains__(self, sub: str) -> bool:
        return self.find(sub) >= 0


Text = str | Paged


def paged(text: Text, start: int, end: int) -> tuple[str, int]:
    """A part of a text that holds `text[start:end]` and a little on both sides, and where that begins."""
    return (text, 0) if isinstance(text, str) else text.around(start, end)


class Match(Protocol):
    """What an expression has found."""

    def start(self, group: int | str = 0, /) -> int: ...  # noqa: D102
    def end(self, group: int | str = 0, /) -> int: ...  # noqa: D102
    def span(self, group: int | str = 0, /) -> tuple[int, int]: ...  # noqa: D102
    def __getitem__(self, group: int | str, /) -> str: ...


class _Moved:
    """What was found in a page, with its places in the whole text."""

    def __init__(self, match: re.Match[str], by: int) -> None:
        self._match = match
        self._by = by

    def start(self, group: int | str = 0, /) -> int:
        return self._match.start(group) + self._by

    def end(self, group: int | str = 0, /) -> int:
        return self._match.end(group) + self._by

    def span(self, group: int | str = 0, /) -> tuple[int, int]:
        return self.start(group), self.end(group)

    def __getitem__(self, group: int | str, /) -> str:
        return self._match[group]


def match_in(pattern: re.Pattern[str], text: Text, start: int, end: int) -> Match | None:
    """`pattern.match(text, start, end)` for texts of both kinds."""
    if isinstance(text, str):
        return pattern.match(text, start, end)
    page, by = text.around(start, end)
    found = pattern.match(page, start - by, end - by)
    return found and _Moved(found, by)


def match_on(pattern: re.Pattern[str], text: Text, start: int) -> Match | None:
    """The same where only the pattern knows its end: of such as look no further ahead than what they match."""
    if isinstance(text, str):
        return pattern.match(text, start)
    size = PAGE
    while True:
        end = min(start + size, len(text))
        found = match_in(pattern, text, start, end)
        if found is not None or end == len(text):
            return found
        size *= 2


def search_in(pattern: re.Pattern[str], text: Text, start: int, end: int) -> Match | None:
    """`pattern.search(text, start, end)` for texts of both kinds."""
    if isinstance(text, str):
        return pattern.search(text, start, end)
    page, by = text.around(start, end)
    found = pattern.search(page, start - by, end - by)
    return found and _Moved(found, by)
