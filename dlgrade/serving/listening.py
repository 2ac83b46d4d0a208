"""The server itself: an address that is listened on, and an end that loses nothing."""

from __future__ import annotations

import os
import socket

import uvicorn
from starlette.types import ASGIApp

from dlgrade.errors import InputError

_PATIENCE = 2  # seconds that requests have at the end; what they were about is on the disk


def opened(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises:
        InputError: the port is taken or not allowed, or the address is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise InputError(f"--host {host}: {getattr(error, 'strerror', None) or error}") from None
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would let two programs have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        hint = "--port 0 takes a free one, --port N another one."
        raise InputError(f"{host}, port {port}: cannot be listened on: {error.strerror}", hint=hint) from None
    return listening


def answer_requests(app: ASGIApp, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C.

    Raises:
        KeyboardInterrupt: it came.
    """
    config = uvicorn.Config(
        app,
        log_level="error",  # mistakes of ours; an address may have a token in it
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_PATIENCE,
    )
    uvicorn.Server(config).run(sockets=[listening])
