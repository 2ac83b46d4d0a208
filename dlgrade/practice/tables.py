"""A history of practice as tables: what stands in them, and records as rows.

    questions   each that was met: its words, and what follows from the attempts (`memory`)
    criteria    what follows for each criterion
    attempts    every answer with its grade, as JSON
    verdicts    a view: every verdict in those grades as a row

What follows from the attempts is worked out anew from all of a question's attempts whenever one comes or changes, in
the same transaction. So an override, an import or two terminals at once leave what one after the other would have left.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

from dlgrade.models import Grade
from dlgrade.practice.memory import Memory, remembered
from dlgrade.practice.records import Attempt, Card, Standing

_TABLES = """
CREATE TABLE questions (
    question TEXT PRIMARY KEY,  -- rubric:NAME, or text: and the question's letters and digits
    id TEXT NOT NULL,           -- as it was last called
    text TEXT NOT NULL,
    topic TEXT NOT NULL,
    category TEXT,
    difficulty TEXT,
    met TEXT NOT NULL,          -- the day of the first attempt
    card TEXT,                  -- FSRS's, as JSON; this and what is below is NULL while no attempt counts
    due TEXT,                   -- days, as YYYY-MM-DD
    last TEXT,
    percent REAL,               -- the last score, 0 to 100
    weak REAL NOT NULL DEFAULT 0 -- the share of points, 0 to 1, that the last answer missed
);
CREATE TABLE criteria (
    question TEXT NOT NULL REFERENCES questions (question),
    criterion TEXT NOT NULL,
    card TEXT NOT NULL,
    due TEXT NOT NULL,
    verdict TEXT NOT NULL,      -- the last one
    PRIMARY KEY (question, criterion)
) WITHOUT ROWID;
CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    question TEXT NOT NULL REFERENCES questions (question),
    asked TEXT NOT NULL,        -- the id that the question had then
    at TEXT NOT NULL,           -- UTC, ISO 8601
    day TEXT NOT NULL,          -- the date where the person was
    seconds REAL NOT NULL,
    mode TEXT NOT NULL,         -- practice or interview
    first TEXT,                 -- the attempt that this one tries again
    answer TEXT NOT NULL,
    grade TEXT NOT NULL,        -- as `dlgrade grade --json` prints it
    spare TEXT NOT NULL         -- the criteria that would have earned nothing more, as JSON
);
CREATE INDEX attempts_by_question ON attempts (question, at);
CREATE VIEW verdicts AS
    SELECT a.id AS attempt, a.question, a.at, a.day, json_extract(v.value, '$.criterion') AS criterion,
        json_extract(v.value, '$.verdict') AS verdict, json_extract(v.value, '$.points') AS points,
        json_extract(v.value, '$.max_points') AS max_points
    FROM attempts AS a, json_each(a.grade, '$.verdicts') AS v
"""
# Version 1 had neither criteria nor retries nor interviews; what it knew of a question were its words.
_FROM_1 = """
INSERT INTO questions (question, id, text, topic, category, difficulty, met)
    SELECT question, id, text, topic, category, difficulty,
        (SELECT min(day) FROM attempts_1 AS a WHERE a.question = q.question) FROM questions_1 AS q
    WHERE EXISTS (SELECT 1 FROM attempts_1 AS a WHERE a.question = q.question);
INSERT INTO attempts
    SELECT id, question, asked, at, day, seconds, 'practice', NULL, answer, grade, '[]' FROM attempts_1;
