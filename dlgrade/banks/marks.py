"""What stands in a question's line without being part of its wording: taken off, and kept as data.

[E] What is dropout?                     difficulty `easy`
What is dropout? ⭐⭐ 🔒                   difficulty `⭐⭐`, mark `🔒`
What is dropout? [[src]](https://…)      mark `[[src]](https://…)`
2️⃣ What is dropout? (Hard) ##            number `2`, difficulty `Hard`
**Q7: What is dropout?**                 number `7`, labelled
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from dlgrade.banks.patterns import later
from dlgrade.banks.wording import plain, readable

_LEVEL = (
    r"(?:very[ ])?easy|simple|basic|beginner|novice|fresher|junior|medium|moderate|intermediate"
    r"|(?:very[ ])?hard|difficult|advanced?|expert|experienced|senior"
)
_LETTERS = {"E": "easy", "M": "medium", "H": "hard"}
_STAR = "[\u2605\u2606\u2b50\U0001f31f]\ufe0f?"
# Pictures, not mathematics: arrows and operators of formulas are below these.
_PICTURE = (
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u25a0-\u25ff\u203c\u2049\u200d\ufe0e\ufe0f\u20e3]"
)
_LINK_NAME = (
    r"(?:src|sources?|refs?|references?|link|url|(?:read )?more|read|see|wiki|video|answers?|ans|solutions?|code|top|up"
    r"|back to (?:the )?(?:top|toc)|toc|details?|leetcode|\d{1,2}|[^\w\s\[\]]{1,4})"
)
_MARK = rf"""(?:
    [\[(（【]\s*(?:(?:difficulty|level)\s*[:：=–-]?\s*)?(?P<level>{_LEVEL})\s*[\])）】]
  | (?P<tick>`)?\[(?P<letter>[EMH])\](?(tick)`)
  | (?<=[?!.)]\s)`\s*[\[(]?(?P<ticked>{_LEVEL})[\])]?\s*`
  | [\[(（【]?\s*(?:difficulty|level)(?:\ level)?\s*[:：]\s*\**\s*
        (?P<named>(?:{_LEVEL})|(?:{_STAR}\s*)+|\d{{1,2}}(?:/\d{{1,2}})?)\s*\**[\])）】]?
  | (?P<stars>(?:{_STAR}\s*)+|(?::star2?:\s*)+)
  | (?P<other>
        {_PICTURE}+
      | [\u2190-\u21ff☞]+(?=\s)
      | :[a-z][a-z0-9_]{{2,30}}:
      | !\[[^\[\]]{{0,200}}\]\([^()\s]{{0,300}}\)
      | \(?\[{{1,2}}\s*{_LINK_NAME}\s*\]{{1,2}}(?:\([^()\s]{{0,500}}\)|(?<=\]\]))\)?
      | \[{{2}}[^\[\]]{{1,40}}\]\([^()\s]{{0,500}}\)\]?
      | (?<=\S)[ ]\{{[:\#.][^{{}}]{{0,100}}\}}
      | (?<=[?!.:)\s？。])\#{{1,6}}(?=\s*\Z)
    )
)"""
_LEADING = later(rf"\A{_MARK}[\s:：.–—-]*", re.IGNORECASE | re.VERBOSE)
_TRAILING = later(rf"[\s–—-]*{_MARK}[\s.]*\Z", re.IGNORECASE | re.VERBOSE)
_MARK_ENDS = frozenset("])}:#*`")
_WHOLE_LINK = later(r"\[([^\[\]]{3,500})\]\([^()\s]{0,500}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?\)")
_STEPS = 30
_TAIL = 600  # characters in which marks behind the wording are looked for
_TAGS = later(
    r"<a\s[^<>]{0,300}>\s*</a>"
    r"|</?(?:a|b|strong|em|i|u|h[1-6]|summary|span|font|kbd|p|div|center|big|mark|sub|sup)(?:\s[^<>]{0,300})?/?>"
    r"|<!--(?:(?!-->).){0,500}-->|(?:<br\s{0,3}/?>\s*+)+\Z",
    re.IGNORECASE | re.DOTALL,
)
_CODE = later(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_KEYCAPS = later("\\A((?:[0-9]\ufe0f?\u20e3)+)")

_LABELLED = later(
    r"(?:question|ques|que|q|problem|exercise|puzzle|问题|問題|题目|вопрос|pregunta|frage)"
    r"(?:\s*+(?:no\.?|nr\.?|number|\#|№|\.|-|:|：)?\s*+(?P<number>\d{1,6}(?:\.\d{1,3}){0,3}[a-z]?|(?<=q)[x?](?=\s*[.:)]))"
    r"(?![\w/])(?:\s*+(?:[.:：、．)\]\-–—|]++\s*+|\Z)|\s++(?=\S))"
    r"|\s*+[:：]\s*+(?=\S)|(?<=\bq)[.)]\s+(?=\S))(?P<text>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ONLY_LEVEL = later(rf"(?:{_LEVEL})", re.IGNORECASE | re.VERBOSE)
_NUMBERED = later(
    r"(?:[(\[（【]?\#?(?P<number>\d{1,6}[a-z]?|\d{1,3}(?:\.\d{1,3}){1,3})\\?(?:[.:、．)\]）】,]+(?!\d)\s*|\s+[-–—]\s+|\s*\|\s+)"
    r"|(?P<dotted>\d{1,3}(?:[.-]\d{1,3}){1,3})\s+(?-i:(?=[A-Z]|[^\x00-\x7f])))(?P<text>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_LETTERED = later(r"\(?(?P<number>[A-Za-z]|[IVXL]{1,6}|[ivxl]{2,6})(?:[.)]|\\\.)\s+(?P<text>\S.*)", re.DOTALL)


class Wording(NamedTuple):
    """A question's line: what it says, and what stood around that.

    `labelled` says that it calls itself a question (`Q7:`), `lettered` that its number is a letter.
    """

    text: str
    number: str | None = None
    difficulty: str | None = None
    marks: tuple[str, ...] = ()
    labelled: bool = False
    lettered: bool = False


def wording(line: str) -> Wording:
    """Take the marks and the number off a question's line, and its emphasis."""
    found = _stepped(Wording(_bare(line)))
    link = _WHOLE_LINK.fullmatch(found.text) if found.text.endswith(")") else None
    if link is None:
        return found
    inner = wording(link[1])
    return inner._replace(
        number=found.number or inner.number,
        difficulty=found.difficulty or inner.difficulty,
        marks=(*found.marks, *inner.marks),
        labelled=found.labelled or inner.labelled,
        lettered=found.lettered if found.number else inner.lettered,
    )


