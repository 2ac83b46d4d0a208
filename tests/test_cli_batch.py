"""`dlgrade batch` survives quitting and kills between and within its steps, and the ordinary command needs no call."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_endpoint import BatchEndpoint, answered, in_turn, unanswered
from conftest import ROOT, Ran, Run
from loopback import Body, Loopback, Scripted, completion

TWO = "1. What is dropout, and how does it prevent overfitting in neural networks?\n2. What is a flumph?\n"
KEY = "planted-key-0451"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> BatchEndpoint:
    monkeypatch.setattr("dlgrade.batching.SETTLE", 0.1)
    monkeypatch.setattr("dlgrade.batching.pauses", lambda: itertools.repeat(0.05))
    return BatchEndpoint()


@pytest.fixture
def server(endpoint: BatchEndpoint) -> Iterator[Loopback]:
    with Loopback(extension=endpoint) as server:
        yield server


def asking(server: Loopback, model: str = "made-up") -> tuple[str, ...]:
    return ("--model", model, "--base-url", server.url)


def bank(text: str = TWO) -> Path:
    Path("bank.md").write_text(text)
    return Path("bank.md")


def many(count: int) -> str:
    return "".join(f"{n}. What is thing number {n}?\n" for n in range(1, count + 1))


def missed(asked: Body, **changes: Any) -> Body:
    """The verdicts of a judge who found nothing; `changes` go into the first one."""
    properties = asked["response_format"]["json_schema"]["schema"]["properties"]
    verdicts: dict[str, dict[str, Any]] = {}
    for name, shape in properties.items():
        judged: dict[str, Any] = {"verdict": "missed"} if name.startswith("c") else {"found": False}
        judged |= {"otherwise": False} if "otherwise" in shape["properties"] else {}
        verdicts[name] = {"quotes": [], "reason": "nothing of it", **judged}
    verdicts["c1"] |= changes
    return {"status_code": 200, "body": completion(asked, json.dumps(verdicts))}


# ── the whole way ────────────────────────────────────────────────────────────────────────────


def test_fill_finishes_with_no_further_call_after_a_batch(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    ran = run("batch", "submit", "fill", bank(), *asking(server))
    assert ran.code == 0
    assert "2 requests to made-up, validating (batch_" in ran.out
    assert "dlgrade batch fetch" in ran.err
    endpoint.say("in_progress")
    ran = run("batch", "fetch")
    assert (ran.code, "in_progress, 0 of 2 done" in ran.out) == (1, True)
    endpoint.finish()
    ran = run("batch", "fetch")
    assert (ran.code, "2 replies in the cache, 0 failed, 0 not done" in ran.out) == (0, True)
    command = ("fill", "bank.md", "--in-place", *asking(server))
    assert f"Go on with: dlgrade {' '.join(command)}" in ran.err
    server.close()
    ran = run(*command)
    assert (ran.code, "2 filled" in ran.out, "0 requests, 2 from cache" in ran.err) == (0, True, True)


def test_one_question_in_several_wordings_is_asked_once(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    bank(TWO + "3. What is a FLUMPH?\n4. How do dropout layers help prevent overfitting?\n")
    run("batch", "submit", "fill", "bank.md", *asking(server))
    endpoint.finish()
    run("batch", "fetch")
    server.close()
    ran = run("fill", "bank.md", "--in-place", *asking(server))
    assert (ran.code, "4 filled" in ran.out, [len(lines) for lines in endpoint.uploads]) == (0, True, [2])


def test_stale_answers_are_asked_for_again_where_that_is_wanted(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    run("fill", bank(), "--in-place", *asking(server, "old"))
    assert "Nothing to send" in run("batch", "submit", "fill", "bank.md", *asking(server, "new")).err
    ran = run("batch", "submit", "fill", "bank.md", "--refresh", *asking(server, "new"))
    assert "2 requests to new" in ran.out
    endpoint.finish()
    run("batch", "fetch")
    server.close()
    ran = run("fill", "bank.md", "--in-place", "--refresh", *asking(server, "new"))
    assert (ran.code, "0 requests, 2 from cache" in ran.err) == (0, True)


def test_grade_finishes_with_no_further_call_after_a_batch(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    run("batch", "submit", "grade", "dropout", "--text", "Units go.", *asking(server))
    endpoint.finish(missed)
    ran = run("batch", "fetch")
    assert "Go on with: dlgrade grade dropout --text 'Units go.' --model made-up" in ran.err
    server.close()
    ran = run("grade", "dropout", "--text", "Units go.", "--json", *asking(server))
    assert (ran.code, json.loads(ran.out)["score"]) == (0, 0)


def test_what_is_asked_once_more_about_a_made_up_quote_goes_into_the_next_batch(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    command = ("dropout", "--text", "Units go.", *asking(server))
    run("batch", "submit", "grade", *command)
    endpoint.finish(lambda asked: missed(asked, quotes=["made up"], verdict="met"))
    run("batch", "fetch")
    ran = run("batch", "submit", "grade", *command)
    assert ("1 request to made-up" in ran.out, "In the cache already: 1 reply" in ran.err) == (True, True)
    endpoint.finish(missed)
    run("batch", "fetch")
    assert "Nothing to send" in run("batch", "submit", "grade", *command).err
    server.close()
    assert run("grade", *command).code == 0


def test_samples_of_several_judges_go_into_a_batch_for_each_and_are_graded_with_no_further_call(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    judges = ("--judge", "a", "--judge", "b", "--samples", "2")
    command = ("dropout", "--text", "Units go.", "--base-url", server.url, *judges)
    ran = run("batch", "submit", "grade", *command)
    assert ("2 requests to a" in ran.out, "2 requests to b" in ran.out) == (True, True)
    endpoint.finish(missed)
    then = run("batch", "fetch").err
    assert "dlgrade grade dropout --judge a --judge b --samples 2 --text 'Units go.'" in then
    server.close()
    grader = json.loads(run("grade", *command, "--json").out)["grader"]
    assert (grader["model"], grader["samples"]) == ("a+b", 4)


def test_what_is_in_doubt_goes_into_the_next_batch(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    command = ("dropout", "--text", "Units go.", "--adaptive", "--samples", "3", *asking(server))
    run("batch", "submit", "grade", *command)
    turns = iter([{"quotes": ["Units"], "verdict": "met"}, {}, {}])
    endpoint.finish(lambda asked: missed(asked, **next(turns)))
    run("batch", "fetch")
    ran = run("batch", "submit", "grade", *command)
    assert ("1 request to made-up" in ran.out, "In the cache already: 2 replies" in ran.err) == (True, True)
    endpoint.finish(missed)
    run("batch", "fetch")
    server.close()
    grade = json.loads(run("grade", *command, "--json").out)
    assert (grade["verdicts"][0]["verdict"], grade["grader"]["samples"]) == ("missed", 3)


def test_spellings_of_one_answer_are_one_request_of_a_batch_sent_as_the_first_is_spelled(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    rows = [{"id": str(n), "question": "dropout", "answer": text} for n, text in enumerate(("Units GO.", "units  go."))]
    Path("class.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = run("batch", "submit", "grade", "--answers", "class.jsonl", "--json", *asking(server))
    assert json.loads(ran.out)["submitted"] == 1
    assert any(b"Units GO." in file for file in endpoint.files.values())
    endpoint.finish(missed)
    assert run("batch", "fetch").code == 0
    server.close()
    ran = run("grade", "--answers", "class.jsonl", "--out", "grades.jsonl", *asking(server), "--json")
    assert (ran.code, json.loads(ran.out)["graded"], json.loads(ran.out)["requests"]) == (0, 2, 0)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_many_answers_are_sent_and_rows_that_cannot_be_are_named_by_file_and_line(
    run: Run, server: Loopback, endpoint: BatchEndpoint, form: str
) -> None:
    rows = [
        {"id": "anna", "question": "dropout", "answer": "Units go,\nat random."},
        {"id": "ben", "question": "general:2", "answer": "No idea at all."},
        {"id": "eve", "question": "What is a flumph?", "answer": "A beast."},
        {"id": "joe", "question": "dropout", "answer": " "},
        {"id": "kim", "question": "", "answer": "Something."},
        {"id": "leo", "question": "dropout", "answer": "Neurons are left out."},
    ]
    path = Path(f"class.{form}")
    if form == "csv":
        lines = ["ID,Question,Answer", *(f'{r["id"]},{r["question"]},"{r["answer"]}"' for r in rows)]
        path.write_text("\n".join(lines) + "\n")
    else:
        path.write_text("\n".join([*map(json.dumps, rows), "no json", '"text"']))
    ran = run("batch", "submit", "grade", "--answers", path, "--json", *asking(server))
    document = json.loads(ran.out)
    wrong = ["class.csv:5", "class.csv:7"] if form == "csv" else [f"class.jsonl:{line}" for line in (3, 5, 7, 8)]
    assert (ran.code, [failed["id"] for failed in document["failed"]]) == (1, wrong)
    assert (document["submitted"], "needs no model: 1 answer" in ran.err) == (3, True)
    endpoint.finish(missed)
    assert run("batch", "fetch").code == 0
    server.close()
    graded = json.loads(run("grade", "--answers", path, "--out", "grades.jsonl", *asking(server), "--json").out)
    assert (graded["graded"], graded["requests"], graded["cached"]) == (4, 0, 3)
    for row in (rows[0], rows[1], rows[5]):
        assert run("grade", row["question"], "--text", row["answer"], *asking(server)).code == 0


def test_a_class_whose_questions_have_references_needs_no_call_after_a_batch(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    row = {"question": "What is a flumph?", "reference": "It floats. It is psionic."}
    rows = [{**row, "id": f"s{n}", "answer": f"A beast, says {n}."} for n in range(3)]
    Path("class.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = run("batch", "submit", "grade", "--answers", "class.jsonl", *asking(server))
    assert "1 request to made-up" in first.out
    assert "Asked first, what questions ask for: 3 answers with a reference and no rubric; after the" in first.err
    floats = {"expects": "It floats.", "reference": "It floats.", "name": "floats", "weight": 1, "half": None}
    settled = json.dumps({"asks": "What it is.", "criteria": [floats]})
    endpoint.finish(lambda asked: {"status_code": 200, "body": completion(asked, settled)})
    run("batch", "fetch")
    ran = run("batch", "submit", "grade", "--answers", "class.jsonl", *asking(server))
    assert (ran.code, "3 requests to made-up" in ran.out) == (0, True)
    endpoint.finish(missed)
    then = run("batch", "fetch").err
    server.close()
    assert run("grade", "--answers", "class.jsonl", "--out", "class-grades.jsonl", *asking(server)).code == 0
    assert "dlgrade grade --answers class.jsonl --out class-grades.jsonl --model made-up" in ran.err + then


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", ".csv, .tsv, .jsonl"),
        ("a.csv", b"name,text\n", "a.csv:1: the first line names the columns"),
        (
            "a.csv",
            b"id,question,answer\nx,dropout,a\nx,dropout,b\n",
            "a.csv:3: the id 'x' stands twice; first at a.csv:2",
        ),
        ("gone.csv", None, "no such file"),
    ],
)
def test_a_file_that_holds_no_answers_is_a_wrong_command(
    run: Run, server: Loopback, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    ran = run("batch", "submit", "grade", "--answers", name, *asking(server))
    assert (ran.code, words in ran.err) == (2, True)
    assert run("batch", "status", "--json").out.split() == ["{", '"batches":', "[]", "}"]


# ── killed ───────────────────────────────────────────────────────────────────────────────────


class Victim:
    """A command in a process of its own, killed when the server comes to a step."""

    def __init__(self, endpoint: BatchEndpoint, step: str, when: str, *, nth: int = 1) -> None:
        self.left = nth
        self.step = step
        self.process: subprocess.Popen[str] | None = None
        setattr(endpoint, when, self.at)
        self.endpoint = endpoint
        self.when = when

    def at(self, step: str) -> Scripted | None:
        if step == self.step and self.process is not None and self.process.poll() is None:
            self.left -= 1
            if self.left == 0:
                self.process.kill()
                self.process.wait()
                return Scripted(breaks="before")
        return None

    def run(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "dlgrade", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        said = self.process.communicate()[1]
        setattr(self.endpoint, self.when, lambda _: None)
        assert self.process.returncode == -signal.SIGKILL, said


def finished(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    """Go the rest of the way: there is one batch, and in the end nothing is left to ask."""
    submit = ("batch", "submit", "fill", "bank.md", *asking(server))
    assert run(*submit).code == 0
    assert [len(lines) for lines in endpoint.uploads] == [2]
    endpoint.finish()
    assert run("batch", "fetch").code == 0
    assert "Nothing to send" in run(*submit).err
    assert len(endpoint.batches) == 1
    server.close()
    ran = run("fill", "bank.md", "--in-place", *asking(server))
    assert (ran.code, "0 requests, 2 from cache" in ran.err) == (0, True)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["upload", "create"])
def test_a_submit_that_is_killed_at_a_step_submits_nothing_twice(
    run: Run, server: Loopback, endpoint: BatchEndpoint, step: str, when: str
) -> None:
    bank()
    Victim(endpoint, step, when).run("batch", "submit", "fill", "bank.md", *asking(server))
    finished(run, server, endpoint)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("command", ["submit", "status"])
def test_a_command_that_is_killed_while_it_looks_for_a_batch_leaves_it_to_the_next_one(
    run: Run, server: Loopback, endpoint: BatchEndpoint, command: str, when: str
) -> None:
    bank()
    submit = ("batch", "submit", "fill", "bank.md", *asking(server))
    Victim(endpoint, "create", "after").run(*submit)
    Victim(endpoint, "list", when).run(*(submit if command == "submit" else ("batch", "status")))
    finished(run, server, endpoint)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "nth"), [("batch", 1), ("download", 1), ("download", 2)])
def test_a_fetch_that_is_killed_at_a_step_is_simply_done_again(
    run: Run, server: Loopback, endpoint: BatchEndpoint, *, step: str, nth: int, when: str
) -> None:
    bank(TWO)
    submit = ("batch", "submit", "fill", "bank.md", *asking(server))
    run(*submit)
    endpoint.finish(in_turn(unanswered(500, message="it broke"), answered))
    Victim(endpoint, step, when, nth=nth).run("batch", "fetch")
    ran = run("batch", "fetch", "--json")
    (batch,) = json.loads(ran.out)["batches"]
    assert (batch["stored"], [failure["kind"] for failure in batch["failures"]]) == (1, ["server_failed"])
    assert "1 request to" in run(*submit).out
    assert [len(lines) for lines in endpoint.uploads] == [2, 1]


def test_kills_at_random_moments_never_send_a_request_twice(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    bank(many(300))
    submit = ("batch", "submit", "fill", "bank.md", *asking(server))
    command = [sys.executable, "-m", "dlgrade", *map(str, submit)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    subprocess.run([*command[:-4], "--help"], env=environment, capture_output=True, check=True)
    whole = time.monotonic() - started
    for _ in range(8):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.5, 4) * whole)
        process.kill()
        process.wait()
    run(*submit)
    sent = [line["custom_id"] for lines in endpoint.uploads for line in lines]
    assert (len(sent), len(set(sent))) == (300, 300)


def test_two_commands_at_once_begin_one_batch(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    bank()
    command = [sys.executable, "-m", "dlgrade", "batch", "submit", "fill", "bank.md", *asking(server)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    endpoint.before = lambda step: time.sleep(1) if step == "upload" else None  # the other has time to catch up
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, **pipes) for _ in range(2)]
    said = ["".join(process.communicate()) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(endpoint.batches) == 1
    assert sorted("not sent again" in words for words in said) == [False, True]


# ── quitting ─────────────────────────────────────────────────────────────────────────────────


def test_waiting_ends_when_the_batch_does(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    run("batch", "submit", "fill", bank(), *asking(server))

    def pass_time() -> None:
        for status in ("in_progress", "finalizing"):
            time.sleep(0.3)
            endpoint.say(status, request_counts={"total": 2, "completed": 1, "failed": 0})
        time.sleep(0.3)
        endpoint.finish()

    threading.Thread(target=pass_time, daemon=True).start()
    ran = run("batch", "fetch", "--wait")
    assert (ran.code, "2 replies in the cache" in ran.out) == (0, True)
    told = [line.partition(": ")[2] for line in ran.err.splitlines() if line.startswith("batch ")]
    assert told[-2:] == ["in_progress, 1 of 2 done", "finalizing, 1 of 2 done"]


def test_a_server_that_fails_now_and_then_is_waited_for_and_one_that_forgot_the_batch_is_not(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    run("batch", "submit", "fill", bank(), *asking(server))
    endpoint.finish()
    failing = [Scripted(status=408, body={"error": {"message": "busy"}})] * 4
    endpoint.before = lambda step: failing.pop() if step == "batch" and failing else None
    ran = run("batch", "fetch", "--wait")
    assert (ran.code, "it is asked again" in ran.err) == (0, True)
    run("batch", "submit", "fill", bank(many(1)), *asking(server))
    endpoint.batches.clear()
    ran = run("batch", "fetch", "--wait")
    assert (ran.code, "does not know it" in ran.err) == (1, True)


def test_ctrl_c_while_waiting_says_that_the_batch_goes_on(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    run("batch", "submit", "fill", bank(), *asking(server))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "dlgrade", "batch", "fetch", "--wait"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "validating" in process.stderr.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert (process.returncode, "goes on at the server" in said or "go on at the server" in said) == (130, True)
    assert "Traceback" not in said
    endpoint.finish()
    assert run("batch", "fetch").code == 0


def test_ctrl_c_while_sending_begins_nothing_more_and_keeps_what_was_begun(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    bank(many(4))
    script = (
        "import sys; from dlgrade.llm import batch; batch.Limits.model_fields['requests'].default = 1\n"
        "batch.Limits.model_rebuild(force=True)\n"
        "from dlgrade.cli.app import main; sys.argv[0] = 'dlgrade'; main()"
    )
    submit = ("batch", "submit", "fill", "bank.md", *asking(server))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", script, *submit], env=environment, stderr=subprocess.PIPE, text=True
    )

    def interrupt(step: str) -> None:
        if step == "create" and len(endpoint.batches) == 1:
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)

    endpoint.before = interrupt
    said = process.communicate()[1]
    assert (process.returncode, "what was begun is kept" in said) == (130, True)
    assert [len(lines) for lines in endpoint.uploads] == [1, 1]
    assert "2 requests to made-up" in run(*submit).out


# ── what is said ─────────────────────────────────────────────────────────────────────────────


def test_partial_batches_are_named_request_by_request_and_the_next_submit_takes_the_rest(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    submit = ("batch", "submit", "fill", bank(many(3)), *asking(server))
    run(*submit)
    refused = unanswered(400, code="content_filter", message="no such talk")
    endpoint.finish(in_turn(refused, answered), done=2, as_="expired")
    ran = run("batch", "fetch")
    assert ran.code == 1
    assert "expired: 1 reply in the cache, 1 failed, 1 not done" in ran.out
    assert "  failed: bank:1: the model declined to reply: no such talk" in ran.err
    assert "  not done: bank:3" in ran.err
    assert "goes into a new batch with the same `dlgrade batch submit`" in ran.err
    ran = run(*submit)
    assert ("2 requests to" in ran.out, "In the cache already: 1 reply" in ran.err) == (True, True)


def test_a_failed_batch_shows_the_servers_errors(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    run("batch", "submit", "fill", bank(), *asking(server))
    endpoint.say("failed", errors={"data": [{"code": "x", "line": 1, "message": "The model does not exist."}]})
    for command in ("status", "fetch"):
        ran = run("batch", command)
        assert ("failed" in ran.out, "line 1: The model does not exist." in ran.err) == (True, True)
    assert "2 requests to" in run("batch", "submit", "fill", "bank.md", *asking(server)).out


def test_status_shows_each_batch_with_state_counts_and_what_to_do(
    run: Run, server: Loopback, endpoint: BatchEndpoint
) -> None:
    assert "No batches" in run("batch", "status").err
    run("batch", "submit", "fill", bank(), *asking(server))
    endpoint.finish()
    run("batch", "submit", "grade", "dropout", "--text", "Units go.", *asking(server, "other"))
    ran = run("batch", "status")
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0] == ["id", "state", "work", "model", "done", "failed", "of", "age", "cost"]
    assert [row[1:7] for row in rows[1:]] == [
        ["completed", "fill", "made-up", "2", "0", "2"],
        ["validating", "grade", "other", "0", "0", "1"],
    ]
    assert "What ended batches brought: dlgrade batch fetch" in ran.err
    (shown,) = json.loads(run("batch", "status", rows[1][0], "--json").out)["batches"]
    assert shown["batch_id"] in endpoint.batches
    expected = {"state": "completed", "requests": 2, "completed": 2, "cost_usd": None, "fetched": False}
    assert expected.items() <= shown.items()
    run("batch", "fetch", rows[1][0])
    (shown,) = json.loads(run("batch", "status", rows[1][0], "--json").out)["batches"]
    assert (shown["fetched"], shown["stored"], shown["usage"]["total_tokens"] > 0) == (True, 2, True)


def test_a_batch_is_cancelled_and_what_it_did_is_fetched(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    run("batch", "submit", "fill", bank(), *asking(server))
    (batch,) = json.loads(run("batch", "status", "--json").out)["batches"]
    ran = run("batch", "cancel", batch["id"])
    assert (ran.code, "cancelling" in ran.err) == (0, True)
    endpoint.finish(done=1, as_="cancelled")
    assert "1 reply in the cache, 0 failed, 1 not done" in run("batch", "fetch").out
    ran = run("batch", "cancel", batch["id"])
    assert (ran.code, "has ended: cancelled" in ran.err) == (2, True)


def test_a_forgotten_batch_holds_nothing(run: Run, server: Loopback, endpoint: BatchEndpoint) -> None:
    submit = ("batch", "submit", "fill", bank(), *asking(server))
    run(*submit)
    (batch,) = json.loads(run("batch", "status", "--json").out)["batches"]
    assert run("batch", "cancel", batch["id"], "--forget").code == 0
    assert json.loads(run("batch", "status", "--json").out)["batches"] == []
    assert "2 requests to" in run(*submit).out


def test_without_a_model_there_is_nothing_to_send(run: Run) -> None:
    for flags in ((), ("--model", "offline")):
        ran = run("batch", "submit", "fill", bank(), *flags)
        assert (ran.code, "no model is named" in ran.err, "--model NAME" in ran.err) == (2, True, True)


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("dropout",),
        ("dropout", "--answers", "a.csv"),
        ("--answers", "a.csv", "--text", "x"),
        ("flumph", "--text", "x"),
        ("dropout", "--text", " "),
    ],
)
def test_a_submit_that_says_too_little_or_too_much_is_a_wrong_command(
    run: Run, server: Loopback, endpoint: BatchEndpoint, wrong: tuple[str, ...]
) -> None:
    ran = run("batch", "submit", "grade", *wrong, *asking(server))
    assert (ran.code, endpoint.steps, "Traceback" in ran.err) == (2, [], False)


def test_a_server_without_batches_is_an_endpoint_that_cannot_be_used(run: Run) -> None:
    with Loopback() as server:
        ran = run("batch", "submit", "fill", bank(), *asking(server))
    assert (ran.code, f"{server.url} has no batches" in ran.err) == (3, True)
    assert "asks one by one" in ran.err
    assert "No batches" in run("batch", "status").err


def test_the_key_goes_to_no_endpoint_that_it_is_not_known_to_be_for(
    run: Run, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("batch", "submit", "fill", bank(), *asking(server))
    (state,) = Path(os.environ["DLGRADE_CACHE"], "batches").glob("*.json")
    state.write_text(state.read_text().replace(server.url, "http://models.example/v1"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for command in ("status", "fetch"):
        ran = run("batch", command)
        assert (ran.code, "--base-url http://models.example/v1" in ran.err) == (2, True)


def test_the_key_is_nowhere_whatever_the_server_says(
    run: Run, server: Loopback, endpoint: BatchEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    told: list[Ran] = []
    quoting = Scripted(status=400, body={"error": {"message": f"Bearer {KEY} is odd"}})
    submit = ("batch", "submit", "fill", bank(), *asking(server))
    for step in ("upload", "create"):
        endpoint.before = {step: quoting}.get
        told.append(run(*submit))
    endpoint.before = lambda _: None
    told.append(run(*submit))
    for step in ("batch", "download", "cancel"):
        endpoint.before = {step: quoting}.get
        told += [run("batch", "status"), run("batch", "fetch")]
        endpoint.before = lambda _: None
        endpoint.finish(unanswered(401, code="invalid_api_key", message=f"Incorrect API key provided: {KEY}"))
    told.append(run("batch", "fetch"))
    assert all("[key]" in ran.err for ran in told[:2])
    assert not [ran for ran in told if KEY in ran.out + ran.err]
    files = [path for path in Path(os.environ["DLGRADE_CACHE"]).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
