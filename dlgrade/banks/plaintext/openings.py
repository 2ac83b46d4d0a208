"""What a line of plain text begins with: the number or label of a question, of an answer, of an option, a title.

1. What …   2) What …   (3) …   [4] …   5: …   6 - …   7、…   iv. …   一、…        numbered
Q: …   Q1. …   Question 2: …   **Q.3** …   Que 4.   问题5：   В: …                 labelled
A: …   Ans. …   A1. …   Answer - …   **A:** …   Correct answer: …   答：…          answers
A) …   (b) …   c. …                                                             options
CHAPTER 2   TRAINING   Training     Training:                                   titles
                       ========
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dlgrade.banks.plaintext.pages import Line

Kind = Literal["labelled", "numbered", "lettered", "bare"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A question's mark: what stands behind it begins at offset `start` of the line's text.

    Marks of one `style` belong together; `value` is the number, 0 where none stands. `common` marks are those that
    Markdown has too.
    """

    kind: Kind
    style: str
    number: str | None
    value: int
    start: int
    common: bool = False


# ── questions ────────────────────────────────────────────────────────────────────────────────

_WRAP = r"(?:(?:[-*+>•●▪]|\d{1,3}[.)])[ \t]+)?(?P<bold>\*\*\*|\*\*|__|[*_])?"
_CHINESE = "〇一二三四五六七八九"
_NUMBERED = re.compile(
    r"(?P<bold>\*\*|__)?(?P<open>[(\[（【])?[ ]?(?:(?P<digits>\d{1,6}[a-z]?)|(?P<han>[一二三四五六七八九十百]{1,5})"
    r"|(?P<letters>[ivxlc]{1,7}|[IVXLC]{1,7}|[A-Za-z]))"
    r"[ ]?(?P<close>(?:[)\]）】][.:．：]?)|[.．。]\)?(?![\d.])|[、，]|[:：](?!\d)|[ ]?[-–—](?=\s)(?!\s*\d))"
    r"[ \t\u3000]*(?P<rest>\S|\Z)"
)
_LABELLED = re.compile(
    _WRAP + r"(?P<name>questions?|ques?|q|no|nr|问题|問題|题目|题|问|問|質問|вопрос|в|pregunta|pergunta|frage|p|f|d)"
    r"(?:[ ]?[.#№]?[ ]?(?P<number>\d{1,6}[a-z]?))?(?P<close>[ ]?(?:\*\*|__)?[ ]?(?:[:：.．)\]、]|[-–—](?=\s)))?"
    r"(?P<after>(?(bold)(?P=bold)|(?!)))?(?P<space>[ \t\u3000]*)(?P<rest>\S|\Z)",
    re.IGNORECASE,
)
_BARE_LABELS = {"q", "question", "问题", "问", "問", "質問", "вопрос", "pregunta", "pergunta", "frage"}
_SINGLE = {"p", "f", "d", "в"}  # labels only where answers have their partner's: `P:` and `R:`
_ORDINAL = re.compile(r"第\s*(\d{1,4})\s*[题題][:：.、]?\s*")


def question_mark(line: Line) -> Mark | None:
    """Return the mark that a line begins with, if it may be a question's."""
    text = line.text
    if line.code or not text:
        return None
    return _labelled(text) or _numbered(text)


def _labelled(text: str) -> Mark | None:
    if match := _ORDINAL.match(text):
        return Mark("labelled", "第题", match[1], int(match[1]), match.end())
    match = _LABELLED.match(text)
    if match is None:
        return None
    name, number, close = match["name"].casefold(), match["number"], (match["close"] or "").strip(" *_")
    if number is None:
        colon = close in (":", "：") or (close == "." and name == "q" and match["name"] == "Q")
        if not colon or name not in _BARE_LABELS | _SINGLE:
            return None
    elif (
        name in _SINGLE
        or (not close and match["rest"] and not (match["space"] and match["name"][0].isupper()))
        or (name in ("no", "nr") and (not close and not match["space"]))
    ):
        return None
    style = "q" if name not in _SINGLE else name
    value = int(re.sub(r"\D", "", number)) if number else 0
    return Mark("labelled", style, number, value, match.start("rest"), common=bool(match["bold"]))