def unmarked(line: str) -> str:
    """Return the line without the marks around it; number and emphasis stay."""
    text = line.strip()
    while text:
        match = _LEADING.match(text)
        rest = text[match.end() :] if match else text
        match = _TRAILING.search(rest, max(0, len(rest) - _TAIL)) if _may_end_in_mark(rest) else None
        rest = rest[: match.start()] if match else rest
        if not rest.strip() or rest == text:
            break
        text = rest.strip()
    return text


def title(line: str) -> str:
    """Return what a section's heading says: marks off, a number kept."""
    return readable(_stepped(Wording(_bare(line), labelled=True)).text)


def _stepped(found: Wording) -> Wording:
    """Take off what stands around the wording, mark by mark; nobody writes more than a few."""
    for _ in range(_STEPS):
        after = _step(found)
        if after is found or after == found:
            break
        found = after
    return found


def _step(found: Wording) -> Wording:
    text = found.text
    if found.number is None and not found.labelled and (numbered := _numbered(found)) is not None:
        return numbered
    match = _LEADING.match(text) if not text[:1].isalpha() or text[:5].lower() in ("diffi", "level") else None
    if match and (match.end() < len(text) or match["other"] is None):
        return _marked(found, match, text[match.end() :])
    if _may_end_in_mark(text) and (match := _TRAILING.search(text, max(0, len(text) - _TAIL))):
        return _marked(found, match, text[: match.start()])
    bare = _bare(text)
    return found if bare == text else found._replace(text=bare)


def _may_end_in_mark(text: str) -> bool:
    """Say whether it is worth looking for a mark at the end: most questions end in their mark of question."""
    last = text.rstrip(" \t\r\n.")[-1:]
    return last > "\u2000" or last in _MARK_ENDS or "evel" in text[-40:] or "ifficulty" in text[-40:]


def _marked(found: Wording, match: re.Match[str], rest: str) -> Wording:
    level = match["level"] or match["ticked"] or match["named"] or match["stars"]
    if match["letter"]:
        level = _LETTERS[match["letter"].upper()]
    marks = found.marks if level else (*found.marks, match["other"].strip())
    return found._replace(text=rest.strip(), difficulty=found.difficulty or (level or "").strip() or None, marks=marks)


def _numbered(found: Wording) -> Wording | None:
    if match := _LABELLED.match(found.text):
        text = match["text"].strip()
        if _ONLY_LEVEL.fullmatch(text):
            return found._replace(number=match["number"], text="", labelled=True, difficulty=text)
        return found._replace(number=_digits(match["number"]), text=text, labelled=True)
    begins_with_letter = found.text[:1].isalpha()  # as most do, and no number does
    if not begins_with_letter and (match := _KEYCAPS.match(found.text)):
        number = re.sub("\\D", "", match[1])
        return found._replace(number=number, text=found.text[match.end() :].lstrip(" .:)"))
    if not begins_with_letter and (match := _NUMBERED.match(found.text)):
        return found._replace(number=_digits(match["number"] or match["dotted"]), text=match["text"].strip())
    if match := _LETTERED.match(found.text):
        return found._replace(number=match["number"], text=match["text"].strip(), lettered=True)
    return None


def _digits(number: str | None) -> str | None:
    return number and unicodedata.normalize("NFKC", number)


def _bare(line: str) -> str:
    """Return the line without emphasis, and without tags outside code."""
    text = plain(line.strip())
    if "<" in text:
        parts, done = [], 0
        for code in _CODE.finditer(text):
            parts += [_TAGS.sub("", text[done : code.start()]), code[0]]
            done = code.end()
        text = "".join([*parts, _TAGS.sub("", text[done:])])
    return text.strip()
