"""From what a person types to the one question meant.

A question is named by its id (`general:2`, `my/bank.md:3`), its rubric's name, its text, or a part of its
text that only it has.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from dlgrade.banks.reading import find_banks, read_bank
from dlgrade.banks.wording import squash
from dlgrade.errors import UnknownQuestion
from dlgrade.models import Bank, Record
from dlgrade.rubrics import Rubrics

_ID = re.compile(r"(?s)(?P<bank>.+):(?P<position>\d+)\Z")
_SHOWN = 8


class Target(Record):
    """The question meant: an id to call it by, its text, and its rubric's name if it has one."""

    id: str
    text: str
    rubric: str | None


class Lookup:
    """Finds questions in the banks of some folders, earlier folders over later ones file by file."""

    def __init__(self, folders: Sequence[Path], rubrics: Rubrics) -> None:
        self._folders = folders
        self._rubrics = rubrics

    def find(self, query: str) -> Target:
        """The one question that `query` names.

        Raises:
            UnknownQuestion: none does, with the nearest ones; or several do, with a list of them.
            BankError: the bank that an id names cannot be read.
        """
        query = query.strip()
        if not squash(query):
            raise UnknownQuestion("no question was named", hint="Name it by id (general:2), rubric or text.")
        return self._by_id(query) or self._by_rubric(query) or self._by_text(query)

    def _by_id(self, query: str) -> Target | None:
        match = _ID.match(query)
        path = self._bank_path(match["bank"]) if match else None
        if match is None or path is None:
            return None
        bank = read_bank(path, wordings=self._rubrics.wordings)
        position = int(match["position"])
        if not 1 <= position <= len(bank.questions):
            first, last = bank.questions[0].id, bank.questions[-1].id
            raise UnknownQuestion(
                f"{path} has no question {position}", hint=f"It has {len(bank.questions)}: {first} to {last}."
            )
        return self._targets(bank)[position - 1]

    def _bank_path(self, name: str) -> Path | None:
        """A bank's file by its path, or by its stem in the library."""
        path = Path(name)
        return path if path.is_file() else self._banks_by_stem.get(name)

    def _by_rubric(self, query: str) -> Target | None:
        if query not in self._rubrics.paths:
            return None
        rubric = self._rubrics.load(query)
        return Target(id=rubric.name, text=rubric.question, rubric=rubric.name)

    def _by_text(self, query: str) -> Target:
        wanted = squash(query)
        every = self._every
        whole = [target for target in every if squash(target.text) == wanted]
        rubric = self._rubrics.name_for(query)
        if not whole and rubric is not None:
            return Target(id=rubric, text=query, rubric=rubric)
        found = _distinct(whole or [target for target in every if wanted in squash(target.text)])
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownQuestion(f"{query!r} is part of {len(found)} questions:\n{_listed(found)}")
        raise UnknownQuestion(f"no question is called {query!r}", hint=self._nearest(query))

    def _nearest(self, query: str) -> str:
        by_name: dict[str, Target] = {}
        for target in self._every:
            by_name |= {target.id.casefold(): target, target.text.casefold(): target}
        near = difflib.get_close_matches(query.casefold(), by_name, n=3, cutoff=0.5)
        if not near:
            return "`dlgrade list PATH` shows a bank's questions and their ids."
        return f"The nearest:\n{_listed(_distinct([by_name[name] for name in near]))}"

    @cached_property
    def _banks_by_stem(self) -> Mapping[str, Path]:
        found: dict[str, Path] = {}
        for path in find_banks(self._folders):
            found.setdefault(path.stem, path)
        return found

    @cached_property
    def _every(self) -> list[Target]:
        banks = [read_bank(path, wordings=self._rubrics.wordings) for path in self._banks_by_stem.values()]
        return [target for bank in banks for target in self._targets(bank)]

    def _targets(self, bank: Bank) -> list[Target]:
        return [Target(id=q.id, text=q.text, rubric=self._rubrics.name_for(q)) for q in bank.questions]


def _distinct(targets: Sequence[Target]) -> list[Target]:
    """One target for each different text, the first one."""
    return list({squash(target.text): target for target in reversed(targets)}.values())[::-1]


def _listed(targets: Sequence[Target]) -> str:
    lines = [f"  {target.id:14} {target.text}" for target in targets[:_SHOWN]]
    if len(targets) > _SHOWN:
        lines.append(f"  … and {len(targets) - _SHOWN} more")
    return "\n".join(lines)
