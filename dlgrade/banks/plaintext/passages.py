"""What a question of plain text says, what belongs to it, what answers it, and where an answer would go.

    3. What does a pooling layer do to the        the wording, two lines
    shape of its input?
       A) shrinks it      B) pads it              belongs to the question
    Ans. A                                        the answer, behind its label

Without a label the answer is what follows the wording: what stands below a blank line, a question mark or the end of
a sentence, or begins like a list. A line that the page was too narrow for goes on with the wording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dlgrade.banks.asking import asks, is_question
from dlgrade.banks.blocks import Document
from dlgrade.banks.body import trail_after
from dlgrade.banks.entries import Body
from dlgrade.banks.labels import ASIDE
from dlgrade.banks.plaintext.openings import Mark, answer_label, is_rule, label_for, option, options_in
from dlgrade.banks.plaintext.pages import Line
from dlgrade.banks.wording import is_placeholder, plain
from dlgrade.models import Slot

_BULLET = re.compile(r"(?:[-–—*+•●▪◦‣○■□>\uf0b7](?=[^-*])|[(\[]?\d{1,3}[.)\]](?!\d)|[(\[]?[a-zA-Z]\)|[a-h]\.[ ])")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_CELL = re.compile(r"\|.*\|\Z")
_INLINE_LABEL = re.compile(
    r"(?<=[?？.。>:])[ \t]*(?P<label>(?:\*\*)?(?:ans(?:wer)?|A)\.?[ ]?[:：](?:\*\*)?)[ \t]*", re.IGNORECASE
)
_BREAK = re.compile(r"[ \t]*<br\s*/?>\Z", re.IGNORECASE)
_QUESTION_WORD = re.compile(r"(?i:what|how|why|when|where|which|who|is|are|do|does|did|can|could|will|would|should)\b")
_CLOSING = re.compile(
    r"(?:©|\(c\)\s|copyright\b|all rights reserved|good luck|thank(?:s| you)\b|the end\b"
    r"|end of (?:the )?(?:document|file|paper|quiz)"
    r"|(?:visit|follow|subscribe|buy|get|download|see) (?:us|our|my|more|the full|www|http)|www\.|\*{3,} ?end)",
    re.IGNORECASE,
)
_FULL = 50  # a shorter line was not ended by the width of a page

INDENT = 3
"""Answers stand so many columns right of their questions; what begins there is no question."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a document writes its questions and answers.

    `base` is the column of the questions' marks, `width` that of their longest line. `label` is what answers stand
    behind, if they do, at `column`, `gap` what stands before it. In a document of `options` a lettered list below a
    question is part of it. `loose` says that answers stand at the left margin, apart.
    """

    base: int
    width: int
    label: str | None = None
    column: int = 0
    gap: str = "\n"
    options: bool = False
    loose: bool = False


@dataclass(slots=True)
class Passage:
    """The lines of an entry, told apart; `label` is the offset where an answer behind a label begins.

    `label_line` is the whole line of the label.
    """

    wording: list[Line]
    material: list[Line] = field(default_factory=list)
    answer: list[Line] = field(default_factory=list)
    asides: list[Line] = field(default_factory=list)
    label: int | None = None
    spelt: str = ""
    label_line: Line | None = None

    @property
    def raw(self) -> str:
        """The wording, then, a blank line apart, what belongs to it."""
        wording = plain("\n".join(_BREAK.sub("", line.text) for line in self.wording)).strip("*_ \n")
        material = dedented(self.material)
        return f"{wording}\n\n{material}" if material else wording

    @property
    def last(self) -> int:
        """The number of the last line."""
        parts = [self.wording, self.material, self.answer, self.asides, [self.label_line] if self.label_line else []]
        return max(part[-1].number for part in parts if part)

    @property
    def place(self) -> tuple[int, int]:
        """Where the wording stands."""
        return self.wording[0].start, self.wording[-1].end


def read_passage(lines: Sequence[Line], mark: Mark, style: Style, *, last: bool = False) -> Passage | None:
    """Tell the lines of an entry apart, the first of which holds its mark; None where no wording stands."""
    head = lines[0]
    first = replace(head, start=head.start + mark.start)
    found, lines = _labelled([first, *lines[1:]], mark)
    begin = next((i for i, line in enumerate(lines) if line.text), None)
    if begin is None or (first.text and begin):
        return None
    stop = _wording(lines, begin, style, labelled=found is not None)
    passage = found or Passage([])
    passage.wording = list(lines[begin:stop])
    if found is not None:
        passage.material = [line for line in lines[stop:] if not _aside(line)]
        passage.asides = [line for line in lines[stop:] if _aside(line)]
    else:
        beyond = _material(lines, stop, style)
        passage.material, passage.answer = list(lines[stop:beyond]), list(lines[beyond:])
    passage.material = _trimmed(passage.material)
    _without_asides(passage)
    if last:
        passage.answer = _trimmed(_ended(passage, style))
    return passage


def _labelled(lines: list[Line], mark: Mark) -> tuple[Passage | None, list[Line]]:
    """Find the answer's label; return the passage with what stands behind it, and the lines before it."""
    inline = _INLINE_LABEL.search(lines[0].text)
    if inline and not lines[0].code:
        head = lines[0]
        value = replace(head, start=head.start + inline.end())
        before = head.text[: inline.start()].rstrip()
        question = replace(head, end=head.start + len(before))
        found = Passage([], answer=[value, *lines[1:]], label=value.start, label_line=head)
        return found, [question]
    for index, line in enumerate(lines[1:], start=1):
        end = answer_label(line, mark)
        following = lines[index + 1] if index + 1 < len(lines) else None
        if end is not None and not (following and option(line) == 1 and option(following) == 2):  # `A.` above `B.`
            value = replace(line, start=line.start + end)
            spelt = line.text[:end].rstrip()
            found = Passage([], answer=[value, *lines[index + 1 :]], spelt=spelt, label_line=line)
            found.label = line.start + len(spelt)
            return found, lines[:index]
    return None, lines


