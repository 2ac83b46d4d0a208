"""The records that travel between the rooms, all frozen.

What comes from outside (rubrics, replies, stored grades) is a pydantic model, which checks it. What readers make of a
document is a dataclass: a hundred thousand questions take a third of the memory, and a quarter of the time.

Document:  Bank ── Question ── Slot
Rubric:    Rubric ── Criterion, Misconception, Group;  SettledRubric
Talk:      Message
Result:    Grade ── Verdict, Finding ── Evidence;  Override, MadeCriterion;  Failure;  Usage;  Progressed, Price
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TAPE_SIGN = "dlgrade_tape"
"""The first field of a recorded run (`dlgrade.llm.tape`), which is no bank although it is JSON Lines and asks much."""

HISTORY_SIGN = "dlgrade_practice"
"""The first field of an exported history (`dlgrade.practice.exchange`), which is no bank either."""


class Record(BaseModel):
    """A frozen pydantic model that takes no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


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
    new column's header does. `remarks` say what else could be made of the document, and how.
    """

    path: str
    name: str
    form: str
    sure: float = 1.0
    choices: Choices = Choices()
    source: str = field(repr=False)
    encoding: str = "utf-8"
    questions: tuple[Question, ...]
    once: tuple[Edit, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = ()


# ── rubrics ──────────────────────────────────────────────────────────────────────────────────

Way = tuple[str, ...]
"""One way of saying a thing: every slot must be found close together; `|` parts a slot's alternatives."""


class Criterion(Record):
    """One thing a good answer says, worth points. `partial` says what half marks mean, where they exist.

    `needs` names the criteria without which it earns nothing. `cues` are what the offline grader looks for,
    `partial_cues` what it takes for half (dlgrade.grading.cues).
    """

    id: str
    points: float = Field(gt=0, strict=True, allow_inf_nan=False)
    expects: str
    partial: str | None = None
    needs: tuple[str, ...] = ()
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


class Misfit(ValueError):
    """What does not fit together in a rubric; `at` is where, as keys and indexes."""

    def __init__(self, message: str, *at: str | int) -> None:
        super().__init__(message)
        self.at = at


