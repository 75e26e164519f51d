"""The rooms in their order. Pointers in, status out: this module is built once for each instruction level."""

from thermonucleus.kernel.cutoff cimport find_cutoff
from thermonucleus.kernel.draw cimport draw, fill, sum_chunks
from thermonucleus.kernel.exp2 cimport scale_for
from thermonucleus.kernel.precise cimport logit_of
from thermonucleus.kernel.row cimport NOTHING, Reading, Scratch, Settings, View, carve, chunk_count
from thermonucleus.kernel.summary cimport first_at, summarize

cdef extern from *:
    """
    /* 2**-151: half of a half of float32's smallest number, lest rounding loses a probability that would round to it. */
    #define THERMONUCLEUS_SMALLEST 3.503246160812043e-46
    """
    const double SMALLEST "THERMONUCLEUS_SMALLEST"


cdef api bint read_row(
    const float* row, Py_ssize_t size, const Settings* settings, void* memory, Reading* reading, double* running
) noexcept nogil:
    """Summary and cutoff. False if the row cannot be sampled from: NaN, +inf, or nothing but -inf."""
    cdef Scratch scratch = carve(memory, size, running)
    cdef View view
    cdef float maximum
    cdef double mass
    view.values = row
    view.size = size
    view.ids = NULL
    view.summed = NOTHING
    view.groups = scratch.groups
    view.maxima = scratch.maxima
    if not summarize(&view, &maximum):
        return False
    if settings.temperature == 0.0:
        reading.greedy = first_at(&view, maximum)
        return True
    reading.greedy = -1
    reading.scale = scale_for(maximum, settings.temperature)
    reading.cutoff = find_cutoff(&view, maximum, &reading.scale, settings, &scratch)
    mass = sum_chunks(&view, &reading.scale, reading.cutoff, chunk_count(size), running)
    reading.share = <float> (1.0 / mass)
    # What is below float32's smallest number is not kept either: probability 0, never drawn.
    reading.cutoff = max(reading.cutoff, <float> logit_of(mass * SMALLEST, &reading.scale))
    return True


cdef api Py_ssize_t draw_token(
    const float* row, Py_ssize_t size, const Reading* reading, const double* running, double u
) noexcept nogil:
    """The token that u falls on."""
    return draw(row, size, reading, running, u)


cdef api void fill_row(const float* row, Py_ssize_t size, const Reading* reading, float* out) noexcept nogil:
    """The probability of every token."""
    fill(row, size, reading, out)
