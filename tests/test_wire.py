"""Whatever a server sends is a reply or a trouble with a name, and the trouble says what the server said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from dlgrade.errors import BadKey, DlgradeError, EndpointError, ItemError, QuotaExceeded, TooLong
from dlgrade.llm import wire
from dlgrade.llm.request import Reply
from dlgrade.llm.secrets import scrubbed
from dlgrade.llm.trouble import ACTIONS, LONGEST_WAIT, Condition, Trouble, error_for, wait_before_retry
from dlgrade.llm.waits import asked_wait, duration
from dlgrade.models import Usage

RECORDINGS = Path(__file__).parent / "samples" / "wire"

# recording -> the reply's text, or the condition and a part of the words
REPLIES = {
    "ok_cached_tokens_openai": "Hello!",
    "ok_content_is_list_mistral": "4",
    "ok_json_in_json_fence_openai": "```json\n{",
    "ok_json_object_ollama_reasoning": '{"result": 8}',
    "ok_json_schema_groq_reasoning_extra_usage": '{"city":"Mexico City","country":"Mexico"}',
    "ok_json_schema_openai": '{"city":"Mexico City","country":"Mexico"}',
    "ok_json_schema_openrouter_cost": '{"name":"John","age":30}',
    "ok_json_schema_perplexity_delta_in_message": '{"result":8}',
    "ok_multiple_choices_proxy_litellm": "Not much, just here to help you with anything",
    "ok_reasoning_content_deepseek": "Crossing the street safely",
    "ok_reasoning_tokens_azure_latency_checkpoint": "16",
}
TROUBLES = {
    "err_200_json_without_choices": (Condition.NOT_A_REPLY, "no choices"),
    "err_400_deepseek_context_octet_stream": (Condition.TOO_LONG, "maximum context length is 1048565"),
    "err_400_groq_tool_use_failed_generation": (Condition.UNREADABLE, "Tool call validation failed"),
    "err_400_ollama_context": (Condition.TOO_LONG, "prompt too long"),
    "err_400_openai_context_length_responses": (Condition.TOO_LONG, "exceeds the context window"),
    "err_400_openai_unsupported_parameter_stop": (Condition.UNSUPPORTED, "'stop' is not supported"),
    "err_400_openai_unsupported_value_role_system": (Condition.UNSUPPORTED, "does not support 'system'"),
    "err_400_openrouter_context_nested": (Condition.TOO_LONG, "maximum context length is 200000"),
    "err_400_perplexity_too_many_prompt_tokens": (Condition.TOO_LONG, "all messages is too long"),
    "err_401_azure_string_code": (Condition.BAD_KEY, "invalid subscription key"),
    "err_401_mistral_detail": (Condition.BAD_KEY, "Invalid API Key"),
    "err_401_openai_invalid_key": (Condition.BAD_KEY, "Incorrect API key provided"),
    "err_401_openrouter_no_type": (Condition.BAD_KEY, "Missing Authentication header"),
    "err_404_azure_resource_not_found": (Condition.UNKNOWN_MODEL, "Resource not found"),
    "err_429_openrouter_upstream": (
        Condition.RATE_LIMIT,
        "Provider returned error: google/gemini-2.0-flash-exp:free is",
    ),
    "length_plain_azure": (Condition.LENGTH, "after 10 tokens"),
    "length_think_tag_never_closed_huggingface": (Condition.LENGTH, "after 100 tokens"),
    "length_truncated_json_openai": (Condition.LENGTH, "after 1 tokens"),
    "refusal_openai": (Condition.REFUSED, "I can't assist with that"),
    "sse_openai_usage_chunk_empty_choices": (Condition.NOT_A_REPLY, "data: {"),
    "sse_openrouter_comments_then_error_chunk": (Condition.NOT_A_REPLY, "OPENROUTER PROCESSING"),
}


class City(BaseModel):
    city: str
    country: str


def recorded(name: str, shape: type[BaseModel] | None = None) -> Reply | Trouble:
    case = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return got(case["status"], case["body"], case["headers"], shape)


def got(
    status: int, body: Any, headers: dict[str, str] | None = None, shape: type[BaseModel] | None = None
) -> Reply | Trouble:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return wire.read(status, headers or {}, data, model="asked", shape=shape)


def trouble(status: int, body: Any, headers: dict[str, str] | None = None) -> Trouble:
    outcome = got(status, body, headers)
    assert isinstance(outcome, Trouble)
    return outcome


def said(content: Any, shape: type[BaseModel] | None = None, finish: Any = "stop", **message: Any) -> Reply | Trouble:
    choice = {"message": {"content": content, **message}, "finish_reason": finish}
    return got(200, {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}, None, shape)


def text(outcome: Reply | Trouble) -> str:
    assert isinstance(outcome, Reply)
    return outcome.text


# ── recordings ───────────────────────────────────────────────────────────────────────────────


def test_every_recording_is_in_a_table() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.json")} == REPLIES.keys() | TROUBLES.keys()


@pytest.mark.parametrize(("name", "begins"), REPLIES.items())
def test_a_recorded_reply_is_its_content_with_its_usage(name: str, begins: str) -> None:
    reply = recorded(name)
    assert text(reply).startswith(begins)
    assert reply.usage is not None
    assert reply.usage.total_tokens > 0


@pytest.mark.parametrize(("name", "expected"), TROUBLES.items())
def test_a_recorded_trouble_has_its_name_and_the_servers_own_words(name: str, expected: tuple[Condition, str]) -> None:
    outcome = recorded(name)
    assert isinstance(outcome, Trouble)
    assert outcome.condition is expected[0]
    assert expected[1] in outcome.words


def test_what_a_refused_or_cut_reply_cost_is_kept() -> None:
    assert recorded("refusal_openai").usage == Usage(prompt_tokens=79, completion_tokens=12, total_tokens=91)
    assert recorded("length_truncated_json_openai").usage == Usage(
        prompt_tokens=79, completion_tokens=1, total_tokens=80
    )


def test_a_recorded_reply_in_a_fence_is_the_json_in_it_when_a_shape_is_asked_for() -> None:
    class Mark(BaseModel):
        reason: str
        verdict: int

    assert Mark.model_validate_json(text(recorded("ok_json_in_json_fence_openai", Mark))).verdict == 0


def test_a_recorded_reply_of_the_wrong_shape_is_unreadable_and_says_why() -> None:
    outcome = recorded("ok_json_object_ollama_reasoning", City)
    assert isinstance(outcome, Trouble)
    assert outcome.condition is Condition.UNREADABLE
    assert "city: Field required" in outcome.words
    assert outcome.said == '{"result": 8}'
    assert outcome.usage is not None


# ── a 200 is not a success ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "condition", "words"),
    [
        ("Welcome to nginx!", Condition.NOT_A_REPLY, "Welcome to nginx!"),
        ('"a string"', Condition.NOT_A_REPLY, "a string"),
        ("", Condition.NOT_A_REPLY, "an empty body"),
        ("<html><title>Sign in</title><body>…</body></html>", Condition.NOT_A_REPLY, "Sign in"),
        ({"choices": []}, Condition.NOT_A_REPLY, "no choices"),
        ('{"choices": [{"message": {"cont', Condition.BROKEN, "only a part"),
        ({"choices": None, "error": {"code": 429, "message": "slow down"}}, Condition.RATE_LIMIT, "slow down"),
        ({"choices": None, "error": {"message": "Overloaded"}}, Condition.SERVER, "Overloaded"),
        ({"error": "no such thing"}, Condition.SERVER, "no such thing"),
        ({"object": "error", "message": "bad model", "code": 404}, Condition.UNKNOWN_MODEL, "bad model"),
        (
            {"choices": [{"error": {"code": 502, "message": "gone"}, "finish_reason": "error"}]},
            Condition.SERVER,
            "gone",
        ),
        ({"choices": [{"finish_reason": "content_filter"}]}, Condition.REFUSED, "the content filter"),
        ({"choices": [{"finish_reason": "stop"}]}, Condition.UNREADABLE, "empty"),
    ],
)
def test_a_200_that_is_no_reply_has_the_name_of_what_it_is(body: Any, condition: Condition, words: str) -> None:
    outcome = trouble(200, body)
    assert outcome.condition is condition
    assert words in outcome.words


@pytest.mark.parametrize("content", [None, "", "  \n", [], [{"type": "thinking", "thinking": "hm"}], "<think>never"])
def test_a_reply_without_content_is_unreadable(content: Any) -> None:
    outcome = said(content)
    assert isinstance(outcome, Trouble)
    assert outcome.condition is Condition.UNREADABLE
    assert outcome.usage == Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)


@pytest.mark.parametrize("finish", [None, "", "stop", "eos", 3, ["stop"], {"reason": "stop"}])
def test_an_absent_or_unknown_finish_reason_is_no_trouble(finish: Any) -> None:
    assert text(said("fine", finish=finish)) == "fine"


def test_a_body_may_begin_with_a_byte_order_mark() -> None:
    body = json.dumps({"choices": [{"message": {"content": "fine"}}]}).encode()
    assert text(wire.read(200, {}, b"\xef\xbb\xbf" + body, model="asked")) == "fine"


def test_half_a_letter_is_no_text_and_a_whole_one_stays() -> None:
    outcome = said("half \ud83d, whole \ud83d\ude00 and \U0001f600, \\ud83d")
    assert text(outcome) == "half ?, whole \U0001f600 and \U0001f600, \\ud83d"


def test_half_a_letter_in_a_reply_that_cannot_be_used_can_be_sent_back() -> None:
    outcome = said("no JSON \ud83d", City)
    assert isinstance(outcome, Trouble)
    assert outcome.said.encode() == b"no JSON ?"


@pytest.mark.parametrize(
    ("finish", "condition"),
    [
        ("content_filter: RECITATION", Condition.REFUSED),
        ("content_filter: PROHIBITED_CONTENT", Condition.REFUSED),
        ("SAFETY", Condition.REFUSED),
        ("sensitive", Condition.REFUSED),
        ("RECITATION", Condition.REFUSED),
        ("guardrail_intervened", Condition.REFUSED),
        ("cancelled", Condition.SERVER),
        ("MAX_TOKENS", Condition.LENGTH),
        ("model_context_window_exceeded", Condition.LENGTH),
        ("error", Condition.SERVER),
        ("abort", Condition.SERVER),
        ("insufficient_system_resource", Condition.SERVER),
        ("network_error", Condition.SERVER),
    ],
)
def test_a_text_that_was_not_written_to_its_end_is_no_reply_whatever_the_server_calls_it(
    finish: str, condition: Condition
) -> None:
    choice = {"message": {"content": "The first half of"}, "finish_reason": finish}
    body = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    outcome = wire.read(200, {}, body.encode(), model="m")
    assert isinstance(outcome, Trouble)
    assert outcome.condition is condition
    assert outcome.usage == Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "is empty"), (" \n", "is empty"), ("\u200b\u200b", "is empty"), ("a\0b", "NUL characters")],
)
def test_a_text_that_shows_nothing_or_cannot_be_written_down_is_of_no_use(content: str, words: str) -> None:
    outcome = said(content)
    assert isinstance(outcome, Trouble)
    assert outcome.condition is Condition.UNREADABLE
    assert words in outcome.words


def test_an_empty_refusal_is_none() -> None:
    assert text(said("fine", refusal="")) == "fine"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<think>a\nb</think>\n\nfine", "fine"),
        ("<thinking>a</thinking>fine", "fine"),
        ("reasoning that a template began</think>fine", "fine"),
        ("<thought>a</thought>fine", "fine"),
        ("[THINK]a[/THINK]fine", "fine"),
        ("◁think▷a◁/think▷fine", "fine"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>fine<|return|>", "fine"),
        ("<|channel|>final<|message|>fine", "fine"),
        ("fine<|im_end|>\n", "fine"),
        ("The text ends with <|im_end|>, a token.", "The text ends with <|im_end|>, a token."),
        ("A model writes <think>…</think> first.", "A model writes <think>…</think> first."),
        ([{"type": "text", "text": "fi"}, "n", {"text": "e"}, {"type": "image_url"}], "fine"),
        ("```python\nx = 1\n```", "```python\nx = 1\n```"),
    ],
)
def test_plain_content_is_joined_and_free_of_thinking_and_otherwise_left_alone(content: Any, expected: str) -> None:
    assert text(said(content)) == expected


@pytest.mark.parametrize(
    "content",
    [
        '{"city":"Rome","country":"Italy"}',
        '```json\n{"city":"Rome","country":"Italy"}\n```',
        '```{"city":"Rome","country":"Italy"}```',
        '```json{"city":"Rome","country":"Italy"}',
        'Here it is: {"city":"Rome","country":"Italy"} Anything else?',
        'Here it is: {"city":"Rome","country":"Italy"} Anything else, {name}?',
        '<think>{"city": ?}</think>{"city":"Rome","country":"Italy"}',
    ],
)
def test_the_json_is_found_wherever_it_stands(content: str) -> None:
    assert text(said(content, City)) == '{"city":"Rome","country":"Italy"}'


def test_a_fence_inside_the_json_stays() -> None:
    content = json.dumps({"city": "```\ncode\n```", "country": "Italy"})
    assert text(said(f"```json\n{content}\n```", City)) == content


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({}, Usage()),
        ({"prompt_tokens": None, "completion_tokens": 2.0}, Usage(completion_tokens=2, total_tokens=2)),
        (
            {"prompt_tokens": 5, "total_tokens": 9, "queue_time": 0.1},
            Usage(prompt_tokens=5, completion_tokens=4, total_tokens=9),
        ),
        (
            {"prompt_tokens": "5", "completion_tokens": "4", "total_tokens": "?"},
            Usage(prompt_tokens=5, completion_tokens=4, total_tokens=9),
        ),
        ({"input_tokens": 5, "output_tokens": 4}, Usage(prompt_tokens=5, completion_tokens=4, total_tokens=9)),
        (
            {  # xAI: what was thought is in the total alone
                "prompt_tokens": 12,
                "completion_tokens": 1,
                "total_tokens": 399,
                "completion_tokens_details": {"reasoning_tokens": 386},
            },
            Usage(prompt_tokens=12, completion_tokens=387, total_tokens=399),
        ),
        ({"prompt_tokens_details": None, "prompt_cache_hit_tokens": None}, Usage()),
        (
            {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": None}},
            Usage(prompt_tokens=3, total_tokens=3),
        ),
    ],
)
def test_usage_may_be_absent_partial_or_more_than_asked_for(usage: Any, expected: Usage | None) -> None:
    assert wire.usage_in({"usage": usage}) == expected


@pytest.mark.parametrize(
    "said_so",
    [
        {"prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0}},  # OpenAI
        {"prompt_cache_hit_tokens": 1024, "prompt_cache_miss_tokens": 120},  # DeepSeek
        {"prompt_tokens_details": {"cached_tokens": 0}, "prompt_cache_hit_tokens": 1024},
    ],
)
def test_tokens_from_the_providers_own_cache_are_told_apart(said_so: dict[str, Any]) -> None:
    usage = wire.usage_in({"usage": {"prompt_tokens": 1144, "completion_tokens": 2, **said_so}})
    assert usage == Usage(prompt_tokens=1144, completion_tokens=2, total_tokens=1146, cached_tokens=1024)
    assert usage + usage == Usage(prompt_tokens=2288, completion_tokens=4, total_tokens=2292, cached_tokens=2048)


def test_a_recorded_reply_says_how_much_the_provider_had_cached() -> None:
    usage = recorded("ok_cached_tokens_openai").usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.cached_tokens) == (1144, 1024)


def test_never_more_is_cached_than_was_read() -> None:
    usage = wire.usage_in({"usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}})
    assert usage == Usage(prompt_tokens=5, total_tokens=5, cached_tokens=5)


# ── errors ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "body", "condition"),
    [
        (400, {"error": {"message": "Incorrect API key provided: sk-1"}}, Condition.BAD_KEY),
        (403, {"error": "forbidden"}, Condition.BAD_KEY),
        (403, {"error": {"message": "Your input was flagged"}}, Condition.REFUSED),
        (400, {"error": {"code": "content_filter", "message": "filtered"}}, Condition.REFUSED),
        (400, {"error": {"message": "Invalid model name passed in model=x"}}, Condition.UNKNOWN_MODEL),
        (400, {"error": {"code": "model_not_found", "message": "?"}}, Condition.UNKNOWN_MODEL),
        (400, {"error": {"message": "Model Not Exist"}}, Condition.UNKNOWN_MODEL),
        (
            400,
            {"error": {"message": "The model `x` does not exist or you do not have access to it."}},
            Condition.UNKNOWN_MODEL,
        ),
        (405, "", Condition.UNKNOWN_MODEL),
        (302, "", Condition.MOVED),
        (402, {"error": {"message": "Insufficient Balance"}}, Condition.QUOTA),
        (403, {"error": "Your newly created team does not have any credits yet."}, Condition.QUOTA),
        # LiteLLM's proxy
        (400, {"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded"}}, Condition.QUOTA),
        (429, {"error": {"message": "ExceededTokenBudget: Current spend for token: 12"}}, Condition.QUOTA),
        (400, {"error": {"message": "Authentication Error, No api key", "type": "auth_error"}}, Condition.BAD_KEY),
        (429, {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}, Condition.QUOTA),
        (429, {"error": {"message": "You exceeded your current quota, check your plan"}}, Condition.QUOTA),
        (
            429,
            {"error": {"message": "You exceeded your current quota. Please retry in 23.4s."}},
            Condition.RATE_LIMIT,
        ),
        (429, {"error": {"message": "Request too large for gpt-4o on tokens per min"}}, Condition.TOO_LONG),
        (429, "Too Many Requests", Condition.RATE_LIMIT),
        (400, {"error": {"message": "litellm.ContextWindowExceededError: …"}}, Condition.TOO_LONG),
        (400, {"error": {"message": "x", "type": "exceed_context_size_error"}}, Condition.TOO_LONG),
        (400, {"error": {"message": "This response_format type is unavailable now"}}, Condition.NO_FORMAT),
        (404, {"error": {"message": "No endpoints found that support structured output"}}, Condition.NO_FORMAT),
        (400, {"error": {"message": "Failed to parse grammar"}}, Condition.NO_FORMAT),
        (400, {"error": {"message": "Invalid value.", "param": "response_format.type"}}, Condition.NO_FORMAT),
        (
            400,
            {"error": {"message": "No.", "param": "response_format", "code": "unsupported_value"}},
            Condition.NO_FORMAT,
        ),
        (
            400,
            [{"error": {"message": "The specified schema produces a constraint that has too many states"}}],
            Condition.NO_FORMAT,
        ),
        (500, {"error": {"message": "System role not supported"}}, Condition.UNSUPPORTED),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "Input should be 1"}]}, Condition.REJECTED),
        (409, "", Condition.BUSY),
        (503, {"error": {"code": 503, "message": "Loading model"}}, Condition.LOADING),
        (
            503,  # llama.cpp's server
            {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}},
            Condition.LOADING,
        ),
        (503, "Service Unavailable", Condition.OVERLOADED),
        (529, {"error": {"message": "Overloaded"}}, Condition.OVERLOADED),
        (498, {"error": {"message": "Flex tier capacity exceeded"}}, Condition.OVERLOADED),
        (407, "<html>Proxy Authentication Required</html>", Condition.UNREACHABLE),
        (418, "", Condition.REJECTED),
        # Mistral
        (400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model"}, Condition.UNKNOWN_MODEL),
        (400, {"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}}, Condition.BAD_KEY),
        (400, {"error": {"message": "API key expired. Please renew the API key."}}, Condition.BAD_KEY),
        (400, {"error": {"message": "User location is not supported for the API use."}}, Condition.BAD_KEY),
        (400, [{"error": {"message": "JSON mode is not enabled for models/gemma-3-27b-it"}}], Condition.NO_FORMAT),
        (
            400,  # Anthropic
            {"error": {"message": "You have reached your specified API usage limits. You will regain access on …"}},
            Condition.QUOTA,
        ),
        (
            429,  # xAI
            {"code": "Some resource has been exhausted", "error": "Your team has either used all available credits or"},
            Condition.QUOTA,
        ),
        (429, {"error": {"message": "suspended", "type": "exceeded_current_quota_error"}}, Condition.QUOTA),  # Moonshot
        (429, {"error": {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}}, Condition.QUOTA),  # Zhipu
        (403, {"code": 30001, "message": "Sorry, your account balance is insufficient"}, Condition.QUOTA),
        (403, {"statusCode": 403, "message": "Out of call volume quota."}, Condition.QUOTA),  # Azure's gateway
        (403, {"error": {"message": "Key limit exceeded (total limit)."}}, Condition.QUOTA),  # OpenRouter
        (429, {"message": "Too many tokens per day, please wait before trying again."}, Condition.QUOTA),  # Bedrock
        (429, {"message": "Too many tokens, please wait before trying again."}, Condition.RATE_LIMIT),
        (429, {"errors": [{"message": "you have used up your daily free allocation"}]}, Condition.QUOTA),  # Cloudflare
        (400, {"error": {"code": "data_inspection_failed", "message": "?"}}, Condition.REFUSED),  # Alibaba
        (400, {"error": {"code": "model_decommissioned", "message": "?"}}, Condition.UNKNOWN_MODEL),  # Groq
        (400, {"error": {"code": "model_not_supported", "message": "?"}}, Condition.UNKNOWN_MODEL),  # Hugging Face
        (
            400,
            {"message": "Invocation of model ID x with on-demand throughput isn’t supported."},
            Condition.UNKNOWN_MODEL,
        ),
        (410, {"error": {"message": "The model x has been retired"}}, Condition.UNKNOWN_MODEL),
        (
            200,
            {"error": "Unexpected endpoint or method. (POST /chat/completions)"},
            Condition.UNKNOWN_MODEL,
        ),  # LM Studio
        (400, {"error": "The model has crashed without additional information. (Exit code: 6)"}, Condition.SERVER),
        (400, "Client sent an HTTP request to an HTTPS server.", Condition.NOT_A_REPLY),
        (421, "Misdirected Request", Condition.BUSY),
        (425, "Too Early", Condition.BUSY),
        (511, "<html><title>Network Authentication Required</title></html>", Condition.UNREACHABLE),
        # Anthropic, inside a 200 too
        (500, {"type": "error", "error": {"type": "overloaded_error", "message": "?"}}, Condition.OVERLOADED),
    ],
)
def test_an_error_has_the_name_of_what_it_is_about(status: int, body: Any, condition: Condition) -> None:
    assert trouble(status, body).condition is condition


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "in an object"}}, "in an object"),
        ({"error": "in a string"}, "in a string"),
        ({"detail": "in a detail"}, "in a detail"),
        ({"detail": [{"loc": ["body", "n"], "msg": "is wrong"}]}, "body.n: is wrong"),
        ({"object": "error", "message": "at the top"}, "at the top"),
        ([{"error": {"message": "in a list"}}], "in a list"),
        ({"error": {"message": "outer", "metadata": {"raw": '{"error": {"message": "inner"}}'}}}, "outer: inner"),
        ({"error": '{"error": {"message": "packed twice"}}'}, "packed twice"),
        ("<html><head><title>502 Bad Gateway</title></head><body><h1>x</h1></body></html>", "502 Bad Gateway"),
        ("<h1>No &amp; title</h1>", "No & title"),
        ({"errors": [{"message": "in errors", "code": 5006}], "success": False}, "in errors"),
        ({"error": [{"message": "in a list in it"}]}, "in a list in it"),
        ({"fault": {"faultstring": "in a fault", "detail": {"errorcode": "x"}}}, "in a fault"),
        ({"error": {}, "msg": "in msg"}, "in msg"),
        ({"reason": "no healthy upstream"}, "no healthy upstream"),
        ({"type": "about:blank", "title": "in a title", "detail": ""}, "in a title"),
        ("bare text", "bare text"),
        ("", "500 Internal Server Error"),
        ({"error": {"code": 1}}, "500 Internal Server Error"),
    ],
)
def test_the_servers_words_are_found_in_every_form_of_body(body: Any, words: str) -> None:
    assert trouble(500, body).words == words


def test_long_words_are_cropped() -> None:
    assert len(trouble(500, "x" * 10_000).words) < 400


@pytest.mark.parametrize(
    ("headers", "words", "seconds"),
    [
        ({"Retry-After": "7"}, "", 7),
        ({"retry-after": "1", "retry-after-ms": "0"}, "", 1),
        ({"retry-after": "1", "retry-after-ms": "2500"}, "", 2.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", 30),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, "", None),
        ({"retry-after": "2"}, "Please try again in 20s. Visit …", 20),
        ({}, "Please try again in 6ms.", 0.006),
        ({}, "try again in 1m30.5s", 90.5),
        ({}, "Please retry after 30 seconds.", 30),
        ({}, "Please retry in 23.4s", 23.4),
        ({}, "Rate limit of 15 per 60s exceeded. Please wait 38 seconds before retrying.", 38),
        ({}, "You wait for 2 minutes", 120),
        ({}, "Do not wait. 20 seconds are over.", None),
        ({"retry-after": "-1"}, "try again in a moment", None),
        ({"retry-after": "0"}, "", None),
        ({"retry-after": "20s"}, "", 20),
        ({"ratelimit-reset": "20", "ratelimit-remaining": "0"}, "", 20),
        ({"x-ratelimit-reset": "20", "x-ratelimit-remaining": "3"}, "", None),
        ({"x-ratelimit-reset": "20", "retry-after": "3"}, "", 3),
        ({"x-ratelimit-reset": "1792567710", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", 30),
        ({"x-ratelimit-reset": "1792567710000", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", 30),
        ({"x-ratelimit-reset": "1792567600", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, "", None),
    ],
)
def test_the_longest_wait_that_a_server_names_is_the_one(
    headers: dict[str, str], words: str, seconds: float | None
) -> None:
    found = asked_wait(headers, words)
    assert found == (None if seconds is None else pytest.approx(seconds))


GEMINI = "You exceeded your current quota, please check your plan and billing details."
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "33s"}


def quota(name: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]}


@pytest.mark.parametrize(
    ("details", "condition"),
    [
        ([quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), RETRY], Condition.RATE_LIMIT),
        ([quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), RETRY], Condition.QUOTA),
        ([], Condition.QUOTA),
    ],
)
def test_a_busy_minute_and_a_day_that_is_used_up_are_told_apart_by_what_stands_beside_the_words(
    details: list[dict[str, Any]], condition: Condition
) -> None:
    found = trouble(429, [{"error": {"code": 429, "message": GEMINI, "details": details}}])
    assert found.condition is condition
    assert found.wait == (33 if details else None)


def test_the_moment_of_new_requests_stands_inside_the_body_of_some() -> None:
    headers = {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1792567710000"}
    body = {"error": {"message": "Rate limit exceeded", "code": 429, "metadata": {"headers": headers}}}
    found = trouble(429, body, {"date": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert (found.condition, found.wait) == (Condition.RATE_LIMIT, 30)
    assert trouble(429, body, {"date": "Wed, 21 Oct 2026 01:28:00 GMT"}).condition is Condition.QUOTA


def test_a_wait_longer_than_anybody_waits_stops_the_run() -> None:
    found = trouble(429, {"error": {"message": "Try again in 3h"}})
    assert found.condition is Condition.QUOTA
    assert isinstance(failed(found), QuotaExceeded)


def test_how_long_a_server_asks_to_wait_is_said_where_nobody_does() -> None:
    assert trouble(429, "Slow down", {"retry-after": "300"}).words == "Slow down (it asks to wait 300 s)"
    assert trouble(429, "Slow down", {"retry-after": "30"}).words == "Slow down"


@pytest.mark.parametrize(
    ("status", "body"), [(503, "Service Unavailable"), (529, "Overloaded"), (503, "Loading model"), (429, "Slow down")]
)
def test_nor_is_one_waited_out_that_stands_in_a_header(status: int, body: str) -> None:
    found = trouble(status, body, {"retry-after": "121"})
    assert isinstance(failed(found), EndpointError)
    assert wait_before_retry(found, 1, 0.0) is None
    assert wait_before_retry(trouble(status, body, {"retry-after": "120"}), 1, 0.0) == 120


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("6m0s", 360),
        ("2.5s", 2.5),
        ("1h2m3s", 3723),
        ("1d", 86_400),
        ("350ms", 0.35),
        ("20 seconds", 20),
        ("12", 12),
        ("-3s", 0),
        ("soon", 0),
        ("", 0),
        ("2026-10-21T07:28:30Z", 0),
        ("in 3s", 0),
    ],
)
def test_a_duration_is_read_where_it_is_one(said: str, seconds: float) -> None:
    assert duration(said) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("words", "room"),
    [
        (
            "maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 …",
            3192,
        ),
        ("max_tokens is too large: 100000. This model supports at most 16384 completion tokens", 16384),
        ("`max_tokens` must be less than or equal to `1024`, the maximum value for `max_tokens` is less than", 1024),
        ("maximum context length is 4096 tokens and your request has 500 input tokens", 3596),
        ("maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages", None),
        ("maximum context length is 4096 tokens", None),
        (
            "maximum context length of 16384 tokens. You requested 17964 tokens: 1580 tokens from the input messages",
            14804,
        ),
        ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length", 10000),
        ("max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for claude-3-opus", 4096),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        (
            "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 6 `inputs` tokens and 4091 `max_new_tokens`",
            4090,
        ),
        ("`inputs` must have less than 4096 tokens. Given: 5000", None),
        ("This model's maximum prompt length is 131072 but the request contains 140213 tokens.", None),
        ("Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192", None),
        ("The input (9000 tokens) is longer than the model's context length (8192 tokens).", None),
        ("Input is too long for requested model.", None),
        ("too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.", None),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", None),
        ("Invalid request: Your request exceeded model token limit: 8192", None),
        ("Trying to keep the first 9000 tokens when context the overflows.", None),
        ("the input length exceeds the context length", None),
    ],
)
def test_the_room_for_a_reply_is_known_where_the_server_names_it(words: str, room: int | None) -> None:
    found = trouble(400, {"error": {"message": words}})
    assert found.condition is Condition.TOO_LONG
    assert found.room == room


@pytest.mark.parametrize(
    ("error", "param"),
    [
        ({"param": "temperature", "code": "unsupported_value", "message": "only 1"}, "temperature"),
        ({"param": "messages[0].role", "code": "unsupported_value", "message": "no system"}, "role"),
        ({"code": "unsupported_parameter", "message": "'max_tokens': use 'max_completion_tokens'"}, "max_tokens"),
        ({"message": "System role not supported"}, "role"),
        ({"message": "Use 'max_completion_tokens' here: 'max_tokens' is not supported"}, "max_tokens"),
        ({"message": "`temperature` is deprecated for this model."}, "temperature"),
        ({"message": "invalid temperature: only 1 is allowed for this model"}, "temperature"),
        ({"message": "Developer instruction is not enabled for models/x"}, "role"),
        ({"param": "messages", "code": "unsupported_value", "message": "No system messages, please"}, "role"),
    ],
)
def test_the_parameter_that_a_server_does_not_take_is_named(error: dict[str, str], param: str) -> None:
    found = trouble(400, {"error": error})
    assert (found.condition, found.param) == (Condition.UNSUPPORTED, param)


def test_a_validators_complaint_about_a_part_of_the_request_names_it() -> None:
    where = ["body", "messages", 0, "role"]
    found = trouble(422, {"detail": [{"loc": where, "msg": "unexpected value; permitted: 'user', 'assistant'"}]})
    assert (found.condition, found.param) == (Condition.UNSUPPORTED, "role")


def test_a_part_of_the_request_that_is_only_spoken_of_is_not_refused() -> None:
    found = trouble(400, {"error": {"message": "temperature must be a number"}})
    assert found.condition is Condition.REJECTED


def test_no_connection_and_a_broken_one_are_told_apart() -> None:
    assert wire.broken("ConnectError", "refused").condition is Condition.UNREACHABLE
    assert wire.broken("ReadError", "").condition is Condition.BROKEN
    # aiohttp's: these are for connections that had been open, and may be reset in mid-run
    assert wire.broken("ServerDisconnectedError", "").condition is Condition.BROKEN
    assert wire.broken("ClientOSError", "").condition is Condition.BROKEN
    assert wire.broken("ClientConnectorError", "").condition is Condition.UNREACHABLE


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.text(max_size=12), st.text(max_size=12)))
def test_no_body_whatever_makes_it_raise(status: int, body: bytes, headers: dict[str, str]) -> None:
    wire.read(status, headers, body, model="m", shape=City)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("error", "choices", "message", "content", "usage", "detail", "code", "metadata", "raw"),
                    *("finish_reason", "refusal", "model", "param"),
                ]
            ),
            inner,
        )
    ),
)


@given(st.integers(200, 599), JSON)
def test_no_json_whatever_makes_it_raise(status: int, body: Any) -> None:
    got(status, body, shape=City)


@given(JSON, JSON, JSON)
def test_no_choice_whatever_makes_it_raise(message: Any, finish: Any, model: Any) -> None:
    body = {"choices": [{"message": message, "finish_reason": finish}], "model": model}
    outcome = got(200, body)
    assert outcome.model_dump_json()


def test_json_too_deep_to_read_is_no_crash() -> None:
    assert trouble(200, "[" * 100_000).condition is Condition.NOT_A_REPLY
    for depth in (100, 300, 450, 900):
        assert trouble(500, '{"error": [' * depth + "1" + "]}" * depth).condition is Condition.SERVER


# ── models, and what looks wrong ─────────────────────────────────────────────────────────────


def test_the_models_are_read_by_name_and_how_much_they_take() -> None:
    models = [{"id": "a", "max_model_len": 8192}, {"id": "b", "context_length": None}, {}]
    listed = wire.read_models(200, {}, json.dumps({"data": models}).encode())
    assert listed == (wire.Listed(id="a", context=8192), wire.Listed(id="b"))


def test_a_page_in_place_of_the_models_is_a_trouble() -> None:
    found = wire.read_models(200, {}, b"<title>Hello</title>")
    assert isinstance(found, Trouble)
    assert found.condition is Condition.NOT_A_REPLY


def test_a_prompt_that_was_read_in_part_is_noticed() -> None:
    assert wire.looks_truncated(Usage(prompt_tokens=4096), 20_000)
    assert wire.looks_truncated(Usage(prompt_tokens=500), 20_000)
    assert not wire.looks_truncated(Usage(prompt_tokens=5000), 20_000)
    assert not wire.looks_truncated(Usage(), 20_000)


# ── the table of actions ─────────────────────────────────────────────────────────────────────


def failed(found: Trouble) -> DlgradeError:
    return error_for(found, url="http://host/v1", model="gpt", secrets=(), usage=Usage(total_tokens=7))


def test_every_condition_has_an_action() -> None:
    assert set(ACTIONS) == set(Condition)


@pytest.mark.parametrize("condition", Condition)
def test_every_error_holds_the_model_and_the_servers_words(condition: Condition) -> None:
    error = failed(Trouble(condition=condition, words="its own words"))
    assert "gpt" in error.message
    assert "its own words" in error.message
    if isinstance(error, ItemError):
        assert error.usage == Usage(total_tokens=7)
    else:
        assert "http://host/v1" in error.message
        assert error.hint


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_ends(condition: Condition) -> None:
    found = Trouble(condition=condition, words="")
    waits = [wait_before_retry(found, failures, 0.0) for failures in range(1, ACTIONS[condition].tries + 1)]
    assert waits[-1] is None
    assert None not in waits[:-1]


def test_waits_double_up_to_a_minute_and_are_spread() -> None:
    limited = Trouble(condition=Condition.RATE_LIMIT, words="")
    assert [wait_before_retry(limited, n, 0.0) for n in range(1, 7)] == [1, 2, 4, 8, 16, None]
    assert wait_before_retry(limited, 5, 1.0) == 12


def test_loading_is_waited_for_up_to_three_minutes() -> None:
    loading = Trouble(condition=Condition.LOADING, words="")
    assert sum(wait_before_retry(loading, n, 0.0) or 0 for n in range(1, 60)) == 180


def test_a_wait_that_the_server_asked_for_is_kept_and_never_shortened() -> None:
    limited = Trouble(condition=Condition.RATE_LIMIT, words="", wait=37)
    assert wait_before_retry(limited, 1, 0.0) == 37
    assert wait_before_retry(limited, 1, 0.5) == 37.5


def test_the_first_try_after_a_broken_connection_or_a_failed_server_comes_soon_the_later_ones_take_longer() -> None:
    for condition, soon in ((Condition.BROKEN, 0.05), (Condition.SERVER, 0.25)):
        found = Trouble(condition=condition, words="")
        assert [wait_before_retry(found, 1, chance) for chance in (0.0, 1.0)] == [soon, soon / 2]
        assert 0.8 < (wait_before_retry(found, 2, 1.0) or 0) < (wait_before_retry(found, 2, 0.0) or 0) < 2
        asked = Trouble(condition=condition, words="", wait=7)
        assert wait_before_retry(asked, 1, 0.0) == 7


def test_a_wait_that_a_server_named_is_not_drawn_out() -> None:
    limited = Trouble(condition=Condition.RATE_LIMIT, words="", wait=1)
    assert wait_before_retry(limited, 1, 1.0) == pytest.approx(1.05)


def test_nobody_waits_longer_than_two_minutes() -> None:
    assert wait_before_retry(Trouble(condition=Condition.SERVER, words="", wait=LONGEST_WAIT + 1), 1, 0.0) is None


def test_the_kinds_of_error_are_those_of_the_tree() -> None:
    assert isinstance(failed(trouble(401, "")), BadKey)
    assert isinstance(failed(trouble(413, "")), TooLong)


@pytest.mark.parametrize(
    "words",
    [
        "Incorrect API key provided: my-own-secret. Find it …",
        "Incorrect API key provided: sk-proj-abc***********************wxyz.",
        "header was 'Bearer abcdef'",
        "bad key AIzaSyA1234567890abcdef",
    ],
)
def test_no_key_is_ever_shown_whole_or_in_part(words: str) -> None:
    shown = scrubbed(words, ("my-own-secret",))
    assert "[key]" in shown
    for secret in ("my-own-secret", "wxyz", "abcdef"):
        assert secret not in shown


def test_ordinary_words_are_not_taken_for_keys() -> None:
    words = "The task-specific model sk-learn-something at hf-internal is not found"
    assert scrubbed(words, ()) == words
