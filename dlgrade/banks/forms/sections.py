"""What the Markdown forms share: section headings as categories, and where the questions' part ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

from dlgrade.banks.asking import is_question
from dlgrade.banks.block import Block
from dlgrade.banks.blocks import Document
from dlgrade.banks.labels import ASIDE, is_pointer, starts_with_label
from dlgrade.banks.marks import title
from dlgrade.banks.patterns import later
from dlgrade.banks.wording import is_placeholder, squash

_BACK_TO_TOP = later(
    r"\W*back\s+to\s+(?:the\s+)?(?:top|toc|contents|table of contents)\b.{0,80}", re.IGNORECASE | re.DOTALL
)

# All compared with the squashed heading.
_CONTENTS = later(r"tableof(?:contents?|questions)|contents?|toc|目录|目錄|目次|оглавление|содержание")
# Chapters that speak of the document, not of its subject.
_ABOUT = later(
    r"(?:howto|how(?:do|can)(?:i|you)|guidelinesfor|your)?(?:contribut(?:e|ing|ions?|ors?)(?:guidelines?|to.{0,40})?|help)"
    r"|(?:our|the)?(?:sponsors?(?:ed)?(?:by)?|supporters?|backers|stargazers|authors?|maintainers?)(?:overtime)?"
    r"|support(?:us|me|thisproject|theproject)?|donat(?:e|ions?)|buymeacoffee|(?:the)?licen[cs]e|copyright|disclaimer"
    r"|acknowledge?ments?|credits|codeofconduct|changelog|changes|roadmap|contact(?:us|me)?|feedback|connectwithme"
    r"|followme|installation|install|gettingstarted|setup|prerequisites?|requirements|starhistory|todo(?:list)?"
    r"|(?:how(?:to)?)?us(?:age|ethis(?:repo(?:sitory)?|guide|document|list|book)?)|projectstructure|bibliography|sources"
    r"|about(?:me|the(?:author|repo(?:sitory)?|project)|this.{0,30})?|howtousethis.{0,30}|who(?:is)?this.{0,30}isfor"
    r"|wh(?:atis|y)(?:it|(?:use)?(?:it|this(?:repo(?:sitory)?|project|book|guide|list)?))"
    r"|(?:further|additional|recommended)(?:reading|resources?)|(?:useful|external|other|important)?(?:links|resources)"
)


# A heading that sends its reader away names no chapter.
_SENDS = later(r"\b(?:find|see|check|read|visit|get|explore|recently added|subscribe|join|star)\b", re.IGNORECASE)
_AWAY = later(r"\]\(https?:|<a\s", re.IGNORECASE)


_FRAME = later(
    r"^(?:introduction|intro|overview|preface|foreword|background|conclusions?|summary|finalthoughts?|wrapup|wrappingup|closing"
    r"|outro|references?|appendix|bonus|more|notes?|tips|questions?|answers?|faqs?|frequentlyaskedquestions|part\d*|chapter\d*"
    r"|section\d*|others?|misc(?:ellaneous)?|general|basics?|advanced|intermediate|beginner|topics?|next(?:steps?)?)\d*$"
    r"|questions?$|interview"
)
_NAME, _SHORTEST = 60, 2  # the lengths of a section's name in a paragraph
_STANDS_OUT = later(
    r"(?:\*\*|__)[^*_]+(?:\*\*|__)|(?:\*|_)[^*_]+(?:\*|_)|<(b|strong|u|i)>[^<>]+</\1>:?"
    r"|[\u2190-\u2bff\U0001f000-\U0001faff].*"
)
_MATTER = frozenset({"list", "table", "fence", "code", "heading"})


class Sections:
    """The headings that open sections, walked through in document order.

    The document's title is no category: it is the first heading, above all else, and no other stands as high. Nor is
    its table of contents, which only ends the section before it if it stands as high.
    """

    def __init__(self, document: Document, headings: Iterable[Block]) -> None:
        found = list(headings)
        first = found[0] if found else None
        alone = first is not None and all(other.level > first.level for other in found[1:])
        above = takewhile(lambda block: block is not first, document.blocks) if alone else ()
        self._title = first if alone and all(block.kind not in _MATTER for block in above) else None
        self.current: str | None = None
        self._level = 0
        self._about: int | None = None

    @property
    def about_itself(self) -> bool:
        """Whether this is a part in which the document speaks of itself, which asks nothing."""
        return self._about is not None

    def enter(self, heading: Block) -> None:
        """Go on to the section that the heading opens."""
        name = squash(heading.text)
        if self._about is None or heading.level <= self._about:
            self._about = heading.level if _ABOUT.fullmatch(name) else None
        contents = bool(_CONTENTS.fullmatch(name))
        if contents and heading.level > self._level:
            return
        self._level = heading.level
        if not is_advert(heading):
            self.current = None if contents or heading is self._title else title(heading.text) or None


def names_section(block: Block) -> str | None:
    """Return the name that a paragraph gives to what follows, as `**Regularisation**` above a list, if it does.

    A name is one line that stands out: bold, italic, in capitals, with a colon at its end or a picture at its begin.
    """
    text = block.text.strip()
    if block.kind != "paragraph" or "\n" in text or len(text) > _NAME or is_question(text) or starts_with_label(text):
        return None
    if is_pointer(text) or is_pointer(text.strip("*_")) or is_placeholder(text):
        return None
    said = title(text)
    named = text.endswith((":", "：")) and text[0] not in "*_"  # `**Title**:` is what became of an answer's heading
    out = _STANDS_OUT.fullmatch(text) or named or (said.isupper() and len(said) > _SHORTEST)
    name = said.strip(" :：")
    return name if out and name and name[-1] not in ".!;" and not ASIDE.match(text) else None


def is_advert(heading: Block) -> bool:
    """Say whether a heading only sends its reader elsewhere: it ends an entry and opens nothing."""
    sends = _SENDS.search(heading.text) if "](" in heading.text or "<a" in heading.text else None
    return sends is not None and bool(_AWAY.search(heading.text, sends.end()))


def is_frame(heading: Block) -> bool:
    """Say whether a heading belongs to the document's frame: an introduction, a conclusion, a chapter about itself."""
    name = squash(heading.text)
    return bool(_FRAME.search(name) or _ABOUT.fullmatch(name) or _CONTENTS.fullmatch(name)) or is_advert(heading)


def speaks_of_document(heading: str) -> bool:
    """Say whether a heading opens a chapter about the document itself: licence, sponsors, how to contribute."""
    return bool(_ABOUT.fullmatch(squash(heading)))


def ends_bank(block: Block) -> bool:
    """Say whether an entry ends before this block, whatever follows: a rule, or a link back to the top."""
    return block.kind == "rule" or (block.kind == "paragraph" and bool(_BACK_TO_TOP.fullmatch(block.text)))


def last_inside(blocks: Sequence[Block], first: int, beyond: int) -> int:
    """Return the index after the last block of an entry whose blocks begin at `first` and end before `beyond`."""
    stop = next((index for index in range(first, beyond) if ends_bank(blocks[index])), beyond)
    if stop == len(blocks):  # links for the whole document are gathered at its end
        while stop > first and blocks[stop - 1].kind == "definition":
            stop -= 1
    return stop


def explained(document: Document, lines: int) -> float:
    """Return the part of the document's lines that a reading explains, from 0 to 1."""
    total = sum(block.last - block.line + 1 for block in document.blocks if block.kind != "rule")
    return min(1.0, lines / total) if total else 0.0
