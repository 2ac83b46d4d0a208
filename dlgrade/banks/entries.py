"""What the readers of all forms hand over, and how they find the answer in what follows a question.

A body and what it says:

    **Answer:** _[To be filled]_        no answer; one goes in the placeholder's place
    **Answer:** Units are dropped.      the answer, without its label
    Units are dropped.                  the answer
                                        no answer; one goes below the question
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dlgrade.banks.blocks import Document
from dlgrade.banks.wording import is_placeholder, is_void
from dlgrade.models import Slot


@dataclass(frozen=True, slots=True)
class Body:
    """The answer that stands below a question; None where it is missing, then `slot` is its place."""

    answer: str | None
    slot: Slot | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A question as a form read it, before it belongs to a bank; the fields are those of `Question`."""

    raw: str
    line: int
    body: Body
    number: str | None = None
    category: str | None = None
    difficulty: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one form makes of a document.

    `sure` runs from 0 to 1: how plainly the entries are marked as questions, times the part of the
    document that they explain.
    """

    form: str
    entries: tuple[Entry, ...]
    sure: float

    @property
    def weight(self) -> float:
        """What readings are compared by: a form that explains more questions, more surely, is right."""
        return self.sure * len(self.entries)


_NAME = (
    r"(?:(?:model|sample|reference|expected|suggested|correct|short|example)[ \t]+)?"
    r"(?:answers?|ans|solution|response|reply|respuesta|réponse|antwort|lösung|resposta|risposta|答案|答|回答|解答|ответ)"
)
_COLON = r"[ \t]*[:：]"
_LINE_END = r"(?:\r|\n|\Z)"  # `$` knows no CR
_LABEL = re.compile(
    rf"""(?P<bullet>[-*+][ \t]+)?(?:
        (?P<hashes>\#{{1,6}})[ \t]+(?P<e>\*\*|__|[*_])?{_NAME}(?:{_COLON})?
            (?(e)(?P=e)(?:{_COLON})?)[ \t]*\#*(?=[ \t]*{_LINE_END})
      | (?P<em>\*\*\*|\*\*|__|[*_]){_NAME}(?:{_COLON}(?P=em) | (?P=em){_COLON} | (?P=em)(?=[ \t]*{_LINE_END}))
      | (?:{_NAME}|A){_COLON}
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# An empty `<details>` is a placeholder with its own natural place: between summary and end.
_DETAILS = re.compile(
    r"<details[^<>]{0,100}>\s*(?:<summary>.{0,300}?</summary>)?(?P<inner>(?:(?!</?details).)*)</details>\s*",
    re.IGNORECASE | re.DOTALL,
)


def starts_with_label(line: str) -> bool:
    """Say whether a line begins with `Answer:` in one of its many spellings."""
    return bool(_LABEL.match(line.lstrip(" \t")))


def without_label(answer: str) -> str:
    """Return the answer without the labels that it begins with, if it does."""
    while label := _LABEL.match(bare := answer.lstrip()):
        answer = bare[label.end() :].lstrip()
    return answer


def read_body(document: Document, start: int, end: int, indent: int = 0) -> Body:
    """Find the answer in `text[start:end]`, where a question ends and its entry ends.

    Every line stands `indent` columns from the left, as it does inside a list item.
    """
    text, margin = document.text, " " * indent
    first = _first(text, start, end)
    label = _LABEL.match(text, first, end)
    if label is None:
        return _unlabelled(document, start, first, end, margin)
    if label["bullet"]:
        margin += " " * len(label["bullet"])
    value = _first(text, label.end(), end)
    if value < end and is_void(text[value:end]):
        return Body(None, _below(document, end, margin))
    if not is_placeholder(text[value:end]):
        return Body(_undented(text[value:end], margin), None)
    if "\n" in text[label.end() : value] or "\r" in text[label.end() : value]:
        return Body(None, _slot(document, value, end, margin))
    if label["hashes"]:
        return Body(None, _below(document, label.end(), margin))
    lead = text[label.end() : value] or " "
    return Body(
        None,
        Slot(start=label.end(), end=end, lead=lead, trail=trail_after(document, end), indent=margin, shape="inline"),
    )


def _unlabelled(document: Document, start: int, first: int, end: int, margin: str) -> Body:
    content = document.text[first:end]
    details = _DETAILS.fullmatch(content)
    if is_void(content):
        return Body(None, _below(document, start, margin))
    if details and is_placeholder(details["inner"]):
        inner = first + details.start("inner")
        slot = Slot(
            start=inner, end=first + details.end("inner"), lead=f"\n\n{margin}", trail=f"\n\n{margin}", indent=margin
        )
        return Body(None, slot)
    if details:
        return Body(without_label(_undented(details["inner"].strip(), margin)), None)
    if is_placeholder(content):
        return Body(None, _slot(document, first, end, margin))
    return Body(_undented(content, margin), None)


def _slot(document: Document, start: int, end: int, margin: str) -> Slot:
    return Slot(start=start, end=end, trail=trail_after(document, end), indent=margin)


def _below(document: Document, start: int, margin: str) -> Slot:
    return Slot(start=start, end=start, lead=f"\n\n{margin}", trail=trail_after(document, start), indent=margin)


def trail_after(document: Document, end: int) -> str:
    """Keep the next line from running into the answer: a `---` right below would make it a heading."""
    rest = document.text[end : end + 2]
    newline = len(rest) - len(rest.removeprefix("\r").removeprefix("\n"))
    after = end + newline
    return "" if document.text[after : after + 1] in ("", "\n", "\r") else "\n"


def _first(text: str, start: int, end: int) -> int:
    """Return where the first character that is not white space stands, `end` if there is none."""
    return start + len(text[start:end]) - len(text[start:end].lstrip())


def _undented(text: str, margin: str) -> str:
    """Take the margin off the lines that have it, up to the first that stands further left."""
    if not margin:
        return text.strip()
    lines = re.split(r"(?<=\n)", text.replace("\r\n", "\n").replace("\r", "\n"))
    for number, line in enumerate(lines[1:], start=1):
        if line.startswith(margin):
            lines[number] = line[len(margin) :]
        elif line.strip():
            break
    return "".join(lines).strip()
