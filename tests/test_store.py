"""What is stored comes back, whatever happens to the process or the file, and anybody can read it."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from test_cache import REPLY, request

from dlgrade.errors import OutputError
from dlgrade.llm.request import Reply, Request
from dlgrade.llm.schema import misfit
from dlgrade.llm.store import Store, stored
from dlgrade.llm.upkeep import iso, look_up, prune, stats
from dlgrade.models import Message, Usage

HERE = Path(__file__).parent


class Mark(BaseModel):
    reason: str


def full_request(question: str = "What is dropout?") -> Request:
    messages = (Message(role="system", content="You are an expert. é \n" * 50), Message(role="user", content=question))
    return request(messages=messages, shape=Mark, temperature=0.5, sample=3)


FULL_REPLY = Reply(
    text='{"reason": "Größe"}',
    model="m-1",
    finish_reason="length",
    usage=Usage(prompt_tokens=3, completion_tokens=4, total_tokens=9),
)


def select(path: Path, statement: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """What any client of SQLite's would get, and change."""
    db = sqlite3.connect(path)
    try:
        with db:
            return db.execute(statement, tuple(values)).fetchall()
    finally:
        db.close()


def fill(path: Path, count: int, *, text: str = "It drops units. ", limit: int | None = None) -> None:
    with Store.open(path, limit=limit) as store:
        for n in range(count):
            store.put(request(str(n)), REPLY.model_copy(update={"text": f"{n} {text * 50}"}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "replies.sqlite3"


# ── what is stored ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "usage",
    [
        None,
        Usage(),
        Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7),
        Usage(prompt_tokens=3, completion_tokens=4),
        Usage(total_tokens=9),
    ],
)
def test_a_reply_comes_back_as_it_was_and_marked_as_cached(path: Path, usage: Usage | None) -> None:
    reply = REPLY.model_copy(update={"usage": usage, "finish_reason": "length", "text": "a\0b é 🙂"})
    with Store.open(path) as store:
        store.put(request(), reply)
    with Store.open(path) as store:
        assert store.get(request().key) == reply.model_copy(update={"cached": True})
        assert store.get(request(sample=1).key) is None


def test_the_latest_reply_to_a_request_counts(path: Path) -> None:
    with Store.open(path) as store:
        store.put(full_request(), REPLY)
        store.put(full_request(), FULL_REPLY)
        assert store.get(full_request().key) == FULL_REPLY.model_copy(update={"cached": True})
    assert select(path, "SELECT count(*) FROM asked") == [(1,)]


def test_every_part_of_a_request_can_be_read_in_the_view(path: Path) -> None:
    asked = full_request()
    with Store.open(path) as store:
        store.put(asked, FULL_REPLY)
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    (row,) = db.execute("SELECT * FROM asked").fetchall()
    db.close()
    for name, value in asked.parts.items():
        assert (json.loads(row[name]) if name in {"messages", "schema"} else row[name]) == value
    assert (row["key"], row["system"], row["user"]) == (asked.key, *(m.content for m in asked.messages))
    assert (row["reply"], row["served"], row["finish_reason"]) == (FULL_REPLY.text, "m-1", "length")
    assert (row["prompt_tokens"], row["completion_tokens"]) == (3, 4)
    now = time.strftime("%Y-%m-%dT%H", time.gmtime())
    assert row["stored"] == row["used"]
    assert row["stored"][:13] in {now, time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() - 60))}


def test_what_requests_share_stands_in_the_file_once(path: Path) -> None:
    with Store.open(path) as store:
        for n in range(100):
            store.put(full_request(f"What is {n}?"), FULL_REPLY)
    shared = full_request().messages[0].content
    assert select(path, "SELECT count(*) FROM texts WHERE text = ?", [shared]) == [(1,)]
    assert select(path, "SELECT count(*) FROM asked WHERE system = ?", [shared]) == [(100,)]
    assert path.stat().st_size < 100 * len(shared)


def test_no_credentials_and_no_key_are_in_the_file(path: Path) -> None:
    with Store.open(path) as store:
        store.put(request(endpoint="http://user:secret@host/v1"), REPLY)
        store.learn("http://user:secret@host/v1?key=secret", "m", "{}")
        assert all(b"secret" not in file.read_bytes() for file in path.parent.iterdir())
    assert all(b"secret" not in file.read_bytes() for file in path.parent.iterdir())


