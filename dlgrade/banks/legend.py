"""What a document says that the signs behind its questions mean.

Legend: 👶 easy ⭐️ medium 🚀 expert

**What is regression? 👶**             difficulty `easy`
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlgrade.banks.entries import Entry
from dlgrade.banks.paged import Text

_LEVEL = (
    r"[:=–-]?[ \t]*\**(very easy|easy|simple|basics?|beginner|junior|medium|moderate|intermediate|middle|hard|difficult"
    r"|advanced|senior|expert)\b"
)
_PICTURES = 0x2500  # the first code point of signs that are pictures
_LONGEST = 12  # a longer mark is a link
_ROW = 5  # a mark so short may be a row of signs
_SELECTORS = re.compile("[\ufe0e\ufe0f]")


def with_legend(entries: Sequence[Entry], source: Text) -> tuple[Entry, ...]:
    """Return the entries with the signs that the document explains as their difficulty."""
    signs = {sign for entry in entries for sign in _signs(entry)}
    if not signs:
        return tuple(entries)
    any_sign = "|".join(map(re.escape, sorted(signs, key=len, reverse=True)))
    explained = re.finditer(rf"({any_sign})[ \t]*+{_LEVEL}", _SELECTORS.sub("", str(source)), re.IGNORECASE)
    meanings: dict[str, str] = {}
    for match in explained:
        meanings.setdefault(match[1], match[2].lower())
    return tuple(_explained(entry, meanings) for entry in entries) if meanings else tuple(entries)


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


def _explained(entry: Entry, meanings: dict[str, str]) -> Entry:
    if entry.difficulty and entry.difficulty[0].isalnum():
        return entry
    known = next((meanings[sign] for sign in _signs(entry) if sign in meanings), None)
    return entry._replace(difficulty=known) if known else entry
