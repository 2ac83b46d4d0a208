"""The same request is never paid for twice, whatever happens to the process or the file."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, create_model, field_validator

from dlgrade.errors import BadKey, DlgradeError, OutputError, Refused
from dlgrade.llm.cache import Cached, Store
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Message, Usage

HERE = Path(__file__).parent


def request(question: str = "What is dropout?", **changes: Any) -> Request:
    message = Message(role="user", content=question)
    return Request(**{"endpoint": "http://host/v1", "model": "m", "messages": (message,)} | changes)


REPLY = Reply(text="It drops units.", model="m-1", usage=Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7))


class Fake:
    """A client with replies to give; it keeps the requests it saw."""

    def __init__(self, *outcomes: Reply | DlgradeError, gate: asyncio.Event | None = None) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[Request] = []
        self.gate = gate
        self.closed = False

    async def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        await (self.gate.wait() if self.gate else asyncio.sleep(0.01))
        if isinstance(outcome, DlgradeError):
            raise outcome
        return outcome

    async def aclose(self) -> None:
        self.closed = True


def never() -> Fake:
    raise AssertionError("nothing was missing")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "replies.sqlite3"


# ── the key ──────────────────────────────────────────────────────────────────────────────────

SHAPES: list[type[BaseModel] | None] = [
    None,
    create_model("Shape", a=(str, ...)),
    create_model("Shape", a=(str, ...), b=(int, ...)),
    create_model("Shape", b=(int, ...), a=(str, ...)),
]
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "endpoint": st.sampled_from(["http://a/v1", "http://b/v1", "https://a/v1", "http://a:1/v1"]),
    "model": st.text(max_size=5),
    "messages": st.lists(
        st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=st.text(max_size=5)),
        max_size=3,
    ).map(tuple),
    "shape": st.sampled_from(SHAPES),
    "temperature": st.none() | st.floats(0, 2),
    "max_tokens": st.integers(1, 9),
    "sample": st.integers(0, 9),
}


@given(st.fixed_dictionaries(PARTS), st.data())
def test_each_part_of_a_request_changes_its_key(parts: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PARTS)))
    other = data.draw(PARTS[name])
    assume(other != parts[name])
    assert Request(**parts).key != Request(**parts | {name: other}).key


@given(st.fixed_dictionaries(PARTS))
def test_equal_requests_have_equal_keys(parts: dict[str, Any]) -> None:
    assert Request(**parts).key == Request(**parts).key


def test_the_key_is_the_same_in_every_process_and_version() -> None:
    assert request().key == "5e4387476091749ebcd3786c4d179085857b5bc19260e395d4629b75e056e754"


@pytest.mark.parametrize("endpoint", ["http://host/v1/", "http://user:secret@host/v1", "http://host/v1?key=secret"])
def test_a_slash_and_credentials_do_not_change_the_key(endpoint: str) -> None:
    assert request(endpoint=endpoint).key == request().key


def test_equal_schemas_of_different_classes_have_the_same_key() -> None:
    one, other = (create_model(name, a=(str, ...)) for name in ("One", "Other"))
    assert request(shape=one).key == request(shape=other).key


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def test_a_reply_comes_back_as_it_was_and_marked_as_cached(path: Path) -> None:
    with Store.open(path) as store:
        store.put(request(), REPLY)
    with Store.open(path) as store:
        assert store.get(request().key) == REPLY.model_copy(update={"cached": True})
        assert store.get(request(sample=1).key) is None


def test_no_credentials_and_no_key_are_in_the_file(path: Path) -> None:
    with Store.open(path) as store:
        store.put(request(endpoint="http://user:secret@host/v1"), REPLY)
    assert all(b"secret" not in file.read_bytes() for file in path.parent.iterdir())


@pytest.mark.parametrize("damage", [b"not a database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        store.put(request(), REPLY)
        assert store.get(request().key) is not None
    assert "damaged" in remarks[0]
    aside = next(path.parent.glob("*.damaged-*"))
    assert aside.read_bytes() == damage
    assert aside.name in remarks[0]


def test_a_file_that_opens_but_is_damaged_inside_is_set_aside_too(path: Path) -> None:
    with Store.open(path) as store:
        for n in range(200):
            store.put(request(str(n)), REPLY)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        assert store.get(request("7").key) is None
        store.put(request("7"), REPLY)
        assert store.get(request("7").key) is not None
    assert len(remarks) == 1


def test_a_reply_that_cannot_be_read_is_missing_and_said_so(path: Path) -> None:
    with Store.open(path) as store:
        store.put(request(), REPLY)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE replies SET reply = x'00'")
    db.close()
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        assert store.get(request().key) is None
    assert "one reply" in remarks[0]


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(OutputError, match="another program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_later_versions_file_is_left_alone(path: Path) -> None:
    with Store.open(path) as store:
        store.put(request(), REPLY)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(OutputError, match="later version"):
        Store.open(path)


def test_a_folder_that_cannot_be_made_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file") as caught:
        Store.open(tmp_path / "file" / "replies.sqlite3")
    assert "DLGRADE_CACHE" in (caught.value.hint or "")


def test_a_file_that_cannot_be_opened_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=tmp_path.name):
        Store.open(tmp_path)


# ── many processes, and processes that die ───────────────────────────────────────────────────

WRITER = """
import sys
from pathlib import Path
from test_cache import REPLY, request
from dlgrade.llm.cache import Store

