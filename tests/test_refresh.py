"""`fill --refresh` renews what a machine wrote and is stale, says why, and never touches a person's answer."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import ROOT, Ran, Run
from loopback import Body, Loopback, Scripted

from dlgrade.banks.ledger import Ledger, answer_hash, update
from dlgrade.banks.reading import read_bank
from dlgrade.saving import Answers, Outcome

QUESTIONS = ("dropout", "momentum", "attention", "a flumph")
BANK = "\n---\n\n".join(
    f"## Question {n}\n\n**What is {name}?**\n\n**Answer:** _[To be filled]_\n" for n, name in enumerate(QUESTIONS, 1)
)


def by_model(body: Body) -> str:
    question = body["messages"][-1]["content"].strip().removeprefix("Question: ")
    return f"{body['model']} on {question}"


def fill(run: Run, server: Loopback, *more: str, model: str = "old") -> Ran:
    return run("fill", "bank.md", "--in-place", "--model", model, "--base-url", server.url, *more)


@pytest.fixture
def server() -> Loopback:
    return Loopback(by_model)


@pytest.fixture(autouse=True)
def bank(tmp_path: Path) -> Path:
    path = tmp_path / "bank.md"
    path.write_text(BANK, encoding="utf-8")
    return path


def answers() -> list[str | None]:
    return [question.answer for question in read_bank("bank.md").questions]


# ── nothing to renew ─────────────────────────────────────────────────────────────────────────


def test_without_the_option_nothing_is_renewed_and_nothing_sent(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        before = Path("bank.md").read_bytes()
        assert fill(run, server, model="new").code == 0
        assert len(server.bodies) == 4
    assert Path("bank.md").read_bytes() == before


def test_with_nothing_stale_it_does_nothing_and_sends_nothing(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        files = [Path("bank.md"), Path(".dlgrade/answers.jsonl")]
        before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
        ran = fill(run, server, "--refresh")
        assert len(server.bodies) == 4
    assert (ran.code, "refreshed" in ran.err) == (0, False)
    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in files] == before


def test_what_is_not_in_the_ledger_is_a_persons(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        shutil.rmtree(".dlgrade")
        before = Path("bank.md").read_bytes()
        assert fill(run, server, "--refresh", model="new").code == 0
        assert len(server.bodies) == 4
    assert Path("bank.md").read_bytes() == before
    assert not Path(".dlgrade").exists()


# ── stale ────────────────────────────────────────────────────────────────────────────────────


def test_another_model_renews_the_machines_answers_alone(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        text = Path("bank.md").read_text().replace("old on What is momentum?", "My own answer.")
        Path("bank.md").write_text(text)
        run("review", "bank.md", "--accept", "bank:3")
        ran = fill(run, server, "--refresh", "--json", model="new")
        assert [body["model"] for body in server.bodies[4:]] == ["new", "new"]
        again = fill(run, server, "--refresh", model="new")
        assert len(server.bodies) == 6
    assert answers() == [
        *("new on What is dropout?", "My own answer.", "old on What is attention?", "new on What is a flumph?")
    ]
    assert Path("bank.md").read_text() == text.replace("old on What is dr", "new on What is dr").replace(
        "old on What is a f", "new on What is a f"
    )
    assert "  refreshed: bank:1: the model changed from old to new\n" in ran.err
    assert ran.err.count("refreshed: ") == 2
    row = json.loads(ran.out)["files"][0]
    assert row == {"path": "bank.md", "out": "bank.md", "filled": 2, "kept": 2, "unanswered": []}
    assert (ran.code, again.code, "refreshed" in again.err) == (0, 0, False)
    assert len(Ledger.beside("bank.md").lines) == 4


def test_another_prompt_renews_and_names_the_template(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        Path("prompts").mkdir()
        template = "{% block user %}In short: {{ question.text }}{% endblock %}"
        Path("prompts/answer.j2").write_text(template, encoding="utf-8")
        ran = fill(run, server, "--refresh")
        assert len(server.bodies) == 8
    assert ran.err.count(": the prompt answer changed\n") == 4
    assert answers()[0] == "old on In short: What is dropout?"


def test_another_temperature_renews(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        Path("dlgrade.toml").write_text("temperature = 0.5\nmax_tokens = 5000\n")
        ran = fill(run, server, "--refresh")
    assert ran.err.count(": the temperature changed from 0 to 0.5\n") == 4


def test_a_changed_question_renews_its_answer_alone(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        text = Path("bank.md").read_text()
        Path("bank.md").write_text(text.replace("**What is momentum?**", "**What is Nesterov momentum?**"))
        ran = fill(run, server, "--refresh")
        assert len(server.bodies) == 5
        assert fill(run, server, "--refresh").code == 0
        assert len(server.bodies) == 5
    assert "  refreshed: bank:2: the question changed; it was: What is momentum?\n" in ran.err
    assert answers()[1] == "old on What is Nesterov momentum?"
    assert answers()[0] == "old on What is dropout?"


def test_a_question_that_only_moved_is_not_stale(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        parts = Path("bank.md").read_text().split("\n---\n\n")
        Path("bank.md").write_text("\n---\n\n".join([p.strip() + "\n" for p in reversed(parts)]))
        fill(run, server, "--refresh")
        assert len(server.bodies) == 4


def test_a_shipped_reference_is_stale_when_it_says_something_else(run: Run) -> None:
    shutil.copy(ROOT / "questions" / "general.md", "bank.md")
    run("fill", "bank.md", "--in-place")
    Path("rubrics").mkdir()
    rubric = (ROOT / "rubrics" / "dropout.yaml").read_text(encoding="utf-8")
    Path("rubrics/dropout.yaml").write_text(rubric.replace("topic: ", "topic: more-", 1), encoding="utf-8")
    assert run("fill", "bank.md", "--in-place", "--refresh").err.count("refreshed") == 0
    other = rubric.replace("reference: |-\n  ", "reference: |-\n  In short: ", 1)
    Path("rubrics/dropout.yaml").write_text(other, encoding="utf-8")
    ran = run("fill", "bank.md", "--in-place", "--refresh")
    assert [line for line in ran.err.splitlines() if "refreshed" in line] == [
        "  refreshed: bank:2: the reference rubrics/dropout changed"
    ]
    assert str(answers()[1]).startswith("In short: ")


def test_with_no_model_named_a_models_answers_are_not_stale_by_that(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
    text = Path("bank.md").read_text().replace("What is momentum?**", "What is Nesterov momentum?**")
    Path("bank.md").write_text(text)
    ran = run("fill", "bank.md", "--in-place", "--refresh")
    assert (ran.code, Path("bank.md").read_text()) == (1, text)
    said = "  stale: bank:2: the question changed; it was: What is momentum?; not renewed: old wrote it; name a model"
    assert [line for line in ran.err.splitlines() if "stale" in line] == [f"{said} with --model"]


def test_check_names_the_stale_ones_and_sends_nothing(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        before = Path("bank.md").read_bytes()
        ran = run("fill", "bank.md", "--check", "--refresh", "--model", "new", "--base-url", server.url)
        same = run("fill", "bank.md", "--check", "--refresh", "--model", "old", "--base-url", server.url)
        assert len(server.bodies) == 4
    assert (ran.code, same.code, Path("bank.md").read_bytes()) == (1, 0, before)
    assert ran.err.count("  stale: bank:") == 4
    assert "0 filled, 4 had an answer, 0 left, 4 stale" in ran.out


def test_missing_and_stale_go_together_and_a_failure_leaves_the_old_answer(run: Run) -> None:
    def reply(body: Body) -> str | Scripted:
        if body["model"] == "new" and "momentum" in by_model(body):
            return Scripted(400, body={"error": {"message": "not this one", "type": "invalid_request_error"}})
        return by_model(body)

    with Loopback(reply) as server:
        fill(run, server)
        Path("bank.md").write_text(Path("bank.md").read_text().replace("old on What is dropout?", "TODO"))
        ran = fill(run, server, "--refresh", model="new")
    assert ran.code == 1
    assert answers() == [f"{m} on What is {q}?" for m, q in zip(["new", "old", "new", "new"], QUESTIONS, strict=True)]
    assert "bank.md: 3 filled, 1 had an answer, 0 left, 1 stale" in ran.out
    assert "  stale: bank:2: the model changed from old to new; not renewed: " in ran.err
    assert "not this one" in ran.err


def test_diff_and_dry_run_show_what_would_be_renewed(run: Run, server: Loopback) -> None:
    with server:
        fill(run, server)
        asking = ("--refresh", "--model", "new", "--base-url", server.url)
        shown = run("fill", "bank.md", "--dry-run", *asking, "--json")
        assert [row["id"] for row in json.loads(shown.out)["requests"]] == [f"bank:{n}" for n in range(1, 5)]
        assert len(server.bodies) == 4
        ran = run("fill", "bank.md", "--diff", *asking)
    assert ran.out.count("\n+**Answer:** new on") == 4
    assert answers()[0] == "old on What is dropout?"


def test_a_copy_in_which_a_person_accepted_an_answer_is_not_replaced_by_another(run: Run, server: Loopback) -> None:
    with server:
        asking = ("fill", "bank.md", "--out", "build", "--base-url", server.url, "--model")
        run(*asking, "old")
        run("review", "build/bank.md", "--accept", "bank:2")
        before = Path("build/bank.md").read_bytes()
        assert run(*asking, "old").code == 0
        ran = run(*asking, "new")
    assert (ran.code, Path("build/bank.md").read_bytes()) == (2, before)
    assert "build/bank.md: left as it is: bank:2 would change, which a person accepted there" in ran.err
    lines = Ledger.beside("build/bank.md").known(read_bank("build/bank.md"))
    assert [id_ for id_, line in lines.items() if line.review] == ["bank:2"]


def test_the_copy_is_read_in_the_form_that_the_run_was_told(run: Run, server: Loopback) -> None:
    Path("notes.org").write_text("# Notes\n\n## What is dropout?\n\n## What is momentum?\n", encoding="utf-8")
    copy, form = "build/notes.org", ("--form", "headings")
    with server:
        asking = ("fill", "notes.org", "--out", "build", *form, "--base-url", server.url, "--model")
        assert run(*asking, "old").code == 0
        run("review", copy, *form, "--accept-all")
        before = Path(copy).read_bytes()
        ran = run(*asking, "new")
    assert before.count(b"old on") == 2
    assert (ran.code, Path(copy).read_bytes()) == (2, before)
    assert "notes:1, notes:2 would change, which a person accepted there" in ran.err


# ── changed meanwhile ────────────────────────────────────────────────────────────────────────


def test_an_answer_that_a_person_changed_during_the_run_stays(run: Run) -> None:
    def reply(body: Body) -> str:
        if body["model"] == "new":
            text = Path("bank.md").read_text()
            Path("bank.md").write_text(text.replace("old on What is dropout?", "Mine."))
        return by_model(body)

    with Loopback(reply) as server:
        fill(run, server)
        ran = fill(run, server, "--refresh", "--concurrency", "1", model="new")
    assert ran.code == 1
    assert answers()[0] == "Mine."
    assert answers()[3] == "new on What is a flumph?"
    assert "not written: bank:1: somebody answered it meanwhile, and that answer stays; the answer is kept" in ran.err


def test_answers_whose_question_is_gone_are_named(run: Run) -> None:
    def reply(body: Body) -> str:
        Path("bank.md").write_text(BANK.replace("What is momentum?", "What is inertia?"))
        return by_model(body)

    with Loopback(reply) as server:
        ran = fill(run, server)
        assert ran.code == 1
        assert "not written: bank:2: the question is gone from the document; the answer is kept in the cache" in ran.err
        assert [answer is None for answer in answers()] == [False, True, False, False]
        # Asked again, the cache has it.
        server.reply = by_model
        Path("bank.md").write_text(BANK)
        before = len(server.bodies)
        assert fill(run, server).code == 0
        assert len(server.bodies) == before


@pytest.mark.parametrize("now", ["Nothing is asked here.\n", "", None, "\x00"])
def test_a_document_that_is_no_bank_any_more_is_left_and_said(run: Run, now: str | None) -> None:
    def reply(body: Body) -> str:
        if now is None:
            Path("bank.md").unlink(missing_ok=True)
        else:
            Path("bank.md").write_text(now)
        return by_model(body)

    with Loopback(reply) as server:
        ran = fill(run, server)
    assert ran.code == 2
    assert "bank.md: " in ran.err
    assert "It was a bank when this run began; nothing was written; the answer is kept in the cache." in ran.err
    assert (Path("bank.md").read_text() if Path("bank.md").exists() else None) == now
    assert not Path(".dlgrade").exists()


def test_a_document_saved_while_its_answers_are_proved_is_filled_anew(
    bank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dlgrade.banks import filling

    texts = {"whatisdropout": "Because."}
    real, edits = filling._replace, ["One more line.\n\n", "And one.\n\n"]

    def edited_meanwhile(target: Path, data: Iterable[bytes], instead_of: str | None) -> None:
        if target == bank and edits:
            target.write_bytes(edits.pop().encode() + target.read_bytes())
        real(target, data, instead_of)

    monkeypatch.setattr(filling, "_replace", edited_meanwhile)
    before = read_bank(bank)
    given = Answers(texts)
    outcome = Outcome.of(before, given).saved_in_place(given)
    assert (outcome.error, outcome.changed) == (None, True)
    text = bank.read_text()
    assert text.startswith("One more line.\n\nAnd one.\n\n## Question 1")
    assert text.count("**Answer:** Because.") == 1


# ── killed ───────────────────────────────────────────────────────────────────────────────────

DIES = """
import os, signal, sys
from dlgrade.banks import filling
real, count = filling._replace, int(sys.argv.pop(1))
def replace(target, data, instead_of):
    global count
    if count == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    count -= 1
    real(target, data, instead_of)
