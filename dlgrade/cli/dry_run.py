"""What `--dry-run` prints: the requests that would be sent, exactly, and what they would cost."""

from __future__ import annotations

from collections.abc import Iterable

from dlgrade.cli import show
from dlgrade.cli.wiring import Session
from dlgrade.llm.request import Request


def rehearse(
    session: Session, requests: Iterable[tuple[str, Request]], to_send: Iterable[Request], *, json: bool
) -> None:
    """Print requests, each with an id for people; `to_send` are those that no cache has, each once."""
    offline = session.settings.offline
    if offline:
        show.remark("No model is set up, so nothing would be sent. With one, it would get:")
        cost = None
    else:
        # Imported here for start-up time: only a dry run estimates.
        from dlgrade.llm.estimate import estimate  # noqa: PLC0415

        cost = estimate(to_send, session.prices)
    if json:
        model = {"model": None} if offline else {}
        sent = [{"id": id_, **request.parts, **model} for id_, request in requests]
        show.json_document({"requests": sent, "estimate": cost and cost.as_json()})
    else:
        for id_, request in requests:
            _print(id_, request, offline=offline)
    for line in cost.lines() if cost else ():
        show.remark(line)


def _print(id_: str, request: Request, *, offline: bool) -> None:
    to = "" if offline else f" to {request.model} at {request.parts['endpoint']}"
    show.text(f"=== {id_}{to}")
    for message in request.messages:
        show.text(f"--- {message.role}\n{message.content}")
    show.text("")
