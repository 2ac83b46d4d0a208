"""What requests will cost, before they are sent: a range of tokens and of dollars.

Nobody here can count a model's tokens, so both ends of what tokenizers make of a text are given. Tokens a character,
measured with o200k, cl100k, Anthropic's and DeepSeek's published ones (as litellm 1.110 brings them), Mistral's tekken
and its SentencePiece of 32k, on the 145 shipped rubrics, the shipped banks, this package's code, and Django's messages
in 30 languages. The lower ends used are a little lower, because single questions are:

    ASCII                        0.19 (English prose)  to 0.38 (German, code; SentencePiece 32k)
    two bytes in UTF-8           0.25 (Russian, o200k) to 1.3  (accents, Greek, Hebrew, Arabic; cl100k, Anthropic's)
    three bytes                  0.34 (Indic, o200k)   to 2.4  (Telugu, Georgian; cl100k, Anthropic's)
    Chinese, Japanese, Korean    0.63 (DeepSeek's)     to 1.43 (cl100k)
    four bytes (emoji)           1.9                   to 3.1
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dlgrade.llm.prices import Prices, cost, money
from dlgrade.llm.request import Request, without_credentials
from dlgrade.llm.schema import schema_in_words
from dlgrade.models import Record, Usage

_WIDE = "\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
# characters, tokens for one of them at least and at most
_KINDS = (
    (re.compile(r"[\x00-\x7f]+"), 0.17, 0.38),
    (re.compile(r"[\x80-\u07ff]+"), 0.18, 1.3),
    (re.compile(f"[{_WIDE}]+"), 0.52, 1.43),
    (re.compile(f"[^\x00-\u07ff{_WIDE}\U00010000-\U0010ffff]+"), 0.3, 2.4),
    (re.compile("[\U00010000-\U0001ffff\U00040000-\U0010ffff]+"), 1.8, 3.1),
)
_ASCII_LOW, _ASCII_HIGH = _KINDS[0][1:]

# What a chat template puts around a message (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken: 3,
# and 3 for all of them; Llama 3's takes 5), and what some put in front of all (gpt-oss: about 70).
_MESSAGE_LOW, _MESSAGE_HIGH, _FRONT_LOW, _FRONT_HIGH = 3, 6, 3, 80

SHORT_REPLY = 150
"""Tokens: what a reply is guessed to have at least. The shipped references have 343 to 613."""


class Estimate(Record):
    """A range of tokens and dollars, lower and upper end. `usd` is None where a price is not known.

    `unpriced` are the models without a price, each with its endpoint. `discount` is what the prices were multiplied by.
    """

    requests: int
    prompt_tokens: tuple[int, int]
    reply_tokens: tuple[int, int]
    usd: tuple[float, float] | None
    unpriced: tuple[tuple[str, str], ...] = ()
    discount: float = 1.0

    def lines(self) -> list[str]:
        """The estimate for people, a sentence or two."""
        if not self.requests:
            return ["Nothing to send: every reply is there already."]
        (prompt, prompts), (reply, replies) = self.prompt_tokens, self.reply_tokens
        sent = f"{self.requests:,} request{'s' if self.requests > 1 else ''} to send"
        tokens = f"{prompt:,} to {prompts:,} tokens of prompt and {reply:,} to {replies:,} of reply"
        return [f"{sent}, with {tokens}.", self._price()]

    def _price(self) -> str:
        if self.usd is None:
            names = ", ".join(f"{model} at {endpoint}" for model, endpoint in self.unpriced)
            return f"Cost: not known, because no price is known for {names}. Name it under [prices] in dlgrade.toml."
        low, high = self.usd
        batch = f" at {self.discount:.0%} of the price" if self.discount != 1 else ""
        return (
            f"Cost: {money(low)} to {money(high)}{batch}; the upper end has every reply at its limit. "
            "Retries are not counted."
        )

    def as_json(self) -> dict[str, Any]:
        """The estimate for programs; `[low, high]` each."""
        return {
            "requests": self.requests,
            "prompt_tokens": list(self.prompt_tokens),
            "reply_tokens": list(self.reply_tokens),
            "cost_usd": None if self.usd is None else list(self.usd),
            "unpriced": [model for model, _ in self.unpriced],
        }


def estimate(requests: Iterable[Request], prices: Prices, *, discount: float = 1.0) -> Estimate:
    """What requests that are not in the cache will cost. `discount` is 0.5 for the batch endpoint.

    Not in it: retries, and the provider's own prompt cache, which makes the prompt cheaper.
    """
    total = _Total()
    for request in requests:
        total.add(request, prices)
    priced = not total.unpriced
    return Estimate(
        requests=total.requests,
        prompt_tokens=(total.low.prompt_tokens, total.high.prompt_tokens),
        reply_tokens=(total.low.completion_tokens, total.high.completion_tokens),
        usd=(total.usd_low * discount, total.usd_high * discount) if priced else None,
        unpriced=tuple(total.unpriced),
        discount=discount,
    )


class _Total:
    """The sums so far."""

    def __init__(self) -> None:
        self.requests = 0
        self.low = self.high = Usage()
        self.usd_low = self.usd_high = 0.0
        self.unpriced: dict[tuple[str, str], None] = {}

    def add(self, request: Request, prices: Prices) -> None:
        low, high = _ends(request)
        self.requests += 1
        self.low, self.high = self.low + low, self.high + high
        now = prices.now(request.model, request.endpoint, prompt_tokens=low.prompt_tokens)
        dearest = prices.of(request.model, request.endpoint, prompt_tokens=high.prompt_tokens)
        if now is None or dearest is None:
            self.unpriced[request.model, without_credentials(request.endpoint)] = None
        else:
            self.usd_low += cost(low, now)
            self.usd_high += cost(high, dearest)


def _ends(request: Request) -> tuple[Usage, Usage]:
    """The least and the most that one call is guessed to take."""
    low, high = prompt_tokens(*(message.content for message in request.messages))
    if request.shape is not None:
        # a server turns the schema into a grammar, or it is a part of the prompt
        high += prompt_tokens(schema_in_words(request.shape))[1]
    most = request.max_tokens
    return _usage(low, min(SHORT_REPLY, most)), _usage(high, most)


def _usage(prompt: int, reply: int) -> Usage:
    return Usage(prompt_tokens=prompt, completion_tokens=reply, total_tokens=prompt + reply)


def prompt_tokens(*messages: str) -> tuple[int, int]:
    """The least and the most tokens that the messages are guessed to have, with what a chat template adds."""
    ends = [_tokens(text) for text in messages]
    low = _FRONT_LOW + sum(low + _MESSAGE_LOW for low, _ in ends)
    high = _FRONT_HIGH + sum(high + _MESSAGE_HIGH for _, high in ends)
    return int(low), int(high) + 1


def _tokens(text: str) -> tuple[float, float]:
    if text.isascii():
        return len(text) * _ASCII_LOW, len(text) * _ASCII_HIGH
    counts = [(sum(map(len, kind.findall(text))), low, high) for kind, low, high in _KINDS]
    return sum(count * low for count, low, _ in counts), sum(count * high for count, _, high in counts)
