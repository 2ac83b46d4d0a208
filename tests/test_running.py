"""A run from its first request to its last: Ctrl-C, several models, what was learned, what it cost, what it leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from loopback import Body, Loopback, Scripted

from dlgrade.banks.ledger import Ledger
from dlgrade.errors import Refused
from dlgrade.llm.cache import Cached
from dlgrade.llm.counted import Counted
from dlgrade.llm.prices import Prices
from dlgrade.llm.request import Reply, Request
from dlgrade.llm.store import Store
from dlgrade.models import Message, Price, Usage
from dlgrade.runs import run as run_all

needs_signals = pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
QUOTA = Scripted(429, body={"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})


def bank(count: int, name: str = "bank.md") -> Path:
    questions = (
        f"## Question {n}\n\n**What is thing{n}?**\n\n**Answer:** _[To be filled]_\n" for n in range(1, count + 1)
    )
    Path(name).write_text("\n---\n\n".join(questions), encoding="utf-8")
    return Path(name)


def thing(body: Body) -> int:
    """The number of the question asked."""
    return int("".join(filter(str.isdigit, body["messages"][-1]["content"].partition("thing")[2][:5])))


def to(server: Loopback, *models: str) -> list[str]:
    return [word for model in models or ("m",) for word in ("--model", model)] + ["--base-url", server.url]


def records(folder: str = ".") -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(Path(folder, ".dlgrade", "runs").glob("*.json"))]


# ── Ctrl-C ───────────────────────────────────────────────────────────────────────────────────


@needs_signals
@pytest.mark.usefixtures("run")
def test_ctrl_c_while_the_server_says_wait_ends_the_run_at_once_and_loses_nothing() -> None:
    bank(12)
    refused = threading.Event()
    wait = Scripted(429, headers={"retry-after": "60"}, body={"error": {"message": "slow down"}})

    def reply(body: Body) -> Scripted | str:
        if thing(body) <= 3:
            return "Because it works."
        refused.set()
        return wait

    with Loopback(reply) as server:
        command = [sys.executable, "-m", "dlgrade", "fill", "bank.md", "--in-place", *to(server)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert refused.wait(30)
        time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert time.monotonic() - began < 3
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Interrupted: what was finished is kept" in said
    assert "in flight finish" not in said  # as nothing is
    assert Path("bank.md").read_text().count("Because it works.") == 3
    (record,) = records()
    assert (record["interrupted"], record["files"][0]["filled"]) == (True, 3)


@needs_signals
@pytest.mark.usefixtures("run")
def test_ctrl_c_lets_those_in_flight_finish_and_those_that_wait_for_a_place_are_not_sent() -> None:
    bank(60)
    sent = threading.Event()

    def reply(body: Body) -> Scripted:
        if len(server.bodies) >= 4:
            sent.set()
        return Scripted(content="Because it works.", delay=1.0)

    with Loopback(reply) as server:
        command = [sys.executable, "-m", "dlgrade", "fill", "bank.md", "--in-place", *to(server), "--concurrency", "4"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert sent.wait(30)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert len(server.bodies) == 4
    assert Path("bank.md").read_text().count("Because it works.") == 4
    assert "Stopping: 4 requests in flight finish" in said
    assert "4 requests, 0 from cache" in said


@pytest.mark.parametrize(
    "stop",
    [
        Scripted(401, body={"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, delay=0.1),
        Scripted(429, headers={"retry-after": "3600"}, body={"error": {"message": "slow down"}}, delay=0.1),
        Scripted(503, headers={"retry-after": "3600"}, body="<title>Down for the day</title>", delay=0.1),
    ],
    ids=["key", "hours", "down"],
)
def test_what_stops_a_run_is_met_by_those_in_flight_and_nobody_else(run: Run, stop: Scripted) -> None:
    bank(60)
    with Loopback(lambda body: "Yes." if thing(body) == 1 else stop) as server:
        ran = run("fill", "bank.md", "--in-place", *to(server), "--concurrency", 8)
    assert ran.code == 3
    assert len(server.bodies) <= 1 + 8
    assert ran.err.count("dlgrade: http://127.0.0.1") + ran.err.count("dlgrade: Nobody answers") == 1
    assert Path("bank.md").read_text().count("Yes.") == 1
    assert [record["files"][0]["filled"] for record in records()] == [1]


# ── several models ───────────────────────────────────────────────────────────────────────────


def test_when_a_models_quota_ends_in_mid_run_the_next_takes_over_and_nothing_is_asked_of_the_first_again(
    run: Run,
) -> None:
    bank(60)
    lock, ended, late = threading.Lock(), threading.Event(), []
    asked: Counter[str] = Counter()

    def reply(body: Body) -> Scripted:
        with lock:
            asked[body["model"]] += 1
            if body["model"] == "a" and asked["a"] > 20:
                if ended.is_set():
                    late.append(time.monotonic())
                ended.set()
                return Scripted(QUOTA.status, body=QUOTA.body, delay=0.05)
        return Scripted(content=f"{body['model']} on {thing(body)}", delay=0.02)

    with Loopback(reply) as server:
        ran = run("fill", "bank.md", "--in-place", *to(server, "a", "b"), "--concurrency", 16)
    assert ran.code == 0, ran.err
    assert ran.err.count("b takes over") == 1
    # those in flight when it ended, and not one that waited for its turn
    assert asked["a"] <= 20 + 16
    text = Path("bank.md").read_text()
    lines = {line.question: line.model for line in Ledger.beside("bank.md").lines}
    assert Counter(lines.values()) == {"a": 20, "b": 40}
    for n in range(1, 61):
        assert f"{lines[f'What is thing{n}?']} on {n}\n" in text
    again = bank(60)
    ran = run("fill", again, "--in-place", *to(server, "a", "b"), "--json")
    assert (ran.code, json.loads(ran.out)["requests"], json.loads(ran.out)["cached"]) == (0, 0, 60)


def test_when_the_last_models_quota_ends_the_run_stops_and_keeps_what_was_finished(run: Run) -> None:
    bank(6)
    with Loopback(lambda body: "Yes." if thing(body) <= 2 else QUOTA) as server:
        ran = run("fill", "bank.md", "--in-place", *to(server, "a", "b"), "--concurrency", 1)
    assert ran.code == 3
    assert "b takes over" in ran.err
    assert "model b" in ran.err
    assert Path("bank.md").read_text().count("Yes.") == 2
    assert len(server.bodies) == 4


def test_a_next_model_that_is_not_there_stops_the_run(run: Run) -> None:
    bank(3)
    unknown = Scripted(404, body={"error": {"message": "The model b does not exist", "code": "model_not_found"}})
    with Loopback(lambda body: QUOTA if body["model"] == "a" else unknown) as server:
        ran = run("fill", "bank.md", "--in-place", *to(server, "a", "b"))
    assert ran.code == 3
    assert "does not know the model b" in ran.err


@pytest.mark.parametrize("models", [("offline", "b"), ("b", "offline")])
def test_offline_is_none_of_several_models(run: Run, models: tuple[str, str]) -> None:
    bank(1)
    with Loopback() as server:
        ran = run("fill", "bank.md", "--in-place", *to(server, *models))
    assert ran.code == 2
    assert ran.err.startswith("dlgrade: --model: ")


def test_answers_of_any_of_the_models_are_fresh(run: Run) -> None:
    bank(4)
    with Loopback(lambda body: QUOTA if body["model"] == "a" and thing(body) > 2 else body["model"]) as server:
        run("fill", "bank.md", "--in-place", *to(server, "a", "b"), "--concurrency", 1)
        sent = len(server.bodies)
        ran = run("fill", "bank.md", "--in-place", "--refresh", *to(server, "a", "b"))
        assert (ran.code, len(server.bodies)) == (0, sent)
        ran = run("fill", "bank.md", "--in-place", "--refresh", *to(server, "b"))
    assert {line.model for line in Ledger.beside("bank.md").lines} == {"b"}
    assert ran.err.count("the model changed from a to b") == 2


# ── what was learned ─────────────────────────────────────────────────────────────────────────


def picky(body: Body) -> Scripted | str:
    for name in ("temperature", "max_tokens"):
        if name in body:
            error = {"message": f"'{name}' is not supported", "param": name, "code": "unsupported_parameter"}
            return Scripted(400, body={"error": error}, delay=0.05)
    return "Because it works."


def test_what_a_model_does_not_take_is_learned_once_and_known_in_the_next_run(run: Run) -> None:
    bank(20)
    with Loopback(picky) as server:
        first = run("fill", "bank.md", "--in-place", *to(server), "--concurrency", 8)
        refused = sum("temperature" in body or "max_tokens" in body for body in server.bodies)
        before = len(server.bodies)
        bank(40)
        second = run("fill", "bank.md", "--in-place", *to(server), "--concurrency", 8)
    assert (first.code, second.code) == (0, 0)
    assert first.err.count("asked in another way") == 2
    assert refused <= 2 * 8  # those in flight, not those that waited for their turn
    assert [body for body in server.bodies[before:] if "temperature" in body or "max_tokens" in body] == []
    assert len(server.bodies) - before == 20
    assert "asked in another way" not in second.err


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"rung": 99}', '{"refused": ["all"]}', '{"rung": 1, "more": 2}'])
def test_nonsense_that_is_remembered_of_a_model_is_as_good_as_nothing(run: Run, nonsense: str) -> None:
    bank(1)
    with Loopback(picky) as server:
        run("fill", "bank.md", "--in-place", *to(server))
        cache = Path(os.environ["DLGRADE_CACHE"]) / "replies.sqlite3"
        with sqlite3.connect(cache) as db:
            assert db.execute("UPDATE dialects SET dialect = ?", (nonsense,)).rowcount == 1
        db.close()
        bank(2)
        assert run("fill", "bank.md", "--in-place", *to(server)).code == 0


# ── what it cost, and what it says ───────────────────────────────────────────────────────────

PRICED = '[prices."m"]\ninput = 1.0\noutput = 2.0\n'


def billed(content: object, finish: str = "stop", usage: object = (100, 10)) -> Scripted:
    body: Body = {"choices": [{"message": {"content": content}, "finish_reason": finish}]}
    if isinstance(usage, tuple):
        prompt, written = usage
        body["usage"] = {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
    return Scripted(body=body)


def cost_of(run: Run, *replies: Scripted, questions: int = 1, options: tuple[str, ...] = ()) -> dict[str, Any]:
    bank(questions)
    Path("dlgrade.toml").write_text(PRICED)
    left = iter(replies)
    with Loopback(lambda _: next(left)) as server:
        ran = run("fill", "bank.md", "--in-place", *to(server), "--concurrency", 1, "--json", *options)
    assert next(left, None) is None
    document: dict[str, Any] = json.loads(ran.out)
    return document


ONE = (100 * 1.0 + 10 * 2.0) / 1e6


@pytest.mark.parametrize(
    ("replies", "calls"),
    [
        ([billed("fine")], 1),
        ([billed("ha", "length"), billed("whole")], 2),  # cut, and asked again
        ([billed("ha", "length"), billed("ha", "length")], 2),  # failed
        ([billed(""), billed("fine")], 2),
        ([billed(None, "content_filter")], 1),
        ([Scripted(400, body={"error": "no"})], 0),  # certainly nothing
        ([Scripted(429, headers={"retry-after": "0.01"}, body={"error": "no"}), billed("fine")], 1),
        ([billed("ha", "length"), QUOTA], 1),  # what stopped the run met a request that had cost something
    ],
)
def test_the_bill_has_every_try_that_was_billed(run: Run, replies: list[Scripted], calls: int) -> None:
    document = cost_of(run, *replies)
    assert document["usage"]["total_tokens"] == 110 * calls
    assert document["cost_usd"] == pytest.approx(ONE * calls)


@pytest.mark.parametrize(
    "replies", [[billed("fine", usage=None)], [billed(None, "content_filter", usage=None)], [billed("fine", usage="?")]]
)
def test_what_a_server_bills_without_saying_so_is_not_known_and_not_nothing(run: Run, replies: list[Scripted]) -> None:
    assert cost_of(run, *replies)["cost_usd"] is None


def test_one_failed_question_does_not_hide_what_the_others_cost(run: Run) -> None:
    document = cost_of(run, Scripted(400, body={"error": "no"}), billed("fine"), billed("fine"), questions=3)
    assert document["cost_usd"] == pytest.approx(2 * ONE)


def test_what_equal_requests_in_flight_cost_is_on_the_bill_once_also_where_they_fail(tmp_path: Path) -> None:
    class Failing:
        async def complete(self, _: Request) -> Reply:
            await asyncio.sleep(0.01)
            raise Refused("no", usage=Usage(prompt_tokens=100, completion_tokens=10, total_tokens=110))

    async def main(counted: Counted) -> list[BaseException | Reply]:
        request = Request(endpoint="http://h/v1", model="m", messages=(Message(role="user", content="hi"),))
        return await asyncio.gather(*[counted.complete(request) for _ in range(3)], return_exceptions=True)

    with Store.open(tmp_path / "replies.sqlite3") as store:
        counted = Counted(Cached(store, Failing), Prices({"m": Price(input=1.0, output=2.0)}))
        assert [type(outcome) for outcome in asyncio.run(main(counted))] == [Refused] * 3
    assert (counted.requests, counted.usage.total_tokens) == (1, 110)
    assert counted.cost == pytest.approx(ONE)


def test_a_run_that_the_limit_ends_after_failures_that_may_be_billed_does_not_say_it_cost_nothing(run: Run) -> None:
    document = cost_of(run, Scripted(500, body={"error": "oops"}), options=("--max-cost", "0.015"))
    assert document["cost_usd"] is None


def test_a_request_that_is_given_up_in_flight_makes_the_cost_unknown() -> None:
    class Hanging:
        async def complete(self, _: Request) -> Reply:
            await asyncio.sleep(60)
            raise AssertionError

    async def main() -> None:
        counted = Counted(Hanging())
        request = Request(endpoint="http://h/v1", model="m", messages=(Message(role="user", content="hi"),))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await counted.complete(request)
        assert counted.cost is None

    asyncio.run(main())


def test_the_last_line_says_how_the_run_went(run: Run) -> None:
    bank(6)
    Path("dlgrade.toml").write_text(PRICED)
    once = iter([Scripted(500, body={"error": "oops"})])

    def reply(body: Body) -> Scripted:
        n = thing(body)
        if n in (2, 5):
            return Scripted(400, body={"error": f"not {n}"})
        if n == 4:
            return billed(None, "content_filter")
        return next(once, billed("Yes."))

    with Loopback(reply) as server:
        ran = run("fill", "bank.md", "--in-place", *to(server), "--concurrency", 4)
        again = run("fill", "bank.md", "--in-place", *to(server), "--concurrency", 4, "--json")
    assert ran.code == 1
    line = next(line for line in ran.err.splitlines() if " requests, " in line)
    assert line.startswith("6 requests, 0 from cache, 1 retry, 3 failed (2 rejected, 1 refused), 440 tokens, $0.0")
    assert line.endswith(" s")
    # in the order of the document, whichever failed first
    names = [row.split()[2] for row in ran.err.splitlines() if row.startswith("  no answer: ")]
    assert names == ["bank:2", "bank:4", "bank:5"]
    assert [one["id"] for one in json.loads(again.out)["failed"]] == names


# ── what it leaves ───────────────────────────────────────────────────────────────────────────


def test_a_run_leaves_a_record_of_what_it_was_made_with_and_no_secret(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank(3)
    key = "sk-planted-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)

    def reply(body: Body) -> Scripted | str:
        if thing(body) == 2:
            return Scripted(400, body={"error": f"{key} may not ask this"})
        return "Yes."

    with Loopback(reply) as server:
        url = server.url.replace("://", "://user:planted-password@")
        run("fill", "bank.md", "--in-place", "--model", "m", "--base-url", url, "--rpm", "6000")
        (record,) = records()
        assert record["base_url"] == server.url
    assert {name: record[name] for name in ("command", "models", "interrupted", "stopped", "requests", "cached")} == {
        "command": "fill",
        "models": ["m"],
        "interrupted": False,
        "stopped": None,
        "requests": 3,
        "cached": 0,
    }
    assert record["settings"]["rpm"] == 6000
    assert record["failed_by_kind"] == {"rejected": 1}
    assert record["files"][0]["filled"] == 2
    assert record["prompts"]["answer"] == Ledger.beside("bank.md").lines[0].prompt.hash
    assert record["started"] <= record["ended"]
    text = json.dumps(record)
    assert key not in text
    assert "planted" not in text


def test_an_offline_run_leaves_the_rubrics_that_its_answers_came_from(run: Run) -> None:
    Path("bank.md").write_text("1. What is dropout, and how does it prevent overfitting in neural networks?\n")
    run("fill", "bank.md", "--out", "out")
    (record,) = records("out")
    assert (record["models"], list(record["rubrics"]), record["base_url"]) == (["offline"], ["dropout"], None)


@pytest.mark.parametrize("mode", ["--diff", "--check", "--dry-run"])
def test_a_run_that_writes_nothing_leaves_no_record(run: Run, mode: str) -> None:
    bank(1)
    with Loopback() as server:
        run("fill", "bank.md", mode, *to(server))
    assert records() == []


def test_a_run_that_fills_nothing_leaves_no_record(run: Run) -> None:
    bank(1)
    with Loopback(lambda _: Scripted(400, body={"error": "no"})) as server:
        run("fill", "bank.md", "--in-place", *to(server))
    assert records() == []


def test_two_runs_of_one_second_leave_two_records(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlgrade.cli.fill.now", lambda: "2026-11-26T10:15:00Z")
    with Loopback() as server:
        for name in ("a.md", "b.md", "c.md"):
            bank(1, name)
            run("fill", name, "--in-place", *to(server))
    assert sorted(path.name for path in Path(".dlgrade/runs").iterdir()) == [
        "2026-11-26T10-15-00Z-fill-1.json",
        "2026-11-26T10-15-00Z-fill-2.json",
        "2026-11-26T10-15-00Z-fill.json",
    ]
    assert [len(record["files"]) for record in records()] == [1, 1, 1]


def test_a_record_that_cannot_be_written_is_said_and_costs_nothing(run: Run) -> None:
    bank(1)
    Path(".dlgrade").mkdir()
    Path(".dlgrade/runs").write_text("in the way")
    with Loopback(lambda _: "Yes.") as server:
        ran = run("fill", "bank.md", "--in-place", *to(server))
    assert ran.code == 0
    assert ran.err.count("no record of this run was left: ") == 1
    assert "Yes." in Path("bank.md").read_text()


# ── what it costs to start, and to be long ───────────────────────────────────────────────────

HEAVY = (
    *(
        "openai",
        "asyncio",
        "tenacity",
        "aiohttp",
        "httpx2",
        "genai_prices",
        "rich",
        "jinja2",
        "logging",
        "platformdirs",
    ),
    *("dlgrade.grading.score", "dlgrade.rubric_models", "dlgrade.grade_models", "dlgrade.refreshing"),
    *("dlgrade.llm.trouble", "dlgrade.llm.complaints", "dlgrade.cli.spread"),
)


def test_a_run_that_finds_everything_in_the_cache_imports_nothing_heavy(run: Run) -> None:
    bank(5)
    with Loopback(lambda _: "Yes.") as server:
        run("fill", "bank.md", "--out", "first", *to(server))
    for output in (["--out", "second"], ["--in-place"]):
        arguments = ["dlgrade", "fill", "bank.md", *output, *to(server)]
        script = (
            f"import sys\nfrom dlgrade.cli.app import main\nsys.argv = {arguments!r}\n"
            "try:\n    main()\nexcept SystemExit as left:\n    assert left.code == 0, left.code\n"
            f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
        )
        done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
        assert done.stdout.splitlines()[-1] == "[]"
        assert "5 from cache" in done.stderr


def test_a_run_over_many_items_holds_but_few_of_them() -> None:
    class Item:
        alive = most = 0

        def __init__(self) -> None:
            Item.alive += 1
            Item.most = max(Item.most, Item.alive)

        def __del__(self) -> None:
            Item.alive -= 1

    def items() -> Iterator[tuple[str, Item]]:
        for n in range(100_000):
            yield str(n), Item()

    done = 0

    async def work(_: Item) -> None:
        nonlocal done
        done += 1

    assert run_all(items(), work, concurrency=64).results == {}
    assert done == 100_000
    assert Item.most <= 2 * 64 + 2
