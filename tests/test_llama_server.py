"""A real llama.cpp server answers `fill` and `grade`; its model alone is made up (see llama_server.py)."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import ROOT, Run
from filelock import FileLock
from llama_server import CONTEXT, NAME, SENTENCE
from pydantic import BaseModel, Field

from dlgrade.errors import Unreadable
from dlgrade.llm.client import OpenAIClient
from dlgrade.llm.request import Request
from dlgrade.llm.trouble import Trouble
from dlgrade.models import Message

T = TypeVar("T")

WHEEL = "xllamacpp>=2026.1"
INSTALLED = ROOT / "build" / "llama"
QUESTIONS = ("What is a flumph?", "What is a grick?", "What is a modron?")
RUBRIC = "dropout"
ANSWER = f"In short: {SENTENCE} It is off at inference."


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of the server, which ends with the tests."""
    environment = {**os.environ, "PYTHONPATH": str(installed())}
    folder = tmp_path_factory.mktemp("llama")
    command = [sys.executable, str(ROOT / "tests" / "llama_server.py"), str(folder / "model.gguf")]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line.startswith("http"), (folder / "log").read_text()
        yield line
        process.kill()


def installed() -> Path | str:
    """Where the server's package is: in the environment, or installed beside the tests, once."""
    if importlib.util.find_spec("xllamacpp"):
        return ""
    INSTALLED.parent.mkdir(exist_ok=True)
    with FileLock(INSTALLED.with_suffix(".lock")):  # tests run in several processes
        if not INSTALLED.exists():
            half = INSTALLED.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            wanted = ["--only-binary=:all:", "--timeout=15", "--retries=1", f"--target={half}", WHEEL]
            ran = subprocess.run([*pip, *wanted], capture_output=True, text=True, check=False)
            if ran.returncode:
                pytest.skip(f"no wheel of llama.cpp to be had: {ran.stderr.strip().rpartition('ERROR: ')[2]}")
            half.rename(INSTALLED)
    return INSTALLED


def bank(*questions: str) -> Path:
    path = Path("bank.md")
    path.write_text("# Questions\n\n" + "".join(f"{i}. {text}\n" for i, text in enumerate(questions, 1)))
    return path


def asking(url: str, model: str = NAME) -> tuple[str, ...]:
    return ("--model", model, "--base-url", url)


def settings(**values: object) -> None:
    Path("dlgrade.toml").write_text("".join(f"{name} = {value}\n" for name, value in values.items()))


def filled(run: Run, url: str) -> tuple[int, dict[str, Any]]:
    ran = run("fill", "bank.md", "--out", "out", "--json", *asking(url))
    return ran.code, json.loads(ran.out)


def graded(run: Run, url: str, *more: str) -> dict[str, Any]:
    ran = run("grade", RUBRIC, "--text", ANSWER, "--json", *more, *asking(url))
    assert ran.out, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


# ── fill ─────────────────────────────────────────────────────────────────────────────────────


def test_every_question_is_answered_once_and_no_second_run_asks_again(run: Run, url: str) -> None:
    bank(*QUESTIONS)
    code, report = filled(run, url)
    assert (code, report["requests"], report["failed"]) == (0, len(QUESTIONS), [])
    assert report["usage"]["completion_tokens"] == len(QUESTIONS) * (len(SENTENCE.split()) + 1)
    assert Path("out/bank.md").read_text().count(SENTENCE) == len(QUESTIONS)
    shutil.rmtree("out")
    code, report = filled(run, url)
    assert (code, report["requests"], report["cached"]) == (0, 0, len(QUESTIONS))


def test_babble_is_an_answer_that_reads_back_or_is_named(run: Run, url: str) -> None:
    asked = [f"What is creature {i} of the book?" for i in range(40)]
    bank(*asked)
    settings(temperature=2.0)
    code, report = filled(run, url)
    failed = {failure["id"] for failure in report["failed"]}
    assert code == (1 if failed else 0)
    found = json.loads(run("list", "out/bank.md", "--json").out)
    assert [question["text"] for question in found] == asked
    assert {question["id"] for question in found if not question["answered"]} == failed
    assert len(failed) < len(asked)


def test_a_question_longer_than_the_context_is_named_with_the_servers_words(run: Run, url: str) -> None:
    bank("What is a flumph?", f"What do you see here: {'a b ' * (CONTEXT // 4)}?", "What is a modron?")
    code, report = filled(run, url)
    assert code == 1
    assert [failure["id"] for failure in report["failed"]] == ["bank:2"]
    assert "exceeds the available context size" in report["failed"][0]["error"]
    assert Path("out/bank.md").read_text().count(SENTENCE) == 2


def test_a_reply_cut_short_is_asked_for_once_more_with_twice_the_limit(run: Run, url: str) -> None:
    whole = len(SENTENCE.split()) + 1
    bank("What is a flumph?")
    settings(max_tokens=whole - 1)
    code, report = filled(run, url)
    assert (code, report["failed"]) == (0, [])
    # both tries were paid for
    assert report["usage"]["completion_tokens"] == 2 * whole - 1


def test_a_reply_cut_short_twice_is_named_and_not_kept(run: Run, url: str) -> None:
    bank("What is a flumph?")
    settings(max_tokens=3)
    for _ in range(2):
        code, report = filled(run, url)
        assert (code, report["cached"]) == (1, 0)
        assert "ran out of tokens" in report["failed"][0]["error"]
        assert report["usage"]["completion_tokens"] == 3 + 6
    assert SENTENCE[:20] not in Path("out/bank.md").read_text()


