"""What comes next: what is due, then what is weak, then what is new.

    due    its day has come: the longest overdue first, of one day the weakest first
    weak   not due yet, and the last answer missed something: the most first; not what was answered today
    new    never graded, as many a day as are wanted
    drawn  at an interview: any, by chance

What nothing else tells apart stands in an order that the seed makes, so that topics mix; the same seed makes the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dlgrade.practice.records import Card, Standing

Why = Literal["due", "weak", "new", "drawn", "kept", "chosen"]
"""Why a question is asked; `kept` is an answer that was begun and is gone on with, `chosen` what a person picked."""


@dataclass(frozen=True)
class Pick:
    """A card, and why it is asked."""

    card: Card
    why: Why


def shuffled(cards: Iterable[Card], seed: str) -> list[Card]:
    """The cards in the order that a seed makes; a card more or less leaves the order of the others."""
    return sorted(cards, key=lambda card: hashlib.sha256(f"{seed}\0{card.key}".encode()).digest())


def upcoming(cards: Sequence[Card], standings: Iterable[Standing], today: date, *, new: int, seed: str) -> list[Pick]:
    """What is to be asked today, in order; `new` questions at most, those included that were met today."""
    known = {standing.question: standing for standing in standings}
    mixed = shuffled(cards, seed)
    due = [card for card in mixed if _is_due(known.get(card.key), today)]
    weak = [card for card in mixed if _is_weak(known.get(card.key), today)]
    fresh = [card for card in mixed if card.key not in known or known[card.key].due is None]
    begun = sum(standing.met == today and standing.due is not None for standing in known.values())
    return [
        *(Pick(card, "due") for card in sorted(due, key=lambda card: _urgency(known, card))),
        *(Pick(card, "weak") for card in sorted(weak, key=lambda card: -known[card.key].weak)),
        *(Pick(card, "new") for card in fresh[: max(0, new - begun)]),
    ]


def drawn(cards: Sequence[Card], seed: str) -> list[Pick]:
    """All cards, as an interviewer draws them."""
    return [Pick(card, "drawn") for card in shuffled(cards, seed)]


def _is_due(standing: Standing | None, today: date) -> bool:
    return standing is not None and standing.due is not None and standing.due <= today


def _is_weak(standing: Standing | None, today: date) -> bool:
    if standing is None or standing.due is None:
        return False
    return standing.weak > 0 and standing.due > today and standing.last != today


def _urgency(known: Mapping[str, Standing], card: Card) -> tuple[date, float]:
    standing = known[card.key]
    return standing.due or date.max, -standing.weak
