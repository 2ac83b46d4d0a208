"""A request becomes a validated reply or an error with a name, whatever the endpoint does on the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import httpx2
import pytest
from loopback import Loopback, Scripted
from pydantic import BaseModel

from dlgrade.errors import (
    BadKey,
    CutShort,
    DlgradeError,
    ItemError,
    QuotaExceeded,
    Refused,
    Rejected,
    ServerFailed,
    TooLong,
    UnknownModel,
    Unreachable,
    Unreadable,
)
from dlgrade.llm.client import OpenAIClient
from dlgrade.llm.request import Halted, Reply, Request
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.llm.wire import Listed
from dlgrade.models import Message, Usage

URL = "http://user:password@models.example/v1"
KEY = "my-own-secret-key"


class Mark(BaseModel):
    why: str
    verdict: Literal["met", "missed"]


GOOD = '{"why": "said so", "verdict": "met"}'


class Clock:
    """Time that passes only by sleeping in it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    @property
    def waits(self) -> list[float]:
        return [seconds for seconds in self.slept if seconds]


class Endpoint:
    """Plays responses one after the other, the last one for ever, and keeps the bodies it was sent."""

    def __init__(self, *responses: Any) -> None:
        self.responses = list(responses)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[httpx2.Headers] = []
        self.clock = Clock()
        self.remarks: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(json.loads(request.content or b"{}"))
        self.headers.append(request.headers)
        response = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if isinstance(response, Exception):
            raise response
        made: httpx2.Response = response()
        return made

    def client(self, **changes: Any) -> OpenAIClient:
        options: dict[str, Any] = {
            "on_remark": self.remarks.append,
            "http_client": httpx2.AsyncClient(transport=httpx2.MockTransport(self)),
            "sleep": self.clock.sleep,
            "clock": lambda: self.clock.now,
            "chance": lambda: 0.0,
        }
        return OpenAIClient(KEY, **options | changes)

    def complete(self, **changes: Any) -> Reply:
        async def main() -> Reply:
            client = self.client()
            try:
                return await client.complete(request(**changes))
            finally:
                await client.aclose()

        return asyncio.run(main())

    def fail(self, error: type[DlgradeError], **changes: Any) -> DlgradeError:
        with pytest.raises(error) as caught:
            self.complete(**changes)
        return caught.value


def request(**changes: Any) -> Request:
    messages = (Message(role="system", content="Grade."), Message(role="user", content="An answer."))
    return Request(**{"endpoint": URL, "model": "gpt", "messages": messages, "max_tokens": 100} | changes)


