"""`dlgrade --version` and `--help` wait for nothing that they do not need; nor does `import dlgrade`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run

from dlgrade.cli.app import COMMANDS

HEAVY = ("openai", "jinja2", "markdown_it", "pydantic", "rich", "yaml", "Stemmer", "asyncio", "sqlite3")


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_asking_for_help_imports_nothing_heavy(flag: str) -> None:
    script = (
        "import sys\nfrom dlgrade.cli.app import main\n"
        f"sys.argv = ['dlgrade', {flag!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "dlgrade" in done.stdout


def test_garbage_is_looked_for_again_once_the_command_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "bank.md").write_text("## What is dropout?\n", encoding="utf-8")
    script = (
        "import gc, os, sys\nfrom dlgrade.__main__ import start\n"
        "os._exit = lambda code: print(code, gc.isenabled(), gc.get_freeze_count() > 0)\n"
        "sys.argv = ['dlgrade', 'list', 'bank.md', '--json']\nstart()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.endswith("]\n0 True True\n")


def test_the_public_names_are_loaded_when_used() -> None:
    script = (
        "import sys, dlgrade\n"
        "assert not any(name.startswith('dlgrade.') for name in sys.modules)\n"
        "assert all(getattr(dlgrade, name) is not None for name in dlgrade.__all__)\n"
        "assert 'openai' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_itself(run: Run, name: str) -> None:
    """The list is kept apart from the commands so that they need not be imported; it must not drift."""
    ran = run(name, "--help")
    assert ran.code == 0
    assert COMMANDS[name][1].rstrip(".") in " ".join(ran.out.split())


def test_every_command_shows_an_example(run: Run) -> None:
    for name in ("list", "fill", "answer", "grade", "export", "doctor"):
        assert f"dlgrade {name} " in run(name, "--help").out.partition("Examples:")[2]


def test_an_unknown_command_is_a_wrong_command(run: Run) -> None:
    ran = run("flil")
    assert ran.code == 2
    assert "flil" in ran.err
