"""The settings of a draw on the command line."""

import argparse
from typing import Any


def add_settings(parser: argparse.ArgumentParser, *, temperature: float = 1.0, top_p: float = 1.0) -> None:
    """Add an option for each setting, with these defaults."""
    parser.add_argument("--temperature", type=float, default=temperature, help="0 takes the most probable token each time")
    parser.add_argument("--top-k", type=int, default=0, help="keep this many tokens; 0 keeps all")
    parser.add_argument("--top-p", type=float, default=top_p, help="keep the most probable tokens that sum to this")
    parser.add_argument("--min-p", type=float, default=0.0, help="keep tokens at least this probable relative to the first")
    parser.add_argument(
        "--temperature-last", action="store_true", help="let top-k, top-p and min-p cut at temperature 1, as llama.cpp does"
    )


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings as `thermonucleus.Sampler` takes them."""
    return {name: getattr(options, name) for name in ("temperature", "top_k", "top_p", "min_p", "temperature_last")}
