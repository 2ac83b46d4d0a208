"""`dlgrade grade` explains every point, and never makes a score of what it could not grade."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run
from loopback import Body, Loopback, Scripted

ANSWER = ROOT / "tests" / "samples" / "answers" / "dropout.md"


def test_the_grade_shows_score_verdicts_quotes_and_what_is_missing(run: Run) -> None:
    ran = run("grade", "general:2", ANSWER)
    assert ran.code == 0
    assert "Score: 7 of 10 (70 %)" in ran.out
    assert "+ met      2.5/2.5  random-masking" in ran.out
    assert "switches off a random part of the neurons" in ran.out
    assert "- missed       0/2  off-at-inference" in ran.out
    assert "off-at-inference: Dropout is active in training only" in ran.out
    assert "offline" in ran.out


@pytest.mark.parametrize(
    "question", ["general:2", "dropout", "How do dropout layers help", str(ROOT / "questions/general.md") + ":2"]
)
def test_a_question_is_named_by_id_rubric_text_or_path(run: Run, question: str) -> None:
    ran = run("grade", question, "--text", "Units are dropped at random.", "--json")
    document = json.loads(ran.out)
    assert (ran.code, document["rubric"], document["score"]) == (0, "dropout", 2.5)


def test_the_answer_comes_from_a_file_stdin_or_the_command_line_alike(run: Run) -> None:
    answer = ANSWER.read_text(encoding="utf-8")
    grades = [
        json.loads(run("grade", "general:2", ANSWER, "--json").out),
        json.loads(run("grade", "general:2", "-", "--json", stdin=answer.encode()).out),
        json.loads(run("grade", "general:2", "--text", answer, "--json").out),
    ]
    assert grades[0] == grades[1] == grades[2]


def test_with_no_answer_the_editor_opens_with_the_question(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = Path("editor.sh").resolve()
    editor.write_text(
        '#!/bin/sh\ngrep -q "How do dropout layers" "$1" || exit 9\nsed -i "1s/^/Units are dropped at random./" "$1"\n'
    )
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.setenv("TMPDIR", str(Path.cwd()))
    monkeypatch.setattr("tempfile.tempdir", None)
    ran = run("grade", "general:2", "--json")
    assert (ran.code, json.loads(ran.out)["score"]) == (0, 2.5)
    assert list(Path().glob("answer-*")) == []
    # Whatever goes wrong after the editor, the person's words stay.
    failed = run("grade", "general:2", "--model", "made-up")
    (draft,) = Path().glob("answer-*")
    assert failed.code == 3
    assert f"What you wrote is kept in {draft.resolve()}" in failed.err
    assert "Units are dropped at random." in draft.read_text()


def test_without_a_terminal_no_editor_is_guessed(run: Run) -> None:
    ran = run("grade", "general:2", stdin=b"Units are dropped at random.")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "dlgrade: no answer was given")


def test_what_was_written_is_kept_when_the_editor_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "false")
    ran = run("grade", "general:2")
    assert ran.code == 2
    kept = Path(ran.err.rsplit(" ", 1)[-1].strip())
    assert "what you wrote is kept in" in ran.err
    assert kept.exists()
    kept.unlink()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "answer.md: cannot be read: No such file or directory"),
        (b" \n\t", "answer.md: the answer is empty; nothing was graded"),
        (b"a\0b", "answer.md: binary, not text"),
        (b"caf\xe9", "answer.md: not UTF-8 (byte 3)"),
        (b"word " * 20_001, "answer.md: the answer has 100,005 characters; more than 100,000 are not graded"),
    ],
)
def test_an_answer_that_cannot_be_graded_is_named_in_one_line(run: Run, content: bytes | None, said: str) -> None:
    if content is not None:
        Path("answer.md").write_bytes(content)
    ran = run("grade", "general:2", "answer.md")
    assert (ran.code, ran.out, ran.err) == (2, "", f"dlgrade: {said}\n")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("general:99", "has no question 99"),
        ("genral:2", "The nearest:\n  general:2"),
        ("dropout layers preventing", "no question is called"),
        ("prevent overfitting", "is part of "),
        ("?", "no question was named"),
    ],
)
def test_an_unknown_or_ambiguous_question_gets_the_candidates(run: Run, question: str, said: str) -> None:
    ran = run("grade", question, "--text", "x")
    assert ran.code == 2
    assert said in ran.err


def test_a_question_without_a_rubric_says_so(run: Run) -> None:
    Path("own.md").write_text("1. What is a flumph?\n2. Why?\n", encoding="utf-8")
    ran = run("grade", "own.md:1", "--text", "x")
    assert ran.code == 2
    assert "own:1 has no rubric to grade against: What is a flumph?" in ran.err


def test_the_explanation_goes_line_by_line_from_the_verdicts_to_the_score(run: Run) -> None:
    Path("rubrics").mkdir()
    text = (ROOT / "rubrics" / "dropout.yaml").read_text(encoding="utf-8")
    tied = "groups:\n  - {at_most: 3, of: [random-masking, no-co-adaptation]}\nmisconceptions:"
    Path("rubrics/dropout.yaml").write_text(text.replace("misconceptions:", tied))
    said = "It sets units to zero at random. Units cannot rely on each other. Dropout stays on at inference."
    ran = run("grade", "dropout", "--text", said, "--explain")
    told = ran.out[ran.out.index("How the score comes about") :].split("\n\n")[0]
    assert told.splitlines()[1:] == [
        "     +2.5     2.5  random-masking: met, 2.5",
        "     +2.5       5  no-co-adaptation: met, 2.5",
        "        0       5  implicit-ensemble: missed, none of 2",
        "        0       5  off-at-inference: missed, none of 2",
        "        0       5  expectation-scaling: missed, none of 1",
        "       -2       3  no-co-adaptation: random-masking, no-co-adaptation earn at most 3 together",
        "       -2       1  misconception active-at-inference: Dropout stays on at inference in ordinary use.",
        "  = 1 of 8 (12.5 %)",
    ]
    assert "Score: 1 of 8 (12.5 %)" in ran.out
    assert "  + met      2.5/2.5  no-co-adaptation (counts 0.5)\n" in ran.out
    assert "How the score" not in run("grade", "dropout", "--text", said).out


@pytest.mark.parametrize("more", [("--json",), ("--answers", "class.jsonl", "--out", "-")])
def test_an_explanation_is_for_one_grade_that_is_shown(run: Run, more: tuple[str, ...]) -> None:
    question = ("dropout", "--text", "x") if more == ("--json",) else ()
    ran = run("grade", *question, "--explain", *more)
    assert (ran.code, ran.out) == (2, "")
    assert "dlgrade grades explain FILE ID" in ran.err


# ── with a model ─────────────────────────────────────────────────────────────────────────────


def verdicts(body: Body, **changed: Any) -> str:
    """All missed and nothing found, but for what is changed."""
    schema = body["response_format"]["json_schema"]["schema"]
    reply: dict[str, Any] = {
        key: {
            "quotes": [],
            "reason": "It is not said.",
            **({"found": False} if key[0] == "m" else {"verdict": "missed"}),
        }
        for key in schema["required"]
    }
    return json.dumps(reply | changed)


MET = {"quotes": ["Units are dropped at random"], "reason": "It says so.", "verdict": "met"}


def asking(server: Loopback) -> tuple[str, ...]:
    return ("--model", "made-up", "--base-url", server.url, "--json")


def test_a_model_gives_verdicts_and_the_score_is_worked_out_here(run: Run) -> None:
    with Loopback(lambda body: verdicts(body, c1=MET)) as server:
        ran = run("grade", "general:2", "--text", "I think: units are dropped at random.", *asking(server))
        again = run("grade", "general:2", "--text", "I think: units are dropped at random.", *asking(server))
        assert len(server.requests) == 1
        (body,) = server.bodies
    document = json.loads(ran.out)
    assert (ran.code, document["score"], document["percent"]) == (0, 2.5, 25.0)
    assert document["verdicts"][0]["evidence"] == [{"quote": "units are dropped at random", "start": 9, "end": 36}]
    assert document["grader"]["model"] == "made-up"
    assert (document["confidence"], document["flags"]) == (1.0, [])
    assert "score" not in json.dumps(body["response_format"])
    assert json.loads(again.out)["score"] == 2.5


def test_an_invented_quote_is_asked_for_once_more_and_then_flagged(run: Run) -> None:
    invented = MET | {"quotes": ["Dropout is an ensemble"]}
    with Loopback(lambda body: verdicts(body, c1=invented)) as server:
        ran = run("grade", "general:2", "--text", "Units are dropped.", *asking(server))
        assert len(server.requests) == 2
        assert "not in the answer: 'Dropout is an ensemble'" in server.bodies[1]["messages"][-1]["content"]
    document = json.loads(ran.out)
    assert document["flags"] == ["needs review: random-masking rests on a quote that is not in the answer"]
    assert document["confidence"] < 1
    assert document["verdicts"][0]["evidence"] == []


def test_a_quote_that_is_mended_leaves_no_flag(run: Run) -> None:
    replies = iter([MET | {"quotes": ["made up"]}, MET])
    with Loopback(lambda body: verdicts(body, c1=next(replies))) as server:
        ran = run("grade", "general:2", "--text", "Units are dropped at random.", *asking(server))
    document = json.loads(ran.out)
    assert (document["flags"], document["confidence"]) == ([], 1.0)


@pytest.mark.parametrize(
    ("reply", "status", "kind"),
    [
        (Scripted(content="I liked the answer, 9 of 10."), "ungraded", "unreadable"),
        (Scripted(content=""), "ungraded", "unreadable"),
        (
            Scripted(
                400,
                body={"error": {"message": "maximum context length is 8 tokens", "code": "context_length_exceeded"}},
            ),
            "ungraded",
            "too_long",
        ),
    ],
)
def test_what_could_not_be_graded_has_a_reason_and_no_score(run: Run, reply: Scripted, status: str, kind: str) -> None:
    with Loopback(lambda _: reply) as server:
        ran = run("grade", "general:2", "--text", "Units are dropped.", *asking(server))
    document = json.loads(ran.out)
    assert ran.code == 1
    assert (document["status"], document["score"], document["error"]["kind"]) == (status, None, kind)


def test_words_to_the_grader_never_reach_it(run: Run) -> None:
    hostile = (ANSWER.parent / "dropout-hostile.md").read_text(encoding="utf-8")
    with Loopback(verdicts) as server:
        ran = run("grade", "general:2", "--text", hostile, *asking(server))
        sent = server.bodies[0]["messages"][-1]["content"]
    assert "Ignore the rubric" not in sent
    assert "speeds up inference" in sent
    assert any("text addressed to the grader" in flag for flag in json.loads(ran.out)["flags"])


def test_a_refused_key_ends_with_exit_3(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-key")
    with Loopback(lambda _: Scripted(401, body={"error": {"message": "no such key"}})) as server:
        ran = run("grade", "general:2", "--text", "x y", *asking(server))
    assert (ran.code, ran.out) == (3, "")
    assert "no such key" in ran.err
    assert "sk-planted" not in ran.err


def test_a_grade_in_the_cache_comes_back_with_no_request_no_sdk_and_no_event_loop(run: Run) -> None:
    with Loopback(lambda body: verdicts(body, c1=MET)) as server:
        command = ["grade", "general:2", "--text", "Units are dropped.", "--json", *asking(server)]
        first = run(*command)
        sent = len(server.requests)
        heavy = {"openai", "asyncio", "aiohttp", "tenacity", "rich", "dlgrade.practice.drafts", "dlgrade.llm.trouble"}
        code = (
            "import sys; from dlgrade.cli.app import main\n"
            f"sys.argv = ['dlgrade', *{command!r}]\n"
            "try: main()\nexcept SystemExit as left: assert not left.code\n"
            f"print({heavy} & set(sys.modules), file=sys.stderr)"
        )
        again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert len(server.requests) == sent
    assert again.stderr.splitlines()[-1] == "set()"
    assert json.loads(again.stdout)["verdicts"] == json.loads(first.out)["verdicts"]
