"""A question is found by what a person would call it, or the candidates are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlgrade.errors import UnknownQuestion
from dlgrade.library import SHIPPED
from dlgrade.lookup import Lookup
from dlgrade.rubrics import Rubrics


@pytest.fixture
def lookup() -> Lookup:
    return Lookup([SHIPPED / "questions"], Rubrics([SHIPPED / "rubrics"]))


@pytest.mark.parametrize(
    ("query", "id_", "rubric"),
    [
        ("general:2", "general:2", "dropout"),
        (" general:2 ", "general:2", "dropout"),
        ("General : 2", "general:2", "dropout"),
        ("dropout", "dropout", "dropout"),
        ("How dodropout layershelp preventoverfitting?", "general:2", "dropout"),
        ("how do dropout layers help", "general:2", "dropout"),
        ("catalogue:39", "catalogue:39", "confusion-matrix"),
    ],
)
def test_ids_names_texts_and_parts_lead_to_the_question(lookup: Lookup, query: str, id_: str, rubric: str) -> None:
    found = lookup.find(query)
    assert (found.id, found.rubric) == (id_, rubric)


def test_a_bank_of_ones_own_is_named_by_its_path(lookup: Lookup, tmp_path: Path) -> None:
    bank = tmp_path / "own.md"
    bank.write_text("1. What is a flumph?\n2. Why?\n", encoding="utf-8")
    found = lookup.find(f"{bank}:1")
    assert (found.id, found.text, found.rubric) == ("own:1", "What is a flumph?", None)


def test_the_users_banks_win_over_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "general.md").write_text("1. What is a flumph?\n2. Why?\n", encoding="utf-8")
    both = Lookup([tmp_path, SHIPPED / "questions"], Rubrics([SHIPPED / "rubrics"]))
    assert both.find("general:1").text == "What is a flumph?"
    assert both.find("fifty:1").id == "fifty:1"


def test_an_id_that_list_prints_is_understood_beside_the_document(
    lookup: Lookup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("general.md").write_text("1. What is a flumph?\n2. Why?\n", encoding="utf-8")
    assert lookup.find("general:1").text == "What is a flumph?"


def test_two_banks_of_one_name_are_candidates_not_a_guess(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bank.md").write_text("1. What is a flumph?\n2. Why?\n", encoding="utf-8")
    with pytest.raises(UnknownQuestion, match=r"(?s)may be one of 2:.*a/bank\.md:1.*b/bank\.md:1"):
        Lookup([tmp_path], Rubrics([])).find("bank:1")


def test_a_folder_of_the_users_that_holds_no_bank_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "README.md").write_text("Nothing to ask.\n", encoding="utf-8")
    folders = [tmp_path / "empty", tmp_path / "notes", SHIPPED / "questions"]
    found = Lookup(folders, Rubrics([SHIPPED / "rubrics"]))
    assert found.find("general:2").rubric == "dropout"
    assert found.find("how do dropout layers help").rubric == "dropout"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("general:18", ("has no question 18", "It has 17: general:1 to general:17.")),
        ("general:0", ("has no question 0",)),
        ("genral:2", ("no question is called 'genral:2'", "general:2")),
        ("convolutional neural network", ("is part of", "article:", "fifty:9")),
        ("flumph", ("no question is called 'flumph'", "`dlgrade list PATH`")),
        ("dropuot", ("no question is called 'dropuot'", "What is dropout")),
        ("What is dropuot about", ("The nearest:", "dropout")),
        ("nope/nope.md:1", ("nope/nope.md: no such file",)),
        ("", ("no question was named",)),
    ],
)
def test_what_names_no_question_or_several_gets_help(lookup: Lookup, query: str, said: tuple[str, ...]) -> None:
    with pytest.raises(UnknownQuestion) as caught:
        lookup.find(query)
    assert all(words in str(caught.value) for words in said), str(caught.value)


def test_one_question_in_two_banks_is_one_candidate(lookup: Lookup) -> None:
    assert lookup.find("How do you evaluate the performance of a deep learning model?").rubric == "evaluating-a-model"
