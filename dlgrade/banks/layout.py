"""How an answer is written down in its place, by the shape of the place.

    block     any Markdown, lines indented as the place is
    inline    the same behind a label; what cannot stand on the label's line begins below it
    cell      one line of a table
    csv       a field of a CSV, in quotes where it needs them
    quoted    the inside of such quotes
    string    the inside of a JSON string
    ascii     the same, other letters escaped
    lines     the insides of JSON strings, one for each line, as notebooks have their Markdown
    line      such Markdown in one JSON string
    yaml      a literal block, or a string in quotes where no block can hold it
    plain     below a question of plain text or behind a label, indented, so that no line of it looks like a question
    card      one line
    org       the answer as Org has it, lines indented as the place is

A shape is a row of `LAYOUTS`: `fit` gives the answer as it will read, `lay` gives what goes before it and its
text as it goes into the source. What goes before it may depend on what the answer begins with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from dlgrade.banks.fitting import fit, has_own_marks, holds_numbers, in_cell, starts_with_block
from dlgrade.banks.labels import without_label
from dlgrade.banks.orgtext import fit_org
from dlgrade.banks.patterns import later
from dlgrade.models import Shape, Slot

_OPTION = later(r"[(\[]?[A-Ha-h][.)\]:][ \t]|[①-⑧]")
_BULLETS = {"- ", "* ", "+ "}
_NEWLINES = re.compile(r"\r\n?")
_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")
# https://yaml.org/spec/1.2.2/#51-character-set, and the breaks that YAML 1.1 folds
_NOT_PRINTED = later("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_NO_BLOCK = later("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_PLAIN = re.compile(r"[A-Za-z](?:[^\n:#]|:(?=\S)|(?<=\S)#)*")
_YAML_WORDS = {"y", "yes", "n", "no", "true", "false", "on", "off", "null"}


class Layout(NamedTuple):
    """How answers are written down in places of one shape."""

    fit: Callable[[str], str]
    lay: Callable[[Slot, str], tuple[str, str]]


def _block(slot: Slot, answer: str) -> tuple[str, str]:
    lead, indent = slot.lead, slot.indent
    if lead and lead == indent and not holds_numbers(answer):
        # Below a list's item: only where its own numbers would go on with the list's has an answer to go into the item.
        lead = indent = ""
    if lead in _BULLETS and has_own_marks(answer):
        lead, indent = "", indent[: -len(lead)]
    return lead, _indented(answer, indent)


def _inline(slot: Slot, answer: str) -> tuple[str, str]:
    lead = slot.lead.rstrip(" \t") + f"\n\n{slot.indent}" if starts_with_block(answer) else slot.lead
    return lead, _indented(answer, slot.indent)


def _cell(slot: Slot, answer: str) -> tuple[str, str]:
    return slot.lead, in_cell(answer)


def _csv(slot: Slot, answer: str) -> tuple[str, str]:
    # Whatever may be the delimiter, and what programs take for a comment or trim.
    plain = not any(sign in answer for sign in ',;|"\t\n') and answer == answer.strip() and answer[0] not in "#'"
    return slot.lead, answer if plain else '"' + answer.replace('"', '""') + '"'


def _quoted(slot: Slot, answer: str) -> tuple[str, str]:
    return slot.lead, answer.replace('"', '""')


def _string(slot: Slot, answer: str) -> tuple[str, str]:
    return slot.lead, json.dumps(answer, ensure_ascii=False)[1:-1]


def _ascii(slot: Slot, answer: str) -> tuple[str, str]:
    return slot.lead, json.dumps(answer)[1:-1]


def _lines(slot: Slot, answer: str) -> tuple[str, str]:
    return slot.lead, f'",\n{slot.indent}"'.join(_string(slot, line)[1] for line in answer.splitlines(keepends=True))


def _yaml(slot: Slot, answer: str) -> tuple[str, str]:
    """The indentation of the block's lines is the slot's; one that stands in brackets has none."""
    if not slot.indent or _NO_BLOCK.search(answer):
        return slot.lead, yaml_string(answer)
    if _PLAIN.fullmatch(answer) and answer.lower() not in _YAML_WORDS:
        return slot.lead, answer
    # The first line's own blanks would pass for the block's indentation.
    sign = "2" if answer[0] in " \t" else ""
    return slot.lead, f"|{sign}-\n{slot.indent}{_indented(answer, slot.indent)}"


def yaml_string(text: str) -> str:
    """Return a text as a YAML string in double quotes: JSON's, and what YAML cannot have raw is escaped as well."""
    return _NOT_PRINTED.sub(lambda char: f"\\u{ord(char[0]):04x}", json.dumps(text, ensure_ascii=False))


def _data(answer: str) -> str:
    """Keep an answer as it is, but for blank lines around it and a label."""
    text = _BLANK_LINES.sub("", _NEWLINES.sub("\n", answer).replace("\ufeff", "")).rstrip()
    return _BLANK_LINES.sub("", without_label(text)).rstrip()


def _plain(slot: Slot, answer: str) -> tuple[str, str]:
    lead, indent = slot.lead, slot.indent
    if lead.strip() or ("\n" not in lead and lead != indent):  # behind a label
        lead = f"{lead.rstrip()}\n{indent}" if starts_with_block(answer) or _OPTION.match(answer) else lead
    elif _OPTION.match(answer):  # right below a question it would be one of its options
        lead = f"{lead}Answer:\n{indent}"
    return lead, _indented(answer, indent)


def _card(slot: Slot, answer: str) -> tuple[str, str]:
    return slot.lead, answer.replace("\t", " ").replace("\n", "<br>")


def _org(slot: Slot, answer: str) -> tuple[str, str]:
    below = slot.lead == " " and answer.startswith(("#+", "|", "- ", "+ ", ": "))  # these begin a line of their own
    return f"\n{slot.indent}" if below else slot.lead, _indented(answer, slot.indent)


def _indented(answer: str, indent: str) -> str:
    if not indent:
        return answer
    lines = answer.split("\n")
    return "\n".join([lines[0], *(f"{indent}{line}" if line.strip() else "" for line in lines[1:])])


LAYOUTS: Mapping[Shape, Layout] = {
    "block": Layout(fit, _block),
    "inline": Layout(fit, _inline),
    "cell": Layout(fit, _cell),
    "csv": Layout(_data, _csv),
    "quoted": Layout(_data, _quoted),
    "string": Layout(_data, _string),
    "ascii": Layout(_data, _ascii),
    "lines": Layout(fit, _lines),
    "line": Layout(fit, _string),
    "yaml": Layout(_data, _yaml),
    "plain": Layout(fit, _plain),
    "card": Layout(fit, _card),
    "org": Layout(fit_org, _org),
}
