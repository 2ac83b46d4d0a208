"""Small plots in text: eighths of a block where the terminal has them, number signs where it has not."""

from __future__ import annotations

import sys

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_REST = "·"


def bar(share: float, columns: int) -> str:
    """A bar of so many columns, of which that share, 0 to 1, is filled; what is more than nothing is seen."""
    share = min(1.0, max(0.0, share))
    if not _drawn():
        filled = round(share * columns) or int(share > 0)
        return "#" * filled + "." * (columns - filled)
    eighths = round(share * columns * 8) or int(share > 0)
    whole, part = divmod(eighths, 8)
    text = "█" * whole + (_EIGHTHS[part] if part else "")
    return text + _REST * (columns - len(text))


def _drawn() -> bool:
    """Whether blocks can be shown."""
    try:
        f"{_EIGHTHS}{_REST}".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
