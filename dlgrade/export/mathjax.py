r"""Texts as HTML for programs that set formulas with MathJax: Anki and Moodle.

Formulas stand between `\(` and `\)`, or `\[` and `\]`; what looks like that and is none, is broken up by a comment.
Everything else is escaped, and a picture is a link to it.
"""

from __future__ import annotations

import re
from html import escape

from dlgrade.export import markup

_DELIMITER = re.compile(r"\\(?=[()\[\]])|\$(?=\$)")
_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather|equation|multline)\*?\}")
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
    if re.search(r"\\[()\[\]]", meant.replace(r"\\[", "")):
        return f"<code>{escape(latex)}</code>"  # it would end the formula early
    opening, closing = (r"\[", r"\]") if display else (r"\(", r"\)")
    return f"{opening}{escape(meant)}{closing}"


MATHJAX = markup.Manner(_formula, text=_escaped, code=lambda code, _language: _escaped(code))
