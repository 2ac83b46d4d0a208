"""A run's requests and what came of them, in one file: its form, and how it is written.

A tape is JSON Lines: a header (see `Header`), then a line for each request, in the order in which they were done:

    {"key": "<64 hex digits>", "request": {<the request's parts>}, "reply": {"text": …, "model": …, …}}
    {"key": …, "request": …, "failure": {"kind": "too_long", "message": …, "hint": …, "usage": …, …}}
    {"key": …, "request": …, "stop": {"kind": "bad_key", "message": …, "hint": …}}

`reply` is what the model said, `failure` why one request failed, `stop` what ended the run. Nothing in it
is secret: no key, nothing that looks like one, no credentials, nobody's home folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from pydantic import ValidationError

import dlgrade
from dlgrade.errors import DlgradeError, ItemError, OutputError, RunStopped, ServerDown, ServerFailed, TapeError
from dlgrade.llm.compare import Parts
from dlgrade.llm.request import Client, Reply, Request, close, halt, key_of, stored, without_credentials
from dlgrade.llm.secrets import scrubbed, withheld
from dlgrade.models import TAPE_SIGN, Record
from dlgrade.settings import Settings

VERSION = 1
"""Of the file's form."""

AGAIN = "Record the run again with --record, or undo what was changed."
"""What to do about a tape that does not serve."""

Say = Callable[[str], None]

_LONGEST_HEADER = 65_536  # bytes


