"""Some of a bank's questions, or of several banks', as their positions: the questions are made when they are asked for.

chosen = Positions(bank, [2, 5])
2 in chosen, "general:2" in chosen.ids, list(chosen.ids)        # True, True, ["general:2", "general:5"]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, compress
from typing import Self, TypeVar, overload

from dlgrade.models import Bank, Question
from dlgrade.numbered import Listed


class Positions:
    """Some of a bank's questions."""

    def __init__(self, bank: Bank, positions: Iterable[int] = ()) -> None:
        self._bank = bank
        self._there = bytearray(len(bank.questions) + 1)
        for at in positions:
            self._there[at] = 1

    def add(self, position: int) -> None:
        """Take one more."""
        self._there[position] = 1

    def __contains__(self, position: int) -> bool:
        return self._there[position] == 1

    def __iter__(self) -> Iterator[int]:
        return compress(range(len(self._there)), self._there)

    def __len__(self) -> int:
        return self._there.count(1)

    def __sub__(self, others: Positions) -> Positions:
        return Positions(self._bank, (at for at in self if at not in others))

    @property
    def ids(self) -> Ids:
        """Their ids, in the bank's order."""
        return Ids(self._bank.name, self)

    def of(self, id_: str) -> int | None:
        """The position of one of them by its id, None if it is none of them."""
        name, _, number = id_.rpartition(":")
        at = int(number) if number.isdecimal() and number.isascii() else 0
        there = name == self._bank.name and 0 < at < len(self._there) and self._there[at]
        return at if there and number[0] != "0" else None


class Ids(Listed[str]):
    """The ids of some of a bank's questions."""

    def __init__(self, name: str, positions: Positions) -> None:
        self._name = name
        self._positions = positions

    def __iter__(self) -> Iterator[str]:
        return (f"{self._name}:{at}" for at in self._positions)

    def __len__(self) -> int:
        return len(self._positions)

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and self._positions.of(id_) is not None


T = TypeVar("T")


class Looked(Mapping[str, T]):
    """Something of some questions, by their ids; it is looked up whenever it is asked for."""

    def __init__(self, questions: Positions, look_up: Callable[[int], T]) -> None:
        self._questions = questions
        self._look_up = look_up

    def __getitem__(self, id_: str) -> T:
        at = self._questions.of(id_)
        if at is None:
            raise KeyError(id_)
        return self._look_up(at)

    def at(self, position: int) -> T | None:
        """The same by the question's position, None where there is nothing."""
        return self._look_up(position) if position in self._questions else None

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and self._questions.of(id_) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._questions.ids)

    def __len__(self) -> int:
        return len(self._questions)


class Chosen(Sequence[Question]):
    """Questions of several banks, bank by bank."""

    def __init__(self, chosen: Iterable[tuple[Bank, Sequence[int]]]) -> None:
        """Take each bank with the positions of its questions that are meant."""
        self._chosen = list(chosen)
        self._ends = list(accumulate(len(positions) for _, positions in self._chosen))

    @classmethod
    def all_of(cls, banks: Iterable[Bank]) -> Self:
        """All of them."""
        return cls((bank, range(1, len(bank.questions) + 1)) for bank in banks)

    def __iter__(self) -> Iterator[Question]:
        return (bank.questions[at - 1] for bank, positions in self._chosen for at in positions)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, at: int) -> Question: ...
    @overload
    def __getitem__(self, at: slice) -> list[Question]: ...
    def __getitem__(self, at: int | slice) -> Question | list[Question]:
        if isinstance(at, slice):
            return [self[place] for place in range(len(self))[at]]
        if at < 0:
            at = range(len(self))[at]
        number = bisect_right(self._ends, at)
        bank, positions = self._chosen[number]
        return bank.questions[positions[at - self._ends[number]] - 1]
