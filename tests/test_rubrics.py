"""Rubrics: loaded with file and line in every complaint, matched by text, and all the shipped ones hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from dlgrade.banks.gathering import read_banks
from dlgrade.banks.reading import read_bank
from dlgrade.errors import RubricError
from dlgrade.library import SHIPPED
from dlgrade.rubrics import Rubrics, fingerprint, load_rubric, plain_head

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


WORDINGS = st.text(st.sampled_from("ab Cé:#-'\"[]{}&*!|>%@`?~,.\t\xa0\u2028\x7f9"), max_size=12)


@given(WORDINGS, st.lists(WORDINGS, max_size=2), st.sampled_from(["", " ", "  "]))
@example("What is x: a letter", [], "")
@example("Is it C# or F #", ["a b:", "a  b", "a b "], "  ")
@example("What’s x?", ["Why - or - how?"], "  ")
def test_a_plain_head_says_what_yaml_says(question: str, also: list[str], indent: str) -> None:
    items = "".join(f"{indent}- {wording}\n" for wording in also)
    head = f"question: {question}\nalso:{chr(10) + items if also else ' []' + chr(10)}"
    said = plain_head(head)
    if said is not None:
        data = yaml.safe_load(head)
        assert said == (data["question"], *data["also"])


def test_the_heads_of_the_shipped_rubrics_need_no_yaml() -> None:
    paths = sorted((SHIPPED / "rubrics").glob("*.yaml"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        said = plain_head(text[: re.search(r"^(?!question|also)\w+:", text, re.MULTILINE).start()])  # type: ignore[union-attr]
        data = yaml.safe_load(text)
        assert said == (data["question"], *data.get("also", ()))


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


TIED = GOOD.replace(
    "    points: 10\n    expects: X is a letter.\n",
    """\
    points: 5
    expects: X is a letter.
  - {id: last, points: 3, expects: It is near the end., needs: [letter]}
  - {id: roman, points: 2, expects: It is ten., needs: []}
misconceptions:
  - {id: vowel, costs: 1, claims: It is a vowel.}
groups:
  - only_one_of: [last, roman]
  - {at_most: 6, of: [letter, last, roman]}
  - at_most: 4
    if_found: vowel
