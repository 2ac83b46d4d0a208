"""Questions in an Org document: headings, the items of its lists, cards.

    * Training                                   a category
    ** TODO What is warm-up?  :lr:               * Optimisers
       The rate grows first …                    1. What is momentum?
    ** Card 7                                       It adds a share of the last step …
    Why are gradients clipped?                   - What is Adam? :: Momentum with a rate …
    *** Answer
    They would explode …

A heading that does not ask is a category. What stands below one that asks is its answer, deeper headings too, unless
it says nothing itself and most of them ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dlgrade.banks.asking import is_question
from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Body, Entry, Reading, shelf_of
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.outline import Heading, Outline, read_outline
from dlgrade.banks.plaintext.openings import Mark, answer_label, question_mark
from dlgrade.banks.plaintext.pages import Line
from dlgrade.banks.plaintext.passages import dedented
from dlgrade.banks.wording import is_placeholder
from dlgrade.models import Choices, Slot

FORM = "org"

_SURE = 0.95
_LEAST = 0.4  # slides and notes ask here and there; of a bank the questions are the greater part
_ITEM = re.compile(r"(?P<mark>[-+]|\*|(?P<number>\d{1,6})[.)])[ \t]+(?:\[@\d+\][ \t]*)?(?:\[[ xX-]\][ \t]+)?(?=\S)")
_CARD = re.compile(r"[ \t]+::(?=[ \t]|\Z)")
_ANSWER = re.compile(
    r"(?:(?:model|sample|short)[ ])?(?:answers?|solution|back|ответ|答案|respuesta|antwort)[ ]?[:：]?", re.IGNORECASE
)
_FRONT = re.compile(r"(?:front|question|prompt)[ ]?:?", re.IGNORECASE)
_NONE = Mark("numbered", "", None, 0, 0)


def read(document: Document, choices: Choices) -> Reading | None:
    """Read the headings and items that ask."""
    outline = read_outline(document)
    asked = _asked(outline)
    entries = shelf_of(document.text)
    used = 0
    for heading in outline.headings:
        if id(heading) in asked:
            entries.append(_from_heading(document, outline, heading, _category(heading.parent, asked)))
            used += _shown(outline, heading.at, heading.beyond)
        elif not _inside(heading, asked):
            items = list(_from_items(document, outline, heading))
            for entry, _ in items:
                entries.append(entry._replace(category=_category(heading, asked)))
            used += sum(count for _, count in items) + bool(items)
    used += len({id(heading.parent) for heading in outline.headings if id(heading) in asked and heading.level > 1})
    total = _shown(outline, 0, len(outline.lines))
    explained = min(1.0, used / total) if total else 0.0
    if not entries or explained < _LEAST:
        return None
    return Reading(FORM, entries.done(), _SURE * explained)


def _shown(outline: Outline, start: int, stop: int) -> int:
    return sum(bool(outline.lines[at].text) and at not in outline.void for at in range(max(start, 0), stop))


# ── headings ─────────────────────────────────────────────────────────────────────────────────


def _asked(outline: Outline) -> set[int]:
    """Return the ids of the headings that are questions."""
    asking = {id(heading) for heading in outline.headings if heading.level and _asks(heading)}
    numbered: dict[int, list[Heading]] = {}
    for heading in outline.headings:
        if _number(heading)[0]:
            numbered.setdefault(heading.level, []).append(heading)
    for headings in numbered.values():
        if sum(id(heading) in asking for heading in headings) * 2 >= len(headings):
            asking |= {id(heading) for heading in headings}
    found: set[int] = set()
    for heading in outline.headings:
        if id(heading) not in asking or _inside(heading, found):
            continue
        below = sum(id(child) in asking for child in heading.children)
        says = bool(outline.text_lines(heading.at + 1, heading.stop))
        if not below or says or below * 2 < len(heading.children):
            found.add(id(heading))
    return found


def _asks(heading: Heading) -> bool:
    if _ANSWER.fullmatch(heading.title):
        return False
    _, wording, labelled = _number(heading)
    return labelled or is_question(wording) or any(_ANSWER.fullmatch(child.title) for child in heading.children)


def _number(heading: Heading) -> tuple[str | None, str, bool]:
    """Return the number that a title begins with, its wording, and whether a label says that it is a question."""
    mark = question_mark(Line(1, 0, len(heading.title), 0, heading.title))
    if mark is None or mark.kind == "lettered" or not heading.title[mark.start :]:
        return (mark.number if mark else None), heading.title, False
    return mark.number, heading.title[mark.start :], mark.kind == "labelled"


def _inside(heading: Heading, found: set[int]) -> bool:
    above = heading.parent
    while above is not None:
        if id(above) in found:
            return True
        above = above.parent
    return False


def _category(heading: Heading | None, asked: set[int]) -> str | None:
    while heading is not None and heading.level:
        if id(heading) not in asked:
            return heading.title or None
        heading = heading.parent
    return None


def _from_heading(document: Document, outline: Outline, heading: Heading, category: str | None) -> Entry:
    number, wording, _ = _number(heading)
    line = outline.lines[heading.at].number
    place = (heading.place[1] - len(wording), heading.place[1])
    answer = next((child for child in heading.children if _ANSWER.fullmatch(child.title)), None)
    if answer is None:
        start = outline.end_of_void(heading.at + 1, heading.stop)
        text = _without_void(outline, start, heading.beyond)
        body = _body(document, outline.lines[max(start - 1, heading.at)], text, "")
        return Entry(wording, line, heading.beyond, body, number, category, marks=heading.marks, place=place)
    own = outline.text_lines(heading.at + 1, heading.stop)
    for child in heading.children:
        if _FRONT.fullmatch(child.title):
            blank = [replace(line, start=line.end) for line in own[-1:]]
            own += [*blank, *outline.text_lines(child.at + 1, child.stop)] if blank else []
    raw = wording
    if own and not is_question(wording):
        raw, line, place = dedented(own), own[0].number, (own[0].start, _paragraph(own).end)
    elif own:
        raw = f"{wording}\n\n{dedented(own)}"
    start = outline.end_of_void(answer.at + 1, answer.stop)
    body = _body(document, outline.lines[max(start - 1, answer.at)], _without_void(outline, start, answer.beyond), "")
    return Entry(raw, line, heading.beyond, body, number, category, marks=heading.marks, place=place)


def _paragraph(lines: Sequence[Line]) -> Line:
    return lines[next((i for i, line in enumerate(lines) if not line.text), len(lines)) - 1]


def _without_void(outline: Outline, start: int, stop: int) -> list[Line]:
    return outline.text_lines(start, stop)


# ── items ────────────────────────────────────────────────────────────────────────────────────


def _from_items(document: Document, outline: Outline, heading: Heading) -> Iterator[tuple[Entry, int]]:
    """Give the items of a heading's lists that ask, with the lines that each takes."""
    items: list[tuple[int, int]] = []
    for at in range(heading.at + 1, heading.stop):
        line = outline.lines[at]
        opened = items[-1] if items else None
        if at in outline.void or line.code or not line.text:
            continue
        match = _item(line)
        margin = outline.lines[opened[0]].column if opened else -1
        if match and (opened is None or line.column <= margin or opened[1]):
            items.append((at, 0))
        elif opened and not opened[1] and line.column <= margin:
            items[-1] = (opened[0], at)  # the list is over
    if not items:
        return
    ends = [end or following for (_, end), (following, _) in zip(items, [*items[1:], (heading.stop, 0)], strict=True)]
    found = [(at, end) for (at, _), end in zip(items, ends, strict=True)]
    asking = [pair for pair in found if _item_asks(outline.lines[pair[0]])]
    if not asking or len(asking) * 3 < len(found) * 2:
        return
    for at, end in found:
        yield _from_item(document, outline, at, end), _shown(outline, at, end)


