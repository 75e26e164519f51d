"""The next uniform number of a generator, as a class that other modules of the kernel can ask."""

from libc.stdint cimport uint32_t, uint64_t


# `bitgen_t` of NumPy, as "Extending via Cython" in its manual has it.
cdef struct BitGenerator:
    void* state
    uint64_t (*next_uint64)(void* state) noexcept nogil
    uint32_t (*next_uint32)(void* state) noexcept nogil
    double (*next_double)(void* state) noexcept nogil
    uint64_t (*next_raw)(void* state) noexcept nogil


cdef class RandomNumbers:
    cdef object generator
    cdef object owner           # of what `bits` points to
    cdef BitGenerator* bits     # NULL where the generator has to be asked by its method
    cdef object acquire
    cdef object release

    cdef double next(self) except? -1.0
