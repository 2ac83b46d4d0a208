"""Template + record -> messages.

A template is one Jinja file with a block for each message, named by its role:

    {% block system %}You write reference answers.{% endblock %}
    {% block user %}{{ question.text }}{% endblock %}

An undefined name is an error, never an empty string. Templates run sandboxed (`dlgrade.sandbox`), since a prompts
folder may come from somebody else; one that only names things is rendered without Jinja (`dlgrade.plain`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dlgrade.errors import PromptError
from dlgrade.models import Message
from dlgrade.plain import BeyondPlain, Part, blocks_of, rendered

if TYPE_CHECKING:
    from dlgrade.sandbox import Sandbox

_ROLES: tuple[Literal["system", "user"], ...] = ("system", "user")


def fence(word: str, *texts: str) -> str:
    """A tag's name that none of the texts contains, made of a word; the same for the same texts."""
    salt, whole = 0, "\0".join(texts)
    while True:
        tag = f"{word}-" + hashlib.sha256(f"{salt}{whole}".encode()).hexdigest()[:8]
        if tag not in whole:
            return tag
        salt += 1


class _Plain(NamedTuple):
    """A template that takes no Jinja."""

    path: Path
    source: str
    blocks: Mapping[str, list[Part]]


class Prompts:
    """The templates of some folders, earlier folders over later ones file by file."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._plain: dict[str, _Plain | None] = {}
        self._fingerprints: dict[str, str] = {}

    def render(self, name: str, /, **context: Any) -> tuple[Message, ...]:
        """The messages that the template makes of the context, empty ones left out.

        Raises:
            PromptError: no such template, a syntax error, or an undefined name; with file and line.
        """
        made = self._blocks(name, context)
        said = [(role, text) for role in _ROLES if (text := made.get(role, "").strip())]
        if not said or said[-1][0] != "user":
            raise PromptError(f"{self._path(name)}: a template needs a block named user that is not empty")
        return tuple([Message(role=role, content=text) for role, text in said])

    def fingerprint(self, name: str) -> str:
        """The first 12 hex digits of SHA-256 over the template and those that it includes or extends.

        Raises:
            PromptError: no such template, or a syntax error.
        """
        if (known := self._fingerprints.get(name)) is None:
            plain = self._plain_template(name)
            sources = self._sandbox.sources(name) if plain is None else {f"{name}.j2": plain.source}
            whole = "".join(f"{file}\0{source}\0" for file, source in sources.items())
            known = self._fingerprints[name] = hashlib.sha256(whole.encode()).hexdigest()[:12]
        return known

    def _blocks(self, name: str, context: Mapping[str, Any]) -> Mapping[str, str]:
        plain = self._plain_template(name)
        if plain is not None:
            try:
                return {role: rendered(plain.blocks[role], context) for role in _ROLES if role in plain.blocks}
            except BeyondPlain:
                pass  # what is wrong is for Jinja to say
        return self._sandbox.blocks(name, context, _ROLES)

    def _path(self, name: str) -> Path:
        plain = self._plain_template(name)
        return self._sandbox.path(name) if plain is None else plain.path

    def _plain_template(self, name: str) -> _Plain | None:
        """The template if it takes no Jinja; None too where it is not there or cannot be read: Jinja says so."""
        if name not in self._plain:
            self._plain[name] = _plain(self._folders, name)
        return self._plain[name]

    @cached_property
    def _sandbox(self) -> Sandbox:
        # Imported here for start-up time: many templates need no Jinja.
        from dlgrade.sandbox import Sandbox  # noqa: PLC0415

        return Sandbox(self._folders)


def _plain(folders: Sequence[Path], name: str) -> _Plain | None:
    path = next((path for folder in folders if (path := folder / f"{name}.j2").is_file()), None)
    try:
        source = "" if path is None else path.read_text(encoding="utf-8")
        return None if path is None else _Plain(path, source, blocks_of(source))
    except (OSError, UnicodeDecodeError, BeyondPlain):
        return None
