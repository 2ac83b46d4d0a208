"""A recorded run is the same run again: with no server, no key, no cache, and nobody's secrets in the file."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run
from loopback import Answer, Body, Loopback, Scripted
from pydantic import BaseModel

from dlgrade.errors import DlgradeError, NotRecorded, OutputError, TapeError, TooLong, Unreadable
from dlgrade.llm.replay import Replayer
from dlgrade.llm.request import Reply, Request
from dlgrade.llm.secrets import secrets_of
from dlgrade.llm.tape import Header, Recorder
from dlgrade.models import Message, Usage
from dlgrade.settings import Settings

GENERAL = ROOT / "questions" / "general.md"
LONG = Scripted(
    400, body={"error": {"message": "maximum context length is 8 tokens", "code": "context_length_exceeded"}}
)


def asking(server: Loopback) -> tuple[str, ...]:
    return ("--model", "made-up", "--base-url", server.url)


def but(part: str, answer: Answer) -> Any:
    """A server's `reply`: this answer where the prompt holds that part, else a good one."""
    return lambda body: answer if part in body["messages"][1]["content"] else None


def recorded(run: Run, server: Loopback, *arguments: object) -> Any:
    return run("fill", GENERAL, *arguments, "--record", "run.tape", *asking(server))


# ── the same run again ───────────────────────────────────────────────────────────────────────


def test_a_run_with_a_failure_is_replayed_to_the_byte_with_the_server_gone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback(but("imbalanced", LONG)) as server:
        first = recorded(run, server, "--out", "build")
    filled = Path("build/general.md").read_bytes()
    shutil.rmtree("build")
    monkeypatch.setenv("DLGRADE_CACHE", "no-cache")
    again = run("fill", GENERAL, "--out", "build", "--replay", "run.tape")
    assert (first.code, first.out) == (1, f"{GENERAL} -> build/general.md: 16 filled, 0 had an answer, 1 left\n")
    assert (again.code, again.out) == (first.code, first.out)
    assert Path("build/general.md").read_bytes() == filled
    assert not Path("no-cache").exists()
    assert "17 requests recorded in run.tape" in first.err
    # all else that is told, too: only who answers differs, and how long it took
    others = [[line for line in ran.err.splitlines() if not line.startswith("dlgrade: ")] for ran in (first, again)]
    assert [re.sub(r"[\d.]+ s$", "", line) for line in others[0]] == [
        re.sub(r"[\d.]+ s$", "", line) for line in others[1]
    ]


def test_the_numbers_are_those_of_the_recorded_run(run: Run) -> None:
    with Loopback(but("imbalanced", Scripted(content=""))) as server:
        first = recorded(run, server, "--diff", "--concurrency", 2)
        told = json.loads(recorded(run, server, "--out", "a", "--json").out)
    again = json.loads(run("fill", GENERAL, "--out", "b", "--json", "--replay", "run.tape").out)
    assert first.code == told_code(told) == 1
    for changing in ("seconds", "files"):
        told.pop(changing), again.pop(changing)
    # 16 came from the cache, and the one that failed was asked, twice, for money
    assert (told["requests"], told["cached"], told["usage"]["total_tokens"] > 0) == (1, 16, True)
    assert again == told


def told_code(document: dict[str, Any]) -> int:
    return 1 if document["failed"] else 0


def test_a_grade_with_a_second_question_to_the_model_is_the_same_json(run: Run) -> None:
    def verdicts(body: Body) -> str:
        schema = body["response_format"]["json_schema"]["schema"]
        quote = "no such words" if len(body["messages"]) == 2 else "units are dropped at random"
        met = {"quotes": [quote], "reason": "It says so.", "verdict": "met"}
        missed = {"quotes": [], "reason": "Not said."}
        return json.dumps(
            {key: missed | ({"found": False} if key[0] == "m" else {"verdict": "missed"}) for key in schema["required"]}
            | {"c1": met}
        )

    answer = ("grade", "general:2", "--text", "I think units are dropped at random.", "--json")
    with Loopback(verdicts) as server:
        first = run(*answer, "--record", "run.tape", *asking(server))
        assert len(server.requests) == 2
    again = run(*answer, "--replay", "run.tape")
    assert json.loads(first.out)["usage"]["total_tokens"] > 0
    assert (again.code, again.out) == (first.code, first.out)


