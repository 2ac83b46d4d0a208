"""What is wrong with a bank, each finding with its line.

questions/mine.md:12: no answer: What is a flumph?
questions/mine.md:30: a code fence is left open in the answer
"""

from __future__ import annotations

import ast
import re
import textwrap
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

from dlgrade.banks.block import Lines
from dlgrade.banks.blocks import Document
from dlgrade.banks.marks import wording
from dlgrade.banks.same import same
from dlgrade.banks.wording import INLINE_CODE, is_placeholder
from dlgrade.models import Bank, Question, Record

Kind = Literal[
    "no-answer", "empty-question", "same-question", "numbering", "cut-off", "open-fence", "open-formula", "python"
]


class Finding(Record):
    """One thing that is wrong: where, of what kind, and in words."""

    path: str
    line: int
    id: str
    kind: Kind
    message: str


_FENCE = re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)$", re.MULTILINE)
_ENDED = re.compile(r"[.!?:;…。！？)\]}>\"'”’*_`$|]\s*$")
_DANGLING = re.compile(r"(?:,|\b(?:and|or|but|the|a|an|of|to|in|with|for|is|are|that|which|because|such as))\s*$", re.I)
_LONG = 60  # characters from which on an answer is prose, not a name or a number
_MATH = re.compile(r"(?<!\\)\$\$(.+?)(?<!\\)\$\$|(?<![\\$])\$([^$\n]+?)(?<!\\)\$(?!\d)", re.DOTALL)
_PRICE = re.compile(r"\$(?=\d)")
_NOT_PLAIN_PYTHON = re.compile(r"^\s*(?:>>>|%|!|\$ )", re.MULTILINE)


def check_bank(bank: Bank) -> list[Finding]:
    """Everything that is wrong with a bank, in the order of its lines."""
    found = [*_missing(bank), *_twice(bank), *_gaps(bank)]
    where = _Where(bank.source)
    for question in bank.questions:
        if question.answer is not None:
            found += (_finding(bank, question, kind, words, line) for kind, words, line in _wrong(question, where))
    return sorted(found, key=lambda finding: finding.line)


def _finding(bank: Bank, question: Question, kind: Kind, message: str, line: int | None = None) -> Finding:
    return Finding(path=bank.path, line=line or question.line, id=question.id, kind=kind, message=message)


def _missing(bank: Bank) -> Iterator[Finding]:
    for question in bank.questions:
        if not wording(question.wording).text or is_placeholder(question.wording):
            yield _finding(bank, question, "empty-question", f"the question is empty: {question.wording}")
        elif question.answer is None:
            yield _finding(bank, question, "no-answer", f"no answer: {question.wording}")


def _twice(bank: Bank) -> Iterator[Finding]:
    for first, *others in same(bank.questions).larger:
        for other in others:
            yield _finding(bank, other, "same-question", f"the same question as in line {first.line}: {other.wording}")


def _gaps(bank: Bank) -> Iterator[Finding]:
    """Numbers that stand twice in a row or leave one out; starting again at 1 is how chapters count."""
    before: int | None = None
    for question in bank.questions:
        number = int(question.number) if question.number and question.number.isdecimal() else None
        if before is not None and number is not None and number not in {before + 1, 1}:
            words = f"number {number} stands twice" if number == before else f"number {number} follows {before}"
            yield _finding(bank, question, "numbering", words)
        before = number


def _wrong(question: Question, where: _Where) -> Iterator[tuple[Kind, str, int | None]]:
    answer = question.answer or ""
    at = where.line_of(question)
    code, prose, opened = _parted(answer)
    if opened:
        yield "open-fence", "a code fence is left open in the answer", at
    elif _looks_cut_off(answer):
        yield "cut-off", f"the answer looks cut off: …{answer[-40:].strip()!r}", at
    if words := _open_formula(prose):
        yield "open-formula", words, at
    for line, text in code:
        if error := _python_error(text):
            there = None if at is None else at + line + (error.lineno or 1)
            yield "python", f"this Python does not parse: {error.msg}", there


class _Where:
    """Where in a source its answers stand."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._starts = Lines(source).starts
        self._newline = "\r\n" if "\r\n" in source else "\n"

    def line_of(self, question: Question) -> int | None:
        """The line on which the answer begins, None where it is indented and cannot be found as it is."""
        answer = (question.answer or "").replace("\n", self._newline)
        end = len(self._source) if question.standing is None else question.standing.end
        at = self._source.find(answer, self._starts[question.line - 1], end)
        return None if at < 0 else bisect_right(self._starts, at)


def _parted(answer: str) -> tuple[list[tuple[int, str]], str, bool]:
    """Python blocks with their first line's index, the answer without code, and whether a fence stays open."""
    code: list[tuple[int, str]] = []
    prose: list[str] = []
    fence = language = ""
    block: list[str] = []
    for i, line in enumerate(answer.splitlines()):
        match = _FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not match[2].strip():
                if language in {"python", "py", "python3"}:
                    code.append((i - len(block) - 1, "\n".join(block)))
                fence, block = "", []
            else:
                block.append(line)
        elif match:
            fence, language = match[1], match[2].strip().partition(" ")[0].lower()
        else:
            prose.append(line)
    return code, INLINE_CODE.sub("", "\n".join(prose)), bool(fence)


def _looks_cut_off(answer: str) -> bool:
    blocks = Document(answer).blocks
    if len(answer) < _LONG or not blocks or blocks[-1].kind != "paragraph":
        return False
    return bool(_DANGLING.search(answer)) or not _ENDED.search(answer)


def _open_formula(prose: str) -> str | None:
    formulas = ["".join(match.groups(default="")) for match in _MATH.finditer(prose)]
    rest = _PRICE.sub("", _MATH.sub("", prose).replace("\\$", ""))
    if "$" in rest:
        return "a formula does not close in the answer"
    wrong = next((text for text in formulas if _braces(text) != 0), None)
    return None if wrong is None else f"braces do not match in the formula ${wrong.strip()}$"


def _braces(formula: str) -> int:
    bare = formula.replace("\\{", "").replace("\\}", "")
    return bare.count("{") - bare.count("}")


def _python_error(text: str) -> SyntaxError | None:
    if _NOT_PLAIN_PYTHON.search(text):
        return None
    try:
        ast.parse(textwrap.dedent(text))
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):  # NUL bytes, nesting beyond the parser's stack
        return SyntaxError("too strange for the parser")
    return None
