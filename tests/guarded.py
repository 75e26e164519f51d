"""Memory that ends where an array ends, and begins where it begins: a read or write beyond it ends the process."""

import ctypes
import mmap
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PAGE = mmap.PAGESIZE
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
PROT_NONE = 0


def guarded(shape: int | Sequence[int], dtype: type[np.generic] = np.float32, *, at_start: bool = False) -> NDArray[np.generic]:
    """Return an array whose end, or whose start, lies at a page that must not be touched; both do where it fills whole pages."""
    count = int(np.prod(shape))
    size = count * np.dtype(dtype).itemsize
    pages = -(-size // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for guard in (base, base + (pages + 1) * PAGE):
        if _libc.mprotect(guard, PAGE, PROT_NONE) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
    start = PAGE if at_start else (pages + 1) * PAGE - size
    # The array keeps the map alive.
    return np.frombuffer(memory, dtype, count, start).reshape(shape)
