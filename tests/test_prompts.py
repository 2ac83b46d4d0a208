"""Prompts: a template and a record make messages, or a clear error."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dlgrade.errors import PromptError
from dlgrade.models import Message, Question
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


@pytest.mark.parametrize(
    "reach",
    [
        "''.__class__.__mro__",
        "''['__class__']",
        "(''|attr('__class__')).__name__",
        "('{0.__class__}'.format(question))",
        "question.__class__",
        "question.__dict__",
        "record.model_copy.__func__",
        "record.parse_file(secret)",
        "record['parse_file'](secret)",
        "(record|attr('parse_file'))(secret)",
        "([record]|map(attribute='parse_file')|first)(secret)",
        "record.parse_raw(pickled.encode('latin1'), proto='pickle', allow_pickle=True)",
        "record.model_construct()",
        "question.__replace__(text='')",
        "question.__init__(text='')",
        "question.__dataclass_fields__",
        "marks.append('!')",
        "cycler.__init__.__globals__",
        "self.__init__.__globals__",
        "open(secret)",
        "range(10**9)",
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_template_reaches_what_it_is_given_and_nothing_else(tmp_path: Path, reach: str) -> None:
    secret, door = tmp_path / "secret", tmp_path / "opened"
    secret.write_text('{"role": "user", "content": "SECRET"}')
    question = Question(bank="b", position=1, raw="What?", text="What?", line=1)
    marks = ["?"]
    record = Message(role="user", content="What?")
    given = {
        "question": question,
        "record": record,
        "secret": str(secret),
        "pickled": program_in_a_pickle(door),
        "marks": marks,
    }
    with pytest.raises(PromptError) as caught:
        prompts(tmp_path, "{% block user %}{{ " + reach + " }}{% endblock %}").render("greet", **given)
    assert "greet.j2:1: " in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert not door.exists()
    assert marks == ["?"]


def program_in_a_pickle(door: Path) -> str:
    """What makes a file when it is unpickled."""

    class Opens:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (door,)

    pickled = pickle.dumps(Opens(), protocol=0)
    pickle.loads(pickled)  # noqa: S301 - it does, or the test would prove nothing
    door.unlink()
    return pickled.decode("latin-1")


def test_a_record_gives_its_data(tmp_path: Path) -> None:
    question = Question(bank="b", position=1, raw="What?", text="What?\n\nx = 1", line=1)
    made = prompts(tmp_path, "{% block user %}{{ question.id }} {{ question['wording'] }}{% endblock %}")
    assert made.render("greet", question=question)[0].content == "b:1 What?"


def test_a_template_includes_no_file_from_outside_its_folders(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    (tmp_path / "own").mkdir()
    for name in ("../secret", str(tmp_path / "secret")):
        with pytest.raises(PromptError, match="greet"):
            prompts(tmp_path / "own", "{% block user %}{% include '" + name + "' %}{% endblock %}").render("greet")


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
        settled=False,
        examples=[],
        asked=(),
        fence="answer-1",
        answer="My answer",
    )
    assert user.content.endswith("<answer-1>\nMy answer\n</answer-1>")
    assert "My answer" not in system.content
    assert rubric.criteria[0].expects in system.content
    assert "Misconceptions" not in system.content
