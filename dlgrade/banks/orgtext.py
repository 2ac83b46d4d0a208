"""A Markdown answer as Org has it: the same words, nothing that would be a heading, a comment or a drawer there.

```python           becomes     #+begin_src python
# Question 1                    # Question 1
```                             #+end_src
* **a** list                    - *a* list
Use `x[i]`.                     Use ~x[i]~.
|---|---|                       |---+---|
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlgrade.banks.fitting import fit
from dlgrade.banks.wording import INLINE_CODE

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*(\w*)")
_STARS = re.compile(r"([ \t]*)\*+[ \t]+")
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,1000}?)(?<=\S)\*\*")
# What would be a comment, a keyword or a drawer is shown as it is: a colon begins a line of fixed width.
_SPEAKS = re.compile(r"[ \t]*(?:\#(?:\+|[ \t]|\Z)|:[\w-]+:[ \t]*\Z|(?:SCHEDULED|DEADLINE|CLOSED):)")
_TABLE_RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")
_COMMAS = re.compile(r"(,*)(?=\*|\#\+)")  # https://orgmode.org/manual/Literal-Examples.html


def fit_org(answer: str) -> str:
    """Return a Markdown answer as text that can stand in an Org document."""
    return "\n".join(_lines(fit(answer).split("\n"))).strip("\n")


def _lines(lines: list[str]) -> Iterator[str]:
    closing: str | None = None
    block = "src"
    for line in lines:
        fence = _FENCE.match(line)
        if closing is not None:
            if fence and fence[2].startswith(closing) and not line.strip()[len(fence[2]) :]:
                closing = None
                yield f"{fence[1]}#+end_{block}"
            else:
                yield _COMMAS.sub(r"\1,", line, count=1) if _COMMAS.match(line) else line
        elif fence:
            closing = fence[2]
            block = "src" if fence[3] else "example"
            yield f"{fence[1]}#+begin_{block} {fence[3]}".rstrip()
        else:
            yield _told(line)


def _told(line: str) -> str:
    if _TABLE_RULE.fullmatch(line):
        return "|" + "+".join("-" * max(len(cell), 3) for cell in line.strip().strip("|").split("|")) + "|"
    line = _STARS.sub(r"\1- ", line, count=1) if _STARS.match(line) else line
    parts = INLINE_CODE.split(line)
    shown = [_BOLD.sub(r"*\1*", parts[0])]
    for code, after in zip(parts[2::3], parts[3::3], strict=True):
        shown.append(
            (f"~{code.strip()}~" if "~" not in code and code.strip() else f"={code}=") + _BOLD.sub(r"*\1*", after)
        )
    line = "".join(shown)
    line = _STARS.sub(r"\1- ", line, count=1) if _STARS.match(line) else line
    return f": {line}" if _SPEAKS.match(line) else line
