"""The user's folders win over the shipped ones, and the shipped ones are always found."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlgrade.library import SHIPPED, folders
from dlgrade.settings import Settings


def test_the_shipped_folders_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("prompts", "rubrics", "questions"):
        assert folders(kind, Settings()) == (SHIPPED / kind,)


def test_a_folder_where_dlgrade_runs_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prompts").mkdir()
    assert folders("prompts", Settings()) == (Path("prompts"), SHIPPED / "prompts")


def test_in_the_checkout_both_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SHIPPED)
    assert folders("rubrics", Settings()) == (Path("rubrics"),)
