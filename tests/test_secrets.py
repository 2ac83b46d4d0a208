"""The key reaches nobody but the endpoint: no terminal, log, document, cache, ledger, record or recording.

Whole commands run as a user would run them, with the debug output of everything below switched on, through every kind
of failure, most of which quote the key; then all that was written is searched.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
import pytest
from conftest import ROOT, Run
from loopback import Answer, Body, Loopback, Scripted, completion

from dlgrade.errors import DlgradeError, Unreachable
from dlgrade.llm.client import OpenAIClient
from dlgrade.llm.request import Request
from dlgrade.llm.secrets import basic, cleaned, scrubbed, secrets_of, withheld
from dlgrade.models import Message

KEY = "sk-planted-4e1f9c2b7a6d5038"
USER, PASSWORD = "planteduser", "planted-pw-77aa"
BASIC = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (KEY, "sk-pl", "4e1f9c2b", PASSWORD, BASIC)

COMMANDS = """
import json, logging, os, sys
from dlgrade.cli.app import main

logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
for folder, arguments in json.load(sys.stdin):
    os.chdir(folder)
    for name, stream in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = ["dlgrade", *arguments]
    try:
        main()
    except SystemExit as left:
        sys.stdout.flush()
        open("code", "w").write(str(left.code or 0))