class Header(Record):
    """A tape's first line: how the run was set up, as far as a replay needs it, and when it was."""

    dlgrade_tape: int
    dlgrade: str
    recorded: str
    model: str
    fallbacks: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    samples: int = 1
    base_url: str
    temperature: float | None
    max_tokens: int
    concurrency: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The header of a run with these settings that begins now."""
        return cls(
            dlgrade_tape=VERSION,
            dlgrade=dlgrade.__version__,
            recorded=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            model=without_home(str(settings.model)),
            fallbacks=tuple(map(without_home, settings.fallbacks)),
            judges=tuple(map(without_home, settings.judges)),
            samples=settings.samples,
            base_url=without_credentials(settings.base_url),
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            concurrency=settings.requests_at_once,
        )

    @property
    def settings(self) -> dict[str, Any]:
        """What a replay takes from the tape where nobody says otherwise."""
        return self.model_dump(exclude={"dlgrade_tape", "dlgrade", "recorded"})


def tape_key(parts: Parts) -> str:
    """What a request goes by on a tape: its own key, unless its model is named by a path in the home folder."""
    return key_of({**parts, "model": without_home(parts["model"])})


# ── recording ────────────────────────────────────────────────────────────────────────────────


def check_recordable(path: Path) -> None:
    """See that a tape may be written there: nothing stands there, or an older tape.

    Raises:
        OutputError: something else does, or the folder is not there.
    """
    if not path.parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist", hint="Make it, or name another file.")
    if not path.exists():
        return
    if not path.is_file() or (path.stat().st_size and not _is_tape(path)):
        raise OutputError(f"{path}: is no recording of dlgrade's; it is left as it is", hint="Name another file.")


class Recorder:
    """A `Client` around a `Client` that writes down what passes, each outcome as soon as it is there.

    It writes to `FILE.part`, which takes the place of FILE when the recording is closed; that of a run that was
    interrupted or killed stays, and is a tape as well. Put it around the cache: what is found there belongs to the
    run too. `secrets` are what must not be written, wherever it turns up.
    """

    def __init__(self, client: Client, path: Path, header: Header, *, secrets: Sequence[str], on_remark: Say) -> None:
        self._client = client
        self._path = path
        self._secrets = secrets
        self._remark = on_remark
        self._answered: dict[bytes, bool] = {}  # by key: whether the outcome written down is a reply
        self._interrupted = False
        check_recordable(path)
        self._part, self._file = _new_part(path.resolve())
        self._write(self._redacted(header.model_dump()))

    async def complete(self, request: Request) -> Reply:
        """Return the other client's reply, or raise its error, written down.

        Raises:
            RunStopped: as the other client does.
            ItemError: as the other client does.
            OutputError: the tape cannot be written.
        """
        try:
            reply = await self._client.complete(request)
        except ItemError as error:
            usage = None if error.usage is None else error.usage.model_dump()
            self._note(request, "failure", _told(error) | {"usage": usage, "tries": error.tries})
            raise
        except RunStopped as error:
            self._note(request, "stop", _told(error))
            raise
        except asyncio.CancelledError:
            self._interrupted = True
            raise
        self._note(request, "reply", reply.model_dump())
        return reply

    def stored(self, requests: Sequence[Request]) -> Mapping[str, Reply]:
        """The replies that the other client has already, written down.

        Raises:
            OutputError: the tape cannot be written.
        """
        found = stored(self._client, requests)
        for request in requests:
            if request.key in found:
                self._note(request, "reply", found[request.key].model_dump())
        return found

    def halt(self) -> None:
        """Let the other client send nothing more."""
        halt(self._client)

    async def aclose(self) -> None:
        """Close the other client, where it can be closed. The tape stays open: it may be another run's as well."""
        await close(self._client)

    def finish(self, *, whole: bool = True) -> None:
        """Put the tape in its place; with `whole` false, or after an interruption, leave it where it is and say so.

        Raises:
            OutputError: it cannot be put there; it is kept where it is.
        """
        if self._file.closed:
            return
        self._file.close()
        if self._interrupted or not whole:
            self._remark(f"Interrupted: what was recorded is in {self._part}, which --replay reads too.")
            return
        try:
            check_recordable(self._path)
            self._part.replace(self._path.resolve())
        except OutputError as error:
            raise OutputError(error.message, hint=f"The recording is in {self._part}.") from None
        except OSError as error:
            raise OutputError(
                f"{self._path}: cannot be written: {error.strerror}", hint=f"The recording is in {self._part}."
            ) from None
        count = len(self._answered)
        self._remark(f"{count} request{'' if count == 1 else 's'} recorded in {self._path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        # what stopped the run is what the recording tells; anything else broke it off
        self.finish(whole=error is None or isinstance(error, RunStopped | ItemError))

    def _note(self, request: Request, what: str, came: dict[str, Any]) -> None:
        """Write an outcome down, unless this request's is: a reply counts more than an earlier failure."""
        parts = request.parts
        key = tape_key(parts)
        known = self._answered.get(bytes.fromhex(key))
        if known is not None and (known or what != "reply"):
            return
        clean = self._redacted(came)
        if what == "reply" and clean["text"] != came["text"]:
            self._remark("A reply holds what looks like a key. It is left out of the recording, which differs there.")
        self._write({"key": key, "request": self._redacted(parts), what: clean})
        self._answered[bytes.fromhex(key)] = what == "reply"

    def _redacted(self, value: Mapping[str, Any]) -> dict[str, Any]:
        clean: dict[str, Any] = redacted(value, self._secrets)
        return clean

    def _write(self, line: Mapping[str, Any]) -> None:
        # half a surrogate pair, which JSON may hold and UTF-8 may not, becomes the escape that JSON has for it
        data = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace")
        try:
            self._file.write(data + b"\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(f"{self._part}: cannot be written: {error.strerror}") from None


def _told(error: DlgradeError) -> dict[str, Any]:
    told = {"kind": error.kind, "message": error.message, "hint": error.hint}
    outage = error.outage if isinstance(error, ServerFailed | ServerDown) else None
    return told if outage is None else told | {"outage": outage}


def _new_part(path: Path) -> tuple[Path, BinaryIO]:
    """A file beside the tape that nobody had: what an earlier run left there is somebody's recording."""
    n = 1
    while True:
        part = path.with_name(f"{path.name}.part{'' if n == 1 else n}")
        try:
            return part, part.open("xb")
        except FileExistsError:
            n += 1
        except OSError as error:
            raise OutputError(f"{part}: cannot be written: {error.strerror}") from None


# ── redaction ────────────────────────────────────────────────────────────────────────────────

_CONTENT = frozenset({"content", "text"})
"""Fields that hold what a document or a model says: a folder named there is theirs."""
_COMPLAINTS = frozenset({"message", "hint"})
"""Fields that hold an error's words: servers quote secrets in part there."""


def redacted(value: Any, secrets: Sequence[str], field: str = "") -> Any:
    """A JSON value as it may be written down: without the secrets, what looks like one, and the home folder."""
    if isinstance(value, str):
        clean = scrubbed(value, secrets) if field in _COMPLAINTS else withheld(value, secrets)
        return clean if field in _CONTENT else without_home(clean)
    if isinstance(value, Mapping):
        return {name: redacted(child, secrets, name) for name, child in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(child, secrets) for child in value]
    return value


def without_home(text: str) -> str:
    """The text with `~` for the home folder: a model may be named by its path, and errors quote paths."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    if len(home) < 2:
        return text
    return re.sub(rf"(?<![\w/\\]){re.escape(home)}(?![\w-])", "~", text)


# ── reading a tape ───────────────────────────────────────────────────────────────────────────


def _is_tape(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline(_LONGEST_HEADER))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(first, dict) and TAPE_SIGN in first


def read_header(path: Path) -> Header:
    """A tape's first line.

    Raises:
        TapeError: the file cannot be read, is no tape, or is one of another form.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_HEADER)
    except OSError as error:
        raise TapeError(f"{path}: cannot be read: {error.strerror}") from None
    if not _is_tape(path):
        raise TapeError(f"{path}: is no recording of dlgrade's", hint="Make one with --record FILE.")
    data = json.loads(line)
    if data[TAPE_SIGN] != VERSION:
        raise TapeError(
            f"{path}: has form {data[TAPE_SIGN]}, of dlgrade {data.get('dlgrade')}; this one reads form {VERSION}",
            hint="Record the run again with this version, or replay it with that one.",
        )
    try:
        header = Header.model_validate(data)
        Settings.model_validate(header.settings)
    except ValidationError as error:
        raise TapeError(f"{path}: its first line is broken: {first_complaint(error)}", hint=AGAIN) from None
    return header


def read_lines(path: Path, on_remark: Say) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The lines after the header, each with its number and where it begins; a torn one at the end is passed over.

    Raises:
        TapeError: a line is no JSON object.
    """
    with path.open("rb") as file:
        offset = len(file.readline())
        for number, line in enumerate(file, 2):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield number, offset, value
            elif line.endswith(b"\n"):
                raise TapeError(f"{path}:{number}: is no line of a recording", hint=AGAIN)
            else:
                on_remark(f"{path}: its last line is torn, as a killed run leaves it; it is passed over")
            offset += len(line)


def first_complaint(error: ValidationError) -> str:
    """What is wrong with a record, in a few words."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
