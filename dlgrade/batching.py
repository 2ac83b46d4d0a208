"""Work through a batch endpoint: submit it, see how it is going, take in what came of it.

    requests ──submit──> batches ──(hours)──> fetch ──> the cache ──> the ordinary command, with no further call

Each step is on disk before and after it is taken, so that it can end at any moment. No batch is submitted twice: that
it is about to be begun is written down first, with a token that it carries; where nobody knows whether it was begun,
it is looked for at the server before anything else is.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from dlgrade.banks.wording import is_placeholder
from dlgrade.errors import DlgradeError, InputError, ItemError, OutputError, Uncertain
from dlgrade.llm.batch import Batch, BatchClient, Kept, Limits, Taken, Work, wanted
from dlgrade.llm.batch_files import Folder, Plan
from dlgrade.llm.batch_results import Fetched, Reading, Submitted
from dlgrade.llm.counted import Counted
from dlgrade.llm.dialect import Dialect
from dlgrade.llm.request import Reply, Request, without_credentials
from dlgrade.llm.store import Store
from dlgrade.models import Failure
from dlgrade.runs import run

R = TypeVar("R")

SETTLE = 15.0
"""Seconds after which a batch that was begun is surely in the server's list."""
_TURNS = 3  # how often a batch is tried to be begun in one go


