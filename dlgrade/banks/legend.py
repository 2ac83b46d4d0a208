"""What a document says that the signs behind its questions mean.

Legend: 👶 easy ⭐️ medium 🚀 expert

**What is regression? 👶**             difficulty `easy`
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from dlgrade.banks.entries import Entry
from dlgrade.banks.paged import Text
from dlgrade.shelf import made

_LEVEL = (
    r"[:=–-]?[ \t]*\**(very easy|easy|simple|basics?|beginner|junior|medium|moderate|intermediate|middle|hard|difficult"
    r"|advanced|senior|expert)\b"
)
_PICTURES = 0x2500  # the first code point of signs that are pictures
_LONGEST = 12  # a longer mark is a link
_ROW = 5  # a mark so short may be a row of signs
_SELECTORS = re.compile("[\ufe0e\ufe0f]")


def with_legend(entries: Sequence[Entry], source: Text) -> Sequence[Entry]:
    """Return the entries with the signs that the document explains as their difficulty."""
    signs = {sign for entry in entries for sign in _signs(entry)}
    if not signs:
        return entries
    any_sign = "|".join(map(re.escape, sorted(signs, key=len, reverse=True)))
    explained = re.finditer(rf"({any_sign})[ \t]*+{_LEVEL}", _SELECTORS.sub("", str(source)), re.IGNORECASE)
    meanings: dict[str, str] = {}
    for match in explained:
        meanings.setdefault(match[1], match[2].lower())
    return made(partial(_explained, meanings), entries) if meanings else entries


def _signs(entry: Entry) -> list[str]:
    """Return the pictures beside an entry, each alone and whole: `⭐️🚀` may mean one thing or two."""
    if not entry.marks and not entry.difficulty:
        return []
    marks = [
        _SELECTORS.sub("", mark)
        for mark in (*entry.marks, entry.difficulty or "")
        if mark and not mark[0].isalnum() and len(mark) <= _LONGEST
    ]
    return [*marks, *(char for mark in marks if len(mark) <= _ROW for char in mark if ord(char) > _PICTURES)]


def _explained(meanings: dict[str, str], entry: Entry) -> Entry:
    if entry.difficulty and entry.difficulty[0].isalnum():
        return entry
    known = next((meanings[sign] for sign in _signs(entry) if sign in meanings), None)
    return entry._replace(difficulty=known) if known else entry
