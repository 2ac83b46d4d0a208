"""Answers as what they say: Markdown with formulas, parsed once for every format that is not Markdown itself.

Nothing in a text is markup of the format it goes to: raw HTML is text, links go to the web or to mail alone, and
formulas are tokens of their own, `math_inline` and `math_block`, with LaTeX as their content.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

if TYPE_CHECKING:
    from markdown_it.token import Token

SCHEMES = ("http:", "https:", "mailto:")
"""Where a link may lead."""


@cache
def parser() -> MarkdownIt:
    """CommonMark with tables, strikethrough and formulas (`$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]`, amsmath)."""
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
    markdown.use(texmath_plugin, delimiters="brackets")
    # "$5 and $6" are prices
    markdown.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    markdown.use(amsmath_plugin)
    markdown.validateLink = _is_safe  # type: ignore[method-assign]
    return markdown


def parse(text: str) -> list[Token]:
    """The tokens of a text."""
    return parser().parse(text)


def parse_line(text: str) -> list[Token]:
    """The tokens of a text that stands on one line, such as a question's wording: no block starts there."""
    return parser().parseInline(text)


def _is_safe(url: str) -> bool:
    return url.casefold().startswith(SCHEMES)
