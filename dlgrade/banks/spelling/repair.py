"""Lost spaces restored: texts whose links lost the spaces around them read again as their writer meant.

    What areGenerative Adversarial Networks(GANs)and how does adeep learningmodel usethem?
    What are Generative Adversarial Networks (GANs) and how does a deep learning model use them?

Nothing is changed but spaces, and they are only added. A run of letters is looked at if it is no known word, or if a
capital follows a small letter in it; `parting` says where it is cut. Code, formulas, tags and addresses stay.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, pairwise

from dlgrade.banks.patterns import later
from dlgrade.banks.spelling.lexicon import CALLS, COMMON, FUNCTION, cost, is_known, is_pair, is_term, lexicon
from dlgrade.banks.spelling.parting import LONGEST_RUN, LONGEST_WORD, Around, is_name, parted

UNTOUCHED = later(
    r"""(?ms)
    ^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*(?P=fence)[^\n]*$|\Z)   # fenced code
    | (?<!`)(?P<tick>`{1,9})(?!`).{1,2000}?(?<!`)(?P=tick)(?!`)               # code
    | (?<![\w.])[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40}){1,6}\([^()\n]{0,200}\)
    | ^(?:[ ]{4}|\t)[^\n]*$                                                   # indented code
    | \$\$[^$]{1,2000}\$\$ | \$(?![\s\d])[^$\n]{1,500}(?<!\s)\$(?!\d) | \$\d[^$\n ]{0,100}\$(?!\d)
    | \\\([^\n]{1,500}?\\\) | \\\[.{1,2000}?\\\]
    | <!--.*?(?:-->|\Z) | </?[A-Za-z][^<>\n]{0,500}>
    | \]\([^()\s]{0,500}(?:\([^()\s]{0,200}\)[^()\s]{0,500})?(?:\s+(?:"[^"\n]{0,200}"|'[^'\n]{0,200}'))?\)   # a link's
    | ^[ ]{0,3}\[[^\]\n]{1,200}\]:[^\n]*$
    | (?<![\w+.-])[A-Za-z][\w+.-]{0,20}://\S* | \bwww\.\S* | (?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.[\w.-]*
    | (?<!\w)[~.]{0,2}(?:/[\w.@-]+){2,}/? | (?<![\w-])[\w-]{1,64}(?:/[\w.-]+){2,}/?
    """,
    re.VERBOSE,
)
_SIGNS = re.compile(r"[`~$\\<\[/@(\t]")  # what each of these has one of, or else `www` or four spaces
RUN = re.compile(r"[^\W_]+")
# Beside these a run is part of a name in code, a path, an entity, or an assignment.
_CODE_BEFORE = later(r".*?(?:[@\\#&=%{$]|[^\W_][_.])", re.DOTALL)
_CODE_AFTER = later(r"[@\\={]|_[^\W_]|\(\)|\.(?!(?:js|NET|ts)\b)[A-Za-z]")
# A word alone, a small letter never before a capital in it.
_WORD = re.compile(r"([A-Z]?[a-z]+|[A-Z]+|[0-9]+)[,;:.?!]?")
_NO_SIGNS = {code: " " for code in range(128) if not chr(code).isalnum()}
_CONTRACTED = frozenset(("s", "t", "re", "ve", "ll", "d", "m"))
# "theIR" and "inDecision Trees" are words too, if capitals are forgotten.
_ARTICLE = later(r"(?:a|an|the|of|in|is|for|and|or|as|by|with|from|to|are|does)(?:[A-Z][A-Z]|[A-Z][a-z]{3}|[CR]$)")
_BORDERS = later(
    r"(?P<open>(?<=[^\W_])\((?=[^()\n]{2,120}\)))|(?P<close>(?<=[^\W_])\)(?=[A-Za-z]))"
    r"|(?P<comma>(?<=[A-Za-z)])[,;](?=[A-Za-z]))|(?P<mark>(?<=[a-z)])\?(?=[A-Z][a-z]))"
    r"|(?P<sign>(?<=[A-Z])(?:\+\+|#)(?=[a-z]{2}))|(?P<quote>[”](?=[A-Za-z]{2}))|(?P<quoted>(?<=[a-z])[“](?=\w))"
)


def repaired(text: str, known: Collection[str] = ()) -> str:
    """Return the text with its lost spaces restored, or the text itself if nothing is lost.

    Args:
        text: a question, or Markdown; code, formulas, tags, addresses and other scripts stay as they are.
        known: folded words that stand on their own elsewhere, as `words_of` finds them; they are left whole.
    """
    if is_plain(text):
        return text
    for _ in range(4):  # a word found may be what the next one waits for
        better = _once(text, known)
        if better == text:
            break
        text = better
    return text


def is_plain(text: str) -> bool:
    """Say whether a text is common words, one space apart, and nothing else: it has lost no space.

    All its words are known: they are no news to `words_of`.
    """
    return all(map(_is_common, text.split(" ")))


@functools.lru_cache(maxsize=2**14)
def _is_common(word: str) -> bool:
    """Say whether what stands between two spaces is a common word or a number, maybe with a point behind it."""
    match = _WORD.fullmatch(word)
    if match is None:
        return False
    low = match[1].lower()
    if low in FUNCTION or low.isdigit():
        return True
    return low in lexicon().words and (low[0] != "a" or cost(low) <= COMMON)


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the folded words that the texts write and the lexicon does not have, for `repaired`.

    A glued word stands often too ("adeep"), so being frequent is not enough: what comes apart is not trusted.
    """
    found = Counter(chain.from_iterable(_runs(text) for text in texts if not is_plain(text)))
    return frozenset(
        word for word, times in found.items() if times > 1 and not is_known(word) and parted(word) == [word]
    )


def _runs(text: str) -> list[str]:
    """Return what runs of letters and digits a text writes, folded, in ASCII alone."""
    if "www" in text or "    " in text or _SIGNS.search(text):
        text = UNTOUCHED.sub(" ", text)
    if text.isascii():
        return text.lower().translate(_NO_SIGNS).split()
    return [run.lower() for run in RUN.findall(text) if run.isascii()]


def _once(text: str, known: Collection[str]) -> str:
    pieces: list[str] = []
    at = 0
    for match in UNTOUCHED.finditer(text):
        pieces += (_mended(text, at, match.start(), known), match[0])
        at = match.end()
    pieces.append(_mended(text, at, len(text), known))
    return "".join(pieces)


def _mended(text: str, start: int, end: int, known: Collection[str]) -> str:
    """Return text[start:end] with the spaces that it lost."""
    if start == end:
        return ""
    runs = list(RUN.finditer(text, start, end))
    cuts = {cut for i in range(len(runs)) for cut in _cuts(text, runs, i, known)}
    cuts.update(_border_cuts(text, start, end, known))
    if not cuts:
        return text[start:end]
    return " ".join(text[left:right] for left, right in pairwise((start, *sorted(cuts), end)))


def _cuts(text: str, runs: list[re.Match[str]], i: int, known: Collection[str]) -> Iterator[int]:
    """Offsets in the text at which the run lost a space."""
    run, at, end = runs[i][0], runs[i].start(), runs[i].end()
    low = run.lower()
    if not run.isascii() or (low in FUNCTION and low != "at" and not _ARTICLE.match(run)):
        return
    if text.startswith("-", end) and i + 1 < len(runs) and (size := _letters_at_end(low, runs[i + 1][0].lower())):
        yield end - size
    elif len(run) < 3 or _is_code(text, at, end):
        return
    elif at > 1 and text[at - 1] in "'’" and text[at - 2].isalpha():
        if low not in _CONTRACTED and low.startswith("s") and is_known(low[1:], known):  # "model'sweights"
            yield at + 1
    elif is_known(low, known) and not _ARTICLE.match(run):
        yield from _rare_cut(low, at, _around(text, runs, i))
    else:
        for part in parted(run, known, _around(text, runs, i))[:-1]:
            at += len(part)
            yield at


def _around(text: str, runs: list[re.Match[str]], i: int) -> Around:
    here = runs[i]
    before = runs[i - 1] if i and text[runs[i - 1].end() : here.start()] in (" ", "-", "' ", "’ ") else None
    after = runs[i + 1] if i + 1 < len(runs) and text[here.end() : runs[i + 1].start()] in (" ", "-") else None
    lead = text[max(0, here.start() - 12) : here.start()].rstrip(" *_\"'“‘(>#-")
    return Around(
        before=before[0].lower() if before else "",
        after=after[0] if after else "",
        starts=not lead or lead[-1] in ".?!:\n",
        hyphen=text.startswith("-", here.end()),
    )


def _is_code(text: str, start: int, end: int) -> bool:
    """Say whether the run is part of something that is no prose: `torch.no_grad`, `x=y`, `where()`."""
    return bool(_CODE_BEFORE.fullmatch(text, max(0, start - 2), start) or _CODE_AFTER.match(text, end))


def _letters_at_end(low: str, following: str) -> int:
    """Say how many letters belong to `t-SNE`, `k-means`, `kd-tree`: even `oft` and `fork` are two words then."""
    terms = lexicon().hyphened
    for size in (1, 2):
        rest, letter = low[:-size], low[-size:]
        if rest and (rest in FUNCTION or not is_known(low)):
            longest = min(len(following), LONGEST_WORD)
            if any(f"{letter}-{following[:length]}" in terms for length in range(1, longest + 1)):
                return size
    return 0


def _rare_cut(low: str, at: int, around: Around) -> Iterator[int]:
    """A rare word is none where an article stands before a term: "areal-world problem"."""
    if low.startswith("a") and cost(low) > COMMON and not is_term(low):
        size = 2 if low.startswith("an") and low[2:3] in tuple("aeiou") else 1
        if is_pair(low[size:], around.after.lower()):
            yield at + size


def _border_cuts(text: str, start: int, end: int, known: Collection[str]) -> Iterator[int]:
    """Offsets at which brackets, commas and marks lost the space beside them."""
    for match in _BORDERS.finditer(text, start, end):
        kind, at = match.lastgroup, match.start()
        if kind in ("mark", "quote", "sign"):
            yield match.end()
        elif kind == "quoted" or (kind == "open" and _opens_aside(text, at, known)):
            yield at
        elif (kind == "close" and _closes_aside(text, at, known)) or (
            kind == "comma" and _parts_words(text, at, known)
        ):
            yield at + 1


def _last_run(text: str, end: int) -> str:
    start = end
    while start and end - start < LONGEST_RUN and text[start - 1].isalnum():
        start -= 1
    return text[start:end]


def _next_run(text: str, start: int) -> str:
    match = RUN.match(text, start)
    return match[0] if match else ""


def _is_prose(run: str, known: Collection[str]) -> bool:
    """Say whether the run is a known word or comes apart into such."""
    if not run.isascii() or len(run) > LONGEST_RUN:
        return False
    low = run.lower()
    return low in FUNCTION or is_name(run) or is_known(low, known) or len(parted(run, known)) > 1


def _is_aside(inside: str, known: Collection[str]) -> bool:
    """Say whether brackets hold what prose puts into them: an acronym, or some words."""
    inside = inside.strip()
    if sum(char.isupper() for char in inside) > 1 and re.fullmatch(r"[A-Za-z][\w-]*", inside):
        return True
    words = inside.split()
    return (
        len(words) > 1
        and bool(re.fullmatch(r"[A-Za-z][\w,.'’/ -]*", inside))
        and all(_is_prose(run, known) for run in RUN.findall(inside))
        and any(len(word) > 2 for word in words)
    )


def _opens_aside(text: str, at: int, known: Collection[str]) -> bool:
    word, inside = _last_run(text, at), text[at + 1 : text.index(")", at)]
    if len(word) < 3 or word.lower() in CALLS or _is_code(text, at - len(word), at) or not _is_prose(word, known):
        return False
    if word.isupper() and inside.split()[0].isupper():
        return False
    return _is_aside(inside, known)


def _closes_aside(text: str, at: int, known: Collection[str]) -> bool:
    opened, word = text.rfind("(", max(0, at - 120), at), _next_run(text, at + 1)
    if opened < 0 or len(word) < 2 or not _is_prose(word, known):
        return False
    inside = text[opened + 1 : at]
    if len(inside) == 1 and word.lower() in FUNCTION:
        return text[opened - 1 : opened] == " "
    if ")" in inside or is_known((inside + word).lower(), known):
        return False
    if text[opened - 1 : opened].isalnum() and not _opens_aside(text, opened, known):
        return False
    return _is_aside(inside, known)


def _parts_words(text: str, at: int, known: Collection[str]) -> bool:
    left, right = _last_run(text, at), _next_run(text, at + 1)
    if text[at] == ";" and left.isupper() and right.isupper():  # TL;DR
        return False
    if text[at - 1] != ")" and (len(left) < 2 or not _is_prose(left, known)):
        return False
    if (len(right) < 2 and right != "a") or not _is_prose(right, known) or _is_code(text, at + 1, at + 1 + len(right)):
        return False
    opened = max(text.rfind(mark, max(0, at - 120), at) for mark in "([{")
    closed = max(text.rfind(mark, max(0, at - 120), at) for mark in ")]}")
    return opened <= closed or not (text[opened] in "[{" or text[opened - 1 : opened].isalnum())
