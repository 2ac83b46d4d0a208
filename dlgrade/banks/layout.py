"""How an answer is written down in its place, by the shape of the place.

    block     any Markdown, lines indented as the place is
    inline    the same behind a label; what cannot stand on the label's line begins below it
    cell      one line of a table
    plain     below a question of plain text or behind a label, indented, so that no line of it looks like a question
    card      one line
    org       the answer as Org has it, lines indented as the place is

A shape is a row of `LAYOUTS`: `fit` gives the answer as it will read, `lay` gives what goes before it and its
text as it goes into the source. What goes before it may depend on what the answer begins with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from dlgrade.banks.fitting import fit, has_own_marks, holds_numbers, in_cell, starts_with_block
from dlgrade.banks.orgtext import fit_org
from dlgrade.models import Shape, Slot

_OPTION = re.compile(r"[(\[]?[A-Ha-h][.)\]:][ \t]|[①-⑧]")
_BULLETS = {"- ", "* ", "+ "}


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
    "plain": Layout(fit, _plain),
    "card": Layout(fit, _card),
    "org": Layout(fit_org, _org),
}
