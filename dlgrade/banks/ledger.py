"""Who wrote what: the answers that a machine wrote into the documents of a folder.

`.dlgrade/answers.jsonl` beside the documents, made to be committed, one line for each answer:

    {"bank": "general.md", "question": "What is dropout?", "answer": "9f86d0…", "model": "made-up",
     "prompt": {"template": "answer", "hash": "3b2c…", "temperature": 0.0}, "time": "2026-11-25T22:37:01Z",
     "review": null, "was": "_[To be filled]_", "lead": " ", "trail": ""}

The link to the document is the answer's hash: an answer whose hash is not here is a person's. Lines are sorted, so
that answers to different questions, written on two branches, meet in Git without a conflict; a line that Git kept
twice is no harm. Nothing but `update` changes the file, and only the lines that it was told to.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from dlgrade.banks.filling import save, span
from dlgrade.banks.locking import FOLDER, holding
from dlgrade.banks.same import identity
from dlgrade.banks.wording import spaced
from dlgrade.errors import LedgerError, OutputError
from dlgrade.models import Bank, Question, Record

FILE = "answers.jsonl"
_LOCK = ".answers.lock"  # a document's is its name and `.lock`; none is called `.answers`

_JSON = json.JSONEncoder(ensure_ascii=False)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_LINE_ENDS = bytes(ord("\n") if chr(code).isspace() else code for code in range(256))  # for what parts words
_SAID = {
    "extra_forbidden": "unknown key",
    "unexpected_keyword_argument": "unknown key",
    "missing": "missing key",
    "missing_keyword_only_argument": "missing key",
}

Key = tuple[str, str, str, str]


class Prompt(Record):
    """What an answer was made from: a template's name, or a rubric's, the hash of its content, and the sampling."""

    template: str
    hash: str
    temperature: float | None = None


class Origin(Record):
    """Where an answer comes from: the model as it was named, `offline` for a shipped reference, and the prompt."""

    model: str
    prompt: Prompt


class Review(Record):
    """What a person decided, and when."""

    verdict: Literal["accepted", "edited"]
    time: str


@checked(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid", defer_build=True))
class Written:
    """One answer that a machine wrote. `was` stood in its place, and `lead` and `trail` came with it.

    It is checked as a `Record` is, in a ninth of the memory: a document may have a hundred thousand.
    """

    bank: str
    question: str
    answer: str
    model: str
    prompt: Prompt
    time: str
    review: Review | None = None
    was: str = ""
    lead: str = ""
    trail: str = ""

    @property
    def key(self) -> Key:
        """What makes a line the line it is; of two the later counts.

        One question may stand in several places and have the same answer there: the lead tells them apart.
        """
        return self.bank, self.answer, identity(self.question), self.lead

    @property
    def line(self) -> str:
        """The line as it stands in the file."""
        said: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        said["prompt"] = self.prompt.model_dump()
        said["review"] = self.review and self.review.model_dump()
        return _JSON.encode(said) + "\n"


def answer_hash(answer: str) -> str:
    """SHA-256, in hex, over what an answer says as it reads back from its document.

    White space outside code, line ends and blanks at the end of lines are what editors and Git change by themselves;
    anything else is somebody's change.
    """
    if "```" not in answer and "~~~" not in answer:
        return hashlib.sha256(_word_by_word(answer)).hexdigest()
    lines: list[str] = []
    fence = ""
    for line in answer.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        mark = _FENCE.match(line)
        if fence:
            lines.append(line.rstrip())
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
        elif mark:
            lines.append(line.strip())
            fence = mark[1]
        else:
            lines += spaced(line).split()
    return hashlib.sha256("\n".join(lines).strip().encode()).hexdigest()


def _word_by_word(text: str) -> bytes:
    """Return the words of a text, a line each."""
    if not text.isascii():
        return "\n".join(text.split()).encode()
    # It comes to the same, without a string for each word.
    data = text.encode().translate(_LINE_ENDS).strip(b"\n")
    while b"\n\n" in data:
        data = data.replace(b"\n\n", b"\n")
    return data


def now() -> str:
    """The time, in UTC to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Ledger:
    """The lines of one file, later ones of a key in the place of earlier ones."""

    path: Path
    lines: tuple[Written, ...] = ()

    @classmethod
    def beside(cls, document: str | os.PathLike[str]) -> Ledger:
        """Read the ledger of a document's folder; it is empty where there is none.

        Raises:
            LedgerError: a line is none of a ledger's; with file and line.
        """
        path = Path(os.path.realpath(document)).parent / FOLDER / FILE
        return cls(path, tuple(_read(path).values()))

    def known(self, bank: Bank) -> dict[str, Written]:
        """The lines of a bank's answers that a machine wrote, by question id; a person's are not among them.

        A line belongs to the question that it names. One whose question the bank no longer has belongs to the
        question that has its answer now: the question was changed.
        """
        by_hash: dict[str, list[Written]] = {}
        name = name_of(bank.path)
        for line in self.lines:
            if line.bank == name:
                by_hash.setdefault(line.answer, []).append(line)
        if not by_hash:
            return {}
        here = {identity(question.text) for question in bank.questions}
        found = {
            question.id: _line_of(question, by_hash.get(answer_hash(question.answer), ()), here, bank.source)
            for question in bank.questions
            if question.answer is not None
        }
        return {id_: line for id_, line in found.items() if line is not None}

    def restore(self, lines: Iterable[Written]) -> None:
        """Take lines back that were added since, for a document that then could not be written."""
        old = {line.key: line for line in self.lines}
        new = [line for line in lines if old.get(line.key) != line]
        _change(self.path, add=[old[line.key] for line in new if line.key in old], drop=new)


