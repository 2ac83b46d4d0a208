"""Texts and keys as pandoc's own document tree, from which it writes typeset forms.

Pandoc reads no text of ours: only this tree reaches it, in which nothing is raw, so whatever stands in a question or
an answer is text, code or a formula. It never fetches: a picture is a link to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypandoc
from markdown_it.tree import SyntaxTreeNode

from dlgrade.errors import OutputError
from dlgrade.export.key import Entry, Key, asides, counted
from dlgrade.export.prose import parse

if TYPE_CHECKING:
    from dlgrade.models import Question, Rubric

Node = dict[str, Any]

_NO_ATTRIBUTES: tuple[str, list[str], list[list[str]]] = ("", [], [])
_ALIGNED = {"text-align:left": "AlignLeft", "text-align:right": "AlignRight", "text-align:center": "AlignCenter"}
_DEEPEST = 6
_NESTED = 10
"""How deep braces of a formula, and quotes and lists, are nested: each brace doubles the time that pandoc takes."""
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_VERSION = [1, 23, 1]  # of the tree
_RAW = {"docx": "openxml"}  # what pandoc calls the markup of a form
ROOM = 8
"""Lines left for a student's answer."""


def converted(
    key: Key, to: str, *, room: str, contents: bool = False, file: Path | None = None, plain: Collection[str] = ()
) -> str:
    """A key in one of pandoc's forms, as text, or in `file` where the form is binary.

    `room` is the form's own markup for room to write; `contents` puts links to all questions at the front. Formulas of
    the questions whose ids are in `plain` are written as their LaTeX.

    Raises:
        OutputError: pandoc cannot write it.
    """
    blocks = [*(_contents(key) if contents else ()), *_blocks(key, _raw(to, room), plain)]
    tree = {"pandoc-api-version": _VERSION, "meta": _meta(key), "blocks": blocks}
    try:
        return str(pypandoc.convert_text(json.dumps(tree), to, format="json", extra_args=["--quiet"], outputfile=file))
    except (RuntimeError, OSError) as error:
        raise OutputError(f"pandoc cannot write {to}: {' '.join(str(error).split())[:300]}") from None


def _meta(key: Key) -> Node:
    return {
        "title": {"t": "MetaInlines", "c": list(_words(key.title))},
        "subtitle": {"t": "MetaInlines", "c": list(_words(counted(key)))},
        "lang": {"t": "MetaString", "c": "en"},
    }


# ── a key ────────────────────────────────────────────────────────────────────────────────────


def _contents(key: Key) -> Iterator[Node]:
    for category, entries in key.by_category().items():
        yield _paragraph([_strong(category or "Questions")])
        titles = ((entry, _words(f"{key.label(entry)}. {entry.question.wording}")) for entry in entries)
        links = ({"t": "Link", "c": [_NO_ATTRIBUTES, list(words), [f"#{_mark(entry)}", ""]]} for entry, words in titles)
        yield {"t": "BulletList", "c": [[_plain([link])] for link in links]}


def _mark(entry: Entry) -> str:
    """What a link to an entry names."""
    return "q-" + "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in entry.question.id)


def _blocks(key: Key, room: Node, plain: Collection[str]) -> list[Node]:
    found: list[Node] = []
    for category, entries in key.by_category().items():
        found.append(_heading(1, _words(category or "Questions")))
        for entry in entries:
            found += _entry(key, entry, room, formulas=entry.question.id not in plain)
    if key.missing:
        found.append(_heading(1, _words("Without a reference")))
        found.append({"t": "BulletList", "c": [_lacking(question, plain) for question in key.missing]})
    return found


def _lacking(question: Question, plain: Collection[str]) -> list[Node]:
    write = _Writer(formulas=question.id not in plain, above=2)
    return [
        _paragraph([_code(question.id), _SPACE, *write.line(question.wording)]),
        *write.text(question.material),
    ]


