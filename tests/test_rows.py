"""A file of answers is read row by row; a bad row is named, and the others go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlgrade.errors import InputError
from dlgrade.grading.rows import BadRow, Row, read_rows, survey


def rows(path: Path, text: str | bytes) -> list[Row | BadRow]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_rows(path))


def good(found: list[Row | BadRow]) -> list[tuple[str, str, str]]:
    return [(row.id, row.question, row.answer) for row in found if isinstance(row, Row)]


def bad(found: list[Row | BadRow]) -> list[tuple[str, str]]:
    return [(row.where.rpartition("/")[2], row.reason) for row in found if isinstance(row, BadRow)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_may_hold_quotes_commas_and_lines(tmp_path: Path, mark: bytes, end: str) -> None:
    text = f'Question,Answer,ID{end}dropout,"It ""drops"",{end}units",anna{end}{end}dropout,,bob{end}'
    found = rows(tmp_path / "a.csv", mark + text.encode())
    assert good(found) == [("anna", "dropout", f'It "drops",{end}units'), ("bob", "dropout", "")]
    assert survey(tmp_path / "a.csv").mark == bool(mark)


@pytest.mark.parametrize(("delimiter", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.csv"), ("\t", "a.tsv")])
def test_the_delimiter_is_the_one_that_shows_the_columns(tmp_path: Path, delimiter: str, name: str) -> None:
    found = rows(tmp_path / name, delimiter.join(["question", "answer"]) + "\n" + delimiter.join(["q", "a"]) + "\n")
    assert good(found) == [(f"{name}:2", "q", "a")]
    assert survey(tmp_path / name).delimiter == delimiter


def test_an_object_a_line_is_read_alike(tmp_path: Path) -> None:
    lines = [
        {"id": 7, "question": "q", "answer": "one\ntwo", "reference": "r", "max_score": 5, "group": "A", "n": [1]},
        {"question": "q", "answer": None},
    ]
    found = rows(tmp_path / "a.jsonl", "\n\n".join(json.dumps(line) for line in lines))
    first, second = found
    assert isinstance(first, Row)
    assert (first.id, first.answer, first.reference, first.max_score) == ("7", "one\ntwo", "r", 5.0)
    assert dict(first.extra) == {"group": "A", "n": "[1]"}
    assert good([second]) == [("a.jsonl:3", "q", "")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('x,q,"broken "quote" here"', "not CSV: ',' expected after '\"'"),
        ('x,q,"never closed', "not CSV: a quote is opened and not closed: 'x,q,\"never closed'"),
        ("x,q,a,b,c,d", "6 cells where the header has 4: a cell with a delimiter in it needs quotes"),
        ("x,q", "no answer: a row has `question` and `answer`"),
        ("x, ,a", "no question: a row has `question` and `answer`"),
        ("x,q,a,none", "max_score: not a number above 0: none"),
        ("x,q,a,0", "max_score: not a number above 0: 0"),
        ("x,q,a,nan", "max_score: not a number above 0: nan"),
    ],
)
def test_a_bad_row_of_csv_is_named_and_those_after_it_are_read(tmp_path: Path, line: str, reason: str) -> None:
    found = rows(tmp_path / "a.csv", f"id,question,answer,max_score\n{line}\ny,dropout,b,\nz,dropout,c\n")
    ((where, said),) = bad(found)
    assert (where, said[: len(reason)]) == ("a.csv:2", reason)
    assert good(found) == [("y", "dropout", "b"), ("z", "dropout", "c")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not a line of JSON: '{'"),
        ("[" * 100_000, "not a line of JSON: '[[["),
        ("[1]", "not an object: '[1]'"),
        ('{"answer": "a"}', "no question"),
        ('{"question": 1, "answer": "a"}', "no question"),
        ('{"question": "q"}', "no answer"),
        ('{"question": "q", "answer": 3}', "answer: not a text: 3"),
        ('{"id": {}, "question": "q", "answer": "a"}', "id: neither text nor a whole number: {}"),
        ('{"question": "q", "answer": "a", "reference": []}', "reference: not a text: []"),
        ('{"question": "q", "answer": "a", "max_score": true}', "max_score: not a number above 0: true"),
        ('{"question": "q", "answer": "\\ud800"}', "not UTF-8"),
    ],
)
def test_a_bad_line_of_json_is_named_and_those_after_it_are_read(tmp_path: Path, line: str, reason: str) -> None:
    found = rows(tmp_path / "a.jsonl", f'{line}\n{{"id": "y", "question": "q", "answer": "b"}}\n')
    ((where, said),) = bad(found)
    assert (where, said[: len(reason)]) == ("a.jsonl:1", reason)
    assert good(found) == [("y", "q", "b")]


def test_a_row_that_is_not_utf8_is_named_alone(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.csv", b"id,question,answer\nx,q,caf\xe9\ny,q,b\n")
    assert bad(found) == [("a.csv:2", "not UTF-8: save the file as UTF-8")]
    assert good(found) == [("y", "q", "b")]
    # and what is said of it can be written
    assert all(row.id.encode() and row.question.encode() for row in rows(tmp_path / "b.csv", b"question,answer\n\xe9,"))


def test_a_quote_left_open_swallows_no_more_than_its_own_row(tmp_path: Path) -> None:
    text = 'id,question,answer\nx,q,"open\n' + "".join(f"s{n},q,{'a' * 100}\n" for n in range(3000))
    found = rows(tmp_path / "a.csv", text)
    assert [where for where, _ in bad(found)] == ["a.csv:2"]
    assert [id_ for id_, _, _ in good(found)] == [f"s{n}" for n in range(3000)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "q,a\n1,2\n", "a.csv:1: the first line names the columns; it needs `question` and `answer`"),
        ("a.csv", "", "a.csv:1: the first line names the columns; it needs `question` and `answer`, and has nothing"),
        ("a.csv", "question,answer,Answer\n", "a.csv:1: two columns are called 'answer'"),
        ("a.txt", "x", "answers come as .csv, .tsv, .jsonl, .ndjson"),
        ("a.csv", "question,answer\n".encode("utf-16"), "this is UTF-16; save it as UTF-8"),
    ],
)
def test_what_is_no_file_of_answers_says_what_one_is(tmp_path: Path, name: str, text: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as error:
        rows(tmp_path / name, text)
    assert said in str(error.value)


def test_an_id_that_stands_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,question,answer\nx,q,"a\nb"\ny,q,c\nx,q,d\n')
    with pytest.raises(InputError, match=r"a\.csv:5: the id 'x' stands twice; first at .*a\.csv:2"):
        survey(path)


def test_further_columns_are_kept_under_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    (row,) = rows(path, "question,answer,note,note,\nq,a,1,2,3\n")
    assert dict(row.extra) == {"note": "1", "note (4)": "2", "column 5": "3"}
    assert survey(path).extra == ("note", "note (4)", "column 5")
