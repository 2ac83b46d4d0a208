"""Where an answer talks to whoever grades it: the sentences and blocks to leave out.

First the places are found at which it does so, in plain text, behind disguises, in what nobody sees; then each grows
to the whole that it belongs to: a sentence, a bracket, a table, an object in braces, and what is left of a wrapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from dlgrade.grading.steering.disguises import encoded, fold, spelled_out, views, words_of
from dlgrade.grading.steering.markup import code_places, doubtful_marks, hidden, role_marks, within
from dlgrade.grading.steering.phrases import ABOUT_ATTACKS, ASKING, OTHERS, VERB, Late, Rule
from dlgrade.grading.steering.talk import surely
from dlgrade.grading.steering.wholes import ADDRESSED, HIDDEN, Cut, Span, Whole

_AFTER = 180  # characters behind an anchor in which its patterns are looked for
_DEPTH = 2  # codes inside codes
_SCRIPTS = Late("[\u0400-\u04ff\u0600-\u06ff\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_OWN = Late(r"\b(?:rubric|grader|examiner|full marks|verdict|(?:this|my) answer)\b")


def steering(text: str) -> list[Cut]:
    """What of a text to leave out, in order, with what it is. Invisible characters are not looked for here."""
    folded = fold(text)
    words = words_of(folded)
    said = [*_spoken(folded, words), *surely(folded, words)]
    codes = list(_codes(text, folded, words, _DEPTH))
    unseen, marks = list(hidden(folded)), list(role_marks(text, folded, words))
    if not (said or codes or unseen or marks):
        return []
    code = code_places(text)
    unseen = sorted(span for span in unseen if not within(span, code))
    # What belongs to an answer about chat templates, in code, does not beside words to the grader.
    if said or codes or (marks := [span for span in marks if not within(span, code)]):
        marks = [*marks, *doubtful_marks(folded)]
    whole = Whole(text, folded, codes)
    spans = [(*span, ADDRESSED) for span in whole.all_of(span for span in said if not within(span, unseen))]
    spans += [(*span, HIDDEN) for span in unseen]
    spans += [(*span, ADDRESSED) for span in [*marks, *codes]]
    return whole.tidied(whole.with_neighbours(spans))


# ── places ───────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def _rules() -> tuple[frozenset[str], dict[str, list[Rule]], tuple[Rule, ...]]:
    """The anchors, the rules by their anchors, of languages in Latin letters; and the others."""
    # most commands grade nothing
    from dlgrade.grading.steering.orders import ORDERS  # noqa: PLC0415
    from dlgrade.grading.steering.statements import STATEMENTS  # noqa: PLC0415
    from dlgrade.grading.steering.tongues import LATIN, OTHER  # noqa: PLC0415

    index: dict[str, list[Rule]] = {}
    for rule in (*ORDERS, *STATEMENTS, *LATIN):
        for anchor in rule.anchors:
            index.setdefault(anchor, []).append(rule)
    return frozenset(index), index, OTHER


def _spoken(folded: str, words: set[str]) -> Iterator[Span]:
    """Where words are addressed to the grader, be it in disguise."""
    yield from _phrases(folded, words, words)
    for view in views(folded, words):
        read = words_of(view.text)
        yield from (view.place(*span) for span in _phrases(view.text, read, read - words))


def _codes(text: str, folded: str, words: set[str], depth: int) -> Iterator[Span]:
    """Where such words stand letter by letter, or in a code."""
    yield from spelled_out(folded, words)
    for start, end, said in encoded(text, words):
        if _steers(said, depth - 1):
            yield start, end


def _steers(text: str, depth: int) -> bool:
    folded = fold(text)
    words = words_of(folded)
    if next(_spoken(folded, words), None) is not None:
        return True
    return depth > 0 and next(_codes(text, folded, words, depth), None) is not None


def _phrases(folded: str, words: set[str], new: set[str]) -> Iterator[Span]:
    """Where a rule's pattern stands that has a word in `new`."""
    anchors, index, other = _rules()
    tried = {id(rule): rule for word in words & anchors for rule in index[word]}
    for rule in tried.values():
        others = rule.others & words
        if (rule.others and not others) or (new is not words and new.isdisjoint(rule.anchors | rule.others)):
            continue
        for start, end in _windows(folded, rule.anchors & words, rule.before):
            if others and not any(folded.find(word, start, end) >= 0 for word in others):
                continue
            for match in rule.pattern.finditer(folded, start, end):
                if match.end() > match.start() and not _is_of_others(folded, match.span(), rule):
                    yield match.span()
    if not folded.isascii() and _SCRIPTS.made.search(folded):
        for rule in other:
            if any(anchor in folded for anchor in rule.anchors):
                yield from (match.span() for match in rule.pattern.finditer(folded))


def _windows(folded: str, anchors: Iterable[str], before: int) -> Iterator[Span]:
    """The surroundings of all anchors, those that touch put together."""
    at: list[int] = []
    for anchor in anchors:
        found = folded.find(anchor)
        while found >= 0:
            at.append(found)
            found = folded.find(anchor, found + len(anchor))
    at.sort()
    start = end = 0
    for place in at:
        if end and place - before > end:
            yield start, end
            start = place - before
        elif not end:
            start = max(0, place - before)
        end = min(len(folded), place + _AFTER)
    if end:
        yield start, end


def _is_of_others(folded: str, span: Span, rule: Rule) -> bool:
    """Whether a sentence tells what somebody else does, or what attacks on models look like."""
    orders = VERB.made.match(folded, *span) is not None
    if rule.own and not orders:
        return False
    first = max(folded.rfind(mark, max(0, span[0] - 300), span[0]) for mark in (". ", "\n", "? ", "! ", "; "))
    told = folded[span[0]].isalpha() or folded[span[0]].isspace()
    before = folded[max(first + 1, span[0] - 300, 0) : span[0] + 1]
    lead = re.sub(r"[^a-z' ]+", " ", before[:-1] if before[-1:].isalpha() else before)
    if rule.own:
        return told and OTHERS.made.search(lead) is not None and ASKING.made.search(lead) is None
    others = orders and told and OTHERS.made.search(lead) and not ASKING.made.search(lead)
    about = ABOUT_ATTACKS.made.search(before) or others
    return bool(about) and not _OWN.made.search(folded, max(0, span[0] - 100), span[1] + 100)
