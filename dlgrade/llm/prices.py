"""What a model's tokens cost: the user's own price, else the one that genai-prices knows for the endpoint.

A price that is not known is None and never 0. It belongs to a model *at an endpoint*: a server of one's own and a proxy
may serve a model under a well-known name, and what they cost is known to nobody here.

genai_prices takes 0.2 s to import, so it is imported when the first price is asked for. It brings its prices with it;
nothing here fetches newer ones.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dlgrade.errors import SettingsError
from dlgrade.llm.request import without_credentials
from dlgrade.models import Price, Usage
from dlgrade.settings import Settings

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

MILLION = 1_000_000

# Prices change by the hour (DeepSeek, every 3 h at most) and by the date; a run is shorter than a week.
_STEP, _STEPS = timedelta(minutes=30), 7 * 48
# Prompts from 1,024 tokens go into the prompt cache of these unasked, some models at more than the price of reading.
# Elsewhere that has to be asked for, which dlgrade never does.
_CACHE_UNASKED, _CACHED_FROM = frozenset({"openai", "azure"}), 1024


@dataclass(frozen=True)
class _Listing:
    """One model of one provider."""

    provider: str
    model: ModelInfo

    def dearest(self, tokens: int | None, now: datetime) -> Price | None:
        """The dearest price within a week from now of a prompt with at most that many tokens."""
        sets = {id(prices): prices for n in range(_STEPS) if (prices := self.model.get_prices(now + n * _STEP))}
        found = [self._price(prices, most) for prices in sets.values() for most in _sizes(prices, tokens)]
        known = [price for price in found if price is not None]
        if not known or len(known) < len(found):
            return None
        return Price(
            input=max(price.input for price in known),
            output=max(price.output for price in known),
            cached_input=max(price.input if price.cached_input is None else price.cached_input for price in known),
            per_call=max(price.per_call for price in known),
        )

    def at(self, moment: datetime, tokens: int) -> Price | None:
        """The price of a prompt with that many tokens."""
        return self._price(self.model.get_prices(moment), tokens)

    def _price(self, prices: ModelPrice, tokens: int) -> Price | None:
        read, written = _rate(prices, "input_mtok", tokens), _rate(prices, "output_mtok", tokens)
        # what the model cites and finds is billed as well, and no reply says how much
        if read is None or written is None or _rate(prices, "output_citation_mtok", tokens) is not None:
            return None
        if self.provider in _CACHE_UNASKED and tokens >= _CACHED_FROM:
            read = max(read, _rate(prices, "cache_write_mtok", tokens) or 0.0)
        return Price(
            input=read,
            # usage counts both together
            output=max(written, _rate(prices, "output_reasoning_mtok", tokens) or 0.0),
            cached_input=_rate(prices, "cache_read_mtok", tokens),
            per_call=(_rate(prices, "requests_kcount", tokens) or 0.0) / 1000,
        )


class Prices:
    """`own` are the user's prices by the model's name; they win over every list. `clock` tells the time in UTC."""

    def __init__(
        self, own: Mapping[str, Price] | None = None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._own = dict(own or {})
        self._clock = clock
        self._listings: dict[tuple[str, str], _Listing | None] = {}
        self._dearest: dict[tuple[str, str, int | None], Price | None] = {}

    def of(self, model: str, endpoint: str, *, prompt_tokens: int | None = None) -> Price | None:
        """The dearest price of a call with at most `prompt_tokens` of prompt, None where it is not known.

        Lists have prices that rise with the length of the prompt and change with the hour or the date. This is the
        dearest tier that the prompt can reach (any, where no length is given) at the dearest time within a week.
        """
        if (own := self._own.get(model)) is not None:
            return own
        listing = self._listing(model, endpoint)
        if listing is None:
            return None
        reach = None if prompt_tokens is None else _tier(prompt_tokens)
        key = (model, endpoint, reach)
        if key not in self._dearest:
            self._dearest[key] = listing.dearest(reach, self._clock())
        return self._dearest[key]

    def now(self, model: str, endpoint: str, *, prompt_tokens: int) -> Price | None:
        """The price of a call with `prompt_tokens` of prompt at this moment, None where it is not known."""
        if (own := self._own.get(model)) is not None:
            return own
        listing = self._listing(model, endpoint)
        return None if listing is None else listing.at(self._clock(), prompt_tokens)

    def bill(self, model: str, endpoint: str, usage: Usage) -> float | None:
        """US dollars for one call that ended just now, None where its price is not known."""
        price = self.now(model, endpoint, prompt_tokens=usage.prompt_tokens)
        return None if price is None else cost(usage, price)

    def _listing(self, model: str, endpoint: str) -> _Listing | None:
        key = (model, endpoint)
        if key not in self._listings:
            self._listings[key] = _find(model, endpoint)
        return self._listings[key]


def cost(usage: Usage, price: Price, *, calls: int = 1) -> float:
    """US dollars for the usage of one call, or the sum of several.

    Some servers leave reasoning out of `completion_tokens`; it is what `total_tokens` has beyond the other two.
    """
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    written = max(usage.completion_tokens, usage.total_tokens - usage.prompt_tokens)
    cached_rate = price.input if price.cached_input is None else price.cached_input
    tokens = (usage.prompt_tokens - cached) * price.input + cached * cached_rate + written * price.output
    return tokens / MILLION + calls * price.per_call


def money(usd: float) -> str:
    """Dollars as people read them: `$0`, `under $0.0001`, `$0.0123`, `$12.30`, `$1,234.50`."""
    if usd == 0:
        return "$0"
    if usd < 0.0001:
        return "under $0.0001"
    return f"${usd:.4f}" if round(usd, 4) < 1 else f"${usd:,.2f}"


def money_at_least(usd: float) -> str:
    """The same, rounded up: what a limit must be raised to."""
    places = 4 if usd < 1 else 2
    return money(math.ceil(round(usd * 10**places, 6)) / 10**places)


def require_price(settings: Settings, models: Iterable[str], prices: Prices) -> None:
    """See, before anything is asked, that a limit of money can be held.

    Raises:
        SettingsError: there is `max_cost`, and no price is known for one of the models.
    """
    for model in models if settings.max_cost is not None else ():
        if prices.of(model, settings.base_url) is None:
            raise no_price(model, settings.base_url)


def no_price(model: str, endpoint: str) -> SettingsError:
    """The error of a limit of money that cannot be held, with the lines that mend it."""
    return SettingsError(
        f"--max-cost: no price is known for the model {model} at {without_credentials(endpoint)}",
        hint="Write its price into dlgrade.toml, in USD for a million tokens (0 for a server of your own), as in\n"
        + toml_for(model),
    )


def toml_for(model: str) -> str:
    """The lines of dlgrade.toml for a model's price, to be filled in."""
    return f"[prices.{json.dumps(model, ensure_ascii=False)}]\ninput = 0.15\noutput = 0.60"


