"""The app: which address answers what."""

import importlib.util
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from thermonucleus.explore.catalogue import answer_about
from thermonucleus.explore.continuations import stream_texts
from thermonucleus.explore.guard import Guard, json_of
from thermonucleus.explore.models import Models, OfferedModel
from thermonucleus.explore.next_token import answer_draws, answer_find, answer_next
from thermonucleus.explore.questions import DrawsQuestion, FindQuestion, MapQuestion, NextQuestion, QuestionError, TextsQuestion
from thermonucleus.explore.settings_map import answer_map

__all__ = ["explorer"]

STATIC = Path(__file__).parent / "static"

ANEW = {"cache-control": "no-cache"}
"""The page is asked for anew each time, and sent again only where it has changed."""

A_DAY = {"cache-control": "private, max-age=86400"}

Question = TypeVar("Question", NextQuestion, MapQuestion, FindQuestion, DrawsQuestion)

Endpoint = Callable[[Request], Awaitable[Response]]


class Json(JSONResponse):
    """An answer in ASCII, so that text of any kind goes through."""

    def render(self, content: Any) -> bytes:
        """Return the answer as bytes."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class Page(StaticFiles):
    """The files of the page."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Answer with a file, or with its not having changed."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(ANEW)
        return response


def explorer(models: Models, stopping: threading.Event | None = None) -> ASGIApp:
    """Make the app.

    Parameters
    ----------
    models : Models
        The models that the page may ask.
    stopping : threading.Event, optional
        Set, it ends the continuations that are on their way.

    Returns
    -------
    ASGI app
        For a server that is reached by this machine alone.
    """
    ends = threading.Event() if stopping is None else stopping

    async def about(request: Request) -> Response:
        return Json(answer_about(models))

    async def texts(request: Request) -> Response:
        question = TextsQuestion.read(await json_of(request))
        lines = stream_texts(question, models[question.model], ends)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    routes = [
        Route("/", _page),
        Route("/plotly.js", _plotly),
        Mount("/static", Page(directory=STATIC)),
        Route("/api/about", about),
        Route("/api/next", _answers(models, NextQuestion.read, answer_next), methods=["POST"]),
        Route("/api/map", _answers(models, MapQuestion.read, answer_map), methods=["POST"]),
        Route("/api/find", _answers(models, FindQuestion.read, answer_find), methods=["POST"]),
        Route("/api/draws", _answers(models, DrawsQuestion.read, answer_draws), methods=["POST"]),
        Route("/api/texts", texts, methods=["POST"]),
    ]
    return Guard(
        Starlette(routes=routes, exception_handlers={QuestionError: _refused, HTTPException: _no_such, Exception: _failed})
    )


def _answers(
    models: Models, read: Callable[[object], Question], answer: Callable[[Question, OfferedModel], dict[str, Any]]
) -> Endpoint:
    """Return what reads a question, and answers it in a thread beside the server's."""

    async def endpoint(request: Request) -> Response:
        question = read(await json_of(request))
        return Json(await run_in_threadpool(answer, question, models[question.model]))

    return endpoint


async def _page(request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers=ANEW)


async def _plotly(request: Request) -> Response:
    package = importlib.util.find_spec("plotly")
    assert package is not None  # this package is not imported without it
    assert package.origin is not None
    return FileResponse(Path(package.origin).parent / "package_data" / "plotly.min.js", headers=A_DAY)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, QuestionError)
    return Json({"error": str(error), "setting": error.setting}, status_code=error.status)


async def _no_such(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Json(
        {"error": f"{request.method} {request.url.path}: {error.detail}", "setting": None}, error.status_code, error.headers
    )


async def _failed(request: Request, error: Exception) -> Response:
    return Json({"error": f"{type(error).__name__}: {error}", "setting": None}, status_code=500)