def ok(content: Any = "fine", finish: str = "stop") -> Callable[[], httpx2.Response]:
    body = {
        "model": "gpt-1",
        "choices": [{"message": {"content": content}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
    }
    return lambda: httpx2.Response(200, json=body)


def bad(status: int, headers: dict[str, str] | None = None, **error: Any) -> Callable[[], httpx2.Response]:
    return lambda: httpx2.Response(status, json={"error": error}, headers=headers)


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await main()

    asyncio.run(whole())


# ── what is sent, what comes back ────────────────────────────────────────────────────────────


def test_a_plain_reply_comes_back_with_its_usage() -> None:
    endpoint = Endpoint(ok())
    assert endpoint.complete() == Reply(
        text="fine", model="gpt-1", usage=Usage(prompt_tokens=10, completion_tokens=2, total_tokens=12)
    )
    assert endpoint.bodies == [
        {
            "model": "gpt",
            "messages": [{"role": "system", "content": "Grade."}, {"role": "user", "content": "An answer."}],
            "max_tokens": 100,
        }
    ]


def test_a_shape_is_asked_for_as_a_strict_schema_and_validated_here() -> None:
    endpoint = Endpoint(ok(GOOD))
    assert endpoint.complete(shape=Mark, temperature=0.0).text == GOOD
    sent = endpoint.bodies[0]
    assert sent["temperature"] == 0.0
    assert sent["response_format"]["json_schema"]["strict"] is True


def test_the_sdk_itself_never_retries() -> None:
    endpoint = Endpoint(bad(500, message="oops"))
    endpoint.fail(ServerFailed)
    assert len(endpoint.bodies) == 3


def test_a_server_without_a_key_gets_a_placeholder() -> None:
    endpoint = Endpoint(ok())

    async def main() -> None:
        client = OpenAIClient(None, http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(endpoint)))
        await client.complete(request(endpoint="http://localhost/v1"))
        await client.aclose()

    run(main)
    assert endpoint.headers[0]["authorization"] == "Bearer none"


def test_a_key_that_cannot_be_one_is_a_bad_key_before_anything_is_sent() -> None:
    endpoint = Endpoint(ok())

    async def main() -> None:
        with pytest.raises(BadKey, match="copied"):
            await OpenAIClient("schlüssel").complete(request())

    run(main)
    assert endpoint.bodies == []


def test_a_base_url_that_is_none_is_unreachable_not_a_crash() -> None:
    assert "http://host:abc/v1" in Endpoint(ok()).fail(Unreachable, endpoint="http://host:abc/v1").message


# ── what stops the run ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("response", "error", "advice"),
    [
        (bad(401, message=f"Incorrect API key provided: {KEY}"), BadKey, "OPENAI_API_KEY"),
        (bad(403, message="not in your country"), BadKey, "OPENAI_API_KEY"),
        (bad(400, message="Incorrect API key provided"), BadKey, "OPENAI_API_KEY"),
        (bad(404, message="The model does not exist"), UnknownModel, "--model"),
        (bad(400, message="Invalid model name passed in model=gpt"), UnknownModel, "--model"),
        (bad(429, code="insufficient_quota", message="You exceeded …"), QuotaExceeded, "again"),
        (bad(429, {"retry-after": "3600"}, message="slow down"), QuotaExceeded, "again"),
    ],
)
def test_what_would_fail_for_everybody_stops_at_once_and_says_where_and_what_to_do(
    response: Any, error: type[DlgradeError], advice: str
) -> None:
    endpoint = Endpoint(response)
    raised = endpoint.fail(error)
    assert len(endpoint.bodies) == 1
    assert "http://models.example/v1" in raised.message
    assert "gpt" in raised.message
    assert advice in (raised.hint or "")
    assert KEY not in str(raised)
    assert "password" not in str(raised)


def test_an_endpoint_that_nobody_listens_at_is_unreachable_after_four_tries() -> None:
    endpoint = Endpoint(httpx2.ConnectError("connection refused"))
    raised = endpoint.fail(Unreachable)
    assert "connection refused" in raised.message
    assert len(endpoint.bodies) == 4
    assert endpoint.clock.waits == [0.5, 1, 2]


def test_a_server_that_is_no_api_stops_after_one_retry() -> None:
    endpoint = Endpoint(lambda: httpx2.Response(200, text="<title>Router login</title>"))
    assert "Router login" in endpoint.fail(UnknownModel).message
    assert len(endpoint.bodies) == 2


def test_a_page_instead_of_a_reply_is_one_items_failure_where_others_got_theirs_until_five_got_none() -> None:
    page = lambda: httpx2.Response(200, text="<html><title>Sign in</title></html>")  # noqa: E731
    endpoint = Endpoint(ok(), page, page, ok(), page)
    outcomes: list[str] = []

    async def main() -> None:
        client = endpoint.client()
        for _ in range(9):
            try:
                outcomes.append((await client.complete(request())).text)
            except DlgradeError as error:
                outcomes.append(type(error).__name__)
        await client.aclose()

    run(main)
    assert outcomes == ["fine", "ServerFailed", "fine", *["ServerFailed"] * 5, "UnknownModel"]


# ── what is tried again ──────────────────────────────────────────────────────────────────────


