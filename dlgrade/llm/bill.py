"""What a run was billed, in tokens and in dollars."""

from __future__ import annotations

from dlgrade.llm.prices import Prices, cost
from dlgrade.models import Usage


class Bill:
    """What a run was billed: tokens as they come in, dollars when they are asked for.

    Calls are summed by model, endpoint and length of prompt, because prices are by those.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, int], tuple[int, Usage]] = {}

    def add(self, model: str, endpoint: str, usage: Usage) -> None:
        """Add one call."""
        key = (model, endpoint, -(-usage.prompt_tokens // 1000) * 1000)
        calls, total = self._sums.get(key, (0, Usage()))
        self._sums[key] = calls + 1, total + usage

    def dollars(self, prices: Prices) -> float | None:
        """The sum in US dollars, at this moment's prices; None if one of them is not known."""
        total = 0.0
        for (model, endpoint, length), (calls, usage) in self._sums.items():
            price = prices.now(model, endpoint, prompt_tokens=length)
            if price is None:
                return None
            total += cost(usage, price, calls=calls)
        return total
