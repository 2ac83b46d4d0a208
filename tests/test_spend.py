"""The limit of money holds in the worst case, whatever calls do; the bill is what was billed."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlgrade.errors import BudgetSpent, SettingsError
from dlgrade.llm.bill import Bill
from dlgrade.llm.prices import Prices, cost
from dlgrade.llm.spend import UNSEEN_TOKENS, Budget, Hold, may_be_billed, prompt_bytes
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.models import Price, Usage

HERE = "http://127.0.0.1:8080/v1"
# a dollar for a token, so that amounts can be read off
DOLLAR = Prices({"m": Price(input=1e6, output=1e6, cached_input=5e5), "dear": Price(input=0.0, output=2e6)})
PROMPT = 10
WORST = UNSEEN_TOKENS + PROMPT + 90
"""Dollars: the most that the call of `hold` can cost."""


def used(prompt: int, reply: int, cached: int = 0) -> Usage:
    return Usage(prompt_tokens=prompt, completion_tokens=reply, total_tokens=prompt + reply, cached_tokens=cached)


async def hold(budget: Budget, reply: int = 90) -> Hold:
    return await budget.hold("m", HERE, PROMPT, reply)


def amounts(budget: Budget) -> tuple[float, float]:
    return budget.spent, budget.held


def go(work: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(20):
            await work()

    asyncio.run(within())


async def settled_loop() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# ── one call ─────────────────────────────────────────────────────────────────────────────────


def test_a_call_counts_as_the_most_it_can_cost_until_it_is_settled() -> None:
    async def work() -> None:
        budget = Budget(1000, DOLLAR)
        held = await hold(budget)
        assert amounts(budget) == (0, WORST)
        held.settle(used(8, 2), billed=True)
        assert amounts(budget) == (10, 0)

    go(work)


@pytest.mark.parametrize(
    ("usage", "billed", "spent"),
    [
        (used(8, 2), True, 10),
        (used(8, 2, cached=4), True, 8),  # half the price for what the provider had cached
        (used(8, 2), False, 10),  # an error that says what it cost
        (Usage(prompt_tokens=8, completion_tokens=2, total_tokens=30), True, 30),  # reasoning, in the total alone
        (used(8, 0), True, 8),
        (None, True, WORST),
        (None, False, 0),
        (Usage(), True, WORST),  # "usage": {}
        (Usage(completion_tokens=4, total_tokens=4), True, WORST),  # no prompt has no tokens
        (Usage(), False, 0),
    ],
)
def test_what_is_spent_is_what_was_billed_or_else_what_may_have_been(
    usage: Usage | None, billed: bool, spent: int
) -> None:
    async def work() -> None:
        budget = Budget(1000, DOLLAR)
        (await hold(budget)).settle(usage, billed=billed)
        assert amounts(budget) == (spent, 0)
        assert budget.unsure == (WORST if spent == WORST else 0)

    go(work)


def test_a_call_that_is_left_without_a_word_stays_spent() -> None:
    async def work() -> None:
        budget = Budget(1000, DOLLAR)
        with await hold(budget), pytest.raises(ZeroDivisionError):
            raise ZeroDivisionError
        assert amounts(budget) == (WORST, 0)

    go(work)


def test_only_the_first_word_about_a_call_counts() -> None:
    async def work() -> None:
        budget = Budget(1000, DOLLAR)
        with await hold(budget) as held:
            held.settle(None, billed=False)
            held.settle(used(8, 2), billed=True)
        assert amounts(budget) == (0, 0)

    go(work)


def test_a_price_for_each_call_counts_too() -> None:
    async def work() -> None:
        budget = Budget(1, Prices({"m": Price(input=0.0, output=0.0, per_call=0.3)}))
        for spent in (0.3, 0.6, 0.9):
            (await hold(budget)).settle(used(1, 1), billed=True)
            assert budget.spent == pytest.approx(spent)
        with pytest.raises(BudgetSpent):
            await hold(budget)

    go(work)


def test_a_price_of_the_providers_cache_may_be_the_dearest() -> None:
    async def work() -> None:
        budget = Budget(10_000, Prices({"m": Price(input=1e6, output=1e6, cached_input=2e6)}))
        await hold(budget)
        assert budget.held == 2 * (UNSEEN_TOKENS + PROMPT) + 90

    go(work)


def test_a_server_of_ones_own_that_costs_nothing_never_reaches_the_limit() -> None:
    async def work() -> None:
        budget = Budget(0.01, Prices({"m": Price(input=0.0, output=0.0)}))
        holds = [await hold(budget, 100_000) for _ in range(50)]
        assert amounts(budget) == (0, 0)
        assert len(holds) == 50

    go(work)


def test_an_unknown_price_is_an_error_and_not_nothing() -> None:
    async def work() -> None:
        with pytest.raises(SettingsError, match="no price is known for the model llama at http://127"):
            await Budget(1, Prices()).hold("llama", HERE, 1, 1)

    go(work)


# ── the limit ────────────────────────────────────────────────────────────────────────────────


def test_one_call_beyond_the_whole_limit_says_how_much_it_needs() -> None:
    async def work() -> None:
        with pytest.raises(BudgetSpent) as caught:
            await hold(Budget(50, DOLLAR))
        assert caught.value.message == (
            f"--max-cost $50.00: one request to m could cost ${WORST}.00, more than the whole limit"
        )
        assert caught.value.hint == f"Raise --max-cost to ${WORST}.00 or more, or lower `max_tokens` in dlgrade.toml."
        assert await hold(Budget(WORST, DOLLAR))

    go(work)


def test_the_end_of_the_money_says_what_was_spent_and_how_it_goes_on() -> None:
    async def work() -> None:
        budget = Budget(WORST + 20, DOLLAR)
        (await hold(budget)).settle(used(20, 1), billed=True)
        with pytest.raises(BudgetSpent) as caught:
            await hold(budget)
        assert caught.value.message == (
            f"--max-cost ${WORST + 20}.00 is reached: $21.00 were spent, and the next request to m "
            f"could cost ${WORST}.00"
        )
        assert "with a higher --max-cost goes on from here" in (caught.value.hint or "")

    go(work)


def test_money_that_may_not_have_been_billed_is_told_apart() -> None:
    async def work() -> None:
        budget = Budget(WORST + 20, DOLLAR)
        (await hold(budget)).settle(None, billed=True)
        with pytest.raises(BudgetSpent, match=rf"\(\${WORST}\.00 of it for calls that may not have been billed\)"):
            await hold(budget)

    go(work)


def test_a_call_waits_while_those_in_flight_may_leave_enough() -> None:
    async def work() -> None:
        budget = Budget(WORST + 50, DOLLAR)
        first = await hold(budget)
        second = asyncio.create_task(hold(budget))
        await settled_loop()
        assert not second.done()
        first.settle(used(30, 20), billed=True)
        await second
        assert amounts(budget) == (50, WORST)

    go(work)


def test_a_waiting_call_is_turned_away_once_it_cannot_fit_any_more() -> None:
    async def work() -> None:
        budget = Budget(WORST + 50, DOLLAR)
        first = await hold(budget)
        second = asyncio.create_task(hold(budget))
        await settled_loop()
        first.settle(used(30, 21), billed=True)
        with pytest.raises(BudgetSpent):
            await second
        assert amounts(budget) == (51, 0)

    go(work)


def test_a_call_that_can_never_fit_does_not_wait_for_others() -> None:
    async def work() -> None:
        budget = Budget(2 * WORST, DOLLAR)
        (await hold(budget)).settle(None, billed=True)
        in_flight = await hold(budget, 1)
        with pytest.raises(BudgetSpent):
            await hold(budget, 91)
        assert budget.held > 0
        in_flight.settle(None, billed=False)

    go(work)


def test_a_dear_call_is_not_overtaken_by_cheap_ones() -> None:
    async def work() -> None:
        budget = Budget(WORST + 100, DOLLAR)
        first = await hold(budget)
        dear = asyncio.create_task(hold(budget, 190))
        await settled_loop()
        cheap = asyncio.create_task(budget.hold("dear", HERE, 0, 1))  # two dollars, which would fit
        await settled_loop()
        assert not dear.done() and not cheap.done()
        first.settle(None, billed=False)
        (await dear).settle(None, billed=False)
        (await cheap).settle(None, billed=False)
        assert amounts(budget) == (0, 0)

    go(work)


# ── cancellation ─────────────────────────────────────────────────────────────────────────────


def test_a_waiting_call_that_is_cancelled_costs_nothing_and_lets_the_next_one_in() -> None:
    async def work() -> None:
        budget = Budget(WORST + 100, DOLLAR)
        first = await hold(budget)
        dear, cheap = asyncio.create_task(hold(budget, 190)), asyncio.create_task(budget.hold("dear", HERE, 0, 1))
        await settled_loop()
        dear.cancel()
        await asyncio.wait_for(cheap, 5)
        assert amounts(budget) == (0, WORST + 2)
        first.settle(None, billed=False)

    go(work)


def test_a_call_cancelled_in_the_moment_of_its_turn_gives_it_back() -> None:
    async def work() -> None:
        budget = Budget(WORST, DOLLAR)
        first = await hold(budget)
        second, third = asyncio.create_task(hold(budget)), asyncio.create_task(hold(budget))
        await settled_loop()
        first.settle(None, billed=False)  # the second one's turn
        second.cancel()
        await asyncio.wait_for(third, 5)
        assert amounts(budget) == (0, WORST)
        assert second.cancelled()

    go(work)


def test_a_cancelled_call_may_have_been_billed() -> None:
    async def call(budget: Budget) -> None:
        with await hold(budget):
            await asyncio.sleep(60)

    async def work() -> None:
        budget = Budget(WORST, DOLLAR)
        task = asyncio.create_task(call(budget))
        await settled_loop()
        task.cancel()
        await asyncio.wait([task])
        assert amounts(budget) == (WORST, 0)

    go(work)


# ── many calls at once ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Call:
    """A call that may be as dear as `reply` allows, and what comes of it."""

    reply: int
    outcome: str
    share: float
    turns: int
    cancelled_after: int | None


CALLS = st.builds(
    Call,
    reply=st.integers(1, 400),
    outcome=st.sampled_from(["usage", "usage", "usage", "silent", "unbilled", "raises"]),
    share=st.floats(0, 1),
    turns=st.integers(0, 6),
    cancelled_after=st.one_of(st.none(), st.none(), st.integers(0, 12)),
)


class Meter:
    """What a provider that bills the most that it may would have on its bill: the truth that a budget guards."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.most = 0.0
        self.billed = 0.0
        self.in_flight = 0

    def look(self) -> None:
        self.most = max(self.most, self.budget.spent + self.budget.held)

    async def call(self, call: Call) -> None:
        with await hold(self.budget, call.reply) as held:
            worst = UNSEEN_TOKENS + PROMPT + call.reply
            self.in_flight += worst
            self.look()
            try:
                for _ in range(call.turns):
                    await asyncio.sleep(0)
                if call.outcome == "raises":
                    raise ConnectionError
            except BaseException:
                self.billed += worst
                self.in_flight -= worst
                raise
            tokens = used(max(1, int((UNSEEN_TOKENS + PROMPT) * call.share)), int(call.reply * call.share))
            usage = tokens if call.outcome == "usage" else None
            self.billed += tokens.total_tokens if usage else worst if call.outcome == "silent" else 0
            self.in_flight -= worst
            held.settle(usage, billed=call.outcome != "unbilled")
            self.look()


