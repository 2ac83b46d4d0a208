"""Where filled copies go: nothing of anybody's is written over."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from dlgrade.banks.outputs import check_replaceable, check_writable, planned, replacement, save_copy, save_new
from dlgrade.banks.reading import read_bank
from dlgrade.errors import OutputError
from dlgrade.models import Bank

TEXT = "1. What is x?\n2. What is y?\n"


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    path = tmp_path / "in" / "deep" / "bank.md"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")
    return read_bank(path)


def test_a_folder_keeps_its_shape_and_a_file_its_name(bank: Bank, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert planned([tmp_path / "in"], out) == {bank.path: out / "deep" / "bank.md"}
    assert planned([bank.path], out) == {bank.path: out / "bank.md"}


def test_a_bank_is_never_planned_onto_itself(bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="use --in-place"):
        planned([tmp_path / "in"], tmp_path / "in")


def test_what_dlgrade_wrote_or_the_bank_as_it_came_may_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "bank.md"
    check_replaceable(target, TEXT.encode())
    target.write_text(TEXT, encoding="utf-8")
    check_replaceable(target, TEXT.encode())
    for content in (b"first", b"second"):
        save_copy(target, content, TEXT.encode())
        check_replaceable(target, TEXT.encode())
        assert target.read_bytes() == content


def test_after_a_kill_between_note_and_copy_the_old_copy_is_still_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "bank.md"
    save_copy(target, b"old")

    def killed(path: Path, data: bytes, **_: object) -> None:
        if path == target:
            raise KeyboardInterrupt
        path.write_bytes(data)

    monkeypatch.setattr("dlgrade.banks.outputs.save", killed)
    with pytest.raises(KeyboardInterrupt):
        save_copy(target, b"new")
    check_replaceable(target, TEXT.encode())


def test_what_somebody_changed_or_made_is_left(tmp_path: Path) -> None:
    target = tmp_path / "bank.md"
    save_copy(target, b"first")
    target.write_bytes(b"first, and my notes")
    with pytest.raises(OutputError, match="left as it is"):
        save_copy(target, b"second")
    assert target.read_bytes() == b"first, and my notes"
    with pytest.raises(OutputError, match="left as it is"):
        check_replaceable(target, TEXT.encode())


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="this folder cannot be made"):
        check_writable([tmp_path / "file" / "bank.md"])
    (tmp_path / "bank.md").mkdir()
    with pytest.raises(OutputError, match="this is a folder"):
        check_writable([tmp_path / "bank.md"])
    check_writable([tmp_path / "new" / "folder" / "bank.md"])
    assert (tmp_path / "new" / "folder").is_dir()


def test_a_long_output_takes_its_place_at_the_end_and_can_be_replaced_again(tmp_path: Path) -> None:
    target = tmp_path / "new" / "grades.csv"
    for text in (b"one", b"two"):
        with replacement(target) as new:
            new.file.write(text)
            assert not target.exists() or target.read_bytes() != text
        assert target.read_bytes() == text
    assert [path.name for path in (tmp_path / "new" / ".dlgrade").iterdir()] == ["grades.csv.sha256"]
    save_copy(target, b"three")  # what one of them wrote, the other knows
    with replacement(target) as new:
        new.file.write(b"four")


def test_a_long_output_that_failed_or_is_not_wanted_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "grades.csv"
    save_copy(target, b"old")
    with replacement(target) as new:
        new.file.write(b"new")
        new.wanted = False
    with pytest.raises(KeyboardInterrupt), replacement(target) as new:
        new.file.write(b"new")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"old"
    assert [path.name for path in (tmp_path / ".dlgrade").iterdir()] == ["grades.csv.sha256"]


def test_a_long_output_replaces_nothing_that_somebody_wrote_before_or_meanwhile(tmp_path: Path) -> None:
    target = tmp_path / "grades.csv"
    target.write_bytes(b"mine")
    with pytest.raises(OutputError, match="left as it is"), replacement(target):
        pass
    target.unlink()
    with pytest.raises(OutputError, match="left as it is"), replacement(target) as new:
        new.file.write(b"new")
        target.write_bytes(b"mine")
    assert target.read_bytes() == b"mine"


def test_a_long_output_goes_where_a_link_points(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "grades.csv"
    link.symlink_to(tmp_path / "real" / "grades.csv")
    with replacement(link) as new:
        new.file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "grades.csv").read_bytes() == b"new"


def test_a_new_file_is_written_where_none_stands_and_replaces_nothing(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "new.yaml"
    assert save_new(target, b"one")
    assert not save_new(target, b"two")
    assert target.read_bytes() == b"one"
    assert [path.name for path in target.parent.iterdir()] == ["new.yaml"]


def test_where_files_cannot_be_linked_a_new_one_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr("os.link", unknown)
    target = tmp_path / "new.yaml"
    assert (save_new(target, b"one"), save_new(target, b"two")) == (True, False)
    assert target.read_bytes() == b"one"
