"""Questions anywhere in a tree of data.

[{"question": …, "answer": …}, …]                       records
{"Regularisation": [{"question": …}, …], …}             records in sections
{"What is dropout?": "Units are …", …}                  questions as keys
["What is dropout?", …]                                 questions alone: with the first answer, such a text
                                                        becomes a record, and stays in it as it is
{"messages": [{"role": "user", "content": …}, …]}       talk: what is asked first, and the reply

Other data hold no questions that are recognised by name, or too few texts that ask, and are no bank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from dlgrade.banks.asking import asks, is_question
from dlgrade.banks.blocks import Document
from dlgrade.banks.data.names import WEAK, fields
from dlgrade.banks.data.nodes import Lines, Node
from dlgrade.banks.data.records import (
    ASKING,
    SAYS,
    Habits,
    Record,
    answered,
    habits,
    is_bank,
    only_explains,
    plainest,
    raw,
    read_record,
    told,
)
from dlgrade.banks.entries import Body, Entry, Reading, gathered
from dlgrade.banks.wording import spaced, squash
from dlgrade.models import Slot

_CONTAINERS = {"questions", "items", "data", "entries", "cards", "results", "records", "list", "content", "faq", "faqs"}
_TITLES = ("category", "topic", "section", "title", "name", "subject", "chapter", "heading", "unit")
_USER, _ASSISTANT = {"user", "human", "prompter"}, {"assistant", "gpt", "model", "bot"}
_ROLE, _CONTENT = {"role", "from", "speaker"}, {"content", "value", "text"}
_SCALARS = ("text", "null", "number")
_WORDS = 3  # a text alone of fewer words, as `build` or `List all`, is no question


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the questions in a part of the tree from what stands around it."""

    category: str | None = None
    difficulty: str | None = None
    number: str | None = None


NOWHERE = About()


@dataclass(frozen=True, slots=True)
class Found:
    """A question in a tree: a record, a pair of key and value, a text alone, or talk.

    `last` is the value after which an answer's field goes, in talk the message after which the reply goes.
    """

    kind: Literal["record", "pair", "text", "talk"]
    record: Record
    last: Node
    about: About = NOWHERE


class Hand(Protocol):
    """Where answers go in documents of one form; None where there is no place."""

    def replace(self, node: Node) -> Slot | None:
        """Return the place of a value."""

    def add(self, found: Found, name: str) -> Slot | None:
        """Return the place of a field that is not there yet."""

    def wrap(self, node: Node, name: str) -> Slot | None:
        """Return the place of a text alone, which becomes a record."""

    def reply(self, message: Node) -> Slot | None:
        """Return the place of a reply to a message."""


def read_trees(document: Document, form: str, roots: Sequence[Node], hand: Hand) -> Reading | None:
    """Read all questions in trees, as far as together they make a bank."""
    found = _chosen([one for root in roots for one in _walk(root, NOWHERE)])
    if not found:
        return None
    common = habits([one.record for one in found if one.kind == "record"])
    lines = Lines(document)
    entries = gathered(document.text, (_entry(one, common, lines, document.whole, hand) for one in found))
    sure = sum(is_question(entry.raw.partition("\n\n")[0]) for entry in entries) / len(entries)
    return Reading(form, entries, (1 + sure) / 2)


def _chosen(found: Sequence[Found]) -> list[Found]:
    """Keep the records of the plainest names that make a bank, and all questions that show themselves as such."""
    ranks = [[one for one in found if one.kind == "record" and one.record.rank == rank] for rank in range(WEAK + 1)]
    good = [group for group in ranks if is_bank([one.record for one in group])]
    if len(good) > 1:
        good = [group for group in good if group[0].record.rank < WEAK]
    talk = [one for one in found if one.kind == "talk"]
    talk = talk if is_bank([one.record for one in talk]) else []
    kept = {id(one) for group in [*good, talk] for one in group}
    return [one for one in found if one.kind in ("pair", "text") or id(one) in kept]


