"""What a server complains about -> the Trouble it is. Pure functions; no SDK, no clock.

Errors come as `{"error": {"message", "type", "param", "code"}}`, `{"error": "…"}`, `{"detail": …}`,
`{"object": "error", "message"}`, HTML or bare text, and with any status, 200 among them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from dlgrade.llm.request import without_credentials
from dlgrade.llm.trouble import LONGEST_WAIT, Condition, Trouble

Headers = Mapping[str, str]

_LONGEST_WORDS = 300  # characters of the server's own words in a message
_LEAST_ROOM = 256  # tokens: a reply that gets fewer is not worth its money


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


_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})

# The first that fits counts. Phrases are in lower case.
_SIGNS = (
    _sign(
        Condition.QUOTA,
        codes="insufficient_quota insufficient_credits billing_hard_limit_reached billing_not_active budget_exceeded",
        phrases=(
            *("insufficient_quota", "insufficient balance", "insufficient credits", "credit balance is too low"),
            "not have any credits",  # xAI, as 403
            *("budget has been exceeded", "exceededbudget", "exceededtokenbudget"),  # LiteLLM, as 400 or 429
        ),
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
            "`max_tokens` must be less than or equal to",
        ),
    ),
    _sign(
        Condition.TOO_LONG,
        *(400, 422, 500),
        phrases=(
            *("exceed context limit", "maximum allowed number of output tokens"),  # Anthropic
            *("maximum prompt length", "reduce the length of the messages"),  # xAI; Groq and Cerebras
            *("longer than the model's context length", "input is too long"),  # SGLang, Together; Bedrock
            *("`max_new_tokens` must be <=", "`inputs` must have less than"),  # Hugging Face
            *("too many tokens:", "valid range of max_tokens is"),  # Cohere; DeepSeek
            "exceeds the maximum number of tokens allowed",  # Gemini
            *("exceeded model token limit", "context window exceeds limit"),  # Moonshot, MiniMax
            *("when context the overflows", "greater than the context length"),  # LM Studio
            "input length exceeds the context length",  # Ollama
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
        codes="invalid_api_key authentication_error auth_error",
        phrases=("incorrect api key", "invalid api key", "api key not valid"),
    ),
    _sign(Condition.BAD_KEY, 401, 403),
    # the model's fault, which another try may mend: Groq checks the reply itself
    _sign(Condition.UNREADABLE, 400, codes="json_validate_failed tool_use_failed"),
    _sign(
        Condition.NO_FORMAT,
        *(400, 404, 422, 500, 501),
        phrases=(
            *("response_format", "response format", "json_schema", "json_object", "structured output", "grammar"),
            "the specified schema produces",  # Gemini: too many states
        ),
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
        codes="model_not_found invalid_model",
        phrases=(
            *("invalid model name", "not a valid model", "model not found", "unknown model", "model does not exist"),
            *("model not exist", "does not exist or you do not have access"),
        ),
    ),
    # this is a server, but the API is elsewhere
    _sign(Condition.UNKNOWN_MODEL, 404, 405),
    _sign(Condition.MOVED, *_REDIRECTIONS),
    _sign(Condition.UNREACHABLE, 407),  # a proxy wants to know who it is: the endpoint was not asked
    # the same sentence about the quota stands for an empty account and, with a time to wait, for a busy minute
    _sign(Condition.RATE_LIMIT, 429, phrases=("try again in", "retry in", "retry after", "retry shortly")),
    _sign(Condition.QUOTA, 429, phrases=("exceeded your current quota",)),
    _sign(Condition.RATE_LIMIT, 429),
    _sign(Condition.RATE_LIMIT, codes="rate_limit_exceeded rate_limit_error too_many_requests"),
    _sign(Condition.LOADING, 503, phrases=("loading model", "model is loading", "is currently loading")),
    _sign(Condition.BUSY, 408, 409),
    _sign(Condition.OVERLOADED, 498, 503, 529),  # the first is Groq's
    _sign(Condition.OVERLOADED, codes="overloaded_error"),  # Anthropic's, inside a 200 too
    _sign(Condition.SERVER, *range(500, 600)),
)


# A refused request that names a part of itself, and one of these, is worth another try without that part.
_UNTAKEN = _sign(
    Condition.UNSUPPORTED,
    *(400, 422),
    phrases=(
        *("not support", "not permitted", "not allowed", "not enabled", "is deprecated", "is allowed for this model"),
        *("unsupported", "unrecognized", "unexpected", "unknown"),
    ),
)

# What these come to where the server asks for a longer wait than anybody waits: the next question would fare no better
_FOR_LONG = {
    Condition.RATE_LIMIT: Condition.QUOTA,
    Condition.OVERLOADED: Condition.UNREACHABLE,
    Condition.LOADING: Condition.UNREACHABLE,
}


def complaint(status: int, headers: Headers, data: object, text: str) -> Trouble:
    """What an error response is about."""
    if isinstance(data, list) and len(data) == 1:
        data = data[0]  # as Gemini's errors come
    words = _destination(status, headers) or words_in(data, text) or _phrase_of(status)
    error = error_object(data)
    codes = frozenset(str(error.get(key)).lower() for key in ("code", "type"))
    about = f"{error.get('param') or ''} {words}".lower()
    condition = next((sign.condition for sign in _SIGNS if sign.fits(status, codes, about)), Condition.REJECTED)
    param = _param(error, words)
    if condition is Condition.REJECTED and param is not None and _UNTAKEN.fits(status, codes, about):
        condition = Condition.UNSUPPORTED
    wait, asked = asked_wait(headers, words), ""
    if wait is not None and wait > LONGEST_WAIT:
        condition = _FOR_LONG.get(condition, condition)
        asked = f" (it asks to wait {wait:.0f} s)"
    return Trouble(
        condition=condition,
        words=cropped(words) + asked,
        wait=wait,
        param=param,
        room=_room(words),
        said=str(error.get("failed_generation") or ""),
    )


def _destination(status: int, headers: Headers) -> str:
    """Where a redirection leads, as a base URL; empty if this is none. Its body may hold anything."""
    to = next((value for name, value in headers.items() if name.lower() == "location"), "")
    if status not in _REDIRECTIONS or not to:
        return ""
    return f"to {without_credentials(to).removesuffix('/chat/completions').removesuffix('/models')}"


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
            nested = json_of(value)
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
    return f": {words_in(json_of(raw), raw)}" if isinstance(raw, str) and raw.strip() else ""


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
    waits += [duration(said) for said in _WAIT.findall(words)]
    return max(waits) or None


_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_WAIT = re.compile(
    r"(?:(?:again|retry)\s+(?:in|after)|\bwait(?:\s+for)?)\s+((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|h|hours?|m|minutes?|s|seconds?)\b\s*"
    r"|\d+(?:\.\d+)?(?:ms|h|m|s)(?=\d))+)",
    re.IGNORECASE,
)


_DURATION = re.compile(r"\d{1,12}(?:\.\d+)?|(?:\d{1,12}(?:\.\d+)?\s*[a-z]+\s*)+", re.ASCII)


def duration(said: str) -> float:
    """Seconds of "1m30.5s", "350ms", "20 seconds", "12"; 0 where it says something else."""
    said = said.strip().lower()
    if not _DURATION.fullmatch(said):
        return 0.0
    pairs = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|milli|d|h|m|s)", said)
    return sum(float(number) * _UNITS["ms" if unit == "milli" else unit] for number, unit in pairs) or _seconds(said)


def _seconds(value: str) -> float:
    return float(value) if re.fullmatch(r"\d{1,9}(\.\d+)?", value) else 0.0


def _until(moment: str, now: str) -> float:
    """Seconds from the response's own date to an HTTP date; the clock here may be wrong."""
    # Imported here for start-up time: few servers send a date.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        return max((parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0