def test_ten_thousand_replies_are_found_in_a_moment(path: Path) -> None:
    requests = [request(str(n)) for n in range(10_000)]
    with Store.open(path) as store:
        for one in requests:
            store.put(one, REPLY)
        began = time.process_time()
        assert len(store.get_many(one.key for one in requests)) == 10_000
        assert time.process_time() - began < 1  # 0.15 s where nothing else runs


def test_storing_a_reply_takes_little_of_the_processor(path: Path) -> None:
    requests = [full_request(str(n)) for n in range(1_000)]
    with Store.open(path) as store:
        began = time.process_time()
        for one in requests:
            store.put(one, FULL_REPLY)
        assert (time.process_time() - began) / 1_000 < 0.001  # 0.0001 s where nothing else runs


# ── many at once, and what may be used ───────────────────────────────────────────────────────


def test_of_many_requests_those_that_may_be_used_are_found(path: Path) -> None:
    kept = request("kept", keeps=lambda text: text == REPLY.text)
    left = request("left", keeps=lambda text: text != REPLY.text)
    fits, other = request("fits", shape=Mark), request("other", shape=Mark)
    with Store.open(path) as store:
        for one in (kept, left, other):
            store.put(one, REPLY)
        store.put(fits, FULL_REPLY)
        found = stored(store, iter([kept, left, fits, other, request("missing")] * 300))
    assert misfit(REPLY.text, Mark) is not None
    assert found == {
        kept.key: REPLY.model_copy(update={"cached": True}),
        fits.key: FULL_REPLY.model_copy(update={"cached": True}),
    }


def test_of_two_processes_that_asked_the_same_both_go_by_the_reply_stored_first(path: Path) -> None:
    asked, mine = full_request(), FULL_REPLY.model_copy(update={"text": '{"quotes": [], "verdict": "met"}'})
    with Store.open(path) as store, Store.open(path) as other:
        other.put(asked, FULL_REPLY)
        counts = store.put_unless_there(asked, mine.model_copy(update={"usage": Usage(total_tokens=7)}))
        assert (counts.text, counts.cached, counts.usage) == (FULL_REPLY.text, False, Usage(total_tokens=7))
        other.put(asked, REPLY)  # which does not fit, and is no reply
        assert store.put_unless_there(asked, FULL_REPLY) == FULL_REPLY
        assert store.get(asked.key) == FULL_REPLY.model_copy(update={"cached": True})


def test_looking_up_needs_no_event_loop_and_no_sdk(path: Path) -> None:
    fill(path, 3)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from dlgrade.llm.request import Request\nfrom dlgrade.llm.store import Store, stored\n"
        "ask = {'endpoint': 'http://host/v1', 'model': 'm'}\n"
        "asked = [Request(**ask, messages=({'role': 'user', 'content': str(n)},)) for n in range(4)]\n"
        "with Store.open(Path(sys.argv[1])) as store:\n    assert len(stored(store, asked)) == 3\n"
        "print(sorted({'asyncio', 'openai', 'aiohttp'} & {*sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE said SET text = 'another'",
        "UPDATE said SET text = x'00ff'",
        "UPDATE said SET text = CAST(x'ff' AS TEXT)",
        "DELETE FROM said",
        "UPDATE replies SET served = 99",
        "UPDATE replies SET prompt_tokens = 'many'",
        "UPDATE replies SET completion_tokens = NULL",
        "UPDATE replies SET more = '[1'",
        "UPDATE replies SET more = '[]'",
        """UPDATE replies SET more = '{"usage": 1}'""",
    ],
)
def test_a_reply_that_cannot_be_read_is_missing_and_costs_no_other(path: Path, damage: str) -> None:
    fill(path, 3)
    where = "reply" if "said" in damage else "id"
    select(path, f"{damage} WHERE {where} = 2")
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        found = store.get_many(request(str(n)).key for n in range(3))
        assert found.keys() == {request("0").key, request("2").key}
        assert remarks == [f"{path}: one reply cannot be read and is asked for again"]
        store.put(request("1"), REPLY)
        assert store.get(request("1").key) == REPLY.model_copy(update={"cached": True})


