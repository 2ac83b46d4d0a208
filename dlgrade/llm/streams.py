"""A reply that comes in pieces (server-sent events) -> the body that it would have been in one, and its words at once.

    data: {"choices": [{"delta": {"content": "Drop"}}]}
    data: {"choices": [{"delta": {"content": "out"}, "finish_reason": "stop"}]}
    data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    data: [DONE]

Comments (`: OPENROUTER PROCESSING`) keep a connection open. An error can come as a piece of its own, after words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from dlgrade.llm.complaints import json_of
from dlgrade.llm.wire import THINKING, content_text, without_thinking

# Only these end a line. `str.splitlines` has nine more, which may stand in the middle of a text in JSON.
_LINE_END = re.compile(rb"\r\n|\n|\r(?=[^\n])")
_END = "[DONE]"
_TELLING = frozenset({"data", "error"})  # the second is from older servers of llama.cpp


class Stream:
    """One reply on its way. `hear` is told each piece of its text, but none of what the model thinks before it.

    `hide` leaves out of a text what nobody may see. `heard` is what was told so far, `done` whether the server said
    that nothing more comes.
    """

    def __init__(self, hear: Callable[[str], None], *, hide: Callable[[str], str] = str) -> None:
        self._hear = hear
        self._hide = hide
        self._rest = b""
        self._text = ""
        self._refusal = ""
        self._finish: str | None = None
        self._error: Any = None
        self._held = ""  # of an event, so far
        self._lost = False
        self._failed = False  # the event that comes is called an error
        self._head: dict[str, Any] = {}
        self._pieces = 0
        self.heard = ""
        self.done = False

    @property
    def begun(self) -> bool:
        """Whether a piece has come, or an error."""
        return self._pieces > 0 or self._error is not None

    @staticmethod
    def looks_like(content: bytes) -> bool:
        """Whether a response is one in pieces, whatever its headers say."""
        return content.lstrip().startswith((b"data:", b"event:", b": "))

    @property
    def finished(self) -> bool:
        """Whether the text is whole: what may still come is the bill."""
        return self._finish is not None

    def feed(self, some: bytes) -> None:
        """Take in the next bytes of the response, wherever they were cut."""
        *lines, self._rest = _LINE_END.split(self._rest + some)
        for line in lines:
            self._line(line)

    def body(self) -> bytes | None:
        """The body of the same reply in one, once all of it was taken in.

        None if not one piece came, or one of them broken, or it broke off before its end.
        """
        self._line(self._rest)
        self._rest = b""
        self._lose_held()
        if self._error is not None:
            return json.dumps({**self._head, "error": self._error}).encode()
        if not self._pieces or self._lost or not (self._finish or self.done):
            return None
        message = {"role": "assistant", "content": self._text, "refusal": self._refusal or None}
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        return json.dumps({**self._head, "choices": [choice]}).encode()

    def _line(self, line: bytes) -> None:
        kind, _, said = line.decode("utf-8", "replace").partition(":")
        if kind == "event":
            self._failed = said.strip() == "error"
        if kind in _TELLING:
            self._told(kind, self._held + said)
        elif not line.strip():
            self._lose_held()

    def _told(self, kind: str, said: str) -> None:
        self.done = self.done or said.strip() == _END
        data = json_of(said)
        if data is None and said.strip() and not self.done:
            self._held = said + "\n"  # one event may have several lines
            return
        self._held = ""
        if not isinstance(data, dict):
            return
        if (self._failed or kind == "error") and not data.get("choices"):
            self._error = data.get("error") or data
            return
        self._piece(data)

    def _lose_held(self) -> None:
        """An event is over: what of it is no JSON may have been a piece of the text."""
        self._lost = self._lost or bool(self._held)
        self._held = ""

    def _piece(self, data: dict[str, Any]) -> None:
        self._head |= {key: data[key] for key in ("model", "usage") if data.get(key)}
        self._error = data.get("error") or (data if data.get("object") == "error" else self._error)
        choices = data.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return
        self._pieces += 1
        choice = choices[0]
        self._error = choice.get("error") or self._error
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta")
        if delta is None and not self._text:
            delta = choice.get("message")  # all in one piece, as it comes without a stream
        if isinstance(delta, dict):
            self._refusal += str(delta.get("refusal") or "")
            self._text += content_text(delta.get("content"))
            self._tell()

    def _tell(self) -> None:
        begun = self._text.lstrip()
        if not begun or any(opening.startswith(begun) for opening in THINKING):
            return  # it may still turn out to be thinking
        said = self._hide(without_thinking(_whole(self._text)))
        # a lone closing tag says late that all before it was thinking: who waits for the whole reply has it right
        if said.startswith(self.heard) and (new := said[len(self.heard) :]):
            self.heard = said
            self._hear(new)


def _whole(text: str) -> str:
    """The text without half a letter at its end, which may come in two pieces; and as `wire` has it, if it did not."""
    if not _HALF.search(text):
        return text
    text = text[:-1] if _HALF.match(text, len(text) - 1) else text
    # as JSON the halves of one letter are one again
    return str(json.loads(json.dumps(text))).encode("utf-8", "replace").decode()


_HALF = re.compile("[\ud800-\udfff]")
