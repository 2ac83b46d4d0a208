"""A small OpenAI-compatible server on this machine, for tests, recordings and demonstrations.

In a test, `reply` gets the parsed body of every call to `/v1/chat/completions` and says what comes back:

    with Loopback(lambda body: "Dropout sets units to zero.") as server:
        ...  # talk to server.url, then look at server.requests

A string is the content of a good reply, None a generic good one: an object that fits the JSON schema if the call has
one, else a sentence; a call that asks for a stream gets it word by word. A `Scripted` is anything else: a status,
headers, a body as it is, pieces of a stream, a delay, a connection that is reset before the reply or in the middle of
it. With `key`, calls without it get a 401. `listing` comes in the place of the list of `models`. `extension` may answer
any call before the rest looks at it: see batch_endpoint.py.

As a program it prints its base URL and serves until it is stopped:

    python tests/loopback.py --port 8080 --delay 0.5 --answers answers.json

`answers.json` maps a part of a prompt to the content to reply with; the longest part that the last message of the call
contains wins. Every other call gets the generic reply, which is the same for the same call.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, cast

Body = dict[str, Any]


@dataclass(frozen=True)
class Scripted:
    """One reply, said in full. `body` is sent as it is: bytes and text plainly, anything else as JSON.

    `content` makes `body` a completion with that content, or `pieces` where a stream was asked for. `pieces` come one
    by one with `pause` seconds before each: bytes as they are, anything else as the JSON of an event. `delay` is in
    seconds. `breaks` ends the connection without a word ("before"), or after half of the body or all pieces ("within").
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    content: str | None = None
    pieces: tuple[object, ...] | None = None
    pause: float = 0.0
    delay: float = 0.0
    breaks: str = ""


Answer = str | Scripted | None


@dataclass(frozen=True)
class Seen:
    """One call as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Body


class Loopback:
    """The server. It listens from its making on and serves inside `with`."""

    def __init__(
        self,
        reply: Callable[[Body], Answer] = lambda _: None,
        *,
        key: str | None = None,
        models: tuple[str, ...] = ("loopback",),
        listing: Scripted | None = None,
        port: int = 0,
        extension: Callable[[str, str, Mapping[str, str], bytes], Scripted | None] = lambda *_: None,
    ) -> None:
        self.reply = reply
        self.extension = extension
        self.key = key
        self.models = models
        self.listing = listing
        self.listing_delay = 0.0
        self.requests: list[Seen] = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.loopback = self

    @property
    def url(self) -> str:
        """The base URL, with `/v1`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def bodies(self) -> list[Body]:
        """The bodies of the calls for a completion, in the order they came."""
        return [seen.body for seen in self.requests if seen.method == "POST"]

    def serve(self) -> None:
        """Serve until `close`."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop serving and listening."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def completion(body: Body, content: str, *, finish_reason: str = "stop") -> Body:
    """A whole chat completion; a token is four characters."""
    prompt = sum(len(str(message.get("content", ""))) for message in body.get("messages", ())) // 4 + 1
    written = len(content) // 4 + 1
    return {
        "id": "chatcmpl-" + _digest(body),
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", "loopback"),
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written},
    }


def streamed(body: Body, content: str, *, finish_reason: str = "stop") -> tuple[object, ...]:
    """The pieces of a completion, a word in each, as OpenAI sends them."""
    whole = completion(body, content)
    head = {**{key: whole[key] for key in ("id", "created", "model")}, "object": "chat.completion.chunk"}
    deltas = [
        {"role": "assistant", "content": ""},
        *({"content": word} for word in re.findall(r"\s*\S+\s*\Z|\s*\S+", content)),
    ]
    pieces: list[object] = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
    ]
    pieces.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        pieces.append({**head, "choices": [], "usage": whole["usage"]})
    return *pieces, b"data: [DONE]\n\n"


def generic(body: Body) -> str:
    """The content that any call can get: an object valid for its schema, or a sentence named after the call."""
    asked = body.get("response_format") or {}
    if asked.get("type") == "json_schema":
        return json.dumps(example(asked["json_schema"]["schema"]))
    return "{}" if asked.get("type") == "json_object" else f"Answer {_digest(body)}."


def example(schema: Mapping[str, Any]) -> Any:
    """The plainest value that is valid for a schema: first of an enum, first branch, empty array."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    if schema["type"] == "object":
        return {name: example(child) for name, child in schema.get("properties", {}).items()}
    plain: dict[str, Any] = {"array": [], "string": "text", "integer": 0, "number": 0, "boolean": False, "null": None}
    return plain[schema["type"]]


