"""The same request is never paid for twice, whatever happens to the process or the file."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, create_model, field_validator

from dlgrade.answering import answer_request
from dlgrade.errors import BadKey, DlgradeError, Refused
from dlgrade.grading.asking import grading_request
from dlgrade.grading.evidence import clean
from dlgrade.library import SHIPPED
from dlgrade.llm.cache import Cached
from dlgrade.llm.request import Halted, Reply, Request
from dlgrade.llm.store import Store
from dlgrade.models import Message, Question, Usage
from dlgrade.prompts import Prompts
from dlgrade.rubrics import load_rubric
from dlgrade.settings import Settings

HERE = Path(__file__).parent


def request(question: str = "What is dropout?", **changes: Any) -> Request:
    message = Message(role="user", content=question)
    return Request(**{"endpoint": "http://host/v1", "model": "m", "messages": (message,)} | changes)


REPLY = Reply(text="It drops units.", model="m-1", usage=Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7))


class Fake:
    """A client with replies to give; it keeps the requests it saw."""

    def __init__(self, *outcomes: Reply | DlgradeError | Halted, gate: asyncio.Event | None = None) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[Request] = []
        self.gate = gate
        self.closed = False

    async def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        await (self.gate.wait() if self.gate else asyncio.sleep(0.01))
        if not isinstance(outcome, Reply):
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
    "temperature": st.none() | st.floats(-0.0, 2),
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


@given(st.fixed_dictionaries(PARTS), st.text())
def test_the_key_is_that_of_the_parts_though_what_is_shared_is_hashed_once(parts: dict[str, Any], text: str) -> None:
    first = Request(**parts)
    other = first.model_copy(update={"messages": (*first.messages, Message(role="user", content=text))})
    for asked in (first, other, other.model_copy(update={"temperature": 0.0, "sample": 10})):
        assert asked.key == hashlib.sha256(canonical(asked.parts).encode()).hexdigest()


def canonical(parts: dict[str, Any]) -> str:
    return json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def test_equal_temperatures_that_are_written_differently_have_their_own_keys() -> None:
    keys = {request(temperature=temperature).key for temperature in (0.0, -0.0, None)}
    assert len(keys) == 3
    assert (
        request(temperature=-0.0).key == hashlib.sha256(canonical(request(temperature=-0.0).parts).encode()).hexdigest()
    )


def test_the_key_is_the_same_in_every_process_and_version() -> None:
    assert request().key == "5e4387476091749ebcd3786c4d179085857b5bc19260e395d4629b75e056e754"


@pytest.mark.parametrize("endpoint", ["http://host/v1/", "http://user:secret@host/v1", "http://host/v1?key=secret"])
def test_a_slash_and_credentials_do_not_change_the_key(endpoint: str) -> None:
    assert request(endpoint=endpoint).key == request().key


def test_equal_schemas_of_different_classes_have_the_same_key() -> None:
    one, other = (create_model(name, a=(str, ...)) for name in ("One", "Other"))
    assert request(shape=one).key == request(shape=other).key


def test_what_is_kept_does_not_change_the_key() -> None:
    assert request(keeps=bool).key == request(keeps=None).key == request().key


def test_how_and_as_whom_a_run_asks_does_not_change_the_key() -> None:
    """Timeout, concurrency, key and where replies are kept: settings that reach no request."""
    question = Question(bank="b", position=1, raw="Why?", text="Why?", line=1)
    rubric, cleaned = load_rubric(SHIPPED / "rubrics" / "dropout.yaml"), clean("Units are dropped.")
    prompts = Prompts([SHIPPED / "prompts"])
    plain = Settings(model="m", base_url="http://host/v1")
    other = Settings(
        **plain.model_dump(include={"model"}),
        base_url="http://user:secret@host/v1/",
        api_key=SecretStr("sk-planted"),
        timeout=7,
        concurrency=3,
        cache=Path("elsewhere"),
        cache_size=1,
        table="column",
    )
    assert answer_request(question, prompts, plain).key == answer_request(question, prompts, other).key
    assert grading_request(cleaned, rubric, prompts, plain).key == grading_request(cleaned, rubric, prompts, other).key


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_changed_copy_of_a_request_has_its_own_key(name: str) -> None:
    values: dict[str, Any] = {"messages": (), "shape": SHAPES[1], "temperature": 1.0, "max_tokens": 7, "sample": 7}
    first = request()
    before = first.key
    changed = first.model_copy(update={name: values.get(name, "http://other/v1")})
    assert changed.key == Request(**{field: getattr(changed, field) for field in Request.model_fields}).key != before
    assert first.model_copy().key == first.key == before


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


def test_a_cache_that_is_halted_before_its_client_is_made_halts_that_too(path: Path) -> None:
    class Halting(Fake):
        halted = False

        def halt(self) -> None:
            self.halted = True

    async def main(store: Store) -> None:
        fake = Halting(REPLY)
        client = Cached(store, lambda: fake)
        client.halt()
        await client.complete(request())
        assert fake.halted
        await client.aclose()
        fake.halted = False
        await client.complete(request("for another run"))
        assert not fake.halted

    with Store.open(path) as store:
        asyncio.run(main(store))


@pytest.mark.parametrize("error", [Halted(), BadKey("no")])
def test_the_end_of_the_run_is_shared_and_its_bill_is_not(path: Path, error: Halted | BadKey) -> None:
    error.usage = REPLY.usage
    outcomes = cached(path, lambda: Fake(error), request(), request())
    assert [type(outcome) for outcome in outcomes] == [type(error)] * 2
    assert [outcome.usage for outcome in outcomes if isinstance(outcome, Halted | BadKey)] == [REPLY.usage, None]


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
