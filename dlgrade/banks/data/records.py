"""A question as fields with names: a row, an object, a mapping.

    {"id": 7, "topic": "Regularisation", "question": "What does dropout do?",
     "options": ["It drops units", "It drops layers"], "answer": 0, "explanation": "…"}

Names say what is what (`dlgrade.banks.data.names`). Options, code and input belong to the question's text; of a right
option its text is the answer. An explanation is the answer only where the document has no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dlgrade.banks.asking import asks, is_question
from dlgrade.banks.data.names import WEAK, Kind, fields, option
from dlgrade.banks.data.nodes import Node
from dlgrade.banks.data.quiz import Option, read_options, right, shown
from dlgrade.banks.wording import is_placeholder, spaced, squash

ASKING = 1 / 3
"""The share of texts that must ask: no list of tasks in a build file is a bank."""

_NUMBER = re.compile(r"\W*(?:q(?:uestion)?\W{0,2})?(\d{1,6}(?:\.\d{1,3}){0,2}[a-z]?)\W*", re.IGNORECASE)
_EXPLAINS = 2  # the rank of names for explanations
_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")
_PADDED = re.compile(r"[A-Za-z]\W?0\d+")  # Q0007 is a key, no number
SAYS = ("text", "value", "content", "answer", "en")
"""What the text is called in an answer that is a mapping."""

_ABOUT = {"metadata", "meta", "info", "attributes", "details", "properties"}
_ASIDE: set[Kind] = {"number", "category", "difficulty"}

Members = Sequence[tuple[Node, Node]]
Name = tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one question by what they are: `found` holds the plainest of each kind with its rank.

    `whole` is the mapping, `asked` the question's text; `rank` is that of its name.
    """

    whole: Node
    asked: Node
    rank: int
    found: Mapping[Kind, tuple[int, Node, Node]] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    material: tuple[Node, ...] = ()

    @property
    def answer(self) -> Name | None:
        """The key and the value of the field that is for the answer."""
        found = self.found.get("answer")
        return found[1:] if found else None

    def text(self, kind: Kind) -> str | None:
        """What a field of that kind says, on one line; the items of a list are told apart by commas."""
        value = self.found[kind][2] if kind in self.found else None
        if value is None:
            return None
        items = value.items if value.kind == "list" else (value,)
        return ", ".join(text for item in items if item.kind != "null" and (text := spaced(item.text))) or None

    @property
    def number(self) -> str | None:
        """The number that the document gives the question; a key of letters or a hash is none."""
        text = self.text("number")
        match = _NUMBER.fullmatch(text) if text and not _PADDED.match(text) else None
        return match[1] if match else None


@dataclass(frozen=True, slots=True)
class Habits:
    """What the records of one document have in common.

    `base` is the place of the first option, `name` how the field for answers is called, `explains` says that an
    explanation is all the answer there is.
    """

    base: int = 0
    name: str = "answer"
    explains: bool = False


def read_record(whole: Node, members: Members) -> Record | None:
    """Sort the fields of a mapping or a row; None if none of them can be a question."""
    members = _spread(members)
    asked, rank = None, WEAK + 1
    for key, value in members:
        place = min((name.rank for name in fields(key.text) if name.kind == "question"), default=rank)
        if place < rank and value.says:
            asked, rank = (key, value), place
    if asked is None:
        return None
    rest = [member for member in members if member is not asked]
    columns = _option_fields(rest)
    rest = [member for member in rest if member not in columns]
    found = plainest(rest)
    material = [value for key, value in rest if value.says and _is_material(key.text)]
    options = _options(found, columns)
    if "correct" in found:
        found.setdefault("answer", found["correct"])
    return Record(whole, asked[1], rank, found, options, tuple(material))


def plainest(members: Members) -> dict[Kind, tuple[int, Node, Node]]:
    """Sort fields by what they are: of each kind the plainest, with the rank of its name."""
    found: dict[Kind, tuple[int, Node, Node]] = {}
    for key, value in members:
        for kind, rank in fields(key.text):
            if kind not in ("question", "material") and (kind not in found or rank < found[kind][0]):
                found[kind] = (rank, key, value)
                break
    return found


