"""Everything that can go wrong on purpose, in one tree.

DlgradeError                    exit code
├── InputError                      2     the command or what it was given
│   ├── BankError                         a document that cannot be read as a bank
│   │   └── NoQuestions                   it can be read, and asks nothing
│   ├── RubricError                       a rubric with a mistake in it
│   ├── PromptError                       a template that does not render
│   ├── SettingsError                     flags, environment or dlgrade.toml
│   ├── UnknownQuestion                   no question, or several, answer to that name
│   ├── LedgerError                       a ledger of machine-written answers with a broken line
│   ├── ReviewError                       a decision about a draft that cannot be carried out
│   ├── TapeError                         a recording that cannot be replayed
│   └── OutputError                       a file that cannot be written
│       └── ChangedMeanwhile              somebody else wrote to it since it was read
├── RunStopped                      1     nothing more is asked; what was finished is kept
│   ├── EndpointError               3     the endpoint cannot be used
│   │   ├── BadKey                        401, 403, and bad keys that come as 400
│   │   ├── UnknownModel                  404, "invalid model name"
│   │   ├── QuotaExceeded                 the account has no money or requests left
│   │   ├── Unreachable                   nobody listens, or no name, or no TLS
│   │   ├── ServerDown                    the server fails whatever it is asked
│   │   └── NoBatches                     the endpoint answers requests one by one alone
│   └── BudgetSpent                 1     another request could cost more than --max-cost leaves
└── ItemError                       1     one question's own failure: the others go on
    ├── TooLong                           more than the model's context takes
    ├── Refused                           the model or a content filter declined
    ├── CutShort                          the token limit ended the reply, twice
    ├── Unreadable                        the reply is empty or not what was asked for
    ├── Rejected                          the server will not take this request
    ├── NotRecorded                       the recording that is replayed lacks this request
    └── ServerFailed                      the server failed more often than is worth waiting for
        └── Uncertain                     it failed where what was asked for may be done all the same

A message says what was read, where, what was found and what to do, in one or two lines.
Errors travel freely and become words in one place, `dlgrade.cli.app`.
"""

from __future__ import annotations

from typing import Any


class DlgradeError(Exception):
    """The root: every error dlgrade raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"

    @property
    def kind(self) -> str:
        """The class's name in words that suit JSON: `TooLong` is `too_long`."""
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


class InputError(DlgradeError):
    """The command or what it was given is wrong."""

    exit_code = 2


class BankError(InputError):
    """A document that cannot be read as a bank."""


class NoQuestions(BankError):
    """A document that asks nothing: found in a folder, it is passed over."""


class RubricError(InputError):
    """A rubric with a mistake in it."""


class PromptError(InputError):
    """A template that does not render."""


class SettingsError(InputError):
    """Flags, environment or dlgrade.toml say something impossible."""


class UnknownQuestion(InputError):
    """No question, or several, answer to that name."""


class LedgerError(InputError):
    """A ledger of machine-written answers with a broken line."""


class ReviewError(InputError):
    """A decision about a draft that cannot be carried out."""


class TapeError(InputError):
    """A recording that cannot be replayed: it cannot be read, is none, or is damaged."""


class OutputError(InputError):
    """A file that cannot be written."""


class ChangedMeanwhile(OutputError):
    """Somebody else wrote to a file since it was read: it is left as it is."""


class RunStopped(DlgradeError):
    """The run stops: nothing more is asked, and what was finished is kept.

    `usage` is what earlier tries of the request that met it were billed (a `dlgrade.models.Usage`), if anything;
    `unsure` says that some may have been billed of which the server said nothing.
    """

    usage: Any = None
    unsure: bool = False


class EndpointError(RunStopped):
    """The endpoint cannot be used."""

    exit_code = 3


class BadKey(EndpointError):
    """The endpoint does not take the key."""


class UnknownModel(EndpointError):
    """The endpoint does not know the model, or the URL is not its API."""


class QuotaExceeded(EndpointError):
    """The account behind the key has nothing left."""


class Unreachable(EndpointError):
    """Nobody answers at the base URL."""


class ServerDown(EndpointError):
    """The server has failed request after request, without a reply in between.

    `outage` is the number of the one that its earlier failures (`ServerFailed.outage`) belong to.
    """

    outage: int | None = None


class NoBatches(EndpointError):
    """The endpoint has no batches: it answers requests one by one alone."""


class BudgetSpent(RunStopped):
    """Another request could cost more than `--max-cost` leaves."""


class ItemError(DlgradeError):
    """One question's own failure: the others go on.

    `usage` is what its tries were billed (a `dlgrade.models.Usage`), None where nothing is known of that; `tries`
    is how many calls were made, none where an equal request in flight failed for both.
    """

    def __init__(self, message: str, *, hint: str | None = None, usage: Any = None, tries: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.usage = usage
        self.tries = tries


class TooLong(ItemError):
    """The messages are more than the model's context takes."""


class Refused(ItemError):
    """The model or a content filter declined to answer."""


class CutShort(ItemError):
    """The token limit ended the reply, also with twice the limit."""


class Unreadable(ItemError):
    """The reply is empty or not what was asked for."""


class Rejected(ItemError):
    """The server will not take this request, whoever sends it."""


class NotRecorded(ItemError):
    """The recording that is replayed lacks this request."""


class ServerFailed(ItemError):
    """The server failed more often than is worth waiting for.

    `outage` is the same number for failures without a reply in between, None where that is not known.
    """

    outage: int | None = None


class Uncertain(ServerFailed):
    """The server failed where what was asked for may be done all the same: it must not be asked for again blindly."""