@settings(max_examples=150, deadline=None)
@given(calls=st.lists(CALLS, min_size=1, max_size=40), limit=st.integers(500, 12_000), seed=st.integers())
@example(calls=[Call(100, "silent", 1, 3, None)] * 40, limit=2200, seed=0)
@example(calls=[Call(400, "usage", 0.01, 1, 2), Call(1, "usage", 1, 0, None)] * 20, limit=1100, seed=0)
def test_the_limit_holds_at_every_moment_and_every_call_ends(calls: list[Call], limit: int, seed: int) -> None:
    async def work() -> None:
        meter = Meter(Budget(limit, DOLLAR))
        tasks = [asyncio.create_task(meter.call(call)) for call in calls]
        impatient = [(call.cancelled_after, task) for call, task in zip(calls, tasks, strict=True)]
        dice = random.Random(seed)
        for turn in range(13):
            chosen = [task for after, task in impatient if after == turn]
            for task in dice.sample(chosen, len(chosen)):
                task.cancel()
            await asyncio.sleep(0)
            assert meter.billed + meter.in_flight <= limit
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(end) for end in ends} <= {
            type(None),
            BudgetSpent,
            ConnectionError,
            asyncio.CancelledError,
        }
        budget = meter.budget
        assert meter.most <= limit
        assert budget.held == 0
        assert budget.spent == pytest.approx(meter.billed, abs=1e-6)
        turned_away = [call for call, end in zip(calls, ends, strict=True) if isinstance(end, BudgetSpent)]
        # only calls that really do not fit are turned away
        assert all(budget.spent + UNSEEN_TOKENS + PROMPT + call.reply > limit for call in turned_away)

    go(work)