@pytest.mark.parametrize("more", [(), ("--concurrency", 16)])
def test_a_run_that_the_endpoint_stopped_stops_at_the_same_place(run: Run, more: tuple[object, ...]) -> None:
    calls = iter(range(100))

    def reply(body: Body) -> Answer:
        n = next(calls)
        if n == 5:
            return Scripted(402, body={"error": {"message": "insufficient credits"}})
        return Scripted(content=f"Answer {n}.", delay=0.3 if n > 5 else 0.0)

    with Loopback(reply) as server:
        first = recorded(run, server, "--out", "build", "--concurrency", 7)
    filled = Path("build/general.md").read_bytes()
    shutil.rmtree("build")
    again = run("fill", GENERAL, "--out", "build", "--replay", "run.tape", *more)
    assert first.code == again.code == 3
    assert "Answer 0." in filled.decode()
    assert "insufficient credits" in again.err
    assert (again.out, Path("build/general.md").read_bytes()) == (first.out, filled)


def test_what_was_in_the_cache_is_on_the_tape_too(run: Run) -> None:
    with Loopback() as server:
        run("fill", GENERAL, "--out", "build", *asking(server))
        recorded(run, server, "--diff")
        assert len(server.requests) == 17
    again = run("fill", GENERAL, "--out", "build", "--replay", "run.tape")
    assert again.code == 0
    assert "0 requests, 17 from cache, 0 tokens" in again.err


def test_a_replay_needs_no_key_and_imports_no_sdk(run: Run) -> None:
    with Loopback(key="sk-planted-for-the-tape-1") as server:
        os.environ["OPENAI_API_KEY"] = "sk-planted-for-the-tape-1"
        try:
            assert recorded(run, server, "--out", "build").code == 0
        finally:
            del os.environ["OPENAI_API_KEY"]
    program = "import sys\nfrom dlgrade.cli.app import main\ntry: main()\nfinally: print('openai' in sys.modules)"
    command = [sys.executable, "-c", program, "fill", str(GENERAL), "--out", "other", "--replay", "run.tape"]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert ran.stdout.endswith("0 left\nFalse\n")


def test_model_and_url_are_the_tapes_unless_somebody_says_otherwise(run: Run) -> None:
    Path("dlgrade.toml").write_text("max_tokens = 100\ntemperature = 0.5\n")
    with Loopback() as server:
        recorded(run, server, "--out", "build")
    Path("dlgrade.toml").unlink()
    assert run("fill", GENERAL, "--check", "--replay", "run.tape").code == 1
    assert run("fill", GENERAL, "--out", "same", "--replay", "run.tape").code == 0
    ran = run("fill", GENERAL, "--out", "other", "--replay", "run.tape", "--model", "better")
    assert ran.code == 1
    assert "run.tape does not hold this request; the nearest in it differs: model: made-up -> better" in ran.err
    Path("dlgrade.toml").write_text("max_tokens = 200\n")
    ran = run("fill", GENERAL, "--out", "other", "--replay", "run.tape")
    assert "the nearest in it differs: max_tokens: 100 -> 200" in ran.err


def test_a_key_that_is_set_does_not_stop_the_replay_of_another_endpoint(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path / "run.tape", Fixed(REPLY), request("What is a flumph?"), base_url="https://models.example/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-for-the-tape-1")
    Path("two.md").write_text("1. What is a flumph?\n2. Why?\n")
    ran = run("fill", "two.md", "--out", "build", "--replay", "run.tape")
    assert ran.code == 1
    assert "does not hold this request" in ran.err


# ── what is not in it ────────────────────────────────────────────────────────────────────────