def _numbered(text: str) -> Mark | None:
    match = _NUMBERED.match(text)
    if match is None:
        return None
    opened, close = match["open"] or "", match["close"].strip().translate(_HALF_WIDTH)
    start, shown = match.start("rest"), match["digits"]
    if opened and close[0] not in ")]】":
        return None
    if shown:
        common = not opened and close in (".", ")") and text[start - 1 : start] in (" ", "\t")
        value = int(shown.rstrip("abcdefghijklmnopqrstuvwxyz"))
        return Mark("numbered", f"1{opened}{close}", shown, value, start, common or bool(match["bold"]))
    if match["han"]:
        return Mark("numbered", f"一{opened}{close}", match["han"], _han(match["han"]), start)
    return _lettered(match["letters"], opened, close, start) if close[0] in ".)" else None


def _lettered(letters: str, opened: str, close: str, start: int) -> Mark | None:
    """Return the mark of a Roman number or of a letter, which only a few lines of one style can tell apart."""
    roman = _roman(letters)
    if not roman and len(letters) > 1:
        return None
    kind = ("i" if roman else "a") if letters.islower() else ("I" if roman else "A")
    return Mark("lettered", f"{kind}{opened}{close}", letters, roman or _letter(letters), start)


_HALF_WIDTH = str.maketrans("（）．：。【】、，", "().:.[]..")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def _roman(text: str) -> int:
    """Return the value of a Roman number, 0 for letters that are none; a lone `c` or `l` counts as a letter."""
    values = [_ROMAN.get(char, 0) for char in text.lower()]
    if not all(values) or text.lower() in ("l", "c"):
        return 0
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _letter(text: str) -> int:
    return ord(text.lower()) - ord("a") + 1


def _han(text: str) -> int:
    total, digit = 0, 0
    for char in text:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = _CHINESE.index(char)
    return total + digit


# ── answers ──────────────────────────────────────────────────────────────────────────────────

_ANSWER = re.compile(
    _WRAP + r"(?:(?P<name>(?:(?:model|sample|reference|expected|suggested|correct|right|short|example)[ ]+)?"
    r"(?:answers?|ans|solution|sol|response|respuesta|réponse|antwort|resposta|risposta|ответ|参考答案|正确答案|答案|答|回答|解答|解析))"
    r"(?:[ ]?[.#]?[ ]?(?P<n>\d{1,6}[a-z]?))?"
    r"(?P<close>[ ]?(?:\*\*\*|\*\*|__|[*_])?[ ]?(?:[:：]-?|[.)](?!\w)|[-–—]{1,2}[>]?)(?(bold)(?:(?P=bold))?)"
    r"|(?:\*\*|__)?(?=\s*\Z)|(?=[ ]\([a-eA-E]\)))"
    r"|(?P<single>[AaRО])(?:[ ]?(?P<m>\d{1,6}[a-z]?))?"
    r"(?P<sep>[ ]?(?:\*\*\*|\*\*|__|[*_])?(?:[:：]|[.)](?=\s|\Z))(?(bold)(?:(?P=bold))?)))(?P<space>[ \t\u3000]*)",
    re.IGNORECASE,
)


def answer_label(line: Line, mark: Mark) -> int | None:
    """Return where, in a line's text, the answer to the question with this mark begins; None without its label."""
    if line.code:
        return None
    match = _ANSWER.match(line.text)
    if match is None:
        return None
    if match["name"]:
        return match.end()
    number, colon = match["m"], ":" in match["sep"] or "：" in match["sep"]
    if number:
        return match.end() if number == mark.number else None
    if match["single"] in "RО":
        return match.end() if colon and mark.style in _SINGLE else None
    lone = colon or (mark.style == "q" and match["single"] == "A" and match["sep"].strip("*_ ") == ".")
    return match.end() if lone and mark.style not in ("p", "d", "в") else None


