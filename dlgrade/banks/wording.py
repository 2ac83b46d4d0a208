"""What a text says, apart from how it is written: comparing, naming and recognising texts.

Everything here is a pure function of one string and takes time in proportion to its length.
"""

from __future__ import annotations

import html
import re
import unicodedata

from dlgrade.banks.patterns import later

# Runs are bounded so that a line full of markers without partners stays linear.
INLINE_CODE = later(r"(?<!`)(`{1,3})(?!`)([^`]{1,2000})(?<!`)\1(?!`)")
_IMAGE_OR_LINK = later(
    r"!?\[([^\[\]]{0,500})\]\([^()\s]{0,500}(?:\([^()\s]{0,200}\)[^()\s]{0,500})?(?:\s+\"[^\"]{0,200}\")?\)"
)
_STRONG = later(
    r"\*\*(?=\S)([^*]{0,2000}?(?:\*(?!\*)[^*]{0,500}?){0,8}\S)\*\*|(?<!\w)__(?=\S)(.{1,2000}?)(?<=\S)__(?!\w)",
    re.DOTALL,
)
_DUNDER = re.compile(r"[a-z][a-z_0-9]*")
_EMPHASIS = later(
    r"(?<![\\*])\*(?=[^\s*])([^*\n]{1,1000}?)(?<=[^\s\\])\*(?!\*)|(?<![\w\\])_(?=[^\s_])([^_\n]{1,1000}?)(?<=[^\s\\])_(?!\w)"
)
_TAG = later(
    r"</?(?:a|b|big|blockquote|br|center|code|del|details|div|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|s|small"
    r"|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SUMMARY = re.compile(r"<summary>.{0,500}?</summary>", re.IGNORECASE | re.DOTALL)
_SIGNS = re.compile(r"[<>\[\]*_`~\\&#+-]")  # most texts have none of them: to look for these takes a third of the time
_MARKUP = re.compile(r"[<>\[\]*_`~\\&]|^[ \t]*[#+-]", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+)", re.MULTILINE)
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n`]*$", re.MULTILINE)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_STYLED = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]+")
_CODE_OR_FORMULA = later(r"((?<!`)`{1,3}(?!`)[^`]{1,2000}`{1,3}|\$\$?[^$\n]{1,1000}\$\$?)")
# A sign right after a letter is part of a name: C++ and C# are not C.
_NOT_NAMES = re.compile(r"((?<=[a-z0-9])[+#]+)|[\W_]")
_NO_LETTERS = {code: None for code in range(128) if not chr(code).isalnum()}