def _entry(key: Key, entry: Entry, room: Node, *, formulas: bool) -> Iterator[Node]:
    question, write = entry.question, _Writer(formulas=formulas, above=2)
    yield _heading(2, [*_words(f"{key.label(entry)}. "), *write.line(question.wording)], _mark(entry))
    yield from write.text(question.material)
    if aside := " · ".join(asides(entry)):
        yield _paragraph([{"t": "Emph", "c": list(_words(aside))}])
    if key.student:
        yield room
    else:
        yield from write.text(entry.reference or "")
    if entry.scheme:
        yield from _scheme(entry.scheme, write)


def _scheme(rubric: Rubric, write: _Writer) -> Iterator[Node]:
    yield _paragraph([_strong(f"Rubric ({rubric.max_score:g} points)")])
    items = []
    for criterion in rubric.criteria:
        half = [_SPACE, *_words("Half: "), *write.line(criterion.partial)] if criterion.partial else []
        items.append([_plain([_strong(f"{criterion.points:g}"), _SPACE, *write.line(criterion.expects), *half])])
    for misconception in rubric.misconceptions:
        claims = [*_words(" Claims that: "), *write.line(misconception.claims)]
        items.append([_plain([_strong(f"−{misconception.costs:g}"), *claims])])
    yield {"t": "BulletList", "c": items}


# ── a text ───────────────────────────────────────────────────────────────────────────────────


class _Writer:
    """Markdown as nodes; headings stand below level `above`, and formulas are code where they are not wanted."""

    def __init__(self, *, formulas: bool, above: int) -> None:
        self._formulas = formulas
        self._above = above
        self._deeper = 0
        self._inside = 0

    def text(self, text: str) -> list[Node]:
        """The blocks of a text."""
        root = SyntaxTreeNode(parse(text))
        levels = [int(node.tag[1]) for node in root.walk() if node.type == "heading"]
        self._deeper = max(0, self._above + 1 - min(levels, default=self._above + 1))
        return [block for node in root.children for block in self._block(node)]

    def line(self, text: str) -> list[Node]:
        """The words of a text that stands on a line; what is no paragraph there is shown as it stands."""
        nodes = SyntaxTreeNode(parse(text)).children
        if len(nodes) == 1 and nodes[0].type == "paragraph":
            return self._inlines(nodes[0].children)
        return list(_words(text))

    def _block(self, node: SyntaxTreeNode) -> Iterator[Node]:
        inside = node.children
        match node.type:
            case "bullet_list" | "ordered_list" | "list_item" | "blockquote" if self._inside >= _NESTED:
                yield from self._below(node)
            case "paragraph":
                yield (_plain if node.hidden else _paragraph)(self._inlines(inside))
            case "heading":
                yield _heading(min(int(node.tag[1]) + self._deeper, _DEEPEST), self._inlines(inside))
            case "bullet_list":
                yield {"t": "BulletList", "c": [self._below(item) for item in inside]}
            case "ordered_list":
                first = [int(node.attrs.get("start", 1)), {"t": "Decimal"}, {"t": "Period"}]
                yield {"t": "OrderedList", "c": [first, [self._below(item) for item in inside]]}
            case "blockquote":
                yield {"t": "BlockQuote", "c": self._below(node)}
            case "fence" | "code_block":
                words = node.info.split()
                yield {"t": "CodeBlock", "c": [["", words[:1], []], node.content.rstrip("\n")]}
            case "math_block" | "amsmath":
                yield _paragraph([self._formula(node.content, display=True)])
            case "table":
                yield self._table(node)
            case _:
                yield {"t": "HorizontalRule"}

    def _below(self, node: SyntaxTreeNode) -> list[Node]:
        self._inside += 1
        blocks = [block for child in node.children for block in self._block(child)]
        self._inside -= 1
        return blocks

    def _table(self, node: SyntaxTreeNode) -> Node:
        rows = [[(row.children) for row in part.children] for part in node.children]
        head, body = rows[0], rows[1] if len(rows) > 1 else []
        aligned = [{"t": _ALIGNED.get(str(cell.attrs.get("style")), "AlignDefault")} for cell in head[0]]
        columns = [[alignment, {"t": "ColWidthDefault"}] for alignment in aligned]
        parts = [[_NO_ATTRIBUTES, [self._row(row) for row in rows]] for rows in (head, [])]
        bodies = [[_NO_ATTRIBUTES, 0, [], [self._row(row) for row in body]]]
        return {"t": "Table", "c": [_NO_ATTRIBUTES, [None, []], columns, parts[0], bodies, parts[1]]}

    def _row(self, cells: Sequence[SyntaxTreeNode]) -> list[Any]:
        inside = ([_plain(self._inlines(cell.children))] for cell in cells)
        return [_NO_ATTRIBUTES, [[_NO_ATTRIBUTES, {"t": "AlignDefault"}, 1, 1, cell] for cell in inside]]

    def _inlines(self, nodes: Sequence[SyntaxTreeNode]) -> list[Node]:
        return [inline for node in nodes for inline in self._inline(node)]

    def _inline(self, node: SyntaxTreeNode) -> Iterator[Node]:
        marks = {"em": "Emph", "strong": "Strong", "s": "Strikeout"}
        match node.type:
            case "inline":
                yield from self._inlines(node.children)
            case "code_inline":
                yield _code(node.content)
            case "em" | "strong" | "s":
                yield {"t": marks[node.type], "c": self._inlines(node.children)}
            case "link" | "image":
                address = str(node.attrs.get("href") or node.attrs.get("src"))
                words = self._inlines(node.children) or [_str(address)]
                yield {"t": "Link", "c": [_NO_ATTRIBUTES, words, [address, ""]]}
            case "softbreak":
                yield _SPACE
            case "hardbreak":
                yield {"t": "LineBreak"}
            case "math_inline" | "math_inline_double":
                yield self._formula(node.content, display=node.type == "math_inline_double")
            case _:
                yield from _words(node.content)

    def _formula(self, latex: str, *, display: bool) -> Node:
        if not self._formulas or _depth(latex) > _NESTED:
            return _code(" ".join(latex.split()))
        return {"t": "Math", "c": [{"t": "DisplayMath" if display else "InlineMath"}, latex.strip()]}


