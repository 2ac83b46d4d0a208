"""What a batch brings is worth what the same replies are worth online; what it does not bring is named."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from batch_endpoint import BatchEndpoint, answered, unanswered
from hypothesis import given
from hypothesis import strategies as st
from loopback import Body, Loopback, Scripted, completion
from pydantic import BaseModel

from dlgrade.batching import Batching
from dlgrade.errors import BadKey, InputError, NoBatches, Rejected, ServerFailed
from dlgrade.llm.batch import Batch, Kept, Limits, Result, kept_from, kept_line
from dlgrade.llm.batch_calls import BatchCalls
from dlgrade.llm.batch_files import Folder
from dlgrade.llm.batch_results import Fetched, Submitted
from dlgrade.llm.cache import Cached
from dlgrade.llm.client import OpenAIClient
from dlgrade.llm.dialect import Dialect, body
from dlgrade.llm.request import Client, Request
from dlgrade.llm.store import Store
from dlgrade.models import Message, Usage

KEY = "my-own-secret-key"
RECORDED = Path(__file__).parent / "samples" / "batch"


PLAIN = Batch(id="x", token="t", endpoint="", model="", work="fill", then="", made=0, requests=2)  # noqa: S106


class Mark(BaseModel):
    why: str
    verdict: Literal["met", "missed"]


class Clock:
    """Time that passes only by sleeping in it."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def client(self) -> BatchCalls:
        return BatchCalls(OpenAIClient(KEY, sleep=self.sleep, clock=lambda: self.now))


class Work:
    """A folder, a cache and a server with batches."""

    def __init__(self, place: Path, endpoint: BatchEndpoint, server: Loopback) -> None:
        self.place = place
        self.endpoint = endpoint
        self.server = server
        self.folder = Folder(place / "batches")
        self.store = Store.open(place / "replies.sqlite3")
        self.said: list[str] = []

    def batching(self, **changes: Any) -> Batching:
        options: dict[str, Any] = {"address": lambda url: url, "key": KEY, "say": self.said.append, "settle": 0.0}
        return Batching(self.folder, self.store, Clock().client, **options | changes)

    def request(self, question: str, **changes: Any) -> Request:
        message = Message(role="user", content=question)
        return Request(**{"endpoint": self.server.url, "model": "m", "messages": (message,)} | changes)

    def requests(self, *questions: str, **changes: Any) -> list[tuple[str, Request]]:
        return [(f"q:{question}", self.request(question, **changes)) for question in questions]

    def submit(self, requests: list[tuple[str, Request]], **changes: Any) -> Submitted:
        return self.batching(**changes).submit(requests, self.server.url, work="fill", then="dlgrade fill")

    def begun(self, *questions: str, **changes: Any) -> Batch:
        (batch,) = self.submit(self.requests(*questions, **changes)).batches
        return batch

    def fetch(self, batch: Batch) -> Fetched:
        return self.batching().fetch(batch)

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.place / "batches").glob("*"))


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    endpoint = BatchEndpoint()
    with Loopback(extension=endpoint, key=KEY) as server:
        made = Work(tmp_path, endpoint, server)
        yield made
        made.store.close()


def never() -> Client:
    raise AssertionError("nothing was missing")


# ── what is sent ─────────────────────────────────────────────────────────────────────────────


def test_a_line_is_what_the_endpoint_documents_named_by_the_requests_key(work: Work) -> None:
    request = work.request("What is dropout?", shape=Mark, temperature=0.0)
    work.submit([("q", request)])
    assert work.endpoint.uploads == [
        [{"custom_id": request.key, "method": "POST", "url": "/v1/chat/completions", "body": body(request, Dialect())}]
    ]
    assert len(request.key) == 64


def test_what_is_fetched_answers_the_ordinary_run_with_no_further_call(work: Work) -> None:
    requests = [*work.requests("a", "b", "c"), *work.requests("a", "b", shape=Mark)]
    (batch,) = work.submit(requests).batches
    work.endpoint.finish()
    fetched = work.fetch(batch)
    assert (fetched.stored, fetched.whole) == (5, True)
    client = Cached(work.store, never)
    for _, request in requests:
        reply = asyncio.run(client.complete(request))
        expected = answered(body(request, Dialect()))["body"]["choices"][0]["message"]["content"]
        assert (reply.text, reply.cached) == (expected, True)


