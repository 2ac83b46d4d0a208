"""A path to a Bank: finding documents, decoding them, choosing the form.

Everything that can be wrong with a file becomes a BankError of one clear line, path first.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path

from dlgrade.banks.blocks import Document
from dlgrade.banks.choosing import best_reading
from dlgrade.banks.entries import Entry, Reading
from dlgrade.banks.forms import SUFFIXES
from dlgrade.banks.legend import with_legend
from dlgrade.banks.paged import Text, paged
from dlgrade.banks.spelling.repair import is_plain, repaired, words_of
from dlgrade.banks.wording import readable, spaced
from dlgrade.errors import BankError, NoQuestions
from dlgrade.models import HISTORY_SIGN, TAPE_SIGN, Bank, Choices, Question
from dlgrade.shelf import made, shelved

AS_IT_IS = Choices()
"""Nothing chosen: every document in its most convincing form."""

# How a file of grades begins, which asks much and wants no answers: `dlgrade fill` would write into it.
_TEXT = r'"(?:[^"\\]|\\.)*"'
_GRADES = re.compile(
    rf"\ufeff?(?:id[,;\t]question[,;\t]rubric[,;\t]status[,;\t]score[,;\t]"
    rf'|\{{"id": ?{_TEXT}, ?"question": ?{_TEXT}, ?"rubric": ?{_TEXT}, ?"status": ?"(?:graded|ungraded|failed)")'
)

_UNDERSTOOD = (
    "understood are headings (`## Question 1` with `**What is …?**` below, or `### 1. What is …?`), lists and bullets "
    "(`1. What is …?`), lines in bold, tables (`| No. | Question | Answer |`), `<details>`, plain text (`Q1: …`, "
    "`A1: …`), Org, and CSV, TSV, JSON, JSON Lines, YAML and notebooks whose fields or cells are questions "
    "(`question`, `answer`)"
)


def read_bank(path: str | os.PathLike[str], *, choices: Choices = AS_IT_IS) -> Bank:
    """Read one document. A question that lost spaces has them again in its `text`, `raw` stays as it is.

    Raises:
        BankError: the file cannot be read, is no text, or holds no questions.
    """
    path = Path(path)
    source, encoding = decode(_bytes(path), name=str(path))
    return bank_from_text(source, path=str(path), encoding=encoding, choices=choices)


def bank_from_text(
    source: str,
    *,
    path: str,
    encoding: str = "utf-8",
    choices: Choices = AS_IT_IS,
) -> Bank:
    """Read a document that is in memory already; `path` names it, and nothing is opened.

    Raises:
        BankError: the text holds no questions, or is broken as data.
    """
    reading = _read(source, path, choices)
    name = Path(path).stem
    positions = range(1, len(reading.entries) + 1)
    return Bank(
        path=path,
        name=name,
        form=reading.form,
        sure=reading.sure,
        choices=choices,
        source=source,
        encoding=encoding,
        questions=made(partial(_question, name), positions, reading.entries, _texts(reading.entries)),
        once=reading.once,
        remarks=reading.remarks,
    )


def read_back(bank: Bank, source: Text) -> Sequence[Entry] | None:
    """The entries of a bank with another source, as they would be its questions; None where that is not the bank.

    They are what `bank_from_text` makes questions of: a proof need not hold two banks.
    """
    try:
        reading = _read(source, bank.path, bank.choices)
    except BankError:
        return None
    same = reading.form == bank.form and len(reading.entries) == len(bank.questions)
    return reading.entries if same else None


def _read(source: Text, path: str, choices: Choices) -> Reading:
    if source.startswith(f'{{"{TAPE_SIGN}":'):
        raise NoQuestions(f"{path}: is a recording of a run, not a bank")
    if source.startswith(f'{{"{HISTORY_SIGN}":'):
        raise NoQuestions(f"{path}: is a history of practice, not a bank")
    if _GRADES.match(paged(source, 0, 0)[0]):
        raise NoQuestions(f"{path}: holds grades, not a bank")
    try:
        reading = best_reading(Document(source), Path(path).suffix, choices)
    except BankError as error:
        if not error.message.startswith(":"):
            raise
        raise BankError(f"{path}{error.message}") from None  # a form knows the line, not the path
    if reading is None and choices.form is not None:
        raise NoQuestions(f"{path}: no questions found in the form {choices.form!r}; without --form others are tried")
    if reading is None:
        raise NoQuestions(f"{path}: no questions found; {_UNDERSTOOD}")
    return replace(reading, entries=with_legend(reading.entries, source))


def find_banks(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return files as they are given, and for folders the documents in them, sorted; nothing twice.

    Hidden files and folders are skipped.

    Raises:
        BankError: a path does not exist, or a folder has no documents.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(_documents(path))
            if not inside:
                raise BankError(
                    f"{path}: no documents in this folder; looked for {', '.join(f'*{s}' for s in SUFFIXES)}"
                )
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise BankError(f"{path}: no such file or folder")
    return list(found)


def decode(data: bytes, *, name: str) -> tuple[str, str]:
    """Return the text, byte order mark and line ends untouched, and the encoding that turns it back.

    Raises:
        BankError: the bytes are no text; the message says where.
    """
    encoding = "utf-8"
    if data.startswith(codecs.BOM_UTF16_LE):
        encoding = "utf-16-le"
    elif data.startswith(codecs.BOM_UTF16_BE):
        encoding = "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and b"\0" in data:
            raise BankError(f"{name}: this is no text but a binary file") from None
        line = data.count(b"\n", 0, error.start) + 1
        label = "UTF-8" if encoding == "utf-8" else "UTF-16"
        raise BankError(f"{name}:{line}: not {label} at byte {error.start}; save the file as UTF-8") from None
    if "\0" in text:
        raise BankError(f"{name}: this is no text but a binary file")
    if not text.lstrip("\ufeff").strip():
        raise BankError(f"{name}: the file is empty")
    return text, encoding


def _question(bank: str, position: int, entry: Entry, text: str | None) -> Question:
    return Question(
        bank=bank,
        position=position,
        number=entry.number,
        raw=entry.raw,
        text=entry.raw if text is None else text,
        category=entry.category,
        difficulty=entry.difficulty,
        marks=entry.marks,
        answer=entry.body.answer,
        line=entry.line,
        place=entry.place,
        slot=entry.body.slot,
        standing=entry.body.standing,
    )


def _texts(entries: Sequence[Entry]) -> Sequence[str | None]:
    """What the entries say, None where that is the same as it stands."""
    if isinstance(entries, tuple):
        return _few_texts(tuple([entry.raw for entry in entries]))
    known = words_of(entry.raw for entry in entries)
    return shelved((_text(entry.raw, known) for entry in entries), lambda text: (text,), itemgetter(0))


@lru_cache(maxsize=1)  # a document is read again once it has answers in it
def _few_texts(raws: tuple[str, ...]) -> tuple[str | None, ...]:
    known = words_of(raws)
    return tuple([_text(raw, known) for raw in raws])


def _text(raw: str, known: frozenset[str]) -> str | None:
    """The wording on one line and repaired, what belongs to it as it stands."""
    if is_plain(raw):
        return None
    wording, gap, material = raw.partition("\n\n")
    text = f"{readable(repaired(spaced(wording), known))}{gap}{material}"
    return None if text == raw else text  # one of the two is enough


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BankError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise BankError(f"{path}: this is a folder; name one of its documents") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise BankError(f"{path}: cannot be read: {(reason or str(error)).lower()}") from None


def _documents(folder: Path) -> Iterator[Path]:
    def complain(error: OSError) -> None:
        raise BankError(f"{error.filename}: cannot be read: {(error.strerror or str(error)).lower()}")

    for where, folders, files in os.walk(folder, onerror=complain):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and name.lower().endswith(SUFFIXES):
                yield Path(where, name)
