"""Patterns that are compiled late are right all the same."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from conftest import ROOT

from dlgrade.banks.patterns import _Later, later

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(Path(ROOT, "dlgrade", "banks").rglob("*.py"))
    if " = later(" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", MODULES)
def test_every_pattern_compiles(module: str) -> None:
    found = [value for value in vars(import_module(module)).values() if isinstance(value, _Later)]
    assert found
    for pattern in found:
        assert isinstance(pattern._compiled, re.Pattern)


def test_a_pattern_is_compiled_when_it_is_first_used() -> None:
    pattern = later(r"(?P<digits>\d+)", re.ASCII)
    assert "_compiled" not in vars(pattern)
    assert [match["digits"] for match in pattern.finditer("1 22")] == ["1", "22"]
    assert pattern.fullmatch("x") is None
    assert "_compiled" in vars(pattern)
