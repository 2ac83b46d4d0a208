"""Texts as HTML: what they say and nothing that runs, for every format that speaks it."""

from __future__ import annotations

import re

import pytest
from justhtml import JustHTML

from dlgrade.export.formulas import mathml
from dlgrade.export.markup import Manner, html, line
from dlgrade.export.mathjax import MATHJAX

MATHML = Manner(mathml)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **b** *c* `d<e`", '<p dir="auto">a <strong>b</strong> <em>c</em> <code>d&lt;e</code></p>\n'),
        ("$x<1$", '<p dir="auto">\\(x&lt;1\\)</p>\n'),
        ("$$\nx\n$$", '<div class="display">\\[x\\]</div>\n'),
        (r"\[ x \] (7)", '<div class="display">\\[x\\]<span class="number">(7)</span></div>\n'),
        ("so $$x$$", '<p dir="auto">so <span class="display">\\[x\\]</span></p>\n'),
        ("It costs $5 and $6.", '<p dir="auto">It costs $5 and $6.</p>\n'),
        ("3. x", '<ol start="3" dir="auto">\n<li>x</li>\n</ol>\n'),
        ("```\n<b> {{ x }}\n```", '<pre dir="ltr"><code>&lt;b&gt; {{ x }}\n</code></pre>\n'),
        ("```nolanguage\n<b>\n```", '<pre dir="ltr"><code>&lt;b&gt;\n</code></pre>\n'),
        ("    x = 1", '<pre dir="ltr"><code>x = 1\n</code></pre>\n'),
    ],
)
def test_a_text_is_written_as_what_it_says(text: str, expected: str) -> None:
    assert html(text, MATHJAX) == expected


def test_tables_scroll_by_themselves_and_keep_their_alignment() -> None:
    made = html("| a | b |\n|:--|--:|\n| 1 | $y$ |", MATHJAX)
    assert made.startswith('<div class="scroll"><table dir="auto">')
    assert '<td class="to-left">1</td>' in made
    assert '<td class="to-right">\\(y\\)</td>' in made
    assert " style=" not in made


def test_an_empty_cell_is_the_heading_of_nothing() -> None:
    made = html("| | b |\n|---|---|\n| | 1 |", MATHJAX)
    assert "".join(made.split()).count("<tr><td></td><th>b</th></tr>") == 1


def test_code_has_the_classes_of_its_language_and_every_character() -> None:
    code = "\n\ndef f(x):\n\treturn '<s>' & x  # ünï\n\n"
    made = html(f"```python\n{code}```", MATHML)
    assert '<span class="c-k">def</span>' in made
    assert JustHTML(made, fragment=True).root.to_text(separator="", strip=False) == f"{code}\n"


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([1], [4]),
        ([2, 3, 2], [4, 5, 4]),
        ([1, 6], [4, 5]),
        ([3, 1], [4, 4]),
        ([1, 2, 3, 4, 5], [4, 5, 6, 6, 6]),
    ],
)
def test_headings_stand_below_their_place_and_skip_no_level(levels: list[int], expected: list[int]) -> None:
    made = html("\n\n".join(f"{'#' * level} x" for level in levels), MATHJAX, below=4)
    assert [int(level) for level in re.findall(r"<h(\d)", made)] == expected
    assert [int(level) for level in re.findall(r"</h(\d)", made)] == expected


@pytest.mark.parametrize(
    "text", ["![says](https://a.example/p.png)", "[![says](https://a.example/p.png)](https://b.example)"]
)
def test_a_picture_is_a_link_and_loads_nothing(text: str) -> None:
    made = html(text, MATHJAX)
    assert ("<img" in made, made.count("<a "), "says</a>" in made) == (False, 1, True)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    '[x](https://a.example/"onmouseover="alert(1))',
    '[x](https://a.example "t\\" onmouseover=\\"alert(1)")',
    '![x" onerror="alert(1)](https://a.example/p.png)',
    '<https://a.example/?"><script>alert(1)</script>>',
    "</code></pre><script>alert(1)</script>",
    "```python\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "`</code><script>alert(1)</script>`",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$</math><script>alert(1)</script>$",
    r"\[ x \] (<script>alert(1)</script>)",
    "| <script>alert(1)</script> |\n|---|\n| </table><script>alert(1)</script> |",
    "<!-- --><style>*{display:none}</style>",
    "{{7*7}} {% raw %}",
]


@pytest.mark.parametrize("manner", [MATHML, MATHJAX], ids=["mathml", "mathjax"])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_text_is_markup(text: str, manner: Manner) -> None:
    for made in (html(text, manner), line(text, manner), line(text, manner, links=False)):
        tree = JustHTML(made, fragment=True, strict=True, sanitize=False).root
        nodes = [(node.name, node.attrs or {}) for node in tree.query("*") if node.name]
        assert not {name for name, _ in nodes} & {"script", "style", "img", "svg", "iframe", "form", "input", "object"}
        assert not {name for _, attrs in nodes for name in attrs if name.startswith("on") or name == "style"}
        links = [attrs["href"] or "" for _, attrs in nodes if "href" in attrs]
        assert all(link.startswith(("https://", "http://", "mailto:")) for link in links)


def test_a_line_is_one_line_and_fits_into_a_link() -> None:
    text = "What is\n[`x<y`](https://a.example) ![p](https://b.example)?"
    assert line(text, MATHJAX, links=False) == "What is <code>x&lt;y</code> p?"
    assert line(text, MATHJAX).count("<a ") == 2
    assert line("", MATHJAX) == ""
