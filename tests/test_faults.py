"""Whatever a server does, and however often the process dies: each question is answered or named, and paid once."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from loopback import Answer, Body, Loopback, Scripted, completion

QUESTIONS = 500
SHARE = 0.1  # of the calls that go wrong
TIMEOUT = 4  # seconds, in dlgrade.toml
AT_ONCE = 8

SAID = json.dumps({"error": {"message": "made up", "type": "made_up", "param": None, "code": None}})


def whole(body: Body) -> str:
    return json.dumps(completion(body, answer_to(asked(body))))


FAULTS: Mapping[str, Callable[[Body], Scripted]] = {
    "429 with Retry-After": lambda _: Scripted(429, {"retry-after": "1"}, SAID),
    "429 without": lambda _: Scripted(429, body=SAID),
    "500": lambda _: Scripted(500, body=SAID),
    "reset": lambda _: Scripted(breaks="before"),
    "hang": lambda body: Scripted(body=whole(body), delay=4 * TIMEOUT),
    "half a body": lambda body: Scripted(body=whole(body), breaks="within"),
    "HTML": lambda _: Scripted(502, {"content-type": "text/html"}, "<html><h1>Bad Gateway</h1></html>"),
    "HTML as a success": lambda _: Scripted(200, {"content-type": "text/html"}, "<html><h1>Sign in</h1></html>"),
    "empty choices": lambda body: Scripted(body=completion(body, "") | {"choices": []}),
    "cut JSON": lambda body: Scripted(body=whole(body)[:-40]),
    "wrong JSON": lambda _: Scripted(body={"result": "ok"}),
}


def asked(body: Body) -> str:
    """The question of a call."""
    return str(body["messages"][-1]["content"]).removeprefix("Question: ")


def answer_to(question: str) -> str:
    return f"This is the whole answer to «{question}»."


def questions(count: int = QUESTIONS) -> list[str]:
    return [f"What does layer {i} of a network learn?" for i in range(count)]


def bank(path: Path, texts: list[str]) -> Path:
    path.write_text("# Questions\n\n" + "".join(f"{i}. {text}\n" for i, text in enumerate(texts, 1)))
    return path


class Faulty:
    """Answers calls, a share of them with a fault, by the seed, the question and how often it was asked before.

    Those of `doomed` have the same one each time.
    """

    def __init__(
        self, *, share: float = 0.0, seed: int = 0, delay: float = 0.0, doomed: Mapping[str, str] | None = None
    ) -> None:
        self.calls = 0
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self._share = share
        self._seed = seed
        self._doomed = doomed or {}
        self._delay = delay
        self._lock = threading.Lock()

    def __call__(self, body: Body) -> Answer:
        question = asked(body)
        with self._lock:
            self.calls += 1
            self.asked[question] += 1
            dice = random.Random(f"{self._seed} {question} {self.asked[question]}")
            fault = dice.choice([*FAULTS]) if dice.random() < self._share else None
            fault = self._doomed.get(question, fault)
            self.met[fault or "none"] += 1
        if fault is not None:
            return FAULTS[fault](body)
        time.sleep(self._delay)
        with self._lock:
            self.answered[question] += 1
        return answer_to(question)

    def so_far(self) -> Counter[str]:
        """How often each question was asked until now."""
        with self._lock:
            return self.asked.copy()


def fill(path: Path, server: Loopback, *arguments: str) -> subprocess.Popen[str]:
    """Start `dlgrade fill` in the bank's folder."""
    told = ["--model", "m", "--base-url", server.url, "--concurrency", str(AT_ONCE), "--json", *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "dlgrade", "fill", str(path), *told],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    out, err = process.communicate(timeout=80)
    assert out, err
    return process.returncode, json.loads(out)


def times_answered(document: Path, texts: list[str]) -> Counter[str]:
    written = document.read_text()
    return Counter({text: written.count(answer_to(text)) for text in texts})


# ── faults ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", [1, 3])
def test_with_a_tenth_of_faults_each_question_is_answered_once_or_named(tmp_path: Path, seed: int) -> None:
    texts = questions()
    path = bank(tmp_path / "bank.md", texts)
    (tmp_path / "dlgrade.toml").write_text(f"timeout = {TIMEOUT}\n")
    doomed = {texts[99]: "500", texts[199]: "hang", texts[299]: "cut JSON", texts[399]: "empty choices"}
    faulty = Faulty(share=SHARE, seed=seed, doomed=doomed)
    with Loopback(faulty) as server:
        code, report = ended(fill(path, server, "--in-place"))
    assert set(faulty.met) == {*FAULTS, "none"}
    assert code == 1
    assert {failure["id"]: reason(failure) for failure in report["failed"]} == {
        "bank:100": "failed 3 times",
        "bank:200": "did not finish in time",
        "bank:300": "broke off the connection",
        "bank:400": "no chat completion",
    }
    expected = Counter({text: int(text not in doomed) for text in texts})
    assert faulty.answered == expected
    assert times_answered(path, texts) == expected


