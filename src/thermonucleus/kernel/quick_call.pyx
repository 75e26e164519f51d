"""The call of a sampler, compiled: a row that needs nothing but its token goes straight to the kernel."""

from functools import update_wrapper

from thermonucleus.kernel.array cimport IN_ORDER, Array
from thermonucleus.kernel.bridge cimport Kernel, SingleRow

import numpy as np

from thermonucleus.kernel.dispatch import in_use

cdef list kernels = in_use
cdef type ARRAY = np.ndarray
cdef object FLOAT32 = np.dtype(np.float32)


def quickly(method):
    """Have the `SingleRow` that an object has as ``_single`` answer its call, where there is one and a single row is all there is.

    Anything else is left to the method, which also gives the call its name, signature and docstring.
    """
    def __call__(self, logits, *, u=None, num_samples=None):
        cdef Py_ssize_t token
        if u is None and num_samples is None and type(logits) is ARRAY:
            single = self._single
            if single is not None:
                token = next_token(single, logits)
                if token >= 0:
                    return token
        return method(self, logits, u=u, num_samples=num_samples)

    return update_wrapper(__call__, method)


cdef Py_ssize_t next_token(SingleRow single, logits) except -2:
    """The token of an array that is a sound float32 row; -1, and no number was drawn, if it is anything else."""
    cdef Kernel kernel = kernels[0]
    cdef object held = logits   # and counted: another thread is not allowed to resize an array that two hold
    cdef const Array* array = <const Array*> held
    # Types that have been unpickled are equal to NumPy's own and not the same: a buffer tells what they are.
    if not (LAID_OUT_AS_KNOWN and array.descr == <void*> FLOAT32 and array.nd == 1 and array.flags & IN_ORDER == IN_ORDER):
        return single.draw(kernel, held)
    if array.dimensions[0] == 0:
        return -1
    return single.token(kernel, <const float*> array.data, array.dimensions[0], NULL)


def is_laid_out_as_known():
    """Whether arrays are in memory as all versions of NumPy so far have them: what stands there is what NumPy says."""
    cdef object whole = np.arange(12, dtype=np.float32).reshape(3, 4)
    cdef object strided = whole[1:, ::2]
    return agrees(whole) and agrees(strided) and agrees(whole[2])


cdef bint agrees(given) except -1:
    cdef const Array* array = <const Array*> given
    cdef Py_ssize_t axis
    if array.nd != given.ndim or <size_t> array.data != given.ctypes.data or array.descr != <void*> FLOAT32:
        return False
    if array.flags != given.flags.num:
        return False
    for axis in range(array.nd):
        if array.dimensions[axis] != given.shape[axis]:
            return False
    return True


cdef bint LAID_OUT_AS_KNOWN = is_laid_out_as_known()
