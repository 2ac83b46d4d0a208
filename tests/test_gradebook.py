"""Grades are written in the order of their answers, whenever they come, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import pytest

from dlgrade.errors import OutputError
from dlgrade.grading.gradebook import COLUMNS, Gradebook, JsonLines, Table, form_for
from dlgrade.grading.offline import grade
from dlgrade.grading.rows import Row, Survey
from dlgrade.library import SHIPPED
from dlgrade.models import Grade
from dlgrade.rubrics import load_rubric

DROPOUT = load_rubric(SHIPPED / "rubrics" / "dropout.yaml")


def graded(id_: str = "x", answer: str = "Units are dropped at random.") -> tuple[Row, Grade]:
    row = Row(id_, "a.csv:2", "dropout", answer)
    return row, grade(answer, DROPOUT, id=id_)


def table(data: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_grades_that_come_in_any_order_are_written_in_that_of_their_answers() -> None:
    written: list[bytes] = []
    order = list(range(200))
    random.Random(4).shuffle(order)
    with Gradebook(JsonLines(), written.append) as book:
        for number in order:
            book.put(number, *graded(str(number)))
    assert [json.loads(line)["id"] for line in b"".join(written).splitlines()] == [str(n) for n in range(200)]


def test_a_grade_is_written_as_soon_as_those_before_it_are() -> None:
    written: list[bytes] = []
    book = Gradebook(JsonLines(), written.append)
    book.put(1, *graded("b"))
    assert b"".join(written) == b""
    book.put(0, *graded("a"))
    assert b"".join(written).count(b"\n") == 2
    book.put(5, *graded("f"))
    book.close()
    assert [json.loads(line)["id"] for line in b"".join(written).splitlines()] == ["a", "b", "f"]


def test_a_line_is_the_grade_whole() -> None:
    row, result = graded(answer="Units are dropped at random – “so”.")
    line = JsonLines().line(row, result)
    assert json.loads(line) == result.model_dump(mode="json")
    assert Grade.model_validate_json(line) == result


def test_a_row_is_flat_with_a_column_for_everything_that_counts() -> None:
    form = Table(())
    row, result = graded(answer="Units are dropped at random. Dropout stays on at inference.")
    (cells,) = table(form.head + form.line(row, result))
    assert tuple(cells) == COLUMNS
    assert (cells["score"], cells["max_score"], cells["percent"]) == ("0.5", "10", "5")
    assert cells["verdicts"].startswith("random-masking met 2.5/2.5; no-co-adaptation missed 0/2.5")
    assert cells["misconceptions"] == "active-at-inference -2"
    assert (cells["model"], cells["samples"], cells["error"]) == ("offline", "1", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    form = Table(("note", f"{start}name"))
    row, result = graded(f"{start}1")
    row = Row(row.id, row.where, row.question, row.answer, extra={"note": f"{start}cmd|' /C calc'!A0"})
    (cells,) = table(form.head + form.line(row, result))
    assert not [cell for cell in (*cells, *cells.values()) if cell.startswith(start)]
    assert cells["note"] == f"'{start}cmd|' /C calc'!A0"


def test_columns_of_the_answers_stand_behind_and_never_hide_the_grades_own() -> None:
    form = Table(("group", "score", "given_score"))
    row, result = graded()
    row = Row(row.id, row.where, row.question, row.answer, extra={"group": "A", "score": "9", "given_score": "8"})
    (cells,) = table(form.head + form.line(row, result))
    assert (cells["score"], cells["group"], cells["given_score_"], cells["given_score"]) == ("2.5", "A", "9", "8")


def test_a_table_is_written_as_the_answers_were(tmp_path: Path) -> None:
    form = form_for(tmp_path / "g.csv", Survey(tmp_path / "a.csv", 1, (), delimiter=";", mark=True))
    assert form.head.startswith(b"\xef\xbb\xbfid;question;")
    with pytest.raises(OutputError, match=r"g\.xls: grades are written to \.jsonl or \.csv"):
        form_for(tmp_path / "g.xls", Survey(tmp_path / "a.csv", 1, ()))
