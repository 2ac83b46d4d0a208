"""The items of a list without a block for each: a document may be one list of a hundred thousand."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from dlgrade.banks.block import Block, Plainly
from dlgrade.shelf import Records


class Items(Records[Block]):
    """Items that hold plain paragraphs alone. Where their lines are stands here; the block of one is made on demand."""

    def __init__(self, plainly: Plainly) -> None:
        self._margin = plainly.margin
        self._lines = array("i")
        self._digits = bytearray()  # of their numbers
        self._columns = bytearray()  # that their content stands in from the left
        # Of each paragraph how many lines below its item it begins, and how many it has; where an item's begin and end.
        self._paragraphs = array("i")
        self._begins = array("i", [0])

    def add(self, line: int, digits: int, columns: int) -> None:
        """Add an item of one line, with a number of so many digits and its content so many columns from the left."""
        self._lines.append(line)
        self._digits.append(digits)
        self._columns.append(columns)
        self._paragraphs.extend((0, 1))
        self._begins.append(len(self._paragraphs))

    def go_on(self) -> None:
        """Let the last item's last paragraph go on for a line."""
        self._paragraphs[-1] += 1

    def put(self, line: int, lines: int) -> None:
        """Put a paragraph of so many lines into the last item."""
        self._paragraphs.extend((line - self._lines[-1], lines))
        self._begins[-1] += 2

    def cut(self, count: int) -> None:
        """Forget all items but the first."""
        if count < len(self._lines):
            del self._paragraphs[self._begins[count] :]
            del self._lines[count:], self._digits[count:], self._columns[count:], self._begins[count + 1 :]

    @property
    def columns(self) -> int:
        """The columns that the last item's content stands in from the left."""
        return self._columns[-1]

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Block]:
        return map(self._at, range(len(self._lines)))

    def _at(self, index: int) -> Block:
        paragraphs = self._paragraphs[self._begins[index] : self._begins[index + 1]]
        return self._margin(self._columns[index]).item(self._lines[index], self._digits[index], paragraphs)
