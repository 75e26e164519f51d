"""The server: a socket that this machine alone reaches, the app behind it, and a browser in front."""

import errno
import os
import socket
import threading
import webbrowser
from types import FrameType

import uvicorn

from thermonucleus.explore.app import explorer
from thermonucleus.explore.models import Models
from thermonucleus.text.loading import BUILTIN

__all__ = ["check_port", "serve"]

HOST = "127.0.0.1"

PATIENCE = 2
"""Seconds that answers on their way have once the server is to stop. Chosen: a batch of continuations takes less."""


class Server(uvicorn.Server):
    """A server that has continuations end once it is to stop itself."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take note of Ctrl-C."""
        self._stopping.set()
        super().handle_exit(sig, frame)


def serve(model: str | os.PathLike[str] = BUILTIN, *, port: int = 0, browser: bool = True) -> None:
    """Serve the explorer to this machine until Ctrl-C.

    Parameters
    ----------
    model : str or path-like, default "builtin"
        The model that the page begins with, as `thermonucleus.text.load_model` takes it. The installed ones are offered beside it.
    port : int, default 0
        Where to serve; 0 is any free port.
    browser : bool, default True
        Whether to open the page in a browser. The address is printed in any case.

    Raises
    ------
    ValueError, TypeError
        If the port is none.
    OSError
        If the port is taken or may not be had.
    TypeError, ImportError, OSError, ValueError
        As from `thermonucleus.text.load_model`.
    KeyboardInterrupt
        On Ctrl-C, once answers on their way have ended.
    """
    with _listening(port) as listener:
        stopping = threading.Event()
        app = explorer(Models.beginning_with(model), stopping)
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        address = f"http://{HOST}:{listener.getsockname()[1]}/"
        print(f"The explorer is at {address} - Ctrl-C ends it.", flush=True)
        if browser:
            # Some browsers run in the terminal until they are closed.
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
        Server(config, stopping).run(sockets=[listener])


def check_port(port: object) -> int:
    """Return a port as it is; raise TypeError or ValueError if there is none of this number."""
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"port must be an integer from 0 to 65535, got {port!r} of type {type(port).__name__}")
    if not 0 <= port <= 65535:
        raise ValueError(f"port must be an integer from 0 to 65535, got {port}")
    return port


def _listening(port: int) -> socket.socket:
    """Open a socket that keeps who comes waiting until the server runs."""
    check_port(port)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two servers have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "something else listens there" if taken else error.strerror
        raise OSError(f"port must be one that is free, got {port}: {reason} (without it, any free one is taken)") from error
    return listener
