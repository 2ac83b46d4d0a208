"""`dlgrade doctor` says of each thing whether it is well, in the server's own words where it is not, and what to do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Ran, Run
from loopback import Body, Loopback, Scripted, completion, streamed

from dlgrade.llm.checks import trouble
from dlgrade.llm.dialect import Dialect
from dlgrade.llm.store import Store
from dlgrade.llm.trouble import Condition, Trouble

KEY = "sk-planted-key-0123456789"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
COUNTED = " ".join(f"word{n}" for n in range(1, 31))


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def examined(run: Run) -> Iterator[Callable[..., tuple[Ran, dict[str, dict[str, Any]]]]]:
    """Run `dlgrade doctor --json` on a server; gives what it left, and its checks by name."""

    def command(server: Loopback, *more: str, model: str = "loopback") -> tuple[Ran, dict[str, dict[str, Any]]]:
        ran = run("doctor", "--model", model, "--base-url", server.url, "--json", *more)
        assert "Traceback" not in ran.err
        return ran, {check["name"]: check for check in json.loads(ran.out)["checks"]}

    yield command


Examined = Callable[..., tuple[Ran, dict[str, dict[str, Any]]]]


def refuses(*params: str, **formats: str) -> Callable[[Body], Any]:
    """A `reply` that does not take these parameters, nor these kinds of response_format."""

    def reply(body: Body) -> Any:
        roles = {message["role"] for message in body["messages"]}
        for param in params:
            if param in body or (param == "role" and "system" in roles):
                named = "messages[0].role" if param == "role" else param
                error = {"message": f"no {param} here", "param": named, "code": "unsupported_value"}
                return Scripted(400, body={"error": error})
        asked = (body.get("response_format") or {}).get("type", "")
        if asked in formats:
            return Scripted(400, body={"error": {"message": formats[asked]}})
        if any("JSON schema" in message["content"] for message in body["messages"]):
            return '{"words": ["wet"], "verdict": "yes"}'
        return None if "response_format" in body else COUNTED

    return reply


# ── all is well ──────────────────────────────────────────────────────────────────────────────


def test_all_is_well_and_each_line_says_so(run: Run) -> None:
    Path("dlgrade.toml").write_text(
        'max_tokens = 1000\n[prices."loopback"]\ninput = 0\noutput = 2.5\n', encoding="utf-8"
    )
    with Loopback(refuses()) as server:
        ran = run("doctor", "--model", "loopback", "--base-url", server.url)
        assert [seen.path for seen in server.requests] == ["/v1/models", *["/v1/chat/completions"] * 2]
        plain, shaped = server.bodies
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert {line.split()[0] for line in lines} == {"OK", "note"}
    assert "OK       setting     max_tokens = 1000, from dlgrade.toml:1" in lines
    assert f"OK       setting     base_url = {server.url}, from --base-url" in lines
    assert any(line.startswith(f"OK       reachable   {server.url} answers after ") for line in lines)
    assert "OK       key         not set, and none is asked for" in lines
    assert "OK       model       is listed, one of 1, and replies" in lines
    assert "OK       parameters  all are taken" in lines
    assert "OK       structure   json_schema, strict" in lines
    assert "OK       remembered  nothing from earlier runs" in lines
    assert "OK       price       $0 in, $2.5 out for a million tokens, from dlgrade.toml" in lines
    assert f"dlgrade: asking loopback at {server.url} for about 600 tokens" in ran.err
    assert (plain["stream"], plain["temperature"], plain["messages"][0]["role"]) == (True, 0.0, "system")
    assert shaped["response_format"]["type"] == "json_schema"


def test_how_fast_a_reply_comes_is_measured_by_its_stream(examined: Examined) -> None:
    with Loopback(lambda body: None if "response_format" in body else Scripted(content=COUNTED, pause=0.02)) as server:
        _, checks = examined(server)
    said = checks["reply"]["found"]
    tokens, _, rest = said.partition(" tokens in ")
    assert int(tokens) > 30
    assert ": the first words after 0." in rest
    rate = int(rest.rpartition("then ")[2].split()[0])
    assert 10 < rate < int(tokens) / 0.5  # 30 words, 20 ms each, take 0.6 s at least


def test_it_asks_anew_each_time_and_leaves_nothing_in_the_cache(examined: Examined) -> None:
    with Loopback(refuses("temperature")) as server:
        examined(server)
        sent = len(server.requests)
        _, checks = examined(server)
        assert len(server.requests) == 2 * sent
    assert checks["cache"]["found"].endswith("is not there yet; the first reply makes it")
    assert checks["remembered"]["found"] == "nothing from earlier runs"


def test_json_has_what_it_took(examined: Examined) -> None:
    with Loopback(refuses()) as server:
        ran, _ = examined(server)
    document = json.loads(ran.out)
    assert (document["models"], document["base_url"], document["usable"]) == (["loopback"], server.url, True)
    assert 30 < document["usage"]["total_tokens"] < 600


# ── what a server does not take ──────────────────────────────────────────────────────────────


def test_parameters_that_are_refused_are_named_with_the_complaint(examined: Examined) -> None:
    with Loopback(refuses("temperature", "max_tokens", "role", "stream_options")) as server:
        ran, checks = examined(server)
    assert ran.code == 0
    assert checks["parameters"]["state"] == "note"
    found = checks["parameters"]["found"]
    assert "temperature is left out: “no temperature here”" in found
    assert "the limit is called max_completion_tokens: “no max_tokens here”" in found
    assert "the system message is put at the head of the user's: “no role here”" in found
    assert "a stream's usage is not asked for, so its cost is not known: “no stream_options here”" in found
    assert "of how many tokens it does not say: the first words after" in checks["reply"]["found"]


def test_a_server_that_streams_nothing_is_measured_all_the_same(examined: Examined) -> None:
    with Loopback(refuses("stream")) as server:
        _, checks = examined(server)
    assert "nothing is streamed: “no stream here”" in checks["parameters"]["found"]
    assert ": in one piece" in checks["reply"]["found"]


@pytest.mark.parametrize(
    ("formats", "step"),
    [
        ({"json_schema": "unknown response_format"}, "json_object, with the schema in the prompt"),
        (
            {"json_schema": "unknown response_format", "json_object": "response_format is not supported"},
            "plain text, with the schema in the prompt",
        ),
    ],
)
def test_the_ladder_is_gone_down_to_the_step_that_works(examined: Examined, formats: dict[str, str], step: str) -> None:
    with Loopback(refuses(**formats)) as server:
        ran, checks = examined(server)
    refused = "".join(f"; {name} is not taken: “{words}”" for name, words in formats.items())
    assert (ran.code, checks["structure"]["state"], checks["structure"]["found"]) == (0, "note", step + refused)


def test_a_server_that_takes_no_form_at_all_cannot_grade(examined: Examined) -> None:
    def reply(body: Body) -> Any:
        grading = any("wet" in message["content"] for message in body["messages"])
        return Scripted(400, body={"error": {"message": "no grammar for you"}}) if grading else COUNTED

    with Loopback(reply) as server:
        ran, checks = examined(server)
    assert (ran.code, checks["structure"]["state"]) == (1, "problem")
    assert checks["structure"]["found"] == "no form of it is taken: “no grammar for you”"
    assert checks["structure"]["do"] == "Grading needs another model or server."


def test_a_form_that_is_taken_and_not_held_to_is_a_problem(examined: Examined) -> None:
    def reply(body: Body) -> Any:
        if "This reply cannot be used" in body["messages"][-1]["content"]:
            return '{"words": [], "verdict": "no"}'
        return "Well, it depends." if "response_format" in body else COUNTED

    with Loopback(reply) as server:
        ran, checks = examined(server)
    assert (ran.code, checks["structure"]["state"]) == (1, "problem")
    assert checks["structure"]["found"] == "json_schema, strict; it fits only when corrected"
    assert "twice for each answer" in checks["structure"]["do"]
    with Loopback(lambda body: "Well, it depends." if "response_format" in body else COUNTED) as server:
        ran, checks = examined(server)
    assert (ran.code, checks["structure"]["state"]) == (1, "problem")
    assert "it is of no use: “" in checks["structure"]["found"]


def test_a_model_that_thinks_past_the_limit_can_be_asked_and_is_told(examined: Examined) -> None:
    def reply(body: Body) -> Any:
        long = Scripted(pieces=streamed(body, "Hm,", finish_reason="length"))
        return long if body.get("stream") else None

    with Loopback(reply) as server:
        ran, checks = examined(server)
        assert [body["max_tokens"] for body in server.bodies if "stream" in body] == [512, 1024]
    assert (ran.code, checks["reply"]["state"], checks["structure"]["state"]) == (1, "problem", "ok")
    assert "it did not come to its end: “it stopped after" in checks["reply"]["found"]
    assert "`max_tokens`" in checks["reply"]["do"]


# ── what cannot be used ──────────────────────────────────────────────────────────────────────


def failing(status: int, message: str, **more: Any) -> Callable[[Body], Any]:
    return lambda _: Scripted(status, body={"error": {"message": message, **more}})


@pytest.mark.parametrize(
    ("reply", "code", "name", "said"),
    [
        (
            failing(404, "no such model: loopback"),
            3,
            "model",
            ("is not known there: “no such model: loopback”", "--model"),
        ),
        (failing(402, "pay first"), 3, "account", ("has nothing left: “pay first”", "balance")),
        (failing(503, "Loading model"), 3, "reply", ("the model is still loading: “Loading model”", "in a while")),
        (failing(429, "slow down"), 1, "reply", ("the rate is limited just now: “slow down”", "in a while")),
        (failing(503, "full"), 1, "reply", ("the server has no room just now: “full”", "in a while")),
        (failing(500, "oops"), 1, "reply", ("the server failed: “oops”", "log")),
        (failing(400, "no idea"), 3, "reply", ("the request is not taken: “no idea”", "/v1")),
        (failing(400, "maximum context length is 8 tokens"), 3, "context", ("not even a few words", "larger context")),
        (lambda _: Scripted(breaks="before"), 3, "reply", ("the connection broke off: “", "log")),
        (
            lambda _: Scripted(body="<title>Router login</title>"),
            3,
            "endpoint",
            ("no chat completion: “Router login”", "/v1"),
        ),
        (failing(400, "I must not", code="content_filter"), 1, "reply", ("it was declined: “I must not”", "filter")),
        (lambda _: Scripted(content=""), 1, "reply", ("it is of no use: “the reply is empty”", "another model")),
    ],
)
def test_each_failure_is_named_in_the_servers_words_with_what_to_do(
    examined: Examined, reply: Callable[[Body], Any], code: int, name: str, said: tuple[str, str]
) -> None:
    found, do = said
    began = time.monotonic()
    with Loopback(reply) as server:
        ran, checks = examined(server)
    assert (ran.code, checks[name]["state"]) == (code, "problem")
    assert found in checks[name]["found"]
    assert do in checks[name]["do"]
    assert json.loads(ran.out)["usable"] is (code != 3)
    assert checks["reachable"]["state"] == "ok"
    assert time.monotonic() - began < 15  # nothing is waited out


@pytest.mark.parametrize("condition", Condition)
def test_whatever_can_go_wrong_has_a_line_with_the_words_and_what_to_do(condition: Condition) -> None:
    check = trouble(Trouble(condition=condition, words="these words"), "m")
    assert (check.state, "“these words”" in check.found, bool(check.do)) == ("problem", True, True)


def test_a_wrong_key_is_named_and_never_shown(examined: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    refused = Scripted(401, body={"error": {"message": f"Incorrect API key provided: {KEY}"}})
    with Loopback(lambda _: refused) as server:
        ran, checks = examined(server)
        told = server.requests[-1].headers["authorization"]
    assert told == f"Bearer {KEY}"
    assert (ran.code, checks["key"]["found"]) == (3, "is not taken: “Incorrect API key provided: [key]”")
    assert "Set OPENAI_API_KEY" in checks["key"]["do"]
    assert f"api_key = set, {len(KEY)} characters, from OPENAI_API_KEY" in ran.out
    assert KEY not in ran.out + ran.err


def test_a_good_key_is_said_to_be_taken_and_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Loopback(refuses(), key=KEY) as server:
        ran = run("doctor", "--model", "loopback", "--base-url", server.url)
    assert ran.code == 0
    assert f"OK       key         set, {len(KEY)} characters, and it is taken" in ran.out
    assert KEY not in ran.out + ran.err


def test_a_key_that_cannot_be_sent_is_a_problem_before_anything_is(
    examined: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "schlüssel")
    with Loopback() as server:
        ran, checks = examined(server)
        assert server.requests == []
    assert (ran.code, checks["key"]["state"]) == (3, "problem")
    assert "copied whole" in checks["key"]["do"]
    assert "schlüssel" not in ran.out + ran.err


def test_without_a_key_openai_is_not_even_asked(run: Run) -> None:
    ran = run("doctor", "--model", "gpt-4o", "--json")
    document = json.loads(ran.out)
    (key,) = [check for check in document["checks"] if check["name"] == "key"]
    assert (ran.code, key["state"], document["usable"], ran.err) == (3, "problem", False, "")
    assert "https://api.openai.com/v1 asks for one" in key["found"]


def test_a_wrong_model_gets_the_nearest_that_are_there(examined: Examined) -> None:
    names = ("gpt-large", "llama", "gpt-small", "one", "two", "three", "four")
    with Loopback(failing(404, "The model `gtp-small` does not exist"), models=names) as server:
        ran, checks = examined(server, model="gtp-small")
    assert ran.code == 3
    assert checks["model"]["found"] == "is not known there: “The model `gtp-small` does not exist”"
    assert checks["model"]["do"].startswith("It offers gpt-small, gpt-large, ")
    assert " and 2 more. Check --model and --base-url" in checks["model"]["do"]


def test_a_model_that_replies_though_it_is_not_listed_is_no_problem(examined: Examined) -> None:
    with Loopback(refuses(), models=("a", "b")) as server:
        ran, checks = examined(server)
    assert (ran.code, checks["model"]["state"]) == (0, "note")
    assert checks["model"]["found"] == "replies, though it is not among the 2 listed"


def test_a_server_without_a_list_of_models_is_asked(examined: Examined) -> None:
    with Loopback(refuses(), listing=Scripted(404, body={"detail": "Not Found"})) as server:
        ran, checks = examined(server)
    assert (ran.code, checks["model"]["state"]) == (0, "ok")
    assert checks["model"]["found"] == "replies; there is no list of models: “Not Found”"


def test_nobody_listening_is_said_at_once(examined: Examined) -> None:
    with Loopback() as server:
        pass
    began = time.monotonic()
    ran, checks = examined(server)
    assert (ran.code, checks["reachable"]["state"], "reply" in checks) == (3, "problem", False)
    assert f"nobody answers at {server.url}: “" in checks["reachable"]["found"]
    assert "that the server runs" in checks["reachable"]["do"]
    assert time.monotonic() - began < 5


def test_a_url_that_is_a_web_page_is_no_api(examined: Examined) -> None:
    page = Scripted(headers={"content-type": "text/html"}, body="<html><title>Welcome to nginx!</title></html>")
    with Loopback(lambda _: page, listing=page) as server:
        ran, checks = examined(server)
    assert (ran.code, checks["endpoint"]["state"]) == (3, "problem")
    assert checks["endpoint"]["found"] == "what it sends is no chat completion: “Welcome to nginx!”"


def test_one_model_of_two_that_can_be_asked_is_enough_to_work_with(examined: Examined) -> None:
    good = refuses()
    with Loopback(lambda body: good(body) if body["model"] == "loopback" else failing(404, "gone")(body)) as server:
        ran, _ = examined(server, "--model", "another")
        assert (ran.code, json.loads(ran.out)["usable"]) == (1, True)
    states = [(c["name"], c["state"], c["model"]) for c in json.loads(ran.out)["checks"] if c["name"] == "model"]
    assert states == [("model", "ok", "loopback"), ("model", "problem", "another")]


# ── context, price, proxies, cache ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("size", "state", "said"),
    [
        (32_768, "ok", "32,768 tokens"),
        (5000, "problem", "5,000 tokens, of which a reply may take 4,096: too little is left for a prompt"),
        (None, "note", "its size is not listed"),
    ],
)
def test_the_context_is_told_where_it_is_listed(examined: Examined, size: int | None, state: str, said: str) -> None:
    listing = Scripted(body={"data": [{"id": "loopback", "max_model_len": size}]})
    with Loopback(refuses(), listing=listing) as server:
        _, checks = examined(server)
    assert checks["context"]["state"] == state
    assert said in checks["context"]["found"]


def test_a_prompt_that_is_cut_in_silence_is_a_problem(examined: Examined) -> None:
    def reply(body: Body) -> Any:
        usage = {"prompt_tokens": 2, "completion_tokens": 9, "total_tokens": 11}
        return Scripted(body=completion(body, COUNTED) | {"usage": usage}) if "stream" in body else None

    with Loopback(reply) as server:
        ran, checks = examined(server)
    assert (ran.code, checks["context"]["state"]) == (1, "problem")
    assert "cut in silence" in checks["context"]["found"]


def test_an_unknown_price_is_a_problem_only_where_there_is_a_limit(examined: Examined) -> None:
    with Loopback(refuses()) as server:
        ran, checks = examined(server)
        assert (ran.code, checks["price"]["state"]) == (0, "note")
        assert '[prices."loopback"]\ninput = ' in checks["price"]["do"]
        Path("dlgrade.toml").write_text("max_cost = 1.0\n", encoding="utf-8")
        ran, checks = examined(server)
    assert (ran.code, checks["price"]["state"]) == (1, "problem")


@pytest.mark.filterwarnings("ignore:.*deprecated and will be removed:DeprecationWarning")  # the transport's business
def test_a_proxy_before_a_server_of_ones_own_is_named_without_its_password(
    examined: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback() as proxy, Loopback(refuses()) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://me:secret@").removesuffix("/v1"))
        ran, checks = examined(server)
        assert (checks["proxy"]["state"], "me:secret" in ran.out) == ("problem", False)
        assert f"requests go through {proxy.url.removesuffix('/v1')}" in checks["proxy"]["found"]
        assert "NO_PROXY=127.0.0.1" in checks["proxy"]["do"]
        assert server.requests == []
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        ran, checks = examined(server)
    assert (ran.code, "proxy" in checks) == (0, False)


def test_the_cache_is_counted(run: Run, examined: Examined) -> None:
    with Loopback(refuses()) as server:
        run("answer", "general:2", "--model", "loopback", "--base-url", server.url)
        _, checks = examined(server)
    assert "replies.sqlite3, 1 replies, 0." in checks["cache"]["found"]


def test_a_cache_that_cannot_be_made_or_opened_is_a_problem_and_all_else_is_told(
    examined: Examined, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "replies.sqlite3").mkdir(parents=True)
    with Loopback(refuses()) as server:
        for name, said in (("file", f"{tmp_path / 'file'} is no folder"), ("folder", "unable to open")):
            monkeypatch.setenv("DLGRADE_CACHE", str(tmp_path / name))
            ran, checks = examined(server)
            assert (ran.code, checks["cache"]["state"]) == (1, "problem")
            assert said in checks["cache"]["found"]
            assert "DLGRADE_CACHE" in checks["cache"]["do"]
            assert checks["price"]["state"] == "note"


def test_settings_name_the_file_and_line_they_come_from(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dlgrade.toml").write_text('model = "a"\nfallbacks = ["b"]\n\ntimeout = 9\n', encoding="utf-8")
    ran = run("doctor", "--offline", "--base-url", "http://me:secret@localhost:1/v1")
    assert "setting     model = a, from dlgrade.toml:1" in ran.out
    assert "setting     fallbacks = b, from dlgrade.toml:2" in ran.out
    assert "setting     timeout = 9.0, from dlgrade.toml:4" in ran.out
    assert "setting     base_url = http://localhost:1/v1, from --base-url" in ran.out
    assert "secret" not in ran.out + ran.err
    monkeypatch.setenv("DLGRADE_MODEL", "c")
    assert "setting     model = c, from DLGRADE_MODEL" in run("doctor", "--offline").out
    assert (
        "setting     model = d and then e, from --model"
        in run("doctor", "--offline", "--model", "d", "--model", "e").out
    )


# ── what is remembered ───────────────────────────────────────────────────────────────────────


def learn(server: Loopback, model: str = "loopback", **dialect: Any) -> None:
    with Store.open(Path(os.environ["DLGRADE_CACHE"]) / "replies.sqlite3") as store:
        store.learn(server.url, model, Dialect(**dialect).model_dump_json())


def test_what_is_remembered_and_still_so_is_well(examined: Examined) -> None:
    with Loopback(refuses("temperature", json_schema="unknown response_format")) as server:
        learn(server, rung=1, refused=("temperature",))
        ran, checks = examined(server)
    assert (ran.code, checks["remembered"]["state"]) == (0, "ok")
    said = ": json_object, with the schema in the prompt; temperature is left out"
    assert checks["remembered"]["found"].endswith(said)


@pytest.mark.parametrize("known", [{"rung": 1}, {"refused": ("temperature",)}])
def test_what_is_remembered_and_no_longer_so_is_a_problem_until_it_is_reset(
    run: Run, examined: Examined, known: dict[str, Any]
) -> None:
    with Loopback(refuses()) as server:
        learn(server, **known)
        ran, checks = examined(server)
        assert (ran.code, checks["remembered"]["state"]) == (1, "problem")
        assert "`dlgrade doctor --reset`" in checks["remembered"]["do"]
        sent = len(server.requests)
        asking = ("--model", "loopback", "--base-url", server.url)
        assert run("doctor", "--reset", *asking).out == "forgot how 1 model wants to be asked\n"
        assert run("doctor", "--reset", *asking).out == "nothing was remembered\n"
        assert len(server.requests) == sent
        ran, checks = examined(server)
    assert (ran.code, checks["remembered"]["found"]) == (0, "nothing from earlier runs")


def test_what_was_learned_without_a_temperature_now_is_not_held_against_it(examined: Examined, run: Run) -> None:
    Path("own").mkdir()
    with Loopback(refuses("temperature")) as server:
        run("answer", "general:2", "--model", "loopback", "--base-url", server.url)
        ran, checks = examined(server)
    assert (ran.code, checks["remembered"]["state"]) == (0, "ok")
    assert checks["remembered"]["found"].endswith("temperature is left out")


def test_a_reset_of_all_forgets_every_model_and_one_of_a_model_no_other(run: Run) -> None:
    with Loopback() as server:
        for model in ("a", "b", "c"):
            learn(server, model, rung=1)
        one = run("doctor", "--reset", "--model", "a", "--base-url", server.url, "--json")
        assert json.loads(one.out) == {"forgotten": 1}
        assert run("doctor", "--reset", "--all").out == "forgot how 2 models want to be asked\n"
        assert server.requests == []


@pytest.mark.parametrize(
    ("flags", "said"), [(("--reset",), "no model is named"), (("--all",), "--all goes with --reset alone")]
)
def test_a_reset_of_nothing_is_a_wrong_command(run: Run, flags: tuple[str, ...], said: str) -> None:
    ran = run("doctor", *flags)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


# ── without a model ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("flags", [(), ("--model", "offline"), ("--offline",)])
def test_without_a_model_it_says_what_there_is_and_how_to_set_one_up(run: Run, flags: tuple[str, ...]) -> None:
    ran = run("doctor", *flags)
    assert (ran.code, ran.err) == (0, "")
    assert "OK       offline     fill, answer, grade and export work with 145 references" in ran.out
    assert "To ask a model: --model NAME with OPENAI_API_KEY set" in ran.out


def test_a_key_alone_asks_nobody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ran = run("doctor", "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["models"], document["usable"]) == (0, [], None)
    assert "a key is set, but no model is named: nothing is sent" in ran.out
    assert KEY not in ran.out + ran.err


def test_offline_sends_nothing_and_tells_what_is_known_of_the_model(examined: Examined) -> None:
    with Loopback() as server:
        learn(server, rung=2)
        ran, checks = examined(server, "--offline")
        assert server.requests == []
    assert (ran.code, checks["remembered"]["state"], checks["price"]["state"]) == (0, "ok", "note")
    assert "plain text, with the schema in the prompt" in checks["remembered"]["found"]


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with Loopback(lambda _: Scripted(content="late", delay=20)) as server:
        script = (
            "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "from dlgrade.cli.app import main\nmain()\n"
        )
        command = [sys.executable, "-c", script, "doctor", "--model", "m", "--base-url", server.url]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path
        )
        ends = time.monotonic() + 30
        while not server.bodies and time.monotonic() < ends:
            time.sleep(0.02)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, b"Traceback" in said) == (130, False)
    assert time.monotonic() - pressed < 10


def test_a_list_of_models_that_does_not_come_keeps_nobody_waiting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlgrade.llm.client.LISTING_TIMEOUT", 0.3)
    with Loopback() as server:
        server.listing_delay = 1.0
        ran = run("doctor", "--model", "loopback", "--base-url", server.url)
    assert "its list of models does not come" in ran.out
    assert re.search(r"^OK +reply ", ran.out, re.MULTILINE)
