"""A Markdown text in stretches that can be parsed one by one, so that a long document is never parsed at once.

A stretch begins where no block of the text before it can go on: at the margin, below a blank line, outside fences
and HTML that runs over blank lines. A list alone may go on; whoever puts the blocks together joins it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LENGTH = 1 << 16
"""Characters from which on a stretch ends at the next place where it may."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_FENCE = re.compile(r"(?P<indent>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<mark>`{3,}|~{3,})(?P<rest>[^\n]*)")
# HTML of these kinds runs on to its end mark: https://spec.commonmark.org/0.31.2/#html-blocks
_RUNS_ON = re.compile(
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


def stretches(text: str) -> Iterator[tuple[int, str]]:
    """Give each stretch of the text, whose lines end in LF, with the number of lines before it."""
    if len(text) <= LENGTH:
        yield 0, text
        return
    start = first = 0
    fence: str | None = None  # the mark that opened it; one that is never closed lasts to the end, as it must
    closer: re.Pattern[str] | None = None  # what ends HTML that runs on
    blank, tagged = True, False
    for number, match in enumerate(_LINE.finditer(text)):
        line = match[0]
        is_open = fence is not None or closer is not None
        if blank and not is_open and match.start() - start >= LENGTH and not line[0].isspace():
            yield first, text[start : match.start()]
            start, first = match.start(), number
        opened = _RUNS_ON.match(line) if not is_open else None
        found = _FENCE.match(line) if closer is None else None
        if closer is not None:
            closer = None if closer.search(line) else closer
        elif found is not None and fence is not None:
            fence = _after(fence, found)
        elif (found or opened) and (tagged or line[0] in " \t>-*+0123456789"):
            break  # it may end with the list, the quote or the HTML that it stands in, and nothing here tells
        elif found is not None:
            fence = None if found["mark"][0] == "`" and "`" in found["rest"] else found["mark"]
        elif opened is not None:
            end = _ENDS[opened.lastgroup or "other"]
            closer = None if end.search(line, opened.end()) else end
        blank = not line.strip()
        tagged = not blank and (tagged or line.lstrip(" ").startswith("<"))
    yield first, text[start:]


def _after(fence: str, found: re.Match[str]) -> str | None:
    """Return the mark of the fence that is still open after a line that looks like its end."""
    mark, indent = found["mark"], found["indent"]
    alone = not indent.strip() and not found["rest"].strip()
    closes = alone and mark[0] == fence[0] and len(mark) >= len(fence)
    return None if closes and len(indent.expandtabs(4)) < _INDENTED_CODE else fence
