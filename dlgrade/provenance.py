"""What a run was made with and what came of it, as one JSON file beside its output.

    .dlgrade/runs/2026-11-26T10-15-00Z-fill.json
        {"command": "fill", "dlgrade": "0.1.0", "models": ["some-model"], "prompts": {"answer": "a1b2c3d4e5f6"}, …}

The ledger says of each answer which model and prompt it came from, and when; the record of the run of that time says
the rest: versions, settings, counts, cost.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import dlgrade
from dlgrade.banks.filling import save
from dlgrade.banks.ledger import now
from dlgrade.banks.locking import FOLDER
from dlgrade.banks.outputs import check_writable
from dlgrade.errors import OutputError
from dlgrade.llm.request import without_credentials
from dlgrade.settings import Settings

_SETTINGS = {"concurrency", "rpm", "tpm", "timeout", "max_tokens", "temperature", "max_cost", "form", "nested", "table"}


def made_with(
    command: str, settings: Settings, prompts: Mapping[str, str], rubrics: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that decides what a run's answers or grades are; `prompts` and `rubrics` are hashes by name."""
    online = not settings.offline
    return {
        "command": command,
        "dlgrade": dlgrade.__version__,
        "python": platform.python_version(),
        "openai": _version("openai") if online else None,
        "models": list(settings.models) or ["offline"],
        "base_url": without_credentials(settings.base_url) if online else None,
        "settings": settings.model_dump(mode="json", include=_SETTINGS),
        "prompts": dict(prompts),
        "rubrics": dict(rubrics),
    }


def record(folder: Path, started: str, made: Mapping[str, Any], outcome: Mapping[str, Any]) -> Path:
    """Write the record of a run into a folder that it wrote to; returns the file.

    Raises:
        OutputError: it cannot be written.
    """
    stem = f"{started.replace(':', '-')}-{made['command']}"
    runs = folder / FOLDER / "runs"
    check_writable([runs / stem])
    target = _new(runs, stem)
    whole = {**made, "started": started, "ended": now(), **outcome}
    save(target, (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode())
    return target


def _new(folder: Path, stem: str) -> Path:
    """A file that is there from now on, and that no other run takes: two may begin in the same second.

    Raises:
        OutputError: it cannot be made.
    """
    target, n = folder / f"{stem}.json", 0
    while True:
        try:
            target.open("x").close()
        except FileExistsError:
            n += 1
            target = folder / f"{stem}-{n}.json"
        except OSError as error:
            raise OutputError(f"{target}: cannot be written: {(error.strerror or str(error)).lower()}") from None
        else:
            return target


def _version(package: str) -> str | None:
    try:
        metadata = distribution(package).read_text("METADATA") or ""
    except PackageNotFoundError:
        return None
    # Its head alone: to parse the whole takes ten times as long.
    found = re.search(r"^Version: *(\S+)", metadata, re.MULTILINE)
    return found[1] if found else None
