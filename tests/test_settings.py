"""Settings: flags over environment over dlgrade.toml over defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path, user_data_path

from dlgrade.errors import SettingsError
from dlgrade.models import Price
from dlgrade.settings import OPENAI, load_settings


def test_defaults_name_no_model(tmp_path: Path) -> None:
    settings = load_settings({}, environment={}, folder=tmp_path)
    assert settings.model is None
    assert settings.offline
    assert settings.base_url == OPENAI


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    (tmp_path / "dlgrade.toml").write_text('model = "file"\nbase_url = "http://file/v1"\nmax_tokens = 7\n')
    environment = {"DLGRADE_MODEL": "environment", "OPENAI_BASE_URL": "http://environment/v1/"}
    settings = load_settings({"model": "flag", "base_url": None}, environment=environment, folder=tmp_path)
    assert (settings.model, settings.base_url, settings.max_tokens) == ("flag", "http://environment/v1", 7)


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    settings = load_settings({}, environment={"OPENAI_API_KEY": "", "DLGRADE_MODEL": ""}, folder=tmp_path)
    assert settings.api_key is None
    assert settings.model is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("modle = 'x'\n", "dlgrade.toml:1: modle: unknown key"),
        ("\nconcurrency = 'many'\n", "dlgrade.toml:2: concurrency: must be a whole number"),
        ("timeout = 0\n", "dlgrade.toml:1: timeout: Input should be greater than 0"),
        ("model = \n", "dlgrade.toml: not TOML"),
        ("# max_cost = 1\nmax_cost = 0\n", "dlgrade.toml:2: max_cost: Input should be greater than 0"),
        ("max_cost = inf\n", "dlgrade.toml:1: max_cost: Input should be a finite number"),
        ("prices = 3\n", "dlgrade.toml:1: prices: must be a table"),
        ("[prices]\nm = 3\n", "dlgrade.toml:2: prices.m: must be a table"),
        ('model = "m"\n\n[prices."m"]\ninput = 1\n', "dlgrade.toml:3: prices.m.output: is missing"),
        ("[prices.m]\ninput = '1'\noutput = 1\n", "dlgrade.toml:2: prices.m.input: must be a number"),
        ("[prices.m]\ninput = true\noutput = 1\n", "dlgrade.toml:2: prices.m.input: must be a number"),
        ("[prices.m]\ninput = 1\noutput = nan\n", "dlgrade.toml:3: prices.m.output: Input should be a finite number"),
        ("[prices]\nm = { input = 1, output = -1 }\n", "dlgrade.toml:2: prices.m.output: Input should be greater than"),
        (
            '[prices.a]\ninput = 1\noutput = 1\n[prices."b-1.5"]\ninput = 1\noutput = 1\ninputs = 1\n',
            "dlgrade.toml:7: prices.b-1.5.inputs: unknown key",
        ),
        ("[prices.b-1.5]\ninput = 1\noutput = 1\n", "A name with a dot stands in quotes"),
        ("api_key = 'sk-planted'\n", "dlgrade.toml:1: api_key: the key is read from OPENAI_API_KEY alone"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_mistake(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "dlgrade.toml").write_text(content)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, environment={}, folder=tmp_path)
    assert said in str(caught.value)
    assert "planted" not in str(caught.value)


def test_prices_of_ones_own_are_dollars_for_a_million_tokens_and_may_be_zero(tmp_path: Path) -> None:
    (tmp_path / "dlgrade.toml").write_text(
        'max_cost = 2\n[prices."gpt-4.1"]\ninput = 2\noutput = 8.0\ncached_input = 0.5\n'
        "[prices.own]\ninput = 0\noutput = 0\n"
    )
    settings = load_settings({}, environment={}, folder=tmp_path)
    assert settings.max_cost == 2
    assert settings.prices == {
        "gpt-4.1": Price(input=2.0, output=8.0, cached_input=0.5),
        "own": Price(input=0.0, output=0.0),
    }
    assert load_settings({"max_cost": 0.5}, environment={}, folder=tmp_path).max_cost == 0.5


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_a_limit_of_money_is_more_than_nothing(tmp_path: Path, wrong: float) -> None:
    with pytest.raises(SettingsError, match="--max-cost: Input should be"):
        load_settings({"max_cost": wrong}, environment={}, folder=tmp_path)


def test_a_wrong_flag_or_variable_is_named_by_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--base-url: must begin with http"):
        load_settings({"base_url": "localhost:8080"}, environment={}, folder=tmp_path)
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL: must begin with http"):
        load_settings({}, environment={"OPENAI_BASE_URL": "ftp://x"}, folder=tmp_path)


@pytest.mark.parametrize(
    "url",
    ["http://", "http://host:abc/v1", "https:///v1", "host", "http://h/v1?key=x", "http://h/v1#x", "http://host:99999"],
)
def test_a_base_url_must_name_a_host(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="must begin with http"):
        load_settings({"base_url": url}, environment={}, folder=tmp_path)


def test_a_local_server_gets_fewer_requests_at_once(tmp_path: Path) -> None:
    ceilings = {
        url: load_settings({"base_url": url, "model": "m"}, environment={}, folder=tmp_path).requests_at_once
        for url in ("http://127.0.0.1:8080/v1", "http://localhost/v1", "http://[::1]/v1", "https://example.org/v1")
    }
    assert list(ceilings.values()) == [4, 4, 4, 16]
    asked = load_settings({"concurrency": 9}, environment={"OPENAI_BASE_URL": "http://localhost/v1"}, folder=tmp_path)
    assert asked.requests_at_once == 9


def test_a_base_url_without_a_model_is_a_mistake_and_an_empty_flag_is_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--base-url: no model is named"):
        load_settings({"base_url": "http://localhost/v1"}, environment={}, folder=tmp_path)
    assert load_settings({"model": ""}, environment={}, folder=tmp_path).offline


def test_a_key_never_goes_where_only_a_file_says(tmp_path: Path) -> None:
    """The file may have come with somebody else's folder."""
    (tmp_path / "dlgrade.toml").write_text('model = "m"\nbase_url = "https://elsewhere.example/v1"\n')
    key = {"OPENAI_API_KEY": "sk-planted"}
    with pytest.raises(SettingsError, match=r"dlgrade\.toml:2: base_url: your OPENAI_API_KEY would go to") as caught:
        load_settings({}, environment=key, folder=tmp_path)
    assert "sk-planted" not in str(caught.value)
    assert load_settings({}, environment={}, folder=tmp_path).model == "m"
    meant = key | {"OPENAI_BASE_URL": "https://elsewhere.example/v1"}
    assert load_settings({}, environment=meant, folder=tmp_path).base_url == "https://elsewhere.example/v1"


def test_the_key_does_not_show(tmp_path: Path) -> None:
    settings = load_settings({}, environment={"OPENAI_API_KEY": "sk-planted"}, folder=tmp_path)
    assert "planted" not in repr(settings)
    assert "planted" not in settings.model_dump_json()


def test_the_systems_folders_hold_what_nobody_named_a_place_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    unnamed = load_settings({}, environment={})
    assert unnamed.cache_folder == user_cache_path("dlgrade", appauthor=False)
    assert unnamed.data_folder == user_data_path("dlgrade", appauthor=False)
    named = load_settings({}, environment={"DLGRADE_CACHE": "~/c", "DLGRADE_DATA": "d"})
    assert (named.cache_folder, named.data_folder) == (Path.home() / "c", Path("d"))
