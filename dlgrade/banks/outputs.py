"""Where filled banks go, and what may be replaced there.

    dlgrade fill questions notes.md --out build
        questions/general.md      -> build/general.md
        questions/more/deep.md    -> build/more/deep.md
        notes.md                  -> build/notes.md

A document in the way is replaced only if nothing of anybody's is lost: it is the bank as it came, or just what
dlgrade wrote there before. What it wrote is remembered by hash in a `.dlgrade` folder beside it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dlgrade.banks.filling import Encoded, digest, hash_of, mode_of, save
from dlgrade.banks.gathering import documents
from dlgrade.banks.locking import FOLDER
from dlgrade.errors import OutputError

_AT_ONCE = 1 << 20  # bytes of a file that are looked at
# what file systems say that know no links: FAT, some network shares, Android
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EACCES, errno.EMLINK}


def planned(paths: Iterable[str | os.PathLike[str]], folder: Path) -> dict[str, Path]:
    """Where the bank of each document goes, by the document's path.

    Raises:
        OutputError: two banks would go to one file, or one onto itself or another bank that is read.
    """
    found: dict[str, Path] = {}
    for path, document in documents(paths, leave_out=folder):
        inside = document.relative_to(path) if path.is_dir() else Path(document.name)
        found[str(document)] = folder / inside
    sources = {Path(name).resolve(): name for name in found}
    targets: dict[Path, str] = {}
    for name, target in found.items():
        if (source := sources.get(target.resolve())) is not None:
            raise OutputError(f"{target}: would replace {source}, which is read; use --in-place for that")
        if (other := targets.setdefault(target.resolve(), name)) != name:
            raise OutputError(f"{target}: both {other} and {name} would go there; fill them one by one")
    return found


def check_writable(targets: Iterable[Path]) -> None:
    """Make the targets' folders and see that they can be written, before anything is paid for.

    Raises:
        OutputError: one cannot.
    """
    for target in targets:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(f"{target.parent}: this folder cannot be made: {reason}") from None
        if target.is_dir():
            raise OutputError(f"{target}: cannot be written: this is a folder")
        for path in (target.parent, *([target] if target.exists() else [])):
            if not os.access(path, os.W_OK):
                raise OutputError(f"{path}: cannot be written: permission denied")


def check_replaceable(target: Path, original: bytes | Encoded = b"") -> str | None:
    """See that nobody's work would be lost: the target is new, empty, the original itself, or dlgrade's own.

    Returns the hash of what stands there, None if nothing does.

    Raises:
        OutputError: it holds something else.
    """
    try:
        there, blank = digest(target), _is_blank(target)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{target}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not blank and there not in _noted(target) and there != hash_of(original):
        raise _somebodys(target)
    return there


def _is_blank(target: Path) -> bool:
    with target.open("rb") as file:
        return all(not part.strip() for part in iter(lambda: file.read(_AT_ONCE), b""))


def save_copy(target: Path, data: bytes | Encoded, original: bytes | Encoded = b"") -> None:
    """Write a file whole or not at all, and remember it as dlgrade's; nobody's work is replaced.

    Raises:
        OutputError: it cannot be written, or holds somebody's work by now.
    """
    there = check_replaceable(target, original)
    note = _note(target)
    check_writable([note])
    # Old and new are noted first: killed in between, whichever stands there is known.
    save(note, "\n".join([*filter(None, [there]), hash_of(data)]).encode())
    save(target, data, instead_of=there)


def save_new(target: Path, data: bytes) -> bool:
    """Write a file whole or not at all where none is; says whether that was so, and else leaves what stands there.

    Raises:
        OutputError: it cannot be written.
    """
    check_writable([target])
    part = target.parent / f".dlgrade-{os.getpid()}-{target.name}.tmp"
    try:
        save(part, data)
        os.link(part, target)  # unlike a rename, it replaces nothing
    except FileExistsError:
        return False
    except OSError as error:
        if target.exists():
            return False
        if error.errno not in _NO_LINKS:
            raise OutputError(f"{target}: cannot be written: {(error.strerror or str(error)).lower()}") from None
        part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink()
    return True


@dataclass
class Replacement:
    """A file that is being written; it takes its place only if it is `wanted` in the end.

    With a person's `work` in it, it does not count as dlgrade's own: no later run replaces it unasked.
    """

    file: BinaryIO
    wanted: bool = True
    work: bool = False


@contextmanager
def replacement(target: Path, *, read: str | None = None) -> Iterator[Replacement]:
    """A file to write into bit by bit, however long it gets, that then takes the target's place as `save_copy` does.

    `read` is the hash of what was read there in order to be replaced, whoever wrote it; whose it is stays as it is.

    It grows in the folder `.dlgrade` beside the target, and a run that was killed leaves it to the next one. Whoever
    writes holds the target's lock.

    Raises:
        OutputError: it cannot be written, or somebody's work stands there, at the beginning or by now.
    """
    there = _own(target, read)
    ours = there is None or not target.stat().st_size or there in _noted(target)
    real = Path(os.path.realpath(target))
    part = real.parent / FOLDER / f"{real.name}.part"
    check_writable([target, _note(target), part])
    try:
        try:
            with part.open("wb") as file:
                yield (new := Replacement(file))
                file.flush()
                os.fsync(file.fileno())
            if new.wanted:
                part.chmod(mode_of(real))
                # Old and new are noted first, and as late as can be: somebody may have written there meanwhile.
                old = [there, _own(target, read)]
                if ours and not new.work:
                    save(_note(target), "\n".join([*filter(None, old), digest(part)]).encode())
                part.replace(real)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _own(target: Path, read: str | None) -> str | None:
    """The hash of what stands there, which is dlgrade's, or empty, or as it was `read`; None if nothing does."""
    try:
        found = digest(target)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{target}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if target.stat().st_size and found not in {read, *_noted(target)}:
        raise _somebodys(target)
    return found


def _somebodys(target: Path) -> OutputError:
    return OutputError(
        f"{target}: left as it is: someone changed it since dlgrade wrote it, or it is not dlgrade's",
        hint="Move it away, or choose another place.",
    )


def _noted(target: Path) -> list[str]:
    try:
        return _note(target).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return []


def _note(target: Path) -> Path:
    return target.parent / FOLDER / f"{target.name}.sha256"
