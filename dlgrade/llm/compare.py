"""Which part of two requests differs, in words: for `cache why`, and for a recording that lacks a request.

>>> differences({"model": "a", "sample": 0}, {"model": "b", "sample": 0})
('model: a -> b',)
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

Parts = Mapping[str, Any]
"""A request's `parts`, as `dlgrade.llm.request.Request` names them."""

_LONGEST = 60  # characters of a value, or of a line of a message, that a sentence shows


def differences(old: Parts, new: Parts) -> tuple[str, ...]:
    """A sentence for each part that is not the same; none if the requests have the same key."""
    names = [*old, *(name for name in new if name not in old)]
    found: list[str] = []
    for name in names:
        before, now = old.get(name), new.get(name)
        if before == now:
            continue
        if name == "messages":
            found += _messages(before or [], now or [])
        else:
            found.append(f"{name}: {_shown(before)} -> {_shown(now)}")
    return tuple(found)


def nearest(new: Parts, candidates: Iterable[Parts]) -> Parts | None:
    """The candidate that is most like the request: by its messages first, then by other parts."""
    return min(candidates, key=lambda old: _distance(old, new), default=None)


def _distance(old: Parts, new: Parts) -> tuple[float, int]:
    others = sum(old.get(name) != new.get(name) for name in {*old, *new} - {"messages"})
    return 1 - _likeness(old.get("messages") or [], new.get("messages") or []), others


def _likeness(old: list[dict[str, str]], new: list[dict[str, str]]) -> float:
    """How much two rows of messages have in common, by their lines, from 0 to 1."""
    before, now = ([line for message in row for line in message["content"].splitlines()] for row in (old, new))
    return difflib.SequenceMatcher(None, before, now, autojunk=False).ratio()


def _messages(old: list[dict[str, str]], new: list[dict[str, str]]) -> list[str]:
    if len(old) != len(new):
        return [f"messages: {len(old)} -> {len(new)}"]
    found = []
    for before, now in zip(old, new, strict=True):
        if before["role"] != now["role"]:
            found.append(f"the {before['role']} message is now a {now['role']} message")
        if before["content"] != now["content"]:
            found.append(f"the {now['role']} message, {_first_change(before['content'], now['content'])}")
    return found


def _first_change(old: str, new: str) -> str:
    """Where two texts part, and what stands there."""
    before, now = old.splitlines(), new.splitlines()
    for n in range(max(len(before), len(now))):
        there, here = (lines[n] if n < len(lines) else None for lines in (before, now))
        if there != here:
            return f"line {n + 1}: {_shown(there)} -> {_shown(here)}"
    return "its line ends"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"
