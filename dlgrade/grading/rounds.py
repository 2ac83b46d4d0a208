"""What an answer takes, in rounds: all that can be asked now, then what follows from the replies.

    rounds = some_judgement(…)                   # yields requests, is sent their outcomes, returns a result
    await over(rounds, client)                   # from a model
    from_store(rounds, look)                     # from a cache, with no event loop; None where a reply is missing
    pending(rounds, look)                        # what a batch endpoint has to be sent

The rounds are written once and know nothing of where replies come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

from dlgrade.errors import ItemError, RunStopped
from dlgrade.grading.asking import Turn, asked_again
from dlgrade.grading.evidence import Cleaned
from dlgrade.grading.polling import Vote
from dlgrade.grading.replies import Reading, better, read
from dlgrade.grading.shapes import otherwise, shown
from dlgrade.llm.request import Client, Reply, Request, halt
from dlgrade.models import Usage

R = TypeVar("R")
Requests: TypeAlias = tuple[Request, ...]
Outcome: TypeAlias = Reply | ItemError
Rounds: TypeAlias = Generator[Requests, tuple[Outcome, ...], R]

Look = Callable[[Sequence[Request]], Mapping[str, Reply]]
"""The stored replies to those of some requests that have one, by the request's key."""


# ── where replies come from ──────────────────────────────────────────────────────────────────


async def over(rounds: Rounds[R], client: Client) -> R:
    """The result, each round's requests sent together.

    Raises:
        RunStopped: the endpoint cannot be used, or the budget is spent.
        Halted: the run is ending.
    """
    requests = next(rounds)
    while True:
        replies = await _replies(requests, client)
        try:
            requests = rounds.send(replies)
        except StopIteration as end:
            return cast("R", end.value)


def from_store(rounds: Rounds[R], look: Look) -> R | None:
    """The result where every reply is stored, billed to nobody; None where one is missing."""
    requests = next(rounds)
    while True:
        found = look(requests)
        if any(request.key not in found for request in requests):
            return None
        try:
            requests = rounds.send(tuple(found[request.key] for request in requests))
        except StopIteration as end:
            return cast("R", end.value)


def pending(rounds: Rounds[R], look: Look) -> Iterator[Request]:
    """The requests as far as they are known: those of each round before which every reply is stored."""
    requests = next(rounds)
    while True:
        yield from requests
        found = look(requests)
        if any(request.key not in found for request in requests):
            return
        try:
            requests = rounds.send(tuple(found[request.key] for request in requests))
        except StopIteration:
            return


async def _replies(requests: Requests, client: Client) -> tuple[Outcome, ...]:
    """All replies, or why there is none, once the last one is there: what is in flight is paid for."""
    # Imported here for start-up time: a run that finds everything needs no event loop.
    import asyncio  # noqa: PLC0415

    outcomes = await asyncio.gather(*(_reply(request, client) for request in requests), return_exceptions=True)
    ends = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, ItemError)]
    if ends:
        raise next((end for end in ends if isinstance(end, RunStopped)), ends[0])
    return tuple(cast("Outcome", outcome) for outcome in outcomes)


async def _reply(request: Request, client: Client) -> Reply:
    try:
        return await client.complete(request)
    except RunStopped:
        halt(client)  # the answer's other requests would meet the same wall
        raise


# ── what came of them ────────────────────────────────────────────────────────────────────────


@dataclass
class Collected:
    """What came of the requests of one answer so far: votes by key, and why others were lost.

    `asked` is how many samples were asked for each key. Of each sample `samples` has what failed; `read` are those
    that brought any vote.
    """

    votes: dict[str, list[Vote]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    lost: dict[str, list[ItemError]] = field(default_factory=dict)
    samples: dict[tuple[str, int], list[ItemError]] = field(default_factory=dict)
    read: set[tuple[str, int]] = field(default_factory=set)
    usage: Usage | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """How many samples failed, and of what."""
        failed = [errors[0] for errors in self.samples.values() if errors]
        if not failed:
            return ()
        kinds = Counter(error.kind.replace("_", " ") for error in failed)
        why = ", ".join(kind if count == 1 else f"{kind} {count} times" for kind, count in kinds.items())
        return (f"{len(failed)} of {len(self.samples)} samples failed: {why}",)

    def bill(self, outcome: Outcome) -> None:
        """Add what was billed, where that is known."""
        if isinstance(outcome, ItemError):
            usage = outcome.usage
        else:
            usage = Usage() if outcome.cached or outcome.usage is None else outcome.usage
        if usage is not None:
            self.usage = (self.usage or Usage()) + usage

    def count(self, turn: Turn, keys: Sequence[str], outcome: Reading | ItemError) -> None:
        """What came of one turn, which asked for these keys."""
        sample = (turn.model, turn.sample)
        failed = self.samples.setdefault(sample, [])
        self.asked.update(keys)
        if isinstance(outcome, ItemError):
            failed.append(outcome)
            for key in keys:
                self.lost.setdefault(key, []).append(outcome)
            return
        self.read.add(sample)
        for key, judged in outcome.judged.items():
            made_up = outcome.invented.get(key, ())
            lacks = key in outcome.invented and not made_up
            word, reason = shown(judged, quoted=bool(outcome.found[key]))
            vote = Vote(word, reason, outcome.found[key], made_up, lacks, otherwise(judged) and word != "missed")
            self.votes.setdefault(key, []).append(vote)


def collect(
    turns: Sequence[Turn], requests: Requests, cleaned: Cleaned, keys: Sequence[str], collected: Collected
) -> Rounds[None]:
    """Ask, and once more where quotes were made up; the first reply stands if the second request fails.

    `keys` are what a turn is asked for that names none.
    """
    outcomes: list[Reading | ItemError] = []
    again: dict[int, Request] = {}
    for n, reply in enumerate((yield requests)):
        collected.bill(reply)
        if isinstance(reply, ItemError):
            outcomes.append(reply)
            continue
        reading = read(requests[n], reply, cleaned)
        outcomes.append(reading)
        if reading.invented:
            again[n] = asked_again(requests[n], reply, reading)
    if again:
        for n, reply in zip(again, (yield tuple(again.values())), strict=True):
            collected.bill(reply)
            if isinstance(reply, Reply):
                outcomes[n] = better(cast("Reading", outcomes[n]), read(again[n], reply, cleaned))
    for turn, outcome in zip(turns, outcomes, strict=True):
        collected.count(turn, turn.keys or keys, outcome)
