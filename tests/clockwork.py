"""An event loop whose time passes at once: an hour of waiting takes as long as what is done in it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Loop(asyncio.SelectorEventLoop):
    """Time passes when nobody has anything to do, up to the next moment that somebody waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def run_in_executor(self, _: Any, work: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """At once, in no thread: time would pass before it is done."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(work(*args))
        return done

    def _run_once(self) -> None:
        state: Any = self
        while state._scheduled and state._scheduled[0]._cancelled:
            state._timer_cancelled_count -= 1
            heapq.heappop(state._scheduled)._scheduled = False
        if not state._ready and not state._stopping:
            if not state._scheduled:
                raise AssertionError("everybody waits, and for nothing")
            self.now = max(self.now, state._scheduled[0]._when)
        super()._run_once()  # type: ignore[misc]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run it, starting at 0 o'clock."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main)


def now() -> float:
    """The time of the loop that runs."""
    return asyncio.get_running_loop().time()