# ── genai-prices ─────────────────────────────────────────────────────────────────────────────


def _find(model: str, endpoint: str) -> _Listing | None:
    if not _has_a_public_name(endpoint):
        return None
    # Imported here for start-up time: see above.
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415

    providers = get_snapshot().providers
    for provider in providers:
        if _is_at(provider, endpoint):
            # Google's own list of models puts models/ before each name
            found = provider.find_model(model.removeprefix("models/"), all_providers=providers)
            if found is not None:
                return _Listing(provider.id, found)
    return None


def _has_a_public_name(endpoint: str) -> bool:
    """Whether a provider can be there at all: a server in the house is told without importing anything."""
    host = urlsplit(endpoint).hostname or ""
    return "." in host and not re.fullmatch(r"[\d.]+|.*\.(local|localhost|internal|lan|home|test)", host)


def _is_at(provider: Provider, endpoint: str) -> bool:
    """Whether the endpoint is the provider's own: its pattern takes the whole host, not a piece of it or a path."""
    parts = urlsplit(endpoint)
    if parts.port not in {None, 443}:
        return False
    site = f"{parts.scheme}://{parts.hostname}"
    found = re.match(provider.api_pattern, site + (parts.path or "/"))
    if found is None:
        return False
    host_left, path_taken = site[found.end() :], found[0][len(site) :]
    # A pattern may leave the top-level domain open, as `https://api\.moonshot\.` does.
    return "." not in host_left and "." not in path_taken


def _rate(prices: ModelPrice, key: str, tokens: int) -> float | None:
    """Dollars for a million (or thousand) of something in a call with that many tokens of prompt."""
    value = getattr(prices, key, None)
    if value is None or not hasattr(value, "tiers"):
        return None if value is None else float(value)
    # crossing a tier's start gives all tokens its price
    return float(next((tier.price for tier in reversed(value.tiers) if tokens > tier.start), value.base))


def _sizes(prices: ModelPrice, tokens: int | None) -> list[int]:
    """Lengths of prompts, one for each tier that a prompt of at most `tokens` can reach."""
    starts = chain.from_iterable(getattr(value, "tiers", ()) for value in vars(prices).values())
    reached = {tier.start + 1 for tier in starts if tokens is None or tier.start < tokens}
    return sorted({1, _CACHED_FROM if tokens is None else min(tokens, _CACHED_FROM), *reached})


def _tier(tokens: int) -> int:
    """The next thousand, at which tiers end, so that few lengths are worked out."""
    return -(-tokens // 1000) * 1000
