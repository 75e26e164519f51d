"""Temperature, top-k, top-p and min-p as callers give them: checked, and laid out as the kernel reads them."""

from thermonucleus.settings.checks import (
    as_array,
    check_flag,
    check_fraction,
    check_integer,
    check_several,
    check_temperature,
    check_top_k,
)
from thermonucleus.settings.plan import plan, settings_table

__all__ = [
    "as_array",
    "check_flag",
    "check_fraction",
    "check_integer",
    "check_several",
    "check_temperature",
    "check_top_k",
    "plan",
    "settings_table",
]
