"""Requests go out as fast as the server takes them and no faster, in the order they came, and none is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from clockwork import now, run
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.errors import QuotaExceeded
from dlgrade.llm.pace import Alarm, Pace, Ticket
from dlgrade.llm.request import Halted


def pace_of(ceiling: int = 64, *, alarm: Alarm | None = None, rpm: int | None = None, tpm: int | None = None) -> Pace:
    alarm = alarm or Alarm()
    return Pace(ceiling, rpm=rpm, tpm=tpm, clock=now, sleep=alarm.sleep, alarm=alarm)


@dataclass
class Server:
    """Takes requests or refuses them; keeps when each came, and how many were there at once."""

    pace: Pace
    latency: Callable[[int], float] = lambda _: 1.0
    refuses: Callable[[int], bool] = lambda _: False
    wait: float = 10.0
    came: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def one(self, tokens: int = 0, used: int | None = None) -> bool:
        """One request, from its turn to its reply; says whether it was taken."""
        ticket = await self.pace.enter(tokens)
        self.came.append(now())
        self.tokens.append(tokens if used is None else used)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        taken = not self.refuses(len(self.came))
        try:
            await asyncio.sleep(self.latency(self.at_once) if taken else 0.02)
        finally:
            self.at_once -= 1
            self.pace.leave(ticket, accepted=taken, tokens=used)
        if not taken:
            self.pace.refused(ticket, self.wait, pause=True)
        return taken

    async def until_taken(self) -> None:
        """One request, as often as it takes."""
        while not await self.one():
            await asyncio.sleep(self.wait)

    async def many(self, count: int, workers: int = 100) -> None:
        """So many requests, each until it is taken."""
        left = iter(range(count))

        async def worker() -> None:
            for _ in left:
                await self.until_taken()

        await asyncio.gather(*(worker() for _ in range(workers)))


# ── the window ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("ceiling", "first"), [(1, 1), (3, 3), (4, 4), (16, 4), (20, 5), (64, 16), (1000, 250)])
def test_a_run_begins_with_a_quarter_of_the_ceiling_or_four_and_never_passes_it(ceiling: int, first: int) -> None:
    async def main() -> None:
        server = Server(pace_of(ceiling))
        todo = asyncio.ensure_future(server.many(20 * ceiling, 2 * ceiling))
        await asyncio.sleep(0.5)
        assert server.at_once == first
        await todo
        assert server.most == ceiling

    run(main())


def test_the_window_grows_to_the_ceiling_while_latency_holds() -> None:
    async def main() -> None:
        server = Server(pace_of(64), latency=lambda _: random.uniform(0.8, 1.2))
        await server.many(500)
        assert server.pace.window == 64
        assert now() < 500 / 64 + 4

    run(main())


def test_the_window_stops_growing_where_more_at_once_only_queue_up() -> None:
    async def main() -> None:
        slots = asyncio.Semaphore(40)
        pace = pace_of(1000)
        pace.window = 8.0

        async def worker() -> None:
            for _ in range(10):
                ticket = await pace.enter()
                async with slots:
                    await asyncio.sleep(1)
                pace.leave(ticket, accepted=True)

        await asyncio.gather(*(worker() for _ in range(500)))
        # tripled three times before the first replies that had to queue came back, and then no more
        assert 40 <= pace.window < 8 * 3**4
        assert now() < 5000 / 40 + 5

    run(main())


def test_sixty_four_refusals_at_once_halve_the_window_once_and_it_grows_again_slowly() -> None:
    async def main() -> None:
        pace = pace_of(64)
        pace.window = 64.0
        tickets = [await pace.enter() for _ in range(64)]
        for ticket in tickets:
            pace.leave(ticket, accepted=False)
            pace.refused(ticket, 1.0, pause=True)
        assert pace.window == 32
        await asyncio.sleep(1)
        tickets = [await pace.enter() for _ in range(32)]
        for ticket in tickets:
            pace.leave(ticket, accepted=True)
        assert pace.window == pytest.approx(33, abs=0.1)
        ticket = await pace.enter()
        pace.leave(ticket, accepted=False)
        pace.refused(ticket, 1.0, pause=True)
        assert pace.window == pytest.approx(16.5, abs=0.1)

    run(main())


def test_one_request_at_a_time_always_stays() -> None:
    async def main() -> None:
        pace = pace_of(8)
        for _ in range(10):
            ticket = await pace.enter()
            pace.leave(ticket, accepted=False)
            pace.refused(ticket, 1.0, pause=True)
        assert pace.window == 1
        await pace.enter()

    run(main())


def test_a_server_that_takes_so_many_at_once_gets_about_so_many() -> None:
    async def main() -> None:
        pace = pace_of(64)
        server = Server(pace, refuses=lambda _: server.at_once > 10, wait=1.0)
        await server.many(1000)
        assert len(server.came) < 1000 * 1.25
        assert now() < 1000 / 10 * 2

    run(main())


# ── pauses ───────────────────────────────────────────────────────────────────────────────────


def test_a_pause_holds_everybody_also_who_comes_later_and_a_longer_one_counts() -> None:
    async def main() -> None:
        server = Server(pace_of(64))
        refused, also = [await server.pace.enter() for _ in range(2)]
        waiting = [asyncio.create_task(server.one()) for _ in range(5)]
        server.pace.leave(refused, accepted=False)
        assert server.pace.refused(refused, 10.0, pause=True)
        server.pace.leave(also, accepted=False)
        assert server.pace.refused(also, 30.0, pause=True)
        assert server.pace.paused
        await asyncio.sleep(29)
        later = asyncio.create_task(server.one())
        await asyncio.gather(*waiting, later)
        assert server.came == [pytest.approx(30)] * 6
        assert not server.pace.paused

    run(main())


def test_a_limit_by_the_minute_is_waited_out_with_few_refusals() -> None:
    async def main() -> None:
        pace = pace_of(64)

        taken: list[float] = []

        def refuses(_: int) -> bool:
            full = sum(at >= now() // 60 * 60 for at in taken) >= 100
            if not full:
                taken.append(now())
            return full

        server = Server(pace, refuses=refuses, wait=60.0)
        await server.many(500)
        assert len(taken) == 500
        assert len(server.came) < 500 * 1.3
        assert now() < 7 * 60

    run(main())


def test_refusals_that_stand_alone_soon_hold_nobody_up() -> None:
    async def main() -> None:
        dice = random.Random(1)
        server = Server(pace_of(64), refuses=lambda _: dice.random() < 0.1, wait=10.0)
        await server.many(2000)
        # all at once takes 31 s; had everybody waited for each of the 200 refusals, it would be over half an hour
        assert now() < 110
        assert server.pace.window == 64

    run(main())


def test_a_limit_after_refusals_that_stood_alone_is_noticed_within_a_window() -> None:
    async def main() -> None:
        dice = random.Random(1)
        full = False
        server = Server(pace_of(64), refuses=lambda _: full or dice.random() < 0.1, wait=10.0)
        await server.many(1500)
        full = True
        sent = len(server.came)
        todo = asyncio.ensure_future(server.many(200))
        await asyncio.sleep(9)
        assert server.pace.paused
        assert len(server.came) - sent <= 64
        full = False
        await todo

    run(main())


def test_the_first_refusal_is_always_taken_for_everybodys() -> None:
    async def main() -> None:
        server = Server(pace_of(64), refuses=lambda n: n == 300, wait=10.0)
        await server.many(600)
        before = [at for at in server.came if at <= server.came[299]]
        gap = sorted(server.came)[len(before) :]
        assert min(gap) - server.came[299] >= 9.9

    run(main())


def test_after_a_pause_as_many_go_out_as_before_if_what_was_sent_after_the_refused_one_was_taken() -> None:
    async def main() -> None:
        pace = pace_of(64)
        pace.window = 64.0
        first, *later = [await pace.enter() for _ in range(64)]
        pace.leave(first, accepted=False)
        assert pace.refused(first, 10.0, pause=True)
        assert pace.window == 32
        waiting = [asyncio.create_task(pace.enter()) for _ in range(64)]
        await asyncio.sleep(0.5)
        for ticket in later:  # sent after the refused one, and taken: it is no limit that refused it
            pace.leave(ticket, accepted=True)
        await asyncio.sleep(9.4)
        assert pace.in_flight == 0
        await asyncio.sleep(0.2)
        assert pace.in_flight == 64
        assert {ticket.sent for ticket in await asyncio.gather(*waiting)} == {10.0}

    run(main())


def test_replies_to_what_was_sent_before_a_refusal_say_nothing_of_it() -> None:
    async def main() -> None:
        pace = pace_of(64)
        pace.window = 64.0
        *before, last = [await pace.enter() for _ in range(64)]
        pace.leave(last, accepted=False)
        assert pace.refused(last, 10.0, pause=True)
        for ticket in before:
            pace.leave(ticket, accepted=True)
        assert 32 <= pace.window < 35
        await asyncio.sleep(10)
        last = await pace.enter()
        pace.leave(last, accepted=False)
        assert pace.refused(last, 10.0, pause=True)

    run(main())


# ── turns ────────────────────────────────────────────────────────────────────────────────────


def test_who_comes_first_goes_first() -> None:
    async def main() -> None:
        pace = pace_of(2)
        order: list[int] = []

        async def one(n: int) -> None:
            ticket = await pace.enter()
            order.append(n)
            await asyncio.sleep(random.random())
            pace.leave(ticket, accepted=True)

        await asyncio.gather(*(one(n) for n in range(50)))
        assert order == list(range(50))

    run(main())


def test_what_was_sent_before_goes_before_what_was_not() -> None:
    async def main() -> None:
        pace = pace_of(1)
        order: list[str] = []

        async def one(name: str, *, again: bool) -> None:
            ticket = await pace.enter(again=again)
            order.append(name)
            await asyncio.sleep(1)
            pace.leave(ticket, accepted=True)

        tasks = [asyncio.create_task(one(name, again=name > "m")) for name in ("a", "b", "x", "c", "y")]
        await asyncio.gather(*tasks)
        assert order == ["x", "y", "a", "b", "c"]

    run(main())


def test_between_two_requests_that_go_out_the_loop_takes_in_what_has_come() -> None:
    async def main() -> None:
        pace = pace_of(64)
        events: list[str] = []

        async def one() -> None:
            await pace.enter()
            events.append("sent")

        def come() -> None:  # as a socket does that can be read each time the loop looks
            events.append("read")
            if events.count("sent") < 16:
                asyncio.get_running_loop().call_soon(come)

        asyncio.get_running_loop().call_soon(come)
        await asyncio.gather(*(one() for _ in range(16)))
        assert "sent sent" not in " ".join(events)

    run(main())


@given(
    ceiling=st.integers(1, 5),
    seed=st.integers(0, 10_000),
    rpm=st.none() | st.integers(30, 600),
    tpm=st.none() | st.integers(50, 5000),
)
def test_whoever_gives_up_at_any_moment_leaves_a_place_to_the_others(
    ceiling: int, seed: int, rpm: int | None, tpm: int | None
) -> None:
    dice = random.Random(seed)

    async def one(pace: Pace, done: list[int], n: int) -> None:
        ticket = await pace.enter(dice.randrange(100))
        try:
            await asyncio.sleep(dice.random())
        finally:
            pace.leave(ticket, accepted=True, tokens=dice.randrange(100))
        if dice.random() < 0.2:
            pace.refused(ticket, dice.random() * 5, pause=dice.random() < 0.5)
        done.append(n)

    async def main() -> None:
        pace = pace_of(ceiling, rpm=rpm, tpm=tpm)
        done: list[int] = []
        tasks = [asyncio.create_task(one(pace, done, n)) for n in range(30)]
        given_up = dice.sample(range(30), 15)
        for n in given_up:
            await asyncio.sleep(dice.choice([0.0, 0.0, dice.random()]))
            tasks[n].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert {*done} >= {*range(30)} - {*given_up}
        assert pace.in_flight == 0
        pace.leave(await pace.enter(), accepted=True)

    run(main())


# ── limits that the user names ───────────────────────────────────────────────────────────────


@given(rpm=st.integers(1, 200), latency=st.floats(0, 5))
def test_never_more_requests_than_the_user_allows_go_out_in_any_minute(rpm: int, latency: float) -> None:
    async def main() -> None:
        server = Server(pace_of(64, rpm=rpm), latency=lambda _: latency)
        await server.many(60)
        for at in server.came:
            assert sum(at <= other < at + 59.999 for other in server.came) <= rpm
        if rpm >= 60:
            assert now() <= 60 * 60 / rpm + 64 * latency + 1

    run(main())


@given(
    tpm=st.integers(10, 1000),
    requests=st.lists(st.tuples(st.integers(1, 400), st.floats(0.1, 1)), min_size=1, max_size=25),
)
def test_never_more_tokens_than_the_user_allows_go_out_in_any_minute(
    tpm: int, requests: list[tuple[int, float]]
) -> None:
    async def main() -> None:
        server = Server(pace_of(8, tpm=tpm))
        await asyncio.gather(*(server.one(tokens, max(int(tokens * share), 1)) for tokens, share in requests))
        sent = list(zip(server.came, server.tokens, strict=True))
        for at, _ in sent:
            within = [tokens for other, tokens in sent if at <= other < at + 59.999]
            # one that is larger than the whole limit goes alone
            assert sum(within) <= tpm or len(within) == 1

    run(main())


def test_tokens_that_a_reply_did_not_take_let_the_next_ones_out_at_once() -> None:
    async def main() -> None:
        server = Server(pace_of(64, tpm=30_000))
        await asyncio.gather(*(server.one(5000, 200) for _ in range(100)))
        assert now() < 40  # not the 17 minutes that all of what was set aside would take

    run(main())


def test_a_minute_of_many_requests_costs_no_more_for_each_than_one_of_few() -> None:
    async def main() -> None:
        pace = pace_of(64, tpm=10**9)
        minute = pace._minute
        assert minute is not None
        for n in range(20_000):
            minute.add(Ticket(n, now(), 10), now())
            assert minute.delay(10, now()) == 0.0
        assert minute.total == 200_000
        await asyncio.sleep(61)
        assert minute.delay(10, now()) == 0.0
        assert minute.total == 0

    run(main())


# ── limits that the server names ─────────────────────────────────────────────────────────────


def told(headers: Mapping[str, str], tokens: int = 0) -> float:
    """How long the next request waits after a reply with these headers."""

    async def main() -> float:
        pace = pace_of()
        pace.told(headers, tokens)
        await pace.enter()
        return now()

    return run(main())


def limits(kind: str, limit: str | None, remaining: str, reset: str | None) -> dict[str, str]:
    named = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"x-ratelimit-{name}-{kind}": value for name, value in named.items() if value is not None}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        # OpenAI: all 500 are back in a minute, the first of them after 0.12 s
        (limits("requests", "500", "0", "1m0s"), 0.12),
        (limits("requests", "10", "0", "6m0s"), 36),
        (limits("requests", "1", "0", "2.5s"), 2.5),  # Groq
        (limits("requests", "500", "1", "6m0s"), 0),
        (limits("requests", "500", "0", None), 0),  # Azure
        (limits("requests", None, "0", "20s"), 20),
        (limits("requests", None, "0", "10m"), 60),  # nobody sleeps longer on a hint
        (limits("requests", "0", "0", "7s"), 7),
        (limits("requests", "many", "0", "7s"), 7),
        (limits("requests", "500", "none", "7s"), 0),
        (limits("requests", "500", "-1", "7s"), 0),
        (limits("requests", "500", "0", "soon"), 0),
        (limits("requests", "500", "0", "-3s"), 0),
        (limits("requests", "500", "0", "2026-10-21T07:28:30Z"), 0),
        (limits("requests", "500", "0", "1718040000"), 0),  # a date, not a duration
        (limits("requests", "500", "٠", "7s"), 0),
        # 1000 tokens are needed, 400 are left of 10,400: 600 come back in 600/10,000 of the time
        (limits("tokens", "10400", "400", "100s"), 6),
        (limits("tokens", "10000", "1000", "100s"), 0),
        (limits("tokens", "800", "0", "30s"), 30),
        ({}, 0),
    ],
)
def test_what_a_server_says_is_left_is_heeded_as_far_as_it_makes_sense(headers: dict[str, str], seconds: float) -> None:
    assert told(headers, tokens=1000) == pytest.approx(seconds, abs=1e-6)


# ── the end ──────────────────────────────────────────────────────────────────────────────────


def test_at_the_end_of_a_run_whoever_waits_gives_up_at_once_and_who_is_on_the_way_finishes() -> None:
    async def main() -> None:
        alarm = Alarm()
        server = Server(pace_of(4, alarm=alarm), latency=lambda _: 5.0)
        going = [asyncio.create_task(server.one()) for _ in range(4)]
        waiting = [asyncio.create_task(server.one()) for _ in range(20)]
        asleep = asyncio.create_task(alarm.sleep(1000))
        await asyncio.sleep(1)
        alarm.halt()
        outcomes = await asyncio.gather(*waiting, asleep, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {Halted}
        assert now() == 1
        assert await asyncio.gather(*going) == [True] * 4
        for late in (server.pace.enter(), alarm.sleep(1)):
            with pytest.raises(Halted):
                await late
        assert len(server.came) == 4

    run(main())


def test_whoever_waits_for_a_pause_to_end_gives_up_at_once_too() -> None:
    async def main() -> None:
        alarm = Alarm()
        pace = pace_of(alarm=alarm)
        ticket = await pace.enter()
        pace.leave(ticket, accepted=False)
        pace.refused(ticket, 60, pause=True)
        waiting = [asyncio.create_task(pace.enter()) for _ in range(5)]
        await asyncio.sleep(1)
        alarm.halt()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {Halted}
        assert now() == 1

    run(main())


def test_where_a_models_quota_has_ended_nobody_is_let_in_any_more() -> None:
    async def main() -> None:
        server = Server(pace_of(4))
        going = [asyncio.create_task(server.one()) for _ in range(4)]
        waiting = [asyncio.create_task(server.one()) for _ in range(20)]
        await asyncio.sleep(0.5)
        server.pace.end(QuotaExceeded("nothing left", hint="later"))
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["nothing left\nlater"] * 20
        assert len({id(outcome) for outcome in outcomes}) == 20
        assert await asyncio.gather(*going) == [True] * 4
        with pytest.raises(QuotaExceeded):
            await server.pace.enter()

    run(main())
