"""The options of a multiple-choice question, found among the pieces below it.

    - [ ] 0.1        A) 0.1        - **A**: 0.1
    - [x] 0.5        B) 0.5        - **B**: 0.5

They belong to the question. A box that is checked says which is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dlgrade.banks.blocks import Document
from dlgrade.banks.labels import starts_with_label
from dlgrade.banks.patterns import later
from dlgrade.banks.pieces import Piece

_BOX = later(r"(?:[-*+]|\d{1,2}[.)])[ \t]+\[(?P<box>[ xX✓✔])\](?:[ \t]+|\Z)")
_LETTER = later(
    r"(?:(?:[-*+]|\d{1,2}[.)])[ \t]+)?(?P<open>[(\[])?(?P<em>\*\*|__|`)?(?P<letter>[A-Ja-j])"
    r"(?:[.):]|\\\.|(?(open)[\])]|(?!))|(?(em)|(?!)))+(?(em)(?P=em))[.):]?[ \t]+\S"
)
_CHOOSES = later(
    r"\b(?:which|select|choose|pick|following|correct|true|false|best|outputs?|prints?|not)\b|_{3,}|[:：…]\s*\Z|哪|下列|以下",
    re.IGNORECASE,
)
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Options:
    """The options begin at piece `first` and end before `beyond`; `right` are the texts of those that are checked.

    `boxes` says that they have boxes, `capital` that capital letters name them, or that all the document chooses.
    """

    first: int
    beyond: int
    right: tuple[str, ...] = ()
    boxes: bool = False
    capital: bool = False

    def pose(self, asked: str, material: int) -> bool:
        """Say whether they belong to the question, below `material` pieces of its own.

        An answer may be a lettered list as well: it stands below other text, or the question does not choose.
        """
        return self.first <= material and (self.boxes or self.capital or bool(_CHOOSES.search(asked)))


def begin_options(line: str, following: str) -> bool:
    """Say whether options begin with a line: `A) …` with `B) …` below, or a box."""
    first, second = _LETTER.match(line.strip()), _LETTER.match(following.strip())
    lettered = first and second and first["letter"] in "Aa" and second["letter"] in "Bb"
    return bool(lettered) or bool(_BOX.match(line.strip()))


def is_option(line: str) -> bool:
    """Say whether a line, by itself, may be an option."""
    return bool(_LETTER.match(line) or _BOX.match(line))


def find_options(document: Document, pieces: Sequence[Piece]) -> Options | None:
    """Find the first run of options, None if there is none; what stands before it poses the question as well."""
    texts = [document.text[piece.start : piece.end] if piece.kind == "line" else "" for piece in pieces]
    boxes = [at for at, text in enumerate(texts) if _BOX.match(text)]
    if len(boxes) >= _FEWEST:
        return _boxed(document, pieces, texts, boxes)
    letters = [match["letter"] if (match := _LETTER.match(text)) else "" for text in texts]
    starts = [at for at, letter in enumerate(letters) if letter in ("A", "a")]
    for first, beyond in pairwise([*starts, len(texts)]):
        run = [first + at for at in _run(letters[first:beyond], 0)]
        if len(run) >= _FEWEST:
            return Options(
                first, _end(pieces, texts, run), capital=_is_capital(texts[first]) or document.multiple_choice
            )
    return None


def _is_capital(text: str) -> bool:
    match = _LETTER.match(text)
    return match is not None and match["letter"].isupper()


def _boxed(document: Document, pieces: Sequence[Piece], texts: Sequence[str], boxes: Sequence[int]) -> Options:
    beyond = _end(pieces, texts, boxes)
    right = []
    for at, after in zip(boxes, [*boxes[1:], beyond], strict=True):
        box = _BOX.match(texts[at])
        if box and box["box"] != " ":
            text = document.text[pieces[at].start + box.end() : pieces[after - 1].end]
            right.append(re.sub(r"\r\n?", "\n", text).strip())
    return Options(boxes[0], beyond, tuple(right), boxes=True)


def _run(letters: Sequence[str], first: int) -> list[int]:
    """Return the pieces that begin with A, B, C … in order, from the first on."""
    run = [first]
    for at in range(first + 1, len(letters)):
        if letters[at] and ord(letters[at]) == ord(letters[run[-1]]) + 1:
            run.append(at)
    return run


def _end(pieces: Sequence[Piece], texts: Sequence[str], starts: Sequence[int]) -> int:
    """Return the index after the last option: it goes on to the end of its block, or to where an answer begins."""
    last = pieces[starts[-1]]
    beyond = starts[-1] + 1
    while beyond < len(pieces) and _belongs(pieces[beyond], last) and not starts_with_label(texts[beyond]):
        beyond += 1
    return beyond


def _belongs(piece: Piece, option: Piece) -> bool:
    if option.list is None:
        return piece.block == option.block
    return piece.list == option.list
