"""Questions without a rubric -> drafts of rubrics, written by a model and tried before they are kept.

    shelf = Shelf(Path("rubrics"), taken=rubrics.paths)
    done = drafted(questions, shelf, client, prompts, settings)

A reply is a rubric in form, or the client asks again. Then the rubric is checked as `dlgrade rubric check` does it, and
what is wrong is told to the model, at most twice. What is wrong still is told to the person with the draft.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dlgrade.banks.outputs import save_new
from dlgrade.banks.same import identity
from dlgrade.banks.wording import fold, spaced
from dlgrade.drafts import Draft, DraftOfAnswered, rubric_of, slug
from dlgrade.errors import RunStopped
from dlgrade.grading.checking import check_rubric
from dlgrade.grading.corrected import Checked, corrected
from dlgrade.grading.evidence import clean
from dlgrade.grading.rounds import Rounds, from_store, over
from dlgrade.grading.words import STOPWORDS, stems
from dlgrade.llm.counted import Counted, Found
from dlgrade.llm.request import Request
from dlgrade.models import Failure, Progressed, Question, Rubric
from dlgrade.prompts import Prompts, fence
from dlgrade.rubric_yaml import as_yaml
from dlgrade.settings import Settings

TEMPLATE = "rubric"

_TRIES = 3
_SPARE = 2  # one worker more for so many requests in flight: some wait between two tries
_WORDS, _LETTERS = 6, 60  # of a question, in a file's name
_ASKING = frozenset({"explain", "describe", "define", "discuss", "give", "name", "list"})

# ── a draft ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft that was written: the question's id, the rubric under the name of its file, and what is wrong with it."""

    id: str
    rubric: Rubric
    path: Path
    wrong: tuple[str, ...] = ()


def draft_request(question: Question, prompts: Prompts, settings: Settings) -> Request:
    """What is asked first; an answer in the document is the reference.

    Raises:
        PromptError: the template does not render.
    """
    answer = question.answer
    tag = fence("text", question.text, answer or "", question.category or "")
    return Request(
        endpoint=settings.base_url,
        model=str(settings.model),
        messages=prompts.render(TEMPLATE, question=question, answer=answer, fence=tag),
        shape=Draft if answer is None else DraftOfAnswered,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
    )


def _rounds(question: Question, request: Request) -> Rounds[Checked[Rubric]]:
    shape = Draft if question.answer is None else DraftOfAnswered

    def read(text: str) -> Checked[Rubric]:
        reply: Draft | DraftOfAnswered = shape.model_validate_json(text)
        reference = reply.reference if isinstance(reply, Draft) else str(question.answer)
        rubric = rubric_of(reply, question=question.text, reference=reference)
        return rubric, (*_strayed(question, reply.question, rubric), *check_rubric(rubric))

    return corrected(request, read, most=_TRIES)


def _strayed(question: Question, said: str, rubric: Rubric) -> Iterator[str]:
    """Another question than was asked, and criteria that ask for nothing but what it says."""
    if identity(said) not in {identity(question.text), identity(question.wording)}:
        yield f"`question` is another one than was asked: {spaced(said)!r}"
    for criterion in rubric.criteria:
        if not stems(criterion.expects) - stems(question.text):
            yield f"{criterion.id}: repeats the question, which anybody can: {criterion.expects!r}"


def _addressed(question: Question, rubric: Rubric) -> Iterator[str]:
    """Text that talks to whoever grades: in the document it may have steered the model, in the draft it has."""
    told = [("the question in the document", question.text), ("the answer in the document", question.answer or "")]
    told += [("the reference", rubric.reference)] if question.answer is None else []
    told += [(criterion.id, f"{criterion.expects}\n{criterion.partial or ''}") for criterion in rubric.criteria]
    told += [(mistake.id, mistake.claims) for mistake in rubric.misconceptions]
    for name, text in told:
        yield from (f"{name} holds {flag}: look closely" for flag in clean(text).flags)


