"""A Client around a Client that asks for nothing anew that failed in the same run, so that equal answers fare alike."""

from __future__ import annotations

from copy import copy

from dlgrade.errors import ItemError
from dlgrade.llm.request import Client, Reply, Request, halt

_MOST = 10_000  # failures that are remembered, of some hundred bytes each


class Once:
    """What has failed is told once more, and is on one bill alone."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._failed: dict[str, ItemError] = {}

    async def complete(self, request: Request) -> Reply:
        """Return the other client's reply.

        Raises:
            RunStopped: as the other client does.
            ItemError: as the other client does, or as it did before.
            Halted: as the other client does.
        """
        if (before := self._failed.get(request.key)) is not None:
            raise copy(before)  # an error that is raised again keeps all that it went through
        try:
            return await self._client.complete(request)
        except ItemError as error:
            if len(self._failed) < _MOST:
                self._failed[request.key] = again = copy(error)
                again.usage = None
            raise

    def halt(self) -> None:
        """Let the other client send nothing more."""
        halt(self._client)
