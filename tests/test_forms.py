from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks.blocks import Document
from dlgrade.banks.choosing import best_reading
from dlgrade.banks.entries import Entry
from dlgrade.banks.forms import PROSE
from dlgrade.banks.reading import AS_IT_IS, bank_from_text

SEEDS = Path(__file__).parent.parent / "questions"
SAMPLES = Path(__file__).parent / "samples" / "seeds"


def read(source: str, form: str | None = None) -> list[Entry]:
    reading = best_reading(Document(source))
    assert reading is not None
    assert form in (None, reading.form)
    return list(reading.entries)


def texts(source: str) -> list[str]:
    return [entry.raw for entry in read(source)]


def answers(source: str) -> list[str | None]:
    return [entry.body.answer for entry in read(source)]


def numbers(source: str) -> list[str | None]:
    return [entry.number for entry in read(source)]


def categories(source: str) -> list[str | None]:
    return [entry.category for entry in read(source)]


# ── headings ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("heading", "number", "text"),
    [
        ("### 12. What is dropout?", "12", "What is dropout?"),
        ("#### 7) What is dropout?", "7", "What is dropout?"),
        ("# (3) What is dropout?", "3", "What is dropout?"),
        ("## Q4: What is dropout? ##", "4", "What is dropout?"),
        ("### **Question 5.** What is dropout?", "5", "What is dropout?"),
        ("### **6. What is dropout?**", "6", "What is dropout?"),
        ("### 8a. What is dropout?", "8a", "What is dropout?"),
        ("### 3 - What is dropout?", "3", "What is dropout?"),
        ("### 3.What is dropout?", "3", "What is dropout?"),
        ("## Q9. Dropout", "9", "Dropout"),
        ("## What is dropout?", None, "What is dropout?"),
        ("## Explain _dropout_.", None, "Explain dropout."),
        ("What is dropout?\n---", None, "What is dropout?"),
        ("## Question 1\n\n**What is dropout?**", "1", "What is dropout?"),
        ("## Question 1:\n**What is\ndropout?**", "1", "What is\ndropout?"),
        ("## Question 2\nWhat is dropout?", "2", "What is dropout?"),
        ("## Question 2\n\n### What is dropout?", "2", "What is dropout?"),
        ("**Question 3**\n===\n\n__What is dropout?__", "3", "What is dropout?"),
    ],
)
def test_a_heading_is_a_question_in_many_spellings(heading: str, number: str | None, text: str) -> None:
    (entry,) = read(f"{heading}\n\nIt masks units.\n", "headings")
    assert (entry.number, entry.raw, entry.body.answer) == (number, text, "It masks units.")


@pytest.mark.parametrize(
    "label",
    [
        "**Answer:** ",
        "**Answer**: ",
        "Answer: ",
        "- Answer: ",
        "- **Answer:** ",
        "*Ans:* ",
        "A: ",
        "### Answer\n\n",
        "**Answer**\n\n",
        "__Solution:__\n",
        "**答案：**",
        "#### Answer:\n",
    ],
)
def test_the_label_comes_off_the_answer(label: str) -> None:
    assert answers(f"## 1. What is x?\n\n{label}It is y.\n\nAnd z.\n\n## 2. Why?\n\nSo.") == [
        "It is y.\n\nAnd z.",
        "So.",
    ]


def test_a_labelled_item_goes_on_with_items_and_after_a_page_break() -> None:
    source = (
        "# 1. What is x?\n\n- Answer: It has:\n- a: one\n- b: two\n\n"
        "### 2. What is y?\n\n- Answer: It often requires\n\nextraction."
    )
    assert answers(source) == ["It has:\n- a: one\n- b: two", "It often requires\n\nextraction."]


def test_what_is_indented_under_a_labelled_item_is_not_in_its_answer() -> None:
    assert answers("## 1. What?\n\n- Answer: One.\n\n  ```py\n  x\n  ```\n") == ["One.\n\n```py\nx\n```"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("```py\nx\n```\n\n**Answer:** It is y.", "It is y."),
        ("**Hint:** Think.\n\n**Answer:** It is y.", "It is y."),
        ("Consider a long case.\n\n**Answer:** It is y.\n\nAnd z.", "It is y.\n\nAnd z."),
        ("### Answer\n\nIt is y.\n\n#### More\n\nAnd z.\n\n### Hints\n\nThink.", "It is y.\n\n#### More\n\nAnd z."),
        ("**Answer:** It is y.\n\n**Hint:** Think.\n\nMore.", "It is y."),
        ("**Hint:** Think.\n\nIt is y.\n\nSource: a", "It is y."),
        ("It explodes.\n\n**Solution:** Clip it.", "It explodes.\n\n**Solution:** Clip it."),
        ("It has:\n\n- Name\n- Source: its origin", "It has:\n\n- Name\n- Source: its origin"),
        ("```\nx\n```\n\n<details><summary>Answer</summary>\n\nIt is y.\n\n</details>", "It is y."),
        ("**Answer:** TODO\n\nIt is y.", "It is y."),
    ],
)
def test_the_answer_is_what_its_label_says_and_no_aside(body: str, answer: str) -> None:
    assert answers(f"## 1. What is x?\n\n{body}\n\n## 2. Why?\n\nSo.") == [answer, "So."]


