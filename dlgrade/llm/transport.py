"""What stands between the SDK and the network: how a client for HTTP is set up, and what its errors mean.

The SDK's aiohttp transport turns nearly every error of a connection into a `ConnectTimeout`, a reset in the middle of a
run among them. What really happened is aiohttp's own error, which is that one's cause.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx2

from dlgrade.llm import wire
from dlgrade.llm.streams import Stream
from dlgrade.llm.trouble import Condition, Trouble

try:
    from aiohttp import ClientError as _AiohttpError
except ImportError:  # then the SDK has no aiohttp transport either
    _AiohttpError = httpx2.HTTPError  # type: ignore[misc, assignment]

CONNECT_TIMEOUT = 10.0
"""Seconds for the connection alone."""
LARGEST = 16 * 2**20
"""Bytes of a response. The longest reply that a model writes has a few hundred thousand."""

ENCODINGS = "gzip, deflate"
"""How a response may be packed: what is said to servers."""

_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP = b"\x1f\x8b"  # how it begins
_PIECE = 2**16  # bytes that are unpacked at once
_LONGEST_LINE = 2**17  # bytes of a header
_FOR_THE_BILL = 2.0  # seconds for the usage, once a stream's text is whole
_FILE = "/content"  # how the paths of files end

ERRORS: tuple[type[Exception], ...] = (httpx2.HTTPError, httpx2.InvalidURL, _AiohttpError, UnicodeError)
"""What comes out of a call that brought no response, beside the SDK's own; UnicodeError for a host that is no name."""


class TooLarge(httpx2.HTTPError):
    """A response without end."""


async def bounded(response: httpx2.Response) -> None:
    """Let no more than `LARGEST` bytes of a response be read, but of a file, which is written piece by piece.

    A hook of the client's, before it is read. What is packed is unpacked here, a piece at a time: 200 KB may be 200 MB.
    """
    stream = response.stream
    if not isinstance(stream, httpx2.AsyncByteStream) or response.request.url.path.endswith(_FILE):
        return
    packings = [name.strip() for name in response.headers.pop("content-encoding", "").lower().split(",")]
    # the last one was put on last
    for name in reversed(packings):
        if name in _PACKED:
            stream = _Unpacked(stream, name)
    response.stream = _Bounded(stream)


class _Unpacked(httpx2.AsyncByteStream):
    """A stream without its packing, as servers do it: deflate with and without zlib's header, gzip in several parts."""

    def __init__(self, stream: httpx2.AsyncByteStream, name: str) -> None:
        self._stream = stream
        self._name = name

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unpacker: zlib._Decompress | None = None
        left = b""
        try:
            async for chunk in self._stream:
                left += chunk
                while left:
                    if unpacker is None:
                        if len(left) < len(_GZIP):
                            break  # too little to tell what it is
                        unpacker = self._unpacker(left)
                    yield unpacker.decompress(left, _PIECE)
                    left = unpacker.unconsumed_tail
                    if unpacker.eof:
                        # another part, or zeros that fill a block
                        left, unpacker = unpacker.unused_data.lstrip(b"\0"), None
            if unpacker is not None:
                yield unpacker.flush()
        except zlib.error as error:
            raise httpx2.DecodingError(str(error)) from error

    def _unpacker(self, begins: bytes) -> zlib._Decompress:
        bare = self._name == "deflate" and not begins.startswith(_GZIP) and not _has_zlibs_header(begins)
        return zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)

    async def aclose(self) -> None:
        await self._stream.aclose()


