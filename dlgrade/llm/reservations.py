"""Who asks for what just now: a request is reserved by the process that asks, which others on the same cache see.

    with reservations.on(request.key) as reservation:
        …                                        # ask, unless another process does: not reservation.ours

A reservation is the system's lock on one byte of an empty file beside the cache; which byte, the request's key says.
To take one costs some microseconds, and a process that ends has none any more, however it ends.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Self

try:
    from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, lockf
except ImportError:  # on Windows nothing is reserved, and two processes may ask for the same
    lockf = None  # type: ignore[assignment]

_DIGITS = 15  # of the key, in hex: the place of a byte in a file has 63 bits


class Reservations:
    """Those of one process beside the cache at `path`. Where the system has no such locks, all are granted."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-reserved")
        self._file: int | None = None
        self._none = lockf is None

    def on(self, key: str) -> Reservation:
        """Reserve a request, if no other process has. One process does so once at a time."""
        return Reservation(self, int(key[:_DIGITS], 16))

    def close(self) -> None:
        """End all of them."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self, place: int) -> bool:
        if self._none:
            return True
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            lockf(self._file, LOCK_EX | LOCK_NB, 1, place)
        except OSError as error:
            if self._file is not None and isinstance(error, BlockingIOError | PermissionError):
                return False
            self._none = True  # a folder that cannot be written, a file system without locks
        return True

    def _give_back(self, place: int) -> None:
        if self._file is not None:
            with suppress(OSError):
                lockf(self._file, LOCK_UN, 1, place)


class Reservation:
    """One of them: whether it is `ours`, until its end."""

    def __init__(self, reservations: Reservations, place: int) -> None:
        self._reservations = reservations
        self._place = place
        self.ours = reservations._take(place)

    def again(self) -> bool:
        """Reserve it, if the other process is through with it; says whether it is ours."""
        self.ours = self.ours or self._reservations._take(self._place)
        return self.ours

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ours:
            self._reservations._give_back(self._place)
