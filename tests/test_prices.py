"""A price is the user's own, or the provider's at that endpoint, or not known: never 0 for want of one."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from genai_prices import Usage as Counted
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice, TieredPrices

from dlgrade.errors import SettingsError
from dlgrade.llm.prices import Prices, cost, money, money_at_least, require_price, toml_for
from dlgrade.models import Price, Usage
from dlgrade.settings import OPENAI, Settings, load_settings

# models at endpoints, and the same for the calculator of genai-prices
LISTED = {
    "gpt-4o-mini": (OPENAI, "openai"),
    "gpt-4.1": (OPENAI, "openai"),
    "claude-sonnet-4-5": ("https://api.anthropic.com/v1", "anthropic"),
    "gemini-2.5-pro": ("https://generativelanguage.googleapis.com/v1beta/openai", "google"),
    "deepseek-reasoner": ("https://api.deepseek.com/v1", "deepseek"),
    "mistral-large-latest": ("https://api.mistral.ai/v1", "mistral"),
    "meta-llama/llama-3.3-70b-instruct": ("https://openrouter.ai/api/v1", "openrouter"),
    "sonar-pro": ("https://api.perplexity.ai", "perplexity"),
}


def calculated(model: str, prompt: int, reply: int, cached: int) -> float:
    usage = Counted(input_tokens=prompt, output_tokens=reply, cache_read_tokens=cached)
    return float(calc_price(usage, model, provider_id=LISTED[model][1]).total_price)


@pytest.mark.parametrize("model", LISTED)
@pytest.mark.parametrize(("prompt", "reply", "cached"), [(900, 300, 0), (900, 300, 600), (250_001, 4000, 1000)])
def test_a_bill_is_what_the_lists_own_calculator_says(model: str, prompt: int, reply: int, cached: int) -> None:
    usage = Usage(prompt_tokens=prompt, completion_tokens=reply, total_tokens=prompt + reply, cached_tokens=cached)
    assert Prices().bill(model, LISTED[model][0], usage) == pytest.approx(calculated(model, prompt, reply, cached))


def prices_at(moment: datetime) -> Prices:
    return Prices(clock=lambda: moment)


@pytest.mark.parametrize("model", LISTED)
def test_the_worst_case_is_never_less_than_the_bill_at_any_hour_of_the_week(model: str) -> None:
    """DeepSeek is cheaper by night: a run that starts in a cheap hour may end in a dear one."""
    usage, counted = Usage(prompt_tokens=3000, completion_tokens=500), Counted(input_tokens=3000, output_tokens=500)
    endpoint, provider = LISTED[model]
    hours = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(24 + 7 * 24)]
    bills = [
        float(calc_price(counted, model, provider_id=provider, genai_request_timestamp=hour).total_price)
        for hour in hours
    ]
    for start in range(24):
        price = prices_at(hours[start]).of(model, endpoint, prompt_tokens=3000)
        assert price is not None
        assert cost(usage, price) >= max(bills[start : start + 7 * 24]) * (1 - 1e-12)
        bill = prices_at(hours[start]).bill(model, endpoint, usage)
        assert bill == pytest.approx(bills[start])


def every_tiered_model() -> list[tuple[str, ModelPrice]]:
    models = next(provider for provider in get_snapshot().providers if provider.id == "google").models
    found = [(model.id, model.get_prices(datetime.now(UTC))) for model in models]
    return [(name, prices) for name, prices in found if isinstance(prices.input_mtok, TieredPrices)]


def test_a_prompt_is_priced_by_the_dearest_tier_that_it_can_reach() -> None:
    google = "https://generativelanguage.googleapis.com/v1beta/openai"
    model, listed = every_tiered_model()[0]
    tiers = listed.input_mtok
    assert isinstance(tiers, TieredPrices)
    start = tiers.tiers[-1].start
    prices = Prices()
    short, long, any_length = (
        prices.of(model, google, prompt_tokens=tokens) for tokens in (start // 2, start + 1, None)
    )
    assert short is not None and long is not None
    assert short.input == pytest.approx(float(tiers.base))
    assert long.input == pytest.approx(float(tiers.tiers[-1].price))
    assert any_length == long
    assert long.input > short.input


def test_a_price_of_ones_own_wins_everywhere() -> None:
    own = Price(input=1.0, output=2.0)
    prices = Prices({"gpt-4o-mini": own})
    assert prices.of("gpt-4o-mini", OPENAI) == own
    assert prices.now("gpt-4o-mini", "http://localhost/v1", prompt_tokens=5) == own
    assert prices.of("gpt-4o", OPENAI) != own


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:8080/v1",
        "http://localhost:11434/v1",
        "http://[::1]:8080/v1",
        "http://192.168.1.4/v1",
        "http://gpu/v1",
        "http://api.openai.com.local/v1",
        "https://proxy.example.com/v1",
        "https://proxy.example.com/https://api.openai.com/v1",
        "https://proxy.example.com/api.openai.com/v1",
        "https://api.openai.com.example.com/v1",
        "https://api.openai.com:8443/v1",
        "http://api.openai.com/v1",
    ],
)
def test_a_well_known_name_at_another_endpoint_has_no_known_price(endpoint: str) -> None:
    assert Prices().of("gpt-4o", OPENAI) is not None
    assert Prices().of("gpt-4o", endpoint) is None
    assert Prices().bill("gpt-4o", endpoint, Usage(prompt_tokens=1, total_tokens=1)) is None


def test_a_proxys_path_that_names_a_provider_is_no_providers_endpoint() -> None:
    google = "https://generativelanguage.googleapis.com/v1beta/openai"
    assert Prices().of("gemini-2.5-pro", google) is not None
    assert Prices().of("gemini-2.5-pro", f"https://proxy.example.com/{google}") is None


@pytest.mark.parametrize("model", ["no-such-model", "ft:gpt-4o-mini:acme::x1", "text-embedding-3-small"])
def test_a_model_without_a_price_for_both_ways_has_none(model: str) -> None:
    assert Prices().of(model, OPENAI) is None


def test_a_model_that_bills_what_no_reply_counts_has_no_known_price() -> None:
    assert Prices().of("sonar-deep-research", "https://api.perplexity.ai") is None


def test_googles_own_spelling_of_its_models_has_the_same_price() -> None:
    google = LISTED["gemini-2.5-pro"][0]
    assert Prices().of("models/gemini-2.5-pro", google) == Prices().of("gemini-2.5-pro", google)


def test_what_goes_into_the_providers_cache_unasked_is_in_the_price() -> None:
    """Some of OpenAI's models bill more for a prompt that is put into the cache, from 1,024 tokens."""
    openai = next(provider for provider in get_snapshot().providers if provider.id == "openai")
    dear = [
        (model.id, float(rate.base if isinstance(rate, TieredPrices) else rate))
        for model in openai.models
        if (rate := model.get_prices(datetime.now(UTC)).cache_write_mtok) is not None
    ]
    assert dear
    for model, dearer in dear:
        price = Prices().of(model, OPENAI, prompt_tokens=5000)
        now = Prices().now(model, OPENAI, prompt_tokens=5000)
        assert price is not None and now is not None
        assert price.input >= dearer
        assert now.input >= dearer
        short = Prices().now(model, OPENAI, prompt_tokens=500)
        assert short is not None
        assert short.input <= now.input