def test_equal_requests_are_sent_once_and_cached_ones_not_at_all(work: Work) -> None:
    batch = work.begun("a", "b")
    work.endpoint.finish()
    work.fetch(batch)
    submitted = work.submit(work.requests("a", "c", "c", "b"))
    assert (submitted.cached, [one.requests for one in submitted.batches]) == (2, [1])
    assert [len(lines) for lines in work.endpoint.uploads] == [2, 1]


def test_what_a_batch_has_is_not_sent_again_until_it_was_fetched(work: Work) -> None:
    batch = work.begun("a", "b")
    for status in ("validating", "in_progress", "finalizing", "completed"):
        work.endpoint.say(status)
        submitted = work.submit(work.requests("a", "b"))
        assert (submitted.batches, submitted.held) == ((), {batch.id: 2})
    assert work.submit(work.requests("b", "c")).held == {batch.id: 1}
    assert [len(lines) for lines in work.endpoint.uploads] == [2, 1]


def test_files_are_split_by_the_number_of_requests(work: Work) -> None:
    requests = work.requests(*"abcdefg")
    submitted = work.submit(requests, limits=Limits(requests=3))
    assert [batch.requests for batch in submitted.batches] == [3, 3, 1]
    sent = [line["custom_id"] for lines in work.endpoint.uploads for line in lines]
    assert sent == [request.key for _, request in requests]


def test_files_are_split_by_their_size(work: Work) -> None:
    requests = work.requests(*("x" * n for n in (100, 900, 300, 700, 50, 51, 800)))
    work.submit(requests, limits=Limits(bytes=2000))
    sizes = [len(work.endpoint.files[batch["input_file_id"]]) for batch in work.endpoint.batches.values()]
    assert max(sizes) <= 2000
    assert len(sizes) < len(requests)
    sent = [line["custom_id"] for lines in work.endpoint.uploads for line in lines]
    assert sorted(sent) == sorted(request.key for _, request in requests)


def test_a_request_that_is_larger_than_any_file_is_named_and_the_others_go(work: Work) -> None:
    submitted = work.submit(work.requests("a", "x" * 3000), limits=Limits(bytes=2000))
    assert [failure.kind for failure in submitted.failures] == ["too_long"]
    assert [batch.requests for batch in submitted.batches] == [1]


def test_a_batch_has_one_model(work: Work) -> None:
    requests = [*work.requests("a"), *work.requests("a", "b", model="other"), *work.requests("c")]
    submitted = work.submit(requests)
    assert {(batch.model, batch.requests) for batch in submitted.batches} == {("m", 2), ("other", 2)}
    assert [{line["body"]["model"] for line in lines} for lines in work.endpoint.uploads] == [{"m"}, {"other"}]


# ── states ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["validating", "in_progress", "finalizing", "cancelling", "something new"])
def test_a_batch_that_has_not_ended_brings_nothing_and_keeps_its_requests(work: Work, status: str) -> None:
    batch = work.begun("a")
    work.endpoint.say(status)
    fetched = work.fetch(batch)
    assert (fetched.batch.state, fetched.batch.ended, fetched.stored, fetched.whole) == (status, False, 0, False)
    assert "download" not in work.endpoint.steps
    assert work.submit(work.requests("a")).batches == ()


def test_a_batch_that_failed_says_why_and_its_requests_can_be_sent_again(work: Work) -> None:
    batch = work.begun("a", "b")
    errors = [
        {"code": "invalid_json_line", "line": 2, "message": "This line is not parseable.", "param": None},
        {"code": "token_limit_exceeded", "line": None, "message": "Enqueued token limit reached.", "param": None},
    ]
    work.endpoint.say("failed", errors={"object": "list", "data": errors})
    fetched = work.fetch(batch)
    assert fetched.batch.said is not None
    assert fetched.batch.said.errors == ("line 2: This line is not parseable.", "Enqueued token limit reached.")
    assert fetched.undone == ("q:a", "q:b")
    assert [one.requests for one in work.submit(work.requests("a", "b")).batches] == [2]


