import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dlgrade.banks.entries import Entry
from dlgrade.banks.filling import Filled, diff, fill, save
from dlgrade.banks.fitting import fit
from dlgrade.banks.reading import bank_from_text, read_back, read_bank
from dlgrade.banks.wording import fold, squash
from dlgrade.errors import OutputError, UnknownQuestion
from dlgrade.models import Bank

QUESTIONS = Path(__file__).parent.parent / "questions"

LONG = textwrap.dedent("""\
    ## Intuition

    Units are *dropped* at random.

    ---

    ### Steps
    - draw a mask
    - multiply

    ```python
    # Question 1
    x = {"a": 1}

    print(x | 1)
    ```

    | Question | b |
    |---|---|
    | What is x? | 2 |

    $$
    L = \\sum_i |x_i|
    $$

    Setext
    ------
    1. What is one?
    2. What is two?

    <!-- left open

    ## Question 9

    ```
    open""")

FORMS = {
    "label": (
        "# T\n\n## Question 1\n\n**What is x?**\n\n**Answer:** _[To be filled]_\n\n---\n\n## Question 2\n\n"
        "**Why?**\n\n**Answer:** TODO\n"
    ),
    "no label": "# T\n\n## Question 1\n\n**What is x?**\n\n---\n\n## Question 2\n\n**Why?**\n---\n",
    "tight": "## 1. What is x?\n---\n## 2. Why?\n## 3. How?\n- Answer:\n## 4. When?\n### Answer\n",
    "faq": "# T\n\n## What is x?\n\n### Why?\n\n## Links\n\nNo answer.\n\n[a]: http://a",
    "list": "# T\n\n1. What is x?\n2) Why?\n  10. How?\n11. When?\n    **Answer:** TBD\n\nEnd.\n",
    "table": (
        "# T\n\n| No | Question |\n|----|----------|\n| 1 | What is x? |\n| 2 | Why? |\n\n## Part\n\n"
        "|Question|\n|-|\n|What is x?|\n|What is x?|\n\n---\n\n# Links\n"
    ),
    "cells": (
        "| Question | Answer | Level |\n|---|---|---|\n| What is x? | | hard |\n| Why? | TODO | easy |\n| How? |\n"
    ),
    "apart": (
        "# T\n\n1. What is x?\n\n_[To be filled]_\n\n2. Why?\n   - \n3. How?\n\nTODO\n\n4. When?\n5. Where?\n\n"
        "_[To be filled]_\n\n6. Who?\n\nTODO\n\nSource: me\n\n# Links\n\nNo answer.\n"
    ),
    "bold": "# T\n\n## Part\n\n**What is x?** ⭐\n\nTODO\n\n**Explain y.**\n\n<br/>\n\n**3) How?**\n\n## Links\n\nNo.",
    "bold numbers": "# T\n\n**1)** What is x?\n\n**2)** Why?\nAnswer: TODO\n\n---\n\n**Q3:**\nHow is it?\n",
    "bullets": "# T\n\n## Part\n\n* What is x?\n* Explain y.\n\n  TBD\n\n## More\n\n- [ ] Why?\n- How?\n",
    "nested": "# T\n\n1. Part\n   - [E] What is x?\n   - [M] Why?\n2. [H] How?\n   1. When?\n   2. Where?\n3. Who?\n",
    "quiz": (
        "# T\n\n#### Q1. What is x?\n\n- [ ] one\n- [ ] two\n\n#### Q2. Which?\n\n```py\nx\n```\n\nA) one\nB) two\n\n"
        "**Answer:**\n\n#### Q3. What is printed by this code?\n\n```py\ny\n```\n"
    ),
    "collapsed": (
        "# T\n\n<details>\n<summary>What is x?</summary><br><b>\n</b></details>\n\n"
        "<details>\n<summary><b>Why?</b></summary>\n\nTODO\n\n</details>\n"
    ),
    "details": (
        "## 1. What is x?\n\n<details>\n<summary>Answer</summary>\n\n</details>\n\n## 2. Why?\n\n"
        "<!-- hard -->\n\n<a name='q3'></a>\n\n## 3. How?"
    ),
}


