"""Regular expressions that are compiled when they are first used.

To compile all that the readers know takes 40 ms, a tenth of a short run, and few documents need half of it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast


def later(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled when it is first used; a mistake in it is found then."""
    return cast("re.Pattern[str]", _Later(pattern, flags))


class _Later:
    """Stands for the compiled pattern; what was used of it once is an attribute."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._made_of = pattern, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._made_of)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found