class Shelf:
    """A folder of rubrics to which drafts are added; nothing that stands there is ever replaced."""

    def __init__(self, folder: Path, *, taken: Container[str], model: str) -> None:
        self._folder = folder
        self._taken = taken
        self._remark = f"A draft by {model}. Read it, put right what is wrong, then delete the line `draft: true`."

    def add(self, rubric: Rubric) -> tuple[Rubric, Path]:
        """Write a draft into a file named by its question; the rubric under that name.

        Raises:
            OutputError: it cannot be written.
        """
        stem, n = _stem(rubric.question), 1
        text = as_yaml(rubric, remark=self._remark).encode("utf-8", "replace")
        while True:
            name = stem if n == 1 else f"{stem}-{n}"
            path = self._folder / f"{name}.yaml"
            if name not in self._taken and save_new(path, text):
                return rubric.model_copy(update={"name": name}), path
            n += 1


def _stem(question: str) -> str:
    """The telling words of a question, as shipped rubrics are named."""
    words = slug(fold(question.partition("\n\n")[0])).split("-")
    telling = [word for word in words if word not in STOPWORDS | _ASKING] or words
    stem = "-".join(telling[:_WORDS])[:_LETTERS].strip("-")
    return stem or f"question-{hashlib.sha256(identity(question).encode()).hexdigest()[:8]}"


# ── many ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Drafts:
    """What came of many questions; those in neither list were not finished."""

    drafted: list[Drafted] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    interrupted: bool = False
    stopped: RunStopped | None = None


def drafted(
    questions: Sequence[Question],
    shelf: Shelf,
    client: Counted,
    prompts: Prompts,
    settings: Settings,
    *,
    on_progress: Callable[[Progressed], None] = lambda _: None,
) -> Drafts:
    """Draft a rubric for each question, several at once; each is written as soon as it is there.

    A question's own failure is a value. What stops the run ends it; what was finished is kept, and what the client has
    in its cache is not asked for again.

    Raises:
        PromptError: the template does not render.
        OutputError: a draft cannot be written.
    """
    drafting = _Drafting(shelf, client, prompts, settings, on_progress)
    missing = drafting.missing(questions)
    if missing:
        # Imported here for start-up time: a run that finds everything needs no event loop.
        from dlgrade.runs import run  # noqa: PLC0415

        at_once = settings.requests_at_once
        ended = run(
            missing,
            drafting.ask,
            concurrency=at_once + at_once // _SPARE,
            client=client,
            on_progress=drafting.progressed,
        )
        drafting.done.failures += ended.failures
        drafting.done.interrupted, drafting.done.stopped = ended.interrupted, ended.stopped
    order = {question.id: n for n, question in enumerate(questions)}
    drafting.done.drafted.sort(key=lambda one: order[one.id])
    return drafting.done


class _Drafting:
    """Questions on their way to drafts."""

    def __init__(
        self,
        shelf: Shelf,
        client: Counted,
        prompts: Prompts,
        settings: Settings,
        on_progress: Callable[[Progressed], None],
    ) -> None:
        self.done = Drafts()
        self._shelf = shelf
        self._client = client
        self._prompts = prompts
        self._settings = settings
        self._on_progress = on_progress
        self._at_hand = 0

    def missing(self, questions: Sequence[Question]) -> list[tuple[str, tuple[Question, Request]]]:
        """The questions that take a request; of the others the draft is written on the way."""
        asked = [(question, draft_request(question, self._prompts, self._settings)) for question in questions]
        stored = self._client.stored([request for _, request in asked])
        missing = []
        for question, request in asked:
            found = Found(self._client, stored)
            if (checked := from_store(_rounds(question, request), found)) is None:
                missing.append((question.id, (question, request)))
                continue
            found.taken()
            self._keep(question, checked)
        self._at_hand = len(self.done.drafted)
        return missing

    async def ask(self, asked: tuple[Question, Request]) -> None:
        """Ask, and write what comes of it.

        Raises:
            RunStopped: the endpoint cannot be used, or the budget is spent.
            ItemError: no rubric came of it.
            OutputError: it cannot be written.
        """
        question, request = asked
        self._keep(question, await over(_rounds(question, request), self._client))

    def _keep(self, question: Question, checked: Checked[Rubric]) -> None:
        rubric, path = self._shelf.add(checked[0])
        wrong = (*checked[1], *_addressed(question, rubric))
        self.done.drafted.append(Drafted(question.id, rubric, path, wrong))

    def progressed(self, now: Progressed) -> None:
        """Report how far the run is, with what the cache had."""
        self._on_progress(replace(now, done=now.done + self._at_hand))
