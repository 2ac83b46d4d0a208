"""Request -> Reply, over the network: the one file that imports openai and tenacity.

Importing it takes half a second, so whoever needs it imports it where the client is made. What the servers' replies
mean is in `wire`, what is done about each in `trouble`, how a request is put in `dialect`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from httpx2 import HTTPError
from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, Timeout
from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from dlgrade.errors import BadKey, DlgradeError, NoBatches, Rejected, Uncertain, Unreachable
from dlgrade.llm import wire
from dlgrade.llm.dialect import Body, Dialect, body
from dlgrade.llm.request import Reply, Request, without_credentials
from dlgrade.llm.schema import schema_in_words
from dlgrade.llm.trouble import ACTIONS, Condition, Trouble, error_for, scrubbed, wait_before_retry
from dlgrade.models import Message, Usage

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

TIMEOUT = 120.0
"""Seconds for one try, from the first byte sent to the last one read."""
CONNECT_TIMEOUT = 10.0
"""Seconds for the connection alone."""

# The SDK takes no empty key, and a server of one's own needs none.
_NO_KEY = "none"


class OpenAIClient:
    """A `Client` for any OpenAI-compatible endpoint.

    It belongs to one event loop. `on_remark` is told, in a sentence, what a user would otherwise wonder about: waits,
    parameters left out. `http_client`, `sleep`, `clock` and `chance` stand for the network, the time and the dice.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        on_remark: Callable[[str], None] = lambda _: None,
        http_client: AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._key = (api_key or "").strip() or None
        self._timeout = timeout
        self._remark = on_remark
        self._http_client = http_client
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._endpoints: dict[str, AsyncOpenAI] = {}
        self._dialects: dict[tuple[str, str], Dialect] = {}
        self._paused_until = float("-inf")
        self._said: set[str] = set()

    async def complete(self, request: Request) -> Reply:
        """Return the validated reply; its usage is the sum of what all tries were billed.

        Raises:
            EndpointError: the endpoint cannot be used; the run stops.
            ItemError: this one request failed; its `usage` is what its tries were billed.
        """
        tries = _Tries(request)
        outcome: Reply | Trouble = await AsyncRetrying(
            retry=retry_if_result(lambda outcome: isinstance(outcome, Trouble)),
            stop=lambda _: tries.wait is None,
            wait=lambda _: tries.wait or 0.0,
            sleep=self._sleep,
            retry_error_callback=_last_outcome,
        )(self._try, tries)
        if isinstance(outcome, Trouble):
            raise self._error(outcome, request.endpoint, request.model, tries.usage)
        self._remark_on_truncation(request, outcome)
        return outcome.model_copy(update={"usage": tries.usage})

    async def models(self, endpoint: str) -> tuple[str, ...]:
        """The names of the models that the endpoint offers, asked once.

        Raises:
            EndpointError: the endpoint cannot be used, or lists no models.
            ItemError: the endpoint failed just now.
        """
        response = await self._response(endpoint, lambda sdk: sdk.models.with_raw_response.list())
        names = response if isinstance(response, Trouble) else wire.read_models(*_parts(response))
        if isinstance(names, Trouble):
            raise self._error(names, endpoint, "any", None)
        return names

    def dialect(self, endpoint: str, model: str) -> Dialect:
        """How the model wants to be asked, as far as it is known by now."""
        return self._dialects.get((endpoint, model), Dialect())

    async def aclose(self) -> None:
        """Close the connections."""
        endpoints = list(self._endpoints.values())
        self._endpoints.clear()
        for sdk in endpoints:
            await sdk.close()

    # ── one try ──────────────────────────────────────────────────────────────────────────────

    async def _try(self, tries: _Tries) -> Reply | Trouble:
        """One call, and the decision what comes after it, left in `tries.wait`."""
        await self._pause()
        request = tries.request
        dialect = self.dialect(request.endpoint, request.model)
        outcome = await self._call(request, body(request, dialect, limit=tries.limit, more=tries.more))
        tries.bill(outcome.usage)
        if isinstance(outcome, Trouble):
            tries.wait = self._next(tries, dialect, outcome)
        return outcome

    async def _call(self, request: Request, sent: Body) -> Reply | Trouble:
        response = await self._response(
            request.endpoint, lambda sdk: sdk.chat.completions.with_raw_response.create(**sent)
        )
        if isinstance(response, Trouble):
            return response
        return wire.read(*_parts(response), model=request.model, shape=request.shape)

    async def _response(self, endpoint: str, send: Callable[[AsyncOpenAI], Awaitable[Any]]) -> Response | Trouble:
        """The bare response, whatever its status. The SDK's own parsing breaks on several real bodies."""
        try:
            async with asyncio.timeout(self._timeout):
                raw = await send(self._endpoint(endpoint))
        except APIStatusError as error:
            return error.response
        except APITimeoutError as error:
            if type(error.__cause__).__name__ == "ConnectTimeout":
                return wire.broken("ConnectTimeout", f"no connection within {CONNECT_TIMEOUT:g} s")
            return self._too_slow()
        except APIConnectionError as error:
            cause = error.__cause__ or error
            return wire.broken(type(cause).__name__, str(cause))
        except TimeoutError:
            return self._too_slow()
        return cast("Response", raw.http_response)

    def _too_slow(self) -> Trouble:
        return Trouble(condition=Condition.TIMEOUT, words=f"no reply within {self._timeout:g} s")

    def _endpoint(self, endpoint: str) -> AsyncOpenAI:
        if endpoint not in self._endpoints:
            self._endpoints[endpoint] = self._sdk(endpoint)
        return self._endpoints[endpoint]

    def _sdk(self, endpoint: str) -> AsyncOpenAI:
        try:
            urlsplit(endpoint).port  # noqa: B018 - reading it is what checks it
        except ValueError as error:
            raise Unreachable(f"{without_credentials(endpoint)} is no URL: {error}", hint="Check --base-url.") from None
        if self._key is not None and not (self._key.isascii() and self._key.isprintable()):
            raise BadKey("The key holds characters that no key has", hint="Check OPENAI_API_KEY: was it copied whole?")
        return AsyncOpenAI(
            api_key=self._key or _NO_KEY,
            base_url=endpoint,
            max_retries=0,  # its own would multiply with ours, and it retries an exhausted quota
            timeout=Timeout(self._timeout, connect=CONNECT_TIMEOUT),
            http_client=self._http_client,
        )

    # ── what comes after it ──────────────────────────────────────────────────────────────────

    def _next(self, tries: _Tries, used: Dialect, trouble: Trouble) -> float | None:
        """Seconds until the next try, None if this was the last."""
        if self._learned(tries.request, used, trouble):
            return 0.0
        tries.failures[trouble.condition] += 1
        wait = wait_before_retry(trouble, tries.failures[trouble.condition], self._chance())
        if wait is None or not tries.prepare(trouble):
            return None
        if ACTIONS[trouble.condition].pause:
            self._pause_all(wait)
        return wait

    def _pause_all(self, seconds: float) -> None:
        if self._paused_until <= self._clock():
            self._say(f"The rate is limited: everything waits {seconds:.0f} s")
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    async def _pause(self) -> None:
        """Wait with everybody else: while the rate is limited, another call would only lengthen it."""
        while (left := self._paused_until - self._clock()) > 0:
            await self._sleep(left)

    def _learned(self, request: Request, used: Dialect, trouble: Trouble) -> bool:
        """Whether the complaint leads to another way to put the request, which is then remembered."""
        where = (request.endpoint, request.model)
        changed = used.after(trouble, request)
        if changed is None:
            return False
        if self.dialect(*where) == used:
            self._dialects[where] = changed
            self._say(f"{request.model} is asked in another way from here on: {trouble.words}")
        # else another request met the same complaint first, and its lesson holds for this one too
        return True

    def _remark_on_truncation(self, request: Request, reply: Reply) -> None:
        if reply.usage and wire.looks_truncated(reply.usage, sum(len(m.content) for m in request.messages)):
            self._say(
                f"{request.model} seems to have read only a part of its prompt, which some servers cut in silence: "
                "give it a larger context"
            )

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self._remark(scrubbed(sentence, self._key))

    def _error(self, trouble: Trouble, endpoint: str, model: str, usage: Usage | None) -> DlgradeError:
        return error_for(trouble, url=without_credentials(endpoint), model=model, key=self._key, usage=usage)

    # ── batches ──────────────────────────────────────────────────────────────────────────────
    # `dlgrade.llm.batch.BatchClient`. Each call goes by the table of `trouble`, as a completion does.

    async def upload(self, endpoint: str, file: Path, *, model: str) -> str:
        """Upload a file of requests; its id there.

        Raises:
            EndpointError: the endpoint cannot be used, or has no batches (`NoBatches`).
            ItemError: the endpoint failed, or does not take the file.
        """

        async def send(sdk: AsyncOpenAI) -> Any:
            with file.open("rb") as content:  # from its beginning, each time
                part = (file.name, content, "application/jsonl")
                return await sdk.files.with_raw_response.create(file=part, purpose="batch")

        return str((await self._patient()._object(endpoint, model, send, none_here=True))["id"])

    async def create_batch(self, endpoint: str, file_id: str, token: str, *, model: str) -> Mapping[str, Any]:
        """Begin a batch, which carries the token; the server's word on it. Never tried again where it may have begun.

        Raises:
            Uncertain: the server failed, and may have begun it.
            EndpointError: the endpoint cannot be used, or has no batches (`NoBatches`).
            ItemError: the endpoint does not take it.
        """

        def send(sdk: AsyncOpenAI) -> Awaitable[Any]:
            return sdk.batches.with_raw_response.create(
                input_file_id=file_id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"dlgrade": token},
            )

        return await self._object(endpoint, model, send, none_here=True, once=True)

    async def batch(self, endpoint: str, batch_id: str, *, model: str) -> Mapping[str, Any]:
        """One batch as it is now.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: the endpoint failed, or does not know the batch (`Rejected`).
        """
        return await self._object(endpoint, model, lambda sdk: sdk.batches.with_raw_response.retrieve(batch_id))

    async def batches(self, endpoint: str, after: str | None, *, model: str) -> Mapping[str, Any]:
        """A page of the account's batches: the newest, or those that follow the one called `after`.

        Raises:
            EndpointError: the endpoint cannot be used, or has no batches (`NoBatches`).
            ItemError: the endpoint failed.
        """
        where: dict[str, Any] = {} if after is None else {"after": after}
        return await self._object(
            endpoint,
            model,
            lambda sdk: sdk.batches.with_raw_response.list(limit=100, **where),
            named=False,
            none_here=True,
        )

    async def cancel_batch(self, endpoint: str, batch_id: str, *, model: str) -> Mapping[str, Any]:
        """Ask that a batch end early; the server's word on it.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: the endpoint failed, or does not know the batch (`Rejected`).
        """
        return await self._object(endpoint, model, lambda sdk: sdk.batches.with_raw_response.cancel(batch_id))

    async def download(self, endpoint: str, file_id: str, to: Path, *, model: str) -> None:
        """Write a file's content to `to`, piece by piece, whole or not at all.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: the endpoint failed, broke off each time, or does not know the file (`Rejected`).
            OSError: it cannot be written.
        """
        part = to.with_name(f"{to.name}.part")

        async def send(sdk: AsyncOpenAI) -> Any:
            async with sdk.files.with_streaming_response.content(file_id) as response:
                try:
                    with part.open("wb") as written:
                        async for piece in response.iter_bytes(1 << 16):
                            written.write(piece)
                except HTTPError as error:  # the SDK names only what happens before the first byte
                    raise APIConnectionError(request=response.http_request) from error
            return response

        try:
            await self._patient()._insisted(endpoint, model, send, lambda response: _refusal(response) or response)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)

    def _patient(self) -> OpenAIClient:
        """The same client, its connections and all, with time for a large file."""
        other = copy(self)
        other._timeout = max(self._timeout, TRANSFER_TIMEOUT)
        return other

    async def _object(
        self,
        endpoint: str,
        model: str,
        send: Callable[[AsyncOpenAI], Awaitable[Any]],
        *,
        named: bool = True,
        none_here: bool = False,
        once: bool = False,
    ) -> dict[str, Any]:
        """The JSON object that a call brings; one that is `named` has an id."""

        def read(response: Response) -> dict[str, Any] | Trouble:
            data = wire.read_object(*_parts(response))
            if named and not isinstance(data, Trouble) and not (isinstance(data.get("id"), str) and data["id"]):
                return Trouble(condition=Condition.NOT_A_REPLY, words="it has no id")
            return data

        return await self._insisted(endpoint, model, send, read, none_here=none_here, once=once)

    async def _insisted(
        self,
        endpoint: str,
        model: str,
        send: Callable[[AsyncOpenAI], Awaitable[Any]],
        read: Callable[[Response], T | Trouble],
        *,
        none_here: bool = False,
        once: bool = False,
    ) -> T:
        """What `read` makes of the response, tried again as the table says.

        `none_here` says that a 404 means that there are no batches here, rather than not this one; `once`, that a call
        whose outcome is unknown is not made again.
        """
        failures: Counter[Condition] = Counter()
        while True:
            await self._pause()
            response = await self._response(endpoint, send)
            outcome = response if isinstance(response, Trouble) else read(response)
            if not isinstance(outcome, Trouble):
                return outcome
            if not isinstance(response, Trouble) and response.status_code in _MISSING:
                raise _missing(outcome, without_credentials(endpoint), self._key, none_here=none_here)
            failures[outcome.condition] += 1
            wait = wait_before_retry(outcome, failures[outcome.condition], self._chance())
            if once and outcome.condition in _UNCERTAIN:
                raise Uncertain(str(self._error(outcome, endpoint, model, None)))
            if wait is None:
                raise self._error(outcome, endpoint, model, None)
            if ACTIONS[outcome.condition].pause:
                self._pause_all(wait)
            await self._sleep(wait)


