"""An answer is cut where quotes begin and end, and none of it is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlgrade.grading.highlights import Mark, Piece, Quote, pieces

ONE, TWO, WRONG = Mark("1", "met", "masking"), Mark("2", "partial", "robust"), Mark("M1", "wrong", "stays-on")


def test_quotes_that_overlap_share_a_piece_and_each_label_stands_at_its_end() -> None:
    found = pieces("abcdefgh", [Quote(ONE, 1, 5), Quote(TWO, 3, 7)])
    assert found == (
        Piece("a"),
        Piece("bc", (ONE,)),
        Piece("de", (ONE, TWO), (ONE,)),
        Piece("fg", (TWO,), (TWO,)),
        Piece("h"),
    )


def test_what_is_wrong_counts_where_several_lie_over_each_other() -> None:
    whole = pieces("abc", [Quote(ONE, 0, 3), Quote(WRONG, 0, 3)])
    assert [piece.tone for piece in whole] == ["wrong"]
    assert pieces("abc", [])[0].tone is None


def test_a_quote_outside_of_the_text_is_left_out() -> None:
    assert pieces("abc", [Quote(ONE, 2, 9), Quote(ONE, -1, 2), Quote(ONE, 2, 2)]) == (Piece("abc"),)
    assert pieces("", [Quote(ONE, 0, 1)]) == ()


def test_characters_that_nobody_sees_are_told_by_number_and_joiners_of_scripts_stay() -> None:
    assert [piece.text for piece in pieces("a\u202e\u202eb\x00\nن\u200cم", [])] == [
        "a",
        "U+202E ×2",
        "b",
        "U+0000",
        "\nن\u200cم",
    ]


@given(
    st.text(alphabet="abc \n\U0001f600é", max_size=40),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6),
)
def test_all_of_the_text_is_there_and_each_quote_covers_its_words(text: str, places: list[tuple[int, int]]) -> None:
    quotes = [Quote(Mark(str(n), "met", ""), start, end) for n, (start, end) in enumerate(places)]
    found = pieces(text, quotes)
    assert "".join(piece.text for piece in found) == text
    for quote in quotes:
        if 0 <= quote.start < quote.end <= len(text):
            assert "".join(p.text for p in found if quote.mark in p.marks) == text[quote.start : quote.end]
            assert sum(quote.mark in p.ends for p in found) == 1