class Group(Record):
    """What criteria can earn together, or the whole answer on a condition.

    only_one_of: [a, b]         of these, the one that earns most counts
    at_most: 3, of: [a, b, c]   these earn no more than that together
    at_most: 4, if_missed: a    the score is no more than that where the criterion is missed
    at_most: 4, if_found: m     … or where the misconception is found
    """

    only_one_of: tuple[str, ...] = ()
    at_most: float | None = Field(default=None, ge=0, strict=True, allow_inf_nan=False)
    of: tuple[str, ...] = ()
    if_missed: str | None = None
    if_found: str | None = None

    @model_validator(mode="after")
    def _is_one_of_the_four(self) -> Group:
        said = [bool(self.only_one_of), bool(self.of), self.if_missed is not None, self.if_found is not None]
        if sum(said) != 1 or (self.at_most is None) != bool(self.only_one_of):
            raise Misfit("a group is only_one_of: [ids], or at_most: N with of: [ids], if_missed: id or if_found: id")
        if len(self.ids) == 1:
            raise Misfit("a group has two criteria or more")
        if self.of and not self.at_most:
            raise Misfit("at_most: must be more than 0")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """The criteria that it holds together; none where it is about the whole."""
        return self.only_one_of or self.of

    def beyond(self, earned: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        """What goes beyond the group: how much of which criterion's points; of a sum, the last ones'."""
        best = max(self.only_one_of, key=lambda id_: earned[id_], default=None)
        most = earned[best] if best is not None else self.at_most or 0.0
        much = sum(earned[id_] for id_ in self.ids) - most
        for id_ in reversed(self.ids):
            take = round(min(much, earned[id_]), 9)
            if id_ != best and take > 0:
                much -= take
                yield id_, take


Difficulty = Literal["basic", "intermediate", "advanced"]


class Rubric(Record):
    """Per question: the reference, the criteria with points, the misconceptions with costs.

    `name` is the file's stem. `groups` limit what criteria earn together. `near` names rubrics of other questions
    whose answers share much with this one's. A `draft` was written by a model, and no person has looked at it.
    """

    name: str
    question: str
    also: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    topic: str
    difficulty: Difficulty | None = None
    draft: bool = Field(default=False, strict=True)
    reference: str
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Rubric:
        ids = [criterion.id for criterion in self.criteria] + [mistake.id for mistake in self.misconceptions]
        if twice := _twice(ids):
            raise ValueError(f"the id {twice!r} is used twice")
        return self

    @model_validator(mode="after")
    def _needs_and_groups_fit(self) -> Rubric:
        if any(criterion.needs for criterion in self.criteria) or self.groups:
            for misfit in _misfits(self):
                raise misfit
        return self

    @property
    def max_score(self) -> float:
        """What the best answer earns: all points but those that groups take; three thirds of 10 are 10."""
        every = {criterion.id: criterion.points for criterion in self.criteria}
        return round(sum(every.values()) - sum(points for _, _, points in self.taken(every)), 9)

    def taken(self, earned: Mapping[str, float]) -> list[tuple[Group, str, float]]:
        """What the groups take of the points earned by criterion, exclusive groups first."""
        left, found = dict(earned), []
        for group in sorted(self.groups, key=lambda group: not group.only_one_of):
            for id_, points in group.beyond(left):
                left[id_] = round(left[id_] - points, 9)
                found.append((group, id_, points))
        return found


class SettledRubric(Rubric):
    """A rubric made of what a judge settled that a question asks for, of its reference: one good answer of several.

    A criterion is met by whatever does its job and is right, be it the reference's way or another.
    """


def _twice(ids: Iterable[str]) -> str | None:
    """The first of the ids, by name, that stands there more than once."""
    return min((id_ for id_, count in Counter(ids).items() if count > 1), default=None)


def _misfits(rubric: Rubric) -> Iterator[Misfit]:
    """What is wrong with the needs and groups of a rubric whose ids are unique."""
    known = {criterion.id: criterion for criterion in rubric.criteria}
    named = [(c.needs, ("criteria", n, "needs")) for n, c in enumerate(rubric.criteria)]
    named += [(g.ids, ("groups", n, "of" if g.of else "only_one_of")) for n, g in enumerate(rubric.groups)]
    for ids, at in named:
        yield from (Misfit(f"there is no criterion {id_!r}", *at, n) for n, id_ in enumerate(ids) if id_ not in known)
        if twice := _twice(ids):
            yield Misfit(f"{twice!r} is named twice", *at)
    mistakes = {mistake.id for mistake in rubric.misconceptions}
    for n, group in enumerate(rubric.groups):
        if group.if_missed is not None and group.if_missed not in known:
            yield Misfit(f"there is no criterion {group.if_missed!r}", "groups", n, "if_missed")
        if group.if_found is not None and group.if_found not in mistakes:
            yield Misfit(f"there is no misconception {group.if_found!r}", "groups", n, "if_found")
    try:
        TopologicalSorter({criterion.id: criterion.needs for criterion in rubric.criteria}).prepare()
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
        at_fault = list(known).index(cycle[0])
        yield Misfit(f"{' needs '.join(cycle)}: none could ever be earned", "criteria", at_fault, "needs")
    yield from _idle(rubric)


def _idle(rubric: Rubric) -> Iterator[Misfit]:
    """Criteria in two groups of a kind, and limits that nothing reaches; all ids are known."""
    held: dict[tuple[bool, str], int] = {}
    for n, group in enumerate(rubric.groups):
        for id_ in group.ids:
            if (other := held.setdefault((bool(group.of), id_), n)) != n:
                kind = "of" if group.of else "only_one_of"
                yield Misfit(f"{id_!r} is in group {other + 1} of this kind already", "groups", n, kind)
    exclusive = [group.ids for group in rubric.groups if group.only_one_of]
    points = {criterion.id: criterion.points for criterion in rubric.criteria}
    for n, group in enumerate(rubric.groups):
        for ids in exclusive:
            if group.of and 0 < len(set(ids) & set(group.of)) < len(ids):
                # else the better of them could earn less than the other
                yield Misfit(f"{', '.join(ids)} exclude each other: limit all of them or none", "groups", n, "of")
        lost = {id_ for ids in exclusive for id_ in ids if id_ != max(ids, key=lambda id_: points[id_])}
        most = round(sum(points[id_] for id_ in group.of if id_ not in lost), 9) if group.of else rubric.max_score
        if group.at_most is not None and group.at_most >= most:
            whose = "these can earn" if group.of else "the whole can earn"
            yield Misfit(f"at_most {group.at_most:g} takes nothing away: {whose} {most:g}", "groups", n, "at_most")


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


def _absent(value: object) -> bool:
    """What a grade does not have is not written down: the form that others read gains nothing that they need."""
    return not value


class Verdict(Record):
    """What a grader found of one criterion, or a person who knew better.

    `points` are what it earns by itself, before needs and groups. `asked` fingerprints the criterion's wording that the
    grader was asked about.
    """

    criterion: str
    verdict: VerdictWord
    points: float
    max_points: float
    evidence: tuple[Evidence, ...] = ()
    why: str = ""
    asked: str | None = Field(default=None, exclude_if=_absent)


class Finding(Record):
    """Whether the answer holds one misconception; `asked` as in a verdict."""

    id: str
    found: bool
    cost: float
    evidence: tuple[Evidence, ...] = ()
    asked: str | None = Field(default=None, exclude_if=_absent)


OverrideWord = Literal["met", "partial", "missed", "found", "absent"]


class Override(Record):
    """A person's verdict on a criterion, or on a misconception (`found`, `absent`); of several the last one counts.

    `instead_of` is what the grader said; `asked` fingerprints the wording that the person judged by.
    """

    criterion: str
    verdict: OverrideWord
    by: str
    why: str
    instead_of: OverrideWord | Literal["ungraded"]
    asked: str


class MadeCriterion(Record):
    """A criterion that stands in no file, since its rubric was made from a reference."""

    id: str
    points: float
    expects: str
    partial: str | None = Field(default=None, exclude_if=_absent)


class Grader(Record):
    """Who gave the verdicts. `prompt` names the prompt or method and fingerprints all that went into it."""

    model: str
    prompt: str
    samples: int = 1


class Grade(Record):
    """The verdicts on one answer and the score worked out from them; scores are None unless graded.

    `percent` runs from 0 to 100, `confidence` from 0 to 1. `overrides` are people's verdicts; they stand in `verdicts`
    and `misconceptions` in the grader's place. `rubric_fingerprint` is of the rubric that the score was worked out by;
    `criteria` are that rubric's, where it was made from a reference and stands nowhere else.
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
    rubric_fingerprint: str | None = Field(default=None, exclude_if=_absent)
    overrides: tuple[Override, ...] = Field(default=(), exclude_if=_absent)
    criteria: tuple[MadeCriterion, ...] = Field(default=(), exclude_if=_absent)
