"""The README says what the program does: its examples are run, its help block is the help."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, Run

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```(?:console|text)\n(.*?)```", README, re.DOTALL)


def test_every_example_prints_what_the_readme_shows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one folder, as a reader would."""
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copytree(ROOT / "questions", "questions")
    steps = [step for example in EXAMPLES for step in re.split(r"^\$ ", example, flags=re.MULTILINE) if step]
    assert len(steps) == 5
    for step in steps:
        command, _, shown = step.partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "dlgrade"
        assert run(*arguments).out.rstrip("\n") == shown.rstrip("\n"), command


def test_the_two_commands_stand_at_the_top() -> None:
    top = README[: README.index("## ")]
    assert top.index("make demo") < top.index("make test") < top.index("pip install .")


def test_every_page_that_is_linked_exists() -> None:
    links = re.findall(r"\]\((docs/[^)#]+)", README)
    assert links
    assert [link for link in links if not Path(ROOT, link).is_file()] == []
