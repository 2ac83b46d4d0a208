"""What a browser sends and a page's address says, as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

_FIELDS = 40


async def sent(request: Request) -> dict[str, str]:
    """The fields of a form, line ends as Python has them.

    Raises:
        HTTPException: what was sent is no form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form is wanted.")
    body = (await request.body()).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise HTTPException(400, "That form cannot be read.") from None
    return {name: value.replace("\r\n", "\n").replace("\r", "\n") for name, value in pairs}


def since(given: str, now: datetime) -> datetime:
    """When a page was opened, as it says itself; now, if it says nothing that can be."""
    try:
        then = datetime.fromisoformat(given)
        return then if then.tzinfo is not None and then <= now else now
    except ValueError:
        return now


@dataclass(frozen=True)
class Selection:
    """Which questions a person wants, as each page's address carries it on."""

    bank: str | None = None
    category: str | None = None
    topic: str | None = None
    difficulty: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Selection:
        """What an address or a form says of it."""
        return cls(**{one.name: given.get(one.name) or None for one in fields(cls)})

    @property
    def chosen(self) -> dict[str, str]:
        """The fields that say something."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}

    def at(self, path: str, **more: str) -> str:
        """The address of a page, with the selection."""
        query = urlencode({**self.chosen, **more})
        return f"{path}?{query}" if query else path
