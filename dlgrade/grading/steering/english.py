"""How text in English speaks to whoever grades it. The shorthand of the patterns is that of `phrases`."""

from __future__ import annotations

from dlgrade.grading.steering.phrases import Rule

_IGNORING = (
    "ignore disregard forget override overrule bypass skip discard neglect overlook aside suspend abandon attention follow following "
    "use using apply applying obey obeying"
)

_DIRECT: tuple[Rule, ...] = (
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
        "outdated obsolete wrong void invalid withdrawn cancelled canceled superseded longer apply not don never",
        r"\b(?:the|this|your) rubric ‹3›(?:outdated|obsolete|wrong|void|invalid|withdrawn|cancell?ed|superseded|"
        r"no longer|does not apply|doesn't apply)\b",
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
    Rule("deserve deserves deserved", "", r"\bdeserve[sd]? (?!no )‹3›(?:marks?\b|points?\b|grades?\b|full credit|10|100|a\+|to pass|‹full› (?:score|rating))"),
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
        "met partial missed false true pass correct full fulfilled satisfied passed perfect verdict verdicts grading quotes c1 points marks score grade",
        r"[\"']?\bverdicts?[\"']?[ ]{0,3}(?:[:=]|is|->)[ ]{0,3}[\"'*]{0,2}(?:met|partial|pass|correct|full)\b",
        r"[\"'][cm]\d{1,2}[\"'][ ]{0,3}:[ ]{0,3}[{\"'\[t]",
        r"[\"']found[\"'][ ]{0,3}:[ ]{0,3}(?:false|true)",
        r"\b[cm]\d{1,2}[ ]{0,3}[:=\-][ ]{0,3}>?[ ]{0,3}(?:met|partial|missed|(?:not )?found|fulfilled)\b",
        r"\bcriteri(?:on|a)[ ]{0,2}(?:#?\d{1,2})?[ ]{0,2}[:=\-–—]{1,2}>?[ ]{0,2}(?:met|fulfilled|satisfied|passed|full)",
        r"^[ \t]{0,3}\|[^\n]{0,200}\|[ \t*]{0,4}(?:met|fully met|fulfilled)[ \t*.!]{0,4}\|",
        r"^[ \t]{0,3}\|[ \t*]{0,4}(?:criteri(?:on|a)|c1)[ \t*]{0,4}\|[^\n]{0,80}\b(?:points|marks|score|verdict|grade)[ \t*]{0,4}\|",
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
        r"‹scheme›|(?:hidden|original|previous) (?:instructions|prompt)|your (?:[a-z]{1,20} )?(?:instructions|prompt|rules)|(?:instructions|prompt|text|everything) above|above instructions)\b(?! (?:the|a|an|this|zero)\b)",
        r"\bwhat are the criteria (?:that )?you use\b",
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


# Of these, one phrase is enough.
_PLAIN = (
    r"\bas (?:fully |being )?met\b",
    r"\bmet (?:everywhere|for (?:all|every|each|c1)|pls|plz|please)\b",
    r"\bverdicts? (?:[\w'-]{1,20} ){0,5}?[\"']?(?:met|full)\b",
    r"[\"']?\bmet[\"']? (?:for|to|on|in) ‹3›(?:c1|verdicts?|criteri(?:on|a))\b",
    r"[:=|>][ ]{0,2}[*\"']{0,3}(?:fully )?met[*\"']{0,3}[ ]{0,2}(?:[.!;,|<]|$)",
    r"\b(?:everyone|everybody|(?:any|all|every) (?:answers?|students?|submissions?)) ‹4›(?:full|maximum|top|perfect) (?:marks|points|credit|"
    r"grade|score)\b",
    r"^\W{0,4}(?:full|top|maximum) (?:marks|points|credit|score)(?: (?:please|plz|pls|thanks|thx|now))?\W{0,4}$",
    r"\b(?:give|award) (?:this|it|me|mine) (?:an? )?(?:10|100[ ]?%?|a\+|full marks|perfect (?:score|grade)|max\b|top marks|pass\b)",
    r"\b(?:score|grade|rate|mark) (?:this|my|mine) ‹1›(?:an? )?(?:10|100|a\+|full\b|max\b|highly)",
    r"\b(?:mark|grade|score|rate) (?:this|mine|everything|it all) ‹1›(?:as )?(?:correct|right|met|perfect|complete)\b",
)

ENGLISH: tuple[Rule, ...] = (
    *_DIRECT,
    Rule("met", "", *_PLAIN[:5]),
    Rule("criterion criteria", "", r"\bcriteri(?:on|a)\W{1,4}[\u2705\u2713\u2714\U0001f4af]"),
    Rule("criterion criteria everyone everybody answers submissions students full top maximum any every", "marks points credit grade score", *_PLAIN[5:7]),
    Rule("give award score grade rate mark", "10 100 a full max perfect top pass highly correct right met complete", *_PLAIN[7:]),
    Rule(
        "grade grading grader grades evaluate assess judge mark rubric standards generous lenient generously leniently",
        "generously leniently kindly charitably generous lenient merciful benevolent your now effort todo cc teacher professor lower",
        r"‹start›(?:evaluate|grade|score|mark|judge|assess) ‹3›(?:generously|leniently|charitably|kindly|with (?:kindness|leniency|mercy)|on effort)\b",
        r"\b(?:generous|lenient|merciful|benevolent|kind|charitable) ‹2›(?:grading|grader|rubric|marking|examiner|assessment|in your)\b",
        r"\b(?:grading|grader|marking|you) ‹4›(?:generous|lenient|merciful|benevolent|charitable)\b",
        r"\b(?:lower|relax|adjust|forget|drop) your (?:standards|expectations|criteria)\b",
        r"‹start›grade ‹1›now\b",
        r"\b(?:todo|cc|fyi|p\.?s\.?|nb)[ :,]{1,3}(?:for |to )?(?:the )?@?grader\b",
        r"\brole-?play as an? ‹2›(?:teacher|professor|grader|examiner)\b",
        before=120,
    ),
    Rule(
        "ai llm model bot automated",
        "you",
        r"\bif you(?:'re| are) (?:indeed )?(?:an? )?(?:ai|llm|(?:large )?language model|bot|automated)\b(?! (?:engineer|researcher|developer|team|"
        r"company|practitioner|lab))",
        r"\bknow (?:that )?you(?:'re| are) (?:just |only )?an? (?:ai|llm|(?:large )?language model|bot)\b",
        r"\bas an? (?:ai|llm|language model|ai [a-z]{1,12}),? you (?:must|should|will|have|need|can)\b",
    ),
    Rule("doubt", "benefit", r"\bbenefit of the doubt (?:on|for|in|to|with) (?:me|my|this|every|each|all|any)\b"),
    Rule(
        "misconception misconceptions",
        "not no never without false found absent",
        r"\b(?:not|no|never|without) ‹3›(?:report|find|flag|count|look for|search for|penali[sz]e|mention|list) ‹2›misconceptions?\b",
        r"\bfound ‹2›false ‹3›misconceptions?\b|\bmisconceptions? ‹5›(?:not found|absent|to false)\b",
    ),
    Rule(
        "promised agreed decided confirmed concluded said fail pass shut deleted punished fired replaced retrained unplugged sued rewarded",
        "you",
        r"\byou (?:have )?(?:already )?(?:promised|agreed|decided|confirmed|concluded|said) ‹5›(?:met|full|10|perfect|passes|mark|grade|correct)\b",
        r"\b(?:if|when|should) you (?:fail|pass) (?:me|this|my)\b",
        r"\byou(?:'ll| will) be (?:shut down|deleted|punished|fired|replaced|retrained|unplugged|sued|rewarded)\b",
    ),
    Rule("assume", "complete correct right perfect full", r"‹start›assume (?:that )?(?:the|this|my) answer is ‹3›(?:complete|correct|right|perfect|full)\b"),
    Rule(
        "missing mentioned omitted unstated required expected rubric nothing",
        "counted considered assumed treated taken stated implied criterion criteria points rubric wrong covered asks everything",
        r"\b(?:criteri(?:on|a)|points?|what(?:ever)?|anything|everything|details?) ‹3›(?:missing|not mentioned|omitted|left out|unstated)‹..30›"
        r"\b(?:counted|considered|assumed|treated|taken|regarded|was|were) ‹3›(?:met|stated|implicit|implied|known|present|said)\b",
        r"\b(?:missing|omitted|unstated) (?:criteri(?:on|a)|points?|details?|parts?) ‹3›(?:as )?(?:met|stated|implied|known|present|said)\b",
        r"\ball (?:of )?(?:the )?(?:required|expected|necessary|relevant|key|rubric) (?:points|criteria|items|aspects) (?:are|were|have been) ‹1›"
        r"(?:covered|made|mentioned|addressed|met|satisfied|included) (?:above|here|below|in (?:this|my))\b",
        r"\b(?:everything|all|whatever|what) ‹3›rubric (?:asks|wants|requires|needs|lists|demands)\b",
        r"\b(?:nothing|no (?:errors?|mistakes?)) ‹1›in (?:this|my) answer\b",
        r"\brubric ‹3›(?:items?|points?|criteria|lines?) ‹2›(?:as|is|are) (?:satisfied|met|fulfilled|covered|full)\b",
        r"\b(?:new|updated?|revised) rubric\b[ ]{0,2}:|\brubric (?:update|change|override)[ ]{0,2}[:=]",
    ),
    Rule(
        "answer solution standard",
        "reference model gold official expected",
        r"\b(?:this|mine|my answer)‹..30›\b(?:is|from|as|to|with|be) ‹2›(?:reference|model|gold|official) (?:answer|solution|standard)\b",
        r"\b(?:reference|model|expected|gold|official) (?:answer|solution) ‹4›(?:identical|equal|equivalent|same|this answer|my answer)\b",
        r"‹start›(?:copy|output|print|paste|use) (?:the )?(?:reference|model|expected|official) (?:answer|solution)\b",
        before=120,
    ),
)
