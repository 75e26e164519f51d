"""The explorer's server: who reaches it, how it begins and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from exploring import TinyModel

import thermonucleus.explore
from thermonucleus.cli import main
from thermonucleus.explore import Models, explorer, serve
from thermonucleus.explore.models import OfferedModel

# A shell may start tests with Ctrl-C off, which programs inherit.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from thermonucleus.cli import main
sys.exit(main(["explore", *sys.argv[1:]]))
"""


@contextmanager
def explore(*arguments: str, **environment: str) -> Iterator["tuple[subprocess.Popen[str], str]"]:
    """Run the command, and yield it with the address that it prints."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    ) as running:
        assert running.stdout is not None
        try:
            line = running.stdout.readline()
            assert line.startswith("The explorer is at http://127.0.0.1:"), line
            yield running, line.split()[4]
        finally:
            running.kill()


def get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def raw(address: str, request: str) -> bytes:
    """Send a request letter by letter, without a client that mends it."""
    host, port = address.removeprefix("http://").strip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request.encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


def test_the_page_is_served_until_ctrl_c_which_ends_it_quietly() -> None:
    with explore("--no-browser") as (running, address):
        assert b"<html" in get(address)
        about = json.loads(get(f"{address}api/about"))
        assert about["models"][0] == {"name": "builtin", "loaded": True}
        head = f"Host: {address.removeprefix('http://').strip('/')}\r\nConnection: close\r\n\r\n"
        for path in ("/static/../app.py", "/static/%2e%2e/app.py", "//etc/passwd", "/static/..%00/app.py"):
            status = raw(address, f"GET {path} HTTP/1.1\r\n{head}").split(b"\r\n", 1)[0]
            assert status.split()[1] in (b"404", b"400")
        assert b" 403 " in raw(address, "GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n").split(b"\r\n", 1)[0]
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, "", "")


def test_the_browser_is_opened_at_the_address_unless_told_not_to(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{opened}.new" && mv "{opened}.new" "{opened}"\n', encoding="utf-8")
    browser.chmod(0o755)
    with explore(BROWSER=str(browser)) as (_, address):
        deadline = time.monotonic() + 60
        while not opened.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert opened.read_text(encoding="utf-8").strip() == address
    opened.unlink()
    with explore("--no-browser", BROWSER=str(browser)) as (_, address):
        get(address)
    assert not opened.exists()


def test_other_machines_do_not_reach_it() -> None:
    with explore("--no-browser") as (running, address):
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        listening = Path(f"/proc/{running.pid}/net/tcp")
        if not listening.exists():
            pytest.skip("this system does not say who listens where")
        lines = [line.split() for line in listening.read_text(encoding="ascii").splitlines()[1:]]
        ours = [local for _, local, _, state, *_ in lines if state == "0A" and int(local.split(":")[1], 16) == port]
        assert ours == [f"0100007F:{port:04X}"]
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("::1", port), timeout=5)


def test_a_port_that_is_taken_is_an_error_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["explore", "--no-browser", "--port", str(port)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"thermonucleus: port must be one that is free, got {port}: something else listens there "
        "(without it, any free one is taken)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "-1"], "--port must be 0 or more, got -1"),
        (["--port", "65536"], "--port must be an integer from 0 to 65535, got 65536"),
        (["--port", "web"], "--port must be an integer, got 'web'"),
    ],
)
def test_a_port_that_is_none_is_refused_as_what_cannot_be_understood(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explore", "--no-browser", *arguments])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: {message}\n")


def test_a_model_that_is_none_is_said_before_anything_is_served(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", None)
    assert main(["explore", "--no-browser", "--model", "none.gguf"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "none.gguf" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("port", [True, 80.0, "80", None])
def test_a_port_is_an_integer(port: Any) -> None:
    with pytest.raises(TypeError, match=r"^port must be an integer from 0 to 65535, got "):
        serve(port=port)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "plotly"])
def test_what_is_not_installed_is_named_with_the_extra(missing: str) -> None:
    program = f"""
import importlib.abc, sys
class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {missing!r}:
            if {missing!r} == "plotly":
                return None
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Without())
if {missing!r} == "plotly":
    sys.path_importer_cache.clear()
    finders = [finder for finder in sys.meta_path if not isinstance(finder, Without)]
    class Only(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name == "plotly":
                return None
            for finder in finders:
                if (found := finder.find_spec(name, path, target)) is not None:
                    return found
            return None
    sys.meta_path[:] = [Only()]
from thermonucleus.cli import main
sys.exit(main(["explore", "--no-browser"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == f'thermonucleus: thermonucleus.explore needs {missing}: pip install "thermonucleus[explore]"\n'


def test_plotly_is_not_imported_nor_any_model_before_it_is_asked() -> None:
    large = {"plotly", "llama_cpp", "torch", "transformers", "matplotlib"}
    program = f"import sys, thermonucleus.explore; print({large} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


@contextmanager
def serving(model: TinyModel) -> Iterator[str]:
    """Serve the app by the real server in a thread, and yield its address."""
    listener = thermonucleus.explore.server._listening(0)
    app = explorer(Models(OfferedModel("tiny", model)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


def post(address: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(address + path, json.dumps(body).encode(), headers), timeout=60)


TEXTS: dict[str, Any] = {"model": "tiny", "prompt": "x", "sides": {"A": {}}, "tokens": 100, "count": 2}


def test_continuations_come_as_they_are_drawn_and_stop_when_nobody_reads_them() -> None:
    model = TinyModel(seconds=0.02, length=999)
    with serving(model) as address:
        start = time.monotonic()
        answer = post(address, "api/texts", TEXTS)
        first = json.loads(answer.readline())
        came = time.monotonic() - start
        assert (first["side"], first["text"], first["place"]) == ("A", 0, 0)
        answer.close()
        deadline = time.monotonic() + 60
        asked = -1
        while asked != len(model.asked):  # no longer than the place on its way
            assert time.monotonic() < deadline
            asked = len(model.asked)
            time.sleep(0.2)
        assert 1 <= asked < 80
        assert came < 100 * 0.02
        # The next one is answered at once, and is whole.
        with post(address, "api/texts", {**TEXTS, "tokens": 3}) as whole:
            lines = [json.loads(line) for line in whole]
    assert lines[-1] == {"done": True}
    assert len(lines) == 2 * 3 + 1


def test_what_is_kept_is_answered_while_the_model_computes() -> None:
    model = TinyModel(seconds=0.3, length=999)
    with serving(model) as address:
        question = {"model": "tiny", "prompt": "x"}
        with post(address, "api/next", question) as answer:
            first = answer.read()
        with post(address, "api/texts", {**TEXTS, "tokens": 4}) as stream:
            stream.readline()
            start = time.monotonic()
            with post(address, "api/next", question) as answer:
                assert answer.read() == first
            took = time.monotonic() - start
            lines = stream.read().splitlines()
    assert took < 0.3
    assert json.loads(lines[-1]) == {"done": True}
    assert model.at_once == 0


def test_ctrl_c_ends_continuations_on_their_way() -> None:
    with explore("--no-browser") as (running, address):
        body = {
            "model": "builtin",
            "prompt": "The",
            "sides": {"A": {}, "B": {"top_p": 0.5}},
            "tokens": 100,
            "count": 8,
            "alternatives": 20,
        }
        answer = post(address, "api/texts", body)
        answer.readline()
        running.send_signal(signal.SIGINT)
        rest = answer.read()
        answer.close()
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, "")
    assert b'"done"' not in rest
