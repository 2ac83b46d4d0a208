"""What a run will cost is said as a range that holds the truth, or as not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from dlgrade.llm.estimate import SHORT_REPLY, Estimate, estimate, prompt_tokens
from dlgrade.llm.prices import Prices, cost
from dlgrade.llm.request import Request
from dlgrade.models import Message, Price, Usage
from dlgrade.settings import OPENAI

OWN = Prices({"m": Price(input=1.0, output=10.0)})


def request(text: str = "What is dropout?", *, model: str = "m", endpoint: str = OPENAI, most: int = 4096) -> Request:
    return Request(endpoint=endpoint, model=model, messages=(Message(role="user", content=text),), max_tokens=most)


# text, and its tokens with o200k, cl100k, DeepSeek's, Anthropic's and Mistral's 32k tokenizer (tiktoken, tokenizers and
# sentencepiece, run once)
COUNTED = {
    "What is dropout, and how does it prevent overfitting in neural networks?": (16, 16, 15, 15, 17),
    "def forward(self, x):\n    return self.head(F.relu(self.bn1(self.conv1(x)))).view(-1, 10)\n": (28, 28, 31, 37, 41),
    "Wie verhindert Dropout eine Überanpassung neuronaler Netze, und was ist im Training anders?": (21, 22, 23, 24, 26),
    "Как dropout предотвращает переобучение нейронных сетей и чем отличается обучение от применения модели?": (
        21,
        38,
        22,
        43,
        37,
    ),
    "Πώς αποτρέπει το dropout την υπερπροσαρμογή των νευρωνικών δικτύων και τι αλλάζει κατά την πρόβλεψη;": (
        35,
        86,
        44,
        101,
        95,
    ),
    "什么是随机失活？它如何防止神经网络过拟合？请说明训练阶段与推理阶段的区别。": (28, 45, 21, 35, 38),
    "ドロップアウトとは何ですか。ニューラルネットワークの過学習をどのように防ぎますか。": (29, 45, 27, 43, 46),
    "드롭아웃이란 무엇이며 신경망의 과적합을 어떻게 방지합니까? 학습과 추론의 차이를 설명하세요.": (33, 58, 36, 63, 66),
    "ड्रॉपआउट क्या है और यह तंत्रिका नेटवर्क में ओवरफिटिंग को कैसे रोकता है?": (26, 75, 44, 79, 78),
    "ما هو الإسقاط العشوائي وكيف يمنع فرط التخصيص في الشبكات العصبية؟": (21, 46, 26, 56, 54),
}


@pytest.mark.parametrize(("text", "counts"), COUNTED.items())
def test_the_range_of_a_prompt_holds_what_tokenizers_make_of_it(text: str, counts: tuple[int, ...]) -> None:
    low, high = prompt_tokens(text)
    assert low <= min(counts) + 6  # what a chat template adds at least
    assert max(counts) <= high
    assert low < high


@given(st.text(max_size=200))
def test_every_character_counts_once(text: str) -> None:
    alone = [prompt_tokens(character) for character in text]
    nothing = prompt_tokens("")
    low, high = prompt_tokens(text)
    assert low == pytest.approx(nothing[0] + sum(one[0] - nothing[0] for one in alone), abs=len(text) + 1)
    assert high >= nothing[1] + 0.38 * len(text) - 1
    assert low >= nothing[0] + 0.17 * len(text) - 1


def test_an_estimate_runs_from_a_short_reply_to_the_limit() -> None:
    made = estimate([request(), request()], OWN)
    low, high = prompt_tokens("What is dropout?")
    assert made.requests == 2
    assert made.prompt_tokens == (2 * low, 2 * high)
    assert made.reply_tokens == (2 * SHORT_REPLY, 2 * 4096)
    assert made.usd == pytest.approx((2 * (low + 10 * SHORT_REPLY) / 1e6, 2 * (high + 40_960) / 1e6))


def test_a_limit_below_the_short_reply_is_both_ends() -> None:
    assert estimate([request(most=20)], OWN).reply_tokens == (20, 20)


def test_the_schema_of_a_reply_is_in_the_upper_end() -> None:
    class City(BaseModel):
        city: str
        country: str

    plain, shaped = estimate([request()], OWN), estimate([request().model_copy(update={"shape": City})], OWN)
    assert shaped.prompt_tokens[0] == plain.prompt_tokens[0]
    assert shaped.prompt_tokens[1] > plain.prompt_tokens[1] + 40


def test_a_batch_costs_the_share_that_it_is_given() -> None:
    whole, half = estimate([request()], OWN), estimate([request()], OWN, discount=0.5)
    assert whole.usd is not None and half.usd is not None
    assert half.usd == pytest.approx((whole.usd[0] / 2, whole.usd[1] / 2))
    assert half.prompt_tokens == whole.prompt_tokens
    assert "at 50% of the price" in half.lines()[1]


def test_a_listed_model_costs_what_the_list_says() -> None:
    made = estimate([request(model="gpt-4o-mini")], Prices())
    price = Prices().of("gpt-4o-mini", OPENAI)
    assert price is not None and made.usd is not None
    high = Usage(prompt_tokens=made.prompt_tokens[1], completion_tokens=4096)
    assert made.usd[1] == pytest.approx(cost(high, price))


def test_one_unknown_price_makes_the_sum_unknown_and_says_which() -> None:
    local = "http://user:pw@localhost:8080/v1"
    made = estimate([request(), request(model="llama", endpoint=local)], OWN)
    assert made.usd is None
    assert made.unpriced == (("llama", "http://localhost:8080/v1"),)
    assert made.lines()[1] == (
        "Cost: not known, because no price is known for llama at http://localhost:8080/v1. "
        "Name it under [prices] in dlgrade.toml."
    )
    assert made.as_json()["cost_usd"] is None
    assert made.as_json()["unpriced"] == ["llama"]
    assert made.reply_tokens == (300, 8192)


def test_an_estimate_in_words_and_for_programs() -> None:
    made = Estimate(requests=1200, prompt_tokens=(10_000, 20_000), reply_tokens=(3, 4), usd=(0.0123, 12.3))
    assert made.lines() == [
        "1,200 requests to send, with 10,000 to 20,000 tokens of prompt and 3 to 4 of reply.",
        "Cost: $0.0123 to $12.30; the upper end has every reply at its limit. Retries are not counted.",
    ]
    assert made.as_json() == {
        "requests": 1200,
        "prompt_tokens": [10_000, 20_000],
        "reply_tokens": [3, 4],
        "cost_usd": [0.0123, 12.3],
        "unpriced": [],
    }


def test_nothing_to_send_costs_nothing() -> None:
    made = estimate([], Prices())
    assert made.lines() == ["Nothing to send: every reply is there already."]
    assert made.usd == (0, 0)
