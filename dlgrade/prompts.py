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
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dlgrade.errors import PromptError
from dlgrade.models import Message
from dlgrade.plain import BeyondPlain, Part, blocks_of, is_fixed, rendered

if TYPE_CHECKING:
    from dlgrade.sandbox import Sandbox

Role = Literal["system", "user"]
_ROLES: tuple[Role, ...] = ("system", "user")


def fence(word: str, *texts: str) -> str:
    """A tag's name that none of the texts contains, made of a word; the same for the same texts."""
    salt, whole = 0, "\0".join(texts)
    while True:
        tag = f"{word}-" + hashlib.sha256(f"{salt}{whole}".encode()).hexdigest()[:8]
        if tag not in whole:
            return tag
        salt += 1


class _Plain(NamedTuple):
    """A template that takes no Jinja; of its roles, those whose message is the same every time are `fixed`."""

    path: Path
    source: str
    blocks: Mapping[Role, list[Part]]
    fixed: Mapping[Role, Message | None]

    def said(self, context: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages, empty ones left out.

        Raises:
            BeyondPlain: a name is not there, or no template may have it.
        """
        made = [
            self.fixed[role] if role in self.fixed else _message(role, rendered(parts, context))
            for role, parts in self.blocks.items()
        ]
        return tuple([message for message in made if message is not None])


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
        said = self._said(name, context)
        if not said or said[-1].role != "user":
            raise PromptError(f"{self._path(name)}: a template needs a block named user that is not empty")
        return said

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

    def _said(self, name: str, context: Mapping[str, Any]) -> tuple[Message, ...]:
        plain = self._plain_template(name)
        if plain is not None:
            with suppress(BeyondPlain):  # what is wrong is for Jinja to say
                return plain.said(context)
        made = self._sandbox.blocks(name, context, _ROLES)
        messages = [_message(role, made[role]) for role in _ROLES if role in made]
        return tuple([message for message in messages if message is not None])

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
    if path is None:
        return None
    try:
        source = path.read_text(encoding="utf-8")
        every = blocks_of(source)
    except (OSError, UnicodeDecodeError, BeyondPlain):
        return None
    blocks = {role: every[role] for role in _ROLES if role in every}
    fixed = {role: _message(role, rendered(parts, {})) for role, parts in blocks.items() if is_fixed(parts)}
    return _Plain(path, source, blocks, fixed)


def _message(role: Role, text: str) -> Message | None:
    said = text.strip()
    return Message(role=role, content=said) if said else None