def _item(line: Line) -> re.Match[str] | None:
    return None if line.text.startswith("*") and not line.column else _ITEM.match(line.text)


def _item_asks(line: Line) -> bool:
    match = _item(line)
    return match is not None and is_question(_CARD.split(line.text[match.end() :], maxsplit=1)[0])


def _from_item(document: Document, outline: Outline, at: int, end: int) -> Entry:
    line = outline.lines[at]
    match = _item(line)
    begin = match.end() if match else 0
    number = match["number"] if match else None
    text = line.text[begin:]
    indent = " " * (line.column + len(match["mark"]) + 1 if match else 2)
    below = _without_void(outline, at + 1, end)
    card = _CARD.search(text)
    if card:
        value = replace(line, start=line.start + begin + card.end())
        first = value.start + len(value.text) - len(value.text.lstrip())
        said = replace(value, start=first, end=first + len(value.text.strip()))
        body = _behind(value, [said, *below], indent)
        place = (line.start + begin, line.start + begin + card.start())
        return Entry(text[: card.start()].strip(), line.number, end, body, number, place=place)
    wrapped = 0
    while wrapped < len(below) and _wraps(text if not wrapped else below[wrapped - 1].text, below[wrapped]):
        wrapped += 1
    if wrapped and below[0].number != line.number + 1:
        wrapped = 0
    raw = "\n".join([text, *(one.text for one in below[:wrapped])])
    last = below[wrapped - 1] if wrapped else line
    body = _body(document, last, _trimmed(below[wrapped:]), indent)
    return Entry(raw, line.number, end, body, number, place=(line.start + begin, last.end))


def _wraps(before: str, line: Line) -> bool:
    """Say whether an item's wording goes on in the line below."""
    if not line.text or line.code or _ITEM.match(line.text) or starts_with_label(line.text):
        return False
    return before[-1] not in ".?!:。？！：" and line.text[0].islower()


def _trimmed(lines: Sequence[Line]) -> list[Line]:
    first = next((i for i, line in enumerate(lines) if line.text), len(lines))
    return list(lines[first:])


# ── answers ──────────────────────────────────────────────────────────────────────────────────


def _body(document: Document, above: Line, lines: Sequence[Line], indent: str) -> Body:
    """Return the answer in the lines below one, or the place for it there."""
    if not lines:
        return Body(None, Slot(start=above.end, end=above.end, lead=f"\n{indent}", indent=indent, shape="org"))
    label = answer_label(lines[0], _NONE)
    if label is not None:
        value = replace(lines[0], start=lines[0].start + label)
        rest = [value, *lines[1:]] if value.text else _trimmed(lines[1:])
        return _behind(replace(value, start=lines[0].start + len(lines[0].text[:label].rstrip())), rest, indent)
    start = document.lines[lines[0].number - 1][0]
    start = start if not document.whole[start : lines[0].start].strip(" \t") else lines[0].start
    slot = Slot(start=start, end=lines[-1].end, lead=indent, indent=indent, shape="org")
    return _said(lines, slot, behind=False)


def _behind(label: Line, lines: Sequence[Line], indent: str) -> Body:
    """Return the answer behind a label, whose line from the label's end on is `label`."""
    shown = [line for line in lines if line.text]
    end = shown[-1].end if shown else max(label.start, label.end)
    slot = Slot(start=label.start, end=end, lead=" ", indent=indent, shape="org")
    if not shown:
        return Body(None, slot)
    behind = lines[0].number == label.number and bool(lines[0].text)
    return _said(lines if behind else _trimmed(lines), slot, behind=behind)


def _said(lines: Sequence[Line], slot: Slot, *, behind: bool) -> Body:
    text = dedented(lines, behind=behind)
    return Body(None, slot) if is_placeholder(text) else Body(text, standing=slot)
