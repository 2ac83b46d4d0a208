"""Strict schemas say what OpenAI and llama.cpp both take; the ladder asks for less, rung by rung."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import example
from pydantic import BaseModel, Field, RootModel, ValidationError, create_model

from dlgrade.llm.schema import LADDER, body_part, prompt_part, shape_from, strict_schema


class Finding(BaseModel):
    """What was found of one criterion."""

    evidence: list[str] = Field(default_factory=list, max_length=3)
    verdict: Literal["met", "missed"]


class Report(BaseModel):
    title: str = Field(default="none", min_length=1, pattern="^[a-z]+$")
    share: float = Field(ge=0, le=1, description="from 0 to 1")
    first: Finding
    second: Finding | None = None
    kind: Literal["report"] = "report"


class Tree(BaseModel):
    children: list[Tree]


class A(BaseModel):
    is_: Literal["a"]


class B(BaseModel):
    is_: Literal["b"]


class Either(BaseModel):
    one: Annotated[A | B, Field(discriminator="is_")]


FINDING = {
    "type": "object",
    "description": "What was found of one criterion.",
    "properties": {
        "evidence": {"type": "array", "items": {"type": "string"}},
        "verdict": {"type": "string", "enum": ["met", "missed"]},
    },
    "required": ["evidence", "verdict"],
    "additionalProperties": False,
}


def test_everything_is_required_nothing_may_be_added_and_no_default_or_range_is_left() -> None:
    assert strict_schema(Report) == {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "share": {"type": "number", "description": "from 0 to 1"},
            "first": FINDING,
            "second": {"anyOf": [FINDING, {"type": "null"}]},
            "kind": {"type": "string", "enum": ["report"]},
        },
        "required": ["title", "share", "first", "second", "kind"],
        "additionalProperties": False,
    }


def test_a_choice_between_models_is_any_of() -> None:
    branches = strict_schema(Either)["properties"]["one"]["anyOf"]
    assert [branch["properties"]["is_"]["enum"] for branch in branches] == [["a"], ["b"]]


def test_the_order_of_the_properties_is_part_of_the_schema() -> None:
    one = create_model("Same", a=(str, ...), b=(str, ...))
    other = create_model("Same", b=(str, ...), a=(str, ...))
    assert json.dumps(strict_schema(one), sort_keys=True) != json.dumps(strict_schema(other), sort_keys=True)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (create_model("Open", data=(dict[str, int], ...)), "a dict"),
        (create_model("Anything", data=(Any, ...)), "any type"),
        (create_model("Pair", data=(tuple[int, str], ...)), "fixed length"),
        (Tree, "holds itself"),
        (RootModel[list[int]], "not an object"),
    ],
)
def test_a_shape_that_strict_mode_cannot_say_is_refused_by_name(shape: type[BaseModel], words: str) -> None:
    with pytest.raises(TypeError, match=words) as caught:
        strict_schema(shape)
    assert shape.__name__ in str(caught.value)


def test_the_first_rung_sends_the_schema_and_leaves_the_prompt_alone() -> None:
    sent = body_part(LADDER[0], Finding)["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"] == {"name": "Finding", "strict": True, "schema": FINDING}
    assert prompt_part(LADDER[0], Finding) == ""


def test_the_second_rung_asks_for_json_and_says_the_schema_and_the_word_json_in_the_prompt() -> None:
    assert body_part(LADDER[1], Finding) == {"response_format": {"type": "json_object"}}
    said = prompt_part(LADDER[1], Finding)
    assert "JSON" in said
    assert json.dumps(FINDING) in said


def test_the_last_rung_needs_nothing_of_the_server() -> None:
    assert body_part(LADDER[-1], Finding) == {}
    assert json.dumps(FINDING) in prompt_part(LADDER[-1], Finding)


def test_a_name_holds_only_what_openai_takes() -> None:
    shape = create_model("Grade for “α” / " + "x" * 80, a=(str, ...))
    name = body_part(LADDER[0], shape)["response_format"]["json_schema"]["name"]
    assert len(name) == 64
    assert name.startswith("Grade_for")


# ── and back ─────────────────────────────────────────────────────────────────────────────────

LEAVES = st.sampled_from(["string", "integer", "number", "boolean", "null"]).map(lambda name: {"type": name})
WORDS = st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True)


def objects(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.text(max_size=8), children, max_size=4).map(
        lambda properties: {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    )


def described(nodes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda node, words: node if words is None else {**node, "description": words}, nodes, st.none() | st.text()
    )


NODES = st.recursive(
    described(LEAVES | WORDS.map(lambda words: {"type": "string", "enum": words})),
    lambda inner: described(
        inner.map(lambda node: {"type": "array", "items": node})
        | st.lists(inner, min_size=1, max_size=3).map(lambda nodes: {"anyOf": nodes})
        | objects(inner)
    ),
    max_leaves=12,
)
SCHEMAS = described(objects(NODES))


@given(SCHEMAS)
def test_a_shape_made_of_a_schema_has_that_schema_and_takes_what_it_says(schema: dict[str, Any]) -> None:
    shape = shape_from(schema, "Again")
    assert json.dumps(strict_schema(shape), sort_keys=True) == json.dumps(schema, sort_keys=True)
    shape.model_validate_json(json.dumps(example(schema)))


@pytest.mark.parametrize("shape", [Finding, Report, Either])
def test_a_shape_made_again_asks_as_the_first_one_did(shape: type[BaseModel]) -> None:
    again = shape_from(strict_schema(shape), shape.__name__)
    assert [body_part(rung, again) for rung in LADDER] == [body_part(rung, shape) for rung in LADDER]
    assert [prompt_part(rung, again) for rung in LADDER] == [prompt_part(rung, shape) for rung in LADDER]


@pytest.mark.parametrize(
    "wrong",
    [
        {"evidence": ["a"], "verdict": "perhaps"},
        {"evidence": ["a"]},
        {"evidence": "a", "verdict": "met"},
        {"evidence": [1], "verdict": "met"},
    ],
)
def test_a_shape_made_again_refuses_what_the_first_one_refused(wrong: dict[str, Any]) -> None:
    for shape in (Finding, shape_from(FINDING, "Finding")):
        with pytest.raises(ValidationError):
            shape.model_validate_json(json.dumps(wrong))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "properties": {"a": {"type": "date"}}},
    ],
)
def test_what_is_no_strict_schema_makes_no_shape(schema: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="Again"):
        shape_from(schema, "Again")
