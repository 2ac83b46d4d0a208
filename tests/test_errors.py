"""The error tree is the one drawn at the top of its file, and exit codes are those that scripts rely on."""

from __future__ import annotations

import inspect
import re

import pytest

from dlgrade import errors


def tree(kind: type[errors.DlgradeError]) -> list[type[errors.DlgradeError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


def test_the_drawing_shows_every_class_in_its_place() -> None:
    drawn = re.findall(r"[A-Z]\w+(?=\s)", (errors.__doc__ or "").partition("A message says")[0].partition("\n")[2])
    classes = [kind.__name__ for kind in tree(errors.DlgradeError)]
    assert [name for name in drawn if name in classes] == classes


@pytest.mark.parametrize(
    ("kind", "code"),
    [(errors.BankError, 2), (errors.BadKey, 3), (errors.BudgetSpent, 1), (errors.TooLong, 1), (errors.DlgradeError, 1)],
)
def test_the_exit_code_tells_whose_fault_it_is(kind: type[errors.DlgradeError], code: int) -> None:
    assert kind("x").exit_code == code


def test_kinds_are_words_for_programs() -> None:
    assert errors.TooLong("x").kind == "too_long"
    assert errors.ServerFailed("x").kind == "server_failed"


def test_a_hint_stands_on_its_own_line() -> None:
    assert str(errors.BankError("a.md: empty", hint="Write something.")) == "a.md: empty\nWrite something."


def test_every_class_says_what_it_is_for() -> None:
    assert all(inspect.getdoc(kind) for kind in tree(errors.DlgradeError))