def _has_zlibs_header(begins: bytes) -> bool:
    """RFC 1950: the method is 8, and both bytes together are a multiple of 31."""
    return begins[0] & 15 == 8 and int.from_bytes(begins[:2], "big") % 31 == 0


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST:
                raise TooLarge(f"a response of more than {LARGEST // 2**20} MB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def joined(response: httpx2.Response, stream: Stream) -> httpx2.Response:
    """A response in pieces as one that came whole. One that the server sent whole stays as it is, whatever its name."""
    try:
        if "text/event-stream" not in response.headers.get("content-type", ""):
            content = await response.aread()
            if not stream.looks_like(content):
                return response
            stream.feed(content)
            begins = content
        else:
            begins = await _fed(response, stream)
    finally:
        await response.aclose()
    body = stream.body()
    if body is None and not stream.begun and begins.strip() and not stream.looks_like(begins):
        return _made(response, begins)
    # a stream that broke off is what half a body is
    return _made(response, body or b"{")


async def _fed(response: httpx2.Response, stream: Stream) -> bytes:
    """Let the stream take in the response as it comes; returns what came before its first piece."""
    begins = b""
    pieces = response.aiter_bytes()
    ends: float | None = None
    # some servers keep the connection open after their last word
    while not stream.done:
        if stream.finished and ends is None:
            ends = asyncio.get_running_loop().time() + _FOR_THE_BILL
        try:
            async with asyncio.timeout_at(ends):
                some = await anext(pieces)
        except (StopAsyncIteration, TimeoutError):
            break
        if not stream.begun:
            begins += some
        stream.feed(some)
    return begins


def _made(response: httpx2.Response, content: bytes) -> httpx2.Response:
    headers = {name: value for name, value in response.headers.items() if name.lower().startswith("x-ratelimit")}
    return httpx2.Response(response.status_code, headers=headers, content=content)


def trouble(error: BaseException, timeout: float) -> Trouble:
    """What an error means that came in place of a response."""
    cause = _cause(error)
    name = type(cause).__name__
    if isinstance(cause, httpx2.ConnectTimeout) or name == "ConnectionTimeoutError":
        return wire.broken(name, f"no connection within {CONNECT_TIMEOUT:g} s")
    if isinstance(cause, TimeoutError | httpx2.TimeoutException):
        return Trouble(condition=Condition.TIMEOUT, words=f"no reply within {timeout:g} s")
    # the words of this one quote the URL, with what stands in it
    if name == "ClientPayloadError":
        return wire.broken(name, "the response broke off before its end")
    if name == "ClientHttpProxyError" and hasattr(cause, "status"):
        return wire.broken(name, f"the proxy says {cause.status} {getattr(cause, 'message', '')}")
    words = cause.message if name == "ClientResponseError" and hasattr(cause, "message") else str(cause)
    words = words.replace(" ssl:default", "")  # aiohttp says so of plain HTTP too
    return wire.broken(name, re.sub(r"(?<=://)[^/\s]*@", "", words))


def _cause(error: BaseException) -> BaseException:
    """The error that says most: aiohttp's own, or else the last one that the client for HTTP raised."""
    found = error
    step: BaseException | None = error
    while step is not None:
        if isinstance(step, _AiohttpError):
            return step
        found = step if isinstance(step, httpx2.HTTPError | httpx2.InvalidURL) else found
        step = step.__cause__
    return found


def roomier(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The client with room for long headers, where aiohttp is below it, which takes no line above 8 KB.

    Cookies and security policies of proxies can be longer.

    Raises:
        ValueError: a proxy's user and password cannot be sent; aiohttp would say so of each request.
    """
    transports: list[Any] = [client._transport, *client._mounts.values()]
    for below in transports:
        user, password = getattr(getattr(below, "proxy", None), "auth", None) or ("", "")
        f"{user}{password}".encode("latin-1")
        if ":" in user:
            raise ValueError(":")
        if hasattr(below, "ssl_context") and hasattr(below, "limits") and getattr(below, "client", 0) is None:
            below.client = partial(_session, below.ssl_context, below.limits)
    return client


def _session(tls: ssl.SSLContext, limits: httpx2.Limits) -> object:
    # Imported here since it may be missing, and then nobody calls this.
    from aiohttp import ClientSession, TCPConnector  # noqa: PLC0415

    keep = 15.0 if limits.keepalive_expiry is None else limits.keepalive_expiry
    connector = TCPConnector(ssl=tls, limit=limits.max_connections or 0, keepalive_timeout=keep)
    return ClientSession(connector=connector, max_line_size=_LONGEST_LINE, max_field_size=_LONGEST_LINE)


def proxies() -> tuple[str, ...]:
    """The proxies that the environment names, with the passwords in their URLs."""
    return tuple(url for name, url in getproxies().items() if name != "no" and _is_url(url))


def _is_url(url: str) -> bool:
    try:
        return bool(urlsplit(url).netloc)
    except ValueError:
        return False


def socks_proxy() -> bool:
    """Whether the environment names a proxy that aiohttp cannot use: it would send it HTTP, the key in it."""
    return any(url.startswith("socks") for url in getproxies().values())
