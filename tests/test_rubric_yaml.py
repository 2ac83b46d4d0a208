"""A rubric that was written down is the same rubric when it is read."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.models import Rubric
from dlgrade.rubric_yaml import as_yaml
from dlgrade.rubrics import load_rubric

SHIPPED = sorted((ROOT / "rubrics").glob("*.yaml"))
TEXT = st.one_of(
    st.text(min_size=1),
    st.text(st.sampled_from("ab \n\t:#-'\"|>{}[],&*!%@`?\\é→\u2028\x85\x00\ufeff😀"), min_size=1),
    st.sampled_from(["yes", "null", "~", "1.5", "- a", "a: b", "# a", "'", '"', "---", "...", "|", ">-", " a ", "a\n"]),
)
WAYS = st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rubrics")


def reread(rubric: Rubric, folder: Path, **more: Any) -> Rubric:
    path = folder / f"{rubric.name}.yaml"
    path.write_bytes(as_yaml(rubric, **more).encode())
    return load_rubric(path)


@given(texts=st.lists(TEXT, min_size=7, max_size=7), cues=WAYS)
def test_any_text_reads_back_as_it_was(folder: Path, texts: list[str], cues: Any) -> None:
    question, topic, reference, expects, partial, claims, remark = texts
    ids = ({"id": "one", "points": 2.5}, {"id": "two", "points": 7.0})
    whole = {
        "name": "any",
        "question": question,
        "also": [topic],
        "near": ["other"],
        "topic": topic,
        "draft": True,
        "reference": reference,
        "criteria": [
            {**ids[0], "expects": expects, "partial": partial, "cues": cues, "partial_cues": cues},
            {**ids[1], "expects": expects, "needs": ["one"]},
        ],
        "groups": [{"at_most": 0, "if_missed": "one"}],
        "misconceptions": [{"id": "m", "costs": 0.1, "claims": claims, "cues": cues}],
    }
    rubric = Rubric.model_validate(whole)
    assert reread(rubric, folder, remark=remark) == rubric


@pytest.mark.parametrize("path", SHIPPED[::12], ids=lambda path: path.stem)
def test_the_shipped_rubrics_are_written_nearly_as_people_wrote_them(path: Path, folder: Path) -> None:
    rubric = load_rubric(path)
    assert reread(rubric, folder) == rubric
    own, ours = path.read_text(encoding="utf-8").splitlines(), as_yaml(rubric).splitlines()
    other = [line for line in difflib.ndiff(own, ours) if line.startswith("+ ")]
    # quotes, where a text needs some, are a matter of taste
    assert len(other) <= len(own) / 5
    keys = [line.partition(":")[0] for line in own if line[:1].isalpha() and line != "also: []"]
    assert keys == [line.partition(":")[0] for line in ours if line[:1].isalpha()]


def test_a_reference_of_one_line_stands_below_its_name_for_a_person_to_edit() -> None:
    said = {"name": "n", "question": "Why?", "topic": "t", "reference": "It's 5: # that's it."}
    rubric = Rubric.model_validate(said | {"criteria": [{"id": "c", "points": 1.0, "expects": "Five."}]})
    assert "reference: |-\n  It's 5: # that's it.\n" in as_yaml(rubric)
