"""`dlgrade fill` writes answers and nothing else, loses nothing, and pays for nothing twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, Run
from loopback import Body, Loopback, Scripted

PLACEHOLDER = "_[To be filled]_"
GENERAL = ROOT / "questions" / "general.md"
TWO = "1. What is dropout, and how does it prevent overfitting in neural networks?\n2. What is a flumph?\n"


def only_answers_changed(before: str, after: str) -> bool:
    """Whether the text is the one before but for something else in each placeholder's stead."""
    at = 0
    for piece in before.split(PLACEHOLDER):
        found = after.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return at == len(after) and PLACEHOLDER not in after


def asking(server: Loopback) -> tuple[str, ...]:
    return ("--model", "made-up", "--base-url", server.url)


# ── offline ──────────────────────────────────────────────────────────────────────────────────


def test_the_shipped_key_fills_all_of_general_and_no_other_byte(run: Run) -> None:
    ran = run("fill", GENERAL, "--out", "build")
    assert ran.code == 0
    assert only_answers_changed(GENERAL.read_text(), Path("build/general.md").read_text())
    assert "17 filled, 0 had an answer, 0 left" in ran.out
    assert "offline, with shipped references" in ran.err


def test_a_second_run_into_the_same_folder_changes_nothing(run: Run) -> None:
    run("fill", GENERAL, "--out", "build")
    first = Path("build/general.md").read_bytes()
    assert run("fill", GENERAL, "--out", "build").code == 0
    assert Path("build/general.md").read_bytes() == first


def test_in_place_fills_the_document_itself_once(run: Run) -> None:
    shutil.copy(GENERAL, "bank.md")
    assert run("fill", "bank.md", "--in-place").code == 0
    filled = Path("bank.md").read_bytes()
    assert only_answers_changed(GENERAL.read_text(), filled.decode())
    again = run("fill", "bank.md", "--in-place")
    assert (again.code, Path("bank.md").read_bytes()) == (0, filled)
    assert "0 filled, 17 had an answer, 0 left" in again.out


def test_diff_prints_a_patch_that_makes_the_filled_document_and_writes_nothing(run: Run) -> None:
    shutil.copy(GENERAL, "bank.md")
    ran = run("fill", "bank.md", "--diff")
    assert (ran.code, Path("bank.md").read_bytes()) == (0, GENERAL.read_bytes())
    subprocess.run(["git", "apply", "-"], input=ran.out.encode(), check=True)
    patched = Path("bank.md").read_bytes()
    shutil.copy(GENERAL, "bank.md")
    run("fill", "bank.md", "--in-place")
    assert patched == Path("bank.md").read_bytes()


def test_check_names_what_is_missing_and_writes_nothing(run: Run) -> None:
    ran = run("fill", GENERAL, "--check")
    assert ran.code == 1
    assert ran.err.count("no answer: general:") == 17
    assert run("fill", ROOT / "questions" / "article.md", "--check").code == 0
    assert list(Path().iterdir()) == []


def test_what_ships_is_filled_and_the_rest_is_named_with_what_to_do(run: Run) -> None:
    Path("two.md").write_text(TWO, encoding="utf-8")
    ran = run("fill", "two.md", "--out", "build")
    assert ran.code == 1
    assert "no answer: two:2  What is a flumph?" in ran.err
    assert "two:1" not in ran.err
    assert ran.err.count("To ask a model: --model NAME") == 1
    assert "sets each of its inputs to zero" in Path("build/two.md").read_text(encoding="utf-8")


def test_the_json_is_the_one_that_others_read(run: Run) -> None:
    Path("two.md").write_text(TWO, encoding="utf-8")
    ran = run("fill", "two.md", "--out", "build", "--json")
    document = json.loads(ran.out)
    assert list(document) == ["files", "failed", "requests", "cached", "usage", "cost_usd", "seconds"]
    assert document["files"] == [
        {"path": "two.md", "out": "build/two.md", "filled": 1, "kept": 0, "unanswered": ["two:2"]}
    ]
    assert (document["failed"], document["requests"], document["cached"], document["cost_usd"]) == ([], 0, 0, 0)


def test_a_filled_copy_that_somebody_edited_is_left_alone(run: Run) -> None:
    run("fill", GENERAL, "--out", "build")
    edited = Path("build/general.md").read_text() + "\nMy own notes.\n"
    Path("build/general.md").write_text(edited)
    ran = run("fill", GENERAL, "--out", "build")
    assert (ran.code, Path("build/general.md").read_text()) == (2, edited)
    assert "build/general.md: left as it is" in ran.err


