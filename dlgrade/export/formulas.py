r"""LaTeX -> MathML, which browsers set by themselves; what cannot be converted is shown as its LaTeX.

    \frac{a}{b}  ->  <math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>

The result has no `style=`, so that a page's policy may forbid it: what the converter would say so are classes
(`m-left`, `m-thin` …) of pages/prose.css.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from math_core import LatexToMathML

DEEP, UNCLOSED = 300, 8
"""How many commands, braces, brackets, powers and indexes a formula may have; how many brackets that nothing closes.

The converter nests as deep as the former on the stack, where too deep ends the process; its time doubles with each of
the latter. Of the former the shipped formulas have 45 at most.
"""

_NESTING = re.compile(r"[\\{(\[^_]")
_BRACKET = re.compile(
    r"(\\\{|\\(?:[lu]l?)(?:angl?e?|[bB]rac[ek]|bracket|ceil|corner|floor|group|moustache|paren|[vV]ert)|[(\[⌈⌊⟦⟨⟮⦃])"
    r"|\\\}|\\(?:[ru]r?)(?:angl?e?|[bB]rac[ek]|bracket|ceil|corner|floor|group|moustache|paren|[vV]ert)|[)\]⌉⌋⟧⟩⟯⦄]"
)
_TIED = re.compile(
    r"((?:[(\[“‘«（「]|&quot;){,3})<math>.*?</math>((?:[)\]”’».,;:!?…，。、；：）」]|&quot;|-[A-Za-z]{1,12})*)",
    re.DOTALL,
)
_DEFINING = re.compile(r"\\(?:[gex]?def|let|(?:re)?newcommand|providecommand)\b")

_MACROS = {
    "argmax": r"\operatorname*{arg\,max}",
    "argmin": r"\operatorname*{arg\,min}",
    "ensuremath": "#1",
    "mbox": r"\text{#1}",
    "smash": "#1",
    "substack": r"\begin{subarray}{c}#1\end{subarray}",
}
"""Commands that answers use and the converter does not know."""

_ENVIRONMENTS = {"split": "aligned", "smallmatrix": "matrix"}

_NUMBERED = re.compile(r"\\(begin|end)\{(align|gather|equation|multline)\}")

_CLASSES = {
    "text-align: left": "m-left",
    "text-align: right": "m-right",
    "padding-left: 0": "m-from",
    "padding-left:0": "m-from",
    "padding-right: 0": "m-to",
    "padding-right:0": "m-to",
    "padding-left:1em": "m-apart",
    "padding-top: 0.1667em": "m-below",
    "border-top: 0.05em solid currentcolor": "m-line-above",
    "border-bottom: 0.05em solid currentcolor": "m-line-below",
    "border-left: 0.05em solid currentcolor": "m-line-before",
    "border-right: 0.05em solid currentcolor": "m-line-after",
    "width: 100%": "m-whole",
    "width: 50%": "m-half",
    "width: 7.5%": "m-edge",
    "margin-left:-0.16666667em": "m-thin",
    "font-variant-caps: small-caps": "m-small-caps",
}


def mathml(latex: str, *, display: bool) -> str:
    """A formula as HTML, set off from the text where `display` is set."""
    found = _converted(latex.strip(), display)
    return f'<code class="formula" dir="ltr">{escape(latex.strip())}</code>' if found is None else found


def tied(html: str) -> str:
    """HTML in which no line breaks between a formula and the bracket before it, or the comma or `-means` after it."""
    return _TIED.sub(lambda found: f'<span class="tie">{found[0]}</span>' if found[1] or found[2] else found[0], html)


@lru_cache(maxsize=4096)
def _converted(latex: str, display: bool) -> str | None:
    if not _is_harmless(latex):
        return None
    # Imported here for start-up time: texts without formulas need none of it.
    from math_core import LatexError  # noqa: PLC0415

    try:
        found = _converter().convert_with_local_state(_understood(latex), displaystyle=display)
    except LatexError:
        return None
    found = found.replace("&ApplyFunction;", "\u2061")  # XML knows no such name
    return re.sub(r' style="([^"]*)"', _dressed, found)


def _is_harmless(latex: str) -> bool:
    """Whether the converter can be trusted with it; one that defines commands can nest as deep as it likes."""
    unclosed = 0
    for found in _BRACKET.finditer(latex):
        unclosed = unclosed + 1 if found[1] else max(0, unclosed - 1)
    return unclosed <= UNCLOSED and len(_NESTING.findall(latex)) <= DEEP and not _DEFINING.search(latex)


@cache
def _converter() -> LatexToMathML:
    from math_core import LatexToMathML  # noqa: PLC0415 (for start-up time)

    return LatexToMathML(macros=_MACROS, fancy_error=False, allow_unreliable_rendering=True)


def _understood(latex: str) -> str:
    """The formula in the converter's words; equations are numbered where the text numbers them alone."""
    for name, known in _ENVIRONMENTS.items():
        latex = latex.replace(f"{{{name}}}", f"{{{known}}}")
    if r"\label" in latex or r"\tag" in latex:
        return latex if _NUMBERED.search(latex) else rf"\begin{{equation}}{latex}\end{{equation}}"
    return _NUMBERED.sub(r"\\\1{\2*}", latex)


def _dressed(style: re.Match[str]) -> str:
    """A style as classes; a colour is an attribute of MathML's own."""
    said = [part.strip() for part in style[1].split(";")]
    names = [_CLASSES[part] for part in said if part in _CLASSES]
    colours = [part.partition(":")[2].strip() for part in said if part.startswith("color:")]
    return "".join(
        [f' class="{" ".join(names)}"' if names else "", *(f' mathcolor="{colour}"' for colour in colours[:1])]
    )
