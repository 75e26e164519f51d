"""Top-h: the most probable tokens, while their part of the entropy stays within a bound (Baghaei Potraghloo et al. 2025)."""

from libc.math cimport INFINITY, fabs

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.search.nearest cimport Measure, Nearest, nearest, nearest_in_head
from thermonucleus.kernel.stages.cut cimport cut_below, float_from, settle
from thermonucleus.kernel.stages.moments cimport (
    BITS,
    QUICK_ERROR,
    Moments,
    from_largest,
    log2_mass,
    mass_of,
    moments_of,
    quick_moments,
)
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.double cimport precise_exp2
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline void top_h(Row* row, double h, Scratch* scratch) noexcept nogil:
    """The sum of -p log p, over what lies above a token and one copy of it, is at most h H; the largest always stay."""
    cdef Moments moments
    cdef Measure measure
    cdef Nearest found
    cdef bint in_head = True
    cdef double bound
    if not settle(row, True, scratch):
        moments = quick_moments(row, BITS)
        measure = below_largest(row, &moments)
        bound = (h + ROUNDING) * total_of(&moments)
        in_head = nearest_in_head(row, &measure, bound, scratch, &found)
        if in_head and bound_is_certain(&moments, &measure, &found, bound):
            cut_at(row, &measure, &found, bound)
            return
    moments = moments_of(row, BITS)
    measure = below_largest(row, &moments)
    bound = (h + ROUNDING) * total_of(&moments)
    found = nearest(row, &measure, bound, total_of(&moments), in_head, scratch)
    if found.radius < INFINITY:
        cut_at(row, &measure, &found, bound)


cdef inline Measure below_largest(const Row* row, const Moments* moments) noexcept nogil:
    return Measure(row.maximum, log2_mass(moments), from_largest(row))


cdef inline double total_of(const Moments* moments) noexcept nogil:
    """H Z, in bits: the sum of w (log2 Z - t)."""
    return mass_of(moments) * log2_mass(moments) - moments.bits


cdef inline double one_copy(const Measure* measure, double radius) noexcept nogil:
    cdef double t = -radius * measure.scale.slope
    return precise_exp2(t) * (measure.surprise - t)


cdef inline bint bound_is_certain(
    const Moments* moments, const Measure* measure, const Nearest* found, double bound
) noexcept nogil:
    """Whether the answer is the same, however far off the moments are: by e of themselves, and log2 Z by e / ln 2.

    Both sides of the test are sums of w (log2 Z - t) or less, so each is off by no more than e (Z log2 Z + |sum w t| + Z / ln 2).
    """
    cdef double mass = mass_of(moments)
    cdef double error = 2.0 * QUICK_ERROR * (mass * (measure.surprise + 1.5) + fabs(moments.bits))
    cdef double with_one = found.inside + one_copy(measure, found.radius)
    return found.inside < bound - error and found.within >= bound + error and fabs(with_one - bound) > error


cdef inline void cut_at(Row* row, const Measure* measure, const Nearest* found, double bound) noexcept nogil:
    """Cut below the token at which the sum crosses the bound, or at it if one copy of it is too many already."""
    cdef float last = float_from(row.maximum - found.radius)
    cdef bint fits = found.inside + one_copy(measure, found.radius) <= bound
    cut_below(row, min(last if fits else next_up(last), row.maximum))