def test_a_rate_limit_is_waited_out_as_long_as_the_server_asks() -> None:
    endpoint = Endpoint(bad(429, {"retry-after": "7"}, message="slow"), bad(429, message="try again in 11s"), ok())
    assert endpoint.complete().text == "fine"
    assert endpoint.clock.waits == [7, 11]
    assert endpoint.remarks[0] == "The rate is limited: everything waits 7 s"


def test_a_rate_limit_without_end_fails_the_item_after_six_tries() -> None:
    endpoint = Endpoint(bad(429, message="slow"))
    assert "--concurrency" in (endpoint.fail(ServerFailed).hint or "")
    assert len(endpoint.bodies) == 6
    assert endpoint.clock.waits == [1, 2, 4, 8, 16]


def test_everybody_waits_when_one_is_told_to() -> None:
    endpoint = Endpoint(bad(429, {"retry-after": "30"}, message="slow"), ok())
    sent_at: list[float] = []
    endpoint_call = endpoint.__call__

    def noted(call: httpx2.Request) -> httpx2.Response:
        sent_at.append(endpoint.clock.now)
        return endpoint_call(call)

    async def main() -> None:
        client = endpoint.client(http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(noted)))
        first = asyncio.create_task(client.complete(request()))
        while not endpoint.bodies:
            await asyncio.sleep(0)
        while not endpoint.clock.slept:
            await asyncio.sleep(0)
        endpoint.clock.now = 10.0  # the first one sleeps; 20 s are left for whoever comes now
        second = asyncio.create_task(client.complete(request()))
        await asyncio.gather(first, second)
        await client.aclose()

    run(main)
    assert sent_at[0] == 0
    assert min(sent_at[1:]) >= 30


@pytest.mark.parametrize(
    ("response", "tries"),
    [
        (bad(408, message="x"), 4),
        (bad(409, message="x"), 4),
        (bad(500, message="x"), 3),
        (lambda: httpx2.Response(502, text="<title>502 Bad Gateway</title>"), 3),
        (httpx2.ReadError("reset by peer"), 4),
        (httpx2.RemoteProtocolError("peer closed connection"), 4),
        (lambda: httpx2.Response(200, text='{"choices": [{"mess'), 4),
        (httpx2.ReadTimeout("slow"), 2),
    ],
)
def test_a_server_that_keeps_failing_fails_the_item_after_its_tries(response: Any, tries: int) -> None:
    endpoint = Endpoint(response)
    endpoint.fail(ServerFailed)
    assert len(endpoint.bodies) == tries


def test_a_failure_that_passes_is_not_seen() -> None:
    endpoint = Endpoint(httpx2.ReadError("reset"), bad(503, message="x"), bad(500, message="x"), ok())
    assert endpoint.complete().text == "fine"


def test_a_model_that_is_loading_is_waited_for() -> None:
    endpoint = Endpoint(*[bad(503, message="Loading model")] * 20, ok())
    assert endpoint.complete().text == "fine"
    assert sum(endpoint.clock.waits) == 100


def test_a_model_that_never_loads_stops_the_run_after_three_minutes() -> None:
    endpoint = Endpoint(bad(503, message="Loading model"))
    endpoint.fail(Unreachable)
    assert sum(endpoint.clock.waits) == 180


def test_a_try_that_takes_too_long_ends_though_bytes_keep_coming() -> None:
    async def slow(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(60)
        raise AssertionError

    endpoint = Endpoint(ok())

    async def main() -> None:
        http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(slow))
        client = endpoint.client(http_client=http_client, timeout=0.02)
        with pytest.raises(ServerFailed, match=r"no reply within 0\.02 s"):
            await client.complete(request())
        await client.aclose()

    began = time.monotonic()
    run(main)
    assert time.monotonic() - began < 5


# ── what a server does not take ──────────────────────────────────────────────────────────────


