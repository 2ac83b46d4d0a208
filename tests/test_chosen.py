"""Some questions of banks, held as their positions, are as lists of them would be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks.chosen import Chosen, Looked, Positions
from dlgrade.banks.reading import bank_from_text
from dlgrade.models import Bank

BANK = bank_from_text("".join(f"{n}. What is thing {n}?\n" for n in range(1, 8)), path="bank.md")
SOME = st.lists(st.integers(1, 7), unique=True).map(sorted)
NAMES = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(["bank", "ban", "", "bank:1"]), st.integers(-2, 9)),
    st.sampled_from(["bank", "bank:", "bank:01", "bank:1 ", "bank:１", "bank:²", "bank:+1", ":1"]),
)


@given(SOME, SOME, NAMES)
def test_positions_and_ids_are_as_lists(some: list[int], others: list[int], name: str) -> None:
    chosen = Positions(BANK, some)
    ids = tuple(BANK.questions[at - 1].id for at in some)
    assert (list(chosen), len(chosen)) == (some, len(some))
    assert [at in chosen for at in range(8)] == [at in some for at in range(8)]
    assert list(chosen - Positions(BANK, others)) == [at for at in some if at not in others]
    assert chosen.ids == ids
    assert (len(chosen.ids), bool(chosen.ids)) == (len(ids), bool(ids))
    assert (name in chosen.ids) == (name in ids)
    assert chosen.of(name) == (some[ids.index(name)] if name in ids else None)


@given(SOME, NAMES)
def test_what_is_looked_up_is_as_in_a_dict(some: list[int], name: str) -> None:
    looked = Looked(Positions(BANK, some), lambda at: at * at)
    wanted = {f"bank:{at}": at * at for at in some}
    assert (dict(looked), looked.get(name), name in looked) == (wanted, wanted.get(name), name in wanted)
    assert [looked.at(at) for at in range(1, 8)] == [wanted.get(f"bank:{at}") for at in range(1, 8)]


@given(st.lists(SOME, max_size=4), st.integers(-30, 30), st.slices(12))
def test_questions_of_several_banks_are_as_a_list(some: list[list[int]], at: int, part: slice) -> None:
    chosen = Chosen((BANK, positions) for positions in some)
    wanted = [question(BANK, position) for positions in some for position in positions]
    assert (list(chosen), len(chosen), chosen[part]) == (wanted, len(wanted), wanted[part])
    assert [chosen[n] for n in range(len(chosen))] == wanted
    if -len(wanted) <= at < len(wanted):
        assert chosen[at] == wanted[at]


def question(bank: Bank, position: int) -> object:
    return bank.questions[position - 1]


def test_all_of_some_banks_are_theirs_one_bank_after_the_other() -> None:
    assert list(Chosen.all_of([BANK, BANK])) == [*BANK.questions, *BANK.questions]