# ── a file that is damaged, older, later or another's ────────────────────────────────────────


@pytest.mark.parametrize("damage", [b"not a database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        store.put(request(), REPLY)
        assert store.get(request().key) is not None
    assert "damaged" in remarks[0]
    aside = next(path.parent.glob("*.damaged-*"))
    assert aside.read_bytes() == damage
    assert aside.name in remarks[0]


def test_a_file_that_opens_but_is_damaged_inside_is_set_aside_too(path: Path) -> None:
    fill(path, 200)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        assert store.get(request("7").key) is None
        store.put(request("7"), REPLY)
        assert store.get(request("7").key) is not None
    assert len(remarks) == 1


def test_wherever_a_file_is_damaged_it_ends_in_words_and_in_replies(path: Path) -> None:
    fill(path, 60)
    whole = path.read_bytes()
    chance = random.Random(4)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 8, 64])):
            at = chance.randrange(100, len(data) - 16)
            data[at : at + 16] = chance.randbytes(16)
        path.write_bytes(data)
        with Store.open(path) as store:
            store.get_many(request(str(n)).key for n in range(60))
            for _ in range(2):  # the damage may be met while the first is looked up, and the file be begun anew
                store.put(request("new"), REPLY)
                found = store.get(request("new").key)
                if found is not None:
                    break
            assert found == REPLY.model_copy(update={"cached": True})
        for file in path.parent.iterdir():
            file.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE replies SET stored = 1e300",
        "UPDATE replies SET stored = -1e300",
        "UPDATE texts SET text = CAST(x'ff41ff' AS TEXT) WHERE id IN (SELECT text FROM messages)",
    ],
)
def test_damaged_rows_are_counted_and_searched_without_a_crash(path: Path, damage: str) -> None:
    fill(path, 3)
    select(path, damage)
    with Store.open(path) as store:
        counted = stats(store)
        assert counted.replies == 3
        assert all(len(iso(at)) == len("2026-01-01T00:00:00Z") for m in counted.models for at in (m.oldest, m.newest))
        assert not look_up(store, request("another").parts).hit


def test_who_meets_the_damage_second_keeps_what_the_first_has_begun(path: Path) -> None:
    fill(path, 200)
    with Store.open(path) as first, Store.open(path) as second:
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
        first.put(request("new"), REPLY)
        second.put(request("newer"), REPLY)
        assert second.get_many([request("new").key, request("newer").key]).keys() == {
            request("new").key,
            request("newer").key,
        }
    assert len([*path.parent.glob("*.damaged-*[0-9]")]) == 1


def written_by_version_1(path: Path, *entries: tuple[Request, Reply]) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.executescript(
        "PRAGMA journal_mode = WAL;"
        "CREATE TABLE replies (key TEXT PRIMARY KEY, endpoint TEXT NOT NULL, model TEXT NOT NULL, stored REAL NOT NULL,"
        " request BLOB NOT NULL, reply BLOB NOT NULL);"
        f"PRAGMA application_id = {0x646C6772}; PRAGMA user_version = 1;"
    )
    for asked, reply in entries:
        packed = [
            zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
            for value in (asked.parts, reply.model_dump(exclude={"cached"}))
        ]
        row = (asked.key, asked.parts["endpoint"], asked.model, 1_700_000_000.5, *packed)
        db.execute("INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?)", row)
    db.commit()
    db.close()


def test_replies_stored_by_version_1_are_found(path: Path) -> None:
    written_by_version_1(path, (request(), REPLY), (full_request(), FULL_REPLY))
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        assert store.get(request().key) == REPLY.model_copy(update={"cached": True})
        assert store.get(full_request().key) == FULL_REPLY.model_copy(update={"cached": True})
    assert remarks == []
    assert select(path, "PRAGMA user_version") == [(2,)]
    assert select(path, "SELECT stored FROM asked") == [("2023-11-14T22:13:20Z",)] * 2
    assert select(path, "SELECT name FROM sqlite_master WHERE name = 'replies_1'") == []


