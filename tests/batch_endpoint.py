"""The batch endpoint of the tests' own server: files, batches, and states that the test drives.

    endpoint = BatchEndpoint()
    with Loopback(extension=endpoint) as server:
        ...  # submit something to server.url
        endpoint.finish()  # every batch that is under way: completed, its output shuffled

`completions` makes the line that answers a request. `before` and `after` are told the name of each step (`upload`,
`create`, `batch`, `list`, `cancel`, `download`) on its way in and out, and may say what comes back instead.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import time
from collections.abc import Callable, Mapping
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loopback import Body, Scripted, completion, generic

Step = Callable[[str], Scripted | None]


def answered(body: Body) -> Body:
    """The response of a request that went well."""
    return {"status_code": 200, "request_id": "req", "body": completion(body, generic(body))}


def unanswered(status: int, **error: Any) -> Callable[[Body], Body]:
    """The response of a request that went wrong."""
    return lambda _: {"status_code": status, "request_id": "req", "body": {"error": error}}


def in_turn(*responds: Callable[[Body], Body]) -> Callable[[Body], Body]:
    """Another response for each request."""
    left = iter(responds)

    def respond(body: Body) -> Body:
        return next(left)(body)

    return respond


class BatchEndpoint:
    """An extension of `Loopback`. `page` is how many batches a list shows at once."""

    def __init__(self, *, page: int = 100, keeps_metadata: bool = True) -> None:
        self.page = page
        self.keeps_metadata = keeps_metadata
        self.before: Step = lambda _: None
        self.after: Step = lambda _: None
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Body] = {}
        self.steps: list[str] = []
        self._ids = itertools.count(1)

    # ── what the test does ───────────────────────────────────────────────────────────────────

    @property
    def uploads(self) -> list[list[Body]]:
        """The lines of each batch's file, in the order in which the batches were begun."""
        return [self._lines(batch) for batch in self.batches.values()]

    def finish(
        self, respond: Callable[[Body], Body] = answered, *, done: int | None = None, as_: str = "completed"
    ) -> None:
        """End every batch that is under way. With `done` only the first that many requests were got to."""
        for batch in self.batches.values():
            if batch["status"] not in {"completed", "failed", "expired", "cancelled"}:
                self._finish(batch, respond, done, as_)

    def say(self, status: str, **changes: Any) -> None:
        """Give every batch a status, and what else is to be said of it."""
        for batch in self.batches.values():
            batch.update({"status": status, **changes})

    def put(self, *lines: bytes) -> str:
        """A file of one's own; its id."""
        name = f"file-{next(self._ids)}"
        self.files[name] = b"".join(line + b"\n" for line in lines)
        return name

    def _lines(self, batch: Body) -> list[Body]:
        return [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]

    def _finish(self, batch: Body, respond: Callable[[Body], Body], done: int | None, as_: str) -> None:
        good: list[bytes] = []
        bad: list[bytes] = []
        for number, line in enumerate(self._lines(batch)):
            result: Body = {
                "id": f"batch_req_{number}",
                "custom_id": line["custom_id"],
                "response": None,
                "error": None,
            }
            if done is not None and number >= done:
                result["error"] = {"code": f"batch_{as_}", "message": "This request could not be executed."}
            else:
                result["response"] = respond(line["body"])
            fine = result["response"] and result["response"]["status_code"] == 200
            (good if fine else bad).append(json.dumps(result).encode())
        random.shuffle(good)
        batch.update(
            status=as_,
            output_file_id=self.put(*good) if good else None,
            error_file_id=self.put(*bad) if bad else None,
            request_counts={"total": len(good) + len(bad), "completed": len(good), "failed": len(bad)},
        )

    # ── what the server does ─────────────────────────────────────────────────────────────────

    def __call__(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> Scripted | None:
        where = urlsplit(path)
        for step, wanted, pattern in _ROUTES:
            match = re.fullmatch(pattern, where.path)
            if method == wanted and match:
                self.steps.append(step)
                if (instead := self.before(step)) is not None:
                    return instead
                query = {name: values[0] for name, values in parse_qs(where.query).items()}
                made: Scripted = getattr(self, f"_{step}")(*match.groups(), headers=headers, raw=raw, query=query)
                return self.after(step) or made
        return None

    def _upload(self, *, headers: Mapping[str, str], raw: bytes, **_: Any) -> Scripted:
        kind = {name.lower(): value for name, value in headers.items()}["content-type"]
        whole = message_from_bytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + raw)
        named = {str(part.get_param("name", header="content-disposition")): part for part in whole.walk()}
        parts = {name: part.get_payload(decode=True) for name, part in named.items()}
        assert parts["purpose"] == b"batch"
        assert str(named["file"].get_filename()).endswith(".jsonl")
        name = f"file-{next(self._ids)}"
        content = parts["file"]
        assert isinstance(content, bytes)
        self.files[name] = content
        return Scripted(body={"id": name, "object": "file", "purpose": "batch", "bytes": len(self.files[name])})

    def _create(self, *, raw: bytes, **_: Any) -> Scripted:
        asked = json.loads(raw)
        assert asked["input_file_id"] in self.files
        assert (asked["endpoint"], asked["completion_window"]) == ("/v1/chat/completions", "24h")
        name = f"batch_{next(self._ids)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": asked["endpoint"],
            "model": None,
            "errors": None,
            "input_file_id": asked["input_file_id"],
            "completion_window": "24h",
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": int(time.time()),
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": asked["metadata"] if self.keeps_metadata else None,
        }
        return Scripted(body=self.batches[name])

    def _batch(self, name: str, **_: Any) -> Scripted:
        return Scripted(body=self.batches[name]) if name in self.batches else _unknown(name)

    def _list(self, *, query: Mapping[str, str], **_: Any) -> Scripted:
        names = list(reversed(self.batches))
        names = names[names.index(query["after"]) + 1 :] if "after" in query else names
        shown = names[: self.page]
        data = [self.batches[name] for name in shown]
        return Scripted(body={"object": "list", "data": data, "has_more": len(names) > len(shown)})

    def _cancel(self, name: str, **_: Any) -> Scripted:
        if name not in self.batches:
            return _unknown(name)
        self.batches[name]["status"] = "cancelling"
        return Scripted(body=self.batches[name])

    def _download(self, name: str, **_: Any) -> Scripted:
        if name not in self.files:
            return _unknown(name)
        return Scripted(body=self.files[name], headers={"content-type": "application/octet-stream"})


_ROUTES = (
    ("upload", "POST", "/v1/files"),
    ("create", "POST", "/v1/batches"),
    ("list", "GET", "/v1/batches"),
    ("batch", "GET", "/v1/batches/([^/]+)"),
    ("cancel", "POST", "/v1/batches/([^/]+)/cancel"),
    ("download", "GET", "/v1/files/([^/]+)/content"),
)


def _unknown(name: str) -> Scripted:
    error = {"message": f"No such object: {name}", "type": "invalid_request_error", "param": "id", "code": None}
    return Scripted(status=404, body={"error": error})
