"""What servers really send back -> a Reply, or the Trouble it is. Pure functions; no SDK, no clock.

A good reply is one line of many that all come with status 200:

    {"choices": [{"message": {"content": "…"}, "finish_reason": "stop"}], "model": "…", "usage": {…}}

Errors come as `{"error": {"message", "type", "param", "code"}}`, `{"error": "…"}`, `{"detail": …}`,
`{"object": "error", "message"}`, HTML or bare text, and with any status.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ValidationError

from dlgrade.llm.request import Reply
from dlgrade.llm.trouble import LONGEST_WAIT, Condition, Trouble
from dlgrade.models import Usage

Headers = Mapping[str, str]

_LONGEST_WORDS = 300  # characters of the server's own words in a message
_LEAST_ROOM = 256  # tokens: a reply that gets fewer is not worth its money


def read(
    status: int, headers: Headers, body: bytes, *, model: str, shape: type[BaseModel] | None = None
) -> Reply | Trouble:
    """One response, of any kind. `model` is the one asked for, `shape` what its content has to be."""
    text = body.decode("utf-8", "replace")
    data = _json(text)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return complaint(status, headers, data, text)
    if not isinstance(data, dict):
        return _no_object(data, text)
    choice = _first(data.get("choices"))
    fault = data.get("error") or choice.get("error")
    if fault or data.get("object") == "error":
        inner = data if not fault else {"error": fault}
        found = complaint(_status_inside(inner), headers, inner, text)
        return found.model_copy(update={"usage": usage_in(data)})
    if not choice:
        return Trouble(condition=Condition.NOT_A_REPLY, words=words_in(data, text) or "no choices")
    return _completion(choice, data, model, shape)


def read_models(status: int, headers: Headers, body: bytes) -> tuple[str, ...] | Trouble:
    """The names of the models from a response to `/models`."""
    text = body.decode("utf-8", "replace")
    data = _json(text)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return complaint(status, headers, data, text)
    entries = data.get("data") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return Trouble(condition=Condition.NOT_A_REPLY, words=_cropped(words_in(data, text)) or "no list of models")
    return tuple(str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry)


def read_object(status: int, headers: Headers, body: bytes) -> dict[str, Any] | Trouble:
    """The JSON object of a response that is no completion: a file, a batch, a page of them."""
    text = body.decode("utf-8", "replace")
    data = _json(text)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return complaint(status, headers, data, text)
    if not isinstance(data, dict):
        return _no_object(data, text)
    if data.get("error") or data.get("object") == "error":
        return complaint(_status_inside(data), headers, data, text)
    return data


def looks_truncated(usage: Usage, characters: int) -> bool:
    """Whether the server read less than the prompt of that many characters.

    Ollama's default context has 4096 tokens; a token of 16 characters on average exists in no language.
    """
    return usage.prompt_tokens == 4096 or 0 < usage.prompt_tokens < characters / 16


def broken(cause: str, words: str) -> Trouble:
    """A call that brought no response; `cause` is the name of the exception's class."""
    condition = Condition.UNREACHABLE if cause in _NEVER_CONNECTED else Condition.BROKEN
    return Trouble(condition=condition, words=_cropped(words) or cause)