# Compared with the squashed text.
_MISSING = later(
    r"tobe(?:filled(?:in)?|added|answered|completed|written|done|determined|announced)"
    r"|todo|tb[dac]|fixme|wip|workinprogress|comingsoon|pending|placeholder|xxx"
    r"|(?:add|write|insert|enter|type|put|fillin|provide)?(?:the|your|an)?answer(?:goes)?(?:here)?"
    r"|answer(?:tofollow|missing|pending|comingsoon|tobe(?:added|filled))"
    r"|fill(?:in|me|mein|here|inhere|thisin)|(?:no|missing)answer(?:yet)?|not(?:yet)?answered(?:yet)?|unanswered"
    r"|待补充|待填写|未回答|未記入|未填写|暂无|none|àcompléter|porcompletar|zuergänzen|надозаполнить"
)
_DOTS = re.compile(r"[\s.…_*\[\]()?？\-–—:]*")
_EMPTY_PAIR = re.compile(r"</?details(?:\s[^<>]{0,100})?>", re.IGNORECASE)
_VOID_TAG = later(r"<br\s*/?>|<a\s[^<>]{0,300}>\s*</a>|<a\s[^<>]{0,300}/>|</?(?:div|p|center)\s*>", re.IGNORECASE)
# A task for the writer is one clause; whatever else follows `TODO` may be the answer.
_MORE_LINES = re.compile(r"[\r\n]|<br", re.IGNORECASE)
_NOTE_TO_SELF = later(
    r"\W*(?:"
    r"(?:todo|fixme|tbd)\s*(?:\([\w@ .-]{1,30}\))?(?:\s*[:\-–—]\s*"
    r"(?:add|answer|check|clarify|clean|complete|describe|elaborate|expand|explain|fill|finish|fix|improve|insert|later"
    r"|look|provide|research|revise|rewrite|update|verify|write)\b[^.!?:;。！？]{0,60})?"
    r"|to be (?:filled|added|answered|written|completed|done)"
    r"(?:\s+(?:in|out|up|here|later|soon|shortly|tomorrow|below|yet|by\s+(?:me|you|us|the\s+\w+|@?\w+)))*"
    r")\W*",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return the text with emphasis markers off, everything else as it stands: code and snake_case keep theirs."""
    if "*" not in text and "_" not in text:
        return text
    parts = INLINE_CODE.split(text)
    # split() gives text, fence, code, text, fence, code, …, text
    kept = [_bare(parts[0])]
    for fence, code, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        kept.append(f"{fence}{code}{fence}{_bare(after)}")
    return _bare_strong("".join(kept)) if len(parts) > 1 else kept[0]


def _bare_strong(text: str) -> str:
    # `__init__` is a name: whoever writes it means no bold.
    return _STRONG.sub(lambda match: match[1] or (match[0] if _DUNDER.fullmatch(match[2]) else match[2]), text)


def _bare(text: str) -> str:
    return _EMPHASIS.sub(lambda match: match[1] or match[2], _bare_strong(text))


def bold(text: str) -> str | None:
    """Return what stands between the markers if the whole text is bold, else None: a bold prefix is not enough."""
    text = text.strip()
    for marker in ("**", "__"):
        inner = text[2:-2]
        if len(text) > 4 and text.startswith(marker) and text.endswith(marker) and inner.strip():
            return inner.strip() if marker not in INLINE_CODE.sub("", inner) else None
    return None


def spaced(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def readable(text: str) -> str:
    """Return one line of Markdown as a reader sees it: links as their text, escapes and entities undone.

    Letters of mathematics and full width that stand for plain ones become those. Code and formulas stay as they are.
    """
    text = spaced(text if text.isascii() else _STYLED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text))
    if "[" not in text and "\\" not in text and "&" not in text:
        return text
    parts = _CODE_OR_FORMULA.split(text)
    return spaced("".join(part if at % 2 else _read(part) for at, part in enumerate(parts)))


def _read(text: str) -> str:
    text = _IMAGE_OR_LINK.sub(lambda match: "" if match[0].startswith("!") else match[1], text)
    return html.unescape(_ESCAPE.sub(r"\1", text)).replace("\xa0", " ")


def fold(text: str) -> str:
    """Return the text for comparison: NFKC, case, Markdown markup and white space folded away."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if not _SIGNS.search(text) or not _MARKUP.search(text):
        return spaced(text).casefold()
    text = _FENCE.sub("", _COMMENT.sub(" ", text))
    text = _TAG.sub(" ", text)
    text = _IMAGE_OR_LINK.sub(lambda match: match[1], text)
    text = plain(_LINE_MARK.sub("", text)).replace("`", "")
    return spaced(_ESCAPE.sub(r"\1", html.unescape(text))).casefold()


def squash(text: str) -> str:
    """Return only what a text that lost its spaces still has: folded letters and digits.

    Signs that end a name stay (`C++`, `C#`), and so do the marks that Indic and Arabic scripts spell with.
    """
    folded = fold(text)
    if folded.isascii():
        signed = "+" in folded or "#" in folded
        return _NOT_NAMES.sub(r"\1", folded) if signed else folded.translate(_NO_LETTERS)
    return "".join(
        char
        for char, before in zip(folded, " " + folded, strict=False)
        if char.isalnum()
        or unicodedata.category(char)[0] == "M"
        or (char in "+#" and (before.isalnum() or before in "+#"))
    )


def is_placeholder(text: str) -> bool:
    """Say whether the text only stands for an answer that is missing: nothing, `_[To be filled]_`, `TODO`, `...`."""
    if len(text) > 400:
        return not text.strip()
    bare = _COMMENT.sub(lambda match: match[0].strip("<!->"), _SUMMARY.sub(" ", text))
    bare = _FENCE.sub("", _EMPTY_PAIR.sub(" ", bare))
    if _DOTS.fullmatch(html.unescape(bare)) or bare.strip(" \t*_").lower() == "n/a":
        return True
    if "$" not in bare and _MISSING.fullmatch(squash(bare)):
        return True
    # A note is one line: what stands in others below it is somebody's.
    return not _MORE_LINES.search(bare.strip()) and bool(_NOTE_TO_SELF.fullmatch(spaced(plain(bare))))


def is_void(text: str) -> bool:
    """Say whether the text shows nothing: white space, comments, anchors, line breaks. It is no placeholder either."""
    return not (_VOID_TAG.sub("", _COMMENT.sub("", text)) if "<" in text else text).strip()
