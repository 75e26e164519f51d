"""Locally typical: the tokens whose surprise is nearest to the entropy (Meister et al. 2022).

A surprise is as far from the entropy as its logit is from the mean logit, each weighted by its probability. So what is kept is a
band of logits around that mean, and the most probable token may lie above it.
"""

from libc.math cimport INFINITY, fabs

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.tokens cimport count_inside, largest_below, least_from
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.search.nearest cimport Measure, Nearest, nearest, nearest_in_head
from thermonucleus.kernel.stages.cut cimport cut_above, cut_below, float_from, settle
from thermonucleus.kernel.stages.moments cimport BITS, QUICK_ERROR, Moments, from_largest, mass_of, moments_of, quick_moments
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline void typical_p(Row* row, double mass, Scratch* scratch) noexcept nogil:
    """|x - m| <= the least radius within which the mass is reached, m being the mean logit M + T sum p t."""
    cdef Moments moments
    cdef Measure measure
    cdef Nearest found
    cdef bint in_head = True
    if not settle(row, True, scratch):
        moments = quick_moments(row, BITS)
        measure = around_mean(row, &moments)
        in_head = nearest_in_head(row, &measure, (mass - ROUNDING) * mass_of(&moments), scratch, &found)
        if in_head and band_is_certain(row, &moments, &measure, &found, (mass - ROUNDING) * mass_of(&moments)):
            keep_band(row, &measure, found.radius)
            return
    moments = moments_of(row, BITS)
    measure = around_mean(row, &moments)
    found = nearest(row, &measure, (mass - ROUNDING) * mass_of(&moments), mass_of(&moments), in_head, scratch)
    if found.radius < INFINITY:
        keep_band(row, &measure, found.radius)


cdef inline Measure around_mean(const Row* row, const Moments* moments) noexcept nogil:
    return Measure(row.maximum + moments.bits / mass_of(moments) / row.scale.slope, -1.0, from_largest(row))


cdef inline double tolerance(const Row* row) noexcept nogil:
    """1e-6 nats: a token on the other side that is as far, but for rounding, is kept as well."""
    return ROUNDING * 1.4426950408889634 / row.scale.slope


cdef inline bint band_is_certain(
    const Row* row, const Moments* moments, const Measure* measure, const Nearest* found, double target
) noexcept nogil:
    """Whether the answer is the same, however far off the moments are.

    The target is off by e Z, the mean by d = 2 e |sum p t| T, with e the error of the moments; so a distance, and the radius with
    it, by d each. What is kept is certain if all tokens that lie so near to either end of the band are equal.
    """
    cdef double error = QUICK_ERROR * mass_of(moments)
    cdef double off = 4.0 * QUICK_ERROR * fabs(moments.bits) / mass_of(moments) / row.scale.slope + 1e-15 * fabs(measure.centre)
    cdef double near = found.radius - off, far = found.radius + tolerance(row) + off
    cdef float below = float_from(measure.centre - far), above = float_from(measure.centre + near)
    cdef Py_ssize_t count = count_inside(row, below, next_up(float_from(measure.centre - near)))
    cdef Py_ssize_t others = count_inside(row, above, next_up(float_from(measure.centre + far)))
    cdef float x
    if not found.inside < target - error or not found.within >= target + error or (count > 0 and others > 0):
        return False
    x = least_from(row, below if count > 0 else above)
    return count_inside(row, x, next_up(x)) == count + others


cdef inline void keep_band(Row* row, const Measure* measure, double radius) noexcept nogil:
    """Keep what is no further from the centre than the radius."""
    radius += tolerance(row)
    cut_above(row, largest_below(row, float_above(measure.centre + radius)))
    cut_below(row, min(float_from(measure.centre - radius), row.maximum))


cdef inline float float_above(double bound) noexcept nogil:
    """The lowest float that is above the bound."""
    cdef float limit = float_from(bound)
    return limit if limit > bound else next_up(limit)