def test_a_batch_that_failed_holds_nothing_even_before_it_was_fetched(work: Work) -> None:
    work.begun("a")
    work.endpoint.say("failed", errors=None)
    assert len(work.submit(work.requests("a")).batches) == 1


@pytest.mark.parametrize("ended", ["expired", "cancelled"])
def test_of_a_batch_that_ended_early_what_was_done_is_taken_and_the_rest_goes_into_the_next(
    work: Work, ended: str
) -> None:
    batch = work.begun("a", "b", "c")
    work.endpoint.finish(done=1, as_=ended)
    fetched = work.fetch(batch)
    assert (fetched.stored, fetched.failures, sorted(fetched.undone)) == (1, (), ["q:b", "q:c"])
    submitted = work.submit(work.requests("a", "b", "c"))
    assert (submitted.cached, [one.requests for one in submitted.batches]) == (1, [2])


def test_a_batch_may_end_with_no_file_at_all(work: Work) -> None:
    batch = work.begun("a")
    work.endpoint.say("completed")
    fetched = work.fetch(batch)
    assert (fetched.stored, fetched.undone, fetched.whole) == (0, ("q:a",), False)


@pytest.mark.parametrize(
    ("name", "state", "ended"), [("validating", "validating", False), ("completed", "completed", True)]
)
def test_real_batches_are_understood(name: str, state: str, ended: bool) -> None:
    recorded = json.loads((RECORDED / f"batch_{state}_openai.json").read_text(encoding="utf-8"))["body"]
    batch = PLAIN.told(recorded, 1.0)
    assert batch.said is not None
    assert (batch.state, batch.ended, batch.batch_id) == (state, ended, recorded["id"])
    assert batch.said.output_file == recorded["output_file_id"]
    assert (batch.said.error_file, batch.said.errors) == (None, ())
    assert batch.said.completed == recorded["request_counts"]["completed"]
    assert not PLAIN.made_of(recorded)


SAID = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
FIELDS = ["id", "status", "request_counts", "errors", "output_file_id", "metadata", "input_file_id", "data", "total"]


@given(st.dictionaries(st.sampled_from(FIELDS), SAID | st.dictionaries(st.sampled_from(FIELDS), SAID)))
def test_whatever_a_server_says_of_a_batch_it_stays_a_batch(data: dict[str, Any]) -> None:
    told = PLAIN.told(data, 1.0)
    assert Batch.model_validate_json(told.model_dump_json()) == told
    assert not PLAIN.made_of(data)


# ── what comes back ──────────────────────────────────────────────────────────────────────────


def said(content: str | None, finish: str = "stop", **message: Any) -> Callable[[Body], Body]:
    def respond(asked: Body) -> Body:
        whole = completion(asked, content or "", finish_reason=finish)
        whole["choices"][0]["message"] |= {"content": content, **message}
        return {"status_code": 200, "body": whole}

    return respond


@pytest.mark.parametrize(
    ("respond", "kind", "words"),
    [
        (unanswered(400, code="context_length_exceeded", message="maximum context length is 9"), "too_long", "is 9"),
        (unanswered(429, code="insufficient_quota", message="You exceeded it."), "quota_exceeded", "You exceeded it."),
        (unanswered(400, code="content_filter", message="no such talk"), "refused", "no such talk"),
        (unanswered(500, message="it broke"), "server_failed", "it broke"),
        (unanswered(400, message=f"odd, with {KEY} in it"), "rejected", "odd, with [key] in it"),
        (said(None, refusal="I will not."), "refused", "I will not."),
        (said("half of", finish="length"), "cut_short", "tokens"),
        (said(""), "unreadable", "empty"),
        (said("TODO"), "unreadable", "placeholder"),
    ],
)
def test_what_is_no_reply_is_named_as_it_would_be_online_and_is_not_stored(
    work: Work, respond: Callable[[Body], Body], kind: str, words: str
) -> None:
    batch = work.begun("a")
    work.endpoint.finish(respond)
    fetched = work.fetch(batch)
    assert [(failure.id, failure.kind) for failure in fetched.failures] == [("q:a", kind)]
    assert words in fetched.failures[0].message
    assert (fetched.stored, work.store.get(work.request("a").key)) == (0, None)
    assert [one.requests for one in work.submit(work.requests("a")).batches] == [1]


