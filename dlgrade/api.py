"""What dlgrade does, as functions over records: read banks, find their answers, fill them, grade, export.

The commands are thin shells around these, and `import dlgrade` offers the same to programs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dlgrade.answering import ask_for_answer, shipped_answer
from dlgrade.banks import filling
from dlgrade.banks.filling import Filled
from dlgrade.banks.outputs import check_writable, save_copy
from dlgrade.banks.reading import read_bank
from dlgrade.banks.same import identity, same
from dlgrade.errors import DlgradeError, EndpointError, OutputError
from dlgrade.export import writer_for
from dlgrade.export.key import Key, answer_key
from dlgrade.grading.judge import Judge
from dlgrade.llm.request import Client, Reply
from dlgrade.models import Bank, Failure, Grade, Question, Rubric, Usage
from dlgrade.prompts import Prompts
from dlgrade.rubrics import Rubrics
from dlgrade.runs import Counted, Progressed, run
from dlgrade.settings import Settings


@dataclass(frozen=True)
class Answers:
    """References for questions, and how they came about.

    `texts` and `failures` go by a question's `identity`, since one question may stand in several places.
    `requests` were sent, `cached` were not needed; `stopped` is why the endpoint ended a run before its end.
    """

    texts: Mapping[str, str]
    failures: Mapping[str, Failure] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    requests: int = 0
    cached: int = 0
    interrupted: bool = False
    stopped: EndpointError | None = None

    def fill(self, bank: Bank) -> Filled:
        """The bank's source with these answers in its slots; those that failed are among the failed."""
        given = {q.id: self.texts[key] for q in bank.questions if (key := identity(q.text)) in self.texts}
        filled = filling.fill(bank, given)
        failed = tuple(
            failure.model_copy(update={"id": q.id})
            for q in bank.questions
            if q.slot is not None and (failure := self.failures.get(identity(q.text))) is not None
        )
        return filled.model_copy(update={"failed": (*filled.failed, *failed)})


@dataclass(frozen=True)
class Outcome:
    """What became of one bank: filled in memory, and `out`, where it was written, or the `error` why it was not."""

    bank: Bank
    filled: Filled
    out: Path | None = None
    error: DlgradeError | None = None
    changed: bool = False

    @property
    def left(self) -> tuple[str, ...]:
        """The ids that still have no answer, in the document's order."""
        done = set(self.filled.filled)
        return tuple(q.id for q in self.bank.questions if q.slot is not None and q.id not in done)

    def saved_as(self, target: Path) -> Outcome:
        """Write the filled copy; an error is kept, so that other banks are saved all the same."""
        try:
            data, original = (text.encode(self.bank.encoding) for text in (self.filled.source, self.bank.source))
            save_copy(target, data, original)
        except DlgradeError as error:
            return replace(self, error=error)
        return replace(self, out=target)

    def saved_in_place(self, answers: Answers) -> Outcome:
        """Write the answers into the document. One that was changed meanwhile is filled as it is now."""
        try:
            bank = read_bank(self.bank.path, choices=self.bank.choices)
            changed = bank.source != self.bank.source
            now = Outcome(bank, answers.fill(bank), changed=True) if changed else self
            if now.filled.source != now.bank.source:
                filling.save(bank.path, now.filled.source.encode(bank.encoding))
        except DlgradeError as error:
            return replace(self, error=error)
        return replace(now, out=Path(bank.path))


def shipped_answers(questions: Iterable[Question], rubrics: Rubrics) -> Answers:
    """The references that ship with dlgrade, for the questions that have one.

    Raises:
        RubricError: a rubric that is needed has a mistake in it.
    """
    found = ((identity(question.text), shipped_answer(question, rubrics)) for question in questions)
    return Answers({wording: text for wording, text in found if text is not None})


def asked_answers(
    questions: Iterable[Question],
    client: Client,
    prompts: Prompts,
    settings: Settings,
    *,
    key: Callable[[Question], str] = lambda question: identity(question.text),
    on_progress: Callable[[Progressed], None] | None = None,
) -> Answers:
    """References from a model, several questions at once; one question in several places is asked once.

    `key` says which are one question.

    A question's own failure is a value; an error of the endpoint ends the run and keeps what was finished.

    Raises:
        PromptError: the template does not render.
    """

    async def ask(question: Question) -> Reply:
        return await ask_for_answer(question, counted, prompts, settings)

    counted = Counted(client)
    groups = same(questions, key)
    different = {identity(group[0].text): group[0] for group in groups}
    wordings = {identity(group[0].text): {identity(question.text) for question in group} for group in groups}
    done = run(
        different.items(),
        ask,
        concurrency=settings.requests_at_once,
        client=counted,
        on_progress=on_progress,
    )
    return Answers(
        texts={wording: reply.text for first, reply in done.results.items() for wording in wordings[first]},
        failures={wording: failure for failure in done.failures for wording in wordings[failure.id]},
        usage=done.usage,
        requests=done.requests - done.cached,
        cached=done.cached,
        interrupted=done.interrupted,
        stopped=done.stopped,
    )


def judged_grade(
    answer: str,
    rubric: Rubric,
    client: Client,
    prompts: Prompts,
    settings: Settings,
    *,
    id: str,
    question: str,
) -> Grade:
    """One answer's grade by a model.

    Raises:
        EndpointError: the endpoint cannot be used.
        PromptError: the template does not render.
        KeyboardInterrupt: the person gave up waiting.
    """
    counted = Counted(client)
    judge = Judge(counted, prompts, settings)

    async def ask(text: str) -> Grade:
        return await judge.grade(text, rubric, id=id, question=question)

    done = run([(id, answer)], ask, concurrency=1, client=counted)
    if done.stopped is not None:
        raise done.stopped
    if id not in done.results:
        raise KeyboardInterrupt
    return done.results[id]


def export(banks: Sequence[Bank], to: str | os.PathLike[str], rubrics: Rubrics) -> Key:
    """Write the banks' answer key, in the form that the suffix names; returns the key.

    Raises:
        OutputError: no form has that suffix, the file cannot be written, or it is one of the banks.
    """
    target = Path(to)
    write = writer_for(target)
    if any(Path(bank.path).resolve() == target.resolve() for bank in banks):
        raise OutputError(f"{target}: would replace a bank that is read; choose another file")
    check_writable([target])
    key = answer_key(banks, rubrics)
    save_copy(target, write(key).encode("utf-8", "replace"))
    return key