def test_a_damaged_reply_of_version_1_costs_no_other_and_is_said(path: Path) -> None:
    written_by_version_1(path, (request("one"), REPLY), (request("two"), REPLY))
    select(path, "UPDATE replies SET reply = x'00' WHERE key = ?", [request("one").key])
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        assert store.get_many([request("one").key, request("two").key]).keys() == {request("two").key}
    assert remarks == [f"{path}: 1 replies of an older version cannot be read and are asked for again"]


def test_processes_that_open_a_file_of_version_1_at_once_all_find_its_replies(path: Path) -> None:
    written_by_version_1(path, *[(request(f"old {n}"), REPLY) for n in range(300)])
    writers = [writer(path, f"writer {n}", 5) for n in range(3)]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with Store.open(path) as store:
        assert len(store.get_many(request(f"old {n}").key for n in range(300))) == 300
        assert all(store.get(request(f"writer {w} {n}").key) for w in range(3) for n in range(5))


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    select(path, "CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="another program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_later_versions_file_is_left_alone(path: Path) -> None:
    fill(path, 1)
    select(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="later version"):
        Store.open(path)
    assert path.read_bytes() == before


# ── where nothing can be written ─────────────────────────────────────────────────────────────


def test_a_folder_that_cannot_be_made_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file") as caught:
        Store.open(tmp_path / "file" / "replies.sqlite3")
    assert "DLGRADE_CACHE" in (caught.value.hint or "")


def test_a_file_that_cannot_be_opened_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=tmp_path.name):
        Store.open(tmp_path)


def test_a_disk_that_fills_up_is_an_error_and_what_was_stored_stays(path: Path) -> None:
    path.parent.mkdir()
    script = (
        "import sys\nfrom pathlib import Path\nfrom test_cache import REPLY, request\n"
        "from dlgrade.errors import OutputError\nfrom dlgrade.llm.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "for n in range(10_000):\n"
        "    try:\n        store.put(request(str(n)), REPLY)\n"
        "    except OutputError as error:\n        print(n, error.message)\n        break\n"
        "store.close()\n"
    )
    full = subprocess.run(  # noqa: PLW1510 - the code is looked at
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),  # no file may be larger
    )
    assert (full.returncode, full.stderr) == (0, "")
    stopped, _, message = full.stdout.partition(" ")
    assert message.startswith(f"{path}: ")
    with Store.open(path) as store:
        assert len(store.get_many(request(str(n)).key for n in range(10_000))) == int(stopped) > 0


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder in which not even root can write")
def test_a_folder_without_permission_is_an_error_with_its_path() -> None:
    with pytest.raises(OutputError, match=r"/proc/replies\.sqlite3: unable to open database file"):
        Store.open(Path("/proc/replies.sqlite3"))


# ── many processes, and processes that die ───────────────────────────────────────────────────

