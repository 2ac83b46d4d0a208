"""`dlgrade`, and `python -m dlgrade`, which is the same."""

from __future__ import annotations

import gc
from typing import NoReturn


def start() -> NoReturn:
    """Run the command as a process of its own."""
    # Loading makes many objects and no garbage: to look for it takes a thirtieth of a short command's time. It is
    # looked for again once the command is loaded (`dlgrade.cli.app`).
    gc.disable()
    from dlgrade.cli.app import entry  # noqa: PLC0415 - after that

    entry()


if __name__ == "__main__":
    start()
