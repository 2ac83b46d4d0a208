"""A rubric as the YAML that a person edits: the fields in the order of the shipped ones, long texts as blocks.

as_yaml(rubric) is what load_rubric reads back as the same rubric
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from dlgrade.models import Record, Rubric

_HEAD = ("question", "also", "near", "topic", "difficulty", "draft", "reference")
_CRITERION = ("id", "points", "expects", "partial", "needs", "cues", "partial_cues")
_GROUP = ("only_one_of", "at_most", "of", "if_missed", "if_found")
_MISCONCEPTION = ("id", "costs", "claims", "cues")
_ENDLESS = 10**9  # columns: a text that is not a block stands on one line, as a cue must be seen whole


# line ends of other kinds, which YAML would make plain ones, and what no file may hold
_ESCAPED = re.compile("[\r\x85\u2028\u2029\ufeff]|[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Row(list[Any]):
    """A list that stands on one line."""


class _Block(str):
    """A text that stands below its name, also where it is one line: a person edits it without quotes."""


class _Writer(yaml.SafeDumper):
    """Items of a list stand two columns right of its name."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists like everything else."""
        del indentless
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Equal texts are written out each time."""
        del data
        return True


def _text(writer: _Writer, text: str) -> yaml.Node:
    # what a block cannot hold, such as blanks at a line's end, PyYAML quotes instead
    style = "|" if "\n" in text else None
    if text.startswith("unless ") or _ESCAPED.search(text):
        style = '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _block(writer: _Writer, text: str) -> yaml.Node:
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _ESCAPED.search(text) else "|")


def _row(writer: _Writer, row: _Row) -> yaml.Node:
    return writer.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)


def _points(writer: _Writer, number: float) -> yaml.Node:
    if number.is_integer():
        return writer.represent_int(int(number))
    return writer.represent_float(number)


_Writer.add_representer(str, _text)
_Writer.add_representer(_Block, _block)
_Writer.add_representer(_Row, _row)
_Writer.add_representer(float, _points)


def as_yaml(rubric: Rubric, *, remark: str | None = None) -> str:
    """The rubric's file, below a remark if there is one; the name is the file's and not in it."""
    whole = _said(rubric, _HEAD)
    whole["criteria"] = [_said(criterion, _CRITERION) for criterion in rubric.criteria]
    whole["groups"] = [_said(group, _GROUP) for group in rubric.groups]
    whole["misconceptions"] = [_said(mistake, _MISCONCEPTION) for mistake in rubric.misconceptions]
    kept = {name: value for name, value in whole.items() if value}
    written: str = yaml.dump(kept, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=_ENDLESS)
    told = "".join(letter for letter in " ".join((remark or "").split()) if letter.isprintable())
    return f"# {told}\n{written}" if told else written


def _said(record: Record, names: Sequence[str]) -> dict[str, Any]:
    """The fields that say something; ways and lists of names each on one line."""
    values = ((name, getattr(record, name)) for name in names)
    return {name: _laid_out(name, value) for name, value in values if value not in (None, ()) and value is not False}


def _laid_out(name: str, value: Any) -> Any:
    if name in {"cues", "partial_cues"}:
        return [_Row(way) for way in value]
    if name == "reference":
        return _Block(value)
    if name == "also":
        return list(value)
    return _Row(value) if isinstance(value, tuple) else value