def test_a_changed_prompt_is_an_error_that_names_the_line(run: Run) -> None:
    with Loopback() as server:
        recorded(run, server, "--out", "build")
    Path("prompts").mkdir()
    shipped = (ROOT / "prompts" / "answer.j2").read_text(encoding="utf-8")
    Path("prompts/answer.j2").write_text(shipped.replace("Answer every part", "Answer each part"), encoding="utf-8")
    ran = run("fill", GENERAL, "--out", "other", "--replay", "run.tape")
    assert ran.code == 1
    assert ran.err.count("the system message, line 5: - Answer every part of the question") == 17
    assert ran.err.count("-> - Answer each part of the question") == 17
    assert "Record the run again with --record, or undo what was changed." in ran.err


def test_the_nearest_is_the_same_question_though_all_share_a_prompt(tmp_path: Path) -> None:
    questions = [f"Say what a model of kind {n} is.\nThen say why." for n in range(300)]
    record(tmp_path / "run.tape", Fixed(REPLY), *map(request, questions))
    replayer = Replayer(tmp_path / "run.tape")
    with pytest.raises(NotRecorded, match=r"the user message, line 2: Then say why\. -> Then say how\.\n"):
        answered(replayer, request("Say what a model of kind 217 is.\nThen say how."))


def test_an_empty_tape_says_that_it_holds_nothing(tmp_path: Path) -> None:
    record(tmp_path / "run.tape", Fixed(REPLY))
    with pytest.raises(NotRecorded, match="holds no request at all"):
        answered(Replayer(tmp_path / "run.tape"), request("What?"))


# ── files ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", ["My notes.\n", '{"question": "What?"}\n', "[1, 2]", "\0\1\2"])
def test_a_file_that_is_no_tape_is_neither_replaced_nor_replayed(run: Run, content: str) -> None:
    Path("notes.txt").write_text(content)
    with Loopback() as server:
        ran = run("fill", GENERAL, "--out", "build", "--record", "notes.txt", *asking(server))
        assert server.requests == []
    assert (ran.code, ran.out) == (2, "")
    assert "dlgrade: notes.txt: is no recording of dlgrade's; it is left as it is\n" in ran.err
    assert Path("notes.txt").read_text() == content
    ran = run("fill", GENERAL, "--out", "build", "--replay", "notes.txt")
    assert (ran.code, ran.out) == (2, "")
    assert "dlgrade: notes.txt: is no recording of dlgrade's\nMake one with --record FILE.\n" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--replay", "none.tape"), "none.tape: cannot be read: No such file or directory"),
        (("--replay", "."), ".: cannot be read: Is a directory"),
        (("--record", "."), ".: is no recording of dlgrade's; it is left as it is"),
        (("--record", "none/run.tape"), "none/run.tape: the folder none does not exist"),
        (("--record", "a", "--replay", "b"), "--record and --replay do not go together: choose one"),
    ],
)
def test_a_place_that_cannot_be_is_said_before_anything_is_asked(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    with Loopback() as server:
        ran = run("fill", GENERAL, "--out", "build", *arguments, *asking(server))
        assert server.requests == []
    assert (ran.code, ran.out) == (2, "")
    assert f"dlgrade: {said}\n" in ran.err


def test_an_older_tape_gives_way_to_the_new_one_as_a_whole(run: Run) -> None:
    with Loopback() as server:
        recorded(run, server, "--out", "build")
        old = Path("run.tape").read_bytes()
        nothing = run("fill", "build/general.md", "--diff", "--record", "run.tape", *asking(server))
        assert "no model was asked, so nothing was recorded in run.tape" in nothing.err
        assert Path("run.tape").read_bytes() == old
        run("fill", GENERAL, "--diff", "--record", "run.tape", "--model", "b", "--base-url", server.url)
    assert '"model": "b"' in Path("run.tape").read_text().splitlines()[0]
    assert list(Path().glob("run.tape.*")) == []


def test_a_link_to_a_tape_stays_a_link(run: Run) -> None:
    Path("tapes").mkdir()
    Path("run.tape").symlink_to("tapes/real.tape")
    with Loopback() as server:
        assert recorded(run, server, "--diff").code == 0
        assert recorded(run, server, "--diff").code == 0
    assert Path("run.tape").is_symlink()
    assert len(Path("tapes/real.tape").read_text().splitlines()) == 18


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dlgrade", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())


def slow_after(n: int) -> Any:
    calls = iter(range(1000))
    return lambda _: Scripted(content="It depends.", delay=0.0 if next(calls) < n else 20.0)


def wait_for(server: Loopback, requests: int) -> None:
    until = time.monotonic() + 30
    while len(server.requests) < requests and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.2)


