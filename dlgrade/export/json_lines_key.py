"""An answer key as JSON Lines: a question a line, in the form of the JSON key's `questions`."""

from __future__ import annotations

import json

from dlgrade.export.json_key import row
from dlgrade.export.key import Key


def write(key: Key) -> bytes:
    """The key, a question a line; one without a reference has `reference` null."""
    lines = (json.dumps(row(entry), ensure_ascii=False) + "\n" for entry in key.entries)
    return "".join(lines).encode("utf-8", "replace")
