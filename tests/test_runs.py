"""Many items at once: every item is accounted for, in order, whatever some of them do and whoever presses Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgrade.errors import BadKey, PromptError, Refused, TooLong
from dlgrade.llm.counted import Counted
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Failure, Message, Progressed, Usage
from dlgrade.runs import run

HERE = Path(__file__).parent
USAGE = Usage(prompt_tokens=1, completion_tokens=2, total_tokens=3)


def numbered(count: int) -> list[tuple[str, int]]:
    return [(f"n:{n}", n) for n in range(count)]


async def doubled(n: int) -> int:
    await asyncio.sleep(0.001 * (n % 3))
    return 2 * n


def test_results_stand_in_the_order_of_the_items_whoever_finishes_first() -> None:
    done = run(numbered(20), doubled, concurrency=5)
    assert list(done.results.items()) == [(f"n:{n}", 2 * n) for n in range(20)]
    assert (done.failures, done.interrupted, done.stopped) == ((), False, None)


def test_no_more_than_the_allowed_number_are_at_work_and_items_are_taken_when_there_is_time() -> None:
    at_work, taken, most = 0, 0, 0

    def items() -> Iterator[tuple[str, int]]:
        nonlocal taken
        for entry in numbered(30):
            taken += 1
            yield entry

    async def work(n: int) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        assert taken <= n + 4
        await asyncio.sleep(0.001)
        at_work -= 1
        return n

    assert len(run(items(), work, concurrency=4).results) == 30
    assert most == 4


def test_one_bad_item_never_stops_the_others() -> None:
    async def work(n: int) -> int:
        if n % 2:
            raise TooLong("too long", hint="Shorten it.")
        return n

    done = run(numbered(5), work, concurrency=2)
    assert list(done.results) == ["n:0", "n:2", "n:4"]
    assert done.failures == tuple(
        Failure(id=f"n:{n}", kind="too_long", message="too long\nShorten it.") for n in (1, 3)
    )


def test_an_endpoint_that_cannot_be_used_stops_the_run_and_what_was_finished_is_kept() -> None:
    begun: list[int] = []

    async def work(n: int) -> int:
        begun.append(n)
        if n == 3:
            raise BadKey("no")
        await asyncio.sleep(0.01)
        return n

    done = run(numbered(100), work, concurrency=4)
    assert isinstance(done.stopped, BadKey)
    assert list(done.results) == ["n:0", "n:1", "n:2"]
    assert begun == [0, 1, 2, 3]
    assert done.failures == ()


def test_an_unexpected_error_comes_out_as_it_is_and_nothing_keeps_running() -> None:
    ended: list[int] = []

    async def work(n: int) -> int:
        if n == 1:
            raise PromptError("no such name")
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(n)
        return n

    with pytest.raises(PromptError, match="no such name"):
        run(numbered(3), work, concurrency=3)
    assert ended == [0, 2]


def test_two_items_with_one_id_are_a_mistake_not_a_loss() -> None:
    with pytest.raises(ValueError, match="two items have the id 'a'"):
        run([("a", 1), ("a", 2)], doubled, concurrency=1)


def test_nothing_to_do_is_done_at_once() -> None:
    assert run([], doubled, concurrency=3).results == {}


def test_a_run_works_where_an_event_loop_is_running_already() -> None:
    async def notebook() -> dict[str, int]:
        return run(numbered(3), doubled, concurrency=2).results

    assert asyncio.run(notebook()) == {"n:0": 0, "n:1": 2, "n:2": 4}


# ── counting ─────────────────────────────────────────────────────────────────────────────────


class Fake:
    """Replies to "fresh", finds "known" in a cache, refuses "bad"."""

    closed = False

    async def complete(self, request: Request) -> Reply:
        word = request.messages[0].content
        if word == "bad":
            raise Refused("no", usage=USAGE)
        return Reply(text=word, model="m", usage=USAGE, cached=word == "known")

    async def aclose(self) -> None:
        self.closed = True


def test_a_run_counts_requests_and_what_they_were_billed_also_the_failed_ones_but_not_the_cached() -> None:
    fake = Fake()
    counted = Counted(fake)
    seen: list[tuple[int, int, int, int]] = []

    def report(now: Progressed) -> None:
        seen.append((now.done, now.failed, counted.cached, counted.usage.total_tokens))

    async def ask(word: str) -> str:
        messages = (Message(role="user", content=word),)
        return (await counted.complete(Request(endpoint="http://h/v1", model="m", messages=messages))).text

    words = ["fresh", "known", "bad", "fresh"]
    items = [(str(n), word) for n, word in enumerate(words)]
    run(items, ask, concurrency=1, client=counted, on_progress=report)
    assert (counted.requests, counted.cached, counted.usage) == (4, 1, USAGE + USAGE + USAGE)
    assert seen == [(1, 0, 0, 3), (2, 0, 1, 3), (3, 1, 1, 6), (4, 1, 1, 9)]
    assert fake.closed


# ── Ctrl-C ───────────────────────────────────────────────────────────────────────────────────

PROGRAM = """
import asyncio, signal, sys
from dlgrade.runs import run

# whoever started the tests may have had Ctrl-C ignored
signal.signal(signal.SIGINT, signal.default_int_handler)

async def work(n):
    print("begun", n, flush=True)
    await asyncio.sleep(float(sys.argv[1]))
    return n

def said(p):
    if p.stopping:
        print("stopping", flush=True)

done = run(((str(n), n) for n in range(1000)), work, concurrency=3, on_progress=said)
try:
    print("results", *done.results, flush=True)
    print("interrupted", done.interrupted, flush=True)
    while True:
        pass
except KeyboardInterrupt:
    print("as before", flush=True)
"""

needs_signals = pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")


class Program:
    """The program above in a process of its own."""

    def __init__(self, seconds: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def until(self, line: str) -> list[str]:
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith(line):
            read = self.process.stdout.readline()
            assert read, f"it ended before saying {line!r}: {lines}"
            lines.append(read.strip())
        return lines

    def press(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> None:
        self.press()
        self.until("as before")
        self.process.communicate(timeout=30)


@needs_signals
def test_the_first_ctrl_c_begins_no_new_items_and_lets_those_in_flight_finish() -> None:
    program = Program(0.5)
    program.until("begun 2")
    program.press()
    said = program.until("interrupted")
    assert said[-2:] == ["results 0 1 2", "interrupted True"]
    assert "begun 3" not in said
    program.end()


@needs_signals
def test_the_second_ctrl_c_ends_at_once() -> None:
    program = Program(60)
    program.until("begun 2")
    began = time.monotonic()
    program.press()
    program.until("stopping")
    program.press()
    assert program.until("interrupted")[-2:] == ["results", "interrupted True"]
    assert time.monotonic() - began < 10
    program.end()


@needs_signals
def test_after_a_run_ctrl_c_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    run(numbered(2), doubled, concurrency=1)
    assert signal.getsignal(signal.SIGINT) is before