def test_a_reply_that_does_not_fit_its_shape_is_not_stored(work: Work) -> None:
    batch = work.begun("a", shape=Mark)
    work.endpoint.finish(said('{"why": "so", "verdict": "perhaps"}'))
    fetched = work.fetch(batch)
    assert [failure.kind for failure in fetched.failures] == ["unreadable"]
    assert "verdict" in fetched.failures[0].message


def test_failed_cut_and_refused_replies_count_as_billed(work: Work) -> None:
    batch = work.begun("a", "b")
    outcomes = [said("half of", finish="length"), said(None, refusal="I will not.")]
    expected = sum((Usage(**one({"messages": []})["body"]["usage"]) for one in outcomes), Usage())
    work.endpoint.finish(lambda asked: outcomes.pop()({"messages": []}))
    fetched = work.fetch(batch)
    assert fetched.usage == expected
    assert fetched.batch.taken is not None
    assert fetched.batch.taken.usage == expected


def test_an_error_beside_the_response_is_the_requests_own(work: Work) -> None:
    batch = work.begun("a")
    error = {"code": "server_error", "message": "lost it"}
    line = json.dumps({"custom_id": work.request("a").key, "response": None, "error": error}).encode()
    work.endpoint.say("completed", error_file_id=work.endpoint.put(line))
    (failure,) = work.fetch(batch).failures
    assert (failure.kind, "lost it" in failure.message) == ("server_failed", True)


def test_lines_that_make_no_sense_are_reported_and_the_others_count(work: Work) -> None:
    batch = work.begun("a", "b")
    good = [
        json.dumps({"custom_id": request.key, "response": answered(body(request, Dialect())), "error": None}).encode()
        for _, request in work.requests("a", "b")
    ]
    lines = [
        b"no json",
        good[0],
        b"[1]",
        b"",
        good[0],
        b'{"custom_id": "stranger"}',
        b"\xff\xfe",
        good[1],
        b'{"custom_id"',
    ]
    work.endpoint.say("completed", output_file_id=work.endpoint.put(*lines))
    fetched = work.fetch(batch)
    assert (fetched.stored, fetched.whole) == (2, True)
    assert [complaint.partition(": ")[0] for complaint in fetched.complaints] == [
        f"output:{number}" for number in (1, 3, 5, 6, 7, 9)
    ]
    assert "a second line for q:a" in fetched.complaints[2]


def test_of_a_thousand_broken_lines_a_few_are_shown(work: Work) -> None:
    batch = work.begun("a")
    work.endpoint.say("completed", output_file_id=work.endpoint.put(*[b"nonsense"] * 1000))
    complaints = work.fetch(batch).complaints
    assert len(complaints) == 11
    assert complaints[-1] == "and 990 lines more that make no sense"


@given(st.binary() | SAID.map(lambda value: json.dumps(value).encode()))
def test_no_line_is_too_odd_to_be_read_or_refused(line: bytes) -> None:
    try:
        Result.read(line)
    except ValueError as error:
        assert str(error)


@given(
    st.fixed_dictionaries(
        {"custom_id": st.just("k")},
        optional={
            "response": SAID | st.fixed_dictionaries({"status_code": SAID | st.integers(100, 599), "body": SAID}),
            "error": SAID | st.fixed_dictionaries({"code": SAID, "message": SAID}),
        },
    )
)
def test_no_response_is_too_odd_to_be_a_reply_or_a_named_trouble(data: dict[str, Any]) -> None:
    request = Request(endpoint="http://h/v1", model="m", messages=(Message(role="user", content="q"),))
    Result.read(json.dumps(data).encode()).reply(request)


# ── again and again ──────────────────────────────────────────────────────────────────────────


def test_fetching_twice_changes_nothing_and_brings_back_what_the_cache_lost(work: Work) -> None:
    batch = work.begun("a", "b")
    work.endpoint.finish()
    first = work.fetch(batch)
    second = work.fetch(batch)
    assert (second.stored, second.usage, second.failures) == (first.stored, first.usage, first.failures)
    work.store.close()
    for path in work.place.glob("replies.sqlite3*"):
        path.unlink()
    work.store = Store.open(work.place / "replies.sqlite3")
    work.fetch(batch)
    assert work.store.get(work.request("a").key) is not None


