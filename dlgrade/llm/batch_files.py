"""What is known of batches, on disk: nothing of it is lost by quitting or a kill, at any moment.

    batches/3f9a12cd.json        the batch (`Batch`), replaced whole at each step
    batches/3f9a12cd.requests    its requests, to check its replies by and to store them under
    batches/3f9a12cd.upload      what is uploaded; gone once the batch was begun

The state comes last and goes first: files without it are leftovers of a plan that was not finished.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from dlgrade.banks.filling import save
from dlgrade.banks.locking import holding
from dlgrade.errors import InputError, OutputError
from dlgrade.llm.batch import Batch, Kept, Limits, Work, kept_from, kept_line, upload_line
from dlgrade.llm.dialect import Dialect
from dlgrade.llm.request import Request, without_credentials

_FILES = (".requests", ".upload", ".output", ".errors", ".output.part", ".errors.part")
_KEY = 64  # hex digits


class Folder:
    """The batches of one cache folder. `on_wait` is told, in a sentence, when another dlgrade is waited for."""

    def __init__(self, path: Path, on_wait: Callable[[str], None] = lambda _: None) -> None:
        self._path = path
        self._on_wait = on_wait

    def file(self, batch: Batch, suffix: str) -> Path:
        """One of a batch's files."""
        return self._path / f"{batch.id}{suffix}"

    def planning(self) -> AbstractContextManager[None]:
        """Be the only one who decides which requests go into which batch.

        Raises:
            OutputError: the folder cannot be written.
        """
        return holding(
            self._path / "plan.lock", on_wait=lambda: self._on_wait("waiting for another dlgrade to plan its batches")
        )

    def alone(self, batch: Batch) -> AbstractContextManager[None]:
        """Be the only one who works on a batch.

        Raises:
            OutputError: the folder cannot be written.
        """
        return holding(
            self.file(batch, ".lock"),
            on_wait=lambda: self._on_wait(f"waiting for another dlgrade that works on batch {batch.id}"),
        )

    # ── states ───────────────────────────────────────────────────────────────────────────────

    def all(self) -> tuple[Batch, ...]:
        """Every batch, the oldest first.

        Raises:
            InputError: one cannot be read.
        """
        found = (self._read(path) for path in self._path.glob("*.json"))
        return tuple(sorted((batch for batch in found if batch is not None), key=lambda batch: (batch.made, batch.id)))

    def again(self, batch: Batch) -> Batch | None:
        """The batch as it is by now; None if it is gone."""
        return self._read(self.file(batch, ".json"))

    def named(self, name: str) -> Batch:
        """The batch of that name: its id here or at the server, or the beginning of the first.

        Raises:
            InputError: there is none, or several.
        """
        every = self.all()
        exact = [batch for batch in every if name in {batch.id, batch.batch_id}]
        found = exact or [batch for batch in every if name and batch.id.startswith(name)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(batch.id for batch in found or every) or "none"
        raise InputError(f"{'several batches are' if found else 'no batch is'} called {name!r}", hint=f"Known: {known}")

    def save(self, batch: Batch) -> Batch:
        """Write a batch's state, whole; the batch itself.

        Raises:
            OutputError: it cannot be written.
        """
        save(self.file(batch, ".json"), batch.model_dump_json(indent=1).encode())
        return batch

    def drop(self, batch: Batch) -> None:
        """Forget a batch, with all its files."""
        for suffix in (".json", *_FILES):
            self.file(batch, suffix).unlink(missing_ok=True)

    def _read(self, path: Path) -> Batch | None:
        try:
            return Batch.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise InputError(
                f"{path}: not a batch that this version of dlgrade knows",
                hint="Move it away to go on without it; a batch that it tells of goes on at the server.",
            ) from None
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    def held(self) -> dict[bytes, str]:
        """The keys of requests that must not be sent again, each with the batch that has it."""
        found: dict[bytes, str] = {}
        for batch in self.all():
            if batch.holds:
                with self.requests(batch) as requests:
                    found.update(dict.fromkeys(map(bytes.fromhex, requests.keys), batch.id))
        return found

    @contextmanager
    def requests(self, batch: Batch) -> Iterator[Requests]:
        """A batch's requests, each read when it is asked for.

        Raises:
            InputError: they are not there.
        """
        path = self.file(batch, ".requests")
        try:
            file = path.open("rb")
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read: {(error.strerror or str(error)).lower()}",
                hint=f"Without it batch {batch.id} is lost: dlgrade batch cancel {batch.id} --forget",
            ) from None
        with file:
            yield Requests(file)

    def sweep(self) -> None:
        """Remove what a plan that was not finished left behind; for whoever holds `planning`."""
        states = {path.stem for path in self._path.glob("*.json")}
        for suffix in _FILES:
            for path in self._path.glob(f"*{suffix}"):
                if path.name.removesuffix(suffix) not in states:
                    path.unlink(missing_ok=True)


