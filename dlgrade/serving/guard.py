"""Who may ask: what stands between the network and the pages.

Host      a name or address of this machine that was asked for; a name that an attacker points here is none
token     where not only this machine can reach the page: once in the address, then in a cookie
Origin    of what changes something: the page's own; no other site's form or script gets through
length    of what is sent
headers   of every response: nothing runs, loads or frames but what the pages bring themselves
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 1_000_000
"""Bytes of a request at most: an answer of an hour's writing has twenty thousand."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
"""What a browser may do with a page."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Nothing to others. With `no-referrer` a browser hides the origin of our own forms from us as well.
    "Referrer-Policy": "same-origin",
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WAITING = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>dlgrade</title><p><a href="/">Go on to dlgrade</a></p>'
)


@dataclass(frozen=True)
class Place:
    """Where the pages are: the host as it was named, the address that is bound, and the token if others reach it."""

    host: str
    address: str
    port: int
    token: str | None = None

    @classmethod
    def at(cls, host: str, address: str, port: int) -> Place:
        """The place, with a new token where more than this machine can reach the address."""
        return cls(host, address, port, None if _ip(address).is_loopback else secrets.token_urlsafe(32))

    @property
    def url(self) -> str:
        """What a person opens."""
        host = _own_address() if self._anywhere else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.port}/" + (f"?token={self.token}" if self.token else "")

    def is_named_by(self, header: str) -> bool:
        """Whether a Host header names this place."""
        try:
            parts = urlsplit(f"//{header}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.port or parts.netloc != header or "@" in header:
            return False
        return name in self._names or (self._anywhere and _is_ip(name))

    @cached_property
    def _names(self) -> frozenset[str]:
        own = socket.gethostname().casefold()
        names = {self.host.casefold(), self.address}
        names |= _LOOPBACK if self.token is None or self._anywhere else set()
        return frozenset(names | (set() if self.token is None else {own, f"{own}.local"}))

    @cached_property
    def _anywhere(self) -> bool:
        # Any address will do there: an attacker can point a name of theirs here, but not an address.
        return _ip(self.address).is_unspecified


class Guard:
    """An application, with the guard before it."""

    def __init__(self, app: ASGIApp, place: Place) -> None:
        self._app = app
        self._place = place
        self._cookie = f"dlgrade-{place.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["type"] == "http":
            answered = self._answered(Request(scope)) or self._app
            await answered(scope, _limited(receive), sent)

    def _answered(self, request: Request) -> Response | None:
        """What is answered in the application's place; None where it may answer itself."""
        host = request.headers.get("host", "")
        if not self._place.is_named_by(host):
            return _refused(403, "dlgrade is not served under this name.")
        if self._place.token is not None and (answer := self._unless_known(request, self._place.token)):
            return answer
        if request.method not in {"GET", "HEAD"} and not is_own(request.headers, host):
            return _refused(403, "This did not come from a page of dlgrade's own.")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LONGEST:
            return _refused(413, f"That is too long: {LONGEST:,} bytes are the most.")
        return None

    def _unless_known(self, request: Request, token: str) -> Response | None:
        if _same(request.cookies.get(self._cookie, ""), token):
            return None
        if request.method == "GET" and _same(request.query_params.get("token", ""), token):
            # Not a redirect: a browser that came from another site would leave the cookie out of that.
            answer = HTMLResponse(_WAITING, headers={"Refresh": "0; url=/"})
            answer.set_cookie(self._cookie, token, path="/", httponly=True, samesite="strict")
            return answer
        return _refused(401, "This page needs its token: open the address that dlgrade printed when it started.")


def is_own(headers: Headers, host: str) -> bool:
    """Whether a request that changes something came from a page under the same host: by what the browser says."""
    site, origin, referer = (headers.get(name) for name in ("sec-fetch-site", "origin", "referer"))
    if site is not None and site != "same-origin":
        return False
    if origin is not None:
        return origin == f"http://{host}"
    if referer is not None:
        return referer.startswith(f"http://{host}/")
    return site is not None


def _limited(receive: Receive) -> Receive:
    """What is received, up to so many bytes."""
    left = LONGEST

    async def received() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, f"That is too long: {LONGEST:,} bytes are the most.")
        return message

    return received


def _refused(status: int, words: str) -> Response:
    return PlainTextResponse(f"{words}\n", status)


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(address.partition("%")[0])


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _own_address() -> str:
    """An address under which others reach this machine; its name where the system does not tell one."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: the system only says from where it would be
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