def test_a_killed_run_leaves_a_tape_that_serves_and_the_older_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run.tape").write_text('{"dlgrade_tape": 1, "old": true}\n')
    with Loopback(slow_after(6)) as server:
        process = started("fill", GENERAL, "--out", tmp_path / "a", "--record", tmp_path / "run.tape", *asking(server))
        wait_for(server, 8)
        process.kill()
        process.communicate()
        # the next recording does not take the place of what the killed one left
        server.reply = lambda _: "Another answer."
        assert recorded(run, server, "--diff").code == 0
    assert len(Path("run.tape").read_text().splitlines()) == 18
    ran = run("fill", GENERAL, "--out", "b", "--replay", "run.tape.part")
    assert ran.code == 1
    assert "6 filled, 0 had an answer, 11 left" in ran.out


def test_an_interrupted_run_keeps_the_older_tape_and_says_where_its_own_is(run: Run, tmp_path: Path) -> None:
    old = '{"dlgrade_tape": 1, "old": true}\n'
    (tmp_path / "run.tape").write_text(old)
    with Loopback(slow_after(6)) as server:
        process = started("fill", GENERAL, "--out", tmp_path / "a", "--record", tmp_path / "run.tape", *asking(server))
        wait_for(server, 8)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        _, err = process.communicate()
    assert process.returncode == 130
    assert (
        f"dlgrade: Interrupted: what was recorded is in {tmp_path / 'run.tape.part'}, which --replay reads too." in err
    )
    assert (tmp_path / "run.tape").read_text() == old
    assert "6 filled" in run("fill", GENERAL, "--out", "b", "--replay", "run.tape.part").out


def test_a_torn_last_line_is_passed_over_and_said(run: Run) -> None:
    with Loopback() as server:
        recorded(run, server, "--out", "build")
    Path("run.tape").write_bytes(Path("run.tape").read_bytes()[:-40])
    ran = run("fill", GENERAL, "--out", "other", "--replay", "run.tape")
    assert ran.code == 1
    assert "16 filled, 0 had an answer, 1 left" in ran.out
    assert "dlgrade: run.tape: its last line is torn, as a killed run leaves it; it is passed over\n" in ran.err


def test_a_last_line_without_a_line_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "run.tape"
    record(path, Fixed(REPLY), request("What?"))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert answered(Replayer(path), request("What?")) == REPLY


HEADER = '{"dlgrade_tape": 1, "dlgrade": "0.1.0", "recorded": "now", "model": "m", "base_url": "http://h/v1", '
HEADER += '"temperature": 0.0, "max_tokens": 9, "concurrency": 4}\n'
KEY = "0" * 64


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"dlgrade_tape": 2, "dlgrade": "9.0"}\n', "has form 2, of dlgrade 9.0; this one reads form 1"),
        ('{"dlgrade_tape": 1}\n', "its first line is broken: dlgrade: Field required"),
        (HEADER.replace("http:", "ftp:"), "its first line is broken: base_url: Value error, must begin with http"),
        (HEADER + "half a li\n{}\n", "run.tape:2: is no line of a recording"),
        (HEADER + "{}\n", "run.tape:2: is no line of a recording"),
        (HEADER + f'{{"key": "{KEY}", "request": {{"messages": [1]}}, "reply": {{}}}}\n', "run.tape:2: is no line"),
        (HEADER + f'{{"key": "{KEY}x", "request": {{"messages": []}}, "reply": {{}}}}\n', "run.tape:2: is no line"),
    ],
)
def test_a_broken_tape_is_said_in_a_line_or_two(run: Run, content: str, said: str) -> None:
    Path("run.tape").write_text(content)
    ran = run("fill", GENERAL, "--out", "build", "--replay", "run.tape")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) <= 2


