"""Records by the hundred thousand that need not be in memory: many stand in a file without a name, page by page.

    shelf = Shelf(tuple, Point._make)      how a record is packed for the file, and unpacked
    shelf.append(Point(1, 2))
    points = shelf.done()                  a tuple where they are few
    made(str, points)                      what is made of records, when somebody asks for it

Who reads them goes on from one to the next: some pages are kept. A record is made anew each time its page is read, so
that it is equal to the one before, but not the same object.
"""

from __future__ import annotations

import errno
import marshal
import os
from abc import abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, chain, islice
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any, Generic, TypeVar, overload
from weakref import finalize

from dlgrade.spool import unwritable

MANY = 1 << 14
"""Records from which on they stand in a file."""

PAGE = 1 << 8
"""Records of a page, which are read together."""

_KEPT = 4  # pages in memory

T = TypeVar("T")


class Records(Sequence[T]):
    """What indices and slices of records are, for those that give them one by one."""

    @abstractmethod
    def _at(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple([self._at(at) for at in range(*index.indices(len(self)))])
        length = len(self)
        if not -length <= index < length:
            raise IndexError(index)
        return self._at(index if index >= 0 else index + length)


class Shelf(Records[T], Generic[T]):
    """Records, added at the end. `pack` makes of one what `marshal` writes, or None: then it stays in memory."""

    def __init__(self, pack: Callable[[T], tuple[Any, ...] | None], unpack: Callable[[Any], T]) -> None:
        self._pack = pack
        self._unpack = unpack
        self._size = min(MANY, PAGE)
        self._begins = array("q", [0])  # of the pages in the file, and where the last ends
        self._pages: dict[int, list[T]] = {}
        self._unpacked: dict[int, T] = {}
        self._last: list[T] = []  # those behind the last page
        self._file: IO[bytes] | None = None
        self._one_at_a_time = Lock()  # the questions of a bank may be asked for by several threads

    def append(self, record: T) -> None:
        """Add a record.

        Raises:
            OutputError: the disk of temporary files is full.
        """
        self._last.append(record)
        if len(self._last) >= (MANY if self._file is None else self._size):
            self._write()

    def extend(self, records: Iterable[T]) -> None:
        """Add some records, which need not be in memory together.

        Raises:
            OutputError: the disk of temporary files is full.
        """
        records = iter(records)
        while some := list(islice(records, self._size)):
            self._last += some
            if len(self._last) >= (MANY if self._file is None else self._size):
                self._write()

    def done(self) -> Sequence[T]:
        """The records, as a tuple where they are few."""
        return tuple(self._last) if self._file is None else self

    def _write(self) -> None:
        file = self._file
        try:
            if file is None:
                file = self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - for as long as this lives
                finalize(self, _close, file)
            file.seek(self._begins[-1])
            while len(self._last) >= self._size:
                data = marshal.dumps(self._packed(self._last[: self._size]))
                if file.write(data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._begins.append(self._begins[-1] + len(data))
                del self._last[: self._size]
        except OSError as error:
            raise unwritable(error) from None

    def _packed(self, records: Sequence[T]) -> list[tuple[Any, ...] | None]:
        packed = [self._pack(record) for record in records]
        if None in packed:
            begin = (len(self._begins) - 1) * self._size
            kept = (at for at, found in enumerate(packed) if found is None)
            self._unpacked.update((begin + at, records[at]) for at in kept)
        return packed

    def _page(self, number: int) -> list[T]:
        page = self._pages.get(number)
        if page is None:
            with self._one_at_a_time:
                page = self._read(number)
                while len(self._pages) >= _KEPT:
                    del self._pages[next(iter(self._pages))]
                self._pages[number] = page
        return page

    def _read(self, number: int) -> list[T]:
        if self._file is None:
            raise AssertionError
        begin, end = self._begins[number], self._begins[number + 1]
        try:
            self._file.seek(begin)
            packed = marshal.loads(self._file.read(end - begin))  # noqa: S302 - nobody else can write there
        except OSError as error:
            raise unwritable(error) from None
        if not self._unpacked:
            return list(map(self._unpack, packed))
        first = number * self._size
        return [
            self._unpacked[at] if record is None else self._unpack(record) for at, record in enumerate(packed, first)
        ]

    def __len__(self) -> int:
        return (len(self._begins) - 1) * self._size + len(self._last)

    def __iter__(self) -> Iterator[T]:
        for number in range(len(self._begins) - 1):
            yield from self._page(number)
        yield from self._last

    def _at(self, index: int) -> T:
        number, at = divmod(index, self._size)
        pages = len(self._begins) - 1
        return self._page(number)[at] if number < pages else self._last[index - pages * self._size]


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):
        file.close()


def shelved(
    records: Iterable[T], pack: Callable[[T], tuple[Any, ...] | None], unpack: Callable[[Any], T]
) -> Sequence[T]:
    """The records, as a tuple where they are few.

    Raises:
        OutputError: the disk of temporary files is full.
    """
    shelf = Shelf(pack, unpack)
    shelf.extend(records)
    return shelf.done()


class _Joined(Records[T]):
    """The records of some sequences, one after the other."""

    def __init__(self, sequences: Sequence[Sequence[T]]) -> None:
        self._sequences = sequences
        self._ends = list(accumulate(map(len, sequences)))

    def __len__(self) -> int:
        return self._ends[-1]

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self._sequences)

    def _at(self, index: int) -> T:
        which = bisect_right(self._ends, index)
        return self._sequences[which][index - self._ends[which]]


def joined(sequences: Sequence[Sequence[T]]) -> Sequence[T]:
    """The records of some sequences as those of one."""
    if len(sequences) == 1:
        return sequences[0]
    few = all(isinstance(sequence, tuple) for sequence in sequences)
    return tuple(chain.from_iterable(sequences)) if few else _Joined(sequences)


class _Made(Records[T]):
    """What is made of records that stand in sequences of one length, each time somebody asks for it."""

    def __init__(self, make: Callable[..., T], sequences: tuple[Sequence[Any], ...]) -> None:
        self._make = make
        self._sequences = sequences

    def __len__(self) -> int:
        return len(self._sequences[0])

    def __iter__(self) -> Iterator[T]:
        return map(self._make, *self._sequences)

    def _at(self, index: int) -> T:
        return self._make(*[sequence[index] for sequence in self._sequences])


def made(make: Callable[..., T], *sequences: Sequence[Any]) -> Sequence[T]:
    """What is made of the records of sequences of one length, a tuple where they are few, else each on demand."""
    few = all(isinstance(sequence, tuple | range) for sequence in sequences)
    return tuple(map(make, *sequences)) if few else _Made(make, sequences)
