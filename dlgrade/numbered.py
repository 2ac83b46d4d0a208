"""Names by the hundred thousand, of which a few bytes each are in memory.

    names = Numbered()
    names.add("what is dropout"), names.add("what is a gate"), names.add("what is dropout")     # 0, 1, 0

A `dict` of a hundred thousand texts takes 20 MB, these take 3.
"""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import TypeVar, overload

_FEW = 1 << 14  # texts that a dict holds; it takes a third of the time
_PLACES = 1 << 8  # at first
_SIZE = 16  # bytes of a digest: so many that two texts do not have the same one


class Numbered:
    """Texts numbered from 0 in the order in which they first came; they are known by their digests, and not kept."""

    def __init__(self) -> None:
        self._few: dict[str, int] | None = {}  # until they are many, or come as digests
        self._digests = bytearray()
        # Numbers, from 1, at the places where their digests lead, or at the next free ones; half are free at least.
        self._places = array("i", bytes(4 * _PLACES))

    def add(self, text: str | bytes) -> int:
        """The number of a text, which is `len` before where it is new. Its digest does as well."""
        if (few := self._few) is not None:
            if isinstance(text, str) and len(few) < _FEW:
                return few.setdefault(text, len(few))
            self._few = None
            for known in few:
                self.add(known)
        digest = text if isinstance(text, bytes) else _digest(text)
        place = self._place(digest)
        if number := self._places[place]:
            return number - 1
        self._digests += digest
        self._places[place] = number = len(self._digests) // _SIZE
        if 2 * number > len(self._places):
            self._grow()
        return number - 1

    def get(self, text: str) -> int | None:
        """The number of a text, None if it has none."""
        if self._few is not None:
            return self._few.get(text)
        number = self._places[self._place(_digest(text))]
        return number - 1 if number else None

    def __contains__(self, text: str) -> bool:
        return self.get(text) is not None

    def __iter__(self) -> Iterator[bytes]:
        """Give the digests, in order."""
        if self._few is not None:
            return map(_digest, self._few)
        return (bytes(self._digests[at : at + _SIZE]) for at in range(0, len(self._digests), _SIZE))

    def __len__(self) -> int:
        return len(self._digests) // _SIZE if self._few is None else len(self._few)

    def _place(self, digest: bytes) -> int:
        """Where the number of a text stands, or would."""
        places, digests, last = self._places, self._digests, len(self._places) - 1
        place = int.from_bytes(digest[:4], "little") & last
        while (number := places[place]) and not digests.startswith(digest, _SIZE * number - _SIZE):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        self._places = places = array("i", bytes(4 * 4 * len(self._places)))
        last = len(places) - 1
        for number, digest in enumerate(self, start=1):
            place = int.from_bytes(digest[:4], "little") & last
            while places[place]:  # no two digests are the same
                place = (place + 1) & last
            places[place] = number


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


class Grouped:
    """Numbers in groups, which are numbered themselves, from 0 in the order in which they came."""

    def __init__(self) -> None:
        self._firsts = array("q")
        self._others: dict[int, array[int]] = {}  # of groups that have more than one

    def add(self, group: int, number: int) -> None:
        """Add a number to a group, which may be the next one."""
        if group == len(self._firsts):
            self._firsts.append(number)
        else:
            self._others.setdefault(group, array("q")).append(number)

    @property
    def firsts(self) -> Sequence[int]:
        """The first of each group."""
        return self._firsts

    @property
    def larger(self) -> Iterator[Sequence[int]]:
        """The groups of more than one."""
        return (self[group] for group in sorted(self._others))

    def __getitem__(self, group: int) -> Sequence[int]:
        return self._firsts[group], *self._others.get(group, ())

    def __len__(self) -> int:
        return len(self._firsts)


T_co = TypeVar("T_co", covariant=True)


class Listed(Sequence[T_co]):
    """What is made one by one when it is gone through: a tuple to look at, which takes no memory.

    Whoever asks for one of them by its place goes through those before it.
    """

    @abstractmethod
    def __iter__(self) -> Iterator[T_co]: ...

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, at: int | slice) -> T_co | tuple[T_co, ...]:
        if isinstance(at, int) and 0 <= at < len(self):
            return next(islice(self, at, None))
        return tuple(self)[at]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, tuple | Listed):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))
