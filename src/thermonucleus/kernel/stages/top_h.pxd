"""Top-h: the most probable tokens, while their part of the entropy stays within a bound (Baghaei Potraghloo et al. 2025)."""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.search.nearest cimport Measure, Nearest, nearest
from thermonucleus.kernel.stages.cut cimport cut_below, float_from, settle
from thermonucleus.kernel.stages.moments cimport Moments, from_largest, log2_mass, mass_of, moments_of
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.double cimport precise_exp2
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline void top_h(Row* row, double h, Scratch* scratch) noexcept nogil:
    """The sum of -p log p, over what lies above a token and one copy of it, is at most h H; the largest always stay."""
    cdef Moments moments
    cdef Measure measure
    cdef Nearest found
    cdef double bound, one, bits
    cdef float last
    settle(row, True, scratch)
    moments = moments_of(row)
    measure.scale = from_largest(row)
    measure.surprise = log2_mass(&moments)
    measure.centre = row.maximum
    # In units of weights and bits: the sum of w (log2 Z - t).
    bound = (h + ROUNDING) * (mass_of(&moments) * measure.surprise - moments.bits)
    found = nearest(row, &measure, bound, scratch)
    if found.radius < INFINITY:
        last = float_from(row.maximum - found.radius)
        bits = -found.radius * row.scale.slope
        one = precise_exp2(bits) * (measure.surprise - bits)
        cut_below(row, min(last if found.inside + one <= bound else next_up(last), row.maximum))
