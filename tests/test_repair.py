"""Texts whose links lost the spaces around them are read as they were meant, and what is right stays."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.banks.spelling.repair import repaired, words_of

SAMPLES = ROOT / "tests" / "samples" / "repair"


def lines(name: str) -> list[str]:
    text = (SAMPLES / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


BANKS = lines("banks.txt")
LINKS = lines("links.txt")
NAMES = lines("names.txt")


def bare(link: str) -> str:
    return link.replace("[", "").replace("]", "")


def glued(link: str) -> str:
    return re.sub(r" ?\[([^\]]*)\] ?", r"\1", link)


@pytest.mark.parametrize("marked", BANKS)
def test_each_question_of_the_two_banks_reads_as_its_writer_meant(marked: str) -> None:
    assert repaired(marked.replace("|", "")) == marked.replace("|", " ")


def test_the_samples_are_the_questions_of_the_two_banks() -> None:
    texts = []
    for name in ("general", "theory"):
        source = (ROOT / "questions" / f"{name}.md").read_text(encoding="utf-8")
        texts += [question.raw for question in bank_from_text(source, path=f"{name}.md").questions]
    assert [marked.replace("|", "") for marked in BANKS] == texts


def test_the_banks_read_repaired() -> None:
    texts = [
        question.text
        for name in ("general", "theory")
        for question in read_bank(ROOT / "questions" / f"{name}.md").questions
    ]
    assert texts == [marked.replace("|", " ") for marked in BANKS]


def test_what_the_banks_themselves_write_does_not_vouch_for_their_slips() -> None:
    texts = [marked.replace("|", "") for marked in BANKS]
    known = words_of(texts)
    assert [repaired(text, known) for text in texts] == [marked.replace("|", " ") for marked in BANKS]


def test_words_that_texts_write_twice_are_known() -> None:
    assert words_of(["Explain zorbflow.", "Is zorbflow fast?", "adeep adeep blorp"]) == {"zorbflow"}


def test_of_links_glued_on_other_topics_at_least_85_in_100_are_restored_exactly() -> None:
    right = sum(repaired(glued(link)) == bare(link) for link in LINKS)
    assert right >= 0.85 * len(LINKS)


def test_of_clean_questions_at_most_1_in_100_is_changed() -> None:
    clean = [*map(bare, LINKS), *(marked.replace("|", " ") for marked in BANKS)]
    assert len(clean) >= 250
    assert sum(repaired(text) != text for text in clean) <= 0.01 * len(clean)


@pytest.mark.parametrize("line", NAMES)
def test_names_and_new_words_stay_whole(line: str) -> None:
    assert repaired(line) == line
    assert [
        word for word in line.split() if repaired(f"Explain {word} in detail.") != f"Explain {word} in detail."
    ] == []


def test_the_rubrics_stay_as_they_are() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "rubrics").glob("*.yaml"))]
    prose = [re.sub(r"(?m)^ *(?:partial_)?cues:\n(?:^ +- .*\n)+", "", text) for text in texts]
    lines_ = [line.strip() for text in prose for line in text.splitlines() if len(line) > 40]
    changed = [line for line in lines_ if repaired(line) != line]
    assert len(changed) <= 0.01 * len(lines_)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("networks(RNNs)and gates", "networks (RNNs) and gates"),
        ("schedules(such as learning ratedecay)", "schedules (such as learning rate decay)"),
        ("batch gradient descent,stochastic gradient descent", "batch gradient descent, stochastic gradient descent"),
        ("How isPCAused?", "How is PCA used?"),
        ("the use oft-SNE", "the use of t-SNE"),
        ("clusters fork-means", "clusters for k-means"),
        ("a job forC++and Node.js", "a job for C++ and Node.js"),
        ("areal-world problem", "a real-world problem"),
        ("theIR model", "the IR model"),
        ("the model’sweights", "the model’s weights"),
        ("the meaning of “depth”in learning", "the meaning of “depth” in learning"),
        ("What is it?Why so?", "What is it? Why so?"),
        (
            "**adeep network** and [adeep](https://a.b/adeep) one",
            "**a deep network** and [a deep](https://a.b/adeep) one",
        ),
        ("- adeep network\n- andthe loss\n", "- a deep network\n- and the loss\n"),
    ],
)
def test_spaces_come_back_at_brackets_commas_capitals_and_hyphens(text: str, right: str) -> None:
    assert repaired(text) == right


@pytest.mark.parametrize(
    "text",
    [
        "`adeep` and ``indeep ` learning``",
        "```python\nadeep = indeep(learning,rate)\n```",
        "~~~\nadeep\n~~~",
        "text\n\n    adeep code\n",
        "$adeep$ and $$indeep(x)and$$ and \\(adeep\\)",
        "https://example.com/adeep?inneural=andthe,of",
        "see www.example.com/adeep,indeep or me.adeep@example.com",
        '<a href="adeep" title="ofthe indeep">x</a> <!-- adeep -->',
        "[x](/adeep/indeep 'andthe')",
        "/usr/lib/adeep/indeep and src/adeep/indeep.py",
        "model.adeep(indeep) adeep_indeep adeep=3 \\adeep &adeep;",
        "深度学习是什么？ Что такое нейроннаясеть? Überanpassungund Regularisierung",
    ],
)
def test_code_formulas_addresses_and_other_scripts_are_not_touched(text: str) -> None:
    assert repaired(text) == text


PIECES = (
    *(
        "adeep",
        "indeep",
        "theReLU",
        "learning",
        "(RNNs)and",
        "a,b",
        ",stochastic",
        "`adeep`",
        "$x$",
        "**",
        "-",
        "'s",
        "’",
    ),
    *("(", ")", "?Why", "t-SNE", "oft-SNE", "ofC++and", "网络", "é", "_", ".", "model", "https://a.b/c", "at-test"),
    *("“depth”in", "[", "]", "onnon", " ", " ", "\n"),
)


@settings(deadline=None)  # the first example reads the lexicon
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_only_spaces_are_added_and_once_is_enough(text: str) -> None:
    better = repaired(text)
    assert better.replace(" ", "") == text.replace(" ", "")
    at = iter(better)
    assert all(char in at for char in text)
    assert repaired(better) == better


@pytest.mark.parametrize(
    "unit",
    ["adeep", "a", "adeep ", "(", "a(b)", "a,b,", "`", "$", "<a", "/a", "a-", "a.", "aA", "AA", "[a](", "\\[", "x@"],
)
def test_time_grows_with_the_length_of_the_text_alone(unit: str) -> None:
    repaired("adeep")
    took = []
    for size in (4_000, 16_000):
        text = unit * (size // len(unit))
        rounds = []
        for _ in range(3):  # the best of them: a collection of garbage in a large test process takes longer than this
            start = time.process_time()
            repaired(text)
            rounds.append(time.process_time() - start)
        took.append(min(rounds))
    assert took[1] < 10 * took[0] + 0.1


def test_the_lexicon_is_read_only_when_a_word_is_asked_for() -> None:
    script = (
        "from dlgrade.banks.spelling import lexicon, repair\n"
        "assert repair.repaired('is it the use of 12 + 7?') and not lexicon.lexicon.cache_info().currsize\n"
        "assert repair.repaired('adeep net') == 'a deep net' and lexicon.lexicon.cache_info().currsize\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
