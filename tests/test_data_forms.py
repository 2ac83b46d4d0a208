"""Banks that are data: read as their fields say, filled with no other byte changed."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from dlgrade.banks.blocks import Document
from dlgrade.banks.filling import fill
from dlgrade.banks.forms import DATA
from dlgrade.banks.gathering import read_banks
from dlgrade.banks.layout import LAYOUTS
from dlgrade.banks.reading import AS_IT_IS, bank_from_text, decode, read_bank
from dlgrade.banks.wording import fold, is_placeholder
from dlgrade.errors import BankError, NoQuestions
from dlgrade.models import Bank

SAMPLES = sorted(
    path
    for path in (Path(__file__).parent / "samples" / "banks").iterdir()
    if path.suffix in DATA and ".expect" not in path.name
)
ANSWER = 'First: a "quoted" line, # no comment.\n\n- one\n- two; three | four\n\n```python\n    x = {"é": 1}\n```'


def bank(source: str, suffix: str) -> Bank:
    return bank_from_text(source, path=f"bank{suffix}")


def read(source: str, suffix: str) -> list[tuple[str, str | None]]:
    return [(question.text, question.answer) for question in bank(source, suffix).questions]


def filled(source: str, suffix: str, answer: str = "So.") -> str:
    before = bank(source, suffix)
    result = fill(before, {question.id: answer for question in before.questions})
    assert result.failed == ()
    return result.source


# ── reading ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_question_is_where_it_is_said_to_be(path: Path) -> None:
    found = read_bank(path)
    placed = [question for question in found.questions if question.place is not None]
    assert placed
    for question in placed:
        assert question.place is not None
        assert found.source[slice(*question.place)] == question.raw.partition("\n\n")[0]
        assert question.wording.split()[0] in Document(found.source).line(question.line)


@pytest.mark.parametrize(
    "source",
    [
        "question,answer\nWhat is x?,Y.\nWhy?,\n",
        "Answer;Question\nY.;What is x?\n;Why?\n",
        "Model Answer\tFull Question\nY.\tWhat is x?\n\tWhy?\n",
        "prompt|completion\nWhat is x?|Y.\nWhy?|TODO\n",
        "front,back\r\nWhat is x?,Y.\r\nWhy?,\r\n",
        "Frage;Antwort\nWhat is x?;Y.\nWhy?;\n",
        "Pregunta,Respuesta\nWhat is x?,Y.\nWhy?\n",
        "问题,答案\nWhat is x?,Y.\nWhy?,\n",
        "What is x?,Y.\nWhy?,\n",
        "#separator:Semicolon\nWhat is x?;Y.\nWhy?;\n",
        "sep=;\nquestion;answer\nWhat is x?;Y.\nWhy?;\n",
        '\ufeff"question","answer"\n"What is x?","Y."\n"Why?",""\n',
        'question, answer\n"What is x?", "Y."\n"Why?", ""\n',
        "what to ask,answer,notes\nWhat is x?,Y.,a\nWhy?,,b\n",
        "question,explanation\nWhat is x?,Y.\nWhy?,\n",
    ],
)
def test_columns_are_found_by_name_or_else_by_what_stands_in_them(source: str) -> None:
    assert read(source, ".csv") == [("What is x?", "Y."), ("Why?", None)]


@pytest.mark.parametrize(
    "data",
    [
        [{"question": "What is x?", "answer": "Y."}, {"question": "Why?"}],
        {"questions": [{"q": "What is x?", "a": "Y."}, {"q": "Why?", "a": "  "}]},
        {"data": {"items": [{"prompt": "What is x?", "response": "Y."}, {"prompt": "Why?", "response": None}]}},
        {"What is x?": "Y.", "Why?": None},
        {"1": {"question": "What is x?", "answer": "Y."}, "2": {"question": "Why?"}},
        [["What is x?", "Y."], ["Why?", None]],
        [{"question": {"text": "What is x?"}, "answer": {"text": "Y."}}, {"question": {"text": "Why?"}}],
        {"What is x?": {"answer": "Y.", "level": "easy"}, "Why?": {"answer": "", "level": "hard"}},
        [{"front": "What is x?", "back": "Y."}, {"front": "Why?", "back": "..."}],
        [{"question": "What is x?", "answers": ["Y."]}, {"question": "Why?", "answers": []}],
        [{"question": "What is x?", "answer": "Y.", "explanation": "E."}, {"question": "Why?", "explanation": "E."}],
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_questions_are_found_anywhere_in_a_tree(data: Any, suffix: str) -> None:
    source = json.dumps(data) if suffix == ".json" else yaml.safe_dump(data, sort_keys=False)
    assert read(source, suffix) == [("What is x?", "Y."), ("Why?", None)]


OPTIONS = [
    ({"options": ["Red", "Blue"], "answer": 1}, "Blue"),
    ({"options": ["Red", "Blue"], "correct": "b"}, "Blue"),
    ({"options": ["A) Red", "B) Blue"], "answer": "B"}, "B) Blue"),
    ({"choices": {"a": "Red", "b": "Blue"}, "correct_answer": "b"}, "Blue"),
    ({"options": [{"text": "Red"}, {"text": "Blue", "isCorrect": True}]}, "Blue"),
    ({"answers": [{"answer": "Red", "correct": False}, {"answer": "Blue", "correct": True}]}, "Blue"),
    ({"choices": {"text": ["Red", "Blue"], "label": ["A", "B"]}, "answerKey": "B"}, "Blue"),
    ({"A": "Red", "B": "Blue", "answer": "B"}, "Blue"),
    ({"option1": "Red", "option2": "Blue", "correctOption": "2"}, "Blue"),
    ({"options": ["Red", "Blue"], "answer": "blue"}, "Blue"),
    ({"options": ["Red", "Blue"], "answer": ["A", "B"]}, "Red\nBlue"),
    ({"options": ["Red", "Blue"], "answer": "Neither."}, "Neither."),
    ({"options": ["Red", "Blue"], "answer": None}, None),
    ({"options": ["Red", "Blue"]}, None),
]


@pytest.mark.parametrize(("fields", "answer"), OPTIONS)
def test_the_right_option_is_the_answer(fields: dict[str, Any], answer: str | None) -> None:
    (question,) = bank(json.dumps([{"question": "Which?", **fields}]), ".json").questions
    assert question.answer == answer
    assert re.fullmatch(r"Which\?\n\n- A\) Red\n- B\) Blue|Which\?\n\n- 1\) Red\n- 2\) Blue", question.text)


def test_places_of_options_count_from_one_where_the_last_is_named() -> None:
    rows = [{"question": "Which?", "options": ["a", "b"], "answer": place} for place in (1, 2)]
    assert [question.answer for question in bank(json.dumps(rows), ".json").questions] == ["a", "b"]


def test_code_and_input_belong_to_the_question() -> None:
    rows = [{"instruction": "Explain this code.", "input": "x = 1", "output": ""}]
    assert read(json.dumps(rows), ".json") == [("Explain this code.\n\nx = 1", None)]


@pytest.mark.parametrize(
    ("suffix", "source"),
    [
        (".json", '{"name": "x", "scripts": {"test": "run", "list": "List all"}, "keywords": ["how"]}'),
        (".json", '[{"title": "Dropout"}, {"title": "What a day!"}, {"title": "Adam"}]'),
        (".json", "3"),
        (".csv", "name,age\nBob,3\nAnn,4\n"),
        (".csv", "title,output\nDropout,1\nAdam,2\n"),
        (".tsv", "a\tb\n"),
        (".jsonl", '{"id": "TECH-001", "title": "Tool Registry", "type": "coding"}\n'),
        (".yaml", "site_name: Docs\nnav:\n  - Home: index.md\n"),
        (".yaml", "question: What is x?\ntopic: t\nreference: r\ncriteria:\n  - {id: a}\n"),
        (".yaml", "# nothing\n"),
        (".ipynb", '{"cells": [{"cell_type": "markdown", "source": ["# Load the data"]}], "nbformat": 4}'),
        (".ipynb", '{"a": 1}'),
    ],
)
def test_data_that_ask_nothing_are_no_bank(suffix: str, source: str) -> None:
    with pytest.raises(NoQuestions):
        bank(source, suffix)


@pytest.mark.parametrize(
    ("suffix", "source", "message"),
    [
        (".json", '[\n{"question": "Why?",}]', "bank.json:2: not JSON: a comma stands before a closing bracket"),
        (".json", '[\n// c\n"Why?"]', "bank.json:2: not JSON: comments have no place in JSON"),
        (".json", "[" * 5000, "bank.json:1: "),
        (".json", "[" * 500 + "]" * 500, "bank.json:1: nested deeper than any bank"),
        (".jsonl", '{"question": "Why?"}\n{"question"\n', "bank.jsonl:2: not JSON: "),
        (".yaml", "a: b\nc: d: e\n", "bank.yaml:2: not YAML: mapping values are not allowed"),
        (".yaml", "a: \x01\n", "bank.yaml:1: not YAML: a control character"),
        (".yaml", "- " * 500 + "a", "bank.yaml:1: nested deeper than any bank"),
        (".csv", 'question,answer\nWhy?,\n"What?,\n', "bank.csv:3: a quoted field is left open"),
    ],
)
def test_broken_data_are_named_with_their_line(suffix: str, source: str, message: str) -> None:
    with pytest.raises(BankError, match=re.escape(message)) as caught:
        bank(source, suffix)
    assert not isinstance(caught.value, NoQuestions)


@pytest.mark.parametrize("suffix", DATA)
def test_many_blanks_and_quotes_take_no_longer_than_others(suffix: str) -> None:
    for piece in (" ", "\n", '"', '""', "(", "- ", "[ ", "\\", ",\t", "? ", "#\n", '{"a":'):
        start = time.process_time()
        with suppress(BankError):
            bank("question,answer\n" + piece * 20_000, suffix)
        with suppress(BankError):
            bank(f'["{piece.strip() * 10_000}{piece * 20_000}?"]', suffix)
        assert time.process_time() - start < 5


def test_a_folder_is_searched_and_what_is_no_bank_passed_over(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "bank.json").write_text('["What is dropout?"]')
    found = read_banks([tmp_path])
    assert [Path(one.path).name for one in found.banks] == ["bank.json"]
    assert len(found.passed_over) == 2
    assert len(found.unreadable) == 1


PIECES = st.sampled_from(
    [
        *(
            '{"question": ',
            '"What is x?"',
            '"Why?",',
            '"answer": ',
            "null",
            "}",
            "[",
            "]",
            "{",
            ",",
            ":",
            "\\",
            '"',
            "1",
        ),
        *(
            "- ",
            "question: ",
            "What is x?",
            "Why?",
            "answer:",
            "\n",
            "\n  ",
            "\r\n",
            "&a ",
            "*a",
            "|",
            ">",
            "#",
            "'",
            "? ",
        ),
        *("question,answer\n", "What is x?,", ";", "\t", '""', "\ufeff", '{"cells": [', '{"cell_type": "markdown", '),
        *('"source": [', '"# 1. What is x?\\n"', '"messages": [', '"role": "user", ', '"content": ', '"options": '),
    ]
)


@given(st.lists(PIECES | st.text(max_size=4), max_size=25).map("".join))
@example('{"cells": [{"cell_type": "markdown", "source": ["# 1. What is x?\\n"]}]}')
@example('["\\ud800 what is x?", "1\\u0000?"]')
@example('{"messages": [{"role": "user", "content": "What is x?"}]}')
@example('[{"question": "Why?", "id": ' + "1" * 5000 + ', "answer": NaN, "answer": []}]')
def test_no_text_is_too_strange_for_a_reader_of_data(source: str) -> None:
    for suffix, (_, read_form) in DATA.items():
        try:
            reading = read_form(Document(source), AS_IT_IS)
            found = bank_from_text(source, path=f"bank{suffix}")
        except BankError:
            continue
        assert reading is not None
        assert 0 <= reading.sure <= 1
        for question in found.questions:
            assert 1 <= question.line <= len(Document(source).lines)
            assert question.answer is None or question.slot is None
        fill(found, {question.id: ANSWER for question in found.questions})


# ── filling ──────────────────────────────────────────────────────────────────────────────────


def parsed(source: str, suffix: str) -> Any:
    """What another program reads: the data without the answers that may be new."""
    text = source.removeprefix("\ufeff")
    if suffix in (".csv", ".tsv"):
        return list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if suffix == ".tsv" else ","))
    if suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return yaml.safe_load(text) if suffix in (".yaml", ".yml") else json.loads(text)


def without(data: Any, answer: str) -> Any:
    """The data with the answer taken out again, and what it took the place of."""
    if isinstance(data, dict):
        if data.get("answer") == answer and set(data) == {"question", "answer"}:
            return data["question"]
        pairs = {key: without(value, answer) for key, value in data.items()}
        return {key: value for key, value in pairs.items() if not _is_missing(value)}
    if isinstance(data, list):
        return [value for item in data if not _is_missing(value := without(item, answer))]
    return None if data == answer else data


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and is_placeholder(value))


def styles(path: Path) -> list[tuple[str, str]]:
    source = path.read_bytes().decode()
    return [
        (source, path.suffix),
        (source.replace("\n", "\r\n"), path.suffix),
        ("\ufeff" + source, path.suffix),
        (source.rstrip("\n"), path.suffix),
    ]


STYLES = [style for path in SAMPLES for style in styles(path)]


@pytest.mark.parametrize(("source", "suffix"), STYLES)
@pytest.mark.parametrize("answer", ["Short.", ANSWER])
def test_what_was_filled_reads_as_the_same_questions_now_answered(source: str, suffix: str, answer: str) -> None:
    before = bank(source, suffix)
    result = fill(before, {question.id: answer for question in before.questions})
    assert result.failed == ()
    after = bank(result.source, suffix)
    assert [(q.raw, q.number, q.category, q.difficulty) for q in after.questions] == [
        (q.raw, q.number, q.category, q.difficulty) for q in before.questions
    ]
    for old, new in zip(before.questions, after.questions, strict=True):
        assert fold(new.answer or "") == fold(old.answer or answer)
    assert fill(after, {q.id: "Another." for q in after.questions}).source == result.source


@pytest.mark.parametrize(("source", "suffix"), [style for style in STYLES if style[1] != ".ipynb"])
@pytest.mark.parametrize("answer", ["Short.", ANSWER])
def test_other_programs_read_what_they_read_before_and_the_answers(source: str, suffix: str, answer: str) -> None:
    new = parsed(filled(source, suffix, answer), suffix)
    if suffix in (".csv", ".tsv"):
        new = [[cell.replace("\r\n", "\n") for cell in row] for row in new]
        old = [[cell.replace("\r\n", "\n") for cell in row] for row in parsed(source, suffix)]
        assert [[c for c in row if c != answer and not is_placeholder(c)] for row in new] == [
            [c for c in row if not is_placeholder(c)] for row in old
        ]
        assert len({len(row) for row in new}) == 1
    elif suffix == ".jsonl":
        talk = {"messages": [*parsed(source, suffix)[2]["messages"], {"role": "assistant", "content": answer}]}
        assert new[2] == talk
        assert without(new[:2], answer) == without(parsed(source, suffix)[:2], answer)
    else:
        assert without(new, answer) == without(parsed(source, suffix), answer)
    assert json.dumps(new, ensure_ascii=False).count(json.dumps(answer, ensure_ascii=False)) == sum(
        question.answer is None for question in bank(source, suffix).questions
    )


@pytest.mark.parametrize(("source", "suffix"), STYLES)
def test_every_byte_outside_the_answers_stays(source: str, suffix: str) -> None:
    before = bank(source, suffix)
    places = sorted({(q.slot.start, q.slot.end) for q in before.questions if q.slot})
    edges = [0, *(edge for place in places for edge in place), len(source)]
    kept = [source[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    assert re.fullmatch(".*".join(map(re.escape, kept)), filled(source, suffix, ANSWER), re.DOTALL)


def test_a_notebook_keeps_its_cells_and_gets_markdown_ones() -> None:
    (path,) = (path for path in SAMPLES if path.suffix == ".ipynb")
    old, new = json.loads(path.read_text()), json.loads(filled(path.read_text(), ".ipynb", ANSWER))
    assert {**new, "cells": 0} == {**old, "cells": 0}
    added = [cell for cell in new["cells"] if cell["id"] not in {cell["id"] for cell in old["cells"]}]
    (cell,) = added
    assert list(cell) == ["cell_type", "id", "metadata", "source"]
    assert "".join(cell["source"]) == ANSWER
    assert len({cell["id"] for cell in new["cells"]}) == len(new["cells"])
    others = [cell for cell in new["cells"] if cell is not added[0]]
    changed = [one["id"] for one, other in zip(old["cells"], others, strict=True) if one != other]
    assert changed == ["cell-6", "cell-12"]
    # Written as notebooks are: nothing changes when another program saves it.
    assert json.dumps(new, indent=1, ensure_ascii=False) + "\n" == filled(path.read_text(), ".ipynb", ANSWER)


LAID = [
    (".csv", "question\nWhy?\n", "a, b", 'question,answer\nWhy?,"a, b"\n'),
    (".csv", "question,answer\nWhy?,\n", "a", "question,answer\nWhy?,a\n"),
    (".csv", '"question","answer"\n"Why?",""\n', 'a "b"', '"question","answer"\n"Why?","a ""b"""\n'),
    (".csv", "q;topic\nWhy?;t\nHow?\n", "a", "q;topic;answer\nWhy?;t;a\nHow?;;a\n"),
    (".csv", "question\nWhat is x, and why?\n", "a", 'question,answer\n"What is x, and why?",a\n'),
    (".csv", "question,answer\r\nWhy?,\r\n", "a\nb", 'question,answer\r\nWhy?,"a\r\nb"\r\n'),
    (".json", '[{"question": "Why?"}]', "é", '[{"question": "Why?", "answer": "é"}]'),
    (".json", '[{"question":"Why?","id":1}]', "a", '[{"question":"Why?","answer":"a","id":1}]'),
    (".json", '[{"question": "Why\\u2026?", "a": null}]', "é", '[{"question": "Why\\u2026?", "a": "\\u00e9"}]'),
    (
        ".json",
        '[\r\n\t{\r\n\t\t"q": "Why?"\r\n\t}\r\n]',
        "a",
        '[\r\n\t{\r\n\t\t"q": "Why?",\r\n\t\t"answer": "a"\r\n\t}\r\n]',
    ),
    (".json", '[{"q": "Why?"}, {"q": "How?", "a": "b"}]', "a", '[{"q": "Why?", "a": "a"}, {"q": "How?", "a": "b"}]'),
    (".json", '["Why?"]', "a", '[{"question": "Why?", "answer": "a"}]'),
    (".json", '{"Why?": null}', "a", '{"Why?": "a"}'),
    (".json", '[{"question": "Why?", "answers": []}]', "a", '[{"question": "Why?", "answers": ["a"]}]'),
    (".json", '[{"question": "Why?", "answer": {"text": ""}}]', "a", '[{"question": "Why?", "answer": {"text": "a"}}]'),
    (".json", '{"Why?": {"level": 1}}', "a", '{"Why?": {"level": 1, "answer": "a"}}'),
    (
        ".yaml",
        "- Why\n  is it?\n- |\n  How?",
        "a",
        "- question: Why\n    is it?\n  answer: a\n- question: |\n    How?\n  answer: a",
    ),
    (".yaml", "- question: Why?\n", "a\nb", "- question: Why?\n  answer: |-\n    a\n    b\n"),
    (".yaml", "- question: Why?", "  a\nb", "- question: Why?\n  answer: |2-\n      a\n    b"),
    (".yaml", "- question: Why?\n  answer: # c\n", "a\nb", '- question: Why?\n  answer: "a\\nb" # c\n'),
    (".yaml", "- {question: Why?}\n", "a", '- {question: Why?, answer: "a"}\n'),
    (".yaml", "Why?:\nHow?: x\n", "a", "Why?: a\nHow?: x\n"),
    (".yaml", "Why?:\n", "yes", "Why?: |-\n  yes\n"),
    (".yaml", "t:\n  - Why? # c\n", "a", "t:\n  - question: Why? # c\n    answer: a\n"),
    (".yaml", "1: Why is it so?\n", "a", "1:\n  question: Why is it so?\n  answer: a\n"),
    (
        ".json",
        '[{"question": "Why?"}, {"question": "How?", "explanation": "b"}]',
        "a",
        '[{"question": "Why?", "explanation": "a"}, {"question": "How?", "explanation": "b"}]',
    ),
    (".yaml", "Why?:\n  # c\n", "a\nb", 'Why?: "a\\nb"\n  # c\n'),
]


