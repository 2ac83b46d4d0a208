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


@given(st.dictionaries(st.integers(0, 20), st.text(max_size=9)))
def test_texts_have_numbers_in_any_order(wanted: dict[int, str]) -> None:
    texts = Texts()
    for number, text in wanted.items():
        texts.put(number, "another")
        texts.put(number, text)
    assert [texts.get(number) for number in range(25)] == [wanted.get(number) for number in range(25)]
    assert [number for number in range(25) if number in texts] == sorted(wanted)
    assert len(texts) == len(wanted)


@pytest.mark.parametrize("at_once", [1, 3, 1 << 12])
@given(texts=st.lists(st.text(max_size=3), max_size=20))
def test_texts_come_in_order_however_few_are_sorted_at_once(at_once: int, texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "_AT_ONCE", at_once)
        kept = Spool()
        assert list(kept.in_order([kept.put(text) for text in texts])) == sorted(texts)


def test_a_folder_for_temporary_files_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    monkeypatch.setattr(spool, "IN_MEMORY", 0)
    with pytest.raises(OutputError, match="a temporary file cannot be written: no such file or directory"):
        Texts().put(0, "Units.")
    with pytest.raises(OutputError, match="temporary file"):
        Paged.of(["Units."])
