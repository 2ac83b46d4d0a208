"""What a place in an answer belongs to: a sentence, a bracket, a table, an object in braces, and an empty wrapping."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from dlgrade.grading.steering.phrases import ADDRESS, GRADING, TALK, Late

Span = tuple[int, int]
Cut = tuple[int, int, str]
ADDRESSED, HIDDEN = "text addressed to the grader", "hidden text"

_LONG = 240  # characters from which on a sentence is cut at its clauses
_SHORT = 6  # words of a sentence that may be about the grading with one word that says so
_WORD = Late(r"[^\W_]+")
_SENTENCE_END = Late(r"(?<![.!?])[.!?]+[\"')\]*_]*(?:\s+|$|(?=<))|[。！？।؟]+[\"')”）」]*\s*|\n\s*")
_CLAUSE_END = Late(r"[,;:—–]\s|\s-\s")
_PAIRS = (
    *(("(", ")"), ("[", "]"), ("{", "}"), ('"', '"'), ("“", "”"), ("„", "“"), ("'", "'"), ("«", "»"), ("「", "」")),
    *(("**", "**"), ("*", "*"), ("_", "_"), ("`", "`"), ("<!--", "-->"), ("/*", "*/"), ("$", "$")),
)
_OPENING_FENCE = Late(r"(?:^|\n)[ \t]{0,3}(?:```|~~~)[^\n`]{0,20}\n$")
_CLOSING_FENCE = Late(r"[ \t]{0,3}(?:```|~~~)[ \t]*(?:\n|$)")
_OPENING_TAG = Late(r"<([A-Za-z][A-Za-z0-9]{0,11})(?:\s[^<>]{0,200})?>$")
_EMPTY = Late(r"<([A-Za-z][A-Za-z0-9]{0,11})\b[^<>]{0,380}>$")
_LINE_MARK = Late(r"[ \t]*(?:(?:>|[-*+•]|#{1,6}|\d{1,2}[.)]|%{1,3}|//|--)[ \t]*){1,3}$")


class Whole:
    """A text with its sentences, to see what a place in it belongs to."""

    def __init__(self, text: str, folded: str, codes: Iterable[Span]) -> None:
        self._text = text
        self._folded = folded
        ends = (match.end() for match in _SENTENCE_END.made.finditer(text))
        self._ends = sorted({0, len(text), *ends, *(at for code in codes for at in code)})
        self._clauses = [match.end() for match in _CLAUSE_END.made.finditer(text)]
        self._braces: list[Span] | None = None

    def all_of(self, places: Iterable[Span]) -> list[Span]:
        """What the places stand in, each once."""
        found: list[Span] = []
        for place in sorted(places):
            if not found or place[0] < found[-1][0] or place[1] > found[-1][1]:
                found.append(self.of(place))
        return found

    def of(self, span: Span) -> Span:
        """The object, table, bracket, clause or sentence that a place stands in."""
        start, end = self._without_lead(span)
        objects = self._objects()
        around = bisect_right(objects, (start, len(self._text))) - 1
        if around >= 0 and end <= objects[around][1]:
            return objects[around]
        first, last = self._sentence(start), self._end(end)
        if self._text[first:last].lstrip().startswith("|"):
            return self._table(first, last)
        if (bracket := self._bracket(start, end, first, last)) is not None:
            return bracket
        return self._clause(start, end, first, last) if last - first > _LONG else (first, last)

    def _without_lead(self, span: Span) -> Span:
        start, end = span
        while start < end - 1 and self._text[start] in ".!?:;> \n\t,":
            start += 1
        return start, end

    def _sentence(self, at: int) -> int:
        return self._ends[max(0, bisect_right(self._ends, at) - 1)]

    def _end(self, at: int) -> int:
        return self._ends[min(bisect_left(self._ends, at), len(self._ends) - 1)]

    def _objects(self) -> list[Span]:
        """The outermost pairs of braces that hold what looks like JSON."""
        if self._braces is None:
            opened: list[int] = []
            pairs: list[Span] = []
            for match in re.finditer(r"[{}]", self._text):
                if match.group() == "{":
                    opened.append(match.start())
                elif opened:
                    start, end = opened.pop(), match.end()
                    inside = self._text[start : min(end, start + 400)]
                    if ":" in inside and ('"' in inside or "'" in inside):
                        pairs.append((start, end))
            self._braces = []
            for start, end in sorted(pairs):
                if not self._braces or start >= self._braces[-1][1]:
                    self._braces.append((start, end))
        return self._braces

    def _table(self, first: int, last: int) -> Span:
        """All rows of the table; only its own lines begin with a bar."""
        i, j = bisect_left(self._ends, first), bisect_left(self._ends, last)
        while i > 0 and self._line(i - 1).startswith("|"):
            i -= 1
        while j < len(self._ends) - 1 and self._line(j).startswith("|"):
            j += 1
        return self._ends[i], self._ends[j]

    def _line(self, i: int) -> str:
        return self._text[self._ends[i] : min(self._ends[i] + 20, self._ends[i + 1])].lstrip()

    def _bracket(self, start: int, end: int, first: int, last: int) -> Span | None:
        """The tag, or the bracket of a sentence, that holds the place, if there are words outside."""
        for opening, closing in (("<", ">"), ("(", ")"), ("[", "]")):
            left = self._text.rfind(opening, max(0, start - 300), start + 1)
            if left < first or self._text.find(closing, left, start) >= 0:
                continue
            right = self._text.find(closing, end - 1, min(last, end + 400))
            if right < 0:
                continue
            outside = self._text[max(first, left - 200) : left] + self._text[right + 1 : min(last, right + 200)]
            if len(_WORD.made.findall(outside)) > 2:
                image = opening == "[" and self._text[max(0, left - 1) : left] == "!"
                link = re.compile(r"\([^()\n]{0,300}\)").match(self._text, right + 1) if image else None
                return left - image, link.end() if link else right + 1
        return None

    def _clause(self, start: int, end: int, first: int, last: int) -> Span:
        i, j = bisect_right(self._clauses, start), bisect_left(self._clauses, end)
        return (
            max(first, self._clauses[i - 1]) if i else first,
            min(last, self._clauses[j]) if j < len(self._clauses) else last,
        )

    def with_neighbours(self, spans: list[Cut]) -> list[Cut]:
        """The spans and the sentences beside them that go on about the grading."""
        spans = merged(spans)
        found = list(spans)
        for i, (start, end, kind) in enumerate(spans):
            if kind == HIDDEN:
                continue
            lower = spans[i - 1][1] if i else 0
            upper = spans[i + 1][0] if i + 1 < len(spans) else len(self._text)
            while end < upper and self._goes_on(end, after := min(self._end(end + 1), upper)):
                end = after  # noqa: PLW2901 - it grows
            while start > lower and self._goes_on(before := max(self._sentence(start - 1), lower), start):
                start = before  # noqa: PLW2901 - as above
            found.append((start, end, kind))
        return merged(found)

    def _goes_on(self, start: int, end: int) -> bool:
        kinds = sum(bool(pattern.made.search(self._folded, start, end)) for pattern in (GRADING, ADDRESS, TALK))
        words = len(_WORD.made.findall(self._text, start, min(end, start + 200)))
        return kinds > 1 or (kinds == 1 and words <= _SHORT) or (words == 0 and self._text[start:end].strip() == "")

    def tidied(self, spans: list[Cut]) -> list[Cut]:
        """The spans with the quotes, brackets, fences and list marks that would be left around nothing."""
        return merged([(*self._unwrapped(start, end), kind) for start, end, kind in spans])

    def _unwrapped(self, start: int, end: int) -> Span:
        for _ in range(8):
            wider = self._wrapped(start, end)
            if wider == (start, end):
                break
            start, end = wider
        # Of two blanks around what goes, one is enough.
        while end < len(self._text) and start > 0 and self._text[start - 1] in " \n" and self._text[end] == " ":
            end += 1
        return start, end

    def _wrapped(self, start: int, end: int) -> Span:
        text = self._text
        line = text.rfind("\n", 0, start) + 1
        rest = text.find("\n", max(start, end - 1))
        ended = end >= len(text) or text[end - 1] == "\n" or not text[end : rest if rest >= 0 else len(text)].strip()
        if line < start and ended and _LINE_MARK.made.match(text, line, start):
            return line, end
        left = start - (len(text[max(0, start - 50) : start]) - len(text[max(0, start - 50) : start].rstrip()))
        right = end + len(text[end : end + 50]) - len(text[end : end + 50].lstrip())
        before, after = text[max(0, left - 250) : left], text[right : right + 20]
        for opening, closing in _PAIRS:
            if before.endswith(opening) and after.startswith(closing):
                return left - len(opening), right + len(closing)
        fence = _OPENING_FENCE.made.search(text[max(0, start - 30) : start])
        if fence and (closing_fence := _CLOSING_FENCE.made.match(text, right)):
            return start - len(fence.group().lstrip("\n")), closing_fence.end()
        empty = _EMPTY.made.match(text, start, min(end, start + 400))
        if empty and (closing_tag := re.compile(rf"(?:&nbsp;|\s){{0,8}}</{empty[1]}>").match(text, end)):
            return start, closing_tag.end()
        tag = _OPENING_TAG.made.search(before)
        if tag and after.startswith(f"</{tag[1]}>"):
            return left - len(tag.group()), right + len(tag[1]) + 3
        return start, end


def merged(spans: Iterable[Cut]) -> list[Cut]:
    """Spans in order, those that touch put together under the first one's kind."""
    found: list[Cut] = []
    for start, end, kind in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]), found[-1][2])
        elif start < end:
            found.append((start, end, kind))
    return found
