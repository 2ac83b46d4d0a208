"""`dlgrade answer`: one reference answer to stdout, word by word where a person waits for it."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

import typer

from dlgrade.answering import shipped_answer
from dlgrade.banks.wording import is_placeholder
from dlgrade.cli import options, show
from dlgrade.cli.wiring import Session
from dlgrade.errors import ItemError, UnknownQuestion, Unreadable
from dlgrade.llm.counted import Counted
from dlgrade.llm.prices import money
from dlgrade.lookup import Target
from dlgrade.models import Question
from dlgrade.references import asked_answer
from dlgrade.settings import OFFLINE, SET_UP_A_MODEL

app = typer.Typer(rich_markup_mode=None, add_completion=False)

# A terminal would obey them; a line's end and a tab are all that a text needs.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@app.command()
def answer(
    question: options.Question,
    model: options.Models = None,
    base_url: options.BaseUrl = None,
    max_cost: options.MaxCost = None,
    record: options.Record = None,
    replay: options.Replay = None,
    json: options.Json = False,
) -> None:
    """Print the reference answer to one question.

    With no model set up, it is the one that ships with dlgrade. With --model NAME the model is asked; on a terminal its
    words appear as they come. The reply is cached, and fill takes it from there.
    Exit 1 if no answer came of it, 3 if the endpoint cannot be used.

    \b
    Examples:
      dlgrade answer general:2
      dlgrade answer dropout --json
      dlgrade answer general:2 --model NAME --base-url http://localhost:8080/v1
    """
    started = time.monotonic()
    session = Session.open(models=model, record=record, replay=replay, base_url=base_url, max_cost=max_cost)
    target = session.lookup.find(question)
    if session.settings.offline:
        _offline(session, target, started, json=json)
        return
    # Whoever reads a file or a pipe gets the text once, and only when it is whole.
    told = _Told() if sys.stdout.isatty() and not json else None
    with session.client() as client:
        asked, text = _asked(session, target, client, told, started)
    seconds = time.monotonic() - started
    if json:
        show.json_document(_document(target, text, asked, client, seconds))
    elif told is not None:
        told.end(text)
    else:
        show.text(text)
    show.remark(_sum(asked, client, seconds))


def _asked(session: Session, target: Target, client: Counted, told: _Told | None, started: float) -> tuple[str, str]:
    """The model that answered, and its answer; what was billed is said of a failure too."""
    try:
        asked, text = asked_answer(
            _question(target),
            client,
            session.prompts,
            session.settings,
            hear=told.hear if told else None,
            unhear=told.unhear if told else None,
            on_remark=show.remark,
        )
        if is_placeholder(text):
            if told is not None:
                told.unhear("a placeholder is no answer")
            raise Unreadable(f"{asked} replied with a placeholder, which is no answer: {text}")
    except ItemError:
        show.remark(_sum(str(session.settings.model), client, time.monotonic() - started))
        raise
    return asked, text


def _offline(session: Session, target: Target, started: float, *, json: bool) -> None:
    session.say_if_offline()
    text = shipped_answer(_question(target), session.rubrics)
    if text is None:
        raise UnknownQuestion(f"no answer ships for {target.id}: {_question(target).wording}", hint=SET_UP_A_MODEL)
    if json:
        show.json_document(_document(target, text, OFFLINE, None, time.monotonic() - started))
    else:
        show.text(text)


def _question(target: Target) -> Question:
    """The question as its bank has it, so that `fill` asks for the same; by its text alone where it stands in none."""
    return target.question or Question(bank=target.id, position=1, raw=target.text, text=target.text, line=1)


def _document(target: Target, text: str, model: str, client: Counted | None, seconds: float) -> dict[str, Any]:
    return {
        "id": target.id,
        "question": target.text,
        "answer": text,
        "model": model,
        "cached": client is not None and client.cached > 0,
        "usage": None if client is None else client.usage.model_dump(),
        "cost_usd": 0.0 if client is None else client.cost,
        "seconds": round(seconds, 3),
    }


def _sum(model: str, client: Counted, seconds: float) -> str:
    """What it took, on one line."""
    if client.cached:
        return f"{model}: from the cache, {seconds:.1f} s"
    usage, cost = client.usage, client.cost
    tokens = f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
    retries = f", {client.retries} more {'try' if client.retries == 1 else 'tries'}" if client.retries else ""
    return f"{model}: {tokens}{retries}, {'cost not known' if cost is None else money(cost)}, {seconds:.1f} s"


class _Told:
    """What a person at a terminal has been told so far."""

    def __init__(self) -> None:
        self._told = ""

    def hear(self, words: str) -> None:
        """Show words at once."""
        self._told += words
        typer.echo(_CONTROL.sub("", words), nl=False)
        sys.stdout.flush()

    def unhear(self, why: str) -> None:
        """Say that what stands there is void."""
        typer.echo("")
        show.remark(f"dlgrade: what stands above is void: {why}")
        self._told = ""

    def end(self, text: str) -> None:
        """Complete what was told to the whole text."""
        if self._told and not text.startswith(self._told):
            self.unhear("the model was only thinking")
        self.hear(text[len(self._told) :])
        typer.echo("")