filling._replace = replace
from dlgrade.cli.app import main
sys.argv[0] = "dlgrade"
main()
"""


def dying(after: int, *arguments: str) -> int:
    """Run a command that is killed when it is about to write one more file than `after`; how it ended."""
    return subprocess.run(
        [sys.executable, "-c", DIES, str(after), *arguments], check=False, capture_output=True
    ).returncode


def whose() -> list[str]:
    """Of each question: `machine`, `person`, or `nobody`."""
    bank = read_bank("bank.md")
    known = Ledger.beside("bank.md").known(bank)
    return [
        "nobody" if q.answer is None else "machine" if q.id in known and not known[q.id].review else "person"
        for q in bank.questions
    ]


@pytest.mark.parametrize(
    ("command", "writes"),
    [
        (("fill", "bank.md", "--in-place", "--model", "old", "--base-url"), 3),
        (("fill", "bank.md", "--in-place", "--refresh", "--model", "new", "--base-url"), 4),
        (("review", "bank.md", "--reject", "bank:1"), 2),
        (("review", "bank.md", "--accept", "bank:1"), 1),
    ],
)
def test_killed_between_ledger_and_document_nothing_is_lost_and_nobody_mistaken(
    run: Run, server: Loopback, command: tuple[str, ...], writes: int
) -> None:
    with server:
        if "old" not in command:
            fill(run, server)
        text = Path("bank.md").read_text()
        text = (
            text.replace("old on What is a flumph?", "Mine.")
            if "old" not in command
            else text.replace("_[To be filled]_", "Mine.", 1)
        )
        Path("bank.md").write_text(text)
        saved = {path: path.read_bytes() for path in [Path("bank.md"), *Path(".dlgrade").glob("*.*")]}
        whole = command if command[0] == "review" else (*command, server.url)
        ends = []
        for after in range(writes + 1):
            shutil.rmtree(".dlgrade", ignore_errors=True)
            for path, data in saved.items():
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
            ends.append(dying(after, *whole))
            bank = read_bank("bank.md")
            for question, who in zip(bank.questions, whose(), strict=True):
                assert (who == "person") == (question.answer == "Mine." or _accepted(question.id)), (after, question)
            # What comes after a kill goes on as if nothing had been.
            run(*whole)
            assert "Mine." in Path("bank.md").read_text()
    assert ends[:-1] == [-signal.SIGKILL] * writes
    assert ends[-1] in {0, 1}


def _accepted(id: str) -> bool:
    line = Ledger.beside("bank.md").known(read_bank("bank.md")).get(id)
    return line is not None and line.review is not None


def test_killed_at_any_moment_over_and_over_every_answer_is_in_the_end_there_once(run: Run, tmp_path: Path) -> None:
    shutil.copy(ROOT / "questions" / "fifty.md", "bank.md")

    def slow(body: Body) -> Scripted:
        return Scripted(content=by_model(body), delay=0.03)

    chance = random.Random(7)
    with Loopback(slow) as server:
        command = [
            sys.executable,
            "-m",
            "dlgrade",
            "fill",
            "bank.md",
            "--in-place",
            "--refresh",
            "--base-url",
            server.url,
        ]
        for n in range(8):
            model = ("old", "new")[n % 2]
            process = subprocess.Popen(
                [*command, "--model", model], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(0.3 + chance.random())
            process.kill()
            process.wait()
            assert "person" not in whose()
        for model in ("old", "new"):
            assert (
                run("fill", "bank.md", "--in-place", "--refresh", "--model", model, "--base-url", server.url).code == 0
            )
            assert whose() == ["machine"] * 50
            assert Path("bank.md").read_text().count(f"{model} on ") == 50


# ── whatever happens ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(8))
def test_no_sequence_of_commands_changes_a_persons_answer_or_loses_a_review(
    run: Run, server: Loopback, seed: int
) -> None:
    chance = random.Random(seed)
    persons: dict[str, str] = {}

    def person() -> None:
        bank = read_bank("bank.md")
        question = chance.choice([q for q in bank.questions if q.answer is not None and q.wording not in persons])
        mine = f"Mine, number {chance.random()}."
        Path("bank.md").write_text(Path("bank.md").read_text().replace(f" {question.answer}\n", f" {mine}\n"))
        persons[question.wording] = mine

    def review(word: str) -> None:
        listed = json.loads(run("review", "bank.md", "--list", "--json").out)
        draft = chance.choice(listed)
        run("review", "bank.md", word, draft["id"])
        if word == "--accept":
            persons[draft["question"]] = draft["answer"]

    def refill(*more: str) -> None:
        fill(run, server, *more, model=chance.choice(["old", "new", "third"]))

    steps: list[Callable[[], None]] = [
        person,
        lambda: review("--accept"),
        lambda: review("--reject"),
        refill,
        lambda: refill("--refresh"),
    ]
    with server:
        fill(run, server)
        for _ in range(14):
            try:
                chance.choice(steps)()
            except IndexError:
                continue  # nothing left to choose from
            found = {q.wording: q.answer for q in read_bank("bank.md").questions}
            assert {wording: found[wording] for wording in persons} == persons
    bank = read_bank("bank.md")
    known = Ledger.beside("bank.md").known(bank)
    for question in bank.questions:
        if question.wording in persons:
            assert question.id not in known or known[question.id].review is not None


def test_the_file_has_no_line_too_many_after_ordinary_work(run: Run, server: Loopback) -> None:
    with server:
        for model in ("old", "new", "third"):
            fill(run, server, "--refresh", model=model)
    assert [line.model for line in Ledger.beside("bank.md").lines] == ["third"] * 4
    update("bank.md")
    assert answer_hash(str(answers()[0])) in {line.answer for line in Ledger.beside("bank.md").lines}