class Batching:
    """The batches of one folder, and the cache that their replies go into.

    `client` makes a client, for one event loop each. `address` gives the URL to talk to for a batch's endpoint, or
    raises where the key must not go there. `key` is taken out of what servers say. `dialect` says how a request's
    model wants to be asked.
    """

    def __init__(
        self,
        folder: Folder,
        store: Store,
        client: Callable[[], BatchClient],
        *,
        address: Callable[[str], str],
        key: str | None = None,
        say: Callable[[str], None] = lambda _: None,
        dialect: Callable[[Request], Dialect] = lambda _: Dialect(),
        limits: Limits | None = None,
        settle: float | None = None,
    ) -> None:
        self.folder = folder
        self._store = store
        self._client = client
        self._address = address
        self._key = key
        self._say = say
        self._dialect = dialect
        self._limits = limits or Limits()
        self._settle = SETTLE if settle is None else settle

    def stored(self, request: Request) -> Reply | None:
        """The reply that the cache has for a request, if it is one to keep.

        Raises:
            OutputError: the cache cannot be read.
        """
        return self._stored(Kept(request.key, "", request))

    def _stored(self, kept: Kept) -> Reply | None:
        reply = self._store.get(kept.key)
        return reply if reply is not None and wanted(kept.request, reply) else None

    # ── submit ───────────────────────────────────────────────────────────────────────────────

    def submit(self, requests: Iterable[tuple[str, Request]], endpoint: str, *, work: Work, then: str) -> Submitted:
        """Send the requests, each with an id for people, that neither the cache nor a batch has; equal ones once.

        Raises:
            EndpointError: an earlier batch cannot be asked after.
            OutputError: the folder or the cache cannot be written.
            KeyboardInterrupt: the person ended it; what was begun is kept.
        """
        self._look_after(without_credentials(endpoint))
        with ExitStack() as held:
            with self.folder.planning():
                self.folder.sweep()
                planned, submitted = self._planned(requests, held, work=work, then=then)
            return self._sent(planned, submitted)

    def _look_after(self, endpoint: str) -> None:
        """Bring the batches there up to date; those that were never begun, and that nobody is sending, are dropped."""
        for batch in self.folder.all():
            if batch.endpoint != endpoint or not batch.holds:
                continue
            try:
                self.updated(batch)
            except ItemError as error:
                self._say(f"batch {batch.id} keeps its requests: {error.message}")
                continue
            with self.folder.alone(batch):
                now = self.folder.again(batch)
                if now is not None and now.state == "unsent":
                    self.folder.drop(now)
                    self._say(f"batch {batch.id} was never begun; its {batch.requests} requests are free again")

    def _planned(
        self, requests: Iterable[tuple[str, Request]], held: ExitStack, *, work: Work, then: str
    ) -> tuple[tuple[Batch, ...], Submitted]:
        taken = self.folder.held()
        plan = Plan(self.folder, self._limits, dialect=self._dialect, work=work, then=then)
        seen: set[bytes] = set()
        cached, elsewhere, too_large = 0, Counter[str](), []
        try:
            for id_, request in requests:
                kept = Kept(request.key, id_, request)
                key = bytes.fromhex(kept.key)
                if key in seen:
                    continue
                seen.add(key)
                if self._stored(kept) is not None:
                    cached += 1
                elif key in taken:
                    elsewhere[taken[key]] += 1
                elif not plan.add(kept):
                    message = f"the request is larger than a batch file may be ({self._limits.bytes:,} bytes)"
                    too_large.append(Failure(id=id_, kind="too_long", message=message))
            planned = plan.finish(held)
        except OSError as error:
            plan.give_up()
            raise OutputError(f"the batch cannot be written: {(error.strerror or str(error)).lower()}") from None
        except BaseException:
            plan.give_up()
            raise
        return planned, Submitted(cached=cached, held=dict(elsewhere), failures=tuple(too_large))

    def _sent(self, planned: tuple[Batch, ...], submitted: Submitted) -> Submitted:
        """Begin one batch after the other. Those that are not begun in the end are dropped."""
        begun: list[Batch] = []
        stopped: DlgradeError | None = None
        try:
            for batch in planned:
                begun.append(self._in_loop(partial(self._send, batch)))  # noqa: PERF401 - those before an error count
        except DlgradeError as error:
            stopped = error
        finally:
            for batch in planned:
                now = self.folder.again(batch)
                if now is not None and now.state == "unsent":
                    self.folder.drop(now)
        return Submitted(tuple(begun), submitted.cached, submitted.held, submitted.failures, stopped)

    async def _send(self, batch: Batch, client: BatchClient) -> Batch:
        """Upload the file and begin the batch."""
        there = self._address(batch.endpoint)
        file_id = await client.upload(there, self.folder.file(batch, ".upload"), model=batch.model)
        batch = self._noted(batch, file_id=file_id)
        for turn in range(_TURNS):
            batch = self._noted(batch, attempted=time.time())
            try:
                data = await client.create_batch(there, file_id, batch.token, model=batch.model)
            except Uncertain:
                found = await self._looked_up(client, batch)
                if found.batch_id is not None:
                    return found
                if turn + 1 == _TURNS:
                    raise
            except DlgradeError:
                self._noted(batch, attempted=None)  # the server said no, so there is none
                raise
            else:
                return self._begun(batch, data)
        raise AssertionError("the last turn returns or raises")

    def _begun(self, batch: Batch, data: Mapping[str, Any]) -> Batch:
        begun = self.folder.save(batch.told(data, time.time()))
        self.folder.file(begun, ".upload").unlink(missing_ok=True)
        return begun

    def _noted(self, batch: Batch, **changes: object) -> Batch:
        return self.folder.save(batch.model_copy(update=changes))

    # ── how it is going ──────────────────────────────────────────────────────────────────────

    def updated(self, batch: Batch) -> Batch:
        """The batch with the server's latest word. Where it is not known whether it was begun, it is looked for.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: it failed, or does not know the batch.
            InputError: the batch is gone by now.
            KeyboardInterrupt: the person gave up waiting.
        """
        with self.folder.alone(batch):
            return self._updated(self._still(batch))

    def _updated(self, batch: Batch) -> Batch:
        if batch.ended or batch.state == "unsent":
            return batch
        return self._in_loop(lambda client: self._asked_after(client, batch))

    async def _asked_after(self, client: BatchClient, batch: Batch) -> Batch:
        if batch.batch_id is None:
            return await self._looked_up(client, batch)
        data = await client.batch(self._address(batch.endpoint), batch.batch_id, model=batch.model)
        return self.folder.save(batch.told(data, time.time()))

    async def _looked_up(self, client: BatchClient, batch: Batch) -> Batch:
        """The batch if the server has it, else as one that was not sent: only then may it be begun once more."""
        found = await self._found(client, batch)
        if found is None and (early := (batch.attempted or 0) + self._settle - time.time()) > 0:
            await asyncio.sleep(early)
            found = await self._found(client, batch)
        return self._begun(batch, found) if found is not None else self._noted(batch, attempted=None)

    async def _found(self, client: BatchClient, batch: Batch) -> Mapping[str, Any] | None:
        """The batch in the server's list, which comes in pages."""
        there = self._address(batch.endpoint)
        after: str | None = None
        passed: set[str] = set()
        while True:
            page = await client.batches(there, after, model=batch.model)
            data = page.get("data")
            entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
            for entry in entries:
                if batch.made_of(entry):
                    return entry
            after = str(entries[-1].get("id")) if entries else ""
            if not page.get("has_more") or after in passed | {""}:
                return None
            passed.add(after)

    def cancelled(self, batch: Batch) -> Batch | None:
        """Ask the server to end the batch; None if it was never begun, and is gone now.

        Raises:
            InputError: it has ended.
            EndpointError: the endpoint cannot be used.
            ItemError: it failed, or does not know the batch.
            KeyboardInterrupt: the person gave up waiting.
        """
        with self.folder.alone(batch):
            now = self._updated(self._still(batch))
            if now.state == "unsent":
                self.folder.drop(now)
                return None
            if now.ended or now.batch_id is None:
                raise InputError(
                    f"batch {now.id} has ended: {now.state}", hint=f"What it brought: dlgrade batch fetch {now.id}"
                )
            name = now.batch_id
            data = self._in_loop(lambda client: client.cancel_batch(self._address(now.endpoint), name, model=now.model))
            return self.folder.save(now.told(data, time.time()))

    def forget(self, batch: Batch) -> None:
        """Remove all that is known of a batch, whatever the server does with it.

        Raises:
            InputError: the batch is gone by now.
        """
        with self.folder.alone(batch):
            self.folder.drop(self._still(batch))

    def _still(self, batch: Batch) -> Batch:
        now = self.folder.again(batch)
        if now is None:
            raise InputError(f"batch {batch.id} is gone: it was never begun")
        return now

    # ── what came of it ──────────────────────────────────────────────────────────────────────

    def fetch(self, batch: Batch) -> Fetched:
        """Put what an ended batch brought into the cache. To do it again changes nothing.

        Raises:
            EndpointError: the endpoint cannot be used.
            ItemError: it failed, or does not know the batch or its files any more.
            InputError: the batch, or the file of its requests, is gone.
            OutputError: the cache or the folder cannot be written.
            KeyboardInterrupt: the person gave up waiting.
        """
        with self.folder.alone(batch):
            now = self._updated(self._still(batch))
            if not now.ended:
                return Fetched(now)
            try:
                self._in_loop(lambda client: self._downloaded(client, now))
                fetched = self._taken(now)
            except OSError as error:
                raise OutputError(f"batch {now.id}: {(error.strerror or str(error)).lower()}") from None
            finally:
                for suffix in (".output", ".errors"):
                    self.folder.file(now, suffix).unlink(missing_ok=True)
            return fetched

    async def _downloaded(self, client: BatchClient, batch: Batch) -> None:
        if batch.said is None:
            return
        there = self._address(batch.endpoint)
        for suffix, name in ((".output", batch.said.output_file), (".errors", batch.said.error_file)):
            if name is not None:
                await client.download(there, name, self.folder.file(batch, suffix), model=batch.model)

    def _taken(self, batch: Batch) -> Fetched:
        keeps = (lambda text: not is_placeholder(text)) if batch.work == "fill" else None
        reading = Reading(self._store, self._key, keeps)
        with self.folder.requests(batch) as requests:
            for suffix in (".output", ".errors"):
                path = self.folder.file(batch, suffix)
                if path.exists():
                    with path.open("rb") as lines:
                        reading.through(lines, requests, name=suffix[1:])
            undone = tuple(requests.id(key) for key in requests.keys if key not in reading.answered)
        taken = Taken(
            time=time.time(),
            stored=reading.stored,
            failed=dict(Counter(one.kind for one in reading.failures)),
            undone=len(undone),
            usage=reading.usage,
        )
        # a batch that failed as a whole never ran: there is nothing to come back for
        batch = self.folder.save(batch.model_copy(update={"taken": taken}))
        return Fetched(batch, reading.stored, tuple(reading.failures), undone, tuple(reading.complaints), reading.usage)

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    def _in_loop(self, step: Callable[[BatchClient], Awaitable[R]]) -> R:
        """Talk to the server. A first Ctrl-C lets the step finish, a second one ends it."""
        client = self._client()

        async def work(_: None) -> tuple[R] | DlgradeError:
            try:
                return (await step(client),)
            except DlgradeError as error:
                return error  # a run would make words of it

        done = run([("batch", None)], work, concurrency=1, client=Counted(client))
        if "batch" not in done.results:
            raise KeyboardInterrupt
        outcome = done.results["batch"]
        if isinstance(outcome, DlgradeError):
            raise outcome
        if done.interrupted:
            raise KeyboardInterrupt
        return outcome[0]


def pauses(first: float = 5.0, most: float = 60.0) -> Iterator[float]:
    """Seconds between two looks at a batch: a small one is done in a minute, a large one in hours."""
    pause = first
    while True:
        yield pause
        pause = min(pause * 1.5, most)
