"""What the benchmarks run on."""

import os
import platform
from pathlib import Path

import numpy as np

import thermonucleus as tn

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def last_level_cache() -> int | None:
    """Size in bytes of the largest cache that the system tells of."""
    sizes = [file.read_text(encoding="utf-8").strip() for file in CACHES.glob("index*/size")]
    return max((int(size[:-1]) * UNITS[size[-1]] for size in sizes if size[-1:] in UNITS), default=None)


def facts() -> dict[str, str]:
    cache = last_level_cache()
    return {
        "processor": processor(),
        "cores": str(cores()),
        "last-level cache": f"{cache // 2**20} MiB" if cache else "unknown",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "thermonucleus": f"{tn.__version__}, levels {', '.join(tn.targets())}",
    }
