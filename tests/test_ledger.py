"""The ledger knows a machine's answer from a person's, and loses no line of anybody's."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, Run
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from dlgrade.banks.ledger import Ledger, answer_hash, update
from dlgrade.banks.reading import read_bank
from dlgrade.banks.written import Key, Lines, Prompt, Review, Written
from dlgrade.errors import LedgerError

PROMPT = Prompt(template="answer", hash="0123456789ab", temperature=0.0)


def line(question: str, answer: str = "Because.", **more: object) -> Written:
    values = {"bank": "bank.md", "model": "made-up", "prompt": PROMPT, "time": "2026-11-25T12:00:00Z", **more}
    return TypeAdapter(Written).validate_python({"question": question, "answer": answer_hash(answer), **values})


def bank_of(path: Path, **answers: str) -> Path:
    rows = [f"## Question {n}\n\n**What is {q}?**\n\n**Answer:** {a}\n" for n, (q, a) in enumerate(answers.items(), 1)]
    path.write_text("\n---\n\n".join(rows), encoding="utf-8")
    return path


def known(path: Path) -> dict[str, str]:
    return {id_: line.question for id_, line in Ledger.beside(path).known(read_bank(path)).items()}


# ── the hash ─────────────────────────────────────────────────────────────────────────────────

ANSWER = "It drops units.\n\n- one\n- two\n\n```python\ndef f():\n    return 1\n```\n\nThat is all."


@pytest.mark.parametrize(
    "changed",
    [
        ANSWER.replace("\n", "\r\n"),
        ANSWER.replace("\n", "  \n"),
        ANSWER + "\n\n",
        ANSWER.replace("It drops units.", "It  drops\nunits."),
        ANSWER.replace("\n\n- one", "\n\n\n- one"),
    ],
)
def test_white_space_that_editors_and_git_change_makes_no_other_answer(changed: str) -> None:
    assert answer_hash(changed) == answer_hash(ANSWER)


@pytest.mark.parametrize(
    "changed",
    [
        ANSWER.replace("drops", "zeroes"),
        ANSWER.replace("It drops", "it drops"),
        ANSWER.replace("drops", "**drops**"),
        ANSWER.replace("    return", "        return"),
        ANSWER.replace("def f():\n", "def f():\n\n"),
        ANSWER.replace("It drops", "Itdrops"),
        ANSWER + " No.",
    ],
)
def test_a_changed_word_sign_or_line_of_code_is_somebodys_change(changed: str) -> None:
    assert answer_hash(changed) != answer_hash(ANSWER)


# ── whose ────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_a_machines_by_its_hash_alone(tmp_path: Path) -> None:
    path = bank_of(tmp_path / "bank.md", x="Because.", y="Because I say so.")
    update(path, add=[line("What is x?"), line("What is y?", "Because it is.")])
    assert known(path) == {"bank:1": "What is x?"}


@pytest.mark.parametrize("gap", [" ", "\n", "\n\n\n", "\r\n", " \t ", "\x0b", "\x1c\x1f"])
@pytest.mark.parametrize("last", ["random.", "hasard, à chaque pas."])
def test_the_white_space_in_an_answer_does_not_make_it_another_one(gap: str, last: str) -> None:
    assert answer_hash(f"{gap}Units{gap}are{gap}dropped at {last}{gap}") == answer_hash(f"Units are dropped at {last}")
    assert answer_hash(f"Units{gap}are") != answer_hash("Unitsare")


def test_the_line_follows_its_answer_when_the_question_is_reworded(tmp_path: Path) -> None:
    path = bank_of(tmp_path / "bank.md", dropout="Because.", momentum="Because.")
    update(path, add=[line("What is a dropout layer?"), line("What is the momentum?"), line("What is a flumph?")])
    assert known(path) == {"bank:1": "What is a dropout layer?", "bank:2": "What is the momentum?"}


def test_a_machines_answer_that_a_person_copied_to_another_question_is_the_persons(tmp_path: Path) -> None:
    path = bank_of(tmp_path / "bank.md", x="Because.", y="Because.")
    update(path, add=[line("What is x?")])
    assert known(path) == {"bank:1": "What is x?"}


def test_lines_of_other_banks_in_the_folder_say_nothing_about_this_one(tmp_path: Path) -> None:
    path = bank_of(tmp_path / "bank.md", x="Because.")
    update(path, add=[line("What is x?", bank="other.md")])
    assert known(path) == {}


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def test_lines_are_sorted_and_read_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"
    lines = [line(f"What is {q}?", was="\u2028 _[To be filled]_\r\n", lead="\n\n") for q in "cab"]
    update(path, add=lines)
    found = Ledger.beside(path)
    assert [one.question for one in found.lines] == ["What is a?", "What is b?", "What is c?"]
    assert set(found.lines) == set(lines)
    assert found.path == tmp_path / ".dlgrade" / "answers.jsonl"


def test_the_file_is_not_touched_where_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"
    update(path, add=[line("What is b?"), line("What is a?")])
    file = Ledger.beside(path).path
    shuffled = "".join(reversed(file.read_text().splitlines(keepends=True)))
    file.write_text(shuffled)
    os.utime(file, (0, 0))
    update(path)
    update(path, add=[line("What is a?")], drop=[line("What is c?")])
    assert (file.read_text(), file.stat().st_mtime) == (shuffled, 0)


def test_a_review_is_not_lost_to_a_later_line_without_one(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"
    reviewed = line("What is a?", review=Review(verdict="accepted", time="2026-11-26T00:00:00Z"))
    update(path, add=[reviewed])
    update(path, add=[line("What is a?", model="another")])
    assert Ledger.beside(path).lines == (reviewed,)
    # Git kept the lines of both sides.
    file = Ledger.beside(path).path
    file.write_text(file.read_text() + line("What is a?").line)
    assert Ledger.beside(path).lines == (reviewed,)


def test_only_a_line_that_is_as_it_was_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"
    reviewed = line("What is a?", review=Review(verdict="accepted", time="2026-11-26T00:00:00Z"))
    update(path, add=[reviewed])
    update(path, drop=[line("What is a?")])
    assert Ledger.beside(path).lines == (reviewed,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "2: not a line of JSON: '{'"),
        ("<<<<<<< HEAD", "2: not a line of JSON: '<<<<<<< HEAD'\nGit left a conflict here"),
        ("[]", "2: a line is an object with bank, question, answer, model, prompt and time"),
        (json.dumps({**json.loads(line("x").line), "extra": 1}), "2: extra: unknown key"),
        (line("x").line.replace('"model": "made-up", ', "", 1), "2: model: missing key"),
        (json.dumps({**json.loads(line("x").line), "review": {"verdict": "fine", "time": "x"}}), "2: review.verdict: "),
    ],
)
def test_a_broken_line_is_an_error_with_file_and_line_and_nothing_is_lost(run: Run, text: str, said: str) -> None:
    path = bank_of(Path("bank.md"), x="TODO")
    update(path, add=[line("What is a?")])
    file = Ledger.beside(path).path
    file.write_text(file.read_text() + text + "\n")
    before = file.read_bytes()
    with pytest.raises(LedgerError):
        update(path, add=[line("What is b?")])
    for command in (
        ("fill", "bank.md", "--in-place"),
        ("fill", "bank.md", "--check", "--refresh"),
        ("review", "bank.md", "--list"),
        ("export", "bank.md", "--to", "key.md", "--reviewed"),
    ):
        ran = run(*command)
        assert ran.code == 2
        assert f".dlgrade/answers.jsonl:{said}" in ran.err
    assert file.read_bytes() == before
    assert "TODO" in path.read_text()


def test_bytes_that_are_no_text_are_said(tmp_path: Path) -> None:
    file = tmp_path / ".dlgrade" / "answers.jsonl"
    file.parent.mkdir()
    file.write_bytes(b"\xff")
    with pytest.raises(LedgerError, match=r"answers\.jsonl: not UTF-8"):
        Ledger.beside(tmp_path / "bank.md")


def test_two_branches_that_answer_different_questions_merge_without_a_conflict(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    update(path, add=[line(f"What is {n:02}?") for n in range(0, 40, 4)])
    git("add", ".")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "other")
    update(path, add=[line("What is 09?")])
    git("commit", "-qam", "other")
    git("checkout", "-q", "main")
    update(path, add=[line("What is 21?")], drop=[line("What is 36?")])
    git("commit", "-qam", "mine")
    git("merge", "-q", "other")
    assert [one.question[8:10] for one in Ledger.beside(path).lines] == (
        ["00", "04", "08", "09", "12", "16", "20", "21", "24", "28", "32"]
    )


REVIEW = Review(verdict="accepted", time="2026-11-26T00:00:00Z")
LINES = st.lists(
    st.builds(
        line,
        st.sampled_from(["What is x?", "what isx", "What is y?", "What\0is z?"]),
        st.sampled_from(["One.", "Two."]),
        bank=st.sampled_from(["bank.md", "other.md"]),
        lead=st.sampled_from(["", "\n\n"]),
        model=st.sampled_from(["one", "two"]),
        review=st.sampled_from([None, REVIEW]),
        was=st.sampled_from(["", '\u2028\ud800 \u00e4"\\']),
    ),
    max_size=6,
)


@given(LINES, LINES, LINES)
def test_lines_are_as_in_a_dict(first: list[Written], add: list[Written], drop: list[Written]) -> None:
    def together(known: dict[Key, Written], lines: list[Written]) -> dict[Key, Written]:
        for line in lines:
            old = known.get(line.key)
            if old is None or line.review or not old.review:
                known[line.key] = line
        return known

    def in_file(lines: dict[Key, Written]) -> list[str]:
        by = sorted(lines.values(), key=lambda line: (line.bank, line.question, line.answer, line.lead))
        return [line.line for line in by]

    before = together({}, first)
    dropped = together({}, drop).values()
    after = together(
        {key: line for key, line in before.items() if line not in dropped}, list(together({}, add).values())
    )
    lines = Lines(first)
    assert (list(lines), len(lines)) == (list(before.values()), len(before))
    assert list(lines.in_order) == in_file(before)
    assert list(lines.reviewed) == [line for line in before.values() if line.review]
    assert [lines.get(line) for line in drop] == [before.get(line.key) for line in drop]
    assert {lines.numbered(number): answer for number, answer in lines.hashes("bank.md")} == {
        line: line.answer for line in before.values() if line.bank == "bank.md"
    }
    changed = lines.changed(Lines(add), Lines(drop))
    assert (changed is None) == (before == after)
    assert list((lines if changed is None else changed).in_order) == in_file(after)


@given(LINES)
def test_a_line_is_the_json_that_it_was(lines: list[Written]) -> None:
    for one in lines:
        said = one._asdict() | {"prompt": one.prompt.model_dump(), "review": one.review and one.review.model_dump()}
        assert one.line == json.dumps(said, ensure_ascii=False) + "\n"
        assert Written.of(one.line) == one


# ── what fill writes into it ─────────────────────────────────────────────────────────────────


def test_fill_has_a_line_for_each_answer_of_the_five_banks(run: Run) -> None:
    ran = run("fill", ROOT / "questions", "--out", "build")
    assert ran.code == 0
    for path in sorted(Path("build").glob("*.md")):
        before, after = read_bank(ROOT / "questions" / path.name), read_bank(path)
        lines = Ledger.beside(path).known(after)
        assert set(lines) == {q.id for q in before.questions if q.slot}, path
        for question in before.questions:
            if question.slot:
                one = lines[question.id]
                assert (one.model, one.review, one.bank) == ("offline", None, path.name)
                assert one.was == before.source[question.slot.start : question.slot.end]


def test_a_second_fill_leaves_the_ledger_alone(run: Run) -> None:
    bank_of(Path("bank.md"), dropout="TODO")
    question = "What is dropout, and how does it prevent overfitting in neural networks?"
    Path("bank.md").write_text(Path("bank.md").read_text().replace("What is dropout?", question))
    assert run("fill", "bank.md", "--in-place").code == 0
    file = Path(".dlgrade/answers.jsonl")
    os.utime(file, (0, 0))
    for more in ((), ("--refresh",)):
        assert run("fill", "bank.md", "--in-place", *more).code == 0
    assert file.stat().st_mtime == 0
    assert json.loads(file.read_text())["prompt"]["template"] == "rubrics/dropout"


def test_after_crlf_and_an_editors_blanks_the_answers_are_still_the_machines(run: Run) -> None:
    run("fill", ROOT / "questions" / "general.md", "--out", "build")
    path = Path("build/general.md")
    path.write_bytes(path.read_bytes().replace(b"\n", b" \r\n"))
    assert len(known(path)) == 17


def test_a_copy_keeps_what_its_bank_knows_of_the_answers_in_it(run: Run) -> None:
    run("fill", ROOT / "questions" / "general.md", "--out", "in")
    run("review", "in/general.md", "--accept", "general:2")
    assert run("fill", "in/general.md", "--out", "out").code == 0
    lines = Ledger.beside("out/general.md").known(read_bank("out/general.md"))
    assert len(lines) == 17
    assert [id_ for id_, one in lines.items() if one.review] == ["general:2"]
