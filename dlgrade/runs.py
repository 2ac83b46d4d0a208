"""Many items at once: bounded concurrency, progress, failures as values, Ctrl-C.

    done = run(((q.id, q) for q in questions), ask, concurrency=8, client=Counted(client), on_progress=report)
    done.results, done.failures, done.interrupted, done.stopped

`work` is the only thing that a run knows about its items. Whoever calls `run` needs no event loop, and may have one.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Generic, TypeVar

from dlgrade.errors import ItemError, RunStopped, ServerDown, ServerFailed
from dlgrade.llm.counted import Counted
from dlgrade.llm.request import Halted
from dlgrade.models import Failure, Progressed
from dlgrade.numbered import Numbered

_A_MOMENT = 0.05  # seconds

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Run(Generic[R]):
    """What came of a run; results and failures stand in the order of the items.

    Work that returns None has no result. `interrupted` says that the user ended it, `stopped` why it ended before its
    end otherwise; items that it did not finish are in neither of `results` and `failures`.
    """

    results: dict[str, R]
    failures: tuple[Failure, ...]
    interrupted: bool = False
    stopped: RunStopped | None = None


def run(
    items: Iterable[tuple[str, T]],
    work: Callable[[T], Awaitable[R]],
    *,
    concurrency: int,
    client: Counted | None = None,
    on_progress: Callable[[Progressed], None] | None = None,
    patient: bool = True,
) -> Run[R]:
    """Do the work for each `(id, item)`, up to `concurrency` at a time; `client` is closed at the end.

    An `ItemError` becomes a `Failure` under the item's id, unless the server was down. After a `RunStopped`, or a first
    Ctrl-C, no new item is begun, `client` sends nothing more, and requests in flight finish; a second Ctrl-C ends these
    at once, and already the first one where the run is not `patient`. What was finished is returned in any case.

    Raises:
        ValueError: two items have the same id.
        Exception: whatever else `work` or `items` raised; the items in flight are given up.
    """
    going = _Going(iter(items), work, client, on_progress, patience=1 if patient else 0)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(going.through(concurrency))
    # A notebook has a loop of its own, in which a second one cannot run.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, going.through(concurrency)).result()


class _Going(Generic[T, R]):
    """A run under way."""

    def __init__(
        self,
        items: Iterator[tuple[str, T]],
        work: Callable[[T], Awaitable[R]],
        client: Counted | None,
        on_progress: Callable[[Progressed], None] | None,
        *,
        patience: int,
    ) -> None:
        self._items = items
        self._work = work
        self._client = client
        self._on_progress = on_progress
        self._patience = patience  # so many times Ctrl-C may be pressed before everything ends at once
        self._ids = Numbered()
        # By the number of the item: of those that have neither a result nor a failure, nothing is held.
        self._results: dict[int, tuple[str, R]] = {}
        self._failures: dict[int, Failure] = {}
        self._outages: dict[int, int] = {}  # of the failures that were the server's, as far as that is known
        self._done = 0
        self._running = 0
        self._presses = 0
        self._stopped: RunStopped | None = None

    async def through(self, concurrency: int) -> Run[R]:
        """Work through all items."""
        workers = [asyncio.create_task(self._worker()) for _ in range(concurrency)]
        try:
            with _on_ctrl_c(lambda: self._pressed(workers)):
                await self._finished(workers)
        finally:
            if self._client is not None:
                await self._client.aclose()
        return self._outcome()

    async def _finished(self, workers: list[asyncio.Task[None]]) -> None:
        """Wait for the workers; the first unexpected error ends them all."""
        try:
            await asyncio.gather(*workers)
        except asyncio.CancelledError:
            if self._presses <= self._patience:
                raise
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _worker(self) -> None:
        # The workers share one iterator: an item is taken when somebody has time for it.
        while not self._stopping and (entry := next(self._items, None)) is not None:
            id_, item = entry
            number = len(self._ids)
            if self._ids.add(id_) < number:
                raise ValueError(f"two items have the id {id_!r}")
            self._running += 1
            try:
                ended = await self._one(number, id_, item)
            finally:
                self._running -= 1
            if ended:
                self._report()

    async def _one(self, number: int, id_: str, item: T) -> bool:
        """Do one item; says whether anything came of it."""
        try:
            result = await self._work(item)
        except ItemError as error:
            self._failures[number] = Failure(id=id_, kind=error.kind, message=str(error))
            if isinstance(error, ServerFailed) and error.outage is not None:
                self._outages[number] = error.outage
            self._done += 1
            self._forgive()
        except RunStopped as error:
            # those in flight meet the same wall a moment later: the first one's words are enough
            self._stopped = self._stopped or error
            self._halt()
            self._forgive()
        except Halted:
            return False  # it waited for its turn, or between two tries: a later run asks again
        else:
            if result is not None:
                self._results[number] = id_, result
            self._done += 1
        return True

    def _forgive(self) -> None:
        """What failed only because the server was down by then is no failure of its own: a later run asks again."""
        if not isinstance(down := self._stopped, ServerDown):
            return
        for number in [number for number, outage in self._outages.items() if outage == down.outage]:
            del self._failures[number], self._outages[number]
            self._done -= 1

    @property
    def _stopping(self) -> bool:
        return self._presses > 0 or self._stopped is not None

    def _halt(self) -> None:
        if self._client is not None:
            self._client.halt()

    def _pressed(self, workers: list[asyncio.Task[None]]) -> None:
        self._presses += 1
        self._halt()
        if self._presses > self._patience:
            for worker in workers:
                worker.cancel()
        # once those have gone that only waited: what is running then is in flight
        asyncio.get_running_loop().call_later(_A_MOMENT, self._report)

    def _report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(
                Progressed(
                    done=self._done,
                    failed=len(self._failures),
                    running=self._running,
                    stopping=self._stopping,
                    interrupted=self._presses > 0,
                )
            )

    def _outcome(self) -> Run[R]:
        return Run(
            results=dict(self._results[number] for number in sorted(self._results)),
            failures=tuple(self._failures[number] for number in sorted(self._failures)),
            interrupted=self._presses > 0,
            stopped=self._stopped,
        )


@contextmanager
def _on_ctrl_c(pressed: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C calls `pressed` in the event loop, instead of raising KeyboardInterrupt in the middle of anything."""
    elsewhere = threading.current_thread() is not threading.main_thread()
    # a shell starts what runs in its background with Ctrl-C ignored, and so it stays
    if elsewhere or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    loop = asyncio.get_running_loop()

    def handler(_signal: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(pressed)

    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