""",
)


def test_needs_and_groups_are_read_and_lower_the_maximum(tmp_path: Path) -> None:
    rubric = load_rubric(write(tmp_path, TIED))
    assert (rubric.max_score, rubric.criteria[1].needs, len(rubric.groups)) == (6, ("letter",), 3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("needs: [letter]", "needs: [ltter]", "x.yaml:9: criteria.2.needs.1: there is no criterion 'ltter'"),
        ("needs: [letter]", "needs: [vowel]", "x.yaml:9: criteria.2.needs.1: there is no criterion 'vowel'"),
        ("needs: [letter]", "needs: [last]", "x.yaml:9: criteria.2.needs: last needs last: none could ever"),
        ("needs: []", "needs: [last]", None),
        ("needs: [letter]", "needs: [letter, letter]", "x.yaml:9: criteria.2.needs: 'letter' is named twice"),
        ("[last, roman]", "[last, Roman]", "x.yaml:14: groups.1.only_one_of.2: there is no criterion 'Roman'"),
        ("[last, roman]", "[last]", "x.yaml:14: groups.1: a group has two criteria or more"),
        ("last, roman]}", "last]}", "groups.2.of: last, roman exclude each other: limit all of them or none"),
        ("[letter, last, roman]}", "[letter, last, last]}", "x.yaml:15: groups.2.of: 'last' is named twice"),
        ("at_most: 6", "at_most: 9", "x.yaml:15: groups.2.at_most: at_most 9 takes nothing away: these can earn 8"),
        ("at_most: 6", "at_most: 0", "x.yaml:15: groups.2: at_most: must be more than 0"),
        ("at_most: 6, of", "of", "x.yaml:15: groups.2: a group is only_one_of: [ids], or at_most: N with"),
        ("at_most: 4", "at_most: -4", "x.yaml:16: groups.3.at_most: must not be below 0, found -4"),
        ("at_most: 4", "at_most: 6", "x.yaml:16: groups.3.at_most: at_most 6 takes nothing away: the whole can earn 6"),
        ("if_found: vowel", "if_found: letter", "x.yaml:17: groups.3.if_found: there is no misconception 'letter'"),
        ("if_found: vowel", "if_missed: vowel", "x.yaml:17: groups.3.if_missed: there is no criterion 'vowel'"),
        ("if_found: vowel", "only_one_of: [letter, last]", "x.yaml:16: groups.3: a group is only_one_of: [ids], or"),
        (
            "  - {at_most: 6, of: [letter, last, roman]}",
            "  - only_one_of: [letter, last]",
            "x.yaml:15: groups.2.only_one_of: 'last' is in group 1 of this kind already",
        ),
    ],
)
def test_needs_and_groups_that_do_not_fit_are_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, said: str | None
) -> None:
    assert TIED.count(old) == 1
    path = write(tmp_path, TIED.replace(old, new))
    if said is None:
        load_rubric(path)
        return
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_criteria_that_need_each_other_are_named_in_their_circle(tmp_path: Path) -> None:
    path = write(tmp_path, TIED.replace("needs: []", "needs: [last]").replace("needs: [letter]", "needs: [roman]"))
    with pytest.raises(RubricError, match=r"x\.yaml:\d+: criteria\.\d\.needs: (last|roman) needs (roman|last) needs "):
        load_rubric(path)


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


def test_needs_and_groups_change_the_fingerprint_and_their_absence_does_not(tmp_path: Path) -> None:
    prints = {
        fingerprint(load_rubric(write(tmp_path, text)))
        for text in (TIED, TIED.replace("at_most: 6", "at_most: 7"), TIED.replace("needs: [letter]", "needs: []"))
    }
    assert len(prints) == 3
    # that of this rubric before there were any
    assert fingerprint(load_rubric(write(tmp_path, GOOD))) == "844c4906c080"


def test_every_question_of_general_has_a_rubric_of_the_pattern() -> None:
    """The pattern: 4 to 7 criteria, 10 points, two or three misconceptions, 120 to 300 words."""
    rubrics = Rubrics([SHIPPED / "rubrics"])
    bank = read_bank(SHIPPED / "questions" / "general.md")
    found = [rubrics.for_question(question) for question in bank.questions]
    assert len({rubric.name for rubric in found if rubric}) == 17
    for rubric in found:
        assert rubric is not None
        assert 4 <= len(rubric.criteria) <= 7, rubric.name
        assert rubric.max_score == 10, rubric.name
        assert 2 <= len(rubric.misconceptions) <= 3, rubric.name
        assert 120 <= len(rubric.reference.split()) <= 300, rubric.name


ALL = Rubrics([SHIPPED / "rubrics"])
EVERY = read_banks([SHIPPED / "questions"]).questions


def test_each_of_the_175_entries_has_its_rubric_and_no_rubric_is_idle() -> None:
    names = [ALL.name_for(question) for question in EVERY]
    assert len(names) == 175
    assert None not in names
    assert set(names) == set(ALL.paths)


def test_every_rubric_keeps_to_the_frame() -> None:
    for rubric in ALL.all():
        assert 4 <= len(rubric.criteria) <= 8, rubric.name
        assert 1 <= len(rubric.misconceptions) <= 4, rubric.name
        assert 120 <= len(rubric.reference.split()) <= 350, rubric.name
        assert rubric.difficulty is not None, rubric.name
        assert rubric.topic in TOPICS, rubric.name


TOPICS = {
    *("fundamentals", "architectures", "training", "optimization", "regularization", "data", "evaluation"),
    *("interpretability", "generative", "sequence-models", "transfer-and-representation", "applications"),
    *("engineering", "robustness", "reinforcement-learning"),
}


@pytest.mark.parametrize(
    "ids",
    [
        ("general:4", "fifty:14", "catalogue:5"),  # how to use, what and why, when and pitfalls of transfer learning
        ("fifty:13", "catalogue:3", "theory:21"),  # batch normalization: what and benefits, why it helps, how it works
        ("fifty:6", "catalogue:2"),  # vanishing / vanishing and exploding gradients
        ("fifty:9", "fifty:10"),  # what a CNN is used for / its architecture
        ("fifty:34", "fifty:36", "general:15"),
        ("fifty:39", "catalogue:27"),  # what early stopping is / how to implement it
        ("fifty:27", "catalogue:37", "catalogue:38"),
    ],
)
def test_questions_that_ask_for_different_things_have_different_rubrics(ids: tuple[str, ...]) -> None:
    found = {ALL.name_for(question) for question in EVERY if question.id in ids}
    assert len(found) == len(ids)


@pytest.mark.parametrize(
    "ids",
    [
        ("general:1", "fifty:1", "article:1"),
        ("general:2", "fifty:12", "fifty:41", "catalogue:23"),
        ("general:13", "fifty:33"),
        ("catalogue:1", "catalogue:8"),
        ("fifty:5", "article:3", "article:14", "catalogue:24"),
    ],
)
def test_one_question_in_several_wordings_has_one_rubric(ids: tuple[str, ...]) -> None:
    assert len({ALL.name_for(question) for question in EVERY if question.id in ids}) == 1
