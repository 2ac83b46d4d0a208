"""Jinja templates in a sandbox: they reach what they are given and other templates, no file, no program, no network.

A prompts folder may come from somebody else. What a sandbox does not limit is time and memory.
"""

from __future__ import annotations

import traceback
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateNotFound, TemplateSyntaxError
from jinja2.meta import find_referenced_templates
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dlgrade.errors import PromptError
from dlgrade.plain import gives


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which a record is its data: pydantic's own methods read files, and unpickle whatever they get."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may have an attribute."""
        given = gives(cast("Hashable", type(obj)), attr)
        return super().is_safe_attribute(obj, attr, value) if given is None else given


class Sandbox:
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

    def blocks(self, name: str, context: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, str]:
        """What those of the wanted blocks that the template has make of the context.

        Raises:
            PromptError: no such template, a syntax error, or an undefined name; with file and line.
        """
        template = self._template(name)
        try:
            shared = template.new_context(dict(context))
            return {block: _block(template, block, shared) for block in wanted if block in template.blocks}
        except Exception as error:  # a template computes: it can fail in any way
            names = ", ".join(sorted(context))
            raise PromptError(f"{_place(error, template)}: {error}", hint=f"Defined here: {names}.") from None

    def path(self, name: str) -> Path:
        """Where the template stands.

        Raises:
            PromptError: as `blocks` does.
        """
        return Path(str(self._template(name).filename))

    def sources(self, name: str) -> dict[str, str]:
        """The template and all that it includes or extends, by their files' names.

        Raises:
            PromptError: as `blocks` does.
        """
        todo = [f"{name}.j2"]
        found: dict[str, str] = {}
        for file in todo:
            found[file] = source = self.path(file.removesuffix(".j2")).read_text(encoding="utf-8")
            named = find_referenced_templates(self._environment.parse(source))
            todo += [other for other in named if other is not None and other not in todo]
        return found

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


def _block(template: Template, name: str, context: Context) -> str:
    return "".join(template.blocks[name](context))


def _place(error: Exception, template: Template) -> str:
    """The template's file and, where the traceback knows it, line."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.lineno and frame.filename == template.filename]
    # The frames count the lines of the code that Jinja made of the template.
    return f"{template.filename}:{template.get_corresponding_lineno(lines[-1])}" if lines else str(template.filename)
