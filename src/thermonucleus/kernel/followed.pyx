"""A single row at a time that a state follows: what was drawn can be asked about, in memory that goes from draw to draw."""

cimport cython
from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBuffer_Release
from cpython.mem cimport PyMem_RawFree
from libc.string cimport memcpy

from thermonucleus.kernel.bridge cimport Drawn, Kernel, SingleRow, allocate, get_buffer
from thermonucleus.kernel.row.types cimport ADAPTIVE_P, MIROSTAT_1, MIROSTAT_2, Reading, Source, Step


@cython.final
@cython.no_gc_clear     # as `RandomNumbers` is
cdef class FollowedRow:
    """Draws from one row at a time, with a plan whose numbers change from draw to draw."""

    cdef SingleRow row

    def __cinit__(self, plans, generator):
        """Take a float64 plan, (1, n, 4), checked. The one that numbers are written to is a copy of it."""
        self.row = SingleRow(plans.copy(), generator)

    def draw(self, Kernel kernel not None, logits, double mu, double target, u, KeptRow spare):
        """A token of a float32 row for u, or for the generator's next number; -1, and none was drawn, if the row is not sound.

        Memory to keep the row in is asked for before a number is, unless a spare one is there that has it.
        """
        cdef KeptRow kept = KeptRow(kernel)
        cdef Py_buffer view
        cdef Drawn drawn
        drawn.given = u is not None
        drawn.u = u if drawn.given else 0.0
        self.set_numbers(mu, target)
        get_row(logits, &view)
        try:
            kept.size = view.shape[0]
            if spare is None or spare.size != kept.size:
                kept.copy = <float*> allocate(view.len)
            kept.token = self.row.token(kernel, <const float*> view.buf, view.shape[0], &drawn)
            if kept.token >= 0:
                kept.reading = drawn.reading
                kept.p = kernel.token_probability(&drawn.reading, kept.token)
        finally:
            PyBuffer_Release(&view)
        return kept

    cdef void set_numbers(self, double mu, double target) noexcept:
        cdef Step* steps = <Step*> self.row.steps.buf
        cdef Py_ssize_t i
        for i in range(self.row.plan.count):
            if steps[i].stage == MIROSTAT_1 or steps[i].stage == MIROSTAT_2:
                steps[i].numbers[0] = mu
            elif steps[i].stage == ADAPTIVE_P:
                steps[i].numbers[0] = target


@cython.final
@cython.no_gc_clear     # as `RandomNumbers` is
cdef class KeptRow:
    """A row that was drawn from: the token, its probability and, once it has been kept, that of any other."""

    cdef Kernel kernel
    cdef Reading reading
    cdef readonly Py_ssize_t token
    cdef readonly double p      # before adaptive-p weighs it
    cdef float* copy            # memory for a copy of the row; NULL where that is the spare row's, or another row's by now
    cdef Py_ssize_t size
    cdef bint is_kept           # whether the copy is there, and what is read

    def __cinit__(self, Kernel kernel not None):
        self.kernel = kernel
        self.copy = NULL
        self.is_kept = False

    def __dealloc__(self):
        PyMem_RawFree(self.copy)

    def keep(self, logits, KeptRow spare):
        """Copy the row that was drawn from, into the memory of the spare one that there was when it was drawn from."""
        cdef Source* moved = &self.reading.source
        cdef Py_buffer view
        get_row(logits, &view)
        try:
            if view.shape[0] != self.size:
                raise ValueError(f"logits: expected the row that was drawn from, of {self.size}, got {view.shape[0]}")
            if self.copy == NULL and spare is not None:
                self.copy = spare.give_up(self.size)
            if self.copy == NULL:
                self.copy = <float*> allocate(view.len)
            memcpy(self.copy, view.buf, view.len)
            moved.values = self.copy    # nothing else of a reading points into its row
            self.is_kept = True
        finally:
            PyBuffer_Release(&view)

    cdef float* give_up(self, Py_ssize_t size) noexcept:
        cdef float* given = NULL
        with cython.critical_section(self):
            if self.size == size:
                given, self.copy, self.is_kept = self.copy, NULL, False
        return given

    def probability(self, Py_ssize_t token):
        """The probability of a token, before adaptive-p weighs it."""
        if not 0 <= token < self.size:
            raise ValueError(f"token: expected a number from 0 to {self.size - 1}, got {token}")
        with cython.critical_section(self):
            if not self.is_kept:
                raise ValueError("the row has not been kept")
            return self.kernel.token_probability(&self.reading, token)


cdef int get_row(logits, Py_buffer* view) except -1:
    get_buffer(logits, view, PyBUF_C_CONTIGUOUS, b"f", sizeof(float))
    if view.ndim != 1 or view.len == 0:
        PyBuffer_Release(view)
        raise ValueError("logits: expected a row")
    return 0
