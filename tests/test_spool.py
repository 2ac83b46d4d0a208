"""Texts in a spool come back as they were, and what goes wrong with its file is said in a line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade import spool
from dlgrade.banks.paged import Paged
from dlgrade.errors import OutputError
from dlgrade.spool import Spool, Texts


@pytest.mark.parametrize("in_memory", [0, 50, 1 << 20])
@given(texts=st.lists(st.text(st.characters(exclude_categories=()), max_size=40), max_size=9))
def test_what_is_put_into_it_comes_back(in_memory: int, texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "IN_MEMORY", in_memory)
        kept = Spool()
        places = []
        for text in texts:
            places.append(kept.put(text))
            assert [kept.get(at) for at in places] == texts[: len(places)]
        assert [kept.get(at) for at in reversed(places)] == texts[::-1]


def test_texts_have_names_and_some_of_them_two() -> None:
    texts = Texts()
    texts.add("one", "Units.")
    texts.add("two", "Masks.")
    texts.also("first", "one")
    assert dict(texts) == {"one": "Units.", "two": "Masks.", "first": "Units."}
    assert ("two" in texts, "three" in texts, texts.get("three"), len(texts)) == (True, False, None, 3)


def test_a_folder_for_temporary_files_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    monkeypatch.setattr(spool, "IN_MEMORY", 0)
    with pytest.raises(OutputError, match="a temporary file cannot be written: no such file or directory"):
        Texts().add("one", "Units.")
    with pytest.raises(OutputError, match="temporary file"):
        Paged.of(["Units."])
