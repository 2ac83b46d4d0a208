"""What a person does with the stored replies: count them, ask why one is missing, prune, carry them elsewhere.

A line of an exported file, on one line:

    {"key": "5e43…", "stored": "2026-03-01T10:00:00Z",
     "request": {"endpoint": "http://host/v1", "model": "m", "messages": [{"role": "user", "content": "…"}],
                 "schema": null, "temperature": 0.0, "max_tokens": 4096, "sample": 0},
     "reply": {"text": "…", "model": "m-1", "finish_reason": "stop", "usage": {"prompt_tokens": 3, …}}}
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, Field, ValidationError

from dlgrade.llm.compare import differences, nearest
from dlgrade.llm.pruning import LEAST_RECENT, give_back, prune_to_size, remove
from dlgrade.llm.request import Reply, key_of, without_credentials
from dlgrade.llm.rows import BATCH, Entry, entries, in_batches, marks, text_hash
from dlgrade.llm.store import Store
from dlgrade.models import Message, Record

_SAME_TEXT = 500  # candidates that share a message with the request, the latest ones
_SEARCHED = 5_000  # else the latest requests are looked at, by what the user says
_LIKELY = 50  # and so many of them are compared,
_END = 400  # by as many characters
_LARGEST = 2**63  # what SQLite takes for a whole number is less

# ── counting ─────────────────────────────────────────────────────────────────────────────────


class ModelStats(Record):
    """The replies of one model at one endpoint; times are seconds since 1970."""

    endpoint: str
    model: str
    replies: int
    prompt_tokens: int
    completion_tokens: int
    oldest: float
    newest: float


class Stats(Record):
    """All replies: where they are, how many bytes they take on the disk, and whose they are."""

    path: str
    bytes: int
    models: tuple[ModelStats, ...]

    @property
    def replies(self) -> int:
        """How many there are."""
        return sum(model.replies for model in self.models)


_COUNTS = """
SELECT coalesce(e.text, '?'), coalesce(m.text, '?'), n, prompt, completion, oldest, newest FROM (
    SELECT endpoint, model, count(*) AS n, sum(CAST(coalesce(prompt_tokens, 0) AS INTEGER)) AS prompt,
        sum(CAST(coalesce(completion_tokens, 0) AS INTEGER)) AS completion,
        coalesce(min(CAST(stored AS REAL)), 0) AS oldest, coalesce(max(CAST(stored AS REAL)), 0) AS newest
    FROM replies GROUP BY endpoint, model
) LEFT JOIN texts e ON e.id = endpoint LEFT JOIN texts m ON m.id = model ORDER BY 1, 2
"""


def stats(store: Store) -> Stats:
    """Count what is stored.

    Raises:
        OutputError: the file can no longer be read.
    """
    rows = store.database.read(lambda db: db.execute(_COUNTS).fetchall())
    models = tuple(ModelStats(**dict(zip(ModelStats.model_fields, row, strict=True))) for row in rows)
    return Stats(path=str(store.database.path), bytes=store.database.size, models=models)


# ── why ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Found:
    """The stored entry that is the request, or the nearest to it; `differences` is empty if it is the request."""

    entry: Entry | None
    differences: tuple[str, ...] = ()

    @property
    def hit(self) -> bool:
        """Whether the request is stored."""
        return self.entry is not None and not self.differences


def look_up(store: Store, parts: Mapping[str, Any], *, any_model: bool = False) -> Found:
    """Whether a request with these `parts` is stored, or what it has that the nearest has not.

    With `any_model` it may be stored under any model and endpoint.

    Raises:
        OutputError: the file can no longer be read.
    """
    apart = {"endpoint", "model"} if any_model else set()

    def compared(of: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in of.items() if name not in apart}

    found = store.database.read(lambda db: _candidates(db, parts))
    by_parts = [(compared(entry.parts), entry) for entry in found]
    likest = nearest(compared(parts), (other for other, _ in by_parts))
    if likest is None:
        return Found(None)
    entry = next(entry for other, entry in by_parts if other is likest)
    return Found(entry, differences(likest, compared(parts)))


def _candidates(db: sqlite3.Connection, parts: Mapping[str, Any]) -> list[Entry]:
    """The entry with the request's key; else those that share a message, else those that are worded like it."""
    key = bytes.fromhex(key_of(parts))
    ids = [row[0] for row in db.execute("SELECT id FROM replies WHERE key = ?", (key,))]
    asked = [message["content"] for message in parts["messages"] if message["role"] != "system"]
    ids = ids or _sharing(db, asked) or _wording(db, asked[-1] if asked else "")
    return [entry for batch in in_batches(ids) for entry in entries(db, batch)]


def _sharing(db: sqlite3.Connection, texts: list[str]) -> list[int]:
    hashes = [text_hash(text) for text in texts[:BATCH]]
    statement = (
        "SELECT DISTINCT reply FROM messages JOIN texts t ON t.id = messages.text "  # noqa: S608 - marks alone
        f"WHERE role <> 'system' AND t.hash IN ({marks(hashes)}) ORDER BY reply DESC LIMIT {_SAME_TEXT}"
    )
    return [row[0] for row in db.execute(statement, hashes)]


