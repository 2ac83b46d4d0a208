"""A Client around a Client that counts what passes: what was asked, found and billed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dlgrade.errors import ItemError
from dlgrade.llm.request import Client, Reply, Request, close, halt, stored
from dlgrade.models import Usage

CostOf = Callable[[str, str, Usage], float | None]
"""What a model at an endpoint asks for so many tokens, in USD; None where its price is not known."""


class Counted:
    """Counts requests, those found in a cache, further tries, and the bill, also of what failed.

    `cost` is in USD; None once something was billed whose price is not known, never less than it was.
    """

    def __init__(self, client: Client, cost_of: CostOf = lambda *_: None) -> None:
        self._client = client
        self._cost_of = cost_of
        self.requests = 0
        self.cached = 0
        self.retries = 0
        self.usage = Usage()
        self.cost: float | None = 0.0

    async def complete(self, request: Request) -> Reply:
        """Return the other client's reply.

        Raises:
            RunStopped: as the other client does.
            ItemError: as the other client does.
        """
        try:
            reply = await self._client.complete(request)
        except ItemError as error:
            self._sent(request, error.usage, error.tries)
            raise
        if reply.cached:
            self.requests += 1
            self.cached += 1
        else:
            self._sent(request, reply.usage, reply.tries)
        return reply

    def stored(self, requests: Sequence[Request]) -> Mapping[str, Reply]:
        """The replies that the other client has already, counted once somebody takes one (`found`)."""
        return stored(self._client, requests)

    def found(self) -> None:
        """Count one reply that was taken from those stored."""
        self.requests += 1
        self.cached += 1

    def halt(self) -> None:
        """Let the other client send nothing more."""
        halt(self._client)

    async def aclose(self) -> None:
        """Close the other client, where it can be closed."""
        await close(self._client)

    def _sent(self, request: Request, usage: Usage | None, tries: int) -> None:
        self.requests += 1
        self.retries += max(tries - 1, 0)
        # A server that sends no usage may bill all the same: then nobody knows.
        cost = self._cost_of(request.model, request.endpoint, usage) if usage is not None else None
        self.usage += usage or Usage()
        self.cost = None if self.cost is None or cost is None else self.cost + cost
