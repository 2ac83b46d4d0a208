"""pydantic model -> strict schema, and the ladder of ways to ask for a reply that fits it.

A class like this

    class Mark(BaseModel):
        evidence: list[str]
        verdict: Literal["met", "missed"]

becomes what both OpenAI's strict mode and a grammar-driven server take:

    {"type": "object", "additionalProperties": false, "required": ["evidence", "verdict"], "properties": {
        "evidence": {"type": "array", "items": {"type": "string"}},
        "verdict": {"type": "string", "enum": ["met", "missed"]}}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union
from weakref import WeakKeyDictionary

from pydantic import BaseModel, Field, ValidationError, create_model

# What strict mode takes. Everything else is left out: OpenAI refuses some of it, llama.cpp ignores the rest in
# silence, and the reply is validated here in any case.
_KEPT = ("type", "description", "enum")

# by class, for as long as the class is in use: a rubric's is made anew for each answer
_SCHEMAS: WeakKeyDictionary[type[BaseModel], dict[str, Any]] = WeakKeyDictionary()
_TEXTS: WeakKeyDictionary[type[BaseModel], str] = WeakKeyDictionary()


def strict_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """The shape as a schema with every property required, none added, nothing by reference.

    `required` lists the properties in their order, so two shapes that differ only in order have different schemas:
    a model writes in that order.

    It is worked out once for each class, which takes milliseconds, and is not to be changed.

    Raises:
        TypeError: the shape holds what strict mode cannot say: a dict, a tuple of fixed length, `Any`, or itself.
    """
    known = _SCHEMAS.get(shape)
    if known is None:
        known = _SCHEMAS[shape] = _strict_schema(shape)
    return known


def schema_text(shape: type[BaseModel]) -> str:
    """The strict schema as compact JSON, written once for each class."""
    known = _TEXTS.get(shape)
    if known is None:
        known = _TEXTS[shape] = json.dumps(strict_schema(shape), ensure_ascii=False, separators=(",", ":"))
    return known


def _strict_schema(shape: type[BaseModel]) -> dict[str, Any]:
    whole = shape.model_json_schema()
    strict = _Strict(shape.__name__, whole.get("$defs", {})).node(whole, ())
    if strict.get("type") != "object":
        raise TypeError(f"{shape.__name__} is not an object, which a reply has to be")
    return strict


@dataclass(frozen=True)
class _Strict:
    """One shape on its way to a strict schema; `name` is for the error messages."""

    name: str
    defs: Mapping[str, Any]

    def node(self, node: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        """One node rewritten; `above` holds the names of the references that led here."""
        if "$ref" in node:
            return self._referred(node, above)
        strict: dict[str, Any] = {key: node[key] for key in _KEPT if key in node}
        if "const" in node:
            strict["enum"] = [node["const"]]
        if branches := node.get("anyOf") or node.get("oneOf") or node.get("allOf"):
            strict["anyOf"] = [self.node(branch, above) for branch in branches]
        if node.get("type") == "array":
            strict["items"] = self._items(node, above)
        if node.get("type") == "object":
            strict |= self._properties(node, above)
        if not strict.keys() & {"type", "enum", "anyOf"}:
            raise TypeError(f"{self.name} has a field of any type, which a strict schema cannot say")
        return strict

    def _referred(self, node: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        name = str(node["$ref"]).rpartition("/")[2]
        if name in above:
            raise TypeError(f"{self.name} holds {name}, which holds itself: a strict schema is finite")
        told = {"description": node["description"]} if "description" in node else {}
        return self.node(self.defs[name], (*above, name)) | told

    def _items(self, node: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        if "prefixItems" in node:
            raise TypeError(f"{self.name} has a tuple of fixed length, which a strict schema cannot say")
        return self.node(node.get("items", {}), above)

    def _properties(self, node: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        if node.get("additionalProperties", False) is not False or "properties" not in node:
            raise TypeError(f"{self.name} has a dict, or a model with open keys, which a strict schema cannot say")
        properties = {name: self.node(child, above) for name, child in node["properties"].items()}
        return {"properties": properties, "required": list(properties), "additionalProperties": False}


def misfit(text: str, shape: type[BaseModel]) -> str | None:
    """Why the text is not the shape, in words for the model; None if it is."""
    try:
        shape.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[:5]
        said = ((".".join(map(str, e["loc"])) or "the reply", e["msg"].removeprefix("Value error, ")) for e in first)
        return "; ".join(f"{where}: {what}" for where, what in said)
    return None


# ── and back ─────────────────────────────────────────────────────────────────────────────────

_PLAIN: Mapping[str, type | None] = {"string": str, "integer": int, "number": float, "boolean": bool, "null": None}


def shape_from(schema: Mapping[str, Any], name: str) -> type[BaseModel]:
    """A shape that takes what `schema`, a strict one, says: `strict_schema` of it is that schema again.

    So a request that was written down can be checked and keyed as the one that it was.

    Raises:
        TypeError: the schema is none that `strict_schema` makes.
    """
    whole = dict(schema)

    class Rebuilt(_object(whole, name)):  # type: ignore[misc] # a class made at run time
        # Types alone lose the order of branches and who described what; the schema itself loses nothing.
        @classmethod
        def __get_pydantic_json_schema__(cls, *_: object) -> dict[str, Any]:
            return whole

    Rebuilt.__name__ = Rebuilt.__qualname__ = name
    return Rebuilt


def _object(node: Mapping[str, Any], name: str) -> type[BaseModel]:
    """A model with a node's properties, by number: a property may be called what no field can be."""
    properties = node.get("properties")
    if node.get("type") != "object" or not isinstance(properties, Mapping):
        raise TypeError(f"{name} is not an object of named properties")
    fields: dict[str, Any] = {
        f"p{number}": (_type(child, f"{name}_{number}"), Field(alias=alias))
        for number, (alias, child) in enumerate(properties.items())
    }
    return create_model(name, **fields)


