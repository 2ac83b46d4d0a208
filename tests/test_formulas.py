"""Formulas as browsers set them: every shipped one, those that answers tend to have, and none that does harm."""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.token import Token

from dlgrade.export.formulas import DEEP, UNCLOSED, mathml, tied
from dlgrade.export.prose import parse
from dlgrade.rubrics import Rubrics


def formulas(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type.startswith("math") or token.type == "amsmath":
            yield token.content
        yield from formulas(token.children or ())


def shipped() -> set[str]:
    found: set[str] = set()
    for rubric in Rubrics([ROOT / "rubrics"]).all():
        texts = [rubric.question, rubric.reference]
        texts += [part for one in rubric.criteria for part in (one.expects, one.partial or "")]
        texts += [one.claims for one in rubric.misconceptions]
        found |= {formula for text in texts for formula in formulas(parse(text))}
    return found


def said(html: str) -> str:
    """The text of a formula, without what no one sees."""
    return re.sub(r"[\u2061\u2063\s]", "", "".join(ET.fromstring(html).itertext()))  # noqa: S314 (our own words)


def test_every_shipped_formula_is_set() -> None:
    found = shipped()
    wrong = {
        latex: html
        for latex in found
        for html in (mathml(latex, display=False), mathml(latex, display=True))
        if not html.startswith("<math") or "merror" in html or "\\" in said(html) or " style=" in html
    }
    assert wrong == {}
    assert len(found) > 500


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\mathrm{Bernoulli}(p)", "<mi>Bernoulli</mi>"),
        (r"\operatorname{softmax}(z)", "<mi>softmax</mi>"),
        (r"\arg\max_x f", "<mi>arg</mi>"),
        (r"\argmax_x f", "<mi>arg\N{THIN SPACE}max</mi>"),
        (r"\text{if } x", "<mtext>if\N{NO-BREAK SPACE}</mtext>"),
        (r"\mbox{if}", "<mtext>if</mtext>"),
        (r"\lVert x \rVert", "‖"),
        (r"\mathbb{E}", "𝔼"),
        (r"\left( \frac{a}{b} \right)", "<mfrac>"),
        (r"\begin{cases} a & b \\ c & d \end{cases}", '<mtd class="m-left m-to m-apart">'),
        (r"\begin{aligned} a &= b \end{aligned}", "<mtable"),
        (r"\begin{split} a &= b \end{split}", "<mtable"),
        (r"\sum_{\substack{i \\ j}} x", "<mtable"),
        (r"\textcolor{red}{x}", 'mathcolor="#FF0000"'),
        (r"x\!y", '<mspace class="m-thin"/>'),
        (r"E = mc^2 \tag{7}", "(7)"),
        ("中文", "<mi>中</mi>"),
    ],
)
def test_what_answers_tend_to_have_is_set(latex: str, expected: str) -> None:
    html = mathml(latex, display=True)
    assert expected in html
    assert " style=" not in html


def test_equations_have_numbers_only_where_the_text_gives_them() -> None:
    assert said(mathml(r"\begin{align} a &= b \\ c &= d \end{align}", display=True)) == "a=bc=d"


@pytest.mark.parametrize(
    "latex",
    [
        r"\unknown{x}",
        r"\frac{a",
        r"\href{javascript:alert(1)}{x}",
        r"\style{color:red}{x}",
        r"\class{x}{y}",
        r"\require{html}",
        r"\def\a{\frac{\a}{\a}}\a",
        r"\newcommand{\x}{y}\x",
        "{" * 20_000,
        r"\frac{" * DEEP + "x" + "}{1}" * DEEP,
        "(" * 100_000,
        r"\sin(" * 40,
        r"\lfloor " * 40,
    ],
)
def test_what_cannot_be_set_is_shown_as_it_stands(latex: str) -> None:
    html = mathml(latex, display=False)
    assert html.startswith('<code class="formula" dir="ltr">')
    assert said(html) == re.sub(r"\s", "", latex)


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<img src=x onerror=alert(1)>}",
        r"\mathrm{<script>alert(1)</script>}",
        r"\text{</math><script>alert(1)</script>}",
        r"\operatorname{<b>}",
        r'\color{red" onload="alert(1)}x',
        r'\begin{array}{c" onload="alert(1)}x\end{array}',
        r"<script>alert(1)</script>",
    ],
)
def test_a_formula_has_no_markup_of_its_own(latex: str) -> None:
    tree = ET.fromstring(mathml(latex, display=True))  # noqa: S314 (our own words)
    assert {node.tag for node in tree.iter()} <= {"math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msup", "code"}
    assert {name for node in tree.iter() for name in node.attrib} <= {
        *("class", "dir", "display", "stretchy", "form", "mathvariant", "lspace", "rspace", "width")
    }


def test_no_formula_that_is_let_through_nests_too_deep_for_a_small_stack() -> None:
    """The converter would take the process with it, so a stack of 1 MB must do; Windows gives 2, Linux 8."""
    pairs = {"{": "}", "x^{": "}", r"\left(": r"\right)", r"\sqrt ": "", r"\frac{": "}{1}", "(": ")", r"\mathbf ": ""}
    pairs |= {r"\begin{aligned}": r"\end{aligned}", r"\substack{": "}", r"\underbrace{": "}_x", r"\mbox{": "}"}
    deep = [a * (DEEP // n) + "x" + b * (DEEP // n) for a, b in pairs.items() for n in (1, 2, 3, 4)]
    before = threading.stack_size(1024 * 1024)
    try:
        thread = threading.Thread(target=lambda: [mathml(latex, display=True) for latex in deep])
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert sum(mathml(latex, display=True).startswith("<math") for latex in deep) >= len(pairs)


BRACKETS = ["(", "[", r"\{", "{", "}", ")", "]", r"\}", r"\left(", r"\right)", r"\langle", r"\lfloor", r"\big("]
COMMANDS = [r"\sin", r"\frac", r"\sqrt", "^", "_", "&", r"\\", r"\text{", r"\max_", "|", "'", r"\hat", "x", "é", "中"]


@given(st.lists(st.sampled_from([*BRACKETS, *COMMANDS, "$", "%", "#", "<", ">", '"'])))
def test_whatever_it_is_the_result_is_well_formed(pieces: list[str]) -> None:
    html = mathml(" ".join(pieces), display=False)
    assert ET.fromstring(html).tag in {"math", "code"}  # noqa: S314 (our own words)
    assert " style=" not in html


def test_few_open_brackets_are_no_reason_to_give_up() -> None:
    assert mathml(r"x \in [0, 1), y \in ]0, 1]" + "(" * (UNCLOSED - 2), display=False).startswith("<math>")


def test_no_line_breaks_between_a_formula_and_its_bracket_or_comma() -> None:
    math = mathml("k", display=False)
    once = f'so <span class="tie">({math},</span> <span class="tie">{math}-means</span>) {math} on'
    assert tied(f"so ({math}, {math}-means) {math} on") == once.replace("-means</span>)", "-means)</span>")
