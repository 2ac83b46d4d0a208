"""The pages of `dlgrade serve` in a real browser: by keyboard alone, on a phone, without scripts, for everybody."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import DESK, PHONE, Seen, looked_at, opened
from conftest import ROOT
from loopback import Loopback, Scripted
from playwright.sync_api import Browser, Page, expect
from served import Served, served

from dlgrade.practice.history import FILE

ANSWER = (
    "During training, dropout sets units to zero at random, so that units cannot rely on particular other units.\n"
    "Dropout stays on at inference."
)
LONG = "w" * 300


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "bank.md").write_text(
        "# Mine\n\n## 1. How do dropout layers help prevent overfitting?\n\n_[To be filled]_\n\n"
        f"## 2. What does $\\frac{{a}}{{b}}$ mean in `x = {LONG}`?\n\n"
        f"| a | b |\n|---|---|\n| {LONG} | $x^2$ |\n\n```python\nprint({LONG!r})\n```\n"
    )
    with served(tmp_path, "bank.md") as running:
        yield running


def pressed(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def ready(page: Page) -> None:
    """Wait until what is typed goes into the answer: it has the focus a moment after the page is there."""
    expect(page.locator("#answer")).to_be_focused()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def tabbed_to(page: Page, words: str) -> None:
    """Press Tab until what has these words is focused."""
    for _ in range(80):
        if focused(page).startswith(words):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {words!r}")


def fine(seen: Seen, server: Served) -> None:
    """Nothing is complained of, nothing asked of others, nothing too wide, nothing unfit for anybody."""
    assert (seen.said, [url for url in seen.asked if not url.startswith(server.url)]) == ([], [])
    assert (seen.too_wide() <= 0, seen.unfit()) == (True, [])


# ── a sitting ────────────────────────────────────────────────────────────────────────────────


def test_a_sitting_by_keyboard_alone(browser: Browser, server: Served) -> None:
    with looked_at(browser, f"{server.url}?topic=regularization") as seen:
        page = seen.page
        tabbed_to(page, "Begin")
        pressed(page, "Enter")
        page.wait_for_url("**/question/**")
        ready(page)
        page.keyboard.type("It sets units to zero at random.")
        pressed(page, "Control+Enter")
        page.wait_for_url("**/attempt/**")
        assert "2.5 of 10" in page.locator(".score").inner_text()
        assert page.locator("text=co-adaptation").count() == 0
        fine(seen, server)

        pressed(page, "t")
        page.wait_for_url("**/question/**")
        expect(page.locator("#answer")).to_have_value("It sets units to zero at random.")
        ready(page)
        pressed(page, "Control+a")
        page.keyboard.type(ANSWER)
        pressed(page, "Tab")
        assert focused(page).startswith("Grade it")
        pressed(page, "Enter")
        page.wait_for_url("**/attempt/**")
        assert "A further try does not count" in page.locator("main").inner_text()
        marks = page.locator("mark")
        told = [(mark.get_attribute("class"), " ".join(mark.inner_text().split())) for mark in marks.all()]
        first, second = ANSWER.splitlines()
        assert told == [("met", first), ("wrong", second)]
        assert page.locator(".said sup").all_inner_texts() == ["1", "2", "M1"]  # two criteria by one sentence


def test_reference_override_next_and_progress_by_keyboard_alone(browser: Browser, server: Served) -> None:
    result = server.hand_in(server.get("/next?topic=regularization").headers["location"].partition("?")[0], ANSWER)
    with looked_at(browser, f"{server.url}{result[1:]}?topic=regularization") as seen:
        page = seen.page
        pressed(page, "r")
        page.wait_for_url("**reference=1#reference")
        assert "co-adaptation" in page.locator(".solution").inner_text()
        assert page.locator(".solution math").count() > 3
        pressed(page, "o")
        page.wait_for_url("**/override**")
        before = page.locator(".said").inner_text()
        assert before == ANSWER
        while page.evaluate("document.activeElement.value") != "4 met":  # one of a group is reached by Tab, others so
            pressed(page, "ArrowDown" if page.evaluate("document.activeElement.type") == "radio" else "Tab")
        assert page.locator("input[value='4 met']").is_checked()
        while page.evaluate("document.activeElement.id") != "why":
            pressed(page, "Tab")
        page.keyboard.type("I meant it.")
        pressed(page, "Enter")
        page.wait_for_url("**/attempt/*")
        assert "says " in page.locator(".verdicts").first.inner_text()
        fine(seen, server)
        pressed(page, "n")
        page.wait_for_url(lambda url: "/attempt/" not in url)
        assert "topic=regularization" in page.url
        tabbed_to(page, "Progress")
        pressed(page, "Enter")
        page.wait_for_url("**/progress**")
        figures = page.locator(".figures").inner_text().split()
        assert "1" in figures
        assert page.locator("svg.weeks").count() == 1
        assert "regularization" in page.locator("table").first.inner_text()
        fine(seen, server)


def test_letters_in_an_answer_are_letters(browser: Browser, server: Served) -> None:
    with looked_at(browser, server.url + server.first()[1:]) as seen:
        ready(seen.page)
        seen.page.keyboard.type("north")
        assert seen.page.locator("#answer").input_value() == "north"
        assert "/question/" in seen.page.url


def pages(server: Served) -> list[str]:
    """Every kind of page, with something on it."""
    question = next(
        path
        for path in (server.first(),)
        if server.post(f"{path}/draft", {"answer": "Begun.", "since": ""}).status == 204
    )
    every = [question, "/"]
    result = server.hand_in(question, ANSWER)
    second = server.first()
    other = server.hand_in(second, LONG)
    every += [second, f"{question}?again={result.rpartition('/')[2]}"]
    for one in (result, other):
        every += [one, f"{one}?reference=1", f"{one}/override"]
    return [*every, "/", "/?bank=bank&difficulty=none", "/progress"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_its_window_and_is_fit_for_everybody(
    browser: Browser, server: Served, size: tuple[int, int], scheme: Any
) -> None:
    paths = pages(server)
    with looked_at(browser, server.url, size=size, scheme=scheme) as seen:
        for path in paths:
            seen.page.goto(server.url + path[1:])
            if path == "/":
                for one in seen.page.locator("details summary").all():
                    one.click()
            fine(seen, server)
        colour = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))
        assert light > 3 * 230 if scheme == "light" else light < 3 * 50


def test_pages_that_say_what_is_wrong_are_fit_for_everybody(browser: Browser, server: Served) -> None:
    question, result = server.first(), server.hand_in(server.first(), ANSWER)
    with looked_at(browser, server.url, size=PHONE) as seen:
        page = seen.page
        page.goto(server.url + question[1:])
        page.get_by_role("button", name="Grade it").click()
        assert "Nothing is written" in page.get_by_role("alert").inner_text()
        assert (seen.too_wide() <= 0, seen.unfit()) == (True, [])
        page.goto(f"{server.url}{result[1:]}/override")
        page.locator("#why").fill("Because.")
        page.get_by_role("button", name="Override").click()
        assert "Choose a verdict" in page.get_by_role("alert").inner_text()
        assert page.locator("#why").input_value() == "Because."
        assert (seen.too_wide() <= 0, seen.unfit()) == (True, [])
        page.goto(f"{server.url}attempt/nothing")
        assert "there is no attempt" in page.get_by_role("alert").inner_text()
        assert (seen.too_wide() <= 0, seen.unfit()) == (True, [])


def test_without_scripts_everything_is_there(browser: Browser, server: Served) -> None:
    with looked_at(browser, server.url, scripts=False, size=PHONE) as seen:
        page = seen.page
        page.get_by_label("topic").select_option("regularization")
        page.get_by_role("button", name="Show").click()
        page.get_by_role("link", name="Begin").click()
        page.get_by_label("Your answer").fill(ANSWER)
        page.get_by_role("button", name="Put aside").click()
        page.get_by_role("link", name="Practice").click()
        page.locator(".begun a").click()
        page.get_by_role("button", name="Grade it").click()
        assert page.locator("mark").count() == 2
        page.get_by_role("link", name="Reference").click()
        assert page.locator("#reference").is_visible()
        page.get_by_role("link", name="Override").click()
        page.get_by_role("radio", name="missed").first.check()
        page.get_by_label("Why").fill("No.")
        page.get_by_role("button", name="Override").click()
        assert "says " in page.locator("main").inner_text()
        page.get_by_role("link", name="Try again").click()
        page.get_by_label("Your answer").fill("")
        page.get_by_role("button", name="I do not know").click()
        assert "0 of 10" in page.locator(".score").inner_text()
        page.get_by_role("link", name="Progress").click()
        assert page.locator("svg.weeks").count() == 1


# ── nothing is lost ──────────────────────────────────────────────────────────────────────────


def kept() -> list[str]:
    return [draft.read_text() for draft in (Path(os.environ["DLGRADE_DATA"]) / "drafts").glob("*.md")]


def test_what_is_written_is_kept_as_it_is_written_and_a_closed_window_loses_nothing(
    browser: Browser, server: Served
) -> None:
    question = server.url + server.first()[1:]
    with looked_at(browser, question) as seen:
        ready(seen.page)
        seen.page.keyboard.type("One line.\n")
        expect(seen.page.locator("#state")).to_have_text("Kept")
        assert kept() == ["One line.\n"]
        seen.page.keyboard.type("Another, half")
        seen.page.close()  # before the moment after which it would have been kept
    with looked_at(browser, question) as seen:
        expect(seen.page.locator("#answer")).to_have_value("One line.\nAnother, half")
        ready(seen.page)
        seen.page.keyboard.type(" done.")
        pressed(seen.page, "Control+Enter")
        seen.page.wait_for_url("**/attempt/**")
        assert seen.page.locator(".said").inner_text().replace("1", "").startswith("One line.\nAnother, half done.")
        assert kept() == []


def test_a_server_that_is_gone_is_told_while_the_text_is_still_there(browser: Browser, server: Served) -> None:
    with looked_at(browser, server.url + server.first()[1:]) as seen:
        ready(seen.page)
        seen.page.keyboard.type("One line.")
        expect(seen.page.locator("#state")).to_have_text("Kept")
        server.process.kill()
        server.process.wait()
        seen.page.keyboard.type(" Another.")
        expect(seen.page.locator("#state")).to_contain_text("Not kept")
        expect(seen.page.locator("#answer")).to_have_value("One line. Another.")


def test_a_page_waits_for_a_model_and_goes_on_by_itself(browser: Browser, tmp_path: Path) -> None:
    import threading

    reply = (ROOT / "tests" / "samples" / "replies" / "grade-dropout.json").read_text(encoding="utf-8")
    answer = (ROOT / "tests" / "samples" / "answers" / "dropout.md").read_text(encoding="utf-8")
    (tmp_path / "bank.md").write_text("## 1. How do dropout layers help prevent overfitting?\n\n_[To be filled]_\n")
    go_on, replies = threading.Event(), iter([Scripted(401, body={"error": {"message": "no such key"}}), reply])

    def slow(_: object) -> Any:
        go_on.wait(30)
        return next(replies)

    with Loopback(slow) as model:
        asking = ("--model", "made-up", "--base-url", model.url)
        with served(tmp_path, "bank.md", *asking) as server, looked_at(browser, server.url, size=PHONE) as seen:
            page = seen.page
            page.goto(server.url + server.first()[1:])
            page.locator("#answer").fill(answer)
            pressed(page, "Control+Enter")
            page.wait_for_url("**/grading/**")
            fine(seen, server)
            go_on.set()
            page.wait_for_url("**failed=**")
            assert "no such key" in page.get_by_role("alert").inner_text()
            expect(page.locator("#answer")).to_have_value(answer.strip())
            fine(seen, server)
            pressed(page, "Control+Enter")
            page.wait_for_url("**/attempt/**")
            assert "7 of 10" in page.locator(".score").inner_text()
            fine(seen, server)


# ── other sites ──────────────────────────────────────────────────────────────────────────────


def test_another_site_can_neither_hand_in_nor_read_nor_frame(browser: Browser, server: Served, tmp_path: Path) -> None:
    import http.server
    import threading

    question = server.url + server.first()[1:]
    (tmp_path / "index.html").write_text(
        f'<form method="post" action="{question}"><input name="answer" value="x"><input name="do" value="grade"></form>'
        f'<iframe src="{server.url}"></iframe>'
        f"<script>window.read = fetch('{server.url}').then(() => 'read', () => 'refused')</script>"
    )

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(tmp_path))

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        with looked_at(browser, f"http://127.0.0.1:{site.server_port}/") as seen:
            page = seen.page
            assert page.evaluate("window.read") == "refused"
            assert page.frames[1].evaluate("document.body ? document.body.innerText : ''").find("Practice") == -1
            page.evaluate("document.forms[0].submit()")
            page.wait_for_url(question)
            assert "did not come from a page of dlgrade's own" in page.inner_text("body")
        site.shutdown()
    db = sqlite3.connect(Path(os.environ["DLGRADE_DATA"]) / FILE)
    assert db.execute("SELECT count(*) FROM attempts").fetchone() == (0,)
    db.close()


def test_a_script_that_got_into_a_page_all_the_same_would_not_run(browser: Browser, server: Served) -> None:
    with looked_at(browser, server.url) as seen:
        seen.page.evaluate(
            "document.body.insertAdjacentHTML('beforeend',"
            ' \'<img src=x onerror="window.bad = 1"><p style="color: red">x</p>\');'
            " document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.bad = 2'}))"
        )
        seen.page.wait_for_timeout(300)
        assert seen.page.evaluate("window.bad") is None
        assert sum("Content Security Policy" in line for line in seen.said) >= 3


def test_the_page_that_others_can_reach_is_opened_with_its_token(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "bank.md").write_text("## 1. How do dropout layers help prevent overfitting?\n\n_[To be filled]_\n")
    with served(tmp_path, "bank.md", "--host", "0.0.0.0") as server:  # noqa: S104 - what is tested
        with looked_at(browser, server.url, size=PHONE) as seen:
            page = seen.page
            page.wait_for_url(lambda url: "token" not in url)
            page.get_by_role("link", name="Begin").click()
            page.get_by_label("Your answer").fill(ANSWER)
            expect(page.locator("#state")).to_have_text("Kept")
            page.get_by_role("button", name="Grade it").click()
            page.wait_for_url("**/attempt/**")
            assert page.evaluate("document.cookie") == ""
            assert (seen.said, seen.unfit()) == ([], [])
        with looked_at(browser, server.url.partition("?")[0]) as seen:
            assert "needs its token" in seen.page.inner_text("body")
