"""The client that asks another one only for what the store lacks.

asyncio is imported when a first request is sent, for start-up time: a run that finds everything needs no event loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING

from dlgrade.errors import ItemError, OutputError, RunStopped
from dlgrade.llm.request import Client, Halted, Reply, Request, close, halt
from dlgrade.llm.reservations import Reservation, Reservations
from dlgrade.llm.store import Store, stored, worth

if TYPE_CHECKING:
    import asyncio

_LOOKS = (0.05, 0.5)  # seconds between two looks for a reply that another process waits for, at first and later
_PATIENCE = 60.0  # seconds for it: a process that is stopped, and not ended, holds its reservations and gets no reply


class Cached:
    """A `Client` that asks another one only for what the store lacks.

    `make` is called when the first reply is missing, so a run that finds everything never imports the SDK. Equal
    requests in flight at the same time are sent once, by whichever process; all but the first get the reply as a cached
    one. Who wants to hear a reply as it comes does not wait for another process.
    """

    def __init__(self, store: Store, make: Callable[[], Client]) -> None:
        self._store = store
        self._make = make
        self._reservations = Reservations(store.database.path)
        self._client: Client | None = None
        self._halted = False
        self._full: RunStopped | None = None
        self._in_flight: dict[str, asyncio.Future[Reply]] = {}

    async def complete(self, request: Request) -> Reply:
        """Return the reply from the store, or from the other client, whose reply is stored at once.

        Raises:
            RunStopped: the endpoint cannot be used, the budget is spent, or replies can no longer be stored.
            ItemError: this request failed; failures are not stored.
            Halted: the run is ending.
            OutputError: the store cannot be read.
        """
        key = request.key
        while (running := self._in_flight.get(key)) is not None:
            with contextlib.suppress(_OtherCancelled):
                return (await _shared(running)).model_copy(update={"cached": True})
        with self._reservations.on(key) as reservation:
            known = self._known(key, request)
            return known if known is not None else await self._sent(key, request, reservation)

    def stored(self, requests: Sequence[Request]) -> Mapping[str, Reply]:
        """The replies that are in the store, by the request's key.

        Raises:
            OutputError: the store cannot be read.
        """
        return stored(self._store, requests)

    def halt(self) -> None:
        """Let the other client send nothing more, also if it is yet to be made."""
        self._halted = True
        if self._client is not None:
            halt(self._client)

    async def aclose(self) -> None:
        """Close the other client, if one was made. The next missing reply makes a new one, for whatever loop runs then.

        The store stays open: closing it is for whoever opened it.
        """
        client, self._client, self._halted = self._client, None, False
        self._reservations.close()
        if client is not None:
            await close(client)

    def _known(self, key: str, request: Request) -> Reply | None:
        known = self._store.get(key)
        return known if known is not None and worth(request, known) else None

    async def _sent(self, key: str, request: Request, reservation: Reservation) -> Reply:
        import asyncio  # noqa: PLC0415 - see the top of this file

        future = self._in_flight[key] = asyncio.get_running_loop().create_future()
        try:
            waits = not reservation.ours and request.hear is None
            reply = await self._anothers(key, request, reservation) if waits else None
            if reply is None:
                reply = await self._asked(request)
        except Exception as error:
            future.set_exception(error)
            future.exception()  # seen, also where nobody else waits for it
            raise
        except BaseException:
            future.cancel()
            raise
        else:
            future.set_result(reply)
            return reply
        finally:
            del self._in_flight[key]

    async def _asked(self, request: Request) -> Reply:
        if self._full is not None:
            raise copy(self._full)
        if self._client is None:
            self._client = self._make()
            if self._halted:
                halt(self._client)
        reply = await self._client.complete(request)
        if not worth(request, reply):
            return reply
        try:
            return self._store.put_unless_there(request, reply)
        except OutputError as error:
            # it is paid for: whoever asked gets it, and nothing more is paid for that could not be kept
            self._full = RunStopped(f"{error.message}: nothing more is asked", hint=error.hint)
            return reply

    async def _anothers(self, key: str, request: Request, reservation: Reservation) -> Reply | None:
        """The reply that another process is asking for; None where it got none, or not in time."""
        import asyncio  # noqa: PLC0415 - see the top of this file

        loop = asyncio.get_running_loop()
        pause, longest = _LOOKS
        ends = loop.time() + _PATIENCE
        while not reservation.again() and loop.time() < ends:
            if self._halted:
                raise Halted
            if (known := self._known(key, request)) is not None:
                return known
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)
        return self._known(key, request)


class _OtherCancelled(Exception):
    """The one who had sent the request was cancelled; whoever waited for it was not, and sends it now."""


async def _shared(running: asyncio.Future[Reply]) -> Reply:
    """The outcome of somebody else's equal request. Its bill is theirs alone."""
    import asyncio  # noqa: PLC0415 - see the top of this file

    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if running.cancelled() and task is not None and not task.cancelling():
            raise _OtherCancelled from None
        raise
    except (ItemError, RunStopped, Halted) as error:
        other = copy(error)
        other.usage = None
        if isinstance(other, ItemError):
            other.tries = 0
        else:
            other.unsure = False
        raise other from None
