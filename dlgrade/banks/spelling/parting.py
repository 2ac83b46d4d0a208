"""A run of letters that lost its spaces -> the words in it, or the run as it is if it is better left.

    adeep -> a deep    theReLU -> the ReLU    biasesinneural -> biases in neural    dataloader, PyTorch -> as they are

The cheapest row of known words is found first. It counts if it meets where the border of a link can be: at a function
word, at words of which the field makes a term, at a name. All else that comes apart into words is a new compound, a
name or an identifier, and stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from dlgrade.banks.spelling.lexicon import (
    AFTER,
    AFTER_NAME,
    ASKING,
    BEFORE,
    COMMON,
    COMMON_SHORT,
    DEAR,
    DEAR_TERM,
    FUNCTION,
    HYPHENED,
    MEMBER,
    NO_END,
    NO_START,
    cost,
    is_pair,
    is_term,
    lexicon,
)

LONGEST_RUN = 60
"""A longer run of letters is no run of words; the bound keeps the search linear in the text."""
LONGEST_WORD = 24
MOST_PARTS = 7

ACRONYM = 75
NAME = 110
PAIR = 18
"""What two words cost less if the field writes them together."""
WORD = 8
"""What each further word costs: words that happen to stand in another are dearer together than their shares say."""

OPENING = (ASKING | FUNCTION) - frozenset(("any", "it", "like", "not", "on", "one", "only", "over", "some", "up", "we"))
"""Words that begin a sentence before a name; the others begin names: AnyIO, OneDrive, OnStar."""

_CAMEL = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-rt-z]|[A-Z]{2}s[a-z]")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9]+s?")
_NAME = re.compile(r"[A-Z](?:[a-z]{2,}|)\d*")
# Compounds begin with a bare noun or verb; what is inflected stood alone: "forecastingtourist", "typicallyapplied".
_INFLECTED = re.compile(r"[a-z]{4,}(?:ing|ly|ed)|[a-z]{4,}[^s]s|[a-z]{3,}(?:ous|ive|ary|ful)|[a-z]{4,}(?:al|ent|ant)")


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a run: the words beside it, whether it begins a sentence, and whether a hyphen follows."""

    before: str = ""
    after: str = ""
    starts: bool = False
    hyphen: bool = False


NOTHING_AROUND = Around()


def parted(run: str, known: Collection[str] = (), around: Around = NOTHING_AROUND) -> list[str]:
    """Return the words that the run is made of; the run alone if it is better left."""
    camel = has_inner_capitals(run)
    if len(run) > LONGEST_RUN or (camel and is_name(run)):
        return [run]
    parts = _cheapest(run, known, around)
    if not 1 < len(parts) <= MOST_PARTS:
        return [run]
    low = [part.lower() for part in parts]
    return parts if (_names_convince(parts, low, around) if camel else _words_convince(parts, low, around)) else [run]


def has_inner_capitals(run: str) -> bool:
    """Say whether capitals stand where a word has none."""
    return bool(_CAMEL.search(run))


def is_name(run: str) -> bool:
    """Say whether capitals stand inside the run by right: PyTorch, ResNets, LSTMs, LaTeX."""
    cased = lexicon().cased
    return run in cased or run.removesuffix("s") in cased or bool(_ACRONYM.fullmatch(run))


def _cheapest(run: str, known: Collection[str], around: Around) -> list[str]:
    """Viterbi over the run's positions; a state is where the last word began, so that pairs of words can count."""
    low, size, pairs = run.lower(), len(run), lexicon().pairs
    best: list[dict[int, tuple[int, int]]] = [{} for _ in range(size + 1)]
    best[0][0] = (0, 0)
    for start in range(size):
        if not best[start]:
            continue
        for end, price in _words_at(run, start, known, around.hyphen):
            word = low[start:end]
            paid, began = min(
                (paid - PAIR * (f"{low[began:start] if start else around.before}_{word}" in pairs), began)
                for began, (paid, _) in best[start].items()
            )
            best[end][start] = (paid + price + WORD, began)
    if not best[size]:
        return [run]
    after = around.after.lower()
    start = min(best[size], key=lambda s: best[size][s][0] - PAIR * (f"{low[s:]}_{after}" in pairs))
    end, parts = size, [run[start:]]
    while start:
        start, end = best[end][start][1], start
        parts.append(run[start:end])
    return parts[::-1]


