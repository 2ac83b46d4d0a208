"""`dlgrade doctor`: whether a model can be asked and how it wants to be, what it costs, what is set and remembered."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import typer

from dlgrade.cli import options, show
from dlgrade.cli.wiring import Session
from dlgrade.errors import InputError, OutputError
from dlgrade.llm import checks
from dlgrade.llm.checks import Check
from dlgrade.llm.diagnosis import TOKENS, Diagnosis
from dlgrade.llm.dialect import Dialect
from dlgrade.llm.request import without_credentials
from dlgrade.llm.store import Learned
from dlgrade.llm.upkeep import stats
from dlgrade.models import Usage
from dlgrade.settings import OPENAI, SET_UP_A_MODEL, sources

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_SIGNS = {"ok": "OK", "note": "note", "problem": "PROBLEM"}


@app.command()
def doctor(
    model: options.Models = None,
    base_url: options.BaseUrl = None,
    offline: Annotated[bool, typer.Option("--offline", help="Send nothing; say only what is known here.")] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget how the model wants to be asked, so that the next run finds out.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="With --reset: of all models at all endpoints.")] = False,
    json: options.Json = False,
) -> None:
    """Say whether a model can be asked, and how it wants to be asked.

    A few small requests are sent, which costs a few hundred tokens: is the endpoint there, the key taken, the model
    known; how fast it replies; which form of structured output and which parameters it takes. Beside that: its price,
    what earlier runs learned of it, proxies, the cache, and where each setting comes from. With no model set up, or
    with --offline, nothing is sent.
    Exit 0 if all is well, 1 if something is wrong that can be worked with, 3 if no model can be asked.

    \b
    Examples:
      dlgrade doctor
      dlgrade doctor --model NAME --base-url http://localhost:8080/v1
      dlgrade doctor --model NAME --offline --json
      dlgrade doctor --reset --all
    """
    session = Session.open(models=model, base_url=base_url)
    if every and not reset:
        raise InputError("--all goes with --reset alone")
    if reset:
        _reset(session, every=every, json=json)
        return
    told = _Told(json=json, several=len(session.settings.models) > 1)
    for check in _set(session, sources({"model": model and model[0], "base_url": base_url})):
        told.tell(check)
    if session.settings.offline:
        _without_a_model(session, told)
        asked = _Asked()
    else:
        asked = _examined(session, told, send=not offline)
    problems = any(check.state == "problem" for check in told.checks)
    if json:
        show.json_document(_document(session, told, asked))
    raise typer.Exit(3 if asked.usable is False else 1 if problems else 0)


@dataclass(frozen=True)
class _Asked:
    """What came of asking. `usable` says whether there is a model that can be asked, None where nothing was sent;
    `dialects` are how models turned out to want to be asked.
    """

    usable: bool | None = None
    dialects: Mapping[str, Dialect] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


class _Told:
    """The lines so far; each is printed at once, unless they are to become one document."""

    def __init__(self, *, json: bool, several: bool) -> None:
        self.checks: list[Check] = []
        self._json = json
        self._several = several

    def tell(self, check: Check) -> None:
        """One line, and under it what to do."""
        self.checks.append(check)
        if self._json:
            return
        whose = f"{check.model}: " if self._several and check.model else ""
        show.text(f"{_SIGNS[check.state]:8} {check.name:11} {whose}{check.found}")
        for line in (check.do or "").splitlines():
            show.text(f"{'':20} {line}")


def _document(session: Session, told: _Told, asked: _Asked) -> dict[str, Any]:
    """All of it for programs."""
    settings = session.settings
    return {
        "models": list(settings.models),
        "base_url": without_credentials(settings.base_url) if settings.models else None,
        "usable": asked.usable,
        "checks": [check.model_dump() for check in told.checks],
        "usage": asked.usage.model_dump(),
    }


def _reset(session: Session, *, every: bool, json: bool) -> None:
    settings = session.settings
    if not every and settings.offline:
        raise InputError("--reset: no model is named; name one with --model, or forget all with --all")
    forgotten = 0
    if session.cache_file.exists():
        with session.store() as store:
            places = [(None, None)] if every else [(settings.base_url, name) for name in settings.models]
            forgotten = sum(store.forget(endpoint, name) for endpoint, name in places)
    if json:
        show.json_document({"forgotten": forgotten})
    else:
        what = "1 model wants" if forgotten == 1 else f"{forgotten} models want"
        show.text(f"forgot how {what} to be asked" if forgotten else "nothing was remembered")


# ── what is known here ───────────────────────────────────────────────────────────────────────


def _set(session: Session, made: Mapping[str, str]) -> list[Check]:
    """The settings that somebody made, the proxies, and the cache."""
    return [*_settings(session, made), *_proxies(session), _cache(session)]


def _settings(session: Session, made: Mapping[str, str]) -> list[Check]:
    values = session.settings.model_dump(mode="json", exclude={"api_key"})
    values["base_url"] = without_credentials(session.settings.base_url)
    values["api_key"] = _key(session)
    values["prices"] = ", ".join(session.settings.prices)
    if "fallbacks" not in made:
        values["model"] = [values["model"], *values["fallbacks"]]
    said = [f"{name} = {_plain(values[name])}, from {whence}" for name, whence in made.items()]
    found = said or ["none is made: all are the defaults"]
    return [Check(name="setting", state="ok", found=line) for line in found]


def _plain(value: object) -> str:
    return " and then ".join(map(str, value)) if isinstance(value, list) else str(value)


def _key(session: Session) -> str:
    key = session.settings.api_key
    return "not set" if key is None else f"set, {len(key.get_secret_value())} characters"


def _proxies(session: Session) -> list[Check]:
    """The proxy that requests go through, if they do."""
    if session.settings.offline:
        return []
    parts = urlsplit(session.settings.base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return []
    found = f"requests go through {without_credentials(proxy)}, as {parts.scheme.upper()}_PROXY or ALL_PROXY says"
    if session.settings.local:
        do = f"That is hardly meant for a server on this machine: set NO_PROXY={parts.hostname}."
        return [Check(name="proxy", state="problem", found=found, do=do)]
    return [Check(name="proxy", state="note", found=found)]


def _cache(session: Session) -> Check:
    path = session.cache_file
    if not path.exists():
        above = next(folder for folder in path.parents if folder.exists())
        if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
            return Check(name="cache", state="ok", found=f"{path} is not there yet; the first reply makes it")
        found = f"{path} cannot be made: {above} is {'not to be written to' if above.is_dir() else 'no folder'}"
        return Check(name="cache", state="problem", found=found, do="Name another place with DLGRADE_CACHE.")
    try:
        with session.store() as store:
            have = stats(store)
    except OutputError as error:
        return Check(name="cache", state="problem", found=error.message, do=error.hint or "Set DLGRADE_CACHE.")
    return Check(name="cache", state="ok", found=f"{path}, {have.replies:,} replies, {have.bytes / 1e6:.1f} MB")


def _without_a_model(session: Session, told: _Told) -> None:
    settings = session.settings
    if settings.model is not None:
        why = "offline was chosen"
    else:
        why = "a key is set, but no model is named" if settings.api_key else "none is set up"
    told.tell(Check(name="model", state="note", found=f"{why}: nothing is sent", do=SET_UP_A_MODEL))
    shipped = f"{len(session.rubrics.paths)} references with rubrics, and the offline grader"
    told.tell(Check(name="offline", state="ok", found=f"fill, answer, grade and export work with {shipped}"))


# ── what has to be asked ─────────────────────────────────────────────────────────────────────


def _examined(session: Session, told: _Told, *, send: bool) -> _Asked:
    settings = session.settings
    if not send:
        told.tell(Check(name="key", state="ok", found=_key(session)))
        asked = _Asked()
    elif settings.api_key is None and settings.base_url == OPENAI:
        told.tell(Check(name="key", state="problem", found=f"not set, and {OPENAI} asks for one", do=SET_UP_A_MODEL))
        asked = _Asked(usable=False)
    else:
        asked = _sent(session, told)
    for check in _known(session, asked.dialects):
        told.tell(check)
    return asked


def _sent(session: Session, told: _Told) -> _Asked:
    # Imported here for start-up time: whoever sends nothing needs no event loop.
    from dlgrade.runs import run  # noqa: PLC0415

    settings = session.settings
    names, url = " and ".join(settings.models), without_credentials(settings.base_url)
    show.remark(f"dlgrade: asking {names} at {url} for about {TOKENS * len(settings.models):,} tokens")
    asker = session.asker()
    diagnosis = Diagnosis(asker, settings, _key(session), told.tell)

    async def examine(diagnosis: Diagnosis) -> _Asked:
        try:
            await diagnosis.run()
        finally:
            await asker.aclose()
        return _Asked(bool(diagnosis.usable), diagnosis.dialects, diagnosis.usage)

    done = run([("doctor", diagnosis)], examine, concurrency=1, patient=False)
    if not done.results:
        raise KeyboardInterrupt
    return done.results["doctor"]


def _known(session: Session, found: Mapping[str, Dialect]) -> list[Check]:
    """What is remembered of each model and what it costs."""
    settings, learned = session.settings, _learned(session)
    unasked = frozenset({"temperature"} if settings.temperature is None else ())
    lines: list[Check] = []
    for model in settings.models:
        was = learned.get(model)
        text, since = (was.dialect, was.learned) if was else (None, 0.0)
        lines.append(checks.remembered(model, text, since, found.get(model), unasked=unasked))
        known = session.prices.of(model, settings.base_url)
        limited = settings.max_cost is not None
        lines.append(checks.price(model, known, own=model in settings.prices, limited=limited))
    return lines


def _learned(session: Session) -> Mapping[str, Learned]:
    if not session.cache_file.exists():
        return {}
    endpoint = without_credentials(session.settings.base_url)
    # a file that cannot be opened has its own line
    with contextlib.suppress(OutputError), session.store() as store:
        return {each.model: each for each in store.dialects() if each.endpoint == endpoint}
    return {}
