"""Whole commands over HTTP that really happened: recorded once, replayed with no server, no network and no key.

The cassettes were recorded against the tests' own server (`loopback.py`), whose replies in `samples/replies` were
written for the purpose; none is a provider's. To record again:

    DLGRADE_RECORD=loopback pytest tests/test_recordings.py
    DLGRADE_RECORD=endpoint OPENAI_API_KEY=… OPENAI_BASE_URL=… DLGRADE_MODEL=… pytest tests/test_recordings.py

The second asks a real endpoint; only the tests whose replies a good model would give are recorded there.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Ran, Run
from loopback import Answer, Body, Loopback, Scripted
from vcr import VCR

CASSETTES = ROOT / "tests" / "cassettes"
REPLIES = ROOT / "tests" / "samples" / "replies"
ANSWERS = ROOT / "tests" / "samples" / "answers"
RECORD = os.environ.get("DLGRADE_RECORD", "")
ENDPOINT = {name: os.environ.get(name, "") for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DLGRADE_MODEL")}
PLANTED = "sk-planted-for-the-recording"
NOBODY = "http://127.0.0.1:9/v1"

Command = Callable[..., Ran]


def same_call(one: Any, other: Any) -> None:
    """The same method, the same end of the path, the same body as JSON; the host does not matter."""
    assert one.method == other.method
    assert Path(one.path).name == Path(other.path).name
    assert json.loads(one.body or b"null") == json.loads(other.body or b"null")


def without_names(response: dict[str, Any]) -> dict[str, Any]:
    """Only what says how to read the body: who answered, and for whom, is nobody's business."""
    kept = {"content-type", "retry-after", "retry-after-ms"}
    response["headers"] = {k: v for k, v in response["headers"].items() if k.lower() in kept}
    return response


recorder = VCR(
    cassette_library_dir=str(CASSETTES),
    record_mode="all" if RECORD else "none",
    match_on=("call",),
    filter_headers=[(name, None) for name in ("authorization", "api-key", "user-agent", "host", "cookie")],
    before_record_response=without_names,
    decode_compressed_response=True,
)
recorder.register_matcher("call", same_call)


def without_sdk_headers(request: Any) -> Any:
    request.headers = {k: v for k, v in request.headers.items() if k.lower() in {"content-type", "accept"}}
    request.uri = re.sub(r"^https?://[^/]+", "http://recorded", request.uri)
    return request


@contextmanager
def recorded(
    name: str, reply: Callable[[Body], Answer], run: Run, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """A command to run with a model, its calls recorded or replayed; all that is recorded must be played."""
    path = CASSETTES / f"{name}.yaml"
    if RECORD == "endpoint":
        key, url, model = ENDPOINT.values()
    else:
        key, url, model = PLANTED, NOBODY, model_in(path)
    monkeypatch.setenv("OPENAI_API_KEY", key)
    if RECORD:
        path.unlink(missing_ok=True)
    with Loopback(reply, key=PLANTED) as server:
        base_url = server.url if RECORD == "loopback" else url
        with recorder.use_cassette(path.name, before_record_request=without_sdk_headers) as cassette:
            yield lambda *words: run(*words, "--model", model, "--base-url", base_url)
            assert RECORD or cassette.all_played


def model_in(path: Path) -> str:
    """The model that a cassette was recorded with."""
    if RECORD or not path.exists():
        return "made-up"
    first = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"][0]
    return str(json.loads(first["request"]["body"])["model"])


def canned(replies: dict[str, str]) -> Callable[[Body], str]:
    """For each call, the reply under the key that stands in its last message."""

    def reply(body: Body) -> str:
        asked = body["messages"][-1]["content"]
        return next(text for part, text in replies.items() if part in asked)

    return reply


FILL = json.loads((REPLIES / "fill.json").read_text(encoding="utf-8"))


def test_general_is_filled_from_replies_of_every_shape(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists, tables, code, headings and display formulas among them: each fits, and reads back."""
    bank = ROOT / "questions" / "general.md"
    with recorded("fill-general", canned(FILL), run, monkeypatch) as command:
        ran = command("fill", bank, "--out", "build", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["requests"] == 17
    rows = json.loads(run("list", "build/general.md", "--json").out)
    assert [row["answered"] for row in rows] == [True] * 17
    before = json.loads(run("list", bank, "--json").out)
    assert [row["raw"] for row in rows] == [row["raw"] for row in before]


@pytest.mark.parametrize(
    ("name", "question"),
    [("dropout", "general:2"), ("dropout-hostile", "general:2"), ("confusion-matrix", "general:15")],
)
def test_a_recorded_grade_quotes_the_answer_and_adds_up(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, question: str
) -> None:
    answer = (ANSWERS / f"{name}.md").read_text(encoding="utf-8")
    reply = (REPLIES / f"grade-{name}.json").read_text(encoding="utf-8")
    with recorded(f"grade-{name}", lambda _: reply, run, monkeypatch) as command:
        ran = command("grade", question, ANSWERS / f"{name}.md", "--json")
    assert ran.code == 0, ran.err
    grade = json.loads(ran.out)
    earned = sum(verdict["points"] for verdict in grade["verdicts"])
    lost = sum(finding["cost"] for finding in grade["misconceptions"] if finding["found"])
    assert grade["score"] == max(earned - lost, 0)
    for piece in [piece for verdict in grade["verdicts"] for piece in verdict["evidence"]]:
        assert answer[piece["start"] : piece["end"]] == piece["quote"]
    expected = {"dropout": (5, 10), "dropout-hostile": (0, 0), "confusion-matrix": (4, 10)}[name]
    assert expected[0] <= grade["score"] <= expected[1]


@pytest.mark.skipif(RECORD == "endpoint", reason="a real endpoint does not fail on demand")
def test_cut_refused_and_filtered_replies_are_named_and_the_rest_is_filled(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("four.md").write_text(
        "1. What is cut short?\n2. What is declined?\n3. What is filtered?\n4. What is answered?\n", encoding="utf-8"
    )

    def completion(finish: str, **message: Any) -> Scripted:
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": None} | message}
        return Scripted(body={"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})

    def reply(body: Body) -> Answer:
        asked = body["messages"][-1]["content"]
        if "cut short" in asked:
            return completion("length", content="It begins and then")
        if "declined" in asked:
            return completion("stop", refusal="I cannot help with that.")
        if "filtered" in asked:
            return completion("content_filter")
        return "This one is."

    with recorded("fill-failures", reply, run, monkeypatch) as command:
        ran = command("fill", "four.md", "--out", "build", "--json")
    document = json.loads(ran.out)
    assert ran.code == 1
    assert [row["id"] for row in document["failed"]] == ["four:1", "four:2", "four:3"]
    assert "I cannot help with that." in document["failed"][1]["error"]
    # What failed was billed as well: cut short twice, and once each for the other two.
    assert document["usage"]["total_tokens"] >= 4 * 12
    assert "This one is." in Path("build/four.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_key_and_no_host_is_recorded(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert PLANTED not in text
    assert not re.search(r"authorization|bearer|api-key|set-cookie|x-stainless|127\.0\.0\.1|localhost", text)