def name_of(document: str | os.PathLike[str]) -> str:
    """What a document is called in its ledger."""
    return Path(os.path.realpath(document)).name


def update(document: str | os.PathLike[str], *, add: Iterable[Written] = (), drop: Iterable[Written] = ()) -> None:
    """Change lines in the ledger of a document's folder; where that changes nothing, the file is not touched.

    Only a line that is still as `drop` has it goes. A review that is there already is kept if the new line has none.

    Raises:
        LedgerError: the file that is there is broken.
        OutputError: it cannot be written.
    """
    _change(Path(os.path.realpath(document)).parent / FOLDER / FILE, list(add), list(drop))


def forget(bank: Bank, lines: Iterable[Written]) -> None:
    """Drop lines whose answers gave way, unless the bank, as it is now, has them elsewhere.

    Raises:
        LedgerError: the file that is there is broken.
        OutputError: it cannot be written.
    """
    standing = {line.key: line for line in Ledger.beside(bank.path).known(bank).values()}
    update(bank.path, drop=[line for line in lines if standing.get(line.key) != line])


def _change(path: Path, add: Sequence[Written], drop: Sequence[Written]) -> None:
    if not add and not drop:
        return
    with holding(path.with_name(_LOCK)):
        there = _read(path)
        lines = dict(there)
        for line in drop:
            if lines.get(line.key) == line:
                del lines[line.key]
        for line in add:
            old = lines.get(key := line.key)
            if old is None or line.review or not old.review:
                lines[key] = line
        if lines != there:
            ordered = sorted(lines.values(), key=lambda line: (line.bank, line.question, line.answer, line.lead))
            save(path, (line.line.encode() for line in ordered))


def _line_of(question: Question, lines: Sequence[Written], here: set[str], source: str) -> Written | None:
    wording = identity(question.text)
    if own := [line for line in lines if identity(line.question) == wording]:
        return max(own, key=lambda line: (_led(source, question, line.lead), line.review is not None))
    lost = [line for line in lines if identity(line.question) not in here]
    return max(lost, key=lambda line: _likeness(line.question, question.text), default=None)


def _led(source: str, question: Question, lead: str) -> int:
    """Say how much of a lead stands before an answer, in characters from its end."""
    if question.standing is None:
        return 0
    start, _ = span(source, question.standing)
    before = source[max(0, start - 2 * len(lead)) : start].replace("\r\n", "\n")
    pairs = zip(reversed(before), reversed(lead), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _likeness(one: str, other: str) -> float:
    # Imported here for start-up time: only a question that was reworded is compared.
    import difflib  # noqa: PLC0415

    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def _read(path: Path) -> dict[Key, Written]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise LedgerError(f"{path}: not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    found: dict[Key, Written] = {}
    # Not splitlines(): JSON leaves some of the signs that it parts at as they are.
    for number, text_of_line in enumerate(text.split("\n"), start=1):
        if text_of_line.strip():
            line = _parsed(text_of_line, f"{path}:{number}")
            old = found.get(line.key)
            # Git may have kept both sides' lines, in any order: a review is never lost by that.
            if old is None or line.review or not old.review:
                found[line.key] = line
    return found


@cache
def _written() -> TypeAdapter[Written]:
    return TypeAdapter(Written)


def _parsed(text: str, where: str) -> Written:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        conflict = text.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||"))
        hint = "Git left a conflict here: keep the lines of both sides, without the marks." if conflict else None
        raise LedgerError(f"{where}: not a line of JSON: {text[:40].strip()!r}", hint=hint) from None
    if not isinstance(data, dict):
        raise LedgerError(f"{where}: a line is an object with bank, question, answer, model, prompt and time")
    try:
        return _written().validate_python(data)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        said = _SAID.get(first["type"], first["msg"])
        raise LedgerError(f"{where}: {'.'.join(map(str, first['loc']))}: {said}") from None
