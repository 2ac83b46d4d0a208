"""`dlgrade progress`: on the terminal, as JSON, as one page, and out of one history into another."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import Run
from practising import attempt, card

from dlgrade.practice.history import History

TODAY = datetime.now().astimezone().date()
HOSTILE = "<script>alert(1)</script> & \"quotes\" 'and' {{ 7 * 7 }} </style> 損失 🎯"


@pytest.fixture
def practised() -> None:
    with History.open(Path(os.environ["DLGRADE_DATA"]), on_remark=pytest.fail) as history:
        for n, met in enumerate((1, 2, 3)):
            verdicts = {f"c{k}": "met" if k < met else "missed" for k in range(4)}
            day = TODAY - timedelta(days=14 - 7 * n)
            history.add(attempt(day, verdicts, question="a", seconds=3700), card("a", topic="data"))  # type: ignore[arg-type]
        history.add(attempt(TODAY, {"x": "met"}, question="b"), card("b", id="bank:7", topic="loss", text=HOSTILE))
        history.add(attempt(TODAY, {"y": "missed"}, question="c"), card("c", id="bank:8", topic="loss", text=HOSTILE))


def test_an_empty_history_says_what_to_do(run: Run) -> None:
    ran = run("progress")
    assert (ran.code, ran.out.strip()) == (
        0,
        "Nothing was practised yet. `dlgrade practice` asks a first question.",
    )
    run("progress", "--html", "page.html")
    assert "dlgrade practice</code> asks a first question" in Path("page.html").read_text(encoding="utf-8")
    assert json.loads(run("progress", "--json").out)["answers"] == 0


def test_the_terminal_shows_what_is_due_the_weeks_topics_gaps_and_strengths(run: Run, practised: None) -> None:
    ran = run("progress")
    assert ran.code == 0
    assert "3 questions, 5 answers, since" in ran.out
    assert "3 h 7 min of writing. Streak: 1 day; the longest was 1 day." in ran.out
    assert re.search(r"  today +·{20}  0\n", ran.out)
    week = TODAY - timedelta(days=14 + TODAY.weekday())
    assert re.search(rf"  {week}  █████·{{15}}    25 %    1\n", ran.out)
    assert re.search(r"  data  █{15}·{5}   75 %  1 question\n", ran.out)
    assert "- 3 of 3  c3  general:2 What is dropout?" in ran.out
    assert "+ 100 %  back in 8 days" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_what_cannot_show_blocks_gets_signs(run: Run, practised: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlgrade.cli import plots

    class Ascii:
        encoding = "ascii"

    monkeypatch.setattr(plots.sys, "stdout", Ascii())  # type: ignore[attr-defined]
    assert plots.bar(0.5, 10) == "#####....."
    assert plots.bar(0.001, 4) == "#..."
    assert plots.bar(7.0, 4) == "####"


def test_the_numbers_are_there_for_scripts(run: Run, practised: None) -> None:
    told = json.loads(run("progress", "--json", "--weeks", "3").out)
    assert (told["questions"], told["answers"], told["minutes"]) == (3, 5, 187.0)
    assert [week["percent"] for week in told["weeks"]][:2] == [25.0, 50.0]
    assert [topic["topic"] for topic in told["topics"]] == ["data", "loss"]
    assert told["ahead"][0] == {"day": TODAY.isoformat(), "questions": 0}


# ── the page ─────────────────────────────────────────────────────────────────────────────────


class Page(HTMLParser):
    """What an independent reader finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.style += data
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def test_the_page_is_one_file_that_asks_nobody_and_runs_nothing(run: Run, practised: None) -> None:
    assert run("progress", "--html", "page.html").code == 0
    page = Page(Path("page.html").read_text(encoding="utf-8"))
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(names)
    for _, attributes in page.tags:
        assert not [name for name in attributes if name in {"src", "style"} or name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a) or ""
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy


def test_hostile_text_is_text_in_the_page(run: Run, practised: None) -> None:
    run("progress", "--html", "page.html")
    assert HOSTILE in Page(Path("page.html").read_text(encoding="utf-8")).text


def test_the_plots_say_in_words_what_they_show(run: Run, practised: None) -> None:
    run("progress", "--html", "page.html", "--weeks", "3")
    page = Page(Path("page.html").read_text(encoding="utf-8"))
    labels = [attributes.get("aria-label") or "" for tag, attributes in page.tags if tag == "svg"]
    assert all(labels)
    week = TODAY - timedelta(days=7 + TODAY.weekday())
    assert f"week of {week}: 50 %" in labels[0]
    points = next(attributes["points"] for tag, attributes in page.tags if tag == "polyline") or ""
    heights = [float(point.split(",")[1]) for point in points.split()]
    assert heights[0] > heights[1]  # it went up, and y runs down


def test_a_week_without_an_answer_breaks_the_line(run: Run) -> None:
    with History.open(Path(os.environ["DLGRADE_DATA"]), on_remark=pytest.fail) as history:
        for days in (21, 14, 0):
            history.add(attempt(TODAY - timedelta(days=days), {"a": "met"}, question=f"{days}"), card(f"{days}"))
    run("progress", "--html", "page.html", "--weeks", "6")
    tags = Page(Path("page.html").read_text(encoding="utf-8")).tags
    assert [len((a["points"] or "").split()) for tag, a in tags if tag == "polyline"] == [2]
    assert sum(tag == "circle" for tag, _ in tags) == 3


def test_somebody_elses_file_is_not_replaced(run: Run, practised: None) -> None:
    Path("page.html").write_text("mine")
    ran = run("progress", "--html", "page.html")
    assert (ran.code, Path("page.html").read_text()) == (2, "mine")
    assert "left as it is" in ran.err
    assert run("progress", "--html", "page.pdf").code == 2
    Path("page.html").unlink()
    assert run("progress", "--html", "page.html").code == 0
    assert run("progress", "--html", "page.html").code == 0


# ── out and in ───────────────────────────────────────────────────────────────────────────────


def test_a_history_goes_to_another_machine(run: Run, practised: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("progress", "export", "history.jsonl").out == "history.jsonl: 5 answers\n"
    before = run("progress").out
    assert run("progress", "export", "-").out.splitlines() == Path("history.jsonl").read_text("utf-8").splitlines()
    monkeypatch.setenv("DLGRADE_DATA", "elsewhere")
    assert run("progress", "import", "history.jsonl").out == "history.jsonl: 5 answers, 5 of them new\n"
    assert run("progress", "import", "history.jsonl").out == "history.jsonl: 5 answers, 0 of them new\n"
    assert run("progress").out == before


def test_a_wrong_file_is_named_and_changes_nothing(run: Run) -> None:
    Path("history.jsonl").write_text('{"dlgrade_practice": 1}\n{"card": 7}\n')
    ran = run("progress", "import", "history.jsonl")
    assert ran.code == 2
    assert "history.jsonl:2: " in ran.err
    assert "nothing was imported" in ran.err
    assert run("progress", "import", "nowhere.jsonl").code == 2
