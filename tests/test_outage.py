"""A server that has stopped answering ends the run, which can go on later; a question that fails alone does not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from pathlib import Path

import clockwork
import httpx2
import pytest
from loopback import Answer, Body, Loopback, Scripted
from test_faults import answer_to, asked, bank, ended, fill, questions, times_answered

from dlgrade.errors import DlgradeError, ServerDown, ServerFailed
from dlgrade.llm.client import OpenAIClient
from dlgrade.llm.counted import Counted
from dlgrade.llm.outage import LOST, PATIENCE
from dlgrade.llm.request import Halted, Reply, Request
from dlgrade.models import Message
from dlgrade.runs import Run, run

URL = "http://models.example/v1"
AT_ONCE = 8
LATENCY = 0.5  # seconds

Respond = Callable[[float, str], httpx2.Response]


def ok() -> httpx2.Response:
    body = {"choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}]}
    return httpx2.Response(200, json=body)


def bad(status: int = 502) -> httpx2.Response:
    return httpx2.Response(status, text="<html><title>502 Bad Gateway</title></html>")


class Server:
    """Replies as `respond` says, at the time and to the words that a call comes with."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.calls: list[float] = []
        self.in_flight: list[int] = []
        self._now = 0

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self._now += 1
        self.calls.append(clockwork.now())
        self.in_flight.append(self._now)
        await asyncio.sleep(LATENCY)
        self._now -= 1
        return self.respond(clockwork.now(), json.loads(request.content)["messages"][-1]["content"])

    def ask(self, words: list[str], at_once: int = AT_ONCE) -> list[str]:
        """What comes of each, so many at once, until the run stops."""
        outcomes: dict[str, str] = {}

        async def main() -> None:
            http = httpx2.AsyncClient(transport=httpx2.MockTransport(self))
            client = OpenAIClient(
                "k", ceiling=at_once, http_client=http, clock=clockwork.now, chance=random.Random(1).random
            )
            todo = iter(words)

            async def worker() -> None:
                for word in todo:
                    with contextlib.suppress(Halted):
                        outcomes[word] = await outcome(client, word)
                    if outcomes.get(word, "ServerDown") in {"ServerDown", "Unreachable"}:
                        client.halt()
                        return

            await asyncio.gather(*(worker() for _ in range(at_once)))
            await client.aclose()

        clockwork.run(main())
        return [outcomes[word] for word in words if word in outcomes]


def request(words: str) -> Request:
    return Request(endpoint=URL, model="m", messages=(Message(role="user", content=words),))


async def outcome(client: OpenAIClient, words: str) -> str:
    try:
        return (await client.complete(request(words))).text
    except DlgradeError as error:
        return type(error).__name__


def words(count: int) -> list[str]:
    return [f"question {n}" for n in range(count)]


@pytest.mark.parametrize("status", [502, 503, 408])
def test_a_server_that_has_never_replied_stops_the_run_after_five_requests(status: int) -> None:
    server = Server(lambda *_: bad(status))
    outcomes = server.ask(words(1000))
    assert "fine" not in outcomes
    assert "ServerDown" in outcomes
    assert len(server.calls) <= 4 * (LOST + AT_ONCE)
    assert server.calls[-1] < 10


def test_a_server_that_goes_on_failing_is_waited_for_a_minute_one_request_at_a_time() -> None:
    server = Server(lambda now, _: ok() if now < 20 else bad())
    outcomes = server.ask(words(10_000))
    assert outcomes.index("ServerDown") > 300
    assert 20 + PATIENCE <= server.calls[-1] < 20 + PATIENCE + 20
    asked_in_vain = [at for at in server.calls if at >= 20 - LATENCY]
    assert len(asked_in_vain) < 3 * AT_ONCE + 30
    assert set(server.in_flight[-5:]) == {1}


def test_a_server_that_is_back_within_the_minute_is_used_on_as_before() -> None:
    server = Server(lambda now, _: bad() if 20 <= now < 60 else ok())
    outcomes = server.ask(words(1000))
    assert len(outcomes) == 1000
    assert outcomes.count("ServerFailed") == LOST
    assert outcomes.count("fine") == 1000 - outcomes.count("ServerFailed")
    assert max(server.in_flight[-AT_ONCE * 10 :]) == AT_ONCE
    assert server.calls[-1] < 20 + 40 + 15 + 1000 * LATENCY / AT_ONCE


def test_a_server_that_is_started_anew_costs_no_question() -> None:
    def gone(now: float, _: str) -> httpx2.Response:
        if 20 <= now < 50:
            raise httpx2.ConnectError("Connection refused")
        return ok()

    server = Server(gone)
    assert server.ask(words(1000)) == ["fine"] * 1000
    assert len([at for at in server.calls if 20 <= at < 50]) < 12 * AT_ONCE