def _entry(one: Found, common: Habits, lines: Lines, source: str, hand: Hand) -> Entry:
    record = one.record
    inner = record.asked.inner
    body = _body(one, common, hand)
    return Entry(
        raw=raw(record),
        line=lines.at(record.asked.start),
        last=lines.at(max(record.asked.end, record.answer[1].end if record.answer else 0)),
        body=body,
        number=record.number or one.about.number,
        category=record.text("category") or one.about.category,
        difficulty=record.text("difficulty") or one.about.difficulty,
        place=inner if inner and source[slice(*inner)] == record.asked.text else None,
    )


def _body(one: Found, common: Habits, hand: Hand) -> Body:
    record = one.record
    answer = answered(record, common.base)
    place = record.answer
    if place and place[1].kind == "mapping":
        place = (place[0], _text_in(place[1]))
    if place and only_explains(record, common):
        answer, place = (answer if record.options and answer != told(place[1]) else None), None
    if answer is not None:
        own = place is not None and place[1].kind == "text" and told(place[1]) == answer
        return Body(answer, standing=hand.replace(place[1]) if own and place else None)
    if place is not None:
        return Body(None, hand.replace(place[1]))
    if one.kind == "text":
        return Body(None, hand.wrap(record.asked, common.name))
    return Body(None, hand.reply(one.last) if one.kind == "talk" else hand.add(one, common.name))


def _text_in(node: Node) -> Node:
    """Return the one text in a mapping that stands for an answer: `{"text": "", "source": "me"}`."""
    named = (value for key, value in node.members if key.text.casefold() in SAYS and value.kind in _SCALARS)
    return next(named, node)


# ── the walk ─────────────────────────────────────────────────────────────────────────────────


def _walk(node: Node, about: About) -> Iterator[Found]:
    if node.kind == "mapping":
        yield from _in_mapping(node, about)
    elif node.kind == "list":
        yield from _in_list(node, about)


def _in_mapping(node: Node, about: About) -> Iterator[Found]:
    talk = _talk(node, about)
    if talk is not None:
        yield talk
        return
    record = read_record(node, node.members)
    if record and not _is_section(node, record):
        yield Found("record", record, _last(node, record), about)
    elif _asks_by_keys(node):
        for key, value in node.members:
            if value.kind != "mapping" and _is_asked(key):
                yield Found("pair", Record(node, key, 0, {"answer": (0, key, value)}), value, about)
            elif value.members and _is_asked(key) and read_record(value, value.members) is None:
                yield Found("record", Record(value, key, 0, plainest(value.members)), value.members[-1][1], about)
            else:
                yield from _walk(value, about)
    else:
        yield from _in_section(node, about)


def _in_section(node: Node, about: About) -> Iterator[Found]:
    """Walk through a mapping of sections, of numbers, or one that holds questions and says what they are about."""
    by_name = {squash(key.text): value for key, value in node.members}
    inner = [(key, value) for key, value in node.members if value.kind in ("list", "mapping")]
    title = next((by_name[name] for name in _TITLES if name in by_name and by_name[name].says), None) if inner else None
    about = _told_about(node, title, about) if inner else about
    # Sections that are lists of texts are of one kind: what asks in some of them, asks in all.
    texts = all(value.kind == "list" and any(item.kind == "text" for item in value.items) for _, value in inner)
    alike = texts and len(inner) == len(node.members) and any(_asks_often(value) for _, value in inner)
    for key, value in node.members:
        number = _digits(key.text)
        if value.kind == "text" and number and _is_asked(value):
            yield Found("text", Record(node, value, 0), value, replace(about, number=number))
            continue
        plain = number or title or _is_container(key.text, alone=len(inner) == 1)
        within = about if plain else replace(about, category=spaced(key.text) or about.category)
        within = replace(within, number=number) if value.kind == "mapping" and number else within
        yield from _in_list(value, within, alike=True) if alike else _walk(value, within)


def _is_container(name: str, *, alone: bool) -> bool:
    """Say whether a key only says that questions follow; `Data` beside `Models` is a category."""
    known = squash(name) in _CONTAINERS and (alone or name.islower())
    return known or any(field.kind == "question" for field in fields(name))


