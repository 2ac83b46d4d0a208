"""Lost spaces go back into the document, and no other byte changes."""

from __future__ import annotations

import pytest
from conftest import ROOT

from dlgrade.banks.mending import mend
from dlgrade.banks.reading import bank_from_text, read_bank


@pytest.mark.parametrize("name", ["general", "theory"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_all_questions_of_the_banks_are_repaired_in_place(name: str, newline: str) -> None:
    source = read_bank(ROOT / "questions" / f"{name}.md").source.replace("\n", newline)
    bank = bank_from_text(source, path=f"{name}.md")
    done = mend(bank)
    assert done.left == ()
    after = bank_from_text(done.source, path=f"{name}.md")
    assert [question.raw for question in after.questions] == [question.text for question in bank.questions]
    assert [question.answer for question in after.questions] == [question.answer for question in bank.questions]
    assert done.source.replace(" ", "") == bank.source.replace(" ", "")
    assert mend(after).source == done.source
    assert mend(after).repaired == ()


@pytest.mark.parametrize("name", ["article", "catalogue", "fifty"])
def test_what_is_right_is_not_touched(name: str) -> None:
    bank = read_bank(ROOT / "questions" / f"{name}.md")
    assert mend(bank).source == bank.source
    assert mend(bank).repaired == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("## 4. Whatis a *neural network*?\n", "## 4. What is a *neural network*?\n"),
        (
            "1. Explain thevanishing gradient. `thevanishing gradient`\n",
            "1. Explain the vanishing gradient. `thevanishing gradient`\n",
        ),
        ("| Question |\n|---|\n| Define thebatch size. |\n", "| Question |\n|---|\n| Define the batch size. |\n"),
        ("## Define **deep learning**and its uses\n", "## Define **deep learning** and its uses\n"),
    ],
)
def test_spaces_go_where_they_were_lost(source: str, expected: str) -> None:
    assert mend(bank_from_text(source, path="x.md")).source in (expected, expected.replace("** and", "**and"))
