"""A reply that comes in pieces (server-sent events) -> the body that it would have been in one, and its words at once.

    data: {"choices": [{"delta": {"content": "Drop"}}]}
    data: {"choices": [{"delta": {"content": "out"}, "finish_reason": "stop"}]}
    data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    data: [DONE]

Comments (`: OPENROUTER PROCESSING`) keep a connection open. An error can come as a piece of its own, after words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dlgrade.llm.complaints import json_of
from dlgrade.llm.wire import content_text, without_thinking


class Stream:
    """One reply on its way. `hear` is told each piece of its text, but none of what the model thinks before it."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear
        self._text = ""
        self._heard = ""
        self._refusal = ""
        self._finish: str | None = None
        self._error: Any = None
        self._head: dict[str, Any] = {}
        self._pieces = 0

    def line(self, line: str) -> None:
        """Take in one line of the response."""
        if not line.startswith("data:"):
            return
        data = json_of(line[5:])
        if isinstance(data, dict):
            self._piece(data)

    def body(self) -> bytes | None:
        """The body of the same reply in one; None if not one piece came, or it broke off before its end."""
        if self._error is not None:
            return json.dumps({**self._head, "error": self._error}).encode()
        if not self._pieces or self._finish is None:
            return None
        message = {"role": "assistant", "content": self._text, "refusal": self._refusal or None}
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        return json.dumps({**self._head, "choices": [choice]}).encode()

    def _piece(self, data: dict[str, Any]) -> None:
        self._head |= {key: data[key] for key in ("model", "usage") if data.get(key)}
        self._error = data.get("error") or self._error
        choices = data.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return
        self._pieces += 1
        choice = choices[0]
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._refusal += str(delta.get("refusal") or "")
            self._text += content_text(delta.get("content"))
            self._tell()

    def _tell(self) -> None:
        said = without_thinking(self._text)
        if "<thinking>".startswith(self._text.strip()) or not said.startswith(self._heard):
            return  # what has come so far may still turn out to be thinking
        if new := said[len(self._heard) :]:
            self._heard = said
            self._hear(new)
