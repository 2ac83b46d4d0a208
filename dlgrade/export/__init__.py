"""One file per format: a key in, the file's bytes out. The suffix chooses the format.

A format's module is imported when it is written: some need packages that only an extra brings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

from dlgrade.errors import OutputError
from dlgrade.export.key import Key

FORMATS: Mapping[str, str] = {
    ".md": "markdown_key",
    ".json": "json_key",
    ".jsonl": "json_lines_key",
    ".csv": "csv_key",
    ".html": "html_key",
    ".pdf": "pdf_key",
    ".docx": "docx_key",
    ".apkg": "anki_key",
    ".xml": "moodle_key",
}
"""The module in this folder that writes a suffix; each has `write(key) -> bytes`."""

EXTRAS: Mapping[str, str] = {".pdf": "pdf", ".docx": "docx", ".apkg": "anki"}
"""The extra that a suffix needs beyond what dlgrade brings."""

WITH_RUBRICS = frozenset({".apkg", ".xml"})
"""The suffixes whose form has its own place for a rubric, and so always holds it."""


def writer_for(path: Path) -> Callable[[Key], bytes]:
    """The function that writes the format of the path's suffix.

    Raises:
        OutputError: no format has that suffix, or the package that writes it is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        *others, last = FORMATS
        raise OutputError(
            f"{path}: cannot write {suffix or 'a file without a suffix'}: use {', '.join(others)} or {last}"
        )
    try:
        module = import_module(f"dlgrade.export.{FORMATS[suffix]}")
    except ModuleNotFoundError as error:
        if suffix not in EXTRAS:
            raise
        raise OutputError(
            f"{path}: writing {suffix} needs the package {error.name}",
            hint=f"Get it with: pip install 'dlgrade[{EXTRAS[suffix]}]'",
        ) from None
    return cast("Callable[[Key], bytes]", module.write)
