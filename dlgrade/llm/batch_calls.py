"""The calls to a provider's batch endpoint, each insisted on as the table in `trouble` says.

https://platform.openai.com/docs/api-reference/batch: upload a file of requests, begin a batch of it, ask how it goes,
download what came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx2

from dlgrade.errors import DlgradeError, NoBatches, Rejected, Uncertain
from dlgrade.llm import wire
from dlgrade.llm.batch import URL
from dlgrade.llm.client import OpenAIClient, Sdk
from dlgrade.llm.request import Reply, Request, without_credentials
from dlgrade.llm.trouble import Condition, Trouble

T = TypeVar("T")

TRANSFER_TIMEOUT = 900.0
"""Seconds for one try at a file of a batch, which may have 200 MB; between two bytes it is the ordinary time."""


class BatchCalls:
    """A `dlgrade.llm.batch.BatchClient` over a client's connections."""

    def __init__(self, client: OpenAIClient) -> None:
        self.client = client

    async def complete(self, request: Request) -> Reply:
        """As the client does."""
        return await self.client.complete(request)

    def halt(self) -> None:
        """As the client does."""
        self.client.halt()

    async def aclose(self) -> None:
        """As the client does."""
        await self.client.aclose()

    async def upload(self, endpoint: str, file: Path, *, model: str) -> str:
        """Upload a file of requests; its id there.

        Raises:
            EndpointError: the endpoint cannot be used, or has no batches (`NoBatches`).
            ItemError: the endpoint failed, or does not take the file.
        """

        async def send(sdk: Sdk) -> httpx2.Response:
            with file.open("rb") as content:  # from its beginning, each time
                # LiteLLM's proxy takes no other name
                part = (f"{file.stem}.jsonl", content, "application/jsonl")
                raw = await sdk.files.with_raw_response.create(file=part, purpose="batch")
                return raw.http_response

        return str((await self._object(endpoint, model, send, none_here=True, timeout=TRANSFER_TIMEOUT))["id"])

    async def create_batch(self, endpoint: str, file_id: str, token: str, *, model: str) -> Mapping[str, Any]:
        """Begin a batch, which carries the token; the server's word on it. Never tried again where it may have begun.

        Raises:
            Uncertain: the server failed, and may have begun it.
            EndpointError: the endpoint cannot be used, or has no batches (`NoBatches`).
            ItemError: the endpoint does not take it.
        """
        asked = {
            "input_file_id": file_id,
            "endpoint": URL,
            "completion_window": "24h",
            "metadata": {"dlgrade": token},
        }

        def send(sdk: Sdk) -> Awaitable[httpx2.Response]:
            return sdk.post("/batches", cast_to=httpx2.Response, body=asked)

        return await self._object(endpoint, model, send, none_here=True, once=True)

    async def batch(self, endpoint: str, batch_id: str, *, model: str) -> Mapping[str, Any]:
        """One batch as it is now.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: the endpoint failed, or does not know the batch (`Rejected`).
        """
        return await self._object(endpoint, model, _get(f"/batches/{quote(batch_id)}"))

    async def batches(self, endpoint: str, after: str | None, *, model: str) -> Mapping[str, Any]:
        """A page of the account's batches: the newest, or those that follow the one called `after`.

        Raises:
            EndpointError: the endpoint cannot be used, or has no batches (`NoBatches`).
            ItemError: the endpoint failed.
        """
        where = {"limit": "100"} if after is None else {"limit": "100", "after": after}
        return await self._object(endpoint, model, _get(f"/batches?{urlencode(where)}"), named=False, none_here=True)

    async def cancel_batch(self, endpoint: str, batch_id: str, *, model: str) -> Mapping[str, Any]:
        """Ask that a batch end early; the server's word on it.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: the endpoint failed, or does not know the batch (`Rejected`).
        """
        path = f"/batches/{quote(batch_id)}/cancel"
        return await self._object(endpoint, model, lambda sdk: sdk.post(path, cast_to=httpx2.Response))

    async def download(self, endpoint: str, file_id: str, to: Path, *, model: str) -> None:
        """Write a file's content to `to`, piece by piece, whole or not at all.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: the endpoint failed, broke off each time, or does not know the file (`Rejected`).
            OSError: it cannot be written.
        """
        part = to.with_name(f"{to.name}.part")

        async def send(sdk: Sdk) -> httpx2.Response:
            async with sdk.files.with_streaming_response.content(file_id) as response:
                with part.open("wb") as written:
                    async for piece in response.iter_bytes(1 << 16):
                        written.write(piece)
                return response.http_response

        def read(response: httpx2.Response) -> httpx2.Response | Trouble:
            found = wire.read_object(*self.client.parts(response)) if response.is_error else None
            return found if isinstance(found, Trouble) else response

        try:
            await self._insisted(endpoint, model, send, read, timeout=TRANSFER_TIMEOUT)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)

    async def _object(
        self,
        endpoint: str,
        model: str,
        send: Callable[[Sdk], Awaitable[httpx2.Response]],
        *,
        named: bool = True,
        none_here: bool = False,
        once: bool = False,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """The JSON object that a call brings; one that is `named` has an id."""

        def read(response: httpx2.Response) -> dict[str, Any] | Trouble:
            data = wire.read_object(*self.client.parts(response))
            if named and not isinstance(data, Trouble) and not (isinstance(data.get("id"), str) and data["id"]):
                return Trouble(condition=Condition.NOT_A_REPLY, words="it has no id")
            return data

        return await self._insisted(endpoint, model, send, read, none_here=none_here, once=once, timeout=timeout)

    async def _insisted(
        self,
        endpoint: str,
        model: str,
        send: Callable[[Sdk], Awaitable[httpx2.Response]],
        read: Callable[[httpx2.Response], T | Trouble],
        *,
        none_here: bool = False,
        once: bool = False,
        timeout: float | None = None,
    ) -> T:
        """What `read` makes of the response, tried again as the table says.

        `none_here` says that a 404 means that there are no batches here, rather than not this one; `once`, that a call
        whose outcome is unknown is not made again.
        """
        failures: Counter[Condition] = Counter()
        while True:
            response = await self.client.response(endpoint, send, timeout=timeout)
            outcome = response if isinstance(response, Trouble) else read(response)
            if not isinstance(outcome, Trouble):
                return outcome
            if not isinstance(response, Trouble) and response.status_code in _MISSING:
                raise _missing(self.client.scrubbed(outcome.words), without_credentials(endpoint), none_here=none_here)
            failures[outcome.condition] += 1
            wait = self.client.wait_after(outcome, failures[outcome.condition])
            error = self.client.error(outcome, endpoint, model)
            if once and outcome.condition in _UNCERTAIN:
                raise Uncertain(str(error))
            if wait is None:
                raise error
            await self.client.sleep(wait)


_MISSING = frozenset({404, 405, 501})
# After these, what was asked for may be done all the same. After others it is not: the server, or the network, said so.
_UNCERTAIN = frozenset({Condition.BROKEN, Condition.TIMEOUT, Condition.SERVER, Condition.BUSY, Condition.NOT_A_REPLY})


def _get(path: str) -> Callable[[Sdk], Awaitable[httpx2.Response]]:
    return lambda sdk: sdk.get(path, cast_to=httpx2.Response)


def _missing(words: str, url: str, *, none_here: bool) -> DlgradeError:
    if none_here:
        return NoBatches(
            f"{url} has no batches: {words}",
            hint="Many servers have none. The same command without `batch submit` asks one by one.",
        )
    return Rejected(f"{url} does not know it: {words}", hint="Was it submitted with another key, or removed there?")
