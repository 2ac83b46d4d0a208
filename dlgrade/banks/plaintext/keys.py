"""The key at a document's end: answers by the number of their question.

ANSWER KEY                 Answers: 1. B  2. C  3. A

1. B    2. (C)                                 | Question | Answer |
3. Because weights shrink.                     |----------|--------|
                                               | 1        | B      |
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlgrade.banks.asking import asks
from dlgrade.banks.patterns import later

if TYPE_CHECKING:
    from dlgrade.banks.plaintext.pages import Line

_NAMED = (
    r"(?:\#{1,6}[ ]|\*\*)?(?:answers?[ ]?keys?|key|(?:the[ ])?answers(?:[ ]to[ ].{1,60})?|correct[ ]answers|solutions"
    r"|参考答案|答案|ответы|respuestas|antworten|réponses|lösungen)(?:\*\*)?[ ]?[:：]?(?:\*\*)?[ \t]*"
)
_TITLE = later(_NAMED, re.IGNORECASE)
_ALONE = rf"[^\S\n]*+{_NAMED}[^\S\n]*+(?:\n|\Z)"
_FIRST_LINE = later(_ALONE, re.IGNORECASE)
_OTHER_LINE = later(rf"\n{_ALONE}", re.IGNORECASE)  # a search for what begins with one sign takes no time
_ANSWER = later(r"(?:^|(?<=[\s,;]))(?:q(?:uestion)?[ ]?)?[(\[]?(\d{1,6})[.):\]、\-–][ ]?[.)]?[ \t]*", re.IGNORECASE)
_ROW = later(r"^\|\s*(?:q(?:uestion)?\s?)?(\d{1,6})[.)]?\s*\|\s*([^|]+?)\s*(?:\|.*)?$", re.IGNORECASE)
_LAST = 3  # so many titles from the end on may be the key's: every answer of a document may have one like it
_CENTRED = 40
_CHOICE = re.compile(r"[(\[]?[A-Ha-h][)\].,;]*\Z")


@dataclass(slots=True)
class Key:
    """Where a key begins, as an index of lines, and its answers by number, in order where a number repeats."""

    at: int
    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def take(self, number: str | None) -> str | None:
        """Return the next answer to a question of this number."""
        given = self.answers.get(number or "")
        return given.pop(0) if given else None


def may_have_key(text: str) -> bool:
    """Say whether a text has a line that could be a key's title."""
    return bool(_FIRST_LINE.match(text) or _OTHER_LINE.search(text))


def find_key(lines: Sequence[Line]) -> Key | None:
    """Return the key that a text ends with, if it does."""
    titles = [
        at
        for at, line in enumerate(lines)
        if not line.code and (title := _TITLE.match(line.text)) and _fits(line, title)
    ]
    for at in titles[: -_LAST - 1 : -1]:
        line = lines[at]
        title = _TITLE.match(line.text)
        first = line.text[title.end() if title else 0 :].strip("=-~ ")
        found = Key(at)
        texts = [first, *(_ROW.sub(r"\1. \2", below.text) for below in lines[at + 1 :])]
        given = list(_answers(texts))
        if len(given) < 2 or any(asks(text) for _, text in given):
            continue
        for number, text in given:
            found.answers[number].append(text)
        return found
    return None


def _fits(line: Line, title: re.Match[str]) -> bool:
    rest = line.text[title.end() :].strip("=-~ ")
    return line.column <= _CENTRED and (not rest or bool(_ANSWER.match(rest)))


def _answers(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    number, parts = "", list[str]()
    for text in texts:
        if not text.strip("=-~*_ "):
            continue
        starts = list(_ANSWER.finditer(text))
        cells = [
            text[a.end() : b.start() if b else None].strip() for a, b in zip(starts, [*starts[1:], None], strict=False)
        ]
        if len(starts) > 1 and not all(_CHOICE.match(cell) for cell in cells):
            starts, cells = starts[:1], [text[starts[0].end() :].strip()]
        if not starts or starts[0].start():
            parts.append(text)
            continue
        for start, cell in zip(starts, cells, strict=True):
            if number and parts:
                yield number, "\n".join(parts)
            number, parts = start[1], [cell] if cell else []
    if number and parts:
        yield number, "\n".join(parts)
