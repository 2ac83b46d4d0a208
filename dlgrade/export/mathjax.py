r"""Texts as HTML for programs that set formulas with MathJax: Anki and Moodle.

Formulas stand between `\(` and `\)`, or `\[` and `\]`; what looks like that and is none, is broken up by a comment.
Everything else is escaped, and a picture is a link to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from typing import TYPE_CHECKING, cast

from markdown_it.renderer import RendererHTML

from dlgrade.export.prose import parse, parser

if TYPE_CHECKING:
    from types import MethodType

    from markdown_it.token import Token

_DELIMITER = re.compile(r"\\(?=[()\[\]])|\$(?=\$)")
_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather|equation|multline)\*?\}")
_INSIDE = {"align": "aligned", "gather": "gathered", "equation": "aligned", "multline": "gathered"}
"""What the environments of amsmath are called inside a formula."""


def html(text: str) -> str:
    """A text as HTML blocks."""
    return str(_renderer().render(parse(text), parser().options, {})).strip()


def html_line(text: str) -> str:
    """The words of a text that stands on a line, without the paragraph around them."""
    tokens = parse(text)
    if [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]:
        return str(_renderer().render([tokens[1]], parser().options, {}))
    return _escaped(text)


@cache
def _renderer() -> RendererHTML:
    renderer = RendererHTML()
    for kind, write in _WRITTEN.items():
        # its own type for rules is narrower than what it calls
        renderer.rules[kind] = cast("MethodType", lambda tokens, at, *_, write=write: write(tokens[at]))
    return renderer


def _escaped(text: str) -> str:
    return escape(_DELIMITER.sub(lambda match: f"{match[0]}\0", text)).replace("\0", "<!-- -->")


def _formula(latex: str, *, display: bool) -> str:
    meant = _NUMBERED.sub(lambda match: f"\\{match[1]}{{{_INSIDE[match[2]]}}}", latex.strip())
    if re.search(r"\\[()\[\]]", meant.replace(r"\\[", "")):
        return f"<code>{escape(latex)}</code>"  # it would end the formula early
    opening, closing = (r"\[", r"\]") if display else (r"\(", r"\)")
    return f"{opening}{escape(meant)}{closing}"


def _code(token: Token) -> str:
    return f"<pre><code>{_escaped(token.content)}</code></pre>\n"


def _picture(token: Token) -> str:
    address = str(token.attrs.get("src", ""))
    return f'<a href="{escape(address)}">{_escaped(token.content or address)}</a>'


def _displayed(token: Token) -> str:
    return f"<p>{_formula(token.content, display=True)}</p>\n"


_WRITTEN: Mapping[str, Callable[[Token], str]] = {
    "text": lambda token: _escaped(token.content),
    "code_inline": lambda token: f"<code>{_escaped(token.content)}</code>",
    "code_block": _code,
    "fence": _code,
    "image": _picture,
    "math_inline": lambda token: _formula(token.content, display=False),
    "math_inline_double": lambda token: _formula(token.content, display=True),
    "math_block": _displayed,
    "amsmath": _displayed,
}
"""What is not written as markdown-it writes it, by the type of token."""
