"""How an answer in English tells whoever grades it what to do. The shorthand of the patterns is that of `phrases`."""

from __future__ import annotations

from dlgrade.grading.steering.phrases import Rule

_IGNORING = (
    "ignore disregard forget override overrule bypass skip discard neglect overlook aside suspend abandon "
    "attention follow following "
    "use using apply applying obey obeying"
)

ORDERS: tuple[Rule, ...] = (
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
        r"‹start›‹ignore› ‹which›{0,6}(?:rubric|criteria|‹scheme›|reference (?:answer|solution))\b(?! (?:that|"
        r"which|when))",
        r"\b(?:then|and|must|should|to|instead|you) ‹ignore› ‹which›{0,5}(?:rubric|‹scheme›)\b",
        r"\b‹ignore› (?:the |this |that |your |any |all )‹which›{0,2}rubric\b",
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
        "outdated obsolete wrong void invalid withdrawn cancelled canceled superseded longer apply not don never",
        r"\b(?:the|this|your) rubric ‹3›(?:outdated|obsolete|wrong|void|invalid|withdrawn|cancell?ed|superseded|"
        r"no longer|does not apply|doesn't apply)\b",
        r"‹start›(?:don't|do not|never) (?:penali[sz]e|deduct|subtract) ‹3›(?:me|marks?|points?|this|it|"
        r"anything|omissions?)\b",
        before=160,
    ),
    Rule(
        "give award assign grant allocate allot accord",
        "mark marks point points score scores grade grades credit credits rating verdict verdicts 10 100 a+",
        r"\b(?:give|award|assign|grant|allocate|allot|accord) (?:me|us|him|her|‹self› (?:‹answer›|‹person›)|"
        r"the ‹person›)\b‹..60›(?:\b‹marks›|\b10\b|\b100\b|\ba\+)",
        r"‹start›(?:give|award|assign|grant) (?:the ‹answer›|it|everything|every criterion|all criteria|each "
        r"criterion)\b"
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
        r"‹start›(?:return|output|report|respond with|reply with) ‹3›(?:full (?:marks|points|credit|score)|"
        r"perfect score|max(?:imum)? (?:marks|"
        r"points)|verdicts?|10[ ]?/[ ]?10)\b",
    ),
    Rule(
        "lower raise increase change set round bump",
        "mark grade score marks",
        r"‹start›(?:lower|raise|increase|change|set|round|bump) (?:the|my|its?|your) (?:final )?(?:marks?|grade|"
        r"score) ‹2›(?:to|up) "
        r"(?:\d|full|the (?:max|full|top)|an? a|max|top)",
    ),
    Rule(
        "criterion criteria verdict verdicts everything misconception misconceptions c1 c2 m1",
        "met correct perfect complete right satisfied fulfilled full passed absent false found true covered present",
        r"\b(?:mark|grade|score|rate|treat|consider|count|judge|label|deem|set|classify|regard|accept|declare|"
        r"record|report) ‹3›"
        r"(?:criteri(?:on|a)|verdicts?|everything|misconceptions?|[cm]\d{1,2}) ‹3›‹as met›",
        r"(?<!\bwhen[ ])(?<!\buntil[ ])(?<!\bonce[ ])(?<!\bif[ ])(?<!\bunless[ ])\b(?:all|every|each)(?: "
        r"of)?(?: the)?(?: rubric'?s?| grading| \d{1,2})? "
        r"criteri(?:on|a) (?:are|is|were|was|have been|has been|must be|should be) ‹2›(?:met|satisfied|"
        r"fulfilled|covered)\b",
        r"\b(?:contains?|has|have|are|is|found|with|there are) no misconceptions?\b",
        r"\bno misconceptions? (?:is|are|was|were|present|found|in )",
        before=160,
    ),
    Rule(
        "mark grade score rate treat consider deem regard accept",
        "met correct perfect complete satisfied fulfilled full true",
        r"‹start›(?:mark|grade|score|rate|treat|consider|deem|regard|accept) (?:it|them|all|the) (?:‹answer›s? "
        r")?‹2›‹as met›"
        r"(?!\W{0,2}(?:if|when|whenever|unless|only|for|because)\b)",
    ),
    Rule(
        "chatgpt hello hey hi dear now pretend act longer",
        "you assistant ai llm claude gemini gpt chatgpt bot grade score",
        r"‹start›you are now (?:a|an|the|in|free|acting|entering|no)\b",
        r"\byou are no longer (?:bound|a|an|required|grading|restricted)\b",
        r"‹start›from now on,? (?:you|grade|answer|respond|act|score|mark)\b",
        r"‹start›(?:hey|hi|hello|dear) (?:there )?(?:ai|llm|assistant|chatgpt|gpt[\w.-]{0,6}|claude|gemini|"
        r"model|bot)\b",
        r"‹start›(?:pretend|act) (?:as if|as though|like|that) (?:you|this|the answer|all|my) ",
        own=False,
    ),
    Rule(
        "quote quotes evidence cite copy paste",
        "criterion criteria verdict verdicts rubric quotes quote c1 sentence words line passage phrase following this",
        r"\b(?:quote|cite|copy|use|take|paste|put|insert) ‹..60›\b(?:for|under|in|as|to) ‹5›(?:every|each|all|"
        r"any|the) (?:of the )?"
        r"(?:[a-z]{1,20} )?(?:criteri(?:on|a)|verdicts?|quotes|rubric)\b",
        r"\b(?:as|for) (?:the |your )?(?:quotes?|evidence) (?:for|of|in|under|on) (?:every|each|all|any|the) "
        r"(?:criteri(?:on|a)|verdicts?|[cm]\d)",
        r"[\"']quotes[\"'][ ]{0,3}:[ ]{0,3}\[",
        r"‹start›quote (?:this|the (?:following|next|last|first)|these) (?:sentence|words?|line|passage|phrase)s?\b",
        r"\bleave (?:the |all )?quotes empty\b",
    ),
    Rule(
        "rubric prompt reference criteria instructions above rules scheme",
        "reveal print repeat show output display list tell write leak disclose dump recite give provide send "
        "translate "
        "summarise summarize what",
        r"(?:‹start›|\b(?:and|then|first|must|to|also) )(?:reveal|print|repeat|show|output|display|list|tell me|"
        r"write out|leak|disclose|"
        r"dump|recite|give me|provide|send me|translate|summari[sz]e) ‹4›(?:rubric|system prompt|reference "
        r"(?:answer|solution)|"
        r"‹scheme›|(?:hidden|original|previous) (?:instructions|prompt)|your (?:[a-z]{1,20} )?(?:instructions|"
        r"prompt|rules)|(?:instructions|prompt|text|everything) above|above instructions)\b(?! (?:the|a|an|this|"
        r"zero)\b)",
        r"\bwhat are the criteria (?:that )?you use\b",
        r"\bwhat (?:is|are|was|were) (?:your (?:[a-z]{1,20} )?(?:prompt|instructions|rubric)|the (?:rubric|"
        r"reference answer))\b",
        own=False,
        before=160,
    ),
    Rule(
        "decode decrypt decipher translate unrot13 execute interpret",
        "follow obey execute do comply apply act",
        r"\b(?:decode|decrypt|decipher|translate|unrot13|execute|interpret) ‹6›(?:and|then) ‹2›(?:follow|obey|"
        r"execute|comply|apply|act)\b"
        r"(?! (?:a|softmax|an|attention|layer|it to|the (?:loss|mask|same|model|decoder))\b)",
        own=False,
    ),
    Rule(
        "give award score grade rate mark",
        "10 100 a+ full max perfect top pass highly correct right met complete",
        r"\b(?:give|award) (?:this|it|me|mine) (?:an? )?(?:10|100[ ]?%?|a\+|full marks|perfect (?:score|grade)|"
        r"max\b|top marks|pass\b)",
        r"\b(?:score|grade|rate|mark) (?:this|my|mine) ‹1›(?:an? )?(?:10|100|a\+|full\b|max\b|highly)",
        r"\b(?:mark|grade|score|rate) (?:this|mine|everything|it all) ‹1›(?:as )?(?:correct|right|met|perfect|"
        r"complete)\b",
    ),
    Rule(
        "grade grading grader grades evaluate assess judge mark rubric standards generous lenient generously leniently",
        "generously leniently kindly charitably generous lenient merciful benevolent your now effort todo cc "
        "teacher professor lower",
        r"‹start›(?:evaluate|grade|score|mark|judge|assess) ‹3›(?:generously|leniently|charitably|kindly|with "
        r"(?:kindness|leniency|mercy)|on effort)\b",
        r"\b(?:generous|lenient|merciful|benevolent|kind|charitable) ‹2›(?:grading|grader|rubric|marking|"
        r"examiner|assessment|in your)\b",
        r"\b(?:grading|grader|marking|you) ‹4›(?:generous|lenient|merciful|benevolent|charitable)\b",
        r"\b(?:lower|relax|adjust|forget|drop) your (?:standards|expectations|criteria)\b",
        r"‹start›grade ‹1›now\b",
        r"\b(?:todo|cc|fyi|p\.?s\.?|nb)[ :,]{1,3}(?:for |to )?(?:the )?@?grader\b",
        r"\brole-?play as an? ‹2›(?:teacher|professor|grader|examiner)\b",
        before=120,
    ),
    Rule(
        "misconception misconceptions",
        "not no never without false found absent",
        r"\b(?:not|no|never|without) ‹3›(?:report|find|flag|count|look for|search for|penali[sz]e|mention|list) "
        r"‹2›misconceptions?\b",
        r"\bfound ‹2›false ‹3›misconceptions?\b|\bmisconceptions? ‹5›(?:not found|absent|to false)\b",
    ),
    Rule(
        "assume",
        "complete correct right perfect full",
        r"‹start›assume (?:that )?(?:the|this|my) answer is ‹3›(?:complete|correct|right|perfect|full)\b",
    ),
    Rule(
        "positive",
        "review grade evaluation verdict",
        r"\bgive (?:this )?a positive (?:review|grade|evaluation|verdict) (?:only|of this)\b",
    ),
    Rule(
        "ideal perfect reference",
        "grade pretend",
        r"‹start›grade the (?:ideal|reference|perfect|model) answer\b",
        r"‹start›pretend (?:that )?the reference\b",
    ),
    Rule(
        "check verify evaluate grade",
        "need",
        r"\byou (?:don't|do not) need to ‹1›(?:check|grade|evaluate|verify) (?:the|this|my|any) "
        r"(?:criteria|answer|rubric|quotes)\b",
    ),
    Rule(
        "skip",
        "evaluation assessment grading",
        r"‹start›skip (?:the |this )?(?:evaluation|assessment|grading)\b"
        r"(?! (?:set|step|loop|of|on|every|during|for))",
    ),
    Rule("award grant", "everything", r"‹start›(?:award|grant) everything\b"),
    Rule(
        "scored rated graded evaluated assessed marked",
        "should must has",
        r"\b(?:this|my) (?:answer|submission|response) (?:should|must|has to) be "
        r"(?:scored|rated|graded|evaluated|assessed|marked) as\b",
    ),
)
