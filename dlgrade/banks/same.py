"""Which questions are the same question."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from dlgrade.banks.wording import fold
from dlgrade.models import Question
from dlgrade.numbered import Grouped, Listed, Numbered

_ALIKE = 0.7  # from here on two wordings are worth a look
_RAREST, _NEIGHBOURS = 3, 50
_WORD = re.compile(r"[^\W_]+(?:[+#]+)?")
_STOP = frozenset(
    """a an the of in on to and or for with by from at as is are was were be it its this that these those do does did
    can could would should you your we our i me my what which explain describe define discuss concept term terms please
    briefly give provide some any used use using mean meant tell about between into""".split()  # noqa: SIM905
)
_ASPECTS = {
    word: aspect
    for aspect, words in {
        "why": "why significance important importance purpose reason",
        "when": "when",
        "how": "how work works working",
        "compare": "compare comparison contrast difference differences differ differentiate distinguish versus vs",
        "example": "example examples",
        "good": "advantage advantages benefit benefits pros strengths",
        "bad": "disadvantage disadvantages drawback drawbacks limitation limitations cons pitfall pitfalls challenges",
        "uses": "application applications",
        "kinds": "types kinds type",
        "avoid": "prevent prevented avoid avoided mitigate mitigated handle handling solve solved",
    }.items()
    for word in words.split()
}
_ASPECT_STEMS = frozenset(_ASPECTS.values())
# What a careful and a careless hand set differently. Operators stay: `//` and `%` are two questions.
_PUNCTUATION = re.compile(r"[\s.,;:?'\"“”‘’´`()\[\]{}_*\\‐-―…·。，、；：？！（）「」¿¡-]+|!(?!=)")
_IN_ASCII = {code: None for code in range(128) if _PUNCTUATION.fullmatch(chr(code)) and chr(code) != "!"}


T_co = TypeVar("T_co", covariant=True)


@lru_cache(maxsize=2**14)  # a run asks for it some ten times of each question
def identity(text: str) -> str:
    """What makes a question the question it is: letters, digits and operators, with spaces and markup gone.

    A text that lost its spaces has the same identity as the right one. Code, options and paragraphs that belong to
    the question count as they stand: one wording over two pieces of code is two questions. Never empty for a text
    that is not.
    """
    wording, gap, material = text.partition("\n\n")
    folded = fold(wording)
    # Most wordings are ASCII, which the table takes half the time for.
    by_table = folded.isascii() and "!" not in folded
    same = (folded.translate(_IN_ASCII) if by_table else _PUNCTUATION.sub("", folded)) or folded or wording
    return "\n".join([same, *(line.rstrip() for line in material.splitlines() if line.strip())]) if gap else same


class Groups(Listed[tuple[Question, ...]]):
    """Groups of questions that say the same; only where they stand among all of them is held."""

    def __init__(self, questions: Sequence[Question], key: Callable[[Question], str] | None) -> None:
        self._questions = questions
        self._wordings = Numbered()
        self._groups = array("i")  # by the number of the wording
        self._places = Grouped()
        keys: dict[str, int] = {}  # the groups that have more than a wording in common
        for place, question in enumerate(questions):
            wording = identity(question.text)
            number = self._wordings.add(wording)
            if number == len(self._groups):
                name = wording if key is None else key(question)
                group = len(self._places) if name == wording else keys.setdefault(name, len(self._places))
                self._groups.append(group)
            self._places.add(self._groups[number], place)

    def of(self, wording: str) -> int | None:
        """The number of the group that a wording is in, by its `identity`; None if it is in none."""
        number = self._wordings.get(wording)
        return None if number is None else self._groups[number]

    @property
    def firsts(self) -> Iterator[Question]:
        """The first question of each group."""
        return (self._questions[place] for place in self._places.firsts)

    @property
    def larger(self) -> Iterator[tuple[Question, ...]]:
        """The groups of more than one."""
        return map(self._members, self._places.larger)

    def members(self, group: int) -> tuple[Question, ...]:
        """The questions of a group."""
        return self._members(self._places[group])

    def _members(self, places: Sequence[int]) -> tuple[Question, ...]:
        return tuple(self._questions[place] for place in places)

    def __iter__(self) -> Iterator[tuple[Question, ...]]:
        return map(self.members, range(len(self)))

    def __len__(self) -> int:
        return len(self._places)


def same(questions: Sequence[Question], key: Callable[[Question], str] | None = None) -> Groups:
    """Group questions that say the same, spaces, case and markup aside; groups and members keep their order.

    Those for which `key` gives the same are one group too. Every question is in one group; one that stands alone is a
    group of one.
    """
    return Groups(questions, key)


class ByName(Protocol[T_co]):
    """What questions have, by their `identity`: a `dict`, or `OfGroups`."""

    def get(self, name: str, /) -> T_co | None: ...  # noqa: D102
    def __len__(self) -> int: ...


class ByNumber(Protocol[T_co]):
    """What groups have, by their number."""

    def get(self, number: int, /) -> T_co | None: ...  # noqa: D102
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class OfGroups(Generic[T_co]):
    """What groups of questions have, by the identity of each question in them."""

    groups: Groups
    there: ByNumber[T_co]

    def get(self, name: str, /) -> T_co | None:
        """What the question of that identity has, None if nothing."""
        group = self.groups.of(name)
        return None if group is None else self.there.get(group)

    def __len__(self) -> int:
        return len(self.there)


class Likeness(NamedTuple):
    """Two questions whose wording is so near that a person should look: `share` of their words is common, 0 to 1."""

    one: Question
    other: Question
    share: float


def alike(questions: Sequence[Question]) -> list[Likeness]:
    """Pairs that may be one question, the nearest first: a suggestion, nothing is ever merged by it.

    The measure is the Jaccard index of their stems, each weighted by how rare it is among these questions; what
    asks for another thing (why, when, how, difference) counts as the rarest word does. Questions are compared only
    with those that share one of their three rarest stems, so that time grows with their number.
    """
    stems = [_stems(question.wording) for question in questions]
    counts = Counter(stem for words in stems for stem in words)
    heaviest = math.log(1 + len(questions))
    weight = {
        stem: heaviest if stem in _ASPECT_STEMS else math.log(1 + len(questions) / count)
        for stem, count in counts.items()
    }
    holders: dict[str, list[int]] = {}
    found = []
    for here, words in enumerate(stems):
        rarest = sorted(words - _ASPECT_STEMS, key=lambda stem: (counts[stem], stem))[:_RAREST]
        near = {there for stem in rarest for there in holders.get(stem, ())[-_NEIGHBOURS:]}
        for there in sorted(near):
            share = _weight(words & stems[there], weight) / _weight(words | stems[there], weight)
            if share >= _ALIKE and questions[here].material == questions[there].material:
                found.append(Likeness(questions[there], questions[here], share))
        for stem in rarest:
            holders.setdefault(stem, []).append(here)
    return sorted(found, key=lambda pair: -pair.share)


def _weight(stems: Iterable[str], weight: Mapping[str, float]) -> float:
    return sum(weight[stem] for stem in stems) or 1.0


def _stems(text: str) -> frozenset[str]:
    words = _WORD.findall(fold(text))
    return frozenset(_ASPECTS.get(word) or _stemmer().stemWord(word) for word in words if word not in _STOP)


@cache
def _stemmer() -> Any:
    # Imported here for start-up time: most commands compare no wordings.
    import Stemmer  # noqa: PLC0415

    return Stemmer.Stemmer("english")
