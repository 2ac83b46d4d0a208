"""Texts of banks and rubrics as HTML for pages of dlgrade's own: formulas are MathML, whatever a text says is text."""

from __future__ import annotations

import re

from markupsafe import Markup

from dlgrade.export import markup
from dlgrade.export.formulas import mathml, tied

_MATHML = markup.Manner(mathml)


def text(text: str, *, below: int) -> Markup:
    """A text; its headings begin at level `below`."""
    return Markup(tied(markup.html(text, _MATHML, below=below)))  # noqa: S704 (markup escapes whatever a text says)


def line(text: str, *, links: bool = True) -> Markup:
    """A text on one line; without `links` it can stand in a link itself."""
    return Markup(tied(markup.line(text, _MATHML, links=links)))  # noqa: S704 (the same)


def without_controls(page: str) -> str:
    """A page with a sign in the place of characters that HTML does not have."""
    return re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]", "\ufffd", page)