class Requests:
    """The requests of one batch, found by key in an open file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[str, int] = {}
        place = 0
        for line in file:
            self._places[line[:_KEY].decode("ascii", "replace")] = place
            place += len(line)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all requests, in their order."""
        return tuple(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def id(self, key: str) -> str:
        """What people call the request with this key."""
        try:
            return str(json.loads(self._line(key).partition(b"\t")[2])["id"])
        except (ValueError, KeyError, TypeError):
            return key[:12]

    def get(self, key: str, keeps: Callable[[str], bool] | None = None) -> Kept:
        """The request with this key.

        Raises:
            ValueError: it was damaged.
        """
        return kept_from(self._line(key), keeps)

    def _line(self, key: str) -> bytes:
        self._file.seek(self._places[key])
        return self._file.readline()


# ── new batches ──────────────────────────────────────────────────────────────────────────────


class Plan:
    """Requests on their way into new batches: one file after the other, each of one model at one endpoint.

    `dialect` says how a request's model wants to be asked. Used within `Folder.planning`.
    """

    def __init__(
        self, folder: Folder, limits: Limits, *, dialect: Callable[[Request], Dialect], work: Work, then: str
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._dialect = dialect
        self._work: Work = work
        self._then = then
        self._open: dict[tuple[str, str], _Part] = {}
        self._full: list[_Part] = []

    def add(self, kept: Kept) -> bool:
        """Put a request into a batch; False if it is too large for any.

        Raises:
            OSError: it cannot be written.
        """
        request = kept.request
        line = upload_line(kept, self._dialect(request))
        if len(line) > self._limits.bytes:
            return False
        where = (without_credentials(request.endpoint), request.model)
        part = self._open.get(where)
        if part is not None and not part.takes(line, self._limits):
            self._full.append(self._open.pop(where))
            part = None
        if part is None:
            part = self._open[where] = self._part(*where)
        part.write(line, kept_line(kept))
        return True

    def finish(self, held: ExitStack) -> tuple[Batch, ...]:
        """Write the states: from here on the batches exist. Nobody else works on them until `held` is left.

        Raises:
            OSError: the files cannot be written.
            OutputError: a state cannot be written.
        """
        parts = [*self._full, *self._open.values()]
        for part in parts:
            part.close()
            # before there is a state: a batch that was not sent and that nobody holds is dropped by whoever finds it
            held.enter_context(self._folder.alone(part.batch))
        return tuple(self._folder.save(part.batch) for part in parts)

    def give_up(self) -> None:
        """Remove what was written, where the plan cannot be finished."""
        for part in (*self._full, *self._open.values()):
            part.close()
            self._folder.drop(part.batch)

    def _part(self, endpoint: str, model: str) -> _Part:
        batch = Batch(
            id=secrets.token_hex(4),
            token=secrets.token_hex(16),
            endpoint=endpoint,
            model=model,
            work=self._work,
            then=self._then,
            made=time.time(),
            requests=0,
        )
        return _Part(batch, self._folder)


class _Part:
    """One batch's files, being written."""

    def __init__(self, batch: Batch, folder: Folder) -> None:
        self.batch = batch
        self._bytes = 0
        self._count = 0
        self._upload = folder.file(batch, ".upload").open("xb")
        self._requests = folder.file(batch, ".requests").open("xb")

    def takes(self, line: bytes, limits: Limits) -> bool:
        """Whether there is room for one more line."""
        return self._count < limits.requests and self._bytes + len(line) <= limits.bytes

    def write(self, line: bytes, kept: bytes) -> None:
        """Write one request."""
        self._upload.write(line)
        self._requests.write(kept)
        self._bytes += len(line)
        self._count += 1

    def close(self) -> None:
        """Have it all on the disk before anything says that it is there."""
        for file in (self._upload, self._requests):
            if not file.closed:
                file.flush()
                os.fsync(file.fileno())
                file.close()
        self.batch = self.batch.model_copy(update={"requests": self._count})
