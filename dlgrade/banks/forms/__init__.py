"""One pure reader per document form: a parsed text in, a Reading or None out.

A new form is one new file and one line in `FORMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dlgrade.banks.blocks import Document
from dlgrade.banks.entries import Reading
from dlgrade.banks.forms import headings, lists, tables

Reader = Callable[[Document], Reading | None]

FORMS: Mapping[str, Reader] = {module.FORM: module.read for module in (headings, lists, tables)}


def best_reading(document: Document) -> Reading | None:
    """Return the most convincing reading, None where no form finds a question."""
    readings = [reading for read in FORMS.values() if (reading := read(document)) is not None]
    return max(readings, key=lambda reading: reading.weight, default=None)
