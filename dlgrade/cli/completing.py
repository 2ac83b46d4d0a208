r"""What a shell completes: the ids of questions, and the names of rubrics.

dlgrade grade gen\t          general:  generative-vs-discriminative-models …
dlgrade grade general:1\t    general:1  general:10  general:11 …
"""

from __future__ import annotations

import os
import shlex

_BEFORE = "_DLGRADE_COMPLETE_BEFORE"


def mend_words() -> None:
    """Take away what bash made words of their own: a colon ends a word there, so that `general:1` comes as three.

    What stood before the last of them is remembered for `question`. Called before the command line is read.
    """
    if os.environ.get("_DLGRADE_COMPLETE") != "complete_bash":
        return
    try:
        words = shlex.split(os.environ.get("COMP_WORDS", ""))[: int(os.environ.get("COMP_CWORD", "0")) + 1]
    except ValueError:
        return  # an open quote: there is no id in it
    if ":" not in words[-2:]:
        return
    at = len(words) - 1 - words[::-1].index(":")
    left = shlex.join([*words[: at - 1], *words[at + 1 :]])
    os.environ |= {"COMP_WORDS": left, "COMP_CWORD": str(at - 1), _BEFORE: words[at - 1] + ":"}


def question(incomplete: str) -> list[str]:
    """What a question's name that begins so may be; nothing where the settings or a bank cannot be read."""
    # Imported here for start-up time: this file is imported by every command, and called by the shell alone.
    from dlgrade.banks.reading import read_bank  # noqa: PLC0415
    from dlgrade.errors import DlgradeError  # noqa: PLC0415
    from dlgrade.library import folders  # noqa: PLC0415
    from dlgrade.lookup import Lookup  # noqa: PLC0415
    from dlgrade.rubrics import Rubrics  # noqa: PLC0415
    from dlgrade.settings import load_settings  # noqa: PLC0415

    before = os.environ.get(_BEFORE, "")
    whole = before + incomplete
    bank, colon, _ = whole.rpartition(":")
    try:
        settings = load_settings({})
        rubrics = Rubrics(folders("rubrics", settings))
        lookup = Lookup(folders("questions", settings), rubrics, settings.choices)
        if colon:
            banks = [read_bank(path) for path in lookup.banks_called(bank)[:1]]
            names = [f"{bank}:{asked.position}" for read in banks for asked in read.questions]
        else:
            names = [f"{stem}:" for stem in lookup.stems] + sorted(rubrics.paths)
    except DlgradeError:
        return []  # a shell has no place for a complaint
    return [name.removeprefix(before) for name in names if name.startswith(whole)]
