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
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import takewhile
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dlgrade.banks.chosen import Looked, Positions
from dlgrade.banks.filling import save, span
from dlgrade.banks.locking import FOLDER, holding
from dlgrade.banks.same import identity
from dlgrade.banks.wording import spaced
from dlgrade.banks.written import Lines, Written
from dlgrade.errors import LedgerError, OutputError
from dlgrade.models import Bank, Question
from dlgrade.numbered import Grouped, Numbered

FILE = "answers.jsonl"
_LOCK = ".answers.lock"  # a document's is its name and `.lock`; none is called `.answers`

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_LINE_ENDS = bytes(ord("\n") if chr(code).isspace() else code for code in range(256))  # for what parts words
_SAID = {
    "extra_forbidden": "unknown key",
    "unexpected_keyword_argument": "unknown key",
    "missing": "missing key",
    "missing_argument": "missing key",
}


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
    lines: Lines

    @classmethod
    def beside(cls, document: str | os.PathLike[str]) -> Ledger:
        """Read the ledger of a document's folder; it is empty where there is none.

        Raises:
            LedgerError: a line is none of a ledger's; with file and line.
            OutputError: it cannot be read, or the disk of temporary files is full.
        """
        path = _file(document)
        return cls(path, Lines(_read(path)))

    def known(self, bank: Bank) -> Looked[Written]:
        """The lines of a bank's answers that a machine wrote, by question id; a person's are not among them.

        A line belongs to the question that it names. One whose question the bank no longer has belongs to the
        question that has its answer now: the question was changed.
        """
        hashes, by_hash, here = Numbered(), Grouped(), Numbered()
        for number, answer in self.lines.hashes(name_of(bank.path)):
            by_hash.add(hashes.add(answer), number)
        if not by_hash:
            return Looked(Positions(bank), self.lines.numbered)
        for question in bank.questions:
            here.add(identity(question.text))
        found = Positions(bank)
        numbers = array("i", bytes(4 * (len(bank.questions) + 1)))
        for question in bank.questions:
            known = None if question.answer is None else hashes.get(answer_hash(question.answer))
            if known is None:
                continue
            lines = [(number, self.lines.numbered(number)) for number in by_hash[known]]
            if (chosen := _line_of(question, lines, here, bank.source)) is not None:
                found.add(question.position)
                numbers[question.position] = chosen
        return Looked(found, lambda at: self.lines.numbered(numbers[at]))

    def restore(self, lines: Iterable[Written]) -> None:
        """Take lines back that were added since, for a document that then could not be written."""
        new = Lines(line for line in lines if self.lines.get(line) != line)
        _change(self.path, add=Lines(old for line in new if (old := self.lines.get(line))), drop=new)


def name_of(document: str | os.PathLike[str]) -> str:
    """What a document is called in its ledger."""
    return Path(os.path.realpath(document)).name


def check(document: str | os.PathLike[str]) -> None:
    """See that the ledger of a document's folder is whole.

    Raises:
        LedgerError: a line is none of a ledger's; with file and line.
        OutputError: it cannot be read.
    """
    for _ in _read(_file(document)):
        pass


def update(document: str | os.PathLike[str], *, add: Iterable[Written] = (), drop: Iterable[Written] = ()) -> None:
    """Change lines in the ledger of a document's folder; where that changes nothing, the file is not touched.

    Only a line that is still as `drop` has it goes. A review that is there already is kept if the new line has none.

    Raises:
        LedgerError: the file that is there is broken.
        OutputError: it cannot be written.
    """
    _change(_file(document), Lines.of(add), Lines.of(drop))


def forget(bank: Bank, lines: Iterable[Written]) -> None:
    """Drop lines whose answers gave way, unless the bank, as it is now, has them elsewhere.

    Raises:
        LedgerError: the file that is there is broken.
        OutputError: it cannot be written.
    """
    standing = Lines(Ledger.beside(bank.path).known(bank).values())
    update(bank.path, drop=(line for line in lines if standing.get(line) != line))


def _change(path: Path, add: Lines, drop: Lines) -> None:
    if not add and not drop:
        return
    with holding(path.with_name(_LOCK)):
        lines = Lines(_read(path)).changed(add, drop)
        if lines is not None:
            save(path, (line.encode() for line in lines.in_order))


def _line_of(question: Question, lines: Sequence[tuple[int, Written]], here: Numbered, source: str) -> int | None:
    """The number of the line that a question's answer has, of those with its hash."""
    wording = identity(question.text)
    if own := [(number, line) for number, line in lines if identity(line.question) == wording]:
        return max(own, key=lambda one: (_led(source, question, one[1].lead), one[1].review is not None))[0]
    lost = [(number, line) for number, line in lines if identity(line.question) not in here]
    return max(lost, key=lambda one: _likeness(one[1].question, question.text), default=(None,))[0]


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


def _file(document: str | os.PathLike[str]) -> Path:
    return Path(os.path.realpath(document)).parent / FOLDER / FILE


def _read(path: Path) -> Iterator[Written]:
    """The lines of a file, one by one; Git may have kept both sides' lines, in any order."""
    try:
        with path.open("rb") as file:
            begin = 0
            # Not splitlines(): JSON leaves some of the signs that it parts at as they are.
            for number, data in enumerate(file, start=1):
                line = data.removeprefix(BOM_UTF8) if number == 1 else data
                try:
                    text = line.decode()
                except UnicodeDecodeError as error:
                    raise LedgerError(f"{path}: not UTF-8 (byte {begin + error.start})") from None
                begin += len(line)
                if text.strip():
                    yield _parsed(text, f"{path}:{number}")
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None


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
