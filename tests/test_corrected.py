"""A reply in which something is wrong is asked for again, and the best of them is kept."""

from __future__ import annotations

import asyncio

import pytest

from dlgrade.errors import ItemError, Refused
from dlgrade.grading.corrected import Checked, corrected
from dlgrade.grading.rounds import Rounds, from_store, over
from dlgrade.llm.request import Reply, Request
from dlgrade.models import Message


class Model:
    """Has `replies` to give, or errors to raise, and `requests` that it saw."""

    def __init__(self, *replies: str | ItemError) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        said = self.replies.pop(0)
        if isinstance(said, ItemError):
            raise said
        return Reply(text=said, model="m")


def talk(most: int = 3) -> Rounds[Checked[str]]:
    """Every x is a fault."""
    request = Request(endpoint="http://here", model="m", messages=(Message(role="user", content="?"),))

    def read(text: str) -> Checked[str]:
        return text, tuple(f"an x at {at}" for at, letter in enumerate(text) if letter == "x")

    return corrected(request, read, most=most)


@pytest.mark.parametrize(
    ("replies", "kept", "asked"),
    [
        (("fine",), "fine", 1),
        (("xx", "fine"), "fine", 2),
        (("xx", "x", "xxx"), "x", 3),
        (("x1", "x2", "x3"), "x3", 3),
        (("x", Refused("no")), "x", 2),
    ],
)
def test_the_reply_with_the_fewest_faults_is_kept(replies: tuple[str | ItemError, ...], kept: str, asked: int) -> None:
    model = Model(*replies)
    value, wrong = asyncio.run(over(talk(), model))
    assert (value, len(wrong), len(model.requests)) == (kept, kept.count("x"), asked)


def test_what_is_wrong_is_told_below_the_reply_that_it_is_wrong_with() -> None:
    model = Model("ax", "fine")
    asyncio.run(over(talk(), model))
    first, again = (request.messages for request in model.requests)
    assert again[: len(first)] == first
    assert [message.role for message in again[len(first) :]] == ["assistant", "user"]
    assert again[-2].content == "ax"
    assert "- an x at 1" in again[-1].content


def test_a_first_request_that_fails_is_the_callers_matter() -> None:
    with pytest.raises(Refused):
        asyncio.run(over(talk(), Model(Refused("no"))))


def test_from_stored_replies_all_of_it_is_at_hand_or_nothing() -> None:
    model = Model("x", "fine")
    asyncio.run(over(talk(), model))
    stored = {model.requests[0].key: Reply(text="x", model="m")}
    assert from_store(talk(), lambda _: stored) is None
    stored[model.requests[1].key] = Reply(text="fine", model="m")
    assert from_store(talk(), lambda _: stored) == ("fine", ())
