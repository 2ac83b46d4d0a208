"""A fast OpenAI-compatible chat server for measurements: it must never be what the measured program waits for.

HTTP/1.1 is parsed by hand, as far as HTTP clients go: keep-alive, a Content-Length, one request after another. Every
`POST …/chat/completions` is answered after `--delay` ms (more or less by the share `--jitter`) with some 150 words, an
object if the call has a JSON schema, or with a fault. A list in such an object holds the first words of what is
graded, so that a grader's quotes stand in the answer. Faults depend on the last message and how often it came before,
not on time or order: whoever asks the same questions meets the same ones. `GET /counters` says what came so far, `POST
/reset` forgets it, `POST /hangup/SECONDS` answers nothing more on the connections that there are, and forgets what was
sent after that moment of the system's clock (`time.monotonic`); it says how many replies those are.

    python benchmarks/fast_server.py --delay 200 --faults 0.1

It prints its base URL and serves until it is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import socket
import struct
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, cast

FAULTS = ("429", "500", "reset")
BACKLOG = 1024
_WORDS = (
    "The direct answer comes first: the method changes what the network computes while it is trained, and leaves it "
    "as it is when it is used. It does so by adding noise to the units of a layer, so that none of them can rely on "
    "the others, and the weights that are learned spread over all of them. "
)
_TEXT = _WORDS * 3
_QUOTED = 6  # words of an answer that are quoted

Schema = dict[str, Any]


@dataclass
class Counters:
    """What came so far. `again` are calls for what had been answered before."""

    requests: int = 0
    replies: int = 0
    again: int = 0
    connections: int = 0
    most_at_once: int = 0
    faults: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))


@dataclass(frozen=True)
class Manner:
    """How the server answers: seconds before a reply, their spread, the share of faults, the dice."""

    delay: float = 0.0
    jitter: float = 0.0
    faults: float = 0.0
    seed: int = 1


class Server:
    """What all connections share."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.connections: set[Connection] = set()
        self.forget()
        self._at_once = 0

    def forget(self) -> None:
        """Begin to count anew."""
        self.counters = Counters()
        self._asked: Counter[str] = Counter()
        self._answered: dict[str, float] = {}  # and when

    def hang_up(self, at: float) -> int:
        """Send nothing more to whoever is connected; what was sent after `at`, so many, has come to nobody."""
        for connection in self.connections:
            connection.closed = True
        before, self._answered = self._answered, {c: sent for c, sent in self._answered.items() if sent <= at}
        return len(before) - len(self._answered)

    def asked(self, connection: Connection, body: bytes) -> None:
        """Take one call; its answer is sent later."""
        call = json.loads(body)
        content = str(call["messages"][-1]["content"])
        schema = call.get("response_format", {}).get("json_schema", {}).get("schema")
        self._asked[content] += 1
        counters = self.counters
        counters.requests += 1
        counters.again += content in self._answered
        self._at_once += 1
        counters.most_at_once = max(counters.most_at_once, self._at_once)
        dice = _dice(self.manner.seed, self._asked[content], content)
        fault = FAULTS[int(dice / self.manner.faults * len(FAULTS))] if dice < self.manner.faults else None
        if self.manner.delay == 0:
            self._answer(connection, content, schema, fault)
            return
        spread = 1 + self.manner.jitter * (2 * _dice("spread", self._asked[content], content) - 1)
        asyncio.get_running_loop().call_later(
            self.manner.delay * spread, self._answer, connection, content, schema, fault
        )

    def _answer(self, connection: Connection, content: str, schema: Schema | None, fault: str | None) -> None:
        self._at_once -= 1
        if connection.closed:
            return
        if fault is None:
            self.counters.replies += 1
            self._answered[content] = time.monotonic()
            connection.send("200 OK", _completion(content, schema))
            return
        self.counters.faults[fault] += 1
        if fault == "reset":
            connection.reset()
        elif fault == "429":
            connection.send("429 Too Many Requests", _error("Rate limit reached for requests"), "retry-after: 1\r\n")
        else:
            connection.send("500 Internal Server Error", _error("The server had an error"))


