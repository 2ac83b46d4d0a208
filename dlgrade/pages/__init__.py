"""Template + records -> one HTML page that is whole in itself: no network, and no script needed to read it.

    for piece in page("report", scripts=("report.js",), title="Grades", report=report):
        file.write(piece.encode())

A template extends `base.html.j2`, which brings the look that all pages share (`look.css`). Whatever a record says is
shown as text: everything is escaped, and the page's policy lets a browser run the styles and scripts that dlgrade put
in, by their hash, and nothing else. So no `style=` and no `on…=` will do in a template; drawings are inline SVG.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).resolve().parent
_BUFFERED = 64  # pieces of a page that are handed on together


def page(
    name: str,
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    shown: Callable[[str], str] = str,
    **context: Any,
) -> Iterator[str]:
    """The page that the template `NAME.html.j2` makes of the context, bit by bit, however long it gets.

    `styles` come after the shared look, `scripts` at the end; both are files of this folder. `shown` is what becomes of
    a text of the context before it is escaped.
    """
    # Imported here for start-up time: few commands write a page.
    from markupsafe import Markup  # noqa: PLC0415

    look, doing = joined(["look.css", *styles]), joined(scripts)
    made = (
        templates(shown)
        .get_template(f"{name}.html.j2")
        .stream(
            # Files of our own, and hashed to the letter: escaping would change them.
            look=Markup(look),  # noqa: S704
            doing=Markup(doing),  # noqa: S704
            policy=policy(look, doing),
            **context,
        )
    )
    made.enable_buffering(_BUFFERED)
    yield from made


@cache
def templates(shown: Callable[[str], str] = str) -> Environment:
    """The templates of this folder; they escape what they are given, once it is `shown`, and miss nothing silently."""
    # Imported here for start-up time, as above.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: shown(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def policy(look: str, doing: str = "") -> str:
    """What a browser may do with the page: use this style, run this script if there is one, and nothing besides."""
    script = f"script-src {_hashed(doing)}; " if doing else ""
    return f"default-src 'none'; style-src {_hashed(look)}; {script}base-uri 'none'; form-action 'none'"


def joined(files: Sequence[str]) -> str:
    """Files of this folder, one after the other."""
    return "".join((HERE / file).read_text(encoding="utf-8") for file in files)


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
