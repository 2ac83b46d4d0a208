"""llama.cpp's own server with a model of a few hundred tokens that is made up here, for tests.

The model is a table: which token follows which. Told to reply freely at temperature 0 it says `SENTENCE`; held to a
grammar it fills the strings with that sentence and ends them; at high temperatures it babbles, control characters,
invisible and bidirectional ones included.
What is real is all else: the server, its HTTP, its grammars, its limits and its errors.

As a program, with the package `xllamacpp` at hand, it prints its base URL and serves until its stdin is closed:

    python tests/llama_server.py MODEL.gguf
"""

from __future__ import annotations

import random
import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

NAME = "made-up"
SENTENCE = "Dropout sets units to zero at random, so that no unit relies on another."
SIGNS = "é漢−😀\u0301\u00ad\u200b\u202e\u2028"
CONTEXT = 8192
SLOTS = 2
SIZE = 320  # of the embedding: a place for each token, so that the output layer is the table itself
TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>"

# How much likelier than any token at all, in logits.
_FOLLOWS, _ENDS_A_STRING, _ENDS_AN_ARRAY, _ENDS, _NEVER = 12.0, 6.0, 5.0, 4.0, -200.0
_ALIGNMENT = 32  # of tensors in the file

_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_UINT32, _FLOAT32, _BOOL, _STRING, _ARRAY, _INT32 = 4, 6, 7, 8, 9, 5


@dataclass(frozen=True)
class Vocabulary:
    """The tokens and their kinds."""

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]

    @classmethod
    def made(cls) -> Vocabulary:
        """Control tokens, all bytes, the blank, the sentence's words, a few signs."""
        control = ["<unk>", "<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
        bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
        words = ["▁" + word for word in SENTENCE.split()]
        known = ["▁", *dict.fromkeys(words), *SIGNS]
        kinds = [_UNKNOWN, *[_CONTROL] * (len(control) - 1), *[_BYTE] * 256, *[_NORMAL] * len(known)]
        return cls((*control, *bytes_, *known), tuple(kinds))

    def of(self, token: str) -> int:
        """A token's place."""
        return self.tokens.index(token)

    def byte(self, character: str) -> int:
        """The place of a byte's token."""
        return self.of(f"<0x{ord(character):02X}>")


def table(vocabulary: Vocabulary) -> list[list[float]]:
    """For each token, in logits, how likely it is to follow each other one."""
    dice = random.Random(1)
    said = [vocabulary.of("▁" + word) for word in SENTENCE.split()]
    logits = [[dice.uniform(-1, 1) for _ in range(SIZE)] for _ in range(len(vocabulary.tokens))]
    for token, more in (
        (vocabulary.byte('"'), _ENDS_A_STRING),
        (vocabulary.byte("]"), _ENDS_AN_ARRAY),
        (vocabulary.of("</s>"), _ENDS),
    ):
        logits[token] = [logit + more for logit in logits[token]]
    for byte in range(0x80, 0x100):
        # the server itself fails where half a character stands in what a grammar let through
        logits[vocabulary.byte(chr(byte))] = [_NEVER] * SIZE
    for before in (vocabulary.of("<|assistant|>"), vocabulary.byte('"')):
        logits[said[0]][before] = _FOLLOWS
    logits[vocabulary.byte('"')][vocabulary.byte("[")] = _FOLLOWS
    for before, after in zip(said, [*said[1:], vocabulary.of("</s>")], strict=True):
        logits[after][before] = _FOLLOWS
    return logits


def write_model(path: Path) -> None:
    """Write the model as a GGUF file: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md."""
    vocabulary = Vocabulary.made()
    count = len(vocabulary.tokens)
    # The norm before the output makes a single 1 of SIZE places as large as the root of SIZE.
    scale = SIZE**-0.5
    output = array("f", (logit * scale for row in table(vocabulary) for logit in row))
    embedding = array("f", (float(place == token) for token in range(count) for place in range(SIZE)))
    square, narrow, ones = array("f", [0.0] * SIZE * SIZE), array("f", [0.0] * SIZE * 32), array("f", [1.0] * SIZE)
    tensors: dict[str, tuple[tuple[int, ...], array[float]]] = {
        "token_embd.weight": ((SIZE, count), embedding),
        "output_norm.weight": ((SIZE,), ones),
        "output.weight": ((SIZE, count), output),
        "blk.0.attn_norm.weight": ((SIZE,), ones),
        "blk.0.ffn_norm.weight": ((SIZE,), ones),
        "blk.0.ffn_gate.weight": ((SIZE, 32), narrow),
        "blk.0.ffn_up.weight": ((SIZE, 32), narrow),
        "blk.0.ffn_down.weight": ((32, SIZE), narrow),
        **{f"blk.0.attn_{part}.weight": ((SIZE, SIZE), square) for part in ("q", "k", "v", "output")},
    }
    facts = _facts(vocabulary)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(facts)) + b"".join(facts)
    at, body = 0, b""
    for name, (shape, values) in tensors.items():
        head += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, at)
        data = _padded(values.tobytes())
        body += data
        at += len(data)
    path.write_bytes(_padded(head) + body)


def _facts(vocabulary: Vocabulary) -> list[bytes]:
    numbers = {
        "llama.context_length": 1 << 20,
        "llama.embedding_length": SIZE,
        "llama.block_count": 1,
        "llama.feed_forward_length": 32,
        "llama.attention.head_count": 5,
        "llama.attention.head_count_kv": 5,
        "llama.rope.dimension_count": SIZE // 5,
        "llama.vocab_size": len(vocabulary.tokens),
        "tokenizer.ggml.unknown_token_id": vocabulary.of("<unk>"),
        "tokenizer.ggml.bos_token_id": vocabulary.of("<s>"),
        "tokenizer.ggml.eos_token_id": vocabulary.of("</s>"),
    }
    texts = {
        "general.architecture": "llama",
        "general.name": "made-up",
        "tokenizer.ggml.model": "llama",
        "tokenizer.chat_template": TEMPLATE,
    }
    tokens = vocabulary.tokens
    return [
        *(_string(name) + struct.pack("<I", _STRING) + _string(text) for name, text in texts.items()),
        *(_string(name) + struct.pack("<II", _UINT32, number) for name, number in numbers.items()),
        _string("llama.attention.layer_norm_rms_epsilon") + struct.pack("<If", _FLOAT32, 1e-6),
        _string("tokenizer.ggml.add_space_prefix") + struct.pack("<I?", _BOOL, False),
        _string("tokenizer.ggml.tokens") + _array(_STRING, len(tokens), b"".join(map(_string, tokens))),
        _string("tokenizer.ggml.scores") + _array(_FLOAT32, len(tokens), bytes(4 * len(tokens))),
        _string("tokenizer.ggml.token_type")
        + _array(_INT32, len(tokens), struct.pack(f"<{len(tokens)}i", *vocabulary.kinds)),
    ]


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _array(kind: int, count: int, data: bytes) -> bytes:
    return struct.pack("<IIQ", _ARRAY, kind, count) + data


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)


def main() -> None:
    import xllamacpp

    model = Path(sys.argv[1])
    write_model(model)
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.model_alias = [NAME]
    params.port = 0
    params.n_ctx = CONTEXT * SLOTS
    params.n_parallel = SLOTS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.n_threads_http = 4
    params.warmup = False
    params.fit_params = False
    params.ui = False
    params.sampling.top_k, params.sampling.top_p, params.sampling.min_p = 0, 1.0, 0.0
    server = xllamacpp.Server(params)
    print(server.listening_address + "/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
