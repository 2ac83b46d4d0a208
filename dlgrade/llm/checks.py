"""What was found of an endpoint and its models -> a line about each thing, and what to do where something is wrong.

    OK       reply       38 tokens in 0.9 s: the first words after 0.2 s, then 54 tokens a second
    note     parameters  temperature is left out: "temperature is deprecated for this model"
    problem  model       http://host/v1 does not know it: "The model `gtp` does not exist"
                         Did you mean gpt? Check --model and --base-url; a base URL usually ends in /v1.

Pure functions; `diagnosis` makes the calls.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from dlgrade.llm.dialect import Dialect
from dlgrade.llm.prices import toml_for
from dlgrade.llm.request import Reply
from dlgrade.llm.schema import LADDER
from dlgrade.llm.trouble import ACTIONS, Condition, Trouble
from dlgrade.llm.wire import Listed, looks_truncated
from dlgrade.models import Price, Record, Usage

State = Literal["ok", "note", "problem"]

_PROMPT = 2_000  # tokens that a prompt needs: a rubric with an answer to grade
_SHOWN = 5  # names of models


class Check(Record):
    """One thing looked at.

    A `note` is worth knowing and needs nothing done. `do` is what a person can do, `model` the one that it is about,
    None where it is about none in particular.
    """

    name: str
    state: State
    found: str
    do: str | None = None
    model: str | None = None


# ── what went wrong ──────────────────────────────────────────────────────────────────────────

REPLIED = frozenset({Condition.LENGTH, Condition.UNREADABLE, Condition.REFUSED})
"""Troubles that a model replied with, so it can be asked."""
PASSING = frozenset({Condition.RATE_LIMIT, Condition.OVERLOADED, Condition.BUSY, Condition.SERVER})
"""Troubles that a run waits out, or that another question need not meet."""

_LATER = "Ask again in a while; a run waits and asks again by itself."
_ELSEWHERE = ACTIONS[Condition.NOT_A_REPLY].hint

# the line it belongs on, what it says before the server's own words, and what to do where a run's hint does not fit
_TROUBLES: Mapping[Condition, tuple[str, str, str | None]] = MappingProxyType(
    {
        Condition.BAD_KEY: ("key", "is not taken", None),
        Condition.UNKNOWN_MODEL: ("model", "is not known there", None),
        Condition.MOVED: ("endpoint", "requests are sent elsewhere", None),
        Condition.QUOTA: ("account", "has nothing left", "Look at the account's balance and limits at the provider."),
        Condition.UNREACHABLE: ("reachable", "nobody answers", None),
        Condition.NOT_A_REPLY: ("endpoint", "what it sends is no chat completion", None),
        Condition.NOT_A_REPLY_NOW: ("reply", "what came this time is no chat completion", _LATER),
        Condition.LOADING: ("reply", "the model is still loading", _LATER),
        Condition.RATE_LIMIT: ("reply", "the rate is limited just now", _LATER),
        Condition.OVERLOADED: ("reply", "the server has no room just now", _LATER),
        Condition.BUSY: ("reply", "the server is busy just now", _LATER),
        Condition.BROKEN: ("reply", "the connection broke off", "Ask again; if it stays so, look at the server's log."),
        Condition.TIMEOUT: ("reply", "it did not come in time", None),
        Condition.SERVER: ("reply", "the server failed", "Ask again; if it stays so, look at the server's log."),
        Condition.NO_FORMAT: ("structure", "no form of it is taken", "Grading needs another model or server."),
        Condition.UNSUPPORTED: ("parameters", "one cannot be left out", "Ask another model or server."),
        Condition.TOO_LONG: ("context", "it takes not even a few words", "Give the model a larger context."),
        Condition.LENGTH: (
            "reply",
            "it did not come to its end",
            "A model that thinks long needs a large `max_tokens` in dlgrade.toml.",
        ),
        Condition.UNREADABLE: ("reply", "it is of no use", "Ask another model."),
        Condition.REFUSED: ("reply", "it was declined", "Look at the provider's content filter, or ask another model."),
        Condition.REJECTED: ("reply", "the request is not taken", _ELSEWHERE),
    }
)


def trouble(met: Trouble, model: str | None = None, listed: Sequence[Listed] = (), *, name: str | None = None) -> Check:
    """The line about a call that brought no reply, in the server's own words; `name` is another line than the usual."""
    usual, says, do = _TROUBLES[met.condition]
    do = do or ACTIONS[met.condition].hint
    if met.condition is Condition.UNKNOWN_MODEL and listed and model is not None:
        do = f"It offers {_named(model, listed)}. {do}"
    return Check(name=name or usual, state="problem", found=f"{says}: {_quoted(met)}", do=do, model=model)


