"""Banks -> what can be practised: each question once, in however many banks it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dlgrade.banks.same import identity
from dlgrade.models import Bank, Question, Rubric
from dlgrade.practice.records import Card
from dlgrade.rubrics import Rubrics

NO_TOPIC = "other"
"""The topic of a question that has neither a rubric nor a category."""


@dataclass(frozen=True)
class Wanted:
    """Which questions: those of that category, topic and difficulty, case aside; None for any."""

    category: str | None = None
    topic: str | None = None
    difficulty: str | None = None

    def takes(self, card: Card) -> bool:
        """Whether a card is one of them."""
        pairs = (
            (self.category, card.categories),
            (self.topic, (card.topic,)),
            (self.difficulty, card.difficulties),
        )
        return all(wanted is None or wanted.casefold() in {one.casefold() for one in found} for wanted, found in pairs)


@dataclass(frozen=True)
class Deck:
    """What can be practised. `bare` are questions that nothing tells the answer to, so that none could be graded.

    `renamed` says by which keys questions went before they had a rubric.
    """

    cards: tuple[Card, ...]
    bare: tuple[Question, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def only(self, wanted: Wanted) -> Deck:
        """The deck with the cards that are wanted."""
        return Deck(tuple(card for card in self.cards if wanted.takes(card)), self.bare, self.renamed)

    @property
    def topics(self) -> list[str]:
        """The topics of its cards, by name."""
        return sorted({card.topic for card in self.cards})


def deck(banks: Iterable[Bank], rubrics: Rubrics) -> Deck:
    """The questions of some banks, each once, in their order.

    Raises:
        RubricError: a rubric has a mistake in it.
    """
    groups: dict[str, list[Question]] = {}
    names: dict[str, str | None] = {}
    renamed: dict[str, str] = {}
    for question in (question for bank in banks for question in bank.questions):
        name = rubrics.name_for(question)
        own = f"text:{identity(question.text)}"
        key = own if name is None else f"rubric:{name}"
        if key != own:
            renamed[own] = key
        names[key] = name
        groups.setdefault(key, []).append(question)
    cards, bare = [], []
    for key, questions in groups.items():
        name = names[key]
        reference = next((question.answer for question in questions if question.answer is not None), None)
        if name is None and reference is None:
            bare.append(questions[0])
        else:
            cards.append(_card(key, questions, None if name is None else rubrics.load(name), reference))
    return Deck(tuple(cards), tuple(bare), renamed)


def _card(key: str, questions: Sequence[Question], rubric: Rubric | None, reference: str | None) -> Card:
    categories = _named(question.category for question in questions)
    difficulties = _named(question.difficulty for question in questions)
    if rubric is not None and rubric.difficulty is not None and not difficulties:
        difficulties = (rubric.difficulty,)
    return Card(
        key=key,
        id=questions[0].id,
        text=questions[0].text,
        topic=rubric.topic if rubric is not None else next(iter(categories), NO_TOPIC),
        categories=categories,
        difficulties=difficulties,
        rubric=None if rubric is None else rubric.name,
        reference=reference if rubric is None else None,
    )


def _named(words: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))