# httpx2 raises these before the request is out: no name, nobody listening, no TLS, no such proxy
_NEVER_CONNECTED = frozenset(
    {"ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "SSLError", "SSLCertVerificationError"}
)


# ── a completion ─────────────────────────────────────────────────────────────────────────────


def _completion(
    choice: Mapping[str, Any], data: Mapping[str, Any], model: str, shape: type[BaseModel] | None
) -> Reply | Trouble:
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    said = without_thinking(content_text(message.get("content")))
    finish, refusal, usage = choice.get("finish_reason"), message.get("refusal"), usage_in(data)
    if finish == "content_filter" or refusal:
        words = _cropped(str(refusal or "")) or "the content filter stopped it"
        return Trouble(condition=Condition.REFUSED, words=words, usage=usage)
    if finish in _CUT:
        return Trouble(condition=Condition.LENGTH, words=_stopped_at(usage), said=said, usage=usage)
    text = said if shape is None else json_in(said)
    problem = "the reply is empty" if not said else None if shape is None else misfit(text, shape)
    if problem:
        return Trouble(condition=Condition.UNREADABLE, words=problem, said=said, usage=usage)
    named = data.get("model")
    return Reply(
        text=text,
        model=named if isinstance(named, str) and named else model,
        finish_reason=finish if isinstance(finish, str) and finish else "stop",
        usage=usage,
    )


_CUT = frozenset({"length", "max_tokens", "model_length"})


def _stopped_at(usage: Usage | None) -> str:
    return f"it stopped after {usage.completion_tokens} tokens" if usage else "it stopped at the token limit"


def content_text(content: object) -> str:
    """The text of a message's content: a string, or a list of parts of which only the text counts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(part if isinstance(part, str) else _part_text(part) for part in content)


def _part_text(part: object) -> str:
    if isinstance(part, dict) and part.get("type", "text") in ("text", "output_text"):
        return str(part.get("text") or "")
    return ""


def without_thinking(text: str) -> str:
    """The text after `<think>…</think>`; nothing if that is never closed.

    A lone `</think>` ends it too: some chat templates open it on the model's behalf.
    """
    opened = re.match(r"\s*<(think|thinking)>", text)
    closing = f"</{opened[1]}>" if opened else "</think>"
    before, closed, after = text.partition(closing)
    if opened:
        return after.strip()
    return after.strip() if closed and "<think>" not in before else text.strip()


def json_in(text: str) -> str:
    """The JSON object in the text: the text itself, what stands in a fence, or from the first brace to the last."""
    braced = text[text.find("{") : text.rfind("}") + 1]
    fenced: list[str] = re.findall(r"```\w*\s*(.*?)```", text, re.DOTALL)
    for candidate in (text, *fenced, braced):
        if isinstance(_json(candidate), dict):
            return candidate.strip()
    return text


def misfit(text: str, shape: type[BaseModel]) -> str | None:
    """Why the text is not the shape, in words for the model; None if it is."""
    try:
        shape.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[:5]
        return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the reply'}: {e['msg']}" for e in first)
    return None


def usage_in(data: Mapping[str, Any]) -> Usage | None:
    """The tokens billed; None where the server does not say. Numbers may be missing, null or floats."""
    usage = data.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    total = _count(usage.get("total_tokens")) or prompt + completion
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=total)


def _count(value: object) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e12 else 0


# ── an error ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Sign:
    """How a condition is told: by status, and by a code or a phrase in the words. An empty field asks for nothing."""

    condition: Condition
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()

    def fits(self, status: int, codes: frozenset[str], words: str) -> bool:
        if self.statuses and status not in self.statuses:
            return False
        if not (self.codes or self.phrases):
            return True
        return bool(self.codes & codes) or any(phrase in words for phrase in self.phrases)


def _sign(condition: Condition, *statuses: int, codes: str = "", phrases: tuple[str, ...] = ()) -> _Sign:
    return _Sign(condition, frozenset(statuses), frozenset(codes.split()), phrases)


# The first that fits counts. Phrases are in lower case.
_SIGNS = (
    _sign(
        Condition.QUOTA,
        codes="insufficient_quota insufficient_credits billing_hard_limit_reached billing_not_active",
        phrases=("insufficient_quota", "insufficient balance", "insufficient credits", "credit balance is too low"),
    ),
    _sign(Condition.QUOTA, 402),
    _sign(
        Condition.TOO_LONG,
        codes="context_length_exceeded too_many_prompt_tokens exceed_context_size_error string_above_max_length",
        phrases=(
            "maximum context length",
            "exceeds the available context",
            "exceeded max context",
            "exceeds the context window",
            "contextwindowexceeded",
            "too_many_prompt_tokens",
            "prompt is too long",
            "max_tokens is too large",
        ),
    ),
    # more than the account may send in a minute: that this request never fits says nothing of the others
    _sign(Condition.TOO_LONG, 429, phrases=("request too large",)),
    _sign(Condition.TOO_LONG, 413),
    _sign(
        Condition.REFUSED,
        codes="content_filter content_policy_violation",
        phrases=("content management policy", "input was flagged"),
    ),
    _sign(
        Condition.BAD_KEY,
        codes="invalid_api_key authentication_error",
        phrases=("incorrect api key", "invalid api key", "api key not valid"),
    ),
    _sign(Condition.BAD_KEY, 401, 403),
    # the model's fault, which another try may mend: Groq checks the reply itself
    _sign(Condition.UNREADABLE, 400, codes="json_validate_failed tool_use_failed"),
    _sign(
        Condition.NO_FORMAT,
        *(400, 404, 422, 500, 501),
        phrases=("response_format", "response format", "json_schema", "json_object", "structured output", "grammar"),
    ),
    _sign(
        Condition.UNSUPPORTED,
        *(400, 404, 422, 500),
        codes="unsupported_parameter unsupported_value unknown_parameter",
        phrases=(
            "unsupported parameter",
            "unsupported value",
            "unsupportedparamserror",
            "unrecognized request argument",
            "extra inputs are not permitted",
            "system role not supported",
        ),
    ),
    _sign(
        Condition.UNKNOWN_MODEL,
        400,
        codes="model_not_found",
        phrases=("invalid model name", "not a valid model", "model not found", "unknown model", "model does not exist"),
    ),
    # 405 and the redirections: this is a server, but the API is elsewhere
    _sign(Condition.UNKNOWN_MODEL, 404, 405, 301, 302, 303, 307, 308),
    # the same sentence about the quota stands for an empty account and, with a time to wait, for a busy minute
    _sign(Condition.RATE_LIMIT, 429, phrases=("try again in", "retry in", "retry after", "retry shortly")),
    _sign(Condition.QUOTA, 429, phrases=("exceeded your current quota",)),
    _sign(Condition.RATE_LIMIT, 429),
    _sign(Condition.RATE_LIMIT, codes="rate_limit_exceeded rate_limit_error too_many_requests"),
    _sign(Condition.LOADING, 503, phrases=("loading model", "model is loading", "is currently loading")),
    _sign(Condition.BUSY, 408, 409),
    _sign(Condition.SERVER, *range(500, 600)),
)


def complaint(status: int, headers: Headers, data: object, text: str) -> Trouble:
    """What an error response is about."""
    words = words_in(data, text) or _phrase_of(status)
    error = _error_object(data)
    codes = frozenset(str(error.get(key)).lower() for key in ("code", "type"))
    folded = words.lower()
    condition = next((sign.condition for sign in _SIGNS if sign.fits(status, codes, folded)), Condition.REJECTED)
    wait = asked_wait(headers, words)
    if condition is Condition.RATE_LIMIT and wait is not None and wait > LONGEST_WAIT:
        condition = Condition.QUOTA
    return Trouble(
        condition=condition,
        words=_cropped(words),
        wait=wait,
        param=_param(error, words),
        room=_room(words),
        said=str(error.get("failed_generation") or ""),
    )


def words_in(data: object, text: str) -> str:
    """The server's own words, from whichever of their forms the body has; empty if it says nothing."""
    if isinstance(data, dict):
        return _words_of_object(data)
    if data is not None:
        return _plain(str(data))
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
    return _plain(html.unescape(title[1] if title else re.sub(r"<[^>]+>", " ", text)))


def _words_of_object(data: Mapping[str, Any]) -> str:
    for key in ("error", "message", "detail", "error_description"):
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            nested = _json(value)
            return _words_of_object(nested) if isinstance(nested, dict) else _plain(value) + _upstream(data)
        if isinstance(value, dict):
            return _words_of_object(value)
        if isinstance(value, list):
            return "; ".join(_detail(item) for item in value)
    return ""


def _upstream(error: Mapping[str, Any]) -> str:
    """What the provider behind OpenRouter said: its own message is only "Provider returned error"."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f": {words_in(_json(raw), raw)}" if isinstance(raw, str) and raw.strip() else ""


def _detail(item: object) -> str:
    """One entry of FastAPI's `detail`: where and what."""
    if not isinstance(item, dict):
        return _plain(str(item))
    where = ".".join(map(str, item.get("loc") or ()))
    return _plain(f"{where}: {item.get('msg')}" if where else str(item.get("msg") or item))


def asked_wait(headers: Headers, words: str) -> float | None:
    """How many seconds the server asks to wait: the longest that it names anywhere. Zero counts as unsaid."""
    named = {name.lower(): value.strip() for name, value in headers.items()}
    waits = [_seconds(named.get("retry-after", "")), _until(named.get("retry-after", ""), named.get("date", ""))]
    waits.append(_seconds(named.get("retry-after-ms", "")) / 1000)
    waits += [_duration(said) for said in _WAIT.findall(words)]
    return max(waits) or None


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_WAIT = re.compile(
    r"(?:again|retry)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|h|hours?|m|minutes?|s|seconds?)\b\s*"
    r"|\d+(?:\.\d+)?(?:ms|h|m|s)(?=\d))+)",
    re.IGNORECASE,
)


def _duration(said: str) -> float:
    """Seconds of "1m30.5s", "350ms", "20 seconds"."""
    pairs = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|milli|h|m|s)", said.lower())
    return sum(float(number) * _UNITS["ms" if unit == "milli" else unit] for number, unit in pairs)


