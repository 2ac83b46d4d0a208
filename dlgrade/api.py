"""What dlgrade does, as functions over records: read banks, find their answers, fill them, grade, export.

The commands are thin shells around these, and `import dlgrade` offers the same to programs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from dlgrade.answering import ask_for_answer, asked_origin, shipped_answer, shipped_origin
from dlgrade.banks.outputs import check_writable, save_copy
from dlgrade.banks.same import identity, same
from dlgrade.errors import OutputError
from dlgrade.export import writer_for
from dlgrade.export.key import Key, answer_key
from dlgrade.grading.judge import Judge
from dlgrade.llm.request import Client, Reply
from dlgrade.models import Bank, Grade, Question, Rubric
from dlgrade.prompts import Prompts
from dlgrade.rubrics import Rubrics
from dlgrade.runs import Counted, Progressed, run
from dlgrade.saving import Answers
from dlgrade.settings import Settings


def shipped_answers(questions: Iterable[Question], rubrics: Rubrics) -> Answers:
    """The references that ship with dlgrade, for the questions that have one.

    Raises:
        RubricError: a rubric that is needed has a mistake in it.
    """
    different = {identity(group[0].text): group[0] for group in same(questions)}
    found = ((wording, shipped_answer(question, rubrics)) for wording, question in different.items())
    texts = {wording: text for wording, text in found if text is not None}
    origins = {wording: shipped_origin(different[wording], rubrics) for wording in texts}
    return Answers(texts, {wording: origin for wording, origin in origins.items() if origin is not None})


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
    origin = asked_origin(prompts, settings)
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
        origins={wording: origin for first in done.results for wording in wordings[first]},
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


def export(banks: Sequence[Bank], to: str | os.PathLike[str], rubrics: Rubrics, *, reviewed: bool = False) -> Key:
    """Write the banks' answer key, in the form that the suffix names; returns the key.

    With `reviewed` only answers that a person wrote, accepted or edited.

    Raises:
        LedgerError: the ledger beside a bank is broken.
        OutputError: no form has that suffix, the file cannot be written, or it is one of the banks.
    """
    target = Path(to)
    write = writer_for(target)
    if any(Path(bank.path).resolve() == target.resolve() for bank in banks):
        raise OutputError(f"{target}: would replace a bank that is read; choose another file")
    check_writable([target])
    key = answer_key(banks, rubrics, reviewed=reviewed)
    save_copy(target, write(key).encode("utf-8", "replace"))
    return key
