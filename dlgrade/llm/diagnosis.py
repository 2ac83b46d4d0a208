"""Can a model be asked, and how does it want to be asked? A few small calls, and a line about each thing found.

The calls are put as a run would put them, and complaints are met as a run would meet them (`dialect`), but nothing is
taken from a cache or from memory, nothing is waited for, nothing is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel

from dlgrade.errors import EndpointError
from dlgrade.llm import checks
from dlgrade.llm.checks import Check
from dlgrade.llm.dialect import Dialect
from dlgrade.llm.request import Reply, Request, without_credentials
from dlgrade.llm.tries import Tries
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.llm.wire import Listed
from dlgrade.models import Message, Usage
from dlgrade.settings import Settings

TOKENS = 600
"""About how many tokens a diagnosis of one model takes, all in all; a model that thinks first takes more."""
_LIMIT = 512  # tokens of a reply: models that think first need room for that
# Asked once more: with more room, with a correction, on another connection. llama.cpp's server closes the one that it
# streamed on, which shows when it is used again.
_ANEW = frozenset({Condition.LENGTH, Condition.UNREADABLE, Condition.BROKEN})


class Asker(Protocol):
    """Who makes the calls."""

    async def listing(self, endpoint: str) -> tuple[Listed, ...] | Trouble:
        """The models that the endpoint offers, or why it lists none."""
        ...

    async def once(self, tries: Tries, dialect: Dialect) -> Reply | Trouble:
        """One call."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Probe(BaseModel):
    """The shape that is asked for: small, and of the kinds that grading uses."""

    words: list[str]
    verdict: Literal["yes", "no"]


@dataclass
class _Met:
    """What came of a request in the end, and what was met on the way. `first` is when the first words were heard."""

    dialect: Dialect
    outcome: Reply | Trouble
    complaints: list[Trouble]
    corrected: bool
    seconds: float
    first: float | None


@dataclass
class Diagnosis:
    """A diagnosis under way; `tell` hears each line at once.

    `key` says what may be said of the key. `usable` are the models that can be asked, `dialects` how those want to be
    asked that structured output works with, and `usage` is what it all took.
    """

    asker: Asker
    settings: Settings
    key: str
    tell: Callable[[Check], None]
    clock: Callable[[], float] = time.monotonic
    usage: Usage = field(default_factory=Usage)
    usable: set[str] = field(default_factory=set)
    dialects: dict[str, Dialect] = field(default_factory=dict)

    async def run(self) -> None:
        """Look at the endpoint, then at each model."""
        url = without_credentials(self.settings.base_url)
        began = self.clock()
        try:
            listed = await self.asker.listing(self.settings.base_url)
            if isinstance(listed, Trouble) and listed.condition is Condition.UNREACHABLE:
                self.tell(checks.unreachable(url, listed))
                return
            self.tell(_reached(url, listed, self.clock() - began))
            for model in self.settings.models:
                await self._examine(model, listed)
        except EndpointError as error:  # nothing can be sent with such a key
            self.tell(Check(name="key", state="problem", found=error.message, do=error.hint))

    async def _examine(self, model: str, listed: tuple[Listed, ...] | Trouble) -> None:
        names = () if isinstance(listed, Trouble) else listed
        plain = self._request(model, "Count from one to thirty in words.")
        met = await self._ask(plain, Dialect(), aloud=True)
        if isinstance(met.outcome, Trouble) and met.outcome.condition not in checks.REPLIED:
            if met.outcome.condition in checks.PASSING:
                self.usable.add(model)
            self.tell(checks.trouble(met.outcome, model, names))
            return
        self.usable.add(model)
        taken = "it is taken" if self.settings.api_key else "none is asked for"
        self.tell(Check(name="key", state="ok", found=f"{self.key}, and {taken}", model=model))
        self.tell(checks.listing(model, listed))
        self.tell(checks.reply(model, met.outcome, met.seconds, met.first))
        await self._structured(model, met)
        characters = sum(len(message.content) for message in plain.messages)
        self.tell(checks.context(model, names, met.outcome.usage, characters, self.settings.max_tokens))

    async def _structured(self, model: str, plain: _Met) -> None:
        met = await self._ask(self._request(model, "Is water wet?", Probe), plain.dialect)
        complaints = [*plain.complaints, *met.complaints]
        self.tell(checks.parameters(model, complaints))
        refused = [each for each in complaints if each.condition is Condition.NO_FORMAT]
        self.tell(checks.structure(model, met.outcome, met.dialect.rung, refused, corrected=met.corrected))
        if isinstance(met.outcome, Reply):
            self.dialects[model] = met.dialect

    def _request(self, model: str, asked: str, shape: type[BaseModel] | None = None) -> Request:
        told = "You are asked to see whether you reply. Reply with what is asked for alone."
        return Request(
            endpoint=self.settings.base_url,
            model=model,
            messages=(Message(role="system", content=told), Message(role="user", content=asked)),
            shape=shape,
            temperature=self.settings.temperature,
            max_tokens=_LIMIT,
        )

    async def _ask(self, request: Request, dialect: Dialect, *, aloud: bool = False) -> _Met:
        """Ask until there is a reply, or a trouble that no other way to put the request mends."""
        heard: list[float] = []
        if aloud:
            request = request.model_copy(update={"hear": lambda _: heard.append(self.clock())})
        tries, complaints, anew = Tries(request), list[Trouble](), set[Condition]()
        while True:
            heard.clear()
            began = self.clock()
            outcome = await self.asker.once(tries, dialect)
            ended = self.clock()
            self.usage += outcome.usage or Usage()
            changed = dialect.after(outcome, request) if isinstance(outcome, Trouble) else None
            if isinstance(outcome, Trouble) and changed is not None:
                complaints.append(outcome)
                dialect = changed
            elif self._mended(tries, outcome, anew):
                pass
            else:
                first = heard[0] - began if heard else None
                return _Met(dialect, outcome, complaints, Condition.UNREADABLE in anew, ended - began, first)

    @staticmethod
    def _mended(tries: Tries, outcome: Reply | Trouble, anew: set[Condition]) -> bool:
        """Whether the next try is a better one, as a run would make it."""
        if not isinstance(outcome, Trouble) or outcome.condition not in _ANEW - anew:
            return False
        anew.add(outcome.condition)
        return tries.prepare(outcome)


def _reached(url: str, listed: tuple[Listed, ...] | Trouble, seconds: float) -> Check:
    if isinstance(listed, Trouble) and listed.condition is Condition.TIMEOUT:
        # some proxies ask every server behind them; a model may reply all the same
        return Check(name="reachable", state="note", found=f"{url}: its list of models does not come")
    return Check(name="reachable", state="ok", found=f"{url} answers after {seconds * 1000:.0f} ms")