def test_a_download_that_breaks_is_made_again(work: Work) -> None:
    batch = work.begun("a", "b")
    work.endpoint.finish()
    broken = [Scripted(body=b"x" * 5000, breaks="within"), Scripted(breaks="before"), Scripted(status=500)]
    work.endpoint.before = lambda step: broken.pop() if step == "download" and broken else None
    assert work.fetch(batch).stored == 2
    assert broken == []


def test_a_download_that_never_succeeds_leaves_nothing_half_done(work: Work) -> None:
    batch = work.begun("a", "b")
    work.endpoint.finish()
    before = work.files()
    work.endpoint.before = lambda step: Scripted(body=b"x" * 5000, breaks="within") if step == "download" else None
    with pytest.raises(ServerFailed, match="broke off"):
        work.fetch(batch)
    assert work.files() == before
    assert work.store.get(work.request("a").key) is None
    assert work.submit(work.requests("a")).held == {batch.id: 1}
    work.endpoint.before = lambda _: None
    assert work.fetch(batch).whole


def test_a_request_that_was_damaged_on_disk_is_named_and_the_others_count(work: Work) -> None:
    batch = work.begun("a", "b")
    path = work.folder.file(batch, ".requests")
    path.write_bytes(path.read_bytes().replace(b'"content":"a"', b'"content":"z"'))
    work.endpoint.finish()
    fetched = work.fetch(batch)
    assert (fetched.stored, [failure.id for failure in fetched.failures]) == (1, ["q:a"])


@given(
    content=st.text(st.characters(codec="utf-8")),
    temperature=st.none() | st.floats(0, 2),
    shape=st.sampled_from([None, Mark]),
    sample=st.integers(0, 3),
)
def test_a_request_that_was_written_down_has_the_key_that_it_had(
    content: str, temperature: float | None, shape: type[BaseModel] | None, sample: int
) -> None:
    message = Message(role="user", content=content)
    request = Request(
        endpoint="http://me:secret@h/v1",
        model="m",
        messages=(message,),
        shape=shape,
        temperature=temperature,
        sample=sample,
    )
    line = kept_line(Kept(request.key, "q", request))
    assert b"secret@" not in line
    assert kept_from(line).request.key == request.key
    assert (line.count(b"\n"), line[64:65]) == (1, b"\t")


# ── no batch is submitted twice ──────────────────────────────────────────────────────────────


def test_a_batch_whose_beginning_was_not_confirmed_is_found_and_not_begun_again(work: Work) -> None:
    lost = [Scripted(breaks="before")]
    work.endpoint.after = lambda step: lost.pop() if step == "create" and lost else None
    batch = work.begun("a")
    assert batch.batch_id in work.endpoint.batches
    assert (len(work.endpoint.batches), work.endpoint.steps.count("create")) == (1, 1)


@pytest.mark.parametrize("keeps_metadata", [True, False])
def test_it_is_found_on_a_later_page_and_where_the_server_keeps_no_metadata(work: Work, keeps_metadata: bool) -> None:
    work.endpoint.page = 1
    work.endpoint.keeps_metadata = keeps_metadata

    def lost(step: str) -> Scripted | None:
        if step == "create":  # and others begin theirs meanwhile
            mine = next(iter(work.endpoint.batches.values()))
            work.endpoint.batches |= {
                f"b{n}": {**mine, "id": f"b{n}", "input_file_id": "f", "metadata": {}} for n in range(3)
            }
            return Scripted(status=500)
        return None

    work.endpoint.after = lost
    batch = work.begun("a")
    assert batch.batch_id == next(iter(work.endpoint.batches))
    assert (work.endpoint.steps.count("create"), work.endpoint.steps.count("list")) == (1, 4)


def test_a_list_that_never_ends_is_left(work: Work) -> None:
    page = Scripted(body={"data": [{"id": "b1"}], "has_more": True})
    work.endpoint.before = {"create": Scripted(status=500), "list": page}.get
    assert isinstance(work.submit(work.requests("a")).stopped, ServerFailed)