def test_any_name_is_answered_since_the_server_looks_at_none(run: Run, url: str) -> None:
    bank("What is a flumph?")
    ran = run("fill", "bank.md", "--out", "out", *asking(url, "no-such-model"))
    assert (ran.code, SENTENCE in Path("out/bank.md").read_text()) == (0, True)


# ── grade ────────────────────────────────────────────────────────────────────────────────────


def test_the_grammar_brings_a_verdict_for_every_criterion_with_quotes_that_are_found(run: Run, url: str) -> None:
    rubric = json.loads(run("grade", RUBRIC, "--text", ANSWER, "--json", "--model", "offline").out)
    grade = graded(run, url)
    assert grade["status"] == "graded"
    for part, name in (("verdicts", "criterion"), ("misconceptions", "id")):
        assert [item[name] for item in grade[part]] == [item[name] for item in rubric[part]]
    quotes = [evidence for verdict in grade["verdicts"] for evidence in verdict["evidence"]]
    assert quotes
    assert all(ANSWER[quote["start"] : quote["end"]] == quote["quote"] for quote in quotes)
    # it quotes one sentence for everything: two criteria have it, and a person is told of the others
    assert {v["criterion"] for v in grade["verdicts"] if v["points"]} == {"random-masking", "no-co-adaptation"}
    assert all(flag.startswith("needs review: ") for flag in grade["flags"])


def test_babble_within_the_grammar_is_a_grade_that_says_what_it_rests_on(run: Run, url: str) -> None:
    for temperature in (2.0, 1.9, 1.8):
        settings(temperature=temperature)
        grade = graded(run, url)
        if grade["status"] == "graded":
            break
        # about once in a hundred times it babbles on: no verdict, and the reason
        assert (grade["status"], grade["score"], bool(grade["error"])) == ("ungraded", None, True)
    assert grade["status"] == "graded", grade["error"]
    unfounded = {v["criterion"] for v in grade["verdicts"] if v["verdict"] != "missed" and not v["evidence"]}
    flagged = {flag.removeprefix("needs review: ").partition(" ")[0] for flag in grade["flags"]}
    assert unfounded <= flagged
    assert bool(flagged) == (grade["confidence"] < 1)


@pytest.mark.parametrize("mode", [(), ("--adaptive",), ("--per-criterion",)], ids=["whole", "adaptive", "pieces"])
def test_samples_in_other_orders_and_pieces_are_one_grade(run: Run, url: str, mode: tuple[str, ...]) -> None:
    settings(temperature=1.0)
    grade = graded(run, url, "--samples", "3", *mode)
    assert (grade["status"], grade["grader"]["samples"] in {2, 3}) == ("graded", True), grade
    assert 0 <= grade["confidence"] <= 1
    again = graded(run, url, "--samples", "3", *mode)
    assert {**again, "usage": grade["usage"]} == grade


def test_verdicts_cut_short_are_no_grade(run: Run, url: str) -> None:
    settings(max_tokens=20)
    grade = graded(run, url)
    assert (grade["status"], grade["score"], grade["error"]["kind"]) == ("ungraded", None, "cut_short")
    assert grade["usage"]["completion_tokens"] == 20 + 40


# ── a person who asks ────────────────────────────────────────────────────────────────────────


def test_one_answer_is_streamed_into_the_same_cache(run: Run, url: str) -> None:
    bank("What is a flumph?")
    asked = json.loads(run("answer", "bank:1", "--json", *asking(url)).out)
    assert (asked["answer"], asked["cached"]) == (SENTENCE, False)
    code, report = filled(run, url)
    assert (code, report["requests"], report["cached"]) == (0, 0, 1)


def test_words_come_one_by_one(url: str) -> None:
    heard: list[str] = []
    messages = (Message(role="user", content="What is a flumph?"),)
    request = Request(endpoint=url, model=NAME, messages=messages, max_tokens=100, hear=heard.append)
    reply = with_client(lambda client: client.complete(request))
    assert "".join(heard) == reply.text
    assert len(heard) > 5
    assert reply.usage is not None


def test_the_doctor_finds_what_there_is(run: Run, url: str) -> None:
    ran = run("doctor", "--json", *asking(url))
    states = {check["name"]: (check["state"], check["found"]) for check in json.loads(ran.out)["checks"]}
    assert states["reachable"][0] == states["key"][0] == states["model"][0] == states["parameters"][0] == "ok"
    assert states["structure"] == ("ok", "json_schema, strict")


# ── the client ───────────────────────────────────────────────────────────────────────────────


def with_client(ask: Callable[[OpenAIClient], Awaitable[T]]) -> T:
    async def asked() -> T:
        client = OpenAIClient()
        try:
            return await ask(client)
        finally:
            await client.aclose()

    return asyncio.run(asked())


def test_what_a_grammar_cannot_say_is_still_checked(url: str) -> None:
    class Large(BaseModel):
        number: int = Field(gt=10**18)  # the server's grammar ends after 16 digits

    request = Request(
        endpoint=url, model=NAME, messages=(Message(role="user", content="A number?"),), shape=Large, max_tokens=100
    )
    with pytest.raises(Unreadable) as caught:
        with_client(lambda client: client.complete(request))
    assert "number" in caught.value.message
    assert caught.value.usage.completion_tokens > 0


def test_the_models_are_listed_under_their_names(url: str) -> None:
    listed = with_client(lambda client: client.listing(url))
    assert not isinstance(listed, Trouble)
    assert [model.id for model in listed] == [NAME]
