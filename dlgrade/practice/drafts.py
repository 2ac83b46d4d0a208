"""Answers that are being written, kept as they grow: they outlive the editor, the terminal and dlgrade itself.

A draft is two files in the data folder, `drafts/ID.md` with the text and `drafts/ID.json` with the question. While its
dlgrade runs, it holds `drafts/ID.lock`, which the system ends with the process: a draft that nobody holds was left.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from dlgrade.errors import OutputError
from dlgrade.models import Record
from dlgrade.practice.records import Card

FOLDER = "drafts"
_BELOW = "<!-- Everything from this line on is ignored."


def form(question: str, answer: str = "") -> str:
    """What an editor is opened with: the answer so far, and the question below it."""
    return f"{answer}\n\n{_BELOW}\n\n{question}\n-->\n"


def above(text: str) -> str:
    """The answer in what an editor left."""
    return text.split(_BELOW, maxsplit=1)[0].strip()


class _About(Record):
    card: Card
    begun: datetime


@dataclass
class Draft:
    """An answer on its way: to which card, since when, and the file that it grows in."""

    card: Card
    begun: datetime
    file: Path
    _lock: int | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """What the person has written so far, as far as it can be read."""
        try:
            return above(self.file.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return ""

    @property
    def written(self) -> bool:
        """Whether anything is."""
        return bool(self.text)

    def write(self, text: str) -> None:
        """Put a text there.

        Raises:
            OutputError: it cannot be written.
        """
        self._put(text, "w")

    def append(self, line: str) -> None:
        """Put a line below what is there, at once.

        Raises:
            OutputError: it cannot be written.
        """
        self._put(line + "\n", "a")

    def keep(self) -> None:
        """Leave it for the next start."""
        _let_go(self)

    def drop(self) -> None:
        """It is done with: kept elsewhere, or not wanted. What an editor left beside it (`.ID.md.swp`) goes too."""
        for path in self.file.parent.glob(f"*{self.file.stem}*"):
            with contextlib.suppress(OSError):
                path.unlink()
        _let_go(self)

    def _put(self, text: str, mode: str) -> None:
        try:
            with self.file.open(mode, encoding="utf-8", errors="replace") as file:
                file.write(text)
        except OSError as error:
            raise OutputError(f"{self.file}: cannot be written: {error.strerror}") from None


class Drafts:
    """The drafts in a data folder."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER

    def begin(self, card: Card, now: datetime) -> Draft:
        """A new draft, held by this process.

        Raises:
            OutputError: it cannot be made.
        """
        file = self.folder / f"{uuid.uuid4().hex}.md"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = Draft(card, now, file, _held(file.with_suffix(".lock")))
            file.with_suffix(".json").write_text(_About(card=card, begun=now).model_dump_json(), encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{self.folder}: cannot be written: {error.strerror}", hint="Name another folder with DLGRADE_DATA."
            ) from None
        draft.write("")
        return draft

    def left(self) -> Iterator[Draft]:
        """The drafts that nobody is at, the oldest first, each held from now on; empty ones go."""
        for about in sorted(self.folder.glob("*.json"), key=_age):
            file = about.with_suffix(".md")
            try:
                lock = _held(file.with_suffix(".lock"))
                known = _About.model_validate_json(about.read_bytes())
            except (OSError, ValidationError):
                continue  # somebody is at it, or it is being made or dropped just now
            draft = Draft(known.card, known.begun, file, lock)
            if draft.written:
                yield draft
            else:
                draft.drop()


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _held(path: Path) -> int:
    """The open file, locked; BlockingIOError where another process has it."""
    from filelock import lock_descriptor  # noqa: PLC0415 - for start-up time: most commands lock nothing

    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if not lock_descriptor(handle, blocking=False):
            raise BlockingIOError
    except BaseException:
        os.close(handle)
        raise
    return handle


def _let_go(draft: Draft) -> None:
    if draft._lock is not None:
        os.close(draft._lock)
        draft._lock = None