# ── the question ─────────────────────────────────────────────────────────────────────────────


def _wording(lines: Sequence[Line], begin: int, style: Style, *, labelled: bool) -> int:
    """Return the index after the last line of the wording."""
    stop = begin + 1
    while stop < len(lines):
        line, before = lines[stop], lines[stop - 1]
        if not line.text or line.code or option(line) or _BULLET.match(line.text) or is_rule(line) or _aside(line):
            break
        small = lines[begin].text[0].islower()  # where all begins with small letters, they say nothing
        if _CELL.match(line.text) or not (labelled or _goes_on(before, line, style, small=small)):
            break
        stop += 1
    return stop


def _goes_on(before: Line, line: Line, style: Style, *, small: bool) -> bool:
    """Say whether the wording goes on in a line, or an answer begins there."""
    end = before.text.rstrip("*_ \"'”’)")[-1:]
    if asks(before.text):
        tells = not _QUESTION_WORD.match(line.text)
        orders = tells and not _IDEOGRAPH.search(line.text)
        return is_question(line.text) and (orders or asks(line.text))
    if end in ".。!！":
        return is_question(line.text) and (asks(line.text) or not _QUESTION_WORD.match(line.text))
    if end in ":：" or line.text.casefold().startswith(before.text.casefold()):
        return False
    letterless = small or bool(_IDEOGRAPH.search(before.text))
    if (line.text[0].islower() and not letterless) or (end in ",;-" and not letterless) or line.text[0] in "),;":
        return True
    if asks(line.text) and not is_question(before.text):
        return True
    reached = before.column + len(before.text)
    first = line.text.split(maxsplit=1)[0] if line.text.strip() else line.text
    return reached >= _FULL and reached + 1 + len(first) > style.width


def _material(lines: Sequence[Line], start: int, style: Style) -> int:
    """Return the index after what belongs to the question, where no label says that the answer begins."""
    below = next((i for i in range(start, len(lines)) if lines[i].text), len(lines))
    if below == len(lines):
        return start
    if style.options and starts_options(lines, below):
        return _options(lines, below)
    if lines[below].parted and below == start:
        return start
    wording = " ".join(line.text for line in lines[:start])
    if below > start and not is_question(wording):
        stop = next((i for i in range(below, len(lines)) if not lines[i].text), len(lines))
        if asks(lines[stop - 1].text) and not _BULLET.match(lines[below].text):
            return stop
    return start


def starts_options(lines: Sequence[Line], index: int) -> bool:
    """Say whether options begin at an index: two in order, or some in a row."""
    if options_in(lines[index]) > 1:
        return True
    if option(lines[index]) != 1:
        return False
    second = next((line for line in lines[index + 1 : index + 8] if option(line)), None)
    return second is not None and option(second) == 2


def _options(lines: Sequence[Line], index: int) -> int:
    stop, place = index, 0
    while stop < len(lines):
        count = max(options_in(lines[stop]), 1)
        here = option(lines[stop])
        if here == place + 1:
            place = here + count - 1
        elif not lines[stop].text:
            after = next((line for line in lines[stop + 1 :] if line.text), None)
            if after is None or option(after) != place + 1:
                break
        stop += 1
    return stop


# ── the answer ───────────────────────────────────────────────────────────────────────────────


def _aside(line: Line) -> re.Match[str] | None:
    match = ASIDE.match(line.text) if line.text and not line.code else None
    return match if match and match["colon"] else None


def _trimmed(lines: Sequence[Line]) -> list[Line]:
    first, stop = 0, len(lines)
    while first < stop and (not lines[first].text or is_rule(lines[first])):
        first += 1
    while stop > first and (not lines[stop - 1].text or is_rule(lines[stop - 1])):
        stop -= 1
    return list(lines[first:stop])