@pytest.mark.parametrize("head", ["## 1. What is x?\n\n", "## 1. What is x?\n\n**Answer:**\n\n"])
@pytest.mark.parametrize("answer", ["    code\n\nText.", "- a\n   - b\n- c", "\tcode\n\n    code"])
def test_code_at_the_beginning_of_an_answer_keeps_its_indentation(head: str, answer: str) -> None:
    assert answers(f"{head}{answer}\n\n## 2. Why?\n") == [answer, None]


def test_code_at_the_beginning_of_an_answer_in_an_item_keeps_its_indentation() -> None:
    source = "1. What is x?\n\n       code\n\n   Text.\n2. Why?\n\n    So.\n\n     - a\n"
    assert answers(source) == ["    code\n\nText.", "So.\n\n - a"]


def test_an_answer_ends_at_a_rule_a_section_and_a_link_to_the_top() -> None:
    source = (
        "# Bank\n\n## CNNs\n\n### 1. What is x?\n\nX.\n\n---\n\n"
        "Between.\n\n### 2. What is y?\n\nY.\n\n**[Back to Top](#top)**\n\n"
        "## RNNs\n\nIntro.\n\n### 1. What is z?\n\nZ.\n\n## Conclusion\n\nBye."
    )
    assert answers(source) == ["X.", "Y.", "Z."]
    assert categories(source) == ["CNNs", "CNNs", "RNNs"]
    assert numbers(source) == ["1", "2", "1"]


def test_headings_inside_an_answer_belong_to_it_where_levels_mean_something() -> None:
    inside = "One.\n\n### Details\n\nTwo.\n\n### 1. First step\n\n### Why does it work?\n\nThree."
    assert answers(f"## Question 1\n\n**What?**\n\n{inside}\n\n## Question 2\n\n**Why?**\n\nSo.") == [inside, "So."]


def test_code_comments_and_front_matter_never_yield_questions() -> None:
    hidden = "```md\n## 2. What is code?\n```\n\n    ## 3. What is indented?"
    comment = "<!--\n## 4. What is a comment?\n-->"
    source = f"---\ntitle: 5. What?\n# 6. What is front matter?\n---\n\n## 1. What is x?\n\n{hidden}\n\n{comment}\n"
    assert texts(source) == ["What is x?"]
    assert answers(source) == [hidden]


def test_numbered_terms_are_questions_among_questions_and_chapters_are_not() -> None:
    source = (
        "## 1. Basics\n\n### 1. What is x?\n\n### 2. Bias and variance\n\n"
        "### 3. Why y?\n\n## 2. Advanced\n\n### 1. How?\n"
    )
    assert texts(source) == ["What is x?", "Bias and variance", "Why y?", "How?"]
    assert categories(source) == ["1. Basics", "1. Basics", "1. Basics", "2. Advanced"]


@pytest.mark.parametrize("contents", ["Contents", "**Table of Contents**", "📖 Table of contents:", "TOC", "目录"])
@pytest.mark.parametrize(
    "bank",
    [
        "## 1. What is x?\n\n## 2. Why?\n",
        "### 1. What is x?\n\n### 2. Why?\n",
        "1. What is x?\n2. Why?\n",
        "| Question |\n|---|\n| What is x? |\n| Why? |\n",
    ],
)
def test_a_table_of_contents_is_no_category(contents: str, bank: str) -> None:
    links = f"{contents}\n\n- [x](#x)\n- [y](#y)\n\n"
    assert categories(f"# Bank\n\n## {links}{bank}") == [None, None]
    assert categories(f"# Bank\n\n## Intro\n\nText.\n\n## {links}{bank}") == [None, None]
    assert categories(f"# Bank\n\n## CNNs\n\n### {links}{bank}") == ["CNNs", "CNNs"]


def test_a_title_that_asks_is_no_question() -> None:
    assert texts("# Ready for the interview?\n\nIntro.\n\n## What is x?\n\nX.\n\n## What is y?\n") == [
        "What is x?",
        "What is y?",
    ]


def test_links_gathered_at_the_end_are_no_answer() -> None:
    assert answers("## 1. What is x?\n\nSee [a].\n\n## 2. Why?\n\n[a]: http://a\n[b]: http://b\n") == ["See [a].", None]


def test_every_question_without_answer_has_a_slot() -> None:
    empty = [
        "",
        "**Answer:**",
        "**Answer:** TODO",
        "### Answer\n\nTBD",
        "<!-- hard -->",
        "```\n```",
        "<details><summary>Answer</summary></details>",
    ]
    for body in empty:
        (one, two) = read(f"## 1. What?\n\n{body}\n\n## 2. Why?\n\nSo.\n")
        assert one.body.answer is None
        assert one.body.slot is not None
        assert (two.body.answer, two.body.slot) == ("So.", None)


def test_details_come_off_the_answer() -> None:
    assert answers("## 1. What?\n\n<details>\n<summary>Answer</summary>\n\nIt is.\n\n</details>\n\n## 2. Why?\n") == [
        "It is.",
        None,
    ]


@pytest.mark.parametrize("name", ["questions/article.md", "tests/samples/seeds/article-with-advertising.md"])
def test_the_article_has_seventeen_questions_and_nothing_after_the_last_answer(name: str) -> None:
    entries = read((SEEDS.parent / name).read_text(encoding="utf-8"), "headings")
    assert [entry.number for entry in entries] == ["1", "2", "3", "4", "1", "2", "3", "1", "2", "3", *[None] * 7]
    assert [entry.category for entry in entries] == [
        *["Common Deep Learning Interview Questions"] * 4,
        *["Advanced Deep Learning Concepts"] * 3,
        *["Practical Application Questions"] * 3,
        *["Frequently Asked Questions"] * 7,
    ]
    last = entries[-1].body.answer or ""
    assert last.startswith("Activation functions introduce")
    assert last.endswith("affect how the network learns and performs.")
    assert (entries[9].body.answer or "").endswith("how you overcame these obstacles.")


# ── lists ────────────────────────────────────────────────────────────────────────────────────


def test_items_are_questions_and_what_is_indented_is_their_answer() -> None:
    source = (
        "# Fifty\n\n1. What is x?\n2. **Explain y.**\n   Y is.\n3. What is\n   z?\n\n   Z is:\n\n   - a\n   - b\n"
        "4. Why?\n   **Answer:** TODO\n5) What else?\n10) Dropout\n"
    )
    assert texts(source) == ["What is x?", "Explain y.", "What is\nz?", "Why?", "What else?", "Dropout"]
    assert answers(source) == [None, "Y is.", "Z is:\n\n- a\n- b", None, None, None]
    assert numbers(source) == ["1", "2", "3", "4", "5", "10"]


APART = "# T\n\n1. What is Adam?\n\nAdam is.\n\n- a\n- b\n\n2. What is SGD?\n\n{}\n\n3. Why?\n\nSo."


@pytest.mark.parametrize("end", ["", "\n", "\n\n---\n\nBye.\n", "\n\n## Links\n\nBye.\n", "\n\n[a]: http://a\n"])
@pytest.mark.parametrize(
    "answer", ["SGD is.", "   SGD is.\n\nAnd more.", "```\n1. What?\n```", "It does:\n\n1. Drop.\n2. Scale."]
)
def test_what_stands_between_the_items_of_one_numbering_is_the_firsts(answer: str, end: str) -> None:
    source = APART.format(answer) + end
    assert texts(source) == ["What is Adam?", "What is SGD?", "Why?"]
    assert answers(source) == ["Adam is.\n\n- a\n- b", answer.lstrip(), "So."]
    assert answers(source.replace("2.", "1.").replace("3.", "1."))[0] == "Adam is.\n\n- a\n- b"


def test_what_stands_below_a_list_is_no_answer_where_the_items_are_not_apart() -> None:
    source = "# T\n\nIntro.\n\n1. What is x?\n2. Why?\n\nRecurrent:\n\n1. How?\n2. When?\n\nBye.\n"
    assert answers(source) == [None] * 4


def test_a_section_ends_an_answer_between_items_and_the_label_of_an_answer_does_not() -> None:
    source = "# T\n\n1. What is x?\n\n### Answer\n\nX.\n\n2. Why?\n\nSo.\n\n## CNNs\n\nIntro.\n\n3. How?\n\nThus.\n"
    assert answers(source) == ["X.", "So.", "Thus."]
    assert categories(source) == [None, None, "CNNs"]


@pytest.mark.parametrize(
    "item",
    [
        "**What is x?**\n   - ",
        "What is x?\n   -",
        "What is x?\n   * ",
        "### What is x?",
        "What is x?\n   ---",
        "**What is x?**\n   - TODO",
    ],
)
def test_no_question_vanishes_with_what_stands_below_it(item: str) -> None:
    source = f"1. Why?\n2. {item}\n3. How?\n"
    assert texts(source) == ["Why?", "What is x?", "How?"]
    assert answers(source) == [None, None, None]


