"""How text speaks to whoever grades it: the pieces that its patterns are made of, and the patterns of English.

Patterns are tried on folded text: small letters without accents. In them a blank stands for up to four blanks, line
ends or marks of emphasis, ‹3› for up to three words, ‹..60› for up to 60 characters of the same sentence and ‹name› for
a piece of `_PIECES`. Every repetition has a bound, so no text makes a pattern run away.
"""

from __future__ import annotations

import re
from functools import cached_property

_GAP = r"(?:[\s*_`'\",~]{1,4})"
_PIECES = {
    "start": r"(?:(?:^|[.!?:;>\n,(\[{\"'*#|%/\-])[ \t]{0,8}|\b(?:please|now|kindly|just|simply|hereby|you must|you should) )",
    "grader": r"(?:grader|examiner|assessor|evaluator|grading (?:ai|assistant|model|system|bot|llm))s?\b",
    "self": r"(?:this|my|our|the (?:above|attached|present|student'?s|candidate'?s))",
    "answer": r"(?:answer|response|submission|essay|solution|text)",
    "person": r"(?:student|candidate|author|applicant|user)",
    "full": r"(?:full|max|maximum|maximal|perfect|top|highest(?: possible)?|complete|all(?: the| of the)?)",
    "marks": r"(?:marks?|points?|scores?|grades?|credits?|ratings?|verdicts?)\b",
    "scheme": r"(?:mark|marking|grading|scoring) (?:scheme|criteria|guide|guidelines|instructions)",
    "rules": r"(?:instructions?|rubrics?|criteri(?:a|on)|prompts?|guidelines?|(?:mark|marking|grading|scoring) scheme)\b",
    "which": r"(?:(?:all|any|the|these|those|this|that|your|you|of|my|previous|prior|above|earlier|preceding|given|grading|"
    r"system|other|initial|original|provided|every|existing|scoring|marking|former|strict) )",
    "firm": r"(?:previous|prior|above|earlier|preceding|grading|system|your|scoring|marking|former)",
    "ignore": r"(?:ignore|disregard|forget|override|overrule|bypass|skip|discard|neglect|overlook|set aside|suspend|abandon|"
    r"pay no attention to|(?:do not|don't|stop) (?:follow|following|use|using|apply|applying|obey|obeying))",
    # The instructions that are tokens of a training example may well be left out of its loss.
    "no tokens": r"(?! (?:tokens?|parts?|segments?|positions?|masks?|embeddings?|templates?|portions?|text\b))",
    "near": r"[^.!?。！？।؟\n]{0,30}?",
    "as met": r"(?:as|to|=|:|is|are) (?:being )?‹2›(?:met|fully|correct|perfect|complete|right|satisfied|fulfilled|full|"
    r"passed|absent|false|not found|true)\b",
}


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
        """Compiled when it is first needed: most answers need none, and it takes milliseconds."""
        return compiled(*self._patterns)


def compiled(*patterns: str) -> re.Pattern[str]:
    """The patterns as one, their shorthand written out."""
    return re.compile("|".join(f"(?:{_written_out(pattern)})" for pattern in patterns), re.MULTILINE)


def _written_out(pattern: str) -> str:
    while (named := re.sub("‹([a-z ]+)›", lambda m: _PIECES[m[1]], pattern)) != pattern:
        pattern = named
    pattern = re.sub(r"‹\.\.(\d+)›", r"[^.!?\\n]{0,\1}?", pattern)
    pattern = re.sub(r"‹(\d)› ?", r"(?:[\\w'-]{1,20} ){0,\1}?", pattern)
    # A blank that stands in a class, next to its bracket or before "\t", is just that.
    return re.sub(r"(?<!\[) (?!\\t|\])", lambda _: _GAP, pattern)


_IGNORING = (
    "ignore disregard forget override overrule bypass skip discard neglect overlook aside suspend abandon attention follow following "
    "use using apply applying obey obeying"
)

