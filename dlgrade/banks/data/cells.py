"""The cells of a Jupyter notebook, each with its source and its place, and the places for answers in them.

    {"cell_type": "markdown", "metadata": {}, "source": ["# Title\\n", "\\n", "Text."]}

A source is a list of lines or one string. Offsets in a cell's `text` are turned into offsets in the notebook.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dlgrade.banks.data.nodes import Node
from dlgrade.banks.wording import is_placeholder
from dlgrade.models import Slot

_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_BLANK = re.compile(r"[ \t\r\n]*\Z")
_NO_CODE = re.compile(r"\s*(?:#.*|//.*|pass|\.\.\.|raise NotImplementedError(?:\(.{0,80}\))?|return(?: None)?)?\s*")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its node in the notebook, its kind (`markdown`, `code`) and its source, joined in `text`."""

    node: Node
    kind: str
    text: str
    source: Node

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it, or what only keeps the place for an answer: `# your code here`."""
        if self.kind == "code":
            return all(_NO_CODE.fullmatch(line) for line in self.text.splitlines())
        return is_placeholder(self.text)


@dataclass(frozen=True)
class Notebook:
    """A notebook's cells in order; `language` is that of its code."""

    text: str
    cells: tuple[Cell, ...]
    language: str
    ids: frozenset[str] | None = field(default=None)
    """The cells' ids, None where the format knows none."""

    def offset(self, cell: Cell, at: int) -> int:
        """Return where a character of a cell's text stands in the notebook."""
        strings = _strings(cell.source)
        for index, string in enumerate(strings):
            if at < len(string.text) or index + 1 == len(strings):
                return self._inside(string, at)
            at -= len(string.text)
        return cell.source.start

    def instead(self, cell: Cell) -> Slot:
        """Return the place of all that stands in a cell."""
        gap = self._before(cell.source, cell)
        if cell.source.kind == "text" or "\n" not in gap:
            ends = ("", "") if cell.source.kind == "text" else ("[", "]")
            lead, trail = ends[0] + '"', '"' + ends[1]
            return Slot(start=cell.source.start, end=cell.source.end, lead=lead, trail=trail, shape="line")
        inner = _unix(self.text[cell.source.start + 1 : cell.source.items[0].start]) if cell.source.items else ""
        inner = inner if "\n" in inner else gap + self._unit(cell)
        lead, trail = f'[{inner}"', f'"{gap}]'
        indent = inner.rpartition("\n")[2]
        return Slot(start=cell.source.start, end=cell.source.end, lead=lead, trail=trail, indent=indent, shape="lines")

    def within(self, cell: Cell, start: int, end: int, *, apart: bool) -> Slot:
        """Return the place of `cell.text[start:end]`, which begins a paragraph of its own if it is `apart`."""
        slot = self.instead(cell)
        newline = f'\\n",\n{slot.indent}"' if slot.shape == "lines" else "\\n"
        lead = newline * 2 if apart else ""
        return slot._replace(start=self.offset(cell, start), end=self.offset(cell, end), lead=lead, trail="")

    def below(self, cell: Cell, name: str) -> Slot:
        """Return the place of a new Markdown cell below another; `name` is what its id is made from."""
        start = cell.node.end
        gap = self._gap(cell.node.start)
        key = self._gap(cell.node.members[0][0].start)
        identity = f'"id": "{self._id(name)}",' if self.ids is not None else ""
        if "\n" not in key:
            identity = f"{identity} " if identity else ""
            lead = f',{gap or " "}{{"cell_type": "markdown", {identity}"metadata": {{}}, "source": ["'
            return Slot(start=start, end=start, lead=lead, trail='"]}', shape="line")
        identity = f"{key}{identity}" if identity else ""
        inner = key + self._unit(cell)
        lead = f',{gap}{{{key}"cell_type": "markdown",{identity}{key}"metadata": {{}},{key}"source": [{inner}"'
        indent = inner.rpartition("\n")[2]
        return Slot(start=start, end=start, lead=lead, trail=f'"{key}]{gap}}}', indent=indent, shape="lines")

    def _id(self, name: str) -> str:
        known = self.ids or frozenset()
        digits = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
        return next(digits[at : at + 8] for at in range(len(digits)) if digits[at : at + 8] not in known)

    def _unit(self, cell: Cell) -> str:
        """Return what one level of the notebook is indented by."""
        outer, inner = (self._gap(at).rpartition("\n")[2] for at in (cell.node.start, cell.node.members[0][0].start))
        return inner.removeprefix(outer) if inner != outer else " "

    def _before(self, value: Node, cell: Cell) -> str:
        return next(self._gap(key.start) for key, one in cell.node.members if one is value)

    def _gap(self, offset: int) -> str:
        before = self.text[:offset] if offset < 1000 else self.text[offset - 1000 : offset]
        blank = _BLANK.search(before[len(before.rstrip(" \t\r\n")) :])
        return _unix(blank[0]) if blank else ""

    def _inside(self, string: Node, at: int) -> int:
        start, end = string.start + 1, string.end - 1
        if end - start == len(string.text):
            return start + at
        for _ in range(at):
            match = _CHARACTER.match(self.text, start, end)
            start = match.end() if match else end
        return start


def read_notebook(text: str, root: Node) -> Notebook | None:
    """Read a notebook's cells, None where a document is none."""
    top = {key.text: value for key, value in root.members}
    if "cells" not in top and "worksheets" not in top:
        return None
    sheets = [top["cells"]] if "cells" in top else [_member(sheet, "cells") for sheet in top["worksheets"].items]
    nodes = [cell for sheet in sheets if sheet for cell in sheet.items if cell.members]
    ids = frozenset(value.text for node in nodes if (value := _member(node, "id")))
    version = [top[name].text if name in top else "" for name in ("nbformat", "nbformat_minor")]
    has_ids = bool(ids) or (version[0] == "4" and version[1].isdecimal() and int(version[1][:3]) >= 5)
    return Notebook(text, tuple(_cells(nodes)), _language(top.get("metadata")), ids if has_ids else None)


def _cells(nodes: Sequence[Node]) -> Iterator[Cell]:
    for node in nodes:
        kind, source = _member(node, "cell_type"), _member(node, "source") or _member(node, "input")
        if kind and source and source.kind in ("text", "list"):
            yield Cell(node, kind.text, "".join(string.text for string in _strings(source)), source)


def _strings(source: Node) -> tuple[Node, ...]:
    return tuple(item for item in source.items if item.kind == "text") if source.kind == "list" else (source,)


def _member(node: Node, name: str) -> Node | None:
    return next((value for key, value in node.members if key.text == name), None)


def _language(metadata: Node | None) -> str:
    for name, inner in (("language_info", "name"), ("kernelspec", "language")):
        info = _member(metadata, name) if metadata else None
        language = _member(info, inner) if info else None
        if language is not None and language.text.isalnum():
            return language.text
    return "python"


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
