"""A reply that code looks at, and that is asked for again with what is wrong with it.

    value, wrong = await over(corrected(request, read, most=3), client)

`read` makes of a reply's text what it says, and names what is wrong with that. The form of a reply is its shape's
matter, which the client sees to; this is for what only shows when a reply is tried. These are rounds, as in
`dlgrade.grading.rounds`: where replies come from is for whoever drives them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from dlgrade.errors import ItemError
from dlgrade.grading.rounds import Rounds
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Message

T = TypeVar("T")

Checked = tuple[T, tuple[str, ...]]
"""What a reply says, and what is wrong with that, a sentence each."""


def corrected(request: Request, read: Callable[[str], Checked[T]], *, most: int) -> Rounds[Checked[T]]:
    """Ask until nothing is wrong, at most so many times; the reply with the fewest faults is kept, the last of equals.

    Where a later request fails, the replies before it stand.

    Raises:
        ItemError: the first request failed.
    """
    (reply,) = yield (request,)
    if isinstance(reply, ItemError):
        raise reply
    best = now = read(reply.text)
    for _ in range(most - 1):
        if not now[1]:
            break
        request = _again(request, reply, now[1])
        (outcome,) = yield (request,)
        if isinstance(outcome, ItemError):
            break
        reply, now = outcome, read(outcome.text)
        best = now if len(now[1]) <= len(best[1]) else best
    return best


def _again(request: Request, reply: Reply, wrong: Sequence[str]) -> Request:
    complaint = "\n".join(
        ["This does not hold yet:", *(f"- {one}" for one in wrong), "Give the whole reply again with this put right."]
    )
    more = (Message(role="assistant", content=reply.text), Message(role="user", content=complaint))
    return request.model_copy(update={"messages": (*request.messages, *more)})