def label_for(label: str, mark: Mark) -> str:
    """Return a label as the answer to another question has it: with that question's number in it."""
    return re.sub(r"\d{1,6}[a-z]?", mark.number or "", label, count=1) if mark.number else label


# ── options ──────────────────────────────────────────────────────────────────────────────────

_OPTION = re.compile(r"(?:[-*+•][ \t]+)?(?:\*\*)?[(\[]?(?:([A-Ha-h])|([①-⑧]))(?(1)[.)\]:])(?:\*\*)?[ \t]*(?=\S)")
_IN_A_ROW = re.compile(r"(?<!\S)[(\[]?([A-Ha-h])[.)\]][ \t]*\S")


def option(line: Line) -> int:
    """Return the place, from 1, of the option that a line is; 0 if it is none."""
    match = None if line.code else _OPTION.match(line.text)
    if match is None:
        return 0
    return _letter(match[1]) if match[1] else ord(match[2]) - ord("①") + 1


def options_in(line: Line) -> int:
    """Count the options that stand in a row on a line: `A) x  B) y  C) z`."""
    count = 0
    for match in _IN_A_ROW.finditer(line.text):
        count += _letter(match[1]) == count + 1
    return count


# ── titles ───────────────────────────────────────────────────────────────────────────────────

_CHAPTER = re.compile(
    r"(?:(?:chapter|part|section|unit|module|topic|lesson|kapitel|глава|раздел|capítulo)\s+(?:\d{1,3}|[IVXLC]{1,7}|[A-Z])\b"
    r"|第[一二三四五六七八九十\d]{1,4}[章节節部单])",
    re.IGNORECASE,
)
_HEADING = re.compile(r"#{1,6}[ \t]+(\S.*?)[ \t#]*\Z")
_RULE = re.compile(r"([-=*_~])(?:[ \t]*\1){2,}")
_HAN_TITLE = re.compile(r"[（(]?[一二三四五六七八九十]{1,3}[)）]?[、.．][^。？?，]{1,30}")
_PICTURE = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff][\ufe0f\u200d]*[ \\t]*")
_LONGEST_TITLE = 80


def is_rule(line: Line) -> bool:
    """Say whether a line is nothing but a rule, or the underlining of a title."""
    return bool(_RULE.fullmatch(line.text)) and not line.code


def plain_title(line: Line, below: Line | None) -> str | None:
    """Return the title that a line says itself to be, whatever follows: `CHAPTER 2`, underlined, `## …`."""
    text = line.text
    if line.code or not text or len(text) > _LONGEST_TITLE or is_rule(line):
        return None
    if heading := _HEADING.match(text):
        return heading[1]
    underlined = below is not None and below.number == line.number + 1 and is_rule(below) and below.text[0] in "=-~"
    if underlined and below is not None and len(below.text) * 2 >= len(text):
        return text.strip("*_ ")
    return text.strip("*_ ") if _CHAPTER.match(text) and text[-1] not in ".?!,;。？！" else None


def loose_title(line: Line) -> str | None:
    """Return what is a title only right above a question: `TRAINING`, `Training:`, `**Training**`."""
    text = line.text.strip()
    if line.code or not 2 < len(text) <= _LONGEST_TITLE or text[-1] in ".?!,;。？！":
        return None
    bare = text.strip("*_ ")
    loud = bare.isupper() and sum(char.isalpha() for char in bare) > 2
    if _HAN_TITLE.fullmatch(text):
        return text
    if (picture := _PICTURE.match(text)) and text[picture.end() :]:
        return text[picture.end() :].strip("*_: ") or None
    if text.endswith(" -"):
        return bare[:-1].rstrip() or None
    if loud or text[-1] in ":：" or (text.startswith("**") and text.endswith("**") and text.count("**") == 2):
        return bare.rstrip(":： ").strip("*_ ") or None
    return None
