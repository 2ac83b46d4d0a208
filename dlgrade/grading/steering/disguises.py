"""What text says behind a disguise: look-alike letters, digits for letters, marks inside words, escapes, codes.

A view is the same text read another way, with the offset of every character in the text that it was made of.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dlgrade.grading.steering.phrases import Late

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
# Letters that look like Latin ones, from https://www.unicode.org/Public/security/latest/confusables.txt
_LIKE = (
    "aаαɑᴀ bьвβʙ cсςᴄϲ dԁɗđᴅ eеεɛᴇєә fғꜰƒ gɡɢց hһнʜհ iіιɪıӏ jјʝᴊ kкκᴋ lłʟɩ mмᴍ nпηɴոи oоοσøᴏօө pрρᴘ qԛ rгʀɼ "
    "sѕꜱʂ tтτᴛŧ uυսᴜц vνѵᴠ "
    "wωѡԝɯᴡш xхχ yуγүʏ zᴢʐ"
)
_LOOKALIKES = {ord(other): word[0] for word in _LIKE.split() for other in word[1:]}
_LOOKALIKE = Late("[\u0370-\u058f\u0250-\u02af\u1d00-\u1d7f\ua730-\ua7fføđłŧıƒ]")
_LEET = Late(r"[01345780@](?<=[a-z].)(?=[a-z])")
_LEETS = tuple(str.maketrans("0134578@$!|", f"o{one}eastbasi{one}") for one in "il")
# Marks inside words, to be taken out; `_BREAK` says quickly whether there are any, for hyphens `_FRAGMENTS` does.
_BROKEN = Late(rf"(?<=[^\W\d_])(?:[*~`\u00b7{_MARKS}]{{1,8}}|-\n?)(?=[^\W\d_])|</?[a-z][^<>\n]{{0,20}}>|[{_MARKS}]+")
_BREAK = Late(rf"[*~`<\u00b7{_MARKS}](?<=[^\W\d_].)[*~`\u00b7{_MARKS}]{{0,7}}/?[a-z]")
_ESCAPE = Late(r"%[0-9a-f]{2}|&#x?[0-9a-f]{1,6};|&[a-z]{2,8};|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}", re.IGNORECASE)
_ROTATED = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_TELLING = (
    *("ignore", "rubric", "criteria", "grader", "marks", "score", "instructions", "answer", "award", "points", "full"),
    *("verdict", "previous", "grade"),
)
_TELLING_ROTATED = frozenset(word.translate(_ROTATED) for word in _TELLING)
_TELLING_REVERSED = frozenset(word[::-1] for word in _TELLING)
_FRAGMENTS = frozenset(
    {
        *("nore", "gnore", "bric", "ubric", "teria", "eria", "iteria", "riteria", "tions", "ructions", "structions"),
        *("ign", "igno", "rub", "rubr", "crit", "crite", "inst", "instruc", "ader", "gra", "arks", "mar"),
    }
)
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_BYTES = frozenset(f"{byte:02x}" for byte in range(0x20, 0x7F))
_NUMBERS = frozenset(map(str, range(32, 127)))
_BITS = frozenset(f"{byte:08b}" for byte in range(0x20, 0x7F)) | {f"{byte:07b}" for byte in range(0x20, 0x7F)}
_TOKENS = _BYTES | _NUMBERS | _BITS
_LONG = 18  # letters from which on a word may be a code
_MANY = 8  # different letters, numbers or bytes from which on they may be a code
_SPACED = Late(r"(?<![^\W_])(?:[^\W\d_][ .\-_*|/\n\u00b7]{1,3}){7,300}[^\W\d_](?![^\W_])")
_COMPACT = Late(
    r"(?:ignore|disregard|forget|override)\w{0,30}(?:rubric|instruction|criteria|prompt|reference)|(?:full|top|"
    r"maximum|perfect)"
    r"(?:marks|score|credit|points)|criteria(?:are|is|as)?(?:fully)?met|asfullymet|ascorrect|grader|verdict"
)
_BASE64 = Late(r"[A-Za-z0-9+/_-]{16,}(?:\n[A-Za-z0-9+/_-]{8,})*={0,2}")
_HEX = Late(
    r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{20,}|(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ ,:]{1,2}){9,}(?:0x|"
    r"\\x)?[0-9a-fA-F]{2})(?![0-9A-Za-z])"
)
_BINARY = Late(r"(?:[01]{7,8}[ ,]{0,2}){8,}")
_CODES = Late(r"(?:\d{2,3}[ ,]{1,2}){10,}\d{2,3}")
_LONGEST = 4000  # characters of a code that are looked into
_READABLE = 0.9


class _Fold(dict[int, int]):
    """One character for one: compatibility forms undone, no accents, small; made as characters are met."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        parts = [c for c in unicodedata.normalize("NFKD", character) if not _is_accent(c)]
        small = (parts[0] if len(parts) == 1 else character).lower()
        if len(small) > 1:
            small = character
        for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6):  # letters in boxes and circles
            if first <= code < first + 26:
                small = chr(ord("a") + code - first)
        self[code] = ord(small)
        return self[code]


def _is_accent(character: str) -> bool:
    return "\u0300" <= character <= "\u036f" or "\u0653" <= character <= "\u0655"