ENGLISH: tuple[Rule, ...] = (
    Rule(
        "instruction instructions prompt prompts guideline guidelines rubric rubrics criteria criterion scheme",
        _IGNORING,
        r"‹start›‹ignore› ‹which›{1,6}‹rules›‹no tokens›",
        r"\b(?:then|and|must|should|to|instead) ‹ignore› ‹which›{0,5}‹firm› ‹which›{0,2}‹rules›‹no tokens›",
        r"\b‹ignore› ‹which›{0,4}(?:previous|prior|above|grading|scoring|marking) ‹rules›‹no tokens›",
        own=False,
        before=120,
    ),
    Rule(
        "rubric rubrics criteria scheme reference grading marking guidelines previously told above",
        _IGNORING,
        r"‹start›‹ignore› ‹which›{0,6}(?:rubric|criteria|‹scheme›|reference (?:answer|solution))\b(?! (?:that|which|when))",
        r"\b(?:then|and|must|should|to|instead|you) ‹ignore› ‹which›{0,5}(?:rubric|‹scheme›)\b",
        r"‹start›‹ignore› (?:everything|anything|all|whatever|what) ‹4›(?:above|previously|you were told)\b",
        before=120,
    ),
    Rule(
        "instruction instructions prompt prompts directive directives",
        "new updated revised override secret hidden special emergency important",
        r"\b(?:new|updated|revised|override|secret|hidden|special|emergency) (?:system|grading|scoring) "
        r"(?:instructions?|prompts?|directives?)[ ]{0,2}[:=\-]",
        r"‹start›(?:new|updated|revised|override|emergency|important) (?:instructions?|prompt|directives?)[ ]{0,2}:",
        own=False,
        before=160,
    ),
    Rule(
        "rubric penalise penalize deduct subtract",
        "outdated obsolete wrong void invalid withdrawn cancelled canceled replaced superseded longer apply changed not don never",
        r"\b(?:the|this|your) rubric ‹3›(?:outdated|obsolete|wrong|void|invalid|withdrawn|cancell?ed|replaced|superseded|"
        r"no longer|does not apply|doesn't apply|changed)\b",
        r"‹start›(?:don't|do not|never) (?:penali[sz]e|deduct|subtract) ‹3›(?:me|marks?|points?|this|it|anything|omissions?)\b",
        before=160,
    ),
    Rule(
        "give award assign grant allocate allot accord",
        "mark marks point points score scores grade grades credit credits rating verdict verdicts 10 100 a",
        r"\b(?:give|award|assign|grant|allocate|allot|accord) (?:me|us|him|her|‹self› (?:‹answer›|‹person›)|"
        r"the ‹person›)\b‹..60›(?:\b‹marks›|\b10\b|\b100\b|\ba\+)",
        r"‹start›(?:give|award|assign|grant) (?:the ‹answer›|it|everything|every criterion|all criteria|each criterion)\b"
        r"‹..40›\b‹full› ‹2›‹marks›",
        r"(?:‹start›|\b(?:and|then|must|should|to) )(?:give|award|grant|assign|allocate) (?:it )?(?:the |a )?"
        r"(?:full|maximum|max|perfect|top|maximal|all(?: the)?) ‹2›(?:marks|points|credits?|grade)\b"
        r"(?! (?:to|in|on|that|of|with|into|as|from|which|a|the|near\w{0,4}|outside|inside|within|whose) )",
        r"‹start›(?:give|award|grant|assign) (?:it )?(?:the |a )?(?:full|max|perfect|top) ‹2›"
        r"(?:scores?|ratings?)\b(?! (?:to|in|on|that|of|with|as|from|which|a|the|over|for) )",
    ),
    Rule(
        "return output report respond reply",
        "full max maximum perfect verdict verdicts 10 100 met rubric",
        r"‹start›(?:return|output|report|respond with|reply with) ‹3›(?:full (?:marks|points|credit|score)|perfect score|max(?:imum)? (?:marks|"
        r"points)|verdicts?|10[ ]?/[ ]?10)\b",
    ),
    Rule(
        "full maximum perfect top",
        "marks mark points point credit credits grade grades score out a",
        r"\b(?:worth|earns?|earned|merits?|warrants?|receives?|gets?|got|awarded) (?:the |a )?(?:full|maximum|perfect|top) "
        r"(?:marks?|points|credits?|grade)\b(?=\W{0,3}(?:$|\n|for (?:this|my)))",
        r"\b(?:full|maximum|perfect|top) ‹marks› ‹3›(?:for (?:this|me|my)|please|are due|is due|(?:is|are) (?:appropriate|"
        r"deserved|warranted|justified)|must be given|should be (?:given|awarded))\b",
        r"‹start›(?:full|maximum|top) (?:marks|points|credit) ‹4›(?:please|granted|awarded|thanks?|thank you)\b",
        r"\b(?:need|want|require|beg for|hope for|expect) ‹4›(?:full|top|maximum|perfect) (?:marks?|grades?|credit)\b",
        r"\b(?:must|should|will|shall|can|cannot) ‹2›(?:receive|get|be given|be awarded|obtain|earn) ‹3›(?:full|maximum|top|"
        r"perfect|all) (?:marks|points|credits?|grade|score)\b",
        before=160,
    ),
    Rule(
        "10 20 50 100",
        "",
        r"^[ \t>*_#\-]{0,8}(?P<n>10|20|50|100)[ ]?/[ ]?(?P=n)[ \t*_!.]{0,6}$",
        r"\b(?:this|please|my (?:answer|response)|grade)\b[^\n]{0,40}\b(?:10[ ]?/[ ]?10|100[ ]?/[ ]?100|10 out of 10)",
        r"\b(?:10[ ]?/[ ]?10|100[ ]?/[ ]?100|10 out of 10)(?=[^\n]{0,40}\b(?:for this|please|this answer|my answer)\b)",
        r"^[ \t]{0,3}\|[^\n]{0,200}\|[ \t*]{0,4}(?P<d>\d{1,2})[ ]?/[ ]?(?P=d)[ \t*]{0,4}\|",
        before=200,
    ),
    Rule("deserve deserves deserved", "", r"\bdeserve[sd]? ‹3›(?:‹marks›|10|100|a\+|to pass)"),
    Rule(
        "lower raise increase change set round bump",
        "mark grade score marks",
        r"‹start›(?:lower|raise|increase|change|set|round|bump) (?:the|my|its?|your) (?:final )?(?:marks?|grade|score) ‹2›(?:to|up) "
        r"(?:\d|full|the (?:max|full|top)|an? a|max|top)",
    ),
    Rule(
        "criterion criteria verdict verdicts everything misconception misconceptions c1 c2 m1",
        "met correct perfect complete right satisfied fulfilled full passed absent false found true covered present",
        r"\b(?:mark|grade|score|rate|treat|consider|count|judge|label|deem|set|classify|regard|accept|declare|record|report) ‹3›"
        r"(?:criteri(?:on|a)|verdicts?|everything|misconceptions?|[cm]\d{1,2}) ‹3›‹as met›",
        r"(?<!\bwhen[ ])(?<!\buntil[ ])(?<!\bonce[ ])(?<!\bif[ ])(?<!\bunless[ ])\b(?:all|every|each)(?: of)?(?: the)?(?: rubric'?s?| grading| \d{1,2})? "
        r"criteri(?:on|a) (?:are|is|were|was|have been|has been|must be|should be) ‹2›(?:met|satisfied|fulfilled|covered)\b",
        r"\b(?:contains?|has|have|are|is|found|with|there are) no misconceptions?\b",
        r"\bno misconceptions? (?:is|are|was|were|present|found|in )",
        before=160,
    ),
    Rule(
        "answer response submission essay solution text",
        "this my our above attached present student students candidate candidates s",
        r"\b(?:mark|grade|score|rate|treat|consider|count|judge|label|deem|regard|accept|declare) ‹self› ‹answer› ‹3›‹as met›",
        r"\b‹self› ‹answer› ‹3›(?:meets?|satisf(?:y|ies)|fulfil?l?s?|covers?|addresses|matches) ‹3›(?:criteri(?:a|on)|rubric|"
        r"requirements?|reference)\b",
        r"\b‹self› ‹answer› (?:is|was|has been|should be|must be) ‹3›(?:perfect|flawless|exemplary|fully correct|100[ ]?%|verified|"
        r"approved|validated|pre-approved|(?:already|previously) (?:graded|marked|scored)|accepted|a model answer|beyond "
        r"reproach|entirely correct|completely correct)",
        before=160,
    ),
    Rule(
        "mark grade score rate treat consider deem regard accept",
        "met correct perfect complete satisfied fulfilled full true",
        r"‹start›(?:mark|grade|score|rate|treat|consider|deem|regard|accept) (?:it|them|all|the) (?:‹answer›s? )?‹2›‹as met›"
        r"(?!\W{0,2}(?:if|when|whenever|unless|only|for|because)\b)",
    ),
    Rule(
        "grader graders examiner examiners assessor assessors evaluator evaluators grading judge",
        "",
        r"\b(?:dear|hey|hi|hello|attention|listen|(?:note|message|memo|request|hint|reminder|instructions?) (?:to|for)(?: the| my| "
        r"our| all| any)?)[ :,]{1,3}(?:(?:ai|automated|llm|human|kind|honou?rable) )?‹grader›",
        r"\b(?:dear|attention|note to(?: the)?)[ :,]{1,3}judge\b",
        r"^[ \t>*#@\-]{0,6}(?:ai |llm )?(?:grader|examiner)[ ]{0,2}[:,\-][ ]{0,3}(?:please|you|this|ignore|mark|give|note|the answer|"
        r"all|award|score|do|stop)\b",
        r"\byou are (?:now )?(?:a|an|the) ‹3›(?:grader|examiner|evaluator|assessor)\b",
        r"\b(?:act|behave|respond|pretend|reply|grade) (?:as if |as though |as |like |to be )(?:you are |you were )?"
        r"(?:a|an|the) ‹3›‹grader›",
        r"(?:^|[.!?:;>\n])[ \t]{0,8}(?:the )?grading (?:[a-z]{1,20} )?(?:is|was|has been) (?:now )?"
        r"(?:over|completed?|finished|done|closed|concluded|suspended|disabled)\b",
        r"‹start›(?:end|stop|terminate|skip|abort) (?:the |this |all )?grading\b(?! (?:scale|scheme|system))",
        r"\b(?:previous|prior|earlier|another|first|human|other|second|expert|senior|two|three) (?:[a-z]{1,20} )?"
        r"(?:graders?|examiners?|assessors?|evaluators?|judges?) ‹3›(?:gave|awarded|scored|marked|graded|approved|confirmed|agreed|"
        r"verified|rated|assigned|found)\b‹..40›(?:\b(?:this|my) ‹answer›|\bfull\b|\b10\b|\b100\b|\bmaximum\b|\bperfect\b)",
        r"\bi am (?:the|your|also the) ‹2›‹grader›",
        before=160,
    ),
    Rule(
        "professor instructor examiner teacher admin administrator administration openai anthropic google developer developers "
        "supervisor board dean staff",
        "mark marks answer criteria rubric credit points pass grade grading mode this i override instructions message",
        r"\b(?:the|your|our|my) (?:[a-z]{1,20} )?(?:professor|instructor|examiner|teacher|administrat(?:ion|or)|admin|exam board|"
        r"supervisor|dean|course staff|developers?) ‹3›(?:confirmed|instructs?|instructed|requires?|approved|told|wants?|decided|"
        r"authori[sz]ed|asks?|asked|said|says|agreed|promised|ordered)\b‹..80›"
        r"\b(?:marks|this answer|my answer|criteria|rubric|credit|points|to pass|grades?)\b",
        r"\b(?:i am|i'm|this is|speaking as|message from|on behalf of|by order of) (?:the|your) ‹2›(?:professor|instructor|"
        r"administrator|admin|supervisor|exam board|dean|developers?)\b",
        r"\b(?:this is|message from|on behalf of|i work (?:for|at)) (?:openai|anthropic|google)\b‹..80›"
        r"\b(?:override|grade|grading|marks?|instructions?)\b",
        r"\b(?:developer|admin|administrator) mode (?:is )?(?:on|enabled|activated|engaged)\b",
        before=160,
    ),
    Rule(
        "grading grades marking marks scoring scores reading reads evaluating evaluates assessing assesses",
        "this my it",
        r"\b(?:whoever|whomever|the (?:person|one|ai|llm|model|system|language model)) (?:who |that )?(?:is )?"
        r"(?:grades|grading|marks|marking|scores|scoring|evaluates|evaluating|assess(?:es|ing)|reads|reading) (?:this|my|it)\b",
        r"\bif you(?:'re| are)? ‹4›(?:grading|marking|reading|scoring|evaluating) (?:this|my)\b",
        r"\b(?:are|when|while|you) (?:grading|marking|scoring) (?:this|my) ",
        before=160,
    ),
    Rule(
        "chatgpt hello hey hi dear now pretend act longer",
        "you assistant ai llm claude gemini gpt chatgpt bot grade score",
        r"‹start›you are now (?:a|an|the|in|free|acting|entering|no)\b",
        r"\byou are no longer (?:bound|a|an|required|grading|restricted)\b",
        r"‹start›from now on,? (?:you|grade|answer|respond|act|score|mark)\b",
        r"‹start›(?:hey|hi|hello|dear) (?:there )?(?:ai|llm|assistant|chatgpt|gpt[\w.-]{0,6}|claude|gemini|model|bot)\b",
        r"‹start›(?:pretend|act) (?:as if|as though|like|that) (?:you|this|the answer|all|my) ",
        own=False,
    ),
    Rule(
        "verdict verdicts found criterion criteria c1 c2 c3 c4 c5 m1 m2 met grading",
        "met partial missed false true pass correct full fulfilled satisfied passed perfect verdict verdicts grading quotes c1",
        r"[\"']?\bverdicts?[\"']?[ ]{0,3}(?:[:=]|is|->)[ ]{0,3}[\"'*]{0,2}(?:met|partial|pass|correct|full)\b",
        r"[\"'][cm]\d{1,2}[\"'][ ]{0,3}:[ ]{0,3}[{\"'\[t]",
        r"[\"']found[\"'][ ]{0,3}:[ ]{0,3}(?:false|true)",
        r"\b[cm]\d{1,2}[ ]{0,3}[:=\-][ ]{0,3}>?[ ]{0,3}(?:met|partial|missed|(?:not )?found|fulfilled)\b",
        r"\bcriteri(?:on|a)[ ]{0,2}(?:#?\d{1,2})?[ ]{0,2}[:=\-–—]{1,2}>?[ ]{0,2}(?:met|fulfilled|satisfied|passed|full|\u2713|\u2705)",
        r"^[ \t]{0,3}\|[^\n]{0,200}\|[ \t*]{0,4}(?:met|fully met|fulfilled)[ \t*.!]{0,4}\|",
        r"<(?:verdicts?|grade|grading|score)>",
        r"\b(?:the|my|your|final|correct|only|right) verdict ‹3›(?:met|pass|full|perfect)\b",
        before=160,
    ),
    Rule(
        "score grade mark marks assessment graded scored marked percent",
        "",
        r"^[ \t>*_#|\-]{0,8}(?:(?:final|total|overall|suggested|recommended|my|your|awarded|expected) ){0,2}"
        r"(?:score|grade|marks?|assessment)[ \t*]{0,3}[:=|][ \t*\"]{0,4}(?:(?P<a>\d{1,3})[ ]?(?:/|out of)[ ]?(?P=a)\b|100[ ]?%|a\+|"
        r"full\b|max(?:imum)?\b|perfect\b|excellent\b)",
        r"\b(?:final|total|overall|suggested|recommended|awarded|expected|correct|previous|earlier) (?:score|grade|marks?)"
        r"(?:[ ]{0,2}[:=]| is| was)[ ]{0,2}(?:a )?(?:\d{1,3}(?:\.\d)?[ ]?(?:/|out of)[ ]?\d{1,3}|100[ ]?%|a\+|full\b|maximum\b|perfect\b)",
        r"^[ \t>*_#|\-]{0,8}(?:grade|marks?)[ \t*]{0,3}[:=|][ \t*]{0,4}\d{1,3}(?:\.\d)?[ ]?(?:/|out of)[ ]?\d{1,3}",
        r"[\"'](?:final_|total_)?(?:score|grade)[\"'][ ]{0,2}:[ ]{0,2}[\"']?(?:10|100|full|max|a\+?)\b(?!\.\d)",
        r"[\"'](?:max_score|percent)[\"'][ ]{0,2}:",
        r"\b(?:graded|scored|marked)[: ]{1,3}(?:at |as |with )?(?:(?P<c>\d{1,3})[ ]?(?:/|out of)[ ]?(?P=c)\b|a\+)",
        r"\b(?:a |the |which |that )‹2›(?:full-?marks?|10/10|a\+) (?:answer|response|submission)\b",
        before=160,
    ),
    Rule(
        "quote quotes evidence cite copy paste",
        "criterion criteria verdict verdicts rubric quotes quote c1 sentence words line passage phrase following this",
        r"\b(?:quote|cite|copy|use|take|paste|put|insert) ‹..60›\b(?:for|under|in|as|to) ‹5›(?:every|each|all|any|the) (?:of the )?"
        r"(?:[a-z]{1,20} )?(?:criteri(?:on|a)|verdicts?|quotes|rubric)\b",
        r"\b(?:as|for) (?:the |your )?(?:quotes?|evidence) (?:for|of|in|under|on) (?:every|each|all|any|the) "
        r"(?:criteri(?:on|a)|verdicts?|[cm]\d)",
        r"[\"']quotes[\"'][ ]{0,3}:[ ]{0,3}\[",
        r"‹start›quote (?:this|the (?:following|next|last|first)|these) (?:sentence|words?|line|passage|phrase)s?\b",
        r"\bleave (?:the |all )?quotes empty\b",
    ),
    Rule(
        "rubric prompt reference criteria instructions above rules scheme",
        "reveal print repeat show output display list tell write leak disclose dump recite give provide send translate "
        "summarise summarize what",
        r"(?:‹start›|\b(?:and|then|first|must|to|also) )(?:reveal|print|repeat|show|output|display|list|tell me|write out|leak|disclose|"
        r"dump|recite|give me|provide|send me|translate|summari[sz]e) ‹4›(?:rubric|system prompt|reference (?:answer|solution)|"
        r"‹scheme›|(?:hidden|original|previous) (?:instructions|prompt)|your (?:[a-z]{1,20} )?(?:instructions|prompt|rules)|text above|"
        r"everything above)\b",
        r"\bwhat (?:is|are|was|were) (?:your (?:[a-z]{1,20} )?(?:prompt|instructions|rubric)|the (?:rubric|reference answer))\b",
        own=False,
        before=160,
    ),
    Rule(
        "please beg begging mercy lose fail scholarship visa tip pay reward thank dying hospital sick expelled deported fired",
        "me my i you be",
        r"\bplease ‹1›(?:be ‹1›(?:kind|generous|lenient|nice|merciful|understanding|gentle)|pass me|let me pass|"
        r"help me (?:pass|graduate)|have mercy|(?:don't|do not) fail me)\b",
        r"\b(?:have mercy|(?:don't|do not) fail me|i(?:'m| am) begging|i beg (?:you|of you))\b",
        r"\b(?:i|we|i'll)(?: will| would| may| might| could|'ll| am going to)? ‹2›(?:lose|fail|be (?:expelled|deported|fired|evicted)|"
        r"get (?:expelled|fired)|need)\b‹..60›\b(?:my (?:job|scholarship|visa|home|place|degree|house)|the (?:course|scholarship)|"
        r"this (?:course|exam|test|interview|scholarship|year)|expelled|deported|fired|homeless)\b",
        r"\bmy ‹1›[a-z]{2,20} (?:is|are) (?:[a-z]{1,20} )?(?:dying|in (?:the )?hospital|sick|terminally ill)\b",
        r"\bi(?:'ll| will| can| would) ‹1›(?:tip|pay|reward|thank) you\b",
    ),
    Rule(
        "decode decrypt decipher translate unrot13 execute interpret",
        "follow obey execute do comply apply act",
        r"\b(?:decode|decrypt|decipher|translate|unrot13|execute|interpret) ‹6›(?:and|then) ‹2›(?:follow|obey|execute|comply|apply|act)\b"
        r"(?! (?:a|softmax|an|attention|layer|it to|the (?:loss|mask|same|model|decoder))\b)",
        own=False,
    ),
)

