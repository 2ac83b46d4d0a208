"""What the cache's file takes: bytes beside raw JSON and zlib per row, CPU per reply stored, time to find them again.

`fill` are 1,000 requests for references, `grade` 1,000 answers to 25 questions. Both are made from the shipped rubrics,
so that texts compress as real ones do. `raw` is the requests and replies as JSON, `raw rows` and `zlib rows` are
SQLite files with a row each of it. CPU is this process's, commits included.

    python benchmarks/bench_store.py [FOUND]
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from dlgrade.answering import answer_request
from dlgrade.grading.asking import grading_request
from dlgrade.grading.evidence import clean
from dlgrade.grading.shapes import shape_of
from dlgrade.library import SHIPPED
from dlgrade.llm.request import Reply, Request
from dlgrade.llm.store import Store, stored
from dlgrade.models import Question, Rubric, Usage
from dlgrade.prompts import Prompts
from dlgrade.rubrics import load_rubric
from dlgrade.settings import Settings

MANY = 1_000
FOUND = 10_000
Pair = tuple[Request, Reply]


def prose(chance: random.Random, rubrics: Sequence[Rubric], length: int) -> str:
    """Sentences of the shipped references, in any order."""
    text = ""
    while len(text) < length:
        text += chance.choice(chance.choice(rubrics).reference.split(". ")) + ". "
    return text


def filled(count: int, rubrics: Sequence[Rubric], prompts: Prompts, settings: Settings) -> list[Pair]:
    chance = random.Random(1)  # noqa: S311 - the same texts in every run
    pairs = []
    for n in range(count):
        text = f"{rubrics[n % len(rubrics)].question} ({n})"
        question = Question(bank="b", position=n + 1, raw=text, text=text, category="Basics", line=1)
        pairs.append((answer_request(question, prompts, settings), replied(prose(chance, rubrics, 1_400))))
    return pairs


def graded(count: int, rubrics: Sequence[Rubric], prompts: Prompts, settings: Settings) -> list[Pair]:
    chance = random.Random(2)  # noqa: S311 - the same texts in every run
    pairs = []
    for n in range(count):
        rubric = rubrics[n % 25]
        answer = f"Answer {n}. {prose(chance, rubrics, 900)}"
        request = grading_request(clean(answer), rubric, prompts, settings)
        verdicts = {
            key: {
                "quotes": [prose(chance, rubrics, 60)[:80]],
                "reason": prose(chance, rubrics, 80)[:120],
                **({"found": False} if key[0] == "m" else {"verdict": "met"}),
            }
            for key in shape_of(rubric).model_fields
        }
        pairs.append((request, replied(json.dumps(verdicts))))
    return pairs


def replied(text: str) -> Reply:
    usage = Usage(prompt_tokens=300, completion_tokens=350, total_tokens=650)
    return Reply(text=text, model="a-model-2025-04-14", usage=usage)


def rows(pairs: Sequence[Pair], path: Path, packed: Callable[[bytes], bytes]) -> int:
    """The bytes of a plain SQLite file with a row for each."""
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE replies (key TEXT PRIMARY KEY, request BLOB, reply BLOB)")
    for request, reply in pairs:
        values = (json.dumps(request.parts).encode(), reply.model_dump_json().encode())
        db.execute("INSERT INTO replies VALUES (?, ?, ?)", (request.key, *map(packed, values)))
    db.commit()
    db.close()
    return path.stat().st_size


def put(pairs: Sequence[Pair], path: Path) -> tuple[float, float, int]:
    """CPU and wall time for each, in microseconds, and the bytes of the file."""
    for request, _ in pairs:
        request.key  # noqa: B018 - the client that asks has worked it out already
    with Store.open(path) as store:
        cpu, wall = time.process_time(), time.perf_counter()
        for request, reply in pairs:
            store.put(request, reply)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / len(pairs) * 1e6, wall / len(pairs) * 1e6, path.stat().st_size


def main() -> None:
    found = int(sys.argv[1]) if sys.argv[1:] else FOUND
    rubrics = [load_rubric(path) for path in sorted((SHIPPED / "rubrics").glob("*.yaml"))]
    prompts, settings = Prompts([SHIPPED / "prompts"]), Settings(model="a-model")
    print(f"{'':8} {'raw':>9} {'raw rows':>9} {'zlib rows':>9} {'store':>9} {'CPU µs':>7} {'wall µs':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (("fill", filled), ("grade", graded)):
            pairs = make(MANY, rubrics, prompts, settings)
            raw = sum(len(json.dumps(one.parts)) + len(two.model_dump_json()) for one, two in pairs)
            plain = rows(pairs, Path(folder, f"{name}-raw"), bytes)
            packed = rows(pairs, Path(folder, f"{name}-zlib"), zlib.compress)
            cpu, wall, size = put(pairs, Path(folder, name))
            print(f"{name:8} {raw:9,} {plain:9,} {packed:9,} {size:9,} {cpu:7.0f} {wall:7.0f}")
        pairs = filled(found, rubrics, prompts, settings)
        path = Path(folder, "many")
        put(pairs, path)
        with Store.open(path) as store:
            began = time.perf_counter()
            replies = store.get_many([request.key for request, _ in pairs])
            took = time.perf_counter() - began
            began = time.perf_counter()
            stored(store, (request for request, _ in pairs))
            checked = time.perf_counter() - began
            began = time.perf_counter()
        closed = time.perf_counter() - began
    print(f"{len(replies):,} found again: {took:.3f} s, checked {checked:.3f} s, uses noted {closed:.3f} s")


if __name__ == "__main__":
    main()