def _type(node: Mapping[str, Any], name: str) -> Any:
    if "enum" in node:
        return Literal[tuple(node["enum"])]
    if "anyOf" in node:
        branches = tuple(_type(branch, f"{name}_{number}") for number, branch in enumerate(node["anyOf"]))
        return Union[branches]  # noqa: UP007 - of as many as there are
    if node.get("type") == "array":
        return list[_type(node["items"], f"{name}_0")]  # type: ignore[misc] # a type made at run time
    if node.get("type") == "object":
        return _object(node, name)
    if node.get("type") not in _PLAIN:
        raise TypeError(f"{name} has a type that no strict schema has: {node.get('type')!r}")
    return _PLAIN[str(node["type"])]


# ── the ladder ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Rung:
    """One way to ask for structured output: what `response_format` says, and whether the prompt holds the schema."""

    format: Literal["json_schema", "json_object"] | None
    in_prompt: bool


LADDER: tuple[Rung, ...] = (
    Rung("json_schema", in_prompt=False),
    Rung("json_object", in_prompt=True),
    Rung(None, in_prompt=True),
)
"""From the strictest to what every server takes. The first rung is tried first; a refusal leads to the next."""


def body_part(rung: Rung, shape: type[BaseModel]) -> dict[str, Any]:
    """What a rung adds to the body of the call; empty for the last one."""
    if rung.format is None:
        return {}
    if rung.format == "json_object":
        return {"response_format": {"type": "json_object"}}
    # https://platform.openai.com/docs/guides/structured-outputs: a name is 1 to 64 of these characters
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", shape.__name__)[:64]
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": name, "strict": True, "schema": strict_schema(shape)},
        }
    }


def prompt_part(rung: Rung, shape: type[BaseModel]) -> str:
    """What a rung adds to the instructions; empty for the first one."""
    return schema_in_words(shape) if rung.in_prompt else ""


def schema_in_words(shape: type[BaseModel]) -> str:
    """The schema as an instruction. It holds the word JSON, without which `json_object` is refused."""
    schema = json.dumps(strict_schema(shape), ensure_ascii=False)
    return f"Reply with one JSON object and nothing else. It matches this JSON schema:\n{schema}"