class Connection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self._transport = cast("asyncio.Transport", transport)
        self._server.counters.connections += 1
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """The client went; what is still to be answered is not sent."""
        self.closed = True
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take whole requests off what came."""
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            whole = head + 4 + _length(self._buffer[:head].lower())
            if len(self._buffer) < whole:
                return
            request, self._buffer = self._buffer[:whole], self._buffer[whole:]
            self._take(request[: request.find(b"\r\n")], request[head + 4 :])

    def send(self, status: str, body: bytes, headers: str = "") -> None:
        """Send one reply."""
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)

    def reset(self) -> None:
        """End the connection so that the client gets a reset, not an end."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _take(self, line: bytes, body: bytes) -> None:
        method, path, _ = line.split(b" ", 2)
        if method == b"POST" and path.endswith(b"/chat/completions"):
            self._server.asked(self, body)
        elif path.endswith(b"/models"):
            self.send("200 OK", b'{"object":"list","data":[{"id":"m","object":"model"}]}')
        elif path == b"/counters":
            self.send("200 OK", json.dumps(asdict(self._server.counters)).encode())
        elif path == b"/reset":
            self._server.forget()
            self.send("200 OK", b"{}")
        elif path.startswith(b"/hangup/"):
            late = self._server.hang_up(float(path.removeprefix(b"/hangup/")))
            self.send("200 OK", json.dumps({"late": late}).encode())
        else:
            self.send("404 Not Found", _error("Unknown path"))


def _length(head: bytes) -> int:
    """How long the body is; a body of unknown length would be taken for a request."""
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in head:
            raise ValueError("this server reads no chunked bodies")
        return 0
    return int(head[at + 17 :].split(b"\r\n", 1)[0])


def _dice(*parts: object) -> float:
    """From 0 to 1, the same for the same parts."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _fitting(schema: Schema, content: str, name: str = "") -> object:
    """A value that fits the schema, the same for the same words."""
    kind = schema.get("type")
    if kind == "object":
        return {key: _fitting(part, content, f"{name}.{key}") for key, part in schema["properties"].items()}
    if kind == "array":
        return [" ".join(_said(content).split(" ")[:_QUOTED])]
    if "enum" in schema:
        return schema["enum"][int(_dice(name, content) * len(schema["enum"]))]
    return {"boolean": False, "integer": 1, "number": 1.0}.get(str(kind), "So it says.")


def _said(content: str) -> str:
    """What stands between the last two tags, else all of it."""
    lines = content.strip().split("\n")
    return lines[-2] if len(lines) > 2 and lines[-1].startswith("</") else lines[-1]


def _completion(content: str, schema: Schema | None = None) -> bytes:
    digest = hashlib.blake2b(content.encode(), digest_size=6).hexdigest()
    said = f"Answer {digest}. {_TEXT}" if schema is None else json.dumps(_fitting(schema, content))
    message = {"role": "assistant", "content": said, "refusal": None}
    return json.dumps(
        {
            "id": f"chatcmpl-{digest}",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "m",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 260, "completion_tokens": 180, "total_tokens": 440},
        }
    ).encode()


def _error(words: str) -> bytes:
    return json.dumps({"error": {"message": words, "type": "error", "param": None, "code": None}}).encode()


async def serve(manner: Manner, port: int) -> None:
    """Serve until the process is stopped."""
    server = Server(manner)
    listening = await asyncio.get_running_loop().create_server(
        lambda: Connection(server), "127.0.0.1", port, backlog=BACKLOG
    )
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", flush=True)
    await listening.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    parser.add_argument("--delay", type=float, default=0.0, metavar="MS", help="before each reply")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="SHARE", help="of the delay, more or less")
    parser.add_argument("--faults", type=float, default=0.0, metavar="SHARE", help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    args = parser.parse_args()
    asyncio.run(serve(Manner(args.delay / 1000, args.jitter, args.faults, args.seed), args.port))


if __name__ == "__main__":
    main()
