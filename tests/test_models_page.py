"""The page about models says what the code does."""

from __future__ import annotations

import re

from conftest import ROOT

from dlgrade.errors import RunStopped
from dlgrade.llm.client import TIMEOUT
from dlgrade.llm.diagnosis import TOKENS
from dlgrade.llm.dialect import REMEDIES
from dlgrade.llm.outage import LOST, PATIENCE
from dlgrade.llm.transport import CONNECT_TIMEOUT
from dlgrade.llm.trouble import ACTIONS, LONGEST_WAIT, Condition
from dlgrade.settings import Settings

PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
SAID = {
    "the key is not taken": [Condition.BAD_KEY],
    "the model or the URL is not known": [Condition.UNKNOWN_MODEL],
    "the endpoint sends requests elsewhere": [Condition.MOVED],
    "the account's quota has ended": [Condition.QUOTA],
    "nobody answers": [Condition.UNREACHABLE],
    "what comes is no chat completion": [Condition.NOT_A_REPLY],
    "the same from a server that has replied before": [Condition.NOT_A_REPLY_NOW],
    "the model is still loading": [Condition.LOADING],
    "the rate is limited": [Condition.RATE_LIMIT],
    "the server has no room": [Condition.OVERLOADED],
    "the server is busy": [Condition.BUSY],
    "the connection broke off": [Condition.BROKEN],
    "no reply in time": [Condition.TIMEOUT],
    "the server failed": [Condition.SERVER],
    "cut off at the token limit": [Condition.LENGTH],
    "empty, or not what was asked for": [Condition.UNREADABLE],
    "longer than the context": [Condition.TOO_LONG],
    "a parameter or a form of output is refused": [Condition.UNSUPPORTED, Condition.NO_FORMAT],
    "declined by the model or a filter": [Condition.REFUSED],
    "refused for another reason": [Condition.REJECTED],
}


def test_the_table_has_every_condition_with_its_tries_and_its_end() -> None:
    rows = re.findall(r"^\| ([^|(]+?) (?:\([^|]*\) )?\| (\d+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    told = {cause: (int(tries), "run stops" in end) for cause, tries, end in rows}
    assert set(told) == set(SAID)
    assert sorted(c.name for conditions in SAID.values() for c in conditions) == sorted(c.name for c in Condition)
    for cause, conditions in SAID.items():
        for condition in conditions:
            action = ACTIONS[condition]
            assert told[cause] == (action.tries, issubclass(action.error, RunStopped)), cause


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert f"One try may take {TIMEOUT:g} seconds" in text
    assert f"the connection {CONNECT_TIMEOUT:g}" in text
    assert f"more than {LONGEST_WAIT / 60:g} minutes" in text
    assert f"some {TOKENS} tokens" in text
    assert (LOST, PATIENCE) == (5, 60)
    assert "When five requests in a row" in text
    assert "After a minute without a reply" in text
    local = Settings(base_url="http://localhost/v1").requests_at_once
    assert f"It is {local} for a server on this machine" in text
    assert f"and {Settings().requests_at_once} elsewhere" in text


def test_every_parameter_that_may_be_put_otherwise_is_named() -> None:
    named = {"temperature": "`temperature`", "max_tokens": "`max_tokens`", "role": "system role", "stream": "streaming"}
    assert set(named) | {"stream_options"} == set(REMEDIES)
    paragraph = PAGE[PAGE.index("**What is remembered.**") :].partition("\n\n")[0]
    assert all(words in paragraph for words in named.values())
