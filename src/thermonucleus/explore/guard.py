"""Who may ask and what: this machine's own pages alone, in JSON of a bounded size."""

import json
import math
from typing import Any, NoReturn

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thermonucleus.explore.questions import QuestionError

__all__ = ["Guard", "json_of"]

LARGEST_BODY = 64 * 1024
"""Bytes. Chosen: the longest prompt, each character written as an escape, and settings twice."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""The names under which a page of this machine reaches it. Any other that leads here was made up by someone else."""

HEADERS = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""Of every answer: a page that loads nothing from elsewhere, and that nobody else may load."""


class Guard:
    """An app that answers a page of its own alone.

    A page of another site can have a browser on this machine send requests here, also under a name of its own that leads here. What
    it can't do is to have the browser give another name as host, or another page as origin.

    Parameters
    ----------
    app : ASGI app
        The app to guard.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with status 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = _refusal(Headers(scope=scope), scope["server"][1])
        app = self._app if refusal is None else JSONResponse({"error": refusal, "setting": None}, status_code=403)
        await app(scope, receive, send_with_headers)


def _refusal(headers: Headers, port: int) -> str | None:
    """Say why a request is refused, None if it is not."""
    hosts = headers.getlist("host")
    ours = {f"{name}:{port}" for name in LOOPBACK} | (set(LOOPBACK) if port == 80 else set())
    if len(hosts) != 1 or hosts[0].lower() not in ours:
        return f"Host must be {LOOPBACK[0]}:{port} or another name of this machine's own, got {', '.join(hosts) or 'none'}"
    origins = headers.getlist("origin")
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
        return f"Origin must be http://{hosts[0]}, got {', '.join(origins)}"
    return None


async def json_of(request: Request) -> Any:
    """Return what the body of a request says.

    Raises
    ------
    QuestionError
        If it is not JSON, not said to be, or too large.
    """
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise QuestionError(f"Content-Type must be application/json, got {kind or 'none'}", status=415)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise QuestionError(f"body must be of at most {LARGEST_BODY:,} bytes, got more", status=413)
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"body must be JSON: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is none of its numbers")


def _finite(digits: str) -> float:
    """Read a number; 1e999 is one of JSON's, and none that can be computed with."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is too large a number")
    return number
