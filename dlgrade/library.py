"""Where prompts, rubrics and banks are found: the user's folders over the shipped ones.

In a wheel the shipped folders travel inside the package; in a checkout they stand at the top, for people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dlgrade.settings import Settings

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "shipped"
SHIPPED = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent

Kind = Literal["prompts", "rubrics", "questions"]


def folders(kind: Kind, settings: Settings) -> tuple[Path, ...]:
    """The folders of that kind that exist, the user's first. In the checkout itself both are one."""
    own: Path = getattr(settings, kind)
    shipped = SHIPPED / kind
    found = [own] if own.is_dir() else []
    if shipped.is_dir() and not (found and own.resolve() == shipped):
        found.append(shipped)
    return tuple(found)
