"""Requests for a batch endpoint, and what comes back: plain functions of lines and records, no disk, no network.

What is uploaded, a request a line (https://platform.openai.com/docs/guides/batch):

    {"custom_id": "<the request's key>", "method": "POST", "url": "/v1/chat/completions", "body": {…}}

What comes back, in any order, in an output file and an error file, of which either may be missing:

    {"custom_id": "…", "response": {"status_code": 200, "body": {…}}, "error": null}
    {"custom_id": "…", "response": null, "error": {"code": "batch_expired", "message": "…"}}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

from pydantic import BaseModel, Field

from dlgrade.errors import (
    BadKey,
    CutShort,
    DlgradeError,
    QuotaExceeded,
    Refused,
    Rejected,
    TooLong,
    UnknownModel,
    Unreadable,
)
from dlgrade.llm import wire
from dlgrade.llm.complaints import words_in
from dlgrade.llm.dialect import Dialect, body
from dlgrade.llm.request import Client, Reply, Request
from dlgrade.llm.schema import misfit, shape_from
from dlgrade.llm.secrets import scrubbed, secrets_of
from dlgrade.llm.trouble import ACTIONS, Trouble
from dlgrade.models import Failure, Record, Usage

URL = "/v1/chat/completions"

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
"""The server's states after which nothing more comes."""

Work = Literal["fill", "grade"]


class Limits(Record):
    """What one uploaded file may hold. Those of OpenAI, which others took over."""

    requests: int = Field(default=50_000, ge=1)
    bytes: int = Field(default=200_000_000, ge=1)


class BatchClient(Client, Protocol):
    """A client that knows the batch endpoint. What servers say comes as they say it: JSON objects.

    Each method raises an `EndpointError` if the endpoint cannot be used, `NoBatches` among them, and an `ItemError`
    if it failed this time.
    """

    async def upload(self, endpoint: str, file: Path, *, model: str) -> str:
        """Upload a file of requests; its id there."""
        ...

    async def create_batch(self, endpoint: str, file_id: str, token: str, *, model: str) -> Mapping[str, Any]:
        """Begin a batch; raises `Uncertain` if it may have begun although the server did not say so."""
        ...

    async def batch(self, endpoint: str, batch_id: str, *, model: str) -> Mapping[str, Any]:
        """One batch as it is now."""
        ...

    async def batches(self, endpoint: str, after: str | None, *, model: str) -> Mapping[str, Any]:
        """One page of the account's batches, those that follow the one called `after`."""
        ...

    async def cancel_batch(self, endpoint: str, batch_id: str, *, model: str) -> Mapping[str, Any]:
        """Ask that a batch end early."""
        ...

    async def download(self, endpoint: str, file_id: str, to: Path, *, model: str) -> None:
        """Write a file's content to `to`, whole or not at all."""
        ...


# ── a batch ──────────────────────────────────────────────────────────────────────────────────


class Said(Record):
    """What the server said of a batch when it was last asked, at `time` (seconds since 1970)."""

    time: float
    status: str
    total: int = 0
    completed: int = 0
    failed: int = 0
    errors: tuple[str, ...] = ()
    output_file: str | None = None
    error_file: str | None = None


class Taken(Record):
    """What was taken from an ended batch: replies stored, failures by kind, requests it left undone, tokens billed."""

    time: float
    stored: int
    failed: dict[str, int]
    undone: int
    usage: Usage


class Batch(Record):
    """One batch from its making on, as it is kept on disk.

    `id` is what people call it here, `token` what it is found by at the server if nobody knows whether it was begun.
    `then` is the command that uses its replies. `file_id` is the uploaded file, `attempted` when it was last tried to
    begin the batch, `batch_id` its name at the server.
    """

    id: str
    token: str
    endpoint: str
    model: str
    work: Work
    then: str
    made: float
    requests: int
    file_id: str | None = None
    attempted: float | None = None
    batch_id: str | None = None
    said: Said | None = None
    taken: Taken | None = None

    @property
    def state(self) -> str:
        """The server's word; `unsent` before it was begun, and `unsure` while that is not known."""
        if self.said is not None:
            return self.said.status
        return "unsent" if self.attempted is None else "unsure"

    @property
    def ended(self) -> bool:
        """Whether nothing more comes from the server."""
        return self.state in ENDED

    @property
    def holds(self) -> bool:
        """Whether its requests must not be sent again: they are under way, or paid for and not taken yet."""
        return self.taken is None and self.state != "failed"

    def told(self, data: Mapping[str, Any], time: float) -> Batch:
        """The batch with what the server says of it now. What it leaves out, or says in other forms, is empty."""
        counts = _mapping(data.get("request_counts"))
        entries = _mapping(data.get("errors")).get("data")
        said = Said(
            time=time,
            status=str(data.get("status") or "unknown"),
            total=_number(counts.get("total")),
            completed=_number(counts.get("completed")),
            failed=_number(counts.get("failed")),
            errors=tuple(_error_in_words(entry) for entry in entries) if isinstance(entries, list) else (),
            output_file=_name(data.get("output_file_id")),
            error_file=_name(data.get("error_file_id")),
        )
        return self.model_copy(update={"batch_id": self.batch_id or _name(data.get("id")), "said": said})

    def made_of(self, data: Mapping[str, Any]) -> bool:
        """Whether an entry of the server's list is this batch. Not every server keeps what it is told to keep."""
        mine = _mapping(data.get("metadata")).get("dlgrade") == self.token
        return mine or (self.file_id is not None and data.get("input_file_id") == self.file_id)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _error_in_words(entry: object) -> str:
    error = _mapping(entry)
    words = words_in({"error": entry}, "") or str(error.get("code") or entry)
    return f"line {error['line']}: {words}" if isinstance(error.get("line"), int) else words