T = TypeVar("T")

TRANSFER_TIMEOUT = 900.0
"""Seconds for one try at a file of a batch, which may have 200 MB; between two bytes it is the ordinary time."""

_MISSING = frozenset({404, 405, 501})
# After these, what was asked for may be done all the same. After others it is not: the server, or the network, said so.
_UNCERTAIN = frozenset({Condition.BROKEN, Condition.TIMEOUT, Condition.SERVER, Condition.BUSY, Condition.NOT_A_REPLY})


def _missing(trouble: Trouble, url: str, key: str | None, *, none_here: bool) -> DlgradeError:
    words = scrubbed(trouble.words, key)
    if none_here:
        return NoBatches(
            f"{url} has no batches: {words}",
            hint="Many servers have none. The same command without `batch submit` asks one by one.",
        )
    return Rejected(f"{url} does not know it: {words}", hint="Was it submitted with another key, or removed there?")


def _refusal(response: Response) -> Trouble | None:
    """What a response without a body of its own complains of."""
    found = wire.read_object(*_parts(response)) if response.is_error else None
    return found if isinstance(found, Trouble) else None


@dataclass
class _Tries:
    """What one request has met so far, and how it goes on: `wait` is None when it does not."""

    request: Request
    limit: int = field(init=False)
    most: int | None = None
    more: tuple[Message, ...] = ()
    usage: Usage | None = None
    failures: Counter[Condition] = field(default_factory=Counter)
    wait: float | None = None

    def __post_init__(self) -> None:
        self.limit = self.request.max_tokens

    def bill(self, usage: Usage | None) -> None:
        """Add what one try was billed."""
        if usage is not None:
            self.usage = (self.usage or Usage()) + usage

    def prepare(self, trouble: Trouble) -> bool:
        """Make the next try a better one; False if it would only repeat this one."""
        if trouble.condition is Condition.LENGTH:
            return self._limit_to(min(self.limit * 2, self.most or self.limit * 2))
        if trouble.condition is Condition.TOO_LONG:
            self.most = trouble.room
            return trouble.room is not None and trouble.room < self.limit and self._limit_to(trouble.room)
        if trouble.condition is Condition.UNREADABLE:
            self.more = self._correction(trouble)
        return True

    def _limit_to(self, tokens: int) -> bool:
        changed, self.limit = tokens != self.limit, tokens
        return changed

    def _correction(self, trouble: Trouble) -> tuple[Message, ...]:
        """The reply that could not be used, and what was wrong with it."""
        shape = self.request.shape
        # the schema is said here on every rung: a server may have ignored the one in the body
        again = "Reply again, in full." if shape is None else schema_in_words(shape)
        complaint = f"This reply cannot be used: {trouble.words}\n\n{again}"
        # never an empty message, and never two of the user's in a row: some chat templates refuse both
        return Message(role="assistant", content=trouble.said or "-"), Message(role="user", content=complaint)


def _last_outcome(state: RetryCallState) -> object:
    return None if state.outcome is None else state.outcome.result()


def _parts(response: Response) -> tuple[int, Mapping[str, str], bytes]:
    return response.status_code, response.headers, response.content
