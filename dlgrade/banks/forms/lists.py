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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile

from dlgrade.banks.asking import asks, asks_firmly
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Entry, Reading, shelf_of
from dlgrade.banks.forms.sections import Sections, ends_bank, explained, names_section
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.listed import BOX, Listed, entry_of, forget_where_many, listed, packed, unpacked
from dlgrade.banks.marks import title
from dlgrade.banks.patterns import later
from dlgrade.banks.wording import plain
from dlgrade.models import Choices
from dlgrade.shelf import shelved

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


def read(document: Document, choices: Choices) -> Reading | None:
    """Read the items of every list in which most items ask."""
    walk = _Walk(document)
    for at, block in enumerate(document.blocks):
        walk.meet(at, block, choices)
    found = walk.end()
    forget_where_many()
    if not found.count:
        return None
    marked = round(found.asking / found.count, 4)
    remarks = (_NESTED[choices.nested],) if found.nested else ()
    sure = marked * explained(document, found.lines)
    return Reading(FORM, found.entries, sure, marked=marked, remarks=remarks)


def _counts(question: Listed) -> float:
    if question.item.number:
        return _NUMBERED_SURE if question.asks else 0.0
    return _BULLET_SURE if asks_firmly(question.raw) else 0.0


class _Found:
    """The questions found so far: the last of them, and what the others came to."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._done = shelf_of(document.text)
        self.last: Listed | None = None
        self.count = self.lines = 0
        self.asking = 0.0
        self.nested = False

    def add(self, questions: Iterable[Listed], category: str | None) -> None:
        """Add questions of a category, where they have none of their own; with those before nothing more happens."""
        for question in questions:
            self.settle()
            question.category = question.category or category
            self.last = question
            self.count += 1
            self.asking += _counts(question)
            self.lines += question.lines
            self.nested = self.nested or question.above or bool(question.parts)

    def settle(self) -> None:
        """Make an entry of the last question."""
        if self.last is not None:
            if self.last.below:
                self.lines += _lines_below(self.last)
            self._done.append(entry_of(self._document, self.last))
            self.last = None

    @property
    def entries(self) -> Sequence[Entry]:
        """The entries, once the last question is settled."""
        return self._done.done()

    def name(self, names: Mapping[int, str], led: Mapping[int, Listed]) -> None:
        """Let lines below some questions, by their index, name the category of those that follow and be no answers."""
        done, self._done = self._done, shelf_of(self._document.text)
        name: str | None = None
        for at, entry in enumerate(done):
            if at in led:
                self.lines -= _lines_below(led[at])
                entry = entry_of(self._document, replace(led[at], below=()))  # noqa: PLW2901
            self._done.append(entry if name is None else entry._replace(category=entry.body.category or name))
            name = names.get(at, name)


def _lines_below(question: Listed) -> int:
    return sum(block.last - block.line + 1 for block in question.below)


class _Walk:
    """The questions found so far, and what stands below the last list: it waits until it shows whose it is."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.sections = Sections(document, document.titles)
        self.found = _Found(document)
        self.waiting: list[Block] = []
        self.opened = False
        self.apart = 0  # questions with blocks below their items that the numbering gave to them
        # The short lines that stand below a question, and those questions, by index.
        self.lines: dict[int, str] = {}
        self.led: dict[int, Listed] = {}

    def meet(self, at: int, block: Block, choices: Choices) -> None:
        """Go on to the next block."""
        hidden = at in self.document.hidden
        if self._ends(at, block, hidden=hidden):
            return
        if hidden or self.sections.about_itself:
            self.waiting += [block] if hidden else []
            return
        last = self.found.last if self.opened else None
        inner, items = _parted(self.document, block, last, choices)
        if inner:
            self.waiting.append(inner)
        if items:
            if last and _goes_on(last.item, items[0].item):
                self._give(last)
            self.found.add(items, self.sections.current)
            self.waiting, self.opened = [], True

    def end(self) -> _Found:
        """Return the questions once the last block was met."""
        while self.waiting and self.waiting[-1].kind == "definition":  # links for the whole document stand at its end
            self.waiting.pop()
        self._give_last()
        self.found.settle()
        if self.lines and len(self.lines) == self.apart and self.apart * _RARELY <= self.found.count:
            # Nothing but short lines, and below few questions: they name what follows.
            self.found.name(self.lines, self.led)
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
        first = listed(self.document, below.children[0]) if below and below.kind == "list" else None
        return first is not None and first.asks

    def _give(self, last: Listed) -> None:
        """Give what waits to the question above it: the numbering goes on below."""
        if self.waiting:
            text = self.waiting[0].text
            if len(self.waiting) == 1 and self.waiting[0].kind == "paragraph" and _SHORT_LINE.fullmatch(text):
                self.lines[self.found.count - 1] = title(text)
                self.led[self.found.count - 1] = last
            self.apart += 1
            if len(self.lines) < self.apart:
                self.led.clear()  # of other lines there are some too: none of them are names
        last.below = (*last.below, *self.waiting)

    def _give_last(self) -> None:
        """Give what waits to the last question of a section, if others have their answers below them as well."""
        often = self.apart * 2 >= self.found.count - 1 > 0
        labelled = (
            bool(self.waiting) and self.waiting[0].kind == "paragraph" and starts_with_label(self.waiting[0].text)
        )
        if self.opened and self.found.last and (often or labelled):
            self.found.last.below = (*self.found.last.below, *self.waiting)