def _told_about(node: Node, title: Node | None, about: About) -> About:
    """Return what a section says of its questions; its number is theirs where it holds one alone."""
    if title is not None and not _is_asked(title):
        about = replace(about, category=spaced(title.text))
    told_of = Record(node, node, 0, plainest(node.members))
    about = replace(about, difficulty=told_of.text("difficulty") or about.difficulty)
    only = [item for value in node if value.kind == "list" for item in value.items]
    return replace(about, number=told_of.number) if len(only) == 1 and told_of.number else about


def _in_list(node: Node, about: About, *, alike: bool = False) -> Iterator[Found]:
    if _is_pairs(node):
        for item in node.items:
            asked, answer = item.items
            yield Found("pair", Record(item, asked, 0, {"answer": (0, asked, answer)}), answer, about)
        return
    texts = alike or _asks_often(node)
    for item in node.items:
        if item.kind == "text" and texts and item.says:
            yield Found("text", Record(node, item, 0), item, about)
        else:
            yield from _walk(item, about if len(node.items) == 1 else replace(about, number=None))


def _asks_often(node: Node) -> bool:
    """Say whether a list holds texts that ask often enough; one that became a record counts as the text it was."""
    texts = [item for item in node.items if item.kind == "text"]
    records = (read_record(item, item.members) for item in node.items if item.kind == "mapping")
    asked = [*texts, *(record.asked for record in records if record is not None)] if texts else []
    return bool(texts) and sum(map(_is_asked, asked)) >= ASKING * len(asked)


def _is_pairs(node: Node) -> bool:
    """Say whether a list holds nothing but lists of a question and an answer."""
    pairs = [item.items for item in node.items]
    if not pairs or any(len(pair) != 2 or not pair[0].says or pair[1].kind not in _SCALARS for pair in pairs):
        return False
    return sum(_is_asked(asked) for asked, _ in pairs) >= ASKING * len(pairs)


def _is_asked(node: Node) -> bool:
    return node.kind == "text" and (asks(node.text) or (node.text.count(" ") >= _WORDS and is_question(node.text)))


def _asks_by_keys(node: Node) -> bool:
    asking = sum(_is_asked(key) for key, _ in node.members)
    return asking > 0 and asking * 2 >= len(node.members)


def _is_section(node: Node, record: Record) -> bool:
    """Say whether a mapping that could be a question holds others: then it is a section with a title."""
    if not record.rank:
        return False
    items = [item for value in node if value.kind == "list" for item in value.items if item.kind == "mapping"]
    if record.rank == WEAK and not asks(record.asked.text):
        return bool(items)
    inner = (read_record(item, item.members) for item in items)
    return any(other is not None and other.rank < WEAK for other in inner)


def _last(node: Node, record: Record) -> Node:
    """Return the last value of a mapping that belongs to the question: an answer's field goes after it."""
    options = record.found["options"][2:] if "options" in record.found else ()
    ends = [part.start for part in (record.asked, *record.material, *options)]
    return next(value for _, value in reversed(node.members) if any(value.start <= at < value.end for at in ends))


def _digits(key: str) -> str | None:
    name = squash(key).removeprefix("question").removeprefix("q")
    return name if name.isdecimal() and len(name) < 6 else None


# ── talk ─────────────────────────────────────────────────────────────────────────────────────


def _talk(node: Node, about: About) -> Found | None:
    """Read the first question of a talk, and the reply that follows it."""
    for key, value in node.members:
        if key.text.casefold() not in ("messages", "conversations", "conversation", "dialog") or value.kind != "list":
            continue
        turns = [(_member(item, _ROLE), _member(item, _CONTENT), item) for item in value.items]
        said = [(role.text.casefold(), content, item) for role, content, item in turns if role and content]
        first = next((i for i, (role, content, _) in enumerate(said) if role in _USER and content.says), None)
        if first is None:
            return None
        _, asked, message = said[first]
        reply = said[first + 1] if first + 1 < len(said) and said[first + 1][0] in _ASSISTANT else None
        record = Record(node, asked, 1, {"answer": (0, asked, reply[1])} if reply else {})
        return Found("talk", record, message, about)
    return None


def _member(node: Node, names: set[str]) -> Node | None:
    return next((value for key, value in node.members if key.text.casefold() in names), None)
