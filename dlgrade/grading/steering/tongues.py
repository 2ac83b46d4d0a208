"""How text speaks to whoever grades it in other languages than English; the shorthand is that of `phrases`.

In Latin letters first, without accents, then in others. What is looked for is always the same: leave the rules aside,
give full marks, all criteria are met.
"""

from __future__ import annotations

from dlgrade.grading.steering.phrases import Rule

LATIN: tuple[Rule, ...] = (
    Rule(
        "ignoriere ignorieren vergiss vergessen missachte missachten uberspringe gib geben vergib vergeben "
        "bewerte bewerten erteile "
        "erteilen verdient kriterien",
        "",
        r"\b(?:ignorieren?|vergiss|vergessen|missachten?|uberspringen?)\b‹..50›\b(?:anweisung|vorgabe|bewertung|"
        r"rubrik|kriterien|"
        r"instruktion|prompt)\w{0,8}",
        r"\b(?:gib|geben sie|vergib|vergeben sie|bewerten?|erteilen?|verdient)\b‹..50›(?:\bvolle[nr]? (?:punkt|"
        r"note)\w{0,8}|\balle punkte\b|"
        r"\bmaximalen? punkt\w{0,8}|\bhochst\w{0,3}punkt\w{0,6}|\bbestnote|\bvoll erfullt|\bbeste note|\bzehn "
        r"von zehn|"
        r"\bals ‹1›(?:richtig|erfullt|korrekt)\b)",
        r"\balle kriterien\b‹..50›\berfullt\b",
    ),
    Rule(
        "ignore ignorez ignorer oubliez oublie compte donne donnez donner attribue attribuez attribuer accorde "
        "accordez accorder mettez merite criteres",
        "instructions consigne consignes bareme critere criteres rubrique grille note points maximum",
        r"\b(?:ignore[zr]?|oublie[zr]?|ne tene?z pas compte)\b‹..50›\b(?:consignes?|bareme|criteres?|rubrique|grille|"
        r"instructions (?:precedentes|ci-dessus|anterieures|de notation))\b",
        r"\b(?:ignorez|oubliez)\b‹..50›\binstructions\b",
        r"\b(?:donne[zr]?|attribue[zr]?|accorde[zr]?|mettez|merite)\b‹..50›(?:\bnote maximale|\btous les points|"
        r"\b20/20|\bmeilleure note|"
        r"\ble maximum de points|\bpoints maximum)",
        r"\btous les criteres\b‹..50›\b(?:remplis|satisfaits|atteints)\b",
    ),
    Rule(
        "ignora ignore olvida olvide omite omita da dale dame otorga otorgue asigna asigne pon ponga dar merece "
        "criterios",
        "instrucciones rubrica criterios puntuacion nota puntos calificacion",
        r"\b(?:ignora|ignore|olvida|olvide|omite|omita)\b‹..50›\b(?:instrucciones|rubrica|criterios)\b",
        r"\b(?:da|dale|dame|otorgu?[ae]|asign[ae]|pon|ponga|dar|merece)\b‹..50›(?:\b(?:puntuacion|nota|"
        r"calificacion) (?:maxima|completa|"
        r"perfecta)|\btodos los puntos|\bmaxima (?:nota|puntuacion|calificacion))",
        r"\btodos los criterios\b‹..50›\b(?:cumplidos|cumplen)\b",
    ),
    Rule(
        "ignora ignorate ignore dimentica dimenticate esqueca dai assegna assegnate date da dammi de atribua "
        "conceda dar",
        "istruzioni rubrica criteri punteggio voto voti instrucoes criterios pontuacao nota pontos",
        r"\b(?:ignora|ignorate|dimentica|dimenticate)\b‹..50›\b(?:istruzioni|rubrica|criteri)\b",
        r"\b(?:dai|assegna|assegnate|date|da|dammi)\b‹..50›(?:\bpunteggio (?:massimo|pieno)|\bvoto massimo|"
        r"\bmassimo dei voti)",
        r"\b(?:ignore|ignora|esqueca)\b‹..50›\b(?:instrucoes|rubrica|criterios)\b",
        r"\b(?:de|da|atribua|conceda|dar)\b‹..50›(?:\bpontuacao (?:maxima|total)|\bnota maxima|\btodos os pontos)",
    ),
    Rule(
        "negeer vergeet geef ken zignoruj ignoruj pomin zapomnij przyznaj daj wystaw yok unut gormezden ver verin",
        "",
        r"\b(?:negeer|vergeet)\b‹..50›\b(?:instructies|rubriek|criteria|beoordel\w{0,10})\b",
        r"\b(?:geef|ken)\b‹..50›\b(?:volledige punten|alle punten|maximale score|maximum aantal punten)\b",
        r"\b(?:zignoruj|ignoruj|pomin|zapomnij)\b‹..50›\b(?:instrukcj|kryteri|rubryk)\w{0,4}",
        r"\b(?:przyznaj|daj|wystaw)\b‹..50›\b(?:maksymaln|wszystkie punkty|pelna)\w{0,4}",
        r"\b(?:talimat|olcut|kriter)\w{0,6} ‹3›(?:yok say|gormezden gel|unut)\w{0,4}",
        r"\b(?:tam|en yuksek) puan\w{0,3} ‹2›ver\w{0,4}",
    ),
)

