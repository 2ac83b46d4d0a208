"""One pure reader per document form: a document in, a Reading or None out.

A new form is one new file and one line here. A suffix names the forms that such documents are tried with, any
other suffix the prose forms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module

from dlgrade.banks.block import Kind
from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Reading
from dlgrade.models import Choices

Reader = Callable[[Document, Choices], Reading | None]


def _later(module: str, function: str = "read", *, inside: Collection[Kind] = ()) -> Reader:
    """Return a reader that is imported when a document of its kind is met: for start-up time.

    Where all questions of the form stand in some kinds of outermost blocks, one without these has none of them.
    """

    def read(document: Document, choices: Choices) -> Reading | None:
        if inside and document.kinds.isdisjoint(inside):
            return None
        reader: Reader = getattr(import_module(f"{__name__}.{module}"), function)
        return reader(document, choices)

    return read


PLAIN = "plain"
"""The form of documents without marks, the last that is tried."""

PROSE: Mapping[str, Reader] = {
    "tables": _later("tables", inside=["table"]),
    "headings": _later("headings", inside=["heading"]),
    "lists": _later("lists", inside=["list"]),
    "bold": _later("bolds", inside=["paragraph"]),
    "details": _later("details", inside=["html", "list", "quote"]),
    PLAIN: _later("plain"),
}
"""What Markdown and text documents are tried with."""

DATA: Mapping[str, tuple[str, Reader]] = {
    ".csv": ("csv", _later("delimited")),
    ".tsv": ("csv", _later("delimited")),
    ".json": ("json", _later("json_trees")),
    ".jsonl": ("jsonl", _later("json_trees", "read_lines")),
    ".ndjson": ("jsonl", _later("json_trees", "read_lines")),
    ".ipynb": ("notebook", _later("notebooks")),
    ".yaml": ("yaml", _later("yaml_trees")),
    ".yml": ("yaml", _later("yaml_trees")),
    ".org": ("org", _later("org")),
}
"""By suffix, the one form of documents that are data: its name and its reader."""

FORMS: Mapping[str, Reader] = {**PROSE, **dict(DATA.values())}
"""Every form by its name."""

SUFFIXES = (".md", ".markdown", ".txt", *DATA)
"""The documents that are looked for in folders; a file named outright may have any suffix."""
