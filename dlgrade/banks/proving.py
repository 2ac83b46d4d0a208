"""The proof that a document with answers in it reads as it did before, those questions answered.

The filled document is read as any is, and what it says is compared question by question; nothing of it is kept but
answers that read back in another spelling.
"""

from __future__ import annotations

from array import array

from dlgrade.banks.chosen import Positions
from dlgrade.banks.paged import Text
from dlgrade.banks.placing import Placed
from dlgrade.banks.reading import read_back
from dlgrade.banks.wording import fold


class Proof:
    """Looks whether a bank reads as before with answers in it; what was read last is kept, apart from the reading."""

    def __init__(self, placed: Placed) -> None:
        self._bank = placed.bank
        self._placed = placed
        self._last: tuple[array[int] | None, Text] = None, placed.bank.source
        self._others: dict[int, str] = {}  # answers that read back in another spelling, by position

    def source(self, positions: array[int]) -> Text:
        """The bank's source with these answers in it."""
        if self._last[0] != positions:
            self._last = None, ""  # the texts need not be there at the same time
            self._last = positions, self._placed.source(positions)
        return self._last[1]

    def settled(self, proven: array[int]) -> Text:
        """The source with the answers that are proven, as it was read last."""
        if not proven:
            return self._bank.source
        if self._last[0] != proven:
            self._wrong(proven)
        return self.source(proven)

    def answer(self, position: int) -> str:
        """An answer as it was read back."""
        return self._others[position] if position in self._others else self._placed.answer(position)

    def proven(self, positions: array[int]) -> array[int]:
        """Return the answers with which the document reads as before, those questions answered.

        What spoils the reading is found by halving, so that the one pass of the usual case stays one.
        """
        if not positions:
            return positions
        wrong = self._wrong(positions)
        if wrong is not None:
            return self.proven(array("i", (at for at in positions if at not in wrong))) if wrong else positions
        if len(positions) == 1:
            return positions[:0]
        half = len(positions) // 2
        return self._added(self.proven(positions[:half]), self.proven(positions[half:]))

    def _added(self, proven: array[int], others: array[int]) -> array[int]:
        """Add to proven answers those of others that do not clash with them: each half holds by itself."""
        if not others:
            return proven
        both = proven + others
        if not proven or self._wrong(both) == set():
            return both
        if len(others) == 1:
            return proven
        half = len(others) // 2
        return self._added(self._added(proven, others[:half]), others[half:])

    def _wrong(self, positions: array[int]) -> set[int] | None:
        """Return the positions whose answers do not read back; None if anything else changed as well."""
        bank, given = self._bank, Positions(self._bank, positions)
        self._others = {}
        after = read_back(bank, self.source(positions))
        if after is None:
            return None
        wrong: set[int] = set()
        for old, new in zip(bank.questions, after, strict=True):
            if (old.raw, old.number, old.category, old.difficulty) != (
                new.raw,
                new.number,
                new.category,
                new.difficulty,
            ):
                return None
            found = new.body.answer
            if old.position not in given:
                if old.answer != found:
                    return None
                continue
            answer = self._placed.answer(old.position)
            if found is None or not _says(found, answer):
                wrong.add(old.position)
            elif found != answer:
                self._others[old.position] = found
        return wrong


def _says(found: str, given: str) -> bool:
    """Say whether an answer was found whole."""
    if found == given:
        return bool(found)
    said = fold(found)
    return bool(said) and said == fold(given)
