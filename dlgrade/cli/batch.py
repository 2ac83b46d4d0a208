"""`dlgrade batch`: work through a provider's batch endpoint."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlgrade.cli import options, show
from dlgrade.cli.batch_show import HEAD, cells, many, next_step, progress, row
from dlgrade.cli.batch_submit import app as submit_app
from dlgrade.cli.wiring import Session
from dlgrade.errors import DlgradeError, EndpointError, ItemError, Rejected
from dlgrade.llm.batch import Batch
from dlgrade.settings import OFFLINE

if TYPE_CHECKING:
    from dlgrade.batching import Batching  # imported by wiring, when it is used
    from dlgrade.llm.batch_results import Fetched

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Send work to a batch endpoint, at a lower price. It takes up to a day.\n\n"
    "What comes back goes into the cache, so that the ordinary command then finishes with no further call.",
)
app.add_typer(submit_app, name="submit")

Id = Annotated[
    str | None,
    typer.Argument(help="A batch, as `status` names it; all of them if none is named.", metavar="[ID]"),
]


@app.command()
def status(id: Id = None, base_url: options.BaseUrl = None, json: options.Json = False) -> None:
    """Show batches, each with the server's latest word.

    Nothing is begun by it: where it is not known whether a batch was begun, the server's list is looked through.

    \b
    Examples:
      dlgrade batch status
      dlgrade batch status 3f9a12cd --json
    """
    code = 0
    with _session(base_url).batches() as batching:
        batches: list[Batch] = []
        for batch in _chosen(batching, id):
            try:
                batches.append(batching.updated(batch))
            except DlgradeError as error:
                show.remark(f"dlgrade: batch {batch.id}: {error}")
                code = max(code, error.exit_code)
                batches.append(batching.folder.again(batch) or batch)
    if json:
        show.json_document({"batches": [row(batch) for batch in batches]})
    elif batches:
        show.table(HEAD, [cells(batch) for batch in batches])
    for batch in batches:
        for words in batch.said.errors if batch.said else ():
            show.remark(f"  {batch.id}: {words}")
    for line in dict.fromkeys(next_step(batch) for batch in batches):
        if line:
            show.remark(line)
    if not batches:
        show.remark("No batches. Begin one: dlgrade batch submit fill PATH --model NAME")
    raise typer.Exit(code)


@app.command()
def fetch(
    id: Id = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the batches have ended.")] = False,
    base_url: options.BaseUrl = None,
    json: options.Json = False,
) -> None:
    """Put what ended batches brought into the cache.

    Each reply is checked as one that came at once would be. What failed or was not done is named, and the same
    `dlgrade batch submit` puts it into a new batch. It may be done again at any time.
    Exit 0 if every request has its reply, 1 if something failed, was not done or is not ready.

    \b
    Examples:
      dlgrade batch fetch
      dlgrade batch fetch 3f9a12cd --wait
    """
    with _session(base_url).batches() as batching:
        chosen = [batch for batch in _chosen(batching, id) if id is not None or batch.taken is None]
        done = _Fetching(batching, chosen)
        with _ctrl_c("the batches go on at the server: dlgrade batch fetch takes them in"):
            done.go(wait=wait)
    if json:
        show.json_document({"batches": [_fetched_row(one) for one in done.fetched], "failed": done.failed})
    _say_fetched(done, line=not json)
    if not chosen:
        show.remark("Nothing to fetch.")
    raise typer.Exit(done.code)


@app.command()
def cancel(
    id: Annotated[str, typer.Argument(help="A batch, as `status` names it.", metavar="ID")],
    forget: Annotated[
        bool, typer.Option("--forget", help="Ask the server nothing; remove what is known of the batch here.")
    ] = False,
    base_url: options.BaseUrl = None,
    json: options.Json = False,
) -> None:
    """End a batch early. What the server finished is billed, and can be fetched.

    \b
    Examples:
      dlgrade batch cancel 3f9a12cd
      dlgrade batch cancel 3f9a12cd --forget
    """
    with _session(base_url).batches() as batching:
        batch = batching.folder.named(id)
        if forget:
            batching.forget(batch)
            said = f"Batch {batch.id} is forgotten here. If it goes on at the server, it is billed."
        elif (now := batching.cancelled(batch)) is None:
            said = f"Batch {batch.id} was never begun, and is gone."
        else:
            said = f"Batch {batch.id}: {now.state}. What it finished: dlgrade batch fetch {batch.id} --wait"
        after = batching.folder.again(batch)
    if json:
        show.json_document({"batches": [row(after)] if after else []})
    show.remark(said)


def _session(base_url: str | None) -> Session:
    # A batch knows its model. The URL alone, which is no use elsewhere, says that the key is meant for it.
    return Session.open(base_url=base_url, model=OFFLINE if base_url else None)


def _chosen(batching: Batching, id: str | None) -> Sequence[Batch]:
    if id is not None:
        return [batching.folder.named(id)]
    return batching.folder.all()


@contextmanager
def _ctrl_c(said: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        show.remark(f"Interrupted: {said}.")
        raise typer.Exit(130) from None


# ── fetching ─────────────────────────────────────────────────────────────────────────────────


class _Fetching:
    """Batches being fetched, until all have ended or once."""

    def __init__(self, batching: Batching, batches: Iterable[Batch]) -> None:
        self._batching = batching
        self._waiting = list(batches)
        self._told: dict[str, str] = {}
        self.fetched: list[Fetched] = []
        self.failed: list[dict[str, str]] = []
        self.code = 0

    def go(self, *, wait: bool) -> None:
        """Fetch what has ended; with `wait`, all.

        Raises:
            EndpointError: the endpoint cannot be used.
            KeyboardInterrupt: the person gave up waiting.
        """
        # Imported here for start-up time: it brings an event loop.
        from dlgrade.batching import pauses  # noqa: PLC0415

        pause = pauses()
        while True:
            self._waiting = [batch for batch in self._waiting if not self._one(batch, wait=wait)]
            if not wait or not self._waiting:
                return
            time.sleep(next(pause))

    def _one(self, batch: Batch, *, wait: bool) -> bool:
        """Whether nothing more is to be done about a batch."""
        try:
            fetched = self._batching.fetch(batch)
        except EndpointError:
            raise
        except DlgradeError as error:
            if wait and isinstance(error, ItemError) and not isinstance(error, Rejected):
                self._tell(batch.id, f"batch {batch.id}: {error.message}; it is asked again")
                return False
            self._failed(batch.id, error)
            return True
        now = fetched.batch
        if now.ended or not wait or now.state == "unsent":
            self.fetched.append(fetched)
            self.code = max(self.code, 0 if fetched.whole else 1)
            return True
        self._tell(now.id, f"batch {now.id}: {now.state}{progress(now)}")
        return False

    def _tell(self, id: str, words: str) -> None:
        if self._told.get(id) != words:
            self._told[id] = words
            show.remark(words)

    def _failed(self, id: str, error: DlgradeError) -> None:
        show.remark(f"dlgrade: batch {id}: {error}")
        self.failed.append({"id": id, "error": error.message})
        self.code = max(self.code, error.exit_code)


def _say_fetched(done: _Fetching, *, line: bool) -> None:
    """One line for each batch, one for each request without a reply and why, and what to do then."""
    say = show.text if line else show.remark
    for one in done.fetched:
        batch = one.batch
        if not batch.ended:
            say(f"batch {batch.id}: {batch.state}{progress(batch)}")
            continue
        say(
            f"batch {batch.id}: {batch.state}: {many(one.stored, 'reply')} in the cache, {len(one.failures)} failed, "
            f"{len(one.undone)} not done, {one.usage.total_tokens:,} tokens"
        )
        for failure in one.failures:
            show.remark(f"  failed: {failure.id}: {failure.message}")
        for id_ in one.undone:
            show.remark(f"  not done: {id_}")
        for words in (*(batch.said.errors if batch.said else ()), *one.complaints):
            show.remark(f"  {words}")
    ended = [one for one in done.fetched if one.batch.ended]
    for words in dict.fromkeys(next_step(one.batch) for one in done.fetched if not one.batch.ended):
        show.remark(words)
    for then in dict.fromkeys(one.batch.then for one in ended if one.stored):
        show.remark(f"Go on with: {then}")
    if any(not one.whole for one in ended):
        show.remark("What failed or was not done goes into a new batch with the same `dlgrade batch submit`.")


def _fetched_row(one: Fetched) -> dict[str, Any]:
    return row(one.batch) | {
        "failures": [failure.model_dump() for failure in one.failures],
        "undone": list(one.undone),
        "complaints": list(one.complaints),
    }