class Mark(BaseModel):
    verdict: str


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('{\\"verdict\\": \\"met\\"}', "yes", "a reply in it is not what is asked for: the reply: Invalid JSON"),
        ('"finish_reason": "stop"', '"finish": "stop"', "a reply in it is broken: finish: Extra inputs"),
        ('"reply"', '"answer"', "was changed while it was replayed"),
    ],
)
def test_a_tape_that_was_edited_is_no_traceback(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "run.tape"
    record(path, Fixed(Reply(text='{"verdict": "met"}', model="m")), request("What?", shape=Mark))
    edited = path.read_text().replace(old, new)
    replayer = Replayer(path)
    assert edited != path.read_text()
    path.write_text(edited)
    with pytest.raises(TapeError, match=said):
        answered(replayer, request("What?", shape=Mark))


def test_an_error_of_a_later_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.tape"
    record(path, Fixed(TooLong("too long")), request("What?"))
    path.write_text(path.read_text().replace("too_long", "too_odd"))
    with pytest.raises(TapeError, match="holds an error unknown here: too_odd: too long"):
        answered(Replayer(path), request("What?"))


def test_a_tape_is_not_taken_for_a_bank(run: Run) -> None:
    with Loopback() as server:
        run("fill", GENERAL, "--diff", "--record", "run.jsonl", *asking(server))
    Path("two.md").write_text("1. What is a flumph?\n2. Why?\n")
    ran = run("list", ".")
    assert "two:2" in ran.out
    assert "run:1" not in ran.out
    assert "passed over: run.jsonl: is a recording of a run, not a bank" in ran.err


# ── a run that asks nobody ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("arguments", [("--check",), ("--dry-run",), ("--diff",)])
def test_a_run_that_asks_no_model_says_that_nothing_was_recorded(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("fill", GENERAL, *arguments, "--record", "run.tape", "--model", "offline")
    assert "dlgrade: no model was asked, so nothing was recorded in run.tape" in ran.err
    assert not Path("run.tape").exists()
    ran = run("grade", "dropout", "--text", "Units are dropped at random.", "--record", "run.tape")
    assert ran.code == 0
    assert "dlgrade: no model was asked, so nothing was recorded in run.tape" in ran.err


def test_a_replay_that_asks_for_nothing_says_so(run: Run) -> None:
    with Loopback() as server:
        recorded(run, server, "--out", "build")
    ran = run("fill", GENERAL, "--diff", "--replay", "run.tape", "--model", "offline")
    assert "dlgrade: no model was asked, so nothing was replayed from run.tape" in ran.err


# ── what a tape holds ────────────────────────────────────────────────────────────────────────

REPLY = Reply(text="An answer.", model="m", usage=Usage(prompt_tokens=1, completion_tokens=2, total_tokens=3))
PLANTED = "planted-secret-0123456789"


class Fixed:
    """A `Client` that gives these outcomes in turn, the last one for ever."""

    def __init__(self, *outcomes: Reply | DlgradeError) -> None:
        self.outcomes = list(outcomes)

    async def complete(self, _: Request) -> Reply:
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, DlgradeError):
            raise outcome
        return outcome

    async def aclose(self) -> None:
        """Nothing is open."""


def request(text: str, *, model: str = "m", shape: type[BaseModel] | None = None) -> Request:
    messages = (Message(role="system", content="You answer.\nBriefly."), Message(role="user", content=text))
    return Request(endpoint="http://user:password@h/v1", model=model, messages=messages, shape=shape)


def answered(client: Any, request: Request) -> Reply:
    reply: Reply = asyncio.run(client.complete(request))
    return reply


def record(
    path: Path,
    client: Fixed,
    *requests: Request,
    key: str | None = PLANTED,
    model: str = "m",
    base_url: str = "http://h/v1",
) -> list[str]:
    """Send the requests through a recorder; gives what it said."""
    said: list[str] = []
    header = Header.of(Settings(model=model, base_url=base_url))
    with Recorder(client, path, header, secrets=secrets_of(key), on_remark=said.append) as recorder:
        for each in requests:
            try:
                answered(recorder, each)
            except DlgradeError:
                continue
    return said


def test_equal_requests_are_recorded_once_and_come_from_the_cache_the_second_time(tmp_path: Path) -> None:
    path = tmp_path / "run.tape"
    assert record(path, Fixed(REPLY), *[request("What?")] * 3) == [f"1 request recorded in {path}"]
    assert len(path.read_text().splitlines()) == 2
    replayer = Replayer(path)
    assert [answered(replayer, request("What?")).cached for _ in range(3)] == [False, True, True]


def test_a_reply_counts_more_than_an_earlier_failure(tmp_path: Path) -> None:
    path = tmp_path / "run.tape"
    record(path, Fixed(TooLong("no"), REPLY, Unreadable("no")), *[request("What?")] * 3)
    assert answered(Replayer(path), request("What?")) == REPLY


def test_a_failure_comes_back_as_it_was_and_is_billed_once(tmp_path: Path) -> None:
    path = tmp_path / "run.tape"
    record(path, Fixed(TooLong("too long", hint="Cut it.", usage=REPLY.usage)), request("What?"))
    replayer = Replayer(path)
    usages = []
    for _ in range(2):
        with pytest.raises(TooLong) as caught:
            answered(replayer, request("What?"))
        assert str(caught.value) == "too long\nCut it."
        usages.append(caught.value.usage)
    assert usages == [REPLY.usage, None]


def test_no_key_no_credentials_and_no_home_reach_the_tape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    path, model = tmp_path / "run.tape", "/home/alice/models/tiny.gguf"
    echoed = Reply(text=f"Your key is {PLANTED} or sk-proj-0123456789abcdefghij.", model=model)
    failed = TooLong(f"/home/alice/models: {PLANTED}", hint="/home/alice")
    requests = (request("What?", model=model), request("Why?", model=model))
    said = record(path, Fixed(echoed, failed), *requests, model=model, base_url="http://user:password@h/v1")
    tape = path.read_text()
    for secret in (PLANTED, "sk-proj", "password", "alice"):
        assert secret not in tape
    assert "A reply holds what looks like a key. It is left out of the recording, which differs there." in said
    # and still the requests are found, by whoever replays it
    monkeypatch.setenv("HOME", "/home/bob")
    replayer = Replayer(path)
    for name in (replayer.header.model, "/home/bob/models/tiny.gguf"):
        assert name.endswith("/models/tiny.gguf")
        assert answered(replayer, request("What?", model=name)).text == "Your key is [key] or [key]."


def test_what_a_document_says_is_recorded_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root")
    odd = Reply(text="Read /root/data.csv.\u2028A half \ud83d pair, \U0001f600, \0.", model="m")
    record(tmp_path / "run.tape", Fixed(odd), request("Where is /root?"), key="none")
    assert answered(Replayer(tmp_path / "run.tape"), request("Where is /root?")) == odd


def test_a_recording_whose_place_was_taken_meanwhile_is_kept_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "run.tape"
    recorder = Recorder(Fixed(REPLY), path, Header.of(Settings(model="m")), secrets=(), on_remark=print)
    path.write_text("Somebody's notes.")
    with pytest.raises(OutputError, match=f"The recording is in {path}.part"):
        recorder.finish()
    assert path.read_text() == "Somebody's notes."
    assert len(Replayer(tmp_path / "run.tape.part")) == 0


def test_of_a_long_tape_only_keys_and_places_are_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "run.tape"
    record(path, Fixed(REPLY), *(request(f"What is {n}? " + "x" * 10_000) for n in range(1000)))
    tracemalloc.start()
    try:
        replayer = Replayer(path)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(replayer) == 1000
    assert path.stat().st_size > 10_000_000
    assert held < 500_000