def habits(records: Sequence[Record]) -> Habits:
    """Find out what the records of a document have in common."""
    every = [(record.found["answer"][0], record.answer[0].text) for record in records if record.answer]
    names = Counter(name for rank, name in every if rank < _EXPLAINS)
    explains = not names and not any(record.options for record in records)
    names = names or Counter(name for _, name in every if explains)
    name = names.most_common(1)[0][0] if names else "answer"
    return Habits(_base(records), name, explains)


def raw(record: Record) -> str:
    """Return the wording, and what belongs to it a blank line apart."""
    parts = [told(record.asked), *(told(node) for node in record.material)]
    return "\n\n".join(part for part in [*parts, shown(record.options)] if part)


def answered(record: Record, base: int = 0) -> str | None:
    """Return the answer of a record: the right option's text, or what its field says; None where it is missing."""
    if record.options:
        named = record.found.get("correct") or record.found.get("answer")
        chosen = right(record.options, named[2] if named else None, base) or right(record.options, None, base)
        if chosen is not None:
            return chosen
    said = told(record.answer[1]) if record.answer else ""
    return None if is_placeholder(said) else said


def only_explains(record: Record, common: Habits) -> bool:
    """Say whether what stands for a record's answer is but its explanation, in a document that has answers."""
    return "answer" in record.found and record.found["answer"][0] >= _EXPLAINS and not common.explains


def is_bank(records: Sequence[Record]) -> bool:
    """Say whether records of one rank are questions: enough of them ask, or they are called questions and answers."""
    if not records:
        return False
    if records[0].rank == 0 and any(record.answer or record.options for record in records):
        return True
    does = asks if records[0].rank == WEAK else is_question
    return sum(does(told(record.asked)) for record in records) >= ASKING * len(records)


def told(node: Node) -> str:
    """Return what a value says as a text: items of a list one a line, of a mapping the text among its values."""
    if node.kind == "null":
        return ""
    if node.kind == "list":
        return "\n".join(text for item in node.items if (text := told(item)))
    if node.kind == "mapping":
        by_name = {key.text.casefold(): value for key, value in node.members}
        known = next((by_name[name] for name in SAYS if name in by_name), None)
        return told(known) if known else "\n".join(text for value in node if (text := told(value)))
    return _BLANK_LINES.sub("", node.text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()


def _is_material(name: str) -> bool:
    return any(one.kind == "material" for one in fields(name))


def _spread(members: Members) -> Members:
    """Give the fields of a question that is a mapping itself a place among the others, and what is said about it."""
    inside = next(
        (m for m in members if m[1].kind == "mapping" and any(f == ("question", 0) for f in fields(m[0].text))), None
    )
    if inside is not None:
        members = [*inside[1].members, *(member for member in members if member is not inside)]
    about = [value.members for key, value in members if value.kind == "mapping" and squash(key.text) in _ABOUT]
    said = [member for inner in about for member in inner if {f.kind for f in fields(member[0].text)} & _ASIDE]
    return [*members, *said] if said else members


def _option_fields(members: Iterable[Name]) -> list[Name]:
    """Return the fields that hold one option each, none where there are fewer than two in a row."""
    found = {letter: member for member in members if (letter := option(member[0].text))}
    rows = ("ABCDEFGH", "123456789")
    return next(([found[x] for x in row if x in found] for row in rows if row[0] in found and row[1] in found), [])


def _options(found: dict[Kind, tuple[int, Node, Node]], columns: Iterable[Name]) -> tuple[Option, ...]:
    one_each = tuple(Option(option(key.text), spaced(value.text)) for key, value in columns if value.text.strip())
    if one_each:
        return one_each
    if "options" in found:
        return read_options(found["options"][2])
    if "answer" in found and found["answer"][2].kind in ("list", "mapping"):
        options = read_options(found["answer"][2])
        if any(choice.right for choice in options) or (options and "correct" in found):
            del found["answer"]
            return options
    return ()


def _base(records: Iterable[Record]) -> int:
    """Find out whether places of options count from 0, as programs do, or from 1."""
    from_one = False
    for record in records:
        named = record.found.get("correct") or record.found.get("answer")
        text = named[2].text.strip() if record.options and named else ""
        if text == "0":
            return 0
        from_one = from_one or text == str(len(record.options))
    return int(from_one)
