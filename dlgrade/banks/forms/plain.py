"""Questions in plain text, line by line: numbered, labelled, or on cards.

    CHAPTER 1: TRAINING                      Q: What is a residual block?
                                             A: A block that adds its input to
    1) What does dropout do to the           what it computes.
       activations of a layer?
    Ans. It zeroes some of them.             What is a stride? :: The step of a kernel.
    (2) Why shuffle?

A text that Markdown has a form for is read by that form: numbers that Markdown knows claim little here, labels,
other numbers and what a PDF leaves behind claim all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Body, Entry, Reading, shelf_of
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.plaintext.cards import marked_cards, tabbed_cards
from dlgrade.banks.plaintext.heads import Head, find_heads, heads_anew, numbers_part
from dlgrade.banks.plaintext.keys import Key, find_key
from dlgrade.banks.plaintext.openings import (
    Mark,
    answer_label,
    is_rule,
    loose_title,
    options_in,
    plain_title,
)
from dlgrade.banks.plaintext.pages import Line, mended, read_lines, vocabulary
from dlgrade.banks.plaintext.passages import (
    INDENT,
    Passage,
    Style,
    body_of,
    difficulty_of,
    read_passage,
    starts_options,
)
from dlgrade.models import Choices

FORM = "plain"

_SURE = 0.95
_COMMON = 0.2  # what a text claims whose marks Markdown has too; see `Reading.claim`
_ASKING = 0.4
_AHEAD = 6  # a question's first lines: as far is looked for its question mark


@dataclass(frozen=True, slots=True)
class _Section:
    """The lines of an entry and the category that it stands in."""

    head: Head
    stop: int
    category: str | None


def read(document: Document, choices: Choices) -> Reading | None:
    """Read the questions of a plain text."""
    lines = read_lines(document)
    shown = sum(1 for line in lines if line.text and not is_rule(line))
    for cards in (marked_cards(document, lines), tabbed_cards(document, lines)):
        if cards:
            return Reading(FORM, tuple(cards), _SURE * min(1.0, (len(cards) + 1) / shown), marked=_SURE)
    key = find_key(lines)
    before = lines[: key.at] if key else lines
    heads = find_heads(before)
    if key and not _fits(key, heads):
        key, before = None, lines
        heads = find_heads(lines)
    if not heads:
        return None
    passages, used = _passages(before, heads, key)
    passages = [found for found in passages if found[1].wording]
    if not passages:
        return None
    style = _style(before, passages, key)
    asking = sum(head.asks for head, *_ in passages) / len(passages)
    used += len(lines) - len(before)
    sure = _SURE * max(asking, _ASKING) * min(1.0, used / max(shown, 1))
    claim = _claim(lines, passages, key)
    marked = _SURE * asking if claim == 1 else _COMMON
    margin = min(before[head.at].column for head in heads) + INDENT
    del lines, before  # as long as the document; the entries are made of the passages
    entries = _entries(document, passages, key, style)
    return Reading(FORM, entries, sure, marked=marked, claim=claim, margin=margin)


def _claim(lines: Sequence[Line], passages: Sequence[tuple[Head, Passage, str | None]], key: Key | None) -> float:
    own = sum(not head.mark.common for head, *_ in passages)
    own = max(own, sum(bool(found.spelt) and not starts_with_label(f"{found.spelt} x") for _, found, _ in passages))
    titles = {category for *_, category in passages if category}
    # Titles that Markdown does not see; what stands deeper than questions is their answers'.
    base = min(lines[head.at].column for head, *_ in passages) + 2
    outer = (line.text for line in lines if line.column < base and not line.code)
    parts = len(titles) > 1 and not any(text.startswith(("#", "**")) for text in outer)
    return 1.0 if own * 2 >= len(passages) or key or parts or any(line.parted for line in lines) else _COMMON


def _fits(key: Key, heads: Sequence[Head]) -> bool:
    """Say whether a key answers these questions: most of its numbers are theirs, and not few of them have one."""
    numbers = {head.mark.number for head in heads if head.mark.number}
    known = sum(number in numbers for number in key.answers)
    return known * 2 > len(key.answers) and known * 3 >= len(numbers)


# ── what belongs to them ─────────────────────────────────────────────────────────────────────


def _passages(
    lines: Sequence[Line], heads: Sequence[Head], key: Key | None
) -> tuple[list[tuple[Head, Passage, str | None]], int]:
    """Return the entries with their categories, and the number of lines that they and the titles take."""
    sections = list(_sections(lines, heads))
    width = max((lines[head.at].column + len(lines[head.at].text) for head in heads), default=0)
    base = min(lines[head.at].column for head in heads)
    plain_style = Style(base, width)
    opened = [_first_below(lines, section) for section in sections]
    listed = sum(
        at is not None and starts_options(lines[at : section.stop], 0)
        for at, section in zip(opened, sections, strict=True)
    )
    style = replace(plain_style, options=bool(key) or listed * 2 >= len(sections))
    found: list[tuple[Head, Passage, str | None]] = []
    loose, used = 0, 0
    for number, section in enumerate(sections):
        last = number + 1 == len(sections)
        if last:
            style = replace(style, loose=loose * 2 >= len(found))
        inside = lines[section.head.at : section.stop]
        passage = read_passage(inside, section.head.mark, style, last=last)
        if passage is None:
            continue
        loose += passage.label is None and bool(passage.answer) and passage.answer[0].column < base + 2
        found.append((section.head, passage, section.category))
        used += sum(1 for line in inside if line.text and not is_rule(line)) if not last else _shown(passage)
    return found, used


def _shown(passage: Passage) -> int:
    parts = [*passage.wording, *passage.material, *passage.asides, *passage.answer]
    return len({line.number for line in parts if line.text})


def _first_below(lines: Sequence[Line], section: _Section) -> int | None:
    """Return the first line below a question's first that holds options."""
    for at in range(section.head.at + 1, min(section.stop, section.head.at + _AHEAD)):
        if options_in(lines[at]) > 1 or starts_options(lines, at):
            return at
    return None


