"""Shapes that public documents have, each as its smallest example: what is asked and answered, in which category."""

from __future__ import annotations

import pytest

from dlgrade.banks.reading import bank_from_text

Row = tuple[str, str | None, str | None]

SHAPES: dict[str, tuple[str, list[Row]]] = {
    "bold lines name sections": (
        "**Basics**\n\n1. What is a?\n2. What is b?\n\n**More**\n\n3. What is c?\n",
        [("What is a?", None, "Basics"), ("What is b?", None, "Basics"), ("What is c?", None, "More")],
    ),
    "short lines name sections": (
        "1. What is a?\n2. What is b?\n\nMore\n\n3. What is c?\n4. What is d?\n",
        [
            ("What is a?", None, None),
            ("What is b?", None, None),
            ("What is c?", None, "More"),
            ("What is d?", None, "More"),
        ],
    ),
    "answers right below options": (
        "1. Which?\nA. one\nB. two\nAnswer: B\n\n2. Which not?\nA. one\nB. two\n",
        [("Which?\n\nA. one\nB. two", "B", None), ("Which not?\n\nA. one\nB. two", None, None)],
    ),
    "an option A is no label": (
        "Q1. Which?\nA. one\nB. two\nC. three\nAnswer: B\n\nQ2. Which not?\nA. one\nB. two\n",
        [("Which?\n\nA. one\nB. two\nC. three", "B", None), ("Which not?\n\nA. one\nB. two", None, None)],
    ),
    "a label that is bold with its answer": (
        "### Q1. Which?\n\n- one\n- two\n\n**Answer: two**\n",
        [("Which?\n\n- one\n- two", "two", None)],
    ),
    "numbers that skip": (
        "1. What is a?\n\nIt is a.\n\n2. What is b?\n\nIt is b.\n\n4. What is d?\n\nIt is d.\n",
        [("What is a?", "It is a.", None), ("What is b?", "It is b.", None), ("What is d?", "It is d.", None)],
    ),
    "numbers of many digits": (
        "**9999. What is a?**\n\nIt is a.\n\n**10000. What is b?**\n\nIt is b.\n",
        [("What is a?", "It is a.", None), ("What is b?", "It is b.", None)],
    ),
    "plain paragraphs": (
        "Explain a.\n\nIt is a.\n\nWhat is b?\n\nIt is b.\n\nDescribe c.\n\nIt is c.\n\nHow is d?\n\nWell.\n",
        [
            ("Explain a.", "It is a.", None),
            ("What is b?", "It is b.", None),
            ("Describe c.", "It is c.", None),
            ("How is d?", "Well.", None),
        ],
    ),
    "a question in another markup than its neighbours": (
        "### Q2. What is b?\n\nAns: b.\n\n**Q3. What is c?**\n\nAns: c.\n\n### Q4. What is d?\n\nAns: d.\n",
        [("What is b?", "b.", None), ("What is c?", "c.", None), ("What is d?", "d.", None)],
    ),
    "a name beside the label, the question below": (
        "### Q1 (Coding)\n\nWhat is a?\n\n**Answer:** a.\n\n### Question: Pods\n\nWhat is a pod?\n\nIt is b.\n",
        [("What is a?", "a.", None), ("What is a pod?", "It is b.", None)],
    ),
    "answers on the question's line": (
        "1. **Explain a.** It is a.\n2. What is b? Ans- It is b.\n3. **What is c?**: It is c.\n",
        [("Explain a.", "It is a.", None), ("What is b?", "It is b.", None), ("What is c?", "It is c.", None)],
    ),
    "numbered labels": (
        "**Q1. What is a?**\n\nA1. It is a.\n\n**Q2. What is b?**\n\nA2.\n\n**Q3. What is c?**\n\n**A3:** c.\n",
        [("What is a?", "It is a.", None), ("What is b?", None, None), ("What is c?", "c.", None)],
    ),
    "options below a bold number": (
        "**Q2.** Which?\nA) one\nB) two\n\nAnswer: A\n\n**Q3.** Which not?\nA) one\nB) two\n",
        [("Which?\n\nA) one\nB) two", "A", None), ("Which not?\n\nA) one\nB) two", None, None)],
    ),
    "markers that do not match": (
        "**1. What is a?****\n\n*solution*\n\n**2. What is b?**\n\n*solution*\n",
        [("What is a?", None, None), ("What is b?", None, None)],
    ),
    "follow-ups that are orders": (
        "1. What is a?\n   * Explain more.\n   * Can you give one?\n2. Why?\n",
        [
            ("What is a?", None, None),
            ("Explain more.", None, None),
            ("Can you give one?", None, None),
            ("Why?", None, None),
        ],
    ),
    "names in code": ("## 1. What is __init__ for?\n\nIt is.\n", [("What is __init__ for?", "It is.", None)]),
    "a key at the end": (
        "## 1. Which is a?\n\n- A) one\n- B) two\n\n## 2. What is b?\n\n---\n\n## Answer key\n\n1. B\n2. It is b.\n",
        [("Which is a?\n\n- A) one\n- B) two", "B", None), ("What is b?", "It is b.", None)],
    ),
    "tight headings": (
        "#Title\n\n##Basics\n\n###What is a?\nIt is a.\n\n###What is b?\n",
        [("What is a?", "It is a.", "Basics"), ("What is b?", None, "Basics")],
    ),
    "headings of HTML": (
        "# T\n\n<h2>Basics</h2>\n\n<h3>1. What is a?</h3>\n<p>It is a.</p>\n\n<h3>2. What is b?</h3>\n",
        [("What is a?", "<p>It is a.</p>", "Basics"), ("What is b?", None, "Basics")],
    ),
    "forms that mix": (
        "# T\n\n| Question |\n|---|\n| What is a? |\n\n## More\n\n- What is b?\n- What is c?\n",
        [("What is a?", None, None), ("What is b?", None, "More"), ("What is c?", None, "More")],
    ),
    "links elsewhere": (
        "## 1. What is a?\n\n[[Answer]](https://example.org)\n\n## 2. What is b?\n\n[Read more here](https://example.org/b)\n",
        [("What is a?", None, None), ("What is b?", None, None)],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_read_as_people_read_it(shape: str) -> None:
    source, expected = SHAPES[shape]
    assert [(q.text, q.answer, q.category) for q in bank_from_text(source, path="x.md").questions] == expected
