"""Questions that are the items of a list.

    1. What is dropout?                        * Explain early stopping.
    2) Explain early stopping.                 * Optimisation
                                                 * [E] What is momentum?
       Training stops when the validation        * [M] Why does Adam work?
       loss …

What stands in an item below its question is the answer. So is what stands below the item, if the running
numbering goes on after it:

    1. What is dropout?

    Units are dropped at random …

    2. Explain early stopping.

Lists stand in lists. An item that does not ask is the category of those in it that do. Below one that asks, those
that ask as well are questions of their own (`children`), or else parts of it (`parents`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import NamedTuple

from dlgrade.banks.asking import asks, asks_firmly, asks_outright, is_question
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.body import EMPTY_BULLET, empty_body, read_body
from dlgrade.banks.entries import Entry, Reading, with_material
from dlgrade.banks.forms.sections import Sections, ends_bank, explained, names_section
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.marks import Wording, title, wording
from dlgrade.banks.patterns import later
from dlgrade.banks.wording import bold, plain
from dlgrade.models import Choices

FORM = "lists"

_NESTED = {
    "children": "what asks below an item that asks is a question of its own; --nested parents makes it a part",
    "parents": "what asks below an item that asks is a part of it; --nested children makes it a question",
}
_NUMBERED_SURE, _BULLET_SURE = 0.9, 0.8
# A link and nothing else leads somewhere: a table of contents, a reading list.
_LINK = later(r"\W*\[[^\[\]]{0,500}\]\([^()\r\n]{0,500}(?:\([^()]{0,200}\)[^()\s]{0,200})?\)\W*")
_RARELY = 3  # one in so many questions
_SHORT_LINE = later(r"[^\n]{2,40}[^\n.!?;,。！？]")
_ORDER = later(r"(?:explain|describe|discuss|differentiate|give (?:an )?examples?)\b", re.IGNORECASE)
_BOX = re.compile(r"\A\[[ xX✓]\][ \t]+")
_ANSWER_BEHIND = later(
    r"(?<=[?？.!）)*_`])[ \t]+(?=(?:\*\*|__|_|\*)?(?:Answer|Ans|Solution)\.?(?:\*\*|__|_|\*)?[ \t]*[:：–-])", re.I
)
_BOLD_QUESTION = later(
    r"(?:\*\*|__)(?P<question>[^*\n]{3,400}?(?P<mark>[?？.:]))(?:\*\*|__)[ \t]*[:：–—-]?[ \t]+(?=\S)"
)


@dataclass(slots=True)
class _Question:
    """An item that is a question, worded up to `asked`; what follows begins at `end`: `own`, its body, up to `stop`.

    `below` are blocks below the list that belong to it as well, `parts` what is asked inside it; `above` says that
    what is asked inside it are questions of their own.
    """

    item: Block
    wording: Wording
    asks: bool
    line: int
    asked: int
    end: int
    stop: int
    after: int = -1
    category: str | None = None
    lines: int = 0
    parts: str = ""
    above: bool = False
    below: tuple[Block, ...] = ()

    @property
    def own(self) -> tuple[Block, ...]:
        """The blocks of its body."""
        inside = self.item.children
        return inside if self.after < 0 else tuple(child for child in inside if child.start > self.after)

    @property
    def raw(self) -> str:
        """What it asks."""
        return self.wording.text


def read(document: Document, choices: Choices) -> Reading | None:
    """Read the items of every list in which most items ask."""
    found = _questions(document, choices)
    if not found:
        return None
    asking = sum(map(_counts, found))
    lines = sum(question.lines for question in found)
    lines += sum(block.last - block.line + 1 for question in found for block in question.below)
    marked = round(asking / len(found), 4)
    nested = any(question.parts or question.above for question in found)
    remarks = (_NESTED[choices.nested],) if nested else ()
    found.reverse()
    entries = []
    while found:  # of a hundred thousand, those that are done with need not be held
        entries.append(_entry(document, found.pop()))
    return Reading(FORM, tuple(entries), marked * explained(document, lines), marked=marked, remarks=remarks)


def _counts(question: _Question) -> float:
    if question.item.number:
        return _NUMBERED_SURE if question.asks else 0.0
    return _BULLET_SURE if asks_firmly(question.raw) else 0.0


def _questions(document: Document, choices: Choices) -> list[_Question]:
    """Walk through the document, list by list."""
    walk = _Walk(document)
    for at, block in enumerate(document.blocks):
        walk.meet(at, block, choices)
    return walk.end()


class _Walk:
    """The questions found so far, and what stands below the last list: it waits until it shows whose it is."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.sections = Sections(document, document.titles)
        self.found: list[_Question] = []
        self.waiting: list[Block] = []
        self.opened = False
        self.apart = 0  # questions with blocks below their items that the numbering gave to them
        self.lines: list[tuple[int, str]] = []  # short lines below a question, each with the index of the next one

    def meet(self, at: int, block: Block, choices: Choices) -> None:
        """Go on to the next block."""
        hidden = at in self.document.hidden
        if self._ends(at, block, hidden=hidden):
            return
        if hidden or self.sections.about_itself:
            self.waiting += [block] if hidden else []
            return
        inner, items = _parted(self.document, block, self.found[-1] if self.opened else None, choices)
        if inner:
            self.waiting.append(inner)
        if items:
            if self.opened and _goes_on(self.found[-1].item, items[0].item):
                self._give()
            for question in items:
                question.category = question.category or self.sections.current
            self.found += items
            self.waiting, self.opened = [], True

    def end(self) -> list[_Question]:
        """Return the questions once the last block was met."""
        while self.waiting and self.waiting[-1].kind == "definition":  # links for the whole document stand at its end
            self.waiting.pop()
        self._give_last()
        if self.lines and len(self.lines) == self.apart and self.apart * _RARELY <= len(self.found):
            # Nothing but short lines, and below few questions: they name what follows.
            for (begin, name), (beyond, _) in pairwise([*self.lines, (len(self.found), "")]):
                self.found[begin - 1].below = ()
                for question in self.found[begin:beyond]:
                    question.category = name
        return self.found

    def _ends(self, at: int, block: Block, *, hidden: bool) -> bool:
        """Say whether a block ends what stands above it, and note the section that it opens."""
        labelled = self.opened and starts_with_label(f"# {plain(block.text)}")
        is_section = block.kind == "heading" and not hidden and not labelled
        name = names_section(block) if not hidden and self._above_questions(at) else None
        if not (is_section or name or ends_bank(block)):
            return False
        self._give_last()
        self.waiting, self.opened = [], False
        if is_section:
            self.sections.enter(block)
        elif name:
            self.sections.current = name
        return True

    def _above_questions(self, at: int) -> bool:
        below = self.document.blocks[at + 1] if at + 1 < len(self.document.blocks) else None
        first = _asked(self.document, below.children[0]) if below and below.kind == "list" else None
        return first is not None and first.asks

    def _give(self) -> None:
        """Give what waits to the question above it: the numbering goes on below."""
        if self.waiting:
            self.apart += 1
            text = self.waiting[0].text
            if len(self.waiting) == 1 and self.waiting[0].kind == "paragraph" and _SHORT_LINE.fullmatch(text):
                self.lines.append((len(self.found), title(text)))
        self.found[-1].below = (*self.found[-1].below, *self.waiting)

    def _give_last(self) -> None:
        """Give what waits to the last question of a section, if others have their answers below them as well."""
        often = self.apart * 2 >= len(self.found) - 1 > 0
        labelled = (
            bool(self.waiting) and self.waiting[0].kind == "paragraph" and starts_with_label(self.waiting[0].text)
        )
        if self.opened and (often or labelled):
            self.found[-1].below = (*self.found[-1].below, *self.waiting)


