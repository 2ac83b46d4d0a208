"""Rubrics: loaded from YAML with file and line in every complaint, and matched to questions.

    question: What is dropout, and how does it prevent overfitting in neural networks?
    also: [How do dropout layers help prevent overfitting?]
    topic: regularization
    reference: |-
      …
    criteria:
      - {id: random-masking, points: 3, expects: …, cues: [[…]]}
    misconceptions:
      - {id: active-at-inference, costs: 2, claims: …, cues: [[…]]}

A question finds its rubric by its text with case, spaces and punctuation taken off, so that a text that
lost its spaces still finds it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dlgrade import models
from dlgrade.banks.same import identity
from dlgrade.errors import RubricError

if TYPE_CHECKING:
    import yaml

    from dlgrade.models import Criterion, Misconception, Question, Rubric

MADE = "reference-"
"""How the name of a rubric begins that was made from a reference."""

_HEAD = re.compile(r"(?s)\A.*?(?=^(?!question:|also:)[A-Za-z_]\w*:)", re.MULTILINE)
# Several words on a line, in signs that mean nothing to YAML where they stand: nobody takes them for anything else.
_SIGN = r"(?:[^\s:]|:(?=\S))"
_SAID = rf"[A-Za-z]{_SIGN}*(?: (?!#){_SIGN}+)+"
_ALSO = rf"(?P<in> *)- {_SAID}\n(?:(?P=in)- {_SAID}\n)*"
_PLAIN_HEAD = re.compile(rf"question: (?P<question>{_SAID})\n(?:also:(?: \[\]\n|\n(?P<also>{_ALSO})))?")
_CRITERIA = re.compile(r"^criteria[ \t]*:", re.MULTILINE)
_WORDS = {
    "extra_forbidden": "unknown key",
    "missing": "missing key",
    "float_parsing": "not a number",
    "float_type": "not a number",
    "greater_than": "must be more than 0",
    "greater_than_equal": "must not be below 0",
    "finite_number": "not a number",
    "literal_error": "not one of the words allowed",
    "bool_type": "neither true nor false",
}

Location = tuple[str | int, ...]


@lru_cache(maxsize=512)  # many answers share a rubric
def fingerprint(rubric: Rubric) -> str:
    """The first 12 hex digits of SHA-256 over everything in the rubric that a grade can depend on."""
    content = rubric.model_dump(mode="json", exclude={"name", "also", "near", "topic", "difficulty", "draft"})
    # without needs and groups a rubric is what it was before there were any
    for item, key in ((content, "groups"), *((criterion, "needs") for criterion in content["criteria"])):
        if not item[key]:
            del item[key]
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


@lru_cache(maxsize=8192)
def wording(item: Criterion | Misconception) -> str:
    """The first 12 hex digits of SHA-256 over what a verdict depends on: what a criterion says, whatever its points."""
    said = [item.expects, item.partial] if isinstance(item, models.Criterion) else [item.claims]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:12]


@lru_cache(maxsize=512)  # as above
def wordings(rubric: Rubric) -> Mapping[str, str]:
    """The `wording` of each criterion and misconception, by id."""
    return {c.id: wording(c) for c in rubric.criteria} | {m.id: wording(m) for m in rubric.misconceptions}


def load_rubric(path: str | os.PathLike[str]) -> Rubric:
    """Read one rubric.

    Raises:
        RubricError: the file cannot be read, is no YAML, or is not a rubric; with file and line.
    """
    path = Path(path)
    data, lines = _parse(_read(path), path)
    if not isinstance(data, dict):
        raise RubricError(f"{path}:1: a rubric is a mapping with question, topic, reference and criteria")
    if "name" in data:
        raise RubricError(f"{path}:{lines[('name',)]}: unknown key 'name': a rubric is named by its file")
    try:
        return models.Rubric.model_validate({**data, "name": path.stem})
    except ValidationError as error:
        raise RubricError(_first_complaint(error, path, lines)) from None


def is_rubric(path: Path) -> bool:
    """Say whether a YAML file has criteria, as a rubric must; others are banks."""
    try:
        return path.suffix.lower() in {".yaml", ".yml"} and bool(_CRITERIA.search(path.read_text("utf-8", "replace")))
    except OSError:
        return False  # who reads it says what is wrong


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RubricError(f"{path}: not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise RubricError(f"{path}: cannot be read: {error.strerror}") from None


def _parse(text: str, path: Path) -> tuple[Any, dict[Location, int]]:
    """YAML -> its data, and the line (from 1) of every key and item by its location."""
    # Imported here for start-up time: most heads are read without it.
    import yaml  # noqa: PLC0415

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        lines: dict[Location, int] = {(): 1}
        if node is not None:
            _number(node, (), lines, path)
        return (None if node is None else loader.construct_document(node)), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RubricError(f"{path}:{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise RubricError(f"{path}: not YAML that can be read: {error}") from None
    finally:
        loader.dispose()


def _number(node: yaml.Node, at: Location, lines: dict[Location, int], path: Path) -> None:
    import yaml  # noqa: PLC0415 - for start-up time, as above

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            location = (*at, str(key.value))
            line = key.start_mark.line + 1
            if location in lines:
                raise RubricError(f"{path}:{line}: the key {key.value!r} stands twice")
            lines[location] = line
            _number(value, location, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            lines[(*at, i)] = item.start_mark.line + 1
            _number(item, (*at, i), lines, path)


def _first_complaint(error: ValidationError, path: Path, lines: Mapping[Location, int]) -> str:
    """The first mistake as file:line, where it stands and what it is; a key misspelt rather than the one missed."""
    first = min(error.errors(), key=lambda mistake: mistake["type"] != "extra_forbidden")
    misfit = first.get("ctx", {}).get("error")
    location: Location = (*first["loc"], *(misfit.at if isinstance(misfit, models.Misfit) else ()))
    known = next(location[:n] for n in range(len(location), -1, -1) if location[:n] in lines)
    where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in location)
    what = _WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
    said = first["type"] in {"missing", "extra_forbidden"} or isinstance(misfit, models.Misfit) or not where
    found = "" if said else f", found {first['input']!r}"
    return f"{path}:{lines[known]}: {where + ': ' if where else ''}{what}{found}"


class Rubrics:
    """The rubrics of some folders, earlier folders over later ones file by file.

    Only each file's head (`question`, `also`) is read to find a question's rubric; the rest is read and
    checked when the rubric is asked for.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    @cached_property
    def paths(self) -> Mapping[str, Path]:
        """The files by rubric name, sorted by name."""
        found: dict[str, Path] = {}
        for folder in self._folders:
            for path in sorted(folder.glob("*.y*ml")):
                found.setdefault(path.stem, path)
        return dict(sorted(found.items()))

    @cached_property
    def _heads(self) -> Mapping[str, tuple[str, ...]]:
        return {name: _wordings_of(path) for name, path in self.paths.items()}

    @cached_property
    def _by_wording(self) -> Mapping[str, str]:
        """Identity -> rubric name. Of two folders the earlier wins; two rubrics of one folder must not compete."""
        found: dict[str, str] = {}
        for folder in self._folders:
            for name in (name for name, path in self.paths.items() if path.parent == folder):
                for wording in self._heads[name]:
                    other = found.setdefault(identity(wording), name)
                    if other != name and self.paths[other].parent == folder:
                        raise RubricError(f"{self.paths[name]}: {wording!r} already stands in {self.paths[other]}")
        return found

    def name_for(self, question: Question | str) -> str | None:
        """The name of the question's rubric, if it has one; what belongs to the question may stand in it or not."""
        text = question if isinstance(question, str) else question.text
        return self._by_wording.get(identity(text)) or self._by_wording.get(identity(text.partition("\n\n")[0]))

    def key(self, question: Question) -> str:
        """What makes a question the question it is: its rubric, by any of its wordings, or else its own text."""
        own = identity(question.text)
        return self._by_wording.get(own, own)

    def for_question(self, question: Question | str) -> Rubric | None:
        """The question's rubric, loaded and checked, if it has one."""
        name = self.name_for(question)
        return None if name is None else self.load(name)

    def load(self, name: str) -> Rubric:
        """The rubric of that name; KeyError if there is none."""
        return load_rubric(self.paths[name])

    def all(self) -> Iterable[Rubric]:
        """Every rubric, by name."""
        return (load_rubric(path) for path in self.paths.values())


def _wordings_of(path: Path) -> tuple[str, ...]:
    text = _read(path)
    head = _HEAD.match(text)
    if head and (said := plain_head(head[0])):
        return said
    data, _ = _parse(head.group() if head else text, path)
    if isinstance(data, dict) and isinstance(data.get("question"), str):
        also = data.get("also") or []
        if isinstance(also, list) and all(isinstance(wording, str) for wording in also):
            return (data["question"], *also)
    # The head is not at the top, or wrong: the whole file says which.
    rubric = load_rubric(path)
    return (rubric.question, *rubric.also)


def plain_head(text: str) -> tuple[str, ...] | None:
    """The wordings in a head that needs no YAML to be read, None if it is another one."""
    plain = _PLAIN_HEAD.fullmatch(text) if text.replace("\n", "").isprintable() else None
    if plain is None:
        return None
    also = (line.lstrip(" ").removeprefix("- ") for line in (plain["also"] or "").split("\n"))
    return plain["question"], *filter(None, also)
