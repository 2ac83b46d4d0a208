"""Numbers of names are those that a dict would give, and what is made one by one looks like a tuple."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.numbered import Grouped, Listed, Numbered

NAMES = st.lists(st.text(st.characters(exclude_categories=()), max_size=2))


class Squares(Listed[int]):
    def __init__(self, count: int) -> None:
        self.length = count

    def __iter__(self) -> Iterator[int]:
        return (n * n for n in range(self.length))

    def __len__(self) -> int:
        return self.length


@given(NAMES, NAMES, st.sampled_from([0, 3, 1 << 14]))
def test_names_are_numbered_in_the_order_in_which_they_first_came(
    names: list[str], others: list[str], few: int
) -> None:
    with patch("dlgrade.numbered._FEW", few):
        _numbered_as_by_a_dict(names, others)


def _numbered_as_by_a_dict(names: list[str], others: list[str]) -> None:
    numbered, wanted = Numbered(), dict[str, int]()
    for name in names:
        assert numbered.add(name) == wanted.setdefault(name, len(wanted))
    assert len(numbered) == len(wanted)
    for name in names + others:
        assert numbered.get(name) == wanted.get(name)
        assert (name in numbered) == (name in wanted)
    copied = Numbered()
    assert [copied.add(digest) for digest in numbered] == list(range(len(wanted)))
    assert [copied.get(name) for name in wanted] == list(wanted.values())


def test_a_hundred_thousand_names_are_told_apart() -> None:
    numbered = Numbered()
    assert [numbered.add(f"name {n}") for n in range(100_000)] == list(range(100_000))
    assert [numbered.get(f"name {n}") for n in range(100_000)] == list(range(100_000))
    assert numbered.get("name") is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers())))
def test_groups_hold_what_was_added_to_them(added: list[tuple[int, int]]) -> None:
    grouped, wanted = Grouped(), list[list[int]]()
    for group, number in ((min(group, len(wanted)), number % 1_000) for group, number in added):
        wanted += [[]] if group == len(wanted) else []
        wanted[group].append(number)
        grouped.add(group, number)
    assert [list(grouped[group]) for group in range(len(grouped))] == wanted
    assert list(grouped.firsts) == [group[0] for group in wanted]
    assert list(map(list, grouped.larger)) == [group for group in wanted if len(group) > 1]


@given(st.integers(0, 6), st.integers(-8, 8), st.slices(6))
def test_what_is_listed_is_as_a_tuple(count: int, at: int, part: slice) -> None:
    squares, wanted = Squares(count), tuple(n * n for n in range(count))
    assert squares == wanted
    assert squares == Squares(count)
    assert squares != (*wanted, 1)
    assert squares[part] == wanted[part]
    assert (str(squares), list(reversed(squares)), 4 in squares) == (str(wanted), list(reversed(wanted)), 4 in wanted)
    if -count <= at < count:
        assert squares[at] == wanted[at]
    else:
        with pytest.raises(IndexError):
            squares[at]
