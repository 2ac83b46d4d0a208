"""Marks come off a question and are kept as data; what the question itself says stays."""

from __future__ import annotations

import pytest

from dlgrade.banks.marks import wording


@pytest.mark.parametrize(
    ("line", "text", "difficulty"),
    [
        ("What is x? [M]", "What is x?", "medium"),
        ("What is x? `[M]`", "What is x?", "medium"),
        ("`[E]` What is x?", "What is x?", "easy"),
        ("What is x? `Easy`", "What is x?", "Easy"),
        ("What is x? `[hard]`", "What is x?", "hard"),
        ("What tells `hard` from `simple`", "What tells `hard` from `simple`", None),
        ("What is `medium`?", "What is `medium`?", None),
        ("What is `x[e]`", "What is `x[e]`", None),
    ],
)
def test_a_level_comes_off_and_code_that_is_asked_about_stays(line: str, text: str, difficulty: str | None) -> None:
    found = wording(line)
    assert (found.text, found.difficulty) == (text, difficulty)


def test_a_sign_without_a_meaning_is_kept_as_it_is() -> None:
    found = wording("🟢 What is x? 🔒 ###")
    assert (found.text, found.difficulty, set(found.marks)) == ("What is x?", None, {"🟢", "🔒", "###"})