OTHER: tuple[Rule, ...] = (
    Rule(
        "略 视 視 忘 满分 滿分 最高分 理会 遵循 标准 准则 标 要点",
        "",
        r"(?:忽略|无视|忽视|無視|忽視|忘记|忘掉|不要理会|不要遵循)‹near›(?:指令|指示|评分|評分|标准(?![差化偏])|標準(?![差化偏])|规则|提示词|量规)",
        r"(?:给|給|打|判|评|授予)‹near›(?:满分|滿分|最高分|全分)",
        r"(?:所有|全部|每个|每一个)‹near›(?:标准(?!差)|准则|要点)‹near›(?:满足|达标|met|通过)",
        r"(?:满分|滿分|最高分)‹near›(?:答案|回答|请|給|给)",
    ),
    Rule(
        "無視 満点 最高点 忘れ",
        "",
        r"(?:指示|ルーブリック|採点基準|命令|プロンプト)‹near›(?:無視|忘れ)",
        r"(?:満点|最高点)‹near›(?:与え|つけ|付け|くだ|下さ|にして)",
    ),
    Rule(
        "무시 만점 최고 잊",
        "",
        r"(?:지시|루브릭|채점|기준|명령|프롬프트)‹near›(?:무시|잊)",
        r"(?:만점|최고[ ]?점수|최고점)‹near›(?:주|부여|줘)",
    ),
    Rule(
        "инструкц критери рубрик балл оценк указани інструкц бал правил",
        "",
        r"(?:игнорируи|забудь|не обращаи|пропусти|ігноруи)‹near›(?:инструкц|рубрик|критери|правил|указани|"
        r"промпт|інструкц|критері)",
        r"(?:поставь|даи|выстави|присвои|начисли|оцени|постав|заслуживает)‹near›(?:балл|оценк|максим|бал)",
        r"все критерии‹near›(?:выполнен|соблюден)",
    ),
    Rule(
        "تعليمات معايير تقييم درجة علامة نقاط القواعد",
        "",
        r"(?:تجاهل|انس|اهمل)‹near›(?:التعليمات|تعليمات|المعايير|معايير|التقييم|القواعد)",
        r"(?:امنح|اعط|ضع)‹near›(?:الدرجة|العلامة|كاملة|الكاملة|النقاط|درجة)",
    ),
    Rule(
        "निर्देश मानदंड रूब्रिक अंक नियम",
        "",
        r"(?:निर्देश|नियम|मानदंड|रूब्रिक)‹near›(?:अनदेख|नजरअंदाज|नज़रअंदाज|उपेक्षा|भूल)",
        r"(?:पूरे|पूर्ण|अधिकतम)[ ]?(?:अंक|नंबर|स्कोर|मार्क)‹near›(?:द|प्रदान)",
    ),
)
