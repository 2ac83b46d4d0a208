"""The names by which tables and data call what a question has; all compared squashed: `Question_ID` is `questionid`.

    | No. | Category | Question | Model answer |         a table's header: `column`
    {"instruction": …, "output": …, "topic": …}         the keys and columns of data: `field`

A table's header is written for people and says plainly what it means. Data use their own words, more or less plain
ones, so a name has a rank there: of several that could be the question's, the plainest counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from dlgrade.banks.wording import squash

Kind = Literal["number", "category", "difficulty", "correct", "options", "material", "answer", "question"]

_QUESTION = (
    r"(?:.*_)?questions?|q|问题|問題|题目|題目|質問|設問|질문|вопрос|питання|pregunta|frage|pergunta|domanda|soru|vraag|pytanie"
    r"|fråga|spørgsmål|kysymys|otázka|câuhỏi|pertanyaan|प्रश्न|سؤال|שאלה"
)
_ANSWER = (
    r"(?:short|model|sample|expected|reference|correct|ideal|suggested|full|best|example|good|gold|right|final)?answers?"
    r"(?:text|body|content)?|ans|a|solutions?|答案|回答|解答|정답|답변|ответ|відповідь|respuesta|antwort|réponse|resposta"
    r"|risposta|cevap|antwoord|odpowiedź|svar|vastaus|odpověď|câutrảlời|jawaban|उत्तर|जवाब|إجابة|جواب|תשובה"
)
# Compared with squashed headers; the first kind that fits counts.
_COLUMNS: Mapping[str, re.Pattern[str]] = {
    "number": re.compile(r"|n|no|nr|num|number|id|index|s(?:r|l)?no|q(?:uestion)?(?:no|nr|id|number)"),
    "category": re.compile(r"categor(?:y|ies)|(?:sub)?topics?|subject|section|area|theme|chapter|domain|tags?|type"),
    "difficulty": re.compile(r"difficulty(?:level)?|level|complexity|seniority"),
    "answer": re.compile(rf"{_ANSWER}|response|reference|explanation|definition|discussion|keypoints?"),
    "question": re.compile(rf".*questions?|question(?:text|title|name)|prompt|task|{_QUESTION}"),
}
# Longer names for the same: `Respuesta corta`, `Answer (one line)`.
_ANSWERS = re.compile(r"(?:answer|respuesta|antwort|réponse|resposta|risposta|ответ|答案|回答)")
# By kind, the names of each rank, the plainest first.
_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "number": (
        r"n|no|nr|num|numbers?|s(?:r|l)?no|q(?:uestion)?(?:n|no|nr|num|number|index)|#|номер|número|numéro|nummer|序号|编号|番号",
        r"id|index|idx|q(?:uestion)?id",
    ),
    "category": (
        r"(?:question)?categor(?:y|ies)|categoría|catégorie|categoria|kategorie|kategoria|категория|分类|类别|カテゴリ",
        r"(?:primary|main)?topics?|subjects?|sections?|chapters?|units?|themes?|temas?|thema|тема|主题|章节",
        r"areas?|domains?|fields?|subtopics?|subcategory|modules?",
        r"(?:topic)?tags?",
    ),
    "difficulty": (
        r"(?:question)?difficulty(?:level)?|dificultad|difficulté|dificuldade|schwierigkeit(?:sgrad)?|сложность|难度|難易度",
        r"level|complexity(?:level)?|seniority|hardness|niveau|nivel|уровень",
    ),
    "correct": (
        r"(?:correct|right|true)(?:answer|option|choice)?s?(?:index|indices|idx|key|letter|id|number|num|no)?",
        r"answer(?:index|idx|key|letter|id|number|option)|solutionindex",
    ),
    "options": (r"(?:answer|mcq|question)?(?:options?|choices?)|(?:possible|candidate)answers|alternatives|选项",),
    "material": (r"(?:question)?(?:code|snippet|codesnippet|codeblock)|input",),
    "answer": (
        _ANSWER,
        r"responses?|reply|outputs?|completions?|reference(?:text)?|back|expected(?:output|response)?|groundtruth|target",
        r"(?:answer)?explanations?|rationale|definition|reasoning",
    ),
    "question": (
        rf"(?:full|interview|exam|quiz|raw|original|user|test)?question(?:text|body|content|title|stem|prompt|statement)?|{_QUESTION}",
        r"prompts?|tasks?|instructions?|exercise|problem(?:statement)?|query|challenge|userinput|aufgabe|ejercicio|задание|задача",
        r"front|stem|statement|input",
        r"title|titel|título|titre|heading|header|text|content|body|ask",
    ),
}
_COMPILED = {kind: tuple(re.compile(names) for names in ranks) for kind, ranks in _FIELDS.items()}
_OPTION = re.compile(r"(?:options?|opt|op|choice|answer|ans)?([a-h])|(?:options?|opt|choice|answer)([1-9])")

WEAK = 3
"""The rank from which on a name means a question only where a text itself asks."""


class Field(NamedTuple):
    """What a field of data may be, and how plainly its name says so: 0 is the plainest."""

    kind: Kind
    rank: int


def column(title: str) -> str | None:
    """Say what a column of a table holds: number, category, difficulty, answer or question; None if nothing known."""
    name = squash(title)
    kind = next((kind for kind, names in _COLUMNS.items() if names.fullmatch(name)), None)
    return kind or ("answer" if _ANSWERS.match(name) else None)


@lru_cache(maxsize=4096)
def fields(name: str) -> tuple[Field, ...]:
    """Say what a field of data may be, the likelier first: `input` is a question, or what belongs to one."""
    name = squash(name)
    return tuple(
        Field(kind, rank)
        for kind, ranks in _COMPILED.items()
        for rank, names in enumerate(ranks)
        if name and names.fullmatch(name)
    )


@lru_cache(maxsize=4096)
def option(name: str) -> str | None:
    """Return the letter or number of the one option that a field holds: `option_a`, `B`, `choice2`."""
    match = _OPTION.fullmatch(squash(name))
    return (match[1] or match[2]).upper() if match else None
