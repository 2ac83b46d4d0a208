"""How well and how fast lost spaces are restored.

`banks` are the questions of the two shipped banks that lost theirs; `links` are questions on other topics with links
marked (tests/samples/repair). `made` glues up to three of the field's terms in questions of rubrics and banks that are
not among the two, with a seed; the terms are those of terms.txt, which the lexicon knows, so it is also done with any
words that a link might hold. Of `links` every second one is held back: it was not looked at while the rules were
made. The 58 of `banks` were right the first time that they were tried, after tuning on other texts; later changes were
kept only if they stayed so.

    python benchmarks/bench_repair.py
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path

import yaml

from dlgrade.banks.same import identity
from dlgrade.banks.spelling.lexicon import FUNCTION, lexicon
from dlgrade.banks.spelling.repair import repaired

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "samples" / "repair"
SEEDS = (1, 2, 3)
MOST_LINKS = 3


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def bare(link: str) -> str:
    return link.replace("[", "").replace("]", "")


def glued(link: str) -> str:
    return re.sub(r" ?\[([^\]]*)\] ?", r"\1", link)


def other_questions(banks: list[str]) -> list[str]:
    """What the rubrics ask that the two banks do not."""
    own = {identity(text) for text in banks}
    found = []
    for path in sorted((ROOT / "rubrics").glob("*.yaml")):
        rubric = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [text for text in (rubric["question"], *rubric.get("also", ())) if identity(text) not in own]
    return found


def terms() -> re.Pattern[str]:
    words = {term.strip() for line in lines(ROOT / "benchmarks" / "terms.txt") for term in line.split(",")}
    longest = sorted((re.escape(term) for term in words if len(term) > 4), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest)})s?\b", re.IGNORECASE)


def anything(question: str) -> list[tuple[int, int]]:
    """Spans of one to four words that begin and end with no function word, whether they are a term or not."""
    words = [match.span() for match in re.finditer(r"[A-Za-z][\w'’-]*", question)][1:]
    rows = [words[i : i + size] for size in (4, 3, 2, 1) for i in range(len(words) - size + 1)]
    ends = [(row[0][0], row[-1][1]) for row in rows if not FUNCTION.intersection(_borders(question, row))]
    return [span for i, span in enumerate(ends) if not any(a <= span[1] and span[0] <= b for a, b in ends[:i])]


def _borders(question: str, row: list[tuple[int, int]]) -> set[str]:
    return {question[slice(*span)].lower() for span in (row[0], row[-1])}


def made(question: str, found: list[tuple[int, int]], dice: random.Random) -> str:
    """Return the question as it reads when links on some of the spans lose the spaces around them."""
    for start, end in sorted(dice.sample(found, min(len(found), MOST_LINKS)), reverse=True):
        before, after = question[:start], question[end:]
        before = before.removesuffix(" ") if dice.random() < 0.9 else before
        after = after.removeprefix(" ") if dice.random() < 0.9 else after
        question = before + question[start:end] + after
    return question


def share(name: str, pairs: list[tuple[str, str]]) -> None:
    right = sum(repaired(lost) == text for lost, text in pairs)
    print(f"{name:34} {right:5} of {len(pairs):5} {100 * right / len(pairs):6.1f} %")


def quality() -> list[str]:
    banks, links = lines(SAMPLES / "banks.txt"), lines(SAMPLES / "links.txt")
    pairs = [(marked.replace("|", ""), marked.replace("|", " ")) for marked in banks]
    share("banks", pairs)
    share("links, developed with", [(glued(link), bare(link)) for link in links[::2]])
    share("links, held back", [(glued(link), bare(link)) for link in links[1::2]])
    others, term = other_questions([lost for lost, _ in pairs]), terms()
    for seed in SEEDS:
        dice = random.Random(seed)  # noqa: S311 - no secret is made
        lost = [(made(text, [match.span() for match in term.finditer(text)], dice), text) for text in others]
        share(f"made of terms, seed {seed}", [(text, right) for text, right in lost if text != right])
        lost = [(made(text, anything(text), dice), text) for text in others]
        share(f"made of any words, seed {seed}", [(text, right) for text, right in lost if text != right])
    clean = [*others, *map(bare, links), *(right for _, right in pairs)]
    share("clean, unchanged", [(text, text) for text in clean])
    share("names, unchanged", [(word, word) for line in lines(SAMPLES / "names.txt") for word in line.split()])
    return [lost for lost, _ in pairs] + clean


def speed(texts: list[str]) -> None:
    start = time.perf_counter()
    for text in texts:
        repaired(text)
    print(f"{'a question':34} {1e6 * (time.perf_counter() - start) / len(texts):8.0f} µs")
    took = []
    for _ in range(7):
        lexicon.cache_clear()
        start = time.perf_counter()
        lexicon()
        took.append(1e3 * (time.perf_counter() - start))
    print(f"{'reading the lexicon':34} {min(took):8.1f} ms")
    script = (
        "import time, dlgrade.banks.reading; start = time.process_time(); import dlgrade.banks.spelling.repair;"
        "print(time.process_time() - start)"
    )
    took = [1e3 * float(subprocess.check_output([sys.executable, "-c", script])) for _ in range(7)]
    print(f"{'importing it beside the readers':34} {min(took):8.1f} ms")


if __name__ == "__main__":
    speed(quality())
