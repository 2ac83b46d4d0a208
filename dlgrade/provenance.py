"""What a run was made with and what came of it, as one JSON file beside its output.

    .dlgrade/runs/2026-11-26T10-15-00Z-fill.json
        {"command": "fill", "dlgrade": "0.1.0", "models": ["some-model"], "prompts": {"answer": "a1b2c3d4e5f6"}, …}

The ledger says of each answer which model and prompt it came from, and when; the record of the run of that time says
the rest: versions, settings, counts, cost.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dlgrade
from dlgrade.banks.filling import save
from dlgrade.banks.ledger import now
from dlgrade.banks.locking import FOLDER
from dlgrade.banks.outputs import check_writable
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
    names = (f"{stem}{f'-{n}' if n else ''}.json" for n in range(10_000))
    target = next(runs / name for name in names if not (runs / name).exists())
    check_writable([target])
    whole = {**made, "started": started, "ended": now(), **outcome}
    save(target, (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode())
    return target


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
