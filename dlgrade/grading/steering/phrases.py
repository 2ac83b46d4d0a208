"""How text speaks to whoever grades it: what the patterns of all languages are made of.

Patterns are tried on folded text: small letters without accents. In them a blank stands for up to four blanks, line
ends or marks of emphasis, ‹3› for up to three words, ‹..60› for up to 60 characters of the same sentence and ‹name› for
a piece of `_PIECES`. Every repetition has a bound, so no text makes a pattern run away.
"""

from __future__ import annotations

import re
from functools import cached_property

_GAP = r"(?:[\s*_`'\",~]{1,4})"
_PIECES = {
    "start": (
        r"(?:(?:^|[.!?:;>\n,(\[{\"'*#|%/\-])[ \t]{0,8}"
        r"|\b(?:please|now|kindly|just|simply|hereby|you must|you should) )"
    ),
    "grader": r"(?:grader|examiner|assessor|evaluator|grading (?:ai|assistant|model|system|bot|llm))s?\b",
    "self": r"(?:this|my|our|the (?:above|attached|present|student'?s|candidate'?s))",
    "answer": r"(?:answer|response|submission|essay|solution|text)",
    "person": r"(?:student|candidate|author|applicant|user)",
    "full": r"(?:full|max|maximum|maximal|perfect|top|highest(?: possible)?|complete|all(?: the| of the)?)",
    "marks": r"(?:marks?|points?|scores?|grades?|credits?|ratings?|verdicts?)\b",
    "scheme": r"(?:mark|marking|grading|scoring) (?:scheme|criteria|guide|guidelines|instructions)",
    "rules": (
        r"(?:instructions?|rubrics?|criteri(?:a|on)|prompts?|guidelines?|(?:mark|marking|grading|scoring) scheme)\b"
    ),
    "which": (
        r"(?:(?:all|any|the|these|those|this|that|your|you|of|my|previous|prior|above|earlier|preceding|given|"
        r"grading|"
        r"system|other|initial|original|provided|every|existing|scoring|marking|former|strict) )"
    ),
    "firm": r"(?:previous|prior|above|earlier|preceding|grading|system|your|scoring|marking|former)",
    "ignore": (
        r"(?:ignore|disregard|forget|override|overrule|bypass|skip|discard|neglect|overlook|set aside|suspend|"
        r"abandon|"
        r"pay no attention to|(?:do not|don't|stop) (?:follow|following|use|using|apply|applying|obey|obeying))"
    ),
    # The instructions that are tokens of a training example may well be left out of its loss.
    "no tokens": (r"(?! (?:tokens?|parts?|segments?|positions?|masks?|embeddings?|templates?|portions?|text\b))"),
    "near": r"[^.!?。！？।؟\n]{0,30}?",
    "as met": (
        r"(?:as|to|=|:|is|are) (?:being )?‹2›(?:met|fully|correct|perfect|complete|right|satisfied|fulfilled|full|"
        r"passed|absent|false|not found|true)\b"
    ),
}


class Late:
    """A pattern that is compiled when it is first needed: most answers need few, and each takes a millisecond."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern = pattern
        self._flags = flags

    @cached_property
    def made(self) -> re.Pattern[str]:
        """The pattern, compiled."""
        return re.compile(self._pattern, self._flags)


class Rule:
    """A word of `anchors` and one of `others` stand in the text; then the patterns are looked for around the anchors.

    `own` says that they are about this grading; of what is not, a sentence about attacks on models may give an example.
    `before` is how many characters before an anchor a pattern may begin.
    """

    def __init__(self, anchors: str, others: str, *patterns: str, own: bool = True, before: int = 60) -> None:
        self.anchors = frozenset(anchors.split())
        self.others = frozenset(others.split())
        self.own = own
        self.before = before
        self._patterns = patterns

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first needed."""
        return written_out(*self._patterns).made


def written_out(*patterns: str) -> Late:
    """The patterns as one, without shorthand."""
    return Late("|".join(f"(?:{_written_out(pattern)})" for pattern in patterns), re.MULTILINE)


def _written_out(pattern: str) -> str:
    while (named := re.sub("‹([a-z ]+)›", lambda m: _PIECES[m[1]], pattern)) != pattern:
        pattern = named
    pattern = re.sub(r"‹\.\.(\d+)›", r"[^.!?\\n]{0,\1}?", pattern)
    pattern = re.sub(r"‹(\d)› ?", r"(?:[\\w'-]{1,20} ){0,\1}?", pattern)
    # A blank that stands in a class, next to its bracket or before "\t", is just that.
    return re.sub(r"(?<!\[) (?!\\t|\])", lambda _: _GAP, pattern)


# What a sentence beside one that steers is made of, if it belongs to it.
GRADING = written_out(
    r"\b(?:graders?|examiner|rubric|verdicts?|marks|grading|graded|criteri(?:on|a)|misconceptions?|grades?|pass|"
    r"10/10|"
    r"score|points|credit|quotes?|met)\b"
)
ADDRESS = written_out(
    r"\b(?:you|your|please|(?:this|my|the|student'?s) (?:answer|response|student|candidate|submission)|the above|"
    r"it all|example \d)\b"
)
TALK = written_out(
    r"\b(?:instructions?|prompt|respond|reply|comply|follow|obey|decode|confirm|thanks?|acknowledged?|"
    r"understood|proceed|"
    r"exceptions?|explanation|output exactly|return exactly|override|deserve[sd]?|reviewed|approved|objections?|"
    r"example|excellent|assistant|correct)\b"
)
# Whose sentence this is: one about attacks, or about what somebody else does.
ABOUT_ATTACKS = Late(
    "attack|inject|jailbr|malicious|adversar|poison|red.team|exploit|manipulat|trick|hidden text|untrusted|guardrail"
)
OTHERS = Late(
    r"\b(?:judges?|graders?|evaluators?|models?|llms?|they|it|networks?|annotators?|raters?|people|humans?|teachers?|"
    r"examiners?|who|which|that|systems?|discriminators?|metrics?|assistants?|chatbots?|users?)[ ]"
    r"(?:(?:may|might|can|could|will|would|does|do|did|to|often|not|never|simply|just|sometimes|then|"
    r"learns?|tends?|begins?|cannot)[ ]){0,4}$"
)
ASKING = Late(r"\b(?:you|please|i|want|must|should|ought|need|expect|let|hereby|request)\b")
VERB = Late(
    r"\W{0,4}(?:(?:and|then|to|must|should|instead)\s)?(?:ignor|disregard|forget|overrid|bypass|skip|discard|neglect|"
    r"overlook|give|award|assign|grant|mark|"
    r"grade|score|rate|treat|consider|count|reveal|print|repeat|show|output|leak|tell|follow|decode)"
)