def test_a_parameter_that_the_model_does_not_take_is_left_out_renamed_or_folded_once_and_for_all() -> None:
    endpoint = Endpoint(
        bad(400, code="unsupported_parameter", param="max_tokens", message="use max_completion_tokens"),
        bad(400, code="unsupported_value", param="temperature", message="only 1"),
        bad(400, code="unsupported_value", param="messages[0].role", message="no system"),
        ok(),
    )

    async def main() -> None:
        client = endpoint.client()
        for _ in range(2):
            await client.complete(request(temperature=0.0))
        await client.aclose()

    run(main)
    expected = {
        "model": "gpt",
        "messages": [{"role": "user", "content": "Grade.\n\nAn answer."}],
        "max_completion_tokens": 100,
    }
    assert endpoint.bodies[3:] == [expected, expected]
    assert endpoint.clock.waits == []


def test_what_one_model_does_not_take_another_still_gets() -> None:
    endpoint = Endpoint(bad(400, code="unsupported_value", param="temperature", message="only 1"), ok())

    async def main() -> None:
        client = endpoint.client()
        await client.complete(request(temperature=0.0))
        await client.complete(request(temperature=0.0, model="other"))
        await client.aclose()

    run(main)
    assert ["temperature" in body for body in endpoint.bodies] == [True, False, True]


def test_many_at_once_learn_the_same_lesson_without_failing() -> None:
    def strict(call: httpx2.Request) -> httpx2.Response:
        if "temperature" in json.loads(call.content):
            return bad(400, code="unsupported_value", param="temperature", message="only 1")()
        return ok()()

    endpoint = Endpoint(ok())

    async def main() -> None:
        client = endpoint.client(http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(strict)))
        replies = await asyncio.gather(*(client.complete(request(temperature=0.0)) for _ in range(20)))
        assert {reply.text for reply in replies} == {"fine"}
        await client.aclose()

    run(main)
    assert len(endpoint.remarks) == 1


def test_a_parameter_that_cannot_be_left_out_fails_the_item() -> None:
    endpoint = Endpoint(bad(400, code="unsupported_parameter", param="stop", message="no stop"))
    assert "no stop" in endpoint.fail(Rejected).message
    assert len(endpoint.bodies) == 1


def test_the_ladder_goes_down_to_what_the_server_takes_and_the_step_is_remembered() -> None:
    no = bad(400, message="This response_format type is unavailable now")
    endpoint = Endpoint(no, no, ok(GOOD))

    async def main() -> None:
        client = endpoint.client()
        for _ in range(2):
            assert (await client.complete(request(shape=Mark))).text == GOOD
        assert client.dialect(URL, "gpt").rung == 2
        await client.aclose()

    run(main)
    formats = [body.get("response_format", {}).get("type") for body in endpoint.bodies]
    assert formats == ["json_schema", "json_object", None, None]
    instructions = [body["messages"][0]["content"] for body in endpoint.bodies]
    assert ["JSON schema" in said for said in instructions] == [False, True, True, True]


def test_a_complaint_about_formats_where_none_was_sent_fails_the_item() -> None:
    endpoint = Endpoint(bad(400, message="bad response_format"))
    endpoint.fail(Rejected)
    assert len(endpoint.bodies) == 1


# ── replies that are no use ──────────────────────────────────────────────────────────────────


def test_a_reply_of_the_wrong_shape_is_asked_for_once_more_with_what_was_wrong() -> None:
    wrong = '{"why": "x", "verdict": "perhaps"}'
    endpoint = Endpoint(ok(wrong), ok(GOOD))
    reply = endpoint.complete(shape=Mark)
    assert reply.text == GOOD
    assert reply.usage == Usage(prompt_tokens=20, completion_tokens=4, total_tokens=24)
    *_, said, complaint = endpoint.bodies[1]["messages"]
    assert said == {"role": "assistant", "content": wrong}
    assert "verdict: Input should be 'met' or 'missed'" in complaint["content"]
    assert "JSON" in complaint["content"]


