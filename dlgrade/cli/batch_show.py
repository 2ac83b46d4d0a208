"""How batches are shown: a row of a table, a JSON object, what to do next."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from dlgrade.llm.batch import Batch

HEAD = ("id", "state", "work", "model", "done", "failed", "of", "age", "cost")
"""Of the table of batches."""


def cells(batch: Batch) -> tuple[str, ...]:
    """A batch as a row below `HEAD`."""
    said = batch.said
    state = f"{batch.state}, fetched" if batch.taken else batch.state
    done, failed = (str(said.completed), str(said.failed)) if said else ("", "")
    return (batch.id, state, batch.work, batch.model, done, failed, str(batch.requests), _age(batch), "unknown")


def _age(batch: Batch) -> str:
    seconds = max(time.time() - batch.made, 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def progress(batch: Batch) -> str:
    """How far it is, as the end of a sentence; empty where the server did not say."""
    return f", {batch.said.completed + batch.said.failed} of {batch.requests} done" if batch.said else ""


def next_step(batch: Batch) -> str:
    """What there is to do about a batch, in a sentence; empty if nothing."""
    if batch.taken is not None:
        return ""
    if batch.state == "unsent":
        return f"Batch {batch.id} was never begun: the same `dlgrade batch submit` puts its requests into a new one."
    if batch.state == "unsure":
        return f"Whether batch {batch.id} was begun is not known yet: dlgrade batch status looks for it again."
    if batch.ended:
        return "What ended batches brought: dlgrade batch fetch"
    return "When they have ended: dlgrade batch fetch (with --wait, it waits for that)"


def row(batch: Batch) -> dict[str, Any]:
    """A batch as JSON."""
    said, taken = batch.said, batch.taken
    return {
        "id": batch.id,
        "batch_id": batch.batch_id,
        "endpoint": batch.endpoint,
        "model": batch.model,
        "work": batch.work,
        "state": batch.state,
        "requests": batch.requests,
        "completed": said.completed if said else 0,
        "failed": said.failed if said else 0,
        "errors": list(said.errors) if said else [],
        "made": datetime.fromtimestamp(batch.made, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "age_seconds": round(time.time() - batch.made),
        "fetched": taken is not None,
        "stored": taken.stored if taken else None,
        "usage": taken.usage.model_dump() if taken else None,
        "cost_usd": None,  # what others charge is not known here
        "then": batch.then,
    }


def many(count: int, noun: str) -> str:
    """A number of things: `1 reply`, `2 replies`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