def test_sums_of_many_small_amounts_do_not_drift() -> None:
    async def work() -> None:
        budget = Budget(5, Prices({"m": Price(input=0.15, output=0.6)}))
        for _ in range(10_000):
            (await hold(budget)).settle(used(7, 3), billed=True)
        assert budget.held == 0
        assert budget.spent == 10_000 * 2850 / 10**9

    go(work)


# ── what a call may have cost ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("condition", "status", "billed"),
    [
        (Condition.RATE_LIMIT, 429, False),
        (Condition.REJECTED, 400, False),
        (Condition.UNREACHABLE, None, False),
        (Condition.TIMEOUT, None, True),
        (Condition.BROKEN, None, True),
        (Condition.SERVER, 500, True),
        (Condition.UNREADABLE, 200, True),
        (Condition.REFUSED, 400, True),  # Azure bills a prompt that its filter stops
        (Condition.RATE_LIMIT, 200, True),  # an error inside a 200 comes after the call was taken
    ],
)
def test_only_a_call_of_which_nothing_was_made_is_certainly_not_billed(
    condition: Condition, status: int | None, billed: bool
) -> None:
    assert may_be_billed(Trouble(condition=condition, words=""), status) is billed


@given(st.lists(st.text(), max_size=4))
def test_a_body_has_at_least_the_bytes_of_its_messages(texts: list[str]) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": text} for text in texts]}
    texts_alone = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    assert prompt_bytes(body) >= texts_alone + 20 * len(texts)


