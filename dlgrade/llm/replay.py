"""A run from its tape: the same requests get the same replies and errors, with no network and no key."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dlgrade.errors import DlgradeError, ItemError, NotRecorded, RunStopped, ServerDown, ServerFailed, TapeError
from dlgrade.llm.compare import Parts, differences, nearest
from dlgrade.llm.request import Reply, Request
from dlgrade.llm.schema import misfit
from dlgrade.llm.tape import AGAIN, Say, first_complaint, read_header, read_lines, redacted, tape_key, without_home
from dlgrade.models import Usage

_SHOWN = 2  # differences that an error names
_CANDIDATES = 5  # recorded requests that a missing one is compared with
_STEP = 0.01  # seconds between two looks whether the run goes on to ask
_STEPS = 20  # looks without a new request after which it does not


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a request's line begins, and what kind of outcome it holds; whether a reply came from the cache."""

    offset: int
    what: str
    cached: bool = False


@dataclass(slots=True)
class _Stop:
    """What stopped the run for one model; `left` are its other requests not asked yet, `met` once it was replayed."""

    entry: _Entry
    left: set[bytes]
    met: bool = False


class Replayer:
    """A `Client` that answers from a tape alone: no network, no key, no cache.

    What comes back is what the recorded run got, its usage and whether it came from the cache included, so that all
    that is told of the run is the same; nothing of it is billed now. The same request asked again comes from the
    cache, as it would have. In memory are the requests' keys and where their lines are.

    Raises:
        TapeError: the file cannot be read, is no tape, is of another form, or is damaged before its last line.
    """

    def __init__(self, path: Path, *, on_remark: Say = lambda _: None) -> None:
        self._path = path
        self._entries: dict[bytes, _Entry] = {}
        self._asked: set[bytes] = set()
        self._requests = 0
        self._index: _Index | None = None
        self.header = read_header(path)
        asked: dict[str, set[bytes]] = {}
        stops: dict[str, _Entry] = {}
        for number, offset, line in read_lines(path, on_remark):
            key, model = self._take(number, offset, line)
            entry = self._entries[key]
            if entry.what == "stop":
                stops.setdefault(model, entry)
            else:
                asked.setdefault(model, set()).add(key)
        self._stops = {model: _Stop(entry, asked.get(model, set())) for model, entry in stops.items()}

    def __len__(self) -> int:
        """How many different requests it holds."""
        return len(self._entries)

    async def complete(self, request: Request) -> Reply:
        """Return the recorded reply, or raise the recorded error.

        Raises:
            RunStopped: the recorded run was stopped by it; what was in flight beside it is answered first.
            ItemError: this request failed in the recorded run.
            NotRecorded: the recorded run did not send this request; says what differs.
            TapeError: the file has changed, or the reply in it is not what is asked for.
        """
        entry, again = self._ask(request)
        if (stop := self._stops.get(without_home(request.model))) is not None:
            await self._until(stop, entry)
        if entry is None:
            raise self._not_recorded(request)
        line = self._line(entry)
        if entry.what == "reply":
            return self._reply(line["reply"], request, again=again)
        error = self._error(line[entry.what])
        if isinstance(error, ItemError) and again:
            error.usage, error.tries = None, 0  # sent and billed once
        raise error

    def stored(self, requests: Sequence[Request]) -> Mapping[str, Reply]:
        """The replies that the recorded run found in its cache, by the request's key.

        Raises:
            TapeError: as in `complete`.
        """
        found = {}
        for request in requests:
            entry = self._entries.get(_key(request))
            if entry is not None and entry.cached:
                self._ask(request)
                found[request.key] = self._reply(self._line(entry)["reply"], request, again=True)
        return found

    def _ask(self, request: Request) -> tuple[_Entry | None, bool]:
        """The request's line, and whether it was asked for before."""
        key = _key(request)
        again = key in self._asked
        self._asked.add(key)
        self._requests += 1
        for stop in self._stops.values():
            stop.left.discard(key)
        return self._entries.get(key), again

    # ── a run that the endpoint stopped ──────────────────────────────────────────────────────

    async def _until(self, stop: _Stop, entry: _Entry | None) -> None:
        """Raise the error that stopped the recorded run, if it is this request's turn, once the rest is asked for.

        The run had others in flight, which finished; answers from a tape take no time, so without the wait they would
        not be begun. A request that the tape lacks came after the stop, if the run has got that far.
        """
        if entry is not None and entry.what != "stop":
            return
        stop.met = stop.met or entry is not None
        idle = 0
        while stop.left and idle < _STEPS:
            before = self._requests
            await asyncio.sleep(_STEP)
            idle = idle + 1 if self._requests == before else 0
        if entry is not None or (stop.met and not stop.left):
            raise self._error(self._line(stop.entry)["stop"])

    # ── the file ─────────────────────────────────────────────────────────────────────────────

    def _take(self, number: int, offset: int, line: Mapping[str, Any]) -> tuple[bytes, str]:
        """Keep where a line is; gives its key and its model."""
        what = next((name for name in ("reply", "failure", "stop") if isinstance(line.get(name), dict)), None)
        key = str(line.get("key"))
        if what is None or not re.fullmatch("[0-9a-f]{64}", key) or not _is_request(line.get("request")):
            raise TapeError(f"{self._path}:{number}: is no line of a recording", hint=AGAIN)
        cached = what == "reply" and line[what].get("cached") is True
        self._entries[bytes.fromhex(key)] = _Entry(offset, what, cached)
        return bytes.fromhex(key), str(line["request"].get("model"))

    def _line(self, entry: _Entry) -> dict[str, Any]:
        """One line, read anew: nothing stays open, and nothing but its place in memory."""
        try:
            with self._path.open("rb") as file:
                file.seek(entry.offset)
                line = json.loads(file.readline())
            if entry.what not in line:
                raise ValueError
        except (OSError, ValueError, TypeError):
            raise TapeError(f"{self._path}: was changed while it was replayed") from None
        return dict(line)

    def _reply(self, came: Mapping[str, Any], request: Request, *, again: bool) -> Reply:
        try:
            reply = Reply.model_validate(came)
        except ValidationError as error:
            raise TapeError(f"{self._path}: a reply in it is broken: {first_complaint(error)}", hint=AGAIN) from None
        wrong = None if request.shape is None else misfit(reply.text, request.shape)
        if wrong is not None:
            raise TapeError(f"{self._path}: a reply in it is not what is asked for: {wrong}", hint=AGAIN)
        return reply.model_copy(update={"cached": True}) if again else reply

    def _error(self, came: Mapping[str, Any]) -> DlgradeError:
        kind = _KINDS.get(str(came.get("kind")))
        message, hint = str(came.get("message")), came.get("hint")
        if kind is None:
            raise TapeError(f"{self._path}: holds an error unknown here: {came.get('kind')}: {message}", hint=AGAIN)
        if not issubclass(kind, ItemError):
            return _in_its_outage(kind(message, hint=hint), came)
        usage, tries = came.get("usage"), came.get("tries")
        try:
            billed = None if usage is None else Usage.model_validate(usage)
        except ValidationError as error:
            raise TapeError(f"{self._path}: a usage in it is broken: {first_complaint(error)}", hint=AGAIN) from None
        tried = tries if isinstance(tries, int) else 1
        return _in_its_outage(kind(message, hint=hint, usage=billed, tries=tried), came)

    def _not_recorded(self, request: Request) -> NotRecorded:
        wanted: dict[str, Any] = redacted(request.parts, ())
        if self._index is None:
            self._index = _Index((entry.offset, self._line(entry)["request"]) for entry in self._entries.values())
        offsets = self._index.likeliest(wanted)
        near = nearest(wanted, (self._line(_Entry(offset, "request"))["request"] for offset in offsets))
        if near is None:
            return NotRecorded(f"{self._path} holds no request at all", hint=AGAIN)
        changed = "; ".join(differences(near, wanted)[:_SHOWN]) or "only in what was taken out of the recording"
        return NotRecorded(f"{self._path} does not hold this request; the nearest in it differs: {changed}", hint=AGAIN)


