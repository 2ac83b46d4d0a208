"""Tokens of `prose` -> HTML, for every format that speaks it: pages, cards, quizzes.

Nothing of a text is markup here, and nothing in the result runs, loads or has a style of its own: a picture becomes a
link to it, code gets pygments' classes, and each format says how its formulas are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Protocol

from markdown_it.renderer import RendererHTML

from dlgrade.export import prose

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict


class Formula(Protocol):
    """How a format writes a formula: LaTeX in, HTML out; `display` where it stands apart from the text."""

    def __call__(self, latex: str, *, display: bool) -> str:
        """The formula as HTML; what cannot be converted is shown as it stands."""


@lru_cache(maxsize=256)
def highlighted(code: str, language: str) -> str:
    """Code in pygments' short classes, or as it is in a language that it does not know."""
    # Imported here for start-up time: most texts have no code.
    from pygments import highlight  # noqa: PLC0415
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="c-")))


@dataclass(frozen=True, slots=True)
class Manner:
    """What the formats that speak HTML write each in their own way: formulas, text, and code in a language."""

    formula: Formula
    text: Callable[[str], str] = escape
    code: Callable[[str, str], str] = highlighted


def html(text: str, manner: Manner, *, below: int = 1) -> str:
    """A text as HTML; its headings begin at level `below` and skip none."""
    return _rendered(list(_dressed(prose.parse(text), below)), _Writer(manner))


def line(text: str, manner: Manner, *, links: bool = True) -> str:
    """A text on one line as HTML; without `links` it can stand in a link itself."""
    return _rendered(prose.parse_line(" ".join(text.split())), _Writer(manner, links=links))


def _rendered(tokens: Sequence[Token], writer: _Writer) -> str:
    return writer.render(tokens, prose.parser().options, {})


def _dressed(tokens: Sequence[Token], below: int) -> Iterator[Token]:
    """The tokens with their headings where they belong, and each block's direction its own text's."""
    levels = _levels([int(token.tag[1]) for token in tokens if token.type == "heading_open"], below)
    tags = [tag for tag in levels for _ in ("open", "close")]
    empty = {i for i, token in enumerate(tokens) if token.type == "inline" and not token.content}
    for i, token in enumerate(tokens):
        attrs = dict(token.attrs)
        if token.level == 0 and token.nesting == 1:
            attrs["dir"] = "auto"
        if aligned := re.fullmatch(r"text-align:(\w+)", str(attrs.pop("style", ""))):
            attrs["class"] = f"to-{aligned[1]}"
        tag = tags.pop(0) if token.type.startswith("heading_") else token.tag
        if tag == "th" and empty & {i - 1, i + 1}:
            tag = "td"  # a heading of nothing is none
        yield token.copy(attrs=attrs, tag=tag)


def _levels(found: Sequence[int], below: int) -> Iterator[str]:
    """The tags of headings: a part one below its whole, whatever signs the text has for both."""
    above: list[int] = []
    for level in found:
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        yield f"h{min(below + len(above) - 1, 6)}"


class _Writer(RendererHTML):
    """markdown-it's own writer, with what is different here."""

    def __init__(self, manner: Manner, *, links: bool = True) -> None:
        super().__init__()
        self._manner, self._links = manner, links

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._manner.text(tokens[idx].content)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<code>{self._manner.text(tokens[idx].content)}</code>"

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._manner.formula(tokens[idx].content, display=False)

    def math_inline_double(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<span class="display">{self._manner.formula(tokens[idx].content, display=True)}</span>'

    def math_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<div class="display">{self._manner.formula(tokens[idx].content, display=True)}</div>\n'

    amsmath = math_block

    def math_block_eqno(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        formula, number = self._manner.formula(tokens[idx].content, display=True), escape(tokens[idx].info)
        return f'<div class="display">{formula}<span class="number">({number})</span></div>\n'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._code(tokens[idx].content, next(iter(tokens[idx].info.split()), ""))

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._code(tokens[idx].content, "")

    def _code(self, code: str, language: str) -> str:
        return f'<pre dir="ltr"><code>{self._manner.code(code, language)}</code></pre>\n'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self.renderToken(tokens, idx, options, env) if self._links else ""

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</a>" if self._links else ""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A link to the picture, which would have to be loaded; its words alone where they are in a link already."""
        source, says = str(tokens[idx].attrs["src"]), self.renderInlineAsText(tokens[idx].children, options, env)
        inside = sum(token.nesting for token in tokens[:idx] if token.tag == "a")
        words = self._manner.text(says or source)
        return f'<a href="{escape(source)}">{words}</a>' if self._links and not inside else words

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<div class="scroll">{self.renderToken(tokens, idx, options, env)}'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"