@pytest.mark.parametrize(("suffix", "source", "answer", "expected"), LAID)
def test_an_answer_is_written_as_its_place_asks(suffix: str, source: str, answer: str, expected: str) -> None:
    assert filled(source, suffix, answer) == expected


@pytest.mark.parametrize(("suffix", "source", "answer", "expected"), LAID)
def test_an_answer_that_stands_has_its_place_too(suffix: str, source: str, answer: str, expected: str) -> None:
    after = bank(expected, suffix)
    slot = after.questions[0].standing
    if expected.endswith('["a"]}]'):
        assert slot is None
        return
    assert slot is not None
    lead, text = LAYOUTS[slot.shape].lay(slot, "New\none.")
    again = expected[: slot.start] + lead + text + slot.trail + expected[slot.end :]
    assert bank(again, suffix).questions[0].answer == "New\none."


def test_a_question_without_a_place_fails_with_the_reason() -> None:
    talk = '{"messages": [{"role": "user", "content": "Why?", "name": "x"}]}'
    result = fill(bank(talk, ".jsonl"), {"bank:1": "So."})
    assert [failure.message for failure in result.failed] == [
        "the document has no place for an answer to this question"
    ]
    assert result.kept == ()


def test_an_anchor_that_others_lean_on_stays() -> None:
    source = "- question: Why?\n  answer: &x TODO\n- question: How?\n  answer: *x\n"
    result = fill(bank(source, ".yaml"), {"bank:2": "So."})
    assert result.source == source.replace("*x", "So.")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_other_encodings_stay(tmp_path: Path, encoding: str) -> None:
    mark = codecs.BOM_UTF16_LE if encoding.endswith("le") else codecs.BOM_UTF16_BE
    for suffix, source in ((".csv", "question,answer\r\nWhy é?,\r\n"), (".yaml", "- question: Why é?\n")):
        source_bytes = mark + source.encode(encoding)
        text, found = decode(source_bytes, name="x")
        assert found == encoding
        after = filled(text, suffix).encode(found)
        assert after.startswith(mark)
        assert after.decode("utf-16").startswith(source.rstrip("\r\n,"))


