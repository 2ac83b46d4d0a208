"""Tables as rows alone, for the Markdown parser: nobody here needs its cells, of which a long table has very many.

A block rule of markdown-it-py in the place of its own. That one still says what begins a table; where a table ends
is told in https://github.github.com/gfm/#tables-extension-.
"""

from __future__ import annotations

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table


def rows(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Give `table_open`, a `tr_open` and `tr_close` for each line but that of dashes, and `table_close`."""
    if not table(state, start_line, end_line, True):
        return False
    if silent:
        return True
    parent, state.parentType = state.parentType, "table"
    opened = state.push("table_open", "table", 1)
    _row(state, start_line)
    line = start_line + 2
    while line < end_line and _goes_on(state, line, end_line):
        _row(state, line)
        line += 1
    state.push("table_close", "table", -1)
    opened.map = [start_line, line]
    state.parentType, state.line = parent, line
    return True


def _row(state: StateBlock, line: int) -> None:
    state.push("tr_open", "tr", 1).map = [line, line + 1]
    state.push("tr_close", "tr", -1)


def _goes_on(state: StateBlock, line: int, end_line: int) -> bool:
    if state.sCount[line] < state.blkIndent or state.is_code_block(line) or state.isEmpty(line):
        return False
    return not any(rule(state, line, end_line, True) for rule in state.md.block.ruler.getRules("blockquote"))