def _depth(latex: str) -> int:
    """How deep a formula's braces are nested."""
    deepest = now = 0
    for brace in _BRACE.findall(latex):
        now += (brace == "{") - (brace == "}")
        deepest = max(deepest, now)
    return deepest


# ── nodes ────────────────────────────────────────────────────────────────────────────────────

_SPACE: Node = {"t": "Space"}


def _words(text: str) -> Iterator[Node]:
    """A text on one line, its blanks as nodes of their own."""
    parts = text.split()
    if text[:1].isspace():
        yield _SPACE
    for n, part in enumerate(parts):
        if n:
            yield _SPACE
        yield _str(part)
    if parts and text[-1:].isspace():
        yield _SPACE


def _str(text: str) -> Node:
    return {"t": "Str", "c": text}


def _strong(text: str) -> Node:
    return {"t": "Strong", "c": list(_words(text))}


def _code(text: str) -> Node:
    return {"t": "Code", "c": [_NO_ATTRIBUTES, text]}


def _paragraph(inlines: Iterator[Node] | Sequence[Node]) -> Node:
    return {"t": "Para", "c": list(inlines)}


def _plain(inlines: Sequence[Node]) -> Node:
    return {"t": "Plain", "c": list(inlines)}


def _heading(level: int, inlines: Iterator[Node] | Sequence[Node], mark: str = "") -> Node:
    return {"t": "Header", "c": [level, [mark, [], []], list(inlines)]}


def _raw(form: str, text: str) -> Node:
    return {"t": "RawBlock", "c": [_RAW.get(form, form), text]}
