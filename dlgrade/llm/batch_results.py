"""What a batch brought -> the cache, line by line: whatever a line is, the others count."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dlgrade.llm.batch import Result, failure, wanted
from dlgrade.llm.batch_files import Requests
from dlgrade.llm.cache import Store
from dlgrade.llm.request import Reply, Request
from dlgrade.llm.trouble import Trouble
from dlgrade.models import Failure, Usage

_MOST_COMPLAINTS = 10


class Reading:
    """Result files being read, line by line, and the replies in them being stored.

    `answered` are the keys of the requests that got a reply or an error of their own, `stored` counts those whose reply
    is in the store now, `usage` is what all of them were billed. `key` is taken out of what servers say; `keeps` is
    the requests' own judgement of a text.
    """

    def __init__(self, store: Store, key: str | None, keeps: Callable[[str], bool] | None) -> None:
        self._store = store
        self._key = key
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
                result = Result.read(line)
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
            self._keep(kept.request, outcome)

    def _keep(self, request: Request, reply: Reply) -> None:
        self.stored += 1
        there = self._store.get(request.key)
        if there is None or not wanted(request, there):
            self._store.put(request, reply)
