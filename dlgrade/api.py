"""What dlgrade does, as functions over records: read banks, fill them, grade, export.

The commands are thin shells around these, and `import dlgrade` offers the same to programs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dlgrade.banks.outputs import check_writable, save_copy
from dlgrade.errors import OutputError
from dlgrade.export import WITH_RUBRICS, writer_for
from dlgrade.export.key import Key, Wanted, answer_key
from dlgrade.grading.judge import Judge
from dlgrade.llm.counted import Counted, Found
from dlgrade.models import Bank, Grade, Rubric
from dlgrade.rubrics import Rubrics


def judged_grade(
    answer: str,
    rubric: Rubric,
    client: Counted,
    judge: Judge,
    *,
    id: str,
    question: str,
) -> Grade:
    """One answer's grade by a judge, which asks that client.

    Raises:
        RunStopped: the endpoint cannot be used, or the budget is spent.
        PromptError: the template does not render.
        KeyboardInterrupt: the person gave up waiting.
    """
    asked = judge.asked(answer, rubric, id=id, question=question)
    found = Found(client)
    if (grade := judge.at_hand(asked, found)) is not None:
        found.taken()
        return grade
    # Imported here for start-up time: a grade from the cache needs no event loop.
    from dlgrade.runs import run  # noqa: PLC0415

    done = run([(id, asked)], judge.answered, concurrency=1, client=client, patient=False)
    if done.stopped is not None:
        raise done.stopped
    if id not in done.results:
        raise KeyboardInterrupt
    return done.results[id]


def export(banks: Sequence[Bank], to: str | os.PathLike[str], rubrics: Rubrics, wanted: Wanted | None = None) -> Key:
    """Write the banks' answer key, in the form that the suffix names; returns the key.

    `wanted` says what goes into it, and what stands beside each question; everything and the reference by default. A
    form that has its own place for rubrics holds them in any case, but a student's.

    Raises:
        LedgerError: the ledger beside a bank is broken.
        OutputError: no form has that suffix or its extra is not installed, the file cannot be written, or it is one
            of the banks.
        RubricError: a rubric that is used has a mistake.
    """
    target = Path(to)
    write = writer_for(target)
    if any(Path(bank.path).resolve() == target.resolve() for bank in banks):
        raise OutputError(f"{target}: would replace a bank that is read; choose another file")
    check_writable([target])
    wanted = wanted or Wanted()
    if target.suffix.lower() in WITH_RUBRICS:
        wanted = replace(wanted, rubrics=not wanted.student)
    key = answer_key(banks, rubrics, wanted)
    save_copy(target, write(key))
    return key
