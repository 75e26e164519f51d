"""The functions of one build of `row_kernel`, as a class that other modules of the kernel can take them from."""

from thermonucleus.kernel.row.types cimport Plan, Reading

ctypedef bint (*read_row_type)(
    const float*, Py_ssize_t, const Plan*, void*, Reading*, double*, float*
) noexcept nogil
ctypedef Py_ssize_t (*draw_token_type)(Reading*, double) noexcept nogil
ctypedef double (*token_probability_type)(Reading*, Py_ssize_t) noexcept nogil
ctypedef void (*fill_row_type)(Reading*, float*) noexcept nogil


cdef class Kernel:
    cdef readonly str target
    cdef read_row_type read_row
    cdef draw_token_type draw_token
    cdef fill_row_type fill_row
    cdef token_probability_type token_probability