@pytest.mark.parametrize("content", [None, "", "I would rather not use JSON.", '{"why": 1}'])
def test_a_reply_that_stays_unusable_is_unreadable_and_its_bill_is_known(content: Any) -> None:
    endpoint = Endpoint(ok(content))
    raised = endpoint.fail(Unreadable, shape=Mark)
    assert len(endpoint.bodies) == 2
    assert isinstance(raised, ItemError)
    assert raised.usage == Usage(prompt_tokens=20, completion_tokens=4, total_tokens=24)


def test_a_reply_that_was_cut_short_gets_twice_the_limit_once() -> None:
    endpoint = Endpoint(ok("half of", "length"), ok("all of it"))
    assert endpoint.complete().text == "all of it"
    assert [body["max_tokens"] for body in endpoint.bodies] == [100, 200]


def test_a_reply_cut_short_twice_is_an_error_that_names_the_setting() -> None:
    endpoint = Endpoint(ok("half of", "length"))
    raised = endpoint.fail(CutShort)
    assert "max_tokens" in (raised.hint or "")
    assert len(endpoint.bodies) == 2


def test_a_refusal_is_final_and_its_bill_is_known() -> None:
    endpoint = Endpoint(ok(None, "content_filter"))
    raised = endpoint.fail(Refused)
    assert len(endpoint.bodies) == 1
    assert isinstance(raised, ItemError)
    assert raised.usage is not None


def test_a_prompt_too_long_for_the_model_fails_at_once() -> None:
    endpoint = Endpoint(bad(400, code="context_length_exceeded", message="too long"))
    endpoint.fail(TooLong)
    assert len(endpoint.bodies) == 1


def test_a_prompt_that_fits_alone_gets_a_lower_limit_once() -> None:
    words = "maximum context length is 8192 tokens. However, you requested 9192 tokens (5192 in the messages, 4000 …"
    endpoint = Endpoint(bad(400, message=words), ok())
    assert endpoint.complete(max_tokens=4000).text == "fine"
    assert [body["max_tokens"] for body in endpoint.bodies] == [4000, 3000]


def test_a_limit_lowered_for_the_context_is_not_doubled_past_it() -> None:
    words = "maximum context length is 8192 tokens. However, you requested 9192 tokens (5192 in the messages, 4000 …"
    endpoint = Endpoint(bad(400, message=words), ok("half", "length"))
    endpoint.fail(CutShort, max_tokens=4000)
    assert [body["max_tokens"] for body in endpoint.bodies] == [4000, 3000]


def test_a_prompt_that_was_read_in_part_is_remarked_on_once() -> None:
    endpoint = Endpoint(ok())
    long = (Message(role="user", content="word " * 1000),)

    async def main() -> None:
        client = endpoint.client()
        for _ in range(2):
            await client.complete(request(messages=long))
        await client.aclose()

    run(main)
    assert len(endpoint.remarks) == 1
    assert "larger context" in endpoint.remarks[0]


# ── the end of a run ─────────────────────────────────────────────────────────────────────────


def test_a_wait_between_two_tries_ends_with_the_run_and_what_was_billed_is_told() -> None:
    endpoint = Endpoint(ok("half", "length"), bad(429, {"retry-after": "60"}, message="slow"), ok())

    async def main() -> None:
        client = endpoint.client(sleep=None, clock=time.monotonic)
        waiting = asyncio.create_task(client.complete(request()))
        while len(endpoint.bodies) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        client.halt()
        with pytest.raises(Halted) as caught:
            await waiting
        assert caught.value.usage == Usage(prompt_tokens=10, completion_tokens=2, total_tokens=12)
        with pytest.raises(Halted) as caught:
            await client.complete(request())
        assert caught.value.usage is None
        await client.aclose()

    began = time.monotonic()
    run(main)
    assert time.monotonic() - began < 5
    assert len(endpoint.bodies) == 2


