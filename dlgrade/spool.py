"""Texts by the thousand that need not be in memory: they stand in a file without a name, which ends with the program.

    texts = Texts()
    texts.put(7, "Units are dropped at random …")
    texts.get(7)

A megabyte is kept in memory, so that a short run touches no disk.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from heapq import merge
from io import BytesIO
from itertools import islice
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO
from weakref import finalize

from dlgrade.errors import OutputError

IN_MEMORY = 1 << 20
"""Bytes of texts from which on they stand in a file."""

_AT_ONCE = 1 << 12  # texts that are sorted at once
_LENGTH = struct.Struct("<I")


def unwritable(error: OSError) -> OutputError:
    """What to say of a temporary file that cannot be made, written or read again."""
    hint = "Set TMPDIR to a folder with room for what is to be written."
    return OutputError(f"a temporary file cannot be written: {(error.strerror or str(error)).lower()}", hint=hint)


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # what a full disk did not take was said before
        file.close()


class Spool:
    """Texts one after the other; each is found by the offset that `put` gave."""

    def __init__(self) -> None:
        self._file: IO[bytes] = BytesIO()
        self._end = 0
        self._at_end = True

    def put(self, text: str) -> int:
        """Keep a text; lone surrogates, which a reply may hold, as well.

        Raises:
            OutputError: the disk of temporary files is full.
        """
        data = text.encode("utf-8", "surrogatepass")
        at = self._end
        self._end += _LENGTH.size + len(data)
        try:
            if at <= IN_MEMORY < self._end:
                self._to_disk()
            if not self._at_end:
                self._file.seek(at)
                self._at_end = True
            self._file.write(_LENGTH.pack(len(data)) + data)
        except OSError as error:
            raise unwritable(error) from None
        return at

    def get(self, at: int) -> str:
        """The text that was put there.

        Raises:
            OutputError: the disk of temporary files is full; what was put last is written only now.
        """
        self._at_end = False
        try:
            self._file.seek(at)
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            return self._file.read(length).decode("utf-8", "surrogatepass")
        except OSError as error:
            raise unwritable(error) from None

    def in_order(self, places: Iterable[int]) -> Iterator[str]:
        """The texts at these offsets as `sorted` would have them, some thousand in memory at once.

        Raises:
            OutputError: as `get` does.
        """
        todo = iter(places)
        runs: list[array[int]] = []
        while some := sorted(islice(todo, _AT_ONCE), key=self.get):
            runs.append(array("q", some))
        return merge(*(map(self.get, run) for run in runs))

    def _to_disk(self) -> None:
        # Texts are put one after the other, and most of them are asked for so.
        file = TemporaryFile(buffering=1 << 14)  # noqa: SIM115 - for as long as this lives
        finalize(self, _close, file)
        self._file.seek(0)
        copyfileobj(self._file, file)
        self._file = file


class Texts:
    """Texts by number, in a spool."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._at = array("q")  # -1 where none is

    def put(self, number: int, text: str) -> None:
        """Keep a text under a number.

        Raises:
            OutputError: the disk of temporary files is full.
        """
        if number >= len(self._at):
            self._at.extend([-1] * (number + 1 - len(self._at)))
        self._at[number] = self._spool.put(text)

    def get(self, number: int, /) -> str | None:
        """The text of that number, None if there is none."""
        at = self._at[number] if number < len(self._at) else -1
        return None if at < 0 else self._spool.get(at)

    def __contains__(self, number: int) -> bool:
        return number < len(self._at) and self._at[number] >= 0

    def __len__(self) -> int:
        return len(self._at) - self._at.count(-1)
