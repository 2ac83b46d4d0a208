"""`dlgrade answer`: one reference answer, at once on a terminal, whole and once everywhere else."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from loopback import Body, Loopback, Scripted, completion, streamed
from terminal import Terminal

from dlgrade.library import SHIPPED

ANSWER = "Dropout sets units\nto **zero** at random."
QUESTION = "How do dropout layers help prevent overfitting?"
BANK = SHIPPED / "questions" / "general.md"


def asking(server: Loopback, *more: str) -> tuple[str, ...]:
    return ("--model", "made-up", "--base-url", server.url, *more)


# ── without a model ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["general:2", "how do dropout layers help", "dropout"])
def test_without_a_model_it_is_the_answer_that_ships(run: Run, name: str) -> None:
    ran = run("answer", name)
    assert ran.code == 0
    assert ran.out.startswith("A dropout layer (Srivastava et al., 2014) sets")
    assert ran.err.startswith("dlgrade: no model is set up: offline")


def test_offline_json_says_where_it_is_from(run: Run) -> None:
    ran = run("answer", "general:2", "--model", "offline", "--json")
    document = json.loads(ran.out)
    assert (document["id"], document["question"], document["model"]) == ("general:2", QUESTION, "offline")
    assert (document["cached"], document["usage"], document["cost_usd"]) == (False, None, 0.0)
    assert ran.err == ""


def test_a_question_that_nothing_ships_for_says_how_to_ask_a_model(run: Run) -> None:
    Path("own.md").write_text("1. What is a flumph?\n2. Why?\n", encoding="utf-8")
    ran = run("answer", "own.md:1")
    assert (ran.code, ran.out) == (2, "")
    assert "no answer ships for own:1: What is a flumph?\nTo ask a model: --model NAME" in ran.err


def test_an_unknown_question_gets_the_nearest(run: Run) -> None:
    ran = run("answer", "genral:2")
    assert (ran.code, ran.out) == (2, "")
    assert "The nearest:\n  general:2" in ran.err


# ── with a model, into a file or a program ───────────────────────────────────────────────────


def test_the_models_answer_is_printed_with_what_it_took(run: Run) -> None:
    Path("dlgrade.toml").write_text('[prices."made-up"]\ninput = 1000\noutput = 1000\n', encoding="utf-8")
    with Loopback(lambda _: ANSWER) as server:
        ran = run("answer", "general:2", *asking(server))
        (body,) = server.bodies
    assert (ran.code, ran.out) == (0, ANSWER + "\n")
    assert QUESTION in body["messages"][-1]["content"]
    said = ran.err.splitlines()[-1]
    assert said.startswith("made-up: ")
    assert " + 11 tokens, $0." in said
    assert said.endswith(" s")


def test_a_second_time_it_comes_from_the_cache_and_fill_finds_it_there(run: Run) -> None:
    with Loopback(lambda _: ANSWER) as server:
        first = run("answer", "general:2", *asking(server))
        again = run("answer", "general:2", *asking(server))
        assert len(server.requests) == 1
        assert (again.out, again.err.partition(",")[0]) == (first.out, "made-up: from the cache")
        document = BANK.read_text(encoding="utf-8")
        Path("general.md").write_text(document, encoding="utf-8")
        filled = json.loads(run("fill", "general.md", "--out", "build", "--json", *asking(server)).out)
        assert (filled["requests"], filled["cached"]) == (16, 1)
    assert Path("build/general.md").read_text(encoding="utf-8").count("Dropout sets units") == 17


def test_what_fill_asked_for_is_answered_from_the_cache(run: Run) -> None:
    Path("general.md").write_text(BANK.read_text(encoding="utf-8"), encoding="utf-8")
    with Loopback(lambda _: ANSWER) as server:
        run("fill", "general.md", "--out", "build", *asking(server))
        sent = len(server.requests)
        ran = run("answer", "general.md:3", *asking(server, "--json"))
        assert len(server.requests) == sent
    assert json.loads(ran.out)["cached"] is True


def test_json_is_one_document_with_usage_and_cost(run: Run) -> None:
    with Loopback(lambda _: ANSWER) as server:
        ran = run("answer", "general:2", *asking(server, "--json"))
    document = json.loads(ran.out)
    assert list(document) == ["id", "question", "answer", "model", "cached", "usage", "cost_usd", "seconds"]
    assert (document["answer"], document["model"], document["cached"]) == (ANSWER, "made-up", False)
    assert document["usage"]["completion_tokens"] == 11
    assert document["cost_usd"] is None  # nobody knows what a made-up model costs
    assert 0 < document["seconds"] < 60


def test_another_model_takes_over_when_the_quota_ends(run: Run) -> None:
    def reply(body: Body) -> Any:
        error = {"error": {"message": "You have no credits", "code": "insufficient_quota"}}
        return Scripted(429, body=error) if body["model"] == "made-up" else ANSWER

    with Loopback(reply) as server:
        ran = run("answer", "general:2", *asking(server, "--model", "another", "--json"))
    assert (ran.code, json.loads(ran.out)["model"]) == (0, "another")
    assert "You have no credits; another takes over" in ran.err


def test_a_limit_of_money_without_a_price_asks_for_one_before_anything_is_sent(run: Run) -> None:
    with Loopback() as server:
        ran = run("answer", "general:2", *asking(server, "--max-cost", "1"))
        assert server.requests == []
    assert (ran.code, ran.out) == (2, "")
    assert "no price is known for the model made-up" in ran.err


def test_a_recording_of_it_is_replayed_with_nothing_sent(run: Run) -> None:
    with Loopback(lambda _: ANSWER) as server:
        recorded = run("answer", "general:2", *asking(server, "--record", "run.tape"))
    replayed = run("answer", "general:2", "--replay", "run.tape")
    assert (replayed.code, replayed.out) == (0, recorded.out)


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (Scripted(401, body={"error": {"message": "no such key"}}), 3, "no such key"),
        (Scripted(400, body={"error": {"message": "that is a bad idea"}}), 1, "that is a bad idea"),
        (Scripted(content=""), 1, "did not reply what it was asked for"),
        (Scripted(content="TODO"), 1, "a placeholder, which is no answer"),
    ],
)
def test_what_is_no_answer_is_an_error_in_the_servers_words(run: Run, reply: Scripted, code: int, said: str) -> None:
    with Loopback(lambda _: reply) as server:
        ran = run("answer", "general:2", *asking(server))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ("cost not known" in ran.err) == (code == 1)


# ── at a terminal ────────────────────────────────────────────────────────────────────────────


def test_the_first_word_is_on_the_terminal_at_once(tmp_path: Path) -> None:
    sent: list[float] = []

    def reply(body: Body) -> Scripted:
        sent.append(time.monotonic())
        return Scripted(content=" ".join(f"word{n}" for n in range(1, 61)), pause=0.05)

    with Loopback(reply) as server:
        terminal = Terminal.running("answer", "general:2", *asking(server))
        seen = terminal.until("word1 ")
        assert "word30" not in terminal.read
        code, screen = terminal.end()
    # the first piece has no word, so the word goes out after two pauses; the rest is for a busy machine
    assert seen - sent[0] < 0.1 + 0.5
    assert code == 0
    assert screen.count("word1 ") == screen.count("word60") == 1
    assert "\nmade-up: " in screen


def test_words_that_turned_out_void_are_said_to_be_and_the_answer_follows_whole() -> None:
    replies = iter([True, False])

    def reply(body: Body) -> Scripted:
        broken = Scripted(pieces=streamed(body, "Dropout sets units to one.")[:4], breaks="within")
        return broken if next(replies) else Scripted(content=ANSWER)

    with Loopback(reply) as server:
        code, screen = Terminal.running("answer", "general:2", *asking(server)).end()
    assert code == 0
    before, void, after = screen.partition("\ndlgrade: what stands above is void: ")
    assert before.endswith("Dropout sets units")
    assert void
    assert after.partition("\n")[2].startswith(ANSWER + "\nmade-up: ")


def test_thinking_that_shows_late_is_taken_back() -> None:
    with Loopback(lambda _: "First I consider. </think> Dropout helps.") as server:
        code, screen = Terminal.running("answer", "general:2", *asking(server)).end()
    assert code == 0
    assert "void: the model was only thinking\nDropout helps.\nmade-up: " in screen


def test_a_server_that_streams_nothing_and_a_cached_reply_are_printed_all_the_same() -> None:
    with Loopback(lambda body: Scripted(body=completion(body, ANSWER))) as server:
        for _ in range(2):
            code, screen = Terminal.running("answer", "general:2", *asking(server)).end()
            assert code == 0
            assert f"{ANSWER}\nmade-up: " in screen
        assert len(server.requests) == 1


def test_what_would_command_a_terminal_is_left_out_there() -> None:
    with Loopback(lambda _: "Drop\x1b[31mout\x07 helps.\ttoo") as server:
        _, screen = Terminal.running("answer", "general:2", *asking(server)).end()
    assert "Drop[31mout helps." in screen
    assert "\x1b" not in screen


def test_a_stream_is_not_asked_for_where_nobody_watches(run: Run) -> None:
    with Loopback(lambda _: ANSWER) as server:
        run("answer", "general:2", *asking(server))
        assert "stream" not in server.bodies[0]


def test_ctrl_c_in_the_middle_ends_it_at_once_and_keeps_nothing(run: Run) -> None:
    words = " ".join(f"word{n}" for n in range(1, 400))
    with Loopback(lambda _: Scripted(content=words, pause=0.05)) as server:
        terminal = Terminal.running("answer", "general:2", *asking(server))
        terminal.until("word3")
        pressed = time.monotonic()
        terminal.process.send_signal(signal.SIGINT)
        code, screen = terminal.end()
        took = time.monotonic() - pressed
        assert (code, "Traceback" in screen) == (130, False)
        assert took < 5
        server.reply = lambda _: ANSWER
        assert run("answer", "general:2", *asking(server)).out == ANSWER + "\n"
        assert len(server.requests) == 2
