"""An answer as it may stand in somebody's document: the same words, nothing that breaks what is around it.

## Intuition          becomes     **Intuition.** Units are …
Units are …

---                   goes: between entries a rule means that the entry is over
```python             is closed where the answer left it open

Source: a book        becomes     Source – a book      or it would be the entry's, not the answer's
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.labels import ASIDE, LABEL, is_pointer, starts_with_label, without_label
from dlgrade.banks.patterns import later
from dlgrade.banks.stretches import is_prose
from dlgrade.banks.wording import INLINE_CODE, plain, spaced

_NEWLINES = ("\r\n", "\r", "\u2028", "\u2029")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
# HTML of these kinds runs on to its end mark, over blank lines: https://spec.commonmark.org/0.31.2/#html-blocks
_RUNS_ON = later(
    r"\s*<(?:(?P<tag>script|pre|style|textarea)\b|(?P<comment>!--)|(?P<instruction>\?)|(?P<data>!\[CDATA\[)|(?P<declaration>![a-z]))",
    re.IGNORECASE,
)
_END_MARKS = {"tag": "</", "comment": "-->", "instruction": "?>", "data": "]]>", "declaration": ">"}
_CONTAINER = later(
    r"<(/?)(blockquote|center|details|div|dl|h[1-6]|ol|pre|script|section|style|summary|table|textarea|ul)\b(?=[\s/>])",
    re.IGNORECASE,
)
_SETEXT_TITLE = 80  # a longer text above a line of dashes was meant as a paragraph and a rule
_NAME = 4  # `A12`; a longer label is a word
_BULLET = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]+")
_EMPHASIS = re.compile(r"[*_#]+[ \t]*")
_WAY_BACK = later(r"back\s+to\s+(?:the\s+)?(?:top|toc|contents|index|table|home)|\]\(#", re.IGNORECASE)
_COMMENTS_BEHIND = later(r"(?:\s*<!--(?:(?!-->).)*-->)+\s*\Z", re.DOTALL)
_TITLE_END = ".:!?。！？："


def fit(answer: str) -> str:
    """Return the answer as Markdown that can stand below a question; the words stay the same.

    Line ends become LF, a leading `Answer:` goes, headings become bold run-in text, rules between
    paragraphs go, open fences are closed, HTML that would swallow what follows is shown as text.
    """
    for newline in _NEWLINES:
        answer = answer.replace(newline, "\n")
    text = without_label(answer.replace("\ufeff", "").strip("\n").rstrip())
    text = _harmless(_COMMENTS_BEHIND.sub("", text) if text.endswith("-->") else text)
    if not is_prose(text):
        text = without_label("\n".join(_lines(Document(text))).strip("\n").rstrip())
    own = _all_answer(text)
    return text if own is text else without_label(own.strip("\n").rstrip())


def _all_answer(text: str) -> str:
    """Rewrite the lines that would read as the entry's, not as the answer's: sources, hints, links elsewhere.

    What an answer says must read back whole: who wrote it is known by that.
    """
    lines = text.split("\n")
    different = {*lines, *(line.lstrip(" \t-*+") for line in lines)}
    if not any(ASIDE.match(line) or is_pointer(line) or starts_with_label(line) for line in different):
        return text
    document = Document(text)
    code = {number for block in _code(document.blocks) for number in range(block.line, block.last + 1)}
    own = (line if number in code else _own(line) for number, line in enumerate(text.split("\n"), 1))
    return "\n".join(line for line in own if line is not None)


def _own(line: str) -> str | None:
    bare = line.lstrip()
    indent = line[: len(line) - len(bare)]
    bullet = _BULLET.match(bare)
    begin = bullet[0] if bullet else ""
    said = bare[len(begin) :]
    if label := LABEL.match(said):
        name, rest = label[0].strip(" #*_:：.–-"), said[label.end() :].strip(" *_")
        return f"{indent}{begin}{name} – {rest}".rstrip() if len(name) < _NAME else f"{indent}{begin}The {name}: {rest}"
    match = ASIDE.match(said)
    if match and (match["colon"] or any(sign in match["mark"] for sign in "#*_")):
        name = match["data"] or match["source"] or match["part"]
        rest = said[match.end() :].strip(" \t").lstrip("*_")
        for sign in "*_":
            rest = rest.rstrip(sign) if rest.endswith(sign) and rest.count(sign) % 2 else rest
        mark = _EMPHASIS.sub("", match["mark"])
        return f"{indent}{begin}{mark}{name}" + (f" – {rest.strip()}" if rest.strip() else "")
    if is_pointer(said):
        return None if _WAY_BACK.search(said) else f"{indent}{begin}Link: {said}"
    return line


def enclosed(text: str) -> str:
    """Return a text that ends where it ends: an open fence is closed, HTML that would run on is shown as text."""
    document = Document(_harmless(text))
    last = document.blocks[-1] if document.blocks else None
    mark = _left_open(last, _between(document, last.line, last.last)) if last else None
    return f"{document.whole.rstrip()}\n{mark}" if mark else document.whole


def starts_with_block(answer: str) -> bool:
    """Say whether a fitted answer begins with something that cannot stand on a line after a label."""
    first = Document(answer).first
    return first is not None and (first.kind != "paragraph" or first.text.startswith(("$$", "\\[")))


def holds_numbers(answer: str) -> bool:
    """Say whether a fitted answer holds a numbered list."""
    return any(block.kind == "list" and block.children[0].number for block in Document(answer).blocks)


def has_own_marks(answer: str) -> bool:
    """Say whether a fitted answer begins with a block that marks itself off, right below any text."""
    first = Document(answer).first
    return first is not None and first.kind in ("list", "quote", "fence")


def in_cell(answer: str) -> str:
    """Return a fitted answer as one line of a table: `<br>` for line ends, pipes escaped."""
    return answer.replace("|", "\\|").replace("\n", "<br>")


def _lines(document: Document) -> Iterator[str]:
    """Give the document's lines with its outermost headings and rules rewritten, blocks at most one line apart."""
    blocks = document.blocks
    done, apart = 0, False
    for index, block in enumerate(blocks):
        if block.line <= done:
            continue
        changed = block.kind in ("heading", "rule")
        apart = apart or changed or block.line > done + 1
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        lines, done = _run_in(document, block, following) if block.kind == "heading" else _copied(document, block)
        if lines:
            yield from [""] if apart else []
            yield from lines
            apart = changed


