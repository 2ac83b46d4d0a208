"""What the readers of all forms hand over. What a document has by the hundred thousand is a tuple, made in no time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from dlgrade.banks.block import Excerpt
from dlgrade.banks.paged import Text
from dlgrade.models import Edit, Slot
from dlgrade.shelf import Shelf

_new = tuple.__new__


class Body(NamedTuple):
    """What is said in answer to a question, and `standing`, its place; where nothing is, `slot` is the place for it.

    `material` belongs to the question: its code, options and further paragraphs. `difficulty` and `category` are
    what lines of metadata say.
    """

    said: str | Excerpt | None
    slot: Slot | None = None
    standing: Slot | None = None
    material: str = ""
    difficulty: str | None = None
    category: str | None = None

    @property
    def answer(self) -> str | None:
        """What is said, cut out of the document where nobody asked for it before."""
        return self.said.text if isinstance(self.said, Excerpt) else self.said


class Entry(NamedTuple):
    """A question as a form read it, before it belongs to a bank; the fields are those of `Question`.

    `raw` is the wording as it stands, then, a blank line apart, the code, options and paragraphs that belong to it.
    The entry runs from `line` to `last`, the line on which its answer ends.
    """

    raw: str
    line: int
    last: int
    body: Body
    number: str | None = None
    category: str | None = None
    difficulty: str | None = None
    marks: tuple[str, ...] = ()
    place: tuple[int, int] | None = None


def shelf_of(text: Text) -> Shelf[Entry]:
    """Where the entries of a document are put while they are found. Of many, those found first are not in memory."""
    return Shelf(partial(_packed, text), partial(_unpacked, text))


def gathered(text: Text, entries: Iterable[Entry]) -> Sequence[Entry]:
    """The entries of a document, so kept."""
    shelf = shelf_of(text)
    shelf.extend(entries)
    return shelf.done()


def _packed(text: Text, entry: Entry) -> tuple[Any, ...]:
    raw, line, last, body, number, category, difficulty, marks, place = entry
    said, slot, standing, material, own_difficulty, own_category = body
    where = said if not isinstance(said, Excerpt) else said.where if said.is_of(text) else said.text
    own = where, slot and tuple(slot), standing and tuple(standing), material, own_difficulty, own_category
    return raw, line, last, own, number, category, difficulty, marks, place


def _unpacked(text: Text, packed: tuple[Any, ...]) -> Entry:
    raw, line, last, own, number, category, difficulty, marks, place = packed
    where, slot, standing, material, own_difficulty, own_category = own
    said = Excerpt(text, *where) if type(where) is tuple else where
    # `tuple.__new__` takes half the time of the classes' own, and a bank is read some times.
    slot, standing = slot and _new(Slot, slot), standing and _new(Slot, standing)
    body = _new(Body, (said, slot, standing, material, own_difficulty, own_category))
    return _new(Entry, (raw, line, last, body, number, category, difficulty, marks, place))


@dataclass(frozen=True, slots=True)
class Reading:
    """What one form makes of a document.

    `sure` runs from 0 to 1: how plainly the entries are marked as questions (`marked`, on the average), times the
    part of the document that they explain. `once` are edits that come with the first answer, as a new column's
    header does; one in whose place an answer goes gives way to it. `remarks` say what else could be made of it.
    `claim` is less than 1 where the entries' marks are other forms' as well: such a reading counts for little where
    one of them sees the same questions. `margin` is the column from which on all below the questions is answers'.
    """

    form: str
    entries: Sequence[Entry]
    sure: float
    once: tuple[Edit, ...] = ()
    marked: float = 0.0
    claim: float = 1.0
    margin: int | None = None
    remarks: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """What readings are compared by: a form that explains more questions, more surely, is right."""
        return self.sure * self.claim * len(self.entries)


def with_material(raw: str, body: Body) -> str:
    """Return a question's wording with what else belongs to it."""
    return f"{raw}\n\n{body.material}" if body.material else raw
