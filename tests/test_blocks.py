import re
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dlgrade.banks import stretches
from dlgrade.banks.block import Block, Lines, Plainly
from dlgrade.banks.blocks import Document

SAMPLE = (
    "# Title\n\n1. One\n   more\n\n   inside\n2. Two\n\n```py\n# code\n```\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n[x]: y\n\nlast"
)


def sources(text: str) -> list[str]:
    return [
        text,
        text.replace("\n", "\r\n"),
        text.replace("\n", "\r"),
        "\ufeff" + text,
        "\ufeff" + text.replace("\n", "\r\n"),
        text + "\n",
    ]


@pytest.mark.parametrize("source", sources(SAMPLE))
def test_offsets_point_into_the_untouched_source(source: str) -> None:
    document = Document(source)
    kinds = [block.kind for block in document.blocks]
    assert kinds == ["heading", "list", "fence", "table", "rule", "definition", "paragraph"]
    heading, items, fence, table, rule, definition, last = document.blocks
    assert source[heading.start : heading.end] == "# Title"
    one, two = items.children
    assert source[two.start : two.end] == "2. Two"
    assert (one.number, one.indent, two.number) == ("1", 3, "2")
    paragraph = one.children[0]
    assert paragraph.text == "One\nmore"
    assert source[paragraph.start : paragraph.end].replace("\r\n", "\n").replace("\r", "\n") == "1. One\n   more"
    assert source[fence.start : fence.end].startswith("```py")
    assert source[fence.start : fence.end].endswith("```")
    assert [document.line(row.line) for row in table.children] == ["| a | b |", "| 1 | 2 |"]
    assert source[rule.start : rule.end] == "---"
    assert source[definition.start : definition.end] == "[x]: y"
    assert source[last.start : last.end] == "last"


@pytest.mark.parametrize(
    ("line", "column"),
    [("1. a", 3), ("10. a", 4), ("  1) a", 5), ("1.  a", 4), ("1.      code", 3), ("1.\ta", 4), ("- a", 2), ("1.", 3)],
)
def test_an_items_content_column_is_commonmarks(line: str, column: int) -> None:
    assert Document(line).blocks[0].children[0].indent == column


@pytest.mark.parametrize(
    "front", ["---\ntitle: What?\ntags: [a]\n---\n", "+++\ntitle = 'x'\n+++\n", "---\r\na: b\r\n---\r\n"]
)
def test_front_matter_is_no_block_and_keeps_its_lines(front: str) -> None:
    (block,) = Document(front + "# T").blocks
    assert (block.kind, block.line) == ("heading", 1 + front.count("\n"))


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert [block.kind for block in Document("---\n\ntext\n\n---\n").blocks] == ["rule", "paragraph", "rule"]


@pytest.mark.parametrize(("source", "newline"), [("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb", "\r")])
def test_the_first_line_end_is_the_documents(source: str, newline: str) -> None:
    assert Document(source).newline == newline


@given(st.text(st.sampled_from("a#-*>`~|:1.)[]<!\t \n\r\0\ufeff\x0b\x85\u2028")))
def test_blocks_of_any_text_stand_in_order_and_cover_all_that_is_written(source: str) -> None:
    document = Document(source)
    last = 0
    for block in document.blocks:
        assert last < block.line <= block.last <= len(document.lines)
        assert 0 <= block.start <= block.end <= len(source)
        last = block.last
    assert "".join(source[start:end] for start, end in document.lines).replace("\n", "") == source.removeprefix(
        "\ufeff"
    ).replace("\r", "").replace("\n", "")


