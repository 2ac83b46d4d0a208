"""Questions in the Markdown cells of a Jupyter notebook, answered by the cells below or by the rest of their cell.

    ## 1. What is dropout? (★☆☆)            Markdown
    Units are dropped at random …           Markdown, or code, or both

    **Exercise 2.** Build a mask.           Markdown
    # your code here                        code: no answer

A cell that is empty, or only keeps the place for an answer, is none. In the place of such a Markdown cell goes the
answer, else into a new one below the question; cells of code are left to code. Other headings are the categories.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dlgrade.banks.asking import asks, is_question
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.data.cells import Cell, Notebook, read_notebook
from dlgrade.banks.data.nodes import Lines
from dlgrade.banks.entries import Body, Entry, Reading, gathered
from dlgrade.banks.forms.json_trees import scan
from dlgrade.banks.forms.sections import Sections
from dlgrade.banks.labels import LABEL, starts_with_label, without_label
from dlgrade.banks.wording import bold, is_placeholder, plain
from dlgrade.models import Choices, Slot

FORM = "notebook"

# How plainly a text says that it is a question.
_LABELLED, _NUMBERED, _TERM, _PLAIN = 4, 3, 2, 1
_ASKING = 1 / 3
_LINE = 120  # characters that a task of one line has at most
_PARAGRAPH = 7  # stands deeper than any heading

_LABEL_WORDS = (
    r"question|exercise|problem|task|step|q|ex|aufgabe|frage|exercice|ejercicio|pregunta|exercício|questão"
    r"|задание|задача|вопрос|упражнение|问题|题目?|练习|問題|練習"
)
_LABELLED_TITLE = re.compile(
    rf"(?:{_LABEL_WORDS})\s*#?\s*(\d{{1,6}}(?:\.\d{{1,3}})*[a-z]?)(?!\w)\s*(?:[.:：)\]\-–—]+\s*)?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED_TITLE = re.compile(
    r"[(\[]?#?(\d{1,6}(?:\.\d{1,3})*[a-z]?)\\?[.:、．)\]]+(?!\d)\s*(\S.*)", re.DOTALL | re.IGNORECASE
)
_NUMBER_ALONE = re.compile(r"#?(\d{1,6}[a-z]?)[.:)]?", re.IGNORECASE)
_TASK = re.compile(
    r"(?:add|apply|build|calculate|change|check|choose|convert|count|create|delete|drop|extract|fill|filter|fit|generate"
    r"|get|group|import|load|make|merge|normali[sz]e|plot|predict|print|read|remove|rename|replace|reshape|return|reverse"
    r"|run|select|set|sort|split|subtract|train|transform|try|use)\b",
    re.IGNORECASE,
)
_STARS = re.compile(r"\s{0,9}[(\[]?([★☆⭐]{1,5})[)\]]?\s*$")
_HINT = re.compile(r"(?:\s{0,9}[(\[]|^)\W{0,4}hints?\W{0,4}[:：].*\Z", re.IGNORECASE | re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Head:
    """A question in cell `at`: it begins at `start` of the cell's text, ends at `end`, and its part at `beyond`."""

    at: int
    rank: int
    number: str | None
    raw: str
    start: int
    end: int
    beyond: int
    level: int
    last: bool = True
    category: str | None = None
    below: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands below a question in its cell: what belongs to it, the answer, and whether a label says so."""

    material: str
    answer: str
    start: int
    label: bool = False


def read(document: Document, choices: Choices) -> Reading | None:
    """Read a notebook.

    Raises:
        BankError: it is no JSON; the message begins with the line.
    """
    start = 1 if document.whole.startswith("\ufeff") else 0
    notebook = read_notebook(document.whole, scan(document, start, len(document.whole)))
    if notebook is None:
        return None
    heads = _placed(notebook, _chosen(notebook, list(_heads(notebook))))
    if not heads:
        return None
    inside = sum(not head.below and bool(_rest(notebook, head).strip()) for head in heads)
    beside = sum(bool(head.below) for head in heads)
    lines = Lines(document)
    entries = gathered(document.text, (_entry(notebook, head, lines, inside=inside > beside) for head in heads))
    return Reading(FORM, entries, sum(head.rank > _TERM or is_question(head.raw) for head in heads) / len(heads))


# ── questions ────────────────────────────────────────────────────────────────────────────────


def _heads(notebook: Notebook) -> Iterator[_Head]:
    number: _Head | None = None
    for at, cell in enumerate(notebook.cells):
        if cell.kind != "markdown" or not cell.text.strip():
            continue
        document = Document(cell.text)
        found = list(_in_cell(document, at))
        first = document.blocks[0]
        if number is not None and first.kind == "paragraph" and all(head.rank == _PLAIN for head in found):
            # The number stood in the cell above.
            raw, end = _question_of(document, first)
            found = [replace(number, at=at, raw=raw, start=first.start, end=end, beyond=len(cell.text))]
        yield from (head for head in found if head.raw)
        number = found[-1] if found and not found[-1].raw else None


def _in_cell(document: Document, at: int) -> Iterator[_Head]:
    found: list[_Head] = []
    blocks = document.blocks
    for index, block in enumerate(blocks):
        if found and not found[-1].raw and block.kind in ("paragraph", "heading"):
            raw, end = _question_of(document, block)
            found[-1] = replace(found[-1], raw=raw, end=end)
        elif block.kind == "list":
            opens = all(before.kind == "heading" for before in blocks[:index])
            found += _listed(document, block, at) if opens else ()
        elif block.kind in ("heading", "paragraph") and (head := _head(document, block, at)):
            found.append(head)
    ends = [*(head.start for head in found[1:]), len(document.whole)]
    for head, beyond in zip(found, ends, strict=False):
        yield replace(head, beyond=beyond, last=head is found[-1])


def _head(document: Document, block: Block, at: int) -> _Head | None:
    raw, end = _question_of(document, block)
    level = block.level or _PARAGRAPH
    for rank, title in ((_LABELLED, _LABELLED_TITLE), (_NUMBERED, _NUMBERED_TITLE)):
        if match := title.fullmatch(raw):
            does = rank == _LABELLED or is_question(match[2]) or bool(_TASK.match(match[2]))
            return _Head(at, rank if does else _TERM, match[1], match[2].strip(), block.start, end, 0, level)
    if block.kind == "heading" and (match := _NUMBER_ALONE.fullmatch(raw)):
        return _Head(at, _NUMBERED, match[1], "", block.start, end, 0, level)
    whole = block.kind == "heading" or bold(block.text) is not None or "\n" not in block.text
    if starts_with_label(block.text) or not whole:
        return None
    # A cell may begin with a task; in a text `When we train …` asks nothing.
    opens = block.start == 0 and len(raw) <= _LINE and not raw.endswith(".")
    does = is_question(raw) if block.kind == "heading" or opens else asks(_STARS.sub("", raw))
    return _Head(at, _PLAIN, None, raw, block.start, end, 0, level) if does else None


def _question_of(document: Document, block: Block) -> tuple[str, int]:
    """Return the lines of a block that ask, up to the first question mark or bold line, and where they end."""
    lines = block.text.split("\n")
    count = next((n for n, line in enumerate(lines, 1) if asks(_STARS.sub("", plain(line))) or bold(line)), len(lines))
    if block.kind == "heading" or count == len(lines):
        return plain(block.text).strip(), block.end
    return plain("\n".join(lines[:count])).strip(), document.line_end(block.line + count - 1)


def _listed(document: Document, block: Block, at: int) -> Iterator[_Head]:
    """Read the items of a numbered list at the beginning of a cell, if they ask."""
    items = [(item, item.children[0]) for item in block.children if item.number and item.children]
    firsts = [(item, *_question_of(document, first)) for item, first in items if first.kind == "paragraph"]
    asking = [asks(raw) or (len(block.children) == 1 and is_question(raw)) for _, raw, _ in firsts]
    if sum(asking) * 2 >= len(block.children):
        for item, raw, end in firsts:
            yield _Head(at, _NUMBERED, item.number, raw, item.start, end, 0, _PARAGRAPH)


def _chosen(notebook: Notebook, heads: Sequence[_Head]) -> list[_Head]:
    """Settle with the whole notebook in view what is a question: numbered chapters with examples are not."""
    numbered = [head for head in heads if head.rank > _PLAIN]
    if len(numbered) > 1 and numbered[0].level < min(head.level for head in numbered[1:]):
        numbered = numbered[1:]  # the notebook's title: `Exercise 3 - Getting to know your data`
    asking = sum(head.rank > _TERM for head in numbered)
    waiting = sum(_waits(notebook, head) for head in numbered)
    if numbered and asking < _ASKING * len(numbered) and waiting * 2 < len(numbered):
        numbered = []
    others = [head for head in heads if head.rank == _PLAIN]
    if len(numbered) < max(2, len(others)):
        return sorted([*numbered, *others], key=lambda head: (head.at, head.start))
    return numbered


def _waits(notebook: Notebook, head: _Head) -> bool:
    """Say whether an empty cell follows a question."""
    return head.last and head.at + 1 < len(notebook.cells) and notebook.cells[head.at + 1].is_empty


def _placed(notebook: Notebook, heads: Sequence[_Head]) -> list[_Head]:
    """Give the questions their categories, and the cells below them up to the next question or section."""
    starts = {(head.at, head.start) for head in heads}
    headings = [
        (at, block)
        for at, cell in enumerate(notebook.cells)
        if cell.kind == "markdown"
        for block in Document(cell.text).blocks
        if block.kind == "heading" and (at, block.start) not in starts and _is_section(block)
    ]
    sections = Sections(Document(""), (block for _, block in headings))
    placed: list[_Head] = []
    todo = list(headings)
    for index, head in enumerate(heads):
        while todo and (todo[0][0], todo[0][1].start) < (head.at, head.start):
            sections.enter(todo.pop(0)[1])
        beyond = heads[index + 1].at if index + 1 < len(heads) else len(notebook.cells)
        opens = (at for at, block in headings if at > head.at and block.level <= head.level and not block.start)
        stop = min(beyond, next(opens, beyond))
        below = notebook.cells[head.at + 1 : stop] if head.last else ()
        placed.append(replace(head, category=_titled(sections.current), below=tuple(below)))
    return placed


def _is_section(heading: Block) -> bool:
    """Say whether a heading opens a section: `Answer` does not, nor does a number alone."""
    title = plain(heading.text).strip()
    number = _LABELLED_TITLE.fullmatch(title)
    return not (starts_with_label(f"# {title}") or _NUMBER_ALONE.fullmatch(title) or (number and not number[2]))


def _titled(category: str | None) -> str | None:
    return category.rstrip(":： ") or None if category else None


# ── answers ──────────────────────────────────────────────────────────────────────────────────


def _rest(notebook: Notebook, head: _Head) -> str:
    return _HINT.sub("", notebook.cells[head.at].text[head.end : head.beyond])


def _entry(notebook: Notebook, head: _Head, lines: Lines, *, inside: bool) -> Entry:
    cell = notebook.cells[head.at]
    part = _part(notebook, head, inside=inside)
    wording = _HINT.sub("", head.raw).strip()
    stars = _STARS.search(wording)
    wording = _STARS.sub("", wording) or head.raw
    material = part.material.strip("\n").rstrip()
    return Entry(
        raw=f"{wording}\n\n{material}" if material.strip() else wording,
        line=lines.at(notebook.offset(cell, head.start)),
        last=lines.at((head.below or (cell,))[-1].node.end),
        body=_body(notebook, head, part),
        number=head.number,
        category=head.category,
        difficulty=stars[1] if stars else None,
        place=_place(notebook, cell, head, wording),
    )


def _part(notebook: Notebook, head: _Head, *, inside: bool) -> _Part:
    """Part the rest of a question's cell; `inside` says that answers stand there in this notebook."""
    rest = notebook.cells[head.at].text[head.end : head.beyond]
    at = 0
    for line in rest.splitlines(keepends=True):
        if label := LABEL.match(line):
            return _Part(_HINT.sub("", rest[:at]), rest[at + label.end() :], head.end + at + label.end(), label=True)
        at += len(line)
    if rest.strip() and is_placeholder(rest):
        return _Part("", rest, head.end)
    rest = _HINT.sub("", rest)
    if inside or not head.below:
        return _Part("", rest, head.end)
    return _Part(rest, "", head.end)


