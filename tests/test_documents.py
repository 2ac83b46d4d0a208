"""Made documents, one or more for every form and trap, each read as the reading beside it says.

`NAME.expect.json` holds `{"form", "questions": [{"text", "number", "category", "difficulty", "answered"}]}`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import mistune
import pytest
from conftest import ROOT

from dlgrade.banks.filling import fill
from dlgrade.banks.reading import bank_from_text, read_bank
from dlgrade.models import Bank, Question

FOLDER = ROOT / "tests" / "samples" / "banks"
DOCUMENTS = sorted(path for path in FOLDER.iterdir() if not path.name.endswith(".expect.json"))
MARKDOWN = [path for path in DOCUMENTS if path.suffix == ".md"]
ANSWER = """\
**Zebra** in *short*: $z = 1$.

### Zebra heading

1. Zebra one
2. Zebra two

- zebra

```python
# zebra
zebra = {"zebra": [1, 2]}
```

| Zebra | stripes |
|---|---|
| zebra | 2 |

---

> Zebra, quoted."""


def row(question: Question) -> dict[str, object]:
    return {
        "text": question.text,
        "number": question.number,
        "category": question.category,
        "difficulty": question.difficulty,
        "answered": question.answer is not None,
    }


def filled(bank: Bank, answer: str) -> str:
    result = fill(bank, {question.id: answer for question in bank.questions})
    assert [failure.message for failure in result.failed] == []
    return result.source


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_reads_as_its_keeper_would_read_it(path: Path) -> None:
    expected = json.loads(path.with_name(f"{path.name}.expect.json").read_text(encoding="utf-8"))
    bank = read_bank(path)
    assert [row(question) for question in bank.questions] == expected["questions"]
    assert bank.form == expected["form"]


@pytest.mark.parametrize("answer", ["Zebra.", ANSWER], ids=["short", "long"])
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_was_filled_is_all_there_and_nothing_else_changed(path: Path, answer: str) -> None:
    before = read_bank(path)
    source = filled(before, answer)
    after = bank_from_text(source, path=str(path), encoding=before.encoding)
    assert [row(q) | {"answered": True} for q in before.questions] == [row(q) for q in after.questions]
    for old, new in zip(before.questions, after.questions, strict=True):
        assert old.answer == new.answer or (old.answer is None and "zebra" in (new.answer or "").casefold())
    assert filled(after, "Other.") == source
    assert only_adds(before, source)


def only_adds(before: Bank, after: str) -> bool:
    """Say whether everything outside the slots is there, in order, character for character."""
    places = sorted({(q.slot.start, q.slot.end) for q in before.questions if q.slot})
    edges = [0, *(edge for place in places for edge in place), len(before.source)]
    at = 0
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        kept = before.source[start:end]
        pieces = [kept]
        for edit in sorted(before.once, key=lambda edit: edit.start, reverse=True):
            if start <= edit.start and edit.end <= end:
                head, tail = pieces[0][: edit.start - start], pieces[0][edit.end - start :]
                pieces[:1] = [head, tail]
        for piece in pieces:
            at = after.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
    return True


# ── as another library shows it ──────────────────────────────────────────────────────────────

render = mistune.create_markdown(escape=False, plugins=["table", "task_lists"])
PLACEHOLDER = re.compile(
    r"(?i)\W*(?:answer\W*)?(?:to be filled|todo|tbd|answer here|write me)\W*|\W*answer\W*|\W*答案\W*|[\W_]*"
)


def shown(source: str) -> list[str]:
    """What a page shows, text by text, without the placeholders."""
    html = str(render(source.removeprefix("\ufeff")))
    texts = (re.sub(r"\s+", " ", part).strip() for part in re.split(r"<[^<>]+>", html))
    return [text for text in texts if not PLACEHOLDER.fullmatch(text)]


def headings(source: str) -> list[tuple[str, str]]:
    """The headings of a page with their levels."""
    html = str(render(source.removeprefix("\ufeff")))
    return re.findall(r"(?s)<h([1-6])[^>]*>(.*?)</h\1>", html)


@pytest.mark.parametrize("answer", ["Zebra.", ANSWER], ids=["short", "long"])
@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.name)
def test_another_library_shows_the_rest_of_the_page_as_before(path: Path, answer: str) -> None:
    """All that is no placeholder is shown, in the same order; a table's answers alone bring headings."""
    before = read_bank(path)
    source = filled(before, answer)
    new = iter(shown(source))
    assert [text for text in shown(before.source) if not any(text == other for other in new)] == []
    if before.form != "tables":
        assert headings(source) == headings(before.source)
