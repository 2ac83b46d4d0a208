"""Whatever happens on the way to a server has the name of what it is, with aiohttp below the SDK and with httpx."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import socket
import ssl
import struct
import subprocess
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from loopback import Loopback

from dlgrade.errors import DlgradeError, ServerFailed, UnknownModel, Unreachable
from dlgrade.llm import client as module
from dlgrade.llm import transport
from dlgrade.llm.client import OpenAIClient
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Message

GOOD = json.dumps({"choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}]}).encode()
KEY = "my-own-secret-key"

# what the SDK's transport does with a proxy's password is for the SDK to mend
of_the_sdk = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

Talk = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(params=["aiohttp", "httpx"], autouse=True)
def below(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test here runs with both; where aiohttp is missing, the SDK says so as it does here."""

    def missing(**_: object) -> None:
        raise RuntimeError("To use the aiohttp client you must have installed the package with the `aiohttp` extra")

    if request.param == "httpx":
        monkeypatch.setattr(module, "DefaultAioHttpClient", missing)
    return str(request.param)


@contextmanager
def listening(talk: Talk, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server of bare bytes; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            try:
                with tls.wrap_socket(connection, server_side=True) if tls else connection as talking:
                    talk(talking)
            except OSError:
                pass  # the other side went away

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def read(connection: socket.socket) -> bytes:
    """One request, whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65_536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def response(body: bytes = GOOD, *headers: str, version: str = "HTTP/1.1", length: int | None = -1) -> bytes:
    lines = [f"{version} 200 OK", "content-type: application/json", *headers]
    if length is not None:
        lines.append(f"content-length: {len(body) if length < 0 else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def says(data: bytes, then: Talk = socket.socket.close) -> Talk:
    def talk(connection: socket.socket) -> None:
        if read(connection):
            connection.sendall(data)
            then(connection)

    return talk


def slowly(then: Talk) -> Talk:
    def talk(connection: socket.socket) -> None:
        time.sleep(0.05)
        then(connection)

    return talk


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


def complete(url: str, times: int = 1, key: str | None = KEY, **options: object) -> list[Reply]:
    async def main() -> list[Reply]:
        client = OpenAIClient(key, sleep=no_sleep, **options)  # type: ignore[arg-type]
        request = Request(endpoint=url, model="m", messages=(Message(role="user", content="hi"),))
        try:
            return [await client.complete(request) for _ in range(times)]
        finally:
            await client.aclose()

    return asyncio.run(main())


def fails(error: type[DlgradeError], url: str, **options: object) -> str:
    with pytest.raises(error) as caught:
        complete(url, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert KEY not in message
    assert "password" not in message
    return message


def local(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


# ── connections that break ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "talk",
    [
        says(b"", reset),
        says(b""),
        says(response()[:30], reset),
        says(response()[:30]),
        says(response(GOOD[:20], length=len(GOOD))),
        says(response(GOOD[:20], length=len(GOOD)), slowly(reset)),
        says(response(b"5\r\nhello\r\n", "transfer-encoding: chunked", length=None)),
        says(response(GOOD[:20], length=None)),
        # a whole response leaves its connection to the next try, unless it says that it will be closed
        says(response(GOOD, "content-encoding: gzip", "connection: close")),
    ],
    ids=["reset", "closed", "head-reset", "head-closed", "half", "half-reset", "chunks", "no-length", "no-gzip"],
)
def test_a_connection_that_breaks_is_the_questions_failure_after_four_tries_and_never_the_runs(talk: Talk) -> None:
    calls = 0

    def counted(connection: socket.socket) -> None:
        nonlocal calls
        calls += 1
        talk(connection)

    with listening(counted) as port:
        assert "broke off the connection" in fails(ServerFailed, local(port))
    assert calls == 4


@pytest.mark.parametrize("then", [socket.socket.close, reset], ids=["closed", "reset"])
def test_a_server_that_closes_a_connection_it_kept_open_is_asked_again(then: Talk) -> None:
    def talk(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(response())
        if read(connection):
            then(connection)

    with listening(talk) as port:
        replies = complete(local(port), times=6)
    assert {reply.text for reply in replies} == {"fine"}
    assert max(reply.tries for reply in replies) == 2


def test_a_server_that_hangs_is_given_up_after_its_time() -> None:
    with listening(lambda connection: time.sleep(3)) as port:
        assert "no reply within 0.2 s" in fails(ServerFailed, local(port), timeout=0.2)


def test_bytes_that_keep_coming_do_not_lengthen_the_time() -> None:
    def talk(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(response(b"", length=1000))
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.05)

    with listening(talk) as port:
        began = time.monotonic()
        assert "no reply within 0.3 s" in fails(ServerFailed, local(port), timeout=0.3)
        assert time.monotonic() - began < 3


# ── no connection at all ─────────────────────────────────────────────────────────────────────


def unused() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    "url",
    [
        "http://no-such-host.invalid/v1",
        "http://user:password@no-such-host.invalid/v1",
        f"http://{'a' * 70}.invalid/v1",
        "http://a b/v1",
    ],
)
def test_a_host_that_is_not_there_stops_the_run(url: str) -> None:
    assert "Nobody answers" in fails(Unreachable, url)


def test_a_port_that_nobody_listens_at_stops_the_run_and_says_why() -> None:
    message = fails(Unreachable, local(unused()))
    assert "connect" in message.lower()
    assert "no connection within" not in message
    assert "ssl" not in message  # it was plain HTTP


def test_a_certificate_that_nobody_signed_stops_the_run(tmp_path: Path) -> None:
    names = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2"]
    try:
        subprocess.run([*command, *names], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl, which makes the certificate, is not here")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with listening(says(response()), tls=tls) as port:
        assert "certificate" in fails(Unreachable, f"https://127.0.0.1:{port}/v1")


@pytest.mark.parametrize("first", [b"SSH-2.0-OpenSSH_9\r\n\r\n", b"\x00\x01\x02\r\n\r\n"])
def test_a_server_of_another_kind_ends_the_question_or_the_run_and_is_no_crash(first: bytes) -> None:
    with listening(says(first)) as port, pytest.raises((UnknownModel, ServerFailed)):
        complete(local(port))


# ── replies of every form ────────────────────────────────────────────────────────────────────

STREAMED = b"""data: {"choices": [{"delta": {"content": "fi"}}]}

data: {"choices": [{"delta": {"content": "ne"}, "finish_reason": "stop"}]}

data: [DONE]

"""


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    "data",
    [
        response(version="HTTP/1.0"),
        response(version="HTTP/1.0", length=None),
        response(length=None),
        response(b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD), "transfer-encoding: chunked", length=None),
        response(gzip.compress(GOOD), "content-encoding: gzip"),
        response(zlib.compress(GOOD), "content-encoding: deflate"),
        response(bare_deflate(GOOD), "content-encoding: deflate"),
        response(gzip.compress(GOOD[:20]) + gzip.compress(GOOD[20:]) + bytes(9), "content-encoding: gzip"),
        response(zlib.compress(gzip.compress(GOOD)), "content-encoding: gzip, deflate"),
        response(gzip.compress(GOOD), "content-encoding: gzip", "content-encoding: identity"),
        response(GOOD, "content-encoding: utf-8"),
        response(GOOD, "content-security-policy: " + "a" * 30_000),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + response(),
        response(STREAMED, "content-type: text/event-stream"),
        response(STREAMED),
    ],
    ids=[
        *("http-1.0", "http-1.0-to-the-end", "to-the-end", "chunks", "gzip", "deflate"),
        *("bare-deflate", "gzip-in-parts", "packed-twice", "two-encodings", "no-encoding"),
        *("long-header", "hints-before-it", "stream-unasked", "stream-unasked-and-unnamed"),
    ],
)
def test_a_reply_is_read_in_every_form_that_http_has(data: bytes) -> None:
    with listening(says(data)) as port:
        assert complete(local(port))[0].text == "fine"


def test_bytes_that_are_no_text_do_not_keep_a_reply_from_being_read() -> None:
    with listening(says(response(GOOD.replace(b"fine", b"fi\xffne")))) as port:
        assert complete(local(port))[0].text == "fi\ufffdne"


def test_a_response_without_end_is_not_read_to_its_end() -> None:
    sent = 0

    def talk(connection: socket.socket) -> None:
        nonlocal sent
        read(connection)
        connection.sendall(response(b"", length=2**30))
        for _ in range(2**10):
            connection.sendall(b" " * 2**20)
            sent += 2**20

    with listening(talk) as port:
        assert "more than 16 MB" in fails(UnknownModel, local(port))
    assert sent <= 2 * (transport.LARGEST + 2**24)


def test_a_small_response_that_unpacks_without_end_is_not_unpacked_to_its_end() -> None:
    packed = gzip.compress(b'{"choices": ' + b" " * (200 * 2**20) + b"[]}", 9)
    tracemalloc.start()
    try:
        with listening(says(response(packed, "content-encoding: gzip"))) as port:
            assert "more than 16 MB" in fails(UnknownModel, local(port))
        assert tracemalloc.get_traced_memory()[1] < 4 * transport.LARGEST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [bare_deflate, zlib.compress, gzip.compress])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_packed_reply_may_come_in_pieces_of_any_size(pack: Callable[[bytes], bytes], size: int) -> None:
    name = "gzip" if pack is gzip.compress else "deflate"

    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read(connection)
        head, _, body = response(pack(GOOD), f"content-encoding: {name}").partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        for at in range(0, len(body), size):
            connection.sendall(body[at : at + size])
            if at < 4 * size:
                time.sleep(0.01)

    with listening(talk) as port:
        assert complete(local(port))[0].text == "fine"


def test_what_is_packed_in_a_way_that_was_not_asked_for_is_said_in_words() -> None:
    with listening(says(response(bytes(range(128, 256)), "content-encoding: br"))) as port:
        assert "bytes that are no text" in fails(UnknownModel, local(port))


def test_what_says_that_it_is_packed_and_is_not_has_broken_off() -> None:
    with listening(says(response(GOOD, "content-encoding: gzip"))) as port:
        assert "incorrect header" in fails(ServerFailed, local(port))


# ── keys, credentials, proxies ───────────────────────────────────────────────────────────────


def test_user_and_password_in_the_url_are_sent_in_the_place_of_the_key() -> None:
    with Loopback() as server:
        complete(server.url.replace("http://", "http://user:pass%20word@"))
        complete(server.url)
    with_both, with_key = (seen.headers["authorization"] for seen in server.requests)
    assert with_both == f"Basic {base64.b64encode(b'user:pass word').decode()}"
    assert with_key == f"Bearer {KEY}"


def test_a_redirection_is_not_followed_with_the_key() -> None:
    with Loopback() as elsewhere:
        moved = (
            b"HTTP/1.1 307 Moved\r\nlocation: %s/chat/completions\r\ncontent-length: 0\r\n\r\n" % elsewhere.url.encode()
        )
        with listening(says(moved)) as port:
            fails(UnknownModel, local(port))
    assert elsewhere.requests == []


@of_the_sdk
def test_a_proxy_of_the_environment_is_used_except_where_that_says_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        asked.append(read(connection))
        connection.sendall(response())

    with listening(talk) as port, Loopback() as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://someone:secret@127.0.0.1:{port}")
        assert complete("http://models.invalid/v1")[0].text == "fine"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        complete(server.url)
    assert len(asked) == 1
    assert asked[0].startswith(b"POST http://models.invalid/v1/chat/completions")
    assert base64.b64encode(b"someone:secret") in asked[0]
    assert len(server.requests) == 1


@of_the_sdk
def test_a_proxy_that_refuses_the_way_to_the_server_is_named_with_what_it_says(
    monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    asked: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        asked.append(connection.recv(65_536))
        said = b" ".join(line for line in asked[-1].split(b"\r\n") if b"uthorization" in line)
        connection.sendall(b"HTTP/1.1 407 Who is " + said + b"\r\ncontent-length: 0\r\n\r\n")

    with listening(talk) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:password@127.0.0.1:{port}")
        message = fails(Unreachable, "https://models.invalid/v1")
    assert "407 " in message
    assert base64.b64encode(b"someone:password").decode() not in message
    assert "the proxy says" in message or below == "httpx"
    assert all(data.startswith(b"CONNECT models.invalid:443") for data in asked)
    assert not any(KEY.encode() in data for data in asked)


@pytest.mark.parametrize("user", ["some%3Aone:password", "someone:password%E2%82%AC"])
def test_a_proxys_password_that_cannot_be_sent_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, below: str, user: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{user}@127.0.0.1:{unused()}")
    message = fails(Unreachable, "http://models.invalid/v1")
    assert "A proxy that the environment names" in message or below == "httpx"


def test_certificates_that_cannot_be_read_are_said_to_be_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert "SSL_CERT_FILE" in fails(Unreachable, "https://127.0.0.1:1/v1")


@of_the_sdk
def test_a_proxy_that_is_not_there_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://someone:password@127.0.0.1:{unused()}")
    assert "Nobody answers" in fails(Unreachable, "http://models.invalid/v1")


def test_a_proxy_of_a_kind_that_cannot_be_used_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    with listening(lambda connection: asked.append(connection.recv(1000))) as port:
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{port}")
        fails(Unreachable, "http://models.invalid/v1")
    assert not any(KEY.encode() in data or b"HTTP" in data for data in asked)
