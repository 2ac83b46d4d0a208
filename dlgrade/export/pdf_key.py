"""An answer key as PDF, typeset by Typst: contents, page numbers, formulas, tables, code.

Needs `dlgrade[pdf]`. Typst compiles in a folder of its own, so that nothing on the disk can be read by what stands in a
question; a formula that it cannot set is shown as its LaTeX.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

import typst

from dlgrade.errors import OutputError
from dlgrade.export.key import Key, counted
from dlgrade.export.pandoc import ROOM, converted

_LOOK = Path(__file__).with_name("key.typ")


def write(key: Key) -> bytes:
    """The key as PDF.

    Raises:
        OutputError: it cannot be typeset.
    """
    try:
        return _set(key)
    except typst.TypstError:
        bad = _not_set(key)
    try:
        return _set(key, bad)
    except typst.TypstError as error:
        raise OutputError(f"Typst cannot set the key: {' '.join(str(error).split())[:300]}") from None


def _set(key: Key, plain: Collection[str] = ()) -> bytes:
    text = converted(key, "typst", room=f"#room({ROOM})", plain=plain)
    said = {"title": key.title, "count": counted(key)}
    names = "".join(f"#let {name} = {_string(words)}\n" for name, words in said.items())
    source = names + _LOOK.read_text(encoding="utf-8") + text
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key.typ"
        file.write_text(source, encoding="utf-8", errors="replace")
        return typst.compile(str(file), root=folder)


def _string(words: str) -> str:
    r"""A string as Typst has it, whose escapes are fewer than JSON's."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _not_set(key: Key) -> list[str]:
    """The questions of a key that Typst cannot set, looked for by halves, as there are few among many."""
    if _is_set(key):
        return []
    if len(key.entries) == 1:
        return [key.entries[0].question.id]
    half = len(key.entries) // 2
    return [
        id_
        for part in (key.entries[:half], key.entries[half:])
        for id_ in _not_set(key.model_copy(update={"entries": part}))
    ]


def _is_set(key: Key) -> bool:
    try:
        _set(key)
    except typst.TypstError:
        return False
    return True