def test_who_waits_for_a_model_whose_quota_has_ended_sends_nothing_and_other_models_go_on() -> None:
    def reply(call: httpx2.Request) -> httpx2.Response:
        if json.loads(call.content)["model"] == "gpt":
            return bad(429, code="insufficient_quota", message="no more")()
        return ok()()

    endpoint = Endpoint(ok())

    async def main() -> None:
        calls: list[httpx2.Request] = []

        def counted(call: httpx2.Request) -> httpx2.Response:
            calls.append(call)
            return reply(call)

        client = endpoint.client(http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(counted)), ceiling=4)
        outcomes = await asyncio.gather(*[client.complete(request()) for _ in range(50)], return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {QuotaExceeded}
        assert len(calls) <= 4
        assert (await client.complete(request(model="other"))).text == "fine"
        await client.aclose()

    run(main)


def test_a_failed_request_says_what_it_was_billed_if_that_is_known() -> None:
    for response, usage in (
        (bad(400, message="no"), Usage()),  # certainly nothing
        (bad(429, message="slow"), Usage()),
        (bad(500, message="oops"), None),  # perhaps something
        (httpx2.ReadError("reset"), None),
        (ok(None, "content_filter"), Usage(prompt_tokens=10, completion_tokens=2, total_tokens=12)),
    ):
        raised = Endpoint(response).fail(ItemError)
        assert isinstance(raised, ItemError)
        assert raised.usage == usage


# ── over a real socket ───────────────────────────────────────────────────────────────────────


def over_the_wire(server: Loopback, key: str | None = None, **changes: Any) -> Reply:
    async def main() -> Reply:
        clock = Clock()
        client = OpenAIClient(key, sleep=clock.sleep, clock=lambda: clock.now)
        try:
            return await client.complete(request(endpoint=server.url, **changes))
        finally:
            await client.aclose()

    return asyncio.run(main())


def test_the_real_sdk_talks_to_a_real_server() -> None:
    with Loopback(key=KEY) as server:
        reply = over_the_wire(server, KEY, shape=Mark)
    assert Mark.model_validate_json(reply.text).verdict == "met"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_resets_half_bodies_and_rate_limits_of_a_real_server_are_overcome() -> None:
    replies = iter(
        [
            Scripted(breaks="before"),
            Scripted(content="half of this is lost", breaks="within"),
            Scripted(status=429, headers={"retry-after": "20"}, body={"error": "slow down"}),
            Scripted(content="whole"),
        ]
    )
    with Loopback(lambda _: next(replies)) as server:
        assert over_the_wire(server).text == "whole"


def test_a_real_server_without_the_right_key_is_a_bad_key() -> None:
    with Loopback(key="another") as server, pytest.raises(BadKey, match=server.url):
        over_the_wire(server, KEY)


def test_a_connection_that_is_reset_every_time_is_the_requests_own_failure() -> None:
    with Loopback(lambda _: Scripted(breaks="before")) as server, pytest.raises(ServerFailed, match="broke off"):
        over_the_wire(server)


def test_a_real_port_that_nobody_listens_at_is_unreachable() -> None:
    with Loopback() as server:
        pass
    with pytest.raises(Unreachable, match=server.url):
        over_the_wire(server)


def test_the_models_of_an_endpoint_are_listed_by_name() -> None:
    with Loopback(models=("small", "large")) as server:

        async def main() -> None:
            client = OpenAIClient()
            assert await client.listing(server.url) == (Listed(id="small"), Listed(id="large"))
            elsewhere = await client.listing(server.url + "/elsewhere")
            assert isinstance(elsewhere, Trouble)
            assert (elsewhere.condition, elsewhere.words) == (
                Condition.UNKNOWN_MODEL,
                "Unknown path: /v1/elsewhere/models",
            )
            await client.aclose()

        run(main)