def _seconds(value: str) -> float:
    return float(value) if re.fullmatch(r"\d{1,9}(\.\d+)?", value) else 0.0


def _until(moment: str, now: str) -> float:
    """Seconds from the response's own date to an HTTP date; the clock here may be wrong."""
    try:
        return max((parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


def _param(error: Mapping[str, Any], words: str) -> str | None:
    """The part of the request that the server does not take, from its field or from its words."""
    given = error.get("param")
    found = re.search(r"max_completion_tokens|max_tokens|temperature|role", f"{given or ''} {words}")
    return found[0] if found else None


def _room(words: str) -> int | None:
    """How many tokens a reply may have, where the words say so and it is worth a try."""
    if most := re.search(r"at most (\d+) completion tokens", words):
        return int(most[1])
    whole = re.search(r"maximum context length (?:is|of) (\d+)", words)
    prompt = re.search(r"(\d+)(?: tokens)? (?:in the messages|in the prompt|of text input|input tokens)", words)
    room = int(whole[1]) - int(prompt[1]) if whole and prompt else 0
    return room if room >= _LEAST_ROOM else None


# ── small things ─────────────────────────────────────────────────────────────────────────────


def _no_object(data: object, text: str) -> Trouble:
    """A 200 that is no JSON object: half of one if it begins like one, else another kind of server."""
    if data is None and text.lstrip().startswith("{"):
        return Trouble(condition=Condition.BROKEN, words="only a part of the reply came")
    said = words_in(data, text)
    return Trouble(condition=Condition.NOT_A_REPLY, words=_cropped(said) or "an empty body")


def _json(text: str) -> Any:
    """The text's value, None if it is no JSON. (No body that means anything here is `null`.)"""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _first(choices: object) -> Mapping[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _error_object(data: object) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        return {}
    error = data.get("error")
    return error if isinstance(error, dict) else data


def _status_inside(data: Mapping[str, Any]) -> int:
    """The status that an error inside a 200 would have had."""
    code = str(_error_object(data).get("code"))
    return int(code) if re.fullmatch(r"[45]\d\d", code) else HTTPStatus.INTERNAL_SERVER_ERROR


def _phrase_of(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _cropped(words: str) -> str:
    words = _plain(words)
    return words if len(words) <= _LONGEST_WORDS else words[:_LONGEST_WORDS] + "…"
