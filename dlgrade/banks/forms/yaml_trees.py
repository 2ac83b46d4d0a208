"""Questions in YAML; comments, anchors and the way of quoting stay.

    - question: What is dropout?      # asked twice
      answer: |-
        Units are dropped at random …
    - question: Why is ReLU so popular?

    What is dropout?: Units are dropped at random …
    Why is ReLU so popular?:

An answer goes in the place of the value, or into a field of its own on the line after what belongs to the question: as
a literal block, or in quotes inside brackets and where a comment follows. A rubric is no bank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import yaml

from dlgrade.banks.blocks import Document
from dlgrade.banks.data.nodes import DEPTH, Lines, Node
from dlgrade.banks.data.trees import Found, read_trees
from dlgrade.banks.entries import Reading
from dlgrade.banks.layout import yaml_string
from dlgrade.errors import BankError
from dlgrade.models import Choices, Slot

FORM = "yaml"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")
_NULL = re.compile(r"|~|null|Null|NULL")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_TRUTH = re.compile(r"true|True|TRUE|false|False|FALSE")
_NAME = re.compile(r"[A-Za-z](?:[\w -]*\w)?")
_COMMENT_BELOW = re.compile(r"[ \t]*(?:(?:\r\n|\r|\n)[ \t]*?)+(?<=[\r\n])( *)#")
_NEXT_LINE = re.compile(r"\n(?=[^\n])")
_LINE_REST = re.compile(r"[^\r\n]*")
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff\ufeff]")


def read(document: Document, choices: Choices) -> Reading | None:
    """Read a YAML file of one or more documents.

    Raises:
        BankError: it is no YAML; the message begins with the line.
    """
    tree = _Tree(document)
    roots = tree.roots()
    if any(_is_rubric(root) for root in roots):
        return None
    return read_trees(document, FORM, roots, _Hand(document, tree.columns))


def _is_rubric(root: Node) -> bool:
    return any(key.text == "criteria" and value.kind == "list" for key, value in root.members)


# ── the tree ─────────────────────────────────────────────────────────────────────────────────


class _Tree:
    """Makes nodes of a parser's events; `columns` tells where keys of block mappings stand, by their value's start."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._text = document.whole
        self._base = 1 if document.whole.startswith("\ufeff") else 0
        self._lines = Lines(document)
        self._anchors: dict[str, Node] = {}
        self.columns: dict[int, int] = {}

    def roots(self) -> list[Node]:
        """Return the documents of the file.

        Raises:
            BankError: it is no YAML.
        """
        try:
            return list(self._roots())
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise BankError(f":{line}: not YAML: {error.problem}") from None
        except yaml.YAMLError:
            found = _UNREADABLE.search(self._text)
            line = self._lines.at(found.start()) if found else 1
            raise BankError(f":{line}: not YAML: a control character") from None

    def _roots(self) -> Iterator[Node]:
        # Open collections: their events, and their items or their keys and values in turn.
        opened: list[tuple[Any, list[Node]]] = []
        for event in yaml.parse(self._text[self._base :], Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((event, []))
                if len(opened) > DEPTH:
                    mark: Any = event.start_mark
                    raise BankError(f":{mark.line + 1}: nested deeper than any bank")
                continue
            if isinstance(event, yaml.CollectionEndEvent):
                node = self._collection(*opened.pop(), event)
            elif isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event, flow=bool(opened and opened[-1][0].flow_style))
            elif isinstance(event, yaml.AliasEvent):
                node = self._alias(event)
            else:
                continue
            if opened:
                opened[-1][1].append(node)
            else:
                yield node

    def _collection(self, event: Any, values: list[Node], end: Any) -> Node:
        start, beyond = event.start_mark.index + self._base, end.end_mark.index + self._base
        flow = bool(event.flow_style)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node("list", start, beyond, items=tuple(values), flow=flow)
        members = tuple(zip(values[::2], values[1::2], strict=True))
        if not flow:
            self.columns |= {value.start: self._column(key.start) for key, value in members}
        return Node("mapping", start, beyond, members=members, flow=flow)

    def _scalar(self, event: Any, *, flow: bool) -> Node:
        start, end = event.start_mark.index + self._base, event.end_mark.index + self._base
        properties = _PROPERTIES.match(self._text, start, end)
        if (event.anchor or event.tag) and properties:
            start = min(properties.end(), end)
        inner: tuple[int, int] | None = (start, end)
        if event.style in ("'", '"'):
            inner = (start + 1, end - 1)
        elif event.style in ("|", ">"):
            end, inner = start + len(self._text[start:end].rstrip()), None
        node = Node("text", start, end, event.value, inner, flow=flow)
        if not event.style and not event.tag:
            node = replace(node, kind=_kind(event.value))
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        """Return what an alias stands for; a whole collection may be large beyond measure, and says nothing here."""
        start, end = event.start_mark.index + self._base, event.end_mark.index + self._base
        known = self._anchors.get(event.anchor)
        if known is None:
            return Node("truth", start, end)
        return replace(known, start=start, end=end, inner=None)

    def _column(self, offset: int) -> int:
        return offset - self._document.lines[self._lines.at(offset) - 1][0]


