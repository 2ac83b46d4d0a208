"""Rubrics: loaded with file and line in every complaint, matched by text, and all the shipped ones hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlgrade.banks.reading import read_bank
from dlgrade.errors import RubricError
from dlgrade.library import SHIPPED
from dlgrade.rubrics import Rubrics, fingerprint, load_rubric

GOOD = """\
question: What is x?
topic: letters
reference: |-
  X is a letter.
criteria:
  - id: letter
    points: 10
    expects: X is a letter.
"""


def write(folder: Path, text: str, name: str = "x.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rubric_is_named_by_its_file(tmp_path: Path) -> None:
    rubric = load_rubric(write(tmp_path, GOOD))
    assert (rubric.name, rubric.max_score) == ("x", 10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "topics: letters\n", "x.yaml:9: topics: unknown key"),
        (
            GOOD.replace("    points: 10\n", "    points: ten\n"),
            "x.yaml:7: criteria.1.points: not a number, found 'ten'",
        ),
        (GOOD.replace("    points: 10\n", "    points: 0\n"), "x.yaml:7: criteria.1.points: must be more than 0"),
        (GOOD.replace("    expects: X is a letter.\n", ""), "x.yaml:6: criteria.1.expects: missing key"),
        (GOOD.replace("topic: letters\n", ""), "x.yaml:1: topic: missing key"),
        (GOOD.replace("    expects:", "    expcts:"), "x.yaml:"),
        (GOOD + "name: y\n", "x.yaml:9: unknown key 'name'"),
        (GOOD + "topic: again\n", "x.yaml:9: the key 'topic' stands twice"),
        (GOOD.replace("question: What is x?", "question: [What"), "x.yaml:"),
        (GOOD + "misconceptions:\n  - {id: letter, costs: 1, claims: No.}\n", "the id 'letter' is used twice"),
        ("- a list\n", "x.yaml:1: a rubric is a mapping"),
        ("", "x.yaml:1: a rubric is a mapping"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RubricError) as caught:
        load_rubric(write(tmp_path, text))
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_question_that_lost_its_spaces_finds_its_rubric(tmp_path: Path) -> None:
    write(
        tmp_path,
        GOOD.replace("question: What is x?", "question: What is deep learning?\nalso: ['Define deep learning.']"),
    )
    rubrics = Rubrics([tmp_path])
    assert rubrics.name_for("What isdeep learning?") == "x"
    assert rubrics.name_for("**DEFINE** deeplearning") == "x"
    assert rubrics.name_for("What is learning?") is None


def test_finding_a_rubric_reads_heads_alone(tmp_path: Path) -> None:
    """A mistake in one rubric must not stop the questions of the others."""
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("What is x?", "What is y?").replace("points: 10", "points: ten"), "y.yaml")
    rubrics = Rubrics([tmp_path])
    assert rubrics.for_question("What is x?") is not None
    with pytest.raises(RubricError, match=r"y\.yaml:7"):
        rubrics.for_question("What is y?")


def test_a_head_that_is_not_at_the_top_is_found_too(tmp_path: Path) -> None:
    head, rest = GOOD.split("\n", 1)
    write(tmp_path, rest + head + "\n")
    assert Rubrics([tmp_path]).name_for("What is x?") == "x"


def test_one_question_in_two_rubrics_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, "y.yaml")
    with pytest.raises(RubricError, match=r"y\.yaml: 'What is x\?' already stands in .*x\.yaml"):
        Rubrics([tmp_path]).name_for("What is x?")


def test_the_users_folder_wins_file_by_file(tmp_path: Path) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    write(own, GOOD.replace("X is a letter.", "Mine."))
    write(shipped, GOOD)
    rubric = Rubrics([own, shipped]).for_question("What is x?")
    assert rubric is not None
    assert rubric.reference == "Mine."


def test_the_fingerprint_changes_with_what_a_grade_depends_on_and_not_else(tmp_path: Path) -> None:
    first = fingerprint(load_rubric(write(tmp_path, GOOD)))
    assert fingerprint(load_rubric(write(tmp_path, GOOD.replace("letters", "signs")))) == first
    assert fingerprint(load_rubric(write(tmp_path, GOOD.replace("points: 10", "points: 9")))) != first


def test_every_question_of_general_has_a_rubric_of_the_pattern() -> None:
    """The pattern: 4 to 7 criteria, 10 points, two or three misconceptions, 120 to 300 words."""
    rubrics = Rubrics([SHIPPED / "rubrics"])
    bank = read_bank(SHIPPED / "questions" / "general.md", wordings=rubrics.wordings)
    found = [rubrics.for_question(question) for question in bank.questions]
    assert len({rubric.name for rubric in found if rubric}) == 17
    for rubric in found:
        assert rubric is not None
        assert 4 <= len(rubric.criteria) <= 7, rubric.name
        assert rubric.max_score == 10, rubric.name
        assert 2 <= len(rubric.misconceptions) <= 3, rubric.name
        assert 120 <= len(rubric.reference.split()) <= 300, rubric.name


def test_general_reads_repaired_through_the_rubrics_wording() -> None:
    rubrics = Rubrics([SHIPPED / "rubrics"])
    second = read_bank(SHIPPED / "questions" / "general.md", wordings=rubrics.wordings).questions[1]
    assert second.raw == "How dodropout layershelp preventoverfitting?"
    assert second.text == "How do dropout layers help prevent overfitting?"