def styles(source: str) -> list[str]:
    return [source, source.replace("\n", "\r\n"), "\ufeff" + source, source.rstrip("\n")]


SOURCES = [style for source in FORMS.values() for style in styles(source)]


def bank(source: str) -> Bank:
    return bank_from_text(source, path="bank.md")


def filled_with(source: str, answer: str) -> Filled:
    before = bank(source)
    return fill(before, {question.id: answer for question in before.questions})


def only_adds(before: Bank, after: str) -> bool:
    """Say whether everything outside the slots is there, in order, byte for byte."""
    places = sorted({(q.slot.start, q.slot.end) for q in before.questions if q.slot})
    edges = [0, *(edge for place in places for edge in place), len(before.source)]
    kept = [before.source[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return re.fullmatch(".*".join(map(re.escape, kept)), after, re.DOTALL) is not None


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "answer", ["Short.", LONG, "- a\n- b", "# Title", "    code\n\nText.", "> quote\n\n***\n\nText", "$$\nx\n$$"]
)
def test_what_was_filled_reads_as_the_same_questions_now_answered(source: str, answer: str) -> None:
    before = bank(source)
    result = filled_with(source, answer)
    assert [failure.id for failure in result.failed] == []
    assert list(result.filled) == [question.id for question in before.questions]
    after = bank(result.source)
    assert after.form == before.form
    assert [(q.raw, q.number, q.category) for q in after.questions] == [
        (q.raw, q.number, q.category) for q in before.questions
    ]
    assert {fold(q.answer or "") for q in after.questions} == {fold(fit(answer))}
    assert only_adds(before, result.source)
    assert fill(after, {q.id: "Another." for q in after.questions}).source == result.source


BITS = st.sampled_from(
    [
        *(
            "# ",
            "## Question 1\n",
            "## Answers\n",
            "text",
            "Why?",
            "**What is x?**",
            "**Answer:** ",
            "TODO",
            "Back to top",
        ),
        *("- ", "1. ", "> ", "   ", "    ", "\t", "|", "|---|", "\n", "\n\n", "\r\n", "---", "===", "```", "~~~", "$$"),
        *("<details>", "</details>", "<!--", "-->", "<div>", "<script>", "<br>", "&lt;", "[a]: b", "`", "\\"),
    ]
)


@given(st.sampled_from(SOURCES), st.lists(st.lists(BITS | st.text(max_size=4), max_size=15).map("".join), max_size=4))
@example(FORMS["list"], ["text\n---", "```\nx"])
@example(FORMS["table"], ["## Answers\n\n### 1. What is x?"])
def test_no_answer_breaks_a_document(source: str, answers: list[str]) -> None:
    before = bank(source)
    given_ = dict(zip((question.id for question in before.questions), answers, strict=False))
    result = fill(before, given_)
    after = bank(result.source)
    assert [(q.raw, q.number, q.category) for q in after.questions] == [
        (q.raw, q.number, q.category) for q in before.questions
    ]
    for old, new in zip(before.questions, after.questions, strict=True):
        if old.id in result.filled:
            fitted = fit(given_[old.id])
            assert fold(new.answer or "") == fold(fitted)
        else:
            assert new.answer == old.answer
    assert only_adds(before, result.source)
    assert {*result.filled, *(failure.id for failure in result.failed)} == set(given_) - set(result.kept)
    assert fill(after, {q.id: given_[q.id] for q in after.questions if q.id in result.filled}).source == result.source


PROSE_LINES = """\
Units are dropped.;**Bold** text;_a_;(b)  ;Answer: c;Source: d;# e;- f;1. g;---;  h;<b>i;Back to top;Hint:;| j |;===
Title;é;$$;k\x0b;\xa0l;[m]: n;```;![o](p.png);;;;"""


@given(st.lists(st.sampled_from(re.split(r"[;\n]", PROSE_LINES)), max_size=9).map("\n".join))
@example("a\n\nb\nc\n\n\nd")
@example("a  \n\nb\t")
def test_prose_is_fitted_as_any_other_answer(answer: str) -> None:
    fitted = fit(answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlgrade.banks.fitting.is_prose", lambda _: False)
        assert fit(answer) == fitted


@given(st.lists(BITS | st.text(max_size=4), max_size=15).map("".join))
@example("<div>\n<!-- a\n## Question 1\n")
def test_fitting_twice_changes_nothing_more_than_once(answer: str) -> None:
    assert squash(fit(fit(answer))) == squash(fit(answer))


@pytest.mark.parametrize("name", ["general", "fifty", "catalogue", "theory"])
def test_the_shipped_banks_take_long_answers_and_nothing_else_changes(name: str) -> None:
    before = read_bank(QUESTIONS / f"{name}.md")
    half = fill(before, {question.id: LONG for question in before.questions[1::2]})
    again = bank_from_text(half.source, path=f"{name}.md")
    whole = fill(again, {question.id: LONG for question in again.questions})
    assert (len(half.filled), len(half.failed), len(whole.failed)) == (len(before.questions) // 2, 0, 0)
    assert only_adds(before, whole.source)
    assert whole.source == fill(before, {question.id: LONG for question in before.questions}).source
    assert all(question.answer for question in bank_from_text(whole.source, path=f"{name}.md").questions)


def test_an_answer_that_stands_is_never_touched() -> None:
    before = read_bank(QUESTIONS / "article.md")
    result = fill(before, {question.id: "Mine." for question in before.questions})
    assert result.source == before.source
    assert len(result.kept) == 17
    assert result.filled == ()


@pytest.mark.parametrize(
    ("source", "answer", "expected"),
    [
        ("**Answer:** TODO", "One.\n\nTwo.", "**Answer:** One.\n\nTwo."),
        ("**Answer:** TODO", "- a\n- b", "**Answer:**\n\n- a\n- b"),
        ("**Answer:**", "One.", "**Answer:** One."),
        ("- Answer: TODO", "One.\n\n- a", "- Answer: One.\n\n  - a"),
        ("**Answer:** TODO", "**Answer:** One.", "**Answer:** One."),
        ("**Answer:** TODO", "## Why\n\nSo.", "**Answer:** **Why.** So."),
        ("TODO", "## List:\n- a", "**List**:\n\n- a"),
        ("TODO", "A\n\n---\n\nB", "A\n\nB"),
        ("TODO", "```\nx", "```\nx\n```"),
        ("TODO", "Use <details> and `<div>`", "Use &lt;details> and `<div>`"),
    ],
)
def test_answers_are_fitted_to_their_place(source: str, answer: str, expected: str) -> None:
    head, tail = "## 1. What is x?\n\n", "\n\n## 2. Why?\n"
    result = fill(bank(head + source + tail), {"bank:1": answer})
    assert result.source == head + expected + tail


PLACED = [
    # what stands beside a placeholder stays
    ("**Answer:** _[To be filled]_\n\nSource: Srivastava 2014", "**Answer:** New.\n\nSource: Srivastava 2014"),
    ("**Answer:** TODO\nSource: a\nlong one", "**Answer:** New.\n\nSource: a\nlong one"),
    ("_[To be filled]_\n\n**Hint:** Think.\n\nMore.", "New.\n\n**Hint:** Think.\n\nMore."),
    ("**Answer:**\n\n**References**\n\n- a\n- b", "**Answer:** New.\n\n**References**\n\n- a\n- b"),
    ("TODO\n\n- Source: a\n- Tags: b", "New.\n\n- Source: a\n- Tags: b"),
    ("**Answer:** TODO <!-- ask Bob -->", "**Answer:** New.\n <!-- ask Bob -->"),
    ("Difficulty: hard", "Difficulty: hard\n\nNew."),
    ("- Level: easy\n- Answer: TODO\n- Source: a", "- Level: easy\n- Answer: New.\n\n- Source: a"),
    # a label after what belongs to the question
    ("```py\nx\n```\n\n**Answer:** _[To be filled]_", "```py\nx\n```\n\n**Answer:** New."),
    ("**Hint:** Think.\n\n**Answer:** TODO", "**Hint:** Think.\n\n**Answer:** New."),
    ("**Hint:** Think.\n**Answer:**", "**Hint:** Think.\n**Answer:** New."),
    ("- a) one\n- b) two\n\nAnswer: ...", "- a) one\n- b) two\n\nAnswer: New."),
    ("### Answer\n\nTODO\n\n### Hints\n\nThink.", "### Answer\n\nNew.\n\n### Hints\n\nThink."),
    ("### Answer\n\n### Notes\n\nThink.", "### Answer\n\nNew.\n\n### Notes\n\nThink."),
    ("Answer\n------\n\nTBD", "Answer\n------\n\nNew."),
    (
        "```\nx\n```\n\n<details>\n<summary>Show answer</summary>\n\nTODO\n\nSource: a\n\n</details>",
        "```\nx\n```\n\n<details>\n<summary>Show answer</summary>\n\nNew.\n\nSource: a\n\n</details>",
    ),
    # an empty item
    ("- ", "- New."),
]


@pytest.mark.parametrize(("body", "expected"), PLACED)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_only_the_placeholder_gives_way(body: str, expected: str, newline: str) -> None:
    source, wanted = (
        f"## 1. What is x?\n\n{text}\n\n## 2. Why?\n\nSo.\n".replace("\n", newline) for text in (body, expected)
    )
    result = fill(bank(source), {"bank:1": "New."})
    assert (result.source, result.filled) == (wanted, ("bank:1",))
    assert bank(result.source).questions[0].answer is not None


@pytest.mark.parametrize(
    "body",
    [
        "**Answer:** TODO: expand. Units are zeroed at random, so none can rely on another.",
        "TODO: units are zeroed at random.",
        "To be added to the output, shapes must match.",
        "_[To be filled]_\n\nUnits are zeroed at random.",
        "_[To be filled]_\nUnits are zeroed at random.",
        "**Answer:**\n\n**Hint:** Think.\n\nUnits are zeroed at random.",
        "- Source: a\n- Units are zeroed at random.",
        "Difficulty: hard\nUnits are zeroed at random.",
        "**Answer:**\nTODO: check this\nUnits are zeroed at random",
        "TODO: add a picture\n\n- zeroes units\n- scales the rest",
        "<details><summary>Answer</summary>\n\nTODO: check\n\nUnits are zeroed at random\n\n</details>",
    ],
)
def test_what_somebody_wrote_beside_a_placeholder_is_their_answer(body: str) -> None:
    source = f"## 1. What is x?\n\n{body}\n\n## 2. Why?\n\nSo.\n"
    result = fill(bank(source), {"bank:1": "New."})
    assert (result.source, result.kept) == (source, ("bank:1", "bank:2"))


def test_an_answer_may_name_its_sources() -> None:
    source = "## 1. What is x?\n\n_[To be filled]_\n\nSource: a\n"
    result = fill(bank(source), {"bank:1": "It is y.\n\n**References:**\n\n- b"})
    assert result.source == "## 1. What is x?\n\nIt is y.\n\nReferences\n\n- b\n\nSource: a\n"
    assert bank(result.source).questions[0].answer == "It is y.\n\nReferences\n\n- b"


@pytest.mark.parametrize(
    ("below", "answer", "expected"),
    [
        ("\n\n_[To be filled]_", "One.\n\n- a", "\n\nOne.\n\n- a"),
        ("\n\n_[To be filled]_", "1. a\n2. b", "\n\n   1. a\n   2. b"),
        ("\n\n_[To be filled]_\n\nSource: a", "One.\n\n1. a", "\n\n   One.\n\n   1. a\n\nSource: a"),
        ("\n\n**Answer:** TODO", "One.\n\nTwo.", "\n\n**Answer:** One.\n\nTwo."),
        ("\n   - ", "One.\n\n- a", "\n   - One.\n\n     - a"),
        ("\n   - ", "- a\n- b", "\n   - a\n   - b"),
        ("\n   * ", "One.", "\n   * One."),
        ("", "One.", "\n\n   One.\n"),
    ],
)
def test_an_answer_goes_where_its_items_place_is(below: str, answer: str, expected: str) -> None:
    head, tail = "1. What is x?\n\nX.\n\n2. Why?", "\n\n3. How?\n\nSo.\n"
    result = fill(bank(head + below + tail), {"bank:2": answer})
    assert (result.source, result.filled) == (head + expected.rstrip("\n") + tail, ("bank:2",))


def test_a_table_gets_a_section_and_later_answers_their_place_in_it() -> None:
    source = "| No | Question |\n|--|--|\n| 1 | What? |\n| 2 | Why? |\n| 3 | How? |"
    first = fill(bank(source), {"bank:2": "So."})
    assert first.source == f"{source}\n\n## Answers\n\n### 2. Why?\n\nSo."
    second = fill(bank(first.source), {"bank:1": "This.", "bank:3": "Thus."})
    assert second.source == (
        f"{source}\n\n## Answers\n\n### 1. What?\n\nThis.\n\n### 2. Why?\n\nSo.\n\n### 3. How?\n\nThus."
    )


def test_a_cell_gets_one_line() -> None:
    result = fill(bank("| Question | Answer |\n|---|---|\n| Why? |     |\n"), {"bank:1": "a | b\n\n- c"})
    assert result.source == "| Question | Answer |\n|---|---|\n| Why? | a \\| b<br><br>- c |\n"


@pytest.mark.parametrize("answer", ["", " \n", "TODO", "_[To be filled]_", "**Answer:**", "---", "a\0b", "a\ud800"])
def test_what_is_no_answer_is_refused(answer: str) -> None:
    source = FORMS["label"]
    result = fill(bank(source), {"bank:1": answer, "bank:2": "Good."})
    assert [failure.id for failure in result.failed] == ["bank:1"]
    assert result.filled == ("bank:2",)


def test_an_answer_that_cannot_be_read_back_is_left_out_and_the_others_stay() -> None:
    source = FORMS["details"]
    result = fill(bank(source), {"bank:1": "- [ ] a\n- [x] b", "bank:2": "Good."})
    assert [failure.id for failure in result.failed] == ["bank:1"]
    assert result.filled == ("bank:2",)
    assert [question.answer for question in bank(result.source).questions] == [None, "Good.", None]


def test_answers_that_clash_cost_only_themselves() -> None:
    """Each of two answers may be fine alone and not beside the other; what stands between them is not their affair."""
    source = "".join(f"**{n}. What is {n}?**\n\n" for n in range(1, 9))
    questions = bank(source).questions
    answers = {question.id: "Fine." for question in questions} | {
        "bank:2": "**9. What is it?**",
        "bank:7": "**3. Why?**",
    }
    result = fill(bank(source), answers)
    assert set(result.filled) >= {question.id for question in questions} - {"bank:2", "bank:7"}
    assert fill(bank(result.source), {i: answers[i] for i in result.filled}).source == result.source


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("It is y.\n\nSource: a book", "It is y.\n\nSource – a book"),
        ("It is y.\n\n*Source: a book*", "It is y.\n\nSource – a book"),
        ("It is y.\n\n**Hint:** none\n\nAnd z.", "It is y.\n\nHint – none\n\nAnd z."),
        ("It is y.\n\n## References\n\n1. a", "It is y.\n\nReferences\n\n1. a"),
        ("It is y.\n\n- Tags: a, b", "It is y.\n\n- Tags – a, b"),
        ("It is y.\n\n[Read more](https://example.org)", "It is y.\n\nLink: [Read more](https://example.org)"),
        ("It is y.\n\n[Back to top](#top)", "It is y."),
        ("It is y.\n\n<!-- checked -->", "It is y."),
        ("It is y.\n\nAnswer: z", "It is y.\n\nThe Answer: z"),
        ("It is y.\n\nA: z", "It is y.\n\nA – z"),
        ("It is y.\n\n```\nSource: code\n```", "It is y.\n\n```\nSource: code\n```"),
    ],
)
def test_what_an_answer_says_reads_back_whole(answer: str, expected: str) -> None:
    """Else the ledger would know a part of it, and the rest would pass for a person's."""
    for form in ("label", "no label", "list", "table", "bold", "nested", "quiz"):
        before = bank(FORMS[form])
        result = fill(before, {"bank:1": answer})
        assert (form, bank(result.source).questions[0].answer) == (form, expected)


def test_an_id_of_no_question_is_an_error() -> None:
    with pytest.raises(UnknownQuestion, match="bank:9"):
        fill(bank(FORMS["label"]), {"bank:9": "x"})


def test_a_thousand_answers_are_read_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filling is one pass: the proof does not read the document again for each answer."""
    before = bank("".join(f"{n}. What is thing {n}?\n" for n in range(1_000)))
    reads: list[str] = []

    def counted(before: Bank, source: str) -> Sequence[Entry] | None:
        reads.append(source)
        return read_back(before, source)

    monkeypatch.setattr("dlgrade.banks.proving.read_back", counted)
    result = fill(before, {question.id: f"It is {question.position}." for question in before.questions})
    assert len(result.filled) == 1_000
    assert len(reads) == 1


# ── files ────────────────────────────────────────────────────────────────────────────────────


def test_a_diff_shows_what_changed() -> None:
    assert (
        diff("a\nb\n", "a\nc", "x.md")
        == "--- a/x.md\n+++ b/x.md\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n"
    )
    assert diff("a", "a", "x.md") == ""


@pytest.mark.parametrize("char", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r"])
def test_a_diff_is_a_patch_where_lines_hold_other_separators(tmp_path: Path, char: str) -> None:
    before = f"one{char}two\r\n\nthree{char}"
    after = f"one{char}two\r\n\nfour\n"
    (tmp_path / "x.md").write_bytes(before.encode())
    (tmp_path / "patch").write_bytes(diff(before, after, "x.md").encode())
    subprocess.run(["git", "apply", "patch"], cwd=tmp_path, check=True)
    assert (tmp_path / "x.md").read_bytes() == after.encode()


def test_saving_keeps_mode_and_links_and_leaves_nothing_behind(tmp_path: Path) -> None:
    real, link = tmp_path / "real.md", tmp_path / "link.md"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to("real.md")
    save(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.md", "real.md"]


def test_a_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    save(tmp_path / "new.md", b"x")
    (tmp_path / "other.md").write_bytes(b"x")
    assert (tmp_path / "new.md").stat().st_mode == (tmp_path / "other.md").stat().st_mode


def test_what_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "none" / "a.md", tmp_path / "folder"):
        with pytest.raises(OutputError, match=f"{path}: cannot be written"):
            save(path, b"x")
    (tmp_path / "a.md").write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left on device"):
        save(tmp_path / "a.md", b"new")
    assert (tmp_path / "a.md").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "folder"]


def test_a_kill_in_the_middle_leaves_the_old_document_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"
    texts = [b"a" * 300_000, b"b" * 300_000]
    path.write_bytes(texts[0])
    program = (
        "import itertools, sys\nfrom dlgrade.banks.filling import save\nprint('go', flush=True)\n"
        "for text in itertools.cycle([b'a' * 300_000, b'b' * 300_000]):\n    save(sys.argv[1], text)\n"
    )
    for pause in (0.0, 0.003, 0.01, 0.02, 0.05):
        with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(pause)
            child.send_signal(signal.SIGKILL)
        assert path.read_bytes() in texts
