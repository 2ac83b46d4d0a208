"""How many requests are in flight to one model, and when the next may go out.

    window     16 ─ 64 ─ 64 ─ 32 ─ 33 ─ 34 …      grows while latency holds, halves on 429 and 503
                        └ 429

The window follows TCP's congestion control (Jacobson, Congestion Avoidance and Control, 1988): fast up to the first
setback, then one request more for each window of replies. Limits that the user or the server names hold besides.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dlgrade.llm.request import Halted
from dlgrade.llm.waits import duration

_START = 4  # in flight at first, or a quarter of the ceiling
_FAST = 3.0  # requests more for each reply, until the first setback that stands
_HOLDS = 2.0  # latency may be so many times the best one before the window stops growing
_SLACK = 0.05  # seconds that do not count: a server on this machine answers in less than its scheduling takes
_SMOOTH = 0.2  # weight of the newest latency in the average
_SAMPLES = 5  # replies before an average says anything
_LONE = 3  # so many requests taken for each one refused: the refusals are not the rate's
_JUDGED = 6  # outcomes before that is judged
_REMEMBERED = 64  # outcomes after which the older ones count half
_MINUTE = 60.0
_LONGEST_RESET = 86_400.0  # seconds: what is longer is a date, or nonsense

T = TypeVar("T")


class Alarm:
    """Sleeping that can be ended for everybody at once."""

    def __init__(self) -> None:
        self._asleep: set[asyncio.Future[Any]] = set()
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
        try:
            await self.wait(future)
        finally:
            timer.cancel()

    async def wait(self, future: asyncio.Future[T]) -> T:
        """Wait for a future, or for the end of the run.

        Raises:
            Halted: the run is ending.
        """
        self.check()
        self._asleep.add(future)
        try:
            return await future
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
class _Refusals:
    """Whether refusals stand alone: what became of the requests sent `after` a refused one, before its wait is over.

    A limit refuses nearly all of these. A server that refuses one now and then, for whatever reason, takes nearly all.
    Each reply counts as it comes. Beyond these, requests are told apart by when they were sent: a refusal is back at
    once, a reply takes its time, and so a request counts as taken when a later one is refused and it is not.
    """

    after: int = 0
    highest: int = 0  # refused
    last: int = 0  # sent before the wait
    until: float = float("-inf")
    taken: float = 0.0
    refused: float = 0.0
    alone: bool = False
    replied: set[int] = field(default_factory=set)  # numbers above the highest refused

    def add(self, ticket: Ticket, now: float, wait: float, last: int) -> None:
        """A request was refused, and waits so long; `last` is the number of the last one sent."""
        if ticket.number > self.after and ticket.sent < self.until:
            self.refused += 1
            self.taken += self._between(ticket.number) if ticket.number > self.highest else -1
        if now >= self.until:
            self.taken += self._between(self.last + 1)
            self.after = self.highest = ticket.number
            self.replied.clear()
        self.last = last
        self.until = max(self.until, now + wait)
        self._judge()

    def took(self, ticket: Ticket) -> None:
        """A request was replied to."""
        if ticket.number > self.highest and ticket.sent < self.until:
            self.replied.add(ticket.number)
            self.taken += 1
            self._judge()

    def _between(self, number: int) -> int:
        """How many requests before this one count as taken from here on."""
        later = {replied for replied in self.replied if replied > number}
        counted = len(self.replied) - len(later)
        new = max(number - self.highest - 1 - counted, 0)
        self.highest, self.replied = max(self.highest, number), later
        return new

    def _judge(self) -> None:
        self.taken = max(self.taken, 0.0)
        outcomes = self.taken + self.refused
        if outcomes >= _JUDGED:
            self.alone = self.taken >= _LONE * self.refused
        if outcomes >= _REMEMBERED:
            self.taken, self.refused = self.taken / 2, self.refused / 2


@dataclass(slots=True)
class _Minute:
    """The tokens of the last minute, of which only so many may be."""

    limit: int
    total: int = 0
    sent: deque[tuple[float, Ticket]] = field(default_factory=deque)

    def add(self, ticket: Ticket, now: float) -> None:
        """Count what goes out."""
        self.sent.append((now, ticket))
        self.total += ticket.tokens

    def correct(self, ticket: Ticket, tokens: int, now: float) -> None:
        """Count what it really was, if that still counts."""
        self._forget(now)
        if self.sent and ticket.number >= self.sent[0][1].number:
            self.total += tokens - ticket.tokens
        ticket.tokens = tokens

    def delay(self, tokens: int, now: float) -> float:
        """Seconds until so many tokens more may go out. More than the whole limit waits for an empty minute."""
        self._forget(now)
        over = self.total + tokens - self.limit
        if over <= 0 or not self.sent:
            return 0.0
        for at, ticket in self.sent:
            over -= ticket.tokens
            if over <= 0:
                return at + _MINUTE - now
        return self.sent[-1][0] + _MINUTE - now

    def _forget(self, now: float) -> None:
        while self.sent and self.sent[0][0] + _MINUTE <= now:
            self.total -= self.sent.popleft()[1].tokens


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
        sleep: Callable[[float], Coroutine[Any, Any, None]],
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
        # who was sent before goes before who was not, else whoever came first
        self._again: deque[tuple[int, asyncio.Future[Ticket]]] = deque()
        self._new: deque[tuple[int, asyncio.Future[Ticket]]] = deque()
        self._looking: asyncio.Handle | None = None
        self._timer: asyncio.Future[None] | None = None
        self._due = float("inf")  # when the timer ends
        self._ended: Exception | None = None
        self._sent = 0
        self._fast = True
        self._cut_at = 0  # requests sent before the window was halved are not held against it again
        self._latency: float | None = None
        self._best = float("inf")
        self._replies = 0
        self._paused_until = float("-inf")
        self._next_at = float("-inf")
        self._refusals = _Refusals()
        self._before: float | None = None  # the window, while it is held back

    async def enter(self, tokens: int = 0, *, again: bool = False) -> Ticket:
        """Wait until one more may go out, and count it; `tokens` is the most that it can cost of the limit.

        What is sent `again` goes before what was not yet: a run is not over before its last try is.

        Raises:
            Halted: the run is ending.
            Exception: what `end` was given.
        """
        self._alarm.check()
        if self._ended is not None:
            raise copy(self._ended)
        place: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        (self._again if again else self._new).append((tokens, place))
        self._look()
        try:
            ticket = await self._alarm.wait(place)
            self._alarm.check()
        except BaseException:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave(place.result(), accepted=False, tokens=0)  # its turn came in the same moment
            self._look()
            raise
        return ticket

    def leave(self, ticket: Ticket, *, accepted: bool, tokens: int | None = None) -> None:
        """A reply is there, or the try is over without one; `tokens` is what it cost of the limit."""
        self.in_flight -= 1
        if self._minute and tokens is not None:
            self._minute.correct(ticket, tokens, self._clock())
        if accepted:
            self.window, self._before = self._before or self.window, None
            self._refusals.took(ticket)
            self._grow(self._clock() - ticket.sent)
        self._look()

    def refused(self, ticket: Ticket, wait: float, *, pause: bool) -> bool:
        """The server has no room for a request: halve the window, and hold everybody back; says whether it does.

        Where the requests sent after refused ones are nearly all taken, the refusals say nothing of the rate: then
        only the refused one waits. (One request in ten refused at random, with a wait of a second for everybody, would
        make a run three times as long.)
        """
        self._refusals.add(ticket, self._clock(), wait, self._sent)
        if self._refusals.alone:
            return False
        if ticket.number > self._cut_at:
            self.window = max(1.0, self.window / 2)
            self._fast = False
            self._cut_at = self._sent
        if pause:
            self._paused_until = max(self._paused_until, self._clock() + wait)
        return pause

    def hold_back(self, seconds: float) -> None:
        """The server fails whatever it is asked: one at a time until it replies, the next one after so long.

        What it took before it takes again once it is back: the number of requests at once is then what it was.
        """
        self._before = self._before or self.window
        self.window = 1.0
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    def end(self, error: Exception) -> None:
        """Let nobody in any more: whoever waits, and whoever comes, gets the error."""
        self._ended = self._ended or error
        for _, place in (*self._again, *self._new):
            if not place.done():
                place.set_exception(copy(self._ended))
        self._again.clear()
        self._new.clear()

    @property
    def paused(self) -> bool:
        """Whether everybody is held back just now."""
        return self._paused_until > self._clock()

    def told(self, headers: Mapping[str, str], tokens: int = 0) -> None:
        """Heed what a reply says of the account's limits, for a request like the one replied to, with its `tokens`.

        Where less is left than that needs, the next one goes out when enough is back. What is used comes back bit by
        bit (OpenAI, Groq), and `reset` is when all of it is. A server that gives all back at once will refuse the next
        one, which costs nothing; to wait for the whole reset would cost most servers' users the time.
        """
        for kind, needed in (("requests", 1), ("tokens", max(tokens, 1))):
            left = _whole(headers.get(f"x-ratelimit-remaining-{kind}"))
            reset = duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
            if left is None or left >= needed or not 0 < reset <= _LONGEST_RESET:
                continue
            used = (_whole(headers.get(f"x-ratelimit-limit-{kind}")) or 0) - left
            wait = reset * min(1.0, (needed - left) / used) if used > 0 else reset
            self._next_at = max(self._next_at, self._clock() + min(wait, _MINUTE))

    # ── within ───────────────────────────────────────────────────────────────────────────────

    def _look(self) -> None:
        """Let the next one in, as soon as the loop has seen what has arrived.

        One is let in at a time, and in between the loop reads: to put a request together takes as long as to store a
        reply, and all the replies that are here would wait for a row of requests (docs/design.md).
        """
        if self._looking is None and (self._again or self._new):
            self._looking = asyncio.get_running_loop().call_soon(self._let_in)

    def _let_in(self) -> None:
        self._looking = None
        while line := self._again or self._new:
            tokens, place = line[0]
            if place.done():  # given up
                line.popleft()
            elif self.in_flight >= int(self.window):
                return
            elif (delay := self._delay(tokens)) > 0:
                self._wait(delay)
                return
            else:
                line.popleft()
                place.set_result(self._counted(tokens))
                self._look()
                return

    def _wait(self, seconds: float) -> None:
        """Look again after so long, if not before."""
        due = self._clock() + seconds
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = timer = asyncio.ensure_future(self._sleep(seconds))
        timer.add_done_callback(self._over)

    def _over(self, timer: asyncio.Future[None]) -> None:
        if not timer.cancelled():
            timer.exception()  # seen: the end of the run wakes whoever is in line too
        if self._timer is timer:
            self._timer = None
            self._look()

    def _counted(self, tokens: int) -> Ticket:
        now = self._clock()
        self._sent += 1
        self.in_flight += 1
        ticket = Ticket(self._sent, now, tokens)
        if self._rpm:
            # Evenly: servers count shorter periods than the minute that they name.
            self._next_at = max(self._next_at, now) + _MINUTE / self._rpm
        if self._minute:
            self._minute.add(ticket, now)
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
        # The average alone would come too late: while the window doubles, most replies are from when it was smaller.
        if max(latency, self._latency) > self._best * _HOLDS + _SLACK:
            return
        fast = self._fast or self._refusals.alone
        self.window = min(self._ceiling, self.window + (_FAST if fast else 1 / self.window))


def _whole(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value) if value.isascii() and value.isdigit() else None
