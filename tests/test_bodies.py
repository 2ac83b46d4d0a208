"""A body that is read at once says what its pieces say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks import body
from dlgrade.banks.reading import bank_from_text

LINES = """\
Units are dropped.|A) 0.1|B) 0.5|**Answer:** Drop.|Answer: Drop.|A1. x
Hint: think|Source: a book|[Back to top](#top)|TODO
![a](b)|<!-- a|-->|<br>|- a|1. b|`x.py`|Two|[x] y|A. one|B. two|...|  indented|_[To be filled]_|n/a|| |"""


@given(
    st.sampled_from(
        ["1. What is x?\n{}\n2. What is y?\n", "## What is x?\n{}\n\n## What is y?\n", "**What is x?**\n{}\n"]
    ),
    st.lists(st.sampled_from(re.split(r"[|\n]", LINES)), max_size=6),
    st.sampled_from(["", "   "]),
)
def test_a_body_that_is_prose_reads_as_its_pieces_do(form: str, lines: list[str], indent: str) -> None:
    source = form.format("\n".join(f"{indent}{line}" for line in lines))
    told = bank_from_text(source, path="x.md").questions
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body, "_prose", lambda *_: None)
        assert bank_from_text(source, path="x.md").questions == told
