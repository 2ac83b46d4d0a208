"""Prompts: a template and a record make messages, or a clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlgrade.errors import PromptError
from dlgrade.prompts import Prompts


def prompts(folder: Path, text: str) -> Prompts:
    (folder / "greet.j2").write_text(text, encoding="utf-8")
    return Prompts([folder])


def test_each_block_is_a_message_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    made = prompts(tmp_path, "{% block system %}\n  {% endblock %}{% block user %}Hello {{ name }}{% endblock %}")
    assert [(m.role, m.content) for m in made.render("greet", name="<you>")] == [("user", "Hello <you>")]


def test_an_undefined_name_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    made = prompts(tmp_path, "{% block user %}\nHello\n{{ nmae }}{% endblock %}")
    with pytest.raises(PromptError) as caught:
        made.render("greet", name="you")
    assert "greet.j2:3: 'nmae' is undefined" in str(caught.value)
    assert "Defined here: name." in str(caught.value)


def test_a_syntax_error_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"greet\.j2:2: "):
        prompts(tmp_path, "\n{% block user %}{{ }}{% endblock %}").render("greet")


def test_a_template_without_a_user_message_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="needs a block named user"):
        prompts(tmp_path, "Hello").render("greet")


def test_a_template_cannot_reach_out_of_its_sandbox(tmp_path: Path) -> None:
    with pytest.raises(PromptError):
        prompts(tmp_path, "{% block user %}{{ ''.__class__.__mro__ }}{% endblock %}").render("greet")


def test_a_missing_template_is_named_with_the_folders_searched(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"no template greet\.j2 in "):
        Prompts([tmp_path]).render("greet")


def test_an_earlier_folder_wins_file_by_file_and_changes_the_fingerprint(tmp_path: Path) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    (shipped / "greet.j2").write_text("{% block user %}shipped{% endblock %}")
    (shipped / "part.j2").write_text("{% block user %}part{% endblock %}")
    (own / "greet.j2").write_text("{% block user %}own{% endblock %}")
    both = Prompts([own, shipped])
    assert both.render("greet")[0].content == "own"
    assert both.render("part")[0].content == "part"
    assert both.fingerprint("greet") != Prompts([shipped]).fingerprint("greet")


def test_the_shipped_templates_keep_the_answer_between_fences() -> None:
    from dlgrade.library import SHIPPED
    from dlgrade.rubrics import load_rubric

    rubric = load_rubric(SHIPPED / "rubrics" / "dropout.yaml")
    system, user = Prompts([SHIPPED / "prompts"]).render(
        "grade",
        rubric=rubric,
        criteria=[("c1", rubric.criteria[0])],
        misconceptions=[],
        fence="answer-1",
        answer="My answer",
    )
    assert user.content.endswith("<answer-1>\nMy answer\n</answer-1>")
    assert "My answer" not in system.content
    assert rubric.criteria[0].expects in system.content
    assert "Misconceptions" not in system.content
