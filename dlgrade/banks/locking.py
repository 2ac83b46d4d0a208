"""One dlgrade at a time on a document, among all that run on this machine or share the folder.

The lock is an open file, `.dlgrade/general.md.lock` beside the document, locked by the operating system: it ends with
the process that holds it, however that ends, and the file is gone when the holder is done.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from dlgrade.errors import OutputError

FOLDER = ".dlgrade"
"""What dlgrade keeps beside documents stands in a folder of this name."""

_PAUSE = 0.05  # seconds between two looks; Ctrl-C ends the wait at any time


@contextmanager
def locked(documents: Iterable[Path], *, on_wait: Callable[[Path], None] | None = None) -> Iterator[None]:
    """Hold the locks of some documents, which need not exist yet; `on_wait` is told what is waited for, once each.

    Raises:
        OutputError: the folder beside a document cannot be written.
    """
    # By their real names and in one order: two runs over the same documents never wait for each other.
    names = sorted({os.path.realpath(document): document for document in documents}.items())
    with ExitStack() as held:
        for real, document in names:
            file = Path(real).parent / FOLDER / f"{Path(real).name}.lock"
            held.enter_context(holding(file, on_wait=partial(on_wait, document) if on_wait else None))
        yield


@contextmanager
def holding(file: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock that one file stands for.

    Raises:
        OutputError: the file cannot be made.
    """
    handle = _taken(file, on_wait or (lambda: None))
    try:
        yield
    finally:
        # It goes while it is held: whoever waits for it sees that it is gone, and waits for the next one.
        with suppress(OSError):
            file.unlink()
        os.close(handle)
        with suppress(OSError):
            file.parent.rmdir()  # only if it holds nothing


def _taken(file: Path, on_wait: Callable[[], None]) -> int:
    """Open and lock the file that stands there; the open handle."""
    told = False
    while True:
        handle = _opened(file)
        try:
            while not _locked(handle):
                if not told:
                    on_wait()
                    told = True
                time.sleep(_PAUSE)
            if _stands(file, handle):
                return handle
        except OSError as error:
            os.close(handle)
            raise _unlockable(file, error) from None  # some network file systems know no locks
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


if sys.platform == "win32":

    def _locked(handle: int) -> bool:
        """Lock an open file, unless somebody else has it."""
        # Imported here for start-up time: most commands lock nothing.
        from filelock import lock_descriptor  # noqa: PLC0415

        return lock_descriptor(handle, blocking=False)

else:

    def _locked(handle: int) -> bool:
        """Lock an open file, unless somebody else has it."""
        # As filelock does it, which takes 10 ms to import. Imported here because Windows has none.
        import fcntl  # noqa: PLC0415

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _opened(file: Path) -> int:
    while True:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            return os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except FileNotFoundError:
            continue  # the holder before took the empty folder away
        except FileExistsError as error:
            # `mkdir` also says so of a folder that was gone when it looked whether it is one.
            with suppress(FileNotFoundError):
                if not stat.S_ISDIR(file.parent.lstat().st_mode):
                    raise _unlockable(file, error) from None
        except OSError as error:
            raise _unlockable(file, error) from None


def _unlockable(file: Path, error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"{file.parent.parent}: cannot be locked: {file.name}: {reason}")


def _stands(file: Path, handle: int) -> bool:
    """Say whether the open file is still the one of that name."""
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