def test_a_batch_that_the_server_never_saw_is_begun_once_more(work: Work) -> None:
    lost = [Scripted(breaks="before")]
    work.endpoint.before = lambda step: lost.pop() if step == "create" and lost else None
    work.begun("a")
    assert (len(work.endpoint.batches), work.endpoint.steps) == (1, ["upload", "create", "list", "create"])


def test_a_beginning_is_looked_for_again_when_it_had_time_to_settle(work: Work) -> None:
    hidden: list[Body] = []

    def late(step: str) -> Scripted | None:
        if step == "create":
            hidden.append(work.endpoint.batches.copy())
            work.endpoint.batches.clear()
            return Scripted(breaks="before")
        if step == "list" and work.endpoint.steps.count("list") == 1:
            work.endpoint.batches |= hidden.pop()
        return None

    work.endpoint.after = late
    started = time.monotonic()
    (batch,) = work.submit(work.requests("a"), settle=0.5).batches
    assert time.monotonic() - started >= 0.5
    assert (batch.batch_id, work.endpoint.steps) == (
        next(iter(work.endpoint.batches)),
        ["upload", "create", "list", "list"],
    )


def test_while_nobody_can_say_whether_it_was_begun_it_is_not_begun_again(work: Work) -> None:
    down = {"list": Scripted(status=500)}
    work.endpoint.before = down.get
    work.endpoint.after = lambda step: Scripted(breaks="before") if step == "create" else None
    submitted = work.submit(work.requests("a"))
    assert isinstance(submitted.stopped, ServerFailed)
    (batch,) = work.folder.all()
    assert batch.state == "unsure"
    assert work.submit(work.requests("a")).held == {batch.id: 1}
    down.clear()
    assert work.batching().updated(batch).state == "validating"
    assert work.submit(work.requests("a")).held == {batch.id: 1}
    assert work.endpoint.steps.count("create") == 1


@pytest.mark.parametrize("step", ["upload", "create"])
@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_batches_is_named_and_nothing_is_left_behind(work: Work, step: str, status: int) -> None:
    work.endpoint.before = lambda name: Scripted(status=status, body="not here") if name == step else None
    stopped = work.submit(work.requests("a")).stopped
    assert isinstance(stopped, NoBatches)
    assert (stopped.exit_code, "has no batches" in str(stopped), work.files()) == (3, True, [])


def test_a_server_that_refuses_the_batch_says_why_and_nothing_is_left_behind(work: Work) -> None:
    refused = Scripted(status=400, body={"error": {"message": "You have too many batches."}})
    work.endpoint.before = lambda step: refused if step == "create" else None
    stopped = work.submit(work.requests("a")).stopped
    assert isinstance(stopped, Rejected)
    assert ("too many batches" in str(stopped), work.folder.all()) == (True, ())


@pytest.mark.parametrize("step", ["upload", "create", "batch", "download"])
def test_a_limited_rate_is_waited_for_at_each_step(work: Work, step: str) -> None:
    limited = [Scripted(status=429, headers={"retry-after": "1"}, body={"error": {"message": "slow down"}})]
    work.endpoint.before = lambda name: limited.pop() if name == step and limited else None
    batch = work.begun("a")
    work.endpoint.finish()
    assert work.fetch(batch).whole
    assert limited == []


def test_a_key_that_is_not_taken_stops_it(work: Work) -> None:
    work.server.key = "another"
    assert isinstance(work.submit(work.requests("a")).stopped, BadKey)
    assert work.folder.all() == ()


def test_when_a_later_batch_fails_the_earlier_ones_stay_and_the_rest_is_free(work: Work) -> None:
    work.endpoint.before = lambda step: (
        Scripted(status=400, body={"error": {"message": "enough"}})
        if step == "create" and len(work.endpoint.batches) == 1
        else None
    )
    submitted = work.submit(work.requests("a", "b", "c"), limits=Limits(requests=1))
    assert (len(submitted.batches), isinstance(submitted.stopped, Rejected)) == (1, True)
    work.endpoint.before = lambda _: None
    again = work.submit(work.requests("a", "b", "c"))
    assert (again.held, [batch.requests for batch in again.batches]) == ({submitted.batches[0].id: 1}, [2])