def _parted(
    document: Document, block: Block, before: _Question | None, choices: Choices
) -> tuple[Block | None, list[_Question]]:
    """Return what of a block may belong to the question before it, and the questions that it holds.

    An answer's list and the next question's are one where nothing stands between: `1. Drop. 2. Scale. 2. Why?`
    """
    if block.kind != "list":
        return block, []
    if before and before.item.number and not block.children[0].number:
        return block, []  # bullets below a numbered question are its answer's
    tops = [_asked(document, item) for item in block.children]
    items = [question for question in tops if question]
    if before and before.item.number and len(items) == len(block.children):
        first = _first_after(before.item, items)
        if first and sum(asks(question.raw) for question in items[:first]) * 2 < first:
            inner = block.children[:first]
            return (
                block._replace(inside=inner, end=inner[-1].end, last=inner[-1].last),
                _in_list(
                    document, block._replace(inside=block.children[first:]), choices, block.last + 1, tops[first:]
                ),
            )
    found = _in_list(document, block, choices, block.last + 1, tops)
    return (None, found) if found else (block, [])


def _in_list(
    document: Document,
    block: Block,
    choices: Choices,
    beyond: int,
    items: Sequence[_Question | None] | None = None,
    *,
    below_question: bool = False,
) -> list[_Question]:
    """Return the questions that a list holds at any depth, none if it is not a list of questions.

    `items` is what its items ask, where that was looked at already.

    Below an item that asks, only those ask that say so with a mark: an answer's steps are orders as well.
    """
    found: list[_Question] = []
    asking = telling = 0
    leading = _only_leads(document, block)
    items = items or [_asked(document, item) for item in block.children]
    # Among items that ask in so many words an order asks as well.
    orders = below_question and any(item and asks(item.raw) for item in items)
    edges = [*(item.line for item in block.children[1:]), beyond]
    for item, question, after in zip(block.children, items, edges, strict=True):
        if question is None or (leading and _leads(document, item)):
            continue
        question.lines = after - item.line
        firmly = _asks_in_list(question, below_question=below_question and not orders)
        inner = _nested(document, item, question, choices, after, below_question=below_question)
        if inner and not (firmly or question.wording.difficulty):
            category = title(question.raw) if not question.raw.startswith("!") else None
            for part in inner:
                part.category = part.category or category
            inner[0].lines += inner[0].line - item.line
            found += inner
            continue
        asking, telling = asking + firmly, telling + (not firmly)
        found.append(question)
        if inner and choices.nested == "parents":
            lists = _nested_lists(item, question, below=True)
            first, last = lists[0], lists[-1]
            question.parts = _dedented(document, first.start, last.end)
            question.end = last.end
            question.after = last.start
        elif inner:
            last = _nested_lists(item, question, below=True)[-1]
            question.after = last.start
            question.end = last.end  # what answers it stands below those that it holds
            question.lines, question.above = inner[0].line - item.line, True
            found += inner
    return found if asking >= max(telling, 1) or (found and not asking and not telling) else []


