"""The records that travel between the rooms, all frozen.

Document:  Bank ── Question ── Slot
Rubric:    Rubric ── Criterion, Misconception
Talk:      Message
Result:    Grade ── Verdict, Finding ── Evidence;  Failure;  Usage;  Progressed, Price
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TAPE_SIGN = "dlgrade_tape"
"""The first field of a recorded run (`dlgrade.llm.tape`), which is no bank although it is JSON Lines and asks much."""


class Record(BaseModel):
    """A frozen pydantic model that takes no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


# ── documents ────────────────────────────────────────────────────────────────────────────────


Shape = Literal[
    "block", "inline", "cell", "plain", "card", "org", "csv", "quoted", "string", "ascii", "lines", "line", "yaml"
]
"""How an answer is written down in its place; each is a row of `dlgrade.banks.layout.LAYOUTS`."""


class Choices(Record):
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


@dataclass(frozen=True, slots=True)
class Slot:
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


class Question(Record):
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


class Bank(Record):
    """One document of questions.

    `source` is the whole decoded text, line ends and byte order mark untouched; `encoding` turns it
    back into the same bytes. `form` is the name of the form the reader recognised, `sure` how sure it is, from
    0 to 1, and `choices` how it was asked to read. `once` are the edits that come with the first answer, as a
    new column's header does. `remarks` say what else could be made of the document, and how.
    """

    path: str
    name: str
    form: str
    sure: float = 1.0
    choices: Choices = Choices()
    source: str = Field(repr=False)
    encoding: str = "utf-8"
    questions: tuple[Question, ...]
    once: tuple[Edit, ...] = Field(default=(), repr=False)
    remarks: tuple[str, ...] = ()


# ── rubrics ──────────────────────────────────────────────────────────────────────────────────

Way = tuple[str, ...]
"""One way of saying a thing: every slot must be found close together; `|` parts a slot's alternatives."""


class Criterion(Record):
    """One thing a good answer says, worth points. `partial` says what half marks mean, where they exist.

    `cues` are what the offline grader looks for, `partial_cues` what it takes for half (dlgrade.grading.cues).
    """

    id: str
    points: float = Field(gt=0, strict=True, allow_inf_nan=False)
    expects: str
    partial: str | None = None
    cues: tuple[Way, ...] = ()
    partial_cues: tuple[Way, ...] = ()

    @model_validator(mode="after")
    def _half_marks_say_what_for(self) -> Criterion:
        if self.partial_cues and self.partial is None:
            raise ValueError("partial_cues without partial")
        return self


class Misconception(Record):
    """One thing a wrong answer claims, and what it costs."""

    id: str
    costs: float = Field(gt=0, strict=True, allow_inf_nan=False)
    claims: str
    cues: tuple[Way, ...] = ()


class Rubric(Record):
    """Per question: the reference, the criteria with points, the misconceptions with costs.

    `name` is the file's stem. `max_score` is the sum of the criteria's points. `near` names rubrics of other
    questions whose answers share much with this one's.
    """

    name: str
    question: str
    also: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    topic: str
    difficulty: Literal["basic", "intermediate", "advanced"] | None = None
    reference: str
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    misconceptions: tuple[Misconception, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Rubric:
        ids = [criterion.id for criterion in self.criteria] + [mistake.id for mistake in self.misconceptions]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"the id {twice[0]!r} is used twice")
        return self

    @property
    def max_score(self) -> float:
        """The sum of the criteria's points; three thirds of 10 are 10."""
        return round(sum(criterion.points for criterion in self.criteria), 9)


# ── talk ─────────────────────────────────────────────────────────────────────────────────────


class Message(Record):
    """One message to or from a model."""

    role: Literal["system", "user", "assistant"]
    content: str


# ── results ──────────────────────────────────────────────────────────────────────────────────


class Usage(Record):
    """Tokens as the server billed them.

    `cached_tokens` are those of `prompt_tokens` that the provider read from a prompt cache of its own, for less money.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )


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


class Evidence(Record):
    """Words of the answer: `answer[start:end]`, as it was given."""

    quote: str
    start: int
    end: int


VerdictWord = Literal["met", "partial", "missed", "ungraded"]


class Verdict(Record):
    """What a grader found of one criterion."""

    criterion: str
    verdict: VerdictWord
    points: float
    max_points: float
    evidence: tuple[Evidence, ...] = ()
    why: str = ""


class Finding(Record):
    """Whether the answer holds one misconception."""

    id: str
    found: bool
    cost: float
    evidence: tuple[Evidence, ...] = ()


class Grader(Record):
    """Who gave the verdicts. `prompt` names the prompt or method and fingerprints all that went into it."""

    model: str
    prompt: str
    samples: int = 1


class Grade(Record):
    """The verdicts on one answer and the score worked out from them; scores are None unless graded.

    `percent` runs from 0 to 100, `confidence` from 0 to 1.
    """

    id: str
    question: str
    rubric: str
    status: Literal["graded", "ungraded", "failed"]
    score: float | None
    max_score: float
    percent: float | None
    verdicts: tuple[Verdict, ...] = ()
    misconceptions: tuple[Finding, ...] = ()
    feedback: str = ""
    grader: Grader
    confidence: float | None = None
    flags: tuple[str, ...] = ()
    usage: Usage | None = None
    error: Mapping[str, Any] | None = None
