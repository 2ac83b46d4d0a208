"""A text by pages is read as the same text in memory is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks import paged, placing
from dlgrade.banks.block import Lines
from dlgrade.banks.filling import Encoded, fill
from dlgrade.banks.paged import Paged, match_in, match_on, search_in
from dlgrade.banks.reading import bank_from_text

TEXTS = st.text(st.sampled_from("ab–é😀 \n<"), max_size=120)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(paged, "PAGE", 7)
    yield


@given(st.lists(TEXTS, max_size=5), st.integers(0, 140), st.integers(0, 140), st.sampled_from(["a", "<", "ab", "\n\n"]))
def test_a_text_by_pages_is_the_text(parts: list[str], start: int, end: int, sub: str) -> None:
    whole, text = "".join(parts), Paged.of(parts)
    assert (len(text), str(text), text[start:end]) == (len(whole), whole, whole[start:end])
    assert b"".join(Encoded(text, "utf-16-le")) == whole.encode("utf-16-le")
    assert "".join(piece for _, piece in text.pieces()) == whole
    assert [whole[at : at + len(piece)] for at, piece in text.pieces()] == [piece for _, piece in text.pieces()]
    assert (text.find(sub, start), text.find(sub, start, end)) == (whole.find(sub, start), whole.find(sub, start, end))
    bounds = sorted((min(start, len(whole)), min(end, len(whole))))
    assert text.rfind(sub, *bounds) == whole.rfind(sub, *bounds)
    assert text.count("a", *bounds) == whole.count("a", *bounds)
    assert text.startswith(sub, start) == whole.startswith(sub, start)
    assert (sub in text) == (sub in whole)


@given(
    TEXTS, st.integers(0, 120), st.integers(0, 120), st.sampled_from(["a+", "(?<=b)a", r"(?<!\n)<\w*", "[^<]*<(b*)"])
)
def test_an_expression_finds_in_pages_what_it_finds_in_the_text(text: str, start: int, end: int, pattern: str) -> None:
    expression, pages = re.compile(pattern), Paged.of([text])
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    for in_pages, in_text in (
        (match_in(expression, pages, start, end), expression.match(text, start, end)),
        (search_in(expression, pages, start, end), expression.search(text, start, end)),
        (match_on(re.compile("[^<]*<"), pages, start), re.compile("[^<]*<").match(text, start)),
    ):
        assert (in_pages and (in_pages.span(), in_pages[0])) == (in_text and (in_text.span(), in_text[0]))


@given(TEXTS)
def test_its_lines_are_the_texts(text: str) -> None:
    assert list(Lines(Paged.of([text]))) == list(Lines(text))


DOCUMENTS = {
    "list": "{n}. What is thing {n}?\n\n",
    "heading": "## Question {n}\n\n**What is thing {n}?**\n\n**Answer:** _[To be filled]_\n\n---\n\n",
    "bold": "**{n}. What is thing {n}?**\n\n",
    "table": "| {n} | What is thing {n}? | |\n",
    "details": "<details>\n<summary>What is thing {n}?</summary>\n\n</details>\n\n",
}
ANSWERS = ("Units – é.\n\n- one\n- two 😀\n\n```python\nx = 1\n```", "Because.", "1. a\n2. b\n\n> quoted <b>bold</b>")


@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_document_is_filled_by_pages_as_it_is_in_memory(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    head = "| No. | Question | Answer |\n|-|-|-|\n" if form == "table" else ""
    bank = bank_from_text(head + "".join(DOCUMENTS[form].format(n=n) for n in range(1, 8)), path="bank.md")
    given_ = {q.id: ANSWERS[q.position % 3] for q in bank.questions}
    whole = fill(bank, given_)
    monkeypatch.setattr(placing, "LONGEST", 0)
    monkeypatch.setattr(placing, "_AT_ONCE", 1)
    by_pages = fill(bank, given_)
    assert isinstance(by_pages.text, Paged)
    assert by_pages.source == whole.source
    assert (by_pages.filled, by_pages.failed) == (whole.filled, whole.failed)
    assert len(whole.filled) == len(bank.questions) == 7
    assert dict(by_pages.answers) == dict(whole.answers)
    assert dict(by_pages.places) == dict(whole.places)