PLACES = [
    (".csv", "id,question,answer\n1,What is x?,\n2,Why?,\n"),
    (".csv", '"question"\n"What is x?"\n"Why?"\n'),
    (".tsv", "question\tanswer\nWhat is x?\t\nWhy?\tTODO\n"),
    (".json", '[\n  {"question": "What is x?"},\n  {"question": "Why?", "answer": ""}\n]\n'),
    (".json", '["What is x\\u003f", "Why?"]'),
    (".jsonl", '{"question": "What is x?"}\n{"messages": [{"role": "user", "content": "Why?"}]}\n'),
    (".yaml", "- question: What is x?\n- question: Why?\n  answer: ''  # c\n- {question: How?}\n"),
    (".yaml", "What is x?:\nWhy?: ~\n"),
    (".yml", "a:\n- What is x?\n- Why?"),
    (
        ".ipynb",
        json.dumps({"cells": [{"cell_type": "markdown", "source": text} for text in (["# What is x?"], [])]}, indent=1),
    ),
    (".ipynb", '{"cells": [{"cell_type": "markdown", "source": "# 1. What is x?\\n\\n**Answer:** TODO"}]}'),
]


@given(
    st.sampled_from(PLACES),
    st.lists(
        st.sampled_from(
            ["\n", "\n\n", " ", "    ", "\t", "# ", "- ", ": ", '"', "'", "```\n", "|", "\\", ",", ";", "é", "~"]
        )
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
        max_size=10,
    ).map("".join),
)
@example(PLACES[6], "  a\n\n\tb\n  ")
@example(PLACES[7], "\ta\n \nb\u2028c\x85d")
@example(PLACES[2], "#a")
@example(PLACES[6], "a\x07\x7f\ufeff\ufffe")
def test_answers_of_any_text_survive_and_nothing_else_changes(place: tuple[str, str], answer: str) -> None:
    suffix, source = place
    before = bank(source, suffix)
    result = fill(before, {question.id: answer for question in before.questions})
    after = bank(result.source, suffix)
    assert [(q.raw, q.number) for q in after.questions] == [(q.raw, q.number) for q in before.questions]
    for old, new in zip(before.questions, after.questions, strict=True):
        assert old.slot is not None
        fitted = LAYOUTS[old.slot.shape].fit(answer)
        if old.id in result.filled:
            assert fold(new.answer or "") == fold(fitted)
            if suffix != ".ipynb":
                assert _lines(new.answer or "") == _lines(fitted)
        else:
            assert new.answer is None
            assert suffix == ".ipynb" or is_placeholder(fitted) or not fold(fitted) or is_placeholder(answer)
    assert result.filled or result.source == source


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in re.split("\r\n|[\r\n]", text)]
