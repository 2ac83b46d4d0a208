"""The records that travel between the rooms, all frozen.

What comes from outside (rubrics, replies, stored grades) is a pydantic model, which checks it. What readers make of a
document is a dataclass or a tuple: a hundred thousand questions take a third of the memory, and a quarter of the time.

Document:  Bank ── Question ── Slot
Rubric:    Rubric ── Criterion, Misconception, Group;  SettledRubric
Talk:      Message
Result:    Grade ── Verdict, Finding ── Evidence;  Override, MadeCriterion;  Failure;  Usage;  Progressed, Price

Those of rubrics and grades are loaded when they are used, for start-up time: most commands know none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field

from dlgrade.record import Record as Record
from dlgrade.record import Usage as Usage

if TYPE_CHECKING:
    from dlgrade.grade_models import Evidence as Evidence
    from dlgrade.grade_models import Finding as Finding
    from dlgrade.grade_models import Grade as Grade
    from dlgrade.grade_models import Grader as Grader
    from dlgrade.grade_models import MadeCriterion as MadeCriterion
    from dlgrade.grade_models import Override as Override
    from dlgrade.grade_models import OverrideWord as OverrideWord
    from dlgrade.grade_models import Verdict as Verdict
    from dlgrade.grade_models import VerdictWord as VerdictWord
    from dlgrade.rubric_models import Criterion as Criterion
    from dlgrade.rubric_models import Difficulty as Difficulty
    from dlgrade.rubric_models import Group as Group
    from dlgrade.rubric_models import Misconception as Misconception
    from dlgrade.rubric_models import Misfit as Misfit
    from dlgrade.rubric_models import Rubric as Rubric
    from dlgrade.rubric_models import SettledRubric as SettledRubric
    from dlgrade.rubric_models import Way as Way

_LATER = {
    "dlgrade.rubric_models": (
        *("Criterion", "Difficulty", "Group", "Misconception", "Misfit", "Rubric", "SettledRubric", "Way"),
    ),
    "dlgrade.grade_models": (
        *("Evidence", "Finding", "Grade", "Grader", "MadeCriterion", "Override", "OverrideWord"),
        *("Verdict", "VerdictWord"),
    ),
}
_WHERE = {name: module for module, names in _LATER.items() for name in names}

TAPE_SIGN = "dlgrade_tape"
"""The first field of a recorded run (`dlgrade.llm.tape`), which is no bank although it is JSON Lines and asks much."""

HISTORY_SIGN = "dlgrade_practice"
"""The first field of an exported history (`dlgrade.practice.exchange`), which is no bank either."""


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_WHERE[name]), name)
    return found


# ── documents ────────────────────────────────────────────────────────────────────────────────


Shape = Literal[
    "block", "inline", "cell", "plain", "card", "org", "csv", "quoted", "string", "ascii", "lines", "line", "yaml"
]
"""How an answer is written down in its place; each is a row of `dlgrade.banks.layout.LAYOUTS`."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a reader of documents may choose, where a document can be read in more than one way.

    `form` names the form, None for the most convincing one. `nested` says what an item below an item that asks
    is, if it asks as well: a question of its own (`children`) or a part of the one above (`parents`). `table`
    says where answers go if a table has no column for them: into a `section` below it, or a new `column`.
    """

    form: str | None = None
    nested: Literal["children", "parents"] = "children"
    table: Literal["section", "column"] = "section"


@dataclass(frozen=True, slots=True)
class Edit:
    """`source[start:end]` (string offsets) gives way to `text`."""

    start: int
    end: int
    text: str


class Slot(NamedTuple):
    """Where an answer goes in a bank's source, or where one stands.

    `source[start:end]` (string offsets) gives way to `lead + answer + trail`. `shape` says how the answer is
    written down; every line after its first is indented by `indent`.
    """

    start: int
    end: int
    lead: str = ""
    trail: str = ""
    indent: str = ""
    shape: Shape = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One entry of a bank.

    `position` counts from 1; `number` is what the document itself calls the entry. `raw` is the question's
    text as it stands, `text` the repaired one: the wording, then code, options and paragraphs that belong to
    it. `marks` are signs that stood in the wording and say something about it (`[E]`, `🔒`). `place` is where
    the wording stands in the source, start and end, where that is known. `line` counts from 1. `answer` is what
    the document says, and `standing` where it says so; it is None where a placeholder or nothing stands; then
    `slot` says where one would go.
    """

    bank: str
    position: int
    number: str | None = None
    raw: str
    text: str
    category: str | None = None
    difficulty: str | None = None
    marks: tuple[str, ...] = ()
    answer: str | None = None
    line: int
    place: tuple[int, int] | None = None
    slot: Slot | None = None
    standing: Slot | None = None

    @property
    def wording(self) -> str:
        """What is asked, on one line, without the code, options and paragraphs that belong to it."""
        return self.text.partition("\n\n")[0]

    @property
    def material(self) -> str:
        """The code, options and paragraphs that belong to the question, empty where there are none."""
        return self.text.partition("\n\n")[2]

    @property
    def id(self) -> str:
        """The bank's name and the position, as in `general:2`."""
        return f"{self.bank}:{self.position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """One document of questions.

    `source` is the whole decoded text, line ends and byte order mark untouched; `encoding` turns it
    back into the same bytes. `form` is the name of the form the reader recognised, `sure` how sure it is, from
    0 to 1, and `choices` how it was asked to read. `once` are the edits that come with the first answer, as a
    new column's header does. `remarks` say what else could be made of the document, and how. Of very many `questions`
    each is made when it is asked for.
    """

    path: str
    name: str
    form: str
    sure: float = 1.0
    choices: Choices = Choices()
    source: str = field(repr=False)
    encoding: str = "utf-8"
    questions: Sequence[Question]
    once: tuple[Edit, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = ()


# ── talk ─────────────────────────────────────────────────────────────────────────────────────


class Message(Record):
    """One message to or from a model.

    `folded` stands in the place of `content` wherever requests are told apart: where the spelling is to change no
    reply, all spellings have one.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    folded: str | None = Field(default=None, exclude=True)

    @property
    def told_by(self) -> str:
        """What the message is told from others by."""
        return self.content if self.folded is None else self.folded


# ── results ──────────────────────────────────────────────────────────────────────────────────


class Price(Record):
    """US dollars for a million tokens of one model at one endpoint.

    `cached_input` is for tokens that the provider read from its own prompt cache, None where they cost what others do.
    `per_call` is what every call costs besides, in dollars.
    """

    input: float = Field(ge=0, strict=True, allow_inf_nan=False)
    output: float = Field(ge=0, strict=True, allow_inf_nan=False)
    cached_input: float | None = Field(default=None, ge=0, strict=True, allow_inf_nan=False)
    per_call: float = Field(default=0.0, ge=0, strict=True, allow_inf_nan=False)


class Failure(Record):
    """What could not be done for one question, as a value: `kind` for programs, `message` for people."""

    id: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a run is. `done` counts the failed ones too; `stopping` once no new items are begun, for one
    because the user `interrupted`.
    """

    done: int
    failed: int
    running: int
    stopping: bool = False
    interrupted: bool = False
