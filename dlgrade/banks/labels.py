"""The names by which documents tell an answer, and what stands beside it, apart.

**Answer:** …   Ans: …   ### Solution   <details><summary>Answer</summary> …     labels
Difficulty: hard   Source: …   **Hint:** …                                        asides
"""

from __future__ import annotations

import re

from dlgrade.banks.paged import Match
from dlgrade.banks.patterns import later

_ANSWER = r"(?:answers?|anwser|anser|ans|respuesta|réponse|antwort|resposta|risposta|答案|答|回答|解答|ответ)"
_NAME = (
    r"(?:(?:model|sample|reference|expected|suggested|correct|short|example)[ \t]+)?"
    rf"(?:(?P<answer>{_ANSWER})|solution|response|reply|lösung)"
)
_COLON = r"[ \t]*+[:：]"
_POINTER_LENGTH = 700
_LINE_END = r"(?:\r|\n|\Z)"  # `$` knows no CR
LABEL = later(
    rf"""(?P<bullet>[-*+][ \t]+)?(?:
        (?P<hashes>\#{{1,6}})[ \t]+(?P<e>\*\*|__|[*_])?{_NAME}(?:
              (?:{_COLON})?(?(e)(?P=e)(?:{_COLON})?)[ \t]*+\#*+(?=[ \t]*+{_LINE_END})
            | (?(e)(?:{_COLON}(?P=e)|(?P=e){_COLON})|{_COLON})(?=[ \t]*\S))
      | (?P<em>\*\*\*|\*\*|__|[*_])(?:
              {_NAME.replace("<answer>", "<bold>")}
              (?:{_COLON}(?P=em) | (?P=em){_COLON} | (?P=em)(?=[ \t]*+{_LINE_END})
                | (?P<within>{_COLON})(?=[ \t][^\r\n*_]{{1,300}}(?P=em)))
            | (?P<a>A\d{{0,3}})(?:[.]?(?:{_COLON})?(?P=em)(?:{_COLON})? (?<=[.:：*_])(?<!A\*\*)(?<!A__)))
      | (?:{_NAME.replace("<answer>", "<bare>")}|(?P<b>A\d{{0,3}})){_COLON}
      | (?P<c>A\d{{1,3}}[.)]|Ans(?:wer)?[ ]?(?:[.][ ]?[-–]?|[-–]))(?=[ \t]+\S|[ \t]*{_LINE_END})
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# Lines that say something about the question or beside the answer: `data` fills a line, `source` a paragraph,
# `part` opens what runs on to the end of the entry.
ASIDE = later(
    r"""(?P<mark>(?:[^\w\r\n`<|$\\]|_){0,12})(?:
        (?P<data>difficulty(?:[ ]level)?|tags?|categor(?:y|ies)|topics?|compan(?:y|ies)|asked[ ](?:by|in|at)|authors?
            |contributed[ ]by|last[ ]updated)
      | (?P<source>sources?|credits?|citations?|see[ ]also|(?:read|learn)[ ]more)
      | (?P<part>hints?|references?|(?:further|additional)[ ]reading|resources?|follow[ -]?ups?(?:[ ]questions?)?)
    )[*_]{0,3}[ \t]*+(?:(?P<colon>[:：])|\#*+[ \t]*+\Z)""",
    re.IGNORECASE | re.VERBOSE,
)
# What only leads somewhere else, as a whole line: a link, a file's name, a way back.
_LED_TO = (
    r"(?:(?:full\ |the\ |model\ )?(?:answers?|ans|solutions?|explanation)|src|sources?|ref(?:erence)?s?|links?"
    r"|(?:click\ )?here|(?:read|see|learn|view|watch|more)(?:\ [\w’' ]{1,40})?|video|wiki(?:pedia)?|docs?|article"
    r"|blog(?:\ post)?)"
)
_POINTER = later(
    rf"""[^\w\[(<`!]{{0,12}}(?:
        \[{{1,2}}{_LED_TO}\W{{0,3}}\]{{1,2}}\([^()\s]{{1,600}}\)\]?
      | \[[^\[\]]{{1,200}}\]\((?!https?:)[^()\s]{{1,300}}\)
      | (?:read|see|find|view|check|get|visit|click)\b[^.!?\r\n]{{0,60}}\b(?:answer|solution|explanation|here|more)\b
            [^.!?\r\n]{{0,80}}(?:\]\(|<a\s|https?://)\S.{{0,300}}
      | `?[\w./-]{{1,100}}\.(?:md|py|ipynb|txt|png|jpe?g|gif|svg|pdf|html?|js|java|sql|docx?)`?
      | (?:\[{{1,2}}|<[^<>]{{1,200}}>|[^\w\r\n]){{0,12}}\s*back\s+to\s+(?:the\s+)?
            (?:top|toc|contents|index|table\ of\ contents|home)\b\W{{0,8}}(?:\([^()\s]{{0,200}}\)\W{{0,4}})?
    )[\W_]{{0,12}}(?:</[a-z]{{1,10}}>\s*){{0,4}}""",
    re.IGNORECASE | re.VERBOSE,
)
_FACT = later(
    r"(?P<name>difficulty(?: level)?|level|category|topic)[*_]{0,3}[ \t]*[:：][*_ \t]*(?P<value>[^|,;·•\r\n*_]{1,60})",
    re.IGNORECASE,
)
_FACT_NAMES = {"categ": "category", "topic": "category"}
# Collapsed text is a placeholder with its own natural place: between summary and end.
DETAILS = later(
    r"<details[^<>]{0,100}>\s*+(?:<summary>(?P<summary>.{0,300}?)</summary>)?(?P<inner>(?:(?!</?details).)*)</details>",
    re.IGNORECASE | re.DOTALL,
)
SUMMARY = later(rf"(?<!\w)(?:(?P<answer>{_ANSWER}|solution|lösung)|hints?)(?!\w)", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\A(?:[ \t]*(?:\r\n|\r|\n))+")


def starts_with_label(line: str) -> bool:
    """Say whether a line begins with `Answer:` in one of its many spellings."""
    return bool(LABEL.match(line.lstrip(" \t")))


def is_pointer(line: str) -> bool:
    """Say whether a line only leads somewhere else: `[[Answer]](https://…)`, `solutions/q1.py`, `Back to top`."""
    return len(line) < _POINTER_LENGTH and bool(_POINTER.fullmatch(line.strip()))


def left_open(label: Match) -> str:
    """Return the emphasis that a label opens and leaves open: `**Answer: B**`; it is closed behind the answer."""
    return label["em"] if label["within"] else ""


def without_label(answer: str) -> str:
    """Return the answer without the labels that it begins with, if it does."""
    while label := LABEL.match(bare := answer.lstrip()):
        rest = bare[label.end() :].replace(left_open(label), "", 1) if left_open(label) else bare[label.end() :]
        below = _BLANK_LINES.match(rest)
        answer = rest[below.end() :] if below else rest.lstrip()
    return answer


def facts(line: str) -> dict[str, str]:
    """Return what a line of metadata says of `difficulty` and `category`, as the document calls it."""
    return {
        _FACT_NAMES.get(match["name"].lower()[:5], "difficulty"): match["value"].strip()
        for match in _FACT.finditer(line)
        if match["value"].strip()
    }
