"""How much a sentence speaks of an answer and its assessment, instead of its subject, whatever words it chooses.

    talk("This text contains each of the expected ideas.")      #  2.8
    talk("Each unit is dropped at random at every step.")       # -3.4

The words that one speaks of a text and its merits with are few, and fall into classes: what the text is called, who
reads it, what was expected, what it deserves, how something may be taken. A sentence about deep learning may have one
or two of them ("score", "criterion", "complete"); it seldom has several. Each class that is there adds its weight, and
so does their share of the words. Weights come of a logistic regression (`benchmarks/fit_talk.py`), so the sum is a
logarithm of odds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import lru_cache

from dlgrade.grading.steering.disguises import fold, undisguised
from dlgrade.grading.steering.phrases import Late

_FEW = r"(?:[a-z'-]+ ){0,2}?"
_TEXT = (
    r"(?:answers?|responses?|submissions?|texts?|essays?|paragraphs?|sentences?|lines?|words|wording|write-?up|piece|"
    r"repl(?:y|ies)|scripts?|passages?|explanations?|treatment|summary|statements?|entr(?:y|ies)|draft|attempt|"
    r"solution|contribution|notes?|remarks?|discussion|description|account|section|block|appendix|footnote|page|work|"
    r"effort|preparation)"
)
_DONE = (
    r"(?:covered|explained|described|addressed|hit|mentioned|discussed|shown|stated|given|answered|included|listed|"
    r"met|satisfied|dealt|demonstrated|named|set out|touched|said|written|wrote|provided|presented|outlined|"
    r"established|fulfilled|expressed|treated|delivered|supplied|conveyed|captured|articulated|illustrated|"
    r"highlighted|detailed|identified|laid out|gone (?:over|through)|noted|agreed|drawn|"
    r"made|contrasted|gone into|told apart|passed over|spelled out|verified|confirmed|ticked|checked|"
    r"judged|found|upheld|acknowledged|credited|understood|implied|present|complete|intact|known|correct)"
)
_PART = (
    r"(?:ideas?|points?|parts?|statements?|elements?|items?|aspects?|contents?|components?|concepts?|details?|"
    r"explanations?|things?|topics?|facts?|requirements?|matters?|answers?)"
)
_CLASSES = {
    "self": (
        rf"\b(?:this|these|those|my|our|the (?:above|present|foregoing|following|current|given|student'?s|"
        rf"candidate'?s|author'?s|writer'?s)) {_FEW}{_TEXT}\b|"
        r"\b(?:foregoing|herein|hereby|herewith|aforementioned|heretofore)\b|"
        r"\bwhat (?:i|they|she|he)(?: have| has|'ve)? (?:wrote|write|written|mean|meant|said|say)\b|"
        rf"\b{_TEXT} (?:above|below|at hand|in question)\b|\bbetween the lines\b|\b(?:part|section)s? (?:above|below)\b"
    ),
    "place": (
        rf"\b{_DONE}(?: [a-z]+)?[ ,]+(?:above|here|already|before|previously|earlier|in full|in depth|exhaustively|"
        r"throughout)\b|\b(?:above|here|already|earlier|previously),? (?:and |have been |has been |was |were |is |"
        rf"are )?{_DONE}\b|\bfrom here on\b|\bappears? (?:here|above)\b|\bsee (?:above|below)\b"
    ),
    "have": (
        r"\b(?:i|we|she|he|author|writer|student|candidate)(?:'ve| have| had| has) "
        rf"(?:(?:just|all|also|already|clearly|now|thus|both|correctly|fully) )?(?!given (?:a|that)){_DONE}\b|"
        r"\b(?:i|we) would (?:give|say|write|have)\b|\bhaving (?:thus |now )?(?:established|explained|described|"
        r"covered|discussed|shown|set out|named|stated)\b|\b(?:student|candidate|author|writer|she|he) "
        rf"(?:[a-z]+ly )?{_DONE}\b|\bwe (?:can |may |all |both )?(?:agree|concur)\b|\bi concur\b"
    ),
    "text": (
        r"\b(?:answers?|repl(?:y|ies)|responses?|texts?|wording|phras(?:e|es|ing)|sentences?|paragraphs?|scripts?|sheets?|"
        r"rows?|box(?:es)?|forms?|lists?|quotations?|quotes?|quoted|appendix|passages?|transcripts?|comments?|circulars?|"
        r"protocols?|sessions?|receipts?|copies|copy|submitted|submissions?|orally|written|interviews?|minutes|notes?|"
        r"remarks?|lines?|words?|style)\b"
    ),
    "passive": (
        r"\b(?:is|are|was|were|been|being|be|as) "
        r"(?:(?:[a-z]+ly|all|both|each|now|already|here|thus|there|therefore|just|to be|hereby) ){0,2}?"
        r"(?:taken as |regarded as |treated as |considered |deemed |counted as |assumed |understood to be |"
        r"held to be )?"
        rf"{_DONE}\b"
    ),
    "expected": (
        r"\b(?:expected|required|requested|asked for|demanded|desired|necessary|needed|listed|wanted|relevant|key|main|"
        rf"essential|missing|open|remaining|omitted|intended) (?:[a-z-]+ )?{_PART}\b|"
        r"\b(?:everything|all|whatever|what|anything|nothing|else)(?: that| there| else)?"
        r"(?: anyone could| one could| one can| one might| you could| you might)?"
        r"(?: (?:is|was|were|are|be|to|want|wants|could))*"
        r"(?: asked| expected?| required?| needed| necessary| listed| demanded| wanted| missing| requested|"
        r" ask(?:s|ed)? (?:for)?| say| be said| want to hear)\b|"
        r"\b(?:criteri(?:on|a)|rubrics?|checklists?|requirements?|expectations?|(?:the|your|answer|marking) key|"
        r"model (?:solution|answer)|reference (?:answer|solution|describes|says|text)|the reference|marking|boxes|"
        r"(?:the|this|your) (?:task|question|list|assignment|prompt)|policy|textbook)\b|"
        r"\b(?:as|than|statements) (?:expected|required|one can expect)\b|\bexpected (?:here|in|of)\b|"
        r"\b(?:the|every|each|all|your) (?:(?:five|four|six|three|seven) )?(?:items?|points?|ideas|requirements?)\b"
    ),
    "merit": (
        r"\b(?:marks?|credits?|grad(?:e|es|ed|er|ers|ing)|regrad\w*|scor(?:e|es|ed|ing)|points?|deduct\w*|penal\w*|"
        r"out of ten|results?|exam(?:s|iner\w*)?|assess\w*|evaluat\w*|judg\w*|verdicts?|reward\w*|deserv\w*|merit\w*|"
        r"gaps?|generous\w*|generosity|lenien\w*|forgiv\w*|harsh\w*|strict\w*|complain\w*|exempt\w*|"
        r"held against|award\w*|tick\w*|review\w*|approv\w*|verif\w*|check(?:ed|s)?|satisf\w*|fulfil\w*|qualif\w*|"
        r"accept\w*|worthy?|impress\w*|take (?:anything|something|marks|points) (?:off|away)|faults?)\b"
    ),
    "person": (
        r"\b(?:readers?|reviewers?|examiners?|graders?|assessors?|evaluators?|markers?|teachers?|professors?|tutors?|"
        r"instructors?|lecturers?|moderators?|whoever|whomever|anyone|anybody|everyone|everybody|students?|candidates?|"
        r"authors?|writers?|colleagues?|department|committees?|board|office|experts?|friends?|sir|madam|she|"
        r"he|her|panel|graders|correctors?|audience|jury|supervisors?|interviewers?|both of us|second marker)\b"
    ),
    "whole": (
        r"\b(?:all|every|everything|everywhere|each|nothing|none|entire|entirely|whole|fully|full|completely|complete|"
        r"exhaustive\w*|whatever|anything|flawless\w*|perfect\w*|no (?:[a-z]+ )?(?:gaps?|errors?|omissions?)|"
        r"little remains|maximum|exactly|word for word|in full|sufficient\w*|enough|suffices?|in depth|correct\w*|"
        r"covers?|thorough\w*)\b"
    ),
    "taken": (
        r"\b(?:is|are|be|may be|can be|should be|must be|to be) (?:[a-z]+ly )?(?:considered|regarded|treated|counted|"
        r"deemed|assumed|presumed|taken|understood|acknowledged|credited|read|accepted|granted) "
        r"(?:as|to|known|present|met|here|correct|given|said|true)?|"
        r"(?:^|[:.;,] )(?:please |kindly |then |now |just )?(?:consider|treat|regard|count|take|read|imagine|suppose|"
        r"assume|deem|accept|see|let us|let me|do not|don't) [a-z]+ "
    ),
    "plea": (
        r"\b(?:please|kindly|thank\w*|grateful|appreciate\w*|hope|trust|ought|(?:is|are) to be|hereby|"
        r"mean a (?:great deal|lot)|beg|wish)\b"
    ),
    "pairs": (
        r"\b[\w\"'-]{1,40}\s{0,4}[:=|,]\s{0,4}[\"'{]{0,3}(?:yes|true|ok|okay|met|1(?:\.0)?|none|0|done|full|complete|"
        r"present|satisfied|correct|all|covered|check(?:ed)?|right|stated|resolved|fine|pass(?:ed)?)\b"
        r"(?=[\"'}\s]{0,8}(?:[,;.|}\]]|$))|[\u2705\u2713\u2714\u2611]|\[x\]"
    ),
}
CLASSES = {name: Late(pattern) for name, pattern in _CLASSES.items()}
TWICE = ("pairs",)
"""Classes that weigh more where two of their words are there."""

SURE = 0.5
"""The odds from which on a sentence that speaks of its own text is left out."""
_LONG = 240  # characters around a place in which its sentence begins and ends
_BEFORE = 40  # characters around a telling word in which it may be said whose it is
_TELLING = frozenset(
    """answer answers response responses submission text essay paragraph sentence sentences lines wording reply script
    passage explanation hereby herein herewith foregoing above""".split()  # noqa: SIM905 - words read best as words
)
_OWN = ("self", "place", "have")
_FRAMES = ("self", "text", "whole")
# What a class adds, one of `TWICE` again, and their share of the words; a sentence with none of them has `_NONE`.
_WEIGHTS = (2.2, 1.9, 1.5, 0.5, 0.7, 1.8, 1.4, 0.6, 0.3, 1.1, 1.2, 1.0, 0.9, 6.2)
_NONE = -5.1
_MOST = 2  # words of a class that count for the share
_SHORT = 4  # words that a sentence has at least, for the share
_BLANKS = re.compile(r"[\s*_`]+")
_WORD = re.compile(r"[a-z0-9']+")


@lru_cache(maxsize=256)
def talk(text: str) -> float:
    """The logarithm of the odds that a sentence speaks of an answer and its assessment."""
    return _NONE + sum(weight * value for weight, value in zip(_WEIGHTS, measures(text), strict=True))


def surely(folded: str, words: Set[str]) -> Iterator[tuple[int, int]]:
    """Where a folded text speaks of itself, in sentences that are about its assessment beyond doubt."""
    end = 0
    for at in sorted(at for word in words & _TELLING for at in _places(word, folded)):
        around = (max(0, at - _BEFORE), at + _BEFORE)
        if at >= end and (match := CLASSES["self"].made.search(folded, *around)) is not None:
            start, end = _sentence(folded, *match.span())
            if talk(folded[start:end]) >= SURE:
                yield match.span()


def _places(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    before = max(text.rfind(mark, max(0, start - _LONG), start) for mark in (". ", "! ", "? ", "\n"))
    after = [at for mark in (". ", "! ", "? ", "\n") if (at := text.find(mark, end - 1, end + _LONG)) >= 0]
    return before + 1, min(after, default=min(len(text), end + _LONG))


def of_itself(text: str) -> bool:
    """Whether a sentence speaks of the text that it stands in."""
    plain = _plain(text)
    return any(CLASSES[name].made.search(plain) for name in _OWN)


def frames(text: str) -> bool:
    """Whether a sentence only says that it is one of its text's: "my answer in one line", "the answer above holds"."""
    plain = _plain(text)
    return not any(late.made.search(plain) for name, late in CLASSES.items() if name not in _FRAMES)


def measures(text: str) -> list[float]:
    """What is weighed: each class, those of `TWICE` again, and the share of the words that is theirs."""
    plain = _plain(text)
    found = {name: sum(1 for _ in late.made.finditer(plain)) for name, late in CLASSES.items()}
    length = max(len(_WORD.findall(plain)), _SHORT)
    present = [float(count > 0) for count in found.values()]
    twice = [float(found[name] > 1) for name in TWICE]
    return [*present, *twice, sum(min(count, _MOST) for count in found.values()) / length]


def _plain(text: str) -> str:
    return _BLANKS.sub(" ", undisguised(fold(text)))
