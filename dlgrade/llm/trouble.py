"""What can go wrong with one try of a request, and what is done about each: the whole policy is `ACTIONS`.

`dlgrade.llm.wire` finds out which condition holds, `dlgrade.llm.client` carries out the action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from dlgrade.errors import (
    BadKey,
    CutShort,
    DlgradeError,
    EndpointError,
    ItemError,
    QuotaExceeded,
    Refused,
    Rejected,
    ServerFailed,
    TooLong,
    UnknownModel,
    Unreachable,
    Unreadable,
)
from dlgrade.llm.secrets import scrubbed
from dlgrade.models import Record, Usage

LONGEST_WAIT = 120.0
"""Seconds. A server that asks for more is not waited for."""


class Condition(Enum):
    """What came of a try, where it is no reply."""

    BAD_KEY = auto()
    UNKNOWN_MODEL = auto()
    MOVED = auto()
    QUOTA = auto()
    UNREACHABLE = auto()
    NOT_A_REPLY = auto()
    NOT_A_REPLY_NOW = auto()
    LOADING = auto()
    RATE_LIMIT = auto()
    OVERLOADED = auto()
    BUSY = auto()
    BROKEN = auto()
    TIMEOUT = auto()
    SERVER = auto()
    NO_FORMAT = auto()
    UNSUPPORTED = auto()
    TOO_LONG = auto()
    LENGTH = auto()
    UNREADABLE = auto()
    REFUSED = auto()
    REJECTED = auto()


class Trouble(Record):
    """One try that brought no reply.

    `words` are the server's own, `status` is the response's, None where none came. `wait` is how many seconds the
    server asked to wait, `param` the part of the request that it named, `room` how many tokens it has for a reply,
    `said` what the model wrote, `usage` what the try was billed; each is None or empty where the server said nothing
    of it.
    """

    condition: Condition
    words: str
    status: int | None = None
    wait: float | None = None
    param: str | None = None
    room: int | None = None
    said: str = ""
    usage: Usage | None = None


@dataclass(frozen=True)
class Action:
    """What is done about a condition.

    `tries` counts the first one. Between them are `first` seconds, then twice as many each time up to `most`, unless
    the server asked for a wait of its own; where there is a `soon`, the first wait is at most that. `crowded` says that
    the server has more requests than it takes: fewer are sent at once from there on, and everybody else waits too, for
    `pause` even where it did not ask for that. In the end `error` is raised.
    """

    error: type[EndpointError] | type[ItemError]
    says: str
    hint: str | None = None
    tries: int = 1
    first: float = 1.0
    most: float = 60.0
    soon: float | None = None
    crowded: bool = False
    pause: bool = False


KEPT = "Run the same command again later: what was finished is kept."

ACTIONS: Mapping[Condition, Action] = MappingProxyType(
    {
        # the run stops
        Condition.BAD_KEY: Action(
            BadKey,
            "{url} does not take the key for the model {model}",
            "Set OPENAI_API_KEY to a key of this endpoint, or name another endpoint with --base-url.",
        ),
        Condition.UNKNOWN_MODEL: Action(
            UnknownModel,
            "{url} does not know the model {model}",
            "Check --model and --base-url; a base URL usually ends in /v1.",
        ),
        Condition.MOVED: Action(
            UnknownModel,
            "{url} sends requests elsewhere (model {model})",
            "Nothing was sent there. If that place is right, name it with --base-url.",
        ),
        Condition.QUOTA: Action(QuotaExceeded, "{url} has nothing left for this account (model {model})", KEPT),
        Condition.UNREACHABLE: Action(
            Unreachable,
            "Nobody answers at {url} (model {model})",
            "Check --base-url, the network, and that the server runs.",
            tries=4,
            first=0.5,
        ),
        Condition.NOT_A_REPLY: Action(
            UnknownModel,
            "What {url} sends is no chat completion (model {model})",
            "Check --base-url; it usually ends in /v1.",
            tries=2,
        ),
        # 36 waits of at most 5 s are the 3 minutes that a large model may take to load
        Condition.LOADING: Action(
            Unreachable, "{url} is still loading the model {model}", KEPT, tries=37, first=5.0, most=5.0
        ),
        # the item is tried again
        Condition.RATE_LIMIT: Action(
            ServerFailed,
            "{url} limits the rate, also after 6 tries (model {model})",
            "Lower --concurrency. " + KEPT,
            tries=6,
            crowded=True,
            pause=True,
        ),
        Condition.OVERLOADED: Action(
            ServerFailed,
            "{url} had no room for the request, 3 times (model {model})",
            "Lower --concurrency. " + KEPT,
            tries=3,
            crowded=True,
        ),
        # NOT_A_REPLY from an endpoint that has replied before: a proxy's page, a reply that got lost
        Condition.NOT_A_REPLY_NOW: Action(
            ServerFailed, "What {url} sent was no chat completion, twice (model {model})", KEPT, tries=2
        ),
        Condition.BUSY: Action(
            ServerFailed, "{url} was too busy for the model {model}, 4 times", KEPT, tries=4, first=0.5
        ),
        Condition.BROKEN: Action(
            ServerFailed,
            "{url} broke off the connection, 4 times (model {model})",
            KEPT,
            tries=4,
            first=0.6,
            # most of these are connections that were kept open, and that the server had closed meanwhile
            soon=0.05,
        ),
        Condition.TIMEOUT: Action(
            ServerFailed,
            "{url} did not finish in time, twice (model {model})",
            "Raise `timeout` in dlgrade.toml.",
            tries=2,
        ),
        Condition.SERVER: Action(
            ServerFailed, "{url} failed 3 times (model {model})", KEPT, tries=3, first=0.7, soon=0.25
        ),
        Condition.LENGTH: Action(
            CutShort,
            "{model} ran out of tokens before its reply was whole, also with a higher limit",
            "Raise `max_tokens` in dlgrade.toml.",
            tries=2,
            first=0.0,
        ),
        Condition.UNREADABLE: Action(
            Unreadable, "{model} did not reply what it was asked for, twice", tries=2, first=0.0
        ),
        Condition.TOO_LONG: Action(TooLong, "The request is longer than {model} at {url} takes", tries=2, first=0.0),
        # the item fails, unless the request can be put in another way: see dlgrade.llm.dialect
        Condition.NO_FORMAT: Action(Rejected, "{url} takes no form of structured output for {model}"),
        Condition.UNSUPPORTED: Action(Rejected, "{url} does not take a part of the request to {model}"),
        # the item fails
        Condition.REFUSED: Action(Refused, "{model} declined to reply"),
        Condition.REJECTED: Action(Rejected, "{url} does not take the request to {model}"),
    }
)


def wait_before_retry(trouble: Trouble, failures: int, chance: float) -> float | None:
    """Seconds until the next try, None if there is none.

    `failures` counts how often this request met this condition, from 1. `chance`, from 0 to 1, spreads the waits.
    """
    action = ACTIONS[trouble.condition]
    if failures >= action.tries or (trouble.wait or 0) > LONGEST_WAIT:
        return None
    if trouble.wait:
        return trouble.wait + chance * min(trouble.wait / 20, 1)
    if action.soon is not None and failures == 1:
        return action.soon * (1 - chance / 2)
    return float(min(action.first * 2 ** (failures - 1), action.most) * (1 - chance / 4))


def error_for(
    trouble: Trouble, *, url: str, model: str, secrets: Iterable[str], usage: Usage | None, tries: int = 1
) -> DlgradeError:
    """The error that ends a request. `url` is shown as it is; the words are scrubbed of the secrets."""
    action = ACTIONS[trouble.condition]
    message = f"{action.says.format(url=url, model=model)}: {scrubbed(trouble.words, secrets)}"
    if issubclass(action.error, ItemError):
        return action.error(message, hint=action.hint, usage=usage, tries=tries)
    return action.error(message, hint=action.hint)