def _body(notebook: Notebook, head: _Head, part: _Part) -> Body:
    cell = notebook.cells[head.at]
    said = part.answer.strip("\n").rstrip()
    answering = [below for below in head.below if not below.is_empty]
    own = [] if is_placeholder(said) else [said]
    answer = "\n\n".join([*own, *(_told(notebook, below) for below in answering)])
    if answer:
        return Body(answer, standing=_standing(notebook, cell, part, said if own else "", answering))
    if part.label or said:
        return Body(None, _inside(notebook, cell, part, head))
    waiting = next((below for below in head.below if below.kind == "markdown"), None)
    if waiting is not None:
        label = LABEL.match(waiting.text)
        end = len(waiting.text.rstrip())
        place = notebook.within(waiting, label.end(), end, apart=True) if label else notebook.instead(waiting)
        return Body(None, place)
    return Body(None, notebook.below(cell, f"{head.at} {head.raw}") if head.last else None)


def _standing(notebook: Notebook, cell: Cell, part: _Part, said: str, answering: Sequence[Cell]) -> Slot | None:
    """Return the place of an answer that stands in one: in the question's own cell, or in a Markdown cell below."""
    if said and not answering and (start := cell.text.find(said, part.start)) >= 0:
        return notebook.within(cell, start, start + len(said), apart=False)
    if not said and len(answering) == 1 and answering[0].kind == "markdown":
        return notebook.instead(answering[0])
    return None


def _inside(notebook: Notebook, cell: Cell, part: _Part, head: _Head) -> Slot:
    """Return the place of a placeholder in the question's own cell, or behind the label there."""
    text = cell.text[part.start : head.beyond]
    end = part.start + len(text.rstrip())
    start = part.start if part.label else part.start + len(text) - len(text.lstrip())
    return notebook.within(cell, start, max(start, end), apart=part.label)


def _told(notebook: Notebook, cell: Cell) -> str:
    text = cell.text.strip("\n").rstrip()
    return f"```{notebook.language}\n{text}\n```" if cell.kind == "code" else without_label(text)


def _place(notebook: Notebook, cell: Cell, head: _Head, wording: str) -> tuple[int, int] | None:
    at = cell.text.find(wording, head.start, head.end)
    start = notebook.offset(cell, at) if at >= 0 else 0
    end = start + len(wording)
    return (start, end) if at >= 0 and notebook.text[start:end] == wording else None