# ── the bill ─────────────────────────────────────────────────────────────────────────────────


def test_a_bill_sums_calls_by_their_own_prices() -> None:
    bill = Bill()
    assert bill.dollars(DOLLAR) == 0
    bill.add("m", HERE, used(10, 5, cached=10))
    bill.add("m", HERE, used(2, 1))
    bill.add("dear", HERE, used(4, 2))
    assert bill.dollars(DOLLAR) == pytest.approx(10 + 3 + 4)


def test_a_bill_with_an_unknown_price_is_unknown() -> None:
    bill = Bill()
    bill.add("m", HERE, used(10, 5))
    bill.add("llama", HERE, used(1, 1))
    assert bill.dollars(DOLLAR) is None


def test_many_small_prompts_are_not_billed_as_one_long_one() -> None:
    """Lists have higher prices for prompts beyond 272,000 tokens; a sum of prompts is no prompt."""
    model, openai = "gpt-5.4", "https://api.openai.com/v1"
    prices, bill, usage = Prices(), Bill(), used(800, 20)
    for _ in range(1000):
        bill.add(model, openai, usage)
    one = prices.bill(model, openai, usage)
    long = prices.now(model, openai, prompt_tokens=800_000)
    assert one is not None and long is not None
    assert bill.dollars(prices) == pytest.approx(1000 * one)
    assert cost(used(800_000, 20_000), long) > 1.4 * 1000 * one


def test_a_long_prompt_is_billed_by_its_own_length() -> None:
    model, openai = "gpt-5.4", "https://api.openai.com/v1"
    prices, bill = Prices(), Bill()
    bill.add(model, openai, used(800, 20))
    bill.add(model, openai, used(300_000, 20))
    each = [prices.bill(model, openai, used(prompt, 20)) for prompt in (800, 300_000)]
    assert bill.dollars(prices) == pytest.approx(sum(dollars or 0 for dollars in each))


def test_a_price_for_each_call_is_on_the_bill_for_each() -> None:
    bill = Bill()
    for _ in range(3):
        bill.add("m", HERE, used(10, 5))
    assert bill.dollars(Prices({"m": Price(input=0.0, output=0.0, per_call=0.5)})) == 1.5


def test_neither_an_event_loop_nor_the_price_list_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys\n"
        "from dlgrade.llm import estimate, prices, spend\n"
        "spend.Budget(1, prices.Prices())\n"
        "assert prices.Prices().of('gpt-4o', 'http://127.0.0.1:8080/v1') is None\n"
        "print([name for name in ('asyncio', 'genai_prices', 'openai') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
