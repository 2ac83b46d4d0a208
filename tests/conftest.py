"""What every test may use: the command, run as a user would, with nothing of the developer's around it."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# Machines that run several things at once are slow now and then; what is wrong is not the time.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell starts what it puts in the background with Ctrl-C ignored, and every process started from there inherits it.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no model, no cache and no history of the person who runs the tests."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DLGRADE_MODEL", "DLGRADE_CACHE_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("VISUAL", "EDITOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DLGRADE_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("DLGRADE_DATA", str(tmp_path_factory.mktemp("data")))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `dlgrade ARGUMENTS` in an empty folder; gives exit code, stdout and stderr."""
    from dlgrade.cli.app import main

    monkeypatch.chdir(tmp_path)

    def command(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["dlgrade", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, said.out, said.err)

    return command
