"""What one request has met so far, and how its next try is a better one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dlgrade.llm.request import Reply, Request
from dlgrade.llm.schema import schema_in_words
from dlgrade.llm.spend import may_be_billed
from dlgrade.llm.trouble import Condition, Trouble
from dlgrade.models import Message, Usage


@dataclass
class Tries:
    """One request's tries: how many were `sent`, what they were billed, and how it goes on. `wait` is how long until
    the next one, in seconds, None if there is none; `limit` and `more` are its token limit and further messages.
    `unsure` says that a try may have been billed of which the server said nothing; `began` is when the first one was
    sent.
    """

    request: Request
    limit: int = field(init=False)
    most: int | None = None
    more: tuple[Message, ...] = ()
    usage: Usage | None = None
    unsure: bool = False
    sent: int = 0
    began: float | None = None
    failures: Counter[Condition] = field(default_factory=Counter)
    wait: float | None = None

    def __post_init__(self) -> None:
        self.limit = self.request.max_tokens

    def count(self, outcome: Reply | Trouble) -> None:
        """Add one try and what it was billed."""
        self.sent += 1
        if outcome.usage is not None:
            self.usage = (self.usage or Usage()) + outcome.usage
        elif isinstance(outcome, Reply) or may_be_billed(outcome, outcome.status):
            self.unsure = True

    @property
    def billed(self) -> Usage | None:
        """What is known of the bill; None where nothing is, and something may be on it."""
        return self.usage if self.usage is not None or self.unsure else Usage()

    def prepare(self, trouble: Trouble) -> bool:
        """Make the next try a better one; False if it would only repeat this one."""
        if trouble.condition is Condition.LENGTH:
            return self._limit_to(min(self.limit * 2, self.most or self.limit * 2))
        if trouble.condition is Condition.TOO_LONG:
            self.most = trouble.room
            return trouble.room is not None and trouble.room < self.limit and self._limit_to(trouble.room)
        if trouble.condition is Condition.UNREADABLE:
            self.more = self._correction(trouble)
        return True

    def _limit_to(self, tokens: int) -> bool:
        changed, self.limit = tokens != self.limit, tokens
        return changed

    def _correction(self, trouble: Trouble) -> tuple[Message, ...]:
        """The reply that could not be used, and what was wrong with it."""
        shape = self.request.shape
        # the schema is said here on every rung: a server may have ignored the one in the body
        again = "Reply again, in full." if shape is None else schema_in_words(shape)
        complaint = f"This reply cannot be used: {trouble.words}\n\n{again}"
        # never an empty message, and never two of the user's in a row: some chat templates refuse both
        return Message(role="assistant", content=trouble.said or "-"), Message(role="user", content=complaint)
