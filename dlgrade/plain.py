"""Templates of names and simple conditions, rendered without Jinja, which takes a twentieth of a short run to load.

    {% block user %}
    {% if question.category %}
    Category: {{ question.category }}
    {% endif %}
    Question: {{ question.text }}
    {% endblock %}

To the byte it is what Jinja makes of them with `trim_blocks` and `lstrip_blocks`. Whatever is more than that is left to
Jinja (`BeyondPlain`): other tags, and what has to be said about a name that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, cast

from pydantic import BaseModel

_PATH = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
# Before a tag or comment the spaces from the line's beginning go, and behind it its end.
_TAG = re.compile(
    r"(?:^[^\S\n]+)?(?:\{#(?![-+])(?:(?!#\}).)*(?<![-+])#\}"
    rf"|\{{%\s*(?:(?P<end>endif|endblock)|(?P<begin>if|block)\s+(?P<of>{_PATH}))\s*%\}})\n?"
    rf"|\{{\{{\s*(?P<name>{_PATH})\s*\}}\}}",
    re.DOTALL | re.MULTILINE,
)
_OPENS = re.compile(r"\{[{%#]|\{\Z")

Path: TypeAlias = "tuple[str, ...]"
"""A name and attributes: `question.text` is ("question", "text")."""


class If(NamedTuple):
    """What stands between `if` and `endif`."""

    of: Path
    parts: list[Part]


Part: TypeAlias = "str | Path | If"
"""Text as it stands, a name to be filled in, or a condition."""


class BeyondPlain(Exception):
    """It takes Jinja."""


def blocks_of(source: str) -> Mapping[str, list[Part]]:
    """The blocks of a template by name; what stands outside of them is never rendered.

    Raises:
        BeyondPlain: there is more in it than names and simple conditions.
    """
    blocks: dict[str, list[Part]] = {}
    outside: list[Part] = []
    open_ = [("", outside)]
    at = 0
    for tag in _TAG.finditer(source):
        open_[-1][1].append(_text(source[at : tag.start()]))
        at = tag.end()
        if tag["name"]:
            open_[-1][1].append(tuple(tag["name"].split(".")))
        elif tag["begin"]:
            open_.append((tag["begin"], _begun(tag["begin"], tag["of"], blocks, open_)))
        elif tag["end"] and open_.pop()[0] != tag["end"].removeprefix("end"):
            raise BeyondPlain
    _text(source[at:])
    if len(open_) != 1:
        raise BeyondPlain
    return blocks


def _text(text: str) -> str:
    if _OPENS.search(text):
        raise BeyondPlain
    return text


def _begun(tag: str, of: str, blocks: dict[str, list[Part]], open_: list[tuple[str, list[Part]]]) -> list[Part]:
    """Where the parts go that follow the tag."""
    if tag == "if" and len(open_) > 1:
        inner = If(tuple(of.split(".")), [])
        open_[-1][1].append(inner)
        return inner.parts
    if tag == "if" or len(open_) > 1 or "." in of or of in blocks:
        raise BeyondPlain
    return blocks.setdefault(of, [])


def rendered(parts: list[Part], context: Mapping[str, Any]) -> str:
    """The text that parts make of the context.

    Raises:
        BeyondPlain: a name or an attribute is not there, or no template may have it.
    """
    made: list[str] = []
    for part in parts:
        if isinstance(part, str):
            made.append(part)
        elif isinstance(part, If):
            if _value(part.of, context):
                made.append(rendered(part.parts, context))
        else:
            made.append(str(_value(part, context)))
    return "".join(made)


def is_fixed(parts: list[Part]) -> bool:
    """Whether parts make the same text of every context."""
    return all(isinstance(part, str) for part in parts)


def _value(path: Path, context: Mapping[str, Any]) -> Any:
    try:
        value = context[path[0]]
        for attr in path[1:]:
            if not gives(cast("Hashable", type(value)), attr):
                raise BeyondPlain
            value = getattr(value, attr)
    except Exception:  # an attribute may be worked out: Jinja says what is wrong
        raise BeyondPlain from None
    return value


@lru_cache(maxsize=256)  # a run asks for the same few of every question
def gives(kind: Hashable, attr: str) -> bool | None:
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
