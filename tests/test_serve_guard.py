"""`dlgrade serve` keeps others out: over real HTTP, header by header."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, Run
from served import FORM, Served, served
from starlette.datastructures import Headers

from dlgrade.serving.guard import LONGEST, Place, is_own
from dlgrade.serving.listening import opened

BANK = "# Mine\n\n## 1. How do dropout layers help prevent overfitting?\n\n_[To be filled]_\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "bank.md").write_text(BANK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLGRADE_DATA", str(folder / "data"))
        with served(folder, "bank.md") as running:
            yield running


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("public")
    (folder / "bank.md").write_text(BANK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLGRADE_DATA", str(folder / "data"))
        with served(folder, "bank.md", "--host", "0.0.0.0") as running:  # noqa: S104 - what is tested
            yield running


# ── Host ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_this_machine_is_served_under_its_own_names(server: Served, name: str) -> None:
    assert server.get("/", host=f"{name}:{server.port}").status == 200


@pytest.mark.parametrize(
    "host",
    [
        *("attacker.example:{port}", "127.0.0.1.attacker.example:{port}", "attacker.example", "127.0.0.1", ""),
        *(
            "localhost:1",
            "localhost:{port}@attacker.example",
            "192.0.2.7:{port}",
            "0.0.0.0:{port}",
            "a@localhost:{port}",
        ),
    ],
)
def test_a_name_that_somebody_pointed_here_is_refused(server: Served, host: str) -> None:
    for path in ("/", "/progress", "/static/serve.js"):
        got = server.get(path, host=host.format(port=server.port))
        assert got.status in {400, 403}
        assert "dropout" not in got.body


# ── Origin ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://attacker.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"origin": "http://{host}.attacker.example"},
        {"origin": "http://{host}", "sec-fetch-site": "cross-site"},
        {"origin": "http://{host}", "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {"referer": "https://attacker.example/http://{host}/"},
        {"referer": "http://{host}.attacker.example/"},
        {},
    ],
)
def test_what_changes_something_must_come_from_a_page_of_the_server(server: Served, headers: dict[str, str]) -> None:
    path = server.first()
    given = {name: value.format(host=server.host) for name, value in headers.items()}
    for where in (path, f"{path}/draft", f"{path}/drop", "/attempt/x/override"):
        got = server.ask("POST", where, b"answer=x&do=grade&since=", **given)
        assert (got.status, "location" in got.headers) == (403, False)
    assert server.first() == path


def test_what_comes_from_its_own_page_is_taken(server: Served) -> None:
    host = server.host
    for given in (
        {"origin": f"http://{host}"},
        {"origin": f"http://{host}", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin"},
        {"referer": f"http://{host}/question/x"},
    ):
        assert server.ask("POST", f"{server.first()}/drop", b"", **given).status == 303
        assert is_own(Headers(given), host)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(server: Served, method: str) -> None:
    for path in ("/", server.first()):
        assert server.ask(method, path, b"", origin=f"http://{server.host}").status == 405
        assert server.ask(method, path, b"", origin="https://attacker.example").status == 403


# ── the token ────────────────────────────────────────────────────────────────────────────────


def test_where_others_can_reach_it_a_token_is_wanted(public: Served) -> None:
    for path in ("/", "/progress", "/static/look.css", "/question/x", "/?token=", "/?token=wrong", "/?token=%ff"):
        got = public.get(path)
        assert (got.status, "set-cookie" in got.headers, "dropout" in got.body) == (401, False, False)
    name = f"dlgrade-{public.port}"
    assert public.get("/", cookie=f"{name}=wrong").status == 401
    assert public.post("/question/x/drop", {}, cookie=f"{name}=wrong").status == 401


def test_the_token_is_taken_from_the_address_once_and_then_from_a_strict_cookie(public: Served) -> None:
    token = public.url.partition("?token=")[2]
    assert len(token) >= 40
    first = public.get(f"/?token={token}")
    assert (first.status, first.headers["refresh"]) == (200, "0; url=/")
    assert token not in first.body
    cookie = first.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    known = cookie.partition(";")[0]
    page = public.get("/", cookie=known)
    assert (page.status, "dropout" in page.body, token in page.body) == (200, True, False)
    # the cookie alone changes nothing from elsewhere
    path = public.get("/next", cookie=known).headers["location"]
    assert public.ask("POST", f"{path}/drop", b"", cookie=known, origin="https://attacker.example").status == 403
    assert public.post(f"{path}/drop", {}, cookie=known).status == 303


def test_a_place_that_others_reach_is_not_asked_for_under_a_strangers_name(public: Served) -> None:
    token = public.url.partition("?token=")[2]
    for host in ("attacker.example", f"attacker.example:{public.port}"):
        assert public.get(f"/?token={token}", host=host).status == 403
    for host in (f"127.0.0.1:{public.port}", f"192.0.2.7:{public.port}", f"{socket.gethostname()}:{public.port}"):
        assert public.get(f"/?token={token}", host=host).status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.1", "localhost"])
def test_where_only_this_machine_reaches_it_no_token_is_wanted(host: str) -> None:
    with opened(host, 0) as listening:
        place = Place.at(host, *listening.getsockname()[:2])
    assert (place.token, place.url) == (None, f"http://{host}:{place.port}/")
    assert place.is_named_by(f"{place.address}:{place.port}")
    assert place.is_named_by(f"localhost:{place.port}")
    assert not place.is_named_by(f"{socket.gethostname()}.example:{place.port}")


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "::"])  # noqa: S104 - what is tested
def test_each_start_that_others_can_reach_has_a_token_of_its_own(host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with opened(host, 0) as listening:
        one, other = (Place.at(host, *listening.getsockname()[:2]) for _ in range(2))
    assert one.token
    assert other.token
    assert one.token != other.token
    assert one.is_named_by(f"192.0.2.7:{one.port}")
    assert one.is_named_by(f"[2001:db8::1]:{one.port}")
    assert not one.is_named_by(f"attacker.example:{one.port}")


def test_one_address_of_this_machine_goes_by_that_and_its_name() -> None:
    place = Place.at("mybox", "192.168.1.5", 80)
    assert place.token
    assert [name for name in ("mybox", "192.168.1.5", "192.168.1.5:80", "192.168.1.6", "127.0.0.1", "mybox:81")
            if place.is_named_by(name)] == ["mybox", "192.168.1.5", "192.168.1.5:80"]  # fmt: skip


# ── headers, lengths, paths ──────────────────────────────────────────────────────────────────


def test_every_response_forbids_what_the_pages_do_not_need(server: Served, public: Served) -> None:
    answers = [server.get(path) for path in ("/", "/progress", server.first(), "/static/serve.js", "/nothing")]
    answers += [server.get("/", host="attacker.example"), public.get("/"), server.ask("POST", "/", b"")]
    for got in answers:
        policy = dict(part.strip().split(" ", 1) for part in got.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert {policy[name] for name in ("script-src", "style-src", "form-action", "connect-src")} == {"'self'"}
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["x-frame-options"] == "DENY"
        assert got.headers["cross-origin-resource-policy"] == "same-origin"
        assert got.headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in got.headers
        assert not {"server", "x-powered-by"} & set(got.headers)
    for got in answers[:3]:
        assert got.headers["cache-control"] == "no-store"
        assert not re.search(r"<style|<script(?! src=)|\son\w+=|\sstyle=|javascript:", got.body)


def test_what_is_too_long_is_refused_with_its_length_said_and_without(server: Served) -> None:
    path = server.first()
    own = {"origin": f"http://{server.host}"}
    long = b"answer=" + b"x" * LONGEST
    assert server.ask("POST", path, b"", **own, content_length=str(LONGEST + 1)).status == 413
    assert server.ask("POST", path, b"", **own, content_length="-5").status in {400, 413}
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        head = f"POST {path} HTTP/1.1\r\nHost: {server.host}\r\nOrigin: http://{server.host}\r\n"
        raw.sendall(f"{head}Content-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        raw.sendall(f"{len(long):x}\r\n".encode() + long[: LONGEST // 2])
        raw.sendall(long[LONGEST // 2 :] + b"\r\n")
        assert raw.recv(200).startswith(b"HTTP/1.1 413")
    assert server.get("/").status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../../../etc/passwd", "/static/..%2f..%2f__init__.py", "/static/%2e%2e/base.html.j2"),
        *("/static/serve/start.html.j2", "/static/base.html.j2", "/static//etc/passwd", "/static/look.css%00"),
        *("/static/", "/static", "//static/look.css/..", "/static/..\\pyproject.toml"),
    ],
)
def test_no_path_leads_out_of_the_files_that_are_named(server: Served, path: str) -> None:
    assert server.get(path).status == 404


def test_what_is_no_form_or_no_page_is_an_error_in_words_without_a_trace(server: Served) -> None:
    path, own = server.first(), {"origin": f"http://{server.host}"}
    fields = b"&".join(b"a%d=1" % n for n in range(100))
    answers = [
        (415, server.ask("POST", path, b"{}", **own, content_type="application/json")),
        (415, server.ask("POST", path, b"x", **own, content_type="multipart/form-data; boundary=x")),
        (400, server.ask("POST", path, fields, **own)),
        (422, server.ask("POST", path, b"\xff\xfe%ff%00", **own)),
        (404, server.get("/attempt/nothing")),
        (404, server.get("/question/nothing")),
        (404, server.get("/grading/nothing")),
        (405, server.get(f"{path}/draft")),
    ]
    for status, got in answers:
        assert got.status == status
        assert "Traceback" not in got.body
        assert "/dlgrade/" not in got.body
    assert server.said.read_text().count("\n") == 1


# ── the command ──────────────────────────────────────────────────────────────────────────────


def test_a_port_that_is_taken_is_an_error_in_words(run: Run, server: Served) -> None:
    Path("bank.md").write_text(BANK)
    ran = run("serve", "bank.md", "--port", server.port)
    assert ran.code == 2
    assert f"127.0.0.1, port {server.port}: cannot be listened on: Address already in use" in ran.err
    assert "--port 0 takes a free one" in ran.err


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "a" * 70 + ".example"])
def test_an_address_that_is_not_this_machines_is_an_error_in_words(run: Run, host: str) -> None:
    Path("bank.md").write_text(BANK)
    ran = run("serve", "bank.md", "--host", host, "--port", "0")
    assert (ran.code, ran.err.count("\n") <= 2, host in ran.err) == (2, True, True)


def test_without_the_extra_it_is_named(tmp_path: Path) -> None:
    script = (
        "import sys\nsys.modules['starlette'] = None\nfrom dlgrade.cli.app import main\n"
        "sys.argv = ['dlgrade', 'serve']\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "dlgrade: serving a page needs the package starlette"
    assert "pip install 'dlgrade[serve]'" in done.stderr


def test_serving_is_imported_when_it_is_served() -> None:
    script = (
        "import sys\nimport dlgrade.cli.serve\n"
        "print({'starlette', 'uvicorn', 'asyncio', 'fsrs', 'dlgrade.serving'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "set()"
