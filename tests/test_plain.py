"""Templates rendered without Jinja are, to the byte, what Jinja makes of them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dlgrade.errors import PromptError
from dlgrade.library import SHIPPED
from dlgrade.models import Message, Question
from dlgrade.plain import BeyondPlain, blocks_of, rendered
from dlgrade.prompts import Prompts
from dlgrade.sandbox import Sandbox

QUESTION = Question(bank="b", position=1, raw="What?", text=" What <is> it?\n\n{{ x }}", category=None, line=1)
GIVEN: dict[str, Any] = {
    "question": QUESTION,
    "message": Message(role="user", content="Hello\n"),
    "name": "you",
    "none": None,
    "nothing": "",
    "many": ["a", 1],
}
PATHS = ["question.text", "question.category", "question.id", "message.content", "name", "none", "nothing", "many"]
PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "\t",
            "  \n",
            "{",
            "}",
            "{ {",
            "}}",
            "%}",
            "#}",
            "text",
            "¿é…",
            "a # b",
            "100 %",
            "\x0c",
            "\u2028",
        ),
        *(f"{{{{ {path} }}}}" for path in PATHS),
        *(f"{{% if {path} %}}" for path in PATHS),
        *("{% endif %}", "{%endif%}", "{% endif %}\n", "{% else %}", "{%- endif %}", "{% endif -%}", "{%+ endif %}"),
        *("{# said #}", "{#- said #}", "{# said -#}", "{#+ said #}", "{# two\nlines #}\n", "{##}", "{# {{ name }} #}"),
        *("{{name}}", "{{\nname\n}}", "{{- name }}", "{{ name|upper }}", "{{ name }}}", "{{{ name }}", "{{ nmae }}"),
        *("{% block user %}", "{% endblock %}", "{% endblock %}\n", "{% block system %}", "{% endblock user %}"),
        *("{% raw %}", "{% endraw %}", "{% if not name %}", "{% if question %}", "{% set a = 1 %}", "{{ 'x' }}"),
        *("{{ question.nothing }}", "{{ question.__class__ }}", "{{ message.model_copy }}", "{{ name.upper }}"),
    ]
)


def by_jinja(source: str, given: dict[str, Any]) -> dict[str, str] | None:
    """The blocks by Jinja, None where it complains."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "made.j2").write_text(source, encoding="utf-8", newline="")
        try:
            return Sandbox([Path(folder)]).blocks("made", given, ("system", "user"))
        except PromptError:
            return None


def plainly(source: str, given: dict[str, Any]) -> dict[str, str] | None:
    """The blocks without it, None where it takes Jinja."""
    try:
        blocks = blocks_of(source)
        return {name: rendered(blocks[name], given) for name in ("system", "user") if name in blocks}
    except BeyondPlain:
        return None


def test_what_is_plain_is_rendered_without_jinja() -> None:
    source = "{# for a test #}\n{% block user %}\n{% if name %}\n  Dear {{ name }},\n{% endif %}\n{% endblock %}\n"
    assert plainly(source, GIVEN) == by_jinja(source, GIVEN) == {"user": "  Dear you,\n"}
    assert plainly(source, {**GIVEN, "name": ""}) == by_jinja(source, {**GIVEN, "name": ""}) == {"user": ""}


@given(st.lists(PIECES, max_size=12), st.lists(PIECES, max_size=4))
@example(["{", "{{ name }}"], [])
@example(["x", "  ", "{# said #}", "\n"], [])
@example(["{{ name }}", "  ", "{% if name %}", "\n", "  ", "{% endif %}", "\n"], ["\n"])
def test_both_make_the_same_bytes_of_any_template(inside: list[str], outside: list[str]) -> None:
    source = f"{''.join(outside)}{{% block user %}}{''.join(inside)}{{% endblock %}}{''.join(outside)}"
    made = plainly(source, GIVEN)
    assert made is None or made == by_jinja(source, GIVEN)


@given(st.lists(PIECES, max_size=10))
def test_what_jinja_does_not_take_is_not_plain(pieces: list[str]) -> None:
    source = "".join(pieces)
    made = plainly(source, GIVEN)
    assert made is None or made == by_jinja(source, GIVEN)


@pytest.mark.parametrize("path", ["question.text", "question.wording", "message.content", "many", "none"])
def test_what_a_record_gives_is_the_same(path: str) -> None:
    source = f"{{% block user %}}{{{{ {path} }}}}{{% endblock %}}"
    made = plainly(source, GIVEN)
    assert made is not None
    assert made == by_jinja(source, GIVEN)


def test_what_is_not_there_is_for_jinja_to_say(tmp_path: Path) -> None:
    (tmp_path / "greet.j2").write_text("{% block user %}\nHello\n{% if nmae %}x{% endif %}{% endblock %}")
    assert blocks_of((tmp_path / "greet.j2").read_text())
    with pytest.raises(PromptError, match=r"greet\.j2:3: 'nmae' is undefined"):
        Prompts([tmp_path]).render("greet", name="you")


def test_the_prompt_for_an_answer_takes_no_jinja_and_is_known_by_the_same_hash(tmp_path: Path) -> None:
    source = (SHIPPED / "prompts" / "answer.j2").read_text(encoding="utf-8")
    for question in (QUESTION, Question(bank="b", position=2, raw="Why?", text="Why?", category="Training", line=2)):
        made = plainly(source, {"question": question})
        assert made is not None
        assert made == by_jinja(source, {"question": question})
    # the hash is that of the files that Jinja would read, an included one among them
    (tmp_path / "answer.j2").write_text(source, encoding="utf-8")
    (tmp_path / "both.j2").write_text("{% include 'answer.j2' %}{% block user %}x{% endblock %}", encoding="utf-8")
    prompts, sandbox = Prompts([tmp_path]), Sandbox([tmp_path])
    assert sandbox.sources("answer") == {"answer.j2": source}
    assert prompts.fingerprint("answer") == Prompts([SHIPPED / "prompts"]).fingerprint("answer")
    before = prompts.fingerprint("both")
    (tmp_path / "answer.j2").write_text(source + "\n", encoding="utf-8")
    assert Prompts([tmp_path]).fingerprint("both") != before