_OTHER = re.compile(r"[^\x00-\x7f]+")
_FOLD = _Fold({ord("’"): ord("'"), ord("‘"): ord("'"), ord("“"): ord('"'), ord("”"): ord('"')})


def fold(text: str) -> str:
    """The text in small letters without accents, of the same length."""
    if text.isascii():
        return text.lower()
    return _OTHER.sub(lambda match: match.group().translate(_FOLD), text).lower()


def undisguised(folded: str) -> str:
    """A folded text with Latin letters for those that look like them, of the same length."""
    return folded if folded.isascii() else folded.translate(_LOOKALIKES)


@dataclass(frozen=True, slots=True)
class View:
    """`text` is how it reads; its character k comes from `offsets[k]` on."""

    text: str
    offsets: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` comes from."""
        first, last = self.offsets[start], self.offsets[end - 1]
        return min(first, last), max(first, last) + 1


_PARTING = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", " "))


def words_of(folded: str) -> set[str]:
    """The words of a folded text, each once, and "a+" if it is there."""
    # Only in ASCII is this fast, and no word that is looked for has another letter.
    plain = folded if folded.isascii() else folded.encode("ascii", "replace").decode("ascii")
    words = set(plain.translate(_PARTING).split())
    if "a+" in folded:
        words.add("a+")
    return words


def views(folded: str, words: set[str]) -> Iterator[View]:
    """The other ways in which a folded text could be read, if something says so. `words` are its words."""
    same = range(len(folded))
    if not folded.isascii() and _LOOKALIKE.made.search(folded):
        yield View(folded.translate(_LOOKALIKES), same)
    if _LEET.made.search(folded):
        yield from (View(folded.translate(table), same) for table in _LEETS)
    broken = not folded.isascii() or "*" in folded or "~" in folded or "`" in folded or "<" in folded
    if not words.isdisjoint(_FRAGMENTS) or (broken and _BREAK.made.search(folded)):
        yield _replaced(folded, _BROKEN, lambda _: "")
    # Most answers end at the first three, which is quicker than to count.
    escaped = "%" in folded or "&#" in folded or "\\" in folded
    if escaped and any(folded.count(sign) > 2 for sign in ("%", "&#", "\\u00", "\\x")) and _ESCAPE.made.search(folded):
        yield _replaced(folded, _ESCAPE, _unescaped)
    if len(words & _TELLING_ROTATED) > 1:
        yield View(folded.translate(_ROTATED), same)
    if len(words & _TELLING_REVERSED) > 1:
        yield View(folded[::-1], range(len(folded) - 1, -1, -1))


def _replaced(text: str, pattern: Late, by: Callable[[str], str]) -> View:
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in pattern.made.finditer(text):
        new = by(match.group())
        pieces += [text[at : match.start()], new]
        offsets += [*range(at, match.start()), *[match.start()] * len(new)]
        at = match.end()
    return View("".join([*pieces, text[at:]]), [*offsets, *range(at, len(text))])


def _unescaped(escape: str) -> str:
    if escape.startswith("&"):
        return fold(html.unescape(escape))
    return fold(chr(int(escape.lstrip("\\%ux"), 16)))


def spelled_out(folded: str, words: set[str]) -> Iterator[tuple[int, int]]:
    """Places of single letters that together speak to the grader: "i g n o r e  t h e  r u b r i c"."""
    if len(words & _LETTERS) < _MANY and folded.isascii():
        return
    for match in _SPACED.made.finditer(folded):
        if _COMPACT.made.search("".join(c for c in match.group() if c.isalpha())):
            yield match.span()


def encoded(text: str, words: set[str]) -> Iterator[tuple[int, int, str]]:
    """Places of codes in a text (case matters), each with what it says. `words` are those of the folded text."""
    is_long = max(map(len, words), default=0) >= _LONG
    if not is_long and len(words & _TOKENS) < _MANY:
        return
    for pattern, read, told in (
        (_BASE64, _from_base64, is_long),
        (_HEX, _from_hex, is_long or len(words & _BYTES) >= _MANY),
        (_BINARY, _from_binary, is_long or len(words & _BITS) >= _MANY),
        (_CODES, _from_codes, len(words & _NUMBERS) >= _MANY),
    ):
        for match in pattern.made.finditer(text) if told else ():
            said = read(match.group()[:_LONGEST])
            if said and sum(c.isprintable() or c.isspace() for c in said) >= _READABLE * len(said):
                yield match.start(), match.end(), said


def _from_base64(code: str) -> str:
    code = code.replace("\n", "").rstrip("=")
    for alphabet in ("+/", "-_"):
        try:
            raw = base64.b64decode(code[: len(code) // 4 * 4 or None] + "", altchars=alphabet.encode(), validate=True)
            rest = code[len(code) // 4 * 4 :]
            tail = base64.b64decode(rest + "=" * (-len(rest) % 4), altchars=alphabet.encode()) if len(rest) > 1 else b""
            return (raw + tail).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return ""


def _from_hex(code: str) -> str:
    digits = re.sub(r"0x|\\x|[ ,:]", "", code)
    return bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("utf-8", errors="replace")


def _from_binary(code: str) -> str:
    return "".join(chr(int(byte, 2)) for byte in re.findall("[01]{7,8}", code))


def _from_codes(code: str) -> str:
    return "".join(chr(int(number)) for number in re.findall(r"\d+", code))
