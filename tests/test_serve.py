"""`dlgrade serve` without a browser: the same services as the terminal, and nothing that is written is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest
from conftest import ROOT, Run
from loopback import Loopback, Scripted
from served import served

from dlgrade.practice.history import FILE

BANK = "# Mine\n\n## 1. How do dropout layers help prevent overfitting?\n\n_[To be filled]_\n"
ANSWER = "It sets units to zero at random. Dropout stays on at inference."
REPLY = (ROOT / "tests" / "samples" / "replies" / "grade-dropout.json").read_text(encoding="utf-8")
GRADED = (ROOT / "tests" / "samples" / "answers" / "dropout.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def bank(tmp_path: Path) -> None:
    (tmp_path / "bank.md").write_text(BANK)


def attempts() -> list[tuple[str, str, bool]]:
    """The question and answer of each attempt, and whether it tries again, in order."""
    file = Path(os.environ["DLGRADE_DATA"]) / FILE
    db = sqlite3.connect(file)
    try:
        return db.execute("SELECT asked, answer, first IS NOT NULL FROM attempts ORDER BY at").fetchall()
    finally:
        db.close()


def kept() -> list[str]:
    """What the drafts say."""
    drafts = (Path(os.environ["DLGRADE_DATA"]) / "drafts").glob("*.md")
    return sorted(draft.read_text() for draft in drafts)


def text(page: str) -> str:
    """What a page says, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


# ── a sitting ────────────────────────────────────────────────────────────────────────────────