def unreachable(url: str, met: Trouble) -> Check:
    """The line about an endpoint where nobody answers."""
    found = f"nobody answers at {url}: {_quoted(met)}"
    return Check(name="reachable", state="problem", found=found, do=ACTIONS[Condition.UNREACHABLE].hint)


def _quoted(met: Trouble) -> str:
    return f"“{met.words}”"


def _named(model: str, listed: Sequence[Listed]) -> str:
    """Some of the names, the nearest first."""
    names = [one.id for one in listed]
    near = difflib.get_close_matches(model, names, n=_SHOWN, cutoff=0.4)
    shown = [*near, *(name for name in names if name not in near)][:_SHOWN]
    return ", ".join(shown) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


# ── what a model replied ─────────────────────────────────────────────────────────────────────


def listing(model: str, listed: Sequence[Listed] | Trouble) -> Check:
    """Whether a model that replied is listed, too."""
    if isinstance(listed, Trouble):
        return Check(
            name="model", state="ok", found=f"replies; there is no list of models: {_quoted(listed)}", model=model
        )
    if any(one.id == model for one in listed):
        return Check(name="model", state="ok", found=f"is listed, one of {len(listed)}, and replies", model=model)
    among = f"not among the {len(listed)} listed" if listed else "the list of models is empty"
    return Check(
        name="model",
        state="note",
        found=f"replies, though it is {among}" if listed else f"replies; {among}",
        model=model,
    )


def reply(model: str, met: Reply | Trouble, seconds: float, first: float | None) -> Check:
    """How a reply came: `seconds` until it was whole, `first` until its first words, None if it came in one piece."""
    if isinstance(met, Trouble):
        return trouble(met, model)
    tokens = met.usage.completion_tokens if met.usage else 0
    much = (
        f"{tokens:,} tokens in {seconds:.1f} s"
        if tokens
        else f"after {seconds:.1f} s, of how many tokens it does not say"
    )
    writing = seconds - (first or 0.0)
    rate = f"{tokens / writing:,.0f} tokens a second" if tokens > 1 and writing > 0.05 else ""
    if first is None:
        how = ", ".join(filter(None, ["in one piece", rate]))
    else:
        how = f"the first words after {first:.1f} s" + (f", then {rate}" if rate else "")
    return Check(name="reply", state="ok", found=f"{much}: {how}", model=model)


_PUT_OTHERWISE = {
    "temperature": "temperature is left out",
    "max_tokens": "the limit is called max_completion_tokens",
    "role": "the system message is put at the head of the user's",
    "stream_options": "a stream's usage is not asked for, so its cost is not known",
    "stream": "nothing is streamed",
}


def parameters(model: str, refused: Iterable[Trouble]) -> Check:
    """Which parts of a request had to be put otherwise, and the complaints that said so."""
    said = {met.param: f"{_PUT_OTHERWISE[met.param]}: {_quoted(met)}" for met in refused if met.param in _PUT_OTHERWISE}
    if not said:
        return Check(name="parameters", state="ok", found="all are taken", model=model)
    return Check(name="parameters", state="note", found="; ".join(said.values()), model=model)


