"""Questions in JSON, and in JSON Lines, an object a line.

    {"questions": [
      {"id": 1, "question": "What is dropout?", "answer": null},
      {"id": 2, "question": "Why is ReLU so popular?"}
    ]}

An answer goes in the place of the value, or into a field of its own after what belongs to the question, written as
the object is: on one line or on lines of its own. Nothing else moves.
"""

from __future__ import annotations

import json
import re
from typing import Any

from dlgrade.banks.blocks import Document
from dlgrade.banks.data.nodes import DEPTH, Lines, Node, sayable
from dlgrade.banks.data.trees import Found, read_trees
from dlgrade.banks.entries import Reading
from dlgrade.errors import BankError
from dlgrade.models import Choices, Shape, Slot

FORM, LINES_FORM = "json", "jsonl"

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<sign>[\[\]{}:,])|(?P<word>[^ \t\r\n\[\]{}:,"]+))'
)
_WORDS = {"null": "null", "true": "truth", "false": "truth"}
_LINE = re.compile(r"[^\r\n]+")
_COMMENT = re.compile(r"//|/\*|#")
_TRAILING_COMMA = re.compile(r",\s*[\]}]")
_ESCAPED = re.compile(r"\\u(?!00[01])[0-9a-fA-F]{4}")


def read(document: Document, choices: Choices) -> Reading | None:
    """Read a JSON document.

    Raises:
        BankError: it is no JSON; the message begins with the line.
    """
    start = 1 if document.whole.startswith("\ufeff") else 0
    root = scan(document, start, len(document.whole))
    return read_trees(document, FORM, [root], _Hand(document))


def read_lines(document: Document, choices: Choices) -> Reading | None:
    """Read JSON Lines.

    Raises:
        BankError: a line is no JSON; the message begins with its number.
    """
    start = 1 if document.whole.startswith("\ufeff") else 0
    roots = [
        scan(document, line.start(), line.end())
        for line in _LINE.finditer(document.whole, start)
        if not line[0].isspace()
    ]
    whole = Node("list", start, len(document.whole), items=tuple(roots))
    return read_trees(document, LINES_FORM, [whole], _Hand(document))


# ── the tree ─────────────────────────────────────────────────────────────────────────────────


def scan(document: Document, start: int, end: int) -> Node:
    """Read `text[start:end]`, which is one value, as a tree.

    Raises:
        BankError: it is no JSON, or nested deeper than any bank; the message begins with the line.
    """
    text = document.whole[start:end]
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        line = Lines(document).at(start + error.pos)
        raise BankError(f":{line}: not JSON: {_complaint(text, error)}") from None
    except RecursionError:
        raise BankError(f":{Lines(document).at(start)}: nested deeper than any bank") from None
    return _tree(document, start, end)


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    """Say what is wrong, and name the usual reasons."""
    near = text[max(0, error.pos - 200) : error.pos + 2]
    if _COMMENT.match(text, error.pos):
        return "comments have no place in JSON"
    if _TRAILING_COMMA.search(near) and near.rstrip().endswith(("]", "}")):
        return "a comma stands before a closing bracket"
    return error.msg[:1].lower() + error.msg[1:]


def _tree(document: Document, start: int, end: int) -> Node:
    """Make nodes of what is known to be JSON."""
    text = document.whole
    # Open lists and mappings: where each begins, and its values or its keys and values in turn.
    opened: list[tuple[int, list[Node]]] = [(start, [])]
    at = start
    while at < end and (token := _TOKEN.match(text, at, end)):
        at = token.end()
        if (kind := token.lastgroup) == "text":
            opened[-1][1].append(_text(text, token.start("text"), at))
        elif kind == "word":
            opened[-1][1].append(_word(text, token.start("word"), at))
        elif token["sign"] in "[{":
            opened.append((token.start("sign"), []))
            if len(opened) > DEPTH:
                raise BankError(f":{Lines(document).at(at)}: nested deeper than any bank")
        elif token["sign"] in "]}":
            begins, values = opened.pop()
            if token["sign"] == "]":
                opened[-1][1].append(Node("list", begins, at, items=tuple(values)))
            else:
                members = tuple(zip(values[::2], values[1::2], strict=True))
                opened[-1][1].append(Node("mapping", begins, at, members=members))
    return opened[0][1][0]


def _text(text: str, start: int, end: int) -> Node:
    inner = text[start + 1 : end - 1]
    if "\\" in inner:
        inner = sayable(json.loads(text[start:end]))
    return Node("text", start, end, inner, (start + 1, end - 1))


def _word(text: str, start: int, end: int) -> Node:
    word = text[start:end]
    kind: Any = _WORDS.get(word, "number")
    return Node(kind, start, end, "" if kind == "null" else word)


# ── places ───────────────────────────────────────────────────────────────────────────────────


class _Hand:
    """Where answers go: between quotes, in a value's place or in a field of their own."""

    def __init__(self, document: Document) -> None:
        self._text = document.whole
        # Who escaped every other letter did so for programs that read nothing else.
        escapes = document.whole.removeprefix("\ufeff").isascii() and _ESCAPED.search(document.whole)
        self._shape: Shape = "ascii" if escapes else "string"

    def replace(self, node: Node) -> Slot | None:
        """Give the value's place; an empty list stays one."""
        lead, trail = ('["', '"]') if node.kind == "list" else ('"', '"')
        return Slot(start=node.start, end=node.end, lead=lead, trail=trail, shape=self._shape)

    def add(self, found: Found, name: str) -> Slot | None:
        """Give the place of a new field, spaced as the field before it."""
        before = self._gaps(found.record.whole, found.last)
        if before is None:
            return None
        gap, colon = before
        lead = f",{gap}{json.dumps(name, ensure_ascii=self._shape == 'ascii')}{colon}" + '"'
        return Slot(start=found.last.end, end=found.last.end, lead=lead, trail='"', shape=self._shape)

    def wrap(self, node: Node, name: str) -> Slot | None:
        """Make a record of a text alone, which stays in it as it is."""
        key = json.dumps(name, ensure_ascii=self._shape == "ascii")
        lead = f'{{"question": {self._text[node.start : node.end]}, {key}: "'
        return Slot(start=node.start, end=node.end, lead=lead, trail='"}', shape=self._shape)

    def reply(self, message: Node) -> Slot | None:
        """Copy the message for its reply, with another role and content."""
        names = {key.text.casefold(): value for key, value in message.members}
        role = names.get("role") or names.get("from") or names.get("speaker")
        content = names.get("content") or names.get("value") or names.get("text")
        if role is None or content is None or len(message.members) != 2 or role.start > content.start:
            return None
        answers = "gpt" if role.text.casefold() == "human" else "assistant"
        before = self._text[message.start : role.start] + f'"{answers}"' + self._text[role.end : content.start]
        lead = f",{self._before(message.start) or ' '}{before}" + '"'
        trail = '"' + self._text[content.end : message.end]
        return Slot(start=message.end, end=message.end, lead=_unix(lead), trail=_unix(trail), shape=self._shape)

    def _gaps(self, whole: Node, value: Node) -> tuple[str, str] | None:
        """Return the white space before a member's key, and what stands between the key and its value."""
        keys = [key for key, _ in whole.members]
        at = next((i for i, (_, one) in enumerate(whole.members) if one is value), None)
        if at is None:
            return None
        gap = self._before(keys[at].start)
        if "\n" not in gap and "\r" not in gap:
            gap = self._before(keys[1].start) if len(keys) > 1 else " " if self._is_spaced(keys[at].end) else ""
        return _unix(gap), _unix(self._text[keys[at].end : value.start])

    def _is_spaced(self, end: int) -> bool:
        return self._text[end : end + 2] == ": "

    def _before(self, offset: int) -> str:
        start = offset
        while start and self._text[start - 1] in " \t\r\n":
            start -= 1
        return self._text[start:offset]


def _unix(text: str) -> str:
    """Return a text with the line ends of an edit, which filling makes the document's own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
