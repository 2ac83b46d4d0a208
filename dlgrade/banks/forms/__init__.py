"""One pure reader per document form: a document in, a Reading or None out.

A new form is one new file and one line here. A suffix names the forms that such documents are tried with, any
other suffix the prose forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Reading
from dlgrade.banks.forms import (
    bolds,
    delimited,
    details,
    headings,
    json_trees,
    lists,
    notebooks,
    org,
    plain,
    tables,
    yaml_trees,
)
from dlgrade.models import Choices

Reader = Callable[[Document, Choices], Reading | None]

PROSE: Mapping[str, Reader] = {module.FORM: module.read for module in (tables, headings, lists, bolds, details, plain)}
"""What Markdown and text documents are tried with."""

DATA: Mapping[str, tuple[str, Reader]] = {
    ".csv": (delimited.FORM, delimited.read),
    ".tsv": (delimited.FORM, delimited.read),
    ".json": (json_trees.FORM, json_trees.read),
    ".jsonl": (json_trees.LINES_FORM, json_trees.read_lines),
    ".ndjson": (json_trees.LINES_FORM, json_trees.read_lines),
    ".ipynb": (notebooks.FORM, notebooks.read),
    ".yaml": (yaml_trees.FORM, yaml_trees.read),
    ".yml": (yaml_trees.FORM, yaml_trees.read),
    ".org": (org.FORM, org.read),
}
"""By suffix, the one form of documents that are data: its name and its reader."""

FORMS: Mapping[str, Reader] = {**PROSE, **dict(DATA.values())}
"""Every form by its name."""

SUFFIXES = (".md", ".markdown", ".txt", *DATA)
"""The documents that are looked for in folders; a file named outright may have any suffix."""
