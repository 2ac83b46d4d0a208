"""A text line by line, without what only its pages needed.

    … the weights of the last            … the weights of the last
    Deep Learning Handbook
    - 12 -                               layers are trained.
    layers are trained.

Text that was got from a PDF holds page numbers, running titles and form feeds in the middle of sentences. They are
part of no question and of no answer; the lines around them are read as if they had never been parted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from dlgrade.banks.blocks import Document
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.paged import Text

_BLANKS = " \t\f\v\ufeff\u00a0\u3000"
_TAB = 4
_FENCE = re.compile(r"(`{3,}|~{3,})")
_PAGE = re.compile(
    r"(?:page|seite|página|стр\.?|p\.)\s*\d{1,4}(?:\s*(?:of|/|von|de|из)\s*\d{1,4})?"
    r"|[-–—]\s?\d{1,4}\s?[-–—]|\d{1,4}\s*\|\s*page|第\s*\d{1,4}\s*[页頁](?:\s*共\s*\d{1,4}\s*[页頁])?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\[?(\d{1,4})\]?(?:\s*/\s*\d{1,4})?")
_DIGITS = re.compile(r"\d+")
_ROUNDS = 3  # a page has no more running lines than this at either edge
_NUMBERED = 3  # so many lone numbers that count on are page numbers, where no form feed says where pages end
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """What a line shows: `text` is `source[start:end]`, without blanks around it; `column` is where it begins.

    `code` is set inside fences, `parted` where page furniture was left out right above.
    """

    number: int
    start: int
    end: int
    column: int
    source: Text = field(repr=False)
    code: bool = False
    parted: bool = False

    @property
    def text(self) -> str:
        """Cut out anew whenever somebody asks: texts that lines kept would be the document once more in memory."""
        return self.source[self.start : self.end]


def read_lines(document: Document) -> list[Line]:
    """Return the lines of a text in order, page furniture left out."""
    lines = _with_code(_line(document, number) for number in range(1, len(document.lines) + 1))
    breaks = [line.number for line in lines if "\f" in document.line(line.number)]
    furniture = _numbers(lines, breaks)
    furniture |= _running(lines, breaks, furniture)
    return list(_closed_up(lines, furniture, breaks)) if furniture or breaks else lines


def _line(document: Document, number: int) -> Line:
    start, end = document.lines[number - 1]
    whole = document.text[start:end]
    before = whole[: len(whole) - len(whole.lstrip(_BLANKS))]
    first = start + len(before)
    column = len(before.replace("\f", "").expandtabs(_TAB))
    return Line(number, first, first + len(whole.strip(_BLANKS)), column, document.text)


def _with_code(lines: Iterator[Line]) -> list[Line]:
    """Mark the lines of fences; one that nothing closes is none."""
    found = list(lines)
    opened: tuple[int, str] | None = None
    for index, line in enumerate(found):
        fence = _FENCE.match(line.text)
        if fence is None:
            continue
        if opened is None:
            opened = (index, fence[1])
        elif line.text.startswith(opened[1]) and not line.text.strip(opened[1][0]):
            for inside in range(opened[0], index + 1):
                found[inside] = replace(found[inside], code=True)
            opened = None
    return found


def _pages(lines: Sequence[Line], breaks: Sequence[int]) -> list[list[Line]]:
    edges = [0, *(number - 1 for number in breaks), len(lines)]
    return [[line for line in lines[a:b] if line.text] for a, b in pairwise(edges)]


def _numbers(lines: Sequence[Line], breaks: Sequence[int]) -> set[int]:
    """Return the lines that hold a page number and nothing else."""
    found = {line.number for line in lines if not line.code and _PAGE.fullmatch(line.text)}
    if breaks:
        edges = [line for page in _pages(lines, breaks) if page for line in (page[0], page[-1])]
        return found | {line.number for line in edges if _NUMBER.fullmatch(line.text)}
    lone = [(line.number, match) for line in lines if not line.code and (match := _NUMBER.fullmatch(line.text))]
    values = [int(match[1]) for _, match in lone]
    if len(lone) >= _NUMBERED and all(after == before + 1 for before, after in pairwise(values)):
        found |= {number for number, _ in lone}
    return found


def _running(lines: Sequence[Line], breaks: Sequence[int], numbers: set[int]) -> set[int]:
    """Return the lines that are the same at the edges of most pages, but for the numbers in them."""
    found: set[int] = set()
    pages = _pages(lines, breaks) if breaks else []
    for edge in (0, -1):
        for _ in range(_ROUNDS):
            known = numbers | found
            pages = [[line for line in page if line.number not in known] for page in pages]
            found |= _repeated([page[edge] for page in pages if page], len(pages))
    if not breaks and numbers:
        shown = [line for line in lines if line.text]
        places = [index for index, line in enumerate(shown) if line.number in numbers]
        for side in (-1, 1):
            beside = [shown[i + side] for i in places if 0 <= i + side < len(shown)]
            found |= _repeated(beside, len(places))
    return found


def _repeated(edges: Sequence[Line], pages: int) -> set[int]:
    def key(line: Line) -> str:
        return _DIGITS.sub("0", line.text.casefold())

    counted = Counter(map(key, edges))
    return {
        line.number
        for line in edges
        if counted[key(line)] >= max(2, pages * _HALF) and not line.code and not starts_with_label(line.text)
    }


def _closed_up(lines: Sequence[Line], furniture: set[int], breaks: Sequence[int]) -> Iterator[Line]:
    """Give the lines without furniture; blank ones around it go as well where a sentence goes on below."""
    ends = set(breaks)
    last: Line | None = None
    blanks: list[Line] = []
    parted = False
    for line in lines:
        parted = parted or line.number in furniture or line.number in ends
        if line.number in furniture:
            continue
        if not line.text:
            blanks.append(line)
            continue
        goes_on = parted and last is not None and _goes_on(last.text, line.text)
        yield from [] if goes_on else blanks
        yield replace(line, parted=True) if parted else line
        last, blanks, parted = line, [], False
    yield from blanks


def _goes_on(before: str, after: str) -> bool:
    return before[-1] not in ".?!:。？！：" and (after[0].islower() or before[-1] in ",;，、-")


# ── words ────────────────────────────────────────────────────────────────────────────────────

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_BROKEN = re.compile(r"(?<![\w-])([^\W\d_]{2,40})-\n([^\W\d_]{2,40})")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_KEEPS_HYPHEN = frozenset(
    [
        "all",
        "bias",
        "class",
        "cross",
        "deep",
        "end",
        "fine",
        "first",
        "full",
        "half",
        "high",
        "in",
        "large",
        "leave",
        "left",
        "long",
        "low",
        "mid",
        "mini",
        "more",
        "multi",
        "non",
        "one",
        "out",
        "over-the",
        "pixel",
        "pre-trained",
        "real",
        "right",
        "second",
        "self",
        "short",
        "single",
        "small",
        "state",
        "step",
        "sub-word",
        "teacher",
        "time",
        "top",
        "trade",
        "two",
        "up",
        "well",
        "word",
        "zero",
    ]
)


def vocabulary(texts: Sequence[str]) -> frozenset[str]:
    """Return the words, those with hyphens too, that stand whole in some texts."""
    return frozenset(word for text in texts for word in _WORD.findall(_BROKEN.sub(" ", text).casefold()))


def mended(text: str, words: frozenset[str]) -> str:
    """Return a wording with its ligatures spelt out and the words that line ends broke made whole.

    A hyphen stays where the words (`vocabulary`) have it, or hold both halves and not the whole.
    """

    def join(match: re.Match[str]) -> str:
        one, other = match[1], match[2]
        left, right = one.casefold(), other.casefold()
        if left + right in words:
            return one + other
        kept = f"{left}-{right}" in words or left in _KEEPS_HYPHEN or {left, right} <= words or not other[0].islower()
        return f"{one}-{other}" if kept else one + other

    return _BROKEN.sub(join, text.translate(_LIGATURES))
