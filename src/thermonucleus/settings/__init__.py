"""Temperature, top-k, top-p, min-p and their kin as callers give them: checked, and laid out as the kernel reads them."""

from thermonucleus.settings.checks import (
    Column,
    Numbers,
    SupportsArray,
    as_array,
    check_flag,
    check_fraction,
    check_integer,
    check_several,
    check_temperature,
    check_top_k,
)
from thermonucleus.settings.help import takes_settings
from thermonucleus.settings.plan import Requests, as_requests, as_table, check_keywords, count_rows, plan, plan_of, settings_table, table_of
from thermonucleus.settings.settings import SETTINGS, Keywords, Setting, Settings

__all__ = [
    "SETTINGS",
    "Column",
    "Keywords",
    "Numbers",
    "Requests",
    "Setting",
    "Settings",
    "SupportsArray",
    "as_array",
    "as_requests",
    "as_table",
    "check_flag",
    "check_fraction",
    "check_integer",
    "check_keywords",
    "check_several",
    "check_temperature",
    "check_top_k",
    "count_rows",
    "plan",
    "plan_of",
    "settings_table",
    "table_of",
    "takes_settings",
]
