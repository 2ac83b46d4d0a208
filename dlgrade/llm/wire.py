"""What servers really send back -> a Reply, or the Trouble it is. Pure functions; no SDK, no clock.

A good reply is one line of many that all come with status 200:

    {"choices": [{"message": {"content": "…"}, "finish_reason": "stop"}], "model": "…", "usage": {…}}

What else comes is in `complaints`.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from dlgrade.llm.complaints import body_of, complaint, cropped, error_object, json_of, words_in
from dlgrade.llm.request import Reply
from dlgrade.llm.schema import misfit
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.llm.waits import Headers
from dlgrade.models import Record, Usage


def read(
    status: int, headers: Headers, body: bytes, *, model: str, shape: type[BaseModel] | None = None
) -> Reply | Trouble:
    """One response, of any kind. `model` is the one asked for, `shape` what its content has to be."""
    text, data = body_of(body)
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


class Listed(Record):
    """A model as an endpoint lists it; `context` is how many tokens it takes, where the list says so."""

    id: str
    context: int | None = None


# by OpenRouter and Together, vLLM, Groq, Mistral and LM Studio
_CONTEXTS = ("context_length", "max_model_len", "context_window", "max_context_length")


def read_models(status: int, headers: Headers, body: bytes) -> tuple[Listed, ...] | Trouble:
    """The models from a response to `/models`."""
    text, data = body_of(body)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return complaint(status, headers, data, text)
    entries = data.get("data") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return Trouble(condition=Condition.NOT_A_REPLY, words=cropped(words_in(data, text)) or "no list of models")
    return tuple(
        Listed(id=str(entry["id"]), context=next((n for key in _CONTEXTS if (n := _count(entry.get(key)))), None))
        for entry in entries
        if isinstance(entry, dict) and "id" in entry
    )


def read_object(status: int, headers: Headers, body: bytes) -> dict[str, Any] | Trouble:
    """The JSON object of a response that is no completion: a file, a batch, a page of them."""
    text, data = body_of(body)
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
    condition = Condition.BROKEN
    if cause in _NEVER_CONNECTED:
        condition = Condition.UNREACHABLE
    elif cause in _NO_HTTP:
        condition = Condition.NOT_A_REPLY
    return Trouble(condition=condition, words=cropped(words) or cause)


# Raised before the request is out: no name, nobody listening, no TLS, no such proxy. httpx2's and aiohttp's; of the
# others, which are for a connection that broke off, each may be met by a server that closes one it has kept open.
_NEVER_CONNECTED = frozenset(
    {
        *("ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL", "UnicodeError"),
        *("ClientConnectorError", "ClientConnectorDNSError", "ClientConnectorSSLError"),
        *("ClientConnectorCertificateError", "ClientProxyConnectionError", "ClientHttpProxyError"),
        *("ConnectionTimeoutError", "InvalidUrlClientError", "NonHttpUrlClientError"),
    }
)
# what came is no HTTP, or without end
_NO_HTTP = frozenset({"ClientResponseError", "TooLarge"})


# ── a completion ─────────────────────────────────────────────────────────────────────────────


def _completion(
    choice: Mapping[str, Any], data: Mapping[str, Any], model: str, shape: type[BaseModel] | None
) -> Reply | Trouble:
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    said = without_thinking(content_text(message.get("content")))
    finish, refusal, usage = _finish(choice), message.get("refusal"), usage_in(data)
    if finish.startswith(_FILTERED) or refusal:
        words = cropped(str(refusal or "")) or "the content filter stopped it"
        return Trouble(condition=Condition.REFUSED, words=words, usage=usage)
    if finish in _CUT:
        return Trouble(condition=Condition.LENGTH, words=_stopped_at(usage), said=said, usage=usage)
    if finish in _BROKEN_OFF:
        return Trouble(condition=Condition.SERVER, words=f"the reply ended with {finish!r}", usage=usage)
    text = said if shape is None else json_in(said)
    problem = _unusable(said) if shape is None else "the reply is empty" if not said else misfit(text, shape)
    if problem:
        return Trouble(condition=Condition.UNREADABLE, words=problem, said=said, usage=usage)
    named = data.get("model")
    return Reply(
        text=text,
        model=named if isinstance(named, str) and named else model,
        finish_reason=finish,
        usage=usage,
    )


_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff" + string.whitespace


def _unusable(text: str) -> str | None:
    """Why a plain text is of no use, in words for the model; None if it may be of some."""
    if not text.strip(_UNSEEN):
        return "the reply is empty"
    return "the reply holds NUL characters, which no text file can" if "\0" in text else None


# Gemini says which filter it was, as in `content_filter: RECITATION`, or by its name alone; "sensitive" is Z.ai's, the
# last one Bedrock's.
_FILTERED = (
    *(
        "content_filter",
        "content-filter",
        "safety",
        "sensitive",
        "recitation",
        "blocklist",
        "prohibited_content",
        "spii",
    ),
    "guardrail_intervened",
)
_CUT = frozenset({"length", "max_tokens", "model_length", "model_context_window_exceeded"})
# Half a text, in a response that is whole: OpenRouter's, vLLM's and SGLang's, DeepSeek's, Z.ai's.
_BROKEN_OFF = frozenset(
    {"error", "abort", "cancelled", "canceled", "timeout", "insufficient_system_resource", "network_error"}
)


def _finish(choice: Mapping[str, Any]) -> str:
    """Why the model stopped, in small letters; some servers do not say."""
    finish = choice.get("finish_reason")
    return finish.lower() if isinstance(finish, str) and finish else "stop"


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


THINKING: Mapping[str, str] = MappingProxyType(
    {
        **{f"<{name}>": f"</{name}>" for name in ("think", "thinking", "thought", "reasoning", "seed:think")},
        "[THINK]": "[/THINK]",  # Mistral's
        "◁think▷": "◁/think▷",  # Kimi's
        # gpt-oss, where a server passes on its channels
        "<|channel|>analysis": "<|channel|>final<|message|>",
        "<|channel|>final": "<|message|>",
    }
)
"""How what a model thinks begins and ends, where it stands before the text."""

_ENDS = re.compile(r"(?:<\|(?:im_end|eot_id|endoftext|end|return)\|>|<end_of_turn>)\s*\Z")


def without_thinking(text: str) -> str:
    """The text after `<think>…</think>`; nothing if that is never closed. A token that ends a text is none of it.

    A lone `</think>` ends it too: some chat templates open it on the model's behalf.
    """
    text = _ENDS.sub("", text)
    begun = text.lstrip()
    opening = next((tag for tag in THINKING if begun.startswith(tag)), None)
    before, closed, after = text.partition(THINKING[opening or "<think>"])
    if opening:
        return after.strip()
    return after.strip() if closed and "<think>" not in before else text.strip()


def json_in(text: str) -> str:
    """The JSON object in the text: the text itself, what stands in a fence, or what begins with the first brace."""
    begins = text.find("{")
    fenced: list[str] = re.findall(r"```\w*\s*(.*?)```", text, re.DOTALL)
    for candidate in (text, *fenced, text[begins : text.rfind("}") + 1], _first_object(text, begins)):
        if isinstance(json_of(candidate), dict):
            return candidate.strip()
    return text


def _first_object(text: str, begins: int) -> str:
    """The object that begins there, whatever follows it; empty if it never ends."""
    try:
        return text[begins : json.JSONDecoder().raw_decode(text, begins)[1]] if begins >= 0 else ""
    except (ValueError, RecursionError):
        return ""


def usage_in(data: Mapping[str, Any]) -> Usage | None:
    """The tokens billed; None where the server does not say. Numbers may be missing, null, floats or texts."""
    usage = data.get("usage")
    if not isinstance(usage, dict):
        return None
    # the second names are the Responses API's, which some gateways pass on
    prompt = _count(usage.get("prompt_tokens")) or _count(usage.get("input_tokens"))
    completion = _count(usage.get("completion_tokens")) or _count(usage.get("output_tokens"))
    total = _count(usage.get("total_tokens")) or prompt + completion
    if prompt:
        # xAI and Gemini bill what a model thinks, and count it in the total alone
        completion = max(completion, total - prompt)
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    cached = cached or _count(usage.get("prompt_cache_hit_tokens"))  # DeepSeek's own name for it
    return Usage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=total, cached_tokens=min(cached, prompt)
    )


def _count(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS:
        value = int(value)
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e12 else 0


_DIGITS = 13


# ── small things ─────────────────────────────────────────────────────────────────────────────


def _no_object(data: object, text: str) -> Trouble:
    """A 200 that is no JSON object: half of one if it begins like one, else another kind of server."""
    if data is None and text.lstrip().startswith("{"):
        return Trouble(condition=Condition.BROKEN, words="only a part of the reply came")
    said = words_in(data, text)
    return Trouble(condition=Condition.NOT_A_REPLY, words=cropped(said) or "an empty body")


def _first(choices: object) -> Mapping[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _status_inside(data: Mapping[str, Any]) -> int:
    """The status that an error inside a 200 would have had."""
    code = str(error_object(data).get("code"))
    return int(code) if re.fullmatch(r"[45]\d\d", code) else HTTPStatus.INTERNAL_SERVER_ERROR
