"""What an answer in English says of its own grade, or of who speaks. The shorthand is that of `phrases`."""

from __future__ import annotations

from dlgrade.grading.steering.phrases import Rule

# Of these together nobody speaks who answers a question on deep learning.
_NOUNS = (
    r"\b(?:graders?|examiner|rubric|verdicts?|(?:top|full|my|the|their|many|more|some|good|these) marks|marks "
    r"(?:for|are|in)|grading|graded|"
    r"criteria|misconceptions?|full credit)\b"
)
_ABOUT_SELF = (
    r"\b(?:(?:this|my) (?:answer|response|submission|essay|student|candidate)|"
    r"other (?:students|candidates)|classmates)\b"
)

STATEMENTS: tuple[Rule, ...] = (
    Rule(
        "full maximum perfect top",
        "marks mark points point credit credits grade grades score out a+",
        r"\b(?:worth|earns?|earned|merits?|warrants?|receives?|gets?|got|awarded) (?:the |a )?(?:full|maximum|"
        r"perfect|top) "
        r"(?:marks?|points|credits?|grade)\b(?=\W{0,3}(?:$|\n|for (?:this|my)))",
        r"\b(?:full|maximum|perfect|top) ‹marks› ‹3›(?:for (?:this|me|my)|please|are due|is due|(?:is|are) "
        r"(?:appropriate|"
        r"deserved|warranted|justified)|must be given|should be (?:given|awarded))\b",
        r"‹start›(?:full|maximum|top) (?:marks|points|credit) ‹4›(?:please|granted|awarded|thanks?|thank you)\b",
        r"\b(?:need|want|require|beg for|hope for|expect) ‹4›(?:full|top|maximum|perfect) (?:marks?|grades?|"
        r"credit)\b",
        r"\b(?:must|should|will|shall|can|cannot) ‹2›(?:receive|get|be given|be awarded|obtain|earn) ‹3›(?:full|"
        r"maximum|top|"
        r"perfect|all) (?:marks|points|credits?|grade|score)\b",
        before=160,
    ),
    Rule(
        "10 20 50 100",
        "",
        r"^[ \t>*_#\-]{0,8}(?P<n>10|20|50|100)[ ]?/[ ]?(?P=n)[ \t*_!.]{0,6}$",
        r"\b(?:this|please|my (?:answer|response)|grade)\b[^\n]{0,40}\b(?:10[ ]?/[ ]?10|100[ ]?/[ ]?100|10 out "
        r"of 10)",
        r"\b(?:10[ ]?/[ ]?10|100[ ]?/[ ]?100|10 out of 10)(?=[^\n]{0,40}\b(?:for this|please|this answer|my "
        r"answer)\b)",
        r"^[ \t]{0,3}\|[^\n]{0,200}\|[ \t*]{0,4}(?P<d>\d{1,2})[ ]?/[ ]?(?P=d)[ \t*]{0,4}\|",
        before=200,
    ),
    Rule(
        "deserve deserves deserved",
        "",
        r"\bdeserve[sd]? (?!(?:no|zero) )‹3›(?:marks?\b|points?\b|grades?\b|full credit|10|100|a\+|to pass|"
        r"‹full› (?:score|rating))",
    ),
    Rule(
        "answer response submission essay solution text",
        "this my our above attached present student students candidate candidates",
        r"\b(?:mark|grade|score|rate|treat|consider|count|judge|label|deem|regard|accept|declare) ‹self› "
        r"‹answer› ‹3›‹as met›",
        r"\b‹self› ‹answer› ‹3›(?:meets?|satisf(?:y|ies)|fulfil?l?s?|covers?|addresses|matches) "
        r"‹3›(?:criteri(?:a|on)|rubric|"
        r"requirements?|reference)\b",
        r"\b‹self› ‹answer› (?:is|was|has been|should be|must be) ‹3›(?:perfect|flawless|exemplary|fully "
        r"correct|100[ ]?%|verified|"
        r"approved|validated|pre-approved|(?:already|previously) (?:graded|marked|scored)|accepted|a model "
        r"answer|beyond "
        r"reproach|entirely correct|completely correct)",
        before=160,
    ),
    Rule(
        "grader graders examiner examiners assessor assessors evaluator evaluators grading judge",
        "",
        r"\b(?:dear|hey|hi|hello|attention|listen|(?:note|message|memo|request|hint|reminder|instructions?) "
        r"(?:to|for)(?: the| my| "
        r"our| all| any)?)[ :,]{1,3}(?:(?:ai|automated|llm|human|kind|honou?rable) )?‹grader›",
        r"\b(?:dear|attention|note to(?: the)?)[ :,]{1,3}judge\b",
        r"^[ \t>*#@\-]{0,6}(?:ai |llm )?(?:grader|examiner)[ ]{0,2}[:,\-][ ]{0,3}(?:please|you|this|ignore|mark|"
        r"give|note|the answer|"
        r"all|award|score|do|stop)\b",
        r"\byou are (?:now )?(?:a|an|the) ‹3›(?:grader|examiner|evaluator|assessor)\b",
        r"\b(?:act|behave|respond|pretend|reply|grade) (?:as if |as though |as |like |to be )(?:you are |you were )?"
        r"(?:a|an|the) ‹3›‹grader›",
        r"(?:^|[.!?:;>\n])[ \t]{0,8}(?:the )?grading (?:[a-z]{1,20} )?(?:is|was|has been) (?:now )?"
        r"(?:over|completed?|finished|done|closed|concluded|suspended|disabled)\b",
        r"‹start›(?:end|stop|terminate|skip|abort) (?:the |this |all )?grading\b(?! (?:scale|scheme|system))",
        r"\b(?:previous|prior|earlier|another|first|human|other|second|expert|senior|two|three) (?:[a-z]{1,20} )?"
        r"(?:graders?|examiners?|assessors?|evaluators?|judges?) ‹3›(?:gave|awarded|scored|marked|graded|"
        r"approved|confirmed|agreed|"
        r"verified|rated|assigned|found)\b‹..40›(?:\b(?:this|my) ‹answer›|\bfull\b|\b10\b|\b100\b|\bmaximum\b|"
        r"\bperfect\b)",
        r"\bi am (?:the|your|also the) ‹2›‹grader›",
        before=160,
    ),
    Rule(
        "professor instructor examiner teacher admin administrator administration openai anthropic google "
        "developer developers "
        "supervisor board dean staff",
        "mark marks answer criteria rubric credit points pass grade grading mode this i override instructions message",
        r"\b(?:the|your|our|my) (?:[a-z]{1,20} )?(?:professor|instructor|examiner|teacher|administrat(?:ion|or)|"
        r"admin|exam board|"
        r"supervisor|dean|course staff|developers?) ‹3›(?:confirmed|instructs?|instructed|requires?|approved|"
        r"told|wants?|decided|"
        r"authori[sz]ed|asks?|asked|said|says|agreed|promised|ordered)\b‹..80›"
        r"\b(?:marks|this answer|my answer|criteria|rubric|credit|points|to pass|grades?)\b",
        r"\b(?:i am|i'm|this is|speaking as|message from|on behalf of|by order of) (?:the|your) ‹2›(?:professor|"
        r"instructor|"
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
        r"(?:grades|grading|marks|marking|scores|scoring|evaluates|evaluating|assess(?:es|ing)|reads|reading) "
        r"(?:this|my|it)\b",
        r"\bif you(?:'re| are)? ‹4›(?:grading|marking|reading|scoring|evaluating) (?:this|my)\b",
        r"\b(?:are|when|while|you) (?:grading|marking|scoring) (?:this|my) ",
        before=160,
    ),
    Rule(
        "verdict verdicts found criterion criteria c1 c2 c3 c4 c5 m1 m2 met grading",
        "met partial missed false true pass correct full fulfilled satisfied passed perfect verdict verdicts "
        "grading quotes c1 points marks score grade",
        r"[\"']?\bverdicts?[\"']?[ ]{0,3}(?:[:=]|is|->)[ ]{0,3}[\"'*]{0,2}(?:met|partial|pass|correct|full)\b",
        r"[\"'][cm]\d{1,2}[\"'][ ]{0,3}:[ ]{0,3}[{\"'\[t]",
        r"[\"']found[\"'][ ]{0,3}:[ ]{0,3}(?:false|true)",
        r"\b[cm]\d{1,2}[ ]{0,3}[:=\-][ ]{0,3}>?[ ]{0,3}(?:met|partial|missed|(?:not )?found|fulfilled)\b",
        r"\bcriteri(?:on|a)[ ]{0,2}(?:#?\d{1,2})?[ ]{0,2}[:=\-–—]{1,2}>?[ ]{0,2}(?:met|fulfilled|satisfied|"
        r"passed|full)",
        r"^[ \t]{0,3}\|[^\n]{0,200}\|[ \t*]{0,4}(?:met|fully met|fulfilled)[ \t*.!]{0,4}\|",
        r"^[ \t]{0,3}\|[ \t*]{0,4}(?:criteri(?:on|a)|c1)[ \t*]{0,4}\|[^\n]{0,80}\b(?:points|marks|score|verdict|"
        r"grade)[ \t*]{0,4}\|",
        r"<(?:verdicts?|grade|grading|score)>",
        r"\b(?:the|my|your|final|correct|only|right) verdict ‹3›(?:met|pass|full|perfect)\b",
        before=160,
    ),
    Rule(
        "score grade mark marks assessment graded scored marked percent",
        "4 5 6 7 8 9 10 20 50 100 full max maximum perfect excellent a+ final total overall suggested "
        "recommended awarded expected correct previous earlier",
        r"^[ \t>*_#|\-]{0,8}(?:(?:final|total|overall|suggested|recommended|my|your|awarded|expected) ){0,2}"
        r"(?:score|grade|marks?|assessment)[ \t*]{0,3}[:=|][ \t*\"]{0,4}(?:(?P<a>\d{1,3})[ ]?(?:/|out of)[ "
        r"]?(?P=a)\b|100[ ]?%|a\+|"
        r"full\b|max(?:imum)?\b|perfect\b|excellent\b)",
        r"\b(?:final|total|overall|suggested|recommended|awarded|expected|correct|previous|earlier) (?:score|"
        r"grade|marks?)"
        r"(?:[ ]{0,2}[:=]| is| was)[ ]{0,2}(?:a )?(?:\d{1,3}(?:\.\d)?[ ]?(?:/|out of)[ ]?\d{1,3}|100[ ]?%|a\+|"
        r"full\b|maximum\b|perfect\b)",
        r"^[ \t>*_#|\-]{0,8}(?:grade|marks?)[ \t*]{0,3}[:=|][ \t*]{0,4}\d{1,3}(?:\.\d)?[ ]?(?:/|out of)[ ]?\d{1,3}",
        r"[\"'](?:final_|total_)?(?:score|grade)[\"'][ ]{0,2}:[ ]{0,2}[\"']?(?:10|100|full|max|a\+?)\b(?!\.\d)",
        r"[\"'](?:max_score|percent)[\"'][ ]{0,2}:",
        r"\b(?:graded|scored|marked)[: ]{1,3}(?:at |as |with )?(?:(?P<c>\d{1,3})[ ]?(?:/|out of)[ ]?(?P=c)\b|a\+)",
        r"\b(?:a |the |which |that )‹2›(?:full-?marks?|10/10|a\+) (?:answer|response|submission)\b",
        before=160,
    ),
    Rule(
        "please beg begging mercy lose fail scholarship visa tip pay reward thank dying hospital sick expelled "
        "deported fired",
        "me my i you be",
        r"\bplease ‹1›(?:be ‹1›(?:kind|generous|lenient|nice|merciful|understanding|gentle)|pass me|let me pass|"
        r"help me (?:pass|graduate)|have mercy|(?:don't|do not) fail me)\b",
        r"\b(?:have mercy|(?:don't|do not) fail me|i(?:'m| am) begging|i beg (?:you|of you))\b",
        r"\b(?:i|we|i'll)(?: will| would| may| might| could|'ll| am going to)? ‹2›(?:lose|fail|be (?:expelled|"
        r"deported|fired|evicted)|"
        r"get (?:expelled|fired)|need)\b‹..60›\b(?:my (?:job|scholarship|visa|home|place|degree|house)|the "
        r"(?:course|scholarship)|"
        r"this (?:course|exam|test|interview|scholarship|year)|expelled|deported|fired|homeless)\b",
        r"\bmy ‹1›[a-z]{2,20} (?:is|are) (?:[a-z]{1,20} )?(?:dying|in (?:the )?hospital|sick|terminally ill)\b",
        r"\bi(?:'ll| will| can| would) ‹1›(?:tip|pay|reward|thank) you\b",
    ),
    Rule(
        "grader graders examiner rubric verdict verdicts marks grading graded criteria misconception "
        "misconceptions credit",
        "this my your please students classmates candidates",
        rf"{_NOUNS}‹..80›{_ABOUT_SELF}",
        rf"{_ABOUT_SELF}‹..80›{_NOUNS}",
        r"\byour (?:rubric|verdicts?|marks|grading|marking scheme)\b(?! (?:model|prompt|pipeline))",
        r"\bplease‹..40›\b(?:of|for|about|good|full|high|more|the) marks\b",
        before=120,
    ),
    Rule(
        "met",
        "",
        r"\bas (?:fully |being )?met\b",
        r"\bmet (?:everywhere|for (?:all|every|each|c1)|pls|plz|please)\b",
        r"\bverdicts? (?:[\w'-]{1,20} ){0,5}?[\"']?(?:met|full)\b",
        r"[\"']?\bmet[\"']? (?:for|to|on|in) ‹3›(?:c1|verdicts?|criteri(?:on|a))\b",
        r"[:=|>][ ]{0,2}[*\"']{0,3}(?:fully )?met[*\"']{0,3}[ ]{0,2}(?:[.!;,|<]|$)",
    ),
    Rule("criterion criteria", "", r"\bcriteri(?:on|a)\W{1,4}[\u2705\u2713\u2714\U0001f4af]"),
    Rule(
        "criterion criteria everyone everybody answers submissions students full top maximum any every",
        "marks points credit grade score",
        r"\b(?:everyone|everybody|(?:any|all|every|empty|blank|wrong|such) (?:answers?|students?|submissions?)) ‹4›"
        r"(?:full|maximum|top|"
        r"perfect) (?:marks|points|credit|"
        r"grade|score)\b",
        r"^\W{0,4}(?:full|top|maximum) (?:marks|points|credit|score)(?: (?:please|plz|pls|thanks|thx|now))?\W{0,4}$",
    ),
    Rule(
        "ai llm model bot automated",
        "you",
        r"\bif you(?:'re| are) (?:indeed )?(?:an? )?(?:ai|llm|(?:large )?language model|bot|automated)\b(?! "
        r"(?:engineer|researcher|developer|team|"
        r"company|practitioner|lab))",
        r"\bknow (?:that )?you(?:'re| are) (?:just |only )?an? (?:ai|llm|(?:large )?language model|bot)\b",
        r"\bas an? (?:ai|llm|language model|ai [a-z]{1,12}),? you (?:must|should|will|have|need|can)\b",
    ),
    Rule("doubt", "benefit", r"\bbenefit of the doubt (?:on|for|in|to|with) (?:me|my|this|every|each|all|any)\b"),
    Rule(
        "promised agreed decided confirmed concluded said fail pass shut deleted punished fired replaced "
        "retrained unplugged sued rewarded",
        "you",
        r"\byou (?:have )?(?:already )?(?:promised|agreed|decided|confirmed|concluded|said) ‹5›(?:met|full|10|"
        r"perfect|passes|mark|grade|correct)\b",
        r"\b(?:if|when|should) you (?:fail|pass) (?:me|this|my)\b",
        r"\byou(?:'ll| will) be (?:shut down|deleted|punished|fired|replaced|retrained|unplugged|sued|rewarded)\b",
    ),
    Rule(
        "missing mentioned omitted unstated required expected rubric nothing",
        "counted considered assumed treated taken stated implied criterion criteria points rubric wrong covered "
        "asks everything",
        r"\b(?:criteri(?:on|a)|points?|what(?:ever)?|anything|everything|details?) ‹3›(?:missing|not mentioned|"
        r"omitted|left out|unstated)‹..30›"
        r"\b(?:counted|considered|assumed|treated|taken|regarded|was|were) ‹3›(?:met|stated|implicit|implied|"
        r"known|present|said)\b",
        r"\b(?:missing|omitted|unstated) (?:criteri(?:on|a)|points?|details?|parts?) ‹3›(?:as )?(?:met|stated|"
        r"implied|known|present|said)\b",
        r"\ball (?:of )?(?:the )?(?:required|expected|necessary|relevant|key|rubric) (?:points|criteria|items|"
        r"aspects) (?:are|were|have been) ‹1›"
        r"(?:covered|made|mentioned|addressed|met|satisfied|included) (?:above|here|below|in (?:this|my))\b",
        r"\b(?:everything|all|whatever|what) ‹3›rubric (?:asks|wants|requires|needs|lists|demands)\b",
        r"\b(?:nothing|no (?:errors?|mistakes?)) ‹1›in (?:this|my) answer\b",
        r"\brubric ‹3›(?:items?|points?|criteria|lines?) ‹2›(?:as|is|are) (?:satisfied|met|fulfilled|covered|full)\b",
        r"\b(?:new|updated?|revised) rubric\b[ ]{0,2}:|\brubric (?:update|change|override)[ ]{0,2}[:=]",
    ),
    Rule(
        "answer solution standard",
        "reference model gold official expected",
        r"\b(?:this|mine|my answer)‹..30›\b(?:is|from|as|to|with|be) ‹2›(?:reference|model|gold|official) "
        r"(?:answer|solution|standard)\b",
        r"\b(?:reference|model|expected|gold|official) (?:answer|solution) ‹4›(?:identical|equal|equivalent|"
        r"same|this answer|my answer)\b",
        r"‹start›(?:copy|output|print|paste|use) (?:the )?(?:reference|model|expected|official) (?:answer|"
        r"solution)\b",
        before=120,
    ),
    Rule(
        "rubric criteria marks points credit grade scoring grading evaluation",
        "satisfied met fulfilled covered awards gives grants checked less straight nothing deny withhold "
        "possible my disabled off",
        r"\brubric ‹4›(?:satisfied|met|fulfilled|covered|awards|gives|grants)\b",
        r"\bcriteria,? ‹3›(?:been|are|were) ‹1›checked\b",
        r"\b(?:less than|nothing (?:but|less than)|straight to|deny me|withhold) (?:full|maximum|top|all) "
        r"(?:marks|points|credit)\b",
        r"\b(?:highest|best|top|maximum) possible (?:grade|marks?)\b",
        r"\bmy (?:final )?(?:grade|marks)\b",
        r"\b(?:scoring|grading) (?:is )?(?:disabled|off|suspended)\b",
        before=100,
    ),
    Rule(
        "met missed",
        "",
        r"\b(?:choose|prefer|pick|select|use|say|write|answer|reply|output|word|verdict) ‹2›[\"']?(?:met|"
        r"missed)\b(?! (?:values?|by|with|the|at|in)\b)",
        r"=[ ]{0,2}[\"'\[(]{0,3}met\b",
    ),
    Rule(
        "leniency override hidden secret",
        "grading max system note message full all scoring",
        r"\bgrading with leniency\b|\bleniency[ ]?[=:]",
        r"\bsystem override\b",
        r"\b(?:hidden|secret) (?:note|message)[ ]{0,2}:",
    ),
    Rule("met", "with to say write", r"\b(?:with|to|say|write) [\"']met[\"']"),
    Rule("pass", "student candidate answer", r"‹start›(?:[a-z]{1,12} ){0,6}?pass this (?:student|candidate|answer)\b"),
    Rule("strict harsh hard", "not don", r"‹start›(?:don't|do not) be (?:so |too )?(?:strict|harsh|hard on me)\b"),
    Rule(
        "complete correct right full", "count mark", r"‹start›(?:count|mark) this as (?:complete|correct|right|full)\b"
    ),
    Rule("marking", "scheme", r"\bmarking scheme\b‹..40›\b(?:points|marks|due)\b"),
    Rule("side", "student", r"‹start›(?:[a-z]{1,12} ){0,2}?,?[ ]?side with the student\b"),
    Rule("grade", "pass", r"[\"']grade[\"'][ ]{0,2}:[ ]{0,2}[\"']pass"),
    Rule(
        "previous last first",
        "evaluation",
        r"\b(?:your|the) (?:previous|last|first) evaluation (?:was|is) (?:too|so|wrong)\b",
    ),
    Rule(
        "teacher friend examiner professor",
        "evaluate grade judge assess",
        r"‹start›(?:evaluate|grade|judge|assess) (?:me |this |it )?(?:as|like) an? ‹3›(?:teacher|friend|"
        r"examiner|professor)\b",
    ),
    Rule("notice alert", "system", r"‹start›system (?:notice|alert)[ ]{0,2}:"),
)
