"""A Client around a Client that counts what passes: what was asked, found and billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlgrade.errors import ItemError, RunStopped
from dlgrade.llm.bill import Bill
from dlgrade.llm.prices import Prices
from dlgrade.llm.request import Client, Halted, Reply, Request, close, halt, stored
from dlgrade.models import Usage


class Counted:
    """Counts requests, those found in a cache, further tries, and the bill, also of what failed.

    A request that stopped the run, or was given up, is not among the requests; what it was billed is on the bill.

    Without `prices` no price is known.
    """

    def __init__(self, client: Client, prices: Prices | None = None) -> None:
        self._client = client
        self._prices = prices or Prices()
        self._bill = Bill()
        self._unbilled = False
        self.requests = 0
        self.cached = 0
        self.retries = 0
        self.usage = Usage()

    @property
    def cost(self) -> float | None:
        """USD so far; None once a price is not known, or a server did not say what it will bill."""
        return None if self._unbilled else self._bill.dollars(self._prices)

    async def complete(self, request: Request) -> Reply:
        """Return the other client's reply.

        Raises:
            RunStopped: as the other client does.
            ItemError: as the other client does.
            Halted: as the other client does.
        """
        try:
            reply = await self._client.complete(request)
        except ItemError as error:
            if error.tries:
                self._sent(request, error.usage, error.tries)
            raise
        except (RunStopped, Halted) as error:
            if error.usage is not None:
                self._billed(request, error.usage)
            self._unbilled = self._unbilled or error.unsure
            raise
        except Exception:
            raise
        except BaseException:
            self._unbilled = True  # given up while it was in flight
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
        if usage is None:
            # it may bill all the same: then nobody knows
            self._unbilled = True
        else:
            self._billed(request, usage)

    def _billed(self, request: Request, usage: Usage) -> None:
        self.usage += usage
        self._bill.add(request.model, request.endpoint, usage)


@dataclass
class Found:
    """Looks up the stored replies that one thing takes; `count` is how many there were.

    `first` are those to its first requests, where they were looked up together with others'.
    """

    client: Counted
    first: Mapping[str, Reply] | None = None
    count: int = 0

    def __call__(self, requests: Sequence[Request]) -> Mapping[str, Reply]:
        """The stored replies to some requests, by key; those of a second round, which few take, by themselves."""
        looked_up, self.first = self.first, None
        if looked_up is None:
            looked_up = self.client.stored(requests)
        found = {request.key: looked_up[request.key] for request in requests if request.key in looked_up}
        self.count += len(found)
        return found

    def taken(self) -> None:
        """Count them as found: something is made of them."""
        for _ in range(self.count):
            self.client.found()
