"""Quadratic smoothing: logits near the largest come nearer to it, those further off go further."""

from libc.float cimport FLT_MAX
from libc.math cimport INFINITY

from thermonucleus.kernel.row.memory cimport Scratch
from thermonucleus.kernel.row.source cimport chunk_count, edit, edited, group_count
from thermonucleus.kernel.row.types cimport Interval, Row, Source
from thermonucleus.kernel.stages.cut cimport settle
from thermonucleus.kernel.weights.single cimport scale_for


cdef inline void smoothing(Row* row, double factor, double curve, Scratch* scratch) noexcept nogil:
    """x' = factor (d**3 (curve - 1) / 2 - d**2 (3 - curve) / 2), d being the distance from the largest logit, at most 0.

    The source bends its logits from here on, see row/source.pxd; what has been read of them is bent here.
    """
    cdef Source* source = &row.source
    settle(row, True, scratch)
    source.present = Interval(max(row.kept.low, <float> -FLT_MAX), min(row.kept.high, source.present.high))
    source.top = row.maximum
    source.cooling = 1.0 / min(max(row.heat, 1e-37), 1e33)     # as in `scale_for`
    source.quadratic = factor * (3.0 - curve) / 2.0
    source.cubic = factor * (curve - 1.0) / 2.0
    source.edited = source.bent = True
    if row.ids != NULL:
        edit(source, scratch.values, row.size, scratch.values)
    bend_maxima(source, row.maxima, chunk_count(source.size))
    bend_maxima(source, row.groups, group_count(source.size))
    row.kept = Interval(-INFINITY, INFINITY)
    row.maximum = 0.0
    row.heat = 1.0
    row.scale = scale_for(0.0, 1.0)


cdef inline void bend_maxima(const Source* source, float* maxima, Py_ssize_t count) noexcept nogil:
    """Bend bounds of what chunks and groups hold: where a larger token is absent, the largest that is present bounds the others."""
    cdef Py_ssize_t i
    for i in range(count):
        maxima[i] = edited(source, min(maxima[i], source.top))
