"""What a run may cost: a limit that is never exceeded.

    hold = await budget.hold(model, endpoint, prompt_bytes(body), max_tokens)   # before each call
    with hold:                                                                  # what is not settled stays spent
        …
        hold.settle(usage, billed=…)

Between the two, the most that the call can cost counts as spent. A call that would not fit waits until others cost less
than they might have; what cannot fit any more raises. Amounts are whole numbers of 10⁻¹² dollars, which add up exactly.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from dlgrade.errors import BudgetSpent
from dlgrade.llm.prices import Prices, cost, money, money_at_least, no_price
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.models import Usage

if TYPE_CHECKING:
    from asyncio import Future

_PICO = 10**12

UNSEEN_TOKENS = 600
"""Tokens of prompt that are in no body: chat templates, default system prompts (gpt-oss has one of about 70 tokens) and
what providers put in front for structured output (Anthropic's tools: up to 530)."""

UNBILLED = frozenset(
    {
        Condition.BAD_KEY,
        Condition.UNKNOWN_MODEL,
        Condition.MOVED,
        Condition.QUOTA,
        Condition.UNREACHABLE,
        Condition.LOADING,
        Condition.RATE_LIMIT,
        Condition.NO_FORMAT,
        Condition.UNSUPPORTED,
        Condition.TOO_LONG,
        Condition.REJECTED,
    }
)
"""What a call meets before anything is made of it. One that broke off, took too long, failed in the server or was
refused by a filter may be on the bill."""


def may_be_billed(trouble: Trouble, status: int | None) -> bool:
    """Whether a call that brought no reply may be on the bill all the same; `status` is None where none came.

    An error inside a 200 came after the call was taken, whatever it says.
    """
    return trouble.condition not in UNBILLED or (status is not None and status < HTTPStatus.MULTIPLE_CHOICES)


def prompt_bytes(body: Mapping[str, Any]) -> int:
    """The bytes of a call's body: no tokenizer makes more tokens of it than that, beside `UNSEEN_TOKENS`.

    A token is at least a byte of the text. (Measured with o200k, cl100k and DeepSeek's on 1,500 random texts; Mistral's
    SentencePiece adds one for a text, for which the braces and names around each message have room.)
    """
    return len(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))


class Budget:
    """At most `limit` US dollars for one run. It belongs to one event loop.

    `spent` is what was billed, and in full what calls may have been billed of which nothing is known; `held` is the
    most that the calls in flight can cost. `spent + held` never exceeds the limit, unless a server bills more tokens
    than it was allowed to write.
    """

    def __init__(self, limit: float, prices: Prices) -> None:
        self.limit = limit
        self._prices = prices
        self._limit = math.floor(limit * _PICO)
        self._spent = self._unsure = self._held = 0
        self._waiting: deque[tuple[int, str, Future[None]]] = deque()

    @property
    def spent(self) -> float:
        """Dollars."""
        return self._spent / _PICO

    @property
    def unsure(self) -> float:
        """Dollars of `spent` for calls of which nobody said what they were billed."""
        return self._unsure / _PICO

    @property
    def held(self) -> float:
        """Dollars."""
        return self._held / _PICO

    async def hold(self, model: str, endpoint: str, prompt_bytes: int, max_tokens: int) -> Hold:
        """Set the most aside that the call can cost; wait while only the calls in flight stand in the way.

        A task settles one hold before it asks for the next: it would wait for itself.

        Raises:
            BudgetSpent: the call could cost more than is left.
            SettingsError: the model's price is not known.
        """
        worst = self._worst(model, endpoint, prompt_bytes, max_tokens)
        if self._spent + worst > self._limit:
            raise self._over(model, worst)
        if self._waiting or not self._fits(worst):
            await self._turn(worst, model)
        else:
            self._held += worst
        return Hold(self, model, endpoint, worst)

    def _worst(self, model: str, endpoint: str, prompt_bytes: int, max_tokens: int) -> int:
        tokens = prompt_bytes + UNSEEN_TOKENS
        price = self._prices.of(model, endpoint, prompt_tokens=tokens)
        if price is None:
            raise no_price(model, endpoint)
        dearest = price.model_copy(update={"input": max(price.input, price.cached_input or 0.0), "cached_input": None})
        usage = Usage(prompt_tokens=tokens, completion_tokens=max_tokens, total_tokens=tokens + max_tokens)
        return math.ceil(cost(usage, dearest) * _PICO)

    def _fits(self, worst: int) -> bool:
        return self._spent + self._held + worst <= self._limit

    async def _turn(self, worst: int, model: str) -> None:
        """Wait in line until the amount is held. First come, first served: else a dear call might wait forever."""
        # Imported here for start-up time: a cached run imports this file, and needs no event loop.
        from asyncio import CancelledError, get_running_loop  # noqa: PLC0415

        place = get_running_loop().create_future()
        self._waiting.append((worst, model, place))
        try:
            await place
        except CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._held -= worst  # its turn came in the same moment
            self._call_next()
            raise

    def _call_next(self) -> None:
        """Let in everybody in front who fits, and turn away who never will.

        What is spent only grows. So nobody is in line for what cannot fit once all calls in flight are settled, and
        with none in flight the first either fits or is turned away: nobody waits for nothing.
        """
        while self._waiting:
            worst, model, place = self._waiting[0]
            if place.done():  # cancelled
                pass
            elif self._spent + worst > self._limit:
                place.set_exception(self._over(model, worst))
            elif self._fits(worst):
                self._held += worst
                place.set_result(None)
            else:
                return
            self._waiting.popleft()

    def _settle(self, worst: int, paid: int, unsure: int) -> None:
        self._held -= worst
        self._spent += paid
        self._unsure += unsure
        self._call_next()

    def _over(self, model: str, worst: int) -> BudgetSpent:
        limit, need = money(self.limit), money_at_least(worst / _PICO)
        if worst > self._limit:
            return BudgetSpent(
                f"--max-cost {limit}: one request to {model} could cost {need}, more than the whole limit",
                hint=f"Raise --max-cost to {need} or more, or lower `max_tokens` in dlgrade.toml.",
            )
        unsure = f" ({money(self.unsure)} of it for calls that may not have been billed)" if self._unsure else ""
        return BudgetSpent(
            f"--max-cost {limit} is reached: {money(self.spent)} were spent{unsure}, and the next request to {model} "
            f"could cost {need}",
            hint="What was finished is kept: the same command with a higher --max-cost goes on from here.",
        )


class Hold:
    """The most that one call can cost, set aside until it is settled. Left unsettled, all of it counts as spent."""

    def __init__(self, budget: Budget, model: str, endpoint: str, worst: int) -> None:
        self._budget = budget
        self._where = (model, endpoint)
        self._worst = worst
        self._open = True

    def settle(self, usage: Usage | None, *, billed: bool) -> None:
        """Say what became of the call; only the first word counts.

        `usage` is what it was billed. Where the server did not say, `billed` tells a call that may be on the bill,
        which keeps all that was set aside, from one that certainly is not, which gives it back.
        """
        if not self._open:
            return
        self._open = False
        # a prompt of no tokens was not counted
        known = usage is not None and usage.prompt_tokens > 0
        dollars = self._budget._prices.bill(*self._where, usage) if usage is not None and known else None
        if dollars is not None:
            self._budget._settle(self._worst, math.ceil(dollars * _PICO), 0)
        elif billed or known:
            self._budget._settle(self._worst, self._worst, self._worst)
        else:
            self._budget._settle(self._worst, 0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle(None, billed=True)
