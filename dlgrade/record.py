"""What every record is that is checked, and the one that others are made with."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen pydantic model that takes no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Usage(Record):
    """Tokens as the server billed them.

    `cached_tokens` are those of `prompt_tokens` that the provider read from a prompt cache of its own, for less money.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )
