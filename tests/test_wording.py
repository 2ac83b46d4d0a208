import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks.asking import is_question
from dlgrade.banks.wording import bold, fold, is_placeholder, is_void, plain, squash


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**What is _dropout_?**", "what is dropout?"),
        ("What  is\n\tdropout ?", "what is dropout ?"),
        ("ｗｈａｔ is ｘ？", "what is x?"),
        ("𝐖𝐡𝐚𝐭 is x?", "what is x?"),
        ("See [the *paper*](https://x.org/a_(b)) and ![logo](l.png)", "see the paper and logo"),
        ("## Title\n- item\n> quote", "title item quote"),
        ("`snake_case_name` and 5 * 3 * 2", "snake_case_name and 5 * 3 * 2"),
        ("a &lt; b<br>c", "a < b c"),
        ("\\*not emphasis\\*", "*not emphasis*"),
    ],
)
def test_fold_leaves_what_a_text_says(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("glued", "right"),
    [
        (
            "Definedeep learningand how it differs from othermachine learningapproaches.",
            "Define deep learning, and how it differs from other machine learning approaches",
        ),
        ("**What is thevanishing gradient problem**", "What is the vanishing-gradient problem?"),
        ("EXPLAIN  RNNs(recurrent)", "explain RNNs (recurrent)"),
    ],
)
def test_a_text_that_lost_its_spaces_squashes_to_the_right_one(glued: str, right: str) -> None:
    assert squash(glued) == squash(right)


def test_names_that_end_in_signs_and_words_that_differ_in_marks_stay_apart() -> None:
    assert len({squash(text) for text in ("What is C?", "What is C++?", "What is C#?")}) == 3
    assert squash("कि") != squash("का")
    assert squash("What is C++ für?") == "whatisc++für"


@pytest.mark.parametrize(
    "text",
    [
        "What is dropout",
        "**Explain the concept of depth.**",
        "L1 and L2 both help. Can you explain the difference?",
        "Differentiate between a and b.",
        "Outline a plan.",
        "Present a framework.",
        "List three optimizers",
        "ExplainRecurrent Neural Networks (RNNs)and their use cases.",
        "什么是反向传播？",
        "ما هو التعلم العميق؟",
        "What does “depth” mean?”",
        "What’s a GAN",
    ],
)
def test_questions_and_tasks_are_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "Conclusion",
        "**Key Concepts**",
        "Explainability",
        "Whatever works",
        "Advanced Deep Learning",
        "",
        "***",
        "1. Basics",
    ],
)
def test_titles_are_no_questions(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "_[To be filled]_",
        "[To be filled]",
        "**To be filled**",
        "TODO",
        "todo: write this one up",
        "TBD.",
        "Answer here",
        "_Your answer here..._",
        "[Add your answer here]",
        "...",
        "…",
        "—",
        "<!-- answer here -->",
        "```python\n```",
        "<details><summary>Answer</summary>\n\n</details>",
        "(to be added later)",
        "Coming soon!",
        "待补充",
    ],
)
def test_placeholders_are_no_answers(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        "N",
        "42",
        "TODO lists are lists of things that are still to do, kept in memory.",
        "To be or not to be",
        "![diagram](d.png)",
        "<img src='x.png'>",
        "$\\nabla$",
        "🙂",
        "<!-- difficulty: hard -->",
        "Answering is hard.",
        "```python\npass\n```",
        "∑",
    ],
)
def test_what_somebody_wrote_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


def test_comments_and_anchors_show_nothing() -> None:
    assert is_void('<a name="q2"></a>\n<!-- hard --><br/>')
    assert not is_void("<img src='x.png'>")


def test_only_a_text_that_is_bold_as_a_whole_is_bold() -> None:
    assert bold("**What is x?** ") == "What is x?"
    assert bold("__What is x?__") == "What is x?"
    assert bold("**Note:** this **too**") is None
    assert bold("**What is `**kwargs`?**") == "What is `**kwargs`?"
    assert bold("****") is None


def test_emphasis_goes_and_names_stay() -> None:
    assert plain("**What** is _x_, *y* and ***z***?") == "What is x, y and z?"
    assert plain("Why `a*b*c`, my_var_name, 2 * 3 * 4?") == "Why `a*b*c`, my_var_name, 2 * 3 * 4?"


@given(st.text())
def test_any_text_folds_once(text: str) -> None:
    assert squash(squash(text)) == squash(squash(squash(text)))
    assert isinstance(is_question(text), bool)
    assert isinstance(is_placeholder(text), bool)


@pytest.mark.parametrize("bit", ["**a ", "*a", "_a ", "`", "[a](", "<div ", "![", "<!--", "&lt;", "```\n", "\\*"])
def test_lines_full_of_markers_take_linear_time(bit: str) -> None:
    start = time.perf_counter()
    fold(bit * 10_000)
    assert time.perf_counter() - start < 5
