"""An answer while it is written, in the editor or line by line; every bit of it is on disk at once."""

from __future__ import annotations

import sys

from dlgrade.cli import show
from dlgrade.cli.answers import edited_text, usable
from dlgrade.cli.keys import key, line
from dlgrade.errors import InputError
from dlgrade.practice.drafts import Draft, above, form
from dlgrade.practice.records import Clock
from dlgrade.practice.session import Turn

END = "."
"""A line that ends an answer, as in mail of old."""

HOW = f"Write your answer; a line with a single {END!r}, or Ctrl-D, ends it."


def written(draft: Draft, turn: Turn, clock: Clock, *, editor: bool) -> str | None:
    """The answer, "" for none; None where the person wants to leave.

    Raises:
        OutputError: what is written cannot be kept.
    """
    while True:
        try:
            text = _edited(draft, turn) if editor else _lines(draft, turn, clock)
            return usable(text, "the answer") if text else ""
        except InputError as error:
            show.remark(f"dlgrade: {error}")
        if not sys.stdin.isatty():
            return None
        more = "[g]rade it as it is  " if draft.written else ""
        choice = key(f"[e]ditor  [l]ines  {more}[q]uit: ", "elgq" if more else "elq")
        show.text(choice)
        if choice == "q":
            return None
        if choice == "g":
            return draft.text
        editor = choice == "e"


def _edited(draft: Draft, turn: Turn) -> str:
    hint = "Set EDITOR, or write lines: --lines."
    started = form(turn.question, draft.text)
    text, _ = edited_text(started, missing="there is no editor", hint=hint, file=draft.file)
    return above(text)


def _lines(draft: Draft, turn: Turn, clock: Clock) -> str:
    """Lines until one that ends the answer, or the time is up; those of before stay above them."""
    begun = draft.text
    draft.write(f"{begun}\n" if begun else "")  # without what an editor was shown below it
    if begun:
        show.text(f"{begun}\n")
    terminal = sys.stdin.isatty()
    while (said := line(_prompt(turn.left(clock())) if terminal else "")) is not None and said.strip() != END:
        draft.append(said)
        left = turn.left(clock())
        if left is not None and left <= 0:
            show.text("The time is up.")
            break
    else:
        if said is None and terminal:
            show.text("")  # Ctrl-D leaves the cursor behind the prompt
    return draft.text


def _prompt(left: float | None) -> str:
    if left is None:
        return "> "
    seconds = max(0, round(left))
    return f"{seconds // 60}:{seconds % 60:02} > "
