"""What a server complains about -> the Trouble it is. Pure functions; no SDK, no clock.

Errors come as `{"error": {"message", "type", "param", "code"}}`, `{"error": "…"}`, `{"detail": …}`,
`{"object": "error", "message"}`, HTML or bare text, and with any status, 200 among them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from dlgrade.llm.request import without_credentials
from dlgrade.llm.signs import REDIRECTIONS, SIGNS, UNTAKEN
from dlgrade.llm.trouble import LONGEST_WAIT, Condition, Trouble
from dlgrade.llm.waits import Headers, asked_wait, details

_LONGEST_WORDS = 300  # characters of the server's own words in a message
_LEAST_ROOM = 256  # tokens: a reply that gets fewer is not worth its money


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
    about = f"{error.get('param') or ''} {words} {_beside(error)}".lower()
    condition = next((sign.condition for sign in SIGNS if sign.fits(status, codes, about)), Condition.REJECTED)
    param = _param(error, words)
    if condition is Condition.REJECTED and param is not None and UNTAKEN.fits(status, codes, about):
        condition = Condition.UNSUPPORTED
    wait, asked = asked_wait(headers, words, error), ""
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


def _beside(error: Mapping[str, Any]) -> str:
    """What Gemini says beside its words: which quotas are used up, and that it can be tried again."""
    said = ["retry in" for detail in details(error) if "retryDelay" in detail]
    for detail in details(error):
        violations = detail.get("violations")
        some = violations if isinstance(violations, list) else []
        said += [str(one.get("quotaId")) for one in some if isinstance(one, dict)]
    return " ".join(said)


def _destination(status: int, headers: Headers) -> str:
    """Where a redirection leads, as a base URL; empty if this is none. Its body may hold anything."""
    to = next((value for name, value in headers.items() if name.lower() == "location"), "")
    if status not in REDIRECTIONS or not to:
        return ""
    return f"to {without_credentials(to).removesuffix('/chat/completions').removesuffix('/models')}"


def words_in(data: object, text: str) -> str:
    """The server's own words, from whichever of their forms the body has; empty if it says nothing."""
    if data is None and text.count("\ufffd") > len(text) / 20:
        return "bytes that are no text"  # packed in a way that was not asked for
    if isinstance(data, dict):
        try:
            return _words_of_object(data)
        except RecursionError:
            return ""
    if data is not None:
        return _plain(str(data))
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
    return _plain(html.unescape(title[1] if title else re.sub(r"<[^>]+>", " ", text)))


# the errors are Cloudflare's; then Apigee's, Envoy's and others of those that stand in front of servers
_SAYING = (
    *("error", "message", "detail", "error_description", "errors"),
    *("fault", "faultstring", "msg", "error_msg", "reason", "title"),
)


def _words_of_object(data: Mapping[str, Any]) -> str:
    for key in _SAYING:
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            nested = json_of(value)
            return _words_of_object(nested) if isinstance(nested, dict) else _plain(value) + _upstream(data)
        if isinstance(value, dict) and (words := _words_of_object(value)):
            return words
        if isinstance(value, list) and value:
            return "; ".join(_detail(item) for item in value)
    return ""


def _upstream(error: Mapping[str, Any]) -> str:
    """What the provider behind OpenRouter said: its own message is only "Provider returned error"."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f": {words_in(json_of(raw), raw)}" if isinstance(raw, str) and raw.strip() else ""


def _detail(item: object) -> str:
    """One entry of a list of complaints; of FastAPI's `detail`, where and what."""
    if not isinstance(item, dict):
        return _plain(str(item))
    if "msg" not in item and (words := _words_of_object(item)):
        return words
    where = ".".join(map(str, item.get("loc") or ()))
    return _plain(f"{where}: {item.get('msg')}" if where else str(item.get("msg") or item))


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