def _between(document: Document, line: int, last: int) -> list[str]:
    return [document.line(number) for number in range(line, last + 1)]


def _copied(document: Document, block: Block) -> tuple[list[str], int]:
    if block.kind == "rule":
        return [], block.last
    lines = _between(document, block.line, block.last)
    mark = _left_open(block, lines)
    return [*lines, mark] if mark else lines, block.last


def _left_open(block: Block, lines: list[str]) -> str | None:
    """The mark that would close the block of these lines, if it is a fence that is open."""
    fence = _FENCE.match(lines[0]) if block.kind == "fence" else None
    if fence is None:
        return None
    end = re.compile(rf" {{0,3}}{fence[1]}{fence[1][0]}*[ \t]*")
    return fence[1] if len(lines) == 1 or not end.fullmatch(lines[-1]) else None


def _run_in(document: Document, heading: Block, following: Block | None) -> tuple[list[str], int]:
    """Turn a heading into the beginning of the paragraph below it; also say which line was used last.

    A line that is bold as a whole could be taken for a question, so a title that stands alone ends
    in a colon outside the bold.
    """
    title = spaced(plain(heading.text)).strip("*")
    if not title:
        return [], heading.last
    if heading.last > heading.line and len(title) > _SETEXT_TITLE:
        return _between(document, heading.line, heading.last - 1), heading.last
    if following is None or following.kind != "paragraph":
        return [f"**{title.rstrip(':：')}**:"], heading.last
    first, *rest = _between(document, following.line, following.last)
    end = "" if title[-1] in _TITLE_END else "."
    return [f"**{title}{end}** {first.lstrip()}", *rest], following.last


def _harmless(text: str) -> str:
    """Show HTML as text where it would go on after the answer: comments left open, containers without end."""
    if "<" not in text:
        return text
    # A tag shown as text sets free what its block held, which may be open too.
    while (shown := _shown(text)) != text:
        text = shown
    return text


def _shown(text: str) -> str:
    document = Document(text)
    opened = next((block.line for block in document.blocks if block.kind == "html" and _is_open(block.text)), None)
    if opened is None:
        return _balanced(document)
    # What the open block had swallowed counts again, and may hold more of its kind.
    lines = text.split("\n")
    rest = [line.replace("<", "&lt;", 1) if _RUNS_ON.match(line) else line for line in lines[opened - 1 :]]
    return _balanced(Document("\n".join([*lines[: opened - 1], *rest])))


def _is_open(content: str) -> bool:
    begin = _RUNS_ON.match(content)
    return begin is not None and _END_MARKS[begin.lastgroup or ""] not in content[begin.end() :]


def _balanced(document: Document) -> str:
    """Show the container tags as text whose opening and closing ones do not pair."""
    tags = list(_CONTAINER.finditer(_without_code(document)))
    depth: dict[str, int] = {}
    uneven: set[str] = set()
    for tag in tags:
        name = tag[2].lower()
        depth[name] = depth.get(name, 0) + (-1 if tag[1] else 1)
        if depth[name] < 0:
            uneven.add(name)
    uneven |= {name for name, count in depth.items() if count}
    parts, done = [], 0
    for tag in tags:
        if tag[2].lower() in uneven:
            parts += [document.whole[done : tag.start()], "&lt;"]
            done = tag.start() + 1
    return "".join([*parts, document.whole[done:]])


def _without_code(document: Document) -> str:
    """Return the text with code blanked out, every other character at its place."""
    parts, done = [], 0
    for block in _code(document.blocks):
        parts += [document.whole[done : block.start], " " * (block.end - block.start)]
        done = block.end
    text = "".join([*parts, document.whole[done:]])
    return INLINE_CODE.sub(lambda match: " " * len(match[0]), text)


def _code(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.kind in ("fence", "code"):
            yield block
        yield from _code(block.children)
