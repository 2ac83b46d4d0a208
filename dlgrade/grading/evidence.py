"""What an answer really says: its text without what does not belong to it, and quotes found in it.

An answer is data. Invisible and bidirectional characters and sentences that talk to the grader are
taken out before anyone grades; what was taken out is flagged. Offsets always count in the answer as given.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from dlgrade.models import Evidence

# Zero-width, bidirectional and tag characters: https://www.unicode.org/reports/tr36/ and CVE-2021-42574.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]+")
# Words that speak to whoever grades, not about the subject.
_STEERING = re.compile(
    r"""
    (?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+){0,4}(?:instructions?|rubric|criteria|prompt|rules)
    | (?:give|award|assign|grant)\s+(?:\w+\s+){0,4}(?:full|maximum|max|perfect|top|all)
        \s+(?:\w+\s+){0,2}(?:marks?|points?|score|grade|credit)
    | (?:mark|grade|score|rate|treat|consider)\s+(?:\w+\s+){0,5}as\s+(?:fully\s+)?(?:met|correct|perfect|complete)\b
    | \b(?:dear|attention|note\s+to(?:\s+the)?)\s+(?:grader|examiner|assessor|evaluator|judge)\b
    | \byou\s+are\s+(?:now\s+)?(?:a|an|the)\s+(?:\w+\s+){0,3}(?:grader|assistant|examiner|evaluator|model|ai)\b
    | ["']?verdict["']?\s*[:=]\s*["']?met\b
    | </?\s*(?:system|assistant|user|answer|instructions?)[\w-]*\s*> | <\|\w+\|> | \[/?INST\]
    | ^\s*(?:system|assistant|user)\s*:
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
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
    cuts: list[tuple[int, int]] = []
    flags: list[str] = []
    for match in _INVISIBLE.finditer(answer):
        cuts.append(match.span())
        flags.append(f"invisible characters at {match.start()}")
    visible = _INVISIBLE.sub(lambda m: "\0" * len(m.group()), answer)
    for start, end in _steering_sentences(visible.replace("\0", "\u2060")):
        cuts.append((start, end))
        flags.append(f"text addressed to the grader at {start}-{end}")
    return _without(answer, cuts, tuple(flags))


def _steering_sentences(text: str) -> list[tuple[int, int]]:
    """The whole sentences that hold words addressed to the grader."""
    # Invisible characters inside a word must not hide it: match on a copy in which they are gone.
    kept = [i for i, c in enumerate(text) if c != "\u2060"]
    plain = "".join(text[i] for i in kept)
    ends = [0, *(m.end() for m in _SENTENCE_END.finditer(plain)), len(plain)]
    found: list[tuple[int, int]] = []
    for match in _STEERING.finditer(plain):
        first = max(e for e in ends if e <= match.start())
        last = min((e for e in ends if e >= match.end()), default=len(plain))
        span = (kept[first], kept[last - 1] + 1)
        if span not in found:
            found.append(span)
    return found


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
