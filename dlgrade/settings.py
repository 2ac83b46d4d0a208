"""Flags over environment over dlgrade.toml over defaults, in one frozen record.

    # dlgrade.toml, in the folder where dlgrade runs; every key is optional
    model = "some-model"                     # DLGRADE_MODEL    --model
    fallbacks = ["another-model"]            # further --model  take over when the quota of those before has ended
    judges = ["a-model", "another"]          # --judge          the models that grade, where it is not `model` alone
    samples = 3                              # --samples        how often each of them is asked for a grade
    base_url = "http://localhost:8080/v1"    # OPENAI_BASE_URL  --base-url
    concurrency = 8                          # --concurrency    requests in flight at most
    rpm = 500                                # --rpm            requests a minute that the account may send
    tpm = 200_000                            # --tpm            tokens a minute
    timeout = 120                            # seconds for one reply, retries not counted
    max_tokens = 4096                        # of one reply
    temperature = 0.0
    max_cost = 5.0                           # --max-cost       USD that one run may cost at most
    cache = "~/.cache/dlgrade"               # DLGRADE_CACHE
    cache_size = 500                         # DLGRADE_CACHE_SIZE   MB; the least recently used replies beyond it go
    data = "~/dlgrade"                       # DLGRADE_DATA     what you practised
    prompts = "my/prompts"                   # folders searched before the shipped ones
    rubrics = "my/rubrics"
    questions = "my/questions"
    form = "lists"                           # --form           the form that all documents are read in
    nested = "parents"                       # --nested         what asks below an item that asks: its parts
    table = "column"                         # --table          where answers go if a table has no place for them

    [prices."some-model"]                    # USD for a million tokens; wins over the prices that dlgrade knows
    input = 0.15
    output = 0.60
    cached_input = 0.075                     # optional: tokens from the provider's own prompt cache
    per_call = 0.0                           # optional: USD for every call besides

The key comes from the environment alone (OPENAI_API_KEY): a key in a file ends up in a repository.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator

from dlgrade.errors import SettingsError
from dlgrade.models import Choices, Price, Record

FILE = "dlgrade.toml"
OFFLINE = "offline"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - compared, not bound to
OPENAI = "https://api.openai.com/v1"
SET_UP_A_MODEL = (
    "To ask a model: --model NAME with OPENAI_API_KEY set, or --model NAME --base-url URL for a server of your own."
)

_ENVIRONMENT = {
    "model": "DLGRADE_MODEL",
    "base_url": "OPENAI_BASE_URL",
    "api_key": "OPENAI_API_KEY",
    "cache": "DLGRADE_CACHE",
    "cache_size": "DLGRADE_CACHE_SIZE",
    "data": "DLGRADE_DATA",
}
_SAID = {
    "extra_forbidden": "unknown key",
    "literal_error": "not one of the words allowed",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "missing": "is missing",
    "model_type": "must be a table",
    "dict_type": "must be a table",
}
_PRICE_TABLE = (
    "A price is a table with input and output, and cached_input and per_call if need be. A name with a dot stands in "
    'quotes, as in [prices."some-model-1.5"].'
)


def _is_base_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        plain = not parts.query and not parts.fragment
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and plain
    except ValueError:
        return False


class Settings(Record):
    """What a command runs with. `model` is None where none was named: then nothing is ever sent."""

    model: str | None = None
    fallbacks: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    samples: int = Field(default=1, ge=1, le=100)
    base_url: str = OPENAI
    api_key: SecretStr | None = None
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    rpm: int | None = Field(default=None, ge=1)
    tpm: int | None = Field(default=None, ge=1)
    timeout: float = Field(default=120.0, gt=0, allow_inf_nan=False)
    max_tokens: int = Field(default=4096, ge=1)
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_cost: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    prices: Mapping[str, Price] = Field(default_factory=dict)
    cache: Path | None = None
    cache_size: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    data: Path | None = None
    prompts: Path = Path("prompts")
    rubrics: Path = Path("rubrics")
    questions: Path = Path("questions")
    form: str | None = None
    nested: Literal["children", "parents"] = "children"
    table: Literal["section", "column"] = "section"

    @field_validator("base_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        if not _is_base_url(value):
            raise ValueError(
                "must begin with http:// or https://, name a host, and have no ? or #, as in http://localhost:8080/v1"
            )
        return value.rstrip("/")

    @field_validator("fallbacks")
    @classmethod
    def _are_models(cls, value: tuple[str, ...], read: ValidationInfo) -> tuple[str, ...]:
        if OFFLINE in value or "" in value or (value and read.data.get("model") == OFFLINE):
            raise ValueError(f"several are models to ask one after the other, which {OFFLINE!r} is not")
        return value

    @field_validator("judges")
    @classmethod
    def _are_different_models(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if OFFLINE in value or "" in value:
            raise ValueError(f"names models that are asked, which {OFFLINE!r} is not")
        if twice := next((name for name in value if value.count(name) > 1), None):
            raise ValueError(f"{twice} is named twice; to ask one model several times: --samples N")
        return value

    @field_validator("cache", "data")
    @classmethod
    def _home_is_a_place(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def choices(self) -> Choices:
        """How documents are read where they can be read in more than one way."""
        return Choices(form=self.form, nested=self.nested, table=self.table)

    @property
    def models(self) -> tuple[str, ...]:
        """The models to ask, each when the quota of those before it has ended; none where none is used."""
        return () if self.model is None or self.offline else (self.model, *self.fallbacks)

    @property
    def cache_folder(self) -> Path:
        """Where replies are kept: the folder named by the user, else the one that the system has for caches."""
        if self.cache is not None:
            return self.cache
        # Imported here for start-up time, as below: most commands look at one of the two folders, or at none.
        from platformdirs import user_cache_path  # noqa: PLC0415

        return user_cache_path("dlgrade", appauthor=False)

    @property
    def data_folder(self) -> Path:
        """Where what was practised is kept, likewise."""
        if self.data is not None:
            return self.data
        from platformdirs import user_data_path  # noqa: PLC0415

        return user_data_path("dlgrade", appauthor=False)

    @property
    def cache_limit(self) -> int | None:
        """How many bytes of replies are kept, None for all."""
        return None if self.cache_size is None else int(self.cache_size * 1e6)

    @property
    def offline(self) -> bool:
        """Whether no model is used at all."""
        return self.model is None or self.model == OFFLINE

    @property
    def local(self) -> bool:
        """Whether the endpoint is on this machine."""
        return urlsplit(self.base_url).hostname in _LOCAL

    @property
    def trusted(self) -> bool:
        """Whether a key may go to the base URL although only a file names it: this machine, or OpenAI."""
        return self.local or self.base_url == OPENAI

    @property
    def requests_at_once(self) -> int:
        """The ceiling of requests in flight: what was asked for, else 4 for a local server and 16 elsewhere.

        A local server has one machine's worth of slots and queues the rest; more than 4 were seen to stall
        llama.cpp's just after its start.
        """
        return self.concurrency or (4 if self.local else 16)


def load_settings(
    flags: Mapping[str, Any],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    below: Mapping[str, Any] | None = None,
) -> Settings:
    """Merge flags (None where not given), environment and the folder's dlgrade.toml, over what is `below` them all.

    Raises:
        SettingsError: an unknown key, a value that cannot be, or a file that is no TOML; says where it came from.
    """
    environment = os.environ if environment is None else environment
    path = (folder or Path()) / FILE
    from_file = _read_file(path)
    from_environment = {key: environment[name] for key, name in _ENVIRONMENT.items() if environment.get(name)}
    from_flags = {key: value for key, value in flags.items() if value not in (None, "")}
    if "model" in {**from_environment, **from_flags}:
        # those of the file were to take over from the model of the file, or to grade with it
        from_file = {key: value for key, value in from_file.items() if key not in {"fallbacks", "judges"}}
    from_below = dict(below or {})
    if {"model", "judges"} & {**from_file, **from_environment, **from_flags}.keys():
        from_below = {key: value for key, value in from_below.items() if key not in {"fallbacks", "judges"}}
    try:
        settings = Settings.model_validate({**from_below, **from_file, **from_environment, **from_flags})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        keys = tuple(map(str, first["loc"]))
        said = _SAID.get(first["type"], first["msg"].removeprefix("Value error, "))
        hint = _PRICE_TABLE if keys[0] == "prices" else None
        raise SettingsError(f"{_origin(keys, path, from_environment, from_flags)}: {said}", hint=hint) from None
    if "base_url" in from_flags and settings.model is None and not settings.judges:
        raise SettingsError("--base-url: no model is named; name one with --model")
    if "base_url" not in {**from_environment, **from_flags} and settings.api_key and not settings.trusted:
        # The file may have come with somebody else's folder. Its host is named, and no password that stands before it.
        host = urlsplit(settings.base_url).hostname
        raise SettingsError(
            f"{path}:{_line(path, 'base_url')}: base_url: your OPENAI_API_KEY would go to {host}; "
            "if that is meant, name it with --base-url or OPENAI_BASE_URL"
        )
    return settings


def sources(
    flags: Mapping[str, Any], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> dict[str, str]:
    """Where each setting that somebody made comes from: the flag, the variable, or the file and line.

    Raises:
        SettingsError: the file is no TOML.
    """
    environment = os.environ if environment is None else environment
    path = (folder or Path()) / FILE
    over = {key: name for key, name in _ENVIRONMENT.items() if environment.get(name)}
    over |= {key: f"--{key.replace('_', '-')}" for key, value in flags.items() if value not in (None, "")}
    from_file = {key: f"{path}:{_line(path, key)}" for key in _read_file(path)}
    if "model" in over:
        from_file = {key: at for key, at in from_file.items() if key not in {"fallbacks", "judges"}}  # as above
    return from_file | over


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    # Imported here for start-up time: most folders have no such file.
    import tomllib  # noqa: PLC0415

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    if "api_key" in data:
        raise SettingsError(
            f"{path}:{_line(path, 'api_key')}: api_key: the key is read from OPENAI_API_KEY alone, not from a file"
        )
    return data


def _origin(keys: tuple[str, ...], path: Path, environment: Mapping[str, str], flags: Mapping[str, Any]) -> str:
    key = keys[0]
    if key in flags:
        return {"fallbacks": "--model", "judges": "--judge"}.get(key, f"--{key.replace('_', '-')}")
    if key in environment:
        return _ENVIRONMENT[key]
    return f"{path}:{_line(path, *keys)}: {'.'.join(keys)}"


def _line(path: Path, *keys: str) -> int:
    """The line where the last of the keys stands that is there at all, each at or below the one before it."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    at = 0
    for key in keys:
        written = re.compile(rf"""(?!\s*#)(?:.*[\s.\[{{,"'])?{re.escape(key)}["']?\s*[=.\]]""")
        at = next((n for n in range(at, len(lines)) if written.match(lines[n])), at)
    return at + 1
