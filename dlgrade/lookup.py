"""From what a person types to the one question meant.

A question is named by its id (`general:2`, `my/bank.md:3`), its rubric's name, its text, or a part of its
text that only it has.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from dlgrade.banks.forms import SUFFIXES
from dlgrade.banks.reading import AS_IT_IS, find_banks, read_bank
from dlgrade.banks.wording import squash
from dlgrade.errors import BankError, UnknownQuestion
from dlgrade.models import Bank, Choices, Question, Record
from dlgrade.rubrics import Rubrics

_ID = re.compile(r"(?s)(?P<bank>.+?)\s*:\s*(?P<position>\d+)\Z")
_WORD = re.compile(r"\w{5,}")
_SHOWN = 8


class Target(Record):
    """The question meant: an id to call it by, its text, its rubric's name and its entry in a bank if it has them."""

    id: str
    text: str
    rubric: str | None
    question: Question | None = None


class Lookup:
    """Finds questions in the banks of some folders, earlier folders over later ones file by file."""

    def __init__(self, folders: Sequence[Path], rubrics: Rubrics, choices: Choices = AS_IT_IS) -> None:
        self._folders = folders
        self._choices = choices
        self._rubrics = rubrics

    def known(self, query: str) -> Target | None:
        """The question of that id, rubric or whole text, None if there is none: a part of a text is not enough.

        Raises:
            UnknownQuestion: an id names a question that its bank does not have, or may be one of several.
            BankError: the bank that an id names cannot be read.
        """
        query = query.strip()
        return self._by_id(query) or self._by_rubric(query) or self._by_whole_text(query)

    def find(self, query: str, *, nearest: bool = True) -> Target:
        """The one question that `query` names; with `nearest`, an error says what may be meant, which takes a while.

        Raises:
            UnknownQuestion: none does, with the nearest ones; or several do, with a list of them.
            BankError: the bank that an id names cannot be read.
        """
        query = query.strip()
        if not squash(query):
            raise UnknownQuestion("no question was named", hint="Name it by id (general:2), rubric or text.")
        return self.known(query) or self._by_part(query, nearest=nearest)

    def entries(self, target: Target) -> list[Question]:
        """The target's entry, else those that share its rubric, else one made of its text: always at least one."""
        if target.question is not None:
            return [target.question]
        shared = [other.question for other in self._every if other.question and other.rubric == target.rubric]
        return shared or [Question(bank=target.id, position=1, raw=target.text, text=target.text, line=1)]

    @property
    def stems(self) -> list[str]:
        """What the library's banks are called."""
        return sorted(self._by_stem)

    def banks_called(self, name: str) -> list[str]:
        """The paths of the banks that an id's first part may mean."""
        return [str(path) for path in self._bank_paths(name)]

    @property
    def documents(self) -> list[Path]:
        """The documents of all folders; an earlier folder's in the place of one of the same name in a later one."""
        return [path for folder in self._library for path in folder]

    def _by_id(self, query: str) -> Target | None:
        match = _ID.match(query)
        paths = self._bank_paths(match["bank"]) if match else []
        if match is not None and not paths and Path(match["bank"]).suffix in SUFFIXES:
            raise UnknownQuestion(f"{match['bank']}: no such file")
        if match is None or not paths:
            return None
        if len(paths) > 1:
            candidates = "\n".join(f"  {path}:{match['position']}" for path in paths)
            raise UnknownQuestion(f"{query!r} may be one of {len(paths)}:\n{candidates}")
        bank = read_bank(paths[0], choices=self._choices)
        position = int(match["position"])
        if not 1 <= position <= len(bank.questions):
            first, last = bank.questions[0].id, bank.questions[-1].id
            raise UnknownQuestion(
                f"{paths[0]} has no question {position}", hint=f"It has {len(bank.questions)}: {first} to {last}."
            )
        return self._targets(bank)[position - 1]

    def _bank_paths(self, name: str) -> list[Path]:
        """The files that a bank's name may mean: its path, a document here, or those of that stem in the library."""
        # os.path's own says no where a whole question is too long for a file's name
        if os.path.isfile(name):  # noqa: PTH113
            return [Path(name)]
        here = [Path(f"{name}{suffix}") for suffix in SUFFIXES if os.path.isfile(f"{name}{suffix}")]  # noqa: PTH113
        return here or self._by_stem.get(name.casefold(), [])

    def _by_rubric(self, query: str) -> Target | None:
        if query not in self._rubrics.paths:
            return None
        rubric = self._rubrics.load(query)
        return Target(id=rubric.name, text=rubric.question, rubric=rubric.name)

    def _by_whole_text(self, query: str) -> Target | None:
        if (target := self._whole.get(squash(query))) is not None:
            return target
        rubric = self._rubrics.name_for(query)
        return None if rubric is None else Target(id=rubric, text=query, rubric=rubric)

    def _by_part(self, query: str, *, nearest: bool) -> Target:
        wanted = squash(query)
        found = [target for text, target in self._whole.items() if wanted in text]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownQuestion(f"{query!r} is part of {len(found)} questions:\n{_listed(found)}")
        raise UnknownQuestion(f"no question is called {query!r}", hint=self._nearest(query) if nearest else None)

    def _nearest(self, query: str) -> str:
        by_name: dict[str, Target] = {}
        for target in self._every:
            by_name |= {target.id.casefold(): target, target.text.casefold(): target}
            if target.rubric is not None:
                by_name.setdefault(target.rubric, target)
        near = [by_name[name] for name in difflib.get_close_matches(query.casefold(), by_name, n=3, cutoff=0.5)]
        near = near or self._with_words_like(query)
        if not near:
            return "`dlgrade list PATH` shows a bank's questions and their ids."
        return f"The nearest:\n{_listed(_distinct(near))}"

    def _with_words_like(self, query: str) -> list[Target]:
        """The questions that have most of the query's longer words, misspellings forgiven."""
        words = {target.id: set(_WORD.findall(target.text.casefold())) for target in self._every}
        every = set().union(*words.values())
        meant = [difflib.get_close_matches(word, every, n=1, cutoff=0.8) for word in _WORD.findall(query.casefold())]
        wanted = {word for close in meant for word in close}
        if not wanted:
            return []
        return sorted(self._every, key=lambda target: -len(wanted & words[target.id]))[:3]

    @cached_property
    def _library(self) -> list[list[Path]]:
        """The documents of each folder, those left out that an earlier folder has under the same name."""
        found: list[list[Path]] = []
        names: set[Path] = set()
        for folder in self._folders:
            with suppress(BankError):  # a folder without documents is no reason to find nothing elsewhere
                inside = find_banks([folder])
                found.append([path for path in inside if path.relative_to(folder) not in names])
                names |= {path.relative_to(folder) for path in inside}
        return found

    @cached_property
    def _by_stem(self) -> Mapping[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for folder in self._library:
            stems: dict[str, list[Path]] = {}
            for path in folder:
                stems.setdefault(path.stem.casefold(), []).append(path)
            for stem, paths in stems.items():
                found.setdefault(stem, paths)
        return found

    @cached_property
    def _every(self) -> list[Target]:
        targets: list[Target] = []
        for path in self.documents:
            with suppress(BankError):  # what is no bank asks nothing
                targets += self._targets(read_bank(path, choices=self._choices))
        return targets

    @cached_property
    def _whole(self) -> Mapping[str, Target]:
        """The questions by their text, squashed; of several with one text, the first."""
        found: dict[str, Target] = {}
        for target in self._every:
            found.setdefault(squash(target.text), target)
        return found

    def _targets(self, bank: Bank) -> list[Target]:
        named = ((question, self._rubrics.name_for(question)) for question in bank.questions)
        return [Target(id=q.id, text=q.text, rubric=rubric, question=q) for q, rubric in named]


def _distinct(targets: Sequence[Target]) -> list[Target]:
    """One target for each different text, the first one."""
    return list({squash(target.text): target for target in reversed(targets)}.values())[::-1]


def _listed(targets: Sequence[Target]) -> str:
    lines = [f"  {target.id:14} {target.text}" for target in targets[:_SHOWN]]
    if len(targets) > _SHOWN:
        lines.append(f"  … and {len(targets) - _SHOWN} more")
    return "\n".join(lines)