def _words_at(run: str, start: int, known: Collection[str], hyphen: bool) -> Iterator[tuple[int, int]]:
    """Ends and prices of the words that may begin at the offset; capitals say where none can begin or go on."""
    if start and run[start].isupper() and run[start - 1].isupper() and run[:start] != "A":
        return
    words, size = lexicon().words, len(run)
    acronym = _ACRONYM.match(run, start)
    acronyms = (acronym.end(), start + len(acronym[0].removesuffix("s"))) if acronym else ()
    for end in range(start + 1, min(size, start + LONGEST_WORD) + 1):
        written = run[start:end]
        word = written.lower()
        price = words.get(word) if end - start < size else None
        if word in HYPHENED and not (hyphen and end == size):
            price = None
        if price is None and word in known and 3 < end - start < size:
            price = DEAR
        if price is None and end in acronyms:
            price = ACRONYM
        if price is None and end == size and start > 1 and _NAME.fullmatch(written):
            price = NAME
        if price is not None and _capitals_fit(written):
            yield end, price


def _capitals_fit(word: str) -> bool:
    if word.islower():
        return len(word) > 2 or word in FUNCTION
    return len(word) == 1 or word[0].isdigit() or word[1:].islower() or is_name(word)


def _words_convince(parts: list[str], low: list[str], around: Around) -> bool:
    """Say whether words found in a run without inner capitals are what was meant, not a name or a new word."""
    content = [word for word in low if word not in FUNCTION]
    if not all(_is_plain(word, len(low)) for word in content):
        return False
    led, followed = is_pair(around.before, low[0]), is_pair(low[-1], around.after.lower())
    if all(is_pair(*pair) for pair in pairwise(low)):
        return True
    if parts[0][0].isupper() and not around.starts:
        return low[0] not in FUNCTION and _follows_name(low, led)
    if len(content) == len(low):
        return _is_linked(low, led, followed)
    if len(low) > 2 or not content:
        return _is_row(low, content)
    return _is_bordered(low[0], low[1], led, followed)


def _is_plain(word: str, parts: int) -> bool:
    """Say whether the word is no accident: short and rare words are found in any row of letters."""
    price = cost(word)
    if len(word) < 4:
        return is_term(word) or (word in BEFORE if parts > 2 else len(word) > 2 and price <= COMMON_SHORT)
    if is_term(word) or (len(word) > 7 and parts < 4):
        return price <= DEAR_TERM
    return price <= (DEAR if parts < 3 else COMMON)


def _follows_name(low: list[str], led: bool) -> bool:
    """Say whether the last word stands behind a capitalised link: "Batch Normalizationwork", but not "Algorand"."""
    if not led and not is_term(low[0]):
        return False
    return low[-1] in FUNCTION or low[-1] in AFTER or (led and cost(low[-1]) <= COMMON)


def _is_linked(low: list[str], led: bool, followed: bool) -> bool:
    """Say whether content words alone meet where a link's border is; most such runs are new compounds."""
    if len(low) > 3 or min(map(len, low)) < 3:
        return False
    head, tail = low[0], low[-1]
    if head in BEFORE:
        return followed or is_term(low[1]) or (len(head) > 3 and len(low[1]) > 4 and cost(low[1]) <= COMMON)
    if tail in AFTER and len(tail) > 3:
        return led or is_term(head) or len(head) > 7 or (len(head) > 4 and cost(head) <= COMMON)
    if led or followed:
        return cost(tail if led else head) <= COMMON
    if min(map(len, low)) < 4:
        return False
    told = any(is_term(word) and len(word) > 8 for word in low) or bool(_INFLECTED.fullmatch(head))
    return told and all(cost(word) <= COMMON or (is_term(word) and not _INFLECTED.fullmatch(head)) for word in low)


def _is_row(low: list[str], content: list[str]) -> bool:
    """Say whether several words with function words among them are meant, or function words alone."""
    if not content:
        return sum(map(len, low)) > 3
    return low[-1] not in NO_END or is_term(content[-1]) or content[-1] in BEFORE


