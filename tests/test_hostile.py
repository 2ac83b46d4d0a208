"""Lines that nobody writes must not hold a run up: what is looked for in them is bounded.

Each of these took from seconds to minutes at one time. No time is measured: a pattern that goes wild again would keep
the tests from ending, which is seen.
"""

from __future__ import annotations

import pytest

from dlgrade.banks.reading import bank_from_text
from dlgrade.errors import BankError

ASKED = "## What is a?\n\n"
MANY = 20_000
LINES = {
    "blanks behind a bold number": "**1" + " " * MANY + "x",
    "blanks behind a bold label": "**a Q" + " " * MANY + "x",
    "blanks behind a label": f"{ASKED}### Answer{' ' * MANY}x",
    "blanks behind an aside": f"{ASKED}Sources{' ' * MANY}x",
    "blanks behind a heading's label": "## Q" + " " * MANY + "x",
    "blanks in details": "<details>" + " " * MANY + "x",
    "padding in collapsed text": f"<details><summary>Why?</summary>\n\na{' ' * MANY}b\n\n</details>\n",
    "many options": ASKED + "A) x\n" * 4_000,
    "many placeholders": f"{ASKED}**Answer:**\n" + "TODO\n" * 8_000,
    "many marks": "## What is a? " + "[E] " * 5_000,
    "many line breaks": "## What is a?" + "<br>" * 3_000,
    "many verbs": "## " + "see " * 8_000 + "](x",
    "many brackets in a cell": "| Question | A |\n|-|-|\n| What? | " + "[" * 40_000 + " |\n",
    "many headings below one question": ASKED + "#### note\n\n" * 5_000,
    "many sources": "".join(f"## {n}. What is {n}? [[src]](https://e.org/{n})\n\nIt.\n\n" for n in range(2_000)),
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("suffix", [".md", ".txt"])
def test_a_line_that_nobody_writes_is_read_or_refused(line: str, suffix: str) -> None:
    try:
        questions = bank_from_text(LINES[line], path=f"x{suffix}").questions
    except BankError:
        return
    assert all(question.raw for question in questions)
