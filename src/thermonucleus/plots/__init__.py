"""Pictures of what temperature and top-p do, drawn with matplotlib on axes of your own or new ones.

Each function takes the axes to draw on, or makes some, returns them, and shows nothing: ``pyplot.show()`` and ``savefig`` are the
caller's. Nothing given to them is written to.
"""

try:
    import matplotlib  # noqa: F401
except ImportError as error:
    raise ImportError('thermonucleus.plots needs matplotlib: pip install "thermonucleus[plots]"') from error

from thermonucleus.plots.adaptive import plot_adaptive
from thermonucleus.plots.distributions import plot_comparison, plot_temperature, plot_tokens
from thermonucleus.plots.surfaces import plot_heatmap, plot_tuning

__all__ = [
    "plot_adaptive",
    "plot_comparison",
    "plot_heatmap",
    "plot_temperature",
    "plot_tokens",
    "plot_tuning",
]
