"""Locally typical: the tokens whose surprise is nearest to the entropy (Meister et al. 2022).

A surprise is as far from the entropy as its logit is from the mean logit, each weighted by its probability. So what is kept is a band
of logits around that mean, and the most probable token may lie above it.
"""

from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.types cimport Row
from thermonucleus.kernel.search.nearest cimport Measure, nearest
from thermonucleus.kernel.stages.cut cimport cut_above, cut_below, float_from, settle
from thermonucleus.kernel.stages.moments cimport Moments, from_largest, mass_of, moments_of
from thermonucleus.kernel.stages.rounding cimport ROUNDING
from thermonucleus.kernel.weights.float_order cimport next_up


cdef inline void typical_p(Row* row, double mass, Scratch* scratch) noexcept nogil:
    """|x - m| <= the least radius within which the mass is reached, m being the mean logit M + T sum p t."""
    cdef Moments moments
    cdef Measure measure
    cdef double radius
    cdef float highest
    settle(row, True, scratch)
    moments = moments_of(row)
    measure.scale = from_largest(row)
    measure.surprise = -1.0
    measure.centre = row.maximum + moments.bits / mass_of(&moments) / row.scale.slope
    radius = nearest(row, &measure, (mass - ROUNDING) * mass_of(&moments), scratch).radius
    # A token on the other side that is as far, but for rounding, is kept as well: 1e-6 nats.
    radius += ROUNDING * 1.4426950408889634 / row.scale.slope
    if radius < INFINITY:
        cut_below(row, min(float_from(measure.centre - radius), row.maximum))
        highest = <float> (measure.centre + radius)
        cut_above(row, highest if highest > measure.centre + radius else next_up(highest))