with Store.open(Path(sys.argv[1])) as store:
    for n in range(int(sys.argv[3])):
        store.put(request(f"{sys.argv[2]} {n}"), REPLY)
        print(n, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE)},
    )


def test_processes_that_begin_and_write_at_the_same_time_lose_nothing(path: Path) -> None:
    writers = [writer(path, f"writer {n}", 100) for n in range(4)]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with Store.open(path) as store:
        assert all(store.get(request(f"writer {w} {n}").key) for w in range(4) for n in range(100))


def test_what_was_stored_before_a_kill_is_there_after_it(path: Path) -> None:
    process = writer(path, "victim", 1_000_000)
    assert process.stdout is not None
    with process.stdout as lines:
        seen = next(int(line) for line in lines if int(line) >= 50)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        assert all(store.get(request(f"victim {n}").key) for n in range(seen + 1))
    assert remarks == []


# ── the client around a client ───────────────────────────────────────────────────────────────


def cached(path: Path, make: Callable[[], Fake], *requests: Request) -> list[Reply | BaseException]:
    async def main(store: Store) -> list[Reply | BaseException]:
        client = Cached(store, make)
        try:
            return await asyncio.gather(*map(client.complete, requests), return_exceptions=True)
        finally:
            await client.aclose()

    with Store.open(path) as store:
        return asyncio.run(main(store))


def test_a_request_is_sent_once_and_then_never_again(path: Path) -> None:
    fake = Fake(REPLY)
    assert cached(path, lambda: fake, request()) == [REPLY]
    assert fake.closed
    assert cached(path, never, request()) == [REPLY.model_copy(update={"cached": True})]


def test_equal_requests_in_flight_are_sent_once(path: Path) -> None:
    fake = Fake(REPLY)
    replies = cached(path, lambda: fake, *[request()] * 10)
    assert len(fake.requests) == 1
    assert sorted(reply.cached for reply in replies if isinstance(reply, Reply)) == [False] + [True] * 9


def test_a_failure_is_not_stored_and_shared_without_its_bill(path: Path) -> None:
    fake = Fake(Refused("no", usage=REPLY.usage))
    outcomes = cached(path, lambda: fake, request(), request())
    assert [type(outcome) for outcome in outcomes] == [Refused, Refused]
    assert [outcome.usage for outcome in outcomes if isinstance(outcome, Refused)] == [REPLY.usage, None]
    assert len(fake.requests) == 1
    assert cached(path, lambda: Fake(REPLY), request()) == [REPLY]


def test_a_client_that_cannot_be_made_is_an_error_for_everybody(path: Path) -> None:
    def make() -> Fake:
        raise BadKey("no key")

    assert [type(outcome) for outcome in cached(path, make, request(), request("another"))] == [BadKey, BadKey]


def test_a_stored_reply_that_no_longer_passes_the_shapes_own_checks_is_asked_for_again(path: Path) -> None:
    class Lenient(BaseModel):
        a: str

    class Strict(BaseModel):
        a: str

        @field_validator("a")
        @classmethod
        def _is_long(cls, value: str) -> str:
            if len(value) < 3:
                raise ValueError("too short")
            return value

    assert request(shape=Lenient).key == request(shape=Strict).key
    short, long = (REPLY.model_copy(update={"text": text}) for text in ('{"a": "x"}', '{"a": "xxx"}'))
    assert cached(path, lambda: Fake(short), request(shape=Lenient)) == [short]
    assert cached(path, lambda: Fake(long), request(shape=Strict)) == [long]


def test_when_the_sender_is_cancelled_one_who_waits_sends_the_request_itself(path: Path) -> None:
    async def main(store: Store) -> None:
        gate = asyncio.Event()
        fake = Fake(REPLY, gate=gate)
        client = Cached(store, lambda: fake)
        sender = asyncio.create_task(client.complete(request()))
        waiter = asyncio.create_task(client.complete(request()))
        await asyncio.sleep(0.01)
        sender.cancel()
        gate.set()
        assert await waiter == REPLY
        assert len(fake.requests) == 2
        with pytest.raises(asyncio.CancelledError):
            await sender

    with Store.open(path) as store:
        asyncio.run(main(store))


def test_one_who_waits_can_be_cancelled_alone(path: Path) -> None:
    async def main(store: Store) -> None:
        gate = asyncio.Event()
        client = Cached(store, lambda: Fake(REPLY, gate=gate))
        sender = asyncio.create_task(client.complete(request()))
        waiter = asyncio.create_task(client.complete(request()))
        await asyncio.sleep(0.01)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        gate.set()
        assert await sender == REPLY

    with Store.open(path) as store:
        asyncio.run(main(store))


def test_a_thousand_replies_are_found_in_a_moment(path: Path) -> None:
    with Store.open(path) as store:
        for n in range(1000):
            store.put(request(str(n)), REPLY)
        began = time.monotonic()
        assert all(store.get(request(str(n)).key) for n in range(1000))
        assert time.monotonic() - began < 5
