"""Whether a text asks: by its mark, by what it begins with, in several tongues.

What is dropout?            asks
Explain dropout             asks firmly: an order that is given to a person who is asked
Evaluate the model          may ask, or be a step of a recipe
"""

from __future__ import annotations

import re
import unicodedata

from dlgrade.banks.patterns import later
from dlgrade.banks.wording import plain

_ASKING = (
    "what(?:['’]s)?|why|how|when|where|which|who|whom|whose|can|could|do|does|did|is|are|was|were|will|would|should"
    "|have|has|must|may|might|shall"
)
_TELLING = (
    "analy[sz]e|apply|argue|assess|calculate|characteri[sz]e|classify|comment|compare|compute|consider|construct"
    "|contrast|debug|define|demonstrate|derive|describe|design|determine|develop|differentiate|discuss|distinguish"
    "|draw|elaborate|enumerate|estimate|evaluate|examine|explain|explore|express|find|formulate|give|identify"
    "|illustrate|implement|interpret|introduce|justify|list|mention|name|outline|present|propose|prove|provide"
    "|recommend|review|show|sketch|solve|specify|state|suggest|summari[sz]e|suppose|tell|trace|walk|write"
)
# Links that lost their spaces glue the next word on: "ExplainRecurrent" still begins with Explain.
_STARTS_LIKE_QUESTION = later(rf"(?i:(?:please\s+)?(?:{_ASKING}|{_TELLING}))(?=[A-Z]|(?i:[^\w'’-]|$))")
# Other tongues, by what a question begins with; Chinese and Japanese ask at any place in it.
_ASKS_ABROAD = later(
    r"[¿]?\s*(?:(?:qué|cómo|cuál(?:es)?|por qué|cuándo|dónde|quién|explique|explica|describa|describe|defina|define"
    r"|mencione|menciona|diferencias?|qu['’]est|quel(?:le)?s?|pourquoi|quand|expliquez|expliquer|décrivez|définissez"
    r"|wie|warum|wann|welche[rsn]?|wozu|wodurch|erklären|erkläre|beschreiben|o que|quais|por que|descreva|che cosa"
    r"|perché|quale|quali|spiega|что|как|какие|какая|какой|какое|каковы|почему|зачем|когда|где|чем|кто|сколько"
    r"|для чего|в ч[её]м|объясните|опишите|перечислите|расскажите|назовите|дайте|ما(?:هو|هي|ذا)?|كيف|لماذا|متى|أين"
    r"|هل|اشرح|عرف|اذكر|وضح|jak|jaki[e]?|dlaczego|czym|kiedy|wyjaśnij|opisz|nedir|nasıl)\b"
    r"|.{0,80}(?:什么|什麼|如何|怎么|怎麼|怎样|怎樣|为什么|為什麼|为何|哪些|哪个|哪种|多少|是否|吗$|呢$|区别|區別|异同"
    r"|有何|何时|何謂|何为)"
    r"|(?:请|請)?(?:简述|簡述|解释|解釋|说明|說明|说说|谈谈|介绍|描述|列举|比较|分析|阐述|推导|证明|写出|实现|举例|手写"
    r"|讲讲|聊聊|简单介绍)"
    r"|.{0,80}(?:とは|なぜ|どのように|説明してください|何ですか|무엇|어떻게|왜|설명))",
    re.IGNORECASE,
)
# Orders that are given to a person who is asked, not to one who follows a recipe.
_FIRM = later(
    r"(?i:please\s+|can you\s+|could you\s+)?(?i:what|why|how|when|which|who|where|describe|explain|define|discuss"
    r"|differentiate|distinguish|elaborate|compare|contrast|derive|prove|tell|talk|name|list|give|state|outline"
    r"|illustrate|justify|mention|summari[sz]e|differences?|suppose|imagine|walk|do you|is|are|does|can|should|would"
    r"|have you|write)"
    r"(?=[A-Z]|(?i:[^\w'-]|['’](?:s|re|d|ll)\b|$))"
)
_OUTRIGHT = later(
    r"(?:(?:what|why|how|when|where|which|who)\s+(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have)"
    r"|explain|describe|define|discuss|compare|differentiate|distinguish|derive)\b",
    re.IGNORECASE,
)
_ENDS_LIKE_QUESTION = later(r"[?？؟⸮]['\"”’»)\]*_.\s]*$")


def asks(text: str) -> bool:
    """Say whether the text ends in a question mark of any script."""
    return text[-1:] == "?" or bool(_ENDS_LIKE_QUESTION.search(text[-40:]))


def _asking_text(text: str) -> str:
    """Return what decides whether a text asks: bold letters of mathematics are letters like any others."""
    text = plain(text)
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip(" \t\r\n\"'“‘«*_#")


def _abroad(bare: str) -> bool:
    return not bare.isascii() and bool(_ASKS_ABROAD.match(bare))


def is_question(text: str) -> bool:
    """Say whether the text reads as a question or as a task to answer: `What is …?`, `Explain …`."""
    bare = _asking_text(text)
    return bool(bare) and (asks(bare) or bool(_STARTS_LIKE_QUESTION.match(bare)) or _abroad(bare))


def asks_firmly(text: str) -> bool:
    """Say whether a text that nothing else marks as a question is one: `Explain …` is, `Evaluate …` may be a step."""
    bare = _asking_text(text)
    return bool(bare) and (asks(bare) or bool(_FIRM.match(bare)) or _abroad(bare))


def asks_outright(text: str) -> bool:
    """Say whether a heading among questions is one: `What is dropout` is, `Why it matters` is a part of an answer."""
    bare = _asking_text(text)
    return bool(bare) and (asks(bare) or bool(_OUTRIGHT.match(bare)) or _abroad(bare))