def _without_asides(passage: Passage) -> None:
    """Move what says something beside the answer out of it, above and below."""
    answer = _trimmed(passage.answer)
    if passage.label is None:
        while answer and _aside(answer[0]):
            passage.asides.append(answer[0])
            answer = _trimmed(answer[1:])
    part = next(
        (
            i
            for i, line in enumerate(answer)
            if i and (match := _aside(line)) and match["part"] and not answer[i - 1].text
        ),
        len(answer),
    )
    answer = _trimmed(answer[:part])
    while answer and _aside(answer[-1]):
        passage.asides.append(answer[-1])
        answer = _trimmed(answer[:-1])
    passage.answer = answer


def _ended(passage: Passage, style: Style) -> list[Line]:
    """Return the last answer of a document without what comes after it: wishes, owners, a text of its own."""
    answer = passage.answer
    if passage.label is None and answer and answer[0].column < style.base + 2 and not style.loose:
        above = max(line.number for line in [*passage.wording, *passage.material, *passage.asides])
        if answer[0].number > above + 1:
            return []
    indented = passage.label is None and bool(answer) and answer[0].column >= style.base + 2
    for index, line in enumerate(answer):
        begins = index > 0 and not answer[index - 1].text
        if begins and line.text and (_CLOSING.match(line.text) or (indented and line.column < style.base + 2)):
            return answer[:index]
        if index and is_rule(line) and not answer[index - 1].text:
            return answer[:index]
    return [] if answer and _CLOSING.match(answer[0].text) and passage.label is None else answer


def dedented(lines: Sequence[Line], *, behind: bool = False) -> str:
    """Return the lines as a text, without the margin that they share; the first may stand `behind` a label."""
    own = [line.column for line in lines[behind:] if line.text]
    margin = min(own, default=0)
    shown = [f"{' ' * (line.column - margin)}{line.text}" if line.text else "" for line in lines]
    if behind and lines:
        shown[0] = lines[0].text
    return "\n".join(shown)


def body_of(document: Document, passage: Passage, mark: Mark, style: Style) -> Body:
    """Return the answer and where it stands, or where one would go."""
    answer = passage.answer
    behind = bool(answer) and passage.label_line is not None and answer[0].number == passage.label_line.number
    text = dedented(answer, behind=behind)
    indent = " " * (style.base + INDENT)
    if not answer:
        return Body(None, _missing(document, passage, mark, style, indent))
    place = _standing(document, passage, indent, behind=behind)
    if is_placeholder(text):
        return Body(None, place._replace(trail=trail_after(document, place.end)))
    whole = not any(line.parted for line in answer[1:])
    return Body(text, standing=place if whole else None)


def _standing(document: Document, passage: Passage, indent: str, *, behind: bool) -> Slot:
    first, end = passage.answer[0], passage.answer[-1].end
    if behind and passage.label is not None:
        return Slot(start=passage.label, end=end, lead=_blank(passage), indent=indent, shape="plain")
    start = document.lines[first.number - 1][0]
    start = start if not document.text[start : first.start].strip(" \t") else first.start
    above = passage.label_line or max(
        [*passage.wording, *passage.material, *passage.asides], key=lambda line: line.number
    )
    apart = "\n" if passage.label is None and above.number == first.number - 1 else ""
    return Slot(start=start, end=end, lead=f"{apart}{indent}", indent=indent, shape="plain")


def _blank(passage: Passage) -> str:
    return "" if passage.spelt.endswith("：") else " "


def _missing(document: Document, passage: Passage, mark: Mark, style: Style, indent: str) -> Slot:
    if passage.label is not None and passage.label_line is not None:
        start, end = passage.label, max(passage.label, passage.label_line.end)
        trail = trail_after(document, end)
        return Slot(start=start, end=end, lead=_blank(passage), trail=trail, indent=indent, shape="plain")
    last = max([*passage.wording, *passage.material, *_above(passage)], key=lambda line: line.number)
    label = style.label or ("Answer:" if style.options and passage.material else None)
    lead = f"\n\n{indent}"
    if mark.kind == "bare":  # what follows must not look like the beginning of a paragraph because of the answer
        return Slot(start=last.end, end=last.end, lead=lead, indent=indent, shape="plain")
    if label:
        lead = f"{style.gap}{' ' * style.column}{label_for(label, mark)}{'' if label[-1] in '：' else ' '}"
    trail = trail_after(document, last.end)
    return Slot(start=last.end, end=last.end, lead=lead, trail=trail, indent=indent, shape="plain")


def _above(passage: Passage) -> list[Line]:
    """Return the asides right below the question: an answer goes below them."""
    return [line for line in passage.asides if ASIDE.match(line.text)]


def difficulty_of(passage: Passage) -> str | None:
    """Return what an aside calls the difficulty."""
    for line in passage.asides:
        match = _aside(line)
        if match and (match["data"] or "").casefold().startswith("difficulty"):
            return line.text[match.end() :].strip(" *_") or None
    return None
