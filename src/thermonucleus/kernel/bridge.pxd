"""The functions of one build of `row_kernel`, and the draw from a single row, as classes that other modules of the kernel use."""

from thermonucleus.kernel.numbers cimport RandomNumbers
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


# What a draw is given and leaves behind, for who asks about it.
cdef struct Drawn:
    bint given          # whether u is the caller's
    double u
    Reading reading


cdef class SingleRow:
    cdef Py_buffer steps
    cdef Plan plan
    cdef double coin        # of XTC, 0 if it throws none
    cdef RandomNumbers numbers
    cdef void* memory       # NULL while a call works in it: another thread's call makes its own
    cdef Py_ssize_t room    # the size of the rows that it has room for

    cpdef Py_ssize_t draw(self, Kernel kernel, logits) except -2
    cdef Py_ssize_t token(self, Kernel kernel, const float* row, Py_ssize_t size, Drawn* drawn) except -2
    cdef void* borrow(self, Py_ssize_t* room) except NULL
    cdef void give_back(self, void* memory, Py_ssize_t room) noexcept


cdef int get_buffer(source, Py_buffer* view, int flags, bytes formats, Py_ssize_t itemsize) except -1
cdef void* allocate(size_t size) except NULL
