"""Of two processes on one cache one asks and the other takes its reply; a dead or sleeping one holds nobody up."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT

from dlgrade.llm import cache, reservations
from dlgrade.llm.cache import Cached
from dlgrade.llm.request import Halted, Reply, Request
from dlgrade.llm.reservations import Reservations
from dlgrade.llm.store import Store
from dlgrade.models import Message

KEY = "0123456789abcdef" * 4
REQUEST = Request(endpoint="http://host/v1", model="m", messages=(Message(role="user", content="What?"),))
OURS, THEIRS = (Reply(text=text, model="m") for text in ("ours", "theirs"))

HOLDER = """
import sys
from pathlib import Path
from dlgrade.llm.reservations import Reservations
reservation = Reservations(Path(sys.argv[1])).on(sys.argv[2])
print(reservation.ours, flush=True)
sys.stdin.readline()
"""


@contextmanager
def another(path: Path, key: str = KEY) -> Iterator[subprocess.Popen[str]]:
    """A process that has reserved a request."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), key],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class Asked:
    """A client that counts."""

    def __init__(self) -> None:
        self.requests = 0

    async def complete(self, request: Request) -> Reply:
        self.requests += 1
        return OURS


def complete(path: Path, *, during: Callable[[Cached, Store], None] | None = None) -> tuple[Reply, int]:
    """The reply to the request, and how many were asked for; `during` is called while it is waited for."""

    async def main(store: Store) -> tuple[Reply, int]:
        asked = Asked()
        client = Cached(store, lambda: asked)
        todo = asyncio.create_task(client.complete(REQUEST))
        try:
            await asyncio.sleep(0.2)
            if during is not None:
                assert not todo.done()
                during(client, store)
            return await todo, asked.requests
        finally:
            await client.aclose()

    with Store.open(path) as store:
        return asyncio.run(main(store))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.sqlite3"


def test_what_another_process_has_reserved_is_not_ours_until_it_ends(path: Path) -> None:
    here = Reservations(path)
    with another(path) as process:
        with here.on(KEY) as reservation, here.on("f" * 64) as free:
            assert not reservation.ours
            assert free.ours
            assert not reservation.again()
            process.kill()
            process.wait()
            assert reservation.again()
        with another(path):
            assert not here.on(KEY).ours
    here.close()


def test_the_reply_that_another_process_gets_is_ours_too(path: Path) -> None:
    with another(path, REQUEST.key):
        reply, asked = complete(path, during=lambda _, store: store.put(REQUEST, THEIRS))
    assert (reply, asked) == (THEIRS.model_copy(update={"cached": True}), 0)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_where_the_other_process_dies_the_request_is_sent_here(path: Path, end: signal.Signals) -> None:
    with another(path, REQUEST.key) as process:
        reply, asked = complete(path, during=lambda *_: process.send_signal(end))
    assert (reply, asked) == (OURS, 1)


def test_a_process_that_sleeps_is_waited_for_no_longer_than_a_while(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_PATIENCE", 0.5)
    with another(path, REQUEST.key) as process:
        process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        assert complete(path) == (OURS, 1)
        assert 0.4 < time.monotonic() - began < 5


def test_the_end_of_the_run_ends_the_wait_for_another_process(path: Path) -> None:
    with another(path, REQUEST.key), pytest.raises(Halted):
        complete(path, during=lambda client, _: client.halt())


def test_whoever_wants_to_hear_the_reply_does_not_wait(path: Path) -> None:
    async def main(store: Store) -> None:
        client = Cached(store, Asked)
        request = REQUEST.model_copy(update={"hear": lambda _: None})
        assert await asyncio.wait_for(client.complete(request), 5) == OURS

    with another(path, REQUEST.key), Store.open(path) as store:
        asyncio.run(main(store))


def test_where_nothing_can_be_reserved_everything_is_ours(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reservations, "lockf", None)
    assert Reservations(path).on(KEY).ours
    assert not [*path.parent.iterdir()]
    monkeypatch.undo()
    assert Reservations(path.parent / "no-folder" / "cache").on(KEY).ours
