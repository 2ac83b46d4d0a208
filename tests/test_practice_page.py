"""docs/practice.md shows a sitting as it is, and its tables say what the code does."""

from __future__ import annotations

import re
import shutil
from datetime import date

import pytest
from conftest import ROOT, Run
from practising import attempt

from dlgrade.models import VerdictWord
from dlgrade.practice.memory import remembered

PAGE = (ROOT / "docs" / "practice.md").read_text(encoding="utf-8")


def test_the_sitting_is_played_as_the_page_shows_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copytree(ROOT / "questions", "questions")
    command, block = re.findall(r"<!-- dlgrade (.+?) -->\n((?:    .*\n|\n)+)", PAGE)[0]
    lines = [line.removeprefix("    ") for line in block.strip("\n").splitlines()]
    typed = [line.removeprefix("> ") for line in lines if line.startswith("> ")]
    typed += re.findall(r"\[q\]uit: (\w)", block)
    shown = [line for line in lines if not line.startswith("> ")]
    ran = run(*command.split(), stdin="\n".join(typed).encode())
    assert ran.out.strip().splitlines() == shown


@pytest.mark.parametrize(("met", "days"), [(10, 8), (9, 8), (8, 2), (7, 2), (6, 1), (4, 1), (3, 1), (0, 1)])
def test_the_table_of_ratings_is_what_happens_the_first_time(met: int, days: int) -> None:
    """Of the question's own card: nothing pulls it forward where all that is missed could have earned nothing more."""
    verdicts: dict[str, VerdictWord] = {str(n): "met" if n < met else "missed" for n in range(10)}
    first = attempt(date(2026, 1, 5), verdicts)
    memory = remembered([first.model_copy(update={"spare": tuple(verdicts)})])
    assert memory is not None
    assert (memory.due - first.day).days == days
