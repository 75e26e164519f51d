"""The settings of a draw on the command line."""

import argparse
from typing import Any

from thermonucleus.settings import SETTINGS


def add_settings(parser: argparse.ArgumentParser, **defaults: float) -> None:
    """Add an option for each setting; these are the defaults of some of them."""
    for setting in SETTINGS.values():
        name = f"--{setting.name.replace('_', '-')}"
        kind = type(setting.default)
        says = setting.says[0].lower() + setting.says[1:].rstrip(".").replace("%", "%%")
        if kind is bool:
            parser.add_argument(name, action="store_true", help=says)
        else:
            parser.add_argument(name, type=kind, default=defaults.get(setting.name, setting.default), help=says)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings as `thermonucleus.Sampler` takes them."""
    return {name: getattr(options, name) for name in SETTINGS}