_RUNGS = (
    "json_schema, strict",
    "json_object, with the schema in the prompt",
    "plain text, with the schema in the prompt",
)


def structure(model: str, met: Reply | Trouble, rung: int, refused: Sequence[Trouble], *, corrected: bool) -> Check:
    """Which step of the ladder of structured output works."""
    if isinstance(met, Trouble):
        return trouble(met, model, name="structure")
    why = "".join(f"; {LADDER[n].format} is not taken: {_quoted(each)}" for n, each in enumerate(refused))
    if corrected:
        do = "Grading asks it twice for each answer: ask a model that holds to a form, or a server that makes it."
        return Check(
            name="structure",
            state="problem",
            found=f"{_RUNGS[rung]}; it fits only when corrected{why}",
            do=do,
            model=model,
        )
    return Check(name="structure", state="note" if why else "ok", found=_RUNGS[rung] + why, model=model)


def context(model: str, listed: Sequence[Listed], usage: Usage | None, characters: int, max_tokens: int) -> Check:
    """Whether prompts fit; `characters` is how long the one was that `usage` counts."""
    if usage is not None and looks_truncated(usage, characters):
        do = "Give the model a larger context (Ollama: OLLAMA_CONTEXT_LENGTH)."
        found = f"of {characters} characters it read {usage.prompt_tokens} tokens: prompts seem to be cut in silence"
        return Check(name="context", state="problem", found=found, do=do, model=model)
    size = next((one.context for one in listed if one.id == model), None)
    if size is None:
        found = "its size is not listed; a run says so if prompts seem to be cut in silence"
        return Check(name="context", state="note", found=found, model=model)
    if size - max_tokens < _PROMPT:
        do = "Lower `max_tokens` in dlgrade.toml, or give the model a larger context."
        found = f"{size:,} tokens, of which a reply may take {max_tokens:,}: too little is left for a prompt"
        return Check(name="context", state="problem", found=found, do=do, model=model)
    return Check(name="context", state="ok", found=f"{size:,} tokens", model=model)


# ── what is known without asking ─────────────────────────────────────────────────────────────


def price(model: str, known: Price | None, *, own: bool, limited: bool) -> Check:
    """What is known of the price; `own` says that it is the user's, `limited` that there is a limit of money."""
    if known is not None:
        whose = "dlgrade.toml" if own else "genai-prices"
        found = f"${known.input:g} in, ${known.output:g} out for a million tokens, from {whose}"
        return Check(name="price", state="ok", found=found, model=model)
    do = f"Write it into dlgrade.toml, in USD for a million tokens (0 for a server of your own):\n{toml_for(model)}"
    if limited:
        return Check(
            name="price", state="problem", found="is not known, so --max-cost cannot be held", do=do, model=model
        )
    return Check(name="price", state="note", found="is not known, so costs are not told", do=do, model=model)


def remembered(
    model: str, text: str | None, learned: float, found: Dialect | None, *, unasked: frozenset[str] = frozenset()
) -> Check:
    """How it is asked because of earlier runs, against what was `found` now, which is None where nothing was asked.

    `text` is what was `learned` then, `unasked` are parameters that no request of now had.
    """
    if text is None:
        return Check(name="remembered", state="ok", found="nothing from earlier runs", model=model)
    known = Dialect.from_text(text)
    said = f"since {time.strftime('%Y-%m-%d', time.localtime(learned))}: {_in_words(known)}"
    if found is not None and (known.rung > found.rung or set(known.refused) - {*found.refused, *unasked}):
        do = "`dlgrade doctor --reset` forgets it, and the next run finds out anew."
        return Check(name="remembered", state="problem", found=f"{said}; more is taken by now", do=do, model=model)
    return Check(name="remembered", state="ok", found=said, model=model)


def _in_words(known: Dialect) -> str:
    return "; ".join([_RUNGS[known.rung], *(_PUT_OTHERWISE[name] for name in known.refused)])