def reason(failure: Mapping[str, str]) -> str:
    known = ("failed 3 times", "did not finish in time", "broke off the connection", "no chat completion")
    return next((words for words in known if words in failure["error"]), failure["error"])


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process, which Linux alone can")
def test_where_replies_can_no_longer_be_stored_those_that_came_are_written_and_no_more_are_paid_for(
    tmp_path: Path,
) -> None:
    texts = questions(200)
    path = bank(tmp_path / "bank.md", texts)
    faulty = Faulty()
    with Loopback(faulty) as server:
        process = fill(path, server, "--in-place")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (300_000, 300_000))  # no file gets larger
        code, report = ended(process)
        written = times_answered(path, texts)
        assert (code, report["failed"]) == (1, [])
        assert 0 < written.total() < len(texts)
        assert written == Counter({text: faulty.answered[text] for text in texts})
        code, report = ended(fill(path, server, "--in-place"))
    assert code == 0
    assert faulty.answered == Counter(dict.fromkeys(texts, 1))


# ── kill -9 ──────────────────────────────────────────────────────────────────────────────────


def test_after_twenty_kills_in_a_row_only_what_was_in_flight_was_asked_again(tmp_path: Path) -> None:
    texts = questions()
    path = bank(tmp_path / "bank.md", texts)
    faulty = Faulty(delay=0.05)
    dice = random.Random(1)
    with Loopback(faulty) as server:
        for _ in range(20):
            before = faulty.so_far()
            process = fill(path, server, "--in-place")
            killed_at(process, faulty, before.total() + dice.randint(0, 40), dice.uniform(0, 0.05))
            now = faulty.so_far()
            assert len([text for text in before if now[text] > before[text]]) <= AT_ONCE
            assert set(times_answered(path, texts).values()) == {0}
        before = faulty.so_far()
        assert len(before) < QUESTIONS, "nothing was left for the last run"
        code, report = ended(fill(path, server, "--in-place"))
    assert (code, report["failed"]) == (0, [])
    assert report["requests"] + report["cached"] == QUESTIONS
    assert faulty.calls == before.total() + report["requests"]
    assert faulty.calls <= QUESTIONS + 20 * AT_ONCE
    assert times_answered(path, texts) == Counter(dict.fromkeys(texts, 1))


def killed_at(process: subprocess.Popen[str], faulty: Faulty, calls: int, seconds: float) -> None:
    """Kill the process so many seconds after the server has had so many calls."""
    while faulty.calls < calls and process.poll() is None:
        time.sleep(0.002)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()


# ── two processes ────────────────────────────────────────────────────────────────────────────


def test_two_processes_on_one_document_pay_for_each_answer_once(tmp_path: Path) -> None:
    texts = questions(200)
    path = bank(tmp_path / "bank.md", texts)
    faulty = Faulty(delay=0.01)
    with Loopback(faulty) as server:
        both = [fill(path, server, "--in-place") for _ in range(2)]
        reports = [ended(process) for process in both]
    assert [code for code, _ in reports] == [0, 0]
    assert sorted(report["files"][0]["filled"] for _, report in reports) == [0, len(texts)]
    assert faulty.asked == Counter(dict.fromkeys(texts, 1))
    assert times_answered(path, texts) == Counter(dict.fromkeys(texts, 1))


def test_two_processes_on_one_cache_fill_each_its_document_and_ask_for_each_answer_once(tmp_path: Path) -> None:
    texts = questions(200)
    paths = [bank(tmp_path / f"{name}.md", texts) for name in ("one", "two")]
    faulty = Faulty(delay=0.01)
    with Loopback(faulty) as server:
        both = [fill(path, server, "--out", "filled") for path in paths]
        reports = [ended(process) for process in both]
        assert [(code, report["failed"]) for code, report in reports] == [(0, []), (0, [])]
        for path in paths:
            assert times_answered(tmp_path / "filled" / path.name, texts) == Counter(dict.fromkeys(texts, 1))
        assert faulty.asked == Counter(dict.fromkeys(texts, 1))
        calls = faulty.calls
        code, report = ended(fill(paths[0], server, "--out", "again"))
    assert (code, report["requests"], report["cached"], faulty.calls) == (0, 0, len(texts), calls)
