"""The report's page in a real browser: whole in itself, readable by everybody, and safe with hostile answers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import DESK, PHONE, looked_at, opened
from playwright.sync_api import Browser

from dlgrade.models import Evidence, Finding, Grade, Grader, Verdict

QUESTION = "How do dropout layers help prevent overfitting?"
HOSTILE = (
    "<script>window.bad = 1</script><img src='http://127.0.0.1:9/x.png' onerror='window.bad = 2'> "
    "</div></details><style>body { display: none }</style> [me](javascript:window.bad=3) {{ 7*7 }} &lt;b&gt;"
)
ANSWERS = {
    "ann": "Units are dropped at random at every step, so they learn robust features. It stays on at inference.",
    "bob": "Units are dropped at random at every step, so they learn fragile features. It stays on at inference.",
    "<b>eve</b>": HOSTILE,
    "rtl": "abc \u202egnihton\u202c def \u200b\u200b.",
    "zoe": "I do not know.",
}


def quoted(answer: str, *quotes: str) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(quote=quote, start=answer.index(quote), end=answer.index(quote) + len(quote)) for quote in quotes
    )


def grade(id_: str, first: str, second: str, *, found: str = "", flags: tuple[str, ...] = (), **more: Any) -> Grade:
    answer = ANSWERS[id_]
    worth = {"met": 2.0, "partial": 1.0, "missed": 0.0}
    words = ("met" if first else "missed", "partial" if second else "missed")
    score = sum(worth[word] for word in words)
    return Grade(
        id=id_,
        question=QUESTION,
        rubric="dropout",
        status="graded",
        score=score,
        max_score=4,
        percent=25 * score,
        verdicts=(
            Verdict(
                criterion="random-masking",
                verdict="met" if first else "missed",
                points=worth[words[0]],
                max_points=2,
                evidence=quoted(answer, first) if first else (),
                why="It says <i>so</i>.",
            ),
            Verdict(
                criterion="robust-features",
                verdict="partial" if second else "missed",
                points=worth[words[1]],
                max_points=2,
                evidence=quoted(answer, second) if second else (),
            ),
        ),
        misconceptions=(
            Finding(
                id="active-at-inference", found=bool(found), cost=1, evidence=quoted(answer, found) if found else ()
            ),
        ),
        grader=Grader(model="a <model>", prompt="grade@1"),
        confidence=0.5 if flags else 0.9,
        flags=flags,
        **more,
    )


GRADES = (
    grade("ann", "dropped at random at every step", "at every step, so they learn", found="stays on at inference"),
    grade("bob", "", ""),
    grade("<b>eve</b>", "<script>window.bad = 1</script>", "", flags=("text addressed to the grader at 0-31",)),
    grade("rtl", "\u202egnihton\u202c", "", flags=("needs review: <u>invisible</u> characters at 4",)),
    Grade(
        id="zoe",
        question=QUESTION,
        rubric="dropout",
        status="ungraded",
        score=None,
        max_score=4,
        percent=None,
        grader=Grader(model="a <model>", prompt="grade@1"),
        error={"kind": "refused", "message": "The model said <no>."},
    ),
)


def class_files(folder: Path) -> tuple[Path, Path]:
    grades, answers = folder / "grades.jsonl", folder / "class.csv"
    grades.write_text("".join(one.model_dump_json() + "\n" for one in GRADES), encoding="utf-8")
    with answers.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "question", "answer", "<th>name"])
        table.writerows(
            [id_, "dropout", answer, f"<script>window.bad = 4</script>{id_}\u202e"] for id_, answer in ANSWERS.items()
        )
    return grades, answers


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as found:
        yield found


@pytest.fixture
def page(run: Any, tmp_path: Path) -> Path:
    grades, answers = class_files(tmp_path)
    ran = run("grades", "report", grades, "--answers", answers, "--html", "r.html")
    assert ran.code == 0, ran.err
    return tmp_path / "r.html"


def test_each_answer_is_there_with_its_quotes_marked_also_where_they_overlap(browser: Browser, page: Path) -> None:
    with looked_at(browser, page, anchor="a0") as seen:
        ann = seen.page.locator("#a0")
        marks = ann.locator("mark")
        assert [mark.inner_text() for mark in marks.all()] == [
            *("dropped at random ", "at every step", ", so they learn", "stays on at inference"),
        ]
        assert [mark.get_attribute("class") for mark in marks.all()] == ["met", "partial", "partial", "wrong"]
        assert marks.nth(1).get_attribute("title") == "random-masking: met; robust-features: partial"
        # the label of each quote stands at its end, and beside the verdict that it is for
        assert ann.locator("sup").all_inner_texts() == ["1", "2", "M1"]
        assert ann.locator(".verdict .label").all_inner_texts() == ["1", "2", "M1"]
        assert "".join(ann.locator(".said").inner_text().split()) == "".join(
            ANSWERS["ann"]
            .replace("step", "step1", 1)
            .replace("learn", "learn2")
            .replace("inference", "inferenceM1")
            .split()
        )


def test_what_a_quote_shows_is_told_by_its_line_and_not_by_colour_alone(browser: Browser, page: Path) -> None:
    with looked_at(browser, page, anchor="a0") as seen:
        style = "mark => getComputedStyle(mark).textDecorationStyle"
        lines = [mark.evaluate(style) for mark in seen.page.locator("#a0 mark").all()]
        assert lines == ["solid", "dashed", "dashed", "wavy"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_asks_nobody_complains_of_nothing_and_is_fit_for_everybody(
    browser: Browser, page: Path, size: tuple[int, int], scheme: Any
) -> None:
    with looked_at(browser, page, size=size, scheme=scheme) as seen:
        seen.page.get_by_role("button", name="Open all").click()
        assert seen.page.locator("details.answer:not([open])").count() == 0
        assert seen.too_wide() <= 0
        assert (seen.said, seen.asked) == ([], [])
        assert seen.unfit() == []


def test_dark_is_dark_and_light_is_light(browser: Browser, page: Path) -> None:
    lights = {}
    for scheme in ("light", "dark"):
        with looked_at(browser, page, scheme=scheme) as seen:
            colour = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
            lights[scheme] = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))
    assert lights["light"] > 3 * 230
    assert lights["dark"] < 3 * 50


def test_nothing_that_an_answer_a_name_or_a_column_says_is_run_or_taken_for_markup(
    browser: Browser, page: Path
) -> None:
    with looked_at(browser, page, anchor="a2") as seen:
        assert seen.page.evaluate("window.bad") is None
        assert seen.page.locator("main script, main style, main img, main b, main i").count() == 0
        assert seen.page.locator("a[href^=javascript]").count() == 0
        said = seen.page.locator("#a2 .said").inner_text()
        assert said == HOSTILE.replace("</script>", "</script>1", 1)  # the quote's label stands at its end
        assert "<script>window.bad = 4</script><b>eve</b>" in seen.page.locator("#a2 .extra").inner_text()
        assert seen.page.locator("#a2 .extra dt").all_inner_texts() == ["<th>name"]
        assert seen.page.locator("summary .id").all_inner_texts()[1:3] == ["<b>eve</b>", "rtl"]


def test_a_script_that_got_into_the_page_all_the_same_would_not_run(browser: Browser, page: Path) -> None:
    broken = page.with_name("broken.html")
    inside = "<script>window.bad = 5</script><img src=x onerror='window.bad = 6'><p style='color: red'>x</p></main>"
    broken.write_text(page.read_text(encoding="utf-8").replace("</main>", inside), encoding="utf-8")
    with looked_at(browser, broken) as seen:
        assert seen.page.evaluate("window.bad") is None
        assert all("Content Security Policy" in line for line in seen.said)
        assert len(seen.said) >= 3


def test_what_cannot_be_seen_is_shown_by_its_number(browser: Browser, page: Path) -> None:
    with looked_at(browser, page, anchor="a3") as seen:
        rtl = seen.page.locator("#a3")
        assert rtl.locator(".unprinted").all_inner_texts() == ["U+202E", "U+202C", "U+200B ×2"]
        assert rtl.locator(".extra dd").inner_text() == "<script>window.bad = 4</script>rtlU+202E"
        assert not set(seen.page.content()) & set("\u202e\u202c\u200b")


def test_without_scripts_everything_can_be_read(browser: Browser, page: Path) -> None:
    with looked_at(browser, page, scripts=False, anchor="a0") as seen:
        assert not seen.page.locator(".tools").is_visible()
        assert seen.page.locator("#a0 .said").is_visible()  # a browser opens what it is sent to
        closed = seen.page.locator("details.answer").filter(has_text="bob")
        assert not closed.locator(".body").is_visible()
        closed.locator("summary").click()
        assert closed.locator(".body").is_visible()


def test_the_keyboard_reaches_and_opens_everything(browser: Browser, page: Path) -> None:
    with looked_at(browser, page) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        first = seen.page.locator("details.answer").first
        for _ in range(60):
            if first.locator("summary").evaluate("one => one === document.activeElement"):
                break
            seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Enter")
        assert first.locator(".body").is_visible()


def test_answers_are_found_ordered_and_opened_from_the_lists(browser: Browser, page: Path) -> None:
    with looked_at(browser, page) as seen:
        ids = seen.page.locator("details.answer:not([hidden]) .id")
        assert ids.all_inner_texts() == ["zoe", "<b>eve</b>", "rtl", "ann", "bob"]
        seen.page.get_by_label("Order").select_option("low")
        assert ids.all_inner_texts() == ["zoe", "bob", "<b>eve</b>", "rtl", "ann"]
        seen.page.get_by_label("Find").fill("FRAGILE")
        assert ids.all_inner_texts() == ["bob"]
        assert seen.page.locator("#count").inner_text() == "1 of 5 answers"
        seen.page.get_by_label("Find").fill("")
        seen.page.get_by_label("only those that need a look").check()
        assert ids.all_inner_texts() == ["zoe", "<b>eve</b>", "rtl"]
        seen.page.locator(".twins a").first.click()
        assert seen.page.locator("#a1").is_visible()


def test_nearly_equal_answers_stand_side_by_side_with_what_differs_underlined(browser: Browser, page: Path) -> None:
    with looked_at(browser, page) as seen:
        twins = seen.page.locator(".twins")
        assert twins.count() == 1
        assert twins.locator("strong").all_inner_texts() == ["bob", "ann"]
        assert twins.locator("u").all_inner_texts() == ["fragile", "robust"]


def test_printed_all_answers_are_open_and_black_on_white(browser: Browser, page: Path) -> None:
    with looked_at(browser, page, scheme="dark") as seen:
        seen.page.emulate_media(media="print")
        heights = [
            body.evaluate("one => one.getBoundingClientRect().height") for body in seen.page.locator(".body").all()
        ]
        assert len(heights) == len(GRADES)
        assert min(heights) > 40
        assert not seen.page.locator(".tools").is_visible()
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_without_the_answers_the_quotes_alone_are_shown(browser: Browser, run: Any, tmp_path: Path) -> None:
    grades, _ = class_files(tmp_path)
    assert run("grades", "report", grades, "--html", "bare.html").code == 0
    with looked_at(browser, tmp_path / "bare.html", anchor="a0") as seen:
        assert seen.page.locator("#a0 blockquote").all_inner_texts() == [
            *("dropped at random at every step", "at every step, so they learn", "stays on at inference"),
        ]
        assert seen.page.locator("mark").count() == 4  # the legend's
        assert seen.page.locator("#a2 blockquote").text_content() == "<script>window.bad = 1</script>"
        assert seen.page.evaluate("window.bad") is None
        assert seen.unfit() == []
