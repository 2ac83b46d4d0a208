"""A reply in pieces is the reply that it would have been in one, its words are heard at once, and thinking is not."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import Body, Loopback, Scripted, completion, streamed

from dlgrade.errors import CutShort, DlgradeError, QuotaExceeded, Refused, ServerFailed, UnknownModel
from dlgrade.llm import wire
from dlgrade.llm.client import OpenAIClient
from dlgrade.llm.request import Reply, Request
from dlgrade.llm.streams import Stream
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.llm.wire import THINKING
from dlgrade.models import Message, Usage

RECORDINGS = Path(__file__).parent / "samples" / "wire"
DONE = b"data: [DONE]\n\n"


def event(**delta: Any) -> bytes:
    """One piece; `finish_reason` and what is no delta stand beside it."""
    finish = delta.pop("finish_reason", None)
    data = {"model": "m-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def taken(*chunks: bytes) -> tuple[Stream, list[str]]:
    heard: list[str] = []
    stream = Stream(heard.append)
    for chunk in chunks:
        stream.feed(chunk)
    return stream, heard


def read(stream: Stream) -> Reply | Trouble:
    body = stream.body()
    assert body is not None
    return wire.read(200, {}, body, model="m")


def reply(*chunks: bytes) -> Reply:
    outcome = read(taken(*chunks)[0])
    assert isinstance(outcome, Reply)
    return outcome


# ── pieces ───────────────────────────────────────────────────────────────────────────────────


def test_pieces_become_one_reply_and_are_heard_one_by_one() -> None:
    stream, heard = taken(
        event(content="Drop"), event(content="out "), event(content="helps."), event(finish_reason="stop"), DONE
    )
    assert read(stream) == Reply(text="Dropout helps.", model="m-1")
    assert heard == ["Drop", "out", " helps."]
    assert stream.heard == "Dropout helps."


def test_usage_in_a_last_piece_without_choices_is_the_bill() -> None:
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}\n\n'
    found = reply(event(content="Yes.", finish_reason="stop"), usage, DONE)
    assert found.usage == Usage(prompt_tokens=9, completion_tokens=2, total_tokens=11)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_comments_other_fields_and_any_line_end_are_understood(end: str) -> None:
    lines = ": PROCESSING\n\nevent: message\nid: 7\nretry: 10\n" + event(content="Yes.", finish_reason="stop").decode()
    stream, heard = taken((lines + "data:[DONE]\n\n").replace("\n", end).encode())
    assert (read(stream), heard, stream.done) == (Reply(text="Yes.", model="m-1"), ["Yes."], True)


def test_a_last_line_without_its_end_counts() -> None:
    assert reply(event(content="Yes."), event(finish_reason="stop").rstrip()).text == "Yes."


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c"])
def test_characters_that_some_take_for_line_ends_stand_in_a_text(separator: str) -> None:
    raw = json.dumps({"choices": [{"delta": {"content": "a?b"}, "finish_reason": "stop"}]}).replace("?", separator)
    if separator in "\x0b\x1c":
        raw = raw.replace(separator, json.dumps(separator)[1:-1])
    assert reply(b"data: " + raw.encode() + b"\n\n").text == f"a{separator}b"


def test_the_end_sign_is_end_enough_where_no_reason_is_given() -> None:
    assert reply(event(content="Yes."), DONE).finish_reason == "stop"


@pytest.mark.parametrize("chunks", [(), (event(content="Drop"),), (b": still here\n\n",), (b"data: {not json\n\n",)])
def test_what_broke_off_is_no_reply(chunks: tuple[bytes, ...]) -> None:
    assert taken(*chunks)[0].body() is None


def test_content_as_a_list_of_parts_is_heard_as_text() -> None:
    stream, heard = taken(
        event(content=[{"type": "text", "text": "Yes"}, {"type": "image"}]), event(finish_reason="stop")
    )
    assert (read(stream), heard) == (Reply(text="Yes", model="m-1"), ["Yes"])


def test_an_event_may_have_several_lines_and_one_that_is_broken_is_no_reply() -> None:
    lines = b'data: {"choices": [{"delta":\ndata: {"content": "Yes."},\ndata: "finish_reason": "stop"}],\n'
    lines += b'data: "model": "m-1"}\n\n'
    stream, heard = taken(lines)
    assert (read(stream), heard) == (Reply(text="Yes.", model="m-1"), ["Yes."])
    broken = taken(
        event(content="Yes"), b'data: {"choices": [{"del\n\n', event(content="."), event(finish_reason="stop"), DONE
    )
    assert broken[0].body() is None


def test_a_message_in_one_piece_is_a_reply_and_one_that_follows_its_pieces_is_not_told_again() -> None:
    whole = b'data: {"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}], "model": "m-1"}\n\n'
    for pieces in ((whole,), (event(content="Yes."), whole)):
        stream, heard = taken(*pieces)
        assert (read(stream), heard) == (Reply(text="Yes.", model="m-1"), ["Yes."])


def test_a_refusal_in_pieces_is_one() -> None:
    stream, heard = taken(event(refusal="I will "), event(refusal="not."), event(finish_reason="stop"), DONE)
    outcome = read(stream)
    assert isinstance(outcome, Trouble)
    assert (outcome.condition, outcome.words, heard) == (Condition.REFUSED, "I will not.", [])


@pytest.mark.parametrize(
    "error",
    [
        b'data: {"error": {"code": 503, "message": "upstream is gone"}}\n\n',
        b'data: {"object": "error", "code": 503, "message": "upstream is gone"}\n\n',
        b'data: {"choices": [{"delta": {}, "error": {"code": 503, "message": "upstream is gone"}}]}\n\n',
        b'event: error\ndata: {"code": 503, "message": "upstream is gone"}\n\n',
        b'error: {"code": 503, "message": "upstream is gone"}\n\n',
    ],
)
def test_an_error_after_words_is_that_error_whatever_came_before(error: bytes) -> None:
    outcome = read(taken(event(content="Drop"), error, event(finish_reason="stop"), DONE)[0])
    assert isinstance(outcome, Trouble)
    assert (outcome.condition, outcome.words) == (Condition.OVERLOADED, "upstream is gone")


# ── thinking ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("opening", list(THINKING))
def test_thinking_is_not_heard_however_it_is_cut(opening: str) -> None:
    text = f"\n{opening}Hm, <b>what</b>?{THINKING[opening]}\n\nDropout <em>helps</em>."
    for size in (1, 2, 3, 5, 100):
        pieces = [event(content=text[i : i + size]) for i in range(0, len(text), size)]
        stream, heard = taken(*pieces, event(finish_reason="stop"))
        assert "".join(heard) == "Dropout <em>helps</em>."
        assert stream.heard == reply(*pieces, event(finish_reason="stop")).text


def test_a_text_that_begins_like_thinking_is_heard_once_it_is_none() -> None:
    _, heard = taken(*(event(content=c) for c in "<thin>"))
    assert heard == ["<thin>"]


def test_reasoning_beside_the_content_is_not_heard() -> None:
    _, heard = taken(event(reasoning_content="Hm."), event(reasoning="Hm.", content=""), event(content="Yes."))
    assert heard == ["Yes."]


def test_a_letter_in_two_halves_is_heard_whole() -> None:
    pieces = [event(content="one "), rb'data: {"choices": [{"delta": {"content": "\ud83d"}}]}' + b"\n\n"]
    pieces.append(rb'data: {"choices": [{"delta": {"content": "\ude00 two"}}]}' + b"\n\n")
    stream, heard = taken(*pieces, event(finish_reason="stop"))
    assert heard == ["one", " \U0001f600 two"]
    assert isinstance(whole := read(stream), Reply)
    assert whole.text == "one \U0001f600 two"


def test_half_a_letter_is_heard_as_it_is_read() -> None:
    half = rb'data: {"choices": [{"delta": {"content": "half \ud83d"}}]}' + b"\n\n"
    stream, heard = taken(half, event(content=" end"), event(finish_reason="stop"))
    assert isinstance(whole := read(stream), Reply)
    assert "".join(heard) == whole.text == "half ? end"


def test_a_lone_closing_tag_takes_nothing_of_the_answer_away() -> None:
    stream, heard = taken(
        event(content="Hm. "), event(content="</think>"), event(content="Yes."), event(finish_reason="stop")
    )
    assert reply(event(content="Hm. </think>Yes.", finish_reason="stop")).text == "Yes."
    assert read(stream) == Reply(text="Yes.", model="m-1")
    assert heard == ["Hm."]


# ── however it is cut ────────────────────────────────────────────────────────────────────────


@st.composite
def cut(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    places = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    return [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]


TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("<>/think \n\r\u2028é漢🙂")), max_size=40
)


@given(st.lists(TEXT, min_size=1, max_size=8), st.sampled_from([b"\n", b"\r\n"]), st.data())
def test_any_cut_of_the_bytes_gives_the_same_reply_and_the_same_words(
    texts: list[str], end: bytes, data: st.DataObject
) -> None:
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}\n\n'
    whole = (
        b": hello\n\n" + b"".join(event(content=text) for text in texts) + event(finish_reason="stop") + usage + DONE
    )
    whole = whole.replace(b"\n", end)
    in_one, heard_in_one = taken(whole)
    in_pieces, heard = taken(*data.draw(cut(whole)))
    assert in_pieces.body() == in_one.body()
    assert heard == heard_in_one
    body = json.loads(in_one.body() or b"{}")
    assert body["choices"][0]["message"]["content"] == "".join(texts)
    assert wire.without_thinking("".join(texts)).startswith(in_one.heard) or "</think>" in "".join(texts)


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
@pytest.mark.parametrize(
    ("name", "condition", "words", "tokens"),
    [
        ("sse_openai_usage_chunk_empty_choices", Condition.UNREADABLE, "the reply is empty", 404),
        ("sse_openrouter_comments_then_error_chunk", Condition.REJECTED, "Token limit reached", 53),
    ],
)
def test_what_real_servers_streamed_is_read_with_its_bill(
    name: str, condition: Condition, words: str, tokens: int, size: int
) -> None:
    body = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))["body"].encode()
    stream, heard = taken(*(body[i : i + size] for i in range(0, len(body), size)))
    outcome = read(stream)
    assert isinstance(outcome, Trouble)
    assert (outcome.condition, outcome.words, heard) == (condition, words, [])
    assert outcome.usage is not None
    assert outcome.usage.total_tokens == tokens


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────


class Ear:
    """What was heard in the end, when the first word came, and what was taken back."""

    def __init__(self) -> None:
        self.text = ""
        self.void: list[str] = []
        self.first: float | None = None

    def hear(self, words: str) -> None:
        self.first = self.first or time.monotonic()
        self.text += words

    def unhear(self, why: str) -> None:
        self.void.append(f"{self.text}: {why}")
        self.text = ""


async def at_once(_: float) -> None:
    """No wait between two tries."""


def asked(server: Loopback, ear: Ear, *, key: str | None = None, times: int = 1, **changes: Any) -> Reply:
    async def main() -> Reply:
        client = OpenAIClient(key, sleep=at_once, timeout=20.0)
        messages = (Message(role="user", content="What is dropout?"),)
        request = Request(
            endpoint=server.url, model="m", messages=messages, hear=ear.hear, unhear=ear.unhear, **changes
        )
        try:
            for _ in range(times):
                reply = await client.complete(request)
            return reply
        finally:
            await client.aclose()

    return asyncio.run(main())


def refused(server: Loopback, ear: Ear, error: type[DlgradeError], **changes: Any) -> DlgradeError:
    with pytest.raises(error) as caught:
        asked(server, ear, **changes)
    return caught.value


def script(*answers: Any) -> Any:
    """A `reply` that gives these answers in turn; functions are called with the body."""
    todo = list(answers)

    def reply(body: Body) -> Any:
        answer = todo.pop(0) if len(todo) > 1 else todo[0]
        return answer(body) if callable(answer) else answer

    return reply


def half(body: Body) -> Scripted:
    return Scripted(pieces=streamed(body, "Dropout sets units to zero.")[:3], breaks="within")


def test_words_are_heard_long_before_the_reply_is_whole() -> None:
    ear = Ear()
    with Loopback(lambda _: Scripted(content="one two three four five six", pause=0.1)) as server:
        reply = asked(server, ear)
        ended = time.monotonic()
        assert server.bodies[0]["stream"] is True
    assert (reply.text, ear.text, ear.void) == ("one two three four five six", "one two three four five six", [])
    assert reply.usage is not None
    assert ear.first is not None
    assert ended - ear.first > 0.3


def test_a_stream_is_the_reply_that_comes_without_one() -> None:
    content = "Dropout  sets\n\n- units to *zero*: 漢字 🙂\u2028 done."
    with Loopback(lambda _: content) as server:
        ear = Ear()
        with_stream = asked(server, ear)
        without = asyncio.run(_whole(server))
    assert with_stream == without
    assert ear.text == content


async def _whole(server: Loopback) -> Reply:
    client = OpenAIClient()
    try:
        messages = (Message(role="user", content="What is dropout?"),)
        return await client.complete(Request(endpoint=server.url, model="m", messages=messages))
    finally:
        await client.aclose()


def test_a_server_that_ignores_the_wish_for_a_stream_is_read_whole() -> None:
    ear = Ear()
    with Loopback(lambda body: Scripted(body=completion(body, "Yes, it is."))) as server:
        assert asked(server, ear).text == "Yes, it is."
    assert ear.text == ""


@pytest.mark.parametrize("named", ["application/json", "text/plain"])
def test_a_stream_under_a_wrong_name_is_read_all_the_same(named: str) -> None:
    ear = Ear()
    with Loopback(lambda _: Scripted(content="Yes, it is.", headers={"content-type": named})) as server:
        assert asked(server, ear).text == ear.text == "Yes, it is."
        assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("param", "left"),
    [("stream_options", {"stream": True}), ("stream", {})],
)
def test_a_server_that_takes_no_stream_or_no_options_for_it_is_asked_without_from_then_on(
    param: str, left: dict[str, Any]
) -> None:
    def reply(body: Body) -> Any:
        if param in body:
            error = {"message": f"Unsupported parameter: '{param}'", "param": param, "code": "unsupported_parameter"}
            return Scripted(400, body={"error": error})
        return "Yes."

    ear = Ear()
    with Loopback(reply) as server:
        assert asked(server, ear, times=2).text == "Yes."
        sent = [{key: body[key] for key in ("stream", "stream_options") if key in body} for body in server.bodies]
    assert sent == [{"stream": True, "stream_options": {"include_usage": True}}, left, left]
    assert ear.void == []


def test_a_stream_that_breaks_off_is_void_and_the_next_try_is_heard_from_its_beginning() -> None:
    ear = Ear()
    with Loopback(script(half, half, "Dropout helps.")) as server:
        reply = asked(server, ear)
    assert (reply.text, reply.tries, ear.text) == ("Dropout helps.", 3, "Dropout helps.")
    assert [said.partition(": ")[0] for said in ear.void] == ["Dropout sets", "Dropout sets"]


def test_a_stream_that_ends_without_its_end_is_broken_off_too() -> None:
    ear = Ear()

    def without_end(body: Body) -> Scripted:
        return Scripted(pieces=streamed(body, "Dropout sets units.")[:3])

    with Loopback(script(without_end, "Yes.")) as server:
        assert asked(server, ear).text == "Yes."
    assert ear.void == ["Dropout sets: only a part of the reply came"]


def test_a_stream_that_always_breaks_off_fails_after_its_tries_with_nothing_heard() -> None:
    ear = Ear()
    with Loopback(half) as server:
        refused(server, ear, ServerFailed)
        assert len(server.requests) == 4
    assert (ear.text, len(ear.void)) == ("", 4)


def test_a_reply_cut_at_the_token_limit_is_void_and_asked_for_with_twice_the_limit() -> None:
    def cut_off(body: Body) -> Scripted:
        return Scripted(pieces=streamed(body, "Dropout sets", finish_reason="length"))

    ear = Ear()
    with Loopback(script(cut_off, "Dropout sets units to zero.")) as server:
        reply = asked(server, ear, max_tokens=100)
        assert [body["max_tokens"] for body in server.bodies] == [100, 200]
    assert reply.text == ear.text == "Dropout sets units to zero."
    assert re.fullmatch(r"Dropout sets: it stopped after \d+ tokens", ear.void[0])
    assert reply.usage is not None
    with Loopback(cut_off) as server:
        error = refused(server, Ear(), CutShort)
    assert "max_tokens" in str(error)


def test_a_refusal_in_a_stream_is_no_answer_and_not_tried_again() -> None:
    pieces = (json.loads(event(refusal="I will not.")[6:]), json.loads(event(finish_reason="stop")[6:]), DONE)
    ear = Ear()
    with Loopback(lambda _: Scripted(pieces=pieces)) as server:
        assert "I will not." in str(refused(server, ear, Refused))
        assert len(server.requests) == 1
    assert (ear.text, ear.void) == ("", [])


def test_a_filter_that_stops_a_reply_takes_back_what_was_heard() -> None:
    ear = Ear()
    with Loopback(lambda body: Scripted(pieces=streamed(body, "Take a", finish_reason="content_filter"))) as server:
        refused(server, ear, Refused)
    assert ear.void == ["Take a: the content filter stopped it"]


def test_an_error_after_words_is_tried_again_as_that_error() -> None:
    def failing(body: Body) -> Scripted:
        error = {"error": {"code": 500, "message": "my-own-key is out of memory"}}
        return Scripted(pieces=(*streamed(body, "Dropout sets")[:3], error, DONE))

    ear = Ear()
    with Loopback(script(failing, "Yes.")) as server:
        assert asked(server, ear, key="my-own-key").text == "Yes."
    assert ear.void == ["Dropout sets: [key] is out of memory"]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_key_that_comes_back_is_not_heard_however_it_is_cut(size: int) -> None:
    key = "planted-key-0123456789"
    text = f"Your key is {key}, and plant{key}ed plants-"

    def echoing(body: Body) -> Scripted:
        head = {"model": "m-1"}
        deltas = [{"content": text[i : i + size]} for i in range(0, len(text), size)]
        pieces = [{**head, "choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
        return Scripted(pieces=(*pieces, {**head, "choices": [{"delta": {}, "finish_reason": "stop"}]}, DONE))

    ear = Ear()
    with Loopback(echoing) as server:
        reply = asked(server, ear, key=key)
    assert reply.text == text.replace(key, "[key]")
    assert reply.text.startswith(ear.text)
    assert len(reply.text) - len(ear.text) < len(key)
    assert ear.text.count("[key]") == 2


def test_a_connection_that_stays_open_after_the_last_word_is_not_waited_for() -> None:
    def lingering(body: Body) -> Scripted:
        return Scripted(pieces=(*streamed(body, "Yes."), *([b": still here\n\n"] * 40)), pause=0.1)

    began = time.monotonic()
    with Loopback(lingering) as server:
        assert asked(server, Ear()).text == "Yes."
        took = time.monotonic() - began
    assert took < 3


def test_nor_is_the_end_sign_where_the_text_is_whole() -> None:
    def silent(body: Body) -> Scripted:
        return Scripted(pieces=(*streamed(body, "Yes.")[:-1], *([b": still here\n\n"] * 100)), pause=0.1)

    began = time.monotonic()
    with Loopback(silent) as server:
        reply = asked(server, Ear())
        took = time.monotonic() - began
    assert (reply.text, reply.usage is not None) == ("Yes.", True)
    assert took < 6


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"error": {"message": "?", "code": "insufficient_quota"}}', QuotaExceeded),
        (b"<html><title>Sign in</title></html>", UnknownModel),
    ],
)
def test_what_is_called_a_stream_and_is_none_is_read_as_what_it_is(body: bytes, error: type[DlgradeError]) -> None:
    with Loopback(lambda _: Scripted(pieces=(body[:9], body[9:]))) as server, pytest.raises(error):
        asked(server, Ear())


def test_an_error_before_a_stream_is_read_as_ever() -> None:
    ear = Ear()
    with Loopback(
        script(Scripted(500, body={"error": {"message": "oops"}}), Scripted(503, body="<p>busy</p>"), "Yes.")
    ) as server:
        assert asked(server, ear).text == "Yes."
    assert ear.void == []