"""
"""Runs commands one after the other, with all debug output on: the SDK is imported once."""

Reply = Callable[[Body, Loopback, Loopback], Answer]


@dataclass(frozen=True)
class Case:
    """A server that behaves in one way, and the exit codes of `fill` and `grade` there."""

    name: str
    reply: Reply
    code: int

    def answer(self, here: Loopback, other: Loopback, body: Body) -> Answer:
        return self.reply(body, here, other)


def error(status: int, message: str, **more: object) -> Scripted:
    return Scripted(status, body={"error": {"message": message, **more}})


def authorization(server: Loopback) -> str:
    return server.requests[-1].headers["authorization"]


def page(server: Loopback, title: str) -> Scripted:
    """A page like those that proxies show, with the headers of the request in it, and among its own."""
    lines = "".join(f"<p>{name}: {value}</p>" for name, value in server.requests[-1].headers.items())
    headers = {"content-type": "text/html", "x-echo": authorization(server)}
    return Scripted(500, headers=headers, body=f"<html>{title}<body>{lines}</body></html>")


def escaped(body: Body) -> Scripted:
    """A body as some servers write it: what is no letter by its number."""
    return Scripted(body=json.dumps(body).replace("-", "\\u002d"))


def sent_on(status: int, *, host: str = "127.0.0.1", user: str = "") -> Reply:
    def reply(_: Body, _here: Loopback, other: Loopback) -> Answer:
        url = other.url.replace("127.0.0.1", f"{user}{host}")
        return Scripted(status, headers={"location": f"{url}/chat/completions?key={KEY}"}, body=f"moved, {KEY}")

    return reply


CASES = [
    Case("good", lambda *_: None, 0),
    Case("401 with the key", lambda *_: error(401, f"Incorrect API key provided: {KEY}. Get one at …"), 3),
    Case("401 with a part of it", lambda *_: error(401, "Incorrect API key provided: sk-pl***************5038."), 3),
    Case("401 that is cut within it", lambda *_: error(401, "x" * 285 + f" {KEY}"), 3),
    Case("403", lambda *_: error(403, f"{KEY[:14]}… may not use this model"), 3),
    Case("404", lambda *_: error(404, f"no model for {KEY}"), 3),
    Case("429", lambda *_: Scripted(429, headers={"retry-after-ms": "1"}, body={"detail": f"slow down, {KEY}"}), 1),
    Case("quota", lambda *_: error(429, f"{KEY} has nothing left", code="insufficient_quota"), 3),
    Case("500 with the request's headers", lambda _, here, __: page(here, ""), 1),
    Case("500 with a title", lambda _, here, __: page(here, f"<title>{authorization(here)}</title>"), 1),
    Case("400", lambda *_: error(400, f"the request with {KEY} is bad"), 1),
    Case("400 for a parameter", lambda *_: error(400, f"Unsupported parameter: temperature ({KEY})"), 1),
    Case("too long", lambda *_: error(400, f"maximum context length is 8 tokens for {KEY}"), 1),
    Case("reset", lambda *_: Scripted(breaks="before"), 1),
    Case("half a body", lambda *_: Scripted(content=KEY * 9, breaks="within"), 1),
    Case("a hang", lambda *_: Scripted(delay=2.0), 1),
    Case("302 to another port", sent_on(302), 3),
    Case("307 to another host", sent_on(307, host="localhost"), 3),
    Case("308 to a place with a password", sent_on(308, user=f"{USER}:{PASSWORD}@"), 3),
    Case("garbage", lambda *_: Scripted(body=b"\xff\xfe" + KEY.encode()), 3),
    Case("an error in a 200", lambda *_: Scripted(body={"error": {"message": f"bad {KEY}", "code": 401}}), 3),
    Case("no choices", lambda *_: Scripted(body={"choices": [], "message": KEY}), 3),
    Case("empty", lambda *_: Scripted(content=""), 1),
    Case("refused", lambda *_: Scripted(body={"choices": [{"message": {"refusal": f"Not for {KEY}."}}]}), 1),
]


def run_all(commands: dict[Path, tuple[str, ...]]) -> None:
    """Run a command in each folder; its output and exit code are left there too."""
    for folder in commands:
        folder.mkdir()
        (folder / "two.md").write_text("1. What is a flumph?\n2. Why is it so?\n")
        (folder / "dlgrade.toml").write_text("timeout = 0.7\n")
    todo = [(str(folder), [*arguments, "--record", "run.tape"]) for folder, arguments in commands.items()]
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_LOG": "debug", "DLGRADE_CACHE": "cache", "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-c", COMMANDS]
    subprocess.run(program, input=json.dumps(todo), text=True, check=True, env={**os.environ, **environment})


def unpacked(database: Path) -> str:
    """All that stands in a cache, compressed or not."""
    with sqlite3.connect(database) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        cells = [cell for table in tables for row in db.execute(f'SELECT * FROM "{table}"') for cell in row]  # noqa: S608
    db.close()
    return "\n".join(map(plain, cells))


def plain(cell: object) -> str:
    if isinstance(cell, bytes):
        try:
            return zlib.decompress(cell).decode("utf-8", "replace")
        except zlib.error:
            return cell.decode("latin-1")
    return str(cell)


def written(folder: Path) -> Iterator[tuple[str, str]]:
    for file in filter(Path.is_file, folder.rglob("*")):
        yield str(file.relative_to(folder)), file.read_bytes().decode("latin-1")
        if file.suffix == ".sqlite3":
            yield f"{file.name}, unpacked", unpacked(file)


def leaks(said: dict[str, str]) -> list[tuple[str, str]]:
    return [(where, secret) for where, text in said.items() for secret in SECRETS if secret in text]


FILL = ("fill", "two.md", "--out", "build")
GRADE = ("grade", "dropout", "--text", "Units are dropped.")


@pytest.mark.parametrize(("command", "user"), [(FILL, ""), (GRADE, f"{USER}:{PASSWORD}@")], ids=["fill", "grade"])
def test_no_secret_is_written_anywhere_whatever_happens(tmp_path: Path, command: tuple[str, ...], user: str) -> None:
    with ExitStack() as stack:
        other = stack.enter_context(Loopback())
        servers = {case: stack.enter_context(Loopback()) for case in CASES}
        for case, server in servers.items():
            server.reply = partial(case.answer, server, other)
        urls = {case: server.url.replace("://", f"://{user}") for case, server in servers.items()}
        run_all({tmp_path / case.name: (*command, "--model", "m", "--base-url", urls[case]) for case in CASES})
    for case, server in servers.items():
        said = dict(written(tmp_path / case.name))
        assert leaks(said) == [], case.name
        # it was all tried: the endpoint got the secret, nobody else got anything, and there was enough to search
        sent = {seen.headers["authorization"] for seen in server.requests}
        assert sent == {f"Basic {BASIC}" if user else f"Bearer {KEY}"}, case.name
        assert said["code"] == str(case.code), case.name
        assert "openai._base_client" in said["stderr"], case.name
        assert {"stdout", "run.tape", "cache/replies.sqlite3"} <= said.keys(), case.name
    assert other.requests == []


def test_a_good_reply_is_kept_without_the_key_that_stands_in_it(tmp_path: Path) -> None:
    with Loopback(lambda _: f"Your key is {KEY}, is it not?") as server:
        run_all({tmp_path / "fill": (*FILL, "--model", "m", "--base-url", server.url)})
    said = dict(written(tmp_path / "fill"))
    assert leaks(said) == []
    for where in ("build/two.md", "replies.sqlite3, unpacked", "run.tape"):
        assert "Your key is [key], is it not?" in said[where]


def test_nor_with_one_that_is_escaped_there(tmp_path: Path) -> None:
    with Loopback(lambda body: escaped(completion(body, f"Your key is {KEY}, is it not?"))) as server:
        run_all({tmp_path / "fill": (*FILL, "--model", "m", "--base-url", server.url)})
    said = dict(written(tmp_path / "fill"))
    assert leaks(said) == []
    assert "Your key is [key], is it not?" in said["build/two.md"]


def test_nobody_at_a_url_with_a_password_says_no_password(run: Run) -> None:
    Path("two.md").write_text("1. What is a flumph?\n2. Why is it so?\n")
    with Loopback() as server:
        pass
    url = server.url.replace("://", f"://{USER}:{PASSWORD}@")
    ran = run("fill", "two.md", "--out", "build", "--model", "m", "--base-url", url)
    assert ran.code == 3
    assert f"Nobody answers at {server.url} (model m)" in ran.err
    assert leaks({"err": ran.err + ran.out}) == []


def test_a_url_with_a_password_in_a_file_is_named_by_its_host(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Path("dlgrade.toml").write_text(f'model = "m"\nbase_url = "https://{USER}:{PASSWORD}@models.example/v1"\n')
    ran = run("list", ROOT / "questions" / "general.md")
    ran = ran if ran.code else run("fill", ROOT / "questions" / "general.md", "--check")
    assert ran.code == 2
    assert "your OPENAI_API_KEY would go to models.example; " in ran.err
    assert leaks({"err": ran.err}) == []


@pytest.mark.parametrize("proxy", [f"odd://{USER}:{PASSWORD}@host:1", f"http://{USER}:{PASSWORD}/x@host", "http://h:x"])
def test_a_proxy_that_is_none_is_said_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)
    Path("two.md").write_text("1. What is a flumph?\n2. Why is it so?\n")
    ran = run("fill", "two.md", "--diff", "--model", "m", "--base-url", "http://models.example/v1")
    assert ran.code == 3
    assert (
        "A proxy that the environment names cannot be used\nCheck HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.\n" in ran.err
    )
    assert leaks({"err": ran.err + ran.out}) == []


def test_a_redirection_is_not_followed_and_says_where_it_leads(run: Run) -> None:
    Path("two.md").write_text("1. What is a flumph?\n2. Why is it so?\n")
    with Loopback() as server, Loopback() as other:
        server.reply = lambda body: sent_on(307, user=f"{USER}:{PASSWORD}@")(body, server, other)
        ran = run("fill", "two.md", "--out", "build", "--model", "m", "--base-url", server.url)
        assert other.requests == []
    assert ran.code == 3
    assert f"{server.url} sends requests elsewhere (model m): to {other.url}\n" in ran.err
    assert "Nothing was sent there. If that place is right, name it with --base-url.\n" in ran.err


# ── in a program's own log ───────────────────────────────────────────────────────────────────


def test_a_program_that_logs_all_below_it_logs_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Loopback() as server:
        server.reply = lambda _: page(server, "")
        url = server.url.replace("://", f"://{USER}:{PASSWORD}@")

        async def ask() -> None:
            # httpx logs URLs and the response's headers, aiohttp does not
            client = OpenAIClient(KEY, http_client=httpx2.AsyncClient(), sleep=at_once)
            message = Message(role="user", content="What?")
            try:
                await client.complete(Request(endpoint=url, model="m", messages=(message,)))
            finally:
                await client.aclose()

        with pytest.raises(DlgradeError) as caught:
            asyncio.run(ask())
        assert authorization(server) == f"Basic {BASIC}"
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "HTTP Request: POST http://127.0.0.1" in logged
    assert "x-echo" in logged
    assert leaks({"log": logged, "formatted": caplog.text, "error": str(caught.value)}) == []


async def at_once(_: float) -> None:
    """No wait."""


def test_an_unusable_url_is_said_without_its_password() -> None:
    request = Request(
        endpoint=f"http://{USER}:{PASSWORD}@h:x/v1", model="m", messages=(Message(role="user", content="?"),)
    )
    with pytest.raises(Unreachable) as caught:
        asyncio.run(OpenAIClient(KEY).complete(request))
    assert leaks({"error": str(caught.value)}) == []


# ── texts without secrets ────────────────────────────────────────────────────────────────────


def test_the_secrets_of_a_url_are_its_password_and_what_is_sent_of_it() -> None:
    assert secrets_of(None, "http://host/v1") == ()
    assert set(secrets_of("k", "http://u:p%40ss@host/v1")) == {"k", "p%40ss", "p@ss", b64encode(b"u:p@ss").decode()}
    assert "token-1" in secrets_of(None, "http://token-1@host/v1")
    assert (basic("http://host"), basic("http://u:p%40ss@host")) == (None, "Basic " + b64encode(b"u:p@ss").decode())


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("key my-own-secret-key!", "key [key]!"),
        ("key my-own-s… is bad", "key [key] is bad"),
        ("key my-o*********y is bad", "key [key] is bad"),
        ("my-own house", "my-own house"),
    ],
)
def test_a_servers_words_lose_the_key_in_part_too(words: str, shown: str) -> None:
    assert scrubbed(words, ("my-own-secret-key",)) == shown


def test_a_key_that_is_a_word_takes_no_letter_from_other_words() -> None:
    assert scrubbed("the test is the latest", ("test",)) == "the [key] is the latest"
    assert withheld("not-needed is not needed", ("not-needed",)) == "not-needed is not needed"
    assert cleaned(b'{"a": "password"}', ("password",)) == b'{"a": "password"}'


def test_what_people_write_keeps_what_only_begins_like_a_key() -> None:
    text = "Use hf_hub_download_v2, sk-learn-0.24 and Bearer tokens; my-own-s is mine."
    assert withheld(text, ("my-own-secret-key",)) == text
    assert withheld("sk-proj-0123456789abcdefghij", ()) == "[key]"
