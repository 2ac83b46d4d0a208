"""How one model at one endpoint wants to be asked: Request -> the body of the call.

Servers differ in what they take. Each complaint changes the dialect once, and the changed one is remembered, so
that only the first requests pay for finding out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, Self

from pydantic import ValidationError

from dlgrade.errors import OutputError
from dlgrade.llm.request import Request, without_credentials
from dlgrade.llm.schema import LADDER, body_part, prompt_part
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.models import Message, Record

Body = dict[str, Any]

_CHARACTERS_A_TOKEN = 4  # of English, about


class Memory(Protocol):
    """Where dialects are kept from one run to the next."""

    def dialect(self, endpoint: str, model: str) -> str | None:
        """What is remembered of a model at an endpoint, as JSON."""
        ...

    def learn(self, endpoint: str, model: str, text: str) -> None:
        """Remember it."""
        ...


class Dialect(Record):
    """What is remembered: the rung of `schema.LADDER`, and the parameters that were complained about, in order."""

    rung: int = 0
    refused: tuple[str, ...] = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What an earlier run remembered; nothing where that makes no sense any more."""
        try:
            known = cls.model_validate_json(text)
        except ValidationError:
            return cls()
        fits = 0 <= known.rung < len(LADDER) and set(known.refused) <= REMEDIES.keys()
        return known if fits else cls()

    def after(self, trouble: Trouble, request: Request) -> Dialect | None:
        """The dialect to try after a complaint; None where it would change nothing about the request."""
        changed = self
        if trouble.condition is Condition.NO_FORMAT and self.rung + 1 < len(LADDER):
            changed = self.model_copy(update={"rung": self.rung + 1})
        elif trouble.condition is Condition.UNSUPPORTED and trouble.param in REMEDIES.keys() - {*self.refused}:
            changed = self.model_copy(update={"refused": (*self.refused, trouble.param)})
        return changed if body(request, changed) != body(request, self) else None


def remembered(memory: Memory, endpoint: str, model: str) -> Dialect:
    """What earlier runs learned of a model at an endpoint."""
    text = memory.dialect(without_credentials(endpoint), model)
    return Dialect.from_text(text) if text else Dialect()


class Dialects:
    """How models want to be asked, as far as it is known by now, from earlier runs too."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory
        self._known: dict[tuple[str, str], Dialect] = {}

    def of(self, endpoint: str, model: str) -> Dialect:
        """How to ask a model."""
        where = (endpoint, model)
        if where not in self._known:
            self._known[where] = remembered(self._memory, *where) if self._memory else Dialect()
        return self._known[where]

    def learn(self, request: Request, changed: Dialect, used: Dialect) -> bool:
        """Remember another way to ask than the one `used`; whether it is news.

        Else another request met the same complaint first, and its lesson holds for this one too.
        """
        where = (request.endpoint, request.model)
        if self.of(*where) != used:
            return False
        self._known[where] = changed
        if self._memory is not None:
            # a full disk is no reason to lose the request: a later run learns it anew
            with contextlib.suppress(OutputError):
                self._memory.learn(without_credentials(request.endpoint), request.model, changed.model_dump_json())
        return True


def body(request: Request, dialect: Dialect, *, limit: int | None = None, more: tuple[Message, ...] = ()) -> Body:
    """The JSON body of the call. `limit` replaces the request's own token limit, `more` follows its messages."""
    rung = LADDER[dialect.rung]
    first, *rest = request.messages
    if request.shape is not None and (instruction := prompt_part(rung, request.shape)):
        # in front, with the instructions, so that nothing in the data can pass for it
        first = first.model_copy(update={"content": f"{first.content}\n\n{instruction}"})
    # There is always a limit: at temperature 0 a small model can loop until its context is full.
    made: Body = {
        "model": request.model,
        "messages": [message.model_dump() for message in (first, *rest, *more)],
        "max_tokens": limit or request.max_tokens,
    }
    if request.temperature is not None:
        made["temperature"] = request.temperature
    if request.shape is not None:
        made |= body_part(rung, request.shape)
    if request.hear is not None:
        made |= {"stream": True, "stream_options": {"include_usage": True}}
    for param in dialect.refused:
        made = REMEDIES[param](made)
    return made


def most_tokens(sent: Body) -> int:
    """About how many tokens a call may take, for a minute's limit: the reply says how many they were."""
    prompt: int = sum(len(message["content"]) for message in sent["messages"]) // _CHARACTERS_A_TOKEN
    return prompt + int(sent.get("max_tokens") or sent.get("max_completion_tokens") or 0)


def _without(*names: str) -> Callable[[Body], Body]:
    return lambda made: {key: value for key, value in made.items() if key not in names}


def _with_the_newer_limit(made: Body) -> Body:
    return {"max_completion_tokens" if key == "max_tokens" else key: value for key, value in made.items()}


def _without_system_role(made: Body) -> Body:
    """The system message becomes the head of the first user message."""
    messages: list[dict[str, str]] = made["messages"]
    system = [m["content"] for m in messages if m["role"] == "system"]
    first, *rest = [m for m in messages if m["role"] != "system"]
    return made | {"messages": [first | {"content": "\n\n".join([*system, first["content"]])}, *rest]}


REMEDIES: Mapping[str, Callable[[Body], Body]] = MappingProxyType(
    {
        "temperature": _without("temperature"),
        "stream": _without("stream", "stream_options"),
        "stream_options": _without("stream_options"),
        "max_tokens": _with_the_newer_limit,
        "role": _without_system_role,
    }
)
"""What is done about a parameter that a server does not take."""