def test_a_server_that_is_gone_for_good_stops_the_run_after_a_minute() -> None:
    def gone(now: float, _: str) -> httpx2.Response:
        if now >= 20:
            raise httpx2.ConnectError("Connection refused")
        return ok()

    server = Server(gone)
    outcomes = server.ask(words(1000))
    assert "Unreachable" in outcomes
    assert set(outcomes) == {"fine", "Unreachable"}
    assert 20 + PATIENCE - 1 <= server.calls[-1] < 20 + PATIENCE + 20


def test_questions_that_fail_alone_never_stop_a_run() -> None:
    server = Server(lambda _, said: ok() if int(said.split()[1]) % 3 else bad())
    outcomes = server.ask(words(300))
    assert (outcomes.count("fine"), outcomes.count("ServerFailed")) == (200, 100)


def test_a_rate_that_is_limited_from_the_start_is_waited_for_a_minute_too() -> None:
    server = Server(lambda now, _: ok() if now > 50 else bad(429))
    outcomes = server.ask(words(100))
    assert "ServerDown" not in outcomes
    assert outcomes.count("fine") > 80


@pytest.mark.parametrize("status", [429, 500, 503, 408])
def test_the_error_says_how_it_was_found_what_the_server_said_and_that_it_can_go_on(status: int) -> None:
    errors: list[DlgradeError] = []

    async def main() -> None:
        server = Server(lambda now, _: ok() if now < 1 else bad(status))
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(server))
        client = OpenAIClient("k", http_client=http, clock=clockwork.now, chance=lambda: 0.0)
        while not errors or not isinstance(errors[-1], ServerDown):
            try:
                await client.complete(request("hi"))
            except DlgradeError as error:
                errors.append(error)
        await client.aclose()

    clockwork.run(main())
    *before, last = errors
    assert all(isinstance(error, ServerFailed) for error in before)
    assert last.exit_code == 3
    assert f"{len(errors)} requests in a row came to nothing, no reply for " in last.message
    assert URL in last.message
    assert "502 Bad Gateway" in last.message
    assert "Run the same command again later: what was finished is kept." in (last.hint or "")


def test_what_failed_in_the_outage_is_no_failure_and_what_failed_before_it_is_one() -> None:
    """The clock passes by sleeping in it, for everybody together."""
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        await asyncio.sleep(0)

    def respond(sent: httpx2.Request) -> httpx2.Response:
        n = int(json.loads(sent.content)["messages"][-1]["content"])
        return bad() if n == 3 or n >= 10 else ok()

    def ask(client: Counted) -> Run[Reply]:
        async def work(n: int) -> Reply:
            return await client.complete(request(str(n)))

        return run(((f"n:{n}", n) for n in range(1000)), work, concurrency=1, client=client)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(respond))
    client = Counted(OpenAIClient("k", http_client=http, clock=lambda: now, sleep=sleep))
    done = ask(client)
    assert list(done.results) == [f"n:{n}" for n in range(10) if n != 3]
    assert [failure.id for failure in done.failures] == ["n:3"]
    assert isinstance(done.stopped, ServerDown)
    assert client.requests < 40


def test_what_fails_in_the_outage_after_the_run_has_stopped_is_no_failure_either() -> None:
    down, late, earlier = ServerDown("down"), ServerFailed("502"), ServerFailed("500")
    down.outage = late.outage = 2
    earlier.outage = 1
    stopped = asyncio.Event()

    async def work(error: DlgradeError) -> None:
        if error is down:
            stopped.set()
        elif error is late:
            await stopped.wait()
            await asyncio.sleep(0)
        raise error

    done = run([("earlier", earlier), ("late", late), ("down", down)], work, concurrency=3)
    assert done.stopped is down
    assert [failure.id for failure in done.failures] == ["earlier"]


def test_a_fill_whose_server_fails_stops_with_3_names_nobody_and_goes_on_later(tmp_path: Path) -> None:
    texts = questions(200)
    path = bank(tmp_path / "bank.md", texts)
    healthy = False

    def reply(body: Body) -> Answer:
        return answer_to(asked(body)) if healthy else Scripted(500, body=json.dumps({"error": "out of memory"}))

    with Loopback(reply) as server:
        process = fill(path, server, "--in-place", "--record", "run.jsonl")
        out, said = process.communicate(timeout=60)
        assert (process.returncode, json.loads(out)["failed"]) == (3, [])
        assert "requests in a row came to nothing, no reply yet" in said
        assert "out of memory" in said
        assert "Traceback" not in said
        assert len(server.requests) < 60
        assert set(times_answered(path, texts).values()) == {0}
        code, report = ended(fill(path, server, "--in-place", "--replay", "run.jsonl"))
        assert (code, report["failed"]) == (3, [])
        healthy = True
        code, report = ended(fill(path, server, "--in-place"))
    assert (code, report["failed"]) == (0, [])
    assert set(times_answered(path, texts).values()) == {1}
