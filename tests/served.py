"""`dlgrade serve` as a process of its own, for tests that talk to it over HTTP or look at it in a browser."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from conftest import ROOT

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Got:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass
class Served:
    """The server, and what it said."""

    process: subprocess.Popen[str]
    url: str
    said: Path

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def ask(self, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Got:
        """One request, with no header but those that are given and what HTTP itself wants."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            given = {"host": self.host} | {name.replace("_", "-"): value for name, value in headers.items()}
            if body is not None:
                given = {"content-length": str(len(body)), "content-type": FORM} | given
            for name, value in given.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            found = {name.casefold(): value for name, value in answer.getheaders()}
            return Got(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Got:
        return self.ask("GET", path, **headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Got:
        """A form as a page of this server sends it."""
        return self.ask("POST", path, urlencode(form).encode(), **{"origin": f"http://{self.host}"} | headers)

    def first(self) -> str:
        """The address of the question that comes next."""
        return self.get("/next").headers["location"]

    def hand_in(self, path: str, answer: str, **fields: str) -> str:
        """Answer a question; the address that it leads to once there is a grade, or a reason for none."""
        given = re.search(r'name="since" value="([^"]*)"', self.get(path).body)
        assert given is not None
        to = self.post(path, {"since": given[1], "answer": answer, "do": "grade", **fields}).headers["location"]
        end = time.monotonic() + 30
        while to.startswith("/grading/") and time.monotonic() < end:
            time.sleep(0.05)
            to = self.get(to).headers.get("location", to)
        return to

    def end(self, sign: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(sign)
        return self.process.wait(timeout=20)


@contextmanager
def served(folder: Path, *arguments: object) -> Iterator[Served]:
    """A server in that folder, on a free port, with the history that the environment names."""
    said = folder / "said.txt"
    command = [sys.executable, "-m", "dlgrade", "serve", "--port", "0", *map(str, arguments)]
    with said.open("w") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http"), said.read_text()
            yield Served(process, url, said)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