def _is_bordered(head: str, tail: str, led: bool, followed: bool) -> bool:
    """Say whether a function word before or behind another word stands at a link, and is no part of a longer word."""
    if head in FUNCTION:
        named = followed or is_term(tail)
        if head in NO_START:
            return named
        return head != "a" or named or (len(tail) > 3 and cost(tail) <= COMMON + 4)
    named = led or is_term(head)
    if tail in NO_END:
        return named or (head in BEFORE and tail in ("a", "an", "any", "its", "our", "some"))
    return named or head in BEFORE or (len(head) > 3 and cost(head) <= COMMON)


def _names_convince(parts: list[str], low: list[str], around: Around) -> bool:
    """Say whether words found in a run with inner capitals are prose, not an identifier such as `getValue`."""
    left, right = parts[0], parts[-1]
    opens = around.starts and low[0] in OPENING
    if _is_identifier(parts, low):
        return False
    if left[0].isupper() and parts[1][0].isupper():
        return opens and (len(parts) > 2 or _is_named(right, around))
    if left[0].isupper() and left[1:].islower() and not opens:
        return parts[1].islower() and (is_term(low[0]) or is_pair(around.before, low[0]))
    if len(parts) == 2 and not right.islower():
        return _is_before_name(low[0], right, around)
    return _is_around_name(parts, low)


def _is_identifier(parts: list[str], low: list[str]) -> bool:
    """Say whether the parts look like code or chance: `deleteByQuery`, `QMainWindow`."""
    words, count = lexicon().words, len(parts)
    ends_in_letter = len(parts[-1]) == 1 and low[-2] in FUNCTION  # "inC++"
    for i, (part, word) in enumerate(zip(parts, low, strict=True)):
        if i and part[0].isupper() and not part.isupper() and word in FUNCTION:
            return True
        if i > 1 and part[1:].islower() and part[0].isupper() and parts[i - 1][0].isupper():
            return True
        if part[1:].islower() and word not in FUNCTION and not _is_plain(word, count):
            return True
        if len(part) < 3 and part.isupper() and word not in words and (count > 2 or low[0] not in FUNCTION):
            return not (ends_in_letter and i == count - 1)
    return any(word == "a" and before not in OPENING and before not in BEFORE for before, word in pairwise(low))


def _is_before_name(low: str, right: str, around: Around) -> bool:
    """Say whether the word before a capital stands before a name: "theReLU", "tuneSVM", but not "onChange"."""
    if len(right) == 1:
        return right in "CR" or (low in FUNCTION and low not in ("is", "has", "a", "to"))
    named = _is_named(right, around)
    if low in FUNCTION:
        return named or low not in MEMBER
    if low in MEMBER:
        return not right[1:].islower() and right.lower() in lexicon().words
    if is_pair(low, right.lower()) or is_pair(around.before, low):
        return True
    known = right.rstrip("s").isupper() and is_term(right.rstrip("s").lower())
    certain = known or around.after[:1].isupper() or is_pair(right.lower(), around.after.lower())
    return named and (low in BEFORE or is_term(low) or (certain and len(low) > 3 and cost(low) <= COMMON))


def _is_named(right: str, around: Around) -> bool:
    """Say whether the word with a capital is a name, or begins one of several words."""
    if not right[1:].islower():
        return True
    return right in lexicon().proper or around.after[:1].isupper() or is_pair(right.lower(), around.after.lower())


def _is_around_name(parts: list[str], low: list[str]) -> bool:
    """Say whether words around or behind a name stand at it: "isPCAused", "ARIMAmodels", but not "LDlink"."""
    if parts[0].islower():
        if low[0] not in OPENING and low[0] not in BEFORE and not is_term(low[0]):
            return low[0] in AFTER or cost(low[0]) <= COMMON_SHORT
    elif len(parts) == 2:
        tail = low[1]
        if tail in FUNCTION - NO_END or (tail in AFTER_NAME and len(tail) > 3) or is_pair(*low):
            return True
        return is_term(low[0].removesuffix("s")) and len(tail) > 3 and cost(tail) <= COMMON_SHORT
    return any(part in FUNCTION or part in AFTER_NAME or part in BEFORE for part in parts)