def _parted(
    document: Document, block: Block, before: Listed | None, choices: Choices
) -> tuple[Block | None, Sequence[Listed]]:
    """Return what of a block may belong to the question before it, and the questions that it holds.

    An answer's list and the next question's are one where nothing stands between: `1. Drop. 2. Scale. 2. Why?`
    """
    if block.kind != "list":
        return block, []
    items = block.children
    if before and before.item.number:
        if not items[0].number:
            return block, []  # bullets below a numbered question are its answer's
        if first := _first_after(document, before.item, items):
            inner, others = items[:first], items[first:]
            rest = _top(document, block._replace(inside=others), choices)
            return block._replace(inside=inner, end=inner[-1].end, last=inner[-1].last), rest
    found = _top(document, block, choices)
    return (None, found) if found else (block, [])


def _top(document: Document, block: Block, choices: Choices) -> Sequence[Listed]:
    """Return the questions of an outermost list; where they are many, they are no longer in memory."""
    unpack = partial(unpacked, document.plainly)
    return _in_list(document, block, choices, block.last + 1, keep=lambda found: shelved(found, packed, unpack))


def _in_list(
    document: Document,
    block: Block,
    choices: Choices,
    beyond: int,
    *,
    below_question: bool = False,
    keep: Callable[[Iterator[Listed]], Sequence[Listed]] = list,
) -> Sequence[Listed]:
    """Return the questions that a list holds at any depth, none if it is not a list of questions."""
    found = _InList(document, block, choices, beyond, below_question=below_question)
    questions = keep(found.questions())
    return questions if found.asks or (questions and not found.telling) else []


class _InList:
    """A list whose questions are looked for.

    Below an item that asks, only those ask that say so with a mark: an answer's steps are orders as well.
    """

    def __init__(
        self, document: Document, block: Block, choices: Choices, beyond: int, *, below_question: bool
    ) -> None:
        self._document = document
        self._block = block
        self._choices = choices
        self._beyond = beyond
        self._below_question = below_question
        self.asking = self.telling = 0

    @property
    def asks(self) -> bool:
        """Whether most of its items ask, of those looked at so far."""
        return self.asking >= max(self.telling, 1)

    def questions(self) -> Iterator[Listed]:
        """Give what may be questions, one by one."""
        document, choices, below_question = self._document, self._choices, self._below_question
        leading = _only_leads(document, self._block)
        marked = below_question and not self._orders_ask()
        for item, after in _edged(self._block.children, self._beyond):
            question = listed(document, item)
            if question is None or (leading and _leads(document, item)):
                continue
            question.lines = after - item.line
            firmly = _asks_in_list(question, below_question=marked)
            inner: Sequence[Listed] = ()
            if not item.plain:
                inner = _nested(document, item, question, choices, after, below_question=below_question)
            if inner and not (firmly or question.wording.difficulty):
                yield from _in_category(question, inner)
                continue
            if firmly:
                self.asking += 1
            else:
                self.telling += 1
            if inner:
                inner = _opened(document, question, inner, choices)
            yield question
            yield from inner

    def _orders_ask(self) -> bool:
        """Say whether orders ask: among items that ask in so many words they do as well."""
        items = (listed(self._document, item) for item in self._block.children)
        return any(item and asks(item.raw) for item in items)


