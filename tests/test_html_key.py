"""An answer key as a page in a real browser: whole without network and script, for everybody, and harmless."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import PHONE, Seen, looked_at, opened
from conftest import ROOT
from justhtml import JustHTML
from playwright.sync_api import Browser

SAMPLES = ROOT / "tests" / "samples" / "pages"


@dataclass(frozen=True)
class Pages:
    """What is looked at here, made once."""

    all: Path
    odd: Path
    student: Path
    hostile: Path
    ids: tuple[str, ...]


def dlgrade(*arguments: object) -> str:
    command = [sys.executable, "-m", "dlgrade", *map(str, arguments)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode in {0, 1}, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("pages")
    ids = tuple(row["id"] for row in json.loads(dlgrade("list", "questions", "--json")))
    names = ("all", "odd", "student", "hostile")
    found = Pages(**{name: folder / f"{name}.html" for name in names}, ids=ids)
    shutil.copy(SAMPLES / "hostile.md", folder / "bad <b>.md")
    dlgrade("export", "questions", "--to", found.all, "--rubrics")
    dlgrade("export", SAMPLES / "odd.md", "--to", found.odd)
    dlgrade("export", "questions/general.md", "--to", found.student, "--student")
    dlgrade("export", folder / "bad <b>.md", "--to", found.hostile)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as found:
        yield found


def shown(seen: Seen) -> list[str]:
    return list(seen.page.eval_on_selector_all(".entry:not([hidden])", "found => found.map(one => one.id)"))


def opened_folds(seen: Seen) -> int:
    return seen.page.locator("details.fold[open]").count()


# ── what every reader sees ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["all", "odd", "student", "hostile"])
def test_the_page_is_html_without_an_error(pages: Pages, name: str) -> None:
    parsed = JustHTML(getattr(pages, name).read_bytes(), strict=True, sanitize=False)
    ids = [node.attrs["id"] for node in parsed.query("*") if node.attrs and "id" in node.attrs]
    assert len(ids) == len(set(ids))


def test_every_question_of_the_banks_has_its_place(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.all) as seen:
        found = set(seen.page.eval_on_selector_all(".entry, .aside [id]", "found => found.map(one => one.id)"))
        assert len(pages.ids) == 175
        assert found == set(pages.ids)
        assert seen.page.locator("details.fold .says").count() == len(shown(seen))
        assert seen.page.locator("code.formula, merror").count() == 0
        assert seen.page.locator("math").count() > 900
        assert (seen.said, seen.asked) == ([], [])


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("odd", "light"), ("odd", "dark"), ("student", "light"), ("student", "dark"), ("hostile", "light")],
)
def test_nobody_is_kept_out(pages: Pages, browser: Browser, name: str, scheme: str) -> None:
    with looked_at(browser, getattr(pages, name), scheme="dark" if scheme == "dark" else "light") as seen:
        if seen.page.locator("#open").count():
            seen.page.click("#open")
        assert seen.unfit() == []
        assert seen.said == []


@pytest.mark.parametrize("name", ["odd", "student", "all", "hostile"])
def test_a_phone_is_wide_enough(pages: Pages, browser: Browser, name: str) -> None:
    with looked_at(browser, getattr(pages, name), size=PHONE) as seen:
        if seen.page.locator("#open").count():
            seen.page.click("#open")
        assert seen.too_wide() <= 0
        assert name == "all" or seen.unfit() == []


def test_without_scripts_everything_can_be_read(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.all, scripts=False) as seen:
        first = seen.page.locator(".entry").first
        assert not first.locator(".says").is_visible()
        first.locator("summary").first.click()
        assert first.locator(".says").is_visible()
        assert not seen.page.locator("#search").is_visible()
        seen.page.locator(".contents a").last.click()
        assert seen.page.locator(".entry").last.is_visible()


def test_texts_stand_as_they_are_written(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.odd) as seen:
        seen.page.click("#open")
        text = seen.page.inner_text("main")
        for part in ("x < y && z", '"quotes" | pipes', "$5 and $6", "😀, 中文, Ελληνικά", "a | b", 'return "<s>"'):
            assert part in text
        assert seen.page.locator(".says ul ol ul li").inner_text() == "deeper"
        assert seen.page.locator(".c-k").first.inner_text() == "def"
        assert (
            seen.page.evaluate("getComputedStyle(document.getElementById('odd:2').querySelector('h3')).direction")
            == "rtl"
        )
        assert "Nobody has answered this?" in seen.page.inner_text("section[aria-labelledby=missing]")
        assert seen.page.get_by_role("link", name="this").get_attribute("href") == "https://example.org/?a=1&b=2"


def test_hostile_text_is_shown_and_does_nothing(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.hostile) as seen:
        seen.page.click("#open")
        seen.page.mouse.move(300, 300)
        text = seen.page.inner_text("main")
        for number in (2, 5, 6, 8, 11, 12, 14, 16, 17):
            assert f"alert({number})" in text
            assert ("{{7+7}} {% raw %}" in text, "14 " in text) == (True, False)
        links = seen.page.eval_on_selector_all("a", "found => found.map(one => one.getAttribute('href'))")
        assert all(link.startswith(("#", "https://")) for link in links)
        assert seen.page.locator("main script, main style, main img, main svg, main base, main meta").count() == 0
        assert (seen.said, seen.asked) == ([], [])


def test_the_policy_would_stop_what_slipped_through(pages: Pages, browser: Browser, tmp_path: Path) -> None:
    page = pages.odd.read_text(encoding="utf-8")
    does = "document.title = 'owned'"
    evil = f"<script>{does}</script><img src='https://example.org/p.png' onerror=\"{does}\">"
    (tmp_path / "evil.html").write_text(page.replace("<main", f"{evil}<main"), encoding="utf-8")
    with looked_at(browser, tmp_path / "evil.html") as seen:
        assert seen.page.title() == "Answer key: odd"
        assert any("Content Security Policy" in line for line in seen.said)


# ── search, filters, keys ────────────────────────────────────────────────────────────────────


def test_search_and_filters_narrow_down_together(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.all) as seen:
        whole = len(shown(seen))
        seen.page.fill("#search", "DROPÓUT co-adaptation")
        few = len(shown(seen))
        assert 0 < few < whole
        assert seen.page.inner_text("#count") == f"{few} of {whole} questions"
        assert seen.page.locator(".contents li li:not([hidden])").count() == few
        assert seen.page.locator("section:not([hidden])").count() <= few
        seen.page.click("button[data-value=basic]")
        assert len(shown(seen)) < few
        seen.page.fill("#search", "")
        basic = len(shown(seen))
        assert few < basic < whole
        seen.page.click("button[data-value=advanced]")
        both = len(shown(seen))
        assert basic < both < whole
        seen.page.click("button[data-value=optimization]")
        assert 0 < len(shown(seen)) < both
        seen.page.fill("#search", "zzzz")
        assert (shown(seen), seen.page.inner_text("#count")) == ([], f"0 of {whole} questions")


def test_a_link_to_a_question_that_is_filtered_out_shows_it(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.all) as seen:
        seen.page.fill("#search", "zzzz")
        seen.page.evaluate("location.hash = 'general:2'")
        seen.page.wait_for_function("!document.querySelector('.entry[hidden]')")
        place = seen.page.evaluate("document.getElementById('general:2').getBoundingClientRect().top")
        assert 0 <= place < 900


def test_keys_go_from_question_to_question(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.all) as seen:
        at = "document.activeElement.closest('.entry')?.id"
        ids = shown(seen)
        seen.page.keyboard.press("j")
        assert seen.page.evaluate(at) == ids[0]
        seen.page.keyboard.press("j")
        seen.page.keyboard.press("j")
        seen.page.keyboard.press("k")
        assert seen.page.evaluate(at) == ids[1]
        seen.page.keyboard.press("o")
        assert opened_folds(seen) == 1
        seen.page.keyboard.press("/")
        seen.page.keyboard.type("jo")
        assert seen.page.input_value("#search") == "jo"
        seen.page.uncheck("#keys")
        seen.page.keyboard.press("o")
        assert opened_folds(seen) == 1, "whoever switches the keys off has none"


def test_all_folds_open_and_close_at_once(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.all) as seen:
        seen.page.click("#open")
        assert opened_folds(seen) == 2 * len(shown(seen))
        seen.page.click("#fold")
        assert opened_folds(seen) == 0


# ── on paper, and for students ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scripts", [True, False])
def test_answers_are_on_paper_also_where_they_are_folded(pages: Pages, browser: Browser, scripts: bool) -> None:
    with looked_at(browser, pages.odd, scripts=scripts, scheme="dark") as seen:
        seen.page.emulate_media(media="print")
        answer = seen.page.locator(".entry .says").first.bounding_box()
        assert answer is not None
        assert answer["height"] > 100
        assert not seen.page.locator(".contents").is_visible()
        after = "getComputedStyle(document.querySelector('.says a[href^=http]'), '::after').content"
        assert "example.org" in seen.page.evaluate(after)
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_printing_leaves_the_folds_as_they_were(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.odd) as seen:
        seen.page.locator(".fold summary").first.click()
        seen.page.pdf()
        assert opened_folds(seen) == 1


def test_students_have_room_to_write_and_no_answers(pages: Pages, browser: Browser) -> None:
    with looked_at(browser, pages.student) as seen:
        assert seen.page.locator("textarea").count() == len(shown(seen)) == 17
        assert seen.page.locator("details.fold").count() == 0
        assert "co-adapt" not in pages.student.read_text(encoding="utf-8")
        seen.page.get_by_label("Your answer to 2").fill("Units are dropped.\n" * 30)
        seen.page.keyboard.press("j")
        assert seen.page.get_by_label("Your answer to 2").evaluate("box => box.scrollHeight - box.clientHeight") == 0
