"""A history as JSON Lines, to be kept or carried to another machine, and read back.

    {"dlgrade_practice": 1, "dlgrade": "0.1.0"}
    {"card": {"key": "rubric:dropout", …}, "met": "2026-01-05"}
    {"attempt": {"id": "…", "answer": "…", "grade": {…}, …}}

A question stands before its attempts. What follows from the attempts is worked out anew where they arrive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

import dlgrade
from dlgrade.errors import InputError
from dlgrade.models import HISTORY_SIGN
from dlgrade.practice.history import History
from dlgrade.practice.records import Attempt, Card

VERSION = 1


class Read(NamedTuple):
    """What stands in such a file."""

    cards: list[tuple[Card, date]]
    attempts: list[Attempt]


def lines(history: History) -> Iterator[str]:
    """The history, line by line."""
    yield json.dumps({HISTORY_SIGN: VERSION, "dlgrade": dlgrade.__version__})
    for card, met in history.cards():
        yield json.dumps({"card": card.model_dump(mode="json"), "met": met.isoformat()}, ensure_ascii=False)
    for attempt in history.attempts():
        yield json.dumps({"attempt": attempt.model_dump(mode="json")}, ensure_ascii=False)


def read(path: Path) -> Read:
    """What such a file holds.

    Raises:
        InputError: it cannot be read, is no history, or a line of it is wrong; with file and line.
    """
    try:
        with path.open(encoding="utf-8") as file:
            numbered = enumerate(file, start=1)
            _check_header(path, next(numbered, (1, ""))[1])
            return _read(path, numbered)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


def _check_header(path: Path, line: str) -> None:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or HISTORY_SIGN not in header:
        raise InputError(f"{path}:1: not a history of practice; `dlgrade progress export FILE` writes one")
    if header[HISTORY_SIGN] != VERSION:
        raise InputError(f"{path}:1: has form {header[HISTORY_SIGN]!r}; this dlgrade reads form {VERSION}")


def _read(path: Path, numbered: Iterable[tuple[int, str]]) -> Read:
    found = Read([], [])
    keys: set[str] = set()
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            data: Any = json.loads(line)
            if "card" in data:
                card = Card.model_validate(data["card"])
                keys.add(card.key)
                found.cards.append((card, date.fromisoformat(data["met"])))
            else:
                attempt = Attempt.model_validate(data["attempt"])
                if attempt.question not in keys:
                    raise InputError(f"{path}:{number}: its question {attempt.question!r} stands nowhere above")
                found.attempts.append(attempt)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise InputError(f"{path}:{number}: {where}: {first['msg'].lower()}; nothing was imported") from None
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{path}:{number}: neither a question nor an attempt; nothing was imported") from None
    return found
