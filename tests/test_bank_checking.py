"""What is wrong with a bank is found, with its line; what is right is left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, Run
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks.checking import check_bank
from dlgrade.banks.reading import bank_from_text, read_bank


def found(answer: str) -> list[tuple[str, int]]:
    second = "## Question 2\n\n**What is y?**\n\nY is a letter.\n"
    text = f"# T\n\n## Question 1\n\n**What is x?**\n\n{answer}\n\n---\n\n{second}"
    return [(finding.kind, finding.line) for finding in check_bank(bank_from_text(text, path="x.md"))]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("_[To be filled]_", [("no-answer", 5)]),
        ("Units are dropped at random so that no unit can rely on the others and", [("cut-off", 7)]),
        ("Units are dropped at random so that no unit can rely on any of the oth", [("cut-off", 7)]),
        ("The loss is $-\\log p and nothing else.", [("open-formula", 7)]),
        ("The loss is $\\frac{1}{n$ in all.", [("open-formula", 7)]),
        ("First:\n\n```python\nx = (1,\n```", [("python", 10)]),
        ("First:\n\n```python\nprint 'x'\n```", [("python", 10)]),
    ],
)
def test_a_mistake_in_an_answer_is_named_with_its_line(answer: str, expected: list[tuple[str, int]]) -> None:
    assert found(answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "Yes",
        "Adam (2014)",
        "Units are dropped at random, each with probability $p$, anew at every step of training.",
        "It costs $5 or $10 a month, whatever you do with it, and that is all there is to say.",
        "Escaped: \\$ is a sign. $$\\{a\\} = \\frac{1}{2}$$",
        "In code, `$HOME` is a variable, and `${x` is shell; neither is a formula at all, of course.",
        "```python\nimport torch\nx = torch.zeros(3)\n```",
        "```python\n>>> 1 +\n```",
        "```\nno language (\n```",
        "- a list whose items end as lists do\n- without any point whatsoever, however long they are",
        "| a | b |\n|---|---|\n| a table that is long enough to be taken for prose | it is not |",
        "A Chinese answer is fine as well: 随机失活在训练时以概率将单元置零,以减少过拟合并提高模型的泛化能力。",
    ],
)
def test_what_is_right_is_left_alone(answer: str) -> None:
    assert found(answer) == []


def test_an_open_fence_is_named() -> None:
    text = "## Question 1\n\n**What is x?**\n\n```python\nx = 1\n"
    assert [f.kind for f in check_bank(bank_from_text(text, path="x.md"))] == ["open-fence"]


@pytest.mark.parametrize(
    ("question", "kind", "line"),
    [
        ("## Question 2\n\n", "empty-question", 7),
        ("## Question 2\n\nTODO\n\n", "empty-question", 9),
        ("## 2. TODO\n\n", "numbering", 11),  # what asks nothing is no question: then the gap is named
    ],
)
def test_a_question_without_text_is_named(question: str, kind: str, line: int) -> None:
    text = f"## Question 1\n\n**What is x?**\n\nIt is x.\n\n{question}## Question 3\n\n**What is z?**\n\nIt is z.\n"
    found = check_bank(bank_from_text(text, path="x.md"))
    assert [(finding.kind, finding.line) for finding in found] == [(kind, line)]


def test_numbers_may_start_again_but_not_repeat_or_skip() -> None:
    text = "".join(f"{n}. What is {w}?\n\n   It is {w}.\n" for n, w in [(1, "a"), (2, "b")])
    assert check_bank(bank_from_text(text, path="x.md")) == []
    heads = [(3, "a"), (4, "b"), (1, "c"), (2, "d"), (2, "e"), (4, "f")]
    text = "".join(f"## {n}. What is {w}?\n\nIt is {w}.\n\n" for n, w in heads)
    assert [f.message for f in check_bank(bank_from_text(text, path="x.md"))] == [
        "number 2 stands twice",
        "number 4 follows 2",
    ]


def test_the_shipped_banks_have_only_their_known_faults() -> None:
    faults = {
        name: [
            (f.kind, f.line) for f in check_bank(read_bank(ROOT / "questions" / f"{name}.md")) if f.kind != "no-answer"
        ]
        for name in ("general", "fifty", "catalogue", "article", "theory")
    }
    assert faults == {"general": [], "fifty": [], "catalogue": [("same-question", 14)], "article": [], "theory": []}


@given(st.text(max_size=300))
def test_no_answer_upsets_the_check(answer: str) -> None:
    bank = bank_from_text("## 1. What is x?\n\nIt is x.\n", path="x.md")
    question = replace(bank.questions[0], answer=answer)
    assert isinstance(check_bank(replace(bank, questions=(question,))), list)


def test_the_command_names_file_and_line_and_fails(run: Run) -> None:
    ran = run("check", ROOT / "questions" / "general.md")
    assert ran.code == 1
    assert ran.out.splitlines()[0].endswith(
        "general.md:5: no answer: Define deep learning and how it differs from other machine learning approaches."
    )
    assert run("check", ROOT / "questions" / "article.md").code == 0


def test_json_has_what_a_script_wants(run: Run) -> None:
    rows = json.loads(run("check", ROOT / "questions" / "general.md", "--json").out)
    assert rows[0]["kind"] == "no-answer"
    assert list(rows[0]) == ["path", "line", "id", "kind", "message"]


def test_a_rubric_with_a_mistake_is_named(run: Run) -> None:
    Path("bad.yaml").write_text("question: x\ncriteria: []\n", encoding="utf-8")
    ran = run("check", "bad.yaml")
    assert ran.code == 2
    assert "bad.yaml:1: topic: missing key" in ran.err


def test_a_yaml_file_without_criteria_is_a_bank(run: Run) -> None:
    Path("bank.yaml").write_text("- question: What is x?\n- question: Why?\n  answer: So.\n", encoding="utf-8")
    ran = run("check", "bank.yaml")
    assert (ran.code, ran.out) == (1, "bank.yaml:1: no answer: What is x?\n")
    assert "1 bank and 0 rubrics" in ran.err


def test_nothing_is_wrong_with_what_fill_writes(run: Run) -> None:
    run("fill", ROOT / "questions", "--out", "build")
    rows = json.loads(run("check", "build", "--json").out)
    assert [(row["kind"], row["id"]) for row in rows] == [("same-question", "catalogue:8")]
