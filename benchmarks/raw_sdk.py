"""What dlgrade is compared with: a short script over the bare SDK, as anybody would write it.

`AsyncOpenAI` on its aiohttp transport, as many workers as requests in flight, the SDK's own retries, no cache, nothing
kept but a list of texts. It asks the questions of a file, one a line, with the system message of another one.

    python benchmarks/raw_sdk.py QUESTIONS SYSTEM URL [AT_ONCE]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import openai


async def worker(client: openai.AsyncOpenAI, questions: Iterator[str], system: str, texts: list[str | None]) -> None:
    """Ask one question after another; one that failed has None."""
    for question in questions:
        try:
            reply = await client.chat.completions.create(
                model="m",
                messages=[{"role": "system", "content": system}, {"role": "user", "content": f"Question: {question}"}],
                temperature=0.0,
                max_tokens=4096,
            )
            texts.append(reply.choices[0].message.content)
        except openai.APIError:
            texts.append(None)


async def main() -> None:
    questions, system = Path(sys.argv[1]).read_text("utf-8").splitlines(), Path(sys.argv[2]).read_text("utf-8")
    at_once = int(sys.argv[4]) if len(sys.argv) > 4 else 64
    texts: list[str | None] = []
    todo = iter(questions)
    async with openai.AsyncOpenAI(
        base_url=sys.argv[3], api_key="none", http_client=openai.DefaultAioHttpClient()
    ) as client:
        await asyncio.gather(*(worker(client, todo, system, texts) for _ in range(at_once)))
    print(sum(text is not None for text in texts))


if __name__ == "__main__":
    asyncio.run(main())
