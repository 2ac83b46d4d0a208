import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgrade.banks.reading import bank_from_text, find_banks, read_bank
from dlgrade.errors import BankError

QUESTIONS = Path(__file__).parent.parent / "questions"

SMALL = "## 1. What is x?\r\n\r\nIt is é.\r\n"


@pytest.mark.parametrize(
    ("name", "form", "counts", "ends"),
    [
        (
            "article",
            "headings",
            (17, 17),
            ("What is the difference between deep learning", "functions in neural networks?"),
        ),
        ("catalogue", "tables", (50, 0), ("How can you diagnose overfitting", "techniques in such a context?")),
        ("fifty", "lists", (50, 0), ("What is deep learning, and", "how do they impact the field?")),
        ("general", "headings", (17, 0), ("Definedeep learningand how", "trade-off indeep learning?")),
        (
            "theory",
            "headings",
            (41, 0),
            ("What is anartificial neural network?", "explainability, and why is it important?"),
        ),
    ],
)
def test_the_five_banks_read_whole(name: str, form: str, counts: tuple[int, int], ends: tuple[str, str]) -> None:
    count, answered = counts
    bank = read_bank(QUESTIONS / f"{name}.md")
    assert (bank.name, bank.form, len(bank.questions)) == (name, form, count)
    assert sum(question.answer is not None for question in bank.questions) == answered
    assert all((question.answer is None) == (question.slot is not None) for question in bank.questions)
    assert [question.id for question in bank.questions] == [f"{name}:{n}" for n in range(1, count + 1)]
    assert bank.questions[0].raw.startswith(ends[0])
    assert bank.questions[-1].raw.endswith(ends[1])
    assert bank.source.encode(bank.encoding) == (QUESTIONS / f"{name}.md").read_bytes()
    lines = bank.source.split("\n")
    assert all(question.raw in lines[question.line - 1].replace("**", "") for question in bank.questions)


def test_the_catalogue_knows_category_and_difficulty() -> None:
    questions = read_bank(QUESTIONS / "catalogue.md").questions
    assert (questions[0].category, questions[0].difficulty) == ("Fundamentals", "Intermediate")
    assert (questions[49].category, questions[49].difficulty) == ("Applications & Challenges", "Advanced")
    assert [question.number for question in questions] == [str(n) for n in range(1, 51)]
    assert questions[0].text == questions[7].text


def test_a_text_that_lost_spaces_is_repaired_and_raw_stays() -> None:
    first, second = read_bank(QUESTIONS / "general.md").questions[:2]
    assert first.text == "Define deep learning and how it differs from other machine learning approaches."
    assert first.raw == "Definedeep learningand how it differs from othermachine learningapproaches."
    assert second.text == "How do dropout layers help prevent overfitting?"


@pytest.mark.parametrize(
    "data",
    [
        SMALL.encode(),
        b"\xef\xbb\xbf" + SMALL.encode(),
        b"\xff\xfe" + SMALL.encode("utf-16-le"),
        b"\xfe\xff" + SMALL.encode("utf-16-be"),
        SMALL.replace("\r\n", "\r").encode(),
        SMALL.strip().encode(),
    ],
)
def test_every_encoding_goes_back_to_the_same_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bank.md"
    path.write_bytes(data)
    bank = read_bank(path)
    assert bank.source.encode(bank.encoding) == data
    assert [(q.line, q.raw, q.answer) for q in bank.questions] == [(1, "What is x?", "It is é.")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"\x89PNG\r\n\0\0", "binary"),
        (b"## 1. What\0?", "binary"),
        (b"\xff\xfe\0\0a\0\0\0", "binary"),
        (b"## 1. What?\n\nna\xefve\n", ":3: not UTF-8 at byte 15"),
        (b"\xff\xfea", "not UTF-16"),
        (b"# Title\n\nSome text.\n", "no questions found; understood are headings"),
        (b"```\n## 1. What is code?\n```\n<!--\n1. What is hidden?\n-->\n", "no questions found"),
    ],
)
def test_what_is_no_bank_is_refused_in_one_line_that_names_it(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "bank.md"
    path.write_bytes(data)
    with pytest.raises(BankError) as caught:
        read_bank(path)
    assert str(caught.value).startswith(str(path))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    for path, says in ((tmp_path, "folder"), (tmp_path / "none.md", "no such file"), (Path("a\0b"), "cannot be read")):
        with pytest.raises(BankError, match=says):
            read_bank(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bank.md"
    path.write_text(SMALL)
    path.chmod(0)
    with pytest.raises(BankError, match="permission denied"):
        read_bank(path)


def test_folders_are_searched_and_hidden_things_skipped(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", "sub/c.MARKDOWN", ".hidden.md", ".git/d.md", "e.py", "sub/.x/f.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    wanted = [tmp_path / "a.txt", tmp_path / "b.md", tmp_path / "sub/c.MARKDOWN"]
    assert find_banks([tmp_path]) == wanted
    assert find_banks([tmp_path / "e.py", tmp_path, tmp_path / "b.md"]) == [tmp_path / "e.py", *wanted]


def test_folders_without_banks_and_missing_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="no documents"):
        find_banks([tmp_path])
    with pytest.raises(BankError, match="no such file or folder"):
        find_banks([tmp_path / "none"])


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_raises_anything_but_a_bank_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.md"
    path.write_bytes(data)
    try:
        bank = read_bank(path)
    except BankError:
        return
    assert bank.source.encode(bank.encoding) == data


@given(st.text())
def test_no_text_raises_anything_but_a_bank_error(source: str) -> None:
    try:
        assert bank_from_text(source, path="a.md").questions
    except BankError as error:
        assert str(error).startswith("a.md: no questions found")
