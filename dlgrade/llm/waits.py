"""How long a server asks to wait, from all the places where servers say it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Headers = Mapping[str, str]


def asked_wait(headers: Headers, words: str, error: Mapping[str, Any] = MappingProxyType({})) -> float | None:
    """How many seconds the server asks to wait: the longest that it names anywhere. Zero counts as unsaid.

    `error` is the object that says what is wrong. Where nobody names a wait, the moment counts at which more requests
    are given out, if none are left.
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    said = named.get("retry-after", "")
    waits = [duration(said), _until(said, named.get("date", ""))]
    waits.append(_seconds(named.get("retry-after-ms", "")) / 1000)
    waits += [duration(found) for found in _WAIT.findall(words)]
    waits += [duration(str(detail.get("retryDelay"))) for detail in details(error)]
    return max(waits) or _until_more(named, error) or None


def details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What Gemini says of an error beside its words: `{"@type": "…RetryInfo", "retryDelay": "33s"}`."""
    found = error.get("details")
    return [detail for detail in found if isinstance(detail, dict)] if isinstance(found, list) else []


def _until_more(named: Mapping[str, str], error: Mapping[str, Any]) -> float:
    """Seconds until there are requests again, by headers for all limits together; 0 where it is not said.

    OpenRouter sends them inside the body, and the moment in milliseconds; others in seconds, or the seconds until then.
    """
    metadata = error.get("metadata")
    inside = metadata.get("headers") if isinstance(metadata, dict) else None
    if isinstance(inside, dict):
        named = {**named, **{str(name).lower(): str(value) for name, value in inside.items()}}
    for prefix in ("x-ratelimit", "ratelimit"):
        if named.get(f"{prefix}-remaining", "0") == "0" and (reset := named.get(f"{prefix}-reset", "")):
            seconds = duration(reset)
            if seconds < _FIRST_MOMENT:
                return seconds
            return max((seconds / 1000 if seconds >= 1000 * _FIRST_MOMENT else seconds) - _now(named.get("date")), 0.0)
    return 0.0


_FIRST_MOMENT = 1e9  # seconds since 1970, of 2001: what is less is no moment


def _now(date: str | None) -> float:
    """The response's own time, since the clock here may be wrong; else that."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - for start-up time, as below

    try:
        return parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError):
        return time.time()


_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_WAIT = re.compile(
    r"(?:(?:again|retry)\s+(?:in|after)|\bwait(?:\s+for)?)\s+((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|h|hours?|m|minutes?|s|seconds?)\b\s*"
    r"|\d+(?:\.\d+)?(?:ms|h|m|s)(?=\d))+)",
    re.IGNORECASE,
)


_DURATION = re.compile(r"\d{1,13}(?:\.\d+)?|(?:\d{1,12}(?:\.\d+)?\s*[a-z]+\s*)+", re.ASCII)


def duration(said: str) -> float:
    """Seconds of "1m30.5s", "350ms", "20 seconds", "12"; 0 where it says something else."""
    said = said.strip().lower()
    if not _DURATION.fullmatch(said):
        return 0.0
    pairs = re.findall(r"(\d+(?:\.\d+)?)\s*(ms|milli|d|h|m|s)", said)
    return sum(float(number) * _UNITS["ms" if unit == "milli" else unit] for number, unit in pairs) or _seconds(said)


def _seconds(value: str) -> float:
    return float(value) if re.fullmatch(r"\d{1,13}(\.\d+)?", value) else 0.0


def _until(moment: str, now: str) -> float:
    """Seconds from the response's own date to an HTTP date; the clock here may be wrong."""
    # Imported here for start-up time: few servers send a date.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        return max((parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0
