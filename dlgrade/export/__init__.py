"""One file per format: a key in, the file's text out. The suffix chooses the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dlgrade.errors import OutputError
from dlgrade.export import json_key, markdown_key
from dlgrade.export.key import Key

FORMATS: Mapping[str, Callable[[Key], str]] = {".md": markdown_key.write, ".json": json_key.write}


def writer_for(path: Path) -> Callable[[Key], str]:
    """The function that writes the format of the path's suffix.

    Raises:
        OutputError: no format has that suffix.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise OutputError(
            f"{path}: cannot write {path.suffix or 'a file without a suffix'}: use {' or '.join(FORMATS)}"
        ) from None
