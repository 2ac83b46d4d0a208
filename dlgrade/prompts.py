"""Template + record -> messages.

A template is one Jinja file with a block for each message, named by its role:

    {% block system %}You write reference answers.{% endblock %}
    {% block user %}{{ question.text }}{% endblock %}

An undefined name is an error, never an empty string. Templates run sandboxed, since a prompts folder may come
from somebody else: they reach what they are given and other templates, no file, no program, no network. What a
sandbox does not limit is time and memory.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Collection, Hashable, Sequence
from dataclasses import is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateNotFound, TemplateSyntaxError
from jinja2.meta import find_referenced_templates
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from dlgrade.errors import PromptError
from dlgrade.models import Message

_ROLES: tuple[Literal["system", "user"], ...] = ("system", "user")


def fence(word: str, *texts: str) -> str:
    """A tag's name that none of the texts contains, made of a word; the same for the same texts."""
    salt, whole = 0, "\0".join(texts)
    while True:
        tag = f"{word}-" + hashlib.sha256(f"{salt}{whole}".encode()).hexdigest()[:8]
        if tag not in whole:
            return tag
        salt += 1


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which a record is its data: pydantic's own methods read files, and unpickle whatever they get."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may have an attribute."""
        gives = _gives(cast("Hashable", type(obj)), attr)
        return super().is_safe_attribute(obj, attr, value) if gives is None else gives


@lru_cache(maxsize=256)  # a run asks for the same few of every question
def _gives(kind: Hashable, attr: str) -> bool | None:
    """Whether a record of some kind, a class, gives a template an attribute; None of what is no record."""
    if not isinstance(kind, type):
        return None
    if issubclass(kind, BaseModel):
        fields: Collection[str] = kind.model_fields
    elif is_dataclass(kind):
        fields = kind.__dataclass_fields__
    else:
        return None
    return attr in fields or isinstance(getattr(kind, attr, None), property)


class Prompts:
    """The templates of some folders, earlier folders over later ones file by file."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._known: dict[str, Template] = {}
        self._environment = _Environment(
            loader=FileSystemLoader([str(folder) for folder in folders]),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, name: str, /, **context: Any) -> tuple[Message, ...]:
        """The messages that the template makes of the context, empty ones left out.

        Raises:
            PromptError: no such template, a syntax error, or an undefined name; with file and line.
        """
        template = self._template(name)
        try:
            shared = template.new_context(context)
            parts = [(role, _block(template, role, shared)) for role in _ROLES if role in template.blocks]
        except Exception as error:  # a template computes: it can fail in any way
            names = ", ".join(sorted(context))
            raise PromptError(f"{_place(error, template)}: {error}", hint=f"Defined here: {names}.") from None
        messages = tuple(Message(role=role, content=text) for role, text in parts if text)
        if not any(message.role == "user" for message in messages):
            raise PromptError(f"{template.filename}: a template needs a block named user that is not empty")
        return messages

    def fingerprint(self, name: str) -> str:
        """The first 12 hex digits of SHA-256 over the template and those that it includes or extends."""
        digest = hashlib.sha256()
        todo = [f"{name}.j2"]
        for file in todo:
            source = Path(str(self._template(file.removesuffix(".j2")).filename)).read_text(encoding="utf-8")
            digest.update(f"{file}\0{source}\0".encode())
            named = find_referenced_templates(self._environment.parse(source))
            todo += [other for other in named if other is not None and other not in todo]
        return digest.hexdigest()[:12]

    def _template(self, name: str) -> Template:
        try:
            if (known := self._known.get(name)) is None:
                known = self._known[name] = self._environment.get_template(f"{name}.j2")
                known.globals = dict(known.globals)  # a chain of dicts, which takes longer to copy than to render
            return known
        except TemplateSyntaxError as error:
            raise PromptError(f"{error.filename}:{error.lineno}: {error.message}") from None
        except TemplateNotFound:
            where = ", ".join(str(folder) for folder in self._folders) or "no folder"
            raise PromptError(f"no template {name}.j2 in {where}") from None
        except UnicodeDecodeError as error:
            raise PromptError(f"{name}.j2: not UTF-8 (byte {error.start})") from None


def _block(template: Template, role: str, context: Context) -> str:
    return "".join(template.blocks[role](context)).strip()


def _place(error: Exception, template: Template) -> str:
    """The template's file and, where the traceback knows it, line."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.lineno and frame.filename == template.filename]
    # The frames count the lines of the code that Jinja made of the template.
    return f"{template.filename}:{template.get_corresponding_lineno(lines[-1])}" if lines else str(template.filename)
