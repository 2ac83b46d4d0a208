"""What a batch brought -> the cache, line by line: whatever a line is, the others count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dlgrade.errors import DlgradeError
from dlgrade.llm.batch import Batch, Kept, Result, failure, wanted
from dlgrade.llm.batch_files import Requests
from dlgrade.llm.request import Reply
from dlgrade.llm.secrets import cleaned, secrets_of
from dlgrade.llm.store import Store
from dlgrade.llm.trouble import Trouble
from dlgrade.models import Failure, Usage

_MOST_COMPLAINTS = 10


@dataclass(frozen=True)
class Submitted:
    """What became of requests: `batches` that were begun with some, those `cached` or `held` by earlier batches.

    `failures` are requests that no batch takes. `stopped` says why not all batches were begun; what was not begun is
    in none.
    """

    batches: tuple[Batch, ...] = ()
    cached: int = 0
    held: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    stopped: DlgradeError | None = None


@dataclass(frozen=True)
class Fetched:
    """What an ended batch brought. `failures` and `undone` go by the requests' ids; both can be submitted again.

    `stored` counts the replies that are in the cache by it. `complaints` say what could not be made sense of.
    """

    batch: Batch
    stored: int = 0
    failures: tuple[Failure, ...] = ()
    undone: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)

    @property
    def whole(self) -> bool:
        """Whether every request has its reply."""
        return self.batch.ended and not self.failures and not self.undone


class Reading:
    """Result files being read, line by line, and the replies in them being stored.

    `answered` are the keys of the requests that got a reply or an error of their own, `stored` counts those whose reply
    is in the store now, `usage` is what all of them were billed. `key` is taken out of what servers say; `keeps` is
    the requests' own judgement of a text.
    """

    def __init__(self, store: Store, key: str | None, keeps: Callable[[str], bool] | None) -> None:
        self._store = store
        self._key = key
        self._secrets = secrets_of(key)
        self._keeps = keeps
        self._seen: set[str] = set()
        self._complaints: list[str] = []
        self._more = 0
        self.answered: set[str] = set()
        self.stored = 0
        self.failures: list[Failure] = []
        self.usage = Usage()

    @property
    def complaints(self) -> list[str]:
        """What made no sense, the first few in full."""
        more = [f"and {self._more} lines more that make no sense"] if self._more else []
        return [*self._complaints, *more]

    def through(self, lines: Iterable[bytes], requests: Requests, *, name: str) -> None:
        """Read one file, called `name` in complaints.

        Raises:
            OutputError: the store cannot be written.
        """
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                result = Result.read(cleaned(line, self._secrets))
            except ValueError as error:
                self._complain(f"{name}:{number}: {error}")
                continue
            if result.key not in requests:
                self._complain(f"{name}:{number}: a custom_id that this batch does not have: {result.key[:64]!r}")
            elif result.key in self._seen:
                self._complain(f"{name}:{number}: a second line for {requests.id(result.key)}")
            else:
                self._seen.add(result.key)
                self._take(result, requests)

    def _complain(self, words: str) -> None:
        if len(self._complaints) < _MOST_COMPLAINTS:
            self._complaints.append(words)
        else:
            self._more += 1

    def _take(self, result: Result, requests: Requests) -> None:
        try:
            kept = requests.get(result.key, self._keeps)
        except ValueError as error:
            self.answered.add(result.key)
            self.failures.append(Failure(id=requests.id(result.key), kind="unreadable", message=str(error)))
            return
        outcome = result.reply(kept.request)
        if outcome is None:
            return
        self.answered.add(result.key)
        self.usage += outcome.usage or Usage()
        if isinstance(outcome, Trouble):
            self.failures.append(failure(kept.id, outcome, self._key))
        elif not wanted(kept.request, outcome):
            message = f"the reply is a placeholder: {outcome.text[:60]!r}"
            self.failures.append(Failure(id=kept.id, kind="unreadable", message=message))
        else:
            self._keep(kept, outcome)

    def _keep(self, kept: Kept, reply: Reply) -> None:
        self.stored += 1
        there = self._store.get(kept.key)
        if there is None or not wanted(kept.request, there):
            self._store.put(kept.request, reply)
