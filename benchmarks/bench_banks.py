"""How reading and filling grow with a bank, beside a bare parse with the Markdown library, in one run.

Reading is linear if the time per question stays flat. `x parse` is the time to read over the time to parse; data
are not parsed by the Markdown library, so there it only says how long Markdown of that size takes. `memory` is how
much the process grows while it reads, over the size of the document. Every answer has 150 words, as references do.
`fill s` is one pass that puts an answer of a line below every question of the same bank without its answers.

    python benchmarks/bench_banks.py [SIZE …]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from markdown_it import MarkdownIt

from dlgrade.banks.filling import fill
from dlgrade.banks.reading import bank_from_text

SIZES = (1_000, 10_000, 100_000)
FILLED = 10_000  # the largest bank that is filled here
SENTENCE = "Units are dropped at random, each with probability $p$, so that none can rely on the others being there. "
ANSWER = (SENTENCE * 8).strip()


@dataclass(frozen=True)
class Form:
    """A made bank: what it begins with, and an entry of it by number and answer."""

    suffix: str
    entry: Callable[[int, str], str]
    head: str = ""


FORMS = {
    "headings": Form(".md", lambda n, a: f"## Question {n}\n\n**What is thing {n}?**\n\n**Answer:** {a}\n\n---\n\n"),
    "list": Form(".md", lambda n, a: f"{n}. What is thing {n}?\n\n" + (f"   {a}\n\n" if a else "")),
    "table": Form(
        ".md",
        lambda n, a: f"| {n} | Things | What is thing {n}? | {a} |\n",
        "| No. | Topic | Question | Answer |\n|-|-|-|-|\n",
    ),
    "bold": Form(".md", lambda n, a: f"**{n}. What is thing {n}?**\n\n" + (f"{a}\n\n" if a else "")),
    "details": Form(".md", lambda n, a: f"<details>\n<summary>What is thing {n}?</summary>\n\n{a}\n\n</details>\n\n"),
    "plain": Form(".txt", lambda n, a: f"Q{n}: What is thing {n}?\nA{n}: {a}\n\n"),
    "csv": Form(".csv", lambda n, a: f'{n},Things,"What is thing {n}, and why?","{a}"\n', "id,topic,question,answer\n"),
    "jsonl": Form(".jsonl", lambda n, a: f'{{"id": {n}, "question": "What is thing {n}?", "answer": "{a}"}}\n'),
    "yaml": Form(".yaml", lambda n, a: f'- id: {n}\n  question: What is thing {n}?\n  answer: "{a}"\n'),
}


def made(form: Form, size: int, answer: str) -> str:
    return form.head + "".join(form.entry(n, answer) for n in range(1, size + 1))


def measured(name: str, size: int) -> tuple[float, float, float, float | None]:
    """Seconds to parse and to read, memory over size, seconds to fill; in a process of its own."""
    form = FORMS[name]
    text = made(form, size, ANSWER)
    bank_from_text(made(form, 20, ANSWER), path=f"x{form.suffix}")  # what is loaded once is loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = timed(lambda: bank_from_text(text, path=f"x{form.suffix}"))
    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    parse = timed(lambda: MarkdownIt("commonmark").enable("table").parse(text))
    if size > FILLED:
        return parse, read, grown / len(text), None
    empty = bank_from_text(made(form, size, ""), path=f"x{form.suffix}")
    answers = {question.id: f"It is thing {question.number}." for question in empty.questions}
    return parse, read, grown / len(text), timed(lambda: fill(empty, answers))


def timed(work: Callable[[], object]) -> float:
    """Seconds of CPU."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    print(f"{'form':10} {'questions':>9} {'read s':>8} {'µs each':>8} {'x parse':>8} {'memory':>7} {'fill s':>7}")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for name in FORMS:
            for size in sizes:
                parse, read, grown, filled = pool.apply(measured, (name, size))
                last = "" if filled is None else f"{filled:7.2f}"
                each, ratio = 1e6 * read / size, read / parse
                print(f"{name:10} {size:9,} {read:8.2f} {each:8.1f} {ratio:8.2f} {grown:6.1f}x {last:>7}", flush=True)


if __name__ == "__main__":
    main()
