"""How reading and filling grow with a bank, beside a bare parse with the Markdown library, in one run.

Reading is linear if the time per question stays flat; `x parse` is the time to read over the time to parse.

    python benchmarks/bench_banks.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

from markdown_it import MarkdownIt

from dlgrade.banks.filling import fill
from dlgrade.banks.reading import bank_from_text

SIZES = (1_000, 10_000)
FORMS: dict[str, Callable[[int], str]] = {
    "headings": lambda n: f"## Question {n}\n\n**What is thing {n}?**\n\n**Answer:** _[To be filled]_\n\n---\n\n",
    "list": lambda n: f"{n}. What is thing {n}?\n",
    "table": lambda n: f"| {n} | Things | What is thing {n}? |\n",
    "csv": lambda n: f'{n},Things,"What is thing {n}, and why?",\n',
    "jsonl": lambda n: f'{{"id": {n}, "question": "What is thing {n}?", "answer": null}}\n',
    "yaml": lambda n: f"- id: {n}\n  question: What is thing {n}?\n  answer:\n",
}
HEAD = {"table": "| No. | Category | Question |\n|---|---|---|\n", "csv": "id,topic,question,answer\n"}
SUFFIX = {"csv": ".csv", "jsonl": ".jsonl", "yaml": ".yaml"}


def timed(work: Callable[[], object]) -> float:
    """Seconds of CPU, the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = MarkdownIt("commonmark").enable("table")
    print(f"{'form':10} {'questions':>9} {'parse s':>8} {'read s':>8} {'µs each':>8} {'x parse':>8} {'fill s':>8}")
    for form, entry in FORMS.items():
        for size in SIZES:
            text = HEAD.get(form, "") + "".join(map(entry, range(1, size + 1)))
            parse = timed(lambda text=text: parser.parse(text))  # type: ignore[misc]
            path = f"x{SUFFIX.get(form, '.md')}"
            read = timed(lambda text=text, path=path: bank_from_text(text, path=path))  # type: ignore[misc]
            bank = bank_from_text(text, path=path)
            answers = {question.id: f"It is thing {question.number}." for question in bank.questions}
            filled = timed(lambda bank=bank, answers=answers: fill(bank, answers))  # type: ignore[misc]
            each = 1e6 * read / size
            print(f"{form:10} {size:9,} {parse:8.3f} {read:8.3f} {each:8.1f} {read / parse:8.2f} {filled:8.3f}")


if __name__ == "__main__":
    main()
