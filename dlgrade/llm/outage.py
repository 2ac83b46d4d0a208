"""Whether a server has stopped answering: then the run ends, where else question after question would fail.

    reply · lost · reply                                     one question's failure
    reply · lost · lost · lost · lost · lost … a minute …    the server's: the run stops, and can go on later

A request is lost once it has used up its tries for reasons of the server's. Nothing but a reply ends an outage.
"""

from __future__ import annotations

from dataclasses import dataclass

from dlgrade.errors import ServerDown, ServerFailed
from dlgrade.llm.trouble import KEPT

LOST = 5
"""So many requests in a row: no single question is at fault."""
PATIENCE = 60.0
"""Seconds without a reply: a server that is started anew, or a minute's limit that is used up, is back before that."""
_LONGEST_PAUSE = 15.0  # seconds


@dataclass(eq=False)
class Outage:
    """No reply since `since`, in seconds; so many requests were `lost` meanwhile."""

    since: float
    lost: int = 0


@dataclass
class Health:
    """Whether one model at one endpoint replies; times are in seconds, by one clock."""

    replied: bool = False
    outage: Outage | None = None
    _last: float = float("-inf")

    def reply(self, now: float) -> None:
        """The server wrote a reply, of use or not."""
        self.replied, self.outage, self._last = True, None, now

    def lost(self, began: float) -> Outage:
        """A request, first sent then, has used up its tries; what it is a part of."""
        if self.outage is None:
            self.outage = Outage(max(began, self._last))
        self.outage.lost += 1
        return self.outage

    @property
    def suspect(self) -> bool:
        """Whether so many requests were lost that it is hardly their own fault."""
        return self.outage is not None and self.outage.lost >= LOST

    def down(self, now: float, *, there: bool) -> bool:
        """Whether nobody need be asked any more. `there` says that the server only has no room: it may have some soon.

        A server that has never replied in this run is not waited for: nothing is lost by trying again later.
        """
        if self.outage is None or not self.suspect:
            return False
        return not (self.replied or there) or now - self.outage.since >= PATIENCE

    def pause(self, now: float) -> float:
        """Seconds for which nobody asks a suspected server: the longer, the longer it has been silent."""
        return 0.0 if self.outage is None else min(max((now - self.outage.since) / 2, 1.0), _LONGEST_PAUSE)


def stopped(health: Health, last: ServerFailed, now: float) -> ServerDown:
    """The error that ends the run, with the words of the last failure."""
    lost = health.outage.lost if health.outage else 0
    since = f"no reply for {now - health.outage.since:.0f} s" if health.replied and health.outage else "no reply yet"
    hint = last.hint or ""
    error = ServerDown(
        f"{lost} requests in a row came to nothing, {since}: {last.message}",
        hint=hint if KEPT in hint else f"{hint} {KEPT}".strip(),
    )
    error.outage = health.outage
    return error