def _in_its_outage(error: DlgradeError, came: Mapping[str, Any]) -> DlgradeError:
    if isinstance(error, ServerFailed | ServerDown) and isinstance(came.get("outage"), int):
        error.outage = came["outage"]
    return error


def _key(request: Request) -> bytes:
    return bytes.fromhex(tape_key(request.parts))


def _is_request(value: object) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else None
    return isinstance(messages, list) and all(
        isinstance(message, dict) and all(isinstance(message.get(name), str) for name in ("role", "content"))
        for message in messages
    )


def _kinds() -> Iterator[tuple[str, type[DlgradeError]]]:
    todo: list[type[DlgradeError]] = [ItemError, RunStopped]
    for kind in todo:
        todo += kind.__subclasses__()
        yield kind("").kind, kind


_KINDS = dict(_kinds())


class _Index:
    """Which recorded request is most like another one, told by the lines that few have.

    Comparing with each would take a tape of 10,000 requests 10,000 times through. It is made when the first request
    is missing: a replay that lacks nothing never pays for it.
    """

    def __init__(self, requests: Iterator[tuple[int, Parts]]) -> None:
        self._first: dict[bytes, int] = {}  # where each line was met first
        self._times: Counter[bytes] = Counter()
        self._some: list[int] = []
        for offset, parts in requests:
            if len(self._some) < _CANDIDATES:
                self._some.append(offset)
            for line in _lines_in(parts):
                self._first.setdefault(line, offset)
                self._times[line] += 1

    def likeliest(self, wanted: Parts) -> list[int]:
        """The offsets of the few requests that share the rarest lines with it."""
        votes: dict[int, float] = {}
        for line in _lines_in(wanted) & self._first.keys():
            offset = self._first[line]
            votes[offset] = votes.get(offset, 0.0) + 1 / self._times[line]
        return sorted(votes, key=lambda offset: (-votes[offset], offset))[:_CANDIDATES] or self._some


def _lines_in(parts: Parts) -> set[bytes]:
    lines = {line for message in parts.get("messages") or () for line in str(message.get("content")).splitlines()}
    return {hashlib.blake2b(line.encode("utf-8", "replace"), digest_size=8).digest() for line in lines}
