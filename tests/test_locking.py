"""One dlgrade at a time on a document; nothing is left of a lock, however its holder ended."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Run
from loopback import Body, Loopback, Scripted

from dlgrade.banks.ledger import Ledger
from dlgrade.banks.locking import locked
from dlgrade.banks.reading import read_bank
from dlgrade.errors import OutputError

HOLDER = """
import sys, time
from pathlib import Path
from dlgrade.banks.locking import locked
with locked([Path(name) for name in sys.argv[1:]], on_wait=lambda path: print("waiting", path, flush=True)):
    print("held", flush=True)
    time.sleep(60)
"""
QUESTIONS = "".join(f"## Question {n}\n\n**What is thing {n}?**\n\n**Answer:** TODO\n\n---\n\n" for n in range(1, 7))


@contextmanager
def holder(*documents: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that asks for the locks; it says `held` when it has them."""
    command = [sys.executable, "-c", HOLDER, *map(str, documents)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    with locked([tmp_path / "bank.md"]):
        assert [path.name for path in (tmp_path / ".dlgrade").iterdir()] == ["bank.md.lock"]
    assert list(tmp_path.iterdir()) == []


def test_the_second_says_what_it_waits_for_and_gets_it_when_the_first_is_done(tmp_path: Path) -> None:
    with locked([tmp_path / "bank.md"]), holder(tmp_path / "bank.md") as process:
        assert said(process) == f"waiting {tmp_path / 'bank.md'}"
    with holder(tmp_path / "bank.md") as process:
        assert said(process) == "held"


def test_waiters_go_on_one_after_the_other(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with locked([tmp_path / "bank.md"]):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.01)
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8
    assert list(tmp_path.iterdir()) == []


def test_a_holder_that_is_killed_leaves_no_lock(tmp_path: Path) -> None:
    with holder(tmp_path / "bank.md") as process:
        assert said(process) == "held"
        process.kill()
        process.wait()
        waited: list[Path] = []
        with locked([tmp_path / "bank.md"], on_wait=waited.append):
            assert waited == []
    assert list(tmp_path.iterdir()) == []


def test_two_runs_that_name_two_documents_in_either_order_do_not_wait_for_each_other(tmp_path: Path) -> None:
    one, two = tmp_path / "one.md", tmp_path / "two.md"
    with locked([two, one]), holder(one, two) as first, holder(two, one) as second:
        assert [said(first), said(second)] == [f"waiting {one}"] * 2


def test_a_document_is_the_same_by_every_name(tmp_path: Path) -> None:
    (tmp_path / "bank.md").write_text("x")
    (tmp_path / "link.md").symlink_to(tmp_path / "bank.md")
    with locked([tmp_path / "bank.md", tmp_path / "link.md"]), holder(tmp_path / "link.md") as process:
        assert said(process).startswith("waiting")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / ".dlgrade").write_text("a file")
    with (
        pytest.raises(OutputError, match=r"cannot be locked: bank\.md\.lock: file exists"),
        locked([tmp_path / "bank.md"]),
    ):
        pass


def test_a_file_system_without_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(handle: int) -> bool:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr("dlgrade.banks.locking._locked", unsupported)
    with pytest.raises(OutputError, match=r"cannot be locked: .*not supported"), locked([tmp_path / "bank.md"]):
        pass


# ── two runs ─────────────────────────────────────────────────────────────────────────────────


def slow(body: Body) -> Scripted:
    return Scripted(content=f"About {body['messages'][-1]['content'].strip()[-8:]}", delay=0.3)


def filling(folder: Path, server: Loopback, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dlgrade", "fill", *arguments, "--model", "made-up", "--base-url", server.url],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("where", [("--in-place",), ("--out", "build")])
def test_two_runs_on_one_document_end_with_every_answer_in_it_once(tmp_path: Path, where: tuple[str, ...]) -> None:
    (tmp_path / "bank.md").write_text(QUESTIONS, encoding="utf-8")
    with Loopback(slow) as server:
        runs = [filling(tmp_path, server, "bank.md", *where) for _ in range(3)]
        errors = [run.communicate(timeout=60)[1] for run in runs]
        assert [run.returncode for run in runs] == [0, 0, 0], errors
        assert len(server.bodies) == 6
    assert sum("dlgrade: waiting for another dlgrade on " in error for error in errors) == 2
    document = tmp_path / ("bank.md" if where == ("--in-place",) else "build/bank.md")
    text = document.read_text(encoding="utf-8")
    assert [text.count(f"About thing {n}?\n") for n in range(1, 7)] == [1] * 6
    bank = read_bank(document)
    assert len(Ledger.beside(document).known(bank)) == 6


def test_runs_on_two_documents_of_a_folder_share_its_ledger(tmp_path: Path) -> None:
    names = ("a.md", "b.md", "c.md")
    for name in names:
        (tmp_path / name).write_text(QUESTIONS.replace("thing", f"thing {name[0]}"), encoding="utf-8")
    with Loopback(slow) as server:
        runs = [filling(tmp_path, server, name, "--in-place") for name in names]
        errors = [run.communicate(timeout=60)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], errors
    assert "waiting for" not in "".join(errors)
    for name in names:
        assert len(Ledger.beside(tmp_path / name).known(read_bank(tmp_path / name))) == 6
    assert sorted(path.name for path in (tmp_path / ".dlgrade").iterdir()) == ["answers.jsonl", "runs"]
    assert len(list((tmp_path / ".dlgrade" / "runs").iterdir())) == 3


def test_ctrl_c_ends_the_wait(tmp_path: Path) -> None:
    (tmp_path / "bank.md").write_text(QUESTIONS, encoding="utf-8")
    with Loopback(slow) as server, locked([tmp_path / "bank.md"]):
        process = filling(tmp_path, server, "bank.md", "--in-place")
        assert process.stderr is not None
        assert "waiting for another dlgrade on bank.md" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=10)
        assert server.bodies == []
    assert (process.returncode, "Traceback" in error) == (130, False)
    assert (tmp_path / "bank.md").read_text(encoding="utf-8") == QUESTIONS


def test_a_run_that_writes_nothing_waits_for_nobody(run: Run) -> None:
    Path("bank.md").write_text(QUESTIONS, encoding="utf-8")
    with locked([Path("bank.md")]):
        assert run("fill", "bank.md", "--check").code == 1
        assert run("fill", "bank.md", "--diff").code == 1


def test_a_document_that_is_not_there_leaves_no_folder(run: Run) -> None:
    assert run("fill", "no.md", "--in-place").code == 2
    assert list(Path().iterdir()) == []