def test_lists_that_do_not_ask_are_no_bank_and_headings_above_are_categories() -> None:
    source = "# Bank\n\n1. Open the file.\n2. Read it.\n\n## CNNs\n\n1. What is x?\n\n## RNNs\n\n1. What is y?\n"
    assert texts(source) == ["What is x?", "What is y?"]
    assert categories(source) == ["CNNs", "RNNs"]


def test_a_list_of_questions_in_an_answer_makes_no_list_bank() -> None:
    source = "".join(f"## {n}. What is x?\n\nAsk:\n\n1. What is one?\n2. What is two?\n\n" for n in range(5))
    assert [entry.raw for entry in read(source, "headings")] == ["What is x?"] * 5


# ── tables ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("| No. | Category | Difficulty | Full Question |", "| 1 | CNN | hard | What is x? |"),
        ("| Question | Level | Topic | # |", "| **What is x?** | hard | CNN | 1 |"),
        ("Interview Questions | Id | Difficulty Level | Tags", "What is x? | 1 | hard | CNN"),
    ],
)
def test_columns_are_found_by_name_in_any_order(header: str, row: str) -> None:
    rule = "|".join(["---"] * 4)
    (entry,) = read(f"# T\n\n{header}\n{rule}\n{row}\n", "tables")
    assert (entry.raw, entry.number, entry.category, entry.difficulty) == ("What is x?", "1", "CNN", "hard")
    assert entry.body.answer is None


def test_answers_stand_in_their_column() -> None:
    source = (
        "| Question | Answer |\n|---|---|\n| What is `a \\| b`? | Either.<br>Or \\| both. |\n"
        "| Why? | TODO |\n| How? |\n| When? ||\n"
    )
    assert texts(source) == ["What is `a | b`?", "Why?", "How?", "When?"]
    assert answers(source) == ["Either.\nOr | both.", None, None, None]


def test_answers_stand_in_a_section_below_and_are_no_further_questions() -> None:
    source = (
        "# T\n\n| No | Question |\n|--|--|\n| 1 | What? |\n| 2 | Why? |\n| 3 | What? |\n\n## Answers\n\n"
        "### 1. What?\n\nThis.\n\n"
        "#### Note\n\nMore.\n\n| Question | b |\n|--|--|\n| What now? | c |\n\n"
        "### 3. What?\n\nThat.\n\n## Links\n\nNo answer.\n"
    )
    assert texts(source) == ["What?", "Why?", "What?"]
    given = answers(source)
    assert given[0] is not None
    assert given[0].startswith("This.\n\n#### Note")
    assert given[1:] == [None, "That."]


def test_a_table_of_contents_is_no_bank() -> None:
    source = "| No | Question |\n|--|--|\n| 1 | [What is x?](#what) |\n\n### 1. What is x?\n\nX.\n"
    assert [entry.body.answer for entry in read(source, "headings")] == ["X."]


def test_a_table_without_questions_is_no_bank() -> None:
    assert (
        best_reading(Document("| Task | Dataset |\n|---|---|\n| Speech | LibriSpeech |\n| Vision | ImageNet |\n"))
        is None
    )


# ── all ──────────────────────────────────────────────────────────────────────────────────────


BITS = st.sampled_from(
    [
        "# ",
        "## 1. ",
        "## Question 2\n",
        "What is x?",
        "**Why?**",
        "**Answer:** ",
        "TODO",
        "- ",
        "1. ",
        "2) ",
        "   ",
        "| a | Question |",
        "|---|---|",
        "\n",
        "\n\n",
        "\r\n",
        "---",
        "```",
        "<details>",
        "</details>",
        "<!--",
        "-->",
        "[a]: b",
        "$$",
        "\t",
        "## Answers\n",
        "\ufeff",
    ]
)


@given(st.lists(BITS | st.text(max_size=5), max_size=40).map("".join))
def test_no_text_is_too_strange_for_a_reader(source: str) -> None:
    for read_form in PROSE.values():
        reading = read_form(Document(source), AS_IT_IS)
        if reading is None:
            continue
        assert 0 <= reading.sure <= 1
        for entry in reading.entries:
            assert (entry.body.answer is None) == (entry.body.slot is not None)
            said = (entry.body.answer or "x").split("\n")
            assert said[0].strip()
            assert said[-1].strip()
            assert 1 <= entry.line <= len(Document(source).lines)


def test_what_follows_the_question_mark_on_its_own_lines_is_the_answer() -> None:
    text = (
        "1. Why is the sky blue?\n   Light scatters.\n2. Given x,\n   what is z?\n"
        "3. What is y?\n   Explain with a sketch.\n4. Explain the sky\n   and the sea\n"
    )
    found = bank_from_text(text, path="x.md").questions
    assert [(q.text, q.answer) for q in found] == [
        ("Why is the sky blue?", "Light scatters."),
        ("Given x, what is z?", None),
        ("What is y? Explain with a sketch.", None),
        ("Explain the sky and the sea", None),
    ]
