"""A request and its reply as rows of the cache's file.

    texts      every text once: messages, schemas, the names of endpoints and models
    replies    a row for each request that was answered
    said       what the model said
    messages   the texts that the request was made of
    uses       when a reply was last found again
    dialects   how a model wants to be asked
    asked      a view for people, a row for each reply with all its texts

What thousands of requests share, such as instructions, a rubric or a schema, stands in the file once.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dlgrade.llm.request import Reply, Request, without_credentials
from dlgrade.llm.schema import schema_text

TABLES = """
CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS replies (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, stored REAL NOT NULL,
    endpoint INTEGER NOT NULL REFERENCES texts, model INTEGER NOT NULL REFERENCES texts,
    schema INTEGER REFERENCES texts, temperature REAL, max_tokens INTEGER NOT NULL, sample INTEGER NOT NULL,
    served INTEGER NOT NULL REFERENCES texts, finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER, completion_tokens INTEGER, more TEXT
);
CREATE TABLE IF NOT EXISTS said (reply INTEGER PRIMARY KEY REFERENCES replies, crc INTEGER, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    reply INTEGER NOT NULL REFERENCES replies, n INTEGER NOT NULL, role TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES texts, PRIMARY KEY (reply, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uses (reply INTEGER PRIMARY KEY REFERENCES replies, used REAL NOT NULL);
CREATE TABLE IF NOT EXISTS dialects (
    endpoint TEXT NOT NULL, model TEXT NOT NULL, dialect TEXT NOT NULL, learned REAL NOT NULL,
    PRIMARY KEY (endpoint, model)
) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS asked AS
SELECT
    lower(hex(r.key)) AS key,
    strftime('%Y-%m-%dT%H:%M:%SZ', r.stored, 'unixepoch') AS stored,
    strftime('%Y-%m-%dT%H:%M:%SZ', coalesce(u.used, r.stored), 'unixepoch') AS used,
    e.text AS endpoint, m.text AS model, r.temperature, r.max_tokens, r.sample,
    (SELECT t.text FROM messages JOIN texts t ON t.id = messages.text
        WHERE reply = r.id AND role = 'system' ORDER BY n LIMIT 1) AS system,
    (SELECT t.text FROM messages JOIN texts t ON t.id = messages.text
        WHERE reply = r.id AND role = 'user' ORDER BY n LIMIT 1) AS user,
    (SELECT json_group_array(json_object('role', role, 'content', content)) FROM
        (SELECT role, t.text AS content FROM messages JOIN texts t ON t.id = messages.text
            WHERE reply = r.id ORDER BY n)) AS messages,
    c.text AS schema, a.text AS reply, s.text AS served, r.finish_reason, r.prompt_tokens, r.completion_tokens
FROM replies r
JOIN texts e ON e.id = r.endpoint JOIN texts m ON m.id = r.model JOIN texts s ON s.id = r.served
JOIN said a ON a.reply = r.id LEFT JOIN texts c ON c.id = r.schema LEFT JOIN uses u ON u.reply = r.id;
"""
"""Version 2 of the file's form."""

BATCH = 400  # values in one statement; old builds of SQLite take no more than 999
_REMEMBERED = 512  # texts, each of which is in many requests
_COLUMNS = {"text", "model", "finish_reason", "usage", "cached"}  # of a reply; the rest goes into `more`
_COUNTS = {"prompt_tokens", "completion_tokens", "total_tokens"}  # of its usage, likewise

_REPLY = """
SELECT r.id, r.key, a.crc, a.text, s.text, r.finish_reason, r.prompt_tokens, r.completion_tokens, r.more
FROM replies r LEFT JOIN said a ON a.reply = r.id LEFT JOIN texts s ON s.id = r.served
"""
_ENTRY = """
SELECT r.id, r.key, a.crc, a.text, s.text, r.finish_reason, r.prompt_tokens, r.completion_tokens, r.more,
    r.stored, e.text, m.text, c.text, r.schema IS NULL, r.temperature, r.max_tokens, r.sample
FROM replies r
LEFT JOIN said a ON a.reply = r.id LEFT JOIN texts s ON s.id = r.served LEFT JOIN texts e ON e.id = r.endpoint
LEFT JOIN texts m ON m.id = r.model LEFT JOIN texts c ON c.id = r.schema
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A request, the reply to it, and when that was stored, in seconds since 1970. `schema` is JSON."""

    key: str
    endpoint: str
    model: str
    messages: Sequence[tuple[str, str]]
    schema: str | None
    temperature: float | None
    max_tokens: int
    sample: int
    reply: Reply
    stored: float

    @classmethod
    def of(cls, request: Request, reply: Reply, stored: float) -> Entry:
        """The entry of a request that was just answered."""
        return cls(
            key=request.key,
            endpoint=without_credentials(request.endpoint),
            model=request.model,
            messages=[(message.role, message.told_by) for message in request.messages],
            schema=None if request.shape is None else schema_text(request.shape),
            temperature=request.temperature,
            max_tokens=request.max_tokens,
            sample=request.sample,
            reply=reply,
            stored=stored,
        )

    @classmethod
    def from_parts(cls, key: str, parts: Mapping[str, Any], reply: Reply, stored: float) -> Entry:
        """The entry of a request of which only `Request.parts` is left."""
        schema = parts["schema"]
        return cls(
            key=key,
            messages=[(message["role"], message["content"]) for message in parts["messages"]],
            schema=None if schema is None else json.dumps(schema, ensure_ascii=False, separators=(",", ":")),
            reply=reply,
            stored=stored,
            **{name: parts[name] for name in ("endpoint", "model", "temperature", "max_tokens", "sample")},
        )

    @property
    def parts(self) -> dict[str, Any]:
        """What `Request.parts` was."""
        return {
            "endpoint": self.endpoint,
            "model": self.model,
            "messages": [{"role": role, "content": content} for role, content in self.messages],
            "schema": None if self.schema is None else json.loads(self.schema),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "sample": self.sample,
        }


class Texts:
    """The texts of a file by their ids. Those that were met twice are remembered, until somebody else writes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, int] = {}
        self._version = 0

    def forget(self) -> None:
        """Know nothing: texts may have been removed, or what added them was undone."""
        self._known.clear()

    def begin(self) -> None:
        """To be called in each transaction: another process may have removed texts before it."""
        version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        if version != self._version:
            self._version = version
            self.forget()

    def id(self, text: str) -> int:
        """The text's id; a new text is added."""
        if (known := self._known.get(text)) is not None:
            return known
        digest = text_hash(text)
        added = self._db.execute("INSERT OR IGNORE INTO texts (hash, text) VALUES (?, ?)", (digest, text))
        if added.rowcount:
            return int(added.lastrowid or 0)
        if len(self._known) >= _REMEMBERED:
            self.forget()
        id_, whole = self._db.execute("SELECT id, text = ? FROM texts WHERE hash = ?", (text, digest)).fetchone()
        if not whole:  # or all that share it would stay damaged
            self._db.execute("UPDATE texts SET text = ? WHERE id = ?", (text, id_))
        return self._known.setdefault(text, int(id_))


def text_hash(text: str) -> bytes:
    """What tells texts apart."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def insert(db: sqlite3.Connection, texts: Texts, entry: Entry, *, replace: bool = True) -> bool:
    """Add an entry, inside a transaction; False if its key is there already. `replace` then renews the reply."""
    reply = entry.reply
    usage = reply.usage
    answered = (
        entry.stored,
        texts.id(reply.model),
        reply.finish_reason,
        None if usage is None else usage.prompt_tokens,
        None if usage is None else usage.completion_tokens,
        _more(reply),
    )
    key = bytes.fromhex(entry.key)
    asked = (
        texts.id(entry.endpoint),
        texts.id(entry.model),
        None if entry.schema is None else texts.id(entry.schema),
        entry.temperature,
        entry.max_tokens,
        entry.sample,
    )
    added = db.execute(
        "INSERT OR IGNORE INTO replies (key, stored, served, finish_reason, prompt_tokens, completion_tokens, more, "
        "endpoint, model, schema, temperature, max_tokens, sample) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (key, *answered, *asked),
    )
    if added.rowcount:
        id_ = added.lastrowid
        linked = [(id_, n, role, texts.id(content)) for n, (role, content) in enumerate(entry.messages)]
        db.executemany("INSERT INTO messages VALUES (?, ?, ?, ?)", linked)
        db.execute("INSERT OR REPLACE INTO said VALUES (?, ?, ?)", (id_, _crc(reply.text), reply.text))
        return True
    if replace:
        db.execute(
            "UPDATE replies SET stored = ?, served = ?, finish_reason = ?, prompt_tokens = ?, completion_tokens = ?, "
            "more = ? WHERE key = ?",
            (*answered, key),
        )
        said = (_crc(reply.text), reply.text, key)
        db.execute("INSERT OR REPLACE INTO said SELECT id, ?, ? FROM replies WHERE key = ?", said)
    return False


def replies(db: sqlite3.Connection, keys: Sequence[str]) -> Iterator[tuple[int, str, Reply | None]]:
    """The id, key and reply of each of at most `BATCH` keys that is there; None for a reply that is damaged."""
    for row in _rows(db, f"{_REPLY} WHERE r.key IN ({marks(keys)})", [bytes.fromhex(key) for key in keys]):
        yield row[0], row[1].hex(), _reply(row)


def entries(db: sqlite3.Connection, ids: Sequence[int]) -> Iterator[Entry]:
    """The entries of at most `BATCH` ids, in their order, damaged ones left out."""
    messages: dict[int, list[tuple[str, str]]] = {}
    statement = (
        "SELECT reply, role, t.text FROM messages LEFT JOIN texts t ON t.id = messages.text "  # noqa: S608 - marks alone
        f"WHERE reply IN ({marks(ids)}) ORDER BY reply, n"
    )
    for id_, role, text in _rows(db, statement, ids):
        messages.setdefault(id_, []).append((role, text))
    rows = {row[0]: row for row in _rows(db, f"{_ENTRY} WHERE r.id IN ({marks(ids)})", ids)}
    for id_ in (id_ for id_ in ids if id_ in rows):
        if (entry := _entry(rows[id_], messages.get(id_, []))) is not None:
            yield entry


def _rows(db: sqlite3.Connection, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    try:
        return db.execute(statement, values).fetchall()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) is not None:
            raise
    # One text is no UTF-8, which costs the whole statement: its bytes are damaged, the others' are not.
    before, db.text_factory = db.text_factory, _decoded
    try:
        return db.execute(statement, values).fetchall()
    finally:
        db.text_factory = before


def _decoded(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def marks(values: Sequence[object]) -> str:
    """As many `?` as there are values."""
    return ",".join("?" * len(values))


def _reply(row: tuple[Any, ...]) -> Reply | None:
    _, _, crc, text, served, finish_reason, prompt, completion, more = row[:9]
    try:
        if _crc(text) != crc:
            return None
        rest = {} if more is None else json.loads(more)
        usage = None
        if prompt is not None:
            usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
            usage |= rest.pop("usage", {})
        known = {"text": text, "model": served, "finish_reason": finish_reason, "usage": usage, "cached": True}
        return Reply.model_validate(rest | known, strict=True)
    except (ValueError, TypeError, AttributeError):
        return None


def _entry(row: tuple[Any, ...], messages: list[tuple[str, str]]) -> Entry | None:
    reply = _reply(row)
    stored, endpoint, model, schema, no_schema, temperature, max_tokens, sample = row[9:]
    texts = [endpoint, model, *(text for message in messages for text in message)]
    texts += [] if no_schema else [schema]
    if reply is None or not all(isinstance(text, str) for text in texts) or not isinstance(stored, float):
        return None
    try:
        json.loads(schema or "null")
    except ValueError:
        return None
    key = row[1].hex()
    return Entry(key, endpoint, model, messages, schema, temperature, max_tokens, sample, reply, stored)


def _crc(text: str) -> int:
    """Tells whether a reply is as it was stored: it would be believed whatever it says."""
    return zlib.crc32(text.encode())


def _more(reply: Reply) -> str | None:
    """What of a reply has no column: counts of tokens beyond the two, and fields that are not at their defaults."""
    rest: dict[str, Any] = reply.model_dump(exclude=_COLUMNS, exclude_defaults=True)
    if (usage := reply.usage) is not None:
        counts = usage.model_dump(exclude=_COUNTS, exclude_defaults=True)
        if usage.total_tokens != usage.prompt_tokens + usage.completion_tokens:
            counts["total_tokens"] = usage.total_tokens
        rest |= {"usage": counts} if counts else {}
    return json.dumps(rest, separators=(",", ":")) if rest else None


def in_batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values, at most `BATCH` at a time."""
    left = iter(values)
    while batch := list(islice(left, BATCH)):
        yield batch
