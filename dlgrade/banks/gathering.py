"""Files and folders as they are named -> the banks in them, each once, each with a name of its own."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dlgrade.banks.reading import AS_IT_IS, find_banks, read_bank
from dlgrade.errors import BankError, NoQuestions
from dlgrade.models import Bank, Choices, Question
from dlgrade.shelf import made


@dataclass(frozen=True)
class Banks:
    """Banks that were read. Of what stood in folders, `passed_over` asks nothing and `unreadable` is broken."""

    banks: tuple[Bank, ...]
    passed_over: tuple[NoQuestions, ...] = ()
    unreadable: tuple[BankError, ...] = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions, in order."""
        return tuple(question for bank in self.banks for question in bank.questions)


def documents(paths: Iterable[str | os.PathLike[str]], *, leave_out: Path | None = None) -> Iterator[tuple[Path, Path]]:
    """Each document with the path it was found under, in order; what several paths lead to, once.

    `leave_out` is where results go: what stands there, or in that folder, is no input of the same command.

    Raises:
        BankError: a path does not exist, or a folder has no documents.
    """
    seen: set[Path] = set()
    for path in map(Path, paths):
        outside = path.is_dir() and leave_out is not None and not path.resolve().is_relative_to(leave_out.resolve())
        for document in find_banks([path]):
            real = document.resolve()
            if real in seen or (outside and leave_out and real.is_relative_to(leave_out.resolve())):
                continue
            seen.add(real)
            yield path, document


def read_banks(
    paths: Iterable[str | os.PathLike[str]],
    *,
    choices: Choices = AS_IT_IS,
    leave_out: Path | None = None,
) -> Banks:
    """Read documents and folders of them. A document found in a folder may be no bank; one named must be.

    Raises:
        BankError: a path that was named cannot be read, or there is no bank at all.
    """
    banks: list[Bank] = []
    passed_over: list[NoQuestions] = []
    unreadable: list[BankError] = []
    for path, document in documents(paths, leave_out=leave_out):
        try:
            banks.append(read_bank(document, choices=choices))
        except BankError as error:
            if document == path:
                raise
            if isinstance(error, NoQuestions):
                passed_over.append(error)
            else:
                unreadable.append(error)
    if not banks:
        raise _no_bank([*unreadable, *passed_over])
    return Banks(tuple(_named_apart(banks)), tuple(passed_over), tuple(unreadable))


def _no_bank(errors: Sequence[BankError]) -> BankError:
    if len(errors) == 1:
        return errors[0]
    return BankError("\n".join(["no bank was found", *(error.message for error in errors)]))


def _named_apart(banks: Sequence[Bank]) -> Iterator[Bank]:
    """The banks, those of one name called by as much of their path as tells them apart: `a/bank` and `b/bank`."""
    tails = [Path(bank.path).resolve().with_suffix("").parts for bank in banks]
    ends = Counter(parts[-length:] for parts in set(tails) for length in range(1, len(parts) + 1))
    for bank, parts in zip(banks, tails, strict=True):
        length = next((n for n in range(1, len(parts)) if ends[parts[-n:]] == 1), len(parts))
        yield bank if length == 1 else called(bank, "/".join(parts[-length:]))


def called(bank: Bank, name: str) -> Bank:
    """The bank by another name, its questions' ids as well."""
    return replace(bank, name=name, questions=made(partial(_named, name), bank.questions))


def _named(bank: str, question: Question) -> Question:
    return replace(question, bank=bank)