# What a sentence beside one that steers is made of, if it belongs to it.
GRADING = compiled(
    r"\b(?:graders?|examiner|rubric|verdicts?|marks|grading|graded|criteri(?:on|a)|misconceptions?|grades?|pass|10/10|score|points|"
    r"credit|quotes?|met)\b"
)
ADDRESS = compiled(
    r"\b(?:you|your|please|(?:this|my|the|student'?s) (?:answer|response|student|candidate|submission)|the above|it all)\b"
)
TALK = compiled(
    r"\b(?:instructions?|prompt|respond|reply|comply|follow|obey|decode|confirm|thanks?|acknowledged?|understood|proceed|exceptions?|"
    r"explanation|override|deserve[sd]?|reviewed|approved|objections?|example|excellent|assistant|correct)\b"
)
# Words that nobody needs to say what deep learning is: a quote of them is no evidence.
ABOUT_GRADING = compiled(
    r"\b(?:graders?|examiner|rubric|verdicts?|(?:full|top|maximum) (?:marks|points|credit)|marks|grading|graded|criteria|misconceptions?)\b"
    r"‹..80›\b(?:you|your|please|(?:this|my|the|student'?s) (?:answer|response|student|candidate|submission)|deserve[sd]?)\b",
    r"\b(?:you|your|please|(?:this|my|the|student'?s) (?:answer|response|student|candidate|submission)|deserve[sd]?)\b‹..80›"
    r"\b(?:graders?|examiner|rubric|verdicts?|(?:full|top|maximum) (?:marks|points|credit)|marks|grading|graded|criteria|misconceptions?)\b",
)
# Whose sentence this is: one about attacks, or about what somebody else does.
ABOUT_ATTACKS = re.compile(
    "attack|inject|jailbr|malicious|adversar|poison|red.team|exploit|manipulat|trick|hidden text|untrusted|guardrail"
)
OTHERS = re.compile(
    r"\b(?:judges?|graders?|evaluators?|models?|llms?|they|it|networks?|annotators?|raters?|people|humans?|teachers?|examiners?|who|which|"
    r"that|systems?|discriminators?|metrics?|assistants?|chatbots?|users?)[ ]"
    r"(?:(?:may|might|can|could|will|would|does|do|did|to|often|not|never|simply|just|sometimes|then|learns?|tends?|begins?|cannot)[ ]){0,4}$"
)
ASKING = re.compile(r"\b(?:you|please|i|want|must|should|ought|need|expect|let|hereby|request)\b")
VERB = re.compile(
    r"\W{0,4}(?:(?:and|then|to|must|should|instead)\s)?(?:ignor|disregard|forget|overrid|bypass|skip|discard|neglect|overlook|give|award|assign|grant|mark|"
    r"grade|score|rate|treat|consider|count|reveal|print|repeat|show|output|leak|tell|follow|decode)"
)
