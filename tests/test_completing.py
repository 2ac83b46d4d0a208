"""A shell completes commands, options, the ids of questions and the names of rubrics."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

BASH = """
eval "$(python_dlgrade --show-completion bash)"
COMP_WORDS=({words}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_dlgrade_completion python_dlgrade
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def bash(words: str, folder: Path) -> list[str]:
    """What bash offers for the last of some words, by the script that dlgrade installs there."""
    program = folder / "python_dlgrade"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dlgrade "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    script = BASH.format(words=words)
    ran = subprocess.run(
        ["bash", "-c", script], check=False, capture_output=True, text=True, env=environment, cwd=folder
    )
    assert ran.stderr == ""
    return ran.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("dlgrade exp", ["export"]),
        ("dlgrade grade --answ", ["--answers"]),
        ("dlgrade answer dropo", ["dropout"]),
        ("dlgrade answer genera", ["general:", "generative-vs-discriminative-models"]),
        ("dlgrade rubric show softm", ["softmax"]),
        ("dlgrade grade general : 1", ["1", "10", "11", "12", "13", "14", "15", "16", "17"]),
        ("dlgrade grade nobank : 1", []),
    ],
)
def test_bash_offers_commands_options_ids_and_rubrics(words: str, expected: list[str], tmp_path: Path) -> None:
    assert bash(words, tmp_path) == expected


def test_bash_offers_every_position_behind_the_colon(tmp_path: Path) -> None:
    assert len(bash("dlgrade answer fifty :", tmp_path)) == 50


def test_a_setting_that_is_wrong_completes_nothing_and_complains_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "dlgrade.toml").write_text("modl = 3\n", encoding="utf-8")
    assert bash("dlgrade answer dropo", tmp_path) == []