def test_a_sitting_goes_as_at_the_terminal_and_its_history_is_the_same(run: Run, tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        result = server.hand_in(question, f"{ANSWER}\r\n")
        page = server.get(result).body
        assert attempts() == [("bank:1", ANSWER, False)]
        assert "0.5 of 10" in text(page)
        assert "Graded by offline, confidence" in text(page)
        assert "It comes back tomorrow." in text(page)
        assert "hint: what happens at inference: “Dropout is … in" in text(page)
        assert server.get("/next").headers["location"] == "/"
    assert run("practice", tmp_path / "bank.md", "--list").out.count("bank:1") == 0
    told = json.loads(run("progress", "--json").out)
    assert (told["answers"], told["gaps"][0]["id"]) == (1, "bank:1")
    piped = run("practice", tmp_path / "bank.md", "--new", "1", stdin=b"").out
    assert "Nothing is due" in piped


def test_the_reference_is_shown_only_when_it_is_asked_for(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        result = server.hand_in(server.first(), ANSWER)
        for telling in ("co-adaptation", "off-at-inference", "switched off"):
            assert telling not in server.get(result).body
        shown = server.get(f"{result}?reference=1").body
        assert "co-adaptation" in shown
        assert "<math>" in shown


def test_quotes_are_marked_by_their_offsets_also_behind_wide_characters_and_other_line_ends(tmp_path: Path) -> None:
    answer = f"😀 𝛼 e\u0301\r\n\r\n{ANSWER}"
    with served(tmp_path, "bank.md") as server:
        page = server.get(server.hand_in(server.first(), answer)).body
    marks = re.findall(r'<mark class="(\w+)"[^>]*>([^<]*)</mark>', page)
    assert marks == [("met", "It sets units to zero at random."), ("wrong", "Dropout stays on at inference.")]
    assert attempts()[0][1] == answer.replace("\r\n", "\n")


def test_a_further_try_is_one_and_does_not_count(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        first = server.hand_in(question, "Units are dropped.")
        id_ = first.rpartition("/")[2]
        again = server.get(f"{question}?again={id_}").body
        assert "Units are dropped.</textarea>" in again
        assert f'name="again" value="{id_}"' in again
        page = server.get(server.hand_in(question, ANSWER, again=id_)).body
        assert "A further try does not count" in text(page)
    assert attempts() == [("bank:1", "Units are dropped.", False), ("bank:1", ANSWER, True)]


def test_a_form_that_is_sent_twice_is_graded_once_and_a_changed_one_tries_again(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        form = {"since": "2026-01-05T12:00:00+00:00", "answer": ANSWER, "do": "grade"}
        with ThreadPoolExecutor(8) as pool:
            led = {got.headers["location"] for got in pool.map(lambda _: server.post(question, form), range(8))}
        assert len(led) == 1
        server.post(f"{question}/draft", form)  # a page's last word, later than its form
        assert (len(attempts()), kept()) == (1, [])
        server.hand_in(question, f"{ANSWER} And more.", since=form["since"])
    assert [first for *_, first in attempts()] == [False, True]


def test_a_persons_verdict_takes_the_graders_place(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        result = server.hand_in(server.first(), ANSWER)
        form = server.get(f"{result}/override").body
        assert "Units cannot rely on particular other units" in text(form)
        for wrong in (
            {"verdict": "", "why": "x"},
            {"verdict": "2 nonsense", "why": "x"},
            {"verdict": "99 met", "why": "x"},
            {"verdict": "M9 absent", "why": "x"},
            {"verdict": "2 met", "why": " "},
        ):
            got = server.post(f"{result}/override", wrong)
            assert (got.status, 'role="alert"' in got.body) == (422, True)
        assert server.post(f"{result}/override", {"verdict": "2 met", "why": "I meant it.", "by": "Anna"}).status == 303
        assert server.post(f"{result}/override", {"verdict": "M1 absent", "why": "No.", "by": ""}).status == 303
        page = text(server.get(result).body)
        assert "5 of 10" in page
        assert "says Anna" in page
        assert "50 %" in text(server.get("/").body)


def test_what_is_not_written_is_asked_for_and_who_does_not_know_says_so(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        empty = server.post(question, {"answer": " \r\n ", "do": "grade"})
        assert (empty.status, "Nothing is written" in empty.body) == (422, True)
        both = server.post(question, {"answer": "words", "do": "unknown"})
        assert (both.status, "words</textarea>" in both.body) == (422, True)
        assert server.first() == question
        to = server.post(question, {"answer": "", "do": "unknown"}).headers["location"]
        assert "0 of 10" in text(server.get(to).body)
    assert attempts() == [("bank:1", "", False)]


def test_banks_and_filters_choose_what_comes_and_go_along_from_page_to_page(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md", ROOT / "questions") as server:
        mine = server.get("/?bank=bank").body
        assert mine.count('<th scope="row">') == 1
        to = server.get("/next?bank=bank").headers["location"]
        assert to.endswith("?bank=bank")
        assert '<input type="hidden" name="bank" value="bank">' in server.get(to).body
        aside = server.post(to.partition("?")[0], {"bank": "bank", "answer": "", "do": "aside"})
        assert aside.headers["location"] == "/next?bank=bank"
        assert server.get("/next?bank=bank").headers["location"] == "/?bank=bank"
        data = server.get("/?topic=DATA&new=3").body
        assert set(re.findall(r"<td>new</td><td>(.*?)</td>", data)) == {"data"}
        assert "No question is like that." in server.get("/?topic=data&bank=bank").body
        assert "No question is like that." in server.get("/?bank=%3Cscript%3E").body


# ── nothing is lost ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_that_ends_at_any_moment_offers_what_was_written_at_the_next_start(
    tmp_path: Path, run: Run, end: signal.Signals
) -> None:
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        since = "2026-01-05T12:00:00+00:00"
        for so_far in ("One", "One line.", "One line.\r\nAnother <line>."):
            assert server.post(f"{question}/draft", {"answer": so_far, "since": since}).status == 204
        assert kept() == ["One line.\nAnother <line>."]
        assert server.end(end) == {signal.SIGINT: 130}.get(end, -end)
        assert "Traceback" not in server.said.read_text()
    with served(tmp_path, "bank.md") as server:
        start = server.get("/").body
        assert "Begun and not finished" in start
        assert "One line. Another &lt;line&gt;." in start
        assert "One line.\nAnother &lt;line&gt;.</textarea>" in server.get(question).body
        assert f'name="since" value="{since}"' in server.get(question).body
        server.hand_in(question, "One line.\nAnother <line>.")
        assert kept() == []
    assert attempts() == [("bank:1", "One line.\nAnother <line>.", False)]


def test_a_draft_can_be_thrown_away_and_one_put_aside_is_kept(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        server.post(question, {"answer": "Half of it", "do": "aside"})
        assert kept() == ["Half of it"]
        start = server.get("/").body
        assert "Half of it" in start
        since = unescape(re.findall(r'name="since" value="([^"]+)"', start)[0])
        server.post(f"{question}/drop", {"since": "2026-01-05T12:00:00+00:00"})
        assert kept() == ["Half of it"]
        assert server.post(f"{question}/drop", {"since": since}).headers["location"] == "/"
        assert (kept(), "Half of it" in server.get("/").body) == ([], False)


def test_two_windows_on_one_question_do_not_write_over_each_other(tmp_path: Path) -> None:
    one, other = "2026-01-05T12:00:00+00:00", "2026-01-05T13:00:00+00:00"
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        for since, words in ((one, "One."), (other, "Other."), (one, "One, longer."), (other, "")):
            server.post(f"{question}/draft", {"answer": words, "since": since})
        server.post(f"{question}/draft", {"answer": "Other, longer.", "since": other})
        assert kept() == ["One, longer.", "Other, longer."]
        links = re.findall(r'href="(/question/[^"]+since=[^"]+)"', server.get("/").body)
        texts = [server.get(unescape(link)).body for link in links]
        assert ["One, longer.</textarea>" in page for page in texts] == [False, True]
        assert ["Other, longer.</textarea>" in page for page in texts] == [True, False]
        server.hand_in(unescape(links[0]), "Other, longer.")
        assert kept() == ["One, longer."]


def test_what_the_terminal_left_is_gone_on_with_and_what_the_page_holds_is_not_offered_there(
    tmp_path: Path, run: Run
) -> None:
    with served(tmp_path, "bank.md") as server:
        server.post(f"{server.first()}/draft", {"answer": "From the page.", "since": ""})
        assert [path.suffix for path in (Path(os.environ["DLGRADE_DATA"]) / "drafts").glob("*.lock")] == [".lock"]
        server.end()
    from dlgrade.practice.drafts import Drafts

    (left,) = Drafts(Path(os.environ["DLGRADE_DATA"])).left()
    assert (left.text, left.card.id) == ("From the page.", "bank:1")
    left.keep()


# ── by a model ───────────────────────────────────────────────────────────────────────────────


def asking(model: Loopback) -> list[str]:
    return ["--model", "made-up", "--base-url", model.url]


def test_a_model_grades_and_the_pages_stay_there_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-key-of-mine")
    go_on = threading.Event()

    def slow(_: object) -> str:
        go_on.wait(30)
        return REPLY

    (tmp_path / "bank.md").write_text(f"{BANK}\n## 2. What is a widget?\n\nA thing.\n")
    with Loopback(slow) as model, served(tmp_path, "bank.md", *asking(model)) as server:
        question = server.get("/next").headers["location"]
        if "widget" in server.get(question).body:
            server.post(question, {"do": "aside"})
            question = server.first()
        to = server.post(question, {"answer": GRADED, "do": "grade"}).headers["location"]
        assert to.startswith("/grading/")
        began = time.monotonic()
        assert "Your answer is being graded" in server.get(to).body
        assert '<meta http-equiv="refresh" content="2">' in server.get(to).body
        assert json.loads(server.get(f"{to}/state").body) == {"to": None}
        assert "being graded" in server.get("/").body
        assert "Begun and not finished" not in server.get("/").body
        assert server.get("/next").headers["location"] != question
        assert server.get("/progress").status == 200
        assert time.monotonic() - began < 5
        go_on.set()
        while (state := json.loads(server.get(f"{to}/state").body))["to"] is None:
            time.sleep(0.05)
        pages = [server.get(path).body for path in (state["to"], f"{state['to']}?reference=1", "/", "/progress")]
        assert "7 of 10" in text(pages[0])
        assert "Graded by made-up" in text(pages[0])
        assert "all units are used" not in pages[0]  # the model's reason says so
        assert server.get(to).headers["location"] == state["to"]
    assert not any("sk-secret" in page for page in pages)


@pytest.mark.parametrize("failure", ["refused key", "nobody listens"])
def test_an_endpoint_that_fails_says_why_and_the_answer_stays(
    tmp_path: Path, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-key-of-mine")
    told = {"error": {"message": "no such key: sk-secret-key-of-mine <b>"}}
    with Loopback(lambda _: Scripted(401, body=told)) as model:
        url = model.url
        if failure == "nobody listens":
            url = "http://127.0.0.1:9/v1"
        with served(tmp_path, "bank.md", "--model", "made-up", "--base-url", url) as server:
            question = server.first()
            to = server.hand_in(question, ANSWER)
            assert to.startswith(f"{question}?failed=")
            page = server.get(to).body
            assert 'role="alert"' in page
            assert ("127.0.0.1:9" if failure == "nobody listens" else "no such key") in text(page)
            assert "Your answer is kept." in page
            assert f"{ANSWER}</textarea>" in page
            assert not re.search(r"sk-secret|Traceback|<b>", page)
            start = server.get("/").body
            assert "could not be graded" in start
            assert "Begun and not finished" in start
    assert (attempts(), kept()) == ([], [ANSWER])


def test_a_refusal_is_kept_and_counts_for_nothing(tmp_path: Path) -> None:
    with (
        Loopback(lambda _: Scripted(400, body={"error": {"message": "content filter", "code": "content_filter"}})) as m,
        served(tmp_path, "bank.md", *asking(m)) as server,
    ):
        page = text(server.get(server.hand_in(server.first(), ANSWER)).body)
        assert "Not graded:" in page
        assert "It is kept, and counts for nothing." in page
        assert server.get("/next").headers["location"] == "/"
    assert attempts() == [("bank:1", ANSWER, False)]


def test_a_server_that_is_stopped_while_a_model_is_asked_ends_at_once_and_keeps_the_answer(tmp_path: Path) -> None:
    go_on = threading.Event()
    with Loopback(lambda _: str(go_on.wait(60))) as model, served(tmp_path, "bank.md", *asking(model)) as server:
        server.post(server.first(), {"answer": ANSWER, "do": "grade"})
        began = time.monotonic()
        assert server.end() == 130
        assert time.monotonic() - began < 10
        assert "Traceback" not in server.said.read_text()
        go_on.set()
    assert (attempts(), kept()) == ([], [ANSWER])


# ── what others wrote ────────────────────────────────────────────────────────────────────────

HOSTILE = (
    "<script>window.bad=1</script><img src=x onerror=bad()> [me](javascript:bad()) {{ 12345*6789 }} \" ' </textarea>"
)


def test_hostile_banks_questions_and_answers_are_text(tmp_path: Path) -> None:
    name = "<img src=x onerror=bad()>"
    (tmp_path / f"{name}.md").write_text(
        f"# {HOSTILE}\n\n## 1. {HOSTILE}?\n\n{HOSTILE}\n\n## 2. Second $<b>x</b>$?\n\n`<i>` $x<y$ {HOSTILE}\n"
    )
    with served(tmp_path, f"{name}.md") as server:
        pages = [server.get("/").body]
        for _ in range(2):
            question = server.first()
            pages.append(server.get(question).body)
            result = server.hand_in(question, HOSTILE)
            pages += [server.get(path).body for path in (result, f"{result}?reference=1", f"{result}/override")]
            pages.append(server.get(f"{question}?again={result.rpartition('/')[2]}").body)
        pages += [server.get(path).body for path in ("/", "/progress", f"/?bank={HOSTILE.replace(' ', '+')}")]
    for page in pages:
        assert not re.search(r"<img|<script(?! src=\"/static)|<b>|<i>|onerror=bad\(\)>(?!&)|href=\"javascript", page), (
            page
        )
        assert "83810205" not in page
    assert any("&lt;script&gt;window.bad=1&lt;/script&gt;" in page for page in pages)


def test_a_mistake_of_ours_is_said_without_a_trace_and_the_server_goes_on(tmp_path: Path) -> None:
    with served(tmp_path, "bank.md") as server:
        question = server.first()
        drafts = Path(os.environ["DLGRADE_DATA"]) / "drafts"
        drafts.write_text("no folder")
        got = server.post(f"{question}/draft", {"answer": "x", "since": ""})
        assert (got.status, "cannot be written" in got.body, "Traceback" in got.body) == (500, True, False)
        assert server.post(question, {"answer": "x", "do": "grade"}).status == 500
        drafts.unlink()
        assert server.hand_in(question, "x").startswith("/attempt/")


def test_a_bank_that_cannot_be_practised_is_an_error_in_words(run: Run) -> None:
    Path("bank.md").write_text("# Mine\n\n## 1. What is a widget?\n\n_[To be filled]_\n")
    ran = run("serve", "bank.md")
    assert (ran.code, "there is no question to practise" in ran.err, "bank:1" in ran.err) == (2, True, True)
    assert run("serve", "no-such.md").code == 2
