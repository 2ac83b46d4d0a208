"""`dlgrade review`: what a machine wrote, accepted, edited or rejected by a person."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from dlgrade.cli import options, show
from dlgrade.cli.answers import edited_text
from dlgrade.cli.keys import key
from dlgrade.cli.wiring import Session
from dlgrade.errors import DlgradeError, InputError
from dlgrade.reviewing import Decision, Draft, Edited, Reviewer, again, drafts, sorted_out, walk

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_KEYS: dict[str, Decision] = {"a": "accept", "e": "edit", "r": "reject", "s": "skip", "q": "quit"}
_ASKED = "[a]ccept  [e]dit  [r]eject  [s]kip  [q]uit: "


@app.command()
def review(
    paths: options.Banks,
    list_: Annotated[bool, typer.Option("--list", help="Print the drafts; decide nothing.")] = False,
    accept: Annotated[
        list[str] | None, typer.Option(help="Accept this draft; may be given again.", metavar="ID", show_default=False)
    ] = None,
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Accept every draft.")] = False,
    reject: Annotated[
        list[str] | None, typer.Option(help="Reject this draft; may be given again.", metavar="ID", show_default=False)
    ] = None,
    form: options.Form = None,
    nested: options.Nested = None,
    table: options.Table = None,
    json: options.Json = False,
) -> None:
    """Go through the answers that a machine wrote and nobody has reviewed.

    An answer that is accepted, or edited, counts as a person's own: `dlgrade fill --refresh` leaves it alone. One that
    is rejected goes, and what stood there before comes back. Each decision is saved at once, in the document and in
    .dlgrade/answers.jsonl beside it. Exit 1 if drafts are left.

    \b
    Examples:
      dlgrade review questions/general.md
      dlgrade review questions --list --json
      dlgrade review questions/general.md --accept general:2 --reject general:5
    """
    session = Session.open(form=form, nested=nested, table=table)
    banks = session.read(paths).banks
    found = drafts(banks)
    reviewer = Reviewer(session.lock)
    failed: list[DlgradeError] = []
    if accept or reject or accept_all:
        accepted, rejected = sorted_out(found, accept or (), reject or (), everything=accept_all)
        failed = reviewer.carry_out(accepted, rejected)
    elif found and not list_ and not json:
        _see_a_terminal()
        walk(found, reviewer, ask=_ask, edited=_edited, say=show.remark)
    left = drafts(again(banks))
    if json:
        show.json_document([_row(draft) for draft in left])
    elif list_:
        for draft in left:
            show.text(f"{draft.id}  {draft.question.wording}\n    {draft.line.model}, {draft.line.time}")
    for error in failed:
        show.remark(f"dlgrade: {error}")
    reviewed = len(found) - len(left)
    show.remark(f"{reviewed} reviewed, {len(left)} drafts left" if reviewed else f"{len(left)} drafts")
    raise typer.Exit(max([error.exit_code for error in failed], default=1 if left else 0))


def _see_a_terminal() -> None:
    if not sys.stdin.isatty():
        raise InputError(
            "there is no terminal to ask at",
            hint="Without one: --list, --accept ID, --accept-all or --reject ID.",
        )


def _row(draft: Draft) -> dict[str, Any]:
    line = draft.line
    return {
        "id": draft.id,
        "path": draft.bank.path,
        "line": draft.question.line,
        "question": draft.question.text,
        "answer": draft.answer,
        "model": line.model,
        "prompt": line.prompt.model_dump(),
        "time": line.time,
    }


# ── at a terminal ────────────────────────────────────────────────────────────────────────────


def _ask(draft: Draft, left: int) -> Decision:
    """Show a draft and wait for a key."""
    line = draft.line
    show.text(f"\n{draft.id}  {draft.question.text}\n\n{draft.answer}\n")
    show.text(f"Written by {line.model}, {line.time}; {left} left.")
    decision = _KEYS[key(_ASKED, _KEYS)]
    show.text(decision)
    return decision


def _edited(draft: Draft) -> Edited | None:
    """What the person makes of it in their editor; None, with the reason said, if that is nothing."""
    try:
        text, file = edited_text(draft.answer + "\n", missing="there is no editor", hint="Set EDITOR to one.")
    except InputError as error:
        show.remark(f"dlgrade: {error}")
        return None
    return Edited(text.strip("\ufeff\r\n"), file)