def test_a_folder_keeps_its_shape_in_the_output(run: Run) -> None:
    for name in ("a/bank.md", "b/bank.md"):
        Path("in", name).parent.mkdir(parents=True)
        Path("in", name).write_text(TWO, encoding="utf-8")
    run("fill", "in", "--out", "out")
    assert sorted(str(p) for p in Path("out").rglob("*.md")) == ["out/a/bank.md", "out/b/bank.md"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say where the answers go: --out DIR, --in-place, --diff, --check or --dry-run"),
        (("--in-place", "--check"), "--in-place and --check do not go together"),
        (("--diff", "--json"), "--json and --diff both print to stdout"),
        (("--out", "."), "would replace bank.md, which is read; use --in-place"),
        (("--out", "bank.md"), "bank.md: this folder cannot be made: "),
        (("--out", "x", "--concurrency", "0"), "--concurrency: "),
        (("--out", "x", "--model", "m", "--base-url", "nowhere"), "--base-url: must begin with http"),
    ],
)
def test_a_wrong_command_is_said_in_one_line_and_changes_nothing(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    shutil.copy(GENERAL, "bank.md")
    ran = run("fill", "bank.md", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert Path("bank.md").read_bytes() == GENERAL.read_bytes()
    assert len(ran.err.strip().splitlines()) == 1


def test_two_documents_of_one_name_are_not_written_over_each_other(run: Run) -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Path(folder, "bank.md").write_text(TWO, encoding="utf-8")
    ran = run("fill", "a/bank.md", "b/bank.md", "--out", "out")
    assert (ran.code, Path("out").exists()) == (2, False)
    assert "both a/bank.md and b/bank.md would go there" in ran.err


def test_a_rubric_with_a_mistake_stops_the_run_with_file_and_line(run: Run) -> None:
    Path("rubrics").mkdir()
    shutil.copy(ROOT / "rubrics" / "dropout.yaml", "rubrics/dropout.yaml")
    text = Path("rubrics/dropout.yaml").read_text().replace("topic:", "tpoic:", 1)
    Path("rubrics/dropout.yaml").write_text(text)
    ran = run("fill", GENERAL, "--out", "build")
    assert (ran.code, Path("build/general.md").exists()) == (2, False)
    line = 1 + next(i for i, row in enumerate(text.splitlines()) if row.startswith("tpoic:"))
    assert f"rubrics/dropout.yaml:{line}: tpoic: unknown key" in ran.err


# ── with a model ─────────────────────────────────────────────────────────────────────────────


def test_a_model_is_asked_once_for_each_question_and_never_again(run: Run) -> None:
    with Loopback(lambda body: f"About: {body['messages'][-1]['content'].strip()[-40:]}") as server:
        first = run("fill", GENERAL, "--out", "build", *asking(server), "--json")
        sent = len(server.requests)
    assert (first.code, sent) == (0, 17)
    document = json.loads(first.out)
    assert (document["requests"], document["cached"], document["files"][0]["filled"]) == (17, 0, 17)
    assert document["usage"]["total_tokens"] > 0
    assert document["cost_usd"] is None
    assert only_answers_changed(GENERAL.read_text(), Path("build/general.md").read_text())
    # The server is down now: whatever is sent would fail.
    again = run("fill", GENERAL, "--out", "build", *asking(server), "--json")
    document = json.loads(again.out)
    assert (again.code, document["requests"], document["cached"]) == (0, 0, 17)


def test_a_run_from_the_cache_never_imports_the_sdk(run: Run, tmp_path: Path) -> None:
    with Loopback(lambda _: "Because it works.") as server:
        run("fill", GENERAL, "--out", "build", *asking(server))
    arguments = ["dlgrade", "fill", str(GENERAL), "--diff", *asking(server)]
    script = (
        f"import sys\nfrom dlgrade.cli.app import main\nsys.argv = {arguments!r}\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert left.code == 0, left.code\n"
        "assert 'openai' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_one_question_in_two_banks_is_asked_once_and_answered_in_both(run: Run) -> None:
    Path("a.md").write_text(TWO, encoding="utf-8")
    Path("b.md").write_text("# Others\n\n## Question 1\n\n**What is aflumph?**\n\n---\n", encoding="utf-8")
    with Loopback(lambda _: "A kind of jellyfish.") as server:
        assert run("fill", "a.md", "b.md", "--out", "out", *asking(server)).code == 0
        assert len(server.requests) == 2
    assert "A kind of jellyfish." in Path("out/b.md").read_text(encoding="utf-8")


def test_a_failed_question_is_named_and_keeps_its_placeholder(run: Run) -> None:
    def reply(body: Body) -> str | Scripted:
        if "confusion" in body["messages"][-1]["content"]:
            return Scripted(
                400, body={"error": {"message": "this one cannot be done", "type": "invalid_request_error"}}
            )
        return "Because it works."

    with Loopback(reply) as server:
        ran = run("fill", GENERAL, "--out", "build", *asking(server))
    assert ran.code == 1
    assert Path("build/general.md").read_text().count(PLACEHOLDER) == 1
    assert "no answer: general:15" in ran.err
    assert "this one cannot be done" in ran.err


def test_a_reply_that_is_no_answer_is_asked_for_again_the_next_time(run: Run) -> None:
    Path("two.md").write_text(TWO, encoding="utf-8")
    with Loopback(lambda body: "TODO" if "flumph" in str(body) else "Because it works.") as server:
        first = run("fill", "two.md", "--out", "build", *asking(server))
    assert first.code == 1
    assert "only a placeholder" in first.err
    with Loopback(lambda _: "A kind of jellyfish.", port=int(server.url.split(":")[2].split("/")[0])) as server:
        again = run("fill", "two.md", "--out", "build", *asking(server), "--json")
        assert len(server.requests) == 1
    assert again.code == 0


def test_a_document_changed_during_the_run_keeps_the_change_and_gets_the_answers(run: Run) -> None:
    Path("two.md").write_text(TWO, encoding="utf-8")

    def reply(_: Body) -> str:
        Path("two.md").write_text("My own line.\n\n" + TWO, encoding="utf-8")
        return "Because it works."

    with Loopback(reply) as server:
        ran = run("fill", "two.md", "--in-place", *asking(server))
    text = Path("two.md").read_text(encoding="utf-8")
    assert ran.code == 0
    assert "was changed meanwhile" in ran.err
    assert text.startswith("My own line.")
    assert text.count("Because it works.") == 2


def test_a_document_that_vanishes_during_the_run_does_not_stop_the_others(run: Run) -> None:
    for name in ("a.md", "b.md"):
        Path(name).write_text(TWO, encoding="utf-8")

    def reply(_: Body) -> str:
        Path("a.md").unlink(missing_ok=True)
        return "Because it works."

    with Loopback(reply) as server:
        ran = run("fill", "a.md", "b.md", "--in-place", *asking(server))
    assert ran.code == 2
    assert "a.md: no such file" in ran.err
    assert "Because it works." in Path("b.md").read_text(encoding="utf-8")


def test_a_copy_edited_during_the_run_is_not_replaced(run: Run) -> None:
    Path("two.md").write_text(TWO, encoding="utf-8")
    run("fill", "two.md", "--out", "build")

    def reply(_: Body) -> str:
        Path("build/two.md").write_text("mine", encoding="utf-8")
        return "Because it works."

    with Loopback(reply) as server:
        ran = run("fill", "two.md", "--out", "build", *asking(server))
    assert (ran.code, Path("build/two.md").read_text(encoding="utf-8")) == (2, "mine")


def test_the_output_folder_is_no_input_of_the_second_run(run: Run) -> None:
    Path("two.md").write_text(TWO, encoding="utf-8")
    for _ in range(2):
        ran = run("fill", ".", "--out", "build", "--json")
        assert [row["path"] for row in json.loads(ran.out)["files"]] == ["two.md"]


def test_dry_run_prints_the_messages_that_would_be_sent_and_sends_none(run: Run) -> None:
    with Loopback(lambda _: "Because it works.") as server:
        ran = run("fill", GENERAL, "--dry-run", *asking(server), "--json")
        assert server.requests == []
        shown = json.loads(ran.out)["requests"]
        run("fill", GENERAL, "--out", "build", *asking(server))
        sent = [body["messages"] for body in server.bodies]
    assert ran.code == 0
    assert sorted(json.dumps(m) for m in sent) == sorted(json.dumps(row["messages"]) for row in shown)
    said = run("fill", GENERAL, "--dry-run", *asking(server)).out
    assert all(message["content"] in said for row in shown for message in row["messages"])


def test_dry_run_without_a_model_says_that_nothing_would_be_sent(run: Run) -> None:
    ran = run("fill", GENERAL, "--dry-run")
    assert ran.code == 0
    assert "nothing would be sent" in ran.err
    assert ran.out.count("--- user") == 17


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Scripted(401, body={"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}), "key"),
        (Scripted(404, body={"error": {"message": "The model `made-up` does not exist"}}), "made-up"),
    ],
)
def test_an_endpoint_that_cannot_be_used_ends_the_run_and_writes_nothing(
    run: Run, reply: Scripted, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-key")
    with Loopback(lambda _: reply) as server:
        ran = run("fill", GENERAL, "--out", "build", *asking(server))
    assert (ran.code, Path("build/general.md").exists()) == (3, False)
    assert said in ran.err
    assert server.url in ran.err
    assert "sk-planted-key" not in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_an_endpoint_that_is_not_there_ends_the_run(run: Run) -> None:
    with Loopback(lambda _: "") as server:
        url = server.url
    ran = run("fill", GENERAL, "--out", "build", "--model", "made-up", "--base-url", url)
    assert ran.code == 3
    assert f"Nobody answers at {url}" in ran.err
    assert "Nothing was written." in ran.err
    assert not Path("build/general.md").exists()


def test_openai_without_a_key_is_refused_before_anything_is_sent(run: Run) -> None:
    ran = run("fill", GENERAL, "--out", "build", "--model", "made-up")
    assert ran.code == 3
    assert "OPENAI_API_KEY is not set" in ran.err


def test_a_key_alone_asks_no_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-key")
    ran = run("fill", GENERAL, "--out", "build")
    assert ran.code == 0
    assert "a key is set but no model is named: offline" in ran.err


def test_a_template_with_an_undefined_name_stops_before_anything_is_sent(run: Run) -> None:
    Path("prompts").mkdir()
    Path("prompts/answer.j2").write_text("{% block user %}\n{{ qestion.text }}{% endblock %}")
    with Loopback(lambda _: "Because it works.") as server:
        ran = run("fill", GENERAL, "--out", "build", *asking(server))
        assert server.requests == []
    assert ran.code == 2
    assert "prompts/answer.j2:2: 'qestion' is undefined" in ran.err


# ── interrupted ──────────────────────────────────────────────────────────────────────────────


def started(server: Loopback, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dlgrade", "fill", str(GENERAL), "--out", "build", *asking(server), *more],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def when_stored(count: int, seconds: float = 30.0) -> int:
    """Wait until the cache holds so many replies; the number it then holds."""
    path = Path(os.environ["DLGRADE_CACHE"]) / "replies.sqlite3"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.exists():
            try:
                with sqlite3.connect(path) as db:
                    (stored,) = db.execute("SELECT count(*) FROM replies").fetchone()
            except sqlite3.OperationalError:
                stored = 0
            db.close()
            if stored >= count:
                return int(stored)
        time.sleep(0.02)
    raise AssertionError(f"no {count} replies were stored in {seconds} s")


def slow(body: Body) -> Scripted:
    return Scripted(content="Because it works.", delay=0.3)


def test_after_a_kill_only_what_was_not_finished_is_asked_again(run: Run, tmp_path: Path) -> None:
    with Loopback(slow) as server:
        process = started(server, tmp_path, "--concurrency", "2")
        when_stored(4)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not Path("build/general.md").exists()
        stored = when_stored(4)
        before = len(server.requests)
        ran = run("fill", GENERAL, "--out", "build", *asking(server), "--json")
        sent = len(server.requests) - before
    assert ran.code == 0
    assert sent == 17 - stored
    assert before <= stored + 2


def test_ctrl_c_keeps_what_was_finished(tmp_path: Path, run: Run) -> None:
    with Loopback(slow) as server:
        process = started(server, tmp_path, "--concurrency", "2")
        when_stored(4)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    stored = when_stored(4)
    left = Path("build/general.md").read_text().count(PLACEHOLDER)
    assert left == 17 - stored
    assert b"requests in flight finish; Ctrl-C ends them at once" in said
    assert b"Interrupted: what was finished is kept" in said
    assert b"Traceback" not in said
