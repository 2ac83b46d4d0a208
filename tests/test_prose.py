"""What an answer says, whatever it is written to: formulas apart from prices, no markup of another language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from conftest import ROOT
from markdown_it.token import Token

from dlgrade.export.prose import parse
from dlgrade.rubrics import Rubrics


def flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or ())


def formulas(text: str) -> list[str]:
    kinds = {"math_inline", "math_inline_double", "math_block", "amsmath"}
    return [token.content.strip() for token in flat(parse(text)) if token.type in kinds]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Let $x_i$ be.", ["x_i"]),
        (r"Let \(x_i\) be.", ["x_i"]),
        ("$$\na = b\n$$", ["a = b"]),
        (r"\[ a = b \]", ["a = b"]),
        ("So $$q$$ here.", ["q"]),
        ("\\begin{align}\na &= b\n\\end{align}", ["\\begin{align}\na &= b\n\\end{align}"]),
        ("| $z$ | b |\n|---|---|\n| $y$ | c |", ["z", "y"]),
        ("It costs $5 and $6.", []),
        ("`$x$`", []),
        ("```\n$x$\n```", []),
        (r"\$x\$", []),
    ],
)
def test_formulas_are_told_from_prices_and_code(text: str, expected: list[str]) -> None:
    assert formulas(text) == expected


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd"]
)
def test_a_link_leads_to_the_web_or_nowhere(url: str) -> None:
    kinds = {token.type for token in flat(parse(f"[x]({url}) <{url}> ![x]({url})"))}
    assert not kinds & {"link_open", "image"}


def test_raw_html_is_text() -> None:
    tokens = list(flat(parse("<script>alert(1)</script>\n\nA <b onclick='x'>b</b>.\n\n<!-- c -->")))
    assert not {token.type for token in tokens} & {"html_block", "html_inline"}
    assert "<script>alert(1)</script>" in "".join(token.content for token in tokens)


def test_no_shipped_reference_has_a_dollar_that_is_no_formula_and_no_price() -> None:
    rubrics = Rubrics([ROOT / "rubrics"])
    stray = {
        rubric.name: token.content
        for rubric in rubrics.all()
        for token in flat(parse(rubric.reference))
        if token.type == "text" and "$" in token.content
    }
    assert stray == {}