def _in_category(question: Listed, inner: Sequence[Listed]) -> Sequence[Listed]:
    """Return what is asked inside an item that does not ask: it names the category."""
    category = title(question.raw) if not question.raw.startswith("!") else None
    for part in inner:
        part.category = part.category or category
    inner[0].lines += inner[0].line - question.item.line
    return inner


def _opened(document: Document, question: Listed, inner: Sequence[Listed], choices: Choices) -> Sequence[Listed]:
    """Return what is asked inside a question, if those are questions of their own; else they are parts of it."""
    lists = _nested_lists(question.item, question, below=True)
    first, last = lists[0], lists[-1]
    question.after = last.start
    question.end = last.end  # what answers it stands below those that it holds
    if choices.nested == "parents":
        question.parts = _dedented(document, first.start, last.end)
        return ()
    question.lines, question.above = inner[0].line - question.item.line, True
    return inner


def _edged(items: Iterable[Block], beyond: int) -> Iterator[tuple[Block, int]]:
    """Give the items, each with the line on which the next begins, after the last the one beyond."""
    before: Block | None = None
    for item in items:
        if before is not None:
            yield before, item.line
        before = item
    if before is not None:
        yield before, beyond


def _only_leads(document: Document, block: Block) -> bool:
    """Say whether a list is a table of contents or a reading list: links, and nothing below most of them."""
    if document.text.find("[", block.start, block.end) < 0:
        return False
    return sum(_leads(document, item) for item in block.children) * 2 > len(block.children)


def _leads(document: Document, item: Block) -> bool:
    first = item.first if document.text.find("[", item.start, item.end) >= 0 else None
    if first is None or not _LINK.fullmatch(BOX.sub("", first.text)):
        return False
    return all(child.kind == "list" for child in item.children[1:])


def _nested(
    document: Document, item: Block, question: Listed, choices: Choices, beyond: int, *, below_question: bool
) -> list[Listed]:
    """Return the questions in the lists inside an item."""
    if "list" not in [child.kind for child in item.children]:
        return []
    below = below_question or question.asks or question.wording.difficulty is not None
    found: list[Listed] = []
    for child in _nested_lists(item, question, below=below):
        found += _in_list(document, child, choices, min(beyond, child.last + 1), below_question=below)
    return found


def _nested_lists(item: Block, question: Listed, *, below: bool) -> list[Block]:
    """Return the lists in an item; below one that asks, what stands after a text is a part of its answer."""
    inside = [child for child in item.children if child.start >= question.asked]
    return [
        child
        for child in (takewhile(lambda child: child.kind == "list", inside) if below else inside)
        if child.kind == "list"
    ]


def _asks_in_list(question: Listed, *, below_question: bool) -> bool:
    if question.wording.labelled or question.wording.difficulty in {"easy", "medium", "hard"}:
        return True
    if below_question:
        return asks(question.raw) or bool(_ORDER.match(question.raw))
    return question.asks if question.item.number else asks_firmly(question.raw)


def _first_after(document: Document, before: Block, items: Sequence[Block]) -> int:
    """Return the index from which on a list runs on from an item's number to the list's end, 0 if it does not.

    What stands above it must not ask: it is the answer's.
    """
    first, following = len(items) - 1, _number(items[-1])
    while first and _number(items[first - 1]) + 1 == following:
        first, following = first - 1, following - 1
    at = first + _number(before) + 1 - following
    if not max(first, 1) <= at < len(items):
        return 0
    asked = [listed(document, item) for item in items]
    questions = [question for question in asked if question]
    if len(questions) < len(items) or not questions[at].asks:
        return 0
    return at if sum(asks(question.raw) for question in questions[:at]) * 2 < at else 0


def _goes_on(one: Block, other: Block) -> bool:
    """Say whether an item goes on with a numbering, which may skip; Markdown also lets all be the same."""
    return _number(other) >= _number(one)


def _number(item: Block) -> int:
    return int(item.number or 0)


def _dedented(document: Document, start: int, end: int) -> str:
    lines = [line.rstrip("\r") for line in document.text[start:end].split("\n")]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)
