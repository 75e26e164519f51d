"""Who may ask the explorer, and in what form: a page of this machine's own, in JSON of a bounded size."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exploring import HOST, TinyModel, client
from starlette.testclient import TestClient

import thermonucleus.explore
from thermonucleus.explore.guard import LARGEST_BODY

ADDRESSES = ["/", "/static/index.html", "/plotly.js", "/api/about"]
QUESTION = {"model": "tiny", "prompt": "x"}


@pytest.fixture
def page() -> Iterator[TestClient]:
    with client(TinyModel()) as opened:
        yield opened


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "LocalHost:8123", "[::1]:8123"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_this_machine_is_answered_under_each_of_its_names(page: TestClient, path: str, host: str) -> None:
    assert page.get(path, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:81230",
        "rebound.example:8123",
        "localhost.example:8123",
        "127.0.0.1:8123.example",
        "10.0.0.1:8123",
    ],
)
@pytest.mark.parametrize("path", [*ADDRESSES, "/nothing"])
def test_any_other_name_is_refused(page: TestClient, path: str, host: str) -> None:
    answer = page.get(path, headers={"host": host})
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("Host must be 127.0.0.1:8123")
    assert page.post("/api/next", json=QUESTION, headers={"host": host}).status_code == 403


def test_two_hosts_are_one_too_many(page: TestClient) -> None:
    assert page.get("/", headers=[("host", "127.0.0.1:8123"), ("host", "127.0.0.1:8123")]).status_code == 403


def test_the_usual_port_needs_no_number() -> None:
    with TestClient(thermonucleus.explore.explorer(thermonucleus.explore.Models()), base_url="http://127.0.0.1:80") as page:
        assert page.get("/api/about", headers={"host": "localhost"}).status_code == 200
        assert page.get("/api/about", headers={"host": "localhost:80"}).status_code == 200
        assert page.get("/api/about", headers={"host": "example.org"}).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["null", "http://example.org", "https://127.0.0.1:8123", "http://127.0.0.1:8124", "http://localhost:8123", "http://127.0.0.1"],
)
def test_a_page_from_elsewhere_is_refused(page: TestClient, origin: str) -> None:
    answer = page.post("/api/next", json=QUESTION, headers={"origin": origin})
    assert answer.status_code == 403
    assert answer.json() == {"error": f"Origin must be {HOST}, got {origin}", "setting": None}
    assert page.get("/", headers={"origin": origin}).status_code == 403


def test_its_own_page_is_answered(page: TestClient) -> None:
    assert page.post("/api/next", json=QUESTION, headers={"origin": HOST}).status_code == 200
    headers = {"origin": "http://localhost:8123", "host": "localhost:8123"}
    assert page.post("/api/next", json=QUESTION, headers=headers).status_code == 200


@pytest.mark.parametrize("path", [*ADDRESSES, "/nothing", "/api/next"])
def test_every_answer_has_the_headers_that_keep_others_out(page: TestClient, path: str) -> None:
    for answer in (page.get(path), page.get(path, headers={"host": "example.org"})):
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'self'",
            "style-src": "'self' 'unsafe-inline'",
            "img-src": "'self' data: blob:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers


def test_answers_of_the_api_are_not_kept_and_files_are_asked_for_anew(page: TestClient) -> None:
    assert page.get("/api/about").headers["cache-control"] == "no-store"
    assert page.post("/api/next", json=QUESTION).headers["cache-control"] == "no-store"
    for path in ("/", "/static/index.html"):
        assert page.get(path).headers["cache-control"] == "no-cache"
    assert "max-age=" in page.get("/plotly.js").headers["cache-control"]
    file = page.get("/static/index.html")
    assert page.get("/static/index.html", headers={"if-none-match": file.headers["etag"]}).status_code == 304


def test_the_page_and_its_files_are_those_of_the_package(page: TestClient) -> None:
    static = Path(thermonucleus.explore.__file__).parent / "static"
    assert page.get("/").content == (static / "index.html").read_bytes()
    for file in static.iterdir():
        answer = page.get(f"/static/{file.name}")
        assert answer.content == file.read_bytes()
        kinds = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
        assert answer.headers["content-type"].split(";")[0] == kinds[file.suffix]


def test_the_charts_script_is_that_of_the_installed_package(page: TestClient) -> None:
    answer = page.get("/plotly.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert b"plotly.js v" in answer.content[:500]


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/nothing.js",
        "/static/index.html/../../app.py",
        "/app.py",
        "/static/%00",
        "/api",
        "/api/nothing",
    ],
)
def test_there_is_nothing_else(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 404
    assert answer.json()["setting"] is None


@pytest.mark.parametrize("path", ["/api/next", "/api/map", "/api/find", "/api/draws", "/api/texts"])
def test_questions_are_posted(page: TestClient, path: str) -> None:
    assert page.get(path).status_code == 405
    assert page.post("/api/about", json={}).status_code == 405


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"]
)
@pytest.mark.parametrize("path", ["/api/next", "/api/map", "/api/find", "/api/draws", "/api/texts"])
def test_what_a_form_can_send_is_refused(page: TestClient, path: str, kind: str | None) -> None:
    answer = page.post(path, content=json.dumps(QUESTION), headers={} if kind is None else {"content-type": kind})
    assert answer.status_code == 415
    assert answer.json() == {"error": f"Content-Type must be application/json, got {kind or 'none'}", "setting": None}


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
def test_json_is_read_however_it_is_called(page: TestClient, kind: str) -> None:
    assert page.post("/api/next", content=json.dumps(QUESTION), headers={"content-type": kind}).status_code == 200


def padded(size: int) -> bytes:
    body = json.dumps(QUESTION).encode()
    return body + b" " * (size - len(body))


def test_a_body_may_be_so_large_and_no_larger(page: TestClient) -> None:
    def status(content: Any) -> int:
        return page.post("/api/next", content=content, headers={"content-type": "application/json"}).status_code

    assert status(padded(LARGEST_BODY)) == 200
    assert status(padded(LARGEST_BODY + 1)) == 413
    pieces = [padded(LARGEST_BODY)[i : i + 1000] for i in range(0, LARGEST_BODY, 1000)]
    assert status(iter(pieces)) == 200
    assert status(iter([*pieces, b" "])) == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"model": "tiny"',
        b"\xff\xfe",
        b'{"prompt": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b"x" * 99,
        b"[" * 30_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"prompt": "\xed\xa0\x80"}',
    ],
)
def test_what_is_no_json_is_refused(page: TestClient, body: bytes) -> None:
    answer = page.post("/api/next", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("body must be JSON: ")
    assert len(answer.content) < 500


def test_an_answer_that_fails_says_so_in_json() -> None:
    class Broken(TinyModel):
        def rows(self, texts: object) -> Any:
            raise RuntimeError("llama_decode returned 1")

    with client(Broken()) as page:
        answer = page.post("/api/next", json=QUESTION)
    assert answer.status_code == 500
    assert answer.json() == {"error": "RuntimeError: llama_decode returned 1", "setting": None}
    assert answer.headers["x-content-type-options"] == "nosniff"
