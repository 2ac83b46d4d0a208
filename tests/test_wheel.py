"""The built wheel is all that a stranger needs: installed into an empty environment, used away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.wheel
def test_the_wheel_carries_prompts_rubrics_and_questions(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("prompts", "rubrics", "questions"):
        files = [path.name for path in (ROOT / kind).iterdir() if path.is_file()]
        assert files
        assert {f"dlgrade/shipped/{kind}/{name}" for name in files} <= names
    found = (path for path in (ROOT / "dlgrade" / "pages").rglob("*") if path.is_file() and path.suffix != ".pyc")
    pages = {path.relative_to(ROOT).as_posix() for path in found}
    assert {"dlgrade/pages/look.css", "dlgrade/pages/serve/layout.html.j2"} <= pages <= names
    assert not any(name.startswith("tests/") for name in names)


@pytest.mark.wheel
def test_the_installed_wheel_fills_and_grades_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    python = tmp_path / "venv" / "bin" / "python"

    def done(*command: object) -> str:
        words = [str(word) for word in command]
        ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    done(sys.executable, "-m", "venv", tmp_path / "venv")
    # The registry that the tests' own environment came from may be named in a variable or a file of pip's.
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    done(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    dlgrade = python.with_name("dlgrade")
    shipped = done(python, "-c", "from dlgrade.library import SHIPPED; print(SHIPPED)").strip()
    assert Path(shipped).is_relative_to(tmp_path)
    done(dlgrade, "fill", Path(shipped, "questions", "general.md"), "--out", "build")
    assert "_[To be filled]_" not in (tmp_path / "build" / "general.md").read_text(encoding="utf-8")
    grade = json.loads(done(dlgrade, "grade", "general:2", "--text", "Units are dropped at random.", "--json"))
    assert (grade["rubric"], grade["score"]) == ("dropout", 2.5)
    done(dlgrade, "export", Path(shipped, "questions", "general.md"), "--to", "key.html")
    assert "<math>" in (tmp_path / "key.html").read_text(encoding="utf-8")
