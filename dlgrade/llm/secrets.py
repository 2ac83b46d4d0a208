"""What nobody may see, and texts without it: the key, a URL's password, and whatever looks like a key.

Servers quote keys in their complaints, whole, cut or masked; some send the request's headers back.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

SHOWN = "[key]"
"""What stands in the place of a secret."""

_SHORT = 8  # characters: a shorter key ("none", "test") may be a word, or stand in one
_LONG = 12  # from here on a part is enough to be found by
_SURE = 20  # a shorter one without digits ("not-needed", "password") hides nothing, and people write it

_LIKE_A_KEY = r"\b(?:(?:sk|pk|gsk|xai|hf|r8|nvapi)[-_]|AIza)"
_MASKED = re.compile(_LIKE_A_KEY + r"(?=[\w*-]*[\d*])[\w*-]{8,}|(?<=Bearer )\S+")
_WHOLE = re.compile(_LIKE_A_KEY + r"(?=[\w-]*\d)[\w-]{20,}")


def basic(url: str) -> str | None:
    """The Authorization header that a URL's user and password make, None where it has none."""
    parts = urlsplit(url)
    if parts.username is None:
        return None
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + b64encode(user.encode()).decode()


def secrets_of(key: str | None, *urls: str) -> tuple[str, ...]:
    """The key, and of each URL the password (the user where there is none) and what is sent of them; longest first."""
    found = {key} if key else set()
    for url in urls:
        parts = urlsplit(url)
        secret = parts.password or parts.username
        if secret:
            found |= {secret, unquote(secret), str(basic(url)).removeprefix("Basic ")}
    return tuple(sorted(found, key=len, reverse=True))


def scrubbed(words: str, secrets: Iterable[str]) -> str:
    """A server's words without the secrets, whole or in part, and without what looks like one."""
    for secret in secrets:
        words = re.sub(_pattern(secret), SHOWN, words)
    return _MASKED.sub(SHOWN, words)


def withheld(text: str, secrets: Iterable[str]) -> str:
    """A text that people wrote or a model did, without the secrets and without what can only be one.

    Unlike a complaint it may well hold a word that begins as a secret does.
    """
    return _WHOLE.sub(SHOWN, without(text, secrets))


def cleaned(content: bytes, secrets: Iterable[str]) -> bytes:
    """A response's body without the secrets: what is not read is stored, shown and written nowhere."""
    for secret in filter(_is_none_but_a_secret, secrets):
        content = content.replace(secret.encode(), SHOWN.encode())
    return content


def without(text: str, secrets: Iterable[str]) -> str:
    """A text without the secrets: in JSON they may stand escaped, where `cleaned` does not see them."""
    for secret in filter(_is_none_but_a_secret, secrets):
        text = text.replace(secret, SHOWN)
    return text


def begun(text: str, secrets: Iterable[str]) -> str:
    """A text that is still being written, without the secrets, and only as far as none may have begun at its end."""
    hidden = [secret for secret in secrets if _is_none_but_a_secret(secret)]
    text = without(text, hidden)
    held = (n for secret in hidden for n in range(len(secret) - 1, 0, -1) if text.endswith(secret[:n]))
    return text[: len(text) - max(held, default=0)]


def _is_none_but_a_secret(secret: str) -> bool:
    return len(secret) >= _SHORT and (len(secret) >= _SURE or any(letter.isdigit() for letter in secret))


def _pattern(secret: str) -> str:
    """The secret; if it is a long one, its beginning with whatever is left of it, or with asterisks in its place."""
    if len(secret) < _SHORT:
        return rf"(?<![\w-]){re.escape(secret)}(?![\w-])"
    if len(secret) < _LONG:
        return re.escape(secret)
    return rf"{re.escape(secret[:8])}[\w*…-]*|{re.escape(secret[:4])}[\w-]*\*[\w*-]*"


# ── logs ─────────────────────────────────────────────────────────────────────────────────────

_LOGGERS = (
    *("openai", "openai._base_client", "openai._response", "openai._legacy_response"),
    *("httpx2", "httpcore2", "httpcore2.connection", "httpcore2.http11", "httpcore2.http2", "httpcore2.proxy"),
    *("aiohttp.client", "aiohttp.internal", "asyncio"),
)
"""Who writes of a call at its debug level. A filter holds for its own logger alone, and for none below it."""


class _Without(logging.Filter):
    """Takes secrets out of what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through, without the secrets."""
        said = record.getMessage()
        clean = scrubbed(said, self.secrets)
        if clean != said:
            record.msg, record.args = clean, ()
        return True


_without = _Without()


def hide_from_logs(secrets: Iterable[str]) -> None:
    """Take secrets out of what the libraries below log from here on, whoever listens to them."""
    _without.secrets |= set(secrets)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without)