def _sections(lines: Sequence[Line], heads: Sequence[Head]) -> Iterator[_Section]:
    """Give each question its lines, up to the next or to a title before it."""
    base = min(lines[head.at].column for head in heads)
    first, titles = _titles(lines, 0, heads[0].at, base)
    category = titles[-1] if titles else None
    opening = next((i for i, line in enumerate(lines) if line.text), 0)
    alone = bool(titles) and first == opening and len(titles) == 1
    found: list[_Section] = []
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        beyond = after.at if after else len(lines)
        stop, titles = _titles(lines, head.at + 1, beyond, base, last=after is None)
        found.append(_Section(head, stop, category))
        category = titles[-1] if titles else category
    # The title of the whole document is no category: no other of its kind follows.
    if alone and len({section.category for section in found}) == 1:
        found = [replace(section, category=None) for section in found]
    yield from found


def _titles(lines: Sequence[Line], start: int, beyond: int, base: int, *, last: bool = False) -> tuple[int, list[str]]:
    """Return where the titles at the end of some lines begin, or the chapter in them, and what they say."""
    for at in range(start, beyond):
        title = _chapter(lines, at, base) if at == 0 or not lines[at - 1].text or lines[at].parted else None
        if title:
            return at, [text for i in range(at, beyond) if (text := _chapter(lines, i, base) or _loose(lines, i, base))]
    titles: list[str] = []
    stop = beyond
    for at in range(beyond - 1, start - 1, -1) if not last else ():
        line = lines[at]
        if not line.text or is_rule(line):
            continue
        title = _loose(lines, at, base)
        apart = at == 0 or not lines[at - 1].text or is_rule(lines[at - 1]) or line.parted
        if title is None and line.column < base + 2 and (heads_anew(lines, at) or numbers_part(lines, at)):
            title, apart = line.text, True
        if title is None or not apart:
            break
        titles.insert(0, title)
        stop = at
    return stop, titles


def _chapter(lines: Sequence[Line], at: int, base: int) -> str | None:
    below = lines[at + 1] if at + 1 < len(lines) else None
    title = plain_title(lines[at], below)
    inside = base + 2 <= lines[at].column < base + 8
    return None if title is None or inside or answer_label(lines[at], _NONE) is not None else title


def _loose(lines: Sequence[Line], at: int, base: int) -> str | None:
    inside = base + 2 <= lines[at].column < base + 8
    title = loose_title(lines[at])
    return None if title is None or inside or answer_label(lines[at], _NONE) is not None else title


_NONE = Mark("numbered", "", None, 0, 0)


# ── what they hand over ──────────────────────────────────────────────────────────────────────


def _style(lines: Sequence[Line], passages: Sequence[tuple[Head, Passage, str | None]], key: Key | None) -> Style:
    """Return how the document answers, by the first label in it."""
    base = min(lines[head.at].column for head, *_ in passages)
    listed = sum(bool(found.material) for _, found, _ in passages)
    style = Style(base, 0, options=bool(key) or listed * 2 >= len(passages))
    for _, found, _ in passages:
        line = found.label_line
        if line is not None and found.spelt:
            above = max([*found.wording, *found.material], key=lambda one: one.number)
            gap = "\n\n" if line.number > above.number + 1 else "\n"
            return replace(style, label=found.spelt, column=line.column, gap=gap)
    return style


def _entries(
    document: Document, passages: Sequence[tuple[Head, Passage, str | None]], key: Key | None, style: Style
) -> Sequence[Entry]:
    words = vocabulary([found.raw.partition("\n\n")[0] for _, found, _ in passages])
    found = shelf_of(document.text)
    for head, passage, category in passages:
        wording, gap, material = passage.raw.partition("\n\n")
        body = body_of(document, passage, head.mark, style)
        given = key.take(head.mark.number) if key and body.said is None else None
        found.append(
            Entry(
                raw=f"{mended(wording, words)}{gap}{material}",
                line=passage.wording[0].number,
                last=passage.last,
                body=Body(given) if given else body,
                number=head.mark.number,
                category=category,
                difficulty=difficulty_of(passage),
                place=passage.place,
            )
        )
    return found.done()