WRITER = """
import sys
from pathlib import Path
from test_cache import REPLY, request
from dlgrade.llm.store import Store

with Store.open(Path(sys.argv[1])) as store:
    for n in range(int(sys.argv[3])):
        store.put(request(f"{sys.argv[2]} {n}"), REPLY)
        print(n, flush=True)
        assert store.get_many([request(f"{sys.argv[2]} {n}").key])
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"},
    )


def test_processes_that_begin_write_read_and_prune_at_the_same_time_lose_nothing(path: Path) -> None:
    writers = [writer(path, f"writer {n}", 100) for n in range(4)]
    while any(process.poll() is None for process in writers):
        with Store.open(path) as store:
            store.put(request("pruned", model="other"), REPLY)
            prune(store, model="other")
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with Store.open(path) as store:
        keys = [request(f"writer {w} {n}").key for w in range(4) for n in range(100)]
        assert len(store.get_many(keys)) == 400


@pytest.mark.parametrize("seen_first", [1, 50, 400])
def test_what_was_stored_before_a_kill_is_there_after_it(path: Path, seen_first: int) -> None:
    process = writer(path, "victim", 1_000_000)
    assert process.stdout is not None
    with process.stdout as lines:
        seen = next(int(line) for line in lines if int(line) >= seen_first)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    remarks: list[str] = []
    with Store.open(path, on_remark=remarks.append) as store:
        assert len(store.get_many(request(f"victim {n}").key for n in range(seen + 1))) == seen + 1
    assert remarks == []
    assert select(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_process_killed_while_it_brings_an_old_file_up_to_date_loses_nothing(path: Path) -> None:
    written_by_version_1(path, *[(request(f"old {n}"), REPLY) for n in range(3_000)])
    process = writer(path, "victim", 1)
    for _ in range(600):
        if Path(f"{path}-wal").exists():
            break
        time.sleep(0.005)
    process.kill()
    process.communicate(timeout=60)
    with Store.open(path) as store:
        assert len(store.get_many(request(f"old {n}").key for n in range(3_000))) == 3_000


# ── use and size ─────────────────────────────────────────────────────────────────────────────


def test_a_hit_is_noted_when_the_store_is_closed(path: Path) -> None:
    fill(path, 2)
    select(path, "UPDATE replies SET stored = 1000000000")
    with Store.open(path) as store:
        store.get(request("0").key)
    used = dict(select(path, "SELECT user, used FROM asked"))
    assert used["1"] == "2001-09-09T01:46:40Z"
    assert used["0"] > "2025"


def test_reading_waits_for_nobody_who_writes(path: Path) -> None:
    fill(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with Store.open(path) as store:
        assert store.get(request("0").key) is not None
    assert time.monotonic() - began < 5  # a writer would wait 30 s
    other.execute("ROLLBACK")
    other.close()
    assert select(path, "SELECT count(*) FROM uses") == [(0,)]


def test_a_file_over_its_limit_loses_the_least_recently_used_and_shrinks(path: Path) -> None:
    fill(path, 400)
    before = path.stat().st_size
    select(path, "UPDATE replies SET stored = 1000000000 + id")
    with Store.open(path, limit=200_000) as store:
        store.get(request("0").key)
        store.get(request("1").key)
        store.put(request("new"), REPLY)
        store._note_uses()
    assert before > 300_000
    assert path.stat().st_size <= 200_000
    with Store.open(path) as store:
        left = [n for n in range(400) if store.get(request(str(n)).key)]
        assert store.get(request("new").key) is not None
    assert left[:2] == [0, 1]
    assert left[2:] == list(range(400 - len(left) + 2, 400))
    assert len(left) > 50
    texts = {text for (text,) in select(path, "SELECT text FROM texts")}
    assert texts == {"http://host/v1", "m", "m-1", "new", *map(str, left)}


def test_nothing_is_pruned_without_a_limit_or_by_who_only_reads(path: Path) -> None:
    fill(path, 100)
    with Store.open(path, limit=1) as store:
        assert store.get(request("0").key) is not None
    assert select(path, "SELECT count(*) FROM replies") == [(100,)]


def test_texts_that_another_process_removed_are_stored_again(path: Path) -> None:
    with Store.open(path) as store:
        for n in range(5):
            store.put(full_request(str(n)), FULL_REPLY)
        with Store.open(path, limit=1) as other:  # removes all, and all texts that were seen before
            other.put(request("other"), REPLY)
        for n in range(5):
            store.put(full_request(str(n)), FULL_REPLY)
    wanted = [(str(n), full_request().messages[0].content, FULL_REPLY.text) for n in range(5)]
    assert select(path, "SELECT user, system, reply FROM asked ORDER BY user") == wanted


# ── how models want to be asked ──────────────────────────────────────────────────────────────


def test_what_was_learned_of_a_model_is_remembered_until_it_is_forgotten(path: Path) -> None:
    with Store.open(path) as store:
        for endpoint in ("http://a/v1", "http://user:pw@b/v1/"):
            for model in ("m", "n"):
                store.learn(endpoint, model, "{}")
        store.learn("http://a/v1/", "m", '{"rung": 1}')
    with Store.open(path) as store:
        assert store.dialect("http://x:y@a/v1", "m") == '{"rung": 1}'
        assert store.dialect("http://a/v1", "o") is None
        assert [(row.endpoint, row.model) for row in store.dialects()] == [
            ("http://a/v1", "m"),
            ("http://a/v1", "n"),
            ("http://b/v1", "m"),
            ("http://b/v1", "n"),
        ]
        assert time.time() - store.dialects()[0].learned < 60
        assert store.forget("http://user:pw@b/v1", "m") == 1
        assert store.forget(model="n") == 2
        assert store.forget() == 1
        assert store.dialects() == []
