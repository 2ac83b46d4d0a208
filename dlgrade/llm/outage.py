"""Whether a server has stopped answering: then the run ends, where else question after question would fail.

    reply · lost · reply                                     one question's failure
    reply · lost · lost · lost · lost · lost … a minute …    the server's: the run stops, and can go on later

A request is lost once it has used up its tries for reasons of the server's. Nothing but a reply ends an outage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from dlgrade.errors import ServerDown, ServerFailed
from dlgrade.llm.trouble import ACTIONS, KEPT, Condition, Trouble

LOST = 5
"""So many requests in a row: no single question is at fault."""
PATIENCE = 60.0
"""Seconds without a reply: a server that is started anew, or a minute's limit that is used up, is back before that."""
_LONGEST_PAUSE = 15.0  # seconds


@dataclass
class Outage:
    """No reply since `since`, in seconds; so many requests were `lost` meanwhile. No two have the same `number`."""

    since: float
    lost: int = 0
    number: int = field(default_factory=count(1).__next__)


class Health:
    """Whether one model at one endpoint, shown as `url`, replies. `say` is told what a user would wonder about."""

    def __init__(self, url: str, clock: Callable[[], float], say: Callable[[str], None]) -> None:
        self._url = url
        self._clock = clock
        self._say = say
        self._replied: float | None = None  # when it did so last
        self._outage: Outage | None = None

    def reply(self) -> None:
        """The server wrote a reply, of use or not."""
        self._replied, self._outage = self._clock(), None

    def weighed(self, trouble: Trouble) -> Trouble:
        """One request that is lost on the way says nothing of an endpoint that replies to the others."""
        if trouble.condition is not Condition.NOT_A_REPLY or self._replied is None or self._suspect:
            return trouble
        return trouble.model_copy(update={"condition": Condition.NOT_A_REPLY_NOW})

    def until_return(self, trouble: Trouble, *, hold_back: Callable[[float], None]) -> float | None:
        """Seconds until a request that has used up its tries is sent once more all the same; None if it is not.

        A server that nobody can reach any more, or that fails whatever it is asked, may be started anew. `hold_back` is
        as in `lost`.
        """
        now = self._clock()
        if trouble.condition is Condition.UNREACHABLE and trouble.status is None:
            if self._replied is None or now - self._replied >= PATIENCE:
                return None
            self._say(f"Nobody answers at {self._url} any more: everything waits for up to {PATIENCE:.0f} s")
            return _pause(now - self._replied)
        if self._outage is None or not self._suspect or not issubclass(ACTIONS[trouble.condition].error, ServerFailed):
            return None
        silent = now - self._outage.since
        if silent >= PATIENCE or not self._may_return(trouble.condition):
            return None
        hold_back(_pause(silent))
        return _pause(silent)

    def lost(
        self, error: ServerFailed, trouble: Trouble, began: float | None, *, hold_back: Callable[[float], None]
    ) -> ServerFailed | ServerDown:
        """A request, first sent when it `began`, has used up its tries: its own error, or the one that stops the run.

        `hold_back` keeps the others back for so many seconds, and lets them go one by one.
        """
        now = self._clock()
        if self._outage is None:
            began = now if began is None else began
            self._outage = Outage(began if self._replied is None else max(began, self._replied))
        self._outage.lost += 1
        error.outage = self._outage.number
        silent = now - self._outage.since
        if not self._suspect:
            return error
        if silent >= PATIENCE or not self._may_return(trouble.condition):
            return self._down(error, self._outage, silent)
        self._say(f"{self._url} fails whatever it is asked: one request at a time until it replies")
        hold_back(_pause(silent))
        return error

    def _may_return(self, condition: Condition) -> bool:
        """A server that has never replied in this run is not waited for, as nothing is lost by trying again later.

        One that limits the rate is there, and a minute's limit is soon over.
        """
        return self._replied is not None or condition is Condition.RATE_LIMIT

    @property
    def _suspect(self) -> bool:
        return self._outage is not None and self._outage.lost >= LOST

    def _down(self, last: ServerFailed, outage: Outage, silent: float) -> ServerDown:
        since = "no reply yet" if self._replied is None else f"no reply for {silent:.0f} s"
        hint = last.hint or ""
        error = ServerDown(
            f"{outage.lost} requests in a row came to nothing, {since}: {last.message}",
            hint=hint if KEPT in hint else f"{hint} {KEPT}".strip(),
        )
        error.outage = outage.number
        return error


def _pause(silent: float) -> float:
    """Seconds until the next one asks: the longer, the longer the server has been silent."""
    return min(max(silent / 2, 1.0), _LONGEST_PAUSE)
