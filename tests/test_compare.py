"""What differs between two requests is said so that a person can mend it."""

from __future__ import annotations

from typing import Any

from dlgrade.llm.compare import differences, nearest


def parts(text: str = "What is dropout?", **others: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "You are an expert."}, {"role": "user", "content": text}]
    return {"endpoint": "http://a/v1", "model": "m", "messages": messages, "schema": None, "sample": 0, **others}


def test_equal_requests_have_no_differences() -> None:
    assert differences(parts(), parts()) == ()


def test_each_part_that_differs_is_named_with_both_values() -> None:
    assert differences(parts(), parts(model="n", sample=1)) == ("model: m -> n", "sample: 0 -> 1")
    assert differences(parts(), parts(schema={"type": "object"})) == ('schema: nothing -> {"type": "object"}',)


def test_a_message_that_differs_is_shown_where_it_parts() -> None:
    assert differences(parts("one\ntwo"), parts("one\n2")) == ("the user message, line 2: two -> 2",)
    assert differences(parts("one\ntwo"), parts("one")) == ("the user message, line 2: two -> nothing",)
    assert differences(parts("one"), parts("one\n")) == ("the user message, its line ends",)


def test_other_roles_and_numbers_of_messages_are_named() -> None:
    other = parts()
    other["messages"] = [{"role": "user", "content": "You are an expert."}, other["messages"][1]]
    assert differences(parts(), other) == ("the system message is now a user message",)
    other["messages"] = other["messages"][1:]
    assert differences(parts(), other) == ("messages: 2 -> 1",)


def test_the_nearest_request_is_the_one_about_the_same_question() -> None:
    same, elsewhere = parts(model="n", temperature=1.0), parts("What is a GAN?")
    assert nearest(parts(), [elsewhere, same]) is same
    assert nearest(parts(), []) is None