def _kind(value: str) -> Any:
    if _NULL.fullmatch(value):
        return "null"
    return "number" if _NUMBER.fullmatch(value) else "truth" if _TRUTH.fullmatch(value) else "text"


# ── places ───────────────────────────────────────────────────────────────────────────────────


class _Hand:
    """Where answers go: in a value's place, or on a line of their own."""

    def __init__(self, document: Document, columns: dict[int, int]) -> None:
        self._text = document.whole
        self._document = document
        self._lines = Lines(document)
        self._columns = columns

    def replace(self, node: Node) -> Slot | None:
        """Give the value's place; an empty list stays one."""
        if node.kind in ("list", "mapping") and not node.flow:
            return None
        lead, trail = ("[", "]") if node.kind == "list" else ("", "")
        if node.start == node.end and self._text[node.start - 1 : node.start] == ":":
            lead = " "
        column = self._columns.get(node.start) if not lead.strip() else None
        return Slot(
            start=node.start, end=node.end, lead=lead, trail=trail, indent=self._indent(node.end, column), shape="yaml"
        )

    def add(self, found: Found, name: str) -> Slot | None:
        """Give the place of a new key: the line below the value, or behind it in brackets."""
        end = _content_end(found.last)
        if found.record.whole.flow:
            return Slot(start=end, end=end, lead=f", {_key(name)}: ", shape="yaml")
        column = self._columns.get(found.last.start)
        if column is None:
            return None
        end = self._line_end(end)
        lead = f"\n{' ' * column}{_key(name)}: "
        return Slot(start=end, end=end, lead=lead, indent=self._indent(end, column), shape="yaml")

    def wrap(self, node: Node, name: str) -> Slot | None:
        """Make a mapping of a text alone, which stays in it as it is."""
        if node.flow:
            lead = f"{{question: {self._text[node.start : node.end]}, {_key(name)}: "
            return Slot(start=node.start, end=node.end, lead=lead, trail="}", shape="yaml")
        start, end = node.start, self._line_end(node.end)
        column, opening = self._columns.get(node.start), ""
        if column is None:
            column = start - self._document.lines[self._lines.at(start) - 1][0]
        else:
            column += 2
            opening = "\n" + " " * column
            start = self._text.rindex(":", 0, start) + 1
        text = self._text[node.start : end].replace("\r\n", "\n").replace("\r", "\n")
        text = _NEXT_LINE.sub("\n  ", text)  # the lines of a text stand further right than its key
        lead = f"{opening}question: {text}\n{' ' * column}{_key(name)}: "
        return Slot(start=start, end=end, lead=lead, indent=self._indent(end, column), shape="yaml")

    def reply(self, message: Node) -> Slot | None:  # noqa: ARG002 - every hand is called alike
        """Leave talk as it is: nobody keeps it in YAML."""
        return None

    def _indent(self, end: int, column: int | None) -> str:
        """Return the indentation of a literal block, nothing where a comment would become part of it."""
        if column is None or self._text[end : self._line_end(end)].strip():
            return ""
        below = _COMMENT_BELOW.match(self._text, end)
        return "" if below and len(below[1]) >= column + 2 else " " * (column + 2)

    def _line_end(self, offset: int) -> int:
        rest = _LINE_REST.match(self._text, offset)
        return rest.end() if rest else offset


def _content_end(node: Node) -> int:
    """Return where a value's last character stands; the parser ends a block where the next one begins."""
    if node.kind in ("list", "mapping") and not node.flow:
        return max((_content_end(child) for child in node), default=node.start)
    return node.end


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) and not _TRUTH.fullmatch(name) else yaml_string(name)
