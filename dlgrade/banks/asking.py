"""Whether a text asks, also where no question mark says so and in other languages than English.

什么是过拟合    Что такое GIL    Explique o dropout    Warum wird normalisiert
"""

from __future__ import annotations

import re

from dlgrade.banks.wording import is_question, plain

_LONGEST = 400  # a longer text without a question mark tells

_STARTS = re.compile(
    r"(?:"
    r"что|как|какие|какой|какая|какое|каков\w*|зачем|почему|где|когда|кто|чем|сколько|в ч[её]м|для чего|расскажи\w*"
    r"|объясни\w*|опиши\w*|назови\w*|перечисли\w*|сравни\w*|приведи\w*"
    r"|qu[eé] (?:es|son|significa)|c[oó]mo|cu[aá]l(?:es)?|por qu[eéê]|expli(?:que|ca|quez)|descri(?:ba|be|va)|defin[ae]"
    r"|qu['’]est-ce|quel(?:le)?s?|pourquoi|comment|d[eé]crivez|d[eé]finissez"
    r"|was (?:ist|sind|versteht|bedeutet)|wie|warum|wieso|welche[rsn]?|erkl[aä]re\w*|beschreibe\w*|nenne\w*"
    r"|o que|quais|qual|explica|cosa|cos['’]è|perch[eé]|spieg\w+|czym|jak|dlaczego|co to"
    r")(?!\w)",
    re.IGNORECASE,
)
_HOLDS = re.compile(
    r"什么|什麼|怎么|怎樣|怎样|如何|为何|為什麼|哪些|哪个|哪種|哪种|是否|吗|多少|几种|区别|简述|解释|说明|介绍|请|谈谈|列举|描述|比较|推导"
    r"|とは|なぜ|説明|どの|무엇|설명"
)


def sounds_like_question(text: str) -> bool:
    """Say whether a text reads as a question or a task, in any of the languages known here."""
    if is_question(text):
        return True
    bare = plain(text[:_LONGEST]).strip(" \t\r\n\"'“«¿¡*_")
    return len(text) < _LONGEST and bool(_STARTS.match(bare) or _HOLDS.search(bare))
