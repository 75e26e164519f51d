"""What closed forms ask for: sums over the tokens that are kept, in float64.

A token of logit x has t = (x - M) s, the logarithm to base 2 of how probable it is beside the most probable one, M being the largest
logit and s the slope of the scale: t <= 0. Its weight is w = 2**t, its probability w / Z, its surprise log2 Z - t bits.

The sums are within 1e-12 of themselves: a weight is within 1e-15 of itself for each unit of t, and a sum of n floats in 2 LANES lanes
within n / (2 LANES) 2**-53.
"""

from thermonucleus.kernel.row.source cimport chunk_count
from thermonucleus.kernel.row.tokens cimport finite_kept, is_empty, piece_of
from thermonucleus.kernel.row.types cimport CHUNK, Interval, Row, Scale
from thermonucleus.kernel.weights.double cimport precise_log2, precise_weights, sum_precise

cdef struct Moments:
    double others       # the weights of all tokens but one of the most probable: Z - 1
    double bits         # the sum of w t
    double squares      # the sum of w**2


cdef inline double mass_of(const Moments* moments) noexcept nogil:
    """Z."""
    return 1.0 + moments.others


cdef inline double log2_mass(const Moments* moments) noexcept nogil:
    """log2 Z, which is the surprise of the most probable token."""
    cdef double y = moments.others
    if y < 1e-6:
        # Exact to 1e-18 of itself: the next term of the series is y**3 / 4.
        return 1.4426950408889634 * y * (1.0 - y * (0.5 - y / 3.0))
    return precise_log2(1.0 + y)


cdef inline double entropy_of(const Moments* moments) noexcept nogil:
    """The mean surprise, in bits."""
    return log2_mass(moments) - moments.bits / mass_of(moments)


cdef inline Scale from_largest(const Row* row) noexcept nogil:
    """The row's scale, with the largest logit subtracted first: weights in float64 are then best where they matter most."""
    cdef Scale scale = row.scale
    scale.base = row.maximum
    scale.exponent = 0.0
    return scale


cdef inline Moments moments_of(const Row* row) noexcept nogil:
    """Moments of what is kept at the scale of the row."""
    cdef Moments moments
    cdef Scale scale = from_largest(row)
    cdef Interval kept = finite_kept(row)
    cdef float spare[CHUNK]
    cdef double w[CHUNK]
    cdef double products[CHUNK]
    cdef const float* x
    cdef Py_ssize_t chunk, i, ties = 0
    cdef double t
    cdef int found
    moments.others = moments.bits = moments.squares = 0.0
    for chunk in range(chunk_count(row.size)):
        if is_empty(row, chunk, kept.low):
            continue
        x = piece_of(row, chunk, spare)
        precise_weights(x, CHUNK, &scale, w)
        found = 0
        for i in range(512):
            w[i] = w[i] * 2.0**-64 if (x[i] >= kept.low) & (x[i] < row.maximum) else 0.0
        for i in range(512):
            found += x[i] == row.maximum
        for i in range(512):
            t = (<double> x[i] - scale.base) * scale.slope
            products[i] = w[i] * (t if t > -1000.0 else -1000.0)
        ties += found
        moments.others += sum_precise(w, CHUNK)
        moments.bits += sum_precise(products, CHUNK)
        for i in range(512):
            products[i] = w[i] * w[i]
        moments.squares += sum_precise(products, CHUNK)
    moments.others += ties - 1
    moments.squares += ties
    return moments
