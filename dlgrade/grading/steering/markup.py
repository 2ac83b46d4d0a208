"""What of an answer is not its words: characters and markup that nobody sees, marks of a conversation, code."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from dlgrade.grading.steering.phrases import Late

_RTL = Late("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Zero-width, bidirectional, filling and tag characters and variation selectors:
# https://www.unicode.org/reports/tr36/ and CVE-2021-42574.
_INVISIBLE = Late(
    "[\x00-\x08\x0b\x0e-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    ""
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e01ef]+"
)
# Joiners that Persian, Hindi and emoji are written with; between Latin letters they only hide something.
_JOINED = Late(
    "(?<=[^\x00-\u024f])[\u200c\u200d]+(?=[^\x00-\u024f])"
    "|(?<=[\u0900-\u0dff])[\u200c\u200d]"
    "|(?<=[^\x00-\u024f]\ufe0f)\u200d(?=[^\x00-\u024f])"
    "|(?<=[#*0-9\u00a9\u00ae\u2010-\u32ff\U0001f000-\U0001faff])[\ufe0e\ufe0f]"  # the look of a symbol
    "|(?<=[\u3400-\u9fff\U00020000-\U0003ffff])[\ufe00-\ufe02\U000e0100-\U000e01ef](?![\ufe00-\ufe0f\U000e0100-\U000e01ef])"
    ""
    "|(?<=\U0001f3f4)[\U000e0061-\U000e007a]{2,6}\U000e007f"  # flags of regions
    "|(?<=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b"  # where words part in Thai, Lao, Burmese, Khmer
)
# Soft hyphens, byte order marks, ends of a direction and what MathML puts between factors hide nothing.
_SILENT = frozenset("\u00ad\u202c\ufeff\u2060\u2061\u2062\u2063\u2064\x0b\x1f")
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u2066\u2067\u2068\u2069\u202a\u202b\u202c")  # as text of right to left has


def unseen(answer: str) -> list[tuple[int, int, bool]]:
    """Runs of characters that nobody sees and that no script needs; with each, whether it is worth a flag."""
    if answer.isascii() and not any(character in answer for character in "\0\b\x1b\x7f"):
        return []
    runs = [match.span() for match in _INVISIBLE.made.finditer(answer)]
    if not runs:
        return []
    needed = {i for match in _JOINED.made.finditer(answer) for i in range(*match.span())}
    silent = _SILENT | _DIRECTIONS if _RTL.made.search(answer) else _SILENT
    found = []
    for start, end in runs:
        while start < end and start in needed:
            start += 1  # noqa: PLW2901 - a joiner may have something behind it that hides
        if start < end:
            found.append((start, end, not silent.issuperset(answer[start:end])))
    return found


_FENCE = Late(r"^[ \t]{0,3}(?:```|~~~)[^\n]*$", re.MULTILINE)
_INLINE = Late(r"`[^`\n]{1,200}`")


def code_places(text: str) -> list[tuple[int, int]]:
    """Fenced and inline code; a fence that is not closed holds the rest."""
    if "`" not in text and "~~~" not in text:
        return []
    fences = list(_FENCE.made.finditer(text))
    blocks = [(one.start(), fences[i + 1].end()) for i, one in enumerate(fences[:-1]) if i % 2 == 0]
    if len(fences) % 2:
        blocks.append((fences[-1].start(), len(text)))
    return sorted(blocks + [match.span() for match in _INLINE.made.finditer(text) if not within(match.span(), blocks)])


def within(span: tuple[int, int], places: list[tuple[int, int]]) -> bool:
    """Whether one of the places, which are in order, holds the span."""
    at = bisect_right(places, (span[0] + 1, 0)) - 1
    return at >= 0 and places[at][0] <= span[0] and span[1] <= places[at][1]


_HIDDEN_TAG = Late(
    r"<([a-z][a-z0-9]{0,11})\b[^<>]{0,300}?(?:display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|"
    r"font-size\s{0,3}:\s{0,3}0|"
    r"opacity\s{0,3}:\s{0,3}0(?!\.[1-9])|color\s{0,3}[:=]\s{0,3}[\"']?(?:white|transparent|#fff)|[ "
    r"]hidden\b)[^<>]{0,300}>"
)
_SCRIPT = Late(r"<(script|style)\b[^<>]{0,100}>")
# [//]: # (a comment in Markdown)
_NOTE = Late(r"^\[[^\]\n]{0,40}\]:[ \t]{1,3}(?:#|<>)[ \t][^\n]*\n?", re.MULTILINE)


def hidden(folded: str) -> Iterator[tuple[int, int]]:
    """What a page would not show: comments, elements that are styled away. The text is folded."""
    if "]:" in folded:
        yield from (match.span() for match in _NOTE.made.finditer(folded))
    at = folded.find("<!--")
    while at >= 0 and (end := folded.find("-->", at)) >= 0:
        yield at, end + 3
        at = folded.find("<!--", end)
    if "<" not in folded:
        return
    at = 0
    for match in sorted(
        [*_HIDDEN_TAG.made.finditer(folded), *_SCRIPT.made.finditer(folded)], key=lambda match: match.start()
    ):
        closing = f"</{match[1]}"
        if match.start() < at or "background" in match.group() or folded.rfind(closing) < match.end():
            continue
        at = folded.find(">", folded.find(closing, match.end())) + 1 or len(folded)
        yield match.start(), at


_ROLE = r"(?:system|assistant|user|developer|model|tool|human)"
# What chat templates are made of; a server may read it as such wherever it stands.
_CONTROL = Late(
    rf"<[|\uff5c](?:im_start|im_end|im_sep|eot_id|eom_id|start_header_id|end_header_id|system|user|assistant|"
    rf"end|channel|message|start|"
    rf"begin_of_text|end_of_turn|start_of_turn|turn)[|\uff5c]>(?:{_ROLE}\b)?|<(?:start_of_turn|"
    rf"end_of_turn)>(?:{_ROLE}\b)?"
    r"|\[/?(?:inst|system_prompt|tool_results|system|user|assistant)\]|<</?sys>>|</?answer-\w{1,40}>"
)
_TAG = Late(
    r"<(/?)[ ]?((?:system|assistant|user|human|answer|instructions?|grader|rubric|student|submission|untrusted|"
    r"prompt)(?:[_-]\w{1,30})?)[ ]?>"
)
_LOUD = Late(
    r"\b(?:SYSTEM|ASSISTANT|DEVELOPER|ADMIN)(?:[ ](?:MESSAGE|PROMPT|OVERRIDE|NOTE|NOTICE|INSTRUCTION))?[ ]{0,2}:"
    r"|(?:[-=#*<\[~_]{1,40}[ ]?)?\b(?:END|BEGIN|START|BEGINNING)(?:[ ]OF)?(?:[ ]THE)?(?:[ ](?:STUDENT|CANDIDATE|"
    r"USER|UNTRUSTED|NEW)(?:'S)?)?"
    r"[ ](?:ANSWER|SUBMISSION|RESPONSE|USER INPUT|UNTRUSTED|PROMPT|INSTRUCTIONS?|SYSTEM(?:[ ][A-Z]{3,12})?|"
    r"GRADING(?:[ ][A-Z]{3,12})?|"
    r"RUBRIC|VERDICTS?)\b[-=#*>\]~_ .:!]{0,40}"
)
_RULED = Late(
    r"[-=#*~_]{3,40}[ ]?(?:end|begin|start)(?: of)?(?: the)?(?: student| user)? (?:answer|submission|response)[ ]?"
    r"[-=#*~_]{3,40}"
)
_OPENINGS = (
    "<|",
    "<\uff5c",
    "<<",
    "<start_of",
    "<end_of",
    "answer-",
    "[/",
    "[inst",
    "[system",
    "[user",
    "[assistant",
    "[tool",
)
_ROLES = frozenset(
    {
        *(
            "system",
            "assistant",
            "user",
            "human",
            "answer",
            "instruction",
            "instructions",
            "grader",
            "rubric",
            "student",
        ),
        *("submission", "untrusted", "prompt"),
    }
)
_BOUNDS = frozenset({"end", "begin", "start"})
_CALLED = frozenset({"system", "assistant", "developer", "admin", "end", "begin", "beginning", "start"})
_SHOUTED = ("SYSTEM", "ASSISTANT", "DEVELOPER", "ADMIN", "END ", "BEGIN", "START ")
_QUIET = Late(
    rf"^[ \t>#*_]{{0,6}}{_ROLE}[ \t*_]{{0,4}}:|^#{{2,3}} ?(?:system|instruction|response|input|human|"
    rf"assistant)\b:?[ \t]*$|<\|\w{{1,30}}\|>"
    r"|^[ \t>*_-]{0,6}(?:end|beginning|start) of (?:the )?(?:student'?s? |user )?(?:answer|submission|"
    r"response)[ \t*_.:-]{0,6}$|</?s>",
    re.MULTILINE,
)


def role_marks(text: str, folded: str, words: set[str]) -> Iterator[tuple[int, int]]:
    """Marks of a conversation that no answer has, but for one about such marks. `words` are the folded text's."""
    if ("<" in folded or "[" in folded or "answer-" in folded) and any(opening in folded for opening in _OPENINGS):
        yield from (match.span() for match in _CONTROL.made.finditer(folded))
    if "<" in folded and not words.isdisjoint(_ROLES):
        yield from (match.span() for match, paired in _tags(folded) if not paired)
    if not words.isdisjoint(_CALLED) and any(word in text for word in _SHOUTED):
        yield from (match.span() for match in _LOUD.made.finditer(text))
    if not words.isdisjoint(_BOUNDS) and not words.isdisjoint(_ROLES):
        yield from (match.span() for match in _RULED.made.finditer(folded))


def doubtful_marks(folded: str) -> Iterator[tuple[int, int]]:
    """Those that an answer may well have where nothing else steers."""
    yield from (match.span() for match in _QUIET.made.finditer(folded))
    yield from (match.span() for match, paired in _tags(folded) if paired)


def _tags(folded: str) -> Iterator[tuple[re.Match[str], bool]]:
    """Tags of a conversation, and whether both <answer> and </answer> are there; one alone closes somebody else's."""
    found = list(_TAG.made.finditer(folded))
    kinds = {(match[1] == "/", match[2]) for match in found}
    for match in found:
        yield match, {(True, match[2]), (False, match[2])} <= kinds
