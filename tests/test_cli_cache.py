"""`dlgrade cache` says what is stored and why something is not, and moves and removes replies without losing others."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from loopback import Loopback

BANK = "# Basics\n\n1. What is dropout?\n2. What is a flumph?\n3. What is a GAN?\n"


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(lambda body: f"About {body['messages'][-1]['content'].splitlines()[-1]}") as served:
        yield served


@pytest.fixture
def asking(run: Run, server: Loopback) -> tuple[str, ...]:
    """A bank was filled, so three replies are stored; gives the options that ask the same model again."""
    Path("own.md").write_text(BANK, encoding="utf-8")
    options = ("--model", "made-up", "--base-url", server.url)
    assert run("fill", "own.md", "--out", "build", *options).code == 0
    return options


def file() -> Path:
    return Path(os.environ["DLGRADE_CACHE"]) / "replies.sqlite3"


def changed(statement: str) -> None:
    db = sqlite3.connect(file())
    with db:
        db.execute(statement)
    db.close()


def counted(run: Run) -> int:
    count = json.loads(run("cache", "stats", "--json").out)["replies"]
    assert isinstance(count, int)
    return count


# ── stats ────────────────────────────────────────────────────────────────────────────────────


def test_stats_say_where_the_replies_are_and_whose(run: Run, asking: tuple[str, ...], server: Loopback) -> None:
    ran = run("cache", "stats")
    assert ran.code == 0
    assert ran.out.startswith(f"{file()}: 3 replies, ")
    assert server.url in ran.out
    document = json.loads(run("cache", "stats", "--json").out)
    (model,) = document["models"]
    assert (document["path"], document["replies"]) == (str(file()), 3)
    assert document["bytes"] >= file().stat().st_size
    assert (model["endpoint"], model["model"], model["replies"]) == (server.url, "made-up", 3)
    assert model["prompt_tokens"] > model["completion_tokens"] > 0
    assert model["oldest"] <= model["newest"]


def test_stats_of_nothing_are_none(run: Run) -> None:
    ran = run("cache", "stats")
    assert (ran.code, ran.err) == (0, "")
    assert ": 0 replies, " in ran.out


# ── why ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("question", ["own.md:2", "own:2"])
def test_a_stored_request_is_a_hit_and_says_whose(
    run: Run, asking: tuple[str, ...], server: Loopback, question: str
) -> None:
    ran = run("cache", "why", question, *asking)
    assert (ran.code, ran.err) == (0, "")
    first, second = ran.out.splitlines()
    assert first == "own:2  What is a flumph?"
    assert second.startswith("hit: stored 20")
    assert second.endswith(f", made-up at {server.url}")


def test_a_question_is_also_named_by_its_rubric_or_its_text(run: Run, server: Loopback) -> None:
    options = ("--model", "made-up", "--base-url", server.url)
    Path("questions").mkdir()
    Path("questions/own.md").write_text("1. How do dropout layers help prevent overfitting?\n2. Why?\n", "utf-8")
    run("fill", "questions/own.md", "--out", "build", *options)
    for question in ("dropout", "How do dropout layers help", "own:1"):
        assert run("cache", "why", question, *options).code == 0, question


def test_a_miss_says_what_differs_from_the_nearest(run: Run, asking: tuple[str, ...]) -> None:
    ran = run("cache", "why", "own:2", *asking, "--model", "other")
    assert ran.code == 1
    assert ran.out.splitlines()[1] == "miss: this request is not stored"
    assert ran.out.splitlines()[3:] == ["  model: made-up -> other"]

    Path("dlgrade.toml").write_text("max_tokens = 99\n", encoding="utf-8")
    assert "  max_tokens: 4096 -> 99" in run("cache", "why", "own:2", *asking).out
    Path("dlgrade.toml").unlink()

    Path("own.md").write_text(BANK.replace("a flumph?", "a grumph?"), encoding="utf-8")
    document = json.loads(run("cache", "why", "own:2", *asking, "--json").out)
    assert (document["hit"], document["nearest"]["model"]) == (False, "made-up")
    assert document["differences"] == [
        "the user message, line 1: Question: What is a flumph? -> Question: What is a grumph?"
    ]


def test_with_nothing_stored_a_miss_says_so(run: Run, asking: tuple[str, ...]) -> None:
    run("cache", "clear", "--yes")
    ran = run("cache", "why", "own:2", *asking)
    assert (ran.code, ran.out.splitlines()[1]) == (1, "miss: nothing is stored that is like it")


def test_with_no_model_set_up_replies_of_any_count(run: Run, asking: tuple[str, ...]) -> None:
    ran = run("cache", "why", "own:2")
    assert (ran.code, ran.out.splitlines()[1][:4]) == (0, "hit:")
    assert "No model is set up" in ran.err
    Path("own.md").write_text(BANK.replace("a flumph?", "a grumph?"), encoding="utf-8")
    assert run("cache", "why", "own:2").code == 1


def test_why_sends_nothing(run: Run, asking: tuple[str, ...], server: Loopback) -> None:
    before = len(server.requests)
    run("cache", "why", "own:2", *asking, "--model", "other")
    assert len(server.requests) == before


def test_the_grading_of_an_answer_can_be_asked_about(run: Run) -> None:
    with Loopback() as server:
        options = ("--model", "made-up", "--base-url", server.url)
        Path("answer.md").write_text("Units are dropped.", encoding="utf-8")
        run("grade", "general:2", "answer.md", *options)
        assert run("cache", "why", "general:2", "--grade", "answer.md", *options).code == 0
        ran = run("cache", "why", "general:2", "--grade", "-", *options, stdin=b"Weights are shrunk.")
    assert ran.code == 1
    assert "the user message, " in ran.out


def test_a_reply_that_no_longer_passes_is_a_miss(run: Run, asking: tuple[str, ...]) -> None:
    changed(f"UPDATE said SET text = 'TODO', crc = {zlib.crc32(b'TODO')}")  # noqa: S608 - a number
    ran = run("cache", "why", "own:2", *asking)
    assert ran.code == 1
    assert "no longer passes what it is checked for" in ran.out


# ── less ─────────────────────────────────────────────────────────────────────────────────────


def test_what_was_not_used_for_long_is_pruned_and_the_rest_stays(run: Run, asking: tuple[str, ...]) -> None:
    changed("UPDATE replies SET stored = stored - 3 * 86400")
    run("cache", "prune", "--older-than", "4d")
    assert counted(run) == 3
    Path("one.md").write_text("# Basics\n\n1. What is dropout?\n", encoding="utf-8")
    run("fill", "one.md", "--out", "build", *asking)  # is used again
    ran = run("cache", "prune", "--older-than", "2d")
    assert (ran.code, ran.out.split(", ")[:2]) == (0, ["2 removed", "1 left"])
    assert run("cache", "why", "own:1", *asking).code == 0


def test_replies_of_a_model_are_pruned_alone(run: Run, asking: tuple[str, ...]) -> None:
    run("fill", "own.md", "--out", "other", "--model", "other", *asking[2:])
    assert counted(run) == 6
    assert run("cache", "prune", "--model", "other", "--older-than", "1h").out.startswith("0 removed, 6 left")
    assert run("cache", "prune", "--model", "other").out.startswith("3 removed, 3 left")
    assert run("cache", "why", "own:1", *asking).code == 0


def test_pruning_to_a_size_shrinks_the_file(run: Run, asking: tuple[str, ...]) -> None:
    changed("UPDATE said SET text = hex(randomblob(200000)), crc = 0")
    before = file().stat().st_size
    assert before > 1_000_000
    assert run("cache", "prune", "--size", "900kB").code == 0
    assert 0 < counted(run) < 3
    assert file().stat().st_size <= 900_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "say which replies go: --older-than AGE, --size SIZE or --model NAME; `cache clear` takes all"),
        (("--older-than", "30"), "--older-than: '30' is not understood: a number and its unit, as in 30d, 12h or 2w"),
        (("--size", "100"), "--size: '100' is not understood: a number and its unit, as in 100MB or 1GB"),
        (("--size", "-1MB"), "--size: '-1MB' is not understood: a number and its unit, as in 100MB or 1GB"),
    ],
)
def test_what_is_not_understood_removes_nothing(
    run: Run, asking: tuple[str, ...], options: tuple[str, ...], said: str
) -> None:
    ran = run("cache", "prune", *options)
    assert (ran.code, ran.out, ran.err) == (2, "", f"dlgrade: {said}\n")
    assert counted(run) == 3


def test_clear_asks_first(run: Run, asking: tuple[str, ...]) -> None:
    for answer in (b"", b"n\n"):
        ran = run("cache", "clear", stdin=answer)
        assert (ran.code, counted(run)) == (2, 3)
        assert "Remove all 3 replies in " in ran.err
    assert run("cache", "clear", stdin=b"y\n").out == "3 removed\n"
    assert counted(run) == 0


def test_clear_removes_every_word(run: Run, asking: tuple[str, ...]) -> None:
    run("cache", "clear", "--yes")
    assert all(b"flumph" not in path.read_bytes() for path in file().parent.iterdir())


def test_a_limit_from_the_settings_is_kept(run: Run, asking: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    changed("UPDATE said SET text = text || hex(randomblob(200000)), crc = 0")
    monkeypatch.setenv("DLGRADE_CACHE_SIZE", "0.9")
    Path("own.md").write_text("1. What is new?\n", encoding="utf-8")
    run("fill", "own.md", "--out", "new", *asking)
    assert file().stat().st_size <= 900_000
    assert run("cache", "why", "own:1", *asking).code == 0
    monkeypatch.setenv("DLGRADE_CACHE_SIZE", "much")
    assert run("cache", "stats").err == "dlgrade: DLGRADE_CACHE_SIZE: must be a number\n"


# ── elsewhere ────────────────────────────────────────────────────────────────────────────────


def test_what_is_exported_is_imported_and_serves_another_machine(
    run: Run, asking: tuple[str, ...], server: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("cache", "export", "replies.jsonl").err == "3 replies exported\n"
    lines = Path("replies.jsonl").read_text(encoding="utf-8")
    monkeypatch.setenv("DLGRADE_CACHE", str(tmp_path / "elsewhere"))
    done = run("cache", "import", "replies.jsonl")
    assert (done.code, done.out) == (0, "3 imported, 0 were there already, 0 refused\n")
    again = run("cache", "import", "-", stdin=lines.encode())
    assert (again.code, again.out) == (0, "0 imported, 3 were there already, 0 refused\n")
    run("cache", "export", "again.jsonl")
    assert Path("again.jsonl").read_text(encoding="utf-8") == lines
    before = len(server.requests)
    assert run("fill", "own.md", "--out", "elsewhere", *asking).code == 0
    assert len(server.requests) == before


def test_replies_that_are_there_stay(run: Run, asking: tuple[str, ...]) -> None:
    run("cache", "export", "replies.jsonl")
    lines = Path("replies.jsonl").read_text(encoding="utf-8")
    Path("replies.jsonl").write_text(lines.replace("About", "Nonsense about"), encoding="utf-8")
    assert run("cache", "import", "replies.jsonl").out.startswith("0 imported, 3 were there already")
    run("cache", "export", "again.jsonl")
    assert Path("again.jsonl").read_text(encoding="utf-8") == lines


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"request": {"model": "better"}}, "the key is not that of the request: one of them was changed"),
        ({"key": "0" * 64}, "the key is not that of the request: one of them was changed"),
        ({"key": "x"}, "the key is not that of the request: one of them was changed"),
        ({"key": None}, "key: Input should be a valid string"),
        ({"stored": "yesterday"}, "stored: Input should be a valid datetime"),
        ({"more": 1}, "more: Extra inputs are not permitted"),
        ({"request": {"max_tokens": 10**30}}, "request.max_tokens: "),
        ({"reply": {"usage": {"prompt_tokens": 10**30}}}, "reply.usage: not a number of tokens"),
        ({"reply": {"usage": {"total_tokens": -1}}}, "reply.usage: not a number of tokens"),
        ({"reply": {"text": None}}, "reply.text: Input should be a valid string"),
        ({"request": {"endpoint": "http://user:secret@host/v1"}}, "request.endpoint: holds a password"),
        ({"request": {"messages": [{"role": "boss", "content": "x"}]}}, "request.messages.0.role: Input should be"),
    ],
)
def test_a_line_that_is_not_whole_is_refused_with_its_place(
    run: Run, asking: tuple[str, ...], change: dict[str, Any], reason: str
) -> None:
    run("cache", "export", "replies.jsonl")
    run("cache", "clear", "--yes")
    first, second, third = map(json.loads, Path("replies.jsonl").read_text(encoding="utf-8").splitlines())
    for name, value in change.items():
        second[name] = second[name] | value if isinstance(value, dict) else value
    lines = "\n\n".join(map(json.dumps, (first, second, third)))
    Path("replies.jsonl").write_text(lines, encoding="utf-8")
    ran = run("cache", "import", "replies.jsonl")
    assert (ran.code, ran.out) == (1, "2 imported, 0 were there already, 1 refused\n")
    assert ran.err.startswith(f"refused: replies.jsonl:3: {reason}")


def test_what_is_no_export_is_refused_line_by_line_and_shortly(run: Run) -> None:
    ran = run("cache", "import", "-", stdin=b"\xff\n" + b"nonsense\n" * 30 + b'{"key": "\\ud800"}')
    assert (ran.code, ran.out) == (1, "0 imported, 0 were there already, 32 refused\n")
    assert ran.err.splitlines()[1].startswith("refused: stdin:2: the line: Invalid JSON")
    assert ran.err.splitlines()[-1] == "… and 12 more"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "none.jsonl"), "none.jsonl: cannot be read: no such file or directory"),
        (("import", "."), ".: cannot be read: is a directory"),
        (("export", "none/replies.jsonl"), "none/replies.jsonl: cannot be written: no such file or directory"),
        (("export", "."), ".: cannot be written: is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_or_written_is_said(run: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = run("cache", *arguments)
    assert (ran.code, ran.err) == (2, f"dlgrade: {said}\n")


def test_the_export_goes_to_stdout_too(asking: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dlgrade", "cache", "export", "-"],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert [json.loads(line)["request"]["model"] for line in done.stdout.splitlines()] == ["made-up"] * 3
    assert done.stderr == b"3 replies exported\n"


def test_where_nothing_can_be_stored_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").touch()
    monkeypatch.setenv("DLGRADE_CACHE", str(Path("file/cache").absolute()))
    for command in (("stats",), ("clear", "--yes"), ("prune", "--model", "m"), ("export", "x")):
        ran = run("cache", *command)
        assert ran.code == 2
        assert "cannot be made: Not a directory" in ran.err
        assert "Name another place with DLGRADE_CACHE." in ran.err