def _wording(db: sqlite3.Connection, text: str) -> list[int]:
    """The requests in which what the user says last is most like the text, the likest first."""
    wanted = _pieces(text)
    rows = db.execute(
        # as bytes, for a damaged file may hold some that are no text
        "SELECT reply, CAST(t.text AS BLOB) FROM messages JOIN texts t ON t.id = messages.text WHERE role = 'user' "
        "ORDER BY reply DESC, n DESC LIMIT ?",
        (_SEARCHED,),
    )
    shares: dict[int, float] = {}
    for id_, other in rows:
        pieces = _pieces((other or b"").decode("utf-8", "replace"))
        shares.setdefault(id_, len(wanted & pieces) / (len(wanted | pieces) or 1))
    return sorted(shares, key=lambda id_: -shares[id_])[:_LIKELY]


def _pieces(text: str) -> set[str]:
    """Every three letters in a row, of the text's end: there the question or the answer stands."""
    end = text[-_END:].casefold()
    return {end[i : i + 3] for i in range(len(end) - 2)}


# ── pruning ──────────────────────────────────────────────────────────────────────────────────


def prune(store: Store, *, unused_for: float | None = None, model: str | None = None, size: int | None = None) -> int:
    """Remove replies and give back their room; returns how many were removed.

    Those that were not used for so many seconds, those of the model (both, if both are said), then the least recently
    used ones until the rest takes `size` bytes.

    Raises:
        OutputError: the file cannot be written.
    """
    removed = 0
    if unused_for is not None or model is not None:
        before = None if unused_for is None else time.time() - unused_for
        removed = store.database.write(lambda db, texts: remove(db, texts, _matching(db, before, model)))
    if size is not None:
        removed += prune_to_size(store.database, size)
    give_back(store.database)
    return removed


def clear(store: Store) -> int:
    """Remove all replies; returns how many there were. What was learned about models stays.

    Raises:
        OutputError: the file cannot be written.
    """
    removed = store.database.write(lambda db, texts: remove(db, texts, [row[0] for row in db.execute(LEAST_RECENT)]))
    give_back(store.database)
    return removed


def _matching(db: sqlite3.Connection, before: float | None, model: str | None) -> list[int]:
    statement = (
        "SELECT r.id FROM replies r LEFT JOIN uses u ON u.reply = r.id JOIN texts m ON m.id = r.model "
        "WHERE (:before IS NULL OR coalesce(u.used, r.stored) < :before) AND (:model IS NULL OR m.text = :model)"
    )
    return [row[0] for row in db.execute(statement, {"before": before, "model": model})]


# ── carrying replies elsewhere ───────────────────────────────────────────────────────────────


class _Parts(Record):
    endpoint: str
    model: str
    messages: tuple[Message, ...]
    schema_: dict[str, Any] | None = Field(alias="schema")
    temperature: float | None
    max_tokens: int = Field(ge=1, lt=_LARGEST)
    sample: int = Field(ge=0, lt=_LARGEST)


class _Line(Record):
    key: str
    stored: AwareDatetime
    request: _Parts
    reply: Reply


@dataclass
class Imported:
    """What came of an import: how many lines were read, how many replies were new; the refused lines, with reasons."""

    lines: int = 0
    new: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def known(self) -> int:
        """How many were there already, and stayed as they were."""
        return self.lines - self.new - len(self.refused)


def exported(store: Store) -> Iterator[str]:
    """The lines of a file that `import_lines` takes; damaged replies are left out.

    Raises:
        OutputError: the file can no longer be read.
    """
    ids = store.database.read(lambda db: [row[0] for row in db.execute("SELECT id FROM replies ORDER BY id")])
    for batch in in_batches(ids):
        for entry in _read(store, batch):
            line = {
                "key": entry.key,
                "stored": iso(entry.stored),
                "request": entry.parts,
                "reply": entry.reply.model_dump(exclude={"cached"}),
            }
            yield json.dumps(line, ensure_ascii=False)


def _read(store: Store, ids: list[int]) -> list[Entry]:
    return store.database.read(lambda db: list(entries(db, ids)))


def import_lines(store: Store, lines: Iterable[bytes], name: str) -> Imported:
    """Store the replies of an exported file; those that are there stay, and lines that are not whole are refused.

    A key has to be that of its request: so nothing that was changed by hand answers another question.

    Raises:
        OutputError: the cache cannot be written.
    """
    done = Imported()

    def whole() -> Iterator[Entry]:
        for n, line in enumerate(lines, 1):
            if not line.strip():
                continue
            done.lines += 1
            try:
                yield _from_line(line)
            except ValueError as error:
                done.refused.append(f"{name}:{n}: {_reason(error)}")

    for batch in in_batches(whole()):
        done.new += store.add(batch)
    return done


def _from_line(line: bytes) -> Entry:
    read = _Line.model_validate_json(line, strict=True)
    parts = read.request.model_dump(by_alias=True)
    parts["messages"] = list(parts["messages"])
    if parts["endpoint"] != without_credentials(parts["endpoint"]):
        raise ValueError("request.endpoint: holds a password, a query or a final slash, which none that is stored has")
    if key_of(parts) != read.key:
        raise ValueError("the key is not that of the request: one of them was changed")
    usage = read.reply.usage
    if usage is not None and not all(0 <= count < _LARGEST // 2 for count in usage.model_dump().values()):
        raise ValueError("reply.usage: not a number of tokens")
    return Entry.from_parts(read.key, parts, read.reply, read.stored.timestamp())


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}"


_LAST_SECOND = 253_402_300_799.0  # of the year 9999; a damaged file may hold later ones


def iso(seconds: float) -> str:
    """A time as `2026-03-01T10:00:00Z`."""
    return f"{datetime.fromtimestamp(min(max(seconds, 0.0), _LAST_SECOND), UTC):%Y-%m-%dT%H:%M:%SZ}"