DROP TABLE attempts_1;
DROP TABLE questions_1
"""
_COLUMNS = ("id", "question", "asked", "at", "day", "seconds", "mode", "first", "answer", "grade", "spare")


def make(db: sqlite3.Connection, version: int) -> None:
    """Make the tables in a new file, or in one of an older version, whose rows move into them."""
    if version == 1:
        db.execute("ALTER TABLE questions RENAME TO questions_1")
        db.execute("ALTER TABLE attempts RENAME TO attempts_1")
    for statement in _TABLES.split(";\n"):
        db.execute(statement)
    if version == 1:
        for statement in _FROM_1.split(";\n"):
            db.execute(statement)
        for (question,) in db.execute("SELECT question FROM questions").fetchall():
            work_out(db, question)


# ── reading ──────────────────────────────────────────────────────────────────────────────────


def standings(db: sqlite3.Connection) -> list[Standing]:
    """Where every question stands."""
    found = db.execute("SELECT question, met, last, due, percent, weak FROM questions ORDER BY question")
    names = ("question", "met", "last", "due", "percent", "weak")
    return [Standing.model_validate(dict(zip(names, row, strict=True))) for row in found]


def cards(db: sqlite3.Connection) -> list[tuple[Card, date]]:
    """Every question, and the day it was met."""
    found = db.execute("SELECT question, id, text, topic, category, difficulty, met FROM questions ORDER BY question")
    return [
        (
            Card(
                key=question,
                id=id_,
                text=text,
                topic=topic,
                categories=() if category is None else (category,),
                difficulties=() if difficulty is None else (difficulty,),
            ),
            date.fromisoformat(met),
        )
        for question, id_, text, topic, category, difficulty, met in found
    ]


def attempt(db: sqlite3.Connection, id_: str) -> Attempt | None:
    """The attempt of that id, if there is one."""
    row = db.execute("SELECT * FROM attempts WHERE id = ?", (id_,)).fetchone()
    return None if row is None else _attempt(row)


def attempts(db: sqlite3.Connection, question: str | None) -> list[Attempt]:
    """All attempts, or those at one question, in the order of time."""
    if question is None:
        return [_attempt(row) for row in db.execute("SELECT * FROM attempts ORDER BY at, first IS NOT NULL, id")]
    found = db.execute("SELECT * FROM attempts WHERE question = ? ORDER BY at, first IS NOT NULL, id", (question,))
    return [_attempt(row) for row in found]


def _attempt(row: Sequence[Any]) -> Attempt:
    values = dict(zip(_COLUMNS, row, strict=True))
    values |= {"grade": Grade.model_validate_json(values["grade"]), "spare": tuple(json.loads(values["spare"]))}
    return Attempt.model_validate(values)


# ── writing ──────────────────────────────────────────────────────────────────────────────────


def note(db: sqlite3.Connection, card: Card, met: date, *, anew: bool = True) -> None:
    """Note a question's words; those that are there already stay, unless they are noted `anew`."""
    category, difficulty = (next(iter(some), None) for some in (card.categories, card.difficulties))
    values = (card.key, card.id, card.text, card.topic, category, difficulty)
    db.execute(
        "INSERT OR IGNORE INTO questions (question, id, text, topic, category, difficulty, met)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*values, met.isoformat()),
    )
    if anew:
        db.execute(
            "UPDATE questions SET id = ?, text = ?, topic = ?, category = ?, difficulty = ? WHERE question = ?",
            (*values[1:], card.key),
        )


def put(db: sqlite3.Connection, attempt: Attempt) -> None:
    """Note an attempt; one of the same id gives way to it."""
    # Such texts are in the order of time.
    at = attempt.at.astimezone(UTC).isoformat(timespec="milliseconds")
    db.execute(
        "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(attempt.id, attempt.question, attempt.asked, at, attempt.day.isoformat(), attempt.seconds),
            *(attempt.mode, attempt.first, attempt.answer, attempt.grade.model_dump_json(), json.dumps(attempt.spare)),
        ),
    )


def rename(db: sqlite3.Connection, keys: Mapping[str, str]) -> None:
    """Give the attempts at questions of some keys to others, which may be here already."""
    for old, new in keys.items():
        db.execute(
            "INSERT OR IGNORE INTO questions (question, id, text, topic, category, difficulty, met)"
            " SELECT ?, id, text, topic, category, difficulty, met FROM questions WHERE question = ?",
            (new, old),
        )
        db.execute("UPDATE attempts SET question = ? WHERE question = ?", (new, old))
        db.execute("DELETE FROM criteria WHERE question = ?", (old,))
        db.execute("DELETE FROM questions WHERE question = ?", (old,))
        work_out(db, new)


def work_out(db: sqlite3.Connection, question: str) -> Standing:
    """Work out from all of its attempts where a question stands, and note it."""
    every = attempts(db, question)
    memory = remembered(every)
    met = min(attempt.day for attempt in every)
    db.execute(
        "UPDATE questions SET met = ?, card = ?, due = ?, last = ?, percent = ?, weak = ? WHERE question = ?",
        (met.isoformat(), *_noted(memory), question),
    )
    db.execute("DELETE FROM criteria WHERE question = ?", (question,))
    parts = {} if memory is None else memory.parts
    db.executemany(
        "INSERT INTO criteria VALUES (?, ?, ?, ?, ?)",
        [(question, id_, part.card, part.due.isoformat(), part.verdict) for id_, part in parts.items()],
    )
    known = Standing(question=question, met=met)
    if memory is None:
        return known
    now = {"last": memory.last, "due": memory.due, "percent": memory.percent, "weak": memory.weak}
    return known.model_copy(update=now)


def _noted(memory: Memory | None) -> tuple[object, ...]:
    if memory is None:
        return (None, None, None, None, 0.0)
    return (memory.card, memory.due.isoformat(), memory.last.isoformat(), memory.percent, memory.weak)