def test_a_batch_that_the_server_does_not_know_keeps_its_requests_until_it_is_forgotten(work: Work) -> None:
    batch = work.begun("a")
    work.endpoint.batches.clear()
    with pytest.raises(Rejected, match="does not know"):
        work.fetch(batch)
    assert work.submit(work.requests("a")).held == {batch.id: 1}
    work.batching().forget(batch)
    assert len(work.submit(work.requests("a")).batches) == 1


def test_a_cancelled_batch_can_be_fetched_when_it_has_ended(work: Work) -> None:
    batch = work.begun("a", "b")
    cancelled = work.batching().cancelled(batch)
    assert cancelled is not None
    assert cancelled.state == "cancelling"
    work.endpoint.finish(done=1, as_="cancelled")
    assert work.fetch(batch).stored == 1
    with pytest.raises(InputError, match="has ended: cancelled"):
        work.batching().cancelled(batch)


SUBMITTER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_batch import Work
from loopback import Loopback
work = Work.__new__(Work)
server = type("Server", (), {"url": sys.argv[2]})()
Work.__init__(work, Path(sys.argv[1]), None, server)
print("ready", flush=True)
sys.stdin.readline()
done = work.submit(work.requests(*"abcdefgh"))
print(sum(batch.requests for batch in done.batches), sum(done.held.values()))
"""


def test_two_processes_that_submit_the_same_at_once_submit_it_once(work: Work) -> None:
    command = [sys.executable, "-c", SUBMITTER, str(work.place), work.server.url, str(Path(__file__).parent)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate()[0].strip() for process in processes)
    assert said == ["0 8", "8 0"]
    assert (len(work.endpoint.batches), work.endpoint.steps.count("create")) == (1, 1)


# ── time ─────────────────────────────────────────────────────────────────────────────────────


class Trickle(httpx2.AsyncByteStream):
    """A body that takes its time."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(5):
            await asyncio.sleep(0.1)
            yield b'{"id": 1}\n'


def test_a_large_file_has_more_time_than_a_reply(tmp_path: Path) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=Trickle()))
    asks = OpenAIClient(KEY, timeout=0.3, http_client=httpx2.AsyncClient(transport=transport), sleep=Clock().sleep)
    client = BatchCalls(asks)

    async def main() -> None:
        await client.download("http://h/v1", "file", tmp_path / "file", model="m")
        with pytest.raises(ServerFailed, match="did not finish in time"):
            await client.batch("http://h/v1", "batch", model="m")
        await client.aclose()

    asyncio.run(main())
    assert (tmp_path / "file").read_bytes() == b'{"id": 1}\n' * 5


# ── the folder ───────────────────────────────────────────────────────────────────────────────


def test_leftovers_of_a_plan_that_was_not_finished_go_with_the_next_one(work: Work) -> None:
    batch = work.begun("a")
    for suffix in (".requests", ".upload"):
        work.folder.file(batch.model_copy(update={"id": "dead"}), suffix).write_text("x")
    work.submit(work.requests("b"))
    assert not [name for name in work.files() if name.startswith("dead") or name.endswith(".upload")]


def test_a_batch_is_named_by_its_id_its_beginning_or_the_servers_name(work: Work) -> None:
    batch = work.begun("a")
    for name in (batch.id, batch.id[:3], batch.batch_id):
        assert work.folder.named(str(name)) == batch
    for wrong in ("zz", ""):
        with pytest.raises(InputError, match=f"no batch is called '{wrong}'"):
            work.folder.named(wrong)


def test_a_state_that_cannot_be_read_is_named_and_never_taken_for_none(work: Work) -> None:
    batch = work.begun("a")
    work.folder.file(batch, ".json").write_text('{"id": ')
    with pytest.raises(InputError, match=rf"{batch.id}\.json: not a batch"):
        work.submit(work.requests("a"))


def test_the_key_is_in_no_file(work: Work) -> None:
    batch = work.begun("a")
    work.endpoint.finish(unanswered(401, code="invalid_api_key", message=f"Incorrect API key provided: {KEY}"))
    failures = work.fetch(batch).failures
    assert [failure.kind for failure in failures] == ["bad_key"]
    assert KEY not in str(failures)
    assert not [path for path in work.place.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
