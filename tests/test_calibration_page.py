"""The page of `dlgrade calibrate` in a real browser: whole in itself, and readable by everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import DESK, PHONE, looked_at, opened
from conftest import ROOT
from playwright.sync_api import Browser

from dlgrade.library import SHIPPED
from dlgrade.rubrics import Rubrics


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as found:
        yield found


@pytest.fixture
def page(run: Any, tmp_path: Path) -> Path:
    """Agreement on the first answers in other words, with scores and verdicts, and a second person's scores."""
    rubrics = Rubrics([SHIPPED / "rubrics"])
    rows: list[dict[str, Any]] = []
    for line in (ROOT / "tests/samples/other-words.jsonl").read_text(encoding="utf-8").splitlines()[:24]:
        said = json.loads(line)
        rubric = rubrics.load(said["rubric"])
        share = {"met": 1.0, "partial": 0.5, "missed": 0.0}
        points = sum(criterion.points * share[said["verdicts"][criterion.id]] for criterion in rubric.criteria)
        score = min(rubric.max_score, round(points))
        rows.append(
            {
                "id": f"<script>{len(rows)}",
                "question": said["rubric"],
                "answer": said["answer"],
                "score": score,
                "score2": max(0, score - len(rows) % 2),
                "max_score": rubric.max_score,
                "verdicts": said["verdicts"],
            }
        )
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ran = run("calibrate", tmp_path / "labels.jsonl", "--html", "agreement.html", "--min-kappa", "1")
    assert ran.code == 1, ran.err
    return tmp_path / "agreement.html"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_asks_nobody_complains_of_nothing_and_is_fit_for_everybody(
    browser: Browser, page: Path, size: tuple[int, int], scheme: Any
) -> None:
    with looked_at(browser, page, size=size, scheme=scheme) as seen:
        assert seen.too_wide() <= 0
        assert (seen.said, seen.asked) == ([], [])
        assert seen.unfit() == []


def test_every_matrix_has_all_its_counts_and_frames_where_both_agree(browser: Browser, page: Path) -> None:
    with looked_at(browser, page) as seen:
        scores = seen.page.locator("svg.confusion").first
        assert scores.locator(".cell").count() == 11 * 11
        assert scores.locator(".same").count() == 11
        counts = scores.locator(".shade + text").all_text_contents()
        assert sum(map(int, counts)) == 24
        label = scores.get_attribute("aria-label")
        assert label is not None
        assert label.count("a person") == len(counts)


def test_a_missed_gate_and_the_second_person_stand_on_the_page(browser: Browser, page: Path) -> None:
    with looked_at(browser, page) as seen:
        assert "kappa is 0." in seen.page.locator(".gate").inner_text()
        assert seen.page.locator("svg.interval .diamond").count() == 4
        assert seen.page.get_by_role("columnheader", name="second person").is_visible()