# ── requests as lines ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Kept:
    """A request as it is kept until its reply is here: its key, and the question's or answer's id, for people.

    A key takes a millisecond to work out, so it is worked out once.
    """

    key: str
    id: str
    request: Request


def upload_line(kept: Kept, dialect: Dialect) -> bytes:
    """The request as a line of the file that is uploaded."""
    line = {"custom_id": kept.key, "method": "POST", "url": URL, "body": body(kept.request, dialect)}
    return _json(line) + b"\n"


def kept_line(kept: Kept) -> bytes:
    """The request as a line that `kept_from` reads: its key, a tab, and what it takes to make it again."""
    shape = kept.request.shape
    data = {"id": kept.id, "shape": None if shape is None else shape.__name__, "parts": kept.request.parts}
    return kept.key.encode() + b"\t" + _json(data) + b"\n"


def kept_from(line: bytes, keeps: Callable[[str], bool] | None = None) -> Kept:
    """The request that `kept_line` wrote down. `keeps` is the one of its work, which is no part of its key.

    Raises:
        ValueError: the line is damaged: the request that it makes has another key.
    """
    key, _, rest = line.partition(b"\t")
    try:
        data = json.loads(rest)
        parts = dict(data["parts"])
        schema = parts.pop("schema")
        # by its text, in which the properties keep their order
        shape = None if schema is None else _shape(json.dumps(schema), data["shape"])
        made = Request(**parts, shape=shape, keeps=keeps)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the request cannot be read back: {error}") from None
    kept = Kept(made.key, str(data["id"]), made)
    if kept.key != key.decode("utf-8", "replace"):
        raise ValueError("the request that was written down has another key by now")
    return kept


@lru_cache(maxsize=256)
def _shape(schema: str, name: str) -> type[BaseModel]:
    """Many requests have one shape, and a model class takes milliseconds to make."""
    return shape_from(json.loads(schema), name)


def _json(value: object) -> bytes:
    # ASCII: a lone half of a character pair, which some documents hold, has no UTF-8
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def wanted(request: Request, reply: Reply) -> bool:
    """Whether a reply is what its request asked for, and may be kept."""
    if request.shape is not None:
        return misfit(reply.text, request.shape) is None
    return request.keeps is None or request.keeps(reply.text)


# ── what comes back ──────────────────────────────────────────────────────────────────────────

_UNDONE = frozenset({"batch_expired", "batch_cancelled", "batch_canceled"})


@dataclass(frozen=True)
class Result:
    """A line of an output or error file: whose it is, and the response that it holds; None if it was not done."""

    key: str
    response: tuple[int, bytes] | None

    @classmethod
    def read(cls, line: bytes) -> Result:
        """Read one line.

        Raises:
            ValueError: it is no result; says what it is.
        """
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            raise ValueError(f"no JSON: {line[:60].decode('utf-8', 'replace').strip()!r}") from None
        key = data.get("custom_id") if isinstance(data, dict) else None
        if not isinstance(key, str):
            raise ValueError(f"no custom_id: {line[:60].decode('utf-8', 'replace').strip()!r}")
        response, error = data.get("response"), data.get("error")
        if isinstance(response, dict) and not (error and response.get("body") is None):
            status = response.get("status_code")
            return cls(key, (status if isinstance(status, int) else 200, _json(response.get("body"))))
        if str(_mapping(error).get("code")) in _UNDONE:
            return cls(key, None)
        return cls(key, (200, _json({"error": error or "the line holds neither a response nor an error"})))

    def reply(self, request: Request) -> Reply | Trouble | None:
        """What it says to its request, read as a response of the ordinary endpoint; None if it was not done."""
        if self.response is None:
            return None
        status, content = self.response
        return wire.read(status, {}, content, model=request.model, shape=request.shape)


_SAYS: Mapping[type[DlgradeError], str] = MappingProxyType(
    {
        BadKey: "the endpoint did not take the key",
        UnknownModel: "the endpoint does not know the model, or what it sent is no reply",
        QuotaExceeded: "the account had nothing left",
        TooLong: "the request is longer than the model takes",
        Refused: "the model declined to reply",
        CutShort: "the reply ran out of tokens (`max_tokens` in dlgrade.toml)",
        Unreadable: "the reply is not what was asked for",
        Rejected: "the endpoint does not take the request",
    }
)


def failure(id: str, trouble: Trouble, key: str | None) -> Failure:
    """A trouble as the failure of one request: the kind that it has online too, in words that fit a single try."""
    kind = ACTIONS[trouble.condition].error
    says = _SAYS.get(kind, "the endpoint failed")
    return Failure(id=id, kind=kind("").kind, message=f"{says}: {scrubbed(trouble.words, secrets_of(key))}")