def _only_leads(document: Document, block: Block) -> bool:
    """Say whether a list is a table of contents or a reading list: links, and nothing below most of them."""
    return sum(_leads(document, item) for item in block.children) * 2 > len(block.children)


def _leads(document: Document, item: Block) -> bool:
    first = item.first if document.text.find("[", item.start, item.end) >= 0 else None
    if first is None or not _LINK.fullmatch(_BOX.sub("", first.text)):
        return False
    return all(child.kind == "list" for child in item.children[1:])


def _nested(
    document: Document, item: Block, question: _Question, choices: Choices, beyond: int, *, below_question: bool
) -> list[_Question]:
    """Return the questions in the lists inside an item."""
    if item.plain or "list" not in [child.kind for child in item.children]:
        return []
    below = below_question or question.asks or question.wording.difficulty is not None
    found: list[_Question] = []
    for child in _nested_lists(item, question, below=below):
        found += _in_list(document, child, choices, min(beyond, child.last + 1), below_question=below)
    return found


def _nested_lists(item: Block, question: _Question, *, below: bool) -> list[Block]:
    """Return the lists in an item; below one that asks, what stands after a text is a part of its answer."""
    inside = [child for child in item.children if child.start >= question.asked]
    return [
        child
        for child in (takewhile(lambda child: child.kind == "list", inside) if below else inside)
        if child.kind == "list"
    ]


def _asks_in_list(question: _Question, *, below_question: bool) -> bool:
    if question.wording.labelled or question.wording.difficulty in {"easy", "medium", "hard"}:
        return True
    if below_question:
        return asks(question.raw) or bool(_ORDER.match(question.raw))
    return question.asks if question.item.number else asks_firmly(question.raw)


def _first_after(before: Block, items: Sequence[_Question]) -> int:
    """Return the index from which on a list runs on from an item's number to the list's end, 0 if it does not."""
    first = len(items)
    while first and (first == len(items) or _number(items[first].item) == _number(items[first - 1].item) + 1):
        first -= 1
    runs = range(first, len(items))
    wanted = _number(before) + 1
    return next((i for i in runs if _number(items[i].item) == wanted and items[i].asks), 0)


def _goes_on(one: Block, other: Block) -> bool:
    """Say whether an item goes on with a numbering, which may skip; Markdown also lets all be the same."""
    return _number(other) >= _number(one)


def _number(item: Block) -> int:
    return int(item.number or 0)


