"""The settings and the sizes of the tables of one draw, for the kernel and for the oracle."""

from typing import Any

SIZES = [5, 1000, 32_000, 128_256]
SETTINGS: dict[str, dict[str, Any]] = {
    "no truncation": {},
    "top_p=0.95 temperature=0.8": {"top_p": 0.95, "temperature": 0.8},
    "top_k=50 top_p=0.95 temperature=0.8": {"top_k": 50, "top_p": 0.95, "temperature": 0.8},
    "min_p=0.05": {"min_p": 0.05},
}
