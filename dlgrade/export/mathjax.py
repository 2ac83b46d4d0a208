r"""Texts as HTML for programs that set formulas with MathJax: Anki and Moodle.

Formulas stand between `\(` and `\)`, or `\[` and `\]`; what looks like that and is none, is broken up by a comment, and
a formula with a command that does more than set it is shown as its LaTeX.
Everything else is escaped, and a picture is a link to it.
"""

from __future__ import annotations

import re
from html import escape

from dlgrade.export import markup

_DELIMITER = re.compile(r"\\(?=[()\[\]])|\$(?=\$)")
_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather|equation|multline)\*?\}")
_ACTING = re.compile(
    r"\\(?:href|class|style|cssId|data|mmlToken|bbox|includegraphics|require"
    r"|[gex]?def|let|(?:re)?new(?:command|environment)|Declare[A-Za-z]+)(?![A-Za-z])"
)
"""Commands of MathJax's that link, dress up the page around them, load, or change what later formulas mean."""
_INSIDE = {"align": "aligned", "gather": "gathered", "equation": "aligned", "multline": "gathered"}
"""What the environments of amsmath are called inside a formula."""


def html(text: str) -> str:
    """A text as HTML blocks."""
    return markup.html(text, MATHJAX).strip()


def html_line(text: str) -> str:
    """The words of a text that stands on a line, without the paragraph around them."""
    return markup.line(text, MATHJAX)


def _escaped(text: str) -> str:
    return escape(_DELIMITER.sub(lambda match: f"{match[0]}\0", text)).replace("\0", "<!-- -->")


def _formula(latex: str, *, display: bool) -> str:
    meant = _NUMBERED.sub(lambda match: f"\\{match[1]}{{{_INSIDE[match[2]]}}}", latex.strip())
    # The latter would end the formula early.
    if _ACTING.search(meant) or re.search(r"\\[()\[\]]", meant.replace(r"\\[", "")):
        return f"<code>{_escaped(latex)}</code>"
    opening, closing = (r"\[", r"\]") if display else (r"\(", r"\)")
    return f"{opening}{escape(meant)}{closing}"


MATHJAX = markup.Manner(_formula, text=_escaped, code=lambda code, _language: _escaped(code))