def _asked(document: Document, item: Block) -> _Question | None:
    """Find the question that an item begins with."""
    first = item.first
    if first is None or first.kind not in ("paragraph", "heading"):
        return None
    if first.kind == "heading":
        said = _said(first.text, heading=True)
        return _asked_at(item, said, first.line, first.end) if said.wording.text else None
    said = _said(first.text)
    if said.behind:
        end = document.text.find(said.behind, document.lines.starts[first.line - 1], document.line_end(first.line))
        if end > 0:
            return _asked_at(item, said, first.line, end)
        said = _said(first.text, whole=True)
    end = document.line_end(first.line + said.lines - 1)
    return _asked_at(item, said, first.line, end) if said.wording.text else None


class _Said(NamedTuple):
    """What a paragraph says in its first lines, whether that `asks`, and what stands `behind` it on the same line."""

    wording: Wording
    asks: bool
    lines: int
    behind: str = ""


@lru_cache(maxsize=2**14)  # a document is read again, with answers in it, for the proof that it reads as before
def _said(text: str, *, whole: bool = False, heading: bool = False) -> _Said:
    """Take a paragraph apart; `whole` leaves its first line whole, and of a heading all counts."""
    if heading:
        found = wording(text)
        return _Said(found, is_question(found.text), 1)
    lines = (_BOX.sub("", text) if text.startswith("[") else text).split("\n")
    if not whole and len(split := _on_one_line(lines[0])) > 1:
        found = wording(split[0])
        return _Said(found, is_question(found.text), 1, split[1])
    count = _asked_in(lines)
    found = wording("\n".join(lines[:count]))
    return _Said(found, is_question(found.text), count)


def _asked_at(item: Block, said: _Said, line: int, end: int) -> _Question:
    return _Question(item, said.wording, said.asks, line, end, end, max(end, item.end))


def _on_one_line(line: str) -> list[str]:
    """Return question and answer where both stand on one line: `**What is x?** It is y.`, `What is x? Answer: y`."""
    match = _BOLD_QUESTION.match(line) if line.startswith(("**", "__")) else None
    if match and (match["mark"] in "?？" or asks_outright(match["question"])):
        return [line[: match.end()].rstrip(" \t:：–—-"), line[match.end() :]]
    folded = line.casefold()
    match = _ANSWER_BEHIND.search(line) if "ans" in folded or "solution" in folded else None
    return [line[: match.end()], line[match.end() :]] if match else [line]


def _entry(document: Document, question: _Question) -> Entry:
    item, found = question.item, question.wording
    end = question.below[-1].end if question.below else question.stop
    if item.plain and question.end == end:
        body = empty_body(document, end, indent=item.indent)
    else:
        own, asked = (*question.own, *question.below), question.raw
        body = read_body(document, question.end, end, own, indent=item.indent, inside=question.stop, asked=asked)
    if question.above and body.slot is not None and body.slot.lead.startswith("\n\n"):
        # Below the questions in it: without a label its answer would go on with the last of theirs, or their list.
        body = body._replace(slot=body.slot._replace(lead=f"{body.slot.lead}**Answer:** ", shape="inline"))
    parts = f"{question.raw}\n\n{question.parts}" if question.parts else question.raw
    return Entry(
        raw=with_material(parts, body),
        line=question.line,
        last=question.below[-1].last if question.below else question.line + max(question.lines, 1) - 1,
        number=item.number or found.number,
        category=body.category or question.category,
        difficulty=found.difficulty or body.difficulty,
        marks=found.marks,
        place=(item.start, question.asked),
        body=body,
    )


def _dedented(document: Document, start: int, end: int) -> str:
    lines = [line.rstrip("\r") for line in document.text[start:end].split("\n")]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)


def _asked_in(lines: Sequence[str]) -> int:
    """How many of a paragraph's lines ask: those after the last question mark answer, unless they ask for more."""
    if len(lines) == 1:
        return 1
    end = next((n for n, line in enumerate(lines) if n and _ends_question(lines[n - 1], line)), len(lines))
    lines = lines[:end]
    marked = [n for n, line in enumerate(lines, 1) if asks(line)]
    count = marked[-1] if marked else len(lines)
    while count < len(lines) and is_question(lines[count]):
        count += 1
    return count


def _ends_question(before: str, line: str) -> bool:
    """Say whether the question is over after a line: it was bold as a whole, or a place for an answer follows."""
    return bold(before) is not None or starts_with_label(line) or bool(EMPTY_BULLET.fullmatch(line.strip()))