_PARAMS = re.compile(
    r"(?P<limit>max_completion_tokens|max_tokens)|temperature|stream_options|\bstream\b"
    r"|(?P<role>\broles?\b|(?:system|developer) (?:messages?|prompts?|instructions?|role))",
    re.IGNORECASE,
)


def _param(error: Mapping[str, Any], words: str) -> str | None:
    """The part of the request that the server does not take, from its field or from its words."""
    named = [_name(found) for said in (str(error.get("param") or ""), words) for found in _PARAMS.finditer(said)]
    # the newer name of the limit is what servers tell to use, before or after the one that they do not take
    return next((name for name in named if name != "max_completion_tokens"), named[0] if named else None)


def _name(found: re.Match[str]) -> str:
    return "role" if found["role"] else found[0].lower()


_MOST = re.compile(
    r"at most (\d+) completion tokens|max_tokens` must be less than or equal to `(\d+)`"
    r"|> (\d+), which is the maximum allowed|valid range of max_tokens is \[\d+, ?(\d+)\]"
)
_WHOLE = re.compile(
    r"maximum context length (?:is|of) (\d+)|context limit: \d+ \+ \d+ > (\d+)|tokens` must be <= (\d+)"
)
_PROMPT = re.compile(
    r"(\d+)(?: tokens)? (?:(?:in|from) the (?:input )?messages|in the prompt|of text input|`?inputs?`? tokens)"
    r"|context limit: (\d+) \+"
)


def _room(words: str) -> int | None:
    """How many tokens a reply may have, where the words say so and it is worth a try."""
    most, whole, prompt = (_number(pattern, words) for pattern in (_MOST, _WHOLE, _PROMPT))
    if most:
        return most
    room = whole - prompt if whole and prompt else 0
    return room if room >= _LEAST_ROOM else None


def _number(pattern: re.Pattern[str], words: str) -> int:
    found = pattern.search(words)
    return next((int(number) for number in found.groups() if number), 0) if found else 0


# ── small things ─────────────────────────────────────────────────────────────────────────────


def json_of(text: str) -> Any:
    """The text's value, None if it is no JSON. (No body that means anything here is `null`.)"""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def body_of(body: bytes) -> tuple[str, Any]:
    """A response's body as text, and its value as `json_of` has it. All that is in both can be written down again."""
    text = body.decode("utf-8-sig", "replace")
    data = json_of(text)
    if _HALF_A_PAIR.search(text):
        # an escape of half a letter, as where a model was cut within an emoji: Python takes it, UTF-8 does not
        data = json_of(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace").decode())
    return text, data


_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


def error_object(data: object) -> Mapping[str, Any]:
    """The object that says what is wrong; the whole body where it is that itself, empty if it is none."""
    if not isinstance(data, dict):
        return {}
    error = data.get("error")
    return error if isinstance(error, dict) else data


def _phrase_of(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _plain(text: str) -> str:
    return " ".join(text.split())


def cropped(words: str) -> str:
    """The words on one line, cut where a message would get too long."""
    words = _plain(words)
    return words if len(words) <= _LONGEST_WORDS else words[:_LONGEST_WORDS] + "…"
