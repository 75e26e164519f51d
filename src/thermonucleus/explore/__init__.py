"""A page in the browser that shows what settings make of a model's next token, and a server for it on this machine alone.

Nothing of it leaves the machine, and no other machine can reach it.
"""

import importlib.util

try:
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as error:
    raise ImportError(f'thermonucleus.explore needs {error.name}: pip install "thermonucleus[explore]"') from error
if importlib.util.find_spec("plotly") is None:  # its script alone is used: importing it would take a second
    raise ImportError('thermonucleus.explore needs plotly: pip install "thermonucleus[explore]"')

from thermonucleus.explore.app import explorer
from thermonucleus.explore.models import Models
from thermonucleus.explore.server import check_port, serve

__all__ = ["Models", "check_port", "explorer", "serve"]
