"""What is asked of a model and what comes back: the one seam at the network.

A `Client` turns a `Request` into a `Reply` or raises an `EndpointError` or `ItemError`. The cache is a
Client around a Client; tests use a fake one. Nothing here imports the SDK.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field

from dlgrade.llm.schema import strict_schema
from dlgrade.models import Message, Record, Usage

_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class Request(BaseModel):
    """One call to `/chat/completions`.

    `endpoint` is the base URL. `shape` is the pydantic model that the reply must be, None where plain text is
    asked for. `max_tokens` limits the reply. `keeps` says whether a text is worth keeping: one that is not is
    returned and not stored, so that the next run asks again. `hear` is told the text piece by piece as it comes; what
    is found in a cache it is not told. `unhear` is told, and why, that what was heard is void: the try was no good, and
    what is heard next begins anew.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    model: str
    messages: tuple[Message, ...]
    shape: type[BaseModel] | None = None
    temperature: float | None = None
    max_tokens: int = 4096
    sample: int = 0
    keeps: Callable[[str], bool] | None = Field(default=None, repr=False)
    hear: Callable[[str], None] | None = Field(default=None, repr=False)
    unhear: Callable[[str], None] | None = Field(default=None, repr=False)

    @property
    def parts(self) -> dict[str, Any]:
        """Everything that changes the reply, and nothing else."""
        return {
            "endpoint": without_credentials(self.endpoint),
            "model": self.model,
            "messages": [{"role": message.role, "content": message.told_by} for message in self.messages],
            "schema": None if self.shape is None else strict_schema(self.shape),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "sample": self.sample,
        }

    @cached_property
    def key(self) -> str:
        """SHA-256, in hex, over the canonical JSON of `parts`. Worked out once for each request."""
        if not self.messages:
            return key_of(self.parts)
        *shared, last = self.messages
        begun, after = _begun(
            tuple([(message.role, message.told_by) for message in shared]),
            endpoint=self.endpoint,
            model=self.model,
            shape=self.shape,
            temperature=self.temperature,
            written=repr(self.temperature),
            max_tokens=self.max_tokens,
            sample=self.sample,
        )
        whole = begun.copy()
        whole.update(f"{_message(last.role, last.told_by)}{after}".encode())
        return whole.hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with changes, which has a key of its own."""
        copy = super().model_copy(update=update, deep=deep)
        copy.__dict__.pop("key", None)  # pydantic copies what is cached too
        return copy


def key_of(parts: Mapping[str, Any]) -> str:
    """The key of the request that has these `parts`."""
    return hashlib.sha256(_CANONICAL.encode(parts).encode()).hexdigest()


# Requests of a run are alike but for their last message: to write down and hash the whole takes three times as long.
@lru_cache(maxsize=8)
def _begun(
    shared: tuple[tuple[str, str], ...],
    *,
    endpoint: str,
    model: str,
    shape: type[BaseModel] | None,
    temperature: float | None,
    written: str,  # noqa: ARG001 - the temperature, as 0.0 and -0.0 are equal and written differently
    max_tokens: int,
    sample: int,
) -> tuple[hashlib._Hash, str]:
    """The hash of the canonical JSON of `Request.parts` as far as its last message, and the JSON after that.

    `shared` are the messages before it.
    """
    request = Request(
        endpoint=endpoint,
        model=model,
        messages=(),
        shape=shape,
        temperature=temperature,
        max_tokens=max_tokens,
        sample=sample,
    )
    before, name, after = _CANONICAL.encode(request.parts).partition('"messages":[')
    first = "".join(f"{_message(*message)}," for message in shared)
    return hashlib.sha256(f"{before}{name}{first}".encode()), after


def _message(role: str, told_by: str) -> str:
    """The canonical JSON of one message of `Request.parts`; no role has a sign that JSON would escape."""
    return f'{{"content":{_CANONICAL.encode(told_by)},"role":"{role}"}}'


@lru_cache(maxsize=64)  # it is asked for with every request, of one endpoint or two
def without_credentials(url: str) -> str:
    """The URL as it may be shown and stored: no user, no password, no query, no final slash."""
    return re.sub(r"(?<=://)[^/]*@", "", url.partition("?")[0]).rstrip("/")


class Reply(Record):
    """What a model said: validated against the request's shape, if it had one.

    `text` is the content alone: parts joined, reasoning and fences taken off. `tries` is how many calls it took.
    """

    text: str
    model: str
    finish_reason: str = "stop"
    usage: Usage | None = None
    cached: bool = False
    tries: int = 1


class Halted(Exception):
    """The run is ending: nothing new is sent.

    `usage` is what earlier tries of the request were billed, if anything, `unsure` whether that may not be all.
    """

    usage: Usage | None = None
    unsure: bool = False


class Client(Protocol):
    """Whoever answers requests."""

    async def complete(self, request: Request) -> Reply:
        """Return the validated reply.

        Raises:
            RunStopped: the endpoint cannot be used, or the budget is spent.
            ItemError: this one request failed.
        """
        ...


def stored(client: Client, requests: Sequence[Request]) -> Mapping[str, Reply]:
    """The replies that a client has without asking anybody, by the request's key; none where it keeps none."""
    look_up = getattr(client, "stored", None)
    return look_up(requests) if look_up is not None else {}


def halt(client: Client) -> None:
    """Let a client send nothing more: what is in flight comes to its end, whoever waits for his turn gives up."""
    stop = getattr(client, "halt", None)
    if stop is not None:
        stop()


async def close(client: Client) -> None:
    """Close a client, where it can be closed."""
    end = getattr(client, "aclose", None)
    if end is not None:
        await end()
