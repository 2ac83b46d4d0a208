"""How many requests are in flight to one model, and when the next may go out.

    window     16 ─ 64 ─ 64 ─ 32 ─ 33 ─ 34 …      grows while latency holds, halves on 429 and 503
                        └ 429

The window follows TCP's congestion control (Jacobson, Congestion Avoidance and Control, 1988): fast up to the first
setback, then one request more for each window of replies. Limits that the user or the server names hold besides.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from dlgrade.llm.complaints import duration

_START = 4  # in flight at first, or a quarter of the ceiling
_FAST = 3.0  # requests more for each reply, until the first setback
_HOLDS = 2.0  # latency may be so many times the best one before the window stops growing
_SLACK = 0.05  # seconds that do not count: a server on this machine answers in less than its scheduling takes
_SMOOTH = 0.2  # weight of the newest latency in the average
_SAMPLES = 5  # replies before an average says anything
_LONE = 8  # so many replies accepted for each one refused: the refusals are not the rate's
_MINUTE = 60.0


class Halted(Exception):
    """The run is ending: nothing new is sent."""


class Alarm:
    """Sleeping that can be ended for everybody at once."""

    def __init__(self) -> None:
        self._asleep: set[asyncio.Future[None]] = set()
        self.halted = False

    async def sleep(self, seconds: float) -> None:
        """Sleep so many seconds.

        Raises:
            Halted: the run is ending.
        """
        self.check()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, future)
        await self.wait(future)
        timer.cancel()

    async def wait(self, future: asyncio.Future[None]) -> None:
        """Wait for a future, or for the end of the run.

        Raises:
            Halted: the run is ending.
        """
        self.check()
        self._asleep.add(future)
        try:
            await future
        finally:
            self._asleep.discard(future)

    def check(self) -> None:
        """Raise Halted once the run is ending."""
        if self.halted:
            raise Halted

    def halt(self) -> None:
        """Wake everybody, and let nobody sleep again."""
        self.halted = True
        for future in list(self._asleep):
            if not future.done():
                future.set_exception(Halted())


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@dataclass(slots=True)
class Ticket:
    """One try on its way: its number in the order of sending, when it went out, and the tokens counted for it."""

    number: int
    sent: float
    tokens: int = 0


@dataclass(slots=True)
class _Judged:
    """What came back of the requests sent after a refused one."""

    after: int
    accepted: int = 0
    refused: int = 0

    @property
    def says(self) -> bool | None:
        """Whether the refusals stand alone among many replies; None while too few have come."""
        if self.accepted + self.refused < _LONE:
            return None
        return self.accepted >= _LONE * self.refused


@dataclass(slots=True)
class _Minute:
    """What went out in the last minute, of what only so much may."""

    limit: int
    sent: deque[tuple[float, Ticket]] = field(default_factory=deque)

    def delay(self, tokens: int, now: float) -> float:
        """Seconds until so many tokens more may go out. More than the whole limit waits for an empty minute."""
        while self.sent and now - self.sent[0][0] >= _MINUTE:
            self.sent.popleft()
        over = sum(ticket.tokens for _, ticket in self.sent) + tokens - self.limit
        for at, ticket in self.sent:
            if over <= 0:
                return 0.0
            over -= ticket.tokens
            if over <= 0:
                return max(at + _MINUTE - now, 0.0)
        return self.sent[-1][0] + _MINUTE - now if self.sent else 0.0


class Pace:
    """When the next request to one model may go out.

    `ceiling` is the most that are ever in flight, `rpm` and `tpm` what the user knows of the account's limits a minute.
    """

    def __init__(
        self,
        ceiling: int,
        *,
        rpm: int | None = None,
        tpm: int | None = None,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        alarm: Alarm,
    ) -> None:
        self.window = float(min(ceiling, max(_START, ceiling // 4)))
        self.in_flight = 0
        self._ceiling = ceiling
        self._rpm = rpm
        self._minute = _Minute(tpm) if tpm else None
        self._clock = clock
        self._sleep = sleep
        self._alarm = alarm
        self._turn = asyncio.Lock()
        self._free: asyncio.Future[None] | None = None
        self._sent = 0
        self._fast = True
        self._cut_at = 0  # requests sent before the window was halved are not held against it again
        self._latency: float | None = None
        self._best = float("inf")
        self._replies = 0
        self._paused_until = float("-inf")
        self._next_at = float("-inf")
        self._judged: _Judged | None = None
        self._lone = False

    async def enter(self, tokens: int = 0) -> Ticket:
        """Wait until one more may go out, and count it; `tokens` is the most that it can cost of the limit.

        Raises:
            Halted: the run is ending.
        """
        async with self._turn:  # whoever came first goes first, and only the first one waits for a moment
            while True:
                self._alarm.check()
                if self.in_flight >= int(self.window):
                    self._free = asyncio.get_running_loop().create_future()
                    await self._alarm.wait(self._free)
                elif (delay := self._delay(tokens)) > 0:
                    await self._sleep(delay)
                else:
                    return self._counted(tokens)

    def leave(self, ticket: Ticket, *, accepted: bool, tokens: int | None = None) -> None:
        """A reply is there, or the try is over without one; `tokens` is what it cost of the limit."""
        self.in_flight -= 1
        if tokens is not None:
            ticket.tokens = tokens
        if accepted:
            self._grow(self._clock() - ticket.sent)
            if self._judged and ticket.number > self._judged.after:
                self._judged.accepted += 1
        if self._free is not None and self.in_flight < int(self.window):
            _wake(self._free)

    def refused(self, ticket: Ticket, wait: float, *, pause: bool) -> bool:
        """The server has no room for a request: halve the window, and hold everybody back; says whether it does.

        Where the requests sent after refused ones are nearly all accepted, the refusals say nothing of the rate:
        then only the refused one waits.
        """
        self._judge(ticket)
        if self._lone:
            return False
        if ticket.number > self._cut_at:
            self.window = max(1.0, self.window / 2)
            self._fast = False
            self._cut_at = self._sent
        if pause:
            self._paused_until = max(self._paused_until, self._clock() + wait)
        return pause

    @property
    def paused(self) -> bool:
        """Whether everybody is held back just now."""
        return self._paused_until > self._clock()

    def told(self, headers: Mapping[str, str]) -> None:
        """Heed what a reply says of the account's limits: with nothing left, the next goes out when some is back."""
        for kind in ("requests", "tokens"):
            left = headers.get(f"x-ratelimit-remaining-{kind}")
            if left is None or not left.strip().isdigit() or int(left) > 0:
                continue
            reset = duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
            limit = headers.get(f"x-ratelimit-limit-{kind}", "")
            # The reset is when all is back; it comes back bit by bit, and one request's share is all that is needed.
            share = reset / int(limit) if kind == "requests" and limit.isdigit() and int(limit) else reset
            self._next_at = max(self._next_at, self._clock() + min(share, _MINUTE))

    # ── within ───────────────────────────────────────────────────────────────────────────────

    def _counted(self, tokens: int) -> Ticket:
        now = self._clock()
        self._sent += 1
        self.in_flight += 1
        ticket = Ticket(self._sent, now, tokens)
        if self._rpm:
            # Evenly: servers count shorter periods than the minute that they name.
            self._next_at = max(self._next_at, now) + _MINUTE / self._rpm
        if self._minute:
            self._minute.sent.append((now, ticket))
        return ticket

    def _delay(self, tokens: int) -> float:
        now = self._clock()
        minute = self._minute.delay(tokens, now) if self._minute else 0.0
        return max(self._paused_until - now, self._next_at - now, minute)

    def _grow(self, latency: float) -> None:
        self._replies += 1
        before = latency if self._latency is None else self._latency
        self._latency = before + _SMOOTH * (latency - before)
        if self._replies >= _SAMPLES:
            self._best = min(self._best, self._latency)
        if self._latency > self._best * _HOLDS + _SLACK:
            return
        self.window = min(self._ceiling, self.window + (_FAST if self._fast else 1 / self.window))

    def _judge(self, ticket: Ticket) -> None:
        """Learn whether refusals stand alone among many replies that were sent after them."""
        judged = self._judged
        if judged is None:
            self._judged = _Judged(ticket.number)
            return
        if ticket.number > judged.after:
            judged.refused += 1
        if judged.says is not None:
            self._lone = judged.says
            self._judged = _Judged(ticket.number)