@given(st.text(st.sampled_from("aé1#-*_=>`~|:.)]<!&\\\"'($\t \n\n\x0b\xa0"), max_size=60))
@example("# a\nb\nc\n---\n\n---\n\n# d #\n\n## e\\#\n#f\n\n- g\n\nh\n\n- i")
@example("> a\n\nb\n\n- c\n\nd\n\n  e\n\n<!--\n\nf\n\n-->\n\ng\n\n```\n\nh\n\n```\n\n***")
@example("**a**\n_b_\n\n* c\n\n__\n\n___\n\na | b\n--|--\n\n[c]: d\n\n\te\n\na\x0b\n\n\xa0\n\nb")
def test_a_block_told_without_the_parser_is_what_the_parser_makes_of_it(text: str) -> None:
    told = whole(Document(text).blocks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "_PLAIN", re.compile("(?!)"))
        patch.setattr(stretches, "_RULE", re.compile("(?!)"))
        patch.setattr(stretches, "_ITEM", re.compile("(?!)"))
        assert whole(Document(text).blocks) == told


def whole(blocks: Iterable[Block]) -> list[Block]:
    """The blocks with the texts that they are asked for."""
    return [block._replace(said=block.text, inside=tuple(whole(block.children))) for block in blocks]


def parts_of(text: str) -> list[tuple[str, int]]:
    """What a text is taken apart into, and how many lines stand before each part."""
    parts = stretches.stretches(text, Plainly(text, Lines(text)))
    return [(part.kind, part.line - 1) if isinstance(part, Block) else ("stretch", part.before) for part in parts]


def test_what_is_plain_needs_no_parser() -> None:
    assert parts_of("# A\n\n**b**\nc\n\n---\n\n_d_\n\n- e\n\n  f\n\n    g\n\nh\n") == [
        *(("heading", 0), ("paragraph", 2), ("rule", 5), ("paragraph", 7)),
        *(("stretch", 9), ("paragraph", 15)),
    ]


def test_a_plain_list_needs_no_parser() -> None:
    text = "1. A\n   b\n\n   c\n\n2. D\n\n10.  E\n\n     f\n     g\n\n* H\n* I\n\nj\n"
    assert parts_of(text) == [("list", 0), ("list", 12), ("paragraph", 15)]


LINES = """\
# a|1. b|2) c|10. d|- e|* f|> g|```|````|~~~|    ```|   - ```py|<div>|</div>|<!-- h|-->|<pre>|</pre>|<?|?>|---|[i]: j
k|    l|  m|||"""
BITS = st.sampled_from(re.split(r"[|\n]", LINES))


LIST_LINES = """\
1. a|2. b|1) c|10.  d|3.     e|1.\tf|1.|-|- g|* h|+    i|- **j**|* [k]|   l|  m|    n|     o|      p|\tq|   - r
   # s|   1. t|u|# v|---|   ---|===|   ===|```|   ```|[w]: x|   | |||||"""


@given(st.lists(st.sampled_from(re.split(r"[|\n]", LIST_LINES)), max_size=24).map("\n".join))
@example("1. a\n\n   b\n\n    c\n\n   d\n\n2. e")
@example("1. a\n2. b\n\n       c\n\n3. d\n\n4) e\n\n   f")
@example("- a\n\n  b\n\n- c\n\n  # d\n\n  e\n\n- f")
@example("1.\n\n\n2. a")
@example("a\n-\n\n- b")
def test_a_list_told_without_the_parser_is_what_the_parser_makes_of_it(text: str) -> None:
    told = whole(Document(text).blocks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "_ITEM", re.compile("(?!)"))
        assert whole(Document(text).blocks) == told


@given(st.lists(BITS, max_size=40).map("\n".join))
@example("```\n\na\n\n    ```\n\n# b\n\n```\n\n# c")
@example("- a\n\n- b\n\n* c\n\n1. d\n\n2. e\n\n3) f")
@example("<!-- a\n\n# b\n\n-->\n\n# c")
@example("- ```\n\n# a\n\n```\n\n# b")
def test_a_text_parsed_in_stretches_has_the_blocks_of_the_whole(text: str) -> None:
    told = whole(Document(text).blocks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "LENGTH", 0)
        assert whole(Document(text).blocks) == told
