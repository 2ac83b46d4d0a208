"""A person's answer from wherever they put it: a file, stdin, the command line, or their editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dlgrade.errors import InputError

LONGEST = 100_000  # characters: about 40 printed pages; an interview answer has one

_EDITORS = ("sensible-editor", "nano", "vi")
_BELOW = "Everything from this line on is ignored."


def answer_from(file: Path | None, text: str | None, *, question: str) -> str:
    """The answer as it was given.

    Raises:
        InputError: it is nowhere, not text, empty or too long, or two were given.
    """
    if file is not None and text is not None:
        raise InputError("an answer was given twice: as a file and as --text")
    if text is not None:
        return _usable(text, "--text")
    if file is None:
        return _usable(_edited(question), "the editor")
    if str(file) == "-":
        return _usable(_decoded(sys.stdin.buffer.read(), "stdin"), "stdin")
    try:
        return _usable(_decoded(file.read_bytes(), str(file)), str(file))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None


def _decoded(data: bytes, where: str) -> str:
    if b"\0" in data:
        raise InputError(f"{where}: binary, not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 (byte {error.start})") from None


def _usable(answer: str, where: str) -> str:
    if not answer.strip():
        raise InputError(f"{where}: the answer is empty; nothing was graded")
    if len(answer) > LONGEST:
        raise InputError(f"{where}: the answer has {len(answer):,} characters; more than {LONGEST:,} are not graded")
    return answer


def _edited(question: str) -> str:
    """What the person writes in their editor; the file is kept when the editor fails."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or next(filter(shutil.which, _EDITORS), None)
    if editor is None:
        raise InputError("no answer was given and no editor is set", hint="Name a file, use --text, or set EDITOR.")
    with tempfile.NamedTemporaryFile("w", suffix=".md", prefix="answer-", delete=False, encoding="utf-8") as draft:
        draft.write(f"\n\n<!-- {_BELOW}\n\n{question}\n-->\n")
    path = Path(draft.name)
    try:
        status = subprocess.run([*shlex.split(editor), draft.name], check=False).returncode  # noqa: S603 - their own editor
    except OSError as error:
        raise InputError(f"the editor {editor!r} cannot be started: {error.strerror}") from None
    if status != 0:
        raise InputError(f"the editor ended with status {status}; what you wrote is kept in {path}")
    written = path.read_text(encoding="utf-8")
    path.unlink()
    return written.split(f"<!-- {_BELOW}")[0].strip()