def canned(answers: Mapping[str, str], *, delay: float = 0.0) -> Callable[[Body], Answer]:
    """A `reply` that looks for the keys of `answers` in the last message, after `delay` seconds."""

    def reply(body: Body) -> Answer:
        prompt = str(body["messages"][-1]["content"])
        known = max((part for part in answers if part in prompt), key=len, default=None)
        return Scripted(content=generic(body) if known is None else answers[known], delay=delay)

    return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # the default of 5 drops connections when many workers begin at once
    request_queue_size = 128
    loopback: Loopback

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nobody's mistake here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # a header and a body in two small packets would wait for each other
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        time.sleep(self._loopback.listing_delay)
        if self._allowed({}) and not self._extended(b"") and self._found("/v1/models"):
            models = [{"id": name, "object": "model"} for name in self._loopback.models]
            self._send(self._loopback.listing or Scripted(body={"object": "list", "data": models}))

    def do_POST(self) -> None:
        raw = self._content()
        body = json.loads(raw or b"{}") if "json" in self.headers.get("content-type", "json") else {}
        if self._allowed(body) and not self._extended(raw) and self._found("/v1/chat/completions"):
            answer = self._loopback.reply(body)
            scripted = answer if isinstance(answer, Scripted) else Scripted(content=answer or generic(body))
            if scripted.content is not None:
                made = streamed if body.get("stream") else completion
                part = {"pieces" if body.get("stream") else "body": made(body, scripted.content)}
                scripted = Scripted(**{**vars(scripted), **part, "content": None})
            self._send(scripted)

    def _content(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _extended(self, raw: bytes) -> bool:
        scripted = self._loopback.extension(self.command, self.path, dict(self.headers.items()), raw)
        if scripted is not None:
            self._send(scripted)
        return scripted is not None

    @property
    def _loopback(self) -> Loopback:
        return cast("_Server", self.server).loopback

    def _allowed(self, body: Body) -> bool:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._loopback.requests.append(Seen(self.command, self.path, headers, body))
        key = self._loopback.key
        if key is None or headers.get("authorization") == f"Bearer {key}":
            return True
        self._send(Scripted(status=401, body=_error("Incorrect API key provided.", "invalid_api_key")))
        return False

    def _found(self, path: str) -> bool:
        if self.path == path:
            return True
        self._send(Scripted(status=404, body=_error(f"Unknown path: {self.path}", "not_found")))
        return False

    def _send(self, scripted: Scripted) -> None:
        time.sleep(scripted.delay)
        if scripted.breaks == "before":
            self._reset()
            return
        if scripted.pieces is not None:
            self._stream(scripted, scripted.pieces)
            return
        data = _bytes(scripted.body)
        self.send_response(scripted.status)
        for name, value in {"content-type": "application/json", **scripted.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if scripted.breaks == "within" else data)
        self.close_connection = self.close_connection or scripted.breaks == "within"

    def _stream(self, scripted: Scripted, pieces: tuple[object, ...]) -> None:
        self.send_response(scripted.status)
        for name, value in {"content-type": "text/event-stream", **scripted.headers}.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            time.sleep(scripted.pause)
            data = piece if isinstance(piece, bytes) else b"data: " + _bytes(piece) + b"\n\n"
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        if not scripted.breaks:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = self.close_connection or bool(scripted.breaks)

    def _reset(self) -> None:
        """Close so that the other side gets a reset, not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Tests read `requests`, not a log."""


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _error(message: str, code: str) -> Body:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def _digest(body: Body) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12]


def main() -> None:
    """Serve from the command line."""
    parser = argparse.ArgumentParser(description="A small OpenAI-compatible server on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    parser.add_argument("--delay", type=float, default=0.0, metavar="S", help="seconds before each reply")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="JSON: a part of a prompt -> what to reply")
    args = parser.parse_args()
    answers = json.loads(args.answers.read_text(encoding="utf-8")) if args.answers else {}
    server = Loopback(canned(answers, delay=args.delay), port=args.port)
    print(server.url, flush=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