# ── with a limit of money ────────────────────────────────────────────────────────────────────


def test_a_limit_without_a_price_asks_for_it_with_the_lines_to_write(tmp_path: Path) -> None:
    limited = Settings(model="llama-3.1", base_url="http://user:pw@localhost:8080/v1", max_cost=1)
    with pytest.raises(SettingsError) as caught:
        require_price(limited, ["llama-3.1"], Prices())
    said = str(caught.value)
    assert said.startswith("--max-cost: no price is known for the model llama-3.1 at http://localhost:8080/v1\n")
    assert "pw" not in said
    lines = said[said.index("[prices") :]
    assert lines == toml_for("llama-3.1")
    (tmp_path / "dlgrade.toml").write_text(lines)
    mended = load_settings({"model": "llama-3.1", "max_cost": 1.0}, environment={}, folder=tmp_path)
    require_price(mended, ["llama-3.1"], Prices(mended.prices))


@pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "Modell-ä.5", "org/name:free"])
def test_the_lines_to_write_are_toml_whatever_the_models_name(name: str) -> None:
    assert list(tomllib.loads(toml_for(name))["prices"]) == [name]


def test_every_model_that_may_be_asked_needs_a_price() -> None:
    limited = Settings(model="gpt-4o-mini", max_cost=1)
    require_price(limited, ["gpt-4o-mini", "gpt-4.1"], Prices())
    with pytest.raises(SettingsError, match="the model unheard-of at"):
        require_price(limited, ["gpt-4o-mini", "unheard-of"], Prices())


def test_without_a_limit_no_price_is_asked_for() -> None:
    require_price(Settings(model="unheard-of"), ["unheard-of"], Prices())


# ── in words ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (0, "$0"),
        (0.00001, "under $0.0001"),
        (0.0123, "$0.0123"),
        (0.5, "$0.5000"),
        (0.99999, "$1.00"),
        (12.3, "$12.30"),
        (1234.5, "$1,234.50"),
        (2_000_000, "$2,000,000.00"),
    ],
)
def test_money_is_said_as_people_read_it(usd: float, said: str) -> None:
    assert money(usd) == said


@pytest.mark.parametrize(
    ("usd", "said"), [(0.00001, "$0.0001"), (0.01231, "$0.0124"), (0.0123, "$0.0123"), (3.001, "$3.01"), (3, "$3.00")]
)
def test_what_a_limit_must_be_is_never_rounded_down(usd: float, said: str) -> None:
    assert money_at_least(usd) == said
