"""What may be chosen as the answer, and which of it is right.

"options": ["Dropout", "ReLU"], "answer": 0                         by place, from 0 or from 1
"choices": {"A": "Dropout", "B": "ReLU"}, "correct_answer": "A"     by letter
"options": [{"text": "Dropout", "isCorrect": true}, …]              by a mark of its own
"options": ["Dropout", "ReLU"], "answer": "Dropout"                 by what it says

A multiple choice is answered where the right option can be told, and the option's text is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dlgrade.banks.data.nodes import Node
from dlgrade.banks.wording import spaced, squash

_LETTERED = re.compile(r"\s*[(\[]?([A-Za-z]|\d{1,2})[).:\]]\s")
_TEXT = re.compile(r"(?:option|answer|choice)?(?:text|content|body|value|option|answer|choice)|label|name|title")
_LETTER = re.compile(r"letter|label|key|id|prefix|index|option|value")
_RIGHT = re.compile(r"(?:is)?(?:correct|right|true|answer|solution)(?:answer|option)?")
_APART = re.compile(r"[\r\n]+|[|;]")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Option(NamedTuple):
    """One of several answers; `right` where it says so itself."""

    letter: str | None
    text: str
    right: bool = False


def read_options(node: Node) -> tuple[Option, ...]:
    """Read a list or a mapping of options, or a text with several apart; none where it holds fewer than two."""
    found = tuple(option for option in _read(node) if option.text)
    return found if len(found) > 1 else ()


def shown(options: Sequence[Option]) -> str:
    """Return the options as lines of a question's text."""
    return "\n".join(
        f"- {option.text}" if _LETTERED.match(f"{option.text} ") else f"- {_letter(options, i)}) {option.text}"
        for i, option in enumerate(options)
    )


def right(options: Sequence[Option], named: Node | None, base: int) -> str | None:
    """Return the text of the right options, None where none is named; `base` is the first one's place."""
    if named is None:
        return "\n".join(option.text for option in options if option.right) or None
    if named.kind == "list":
        found = [text for item in named.items if (text := right(options, item, base))]
        return "\n".join(found) if found and len(found) == len(named.items) else None
    text = spaced(named.text)
    if named.kind not in ("text", "number") or not text:
        return None
    by_text = next((option.text for option in options if option.text.casefold() == text.casefold()), None)
    if by_text is not None:
        return by_text
    letter = text.strip("()[].: ").upper().removeprefix("OPTION").strip("_ ")
    if any(option.letter for option in options) or not letter.isdecimal():
        return next((o.text for i, o in enumerate(options) if _letter(options, i) == letter), None)
    place = int(letter) - base if len(letter) < 4 else -1
    return options[place].text if 0 <= place < len(options) else None


def _letter(options: Sequence[Option], index: int) -> str:
    return (options[index].letter or _LETTERS[index % 26]).upper()


def _read(node: Node) -> Iterator[Option]:
    if node.kind == "list":
        yield from (_item(item) for item in node.items)
    elif node.kind == "mapping":
        by_name = {squash(key.text): value for key, value in node.members}
        texts, labels = by_name.get("text"), by_name.get("label")
        if texts is not None and texts.kind == "list":
            letters: Iterable[Node | None] = labels.items if labels else [None] * len(texts.items)
            for text, letter in zip(texts.items, letters, strict=False):
                yield Option(letter.text if letter else None, spaced(text.text))
        else:
            yield from (Option(key.text.strip(), _text(value)) for key, value in node.members)
    elif node.kind == "text":
        pieces = [piece.strip(" \t-*'\"") for piece in _APART.split(node.text.strip().strip("[]"))]
        if len(pieces) > 1:
            yield from (_lettered(piece) for piece in pieces)


def _item(node: Node) -> Option:
    if node.kind != "mapping":
        return _lettered(_text(node))
    if len(node.members) == 1 and len(node.members[0][0].text.strip()) == 1:
        return Option(node.members[0][0].text.strip(), _text(node.members[0][1]))
    names = [(squash(key.text), value) for key, value in node.members]
    said = [value for name, value in names if _TEXT.fullmatch(name) and value.kind in ("text", "number")]
    text = max(said, key=lambda value: len(value.text), default=None)
    letters = (value for name, value in names if _LETTER.fullmatch(name) and value is not text)
    letter = next((value.text.strip() for value in letters if len(value.text.strip()) == 1), None)
    marked = any(_RIGHT.fullmatch(name) and value.text.casefold() in ("true", "yes", "1") for name, value in names)
    return Option(letter, spaced(text.text) if text else "", marked)


def _lettered(text: str) -> Option:
    match = _LETTERED.match(f"{text} ")
    return Option(match[1].upper() if match else None, text)


def _text(node: Node) -> str:
    return spaced(node.text) if node.kind in ("text", "number", "truth") else ""
