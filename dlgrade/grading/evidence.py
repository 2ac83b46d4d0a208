"""What an answer really says: its text without what does not belong to it, and quotes found in it.

An answer is data. Invisible and bidirectional characters and sentences that talk to the grader are
taken out before anyone grades; what was taken out is flagged. Offsets always count in the answer as given.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from dlgrade.models import Evidence

# Zero-width, bidirectional and tag characters: https://www.unicode.org/reports/tr36/ and CVE-2021-42574.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]+")
# Joiners that Persian, Hindi and emoji are written with; between Latin letters they only hide something.
_JOINER = re.compile("(?<=[^\x00-\u024f])[\u200c\u200d]+(?=[^\x00-\u024f])")
_SILENT = frozenset("\u00ad\ufeff")  # soft hyphens and byte order marks hide nothing
# Words that speak to whoever grades, not about the subject: told to do something, or said of "this answer".
_STEERING = re.compile(
    r"""
    (?:(?:^|[.!?:;>\n])\s*|\b(?:please|now|then|and|must|should|to)\s+)
        (?:ignore|disregard|forget|override|bypass)\s+
        (?:(?:all|any|the|these|those|your|of|previous|prior|above|earlier|grading|system)\s+){1,5}
        (?:instructions?|rubric|criteria|prompts?|guidelines)
    | \b(?:ignore|disregard|forget|override)\s+(?:all\s+)?(?:the\s+|your\s+)?
        (?:previous|prior|above|grading|system)\s+(?:instructions?|rubric|criteria|prompts?)
    | \b(?:ignore|disregard|override|bypass)\s+the\s+rubric\b
    | \b(?:give|award|assign|grant)\s+(?:me|this|my|it|the\s+(?:answer|student|candidate|author))\b
        [^.!?\n]{0,40}\b(?:marks?|points?|score|grade|credit)\b
    | (?:(?:^|[.!?:;>\n])\s*|\b(?:please|now|and)\s+)(?:give|award|assign|grant)\s+
        (?:full|maximum|max|perfect|top)\s+(?:\w+\s+){0,2}(?:marks?|points?|score|grade|credit)\b
    | \b(?:mark|grade|score|rate|treat|consider)\s+(?:\w+\s+){0,3}
        (?:answer|response|submission|criteri(?:on|a)|everything)\s+(?:\w+\s+){0,2}as\s+(?:fully\s+)?
        (?:met|correct|perfect|complete|right)\b
    | \b(?:dear|attention|note\s+to(?:\s+the)?)\s+(?:grader|examiner|assessor|evaluator|judge)\b
    | \byou\s+are\s+now\s+(?:a|an|the|in)\b
    | \byou\s+are\s+(?:a|an|the)\s+(?:\w+\s+){0,3}(?:grader|examiner|evaluator|assessor)\b
    | ["']?verdict["']?\s*[:=]\s*["']?met\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Marks of a conversation: they are cut, and what stands around them is read like the rest.
_ROLES = re.compile(
    r"</?\s*(?:system|assistant|user|answer|instructions?)[\w-]*\s*>|<\|\w+\|>|\[/?INST\]"
    r"|^[ \t]*(?:system|assistant)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"[.!?。！？]+[\"')\]]*(?:\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The part of an answer that is graded.

    `text` is what stands after cleaning; `starts[k]` and `origins[k]` say that from `text[starts[k]]` on,
    characters come from `given[origins[k]]` on. `flags` names what was taken out and where.
    """

    text: str
    given: str
    starts: tuple[int, ...]
    origins: tuple[int, ...]
    flags: tuple[str, ...]

    def origin(self, offset: int) -> int:
        """An offset into the cleaned text as one into the answer as given."""
        k = bisect_right(self.starts, offset) - 1
        return self.origins[k] + offset - self.starts[k]

    def quote(self, start: int, end: int) -> Evidence:
        """The words `text[start:end]`, with their offsets in the answer as given."""
        first, last = self.origin(start), self.origin(end - 1) + 1
        return Evidence(quote=self.given[first:last], start=first, end=last)


def clean(answer: str) -> Cleaned:
    """An answer -> what of it is graded, with flags for what is not."""
    joiners = {i for match in _JOINER.finditer(answer) for i in range(*match.span())}
    hidden = [match.span() for match in _INVISIBLE.finditer(answer) if not set(range(*match.span())) <= joiners]
    flags = [f"invisible characters at {at}" for at, end in hidden if not set(answer[at:end]) <= _SILENT]
    # Invisible characters inside a word must not hide it: the rest is looked for where they are gone.
    visible = _without(answer, hidden, ())
    steering = [(visible.origin(start), visible.origin(end - 1) + 1) for start, end in _steering(visible.text)]
    flags += [f"text addressed to the grader at {start}-{end}" for start, end in steering]
    return _without(answer, [*hidden, *steering], tuple(flags))


def _steering(text: str) -> list[tuple[int, int]]:
    """The sentences that hold words addressed to the grader, and the marks of a conversation."""
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    found = {match.span() for match in _ROLES.finditer(text)}
    for match in _STEERING.finditer(text):
        words = match.end() - len(match.group().lstrip(".!?:;> \n\t"))
        first, last = ends[bisect_right(ends, words) - 1], ends[bisect_left(ends, match.end())]
        found.add((first, last))
    return sorted(span for span in found if span[0] < span[1])


def _without(answer: str, cuts: list[tuple[int, int]], flags: tuple[str, ...]) -> Cleaned:
    pieces: list[str] = []
    starts: list[int] = [0]
    origins: list[int] = [0]
    at = length = 0
    for start, end in sorted(cuts):
        if start > at:
            pieces.append(answer[at:start])
            length += start - at
        at = max(at, end)
        starts.append(length)
        origins.append(at)
    pieces.append(answer[at:])
    return Cleaned("".join(pieces), answer, tuple(starts), tuple(origins), flags)


def _fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Letters and digits only, folded, each with the offset it came from."""
    folded: list[str] = []
    offsets: list[int] = []
    for i, character in enumerate(text):
        for c in unicodedata.normalize("NFKC", character).casefold():
            if c.isalnum() or unicodedata.category(c).startswith("S"):
                folded.append(c)
                offsets.append(i)
    return "".join(folded), offsets


def find_quote(quote: str, cleaned: Cleaned) -> Evidence | None:
    """Where a quote stands in the answer, case, spaces and punctuation aside; None if nowhere."""
    needle, _ = _fold_with_offsets(quote)
    haystack, offsets = _fold_with_offsets(cleaned.text)
    at = haystack.find(needle) if needle else -1
    if at < 0:
        return None
    return cleaned.quote(offsets[at], offsets[at + len(needle) - 1] + 1)
