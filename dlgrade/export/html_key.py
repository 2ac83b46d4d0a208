"""An answer key as one HTML page: whole without network and script, answers folded, to be read, searched and printed.

<article id="general:2"> <h3>2 How do dropout layers …?</h3> <details> <summary>Answer</summary> … </details>
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from dlgrade.export.hypertext import line, text, without_controls
from dlgrade.export.key import Entry, Key, counted
from dlgrade.models import Rubric
from dlgrade.pages import page

_BELOW = 4
"""The level of an answer's highest headings: below the page's title, the chapter and the question."""

_LEVELS = ("basic", "intermediate", "advanced")


@dataclass(frozen=True, slots=True)
class _Chapter:
    anchor: str
    title: Markup
    entries: list[_Shown]


@dataclass(frozen=True, slots=True)
class _Shown:
    """An entry as the page has it; `linked` is its wording where that stands in a link."""

    anchor: str
    label: str
    wording: Markup
    linked: Markup
    material: Markup
    answer: Markup
    asides: list[Markup]
    difficulty: str
    topic: str
    scheme: _Scheme | None


@dataclass(frozen=True, slots=True)
class _Item:
    points: str
    says: Markup
    half: Markup | None = None


@dataclass(frozen=True, slots=True)
class _Scheme:
    points: str
    criteria: list[_Item]
    misconceptions: list[_Item]


def write(key: Key) -> bytes:
    """The key as a page in UTF-8; a question without a reference is listed at its end."""
    groups = key.by_category()
    chapters = [
        _Chapter(
            f"chapter-{number}", line(category or "Questions", links=False), [_shown(key, entry) for entry in entries]
        )
        for number, (category, entries) in enumerate(groups.items(), start=1)
    ]
    shown = [entry for entries in groups.values() for entry in entries]
    pieces = page(
        "key",
        styles=("prose.css", "key.css"),
        scripts=("key.js",),
        title=key.title,
        key=key,
        chapters=chapters,
        difficulties=_difficulties(entry.difficulty for entry in shown),
        topics=dict(sorted(Counter(entry.topic for entry in shown if entry.topic).items())),
        missing=[
            {
                "id": question.id,
                "wording": line(question.wording),
                "material": text(question.material, below=_BELOW),
            }
            for question in key.missing
        ],
        counted=counted(key),
    )
    return without_controls("".join(pieces)).encode("utf-8", "replace")


def _shown(key: Key, entry: Entry) -> _Shown:
    question = entry.question
    return _Shown(
        anchor=_anchor(question.id),
        label=key.label(entry),
        wording=line(question.wording),
        linked=line(question.wording, links=False),
        material=text(question.material, below=_BELOW),
        answer=text(entry.reference or "", below=_BELOW),
        asides=list(_asides(entry)),
        difficulty=(entry.difficulty or "").casefold(),
        topic=entry.topic or "",
        scheme=_scheme(entry.scheme) if entry.scheme else None,
    )


def _asides(entry: Entry) -> Iterator[Markup]:
    """What is said beside a question; where else it stands, so that a link to there leads here too."""
    yield from (Markup.escape(word) for word in (entry.difficulty, entry.topic) if word)
    if entry.also:
        places = (Markup('<span id="{}">{}</span>').format(_anchor(id_), id_) for id_ in entry.also)
        yield Markup("also ") + Markup(", ").join(places)


def _scheme(rubric: Rubric) -> _Scheme:
    criteria = [
        _Item(f"{c.points:g}", line(c.expects), line(c.partial) if c.partial else None) for c in rubric.criteria
    ]
    misconceptions = [_Item(f"−{m.costs:g}", line(m.claims)) for m in rubric.misconceptions]
    return _Scheme(f"{rubric.max_score:g} points", criteria, misconceptions)


def _difficulties(found: Iterable[str | None]) -> Mapping[str, int]:
    """How many questions of each difficulty there are, case aside, the easy ones first, others as they come."""
    counts = Counter(value.casefold() for value in found if value)
    known = [level for level in _LEVELS if level in counts]
    return {level: counts[level] for level in dict.fromkeys([*known, *counts])}


def _anchor(id_: str) -> str:
    """The id as a place in the page, which has no spaces."""
    return re.sub(r"\s+", "-", id_)
